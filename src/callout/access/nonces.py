"""Nonces of signatures: each is taken once, also across restarts.

They are kept in memory for as long as their signature could be good. After a start the old ones are
not known, so signatures that may have been used before it are refused: those made until then, and
as far into the future as any device's clock was ahead. That one number is in state.db. With good
clocks it is at most 5 seconds.
"""

from collections import deque

from callout.access.signatures import WINDOW_S, Signed, wrong
from callout.base.clock import Clock
from callout.journal import State

#: Signatures of one device within the window: ten a second.
MOST_A_DEVICE = 2 * WINDOW_S * 10
_STEP_S = 5
_SPACE, _KEY = "signature", "ahead_s"


class Nonces:
    """Which signatures were used within the window. One thread only."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Read how far ahead devices' clocks were before this start."""
        self._state = state
        self._clock = clock
        raw = state.get(_SPACE, _KEY)
        now_s = clock.now_us() // 1_000_000
        self._from_s = now_s + int(raw) + 1 if raw else 0
        # What is taken from here on was made after all from before: its own number is enough.
        self._ahead_s = -1
        self._used: dict[str, set[str]] = {}
        self._order: deque[tuple[int, str, str]] = deque()

    def take(self, signed: Signed) -> None:
        """Use a verified signature up. UnauthenticatedError: out of its time, or used already."""
        now_s = self.check_time(signed)
        self._forget(now_s)
        used = self._used.setdefault(signed.device, set())
        if signed.nonce in used:
            raise wrong("this signature was used already; sign each request anew")
        if len(used) >= MOST_A_DEVICE:
            raise wrong("this device has signed too much within two minutes")
        self._remember_ahead(signed.created_s - now_s)
        used.add(signed.nonce)
        self._order.append((now_s + 2 * WINDOW_S + 1, signed.device, signed.nonce))

    def check_time(self, signed: Signed) -> int:
        """Our time in seconds. UnauthenticatedError: the signature is from another time."""
        now_s = self._clock.now_us() // 1_000_000
        off_s = signed.created_s - now_s
        if abs(off_s) > WINDOW_S:
            raise wrong(
                f"your clock is {abs(off_s)} s {'ahead' if off_s > 0 else 'behind'}, or the "
                f"request is old; it is {now_s} here",
                now_s=now_s,
            )
        if signed.created_s < self._from_s:
            wait_s = self._from_s - signed.created_s
            raise wrong(f"the room has just started; sign it again in {wait_s} s", now_s=now_s)
        return now_s

    def _forget(self, now_s: int) -> None:
        while self._order and self._order[0][0] < now_s:
            _, device, nonce = self._order.popleft()
            self._used[device].discard(nonce)
            if not self._used[device]:
                del self._used[device]

    def _remember_ahead(self, ahead_s: int) -> None:
        """Durable before a signature from further in the future than any before is taken."""
        needed_s = -(-max(ahead_s, 0) // _STEP_S) * _STEP_S
        if needed_s > self._ahead_s:
            self._state.put(_SPACE, _KEY, str(needed_s).encode())
            self._ahead_s = needed_s
