"""From what a request shows to who is asking, now and again while a stream is open."""

from typing import NamedTuple

from callout.access import NOBODY, Actor, Credentials, Sessions, person_actor
from callout.access.who import key_actor, token_actor
from callout.dispatch import Picture


class Shown(NamedTuple):
    """What a request showed of itself.

    ``way``: token, device (a token in a cookie), session, signature (``secret`` is then the
    device and the key that verified it), or nothing.
    """

    way: str = ""
    secret: str = ""


class Asking:
    """Names the actor of every request; reads the boards, so only in the loop's thread."""

    def __init__(self, picture: Picture, credentials: Credentials, sessions: Sessions) -> None:
        """Nobody has asked yet."""
        self._picture = picture
        self._credentials = credentials
        self._sessions = sessions

    def actor(self, shown: Shown) -> Actor | None:
        """Who that is at this moment; None when what is shown opens nothing (any more)."""
        if shown.way == "session":
            return self._person(shown.secret)
        if shown.way in {"token", "device"}:
            return self._token(shown.secret)
        if shown.way == "signature":
            device, _, key = shown.secret.partition(" ")
            return key_actor(self._picture.access, device, key, self._picture.clock.now_us())
        return NOBODY

    def mayday(self) -> bool:
        """Whether any crew has one open."""
        return any(unit.mayday for unit in self._picture.units.by_number)

    def _person(self, secret: str) -> Actor | None:
        session = self._sessions.find(secret)
        if session is None:
            return None
        return person_actor(
            self._picture.access,
            session,
            self._picture.clock.now_us(),
            mayday=self.mayday(),
            unit=self._picture.units.unit_of(session.person),
        )

    def _token(self, secret: str) -> Actor | None:
        token = self._credentials.find_token(secret)
        if token is None:
            return None
        return token_actor(self._picture.access, token, self._picture.clock.now_us())
