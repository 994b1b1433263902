"""What the writer and the readers need of a database: the one seam below the journal.

``sqlite.py`` and ``postgres.py`` are the drivers; nothing above them knows SQL. The steps of the
writer are called in the order they stand here, from one thread; the rest from any thread.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from callout.journal.tree import Tile

Row = tuple[int, str, int, str, str, int, int | None, str, str, str]
SideRow = tuple[int, str, int, bytes]


class Head(NamedTuple):
    """The one row that says how far the journal reaches."""

    size: int
    root: bytes
    frontier: bytes
    note: bytes


class Driver(Protocol):
    """A journal in some database."""

    def begin(self) -> Head:
        """Take the write lock and give the head as it is now, whoever wrote it.

        UnavailableError when somebody else keeps the lock, or there is no database to ask.
        """
        ...

    def find_keys(self, keys: Sequence[str]) -> dict[str, int]:
        """Those of the keys that are in the journal, with their seq."""
        ...

    def find_versions(self, streams: Sequence[str]) -> dict[str, int]:
        """The version each stream has now; 0 when it has no entry."""
        ...

    def insert(self, rows: Sequence[Row]) -> bool:
        """Add entries; False, and nothing is begun any more, when a key or version is taken."""
        ...

    def insert_rest(
        self, sides: Sequence[SideRow], tiles: Sequence[Tile], head: Head, before: Head
    ) -> None:
        """Add side rows and tiles and replace the head ``before``; FullError."""
        ...

    def commit(self) -> None:
        """Durable on return; FullError when there is no room, any other error is fatal.

        Where others may read at once, they are told that there is something new.
        """
        ...

    def rollback(self) -> None:
        """Take back what was begun; nothing when the database has done so by itself."""
        ...

    def wal_is_long(self) -> bool:
        """Whether it is time to ``checkpoint``."""
        ...

    def checkpoint(self) -> None:
        """Housekeeping between two groups, when it is time."""
        ...

    def listen(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` from some thread when others may have written, now and then also without.

        Nothing where nobody else can write.
        """
        ...

    def head(self) -> Head:
        """The durable head; DamagedError when there is none."""
        ...

    def read(self, after: int, until: int, limit: int) -> list[Row]:
        """At most ``limit`` rows with after < seq <= until, in order."""
        ...

    def stream(self, stream: str, after_version: int, limit: int) -> list[Row]:
        """At most ``limit`` rows of one stream with version > ``after_version``, in order."""
        ...

    def side(self, seq: int, name: str) -> tuple[int, bytes, str] | None:
        """Key number, box and the entry's key of a side row; None when there is none."""
        ...

    def tile(self, level: int, number: int) -> bytes | None:
        """A full tile; None when there is none."""
        ...

    def close(self) -> None:
        """May be called twice."""
        ...
