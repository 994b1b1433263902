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
from callout.roads import nearest as _nearest
from callout.roads import route as _route
from callout.roads import search, snap
from callout.roads.graph import Graph, open_graph
from callout.roads.nearest import Ranking
from callout.roads.profile import CLOSED
from callout.roads.route import Route
from callout.roads.snap import REACH_M, Snap, Snaps

_MS_PER_MM_AT_1_KMH = 3.6


class _Metric(NamedTuple):
    """The weights in force; replaced as a whole, so a query sees one epoch from start to end."""

    epoch: int
    weights: dict[str, NDArray[np.int32]]
    pace: dict[str, float]


class Roads:
    """An opened road network. All methods may be called from any thread at once."""

    def __init__(self, graph: Graph) -> None:
        """Prefer :meth:`open`."""
        self.graph = graph
        self._backward = search.backward(graph)
        self._forward = search.forward(graph)
        self._snap_arrays = snap.snap_arrays(graph)
        self._named = (graph.arrays["road_name"] >= 0).astype(np.uint8)
        self._every_road = np.ones_like(self._named)
        self._thread = threading.local()
        self._applying = threading.Lock()
        self._base = {name: graph.arrays[f"edge_ms_{name}"] for name in graph.profiles}
        self._metric = self._new_metric(0, self._base)

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
        self.nearest(snaps.at(0), snaps, 1)
        self.times(snaps, snaps)
        self.route(snaps.at(0), snaps.at(snaps.size - 1))
        self.reach(snaps.at(0), 1.0)

    def snap(
        self,
        points: NDArray[np.int64],
        headings: NDArray[np.float32] | None = None,
        previous: NDArray[np.int32] | None = None,
        *,
        reach_m: float = REACH_M,
    ) -> Snaps:
        """The road that each of (n, 2) points (lon, lat in 1e-7 degree) is on.

        ``headings`` are degrees clockwise from north, NaN where unknown; ``previous`` the edges
        of the last snaps, -1 where unknown. Edge -1 where no road is within ``reach_m``.
        """
        return snap.snap_points(
            self._snap_arrays, points, headings, previous, self._every_road, reach_m
        )

    def nearest(self, to: Snap, candidates: Snaps, k: int, profile: str = "car") -> Ranking:
        """The at most k candidates that are there first: index, travel_ms, by time then index."""
        weight = self._weight(profile)
        return _nearest.nearest(self._backward, weight, self._work(), to, candidates, k)

    def times(self, sources: Snaps, targets: Snaps, profile: str = "car") -> NDArray[np.int64]:
        """(sources, targets) milliseconds, -1 where there is no way."""
        weight = self._weight(profile)
        table = np.empty((sources.size, targets.size), np.int64)
        for column in range(targets.size):
            table[:, column] = _nearest.times_to(
                self._backward, weight, self._work(), targets.at(column), sources
            )
        return table

    def route(self, a: Snap, b: Snap, profile: str = "car") -> Route | None:
        """The quickest way from a to b with its line, None when there is none."""
        metric = self._metric
        weight = self._weight(profile, metric)
        pace = metric.pace[profile]
        return _route.find_route(self.graph, self._forward, weight, pace, self._work(), a, b)

    def reach(
        self, origin: Snap, seconds: float, profile: str = "car"
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Edges whose end is reached within the time, and the milliseconds until there."""
        weight = self._weight(profile)
        limit_ms = round(seconds * 1000)
        return _route.reach_edges(self._forward, weight, self._work(), origin, limit_ms)

    def apply(self, closures: Sequence[int], speeds: Mapping[int, float]) -> int:
        """Replace all closures and speeds now in force; the new epoch.

        ``closures`` are directed edges nobody drives on, ``speeds`` km/h by directed edge (more
        than 0) for every profile that may use it. Both hold for later queries only.
        BadInputError for an edge that does not exist or a speed that is none.
        """
        with self._applying:
            weights = {
                name: self._changed(base, closures, speeds) for name, base in self._base.items()
            }
            self._metric = self._new_metric(self._metric.epoch + 1, weights)
            return self._metric.epoch

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
        found = snap.snap_points(self._snap_arrays, points, None, None, self._named, reach_m)
        return self.name(int(found.edge[0])) if found.edge[0] >= 0 else ""

    def _work(self) -> search.Work:
        work: search.Work | None = getattr(self._thread, "work", None)
        if work is None:
            work = self._thread.work = search.new_work(self.graph)
        return work

    def _weight(self, profile: str, metric: _Metric | None = None) -> NDArray[np.int32]:
        weights = (metric or self._metric).weights
        if profile not in weights:
            raise BadInputError(
                f"there is no profile {profile!r}", todo=f"Use one of: {', '.join(weights)}"
            )
        return weights[profile]

    def _new_metric(self, epoch: int, weights: dict[str, NDArray[np.int32]]) -> _Metric:
        pace = {name: _route.pace_ms_per_m(self.graph, weight) for name, weight in weights.items()}
        return _Metric(epoch, weights, pace)

    def _changed(
        self,
        base: NDArray[np.int32],
        closures: Sequence[int],
        speeds: Mapping[int, float],
    ) -> NDArray[np.int32]:
        weight = base.copy()
        arrays = self.graph.arrays
        for edge, kmh in speeds.items():
            self._check_edge(edge)
            if not kmh > 0:
                raise BadInputError(f"{kmh} km/h on edge {edge} is no speed", todo="Close the edge")
            if base[edge] != CLOSED:
                mm = int(arrays["road_mm"][arrays["edge_road"][edge]])
                weight[edge] = min(CLOSED - 1, max(1, round(mm * _MS_PER_MM_AT_1_KMH / kmh)))
        for edge in closures:
            self._check_edge(edge)
            weight[edge] = CLOSED
        # Copies lie on the same road as their base edges, whatever happens there.
        weight = np.ascontiguousarray(weight[arrays["edge_base"]], dtype=np.int32)
        # Kernels are compiled for read-only arrays, which mapped files are.
        weight.flags.writeable = False
        return weight

    def _check_edge(self, edge: int) -> None:
        if not 0 <= edge < len(self.graph.arrays["edge_road"]):
            raise BadInputError(f"there is no edge {edge}", todo="Snap the place again")
