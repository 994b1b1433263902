"""Where is it: names of streets, places and addresses in SQLite's full-text index (FTS5).

Written once at import, opened read-only afterwards. What is searched for is never logged.
"""

import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from callout.base.errors import DamagedError
from callout.base.geo import LonLat

# Streets of one name further apart than a cell or two are different streets.
_CLUSTER_E7: Final = 90_000  # 0.009 degree, 1 km of latitude
# Which kinds come first among equally good names.
_RANK: Final = {
    "city": 0, "town": 1, "hospital": 2, "fire_station": 2, "police": 2, "ambulance_station": 2,
    "suburb": 3, "village": 3, "station": 3, "street": 4, "quarter": 4, "neighbourhood": 4,
    "hamlet": 4, "clinic": 5, "school": 5, "address": 6,
}  # fmt: skip
_OTHER_RANK: Final = 7
_WORD: Final = re.compile(r"\w+")
_NEAR_KM2: Final = 9.0
_TOWNS: Final = frozenset({"city", "town", "village", "suburb", "hamlet"})

_SCHEMA: Final = """
CREATE TABLE place (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,      -- street, address, a kind of place or of point of interest
  near TEXT NOT NULL,      -- the place around it, to tell streets of one name apart; "" unknown
  rank INTEGER NOT NULL,   -- lower comes first
  lon INTEGER NOT NULL,    -- 1e-7 degree
  lat INTEGER NOT NULL
) STRICT;
CREATE INDEX place_kind ON place (kind);
CREATE VIRTUAL TABLE word USING fts5 (
  name, near, content='place', content_rowid='id',
  tokenize='unicode61 remove_diacritics 2', prefix='1 2 3'
);
"""


class Place(NamedTuple):
    """Something that can be found by its name."""

    name: str
    kind: str
    near: str
    point: LonLat


def write_gazetteer(path: Path, places: Iterable[Place]) -> int:
    """Write a new index; how many places it holds. Durable when this returns."""
    connection = apsw.Connection(str(path))
    try:
        connection.execute("PRAGMA journal_mode=OFF").fetchall()
        connection.execute("BEGIN")
        connection.execute(_SCHEMA)
        rows = (
            (p.name, p.kind, p.near, _RANK.get(p.kind, _OTHER_RANK), p.point.lon_e7, p.point.lat_e7)
            for p in places
        )
        connection.executemany(
            "INSERT INTO place (name, kind, near, rank, lon, lat) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
        connection.execute("INSERT INTO word(word) VALUES ('rebuild')")
        connection.execute("INSERT INTO word(word) VALUES ('optimize')")
        connection.execute("COMMIT")
        return int(connection.execute("SELECT count(*) FROM place").get)
    finally:
        connection.close()


class Gazetteer:
    """An opened index. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open read-only; DamagedError when it is missing or no index of ours."""
        self._lock = threading.Lock()
        try:
            # immutable: nobody writes it any more, so no lock files beside it either.
            self._connection = apsw.Connection(
                f"file:{path}?immutable=1",
                flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
            )
            self._connection.execute("SELECT name, near FROM word LIMIT 1").fetchall()
        except apsw.Error as error:
            raise DamagedError(
                f"the gazetteer cannot be read ({error})",
                where=str(path),
                todo="Import the city again: callout city import FILE.osm.pbf",
            ) from error

    def search(self, text: str, limit: int = 10) -> list[Place]:
        """Places that have all the words of the text, the last ones perhaps unfinished.

        Capitals and accents do not matter. Best first; empty for a text without letters.
        """
        words = _WORD.findall(text)
        if not words:
            return []
        wanted = " ".join(f'"{word}"*' for word in words)
        return self._rows(
            "SELECT p.name, p.kind, p.near, p.lon, p.lat"
            " FROM word JOIN place AS p ON p.id = word.rowid WHERE word MATCH ?"
            " ORDER BY bm25(word, 10.0, 1.0) + p.rank * 0.5, length(p.name), p.id LIMIT ?",
            (wanted, max(0, limit)),
        )

    def of_kind(self, kind: str) -> list[Place]:
        """Every place of a kind, e.g. ``hospital``."""
        return self._rows(
            "SELECT name, kind, near, lon, lat FROM place WHERE kind = ? ORDER BY id", (kind,)
        )

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._connection.close()

    def _rows(self, sql: str, bindings: tuple[str | int, ...]) -> list[Place]:
        with self._lock:
            rows: list[Any] = self._connection.execute(sql, bindings).fetchall()
        return [Place(name, kind, near, LonLat(lon, lat)) for name, kind, near, lon, lat in rows]


def streets(
    names: list[str], name: NDArray[np.int32], middle: NDArray[np.int64]
) -> Iterator[tuple[str, LonLat]]:
    """Each street of a name once, with the point on it that is nearest its middle.

    ``name`` (roads,) position in names or -1, ``middle`` (roads, 2) a point on each road. Roads
    of one name belong together when their 1 km cells touch.
    """
    named = np.flatnonzero(name >= 0)
    order = named[np.argsort(name[named], kind="stable")]
    borders = np.flatnonzero(np.diff(name[order])) + 1
    for group in np.split(order, borders):
        if len(group) == 0:
            continue
        points = middle[group]
        for members in _clusters(points):
            here = points[members]
            nearest = np.abs(here - here.mean(axis=0)).sum(axis=1).argmin()
            yield names[name[group[0]]], LonLat(int(here[nearest, 0]), int(here[nearest, 1]))


def _clusters(points: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Positions of points grouped by touching cells (flood fill over the few cells of a name)."""
    cells = points // _CLUSTER_E7
    if (cells == cells[0]).all():
        return [np.arange(len(points))]
    by_cell: dict[tuple[int, int], list[int]] = {}
    for index, (x, y) in enumerate(cells.tolist()):
        by_cell.setdefault((x, y), []).append(index)
    found = []
    while by_cell:
        start, members = by_cell.popitem()
        todo, cluster = [start], members
        while todo:
            x, y = todo.pop()
            for beside in ((x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
                if beside in by_cell:
                    cluster = cluster + by_cell.pop(beside)
                    todo.append(beside)
        found.append(np.array(sorted(cluster), dtype=np.int64))
    return found


class Towns:
    """Which place a point is near, among the few that have people in them."""

    def __init__(self, places: list[tuple[str, str, LonLat]]) -> None:
        """``places`` are kind, name and point."""
        kept = [(name, point) for kind, name, point in places if kind in _TOWNS]
        self._names = [name for name, _ in kept]
        self._points = np.array([point for _, point in kept], dtype=np.float64).reshape(-1, 2)

    def near(self, point: LonLat) -> str:
        """Name of the nearest place within 3 km, "" when there is none."""
        if not self._names:
            return ""
        km = (self._points - np.array(point)) * 1.11195e-5
        km[:, 0] *= np.cos(np.radians(point.lat))
        squared = (km**2).sum(axis=1)
        best = int(squared.argmin())
        return self._names[best] if squared[best] <= _NEAR_KM2 else ""
