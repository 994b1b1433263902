"""Crews and vehicles over HTTP: who is on what, from when, until when."""

import asyncio
from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from callout.access import EVERY_AGENCY, ROOM, Action, Actor, Subject, authorize, sees
from callout.base.errors import BadInputError
from callout.base.geo import LonLat, distance_m
from callout.dispatch import Picture
from callout.roads import profile_names
from callout.units import Fix, Unit, Vehicle, unit_subject
from callout.units.commands import enroll_vehicle
from callout.units.events import VehicleEnrolled
from callout.units.signing import (
    SigningOn,
    crew_names,
    erase_names,
    names_to_erase,
    sign_off,
    sign_on,
    walk_up,
)
from callout.web.account import shown
from callout.web.asked import Asker, TheRoom, point_of
from callout.web.ingest import moment_us
from callout.web.log_words import who


class SignOnIn(msgspec.Struct):
    """Who takes which unit, with which vehicle ("": its usual one), and when the shift ends."""

    unit: str
    people: list[SigningOn]
    vehicle: str = ""
    until: str | int | None = None
    minutes: int | None = None


class WalkUpIn(msgspec.Struct):
    """Volunteers who just came: one name and one skill is enough; the rest is found."""

    skills: list[str]
    name: str = ""
    names: list[str] = []
    agency: str = ""
    station: str = ""
    lon: float | None = None
    lat: float | None = None
    profile: str = "foot"
    until: str | int | None = None
    minutes: int | None = None


class VehicleIn(msgspec.Struct):
    """A vehicle, or its new particulars."""

    id: str
    agency: str
    kind: str
    station: str = ""
    capabilities: list[str] = []
    profile: str = "car"


