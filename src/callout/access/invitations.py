"""Invitations: a code, used once, that lets somebody or something in for the first time.

A code is 80 random bits in Crockford's base 32 (crockford.com/base32.html), in four groups that can
be read aloud over a radio: ``7K3M-0Q9T-XXXX-XXXX``. Case, dashes and spaces do not matter, O is
read as 0, I and L as 1. SHA-256 of so many random bits is enough to keep. They are not in backups.
"""

from typing import Any

import msgspec

from callout.access.sessions import hash_secret
from callout.base.clock import Clock
from callout.base.errors import TooManyError, UnauthenticatedError
from callout.base.ids import new_id
from callout.journal import State

_SPACE = "invitation"
_GROUP = 4
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})
#: Wrong codes that one source may send in a minute: people mistype, programs guess.
WRONG_A_MINUTE = 20
_MINUTE_US = 60 * 1_000_000
_SOURCES = 2000


def spoken(code: str) -> str:
    """A code as it is shown and read aloud: capitals, in groups of four."""
    return "-".join(code[at : at + _GROUP].upper() for at in range(0, len(code), _GROUP))


def as_made(typed: str) -> str:
    """The code that somebody typed, in the one spelling it was made in."""
    return typed.casefold().translate(_READ_AS)


class Invitation(msgspec.Struct, frozen=True):
    """What a code lets in: the ``subject`` of that ``kind``; ``by``: the label of who asked."""

    kind: str
    subject: str
    by: str
    made_us: int
    expires_us: int
    data: dict[str, Any] = {}


class Invitations:
    """Makes codes and takes them back. A code leaves once, when it is made. Thread-safe."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Keep the state file and the clock at hand; nothing is read yet."""
        self._state = state
        self._clock = clock
        self._wrong: dict[str, list[int]] = {}  # by source, of the last minute

    def make(self, kind: str, subject: str, by: str, ttl_s: int, data: dict[str, Any]) -> str:
        """A new code, and the only one: an earlier one for the same subject ends. Durable."""
        self.drop(kind, subject)
        code = new_id()
        now_us = self._clock.now_us()
        ends_us = now_us + ttl_s * 1_000_000
        invitation = Invitation(kind, subject, by, now_us, ends_us, data)
        self._state.put(_SPACE, hash_secret(code), msgspec.json.encode(invitation), ends_us)
        return spoken(code)

    def look(self, code: str, source: str = "") -> Invitation:
        """What the code is for, without using it. ``source``: the address that asks.

        UnauthenticatedError: it is none, or was used, or is over; the words do not tell which.
        TooManyError: that source sent too many wrong ones within a minute.
        """
        return self._found(self._state.get(_SPACE, self._key(code, source)), source)

    def use(self, code: str, source: str = "") -> Invitation:
        """The same, and the code is used: of several at once one gets it. Durable on return."""
        return self._found(self._state.take(_SPACE, self._key(code, source)), source)

    def drop(self, kind: str, subject: str) -> int:
        """End whatever codes there are for a subject; how many."""
        keys = [
            key
            for key, raw in self._state.items(_SPACE)
            if (one := msgspec.json.decode(raw, type=Invitation)).kind == kind
            and one.subject == subject
        ]
        for key in keys:
            self._state.delete(_SPACE, key)
        return len(keys)

    def waiting(self, kind: str) -> list[Invitation]:
        """Those of a kind that nobody has used yet, the latest first."""
        found = [msgspec.json.decode(raw, type=Invitation) for _, raw in self._state.items(_SPACE)]
        return sorted((one for one in found if one.kind == kind), key=lambda one: -one.made_us)

    def _key(self, code: str, source: str) -> str:
        if len(self._recent(source)) >= WRONG_A_MINUTE:
            raise TooManyError(
                "too many wrong codes", where="code", todo="Wait a minute, then try again"
            )
        return hash_secret(as_made(code))

    def _found(self, raw: bytes | None, source: str) -> Invitation:
        if raw is None:
            self._recent(source).append(self._clock.now_us())
            raise UnauthenticatedError(
                "this code is not valid: it was mistyped, used already, or its time is over",
                where="code",
                todo="Read it again, or ask for a new one",
            )
        return msgspec.json.decode(raw, type=Invitation)

    def _recent(self, source: str) -> list[int]:
        """When that source sent wrong ones within the last minute; past 2,000 they share one."""
        since_us = self._clock.now_us() - _MINUTE_US
        if source not in self._wrong and len(self._wrong) >= _SOURCES:
            self._wrong = {one: at for one, at in self._wrong.items() if at and at[-1] > since_us}
            source = source if len(self._wrong) < _SOURCES else ""
        recent = self._wrong[source] = [at for at in self._wrong.get(source, ()) if at > since_us]
        return recent
