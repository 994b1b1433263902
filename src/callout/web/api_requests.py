"""Roles for a time, and what agencies share, over HTTP."""

from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from callout.access import ROOM as THE_ROOM
from callout.access import Action, Actor, Subject, authorize
from callout.access.board import Request
from callout.access.people import share
from callout.access.requests import ask, deny, grant, grantable, may_decide, may_see, state_of
from callout.base.errors import ConflictError, no_such
from callout.web.asked import Asker, TheRoom
from callout.web.log_words import who
from callout.web.room import Room


class RequestIn(msgspec.Struct):
    """Which roles, for how many hours (1 to 24), and why."""

    roles: list[str]
    hours: int
    reason: str


class GrantIn(msgspec.Struct):
    """For how many hours: as many as asked for, or fewer."""

    hours: int | None = None


class SharingIn(msgspec.Struct):
    """What another agency may do from now on: any of see, work and send; none ends it."""

    to: str
    what: list[str]


@post("/api/requests", tags=["people"])
async def post_request(data: JSONBody[RequestIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Ask for roles for some hours."""
    picture = room.picture
    request, submitted = ask(
        picture.journal,
        actor,
        picture.access,
        data.roles,
        data.hours,
        data.reason,
        now_us=room.clock.now_us(),
    )
    return {"id": request, "seq": (await room.done(submitted)).last_seq}


@get("/api/requests", tags=["people"])
async def get_requests(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Your own requests and those that are yours to decide on, the latest first."""
    authorize(actor, Action.ACCESS_ASK, Subject("person", actor.id, actor.agency))
    found = [one for one in room.picture.access.requests.values() if may_see(actor, one)]
    found.sort(key=lambda one: -one.asked_us)
    return {"requests": [request_view(room, actor, one) for one in found]}


@post("/api/requests/{request_id:str}/grant", status_code=200, tags=["people"])
async def post_grant(
    request_id: FromPath[str], data: JSONBody[GrantIn], room: TheRoom, actor: Asker
) -> dict[str, Any]:
    """Agree, as a second person. The roles hold at once and end by themselves."""
    picture = room.picture
    request = _request(room, actor, request_id)
    submitted = grant(
        picture.journal,
        actor,
        picture.access,
        request,
        now_us=room.clock.now_us(),
        hours=data.hours,
    )
    seq = await _answered(room, request, submitted)
    return {"seq": seq, "ends_us": request.ends_us}


@post("/api/requests/{request_id:str}/deny", status_code=200, tags=["people"])
async def post_deny(request_id: FromPath[str], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Do not agree, or take your own request back."""
    request = _request(room, actor, request_id)
    submitted = deny(room.picture.journal, actor, request, now_us=room.clock.now_us())
    return {"seq": await _answered(room, request, submitted)}


@get("/api/agencies", tags=["people"])
async def get_agencies(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """The agencies, and what each lets the others do."""
    authorize(actor, Action.AGENCY_READ, THE_ROOM)
    board = room.picture.access
    return {
        "agencies": [
            {
                "id": agency,
                "name": name,
                "shares": [
                    {"to": to, "what": what}
                    for to, what in board.sharing.get(agency, {}).items()
                    if what
                ],
            }
            for agency, name in board.agencies.items()
        ]
    }


@post("/api/agencies/{agency_id:str}/sharing", status_code=200, tags=["people"])
async def post_sharing(
    agency_id: FromPath[str], data: JSONBody[SharingIn], room: TheRoom, actor: Asker
) -> dict[str, Any]:
    """Let another agency do something with what is yours, or no longer; in force at once."""
    picture = room.picture
    submitted = share(picture.journal, actor, picture.access, agency_id, data.to, data.what)
    return {"seq": (await room.done(submitted)).last_seq}


def _request(room: Room, actor: Actor, request_id: str) -> Request:
    """The request, for somebody of the staff; whether they may decide is looked at next."""
    authorize(actor, Action.ACCESS_ASK, Subject("person", actor.id, actor.agency))
    request = room.picture.access.requests.get(request_id)
    if request is None:
        raise no_such("request", request_id)
    return request


async def _answered(room: Room, request: Request, submitted: Any) -> int:
    try:
        return (await room.done(submitted)).last_seq
    except ConflictError as conflict:
        if "stream" not in conflict.detail:
            raise
        await room.caught_up(room.picture.journal.head())
        raise ConflictError(
            f"request {request.id} was {request.state} by somebody else at this moment",
            where="request",
            todo="Look at it again",
        ) from None


def request_view(room: Room, actor: Actor, request: Request) -> dict[str, Any]:
    """A request, and whether the actor may answer it."""
    now_us = room.clock.now_us()
    side = room.picture.journal.side(request.seq, "reason")
    decides = may_decide(actor, request, now_us)
    return {
        "id": request.id,
        "person": request.person,
        "name": who(room.picture, f"person/{request.person}"),
        "agency": request.agency,
        "roles": request.roles,
        "hours": request.hours,
        "reason": side["reason"] if side else None,
        "asked_us": request.asked_us,
        "state": state_of(request, now_us),
        "by": who(room.picture, request.decided_by) if request.decided_by else None,
        "decided_us": request.decided_us or None,
        "ends_us": request.ends_us or None,
        "mine": request.person == actor.id,
        "may_deny": decides,
        "may_grant": decides and grantable(actor).issuperset(request.roles),
    }
