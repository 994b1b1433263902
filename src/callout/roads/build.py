"""From ways to an edge-based graph: the arrays that ``Roads.open`` maps. Pure computation.

A junction is where two ways meet, a way ends, or a barrier closes it. A road is the stretch of
one way between two junctions; it has a directed edge for each direction that may be driven.
docs/city.md lists every array.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from callout.base.errors import BadInputError
from callout.base.geo import E7, EARTH_RADIUS_M
from callout.roads.grid import grid_arrays
from callout.roads.profile import CLOSED, Profile
from callout.roads.raw import RawRoads
from callout.roads.turns import Edges, Turns, turn_table

Arrays = dict[str, NDArray[Any]]
_MS_PER_MM_AT_1_KMH: Final = 3.6
_LONGEST_MM: Final = 2**31 - 1


class _Split(NamedTuple):
    """Roads as stretches of the flat point list, and the junctions at their ends."""

    start: NDArray[np.int64]  # (roads,) first point
    stop: NDArray[np.int64]  # (roads,) last point, inclusive
    way: NDArray[np.int64]
    tail: NDArray[np.int32]  # (roads,) junction at the first point
    head: NDArray[np.int32]
    junction_node: NDArray[np.int64]  # (junctions,) position in the list of distinct nodes


def build_graph(raw: RawRoads, profiles: list[Profile]) -> tuple[Arrays, dict[str, Any]]:
    """All arrays of a graph folder and a report of counts.

    The first profile's turn costs and barriers are those of the graph. BadInputError when no way
    may be driven on, or a stretch is longer than 2,147 km.
    """
    raw = _drivable(raw)
    if len(raw.way_id) == 0:
        raise BadInputError(
            "there is no road in it that a vehicle may drive on",
            todo="Choose an extract that has highway=* ways (not boundaries or rail only)",
        )
    nodes, node_of = np.unique(raw.node_id, return_inverse=True)
    delay = _node_delays(raw, nodes)
    split = _split_ways(raw, node_of, delay)
    step_mm = _steps_mm(raw)
    split = _in_morton_order(raw, split)
    arrays = _road_arrays(raw, split, step_mm)
    passing = np.where(delay == CLOSED, 0, delay)[node_of].astype(np.int64)
    edges = _edges(raw, split, profiles, arrays, passing)._replace(
        junction_node=nodes[split.junction_node]
    )
    junction_delay = delay[split.junction_node]
    table = turn_table(edges, junction_delay, raw.restrictions, profiles[0])
    _add_edges(arrays, edges, table)
    _add_turns(arrays, table)
    arrays["junction_lonlat"] = _junction_lonlat(raw, split)
    grid, grid_shape = grid_arrays(arrays)
    arrays |= grid
    return arrays, _report(arrays, table, grid_shape)


def _drivable(raw: RawRoads) -> RawRoads:
    """Only the ways that some profile may use in some direction."""
    keep = np.zeros(len(raw.way_id), dtype=bool)
    for kmh in raw.kmh.values():
        keep |= (kmh > 0).any(axis=1)
    sizes = np.diff(raw.ptr)
    points = np.repeat(keep, sizes)
    return raw._replace(
        ptr=np.concatenate(([0], np.cumsum(sizes[keep]))).astype(np.int64),
        way_id=raw.way_id[keep],
        node_id=raw.node_id[points],
        lonlat=raw.lonlat[points],
        road_class=raw.road_class[keep],
        flags=raw.flags[keep],
        name=raw.name[keep],
        kmh={name: kmh[keep] for name, kmh in raw.kmh.items()},
    )


def _node_delays(raw: RawRoads, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Milliseconds of passing each distinct node, CLOSED where nothing passes."""
    delay = np.zeros(len(nodes), dtype=np.int64)
    place = np.searchsorted(nodes, raw.delay_node)
    place[place == len(nodes)] = 0
    known = nodes[place] == raw.delay_node
    delay[place[known]] = raw.delay_ms[known]
    return delay


def _split_ways(raw: RawRoads, node_of: NDArray[np.int64], delay: NDArray[np.int64]) -> _Split:
    uses = np.bincount(node_of)
    ends = np.concatenate((raw.ptr[:-1], raw.ptr[1:] - 1))
    is_junction = (uses > 1) | (delay == CLOSED)
    is_junction[node_of[ends]] = True
    cut = np.flatnonzero(is_junction[node_of])
    way = np.repeat(np.arange(len(raw.way_id)), np.diff(raw.ptr))[cut]
    same = way[:-1] == way[1:]
    number = np.cumsum(is_junction).astype(np.int32) - 1
    start, stop = cut[:-1][same], cut[1:][same]
    return _Split(
        start=start,
        stop=stop,
        way=way[:-1][same],
        tail=number[node_of[start]],
        head=number[node_of[stop]],
        junction_node=np.flatnonzero(is_junction),
    )


