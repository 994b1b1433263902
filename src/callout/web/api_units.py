"""Units and places over HTTP."""

import asyncio
from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from callout.access import ROOM, Action, Subject, authorize, sees
from callout.base.errors import BadInputError
from callout.dispatch import set_status
from callout.places import TEXT_MAX
from callout.units import Status, unit_subject
from callout.units.commands import set_mayday
from callout.web.account import shown
from callout.web.asked import Asker, TheRoom, point_of
from callout.web.ingest import moment_us
from callout.web.views import incident_view, unit_view


class StatusIn(msgspec.Struct):
    """A status, a mayday, or both. ``at`` is when the crew says it happened.

    ``out_for`` says why it is out of service: crew, vehicle or other.
    """

    status: Status | None = None
    at: str | int | None = None
    mayday: bool | None = None
    out_for: str = ""


class SearchIn(msgspec.Struct):
    """Words of a place; the map's middle decides between equals."""

    text: str
    limit: int = 8
    lon: float | None = None
    lat: float | None = None


@get("/api/units", tags=["units"])
async def get_units(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Every unit, with its position and that position's age."""
    authorize(actor, Action.UNIT_READ, Subject("unit"))
    picture, now_us = room.picture, room.clock.now_us()
    units = [
        unit_view(picture, unit, now_us)
        for unit in picture.units.by_number
        if sees(actor, unit_subject(unit))
    ]
    return {"units": units, "seq": picture.seq}


@get("/api/duty", tags=["units"])
async def get_duty(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """A crew's own unit, and the incident it is on with its log; null when it is on none."""
    picture = room.picture
    unit = picture.units.units.get(actor.unit)
    authorize(actor, Action.DUTY_READ, unit_subject(unit) if unit else Subject("unit"))
    if unit is None:
        raise BadInputError(
            "you speak for no unit", where="duty", todo="Sign on to one, or enrol this device"
        )
    incident = picture.incidents.incidents.get(unit.incident)
    if incident is not None:
        await shown(room.account, actor, "incident", incident.id)
    return {
        "unit": unit_view(picture, unit, room.clock.now_us()),
        "incident": incident_view(picture, incident, with_log=True) if incident else None,
        "seq": picture.seq,
    }


@post("/api/units/{unit_id:str}/status", status_code=200, tags=["units"])
async def post_status(
    unit_id: FromPath[str],
    data: JSONBody[StatusIn],
    room: TheRoom,
    actor: Asker,
) -> dict[str, Any]:
    """Set a unit's status; available, returning and out of service end its part in an incident."""
    picture, status = room.picture, data.status
    if status is None and data.mayday is None:
        raise BadInputError("neither status nor mayday is given", where="body", todo="Give one")
    try:
        claimed_us = moment_us(data.at) or None
    except ValueError as error:
        raise BadInputError(str(error), where="at") from None
    seq = -1
    if data.mayday is not None:
        submitted = set_mayday(picture.journal, actor, picture.units, unit_id, on=data.mayday)
        seq = (await room.done(submitted)).last_seq
    if status is not None:
        wanted = status

        async def attempt() -> int:
            submitted = set_status(
                picture, actor, unit_id, wanted, claimed_us=claimed_us, out_for=data.out_for
            )
            return (await room.done(submitted)).last_seq

        seq = await room.again(attempt)
    return {"seq": seq}


@post("/api/places/search", status_code=200, tags=["places"])
async def post_search(data: JSONBody[SearchIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """What a caller's words may mean. A POST, so that no address stands in a log."""
    authorize(actor, Action.PLACE_SEARCH, ROOM)
    if len(data.text) > TEXT_MAX:
        raise BadInputError(
            f"the text has {len(data.text)} characters",
            where="text",
            todo=f"Use at most {TEXT_MAX}",
        )
    limit = max(1, min(50, data.limit))
    near = point_of(data.lon, data.lat)
    # Off the loop's thread: an alarm must not wait for a long name.
    found = await asyncio.to_thread(room.picture.city.search, data.text, limit, near)
    return {
        "places": [
            {
                "name": place.name,
                "near": place.near,
                "kind": place.kind,
                "lon": place.point.lon,
                "lat": place.point.lat,
                "note": place.note,
                "detail": place.detail,
                "ambiguous": place.ambiguous,
            }
            for place in found
        ]
    }
