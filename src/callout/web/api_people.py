"""The staff over HTTP: who is who, who has which roles and why; what is not used; one's report."""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from callout.access import ROOM as THE_ROOM
from callout.access import Action, Purpose, Subject, authorize
from callout.access.board import Staff
from callout.access.commands import end_shift
from callout.access.people import add_person, change_roles, leave, person_subject
from callout.access.report import Sources, report
from callout.access.review import (
    accounts_unused,
    devices_unused,
    roles_unused,
    shares_touched,
    shares_unused,
    within,
)
from callout.access.used import DAY_US
from callout.access.who import on_shift
from callout.base.errors import ConflictError, RefusedError
from callout.journal import Entry
from callout.web.account import shown
from callout.web.asked import Asker, TheRoom
from callout.web.log_words import who
from callout.web.owners import Owners
from callout.web.room import Room

#: The one entry of units that names persons, whoever made it.
_CREW = "CrewSignedOn.1"


class PersonIn(msgspec.Struct):
    """Somebody who joins. An id is made where none is given; it is never a name."""

    agency: str
    name: str
    roles: list[str]
    id: str = ""


class RolesIn(msgspec.Struct):
    """The roles from now on."""

    roles: list[str]


@get("/api/people", tags=["people"])
async def get_people(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """The staff of your agency, of every one for the room's own: roles, and by whom."""
    authorize(actor, Action.STAFF_READ, THE_ROOM)
    ways, days = room.credentials.ways(), room.used.days()
    staff = room.picture.access.staff.values()
    return {
        "people": [
            _person_view(room, person, ways.get(person.id, {}), days.get(f"person/{person.id}", {}))
            for person in staff
            if within(actor, person.agency)
        ]
    }


@post("/api/people", tags=["people"])
async def post_person(data: JSONBody[PersonIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Add somebody to the staff, or take back somebody who left."""
    async with room.changing_staff:
        journal = room.picture.journal
        await room.caught_up(journal.head())
        person, submitted = add_person(
            journal,
            actor,
            room.picture.access,
            data.id,
            data.agency,
            data.name,
            data.roles,
        )
        _drop(room, person)  # whoever had that id before does not come in as the new one
        return {"id": person, "seq": (await room.done(submitted)).last_seq}


@post("/api/people/{person_id:str}/roles", status_code=200, tags=["people"])
async def post_roles(
    person_id: FromPath[str], data: JSONBody[RolesIn], room: TheRoom, actor: Asker
) -> dict[str, Any]:
    """Give roles in place of those before. Nobody changes their own."""
    async with room.changing_staff:
        picture = room.picture
        await room.caught_up(picture.journal.head())
        person = picture.access.person(person_id)
        submitted = change_roles(picture.journal, actor, picture.access, person, data.roles)
        return {"seq": (await room.done(submitted)).last_seq}


@post("/api/people/{person_id:str}/leave", status_code=200, tags=["people"])
async def post_leave(person_id: FromPath[str], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """End somebody's account: no role, no session, nothing to sign in with."""
    async with room.changing_staff:
        picture = room.picture
        await room.caught_up(picture.journal.head())
        person = picture.access.person(person_id)
        submitted = leave(picture.journal, actor, picture.access, person)
        receipt = await room.done(submitted)
        _drop(room, person.id)
        room.live.again()
        return {"seq": receipt.last_seq}


@post("/api/people/{person_id:str}/end-shift", status_code=200, tags=["people"])
async def post_end_shift(person_id: FromPath[str], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """End somebody's shift: their roles rest until they sign on again."""
    person = room.picture.access.person(person_id)
    authorize(actor, Action.STAFF_SHIFT, person_subject(person))
    if not on_shift(person, room.clock.now_us()):
        raise ConflictError(f"{person.id} is not on a shift", where="person")
    receipt = await room.done(end_shift(room.picture.journal, actor, person))
    return {"seq": receipt.last_seq}


@get("/api/people/review", tags=["people"])
async def get_review(
    room: TheRoom, actor: Asker, days: Annotated[int, Parameter(ge=1, le=366)] = 90
) -> dict[str, Any]:
    """What was given and not used for so many days; for a person to look at."""
    authorize(actor, Action.ACCESS_REVIEW, THE_ROOM)
    board, now_us = room.picture.access, room.clock.now_us()
    since_us = now_us - days * DAY_US
    owners = Owners(room.picture)
    async with room.reading:
        touched, fresh, whole = await asyncio.to_thread(
            shares_touched, room.picture.journal, owners.of_actor, owners.of_entry, since_us
        )
        marks = await asyncio.to_thread(room.used.days)
        marks_since_us = await asyncio.to_thread(room.used.since_us)
    staff = [person for person in board.staff.values() if within(actor, person.agency)]
    devices = [device for device in board.devices.values() if within(actor, device.agency)]
    shares = shares_unused(board, touched, fresh)
    return {
        "days": days,
        "marks_since_us": marks_since_us,
        "whole": whole,
        "accounts_unused": _views(accounts_unused(staff, marks, now_us, since_us)),
        "roles_unused": _views(roles_unused(staff, marks, since_us)),
        "devices_unused": _views(devices_unused(devices, marks, now_us, since_us)),
        "shares_unused": _views(one for one in shares if within(actor, one.agency)),
    }


@get("/api/me/report", tags=["people"])
async def get_my_report(
    room: TheRoom, actor: Asker, before: FromQuery[int | None] = None
) -> dict[str, Any]:
    """Everything kept about you; ``before`` reads older entries."""
    authorize(actor, Action.SELF, Subject("person", actor.id))
    return await _report(room, room.picture.access.person(actor.id), before)


@get("/api/people/{person_id:str}/report", tags=["people"])
async def get_report(
    person_id: FromPath[str],
    room: TheRoom,
    actor: Asker,
    purpose: FromQuery[str] = "",
    before: FromQuery[int | None] = None,
) -> dict[str, Any]:
    """Everything kept about somebody of the staff who asked for it."""
    authorize(actor, Action.STAFF_REPORT, Subject("person", person_id), purpose=purpose)
    person = room.picture.access.person(person_id)
    authorize(actor, Action.STAFF_REPORT, person_subject(person), purpose=purpose)
    if purpose != Purpose.SUBJECT_ACCESS:
        error = RefusedError(
            "a report is made only because its person asked for it",
            where="purpose",
            todo=f"Name {Purpose.SUBJECT_ACCESS}",
        )
        error.about = (Action.STAFF_REPORT.value, "person", person.id)
        raise error
    await shown(room.account, actor, "person", person.id, purpose)
    return await _report(room, person, before)


async def _report(room: Room, person: Staff, before: int | None) -> dict[str, Any]:
    """Read in a thread, one report or review at a time: none may hold an alarm up."""
    picture = room.picture
    sources = Sources(picture.journal, room.credentials, room.sessions, room.used)
    requests = [one for one in picture.access.requests.values() if one.person == person.id]
    now_us = room.clock.now_us()

    def names(entry: Entry) -> bool:
        members = entry.body.get("members", ()) if entry.type == _CREW else ()
        return any(member["person"] == person.id for member in members)

    async with room.reading:
        return await asyncio.to_thread(
            report, sources, person, requests, now_us=now_us, before=before, names=names
        )


def _views(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [row._asdict() for row in rows]


def _drop(room: Room, person: str) -> None:
    """Forget sessions, passwords, passkeys, codes and marks of who works here no more."""
    room.invitations.drop("staff", person)
    room.sessions.close_all(person)
    room.credentials.drop_person(person)
    room.known.forget(person)
    room.used.forget(f"person/{person}")


def why_view(person: Staff) -> list[dict[str, Any]]:
    """Each role, who gave it and since when."""
    return [
        {"role": role, "by": person.roles_by, "since_us": person.roles_us} for role in person.roles
    ]


def grants_view(room: Room, person: Staff) -> list[dict[str, Any]]:
    """Roles given for a time that is not over."""
    now_us, board = room.clock.now_us(), room.picture.access
    return [
        {
            "roles": grant.roles,
            "ends_us": grant.ends_us,
            "by": board.request(grant.request).decided_by,
        }
        for grant in person.granted
        if now_us < grant.ends_us
    ]


def _person_view(
    room: Room, person: Staff, ways: dict[str, int], days: dict[str, int]
) -> dict[str, Any]:
    now_us = room.clock.now_us()
    shift = person.shift if on_shift(person, now_us) else None
    return {
        "id": person.id,
        "name": who(room.picture, f"person/{person.id}"),
        "agency": person.agency,
        "roles": person.roles,
        "why": why_view(person),
        "granted": grants_view(room, person),
        "shift": {"roles": shift.roles, "ends_us": shift.ends_us} if shift else None,
        "left_us": person.left_us or None,
        "sign_in": {
            "password": "account" in ways,
            "code": "code" in ways,
            "passkeys": ways.get("passkey", 0),
        },
        "used_us": max(days.values(), default=None),
    }
