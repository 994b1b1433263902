"""The second factor of one's own: an authenticator app is added, confirmed and removed."""

from typing import Any

import msgspec
from litestar import Request, delete, post
from litestar.params import JSONBody

from callout.access import Action, Actor, Subject, authorize
from callout.access.inviting import changed
from callout.base.errors import ConflictError, RefusedError
from callout.web.asked import Asker, TheRoom
from callout.web.door import session_secret
from callout.web.invited import qr_svg
from callout.web.proving import by_password
from callout.web.room import Room
from callout.web.ways import fresh

Asked = Request[Any, Any, Any]


class Again(msgspec.Struct):
    """Your password once more, and the code of now where there is one."""

    password: str
    code: str = ""


class First(msgspec.Struct):
    """The first code that the new app shows."""

    code: str


@post("/api/me/code", status_code=200, tags=["me"])
async def post_code(
    data: JSONBody[Again], room: TheRoom, actor: Asker, request: Asked
) -> dict[str, str]:
    """A secret for your authenticator app, shown once. It is needed once you confirmed it."""
    _mine(actor)
    login = room.credentials.login_of(actor.id)
    if login is None:
        raise ConflictError(
            "you have no password, so there is nothing for a code to go with",
            where="code",
            todo="A passkey is two factors already",
        )
    found, _ = await by_password(room, request, login, data.password, data.code, actor.session)
    if found != actor.id:  # the name went to somebody else meanwhile
        raise RefusedError("that is another's account", where="code", todo="Sign in again")
    new = room.credentials.codes.begin(actor.id, login)
    return {"secret": new.secret, "uri": new.uri, "qr": qr_svg(new.uri)}


@post("/api/me/code/confirm", status_code=200, tags=["me"])
async def post_confirm(data: JSONBody[First], room: TheRoom, actor: Asker) -> dict[str, list[str]]:
    """The app's first code: from now on your password needs one. Ten recovery codes, shown once."""
    # Only who proved themselves within ten minutes has seen the secret that the code is of.
    _mine(actor)
    recovery = room.credentials.codes.confirm(actor.id, data.code)
    await _entered(room, actor, made=True)
    return {"recovery": recovery}


@delete("/api/me/code", status_code=204, tags=["me"])
async def delete_code(room: TheRoom, actor: Asker, request: Asked) -> None:
    """Your password needs no code any more. You proved who you are within the last ten minutes."""
    _mine(actor)
    fresh(room, session_secret(dict(request.scope["headers"])))
    if room.credentials.codes.has(actor.id):
        room.credentials.codes.drop(actor.id)
        await _entered(room, actor, made=False)


async def _entered(room: Room, actor: Actor, *, made: bool) -> None:
    person = room.picture.access.person(actor.id)
    await room.done(changed(room.picture.journal, actor, person, "code", made=made))


def _mine(actor: Actor) -> None:
    authorize(actor, Action.SELF, Subject("person", actor.id))
