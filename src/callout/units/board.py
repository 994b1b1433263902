"""The current picture of stations and units: a pure fold of units' facts."""

from typing import ClassVar, Self

import msgspec

from callout.access import Subject
from callout.base.errors import no_such
from callout.base.geo import LonLat
from callout.journal import Entry
from callout.units.events import (
    COMMITTED,
    FREE,
    MaydayEnded,
    MaydayRaised,
    StationRegistered,
    Status,
    UnitCleared,
    UnitDispatched,
    UnitEnrolled,
    UnitStatusSet,
)


class Station(msgspec.Struct):
    """Where units stand when nobody needs them."""

    id: str
    agency: str
    name: str
    place: LonLat


class Unit(msgspec.Struct):
    """One unit as it is now. ``number`` is its row in the position lane, never reused."""

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


def unit_subject(unit: Unit) -> Subject:
    """The unit as something to be done to."""
    return Subject("unit", unit.id, unit.agency)


class _Kept(msgspec.Struct):
    """What a snapshot holds."""

    stations: dict[str, Station]
    by_number: list[Unit]


class UnitBoard:
    """Stations and units by id."""

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
        )
    )

    def __init__(self) -> None:
        """Start empty; entry 0 comes first."""
        self.stations: dict[str, Station] = {}
        self.units: dict[str, Unit] = {}
        self.by_number: list[Unit] = []

    def unit(self, unit: str) -> Unit:
        """The unit with that id, or by its callsign in any case; NotFoundError when none."""
        found = self.units.get(unit)
        if found is None:
            raise no_such("unit", unit)
        return found

    def apply(self, entry: Entry) -> None:
        """Take one entry in; entries of other rooms are passed over."""
        kind = entry.type
        if kind not in self.TYPES:
            return
        name = entry.stream.partition("/")[2]
        body = entry.body
        if kind == StationRegistered.TYPE:
            place = LonLat(body["lon_e7"], body["lat_e7"])
            self.stations[name] = Station(name, body["agency"], body["name"], place)
            return
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
        after = (unit.status in FREE, unit.status in COMMITTED, unit.incident, unit.mayday)
        if before != after or kind == UnitEnrolled.TYPE:
            unit.changed_seq = entry.seq

    def snapshot(self) -> bytes:
        """All that was folded, as MessagePack: ``restored`` makes an equal board of it."""
        return msgspec.msgpack.encode(_Kept(self.stations, self.by_number))

    @classmethod
    def restored(cls, data: bytes) -> Self:
        """The board of a snapshot; msgspec.DecodeError when it is none of this version's."""
        kept = msgspec.msgpack.decode(data, type=_Kept)
        board = cls()
        board.stations, board.by_number = kept.stations, kept.by_number
        board.units = {unit.id: unit for unit in kept.by_number}
        return board

    def _enroll(self, name: str, entry: Entry) -> None:
        body = entry.body
        capabilities = tuple(body["capabilities"])
        unit = self.units.get(name)
        if unit is None:
            unit = Unit(
                name,
                len(self.by_number),
                body["callsign"],
                body["agency"],
                body["station"],
                body["kind"],
                capabilities,
                since_us=entry.recorded_us,
                profile=body.get("profile", "car"),
            )
            self.units[name] = unit
            self.by_number.append(unit)
            return
        unit.callsign, unit.agency, unit.station = body["callsign"], body["agency"], body["station"]
        unit.kind, unit.capabilities = body["kind"], capabilities
        unit.profile = body.get("profile", "car")


def _set(unit: Unit, status: str, incident: str, entry: Entry) -> None:
    unit.status = Status(status)
    unit.incident = incident
    unit.since_us = entry.recorded_us
