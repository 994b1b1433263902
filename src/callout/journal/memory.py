"""Noticing that a database is not the one we remember: rolled back, forked, or put back whole.

The last checkpoint is remembered in state.db, and in a *witness* if there is one: a file on
another disk or machine. Both are written after the commit and off its path, so they are never
ahead of what is durable; at start the journal must be a continuation of each.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import structlog

from callout.base.errors import CalloutError, DamagedError
from callout.journal.driver import Head
from callout.journal.keys import write_durably
from callout.journal.note import Checkpoint, Verifier, parse_checkpoint
from callout.journal.state import State
from callout.journal.tlog import Log

#: The space of state.db that belongs to one home and not to its copies.
SPACE: Final = "memory"
_KEY: Final = "checkpoint"
_PATIENCE_S = 5.0
T = TypeVar("T")
_log = structlog.get_logger()
_RESUME: Final = (
    "If you know why, let it go on: callout resume --by NAME --reason TEXT. If not, keep this "
    "disk as it is and restore the last backup elsewhere"
)


class Doubt(NamedTuple):
    """Why the journal may not be the one that was remembered."""

    kind: str
    """rolled_back, forked, unknown (nothing that can be read is remembered) or other_log."""
    where: str
    """Who remembers: state.db or the witness."""
    remembered: Checkpoint | None
    found: Checkpoint

    def words(self) -> str:
        """What was remembered and what is there."""
        there = f"{self.found.size} entries"
        if self.remembered is None:
            return f"nothing is remembered of this journal of {there}"
        if self.kind == "other_log":
            return f"another log of {self.remembered.size} entries is remembered"
        if self.kind == "rolled_back":
            return f"{self.remembered.size} entries are remembered, only {there} are there"
        return f"the first {self.remembered.size} entries are not the ones that are remembered"

    def error(self) -> DamagedError:
        """For whoever wants to write to it."""
        return DamagedError(self.words(), where=self.where, todo=_RESUME, kind=self.kind)


class WitnessAge(NamedTuple):
    """How far back the witness is."""

    behind: int
    """Entries that came since; none when it knows of more than there are."""
    written_us: int
    """By the clock of whoever holds the file."""


class Memory:
    """What is remembered of a journal, here and at the witness."""

    def __init__(self, state: State, verifier: Verifier, witness: Path | None) -> None:
        """``state``: one of our own, so that nobody who looks up a session waits for our disk.

        ``witness``: the file, or None. Nothing is read yet.
        """
        self._state = state
        self._verifier = verifier
        self._witness = witness
        self._lock = threading.Lock()
        self._last: bytes | None = None
        self._told: bytes | None = None
        self._asking: threading.Thread | None = None
        self._said = ""
        self._odd = False

    def begin(self, head: Head, *, joins: bool = False) -> None:
        """Remember the log of a new home while it is empty, durably, before the first entry.

        Also when a crash came between making it and this. A witness may know better and is left
        alone. ``joins``: the home is new, the log need not be.
        """
        if (joins or head.size == 0) and self._state.get(SPACE, _KEY) is None:
            self._state.put(SPACE, _KEY, head.note)

    def remember(self, log_now: Callable[[], Log], *, spoken: bool = False) -> None:
        """Keep a checkpoint that is durable. Waits for the disk; does nothing when it is the last.

        A witness that cannot be reached, or a disk that is full, is a warning: the room goes on.
        A witness that this log does not continue is left as it is, unless a person has ``spoken``.
        """
        with self._lock:
            try:
                note = log_now().head.note
                if note != self._last:
                    self._state.put(SPACE, _KEY, note)
                    self._last = note
                if self._witness is not None and note != self._told:
                    self._told = self._patiently(
                        lambda path: self._tell(path, log_now, spoken=spoken)
                    )
                self._said = ""
            except (OSError, CalloutError) as error:
                # The same words once, and not once a second.
                if str(error) != self._said:
                    self._said = str(error)
                    _log.warning("journal.not_remembered", error=self._said)

    def close(self) -> None:
        """May be called twice."""
        self._state.close()

    def witness_age(self, log: Log) -> WitnessAge | None:
        """None when there is no witness, or none that holds a checkpoint of this log."""
        try:
            found = self._patiently(lambda path: (path.read_bytes(), path.stat().st_mtime_ns))
            kept = parse_checkpoint(self._verifier.open(found[0])) if found else None
        except (OSError, CalloutError):
            return None
        if kept is None or found is None:
            return None
        return WitnessAge(max(0, log.size - kept.size), found[1] // 1000)

    def _tell(self, path: Path, log_now: Callable[[], Log], *, spoken: bool) -> bytes:
        try:
            seen = path.read_bytes()
        except FileNotFoundError:
            seen = None
        # Looked at after the witness: another process on the same database may have told it.
        log = log_now()
        # Not what we wrote last: it was away when we started, or another room writes there.
        if seen is not None and seen != self._told and not spoken:
            found = parse_checkpoint(self._verifier.open(log.head.note))
            for doubt in self._compare("witness", seen, log, found):
                raise doubt.error()
        write_durably(path, log.head.note)
        return log.head.note

    def _patiently(self, work: Callable[[Path], T]) -> T | None:
        """What ``work`` gives or raises; TimeoutError when the witness does not answer.

        A mount whose server is gone keeps whoever touches it for ever: that is a thread of its
        own, and never more than one.
        """
        path = self._witness
        if path is None:
            return None
        if self._asking is not None and self._asking.is_alive():
            raise TimeoutError("the witness does not answer")
        answer: Future[T] = Future()

        def ask() -> None:
            try:
                answer.set_result(work(path))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                answer.set_exception(error)

        self._asking = threading.Thread(target=ask, name="journal-witness", daemon=True)
        self._asking.start()
        try:
            return answer.result(_PATIENCE_S)
        except FutureTimeoutError:
            raise TimeoutError("the witness does not answer") from None

    def doubts(self, log_now: Callable[[], Log]) -> list[Doubt]:
        """What speaks against the log being a continuation of the remembered one."""
        note, witnessed = self._state.get(SPACE, _KEY), self._read_witness()
        # Looked at after what is remembered: a running server must not get ahead of us.
        log = log_now()
        found = parse_checkpoint(self._verifier.open(log.head.note))
        doubts = []
        if note is None and found.size:
            doubts.append(Doubt("unknown", "state.db", None, found))
        for where, text in (("state.db", note), ("witness", witnessed)):
            if text is not None:
                doubts += self._compare(where, text, log, found)
        return doubts

    def _read_witness(self) -> bytes | None:
        if self._witness is None:
            return None
        try:
            return self._patiently(Path.read_bytes)
        except FileNotFoundError:
            _log.warning("journal.witness_is_new", witness=self._witness.name)
        except OSError as error:
            _log.warning("journal.witness_unreachable", error=str(error))
        return None

    def _compare(self, where: str, note: bytes, log: Log, found: Checkpoint) -> list[Doubt]:
        try:
            remembered = parse_checkpoint(self._verifier.open(note))
        except CalloutError as error:
            other = _unverified(note)
            if other is not None:
                return [Doubt("other_log", where, other, found)]
            if where == "state.db":
                return [Doubt("unknown", where, None, found)]
            # No checkpoint at all says nothing against this log, but somebody should look.
            if not self._odd:
                self._odd = True
                _log.warning("journal.memory_unreadable", where=where, error=str(error))
            return []
        if remembered.size > found.size:
            return [Doubt("rolled_back", where, remembered, found)]
        if log.root_at(remembered.size) != remembered.root:
            return [Doubt("forked", where, remembered, found)]
        return []


def _unverified(note: bytes) -> Checkpoint | None:
    """What a checkpoint says that our key has not signed; None when it is no checkpoint."""
    try:
        return parse_checkpoint(note.partition(b"\n\n")[0].decode() + "\n")
    except (CalloutError, UnicodeDecodeError):
        return None
