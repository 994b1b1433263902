"""The PostgreSQL driver: the only place that knows how the journal lies in a server.

One connection writes (only the writer thread uses it), a few read, one listens. Other processes
may write to the same database; the lock on the row of ``head`` puts their groups in one order.
The server must be reached directly: a pooler that hands connections out by transaction loses
LISTEN and the settings made here.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from callout.base.errors import (
    BadInputError,
    CalloutError,
    DamagedError,
    FullError,
    NotFoundError,
    UnavailableError,
)
from callout.journal.driver import Head, Row, SideRow
from callout.journal.listener import CHANNEL, Listener
from callout.journal.tree import Tile

SCHEMA_VERSION = 1
_READERS_KEPT = 4
# Whoever makes the journal holds this; "calo", as in the SQLite file.
_MAKING = 0x63616C6F
_log = structlog.get_logger()

# A dead network or server is noticed; a process that hangs in a group does not keep the others
# waiting for ever.
_DEFAULTS = {
    "application_name": "callout",
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_SESSION = """
SET search_path = callout;
SET client_encoding = 'UTF8';
SET lock_timeout = '5s';
SET idle_in_transaction_session_timeout = '10s';
SELECT set_config('synchronous_commit', 'on', false)
 WHERE current_setting('synchronous_commit') <> 'remote_apply';
