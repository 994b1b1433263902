"""Small road networks made by hand, and travel times by scipy to compare with."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from callout.roads import (
    CLASSES,
    CLOSED,
    RawRoads,
    Restriction,
    Roads,
    Snap,
    Snaps,
    build_graph,
    load_profile,
    write_graph,
)
from callout.roads.raw import Case

# 1e-7 degree of a metre of latitude; towns stand near the equator, where it holds for both axes.
M = 89.932036


class Way(NamedTuple):
    """One way: its id, nodes and speeds along and against."""

    id: int
    nodes: list[int]
    kmh: tuple[float, float] = (36.0, 36.0)
    kind: str = "residential"
    name: str = ""
    flags: int = 0
    others: Mapping[str, tuple[float, float]] = MappingProxyType(
        {}
    )  # speeds of profiles besides the car
    enter: Mapping[str, tuple[int, int]] = MappingProxyType({})


def no(from_way: int, node: int, ways: tuple[int, ...], to_way: int, kind: str) -> Restriction:
    return Restriction(only=False, **_rule(from_way, node, ways, to_way, kind))


def only(from_way: int, node: int, ways: tuple[int, ...], to_way: int, kind: str) -> Restriction:
    return Restriction(only=True, **_rule(from_way, node, ways, to_way, kind))


def _rule(from_way: int, node: int, ways: tuple[int, ...], to_way: int, kind: str) -> dict:
    return {
        "from_way": from_way, "via_node": node, "via_ways": ways, "to_way": to_way, "kind": kind,
    }  # fmt: skip


def raw_roads(
    nodes: dict[int, tuple[float, float]],
    ways: list[Way],
    restrictions: list[Restriction] | None = None,
    delays: dict[int, int] | None = None,
    profiles: tuple[str, ...] = ("car",),
    times: list[str] | None = None,
    cases: list[Case] | None = None,
) -> RawRoads:
    names = sorted({way.name for way in ways} - {""})
    delays = dict(sorted((delays or {}).items()))
    flat = [node for way in ways for node in way.nodes]
    return RawRoads(
        ptr=np.cumsum([0, *(len(way.nodes) for way in ways)]).astype(np.int64),
        way_id=np.array([way.id for way in ways], dtype=np.int64),
        node_id=np.array(flat, dtype=np.int64),
        lonlat=np.rint(np.array([nodes[node] for node in flat]) * M).astype(np.int32),
        road_class=np.array([CLASSES.index(way.kind) for way in ways], dtype=np.uint8),
        flags=np.array([way.flags for way in ways], dtype=np.uint8),
        oneway=np.array([_oneway(way) for way in ways], dtype=np.int8),
        name=np.array([names.index(w.name) if w.name else -1 for w in ways], dtype=np.int32),
        names=names,
        kmh={
            name: np.array(
                [way.kmh if name == "car" else way.others.get(name, (0, 0)) for way in ways],
                dtype=np.float32,
            ).reshape(-1, 2)
            for name in profiles
        },
        enter_ms={
            name: np.array([way.enter.get(name, (0, 0)) for way in ways], dtype=np.int32)
            for name in profiles
        },
        delay_node=np.array(list(delays), dtype=np.int64),
        delay_ms={name: np.array(list(delays.values()), dtype=np.int32) for name in profiles},
        restrictions=restrictions or [],
        times=times or [],
        cases=cases or [],
    )


def _oneway(way: Way) -> int:
    """What a sign would say, by where a car may go."""
    return (way.kmh[0] > 0) - (way.kmh[1] > 0)


class Town(NamedTuple):
    """An opened network, its folder and the report of its making."""

    roads: Roads
    folder: Path
    report: dict

    def edge(self, way: int, tail: tuple[float, float], head: tuple[float, float]) -> int:
        """The directed edge of a way between two junctions (metres)."""
        arrays = self.roads.graph.arrays
        ends = [np.rint(np.array(point) * M).astype(np.int32) for point in (tail, head)]
        for edge in np.flatnonzero(arrays["edge_base"] == np.arange(len(arrays["edge_base"]))):
            at = arrays["junction_lonlat"][[arrays["edge_from"][edge], arrays["edge_to"][edge]]]
            if arrays["road_way"][arrays["edge_road"][edge]] == way and (at == ends).all():
                return int(edge)
        raise LookupError((way, tail, head))

    def snap(self, edge: int, offset: int, *, both: bool = False) -> Snap:
        other = int(self.roads.graph.arrays["edge_opposite"][edge]) if both else -1
        return Snap(edge, offset, other, 0.0)

    def path(self, a: int, b: int, profile: str = "car") -> list[int] | None:
        """Base edges from the start of a to the end of b."""
        route = self.roads.route(self.snap(a, 0), self.snap(b, 1_000_000), profile)
        return None if route is None else route.edges.tolist()


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Town]:
    made = iter(range(1000))

    def make(*args: object, **kwargs: object) -> Town:
        raw = raw_roads(*args, **kwargs)
        arrays, report = build_graph(raw, [load_profile(name) for name in raw.kmh])
        folder = tmp_path / f"graph{next(made)}"
        write_graph(folder, arrays, list(raw.kmh), report["grid"], report["times"])
        return Town(Roads.open(folder), folder, report)

    return make


def snaps_of(snaps: list[Snap]) -> Snaps:
    edge, offset, other, distance = zip(*snaps, strict=True)
    return Snaps(
        np.array(edge, np.int32),
        np.array(offset, np.int32),
        np.array(other, np.int32),
        np.array(distance, np.float32),
    )


def scipy_times(
    arrays: dict[str, np.ndarray],
    weight: np.ndarray,
    to: Snap,
    sources: Snaps,
    profile: str = "car",
) -> np.ndarray:
    """(n,) milliseconds to ``to`` by scipy's Dijkstra over the arrays, -1 where there is no way.

    Written from docs/city.md, with none of our kernels. Each edge (or copy) that the target lies
    on is a vertex of its own, entered by the turns into that edge and left by nothing.
    """
    w = weight.astype(np.int64)
    count = len(w)
    tail = np.repeat(np.arange(count), np.diff(arrays["turn_from_ptr"]))
    head = arrays["turn_to"].astype(np.int64)
    turn = arrays[f"turn_ms_{profile}"].astype(np.int64)
    open_ = (w[tail] != CLOSED) & (w[head] != CLOSED) & (turn != CLOSED)
    tail, head, turn = tail[open_], head[open_], turn[open_]
    sides = [(to.edge, to.offset), (to.other, 1_000_000 - to.offset)]
    sides = [(edge, q) for edge, q in sides if edge >= 0 and w[edge] != CLOSED]
    rows, columns, costs = [tail], [head], [turn + w[head]]
    targets = 0
    for edge, q in sides:
        for state in np.flatnonzero(arrays["edge_base"] == edge):
            into = head == state
            rows.append(tail[into])
            columns.append(np.full(into.sum(), count + targets))
            costs.append(turn[into] + w[edge] * q // 1_000_000)
            targets += 1
    size = count + targets
    network = coo_array(
        (np.concatenate(costs), (np.concatenate(columns), np.concatenate(rows))),
        shape=(size, size),
    ).tocsr()
    label = np.full(count, np.inf)
    if targets:
        label = dijkstra(network, indices=range(count, size)).min(axis=0)[:count]
    best = np.full(len(sources.edge), np.inf)
    for index in range(len(best)):
        p0 = int(sources.offset[index])
        for a, p in ((sources.edge[index], p0), (sources.other[index], 1_000_000 - p0)):
            if a < 0 or w[a] == CLOSED:
                continue
            for b, q in sides:
                if a == b and p <= q:
                    direct = w[b] * q // 1_000_000 - w[b] * p // 1_000_000
                    best[index] = min(best[index], direct)
            best[index] = min(best[index], label[a] + (w[a] - w[a] * p // 1_000_000))
    return np.where(np.isinf(best), -1, best).astype(np.int64)
