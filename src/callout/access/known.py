"""Browsers that somebody has signed in on before: a cookie of random bits, its hash kept with them.

It lets nobody in. It says that wrong passwords typed there are not a stranger's, so that these are
counted apart (see ``failures``) and wait in no queue behind them. A console that many work at is
known to each of them by the same cookie.
"""

import secrets

import msgspec

from callout.access.sessions import hash_secret
from callout.base.clock import Clock
from callout.journal import State

#: A cookie lives no longer in browsers (RFC 6265bis, 5.5); each sign-in begins it anew.
KNOWN_S = 400 * 24 * 3600
_SPACE = "known"


class Known:
    """Which browser is known to whom. Thread-safe as the state file is."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Keep the state file and the clock at hand; nothing is read yet."""
        self._state = state
        self._clock = clock

    def remember(self, secret: str, person: str) -> str:
        """The person signed in on that browser; its secret, a new one where it had none of ours."""
        persons = self._persons(secret)
        if not persons:
            secret = secrets.token_urlsafe(32)
        if person not in persons:
            persons = [*persons, person]
        ends_us = self._clock.now_us() + KNOWN_S * 1_000_000
        self._state.put(_SPACE, hash_secret(secret), msgspec.json.encode(persons), ends_us)
        return secret

    def browser(self, secret: str, person: str) -> str:
        """What the browser is counted as, where it is known to that person; else ""."""
        return hash_secret(secret) if person and person in self._persons(secret) else ""

    def forget(self, person: str) -> None:
        """No browser is known to the person any more."""
        for key, raw in self._state.items(_SPACE):
            persons = msgspec.json.decode(raw, type=list[str])
            if person in persons:
                persons.remove(person)
                ends_us = self._clock.now_us() + KNOWN_S * 1_000_000
                self._state.put(_SPACE, key, msgspec.json.encode(persons), ends_us)

    def _persons(self, secret: str) -> list[str]:
        raw = self._state.get(_SPACE, hash_secret(secret)) if secret else None
        return [] if raw is None else msgspec.json.decode(raw, type=list[str])
