"""Where is it: everything a caller may say, looked up in the gazetteer of the city.

A text is read in every way that it can be (a name, an address, a crossing, a kilometre, something
near something); whatever exists is scored, and the best come first. What is searched for is
never logged.
"""

import math
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from callout.base.geo import LonLat, distance_m
from callout.places import said
from callout.places.book import Place, between, house_key, squeeze
from callout.places.coordinates import read_point
from callout.places.fold import WORDS, key_of
from callout.places.index import Index, Row
from callout.places.matching import Word, value

TEXT_MAX: Final = 200
_MOST_WORDS: Final = 24
_CLOSELY: Final = 48  # names looked at closely
_POOR: Final = 0.72  # below it trigrams are asked too
_LEAST: Final = 0.5
_BEHIND: Final = 0.3  # what is this much worse than the best is not meant
_SIDE: Final = 0.6  # how well each of two streets, or the anchor of "near", must fit
_TOWN: Final = 0.1
_TOWN_LIKE: Final = 0.75
_SAME: Final = 0.03
_OTHER_NAME: Final = 0.035  # what a name that is not on the sign counts less
_GAP: Final = 60  # house numbers this far apart still say where those between them are
_POST_GAP_M: Final = 5_000
_ON_M, _NEAR_M, _PASS_M = 150.0, 1_000.0, 120.0
_KINDS: Final = {
    key_of(word.split()): kind for kind, words in WORDS["kinds"].items() for word in words
}


class Hit(NamedTuple):
    """A place with how likely it is meant; ``id`` is its row, -1 for what was worked out."""

    id: int
    place: Place
    score: float


class Gazetteer:
    """An opened gazetteer. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open read-only; DamagedError when it is missing or no file of ours."""
        self._index = Index(path)

    def search(self, text: str, limit: int = 10, near: LonLat | None = None) -> list[Place]:
        """What the text may mean, best first; empty when nothing is like it.

        Spelling, short forms, order, accents and capitals do not matter; the last word may be
        unfinished. ``near`` (the map's middle) settles only what is otherwise equal. Only the
        first 200 characters are read.
        """
        text = text[:TEXT_MAX].replace("\x00", " ")
        point = read_point(text, near)
        if point is not None:
            return [Place(f"{point.lat:.5f}, {point.lon:.5f}", "coordinates", "", point)][:limit]
        words = said.words_of(text)[:_MOST_WORDS]
        if not words or limit <= 0:
            return []
        hits = _Search(self._index, near).everything(text, words)
        return [hit.place for hit in _asked(_merged(hits))[:limit]]

    def of_kind(self, kind: str) -> list[Place]:
        """Every place of a kind, e.g. ``hospital``."""
        return [row.place for row in self._index.of_kind(kind)]

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._index.close()


