"""Erasing over HTTP."""

from typing import Any

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody

from callout.access import Action, Actor, Subject, authorize
from callout.incidents.erasure import Found, ask_erasure, find_alarm, find_incident
from callout.web.asked import Asker, TheRoom
from callout.web.erasing import finish
from callout.web.room import Room


class EraseIn(msgspec.Struct):
    """Why: retention, request, order or mistake."""

    reason: str


@post("/api/incidents/{incident_id:str}/erase", status_code=200, tags=["incidents"])
async def post_erase_incident(
    incident_id: FromPath[str], data: JSONBody[EraseIn], room: TheRoom, actor: Asker
) -> dict[str, Any]:
    """Destroy what a closed incident and its alarms keep of persons and places, for good."""
    authorize(actor, Action.ERASE, _subject(room, "incident", incident_id))
    return await _erase(room, actor, find_incident(room.picture.journal, incident_id), data.reason)


@post("/api/alarms/{alarm_id:str}/erase", status_code=200, tags=["alarms"])
async def post_erase_alarm(
    alarm_id: FromPath[str], data: JSONBody[EraseIn], room: TheRoom, actor: Asker
) -> dict[str, Any]:
    """Destroy what an alarm keeps that never became an incident."""
    authorize(actor, Action.ERASE, _subject(room, "alarm", alarm_id))
    return await _erase(room, actor, find_alarm(room.picture.journal, alarm_id), data.reason)


def _subject(room: Room, kind: str, name: str) -> Subject:
    """Whose it is, also of what the boards have left to the journal."""
    first = next(iter(room.picture.journal.stream(f"{kind}/{name}")), None)
    return Subject(kind, name, first.agency if first else "")


async def _erase(room: Room, actor: Actor, found: Found, reason: str) -> dict[str, Any]:
    asked = ask_erasure(room.picture.journal, actor, found, reason)
    if asked is None:
        return {"seq": room.picture.seq, "erased": 0}
    await room.receipt(asked)
    seq = await finish(room.picture, found.stream, found.keys)
    await room.caught_up(seq)
    return {"seq": seq, "erased": len(found.keys)}
