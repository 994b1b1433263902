"""Invitations of staff: made, looked at, and used to set a name and password."""

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from callout.access import Actor, Invitation
from callout.access.inviting import changed, for_staff, invite_person
from callout.base.errors import UnauthenticatedError
from callout.web.api_session import from_our_page, signed_in
from callout.web.asked import Asker, TheRoom
from callout.web.invited import link_of, qr_svg, source_of
from callout.web.log_words import who
from callout.web.proving import set_password
from callout.web.room import Room

Asked = Request[Any, Any, Any]


class Code(msgspec.Struct):
    """An invitation's code, in any spelling."""

    code: str


class Enrolment(msgspec.Struct):
    """The code, and what its person wants to sign in with."""

    code: str
    login: str
    password: str


@post("/api/people/{person_id:str}/invite", status_code=201, tags=["people"])
async def post_invite(
    person_id: FromPath[str], room: TheRoom, actor: Asker, request: Asked
) -> dict[str, Any]:
    """A code for 24 hours by which that person sets how they sign in. Shown once."""
    person = room.picture.access.person(person_id)
    invited = invite_person(
        room.picture.journal, room.invitations, actor, person, room.clock.now_us()
    )
    await room.done(invited.submitted)
    url = link_of(request, invited.code)
    return {
        "code": invited.code,
        "url": url,
        "qr": qr_svg(url),
        "expires_us": invited.expires_us,
    }


@post("/api/enrol/look", status_code=200, tags=["enrol"])
async def post_look(data: JSONBody[Code], room: TheRoom, request: Asked) -> dict[str, Any]:
    """What a code is for. It stays good."""
    invitation = room.invitations.look(data.code, source_of(request))
    if invitation.kind == "device":
        shown = ("agency", "unit", "scopes")
        what = {"device": invitation.subject, **{key: invitation.data[key] for key in shown}}
    else:
        what = _staff_view(room, _still_here(room, invitation))
    return {"kind": invitation.kind, **what, "expires_us": invitation.expires_us}


@post("/api/enrol/staff", status_code=204, tags=["enrol"])
async def post_enrol_staff(
    data: JSONBody[Enrolment], room: TheRoom, request: Asked
) -> Response[None]:
    """Use a code: your name and password, and you are signed in. What you had before ends.

    A password that cannot be used leaves the code good.
    """
    from_our_page(request)
    source = source_of(request)
    person_id = _still_here(room, room.invitations.look(data.code, source))
    room.credentials.check_new(data.login, data.password, person=person_id)
    room.invitations.use(data.code, source)
    await set_password(room, request, data.login, data.password, person_id)
    # Whoever lost their phone is invited again, so the code of before ends with the password.
    room.credentials.codes.drop(person_id)
    room.sessions.close_all(person_id)
    room.known.forget(person_id)
    person = room.picture.access.person(person_id)
    actor = Actor(id=person.id, kind="person", agency=person.agency)
    await room.done(changed(room.picture.journal, actor, person, "password", made=True))
    room.live.again()
    return await signed_in(room, request, person_id, ("password",))


def _still_here(room: Room, invitation: Invitation) -> str:
    person_id = for_staff(invitation)
    person = room.picture.access.staff.get(person_id)
    if person is None or person.left_us:
        raise UnauthenticatedError(
            "this code is not valid any more", where="code", todo="Ask for a new one"
        )
    return person_id


def _staff_view(room: Room, person_id: str) -> dict[str, Any]:
    person = room.picture.access.person(person_id)
    return {
        "name": who(room.picture, f"person/{person.id}"),
        "agency": person.agency,
        "roles": person.roles,
    }
