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
from callout.roads.raw import MOST_TIMES, SLIPWAY, WATER, RawRoads
from callout.roads.turns import AFLOAT, LAND, SHORE, Edges, Turns, turn_table

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

    One graph for every profile, of all that any of them may use. BadInputError when the first
    profile may use no way, or a stretch is longer than 2,147 km.
    """
    raw = _drivable(raw)
    if not (raw.kmh[profiles[0].name] > 0).any():
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
    edges = _edges(raw, split, profiles, arrays, _inner_ms(delay, node_of, split))._replace(
        junction_node=nodes[split.junction_node]
    )
    junction_delay = {name: ms[split.junction_node] for name, ms in delay.items()}
    table = turn_table(edges, junction_delay, raw.restrictions, profiles)
    arrays |= edge_cases(raw, split, profiles, arrays, edges, _inner_ms(delay, node_of, split))
    _add_edges(arrays, edges, table)
    _add_turns(arrays, table, profiles)
    arrays["junction_lonlat"] = _junction_lonlat(raw, split)
    grid, grid_shape = grid_arrays(arrays)
    arrays |= grid
    return arrays, _report(arrays, table, grid_shape, raw, profiles)


def _drivable(raw: RawRoads) -> RawRoads:
    """Only the ways that some profile may use in some direction at some time."""
    keep = np.zeros(len(raw.way_id), dtype=bool)
    for kmh in raw.kmh.values():
        keep |= (kmh > 0).any(axis=1)
    for case in raw.cases:
        keep[case.way] |= bool((case.kmh > 0).any())
    sizes = np.diff(raw.ptr)
    points = np.repeat(keep, sizes)
    number = np.cumsum(keep) - 1
    return raw._replace(
        ptr=np.concatenate(([0], np.cumsum(sizes[keep]))).astype(np.int64),
        way_id=raw.way_id[keep],
        node_id=raw.node_id[points],
        lonlat=raw.lonlat[points],
        road_class=raw.road_class[keep],
        flags=raw.flags[keep],
        oneway=raw.oneway[keep],
        name=raw.name[keep],
        kmh={name: kmh[keep] for name, kmh in raw.kmh.items()},
        enter_ms={name: ms[keep] for name, ms in raw.enter_ms.items()},
        cases=[case._replace(way=int(number[case.way])) for case in raw.cases if keep[case.way]],
    )


def _node_delays(raw: RawRoads, nodes: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Milliseconds of passing each distinct node by profile, CLOSED where it does not pass."""
    place = np.searchsorted(nodes, raw.delay_node)
    place[place == len(nodes)] = 0
    known = nodes[place] == raw.delay_node
    delays = {}
    for name, ms in raw.delay_ms.items():
        delays[name] = np.zeros(len(nodes), dtype=np.int64)
        delays[name][place[known]] = ms[known]
    return delays


def _inner_ms(
    delay: dict[str, NDArray[np.int64]], node_of: NDArray[np.int64], split: _Split
) -> dict[str, NDArray[np.int64]]:
    """(roads,) by profile: what the nodes inside a road cost. Closed ones are junctions."""
    inner = {}
    for name, ms in delay.items():
        passing = np.where(ms == CLOSED, 0, ms)[node_of]
        total = np.concatenate(([0], np.cumsum(passing)))
        inner[name] = total[split.stop] - total[split.start + 1]
    return inner


