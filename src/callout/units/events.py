"""Facts of units: what vehicles and parties there are, and what state they are in."""

from enum import StrEnum
from typing import ClassVar

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


class MaydayRaised(Fact, frozen=True, kw_only=True):
    """A crew is in danger. Stream ``unit/<id>``."""

    TYPE: ClassVar[str] = "MaydayRaised.1"


class MaydayEnded(Fact, frozen=True, kw_only=True):
    """A named person ended the mayday. Stream ``unit/<id>``."""

    TYPE: ClassVar[str] = "MaydayEnded.1"
