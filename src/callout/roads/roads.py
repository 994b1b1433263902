"""How long to get there: the one seam through which other rooms ask about roads."""

import threading
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from callout.base.errors import BadInputError
from callout.base.geo import LonLat
from callout.roads import follow, search, snap
from callout.roads import nearest as _nearest
from callout.roads import route as _route
from callout.roads.answers import Ranking, Reach, Route, Times
from callout.roads.conditions import holds, local_moment
from callout.roads.graph import Graph, open_graph
from callout.roads.grid import BOTH, MAIN
from callout.roads.ground import Ground, Vehicle
from callout.roads.profile import CLOSED, DEFAULT
from callout.roads.raw import FERRY, WATER
from callout.roads.snap import REACH_M, Snap, Snaps
from callout.roads.table import Tables

# From so many targets on, a table is swept; fewer are searched one by one, which needs no fitting.
_SWEPT_TARGETS = 16
_MS_PER_MM_AT_1_KMH = 3.6


class _Driven(NamedTuple):
    """A vehicle's weights with closures and speeds in force."""

    vehicle: Vehicle
    weight: NDArray[np.int32]
    pace: float


class _Metric:
    """What is in force; replaced as a whole, so a query sees one epoch from start to end."""

    def __init__(
        self,
        epoch: int,
        ground: Ground,
        closures: Sequence[int] = (),
        speeds: Mapping[int, float] | None = None,
    ) -> None:
        self.epoch = epoch
        self.ground = ground
        self.closures = tuple(closures)
        self.speeds = dict(speeds or {})
        self._driven: dict[str, _Driven] = {}

    def driven(self, profile: str) -> _Driven:
        """One profile's weights, made when first asked for."""
        found = self._driven.get(profile)
        if found is None:
            found = self._driven[profile] = self._changed(self.ground.vehicle(profile))
        return found

    def _changed(self, vehicle: Vehicle) -> _Driven:
        if not self.closures and not self.speeds:
            return _Driven(vehicle, vehicle.weight, vehicle.pace)
        arrays, weight, pace = self.ground.graph.arrays, vehicle.weight.copy(), vehicle.pace
        for edge, kmh in self.speeds.items():
            if weight[edge] != CLOSED:
                mm = int(arrays["road_mm"][arrays["edge_road"][edge]])
                weight[edge] = min(CLOSED - 1, max(1, round(mm * _MS_PER_MM_AT_1_KMH / kmh)))
                pace = min(pace, float(weight[edge]) * 1000 / mm) if mm else pace
        weight[list(self.closures)] = CLOSED
        # Copies lie on the same road as their base edges, whatever happens there.
        weight = np.ascontiguousarray(weight[arrays["edge_base"]], dtype=np.int32)
        # Kernels are compiled for read-only arrays, which mapped files are.
        weight.flags.writeable = False
        return _Driven(vehicle, weight, pace)


