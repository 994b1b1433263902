"""Signing in and out, and what this room is."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from callout import __version__
from callout.access import ROOM, SESSION_S, Action, authorize
from callout.access.board import Staff
from callout.access.commands import start_shift
from callout.access.sessions import IDLE_S
from callout.access.who import on_shift
from callout.base.errors import NotFoundError, RefusedError, UnauthenticatedError
from callout.incidents import LEVELS
from callout.units import Status
from callout.web.asked import Asker, TheRoom
from callout.web.door import COOKIE, session_secret
from callout.web.log_words import who
from callout.web.proving import by_password, known_cookie
from callout.web.room import Room
from callout.web.views import storage_view
from callout.web.ways import DRILL_PERSON, ways

#: The mark of a browser on a secured console, see ``access/consoles.py``.
CONSOLE_COOKIE = "callout_console"


class SignIn(msgspec.Struct):
    """A name and its password; ``code`` of the authenticator, where the account has one."""

    name: str
    password: str
    code: str = ""


class Proof(msgspec.Struct):
    """What unlocks a session: its person's password, and the code where there is one."""

    password: str
    code: str = ""


async def signed_in(
    room: Room, request: Request[Any, Any, Any], person_id: str, ways: tuple[str, ...]
) -> Response[None]:
    """Open a session for somebody who has proved who they are, and their shift when none is on.

    On a secured console it does not lock by itself. RefusedError when they work here no more.
    """
    picture = room.picture
    person = picture.access.staff.get(person_id)
    if person is None or person.left_us:
        raise RefusedError("this account has ended", where="sign-in", todo="Ask the administrator")
    await on_duty(room, person)
    console = room.consoles.find(request.cookies.get(CONSOLE_COOKIE, ""))
    secret = room.sessions.open(
        person.id, ways, console=console.id if console else "", secured=console is not None
    )
    answer = with_cookie(request, secret)
    if "password" in ways:
        answer.cookies = [*answer.cookies, known_cookie(room, request, person.id)]
    return answer


async def on_duty(room: Room, person: Staff) -> None:
    """The person's shift begins, unless they have one."""
    now_us = room.clock.now_us()
    if not on_shift(person, now_us):
        hours = room.shift_h
        submitted = start_shift(room.picture.journal, person, (), now_us=now_us, hours=hours)
        await room.done(submitted)


def with_cookie(request: Request[Any, Any, Any], secret: str) -> Response[None]:
    """The answer to a browser that has this session from now on."""
    cookie = Cookie(
        key=COOKIE,
        value=secret,
        max_age=SESSION_S,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.scope["scheme"] == "https",
    )
    return Response(None, status_code=204, cookies=[cookie])


@get("/api/session", tags=["session"])
async def get_session(
    room: TheRoom, actor: Asker, request: Request[Any, Any, Any]
) -> dict[str, Any]:
    """Who you are, or that you are nobody yet, and how to sign in."""
    person = room.picture.access.staff.get(actor.id) if actor.kind == "person" else None
    shift = person.shift if person else None
    session = room.sessions.find(_secret(request)) if person else None
    return {
        "person": person.id if person else None,
        "name": who(room.picture, actor.label) if person else None,
        "agency": actor.agency or None,
        "roles": sorted(actor.roles),
        "drill": room.drill,
        "locked": actor.locked,
        "shift": {"roles": shift.roles, "ends_us": shift.ends_us} if shift else None,
        "idle_s": IDLE_S,
        "secured": session is not None and session.secured,
        "login": room.credentials.login_of(person.id) if person else None,
        **ways(room, request, person.id if person else ""),
    }


@post("/api/session", status_code=204, tags=["session"])
async def post_session(
    data: JSONBody[SignIn], room: TheRoom, request: Request[Any, Any, Any]
) -> Response[None]:
    """Sign in by name and password, and code where there is one."""
    from_our_page(request)
    person, ways = await by_password(room, request, data.name, data.password, data.code)
    return await signed_in(room, request, person, ways)