def _split_ways(
    raw: RawRoads, node_of: NDArray[np.int64], delay: dict[str, NDArray[np.int64]]
) -> _Split:
    uses = np.bincount(node_of)
    ends = np.concatenate((raw.ptr[:-1], raw.ptr[1:] - 1))
    is_junction = uses > 1
    for ms in delay.values():
        is_junction |= ms == CLOSED
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
    inner_ms: dict[str, NDArray[np.int64]],
) -> Edges:
    """Directed edges with weights; a road's two directions stand side by side."""
    ever = {profile.name: raw.kmh[profile.name] > 0 for profile in profiles}
    for case in raw.cases:
        for number, profile in enumerate(profiles):
            ever[profile.name][case.way] |= (case.kmh[:, number] > 0).any(axis=0)
    usable = np.logical_or.reduce([open_[split.way] for open_ in ever.values()])
    road, backward = np.nonzero(usable)
    is_back = backward.astype(bool)
    number_of = np.full(usable.shape, -1, dtype=np.int32)
    number_of[road, backward] = np.arange(len(road))
    way = split.way[road]
    weights = {
        name: edge_ms(arrays["road_mm"][road], kmh[way, backward], inner_ms[name][road])
        for name, kmh in raw.kmh.items()
    }
    flags, oneway = raw.flags[way], raw.oneway[way]
    medium = np.where(flags & WATER != 0, AFLOAT, np.where(flags & SLIPWAY != 0, SHORE, LAND))
    start, stop = split.start[road], split.stop[road]
    out_first = _bearing(raw.lonlat, np.where(is_back, stop, start), np.where(is_back, -1, 1))
    in_last = _bearing(raw.lonlat, np.where(is_back, start, stop), np.where(is_back, 1, -1))
    return Edges(
        road=road.astype(np.int32),
        tail=np.where(is_back, split.head[road], split.tail[road]).astype(np.int32),
        head=np.where(is_back, split.tail[road], split.head[road]).astype(np.int32),
        opposite=np.where(is_back, number_of[road, 0], number_of[road, 1]).astype(np.int32),
        way=raw.way_id[way],
        bearing_out=out_first,
        bearing_in=(in_last + 180.0) % 360.0,
        is_back=is_back,
        is_against=np.where(is_back, oneway > 0, oneway < 0),
        medium=medium.astype(np.uint8),
        weights=weights,
        possible={name: open_[way, backward] for name, open_ in ever.items()},
        enter_ms={name: ms[way, backward] for name, ms in raw.enter_ms.items()},
        road_ends=(split.tail, split.head),
        junction_node=split.junction_node,
    )


