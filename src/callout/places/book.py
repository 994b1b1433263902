"""The gazetteer as a file: what is in it, and how it is written at import.

Names stand twice: as they are written, and as keys (``fold.key``). Words of keys lead to names,
names to places. ``squeezed`` is SQLite's full-text index (FTS5) over trigrams of the keys, for
what no reading word by word finds: words run together or cut elsewhere.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from callout.base.geo import LonLat
from callout.places.fold import folded, key

# Which kinds come first among equally good names.
_RANK: Final = {
    "city": 0, "town": 1, "hospital": 2, "fire_station": 2, "police": 2, "ambulance_station": 2,
    "suburb": 3, "village": 3, "station": 3, "street": 4, "quarter": 4, "neighbourhood": 4,
    "hamlet": 4, "clinic": 5, "school": 5, "address": 6,
}  # fmt: skip
_OTHER_RANK: Final = 7

SCHEMA: Final = """
CREATE TABLE place (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,      -- street, a kind of place, of point of interest or of landmark
  near TEXT NOT NULL,      -- the place around it, to tell streets of one name apart; "" unknown
  rank INTEGER NOT NULL,   -- lower comes first
  lon INTEGER NOT NULL,    -- 1e-7 degree
  lat INTEGER NOT NULL,
  trace BLOB               -- points along a street, int32 lon, lat; NULL: only a point
) STRICT;
CREATE INDEX place_kind ON place (kind);
CREATE TABLE title (
  id INTEGER PRIMARY KEY,  -- from 0 without gaps
  key TEXT NOT NULL        -- words of fold.key with a space between
) STRICT;
CREATE TABLE called (
  title INTEGER, place INTEGER,
  other INTEGER NOT NULL,  -- 0: its name, 1: another name of it
  PRIMARY KEY (title, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE word (
  word TEXT PRIMARY KEY,
  titles BLOB NOT NULL     -- int32 ids of the titles that have it
) STRICT, WITHOUT ROWID;
CREATE TABLE house (
  street INTEGER NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,
  lon INTEGER NOT NULL, lat INTEGER NOT NULL
) STRICT;
CREATE INDEX house_number ON house (street, number);
CREATE TABLE crossing (
  a INTEGER, b INTEGER, lon INTEGER, lat INTEGER, PRIMARY KEY (a, b, lon, lat)
) STRICT, WITHOUT ROWID;
CREATE TABLE post (
  road TEXT NOT NULL,      -- its number without spaces, small: a1
  metres INTEGER NOT NULL, lon INTEGER NOT NULL, lat INTEGER NOT NULL
) STRICT;
CREATE INDEX post_road ON post (road, metres);
CREATE VIRTUAL TABLE squeezed USING fts5 (
  key, content='title', content_rowid='id', tokenize='trigram', detail='none'
);
"""


class Place(NamedTuple):
    """Something that can be found.

    ``note`` says in a code what is not as asked, ``detail`` with what: ``between`` (house numbers
    or kilometre posts), ``number_unknown``, ``no_posts``, ``not_joined`` (they pass, but do not
    meet), ``not_near`` (what was said to be there was not found). ``ambiguous``: another place of
    this name is as likely, so a person has to be asked.
    """

    name: str
    kind: str
    near: str
    point: LonLat
    note: str = ""
    detail: str = ""
    ambiguous: bool = False


class Entry(NamedTuple):
    """A place to write, with its other names; a street with points along it."""

    place: Place
    also: tuple[str, ...] = ()
    trace: NDArray[np.int32] | None = None


class House(NamedTuple):
    """A house number on a street (its position among the entries)."""

    street: int
    number: str
    point: LonLat


class Post(NamedTuple):
    """A kilometre post of a road."""

    road: str
    metres: int
    point: LonLat


class Book(NamedTuple):
    """All that a gazetteer holds; crossings are of two streets' positions among the entries."""

    entries: list[Entry]
    houses: Sequence[House] = ()
    crossings: Sequence[tuple[int, int, LonLat]] = ()
    posts: Sequence[Post] = ()


def write_gazetteer(path: Path, book: Book) -> int:
    """Write a new file; how many places and addresses it holds."""
    connection = apsw.Connection(str(path))
    try:
        connection.execute("PRAGMA journal_mode=OFF").fetchall()
        connection.execute("BEGIN")
        connection.execute(SCHEMA)
        connection.executemany(
            "INSERT INTO place VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _places(book.entries)
        )
        _write_titles(connection, book.entries)
        connection.executemany("INSERT INTO house VALUES (?, ?, ?, ?, ?)", _houses(book.houses))
        connection.executemany(
            "INSERT OR IGNORE INTO crossing VALUES (?, ?, ?, ?)",
            ((*pair, *point) for a, b, point in book.crossings for pair in ((a, b), (b, a))),
        )
        connection.executemany(
            "INSERT INTO post VALUES (?, ?, ?, ?)",
            ((squeeze(post.road), post.metres, *post.point) for post in book.posts),
        )
        connection.execute("INSERT INTO squeezed(squeezed) VALUES ('rebuild')")
        connection.execute("INSERT INTO squeezed(squeezed) VALUES ('optimize')")
        connection.execute("COMMIT")
    finally:
        connection.close()
    return len(book.entries) + len(book.houses)


def squeeze(road: str) -> str:
    """A road's number as posts are found by: "A 1" and "a1" are one."""
    return folded(road).replace(" ", "")


def house_key(number: str) -> int:
    """The number that a house number begins with; -1 without one."""
    digits = ""
    for char in number.strip():
        if not char.isascii() or not char.isdigit():
            break
        digits += char
    return int(digits[:9]) if digits else -1


def _places(entries: list[Entry]) -> Iterator[tuple[Any, ...]]:
    for index, (place, _, trace) in enumerate(entries):
        rank = _RANK.get(place.kind, _OTHER_RANK)
        blob = None if trace is None else np.ascontiguousarray(trace, "<i4").tobytes()
        yield (index, place.name, place.kind, place.near, rank, *place.point, blob)


def _houses(houses: Sequence[House]) -> Iterator[tuple[Any, ...]]:
    for street, number, point in houses:
        if (value := house_key(number)) >= 0:
            yield (street, value, folded(number), *point)


def _write_titles(connection: apsw.Connection, entries: list[Entry]) -> None:
    titles: dict[str, int] = {}
    called: dict[tuple[int, int], int] = {}
    for index, entry in enumerate(entries):
        for other, name in enumerate((entry.place.name, *entry.also)):
            if words := " ".join(key(name)):
                title = titles.setdefault(words, len(titles))
                called.setdefault((title, index), min(other, 1))
    connection.executemany("INSERT INTO title VALUES (?, ?)", ((i, t) for t, i in titles.items()))
    connection.executemany(
        "INSERT INTO called VALUES (?, ?, ?)", ((*pair, other) for pair, other in called.items())
    )
    by_word: dict[str, list[int]] = {}
    for text, title in titles.items():
        for word in set(text.split()):
            by_word.setdefault(word, []).append(title)
    # Towns are said behind a name; their words are known even where no name has them.
    for near in {entry.place.near for entry in entries}:
        for word in key(near):
            by_word.setdefault(word, [])
    connection.executemany(
        "INSERT INTO word VALUES (?, ?)",
        ((word, np.array(ids, "<i4").tobytes()) for word, ids in sorted(by_word.items())),
    )


def by_street(
    entries: list[Entry],
    addresses: Iterable[tuple[str, str, LonLat]],
    near: Callable[[LonLat], str],
) -> list[House]:
    """House numbers put on their street: of those with its name the nearest.

    ``addresses`` are street, number and point. A street that is no road here becomes an entry of
    its own, where its first house is; ``near`` names the town of a point.
    """
    streets: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        if entry.place.kind == "street":
            for name in (entry.place.name, *entry.also):
                streets.setdefault(" ".join(key(name)), []).append(index)
    houses = []
    for street, number, point in addresses:
        known = streets.setdefault(" ".join(key(street)), [])
        best = min(known, key=lambda i: _apart(entries[i], point), default=-1)
        if best < 0 or _apart(entries[best], point) > _SAME_STREET_E7:
            best = len(entries)
            known.append(best)
            entries.append(Entry(Place(street, "street", near(point), point)))
        houses.append(House(best, number, point))
    return houses


_SAME_STREET_E7: Final = 200_000  # about 2 km


def _apart(entry: Entry, point: LonLat) -> int:
    if entry.trace is None or len(entry.trace) == 0:
        return max(abs(entry.place.point[0] - point[0]), abs(entry.place.point[1] - point[1]))
    apart = np.abs(entry.trace.astype(np.int64) - np.array(point)).max(axis=1)
    return int(apart.min())


def between(
    rows: list[tuple[int, int, int]], wanted: int, widest: int
) -> tuple[LonLat, int, int] | None:
    """The point for a number between two known ones of (number, lon, lat) rows, by share.

    None where the two are further apart than ``widest``, or ``wanted`` is not between any.
    """
    for (low, x, y), (high, u, v) in pairwise(sorted(rows)):
        if low <= wanted <= high and 0 < high - low <= widest:
            share = (wanted - low) / (high - low)
            return LonLat(round(x + (u - x) * share), round(y + (v - y) * share)), low, high
    return None
