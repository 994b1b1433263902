"""One's own: sessions, passkeys, roles and why, the shift."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody

from callout.access import Action, Actor, Subject, authorize
from callout.access.board import Staff
from callout.access.commands import end_shift, start_shift
from callout.access.inviting import changed
from callout.access.sessions import Session
from callout.access.who import on_shift
from callout.base.errors import ConflictError, RefusedError, no_such
from callout.web.api_people import grants_view, why_view
from callout.web.api_requests import request_view
from callout.web.api_session import signed_out
from callout.web.asked import Asker, TheRoom
from callout.web.log_words import who
from callout.web.proving import by_password, set_password
from callout.web.room import Room

Asked = Request[Any, Any, Any]


class ShiftIn(msgspec.Struct):
    """Which of your roles, all when none is named, and for how many hours (CALLOUT_SHIFT_H)."""

    roles: list[str] = []
    hours: int | None = None


class PasswordIn(msgspec.Struct):
    """Yours, the code where you have one, and the new one."""

    old: str
    new: str
    code: str = ""


@get("/api/me", tags=["me"])
async def get_me(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Who you are here, what you may and why, where you are signed in and by what."""
    person = _me(room, actor)
    now_us = room.clock.now_us()
    mine = [one for one in room.picture.access.requests.values() if one.person == person.id]
    credentials = room.credentials
    return {
        "person": person.id,
        "name": who(room.picture, actor.label),
        "agency": person.agency,
        "roles": person.roles,
        "shift": _shift_view(person) if on_shift(person, now_us) else None,
        "sessions": [_session_view(actor, one) for one in room.sessions.of(person.id)],
        "passkeys": [
            {
                "id": one.id,
                "label": one.label,
                "made_us": one.made_us,
                "used_us": one.used_us or None,
            }
            for one in room.passkeys.of(person.id)
        ],
        "code": credentials.codes.has(person.id),
        "recovery_left": credentials.codes.recovery_left(person.id),
        "login": credentials.login_of(person.id),
        "requests": [request_view(room, actor, one) for one in mine],
        "granted": grants_view(room, person),
        "why": why_view(person),
    }


@delete("/api/me/sessions", status_code=200, tags=["me"])
async def delete_sessions(room: TheRoom, actor: Asker) -> dict[str, int]:
    """Sign out everywhere but here."""
    person = _me(room, actor)
    closed = room.sessions.close_all(person.id, but=actor.session)
    room.live.again()
    return {"closed": closed}


@delete("/api/me/sessions/{session_id:str}", status_code=204, tags=["me"])
async def delete_one(session_id: FromPath[str], room: TheRoom, actor: Asker) -> None:
    """Sign out there. Of another's session it is said that there is none."""
    person = _me(room, actor)
    if not session_id or not room.sessions.close_all(person.id, only=session_id):
        raise no_such("session", session_id)
    room.live.again()


@post("/api/me/password", status_code=204, tags=["me"])
async def post_password(
    data: JSONBody[PasswordIn], room: TheRoom, actor: Asker, request: Asked
) -> None:
    """A new password in place of the one you still know; you are signed out everywhere else."""
    person = _me(room, actor)
    login = room.credentials.login_of(person.id)
    if login is None:
        raise ConflictError("you have no password", where="password", todo="Ask for an invitation")
    found, _ = await by_password(room, request, login, data.old, data.code, actor.session)
    if found != person.id:  # the name went to somebody else meanwhile
        raise RefusedError("that is another's account", where="password", todo="Sign in again")
    room.credentials.check_new(login, data.new, person=person.id)
    await set_password(room, request, login, data.new, person.id)
    room.sessions.close_all(person.id, but=actor.session)
    await room.done(changed(room.picture.journal, actor, person, "password", made=True))
    room.live.again()


@post("/api/me/shift", status_code=200, tags=["me"])
async def post_shift(data: JSONBody[ShiftIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Take up roles of yours from now on, in place of those of before."""
    person = _me(room, actor)
    roles = tuple(dict.fromkeys(data.roles))
    hours = room.shift_h if data.hours is None else data.hours
    now_us = room.clock.now_us()
    journal = room.picture.journal
    await room.done(start_shift(journal, person, roles, now_us=now_us, hours=hours))
    return _shift_view(_me(room, actor))


@delete("/api/me/shift", status_code=204, tags=["me"])
async def delete_shift(room: TheRoom, actor: Asker) -> Response[None]:
    """Sign off: your shift ends, and you are signed out everywhere."""
    person = _me(room, actor)
    if on_shift(person, room.clock.now_us()):
        await room.done(end_shift(room.picture.journal, actor, person))
    room.sessions.close_all(person.id)
    room.live.again()
    return signed_out()


def _me(room: Room, actor: Actor) -> Staff:
    authorize(actor, Action.SELF, Subject("person", actor.id))
    return room.picture.access.person(actor.id)


def _shift_view(person: Staff) -> dict[str, Any]:
    assert person.shift is not None
    return {"roles": person.shift.roles, "ends_us": person.shift.ends_us}


def _session_view(actor: Actor, session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "opened_us": session.opened_us,
        "seen_us": session.seen_us,
        "ways": session.ways,
        "secured": session.secured,
        "current": session.id == actor.session,
    }
