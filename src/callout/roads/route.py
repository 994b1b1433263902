"""The way from a unit to a place: an A* search forwards, then the line on the map.

Hart, Nilsson & Raphael (1968), with straight line at the fastest pace as the lower bound.
Labels may be corrected, so the bound need not be consistent, only never too high.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.roads.graph import Graph
from callout.roads.heap import pop, push
from callout.roads.jit import kernel
from callout.roads.nearest import _next_round
from callout.roads.profile import CLOSED
from callout.roads.search import Forward, Work
from callout.roads.snap import Snap

_MILLION = 1_000_000
_LOW_32 = 0xFFFFFFFF
# Metres of 1e-7 degree of latitude, half a percent short: a flat earth must not be longer.
_LEAST_M_PER_E7 = 0.011119508 * 0.995


class Way(NamedTuple):
    """A way by road: the first four fields of :class:`~callout.roads.answers.Route`."""

    travel_ms: int
    distance_m: float
    lonlat: NDArray[np.int64]
    edges: NDArray[np.int32]


def pace_ms_per_m(graph: Graph, weight: NDArray[np.int32]) -> float:
    """Least milliseconds that any open road takes for a metre."""
    metres = graph.arrays["road_mm"][graph.arrays["edge_road"]] / 1000
    counted = (metres > 0) & (weight != CLOSED)
    return float((weight[counted] / metres[counted]).min()) if counted.any() else 0.0


def find_route(
    graph: Graph,
    network: Forward,
    weight: NDArray[np.int32],
    pace: float,
    work: Work,
    a: Snap,
    b: Snap,
) -> Way | None:
    """The quickest way from ``a`` to ``b``, None when there is none."""
    if a.edge < 0 or b.edge < 0:
        return None
    x, y = point_at(graph, b.edge, b.offset)
    travel_ms, last, target = _search(
        network, weight, work, a.edge, a.offset, a.other, b.edge, b.offset, b.other, x, y, pace
    )
    if travel_ms < 0:
        return None
    states = [target]
    while last >= 0:
        states.append(last)
        last = int(work.parent[last])
    edges = graph.arrays["edge_base"][np.array(states[::-1])]
    start = a.offset if edges[0] == a.edge else _MILLION - a.offset
    stop = b.offset if edges[-1] == b.edge else _MILLION - b.offset
    return Way(travel_ms, *_line(graph, edges, start, stop), edges)


def point_at(graph: Graph, edge: int, offset: int) -> tuple[int, int]:
    """lon, lat (1e-7 degree) of a place on an edge."""
    x, y = edge_line(graph, edge, offset, offset)[0]
    return int(x), int(y)


def edge_line(graph: Graph, edge: int, start: int, stop: int) -> NDArray[np.int64]:
    """(m, 2) points of an edge from offset ``start`` to ``stop`` (millionths, start <= stop)."""
    arrays = graph.arrays
    road = int(arrays["edge_road"][edge])
    low, high = arrays["road_ptr"][road], arrays["road_ptr"][road + 1]
    lonlat = arrays["shape_lonlat"][low:high].astype(np.float64)
    along = arrays["shape_mm"][low:high].astype(np.float64)
    length = along[-1]
    is_back = arrays["road_edge"][road, 0] != arrays["edge_base"][edge]
    if is_back:
        lonlat, along = lonlat[::-1], length - along[::-1]
    ends = np.array([start, stop]) / _MILLION * length
    inner = (along > ends[0]) & (along < ends[1])
    ends_lonlat = np.stack([np.interp(ends, along, lonlat[:, axis]) for axis in (0, 1)], axis=1)
    whole = np.concatenate((ends_lonlat[:1], lonlat[inner], ends_lonlat[1:]))
    rounded: NDArray[np.int64] = np.rint(whole).astype(np.int64)
    return rounded


def _line(
    graph: Graph, edges: NDArray[np.int32], start: int, stop: int
) -> tuple[float, NDArray[np.int64]]:
    """Metres and the (m, 2) line along the edges, without points that repeat the one before."""
    last = len(edges) - 1
    lengths = graph.arrays["road_mm"][graph.arrays["edge_road"][edges]].astype(np.float64)
    if last == 0:
        line = edge_line(graph, int(edges[0]), start, stop)
        metres = float(lengths[0] * (stop - start) / _MILLION / 1000)
    else:
        first = edge_line(graph, int(edges[0]), start, _MILLION)
        end = edge_line(graph, int(edges[-1]), 0, stop)
        line = np.concatenate((first, _whole_lines(graph, edges[1:-1]), end))
        ends = lengths[0] * (_MILLION - start) + lengths[-1] * stop
        metres = float((lengths[1:-1].sum() + ends / _MILLION) / 1000)
    moved = np.append(True, (np.diff(line, axis=0) != 0).any(axis=1))
    return metres, line[moved] if moved.sum() > 1 else line[:2]


@kernel
def _search(  # noqa: C901, PLR0912 - the search, read from top to bottom
    network: Forward,
    weight: NDArray[np.int32],
    work: Work,
    from_edge: int,
    from_offset: int,
    from_other: int,
    to_edge: int,
    to_offset: int,
    to_other: int,
    x: int,
    y: int,
    pace: float,
) -> tuple[int, int, int]:
    """Milliseconds, the state before the target and the target's edge; -1 when there is no way.

    The label of an edge is the time from the start until its end.
    """
    this = _next_round(work)
    best, best_last, best_target = -1, -1, -1
    size = 0
    for side in range(2):
        a = from_edge if side == 0 else from_other
        if a < 0 or weight[a] == CLOSED:
            continue
        p = from_offset if side == 0 else _MILLION - from_offset
        done = int(weight[a]) * p // _MILLION
        at = -1
        if a == to_edge:
            at = to_offset
        elif a == to_other:
            at = _MILLION - to_offset
        if at >= p:
            ms = int(weight[a]) * at // _MILLION - done
            if best < 0 or ms < best:
                best, best_last, best_target = ms, -1, int(a)
        size = _offer(network, work, a, -1, int(weight[a]) - done, size, this, x, y, pace)
    while size > 0:
        key = work.heap[0]
        size = pop(work.heap, size)
        if best >= 0 and key >> 32 >= best:
            break
        a = key & _LOW_32
        label = work.label[a]
        if key >> 32 > label + _bound_ms(network, a, x, y, pace):
            continue
        for turn in range(network.ptr[a], network.ptr[a + 1]):
            e = network.turn_to[turn]
            if weight[e] == CLOSED:
                continue
            start = label + network.turn_ms[turn]
            base = network.base[e]
            if base in (to_edge, to_other):
                at = to_offset if base == to_edge else _MILLION - to_offset
                ms = start + int(weight[e]) * at // _MILLION
                if best < 0 or ms < best:
                    best, best_last, best_target = ms, int(a), int(base)
            size = _offer(network, work, e, a, start + weight[e], size, this, x, y, pace)
    return best, best_last, best_target


@kernel
def _offer(
    network: Forward,
    work: Work,
    edge: int,
    parent: int,
    label: int,
    size: int,
    this: int,
    x: int,
    y: int,
    pace: float,
) -> int:
    if work.stamp[edge] == this and work.label[edge] <= label:
        return size
    work.stamp[edge] = this
    work.label[edge] = label
    work.parent[edge] = parent
    total = label + _bound_ms(network, edge, x, y, pace)
    return push(work.heap, size, (total << 32) | edge)


@kernel
def _bound_ms(network: Forward, edge: int, x: int, y: int, pace: float) -> int:
    """No way from the end of the edge to the point takes less than this."""
    junction = network.edge_to[edge]
    lon, lat = network.junction_lonlat[junction, 0], network.junction_lonlat[junction, 1]
    squeeze = math.cos(math.radians(max(abs(lat), abs(y)) * 1e-7))
    east, north = (lon - x) * squeeze, float(lat - y)
    return int(math.sqrt(east * east + north * north) * _LEAST_M_PER_E7 * pace)


def reach_edges(
    network: Forward, weight: NDArray[np.int32], work: Work, origin: Snap, limit_ms: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Base edges whose end can be reached within the limit, and the milliseconds until there."""
    if origin.edge < 0:
        return np.empty(0, np.int32), np.empty(0, np.int64)
    _flood(network, weight, work, origin.edge, origin.offset, origin.other, limit_ms)
    edges = np.flatnonzero(work.stamp == work.round[0])
    base = network.base[edges]
    order = np.lexsort((work.label[edges], base))
    first = np.append(True, np.diff(base[order]) != 0) if len(base) else np.empty(0, bool)
    return base[order][first], work.label[edges[order][first]]


