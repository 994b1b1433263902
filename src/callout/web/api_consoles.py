"""Consoles in a secured room: a browser is marked on the spot, and the mark taken back."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, JSONBody

from callout.access import ROOM as THE_ROOM
from callout.access import Action, authorize
from callout.access.consoles import CONSOLE_S
from callout.access.events import ConsoleSecured
from callout.access.people import enter_fact
from callout.base.errors import BadInputError, no_such
from callout.base.ids import new_id
from callout.web.api_session import CONSOLE_COOKIE
from callout.web.asked import Asker, TheRoom

_NAME_MAX = 60


class ConsoleIn(msgspec.Struct):
    """What the console is called: the desk it stands on."""

    name: str


@get("/api/consoles", tags=["people"])
async def get_consoles(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Every browser that is marked as a secured console, by whom and until when."""
    authorize(actor, Action.CONSOLE_SECURE, THE_ROOM)
    return {"consoles": [msgspec.to_builtins(one) for one in room.consoles.all()]}


@post("/api/consoles", status_code=204, tags=["people"])
async def post_console(
    data: JSONBody[ConsoleIn], room: TheRoom, actor: Asker, request: Request[Any, Any, Any]
) -> Response[None]:
    """Mark the browser that asks: who signs in on it from now on is not locked for idleness."""
    authorize(actor, Action.CONSOLE_SECURE, THE_ROOM)
    name = data.name.strip()
    if not name or len(name) > _NAME_MAX:
        raise BadInputError(f"the name is empty or over {_NAME_MAX} characters", where="name")
    console = new_id()
    fact = ConsoleSecured(secured=True)
    await room.done(
        enter_fact(room.picture.journal, actor, actor.agency, f"console/{console}", fact)
    )
    cookie = Cookie(
        key=CONSOLE_COOKIE,
        value=room.consoles.secure(name, actor.label, console),
        max_age=CONSOLE_S,
        path="/",
        httponly=True,
        # Not strict: it is to come along when an identity provider sends the browser back.
        samesite="lax",
        secure=request.scope["scheme"] == "https",
    )
    return Response(None, status_code=204, cookies=[cookie])


@delete("/api/consoles/{console_id:str}", status_code=204, tags=["people"])
async def delete_console(console_id: FromPath[str], room: TheRoom, actor: Asker) -> None:
    """Take a mark back; sessions that are open on that console lock like any other at once."""
    authorize(actor, Action.CONSOLE_SECURE, THE_ROOM)
    if not room.consoles.release(console_id):
        raise no_such("console", console_id)
    room.sessions.unsecure(console_id)
    room.live.again()
    fact = ConsoleSecured(secured=False)
    await room.done(
        enter_fact(room.picture.journal, actor, actor.agency, f"console/{console_id}", fact)
    )
