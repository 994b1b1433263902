"""Which road a vehicle is on, from its last place and how far it has driven since.

One step of a hidden Markov map matcher (Newson & Krumm 2009) that keeps only its best place: every
way on from the last place is a candidate, the fix and the distance driven say where on it, weighed
as in a Kalman filter with a steady gain, and the least misfit wins. Where no way on fits, the fix
is snapped afresh.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.roads.graph import Graph
from callout.roads.jit import kernel
from callout.roads.search import Forward
from callout.roads.snap import SnapArrays, Snaps, other_way, snap_one

# Standard deviations: a fix, a heading, a place expected (its own error and that of the speed).
_FIX_M = 8.0
_HEADING_RAD = math.radians(12.0)
_EXPECTED_M = 2.5
_EXPECTED_PER_M = 0.05
# A heading further off than this says no more (a wrong one must not outweigh everything).
_HEADING_MOST_RAD = math.radians(75.0)
# A fix that no way on explains better than this (half squared deviations) may be snapped afresh.
_AFRESH = 5.0
# Ways on are followed this far past the place expected, and only after drives so long.
_PAST_M = 25.0
_DRIVEN_MOST_M = 150.0
_BACK_M = 5.0
_MOST_EDGES = 48
_M_PER_E7 = 0.011119508


class Lines(NamedTuple):
    """Roads' points; see docs/city.md."""

    road_ptr: NDArray[np.int64]
    shape_lonlat: NDArray[np.int32]


def lines(graph: Graph) -> Lines:
    """The graph's arrays for :func:`follow_points`."""
    return Lines(graph.arrays["road_ptr"], graph.arrays["shape_lonlat"])


def follow_points(
    arrays: SnapArrays,
    roads: Lines,
    network: Forward,
    points: NDArray[np.int64],
    headings: NDArray[np.float32],
    last: Snaps,
    driven_m: NDArray[np.float32],
    allowed: NDArray[np.uint8],
    reach_m: float,
) -> Snaps:
    """Snap (n, 2) points that come after ``last``; those without a last place as if first seen."""
    count = len(points)
    found = Snaps(
        np.empty(count, np.int32),
        np.empty(count, np.int32),
        np.empty(count, np.int32),
        np.empty(count, np.float32),
    )
    _follow(
        arrays, roads, network,
        np.ascontiguousarray(points, dtype=np.int64),
        np.ascontiguousarray(headings, dtype=np.float32),
        np.ascontiguousarray(last.edge, dtype=np.int32),
        np.ascontiguousarray(last.offset, dtype=np.int32),
        np.ascontiguousarray(driven_m, dtype=np.float32),
        allowed, reach_m, found,
    )  # fmt: skip
    return found


@kernel
def _follow(
    arrays: SnapArrays,
    roads: Lines,
    network: Forward,
    points: NDArray[np.int64],
    headings: NDArray[np.float32],
    previous: NDArray[np.int32],
    offsets: NDArray[np.int32],
    driven_m: NDArray[np.float32],
    allowed: NDArray[np.uint8],
    reach_m: float,
    found: Snaps,
) -> None:
    edges = np.empty(_MOST_EDGES, np.int32)
    starts = np.empty(_MOST_EDGES, np.float64)
    for index in range(len(points)):
        x, y = points[index, 0], points[index, 1]
        heading = math.radians(float(headings[index]))
        east, north = math.sin(heading), math.cos(heading)
        last, driven = previous[index], float(driven_m[index])
        cost, edge, offset, metres = np.inf, -1, 0, np.inf
        if 0 <= last < len(arrays.edge_road) and 0.0 <= driven <= _DRIVEN_MOST_M:
            cost, edge, offset, metres = _way_on(
                arrays, roads, network, x, y, east, north, last, offsets[index], driven,
                edges, starts,
            )  # fmt: skip
        if cost > _AFRESH:
            other, place, far = snap_one(arrays, x, y, east, north, last, allowed, reach_m)
            if other < 0:
                edge, offset, metres = -1, 0, np.inf
            else:
                afresh, _, _ = _on_edge(
                    arrays, roads, x, y, east, north, other, 0.0, 0.0, -1.0, np.inf
                )
                if afresh + _AFRESH < cost:
                    edge, offset, metres = other, place, far
        found.edge[index] = edge
        found.offset[index] = offset
        found.distance_m[index] = metres
        found.other[index] = other_way(arrays, edge)


