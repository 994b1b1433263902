"""From an older schema to this one: numbered steps, each in a transaction of its own.

``user_version`` of a file is its schema version. A file is brought up when it is opened for
writing, under the home's lock: first a whole copy is put beside it (``journal.db.schema1``), then
each step runs between ``BEGIN IMMEDIATE`` and ``COMMIT``, with its new number in the same
transaction, and is taken back when the file is not sound after it. So a crash leaves the file at
one version or the next, and the next open goes on from there.

Steps change what is around the entries. The ten columns of every entry are compared before and
after each one, because the leaves of the tree are made of them: a step that changes one is taken
back. A changed meaning of an entry is a new type, never a step.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import structlog

from callout.base.errors import DamagedError, FullError
from callout.journal.keys import sync_folder
from callout.journal.sqlite import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    expected_schema,
    open_database,
    schema_of,
)
from callout.journal.state import STATE_SCHEMA, STATE_VERSION

_log = structlog.get_logger()
_ENTRIES = (
    "SELECT seq, stream, version, key, type, recorded_us, claimed_us, actor, agency, body "
    "FROM event ORDER BY seq"
)
_PAGE = 1000


class Step(NamedTuple):
    """From schema ``after`` to ``after + 1``."""

    after: int
    what: str
    """For the log: what it does."""
    change: str | Callable[[apsw.Connection], None]
    """SQL, or Python that is given the connection; neither begins nor commits."""


class Ladder(NamedTuple):
    """All steps of one file, and what the file must be in the end."""

    version: int
    steps: tuple[Step, ...]
    schema: Callable[[], list[tuple[str, str]]]
    """Name and text of every table, index and trigger after the last step."""
    application_id: int = 0
    entries: bool = False
    """Whether it holds the entries, which no step may touch."""


def journal_ladder() -> Ladder:
    """The steps of ``journal.db``: none yet, there has been one schema."""
    return Ladder(SCHEMA_VERSION, (), expected_schema, APPLICATION_ID, entries=True)


def state_ladder() -> Ladder:
    """The steps of ``state.db``: none yet. Version 0 is one made before it was numbered."""
    return Ladder(STATE_VERSION, (), lambda: _schema_made_by(STATE_SCHEMA))


def bring_up_home(home: Path) -> None:
    """Bring the files of a home to the newest schema; under its lock, before they are opened."""
    if (home / "journal.db").exists():
        bring_up(home / "journal.db", journal_ladder())
    bring_up(home / "state.db", state_ladder())


def bring_up(path: Path, ladder: Ladder) -> None:
    """Bring a file to the newest schema; nothing when it is there, or is newer, empty or not ours.

    DamagedError when a step fails: the file then stands at the version before that step, whole.
    FullError when there is no room; then too.
    """
    assert [step.after for step in ladder.steps] == list(range(1, ladder.version))
    try:
        with closing(open_database(path, apsw.SQLITE_OPEN_READWRITE)) as database:
            found: Any = database.pragma("user_version")
            kind: Any = database.pragma("application_id")
            if kind != ladder.application_id or not 1 <= found < ladder.version:
                return
            copy_aside(database, path, found)
            for step in ladder.steps[found - 1 :]:
                _take(database, path, ladder, step)
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise DamagedError(
            f"the file is damaged: {error}", where=str(path), todo="Run callout check on this home"
        ) from error


def copy_aside(database: apsw.Connection, path: Path, version: int) -> Path:
    """A whole copy of the file as it stands, durable on return: ``journal.db.schema1``.

    FullError when there is no room for it.
    """
    copy = path.with_name(f"{path.name}.schema{version}")
    aside = path.with_name(f"{path.name}.copy")
    aside.unlink(missing_ok=True)
    pages: Any = database.pragma("page_count")
    page_bytes: Any = database.pragma("page_size")
    # The copy, and as much again for the WAL of a step that writes every page anew.
    needed = 2 * pages * page_bytes
    if shutil.disk_usage(path.parent).free < needed:
        raise _no_room(path, needed)
    os.close(os.open(aside, os.O_WRONLY | os.O_CREAT, 0o600))
    try:
        target = apsw.Connection(str(aside))
        try:
            with target.backup("main", database, "main") as backup:
                backup.step(-1)
        finally:
            target.close()
    except apsw.FullError as error:
        aside.unlink()
        raise _no_room(path, needed) from error
    fd = os.open(aside, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    aside.rename(copy)
    sync_folder(path.parent)
    _log.info("schema.copied", copy=str(copy))
    return copy


def _take(database: apsw.Connection, path: Path, ladder: Ladder, step: Step) -> None:
    """One step, whole or not at all."""
    number = step.after + 1
    database.execute("BEGIN IMMEDIATE")
    try:
        _check_whole(database)
        before = _fingerprint(database, ladder)
        if callable(step.change):
            step.change(database)
        else:
            database.execute(step.change)
        database.pragma("user_version", number)
        _check_whole(database)
        _check_fits(database, ladder, number, before)
        database.execute("COMMIT")
    except apsw.FullError as error:
        _take_back(database)
        raise _no_room(path, 2 * path.stat().st_size) from error
    except Exception as error:
        _take_back(database)
        raise DamagedError(
            f"it could not be brought from schema {step.after} to {number} ({step.what}): {error}",
            where=str(path),
            todo=f"It stands at schema {step.after}, whole; go on with the callout that wrote it, "
            "and report this",
        ) from error
    _log.info("schema.changed", path=str(path), version=number, what=step.what)


def _take_back(database: apsw.Connection) -> None:
    if database.in_transaction:
        database.execute("ROLLBACK")


def _check_whole(database: apsw.Connection) -> None:
    said: Any = database.execute("PRAGMA integrity_check(1)").get
    if said != "ok":
        raise _unsound(str(said))


def _check_fits(database: apsw.Connection, ladder: Ladder, number: int, before: bytes) -> None:
    if _fingerprint(database, ladder) != before:
        raise _unsound("an entry is not what it was")
    if number == ladder.version and schema_of(database) != ladder.schema():
        raise _unsound("the tables are not the ones of the new schema")


def _fingerprint(database: apsw.Connection, ladder: Ladder) -> bytes:
    """SHA-256 over the ten columns of every entry."""
    digest = hashlib.sha256()
    if ladder.entries:
        rows = iter(database.execute(_ENTRIES))
        while page := list(islice(rows, _PAGE)):
            digest.update(repr(page).encode())
    return digest.digest()


def _schema_made_by(text: str) -> list[tuple[str, str]]:
    database = apsw.Connection(":memory:")
    database.execute(text)
    return schema_of(database)


def _unsound(what: str) -> DamagedError:
    return DamagedError(what, where="schema")


def _no_room(path: Path, needed: int) -> FullError:
    return FullError(
        "there is no room to bring it to the new schema",
        where=str(path),
        todo=f"Free {needed // 1024 // 1024 + 1} MiB and start again; it is whole as it stands",
    )
