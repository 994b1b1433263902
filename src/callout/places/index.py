"""The gazetteer's file, opened: rows by what the search asks for."""
# ruff: noqa: S608 - what is put into statements here are names of columns and question marks

import threading
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from callout.base.errors import DamagedError
from callout.base.geo import LonLat
from callout.places.book import Place
from callout.places.matching import Names

_COLUMNS = "p.id, p.name, p.kind, p.near, p.rank, p.lon, p.lat"


class Row(NamedTuple):
    """A place of the file."""

    id: int
    place: Place
    rank: int


class Index:
    """Read-only. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """DamagedError when the file is missing or no gazetteer of this version."""
        self._lock = threading.Lock()
        try:
            # immutable: nobody writes it any more, so no lock files beside it either.
            self._connection = apsw.Connection(
                f"file:{path}?immutable=1",
                flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
            )
            self.names = self._read_names()
            self.has_posts = bool(self._all("SELECT 1 FROM post LIMIT 1"))
        except apsw.Error as error:
            raise DamagedError(
                f"the gazetteer cannot be read ({error})",
                where=str(path),
                todo="Import the city again: callout city import FILE.osm.pbf",
            ) from error

    def _read_names(self) -> Names:
        rows = self._all("SELECT word, titles FROM word ORDER BY word")
        count = self._all("SELECT count(*) FROM title")[0][0]
        ids = [np.frombuffer(blob, "<i4") for _, blob in rows]
        ptr = np.cumsum([0, *(len(some) for some in ids)], dtype=np.int64)
        titles = np.concatenate(ids) if ids else np.zeros(0, np.int32)
        return Names([word for word, _ in rows], ptr, titles.astype(np.int32), count)

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._connection.close()

    def titles(self, ids: list[int]) -> dict[int, str]:
        """Keys of names."""
        return dict(self._all(f"SELECT id, key FROM title WHERE id IN ({_marks(ids)})", ids))

    def squeezed(self, grams: list[str], most: int) -> list[int]:
        """Names that share trigrams, most of them first."""
        wanted = " OR ".join(f'"{gram}"' for gram in grams)
        return [
            row[0]
            for row in self._all(
                "SELECT rowid FROM squeezed WHERE squeezed MATCH ? ORDER BY rank LIMIT ?",
                [wanted, most],
            )
        ]

    def called(self, titles: list[int], *, streets: bool) -> list[tuple[int, bool, Row]]:
        """(name, whether it is another name, place) of all that has one; or only streets."""
        # The plus keeps SQLite from beginning with all streets there are.
        only = " AND +p.kind = 'street'" if streets else ""
        rows = self._all(
            f"SELECT c.title, c.other, {_COLUMNS} FROM called AS c"
            " JOIN place AS p ON p.id = c.place"
            f" WHERE c.title IN ({_marks(titles)}){only}",
            titles,
        )
        return [(row[0], bool(row[1]), _row(row[2:])) for row in rows]

    def other_names(self, place: int) -> list[str]:
        """Keys of all names of a place."""
        rows = self._all(
            "SELECT t.key FROM place AS p JOIN called AS c ON c.place = p.id"
            " JOIN title AS t ON t.id = c.title WHERE p.id = ?",
            [place],
        )
        return [row[0] for row in rows]

    def of_kind(self, kind: str) -> list[Row]:
        """Every place of a kind."""
        return [
            _row(row)
            for row in self._all(
                f"SELECT {_COLUMNS} FROM place AS p WHERE kind = ? ORDER BY id", [kind]
            )
        ]

    def trace(self, place: int) -> NDArray[np.int32]:
        """(n, 2) points along a street; of anything else its one point."""
        rows = self._all("SELECT trace, lon, lat FROM place WHERE id = ?", [place])
        blob, lon, lat = rows[0]
        if blob is None:
            return np.array([[lon, lat]], np.int32)
        return np.frombuffer(blob, "<i4").reshape(-1, 2)

    def houses(self, street: int) -> list[tuple[int, str, int, int]]:
        """(number, text, lon, lat) of a street's houses, by number."""
        found: list[tuple[int, str, int, int]] = self._all(
            "SELECT number, text, lon, lat FROM house WHERE street = ? ORDER BY number, text",
            [street],
        )
        return found

    def crossings(self, one: list[int], other: list[int]) -> list[tuple[int, int, LonLat]]:
        """Where a street of one list meets one of the other."""
        rows = self._all(
            f"SELECT a, b, lon, lat FROM crossing WHERE a IN ({_marks(one)})"
            f" AND b IN ({_marks(other)})",
            [*one, *other],
        )
        return [(a, b, LonLat(lon, lat)) for a, b, lon, lat in rows]

    def posts(self, road: str) -> list[tuple[int, int, int]]:
        """(metres, lon, lat) of a road's kilometre posts."""
        found: list[tuple[int, int, int]] = self._all(
            "SELECT metres, lon, lat FROM post WHERE road = ? ORDER BY metres", [road]
        )
        return found

    def _all(self, sql: str, bindings: list[Any] | None = None) -> list[Any]:
        with self._lock:
            rows: list[Any] = self._connection.execute(sql, bindings or []).fetchall()
        return rows


def _marks(values: list[int]) -> str:
    return ",".join("?" * len(values))


def _row(row: tuple[Any, ...]) -> Row:
    number, name, kind, near, rank, lon, lat = row
    return Row(number, Place(name, kind, near, LonLat(lon, lat)), rank)
