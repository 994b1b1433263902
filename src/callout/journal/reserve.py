"""The disk reserve: room that is kept back, and given step by step to a journal without any.

A full disk is a slow disaster with a known answer (somebody makes room), so callout buys the time
for it: ``reserve`` in the home is a preallocated file that is cut shorter by a quarter each time
something durable finds no room. Nothing in the file matters, so nothing of it is synced.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import structlog

from callout.base.errors import FullError

T = TypeVar("T")
Level = Literal["ok", "low", "reserve", "full"]

#: SQLite needs room for its WAL and index before it can say in words that there is none.
LEAST_FREE_BYTES = 4 * 1024 * 1024
#: At ten entries a second of 1.1 kB each (a city of ten million) this is a day's warning, and
#: months of it in a town. Not a share: a twentieth of a large disk would warn for years on end.
LOW_BYTES = 1024 * 1024 * 1024
_STEPS = 4
_log = structlog.get_logger()


class Storage(NamedTuple):
    """How much room there is for what must be durable."""

    free_bytes: int
    """On the home's file system, the reserve not counted."""
    reserve_bytes: int
    level: Level
    """ok; low: less than ``LOW_BYTES`` are free; reserve: part of the reserve is given away, or it
    could not be made; full: it is gone and less than ``LEAST_FREE_BYTES`` are free."""


class Reserve:
    """A home's reserve. Thread-safe. With 0 bytes there is none, and the levels still hold."""

    def __init__(self, home: Path, wanted_bytes: int) -> None:
        """Take over what is there; nothing is made before ``begin``."""
        self._home = home
        self._path = home / "reserve"
        self._wanted = wanted_bytes
        self._step = -(-wanted_bytes // _STEPS)
        self._held = held_bytes(home)
        self._lock = threading.Lock()

    def begin(self) -> None:
        """At the start of a process: cut to the wanted size, and make the least room to start."""
        with self._lock:
            if self._held > self._wanted:
                self._cut(self._wanted)
        while free_bytes(self._home) < LEAST_FREE_BYTES and self.give():
            pass

    def trying(self, act: Callable[[], T]) -> T:
        """Do it, as often as there is reserve to give when it meets FullError."""
        while True:
            try:
                return act()
            except FullError:
                if not self.give():
                    raise

    def give(self) -> bool:
        """Give a quarter back to the disk; False when nothing is left."""
        with self._lock:
            if self._held == 0:
                return False
            self._cut(max(0, self._held - max(self._step, 1)))
        _log.warning("journal.reserve_given", left_bytes=self._held, todo="Make room on the disk")
        return True

    def refill(self) -> bool:
        """Take a quarter back if as much as the whole stays free; whether there is more to take."""
        with self._lock:
            missing = min(self._wanted - self._held, self._step)
            spare = free_bytes(self._home) - max(self._wanted, LEAST_FREE_BYTES)
            if missing <= 0 or spare < missing or not self._grow(self._held + missing):
                return False
        return True

    def storage(self) -> Storage:
        """What there is now."""
        free, held = free_bytes(self._home), self._held
        level: Level = "ok"
        if held == 0 and free < LEAST_FREE_BYTES:
            level = "full"
        elif held < self._wanted:
            level = "reserve"
        elif free < LOW_BYTES:
            level = "low"
        return Storage(free, held, level)

    def _cut(self, size: int) -> None:
        if size:
            os.truncate(self._path, size)
        else:
            self._path.unlink(missing_ok=True)
        self._held = size

    def _grow(self, size: int) -> bool:
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, size)
        except OSError as error:
            # The room went to somebody else in between; what was taken of it is given back.
            with contextlib.suppress(OSError):
                os.ftruncate(fd, self._held)
            _log.warning("journal.reserve_not_made", error=error.strerror)
            return False
        finally:
            os.close(fd)
        self._held = size
        return True


def held_bytes(home: Path) -> int:
    """What a home's reserve has on the disk."""
    try:
        return (home / "reserve").stat().st_size
    except FileNotFoundError:
        return 0


def free_bytes(folder: Path) -> int:
    """What may still be written there, by us."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
