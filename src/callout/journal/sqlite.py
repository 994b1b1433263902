"""The SQLite driver: the only place that knows how the journal lies in a file.

One connection writes (only the writer thread uses it), a few read.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import apsw
import structlog

from callout.base.errors import DamagedError, FullError, NotFoundError, UnavailableError
from callout.journal.driver import Head, Row, SideRow
from callout.journal.tree import Tile

APPLICATION_ID = 0x63616C6F
SCHEMA_VERSION = 1
# Older ones can corrupt a WAL that is checkpointed while it is reset (sqlite.org, 3.51.3).
_OLDEST_SQLITE = (3, 51, 3)
_BUSY_MS = 5_000
_READERS_KEPT = 4
# NORMAL would lose acknowledged entries when the power fails (the fault tests show it).
SYNCHRONOUS = "full"
# 16 MB: a page that is changed again and again is then copied once.
WAL_PAGES = 4_000
CACHE_KIB = 65_536
_log = structlog.get_logger()
_CHECK = "Run callout check on this home"
# What to do with an older schema that was only to be read: see migrations.py.
BRING_UP = "Start callout serve once on this home: it keeps a copy and brings the file up"
_PUT_BACK = "Restore the home from its last backup"

_COLUMNS = "seq, stream, version, key, type, recorded_us, claimed_us, actor, agency, body"
_INSERT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_SIDE = "INSERT INTO side VALUES (?, ?, ?, ?)"
_INSERT_TILE = "INSERT INTO tile VALUES (?, ?, ?)"
_SAVE_HEAD = (
    "UPDATE head SET size = ?, root = ?, frontier = ?, note = ? "
    "WHERE one = 1 AND size = ? AND root = ?"
)
_HEAD = "SELECT size, root, frontier, note FROM head WHERE one = 1"
_FIND_KEYS = "SELECT event.key, event.seq FROM json_each(?) AS j JOIN event ON event.key = j.value"
_FIND_VERSIONS = (
    "SELECT j.value, (SELECT max(version) FROM event WHERE stream = j.value) FROM json_each(?) AS j"
)
_READ = f"SELECT {_COLUMNS} FROM event WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"  # noqa: S608
_STREAM = (
    f"SELECT {_COLUMNS} FROM event WHERE stream = ? AND version > ? "  # noqa: S608
    "ORDER BY version LIMIT ?"
)
_TILE = "SELECT hashes FROM tile WHERE level = ? AND number = ?"
_SIDE = (
    "SELECT side.key_number, side.box, event.key FROM side JOIN event ON event.seq = side.seq "
    "WHERE side.seq = ? AND side.name = ?"
)


class SqliteDriver:
    """journal.db."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Open; NotFoundError when there is none, DamagedError when it is not one of ours."""
        self._path = path
        self._readers: list[apsw.Connection] = []
        _check_library()
        with _named(path):
            flags = apsw.SQLITE_OPEN_READWRITE if writable else apsw.SQLITE_OPEN_READONLY
            self._db = open_database(path, flags)
            _check_kind(self._db, path)
        self._flags = flags
        self._wal_pages = 0
        if writable:
            self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            # Setting a hook also ends SQLite's own checkpoints.
            self._db.set_wal_hook(self._note_wal_pages)

    @classmethod
    def create(cls, path: Path, head: Head) -> "SqliteDriver":
        """Make an empty journal with this head, whole or not at all, and open it."""
        _check_library()
        with _named(path):
            flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
            database = open_database(path, flags)
            with database:
                database.execute(schema_text())
                database.execute("INSERT INTO head VALUES (1, ?, ?, ?, ?)", head)
            database.close()
        return cls(path, writable=True)

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether there is a journal with a head; a file left by a crash in ``create`` is none."""
        if not path.exists():
            return False
        with _named(path):
            database = open_database(path, apsw.SQLITE_OPEN_READWRITE)
            found = database.execute("SELECT count(*) FROM sqlite_schema").get
            database.close()
        return bool(found)

    # --- the writer's steps, in this order ---

    def begin(self) -> Head:
        """Take the write lock, give the head; UnavailableError when somebody else keeps it."""
        try:
            with _full_disk(self._path):
                self._db.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            raise UnavailableError(
                "another program keeps the journal locked",
                where=str(self._path),
                todo="Close whatever has this file open for writing",
            ) from None
        return self._only_head(_rows(self._db, _HEAD))

    def find_keys(self, keys: Sequence[str]) -> dict[str, int]:
        """Those of the keys that are in the journal, with their seq."""
        return dict(_rows(self._db, _FIND_KEYS, json.dumps(keys)))

    def find_versions(self, streams: Sequence[str]) -> dict[str, int]:
        """The version each stream has now; 0 when it has no entry."""
        rows = _rows(self._db, _FIND_VERSIONS, json.dumps(streams))
        return {stream: version or 0 for stream, version in rows}

    def insert(self, rows: Sequence[Row]) -> bool:
        """Add entries; False, and nothing is begun any more, when a key or version is taken.

        FullError when there is no room.
        """
        try:
            with _full_disk(self._path):
                self._db.executemany(_INSERT, rows)
        except apsw.ConstraintError:
            # Not a savepoint: with one open, SQLite copies each page before its first change.
            self.rollback()
            return False
        return True

    def insert_rest(
        self, sides: Sequence[SideRow], tiles: Sequence[Tile], head: Head, before: Head
    ) -> None:
        """Add side rows and tiles and replace the head ``before``; FullError."""
        with _full_disk(self._path):
            if sides:
                self._db.executemany(_INSERT_SIDE, sides)
            if tiles:
                self._db.executemany(_INSERT_TILE, tiles)
            self._db.execute(_SAVE_HEAD, (*head, before.size, before.root))
        if self._db.changes() != 1:
            raise RuntimeError("another program has written to the journal")

    def commit(self) -> None:
        """Durable on return; FullError when there is no room, any other error is fatal."""
        with _full_disk(self._path):
            self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Take back what was begun; nothing when SQLite has done so by itself."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def wal_is_long(self) -> bool:
        """Whether it is time to ``checkpoint``."""
        return self._wal_pages >= WAL_PAGES

    def checkpoint(self) -> None:
        """Move the WAL into the database if it has grown long.

        Done here and not by SQLite inside COMMIT, where it would keep callers waiting and where
        SQLite swallows its errors; after a failed fsync the pages count as clean, so a second try
        would succeed without having written them.
        """
        if not self.wal_is_long():
            return
        self._wal_pages = 0
        try:
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except (apsw.BusyError, apsw.FullError) as error:
            _log.warning("journal.checkpoint_put_off", error=str(error))

    def _note_wal_pages(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def listen(self, wake: Callable[[], None]) -> None:
        """Nothing: whoever has the home's lock is the only one who writes."""

    # --- reading, from any thread ---

    def head(self) -> Head:
        """The durable head; DamagedError when there is none."""
        with self._reader() as database:
            return self._only_head(_rows(database, _HEAD))

    def read(self, after: int, until: int, limit: int) -> list[Row]:
        """At most ``limit`` rows with after < seq <= until, in order."""
        with self._reader() as database:
            return _rows(database, _READ, after, until, limit)

    def stream(self, stream: str, after_version: int, limit: int) -> list[Row]:
        """At most ``limit`` rows of one stream with version > ``after_version``, in order."""
        with self._reader() as database:
            return _rows(database, _STREAM, stream, after_version, limit)

    def side(self, seq: int, name: str) -> tuple[int, bytes, str] | None:
        """Key number, box and the entry's key of a side row; None when there is none."""
        with self._reader() as database:
            found = _rows(database, _SIDE, seq, name)
            return found[0] if found else None

    def tile(self, level: int, number: int) -> bytes | None:
        """A full tile; None when there is none."""
        with self._reader() as database:
            found = _rows(database, _TILE, level, number)
            return found[0][0] if found else None

    def close(self) -> None:
        """May be called twice."""
        while self._readers:
            self._readers.pop().close()
        self._db.close()

    def _only_head(self, found: list[Any]) -> Head:
        if len(found) != 1:
            raise DamagedError("the journal has no head", where=str(self._path), todo=_CHECK)
        return Head(*found[0])

    @contextlib.contextmanager
    def _reader(self) -> Iterator[apsw.Connection]:
        # list.pop and append are atomic, so no lock: two threads never hold the same connection.
        try:
            database = self._readers.pop()
        except IndexError:
            with _named(self._path):
                database = open_database(self._path, self._flags)
                database.execute("PRAGMA query_only = 1")
        try:
            yield database
        finally:
            if len(self._readers) < _READERS_KEPT:
                self._readers.append(database)
            else:
                database.close()