@kernel
def _flood(
    network: Forward,
    weight: NDArray[np.int32],
    work: Work,
    edge: int,
    offset: int,
    other: int,
    limit_ms: int,
) -> None:
    this = _next_round(work)
    size = 0
    for side in range(2):
        a = edge if side == 0 else other
        if a < 0 or weight[a] == CLOSED:
            continue
        p = offset if side == 0 else _MILLION - offset
        rest = int(weight[a]) - int(weight[a]) * p // _MILLION
        if rest <= limit_ms:
            size = _offer(network, work, a, -1, rest, size, this, 0, 0, 0.0)
    while size > 0:
        key = work.heap[0]
        size = pop(work.heap, size)
        a = key & _LOW_32
        if key >> 32 > work.label[a]:
            continue
        for turn in range(network.ptr[a], network.ptr[a + 1]):
            e = network.turn_to[turn]
            if weight[e] == CLOSED:
                continue
            label = work.label[a] + network.turn_ms[turn] + weight[e]
            if label <= limit_ms:
                size = _offer(network, work, e, a, label, size, this, 0, 0, 0.0)


def _whole_lines(graph: Graph, edges: NDArray[np.int32]) -> NDArray[np.int64]:
    """(m, 2) points of edges from start to end, one after the other: one gather for all."""
    arrays = graph.arrays
    roads = arrays["edge_road"][edges]
    low, high = arrays["road_ptr"][roads].astype(np.int64), arrays["road_ptr"][roads + 1]
    counts = high - low
    is_back = arrays["road_edge"][roads, 0] != arrays["edge_base"][edges]
    begins = np.where(is_back, high - 1, low)
    steps = np.where(is_back, -1, 1)
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    points = arrays["shape_lonlat"][np.repeat(begins, counts) + nth * np.repeat(steps, counts)]
    whole: NDArray[np.int64] = points.astype(np.int64)
    return whole
