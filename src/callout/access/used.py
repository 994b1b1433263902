"""Marks of what access was used on which day, for the review of access and nothing else.

A mark says that an account did a kind of thing on a day (UTC). It holds no time of day, no count
and no object: it can tell that a role is not needed, not how somebody works. A later day takes the
place of the one before, and a mark ends after ``KEPT_DAYS``.
"""

import threading

import msgspec

from callout.base.clock import Clock
from callout.journal import State

DAY_US = 24 * 3600 * 1_000_000
#: A review looks back a year at most.
KEPT_DAYS = 366
_SPACE, _META = "used", "used-since"
_AT_ONCE = 500


class Used:
    """Which account did which kind of thing on which day last. Thread-safe."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Nothing is read yet."""
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._today: dict[str, int] = {}  # marks of the day, written or not
        self._waiting: set[str] = set()

    def mark(self, label: str, action: str) -> None:
        """The account did that, today. Returns at once; ``flush`` writes it, once a day."""
        key, day = f"{label} {action}", self._clock.now_us() // DAY_US
        if self._today.get(key) == day:
            return
        with self._lock:
            self._today[key] = day
            self._waiting.add(key)

    def flush(self) -> int:
        """Write what waits, at most 500 marks at once; how many. Waits for the disk."""
        self.since_us()
        with self._lock:
            keys = sorted(self._waiting)[:_AT_ONCE]
            marks = {key: self._today[key] for key in keys}
        for key, day in marks.items():
            before = self._state.get(_SPACE, key)
            if before is None or msgspec.json.decode(before, type=int) != day:
                ends_us = (day + KEPT_DAYS) * DAY_US
                self._state.put(_SPACE, key, msgspec.json.encode(day), ends_us)
            with self._lock:
                self._waiting.discard(key)
        with self._lock:
            today = self._clock.now_us() // DAY_US
            self._today = {k: d for k, d in self._today.items() if d == today or k in self._waiting}
        return len(marks)

    def since_us(self) -> int:
        """The day on which marks began to be kept; today when they begin now."""
        raw = self._state.get(_META, "day")
        if raw is None:
            raw = msgspec.json.encode(self._clock.now_us() // DAY_US)
            self._state.put(_META, "day", raw)
        return msgspec.json.decode(raw, type=int) * DAY_US

    def days(self) -> dict[str, dict[str, int]]:
        """By account, the last day (its first microsecond) of each kind of thing it did."""
        with self._lock:
            waiting = {key: self._today[key] for key in self._waiting}
        found: dict[str, dict[str, int]] = {}
        kept = {key: msgspec.json.decode(raw, type=int) for key, raw in self._state.items(_SPACE)}
        for key, day in (kept | waiting).items():
            label, _, action = key.partition(" ")
            found.setdefault(label, {})[action] = day * DAY_US
        return found

    def days_of(self, label: str) -> dict[str, int]:
        """The same of one account."""
        return self.days().get(label, {})

    def forget(self, label: str) -> None:
        """Drop an account's marks."""
        with self._lock:
            self._today = {k: d for k, d in self._today.items() if k.partition(" ")[0] != label}
            self._waiting &= self._today.keys()
        for key, _ in self._state.items(_SPACE):
            if key.partition(" ")[0] == label:
                self._state.delete(_SPACE, key)
