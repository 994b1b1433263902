"""Sessions of persons: opaque, on the server, in state.db. A cookie holds the secret, we its hash.

A session is 256 random bits, so SHA-256 of them is enough to keep. When somebody was last there is
kept in memory and written once a minute: losing it locks a console early, never late.
"""

import hashlib
import secrets

import msgspec

from callout.access.actor import Lock
from callout.base.clock import Clock
from callout.base.ids import new_id
from callout.journal import State

#: A person proves again who they are after this (ASVS 5.0, 7.3.2; NIST SP 800-63B, AAL2).
REAUTH_S = 12 * 3600
#: Nobody touched it for so long: it locks (ASVS 5.0, 7.3.1).
IDLE_S = 30 * 60
#: A locked session is forgotten after this.
SESSION_S = 24 * 3600
_WRITE_US = 60 * 1_000_000
_SPACE = "session"


class Session(msgspec.Struct):
    """One sign-in of a person on one browser. ``ways``: how they proved who they are."""

    id: str
    person: str
    opened_us: int
    proved_us: int
    seen_us: int
    ways: tuple[str, ...] = ()
    secured: bool = False  # on a console in a room that others cannot walk into
    closed_by_hand: bool = False  # locked by its person
    console: str = ""


def hash_secret(secret: str) -> str:
    """What is kept of a random secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Sessions:
    """Reads and writes sessions; the secret leaves once, when it is made. Thread-safe."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Keep the state file and the clock at hand; nothing is read yet."""
        self._state = state
        self._clock = clock
        self._seen: dict[str, int] = {}  # by hash, later than what is written

    def open(
        self, person: str, ways: tuple[str, ...], *, console: str = "", secured: bool = False
    ) -> str:
        """A new session's secret for a person who has proved who they are. Durable on return."""
        secret = secrets.token_urlsafe(32)
        now_us = self._clock.now_us()
        session = Session(
            id=new_id(),
            person=person,
            opened_us=now_us,
            proved_us=now_us,
            seen_us=now_us,
            ways=ways,
            secured=secured,
            console=console,
        )
        self._put(hash_secret(secret), session)
        return secret

    def find(self, secret: str) -> Session | None:
        """The session, also a locked one; None when it is closed, forgotten or never was."""
        key = hash_secret(secret)
        raw = self._state.get(_SPACE, key)
        if raw is None:
            return None
        session = msgspec.json.decode(raw, type=Session)
        session.seen_us = max(session.seen_us, self._seen.get(key, 0))
        return session

    def touch(self, secret: str) -> None:
        """Its person did something. An unknown one is passed over."""
        key, now_us = hash_secret(secret), self._clock.now_us()
        session = self.find(secret)
        if session is None or now_us <= session.seen_us:
            return
        before, self._seen[key] = session.seen_us, now_us
        if now_us - before >= _WRITE_US:
            session.seen_us = now_us
            self._put(key, session)

    def lock(self, secret: str) -> None:
        """Lock it now."""
        if session := self.find(secret):
            session.closed_by_hand = True
            self._put(hash_secret(secret), session)

    def prove(self, secret: str, ways: tuple[str, ...]) -> str:
        """Its person proved again who they are: it is unlocked, under a new secret (ASVS 7.2.4).

        The old one opens nothing any more. "" when there is no such session.
        """
        session = self.find(secret)
        return "" if session is None else self._renew(hash_secret(secret), session, ways)

    def prove_id(self, session_id: str, person: str, ways: tuple[str, ...]) -> str:
        """The same for a person's session known by its id."""
        for key, session in self._all():
            if (session.id, session.person) == (session_id, person):
                return self._renew(key, session, ways)
        return ""

    def _renew(self, key: str, session: Session, ways: tuple[str, ...]) -> str:
        new, now_us = secrets.token_urlsafe(32), self._clock.now_us()
        session.closed_by_hand, session.ways = False, ways
        session.proved_us = session.seen_us = now_us
        self._put(hash_secret(new), session)
        self._state.delete(_SPACE, key)
        self._seen.pop(key, None)
        return new

    def close(self, secret: str) -> None:
        """Forget a session; unknown ones are none."""
        self._state.delete(_SPACE, hash_secret(secret))
        self._seen.pop(hash_secret(secret), None)

    def unsecure(self, console: str) -> int:
        """Sessions opened on that console lock by themselves from now on; how many."""
        found = [(key, one) for key, one in self._all() if one.secured and one.console == console]
        for key, session in found:
            session.secured = False
            self._put(key, session)
        return len(found)

    def of(self, person: str) -> list[Session]:
        """All sessions of a person, the latest first."""
        found = [session for _, session in self._all() if session.person == person]
        return sorted(found, key=lambda session: -session.opened_us)

    def close_all(self, person: str, only: str = "", but: str = "") -> int:
        """Forget a person's sessions, or ``only`` the one with that id; not ``but``. How many."""
        keys = [
            key
            for key, session in self._all()
            if session.person == person and only in {"", session.id} and session.id != but
        ]
        for key in keys:
            self._state.delete(_SPACE, key)
        return len(keys)

    def _all(self) -> list[tuple[str, Session]]:
        found = []
        for key, raw in self._state.items(_SPACE):
            session = msgspec.json.decode(raw, type=Session)
            session.seen_us = max(session.seen_us, self._seen.get(key, 0))
            found.append((key, session))
        return found

    def _put(self, key: str, session: Session) -> None:
        ends_us = session.proved_us + SESSION_S * 1_000_000
        self._state.put(_SPACE, key, msgspec.json.encode(session), ends_us)


def lock_of(session: Session, now_us: int, *, mayday: bool) -> Lock | None:
    """Why the session is locked at this moment, the shift apart.

    While a ``mayday`` is open nothing locks by itself; what its person locked stays so.
    """
    if session.closed_by_hand:
        return Lock.IDLE
    if mayday:
        return None
    if now_us - session.proved_us > REAUTH_S * 1_000_000:
        return Lock.REAUTH
    if not session.secured and now_us - session.seen_us > IDLE_S * 1_000_000:
        return Lock.IDLE
    return None
