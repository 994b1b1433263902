"""From what a request shows to who is asking, now and again while a stream is open."""

from typing import NamedTuple

from callout.access import NOBODY, Actor, Credentials, Sessions, device_actor, person_actor
from callout.dispatch import Picture


class Shown(NamedTuple):
    """What a request showed of itself. ``way``: token, session, or nothing."""

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
        if shown.way == "token":
            return self._device(shown.secret)
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

    def _device(self, secret: str) -> Actor | None:
        token = self._credentials.find_token(secret)
        if token is None:
            return None
        return device_actor(
            self._picture.access, token.device, token.scopes, token.agency, token.unit
        )
