"""The only place that tells the time or waits.

A drill runs on the same code with another clock, so nothing else in callout calls
``time.time``, ``datetime.now`` or ``asyncio.sleep``; the linter bans them.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What every room may ask of time."""

    def now_us(self) -> int:
        """Microseconds since 1970-01-01T00:00:00Z. May step when the machine's clock is set."""
        ...

    def monotonic_us(self) -> int:
        """Microseconds since some fixed moment; never goes back."""
        ...

    async def wait_s(self, seconds: float) -> None:
        """Return after that many seconds of this clock."""
        ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now_us(self) -> int:
        """UTC microseconds."""
        return time.time_ns() // 1000

    def monotonic_us(self) -> int:
        """Microseconds that never go back."""
        return time.monotonic_ns() // 1000

    async def wait_s(self, seconds: float) -> None:
        """Return after that many seconds."""
        await asyncio.sleep(max(0.0, seconds))  # noqa: TID251 - this is the one place


class ManualClock:
    """A clock that moves only when told to; for tests and replays."""

    def __init__(self, start_us: int = 1_767_225_600_000_000) -> None:
        """Stand at ``start_us`` (2026-01-01T00:00:00Z unless told otherwise)."""
        self._now_us = start_us
        self._monotonic_us = 0
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    def now_us(self) -> int:
        """UTC microseconds."""
        return self._now_us

    def monotonic_us(self) -> int:
        """Microseconds that never go back."""
        return self._monotonic_us

    def advance_s(self, seconds: float) -> None:
        """Move both hands and wake whoever waited for a moment that has now passed."""
        step_us = round(seconds * 1_000_000)
        self._now_us += step_us
        self._monotonic_us += step_us
        still: list[tuple[int, asyncio.Future[None]]] = []
        for due_us, future in self._waiters:
            if due_us > self._monotonic_us:
                still.append((due_us, future))
            elif not future.done():
                future.set_result(None)
        self._waiters = still

    async def wait_s(self, seconds: float) -> None:
        """Return once the clock has been moved that far."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((self._monotonic_us + round(max(0.0, seconds) * 1_000_000), future))
        await future


def iso_utc(moment_us: int) -> str:
    """RFC 3339 text in UTC with milliseconds, e.g. ``2026-11-22T14:32:07.120Z``."""
    moment = datetime.fromtimestamp(moment_us / 1_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment_us // 1000 % 1000:03d}Z"


def parse_iso_us(text: str) -> int:
    """Microseconds since 1970 of an RFC 3339 text; ValueError when it has no offset or is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC; write e.g. 2026-11-22T14:32:07Z")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def utc_year(moment_us: int) -> int:
    """The calendar year in UTC."""
    return datetime.fromtimestamp(moment_us / 1_000_000, UTC).year
