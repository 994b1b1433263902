"""What dispatch looks at: every board it joins, the lane, the roads and the journal."""

import hashlib
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from callout import __version__
from callout.access import AccessBoard
from callout.base.clock import Clock
from callout.base.geo import LonLat
from callout.dispatch.board import TimesBoard
from callout.incidents import Incident, IncidentBoard
from callout.journal import Entry, Journal, Snapshot
from callout.places import City, PlacesBoard
from callout.roads import Roads
from callout.units import Positions, Status, Unit, UnitBoard

#: A device's position older than this ranks the crew from its station or last scene instead.
STALE_S = 600


class Where(NamedTuple):
    """Where a unit is taken to be, how old that is, and who says so."""

    place: LonLat
    age_s: float
    source: str  # "device", "scene" or "station"


class Warned(NamedTuple):
    """A crew and a closed road: it stands ``on`` it, or its way lay over it (``ahead``)."""

    kind: str
    closure: str
    incident: str


class Picture:
    """The room as it is now. Read and folded in one thread, the one that applies entries."""

    BOARDS: ClassVar[dict[str, Any]] = {
        "access": AccessBoard,
        "places": PlacesBoard,
        "units": UnitBoard,
        "incidents": IncidentBoard,
        "times": TimesBoard,
    }

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
        self.places = PlacesBoard()
        self.units = UnitBoard()
        self.incidents = IncidentBoard()
        self.times = TimesBoard()
        self.seq = -1
        # Not folded: who was warned of which closure, as the roads were when they changed.
        self.warnings: dict[str, list[Warned]] = {}

    def apply(self, entry: Entry) -> None:
        """Take one entry into every board."""
        self.access.apply(entry)
        self.places.apply(entry)
        self.units.apply(entry)
        self.incidents.apply(entry)
        self.times.apply(entry)
        self.seq = entry.seq

    def fold(self) -> None:
        """Take in everything the journal holds and the boards do not."""
        for entry in self.journal.replay(self.seq):
            self.apply(entry)

    def snapshot(self) -> Snapshot:
        """Every board as it is now. Takes a few ms, in which nothing else is folded."""
        return Snapshot(self.seq, {name: getattr(self, name).snapshot() for name in self.BOARDS})

    def restore(self, snapshot: Snapshot) -> None:
        """Put the boards of a snapshot in the place of these: all of them, or none.

        ValueError (msgspec's errors are) when they are not this version's boards.
        """
        if snapshot.boards.keys() != self.BOARDS.keys():
            raise ValueError(f"it holds the boards {', '.join(snapshot.boards)}")
        boards = {name: kind.restored(snapshot.boards[name]) for name, kind in self.BOARDS.items()}
        for name, board in boards.items():
            setattr(self, name, board)
        self.seq = snapshot.seq

    def snap(self) -> int:
        """Put every unit that reported a position on a road its vehicle may use; how many."""
        units = self.units.by_number
        return self.positions.snap(self.roads, lambda number: self.profile_of(units[number]))

    def profile_of(self, unit: Unit) -> str:
        """The vehicle a unit drives; the first one where the city was imported without it."""
        profiles = self.roads.profiles
        return unit.profile if unit.profile in profiles else profiles[0]

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


def code_version() -> str:
    """Names the code that folds: the version, and a hash over the sources a fold runs through.

    So a developer's edit of a board or a fact makes every snapshot of before unfit. Where callout
    is installed without its sources, the version alone says it.
    """
    house = Path(__file__).parents[1]
    rooms = sorted([*house.glob("*/board.py"), *house.glob("*/events.py")])
    others = (house / "base/facts.py", house / "base/geo.py", Path(__file__))
    digest = hashlib.sha256()
    for source in (*rooms, *(path for path in others if path.is_file())):
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return f"{__version__}+{digest.hexdigest()[:16]}"