def _steps_mm(raw: RawRoads) -> NDArray[np.int64]:
    """(points,) whole millimetres from each point to the next one in the flat list.

    Haversine (Sinnott 1984). The step after a way's last point means nothing and is never read.
    """
    lon = np.radians(raw.lonlat[:, 0] / E7)
    lat = np.radians(raw.lonlat[:, 1] / E7)
    h = (
        np.sin(np.diff(lat) / 2) ** 2
        + np.cos(lat[:-1]) * np.cos(lat[1:]) * np.sin(np.diff(lon) / 2) ** 2
    )
    metres = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, h)))
    return np.append(np.rint(metres * 1000).astype(np.int64), 0)


def _in_morton_order(raw: RawRoads, split: _Split) -> _Split:
    """Roads sorted along a Z-curve of their first points, so that neighbours share memory pages.

    Morton (1966), with 16 bits a side.
    """
    first = raw.lonlat[split.start].astype(np.int64)
    low = first.min(axis=0)
    span = max(1, int((first - low).max()))
    scaled = ((first - low) * 65_535 // span).astype(np.uint32)
    order = np.argsort(
        _spread(scaled[:, 0]) | (_spread(scaled[:, 1]) << np.uint32(1)), kind="stable"
    )
    return split._replace(
        start=split.start[order],
        stop=split.stop[order],
        way=split.way[order],
        tail=split.tail[order],
        head=split.head[order],
    )


def _spread(bits: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The low 16 bits with a gap after each (Warren, Hacker's Delight, 7-2)."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        bits = (bits | (bits << np.uint32(shift))) & np.uint32(mask)
    return bits


def _road_arrays(raw: RawRoads, split: _Split, step_mm: NDArray[np.int64]) -> Arrays:
    """Geometry, names and classes, one row a road."""
    sizes = split.stop - split.start + 1
    ptr = np.concatenate(([0], np.cumsum(sizes)))
    point = np.arange(ptr[-1]) - np.repeat(ptr[:-1] - split.start, sizes)
    along = np.concatenate(([0], np.cumsum(step_mm)))
    shape_mm = along[point] - np.repeat(along[split.start], sizes)
    road_mm = along[split.stop] - along[split.start]
    if road_mm.max() > _LONGEST_MM:
        raise BadInputError(
            f"a stretch of way {raw.way_id[split.way[road_mm.argmax()]]} is longer than 2,147 km",
            todo="Remove that way from the extract; its points are wrong",
        )
    encoded = [name.encode() for name in raw.names]
    return {
        "road_ptr": ptr.astype(np.int64),
        "road_mm": road_mm.astype(np.int32),
        "road_way": raw.way_id[split.way],
        "road_class": raw.road_class[split.way],
        "road_flags": raw.flags[split.way],
        "road_name": raw.name[split.way],
        "shape_lonlat": raw.lonlat[point],
        "shape_mm": shape_mm.astype(np.int32),
        "name_ptr": np.cumsum([0, *map(len, encoded)]).astype(np.int64),
        "name_utf8": np.frombuffer(b"".join(encoded) or b"\0", dtype=np.uint8),
    }


def _edges(
    raw: RawRoads,
    split: _Split,
    profiles: list[Profile],
    arrays: Arrays,
    passing: NDArray[np.int64],
) -> Edges:
    """Directed edges with weights; a road's two directions stand side by side."""
    kmh = np.stack([raw.kmh[profile.name][split.way] for profile in profiles])
    usable = (kmh > 0).any(axis=0)
    road, backward = np.nonzero(usable)
    is_back = backward.astype(bool)
    number = np.full(usable.shape, -1, dtype=np.int32)
    number[road, backward] = np.arange(len(road))
    total = np.concatenate(([0], np.cumsum(passing)))
    inner_ms = total[split.stop] - total[split.start + 1]
    weights = {}
    for index, profile in enumerate(profiles):
        speed = kmh[index, road, backward].astype(np.float64)
        open_ = speed > 0
        ms = np.full(len(road), CLOSED, dtype=np.int64)
        rolling = arrays["road_mm"][road][open_] * _MS_PER_MM_AT_1_KMH / speed[open_]
        # At least 1 ms, also on a road of 0 m: no cycle is free and no weight is an absent one.
        ms[open_] = np.maximum(1, np.rint(rolling).astype(np.int64)) + inner_ms[road][open_]
        weights[profile.name] = np.minimum(ms, CLOSED).astype(np.int32)
    start, stop = split.start[road], split.stop[road]
    out_first = _bearing(raw.lonlat, np.where(is_back, stop, start), np.where(is_back, -1, 1))
    in_last = _bearing(raw.lonlat, np.where(is_back, start, stop), np.where(is_back, 1, -1))
    return Edges(
        road=road.astype(np.int32),
        tail=np.where(is_back, split.head[road], split.tail[road]).astype(np.int32),
        head=np.where(is_back, split.tail[road], split.head[road]).astype(np.int32),
        opposite=np.where(is_back, number[road, 0], number[road, 1]).astype(np.int32),
        way=raw.way_id[split.way[road]],
        bearing_out=out_first,
        bearing_in=(in_last + 180.0) % 360.0,
        weights=weights,
        road_ends=(split.tail, split.head),
        junction_node=split.junction_node,
    )


def _bearing(
    lonlat: NDArray[np.int32], point: NDArray[np.int64], step: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compass bearing in degrees from a point towards its neighbour in the flat list."""
    here = lonlat[point].astype(np.float64)
    away = lonlat[point + step] - here
    east = away[:, 0] * np.cos(np.radians(here[:, 1] / E7))
    return np.asarray(np.degrees(np.arctan2(east, away[:, 1])) % 360.0)


def _add_edges(arrays: Arrays, edges: Edges, table: Turns) -> None:
    """Edge arrays, with the copies made for via-way restrictions appended."""
    base = np.concatenate((np.arange(len(edges.road)), table.copies)).astype(np.int32)
    arrays["edge_road"] = edges.road[base]
    arrays["edge_from"] = edges.tail[base]
    arrays["edge_to"] = edges.head[base]
    arrays["edge_opposite"] = edges.opposite[base]
    arrays["edge_base"] = base
    arrays["edge_copy"] = _chains(base)
    for name, ms in edges.weights.items():
        arrays[f"edge_ms_{name}"] = ms[base]
    forward = np.full((len(arrays["road_mm"]), 2), -1, dtype=np.int32)
    along = edges.tail == edges.road_ends[0][edges.road]
    # A loop starts and ends in the same junction: the first edge of the pair is the forward one.
    second = np.concatenate(([False], edges.road[1:] == edges.road[:-1]))
    along &= ~second
    forward[edges.road[along], 0] = np.flatnonzero(along)
    forward[edges.road[~along], 1] = np.flatnonzero(~along)
    arrays["road_edge"] = forward


def _chains(base: NDArray[np.int32]) -> NDArray[np.int32]:
    """(edges,) the next copy of the same base edge, -1 at the end of the chain."""
    following = np.full(len(base), -1, dtype=np.int32)
    for edge in range(len(base) - 1, -1, -1):
        if base[edge] == edge:
            break
        following[edge], following[base[edge]] = following[base[edge]], edge
    return following


def _add_turns(arrays: Arrays, table: Turns) -> None:
    """The CSR of turns, its transpose for backward searches, and the strongly connected part."""
    count = len(arrays["edge_road"])
    arrays["turn_from_ptr"] = table.ptr
    arrays["turn_to"] = table.to
    arrays["turn_ms"] = table.ms
    order = np.argsort(table.to, kind="stable")
    came_from = np.repeat(np.arange(count, dtype=np.int32), np.diff(table.ptr))
    arrays["turn_back_ptr"] = np.concatenate(
        ([0], np.cumsum(np.bincount(table.to, minlength=count)))
    ).astype(np.int64)
    arrays["turn_back_from"] = came_from[order]
    arrays["turn_back_ms"] = table.ms[order]
    ones = np.ones(len(table.to), dtype=np.int8)
    graph = csr_array((ones, table.to, table.ptr), shape=(count, count))
    _, label = connected_components(graph, directed=True, connection="strong")
    is_main = label == np.bincount(label).argmax()
    # Where only an edge's copies can be entered, the place on the road is reached all the same.
    reached = np.zeros(count, dtype=bool)
    np.logical_or.at(reached, arrays["edge_base"], is_main)
    arrays["edge_main"] = reached[arrays["edge_base"]].astype(np.uint8)


def _junction_lonlat(raw: RawRoads, split: _Split) -> NDArray[np.int32]:
    lonlat = np.zeros((len(split.junction_node), 2), dtype=np.int32)
    lonlat[split.tail] = raw.lonlat[split.start]
    lonlat[split.head] = raw.lonlat[split.stop]
    return lonlat


def _report(arrays: Arrays, table: Turns, grid: dict[str, int]) -> dict[str, Any]:
    base = arrays["edge_base"] == np.arange(len(arrays["edge_base"]))
    return {
        "grid": grid,
        "counts": {
            "junctions": len(arrays["junction_lonlat"]),
            "roads": len(arrays["road_mm"]),
            "road_km": round(int(arrays["road_mm"].sum(dtype=np.int64)) / 1_000_000, 1),
            "edges": int(base.sum()),
            "edge_copies": int((~base).sum()),
            "turns": len(arrays["turn_to"]),
            "edges_off_main": int((arrays["edge_main"] == 0).sum()),
            **table.report,
        },
    }
