"""Verbs of units: they check, then append."""

from concurrent.futures import Future

from callout.access import Action, Actor, Subject, authorize
from callout.base.errors import BadInputError
from callout.base.geo import LonLat
from callout.base.ids import is_given_id, new_id
from callout.journal import Batch, Draft, Journal, Receipt
from callout.units.board import UnitBoard, unit_subject
from callout.units.events import (
    COMMITTED,
    OUT_FOR,
    MaydayEnded,
    MaydayRaised,
    StationRegistered,
    Status,
    UnitEnrolled,
    UnitStatusSet,
    VehicleEnrolled,
)

_ID_TODO = "Use 1-32 letters, digits, dots, dashes or underscores"


def station_draft(station: str, agency: str, name: str, place: LonLat) -> Draft:
    """The entry of a station, or of its new particulars."""
    if not is_given_id(station):
        raise BadInputError(f"{station!r} cannot be a station's id", where="id", todo=_ID_TODO)
    fact = StationRegistered(agency=agency, name=name, lon_e7=place.lon_e7, lat_e7=place.lat_e7)
    return Draft(stream=f"station/{station}", type=fact.TYPE, body=fact.body())


def unit_draft(unit: str, fact: UnitEnrolled) -> Draft:
    """The entry of a unit, or of its new particulars. BadInputError for what cannot be one."""
    if not is_given_id(unit):
        raise BadInputError(f"{unit!r} cannot be a unit's id", where="id", todo=_ID_TODO)
    if not fact.capabilities:
        raise BadInputError("no capability is listed", where="capabilities", todo="Name one")
    return Draft(stream=f"unit/{unit}", type=fact.TYPE, body=fact.body())


def vehicle_draft(vehicle: str, fact: VehicleEnrolled) -> Draft:
    """The entry of a vehicle, or of its new particulars. BadInputError for what cannot be one."""
    if not is_given_id(vehicle):
        raise BadInputError(f"{vehicle!r} cannot be a vehicle's id", where="id", todo=_ID_TODO)
    if not fact.kind.strip():
        raise BadInputError("no kind is named", where="kind", todo="Say what it is: Engine, Boat")
    return Draft(stream=f"vehicle/{vehicle}", type=fact.TYPE, body=fact.body())


def enroll_vehicle(
    journal: Journal, actor: Actor, board: UnitBoard, vehicle: str, fact: VehicleEnrolled
) -> Future[Receipt]:
    """Enter a vehicle, or its new particulars: those hold at once for the unit that has it."""
    old = board.vehicles.get(vehicle)
    for agency in {fact.agency, old.agency if old else fact.agency}:
        authorize(actor, Action.VEHICLE_SETUP, Subject("vehicle", vehicle, agency))
    if fact.station and fact.station not in board.stations:
        raise BadInputError(
            f"there is no station {fact.station!r}", where="station", todo="Name one that there is"
        )
    draft = vehicle_draft(vehicle, fact)
    return journal.submit(
        Batch(
            entries=(draft,),
            key=new_id(),
            actor=actor.label,
            agency=fact.agency,
            expect={draft.stream: old.version if old else 0},
        )
    )


def check_out_for(status: Status, out_for: str) -> None:
    """BadInputError when that is no reason to be out of service, or the status is another."""
    if not out_for:
        return
    if out_for not in OUT_FOR or status is not Status.OUT_OF_SERVICE:
        raise BadInputError(
            f"{out_for!r} is no reason to be {status.value.replace('_', ' ')}",
            where="out_for",
            todo=f"Only out of service has one: {', '.join(OUT_FOR)}",
        )


def set_status(
    journal: Journal,
    actor: Actor,
    board: UnitBoard,
    unit_id: str,
    status: Status,
    *,
    claimed_us: int | None = None,
    out_for: str = "",
) -> Future[Receipt]:
    """Set a status that neither joins nor leaves an incident (``dispatch`` does those).

    BadInputError when a unit without an incident is said to be on one.
    """
    unit = board.unit(unit_id)
    authorize(actor, Action.UNIT_STATUS, unit_subject(unit))
    if status in COMMITTED and not unit.incident:
        raise BadInputError(
            f"{unit.callsign} is on no incident, so it cannot be {status.value.replace('_', ' ')}",
            where=f"unit {unit.id}",
            todo="Send it to an incident first",
        )
    check_out_for(status, out_for)
    fact = UnitStatusSet(status=status.value, incident=unit.incident, out_for=out_for)
    draft = Draft(stream=f"unit/{unit.id}", type=fact.TYPE, body=fact.body(), claimed_us=claimed_us)
    return journal.submit(
        Batch(
            entries=(draft,),
            key=new_id(),
            actor=actor.label,
            agency=unit.agency,
            expect={draft.stream: unit.version},
        )
    )


def set_mayday(
    journal: Journal, actor: Actor, board: UnitBoard, unit_id: str, *, on: bool
) -> Future[Receipt]:
    """Raise or end a unit's mayday. Ending needs a named person, so a device may only raise."""
    unit = board.unit(unit_id)
    authorize(actor, Action.UNIT_STATUS, unit_subject(unit))
    if not on and actor.kind != "person":
        raise BadInputError(
            "only a named person ends a mayday", where=f"unit {unit.id}", todo="Sign in and end it"
        )
    fact = MaydayRaised() if on else MaydayEnded()
    draft = Draft(stream=f"unit/{unit.id}", type=fact.TYPE, body=fact.body())
    return journal.submit(
        Batch(entries=(draft,), key=new_id(), actor=actor.label, agency=unit.agency)
    )