@get("/api/crews", tags=["crews"])
async def get_crews(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Who is on what, from when, until when, and which units have a crew in common."""
    authorize(actor, Action.CREW_READ, ROOM)
    picture, now_us = room.picture, room.clock.now_us()
    crews = [
        crew_view(picture, actor, unit, now_us)
        for unit in picture.units.by_number
        if unit.crew and sees(actor, unit_subject(unit))
    ]
    return {"crews": crews, "seq": picture.seq}


@get("/api/crews/{unit_id:str}/names", tags=["crews"])
async def get_names(unit_id: FromPath[str], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """The names of those on a unit who are not staff; opened apart, for they are personal."""
    picture = room.picture
    unit = picture.units.unit(unit_id)
    names = crew_names(picture.journal, actor, unit)
    await shown(room.account, actor, "crew", unit.id)
    return {"names": names}


@post("/api/crews", tags=["crews"])
async def post_crew(data: JSONBody[SignOnIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Sign a crew on, in the place of who was on that unit."""
    picture = room.picture
    authorize(actor, Action.CREW_SIGN_ON, unit_subject(picture.units.unit(data.unit)))

    async def attempt() -> int:
        now_us = room.clock.now_us()
        submitted = sign_on(
            picture.journal,
            actor,
            picture.units,
            picture.access,
            data.unit,
            data.people,
            now_us=now_us,
            vehicle=data.vehicle,
            ends_us=_ends_us(data, now_us),
        )
        return (await room.done(submitted)).last_seq

    seq = await room.again(attempt)
    crew = crew_view(picture, actor, picture.units.unit(data.unit), room.clock.now_us())
    return {"seq": seq, "crew": crew}


@post("/api/crews/{unit_id:str}/sign-off", status_code=200, tags=["crews"])
async def post_sign_off(unit_id: FromPath[str], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """End a crew's shift."""
    picture = room.picture

    async def attempt() -> int:
        submitted = sign_off(picture.journal, actor, picture.units, unit_id)
        return (await room.done(submitted)).last_seq

    return {"seq": await room.again(attempt)}


@post("/api/crews/{unit_id:str}/erase", status_code=200, tags=["crews"])
async def post_erase_names(unit_id: FromPath[str], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Destroy the names of all who are not staff and were ever signed on to a unit."""
    journal, unit, erased = room.picture.journal, room.picture.units.unit(unit_id), 0
    authorize(actor, Action.ERASE, unit_subject(unit))
    seq = room.picture.seq
    while keys := await asyncio.to_thread(names_to_erase, journal, actor, unit):
        submitted = await asyncio.to_thread(erase_names, journal, actor, unit, keys)
        seq = (await room.done(submitted)).last_seq
        erased += len(keys)
    return {"seq": seq, "erased": erased}


@post("/api/crews/walk-up", tags=["crews"])
async def post_walk_up(data: JSONBody[WalkUpIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Make a party of volunteers and sign them on."""
    authorize(actor, Action.CREW_SIGN_ON, Subject("unit"))
    picture, place = room.picture, point_of(data.lon, data.lat)
    agency = _agency(picture, actor, data)
    station = _station(picture, data.station, agency, place)
    names = [*([data.name] if data.name else []), *data.names]

    async def attempt() -> tuple[str, str, int]:
        now_us = room.clock.now_us()
        made = walk_up(
            picture.journal,
            actor,
            picture.units,
            picture.access,
            [SigningOn(name=name, skills=data.skills) for name in names],
            agency=agency,
            station=station,
            profile=_profile(data.profile),
            now_us=now_us,
            ends_us=_ends_us(data, now_us),
        )
        return made.unit, made.callsign, (await room.done(made.receipt)).last_seq

    unit, callsign, seq = await room.again(attempt)
    if place is not None:
        now_us, number = room.clock.now_us(), picture.units.unit(unit).number
        fix = Fix(number, place, now_us, float("nan"), float("nan"))
        picture.positions.report([fix], now_us)
    return {"unit": unit, "callsign": callsign, "station": station or None, "seq": seq}


@get("/api/vehicles", tags=["crews"])
async def get_vehicles(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Every vehicle, and the unit that has it."""
    authorize(actor, Action.CREW_READ, ROOM)
    picture = room.picture
    vehicles = [
        vehicle_view(picture, actor, vehicle)
        for vehicle in picture.units.vehicles.values()
        if sees(actor, Subject("vehicle", vehicle.id, vehicle.agency))
    ]
    return {"vehicles": vehicles, "seq": picture.seq}


@post("/api/vehicles", tags=["crews"])
async def post_vehicle(data: JSONBody[VehicleIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Enter a vehicle, or its new particulars."""
    picture = room.picture
    authorize(actor, Action.VEHICLE_SETUP, Subject("vehicle", agency=data.agency))
    fact = VehicleEnrolled(
        agency=data.agency,
        station=data.station,
        kind=data.kind,
        capabilities=tuple(data.capabilities),
        profile=_profile(data.profile),
    )

    async def attempt() -> int:
        submitted = enroll_vehicle(picture.journal, actor, picture.units, data.id, fact)
        return (await room.done(submitted)).last_seq

    _known_agency(picture, data.agency)
    seq = await room.again(attempt)
    return {"seq": seq, "vehicle": vehicle_view(picture, actor, picture.units.vehicle(data.id))}


def crew_view(picture: Picture, actor: Actor, unit: Unit, now_us: int) -> dict[str, Any]:
    """A unit's crew. Only staff have a name here."""
    crew, board = unit.crew, picture.units
    assert crew is not None
    sharing = [other for other in board.sharing(unit) if sees(actor, unit_subject(other))]
    blocker = board.blocked_by(unit)
    return {
        "unit": unit.id,
        "callsign": unit.callsign,
        "agency": unit.agency,
        "vehicle": crew.vehicle or None,
        "members": [
            {
                "person": member.person,
                "staff": member.person in picture.access.staff,
                "name": who(picture, f"person/{member.person}")
                if member.person in picture.access.staff
                else None,
                "skills": member.skills,
            }
            for member in crew.members
        ],
        "capabilities": unit.capabilities,
        "since_us": crew.since_us,
        "ends_us": crew.ends_us or None,
        "late": crew.late(now_us),
        "shares": [other.id for other in sharing],
        "blocked": blocker is not None,
        "blocked_by": blocker.id if blocker in sharing and blocker else None,
    }


def vehicle_view(picture: Picture, actor: Actor, vehicle: Vehicle) -> dict[str, Any]:
    """A vehicle, and the unit that has it now."""
    unit = picture.units.units.get(vehicle.unit)
    return {
        "id": vehicle.id,
        "agency": vehicle.agency,
        "station": vehicle.station or None,
        "kind": vehicle.equipment.kind,
        "capabilities": vehicle.equipment.capabilities,
        "profile": vehicle.equipment.profile,
        "free": unit is None,
        "unit": unit.id if unit and sees(actor, unit_subject(unit)) else None,
    }


def _ends_us(data: SignOnIn | WalkUpIn, now_us: int) -> int:
    if data.minutes is not None:
        if data.minutes < 1:
            raise BadInputError(f"{data.minutes} minutes is no shift", where="minutes")
        return now_us + data.minutes * 60_000_000
    try:
        return moment_us(data.until)
    except ValueError as error:
        raise BadInputError(str(error), where="until") from None


def _profile(name: str) -> str:
    if name not in profile_names():
        raise BadInputError(
            f"{name!r} is no vehicle's profile",
            where="profile",
            todo=f"Use one of {', '.join(profile_names())}",
        )
    return name


def _known_agency(picture: Picture, agency: str) -> str:
    if agency not in picture.access.agencies:
        raise BadInputError(
            f"there is no agency {agency!r}", where="agency", todo="Name one of the room's"
        )
    return agency


def _agency(picture: Picture, actor: Actor, data: WalkUpIn) -> str:
    """As given, else the asker's, else the station's, else the room's first."""
    station = picture.units.stations.get(data.station)
    own = "" if actor.agency == EVERY_AGENCY else actor.agency
    named = data.agency or own or (station.agency if station else "")
    return _known_agency(picture, named or next(iter(picture.access.agencies), ""))


def _station(picture: Picture, named: str, agency: str, place: LonLat | None) -> str:
    """As given, else the agency's nearest to the place, else its first."""
    stations = picture.units.stations
    if named:
        if named not in stations:
            raise BadInputError(
                f"there is no station {named!r}", where="station", todo="Name one that there is"
            )
        return named
    own = [station for station in stations.values() if station.agency == agency]
    if not own:
        if place is None:
            raise BadInputError(
                "nobody would know where they are", where="station", todo="Name a station or place"
            )
        return ""
    return min(own, key=lambda s: distance_m(s.place, place) if place else 0).id