class _Search:
    """One search; remembers what it looked up, since readings share words."""

    def __init__(self, index: Index, near: LonLat | None) -> None:
        self._index, self._near = index, near
        self._words: dict[tuple[str, bool], Word] = {}
        self._found: dict[tuple[tuple[str, ...], bool, bool], list[Hit]] = {}

    def everything(self, text: str, words: list[str]) -> list[Hit]:
        hits = self._plain(words)
        post = said.post_of(text)
        if post:
            hits += self._along(post)
        links, last = said.chain(words)
        if links or last != words:
            hits += self._chained(links, last)
        hits += self._crossed(said.crossings(words))
        if max((hit.score for hit in hits), default=0.0) < _POOR:
            hits += self._squeezed(words)
        return hits

    def _plain(self, words: list[str]) -> list[Hit]:
        """Names, addresses and kinds."""
        hits = list(self._named(words))
        whole = {hit.id: hit.score for hit in hits}
        for house in said.houses(words):
            unfinished = house.at < len(words) - 1
            streets = self._named(house.street, streets=True, unfinished=unfinished)[:5]
            for street in streets:
                hit = self._numbered(street, house.number)
                if hit.place.kind == "address":
                    # A house that exists says more than its street with a number left over.
                    hit = hit._replace(score=max(hit.score, whole.get(hit.id, 0.0) + 0.01))
                hits.append(hit)
        kind = _KINDS.get(key_of(words))
        if kind:
            rows = self._index.of_kind(kind)
            hits += [Hit(row.id, row.place, 0.9 - self._off(row)) for row in rows]
        return hits

    def _named(
        self, words: list[str], *, streets: bool = False, unfinished: bool = True
    ) -> list[Hit]:
        asked = (tuple(words), streets, unfinished)
        if asked not in self._found:
            self._found[asked] = self._look(key_of(words), streets=streets, unfinished=unfinished)
        return self._found[asked]

    def _look(self, keys: tuple[str, ...], *, streets: bool, unfinished: bool) -> list[Hit]:
        best: dict[int, Hit] = {}
        for reading in self._readings(keys):
            said_words = [
                self._word(text, unfinished and at == len(reading) - 1)
                for at, text in enumerate(reading)
            ]
            titles = self._index.names.best(said_words, _CLOSELY)
            for hit in self._scored(said_words, titles, streets=streets):
                if hit.id not in best or hit.score > best[hit.id].score:
                    best[hit.id] = hit
        return sorted(best.values(), key=lambda hit: (-hit.score, len(hit.place.name), hit.id))

    def _readings(self, keys: tuple[str, ...]) -> list[list[str]]:
        """The words as they are, and with two neighbours run together where that is a word."""
        found = [list(keys)] if keys else []
        for at in range(len(keys) - 1):
            joined = keys[at] + keys[at + 1]
            if self._index.names.knows(joined):
                found.append([*keys[:at], joined, *keys[at + 2 :]])
        return found[:3]

    def _word(self, text: str, unfinished: bool) -> Word:
        if (text, unfinished) not in self._words:
            self._words[text, unfinished] = self._index.names.said(text, unfinished=unfinished)
        return self._words[text, unfinished]

    def _scored(self, words: list[Word], titles: list[int], *, streets: bool) -> list[Hit]:
        if not titles:
            return []
        names = self._index.names
        keys = self._index.titles(titles)
        fits = {title: names.fit(words, text) for title, text in keys.items()}
        values = {t: value(words, f.likeness, f.share, f.order) for t, f in fits.items()}
        # Even with its town said, what is far behind will not come first.
        least = max(values.values()) - _BEHIND - _TOWN
        titles = [title for title in titles if values[title] >= least]
        towns: dict[str, list[float]] = {}
        hits = []
        for title, other, row in self._index.called(titles, streets=streets):
            fit, town, score = fits[title], row.place.near, values[title]
            if town and min(fit.likeness) < _SIDE:
                # What is no part of the name may be the town.
                if town not in towns:
                    towns[town] = names.fit(words, " ".join(key_of(said.words_of(town)))).likeness
                if max(towns[town]) >= _TOWN_LIKE:
                    like = [
                        max(one, other) if other >= _TOWN_LIKE and one < _SIDE else one
                        for one, other in zip(fit.likeness, towns[town], strict=True)
                    ]
                    score = value(words, like, fit.share, fit.order)
            if score >= _LEAST:
                off = self._off(row) + (_OTHER_NAME if other else 0.0)
                hits.append(Hit(row.id, row.place, score - off))
        return hits

    def _squeezed(self, words: list[str]) -> list[Hit]:
        """Names that share trigrams: words run together, cut elsewhere or spoilt past two edits."""
        text = "".join(key_of(words))
        grams = sorted({text[at : at + 3] for at in range(len(text) - 2)})
        if not grams:
            return []
        titles = self._index.squeezed(grams, _CLOSELY)
        if not titles:
            return []
        like = {
            title: 0.9 * Indel.normalized_similarity(text, name.replace(" ", ""))
            for title, name in self._index.titles(titles).items()
        }
        return [
            Hit(row.id, row.place, like[title] - self._off(row))
            for title, _, row in self._index.called(titles, streets=False)
            if like[title] >= _LEAST
        ]

    def _off(self, row: Row) -> float:
        """What decides between equals: the kind, then how far it is; below any spelling."""
        off = 0.002 * row.rank
        if self._near is not None:
            km = distance_m(self._near, row.place.point) / 1000
            off += 0.006 * min(1.0, math.log1p(km) / 5)
        return off

    def _numbered(self, street: Hit, number: str) -> Hit:
        """The house on the street: known, between known ones, or said to be unknown."""
        rows = self._index.houses(street.id)
        wanted, place = house_key(number), street.place
        label = f"{place.name} {number.upper()}"
        exact = [row for row in rows if row[1] == number] or [
            row for row in rows if row[0] == wanted and number.isdigit()
        ]
        if exact:
            point = LonLat(exact[0][2], exact[0][3])
            return Hit(street.id, Place(label, "address", place.near, point), street.score + 0.05)
        side = [(n, x, y) for n, _, x, y in rows if n % 2 == wanted % 2]
        for some in (side, [(n, x, y) for n, _, x, y in rows]):
            found = between(some, wanted, _GAP)
            if found:
                point, low, high = found
                there = Place(label, "address", place.near, point, "between", f"{low} and {high}")
                return Hit(street.id, there, street.score + 0.03)
        unknown = place._replace(note="number_unknown", detail=number)
        return Hit(street.id, unknown, street.score * 0.92)

    def _along(self, post: said.Post) -> list[Hit]:
        """A kilometre of a road, between the posts that are known."""
        named = self._named(post.road.split(), streets=True, unfinished=False)[:3]
        roads: dict[str, tuple[str, float]] = {squeeze(post.road): (post.road.upper(), 1.0)}
        for street in named:
            for name in self._index.other_names(street.id):
                roads.setdefault(squeeze(name), (street.place.name, street.score))
        km = f"km {post.metres / 1000:g}"
        hits = []
        for road, (name, score) in roads.items():
            found = _between_posts(self._index.posts(road), post.metres)
            if found:
                point, detail = found
                note = "between" if detail else ""
                place = Place(f"{name} {km}", "kilometre", "", point, note, detail)
                hits.append(Hit(-1, place, score + (0.05 if detail else 0.06)))
        return hits + [
            Hit(s.id, s.place._replace(note="no_posts", detail=km), s.score * 0.95) for s in named
        ]

    def _crossed(self, readings: list[said.Crossing]) -> list[Hit]:
        hits: list[Hit] = []
        for one, other, sure in readings:
            a = self._sides(one, unfinished=False)
            b = self._sides(other, unfinished=True) if a else {}
            if not a or not b:
                continue
            bonus = 0.06 if sure else 0.04
            met = self._index.crossings(list(a), list(b))
            for first, second, point in met:
                if first != second:
                    score = (a[first].score + b[second].score) / 2 + bonus
                    hits.append(Hit(-1, _corner(a[first], b[second], point), score))
            if not met:
                hits += self._passing(list(a.values())[:3], list(b.values())[:3])
        return hits

    def _sides(self, words: list[str], *, unfinished: bool) -> dict[int, Hit]:
        hits = self._named(said.without_article(words), streets=True, unfinished=unfinished)
        return {hit.id: hit for hit in hits[:30] if hit.score >= _SIDE}

    def _passing(self, one: list[Hit], other: list[Hit]) -> list[Hit]:
        """Streets that pass each other without a junction: over a bridge, or behind a link."""
        hits = []
        for a in one:
            for b in other:
                if a.id == b.id or min(a.score, b.score) < 0.75:
                    continue
                point = self._closest(a.id, b.id)
                if point:
                    place = _corner(a, b, point)._replace(note="not_joined")
                    hits.append(Hit(-1, place, (a.score + b.score) / 2))
        return hits

    def _closest(self, a: int, b: int) -> LonLat | None:
        """Where two streets are closest, None when that is further than ``_PASS_M``."""
        one, other = (self._index.trace(i).astype(np.float64) for i in (a, b))
        narrow = max(0.05, math.cos(math.radians(one[0, 1] / 1e7)))
        scale = np.array([narrow, 1.0]) * 0.0111195
        reach = _PASS_M / scale
        # Of each only what is near the other's box: a motorway has thousands of points.
        one = one[_within(one, other.min(axis=0) - reach, other.max(axis=0) + reach)]
        if len(one) == 0:
            return None
        other = other[_within(other, one.min(axis=0) - reach, one.max(axis=0) + reach)]
        if len(other) == 0:
            return None
        apart = np.linalg.norm((one[:500, None] - other[None, :500]) * scale, axis=2)
        first, second = np.unravel_index(apart.argmin(), apart.shape)
        if apart[first, second] > _PASS_M:
            return None
        middle = (one[first] + other[second]) / 2
        return LonLat(int(middle[0]), int(middle[1]))

    def _chained(self, links: list[said.Link], last: list[str]) -> list[Hit]:
        """A near B on C, from the last backwards; what is not there is said, not hidden."""
        anchors = self._anchors(last) if last else []
        if not links:
            return anchors
        missed = []
        for link in reversed(links):
            there = self._beside(link, anchors)
            if there:
                anchors = there
            elif anchors:
                missed.append(" ".join(link.what))
            else:
                anchors = self._anchors(link.what)
        if missed:
            detail = ", ".join(reversed(missed))
            return [
                Hit(a.id, a.place._replace(note="not_near", detail=detail), a.score * 0.9)
                for a in anchors
            ]
        return anchors

    def _anchors(self, words: list[str]) -> list[Hit]:
        hits = self._plain(words) + self._crossed(said.crossings(words))
        return [hit for hit in _merged(hits)[:5] if hit.score >= _SIDE]

    def _beside(self, link: said.Link, anchors: list[Hit]) -> list[Hit]:
        kind = _KINDS.get(key_of(link.what))
        if kind:
            what = [Hit(row.id, row.place, 0.9) for row in self._index.of_kind(kind)]
        else:
            what = [h for h in self._named(link.what, unfinished=False)[:30] if h.score >= _SIDE]
        if not what:
            return []
        limit = _ON_M if link.on else _NEAR_M
        hits = []
        points = np.array([hit.place.point for hit in what], np.float64)
        for anchor in anchors:
            metres = self._metres(anchor, points)
            for at in np.flatnonzero(metres <= limit):
                score = (what[at].score + anchor.score) / 2 + 0.06 - 0.1 * metres[at] / _NEAR_M
                place = what[at].place
                if not place.name or kind:
                    place = place._replace(detail=anchor.place.name)
                hits.append(Hit(what[at].id, place, float(score)))
        return _merged(hits)[:10]

    def _metres(self, anchor: Hit, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres from each point to the anchor, a street's nearest point."""
        if anchor.id >= 0 and anchor.place.kind == "street":
            trace = self._index.trace(anchor.id).astype(np.float64)
        else:
            trace = np.array([anchor.place.point], np.float64)
        scale = np.array([math.cos(math.radians(anchor.place.point.lat)), 1.0]) * 0.0111195
        return np.array([np.linalg.norm((trace - p) * scale, axis=1).min() for p in points])


def _between_posts(rows: list[tuple[int, int, int]], metres: int) -> tuple[LonLat, str] | None:
    """Where a kilometre is and, unless a post stands there, between which two."""
    for at, lon, lat in rows:
        if abs(at - metres) <= 50:
            return LonLat(lon, lat), ""
    found = between(rows, metres, _POST_GAP_M)
    if found is None:
        return None
    point, low, high = found
    return point, f"km {low / 1000:g} to {high / 1000:g}"


def _within(
    points: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.bool_]:
    inside = (points >= low) & (points <= high)
    return inside[:, 0] & inside[:, 1]


def _corner(a: Hit, b: Hit, point: LonLat) -> Place:
    name = f"{a.place.name} / {b.place.name}"
    return Place(name, "crossing", a.place.near or b.place.near, point)


def _merged(hits: list[Hit]) -> list[Hit]:
    """Best first, each place once, without what is far worse than the best."""
    best: dict[tuple[str, LonLat], Hit] = {}
    for hit in hits:
        same = (hit.place.name, hit.place.point)
        if same not in best or hit.score > best[same].score:
            best[same] = hit
    found = sorted(best.values(), key=lambda hit: (-hit.score, len(hit.place.name), hit.id))
    return [hit for hit in found if hit.score >= max(_LEAST, found[0].score - _BEHIND)]


def _asked(hits: list[Hit]) -> list[Hit]:
    """Marks places of one name that are as likely as each other."""
    scores: dict[tuple[str, str], list[float]] = {}
    for hit in hits:
        scores.setdefault((hit.place.name.casefold(), hit.place.kind), []).append(hit.score)
    marked = []
    for hit in hits:
        twins = scores[hit.place.name.casefold(), hit.place.kind]
        alike = sum(abs(score - hit.score) < _SAME for score in twins) > 1
        marked.append(
            hit._replace(place=hit.place._replace(ambiguous=alike and bool(hit.place.name)))
        )
    return marked
