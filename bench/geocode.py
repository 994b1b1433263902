"""Are places found as callers say them: 500 queries made from the gazetteer itself.

    [CALLOUT_DATA=/folder] python bench/geocode.py        QUERIES, SEED and MISSES by environment

On the made town, and on Porto when osm/porto.osm.pbf is under CALLOUT_DATA. A query is a street,
an address or a crossing with one or two edits (a letter left out, put in, changed, or two
exchanged, never the first letter of a word of three), with words shortened, lengthened or in
another order. Found means the same name (for a crossing both), and where the town was said, the
same place. Baseline in the same run: SQLite's FTS5 with prefixes, all words asked for, as before.
"""

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import apsw
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from callout.base.geo import LonLat, distance_m
from callout.drills.town import make_town
from callout.places import Place, import_city, open_city
from callout.places.fold import WORDS, folded, key

QUERIES = int(os.environ.get("QUERIES", "500"))
SEED = int(os.environ.get("SEED", "7"))
MISSES = int(os.environ.get("MISSES", "12"))
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FORMS = {word: group for group in WORDS["same"] for word in group}


def main() -> int:
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        town = Path(folder) / "town.osm.pbf"
        make_town(town, SEED)
        files = {"town": town}
        data = os.environ.get("CALLOUT_DATA")
        porto = Path(data or "") / "osm" / "porto.osm.pbf"
        if data and porto.is_file():
            files["porto"] = porto
        else:
            print("skipped: porto (CALLOUT_DATA is not set or has no osm/porto.osm.pbf)")
        for name, pbf in files.items():
            import_city(pbf, Path(folder) / name)
            figures |= {f"{what}_{name}": x for what, x in measure(Path(folder) / name).items()}
    print(json.dumps({"name": "geocode", "figures": figures}))
    return 0


def measure(folder: Path) -> dict[str, float]:
    city = open_city(folder)
    connection = apsw.Connection(str(folder / "gazetteer.db"))
    plain = baseline(connection)
    rng = random.Random(SEED)
    queries = [query(rng, connection) for _ in range(QUERIES)]
    for text, *_ in queries[:20]:
        city.search(text)
    spans, ranks, plain_ranks, shown = [], [], [], 0
    for text, kind, names, where in queries:
        start = time.perf_counter()
        found = city.search(text, 10)
        spans.append((time.perf_counter() - start) * 1000)
        ranks.append(rank(found, kind, names, where))
        plain_ranks.append(rank(plain(text), kind, names, where))
        if ranks[-1] != 0 and shown < MISSES:
            shown += 1
            got = "; ".join(place.name for place in found[:3])
            print(f"  missed ({ranks[-1]}) {text!r}: wanted {' / '.join(names)}; got {got}")
    ranks, plain_ranks = np.array(ranks), np.array(plain_ranks)
    figures = {
        "top1": float((ranks == 0).mean()),
        "top5": float(((ranks >= 0) & (ranks < 5)).mean()),
        "p50_ms": float(np.percentile(spans, 50)),
        "p99_ms": float(np.percentile(spans, 99)),
        "plain_top1": float((plain_ranks == 0).mean()),
        "plain_top5": float(((plain_ranks >= 0) & (plain_ranks < 5)).mean()),
    }
    figures = {name: round(value, 3) for name, value in figures.items()}
    ratio = (1 - figures["top1"]) / max(1e-9, 1 - figures["plain_top1"])
    print(f"{folder.name}: missed_ratio {ratio:.3f} of plain FTS5's misses; {figures}")
    kinds = [kind for _, kind, *_ in queries]
    for kind in sorted(set(kinds)):
        some = ranks[np.array([one == kind for one in kinds])]
        print(f"  {kind}: {len(some)}, first {(some == 0).mean():.3f}")
    return {"missed_ratio": round(ratio, 3), **figures}


def rank(found, kind, names, where) -> int:
    for at, place in enumerate(found):
        if kind == "crossing":
            same = place.kind == "crossing" and {key(part) for part in place.name.split(" / ")} == {
                key(name) for name in names
            }
        else:
            same = key(place.name) == key(names[0])
        if same and (where is None or distance_m(place.point, where) < 300):
            return at
    return -1


