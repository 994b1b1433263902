"""Incidents over HTTP."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from callout.access import Action, Actor, Share, Subject, authorize, reaches
from callout.base.errors import BadInputError, ConflictError
from callout.base.geo import LonLat
from callout.dispatch import Picture, Recommendation, assign, close, recommend
from callout.incidents import IncidentType, incident_subject
from callout.incidents.commands import add_note, open_incident, set_place
from callout.web.account import shown
from callout.web.asked import Asker, TheRoom, point_of
from callout.web.audience import seen_incidents
from callout.web.views import incident_view


class IncidentIn(msgspec.Struct):
    """What is known. Everything but the type may still be missing."""

    type: str
    priority: int | None = None
    lon: float | None = None
    lat: float | None = None
    place: str = ""
    verified: bool = True
    text: str = ""
    alarms: list[str] = []
    agency: str = ""


class NoteIn(msgspec.Struct):
    """Something written down."""

    text: str


class PlaceIn(msgspec.Struct):
    """Where it is; not ``verified``: a pin or free text that nobody has checked."""

    lon: float
    lat: float
    place: str = ""
    verified: bool = True


class AssignmentIn(msgspec.Struct):
    """Who is to go, and the seq of the picture that was decided on."""

    units: list[str]
    seq: int
    divert: bool = False


class CloseIn(msgspec.Struct):
    """Why it is finished."""

    reason: str = "done"


def _agency_at(picture: Picture, actor: Actor, place: LonLat | None, kind: IncidentType) -> str:
    """Whose area the place is in, of several the one that has units for the type.

    Of those the actor may work for; the first of them when it is nobody's, or not known.
    """
    agencies = [
        agency
        for agency in picture.access.agencies
        if reaches(actor, Share.WORK, Subject("incident", "", agency))
    ]
    areas = picture.places.areas_at(place) if place else []
    owners = {area.agency for area in areas if area.kind == "agency"}
    able = {
        unit.agency
        for unit in picture.units.by_number
        if not set(kind.capabilities).isdisjoint(unit.capabilities)
    }
    ranked = sorted(agencies, key=lambda a: (a not in owners, a not in able, agencies.index(a)))
    return next(iter(ranked), "")


@get("/api/incidents", tags=["incidents"])
async def get_incidents(
    room: TheRoom,
    actor: Asker,
    all: FromQuery[bool] = False,  # noqa: A002 - the query's name
) -> dict[str, Any]:
    """Open incidents, oldest first; with ``all`` also those closed within a day."""
    authorize(actor, Action.INCIDENT_READ, Subject("incident"))
    await shown(room.account, actor, "incident", "list")
    found = [
        incident_view(room.picture, incident)
        for incident in seen_incidents(room.picture, actor)
        if all or not incident.closed_us
    ]
    return {"incidents": found, "seq": room.picture.seq}


@post("/api/incidents", tags=["incidents"])
async def post_incident(data: JSONBody[IncidentIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Open an incident; its alarms are acknowledged and linked in the same breath."""
    picture = room.picture
    place = point_of(data.lon, data.lat)
    name = data.place or (picture.city.street_at(place) if place else "")
    kind = picture.incidents.type(data.type)
    agency = data.agency or _agency_at(picture, actor, place, kind)
    if agency not in picture.access.agencies:
        raise BadInputError(
            f"there is no agency {agency!r}",
            where="agency",
            todo=f"Use one of {', '.join(picture.access.agencies) or 'none: run callout setup'}",
        )
    if any(alarm not in picture.incidents.alarms for alarm in data.alarms):
        await room.caught_up(picture.journal.head())

    async def attempt() -> tuple[str, int]:
        incident, submitted = open_incident(
            picture.journal,
            actor,
            picture.incidents,
            agency=agency,
            type_code=data.type,
            priority=kind.priority if data.priority is None else data.priority,
            place=place,
            place_name=name,
            verified=data.verified,
            text=data.text,
            alarms=tuple(data.alarms),
            now_us=room.clock.now_us(),
        )
        return incident, (await room.done(submitted)).last_seq

    incident_id, seq = await room.again(attempt)
    incident = picture.incidents.incident(incident_id)
    run = f"{incident.run}-{incident.number}"
    return {"id": incident_id, "number": incident.number, "run": run, "seq": seq}