def open_database(path: Path, flags: int) -> apsw.Connection:
    """A connection with the pragmas every connection of ours has.

    It goes through SQLite's default VFS, which is what the fault tests put themselves under.
    """
    database = apsw.Connection(str(path), flags=flags | apsw.SQLITE_OPEN_NOFOLLOW)
    database.set_busy_timeout(_BUSY_MS)
    if flags & apsw.SQLITE_OPEN_READWRITE:
        database.pragma("journal_mode", "wal")
        database.pragma("synchronous", SYNCHRONOUS)
    return database


def open_to_check(path: Path) -> apsw.Connection:
    """A connection that can only read; NotFoundError, or DamagedError when it is not ours."""
    _check_library()
    if path.is_dir():
        raise DamagedError("this is a folder, not a journal", where=str(path), todo=_PUT_BACK)
    if path.exists() and not path.stat().st_size:
        raise DamagedError("the file is empty", where=str(path), todo=_PUT_BACK)
    with _named(path):
        database = open_database(path, apsw.SQLITE_OPEN_READONLY)
        _check_kind(database, path)
    return database


def schema_of(database: apsw.Connection) -> list[tuple[str, str]]:
    """Name and text of every table, index and trigger that somebody declared."""
    query = (
        "SELECT name, sql FROM sqlite_schema "
        "WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY name"
    )
    return _rows(database, query)


