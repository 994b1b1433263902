"""Signing in and out, and what this room is."""

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from callout import __version__
from callout.access import ROOM, SESSION_S, Action, authorize
from callout.base.errors import NotFoundError, RefusedError, UnauthenticatedError
from callout.incidents import LEVELS
from callout.units import Status
from callout.web.asked import Asker, TheRoom
from callout.web.door import COOKIE, session_secret
from callout.web.views import storage_view


class SignIn(msgspec.Struct):
    """A name and its password."""

    name: str
    password: str


def _signed_in(request: Request[Any, Any, Any], secret: str) -> Response[None]:
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
async def get_session(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Who you are, or that you are nobody yet, and how to sign in."""
    return {
        "person": actor.id if actor.kind == "person" else None,
        "name": actor.name or None,
        "agency": actor.agency or None,
        "roles": sorted(actor.roles),
        "drill": room.drill,
    }


@post("/api/session", status_code=204, tags=["session"])
async def post_session(
    data: JSONBody[SignIn], room: TheRoom, request: Request[Any, Any, Any]
) -> Response[None]:
    """Sign in by name and password."""
    _from_our_page(request)
    # Hashing a password takes a tenth of a second and much memory: one at a time, and never in
    # the thread that takes alarms, or whoever guesses passwords could hold them up.
    async with room.signing_in:
        secret = await asyncio.to_thread(room.credentials.sign_in, data.name, data.password)
    return _signed_in(request, secret)


@post("/api/session/demo", status_code=204, tags=["session"])
async def post_demo(room: TheRoom, request: Request[Any, Any, Any]) -> Response[None]:
    """Enter a drill by one click. There is no such door in a real room."""
    if not room.drill:
        raise NotFoundError("this is a real room", where="session", todo="Sign in by password")
    _from_our_page(request)
    agency = next(iter(room.picture.access.agencies), "")
    secret = room.credentials.open_session(
        "drill", "You, at the drill", agency, ("dispatcher", "supervisor")
    )
    return _signed_in(request, secret)


@delete("/api/session", status_code=204, tags=["session"])
async def delete_session(room: TheRoom, request: Request[Any, Any, Any]) -> Response[None]:
    """Sign out."""
    room.credentials.close_session(session_secret(dict(request.scope["headers"])))
    return Response(None, status_code=204, cookies=[Cookie(key=COOKIE, value="", max_age=0)])


def _from_our_page(request: Request[Any, Any, Any]) -> None:
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