def query(rng: random.Random, connection):
    def one(sql, *bindings):
        return connection.execute(sql, bindings).fetchall()

    kind = rng.choices(("street", "address", "crossing"), (55, 20, 25))[0]
    houses = one("SELECT count(*) FROM house")[0][0]
    if kind == "address" and houses > 1000:
        pick = rng.randrange(houses)
        name, near, number, lon, lat = one(
            "SELECT p.name, p.near, h.text, h.lon, h.lat FROM house AS h"
            " JOIN place AS p ON p.id = h.street ORDER BY h.rowid LIMIT 1 OFFSET ?", pick
        )[0]  # fmt: skip
        said = spoilt(rng, name)
        order = rng.choice((f"{said} {number}", f"{number} {said}", f"{said}, {number}"))
        text, where = with_town(one, order, name, near, LonLat(lon, lat))
        return text, "address", [f"{name} {number}"], where
    if kind == "crossing":
        pick = rng.randrange(one("SELECT count(*) FROM crossing")[0][0])
        a, b = one(
            "SELECT a.name, b.name FROM crossing AS c JOIN place AS a ON a.id = c.a"
            " JOIN place AS b ON b.id = c.b ORDER BY c.a, c.b, c.lon LIMIT 1 OFFSET ?", pick
        )[0]  # fmt: skip
        first, second = (spoilt(rng, name) if rng.random() < 0.5 else name for name in (a, b))
        way = rng.choice(("{} and {}", "{} & {}", "corner of {} and {}", "{} x {}", "{} / {}"))
        return way.format(first, second), "crossing", [a, b], None
    rows = one("SELECT count(*) FROM place WHERE kind = 'street'")[0][0]
    name, near, lon, lat = one(
        "SELECT name, near, lon, lat FROM place WHERE kind = 'street' ORDER BY id LIMIT 1 OFFSET ?",
        rng.randrange(rows),
    )[0]
    text, where = with_town(one, spoilt(rng, name), name, near, LonLat(lon, lat))
    return text, "street", [name], where


def with_town(one, text, name, near, point):
    """The town is said where a name is in several; then the place itself must be found."""
    twins = one("SELECT DISTINCT near FROM place WHERE name = ? AND kind = 'street'", name)
    if len(twins) < 2 or not near:
        return text, None
    return f"{text}, {near}", point


def spoilt(rng: random.Random, name: str) -> str:
    """A name as somebody in a hurry says or types it."""
    how = rng.choices(("edit", "two", "short", "swap", "both"), (35, 20, 20, 10, 15))[0]
    words = name.split()
    if how in {"short", "both"}:
        words = [other_form(rng, word) for word in words]
    if how == "swap" and len(words) > 1:
        at = rng.randrange(len(words) - 1)
        words[at], words[at + 1] = words[at + 1], words[at]
    text = " ".join(words)
    for _ in range({"edit": 1, "both": 1, "two": 2}.get(how, 0)):
        text = edited(rng, text)
    return rng.choice((text, text.lower(), folded(text)))


def other_form(rng: random.Random, word: str) -> str:
    forms = [form for form in FORMS.get(folded(word), ()) if form != folded(word)]
    return rng.choice(forms) + rng.choice(("", ".")) if forms else word


def edited(rng: random.Random, text: str) -> str:
    """One edit in a word of four letters or more, so that the name can still be told."""
    words = text.split()
    long = [at for at, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if not long:
        return text
    which = rng.choice(long)
    word = words[which]
    at = rng.randrange(1, len(word))
    how = rng.randrange(4)
    letter = rng.choice(LETTERS)
    if how == 0:
        word = word[:at] + word[at + 1 :]
    elif how == 1:
        word = word[:at] + letter + word[at:]
    elif how == 2:
        word = word[:at] + letter + word[at + 1 :]
    else:
        word = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    words[which] = word
    return " ".join(words)


def baseline(source):
    """The search as it was: FTS5 over names and towns, all words by prefix, bm25."""
    connection = apsw.Connection(":memory:")
    connection.execute(
        "CREATE TABLE place (id INTEGER PRIMARY KEY, name, kind, near, rank, lon, lat);"
        "CREATE VIRTUAL TABLE word USING fts5 (name, near, content='place', content_rowid='id',"
        " tokenize='unicode61 remove_diacritics 2', prefix='1 2 3')"
    )
    rows = source.execute("SELECT name, kind, near, rank, lon, lat FROM place").fetchall()
    rows += source.execute(
        "SELECT p.name || ' ' || h.text, 'address', p.near, 6, h.lon, h.lat"
        " FROM house AS h JOIN place AS p ON p.id = h.street"
    ).fetchall()
    connection.executemany(
        "INSERT INTO place (name, kind, near, rank, lon, lat) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    connection.execute("INSERT INTO word(word) VALUES ('rebuild')")

    def search(text: str) -> list[Place]:
        words = folded(text).split()
        wanted = " ".join(f'"{word}"*' for word in words)
        found = connection.execute(
            "SELECT p.name, p.kind, p.near, p.lon, p.lat"
            " FROM word JOIN place AS p ON p.id = word.rowid WHERE word MATCH ?"
            " ORDER BY bm25(word, 10.0, 1.0) + p.rank * 0.5, length(p.name), p.id LIMIT 10",
            (wanted,),
        )
        return [Place(n, k, near, LonLat(x, y)) for n, k, near, x, y in found] if words else []

    return search


if __name__ == "__main__":
    raise SystemExit(main())
