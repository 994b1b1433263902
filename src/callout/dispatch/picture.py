"""What dispatch looks at: every board it joins, the lane, the roads and the journal."""

from typing import NamedTuple

from callout.access import AccessBoard
from callout.base.clock import Clock
from callout.base.geo import LonLat
from callout.dispatch.board import TimesBoard
from callout.incidents import Incident, IncidentBoard
from callout.journal import Entry, Journal
from callout.places import City
from callout.roads import Roads
from callout.units import Positions, Status, Unit, UnitBoard

#: A device's position older than this ranks the crew from its station or last scene instead.
STALE_S = 600


class Where(NamedTuple):
    """Where a unit is taken to be, how old that is, and who says so."""

    place: LonLat
    age_s: float
    source: str  # "device", "scene" or "station"


class Picture:
    """The room as it is now. Read and folded in one thread, the one that applies entries."""

    def __init__(
        self, journal: Journal, clock: Clock, positions: Positions, city: City, roads: Roads
    ) -> None:
        """Empty boards beside the lane, the city and its roads; ``fold`` fills them."""
        self.journal = journal
        self.clock = clock
        self.positions = positions
        self.city = city
        self.roads = roads
        self.access = AccessBoard()
        self.units = UnitBoard()
        self.incidents = IncidentBoard()
        self.times = TimesBoard()
        self.seq = -1

    def apply(self, entry: Entry) -> None:
        """Take one entry into every board."""
        self.access.apply(entry)
        self.units.apply(entry)
        self.incidents.apply(entry)
        self.times.apply(entry)
        self.seq = entry.seq

    def fold(self) -> None:
        """Take in everything the journal holds and the boards do not."""
        for entry in self.journal.replay(self.seq):
            self.apply(entry)

    def place_of(self, incident: Incident) -> tuple[LonLat, str] | None:
        """Where the incident is and what that place is called; None: unknown or erased."""
        if incident.place_seq < 0:
            return None
        side = self.journal.side(incident.place_seq, "place")
        if side is None:
            return None
        return LonLat(side["lon_e7"], side["lat_e7"]), side.get("name", "")

    def where(self, unit: Unit, now_us: int) -> Where | None:
        """Where the unit is taken to be; a stale one is at its last scene or its station.

        Never None for an enrolled unit: a crew without a fix is asked by radio, not dropped.
        """
        fix = self.positions.place(unit.number)
        age_s = 0.0
        if fix is not None:
            age_s = max(0.0, (now_us - int(self.positions.received_us[unit.number])) / 1e6)
            if age_s <= STALE_S:
                return Where(fix, age_s, "device")
        if unit.last_incident and unit.status not in {Status.AVAILABLE, Status.OUT_OF_SERVICE}:
            incident = self.incidents.incidents.get(unit.last_incident)
            scene = self.place_of(incident) if incident else None
            if scene:
                return Where(scene[0], age_s, "scene")
        station = self.units.stations.get(unit.station)
        return Where(station.place, age_s, "station") if station else None