class Roads:
    """An opened road network. All methods may be called from any thread at once.

    ``profile`` is everywhere the vehicle that is meant; BadInputError when there is none of that
    name.
    """

    def __init__(self, graph: Graph) -> None:
        """Prefer :meth:`open`."""
        self.graph = graph
        arrays = graph.arrays
        on_land = (arrays["road_flags"] & (WATER | FERRY)) == 0
        self._named = ((arrays["road_name"] >= 0) & on_land).astype(np.uint8)
        everything = np.full(len(arrays["grid_road"]), BOTH | MAIN, dtype=np.uint8)
        self._lines = follow.lines(graph)
        # Never written to, as what a vehicle snaps to is: one machine code serves both.
        for array in (self._named, everything):
            array.flags.writeable = False
        self._for_names = snap.snap_arrays(graph, arrays["road_edge"], everything)
        self._thread = threading.local()
        self._applying = threading.Lock()
        self._tables = Tables()
        self._metric = _Metric(0, Ground(graph))

    @classmethod
    def open(cls, graph_dir: Path) -> "Roads":
        """Map a city's graph folder; DamagedError when it is damaged or of another version."""
        return cls(open_graph(Path(graph_dir)))

    @property
    def epoch(self) -> int:
        """Grows with every :meth:`apply`; 0 after opening."""
        return self._metric.epoch

    @property
    def profiles(self) -> tuple[str, ...]:
        """Names of the vehicles that the graph has weights for; the first is the default."""
        return self.graph.profiles

    def warm(self) -> None:
        """Compile or load every kernel, so that the first alarm does not wait for it."""
        points = self.graph.arrays["junction_lonlat"][:2].astype(np.int64)
        snaps = self.snap(points)
        self.snap(points, None, snaps, np.zeros(len(points), np.float32))
        self.nearest(snaps.at(0), snaps, 1)
        self.times(snaps, snaps)
        self.route(snaps.at(0), snaps.at(snaps.size - 1))
        self.reach(snaps.at(0), 1.0)
        self.street_at(LonLat(*points[0].tolist()))

    def snap(
        self,
        points: NDArray[np.int64],
        headings: NDArray[np.float32] | None = None,
        previous: NDArray[np.int32] | Snaps | None = None,
        driven_m: NDArray[np.float32] | None = None,
        *,
        reach_m: float = REACH_M,
        profile: str = DEFAULT,
    ) -> Snaps:
        """The road that each of (n, 2) points (lon, lat in 1e-7 degree) is on.

        ``headings`` are degrees clockwise from north, NaN where unknown; ``previous`` the edges
        of the last snaps, -1 where unknown. With the last snaps whole and the metres driven since
        (speed times seconds, NaN where unknown) vehicles are followed along the roads, which is
        better than each fix for itself. Only roads that the profile may use now, closures aside.
        Edge -1 where none is within ``reach_m``.
        """
        vehicle = self._metric.ground.vehicle(profile)
        if isinstance(previous, Snaps):
            if driven_m is not None:
                if headings is None:
                    headings = np.full(len(points), np.nan, dtype=np.float32)
                return follow.follow_points(
                    vehicle.snapping, self._lines, vehicle.forward,
                    points, headings, previous, driven_m, vehicle.usable, reach_m,
                )  # fmt: skip
            previous = previous.edge
        return snap.snap_points(
            vehicle.snapping, points, headings, previous, vehicle.usable, reach_m
        )

    def on_island(self, edges: NDArray[np.int32], profile: str = DEFAULT) -> NDArray[np.bool_]:
        """(n,) whether each edge is off the part of the network from which one gets everywhere.

        From an island some places cannot be reached, or it cannot be reached from some. False
        for edge -1.
        """
        self._metric.ground.vehicle(profile)
        is_main = self.graph.arrays[f"edge_main_{profile}"]
        islands: NDArray[np.bool_] = (edges >= 0) & (is_main[edges] == 0)
        return islands

    def nearest(self, to: Snap, candidates: Snaps, k: int, profile: str = DEFAULT) -> Ranking:
        """The at most k candidates that are there first, by time then index."""
        metric = self._metric
        driven = metric.driven(profile)
        found = _nearest.nearest(
            driven.vehicle.backward, driven.weight, self._work(), to, candidates, k
        )
        return Ranking(*found, metric.epoch, profile)

    def times(self, sources: Snaps, targets: Snaps, profile: str = DEFAULT) -> Times:
        """Travel times from every source to every target.

        Many targets are swept over a contraction, on all cores. It is made at a profile's first
        such table (seconds for a city) and fitted to closures and speeds at each epoch's first.
        """
        metric = self._metric
        driven = metric.driven(profile)
        network, weight = driven.vehicle.backward, driven.weight
        table = None
        if targets.size >= _SWEPT_TARGETS:
            table = self._tables.times(
                profile, network, weight, driven.vehicle.weight, sources, targets
            )
        if table is None:
            table = np.empty((sources.size, targets.size), np.int64)
            for column in range(targets.size):
                table[:, column] = _nearest.times_to(
                    network, weight, self._work(), targets.at(column), sources
                )
        return Times(table, metric.epoch, profile)

    def route(self, a: Snap, b: Snap, profile: str = DEFAULT) -> Route | None:
        """The quickest way from a to b with its line, None when there is none."""
        metric = self._metric
        driven = metric.driven(profile)
        forward, weight = driven.vehicle.forward, driven.weight
        found = _route.find_route(self.graph, forward, weight, driven.pace, self._work(), a, b)
        return None if found is None else Route(*found, metric.epoch, profile)

    def reach(self, origin: Snap, seconds: float, profile: str = DEFAULT) -> Reach:
        """Edges whose end is reached within the time, and the milliseconds until there."""
        metric = self._metric
        driven = metric.driven(profile)
        limit_ms = round(seconds * 1000)
        found = _route.reach_edges(
            driven.vehicle.forward, driven.weight, self._work(), origin, limit_ms
        )
        return Reach(*found, metric.epoch, profile)

    def apply(self, closures: Sequence[int], speeds: Mapping[int, float]) -> int:
        """Replace all closures and speeds now in force; the new epoch.

        ``closures`` are directed edges nobody drives on, ``speeds`` km/h by directed edge (more
        than 0) for every profile that may use it. Both hold for later queries only.
        BadInputError for an edge that does not exist or a speed that is none.
        """
        for edge in (*closures, *speeds):
            self._check_edge(edge)
        for edge, kmh in speeds.items():
            if not kmh > 0:
                raise BadInputError(f"{kmh} km/h on edge {edge} is no speed", todo="Close the edge")
        with self._applying:
            old = self._metric
            self._metric = _Metric(old.epoch + 1, old.ground, closures, speeds)
            return self._metric.epoch

    def set_moment(self, now_us: int, zone: str) -> bool:
        """Put the rules in force that hold at a moment; whether any changed.

        ``now_us`` is UTC, ``zone`` the IANA name of the city's time zone, whose wall clock signs
        mean. Before the first call every ban that holds at certain times holds. A change counts
        the epoch up; it takes a tenth of a second, in which queries go on with the rules of
        before. BadInputError for a zone that is none.
        """
        moment = local_moment(now_us, zone)
        if not self.graph.times:
            return False
        holding = frozenset(
            number for number, time in enumerate(self.graph.times) if holds(time, moment)
        )
        with self._applying:
            old = self._metric
            ground = old.ground.at(holding)
            if ground is old.ground:
                return False
            self._metric = _Metric(old.epoch + 1, ground, old.closures, old.speeds)
            return True

    @property
    def times_holding(self) -> list[int] | None:
        """Positions of the graph's times that are in force; None before any moment was set."""
        holding = self._metric.ground.holding
        return None if holding is None else sorted(holding)

    def point(self, edge: int, offset: int) -> LonLat:
        """Where a place on an edge is on the map."""
        return LonLat(*_route.point_at(self.graph, edge, offset))

    def name(self, edge: int) -> str:
        """The street's name, "" when it has none."""
        arrays = self.graph.arrays
        name = int(arrays["road_name"][arrays["edge_road"][edge]])
        if name < 0:
            return ""
        low, high = arrays["name_ptr"][name], arrays["name_ptr"][name + 1]
        return arrays["name_utf8"][low:high].tobytes().decode()

    def street_names(self) -> list[str]:
        """Every name a road has; the position is the number in ``road_name``."""
        arrays = self.graph.arrays
        text = arrays["name_utf8"].tobytes()
        ptr = arrays["name_ptr"].tolist()
        return [text[a:b].decode() for a, b in pairwise(ptr)]

    def edges(self, area: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
        """Directed edges of every road that enters a polygon of lon, lat in 1e-7 degree."""
        shape = shapely.Polygon(area)
        arrays = self.graph.arrays
        ptr = arrays["road_ptr"]
        owner = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
        west, south, east, north = shape.bounds
        lonlat = arrays["shape_lonlat"]
        starts = ptr[:-1]
        # Boxes first: nearly every road is somewhere else.
        near = (
            (np.minimum.reduceat(lonlat[:, 0], starts) <= east)
            & (np.maximum.reduceat(lonlat[:, 0], starts) >= west)
            & (np.minimum.reduceat(lonlat[:, 1], starts) <= north)
            & (np.maximum.reduceat(lonlat[:, 1], starts) >= south)
        )
        roads = np.flatnonzero(near)
        keep = near[owner]
        lines = shapely.linestrings(
            lonlat[keep].astype(np.float64), indices=np.searchsorted(roads, owner[keep])
        )
        inside = roads[shapely.intersects(shape, lines)]
        found = arrays["road_edge"][inside].ravel()
        return np.unique(found[found >= 0]).astype(np.int32)

    def street_at(self, point: LonLat, reach_m: float = 250.0) -> str:
        """Name of the nearest street that has one, "" when none is within reach."""
        points = np.array([point], dtype=np.int64)
        found = snap.snap_points(self._for_names, points, None, None, self._named, reach_m)
        return self.name(int(found.edge[0])) if found.edge[0] >= 0 else ""

    def _work(self) -> search.Work:
        work: search.Work | None = getattr(self._thread, "work", None)
        if work is None:
            work = self._thread.work = search.new_work(self.graph)
        return work

    def _check_edge(self, edge: int) -> None:
        if not 0 <= edge < len(self.graph.arrays["edge_road"]):
            raise BadInputError(f"there is no edge {edge}", todo="Snap the place again")
