"""Passkeys: signing in, unlocking, adding and removing them, enrolling by one."""

from typing import Any, Literal

import msgspec
from litestar import Request, Response, delete, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, JSONBody

from callout.access import Action, Actor, Invitation, Subject, authorize
from callout.access.ceremony import wrong_passkey
from callout.access.challenges import CHALLENGE_S
from callout.base.errors import BadInputError, UnauthenticatedError
from callout.web.api_session import proved, signed_in
from callout.web.asked import Asker, TheRoom
from callout.web.door import session_secret
from callout.web.invited import source_of
from callout.web.log_words import who
from callout.web.room import Room
from callout.web.ways import fresh, keep_a_way, the_site

COOKIE = "callout_challenge"
Asked = Request[Any, Any, Any]


class For(msgspec.Struct):
    """What the passkey is wanted for; ``code``: the invitation's, to enrol."""

    what: Literal["sign-in", "unlock", "add", "enrol"] = msgspec.field(name="for")
    code: str = ""


class Shown(msgspec.Struct):
    """What ``navigator.credentials.get`` gave, as its ``toJSON`` does."""

    credential: dict[str, Any]


class Made(msgspec.Struct):
    """What ``navigator.credentials.create`` gave, and which device the passkey is on."""

    credential: dict[str, Any]
    label: str


class Enrolment(msgspec.Struct):
    """The same, and the code of the invitation."""

    code: str
    credential: dict[str, Any]
    label: str


@post("/api/passkeys/options", status_code=200, tags=["passkeys"])
async def post_options(
    data: JSONBody[For], room: TheRoom, actor: Asker, request: Asked
) -> Response[dict[str, Any]]:
    """What to give the browser: one challenge, good once, for five minutes, in this browser."""
    site, keys = the_site(request), room.passkeys
    if data.what == "sign-in":
        options, ticket = keys.ask(site, "sign-in")
    elif data.what == "unlock":
        person = _person(actor)
        options, ticket = keys.ask(site, "unlock", actor.session, person)
    else:
        person, bound = _new_for(data, room, actor, request)
        options, ticket = keys.ask_new(
            site,
            data.what,
            bound,
            person,
            room.credentials.login_of(person) or "",
            str(who(room.picture, f"person/{person}") or ""),
        )
    return Response(options, cookies=[_cookie(request, ticket, CHALLENGE_S)])


@post("/api/passkeys/sign-in", status_code=204, tags=["passkeys"])
async def post_sign_in(data: JSONBody[Shown], room: TheRoom, request: Asked) -> Response[None]:
    """Sign in by a passkey. Every failure has the same words."""
    used = room.passkeys.check(data.credential, _ticket(request), the_site(request), "sign-in")
    person = room.picture.access.staff.get(used.person)
    if person is None or person.left_us:
        raise wrong_passkey()
    return _done(request, await signed_in(room, request, used.person, ("passkey",)))


@post("/api/passkeys/unlock", status_code=204, tags=["passkeys"])
async def post_unlock_by_passkey(
    data: JSONBody[Shown], room: TheRoom, actor: Asker, request: Asked
) -> Response[None]:
    """Prove again who you are: by a passkey of the session's own person."""
    person, site = _person(actor), the_site(request)
    used = room.passkeys.check(data.credential, _ticket(request), site, "unlock", actor.session)
    if used.person != person:
        raise wrong_passkey()
    return _done(request, await proved(room, request, person, ("passkey",)))


@post("/api/me/passkeys", status_code=201, tags=["me"])
async def post_passkey(
    data: JSONBody[Made], room: TheRoom, actor: Asker, request: Asked
) -> dict[str, str]:
    """Add a passkey of your own. You proved who you are within the last ten minutes."""
    _mine(room, actor, request)
    site = the_site(request)
    made = room.passkeys.check_new(
        data.credential, _ticket(request), site, "add", actor.session, data.label
    )
    return {"id": room.passkeys.keep(made)}


@delete("/api/me/passkeys/{passkey_id:str}", status_code=204, tags=["me"])
async def delete_passkey(
    passkey_id: FromPath[str], room: TheRoom, actor: Asker, request: Asked
) -> None:
    """Remove one of your passkeys, unless it is the only way you can sign in."""
    _mine(room, actor, request)
    if any(one.id == passkey_id for one in room.passkeys.of(actor.id)):
        keep_a_way(room, actor.id, "passkey")
    room.passkeys.drop(actor.id, passkey_id)


@post("/api/enrol/passkey", status_code=204, tags=["enrol"])
async def post_enrol(data: JSONBody[Enrolment], room: TheRoom, request: Asked) -> Response[None]:
    """Use a staff invitation: your passkey, and you are signed in."""
    site, source = the_site(request), source_of(request)
    bound = _bound(room.invitations.look(data.code, source))
    made = room.passkeys.check_new(
        data.credential, _ticket(request), site, "enrol", bound, data.label
    )
    room.invitations.use(data.code, source)
    room.passkeys.keep(made)
    return _done(request, await signed_in(room, request, made.person, ("passkey",)))


def _new_for(data: For, room: Room, actor: Actor, request: Asked) -> tuple[str, str]:
    """Whose the new passkey will be, and what its challenge is bound to."""
    if data.what == "add":
        _mine(room, actor, request)
        return actor.id, actor.session
    invitation = room.invitations.look(data.code, source_of(request))
    return invitation.subject, _bound(invitation)


def _bound(invitation: Invitation) -> str:
    if invitation.kind != "staff":
        raise BadInputError(
            "this code is for a device", where="code", todo="Open the page on that device"
        )
    return f"{invitation.subject} {invitation.made_us}"


def _mine(room: Room, actor: Actor, request: Asked) -> None:
    authorize(actor, Action.SELF, Subject("person", actor.id))
    fresh(room, session_secret(dict(request.scope["headers"])))


def _person(actor: Actor) -> str:
    if actor.kind != "person":
        raise UnauthenticatedError("sign in first", where="session", todo="There is no session")
    return actor.id


def _ticket(request: Asked) -> str:
    return request.cookies.get(COOKIE, "")


def _cookie(request: Asked, ticket: str, seconds: int) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=ticket,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.scope["scheme"] == "https",
    )


def _done(request: Asked, answer: Response[None]) -> Response[None]:
    """The answer, and the ticket's end."""
    answer.cookies = [*answer.cookies, _cookie(request, "", 0)]
    return answer
