"""Consoles in a room that others cannot walk into: sessions on them do not lock for idleness.

A cookie of random bits marks the browser, its hash is kept here. The mark lets nobody in, and the
twelve hours after which a person proves again who they are hold there too.
"""

import secrets

import msgspec

from callout.access.sessions import hash_secret
from callout.base.clock import Clock
from callout.base.ids import new_id
from callout.journal import State

#: The mark ends; a cookie lives no longer in browsers (RFC 6265bis, 5.5).
CONSOLE_S = 400 * 24 * 3600
_SPACE = "console"


class Console(msgspec.Struct, frozen=True):
    """One browser on one machine. ``by``: the label of who marked it."""

    id: str
    name: str
    by: str
    made_us: int
    expires_us: int


class Consoles:
    """Marks browsers and takes marks back. A secret leaves once. Thread-safe."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Keep the state file and the clock at hand; nothing is read yet."""
        self._state = state
        self._clock = clock

    def secure(self, name: str, by: str, console: str = "") -> str:
        """Mark a browser; the secret for its cookie. ``console``: its id, else one is made."""
        secret = secrets.token_urlsafe(32)
        now_us = self._clock.now_us()
        made = Console(console or new_id(), name, by, now_us, now_us + CONSOLE_S * 1_000_000)
        self._state.put(_SPACE, hash_secret(secret), msgspec.json.encode(made), made.expires_us)
        return secret

    def find(self, secret: str) -> Console | None:
        """The console with that secret; None when the mark was taken back or never was."""
        raw = self._state.get(_SPACE, hash_secret(secret)) if secret else None
        return None if raw is None else msgspec.json.decode(raw, type=Console)

    def all(self) -> list[Console]:
        """Every marked one, by name."""
        found = [msgspec.json.decode(raw, type=Console) for _, raw in self._state.items(_SPACE)]
        return sorted(found, key=lambda one: (one.name, one.id))

    def release(self, console: str) -> bool:
        """Take the mark back; whether there was one."""
        for key, raw in self._state.items(_SPACE):
            if msgspec.json.decode(raw, type=Console).id == console:
                self._state.delete(_SPACE, key)
                return True
        return False