"""
_COLUMNS = "seq, stream, version, key, type, recorded_us, claimed_us, actor, agency, body"
_BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "
    "SELECT size, root, frontier, note FROM head WHERE one = 1 FOR UPDATE"
)
# A group in one COPY: a statement over json_array_elements spares a round trip, but the server
# takes twice as long to read it, and 64 callers get a tenth less (executemany: half as much).
_INSERT = f"COPY event ({_COLUMNS}) FROM STDIN (FORMAT BINARY)"
_TYPES = ("int8", "text", "int8", "text", "text", "int8", "int8", "text", "text", "text")
_INSERT_SIDE = "INSERT INTO side VALUES (%s, %s, %s, %b)"
_INSERT_TILE = "INSERT INTO tile VALUES (%s, %s, %b)"
_SAVE_HEAD = (
    "UPDATE head SET size = %s, root = %b, frontier = %b, note = %b "  # noqa: S608
    f"WHERE one = 1 AND size = %s AND root = %b RETURNING pg_notify('{CHANNEL}', size::text)"
)
_HEAD = "SELECT size, root, frontier, note FROM head WHERE one = 1"
_FIND_KEYS = "SELECT key, seq FROM event WHERE key IN (SELECT json_array_elements_text(%s::json))"
_FIND_VERSIONS = (
    "SELECT s, coalesce((SELECT max(version) FROM event WHERE stream = s), 0) "
    "FROM json_array_elements_text(%s::json) AS s"
)
_READ = f"SELECT {_COLUMNS} FROM event WHERE seq > %s AND seq <= %s ORDER BY seq LIMIT %s"  # noqa: S608
_STREAM = (
    f"SELECT {_COLUMNS} FROM event WHERE stream = %s AND version > %s "  # noqa: S608
    "ORDER BY version LIMIT %s"
)
_TILE = "SELECT hashes FROM tile WHERE level = %s AND number = %s"
_SIDE = (
    "SELECT side.key_number, side.box, event.key FROM side JOIN event ON event.seq = side.seq "
    "WHERE side.seq = %s AND side.name = %s"
)

Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresDriver:
    """A journal in the schema ``callout`` of a database."""

    def __init__(self, url: str, *, writable: bool) -> None:
        """Open; NotFoundError when there is no journal, DamagedError when it is of another kind.

        UnavailableError when the server does not answer; ``url``: anything libpq understands.
        """
        self._url = url
        self._where = place_name(url)
        self._writable = writable
        self._readers: list[Connection] = []
        self._db: Connection | None = None
        self._pid = 0
        self._warnings: list[str] = []
        self._listener: Listener | None = None
        with self._answering():
            self._check_kind()

    @classmethod
    def create(cls, url: str, head: Head) -> "PostgresDriver":
        """Make an empty journal with this head, whole or not at all, and open it.

        When another process has made it meanwhile, that one stays as it is.
        """
        where = place_name(url)
        with _answered(where), connect(url) as database, database.transaction():
            database.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
            if not _is_made(database):
                database.execute(schema_text())
                database.execute("INSERT INTO callout.head VALUES (1, %s, %b, %b, %b)", head)
        return cls(url, writable=True)

    @staticmethod
    def exists(url: str) -> bool:
        """Whether the database has a journal; UnavailableError when the server does not answer."""
        with _answered(place_name(url)), connect(url) as database:
            return _is_made(database)

    # --- the writer's steps, in this order ---

    def begin(self) -> Head:
        """Lock the head and give it as it is now; UnavailableError.

        A connection that has died since the last group is made anew.
        """
        with self._answering():
            if self._db is not None:
                try:
                    return self._lock_head(self._db)
                except errors.LockNotAvailable:
                    raise
                except psycopg.OperationalError as error:
                    _log.warning("journal.connecting_again", error=str(error).strip())
                self._forget_writer()
            self._db = connect(self._url)
            self._db.add_notice_handler(self._hear)
            self._pid = self._db.info.backend_pid
            return self._lock_head(self._db)

    def find_keys(self, keys: Sequence[str]) -> dict[str, int]:
        """Those of the keys that are in the journal, with their seq."""
        return dict(self._ask(_FIND_KEYS, _json(keys)))

    def find_versions(self, streams: Sequence[str]) -> dict[str, int]:
        """The version each stream has now; 0 when it has no entry."""
        return dict(self._ask(_FIND_VERSIONS, _json(streams)))

    def insert(self, rows: Sequence[Row]) -> bool:
        """Add entries; False, and nothing is begun any more, when a key or version is taken.

        FullError, UnavailableError.
        """
        if not rows:
            return True
        try:
            with self._answering(), self._writer().cursor().copy(_INSERT) as copy:
                copy.set_types(_TYPES)
                for row in rows:
                    copy.write_row(row)
        except errors.UniqueViolation:
            # Not a savepoint: a row locked outside it and updated inside would need a multixact.
            self.rollback()
            return False
        return True

    def insert_rest(
        self, sides: Sequence[SideRow], tiles: Sequence[Tile], head: Head, before: Head
    ) -> None:
        """Add side rows and tiles, replace the head ``before``, tell who listens; FullError."""
        with self._answering(), self._writer().cursor() as cursor:
            if sides:
                cursor.executemany(_INSERT_SIDE, sides)
            if tiles:
                cursor.executemany(_INSERT_TILE, tiles)
            cursor.execute(_SAVE_HEAD, (*head, before.size, before.root))
            if cursor.rowcount != 1:
                raise RuntimeError("another program has written to the journal")

    def commit(self) -> None:
        """Durable on return; every error is fatal, since nobody can know what became of it."""
        self._warnings.clear()
        status = self._writer().execute("COMMIT").statusmessage
        if status != "COMMIT":
            # What PostgreSQL answers when the transaction had failed before.
            raise RuntimeError(f"the commit was answered with {status}")
        if self._warnings:
            # Durable here, but the wait for the synchronous standby was broken off.
            raise RuntimeError(f"the commit was answered with a warning: {self._warnings[0]}")

    def rollback(self) -> None:
        """Take back what was begun; a broken connection has done so by itself."""
        database = self._db
        if database is None or database.info.transaction_status == TransactionStatus.IDLE:
            return
        try:
            database.execute("ROLLBACK")
        except psycopg.Error:
            self._forget_writer()

    def wal_is_long(self) -> bool:
        """Never: the server looks after its own log."""
        return False

    def checkpoint(self) -> None:
        """Nothing: as ``wal_is_long``."""

    # --- what others write ---

    def listen(self, wake: Callable[[], None]) -> None:
        """Call ``wake``, from another thread, when others may have written, until ``close``."""
        self._listener = Listener(lambda: connect(self._url), wake, lambda pid: pid == self._pid)

    # --- reading, from any thread ---

    def head(self) -> Head:
        """The durable head; DamagedError when there is none."""
        found = self._read(_HEAD)
        if len(found) != 1:
            raise self._no_head()
        return Head(*found[0])

    def read(self, after: int, until: int, limit: int) -> list[Row]:
        """At most ``limit`` rows with after < seq <= until, in order."""
        return self._read(_READ, after, until, limit)

    def stream(self, stream: str, after_version: int, limit: int) -> list[Row]:
        """At most ``limit`` rows of one stream with version > ``after_version``, in order."""
        return self._read(_STREAM, stream, after_version, limit)

    def side(self, seq: int, name: str) -> tuple[int, bytes, str] | None:
        """Key number, box and the entry's key of a side row; None when there is none."""
        found = self._read(_SIDE, seq, name)
        return found[0] if found else None

    def tile(self, level: int, number: int) -> bytes | None:
        """A full tile; None when there is none."""
        found = self._read(_TILE, level, number)
        return found[0][0] if found else None

    def close(self) -> None:
        """May be called twice."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        while self._readers:
            self._readers.pop().close()
        self._forget_writer()

    # --- connections ---

    def _writer(self) -> Connection:
        assert self._db is not None
        return self._db

    def _forget_writer(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _lock_head(self, database: Connection) -> Head:
        cursor = database.execute(_BEGIN)
        cursor.nextset()
        found = cursor.fetchall()
        if len(found) != 1:
            raise self._no_head()
        return Head(*found[0])

    def _ask(self, query: str, value: str) -> list[Any]:
        with self._answering(), self._writer().cursor(binary=True) as cursor:
            return cursor.execute(query, (value,)).fetchall()

    def _read(self, query: str, *values: str | int) -> list[Any]:
        with self._answering():
            # list.pop and append are atomic, so no lock: no two threads hold the same connection.
            while self._readers:
                with contextlib.suppress(psycopg.OperationalError, IndexError):
                    return self._read_by(self._readers.pop(), query, values)
                # It has died since it was last used, and so, probably, have the others.
            return self._read_by(self._new_reader(), query, values)

    def _read_by(
        self, database: Connection, query: str, values: tuple[str | int, ...]
    ) -> list[Any]:
        try:
            with database.cursor(binary=True) as cursor:
                found = cursor.execute(query, values).fetchall()
        except BaseException:
            database.close()
            raise
        if len(self._readers) < _READERS_KEPT:
            self._readers.append(database)
        else:
            database.close()
        return found

    def _new_reader(self) -> Connection:
        # Who also writes must read what is newest, so not from a standby that lags behind.
        database = connect(self._url, primary=self._writable)
        database.execute("SET default_transaction_read_only = on")
        return database

    def _check_kind(self) -> None:
        with self._new_reader() as database:
            if not _is_made(database):
                raise NotFoundError(
                    "there is no journal", where=self._where, todo="Start callout serve once"
                )
            row = database.execute(
                "SELECT version, current_setting('server_encoding'), current_setting('fsync') "
                "FROM format"
            ).fetchone()
        assert row is not None
        version, encoding, fsync = row
        if version != SCHEMA_VERSION:
            raise DamagedError(
                f"the journal has schema {version}, this callout reads {SCHEMA_VERSION}",
                where=self._where,
                todo="Use the version of callout that wrote it, or a newer one",
            )
        if encoding != "UTF8":
            raise BadInputError(
                f"the database has the encoding {encoding}",
                where=self._where,
                todo="Make it with ENCODING 'UTF8'",
            )
        if fsync != "on":
            _log.warning("journal.server_without_fsync", where=self._where)

    def _hear(self, notice: errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._warnings.append(notice.message_primary or "")

    def _no_head(self) -> DamagedError:
        return DamagedError(
            "the journal has no head", where=self._where, todo="Restore the last backup"
        )

    def _answering(self) -> contextlib.AbstractContextManager[None]:
        return _answered(self._where)


def connect(url: str, *, primary: bool = True) -> Connection:
    """A connection as ours are; transactions only where they are begun by statement.

    ``primary``: of several hosts in the URL the one that takes writes now.
    """
    defaults = dict(_DEFAULTS)
    if primary:
        defaults["target_session_attrs"] = "read-write"
    given = {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    database = psycopg.connect(make_conninfo("", **{**defaults, **given}), autocommit=True)
    database.execute(_SESSION)
    return database


def place_name(url: str) -> str:
    """The URL without user and password, to be shown; BadInputError when it is none."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Its own words would repeat the password.
        raise BadInputError(
            "this names no PostgreSQL database",
            where="CALLOUT_DATABASE",
            todo="Write postgresql://user@host:5432/name",
        ) from None
    host, port = given.get("host") or "localhost", given.get("port") or "5432"
    return f"postgresql://{host}:{port}/{given.get('dbname') or given.get('user') or ''}"


def schema_text() -> str:
    """``schema_postgres.sql``."""
    return files("callout.journal").joinpath("schema_postgres.sql").read_text()


def _is_made(database: Connection) -> bool:
    row = database.execute("SELECT to_regclass('callout.head') IS NOT NULL").fetchone()
    return row == (True,)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


@contextlib.contextmanager
def _answered(where: str) -> Iterator[None]:
    """Say in our words what the server says. Not around COMMIT: after that, in doubt is fatal."""
    try:
        yield
    except errors.DiskFull as error:
        raise FullError(
            "the database server's disk is full", where=where, todo="Free some of its disk space"
        ) from error
    except errors.LockNotAvailable:
        raise UnavailableError(
            "another program keeps the journal locked",
            where=where,
            todo="Close whatever has a transaction open on callout.head",
        ) from None
    except psycopg.OperationalError as error:
        raise _away(where, error) from error


def _away(where: str, error: psycopg.OperationalError) -> CalloutError:
    said = str(error).strip().replace("\n", "; ")
    return UnavailableError(
        f"PostgreSQL does not answer: {said}", where=where, todo="Start the server, then try again"
    )