@post("/api/session/demo", status_code=204, tags=["session"])
async def post_demo(room: TheRoom, actor: Asker, request: Request[Any, Any, Any]) -> Response[None]:
    """Enter a drill, or unlock it, by one click. There is no such door in a real room."""
    if not room.drill:
        raise NotFoundError("this is a real room", where="session", todo="Sign in by password")
    from_our_page(request)
    if (actor.kind, actor.id) == ("person", DRILL_PERSON):
        return await proved(room, request, DRILL_PERSON, ("drill",))
    return await signed_in(room, request, DRILL_PERSON, ("drill",))


@post("/api/session/active", status_code=204, tags=["session"])
async def post_active(room: TheRoom, actor: Asker, request: Request[Any, Any, Any]) -> None:
    """Say that the person did something; a locked session stays locked."""
    if actor.kind == "person" and not actor.locked:
        room.sessions.touch(_secret(request))


@post("/api/session/lock", status_code=204, tags=["session"])
async def post_lock(room: TheRoom, actor: Asker, request: Request[Any, Any, Any]) -> None:
    """Lock this session now. Alarms go on showing and sounding."""
    if actor.kind == "person":
        room.sessions.lock(_secret(request))
        room.live.again()


@post("/api/session/unlock", status_code=204, tags=["session"])
async def post_unlock(
    data: JSONBody[Proof], room: TheRoom, actor: Asker, request: Request[Any, Any, Any]
) -> Response[None]:
    """Prove again who you are: by your password. Starts a new shift when the last has ended."""
    if actor.kind != "person":
        raise UnauthenticatedError("there is no session", where="session", todo="Sign in")
    login = room.credentials.login_of(actor.id) or ""
    person, ways = await by_password(room, request, login, data.password, data.code, actor.session)
    return await proved(room, request, person, ways)


async def proved(
    room: Room, request: Request[Any, Any, Any], person: str, ways: tuple[str, ...]
) -> Response[None]:
    """The session's person has proved again who they are: it goes on under a new secret."""
    await on_duty(room, room.picture.access.person(person))
    secret = room.sessions.prove(_secret(request), ways)
    if renewed := room.sessions.find(secret):
        room.live.renewed(renewed.id, secret)
    return with_cookie(request, secret)


def _secret(request: Request[Any, Any, Any]) -> str:
    return session_secret(dict(request.scope["headers"]))


@delete("/api/session", status_code=204, tags=["session"])
async def delete_session(room: TheRoom, request: Request[Any, Any, Any]) -> Response[None]:
    """Sign out."""
    room.sessions.close(_secret(request))
    room.live.again()
    return signed_out()


def signed_out() -> Response[None]:
    """The answer to a browser that has no session any more."""
    return Response(None, status_code=204, cookies=[Cookie(key=COOKIE, value="", max_age=0)])


def from_our_page(request: Request[Any, Any, Any]) -> None:
    """RefusedError unless the request comes from a page of this room, or from no page at all."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    ours = f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    if site not in {"same-origin", "none"} or (origin is not None and origin != ours):
        raise RefusedError("the request comes from another page", where="Origin")


@get("/api/room", tags=["room"])
async def get_room(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """What this room is: its city, agencies, incident types and words."""
    if actor.kind == "nobody":
        raise UnauthenticatedError("sign in first", where="room")
    authorize(actor, Action.ROOM_READ, ROOM)
    picture = room.picture
    return {
        "version": __version__,
        "drill": room.drill,
        **room.about,
        "now_us": room.clock.now_us(),
        "agencies": [{"id": key, "name": name} for key, name in picture.access.agencies.items()],
        "types": [msgspec.to_builtins(kind) for kind in picture.incidents.types.values()],
        "statuses": [status.value for status in Status],
        "levels": LEVELS,
        "city": picture.city.meta,
        "storage": storage_view(picture),
        "positions": {
            "accepted": picture.positions.accepted,
            "refused": room.refused_positions,
        },
    }
