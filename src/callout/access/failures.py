"""Wrong tries in a row: five lock an account for ten minutes, and nobody else.

Tries from a browser that the account's person has signed in on before are counted by themselves
(OWASP, "Slow down online guessing attacks with device cookies"): a stranger who guesses locks
strangers out, not the person at the console they work on.
"""

import msgspec

from callout.access.sessions import hash_secret
from callout.base.clock import Clock
from callout.journal import State

TRIES = 5
LOCK_S = 600
_SPACE = "failures"


class Failures:
    """Counts by account and browser. Callers check and add one at a time."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Keep the state file and the clock at hand."""
        self._state = state
        self._clock = clock

    def locked(self, account: str, browser: str) -> bool:
        """Whether no more tries are looked at for now."""
        return self._count(_key(account, browser)) >= TRIES

    def add(self, account: str, browser: str) -> None:
        """One more, durably. The count ends ten minutes after the last."""
        key = _key(account, browser)
        ends_us = self._clock.now_us() + LOCK_S * 1_000_000
        self._state.put(_SPACE, key, msgspec.json.encode(self._count(key) + 1), ends_us)

    def clear(self, account: str, browser: str) -> None:
        """The person came in: theirs are over; those of others stay."""
        key = _key(account, browser)
        if self._state.get(_SPACE, key) is not None:
            self._state.delete(_SPACE, key)

    def forget(self, account: str) -> None:
        """All of an account, from wherever."""
        begin = _key(account, "")
        for key, _ in self._state.items(_SPACE):
            if key.startswith(begin):
                self._state.delete(_SPACE, key)

    def _count(self, key: str) -> int:
        raw = self._state.get(_SPACE, key)
        return 0 if raw is None else msgspec.json.decode(raw, type=int)


def _key(account: str, browser: str) -> str:
    """Hashed, so that what somebody typed as a name is not kept."""
    return f"{hash_secret(account)} {browser}"
