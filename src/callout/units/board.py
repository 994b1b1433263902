"""The current picture of stations, vehicles, units and crews: a pure fold of units' facts."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import msgspec

from callout.access import Subject
from callout.base.errors import no_such
from callout.base.facts import decode
from callout.base.geo import LonLat
from callout.journal import Entry
from callout.units.events import (
    COMMITTED,
    FREE,
    CrewMember,
    CrewNamesErased,
    CrewSignedOff,
    CrewSignedOn,
    MaydayEnded,
    MaydayRaised,
    SignOnCounted,
    StationRegistered,
    Status,
    UnitCleared,
    UnitDispatched,
    UnitEnrolled,
    UnitStatusSet,
    VehicleEnrolled,
)

_CREW_TYPES = frozenset({CrewSignedOn.TYPE, CrewSignedOff.TYPE})
# After these a unit can be sent otherwise than before, whatever its status.
_ALWAYS_CHANGE = _CREW_TYPES | {UnitEnrolled.TYPE}


class Station(msgspec.Struct):
    """Where units stand when nobody needs them."""

    id: str
    agency: str
    name: str
    place: LonLat


class Equipment(msgspec.Struct, frozen=True):
    """What can be done without knowing who does it."""

    kind: str = ""
    capabilities: tuple[str, ...] = ()
    profile: str = "car"


class Vehicle(msgspec.Struct):
    """One vehicle, and the unit that has it now ("": none)."""

    id: str
    agency: str
    station: str
    equipment: Equipment
    unit: str = ""
    version: int = 0


class Crew(msgspec.Struct):
    """Who is on a unit, from when; ``ends_us`` 0 when nobody said. Names are of entry ``seq``."""

    members: tuple[CrewMember, ...]
    vehicle: str
    since_us: int
    ends_us: int
    seq: int

    def late(self, now_us: int) -> bool:
        """Whether the shift is over. A crew that is late home is still a crew."""
        return 0 < self.ends_us < now_us


class Unit(msgspec.Struct):
    """One unit as it is now. ``number`` is its row in the position lane, never reused.

    ``kind``, ``capabilities`` and ``profile`` are what holds now, with the vehicle and the crew
    that are signed on; ``usual`` is what was enrolled.
    """

    id: str
    number: int
    callsign: str
    agency: str
    station: str
    kind: str
    capabilities: tuple[str, ...]
    status: Status = Status.AVAILABLE
    since_us: int = 0
    incident: str = ""
    mayday: bool = False
    version: int = 0
    seq: int = -1
    changed_seq: int = -1  # last entry after which it could be sent otherwise than before
    profile: str = "car"  # which roads it may use and how fast; see roads' profiles
    last_incident: str = ""  # where it was sent last; its place is the unit's last known scene
    usual: Equipment = Equipment()
    crew: Crew | None = None
    out_for: str = ""  # why it is out of service

    @property
    def out(self) -> bool:
        """Whether its people can be sent nowhere else: on an incident, unfit, or in danger."""
        return self.status in COMMITTED or self.out_for == "crew" or self.mayday


def unit_subject(unit: Unit) -> Subject:
    """The unit as something to be done to."""
    return Subject("unit", unit.id, unit.agency)


class _Kept(msgspec.Struct):
    """What a snapshot holds."""

    stations: dict[str, Station]
    by_number: list[Unit]
    vehicles: dict[str, Vehicle]
    sign_ons: int


class UnitBoard:
    """Stations, vehicles and units by id."""

    TYPES: ClassVar[frozenset[str]] = frozenset(
        fact.TYPE
        for fact in (
            StationRegistered,
            UnitEnrolled,
            UnitStatusSet,
            UnitDispatched,
            UnitCleared,
            MaydayRaised,
            MaydayEnded,
            VehicleEnrolled,
            CrewSignedOn,
            CrewSignedOff,
            CrewNamesErased,
            SignOnCounted,
        )
    )

    def __init__(self) -> None:
        """Start empty; entry 0 comes first."""
        self.stations: dict[str, Station] = {}
        self.units: dict[str, Unit] = {}
        self.by_number: list[Unit] = []
        self.vehicles: dict[str, Vehicle] = {}
        self.sign_ons = 0  # the version of the stream that puts them in order
        self._units_of: dict[str, set[str]] = {}  # of each person who is signed on

    def unit(self, unit: str) -> Unit:
        """The unit with that id, or by its callsign in any case; NotFoundError when none."""
        found = self.units.get(unit)
        if found is None:
            raise no_such("unit", unit)
        return found

    def vehicle(self, vehicle: str) -> Vehicle:
        """The vehicle with that id; NotFoundError when none."""
        found = self.vehicles.get(vehicle)
        if found is None:
            raise no_such("vehicle", vehicle)
        return found

    def unit_of(self, person: str) -> str:
        """The unit that a person speaks for: the one they are out with, else the first by id."""
        on = sorted(self._units_of.get(person, ()))
        out = [unit for unit in on if self.units[unit].status in COMMITTED]
        return next(iter(out + on), "")

    def sharing(self, unit: Unit) -> list[Unit]:
        """The other units that some of its crew are signed on to, by id: cross-staffed ones."""
        return self.units_of(unit.crew.members, but=unit.id) if unit.crew else []

    def units_of(self, members: Iterable[CrewMember], *, but: str) -> list[Unit]:
        """The units that any of these people are signed on to, by id, but for one."""
        on = {unit for member in members for unit in self._units_of.get(member.person, ())}
        return [self.units[unit] for unit in sorted(on - {but})]

    def blocked_by(self, unit: Unit) -> Unit | None:
        """The unit that its crew is out with, so that it cannot be sent; None when it can."""
        return next((other for other in self.sharing(unit) if other.out), None)

    def apply(self, entry: Entry) -> None:
        """Take one entry in; entries of other rooms are passed over."""
        kind = entry.type
        if kind not in self.TYPES:
            return
        name = entry.stream.partition("/")[2]
        if kind == StationRegistered.TYPE:
            body = entry.body
            place = LonLat(body["lon_e7"], body["lat_e7"])
            self.stations[name] = Station(name, body["agency"], body["name"], place)
        elif kind == VehicleEnrolled.TYPE:
            self._enroll_vehicle(name, entry)
        elif kind == SignOnCounted.TYPE:
            self.sign_ons = entry.version
        else:
            self._apply_to_unit(name, entry)

    def _apply_to_unit(self, name: str, entry: Entry) -> None:
        kind, body = entry.type, entry.body
        if kind == UnitEnrolled.TYPE:
            self._enroll(name, entry)
        unit = self.units[name]
        before = (unit.status in FREE, unit.status in COMMITTED, unit.incident, unit.mayday)
        unit.version = entry.version
        unit.seq = entry.seq
        if kind == UnitStatusSet.TYPE:
            _set(unit, body["status"], unit.incident, entry)
        elif kind == UnitDispatched.TYPE:
            _set(unit, Status.DISPATCHED, body["incident"], entry)
            unit.last_incident = unit.incident
        elif kind == UnitCleared.TYPE:
            _set(unit, body["status"], "", entry)
        elif kind == MaydayRaised.TYPE:
            unit.mayday = True
        elif kind == MaydayEnded.TYPE:
            unit.mayday = False
        elif kind in _CREW_TYPES:
            self._sign(unit, entry)
        after = (unit.status in FREE, unit.status in COMMITTED, unit.incident, unit.mayday)
        if before != after or kind in _ALWAYS_CHANGE:
            unit.changed_seq = entry.seq

    def snapshot(self) -> bytes:
        """All that was folded, as MessagePack: ``restored`` makes an equal board of it."""
        return msgspec.msgpack.encode(
            _Kept(self.stations, self.by_number, self.vehicles, self.sign_ons)
        )

    @classmethod
    def restored(cls, data: bytes) -> Self:
        """The board of a snapshot; msgspec.DecodeError when it is none of this version's."""
        kept = msgspec.msgpack.decode(data, type=_Kept)
        board = cls()
        board.stations, board.by_number = kept.stations, kept.by_number
        board.units = {unit.id: unit for unit in kept.by_number}
        board.vehicles, board.sign_ons = kept.vehicles, kept.sign_ons
        for unit in kept.by_number:
            board._put(unit, unit.crew)
        return board

    def _enroll(self, name: str, entry: Entry) -> None:
        body = entry.body
        unit = self.units.get(name)
        usual = _equipment(body)
        if unit is None:
            unit = Unit(
                name,
                len(self.by_number),
                body["callsign"],
                body["agency"],
                body["station"],
                usual.kind,
                usual.capabilities,
                since_us=entry.recorded_us,
            )
            self.units[name] = unit
            self.by_number.append(unit)
        unit.callsign, unit.agency, unit.station = body["callsign"], body["agency"], body["station"]
        unit.usual = usual
        self._equip(unit)

    def _enroll_vehicle(self, name: str, entry: Entry) -> None:
        body, old = entry.body, self.vehicles.get(name)
        self.vehicles[name] = Vehicle(
            name,
            body["agency"],
            body["station"],
            _equipment(body),
            old.unit if old else "",
            entry.version,
        )
        if old and old.unit:
            unit = self.units[old.unit]
            self._equip(unit)
            unit.changed_seq = entry.seq

    def _sign(self, unit: Unit, entry: Entry) -> None:
        if unit.crew is not None:
            self._take_off(unit, unit.crew)
        unit.crew = None
        if entry.type == CrewSignedOn.TYPE:
            fact = decode(CrewSignedOn, entry.body)
            unit.crew = Crew(fact.members, fact.vehicle, entry.recorded_us, fact.ends_us, entry.seq)
        self._put(unit, unit.crew)
        self._equip(unit)

    def _take_off(self, unit: Unit, crew: Crew) -> None:
        if crew.vehicle:
            self.vehicles[crew.vehicle].unit = ""
        for member in crew.members:
            on = self._units_of[member.person]
            on.remove(unit.id)
            if not on:
                del self._units_of[member.person]

    def _put(self, unit: Unit, crew: Crew | None) -> None:
        if crew is None:
            return
        if crew.vehicle:
            self.vehicles[crew.vehicle].unit = unit.id
        for member in crew.members:
            self._units_of.setdefault(member.person, set()).add(unit.id)

    def _equip(self, unit: Unit) -> None:
        """What the unit can do now: its vehicle's capabilities, and its crew's skills."""
        crew, base = unit.crew, unit.usual
        if crew and crew.vehicle:
            base = self.vehicles[crew.vehicle].equipment
        skills = {skill for member in crew.members for skill in member.skills} if crew else set()
        unit.kind, unit.profile = base.kind, base.profile
        more = sorted(skills.difference(base.capabilities))
        unit.capabilities = (*base.capabilities, *more)


def _equipment(body: dict[str, Any]) -> Equipment:
    capabilities = tuple(body.get("capabilities", ()))
    return Equipment(body["kind"], capabilities, body.get("profile", "car"))


def _set(unit: Unit, status: str, incident: str, entry: Entry) -> None:
    unit.status = Status(status)
    unit.incident = incident
    unit.since_us = entry.recorded_us
    unit.out_for = entry.body.get("out_for", "")