@kernel
def _way_on(
    arrays: SnapArrays,
    roads: Lines,
    network: Forward,
    x: int,
    y: int,
    east: float,
    north: float,
    last: int,
    offset: int,
    driven: float,
    edges: NDArray[np.int32],
    starts: NDArray[np.float64],
) -> tuple[float, int, int, float]:
    """Least misfit of all ways on, with its edge, offset and metres from the fix."""
    spread = math.sqrt(_EXPECTED_M**2 + (_EXPECTED_PER_M * driven) ** 2)
    best, best_edge, best_offset, best_m = np.inf, -1, 0, np.inf
    edges[0] = last
    starts[0] = -arrays.road_mm[arrays.edge_road[last]] * 1e-9 * offset
    count, at = 1, 0
    while at < count:
        edge, start = edges[at], starts[at]
        at += 1
        length = arrays.road_mm[arrays.edge_road[edge]] * 1e-3
        cost, along, metres = _on_edge(
            arrays, roads, x, y, east, north, edge, start, driven, spread, best
        )
        if cost < best:
            best, best_edge, best_m = cost, edge, metres
            best_offset = 0 if length == 0.0 else int((along - start) / length * 1e6 + 0.5)
        if start + length > driven + _PAST_M:
            continue
        for turn in range(network.ptr[edge], network.ptr[edge + 1]):
            if count == len(edges):
                break
            edges[count] = network.base[network.turn_to[turn]]
            starts[count] = start + length
            count += 1
    return best, best_edge, min(1_000_000, max(0, best_offset)), best_m


@kernel
def _on_edge(
    arrays: SnapArrays,
    roads: Lines,
    x: int,
    y: int,
    east: float,
    north: float,
    edge: int,
    start: float,
    driven: float,
    spread: float,
    best: float,
) -> tuple[float, float, float]:
    """Least misfit on an edge that begins ``start`` metres from the last place; where, how far off.

    ``spread`` below 0: nothing is expected.
    """
    road = arrays.edge_road[edge]
    low, high = roads.road_ptr[road], roads.road_ptr[road + 1]
    ahead = arrays.road_edge[road, 0] == edge
    to_y = _M_PER_E7
    to_x = _M_PER_E7 * math.cos(math.radians(y * 1e-7))
    gain = spread * spread / (spread * spread + _FIX_M * _FIX_M) if spread >= 0.0 else 1.0
    found_s, found_m = 0.0, np.inf
    for step in range(high - low - 1):
        a = low + step if ahead else high - 1 - step
        b = a + 1 if ahead else a - 1
        s_a = arrays.shape_mm[a] if ahead else arrays.road_mm[road] - arrays.shape_mm[a]
        s_a = start + s_a * 1e-3
        piece_m = abs(arrays.shape_mm[b] - arrays.shape_mm[a]) * 1e-3
        ax, ay = (roads.shape_lonlat[a, 0] - x) * to_x, (roads.shape_lonlat[a, 1] - y) * to_y
        vx = (roads.shape_lonlat[b, 0] - x) * to_x - ax
        vy = (roads.shape_lonlat[b, 1] - y) * to_y - ay
        squared = vx * vx + vy * vy
        t = -(ax * vx + ay * vy) / squared if squared > 0.0 else 0.0
        s = s_a + t * piece_m
        if spread >= 0.0:
            s = max(driven + gain * (s - driven), -_BACK_M)
        s = min(s_a + piece_m, max(s_a, s))
        part = (s - s_a) / piece_m if piece_m > 0.0 else 0.0
        px, py = ax + part * vx, ay + part * vy
        cost = (px * px + py * py) / (2.0 * _FIX_M * _FIX_M)
        if spread >= 0.0:
            cost += (s - driven) ** 2 / (2.0 * spread * spread)
        if squared > 0.0 and not math.isnan(east):
            cosine = (vx * east + vy * north) / math.sqrt(squared)
            off = min(_HEADING_MOST_RAD, math.acos(min(1.0, max(-1.0, cosine))))
            cost += off * off / (2.0 * _HEADING_RAD * _HEADING_RAD)
        if cost < best:
            best, found_s, found_m = cost, s, math.sqrt(px * px + py * py)
    return (best, found_s, found_m) if found_m < np.inf else (np.inf, 0.0, np.inf)
