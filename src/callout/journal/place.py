"""Where a home's journal lies: in its file ``journal.db`` or in a PostgreSQL database.

A home belongs to one of the two for good; the other is refused rather than begun anew beside it.
"""

import os
from pathlib import Path
from typing import Protocol

from callout.base.errors import BadInputError, UnavailableError
from callout.journal.driver import Driver, Head
from callout.journal.keys import sync_folder, write_durably
from callout.journal.sqlite import SqliteDriver

# Left in a home whose journal lies elsewhere, so that nobody starts an empty one in it.
_ELSEWHERE = "journal.postgresql"
_SAID = b"The journal of this home lies in PostgreSQL: start callout with CALLOUT_DATABASE.\n"


class Place(Protocol):
    """A journal that is there or can be made."""

    def exists(self) -> bool:
        """Whether there is a journal with a head."""
        ...

    def joins(self) -> bool:
        """Whether the home has not had this journal before, though others may have."""
        ...

    def create(self, head: Head) -> Driver:
        """Make an empty one, whole or not at all, and open it."""
        ...

    def open(self, *, writable: bool) -> Driver:
        """Open what is there; NotFoundError, DamagedError."""
        ...


def place_of(home: Path, database: str) -> Place:
    """The place; ``database`` empty: the file. BadInputError when the home's is the other one.

    UnavailableError when it needs what is not installed.
    """
    if database:
        return _InPostgres(home, database)
    return _InFile(home)


class _InFile:
    def __init__(self, home: Path) -> None:
        if (home / _ELSEWHERE).exists():
            raise BadInputError(
                "the journal of this home lies in PostgreSQL",
                where=str(home),
                todo="Set CALLOUT_DATABASE to it",
            )
        self._path = home / "journal.db"

    def exists(self) -> bool:
        return SqliteDriver.exists(self._path)

    def joins(self) -> bool:
        return False

    def create(self, head: Head) -> Driver:
        # SQLite gives the WAL the mode of its database, and would make that readable for all.
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
        driver = SqliteDriver.create(self._path, head)
        sync_folder(self._path.parent)
        return driver

    def open(self, *, writable: bool) -> Driver:
        return SqliteDriver(self._path, writable=writable)


class _InPostgres:
    def __init__(self, home: Path, url: str) -> None:
        if (home / "journal.db").exists() and (home / "journal.db").stat().st_size:
            raise BadInputError(
                "this home has its journal in journal.db",
                where=str(home),
                todo="Unset CALLOUT_DATABASE, or name a new home",
            )
        try:
            from callout.journal.postgres import PostgresDriver  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise UnavailableError(
                f"PostgreSQL needs a part that is not installed ({error.name})",
                where="CALLOUT_DATABASE",
                todo="pip install 'callout[scale]'",
            ) from None
        self._home = home
        self._url = url
        self._kind = PostgresDriver

    def exists(self) -> bool:
        return self._kind.exists(self._url)

    def joins(self) -> bool:
        return not (self._home / _ELSEWHERE).exists()

    def create(self, head: Head) -> Driver:
        self._mark()
        return self._kind.create(self._url, head)

    def open(self, *, writable: bool) -> Driver:
        if writable:
            self._mark()
        return self._kind(self._url, writable=writable)

    def _mark(self) -> None:
        if not (self._home / _ELSEWHERE).exists():
            write_durably(self._home / _ELSEWHERE, _SAID)