@get("/api/incidents/{incident_id:str}", tags=["incidents"])
async def get_incident(incident_id: FromPath[str], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """One incident with its log."""
    incident = room.picture.incidents.incident(incident_id)
    authorize(actor, Action.INCIDENT_READ, incident_subject(incident))
    await shown(room.account, actor, "incident", incident.id)
    return incident_view(room.picture, incident, with_log=True)


@post("/api/incidents/{incident_id:str}/notes", tags=["incidents"])
async def post_note(
    incident_id: FromPath[str],
    data: JSONBody[NoteIn],
    room: TheRoom,
    actor: Asker,
) -> dict[str, Any]:
    """Write something down."""
    picture = room.picture
    receipt = await room.done(
        add_note(picture.journal, actor, picture.incidents, incident_id, data.text)
    )
    return {"seq": receipt.last_seq}


@post("/api/incidents/{incident_id:str}/place", status_code=200, tags=["incidents"])
async def post_place(
    incident_id: FromPath[str],
    data: JSONBody[PlaceIn],
    room: TheRoom,
    actor: Asker,
) -> dict[str, Any]:
    """Say where it is, or better."""
    picture = room.picture
    place = point_of(data.lon, data.lat)
    assert place is not None
    name = data.place or picture.city.street_at(place)

    async def attempt() -> int:
        submitted = set_place(
            picture.journal,
            actor,
            picture.incidents,
            incident_id,
            place,
            name,
            verified=data.verified,
        )
        return (await room.done(submitted)).last_seq

    return {"seq": await room.again(attempt), "place": name}


@get("/api/incidents/{incident_id:str}/recommendation", tags=["incidents"])
async def get_recommendation(
    incident_id: FromPath[str],
    room: TheRoom,
    actor: Asker,
    k: Annotated[int, Parameter(ge=1, le=50)] = 5,
    explain: FromQuery[bool] = False,
) -> Recommendation:
    """Who can be there first by road, and why; ``explain`` adds what a recount needs."""
    return recommend(room.picture, actor, incident_id, k=k, explain=explain)


@post("/api/incidents/{incident_id:str}/assignments", tags=["incidents"])
async def post_assignment(
    incident_id: FromPath[str],
    data: JSONBody[AssignmentIn],
    room: TheRoom,
    actor: Asker,
) -> dict[str, Any]:
    """Send units, all or none. 409 names who or what has changed since ``seq``."""
    picture = room.picture
    try:
        assigned = assign(picture, actor, incident_id, data.units, seq=data.seq, divert=data.divert)
        receipt = await room.done(assigned.receipt)
    except ConflictError as conflict:
        if "stream" not in conflict.detail:
            raise
        # Another entry came between our look and the commit: say it as the picture has it now.
        await room.caught_up(picture.journal.head())
        name = str(conflict.detail["stream"]).partition("/")[2]
        raise ConflictError(
            f"the picture changed at this moment: {name}",
            where=f"incident {incident_id}",
            todo="Look again and decide anew; nothing was sent",
            changed=[{"id": name, "what": "changed", "who": "", "seq": picture.seq}],
        ) from None
    return {"seq": receipt.last_seq, "assigned": assigned.units, "diverted": assigned.diverted}


@post("/api/incidents/{incident_id:str}/close", status_code=200, tags=["incidents"])
async def post_close(
    incident_id: FromPath[str],
    data: JSONBody[CloseIn],
    room: TheRoom,
    actor: Asker,
) -> dict[str, Any]:
    """Finish an incident; units still on it are released and return."""

    async def attempt() -> tuple[int, list[str]]:
        submitted, released = close(room.picture, actor, incident_id, data.reason)
        return (await room.done(submitted)).last_seq, released

    seq, released = await room.again(attempt)
    return {"seq": seq, "released": released}
