"""Opening a home's journal for writing, when there is room to write."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from callout.base.clock import Clock, SystemClock
from callout.base.errors import CalloutError, FullError, HomeInUseError
from callout.base.settings import home_folder, setting, setting_int
from callout.journal import Entry, Journal, Problem
from callout.journal.reserve import LEAST_FREE_BYTES, free_bytes, held_bytes


class _Board(Protocol):
    def apply(self, entry: Entry) -> None: ...


B = TypeVar("B", bound=_Board)
_MIB = 1024 * 1024
_MOST_RESERVE_MB = 1024 * 1024


def open_journal(
    home: Path, clock: Clock, database: str | None = None, *, doubted: bool = False
) -> Journal:
    """The journal, locked for us; FullError when the disk has no room to begin with.

    The reserve counts as room: the journal gives of it what it needs to start.
    ``database``: else CALLOUT_DATABASE; empty for the home's own file.
    ``doubted``: even when it is not the one that is remembered, which is DamagedError else.
    """
    reserve_bytes = setting_int("CALLOUT_RESERVE_MB", 0, _MOST_RESERVE_MB) * _MIB
    there = next(folder for folder in (home, *home.absolute().parents) if folder.is_dir())
    free = free_bytes(there) + held_bytes(home)
    if free < LEAST_FREE_BYTES:
        raise FullError(
            f"the disk is full: {free // _MIB} MiB are free",
            where=str(home),
            todo=f"Make room; callout starts with {LEAST_FREE_BYTES // _MIB} MiB",
        )
    if database is None:
        database = setting("CALLOUT_DATABASE")
    return Journal.open(
        home,
        clock=clock,
        database=database,
        witness=witness_file(),
        doubted=doubted,
        reserve_bytes=reserve_bytes,
    )


@contextmanager
def opened_alone(home: str | None, clock: Clock, todo: str) -> Iterator[Journal]:
    """The room's journal, for a command that no server may run beside.

    HomeInUseError when one holds it, with what to do instead.
    """
    try:
        journal = open_journal(home_folder(home), clock)
    except HomeInUseError as error:
        raise HomeInUseError(error.what, where=error.where, todo=todo) from None
    with closing(journal):
        yield journal


def folded(board: B, journal: Journal) -> B:
    """An empty board with everything the journal holds."""
    for entry in journal.replay():
        board.apply(entry)
    return board


def witness_line(home: Path, clock: Clock) -> str:
    """How far back the witness is, in words; "" without one, or when the home cannot be read."""
    if witness_file() is None:
        return ""
    try:
        journal = Journal.open(home, clock=clock, writable=False, witness=witness_file())
        with closing(journal):
            age = journal.witness_age()
    except CalloutError:
        return ""
    if age is None:
        return "witness: out of reach, or it holds no checkpoint of this log"
    seconds = max(0, clock.now_us() - age.written_us) // 1_000_000
    return f"witness: {age.behind} entries behind, written {seconds} s ago"


def remembered(home: Path) -> list[Problem]:
    """What speaks against this being the journal that state.db and the witness remember."""
    try:
        journal = Journal.open(
            home,
            clock=SystemClock(),
            writable=False,
            database=setting("CALLOUT_DATABASE"),
            witness=witness_file(),
        )
        with closing(journal):
            return [
                Problem(-1, f"{doubt.where}: {doubt.words()}", doubt.error().todo)
                for doubt in journal.doubts()
            ]
    except (CalloutError, OSError):
        return []  # what keeps it from opening is check's to say


def witness_file() -> Path | None:
    """Where CALLOUT_WITNESS says that the last checkpoint is kept as well."""
    text = setting("CALLOUT_WITNESS")
    return Path(text).expanduser() if text else None
