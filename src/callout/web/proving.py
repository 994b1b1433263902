"""Proving who one is by password and code; what is wrong is counted, and entered as refused."""

import asyncio
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from callout.access import NOBODY, Action
from callout.access.known import KNOWN_S
from callout.base.errors import UnauthenticatedError
from callout.web.invited import source_of
from callout.web.room import Room

#: The browser's, see ``access/known.py``.
KNOWN_COOKIE = "callout_known"
Asked = Request[Any, Any, Any]


async def by_password(
    room: Room, request: Asked, login: str, password: str, code: str, session: str = ""
) -> tuple[str, tuple[str, ...]]:
    """Whose name, password and code these are, and by which ways; else UnauthenticatedError.

    ``session``: wrong tries to unlock one are counted as its own. TooManyError: too many wait.
    """
    person = room.credentials.person_of(login)
    browser = room.known.browser(request.cookies.get(KNOWN_COOKIE, ""), person)
    counted = browser or session
    try:
        # Never in the thread that takes alarms, or whoever guesses could hold them up.
        async with room.signing_in.turn(counted or source_of(request), first=bool(counted)):
            found = await asyncio.to_thread(
                room.credentials.check_password, login, password, code, counted
            )
    except UnauthenticatedError as error:
        need = error.detail.get("need")
        if code or not need:  # asking for the code is no refusal
            why = "code" if need else "password"
            room.account.refused(NOBODY, Action.SESSION, "person", person, why)
        raise
    return found, ("password", "code") if room.credentials.codes.has(found) else ("password",)


async def set_password(room: Room, request: Asked, login: str, password: str, person: str) -> None:
    """Keep a person's name and password; BadInputError when they cannot be used."""
    async with room.signing_in.turn(source_of(request)):
        await asyncio.to_thread(room.credentials.set_password, login, password, person=person)


def known_cookie(room: Room, request: Asked, person: str) -> Cookie:
    """The browser is known to the person from now on."""
    secret = room.known.remember(request.cookies.get(KNOWN_COOKIE, ""), person)
    return Cookie(
        key=KNOWN_COOKIE,
        value=secret,
        max_age=KNOWN_S,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.scope["scheme"] == "https",
    )
