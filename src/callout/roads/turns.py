"""Turns between directed edges: which are allowed, and what each costs in milliseconds."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.roads.profile import CLOSED, Profile, TurnRules
from callout.roads.raw import Restriction
from callout.roads.viaway import apply_via_ways

# A turn sharper than this is not "straight on" when a restriction's way goes through its node.
_STRAIGHT_DEG = 35.0


class Edges(NamedTuple):
    """Directed edges while the graph is built; all arrays have one row an edge."""

    road: NDArray[np.int32]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    opposite: NDArray[np.int32]  # the same road the other way, -1 on a one-way
    way: NDArray[np.int64]
    bearing_out: NDArray[np.float64]  # degrees, leaving the tail
    bearing_in: NDArray[np.float64]  # degrees, arriving at the head
    weights: dict[str, NDArray[np.int32]]  # profile -> milliseconds
    road_ends: tuple[NDArray[np.int32], NDArray[np.int32]]  # junctions of every road
    junction_node: NDArray[np.int64]  # (junctions,) node ids, ascending

    @property
    def junctions(self) -> int:
        """How many junctions."""
        return len(self.junction_node)


class Turns(NamedTuple):
    """A CSR over edges and the copies that via-way restrictions needed (their base edges)."""

    ptr: NDArray[np.int64]
    to: NDArray[np.int32]
    ms: NDArray[np.int32]
    copies: NDArray[np.int32]
    report: dict[str, int]


def turn_table(
    edges: Edges,
    delay_ms: NDArray[np.int64],
    restrictions: list[Restriction],
    profile: Profile,
) -> Turns:
    """All allowed turns. ``delay_ms`` is (junctions,), CLOSED where nothing passes.

    U-turn rule: back onto the same road only where nothing else may be taken (dead ends, closed
    barriers, everything else banned), and never where a restriction forbids it.
    """
    before, after = _pairs(edges)
    banned, report = _via_node_bans(edges, before, after, restrictions)
    is_u_turn = edges.opposite[before] == after
    closed = delay_ms[edges.head[before]] == CLOSED
    allowed = ~banned & ~is_u_turn & ~closed
    has_way_on = np.zeros(len(edges.road), dtype=bool)
    has_way_on[before[allowed]] = True
    allowed |= is_u_turn & ~has_way_on[before] & ~banned
    before, after, is_u_turn = before[allowed], after[allowed], is_u_turn[allowed]
    ms = _costs(edges, before, after, is_u_turn, delay_ms, profile.turns)
    count = len(edges.road)
    ptr = np.concatenate(([0], np.cumsum(np.bincount(before, minlength=count)))).astype(np.int64)
    via_ways = [rule for rule in restrictions if rule.via_ways]
    ptr, to, ms, copies, bound = apply_via_ways(ptr, after, ms, edges.way, via_ways)
    report["restrictions_via_way"] = bound
    report["restrictions_unused"] += len(via_ways) - bound
    return Turns(ptr, to, ms, copies, report)


def _pairs(edges: Edges) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Every pair of edges where the first ends in the junction that the second leaves."""
    order = np.argsort(edges.tail, kind="stable").astype(np.int32)
    leaving = np.bincount(edges.tail, minlength=edges.junctions)
    first = np.concatenate(([0], np.cumsum(leaving)))
    fan = leaving[edges.head]
    before = np.repeat(np.arange(len(edges.road), dtype=np.int32), fan)
    start = np.concatenate(([0], np.cumsum(fan)))[:-1]
    rank = np.arange(len(before)) - np.repeat(start, fan)
    return before, order[first[edges.head[before]] + rank]


def _costs(
    edges: Edges,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    is_u_turn: NDArray[np.bool_],
    delay_ms: NDArray[np.int64],
    rules: TurnRules,
) -> NDArray[np.int32]:
    """Milliseconds of each turn: angle where three roads or more meet, delay of the junction.

    Angle cost after OSRM, profiles/car.lua, process_turn; right is positive.
    """
    degree = np.bincount(edges.road_ends[0], minlength=edges.junctions) + np.bincount(
        edges.road_ends[1], minlength=edges.junctions
    )
    angle = (edges.bearing_out[after] - edges.bearing_in[before] + 540.0) % 360.0 - 180.0
    if not rules.drives_right:
        angle = -angle
    bias = np.where(angle >= 0, rules.bias, 1 / rules.bias)
    cost = rules.full_ms / (1 + np.exp(-(13 / bias * np.abs(angle) / 180 - 6.5 * bias)))
    cost = np.where(degree[edges.head[before]] > 2, cost, 0.0)
    cost = np.where(is_u_turn, rules.u_turn_ms, cost)
    junction = delay_ms[edges.head[before]]
    # Turning back in front of a closed barrier does not pass it.
    passed = np.where((junction == CLOSED) | is_u_turn, 0, junction)
    return (np.rint(cost).astype(np.int64) + passed).astype(np.int32)


def _via_node_bans(
    edges: Edges,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    restrictions: Iterable[Restriction],
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Which pairs are banned, and how many restrictions were used.

    A restriction names ways and a node; the pairs it means are those from an edge of the one to
    an edge of the other at that node. Where a way goes on through the node there are several,
    and the kind (left, right, straight) says which.
    """
    banned = np.zeros(len(before), dtype=bool)
    used = unused = 0
    by_head = _Sorted(edges.head)
    for rule in restrictions:
        if rule.via_ways:
            continue
        meant = _meant(edges, before, after, by_head, rule)
        if not meant:
            unused += 1
            continue
        used += 1
        if rule.only:
            for first in {int(before[pair]) for pair in meant}:
                low, high = np.searchsorted(before, [first, first + 1])
                banned[np.setdiff1d(np.arange(low, high), meant)] = True
        else:
            banned[meant] = True
    return banned, {"restrictions_via_node": used, "restrictions_unused": unused}


class _Sorted:
    """Edges by one of their columns, found by binary search."""

    def __init__(self, column: NDArray[np.int32]) -> None:
        self.order = np.argsort(column, kind="stable")
        self.column = column[self.order]

    def where(self, value: int) -> NDArray[np.int64]:
        low, high = np.searchsorted(self.column, [value, value + 1])
        return self.order[low:high]


def _meant(
    edges: Edges,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    by_head: _Sorted,
    rule: Restriction,
) -> list[int]:
    """Positions of the pairs that a via-node restriction speaks of."""
    junction = int(np.searchsorted(edges.junction_node, rule.via_node))
    if junction == edges.junctions or edges.junction_node[junction] != rule.via_node:
        return []
    found: list[int] = []
    for edge in by_head.where(junction):
        if edges.way[edge] != rule.from_way:
            continue
        low, high = np.searchsorted(before, [edge, edge + 1])
        found += [pair for pair in range(low, high) if edges.way[after[pair]] == rule.to_way]
    u_turns = [pair for pair in found if edges.opposite[before[pair]] == after[pair]]
    if rule.kind == "u_turn" and u_turns:
        return u_turns
    found = [pair for pair in found if pair not in u_turns]
    fitting = [
        pair
        for pair in found
        if _direction(edges.bearing_out[after[pair]] - edges.bearing_in[before[pair]]) == rule.kind
    ]
    return fitting if len(found) > 1 and fitting else found


def _direction(turn_deg: float) -> str:
    angle = (turn_deg + 540.0) % 360.0 - 180.0
    if abs(angle) <= _STRAIGHT_DEG:
        return "straight_on"
    return "right_turn" if angle > 0 else "left_turn"
