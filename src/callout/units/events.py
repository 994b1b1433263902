"""Facts of units: what vehicles and parties there are, and what state they are in."""

from enum import StrEnum
from typing import ClassVar

import msgspec

from callout.base.facts import Fact


class Status(StrEnum):
    """What a unit is doing. Mayday is a flag beside it, never a status."""

    AVAILABLE = "available"
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    TRANSPORTING = "transporting"
    AT_HOSPITAL = "at_hospital"
    RETURNING = "returning"
    OUT_OF_SERVICE = "out_of_service"


#: Statuses in which a unit can be sent without taking it from anybody.
FREE = frozenset({Status.AVAILABLE, Status.RETURNING})
#: Statuses that end a unit's part in an incident.
CLEARED = frozenset({Status.AVAILABLE, Status.RETURNING, Status.OUT_OF_SERVICE})
#: Statuses that only a unit on an incident can have.
COMMITTED = frozenset(
    {
        Status.DISPATCHED,
        Status.EN_ROUTE,
        Status.ON_SCENE,
        Status.TRANSPORTING,
        Status.AT_HOSPITAL,
    }
)
#: Why a unit is out of service. Where it is its crew, no other unit of theirs can be sent.
OUT_FOR = ("crew", "vehicle", "other")


class StationRegistered(Fact, frozen=True, kw_only=True):
    """A station, or its new name or place. Stream ``station/<id>``."""

    TYPE: ClassVar[str] = "StationRegistered.1"
    agency: str
    name: str
    lon_e7: int
    lat_e7: int


class UnitEnrolled(Fact, frozen=True, kw_only=True):
    """A unit that can be sent, or its new particulars. Stream ``unit/<id>``."""

    TYPE: ClassVar[str] = "UnitEnrolled.1"
    callsign: str
    agency: str
    station: str
    kind: str
    capabilities: tuple[str, ...]
    profile: str = "car"  # the vehicle it drives: a profile of roads


class UnitStatusSet(Fact, frozen=True, kw_only=True):
    """A unit's status changed without joining or leaving an incident. Stream ``unit/<id>``."""

    TYPE: ClassVar[str] = "UnitStatusSet.1"
    status: str
    incident: str = ""
    out_for: str = ""  # why it is out of service: one of OUT_FOR, or not said


class UnitDispatched(Fact, frozen=True, kw_only=True):
    """A unit was sent to an incident. Stream ``unit/<id>``.

    Side row ``decision`` under the incident's key: from where, to which edge, by which roads
    and in what time it was expected.
    """

    TYPE: ClassVar[str] = "UnitDispatched.1"
    incident: str


class UnitCleared(Fact, frozen=True, kw_only=True):
    """A unit's part in an incident ended. Stream ``unit/<id>``."""

    TYPE: ClassVar[str] = "UnitCleared.1"
    incident: str
    status: str
    reason: str
    out_for: str = ""  # why it is out of service: one of OUT_FOR, or not said


class MaydayRaised(Fact, frozen=True, kw_only=True):
    """A crew is in danger. Stream ``unit/<id>``."""

    TYPE: ClassVar[str] = "MaydayRaised.1"


class MaydayEnded(Fact, frozen=True, kw_only=True):
    """A named person ended the mayday. Stream ``unit/<id>``."""

    TYPE: ClassVar[str] = "MaydayEnded.1"


class VehicleEnrolled(Fact, frozen=True, kw_only=True):
    """A vehicle that a crew can take, or its new particulars. Stream ``vehicle/<id>``."""

    TYPE: ClassVar[str] = "VehicleEnrolled.1"
    agency: str
    station: str
    kind: str
    capabilities: tuple[str, ...] = ()
    profile: str = "car"


class CrewMember(msgspec.Struct, frozen=True):
    """One of a crew: a staff id, or an id made for this sign-on; and skills as codes."""

    person: str
    skills: tuple[str, ...] = ()


class CrewSignedOn(Fact, frozen=True, kw_only=True):
    """People took a callsign over, in the place of who was on it. Stream ``unit/<id>``.

    ``vehicle`` is "" for the unit's usual one; ``ends_us`` is when the shift ends, 0: not said.
    Side row ``crew`` {names: {person: name}} of those who are not staff, under a key of its own
    that ``names_key`` tells: ``crew/<unit>/<id>``, or "" when all are staff.
    """

    TYPE: ClassVar[str] = "CrewSignedOn.1"
    members: tuple[CrewMember, ...]
    vehicle: str = ""
    ends_us: int = 0
    names_key: str = ""


class CrewSignedOff(Fact, frozen=True, kw_only=True):
    """Nobody is signed on to the unit any more. Stream ``unit/<id>``."""

    TYPE: ClassVar[str] = "CrewSignedOff.1"


class CrewNamesErased(Fact, frozen=True, kw_only=True):
    """The keys of names of those who were on the unit are destroyed. Stream ``unit/<id>``."""

    TYPE: ClassVar[str] = "CrewNamesErased.1"
    keys: tuple[str, ...]


class SignOnCounted(Fact, frozen=True, kw_only=True):
    """A sign-on of the room: its version puts all of them in one order. Stream ``shift/room``."""

    TYPE: ClassVar[str] = "SignOnCounted.1"
    unit: str