def edge_ms(
    mm: NDArray[np.int32], kmh: NDArray[np.float32], inner_ms: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Milliseconds of edges by their speed, CLOSED where that is 0.

    At least 1 ms, also on a road of 0 m: no cycle is free and no weight is an absent one.
    """
    open_ = kmh > 0
    ms = np.full(len(mm), CLOSED, dtype=np.int64)
    rolling = mm[open_] * _MS_PER_MM_AT_1_KMH / kmh[open_].astype(np.float64)
    ms[open_] = np.maximum(1, np.rint(rolling).astype(np.int64)) + inner_ms[open_]
    return np.minimum(ms, CLOSED).astype(np.int32)


def edge_cases(
    raw: RawRoads,
    split: _Split,
    profiles: list[Profile],
    arrays: Arrays,
    edges: Edges,
    inner_ms: dict[str, NDArray[np.int64]],
) -> Arrays:
    """The table of edges whose weight changes by the clock: ``case_*`` in docs/city.md."""
    way = split.way[edges.road]
    order = np.argsort(way, kind="stable")
    edge, when = [np.empty(0, np.int64)], list[tuple[int, ...]]()
    speeds = [np.empty((0, 1 << MOST_TIMES, len(profiles)), np.float32)]
    for case in raw.cases:
        low, high = np.searchsorted(way, [case.way, case.way + 1], sorter=order)
        here = order[low:high]
        edge.append(here)
        when += [(*case.when, *(-1,) * (MOST_TIMES - len(case.when)))] * len(here)
        speeds.append(np.moveaxis(case.kmh, 2, 0)[edges.is_back[here].astype(int)])
    rows, kmh = np.concatenate(edge), np.concatenate(speeds)
    made: Arrays = {
        "case_edge": rows.astype(np.int32),
        "case_when": np.array(when, dtype=np.int32).reshape(-1, MOST_TIMES),
    }
    mm = arrays["road_mm"][edges.road[rows]]
    for number, profile in enumerate(profiles):
        inner = inner_ms[profile.name][edges.road[rows]]
        made[f"case_ms_{profile.name}"] = np.stack(
            [edge_ms(mm, kmh[:, held, number], inner) for held in range(1 << MOST_TIMES)], axis=1
        ).reshape(-1, 1 << MOST_TIMES)
    return made


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
    along = ~edges.is_back
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


def _add_turns(arrays: Arrays, table: Turns, profiles: list[Profile]) -> None:
    """The CSR of turns, its transpose for backward searches, and what is banned at times."""
    count = len(arrays["edge_road"])
    arrays["turn_from_ptr"] = table.ptr
    arrays["turn_to"] = table.to
    order = np.argsort(table.to, kind="stable")
    came_from = np.repeat(np.arange(count, dtype=np.int32), np.diff(table.ptr))
    arrays["turn_back_ptr"] = np.concatenate(
        ([0], np.cumsum(np.bincount(table.to, minlength=count)))
    ).astype(np.int64)
    arrays["turn_back_from"] = came_from[order]
    arrays["turn_back_turn"] = order.astype(np.int32)
    for name in ("turn", "when", "bits", "ms"):
        arrays[f"case_turn_{name}".replace("turn_turn", "turn")] = getattr(table.cases, name)
    for number, profile in enumerate(profiles):
        arrays[f"turn_ms_{profile.name}"] = table.ms[number]
        arrays[f"edge_main_{profile.name}"] = _main_part(arrays, came_from, profile.name)


def _main_part(arrays: Arrays, came_from: NDArray[np.int32], profile: str) -> NDArray[np.uint8]:
    """(edges,) 1 in the largest strongly connected part of what a profile may always use."""
    count = len(arrays["edge_road"])
    weight, to = arrays[f"edge_ms_{profile}"], arrays["turn_to"]
    open_ = (arrays[f"turn_ms_{profile}"] != CLOSED) & (weight[came_from] != CLOSED)
    open_ &= weight[to] != CLOSED
    pairs = (np.ones(int(open_.sum()), dtype=np.int8), (came_from[open_], to[open_]))
    _, label = connected_components(
        csr_array(pairs, shape=(count, count)), directed=True, connection="strong"
    )
    usable = weight != CLOSED
    is_main = np.zeros(count, dtype=bool)
    if usable.any():
        is_main = usable & (label == np.bincount(label[usable]).argmax())
    # Where only an edge's copies can be entered, the place on the road is reached all the same.
    reached = np.zeros(count, dtype=bool)
    np.logical_or.at(reached, arrays["edge_base"], is_main)
    return reached[arrays["edge_base"]].astype(np.uint8)


def _junction_lonlat(raw: RawRoads, split: _Split) -> NDArray[np.int32]:
    lonlat = np.zeros((len(split.junction_node), 2), dtype=np.int32)
    lonlat[split.tail] = raw.lonlat[split.start]
    lonlat[split.head] = raw.lonlat[split.stop]
    return lonlat


def _report(
    arrays: Arrays,
    table: Turns,
    grid: dict[str, int],
    raw: RawRoads,
    profiles: list[Profile],
) -> dict[str, Any]:
    base = arrays["edge_base"] == np.arange(len(arrays["edge_base"]))
    driven = {}
    for profile in profiles:
        open_ = base & (arrays[f"edge_ms_{profile.name}"] != CLOSED)
        off = int((open_ & (arrays[f"edge_main_{profile.name}"] == 0)).sum())
        driven[profile.name] = {"edges": int(open_.sum()), "edges_off_main": off}
    return {
        "grid": grid,
        "times": raw.times,
        "counts": {
            "junctions": len(arrays["junction_lonlat"]),
            "roads": len(arrays["road_mm"]),
            "road_km": round(int(arrays["road_mm"].sum(dtype=np.int64)) / 1_000_000, 1),
            "roads_without_length": int((arrays["road_mm"] == 0).sum()),
            "edges": int(base.sum()),
            "edge_copies": int((~base).sum()),
            "turns": len(arrays["turn_to"]),
            "edges_by_time": len(arrays["case_edge"]),
            "turns_by_time": len(arrays["case_turn"]),
            "edges_off_main": driven[profiles[0].name]["edges_off_main"],
            "profiles": driven,
            **table.report,
        },
    }