def expected_schema() -> list[tuple[str, str]]:
    """``schema_of`` a journal just made."""
    database = apsw.Connection(":memory:")
    database.execute(schema_text())
    return schema_of(database)


def schema_text() -> str:
    """``schema.sql``."""
    return files("callout.journal").joinpath("schema.sql").read_text()


def _rows(database: apsw.Connection, query: str, *values: str | int) -> list[Any]:
    # STRICT tables give the types of schema.sql; apsw's stubs cannot know them.
    return database.execute(query, values).fetchall()


def _check_library() -> None:
    found = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if found < _OLDEST_SQLITE:
        raise UnavailableError(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a journal",
            where="apsw",
            todo="Install apsw 3.51.3 or newer",
        )


def _check_kind(database: apsw.Connection, path: Path) -> None:
    kind: Any = database.pragma("application_id")
    version: Any = database.pragma("user_version")
    if kind != APPLICATION_ID:
        raise DamagedError(
            "this is not a journal", where=str(path), todo="Name the folder of a callout home"
        )
    if version != SCHEMA_VERSION:
        newer = version > SCHEMA_VERSION
        raise DamagedError(
            f"the journal has schema {version}, this callout reads {SCHEMA_VERSION}",
            where=str(path),
            todo="Use the version of callout that wrote it, or a newer one" if newer else BRING_UP,
        )


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say in our words why a file could not be opened."""
    try:
        yield
    except apsw.CantOpenError as error:
        if path.exists():
            raise UnavailableError(
                f"cannot open: {error}", where=str(path), todo="Check who may read and write it"
            ) from error
        raise NotFoundError("there is no journal", where=str(path), todo=_CHECK) from error
    except apsw.FullError as error:
        raise _no_room(path) from error
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise DamagedError(f"the file is damaged: {error}", where=str(path), todo=_CHECK) from error
    except apsw.Error as error:
        raise DamagedError(f"cannot be read: {error}", where=str(path), todo=_CHECK) from error


@contextlib.contextmanager
def _full_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except apsw.FullError as error:
        raise _no_room(path) from error
    except apsw.IOError as error:
        # The index of the WAL could not grow; it is memory to SQLite, but a file to the disk.
        if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE:
            raise _no_room(path) from error
        raise


@contextlib.contextmanager
def written(path: Path) -> Iterator[None]:
    """Say in our words why something small was not written: FullError, UnavailableError."""
    try:
        with _full_disk(path):
            yield
    except (apsw.IOError, apsw.BusyError) as error:
        raise UnavailableError(
            f"could not be written: {error}", where=str(path), todo="Look after the disk"
        ) from error


def _no_room(path: Path) -> FullError:
    return FullError("the disk is full", where=str(path), todo="Free some disk space and try again")
