"""A straight-line world for tests of rules: the rules must not care how times are computed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np

from callout.access import SYSTEM
from callout.access.commands import agency_draft, staff_draft
from callout.base.clock import ManualClock
from callout.base.geo import LonLat, distance_m, lonlat
from callout.dispatch import Picture
from callout.incidents import IncidentTypeRegistered
from callout.incidents.commands import type_draft
from callout.journal import Batch, Journal
from callout.roads import Ranking, Roads, Route, Snap, Snaps
from callout.units import Positions, UnitEnrolled
from callout.units.commands import station_draft, unit_draft

SPEED_M_S = 10.0


class LineRoads:
    """Every point is on a road of its own; time is distance at 10 m/s."""

    epoch = 0
    profiles = ("car",)

    def __init__(self) -> None:
        self._points: list[LonLat] = []

    def set_moment(self, _now_us: int, _zone: str) -> bool:
        return False

    times_holding: ClassVar[list[int] | None] = None

    def on_island(self, edges: Any, _profile: str = "car") -> Any:
        return np.zeros(len(edges), bool)

    def snap(
        self,
        points: Any,
        _headings: Any,
        _previous: Any,
        _driven_m: Any = None,
        *,
        profile: str = "car",
    ) -> Snaps:
        first = len(self._points)
        self._points += [LonLat(int(lon), int(lat)) for lon, lat in points]
        n = len(points)
        edges = np.arange(first, first + n, dtype=np.int32)
        zeros = np.zeros(n, np.int32)
        return Snaps(edges, zeros, zeros - 1, np.zeros(n, np.float32))

    def nearest(self, to: Snap, candidates: Snaps, k: int, profile: str = "car") -> Ranking:
        times = [round(self._m(int(edge), to.edge) / SPEED_M_S * 1000) for edge in candidates.edge]
        rows = np.argsort(times, kind="stable")[:k].astype(np.int32)
        return Ranking(rows, np.array(times, np.int64)[rows], 0, profile)

    def route(self, a: Snap, b: Snap, profile: str = "car") -> Route:
        metres = self._m(a.edge, b.edge)
        line = np.array([self._points[a.edge], self._points[b.edge]], np.int64)
        edges = np.array([a.edge, b.edge], np.int32)
        return Route(round(metres / SPEED_M_S * 1000), metres, line, edges, 0, profile)

    def _m(self, a: int, b: int) -> float:
        return distance_m(self._points[a], self._points[b])


class NoCity:
    """A city without names."""

    meta: ClassVar[dict[str, Any]] = {}

    def street_at(self, _point: LonLat) -> str:
        return ""


def place(east_m: float, north_m: float = 0.0) -> LonLat:
    """A point that many metres from 0, 0 on the equator."""
    return lonlat(east_m / 111_195.08, north_m / 111_195.08)


@contextmanager
def line_room(home: Path, units: int = 4, clock: ManualClock | None = None) -> Iterator[Picture]:
    """A room of one agency: E0…En at stations 1 km apart, all of them engines."""
    clock = clock or ManualClock()
    journal = Journal.open(home, clock=clock)
    drafts = [
        agency_draft("fire", "Fire"),
        staff_draft("p1", "fire", "A. Silva", ("dispatcher", "call_taker")),
    ]
    fire = IncidentTypeRegistered(name="Fire", priority=1, capabilities=("fire",), limit_s=60)
    drafts += [type_draft("fire", fire)]
    flood = IncidentTypeRegistered(name="Flood", priority=3, capabilities=("boat",), limit_s=600)
    drafts += [type_draft("flood", flood)]
    for number in range(units):
        station = f"S{number}"
        drafts.append(station_draft(station, "fire", f"Station {number}", place(number * 1000)))
        fact = UnitEnrolled(
            callsign=f"E{number}",
            agency="fire",
            station=station,
            kind="Engine",
            capabilities=("fire",),
        )
        drafts.append(unit_draft(f"E{number}", fact))
    journal.append(Batch(entries=tuple(drafts), key="setup", actor=SYSTEM.label))
    picture = line_picture(journal, clock)
    try:
        yield picture
    finally:
        journal.close()


def line_picture(journal: Journal, clock: ManualClock | None = None) -> Picture:
    """A picture folded from the journal, in the straight-line world."""
    picture = empty_picture(journal, clock)
    picture.fold()
    return picture


def empty_picture(journal: Journal, clock: ManualClock | None = None) -> Picture:
    """The same before anything is folded."""
    roads, city = cast("Roads", LineRoads()), cast("Any", NoCity())
    return Picture(journal, clock or ManualClock(), Positions(), city, roads)
