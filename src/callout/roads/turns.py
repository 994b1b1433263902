"""Turns between directed edges: which are allowed, and what each costs in milliseconds.

One table serves every profile: it holds each turn that any of them may make, with a row of
costs a profile, CLOSED where that one may not.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.roads.bans import Bans, via_node_bans, without_contradictions
from callout.roads.profile import CLOSED, Profile, TurnRules
from callout.roads.raw import Restriction
from callout.roads.viaway import Marks, apply_via_ways

LAND, SHORE, AFLOAT = 0, 1, 2


class Edges(NamedTuple):
    """Directed edges while the graph is built; all arrays have one row an edge."""

    road: NDArray[np.int32]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    opposite: NDArray[np.int32]  # the same road the other way, -1 when nobody may go there
    way: NDArray[np.int64]
    bearing_out: NDArray[np.float64]  # degrees, leaving the tail
    bearing_in: NDArray[np.float64]  # degrees, arriving at the head
    is_back: NDArray[np.bool_]  # against the road's shape
    is_against: NDArray[np.bool_]  # against a one-way: for those on foot or on blue lights
    medium: NDArray[np.uint8]  # LAND, SHORE (a slipway) or AFLOAT
    weights: dict[str, NDArray[np.int32]]  # profile -> milliseconds
    possible: dict[str, NDArray[np.bool_]]  # profile -> open at some time
    enter_ms: dict[str, NDArray[np.int32]]  # profile -> cost of getting onto it
    road_ends: tuple[NDArray[np.int32], NDArray[np.int32]]  # junctions of every road
    junction_node: NDArray[np.int64]  # (junctions,) node ids, ascending

    @property
    def junctions(self) -> int:
        """How many junctions."""
        return len(self.junction_node)


class TurnCases(NamedTuple):
    """Turns that are banned at certain times; all arrays have one row a turn and time."""

    turn: NDArray[np.int32]
    when: NDArray[np.int32]
    bits: NDArray[np.uint8]  # bit i: profile i is bound
    ms: NDArray[np.int32]  # (rows, profiles) the cost when no time of the turn holds


class Turns(NamedTuple):
    """A CSR over edges and the copies that via-way restrictions needed (their base edges)."""

    ptr: NDArray[np.int64]
    to: NDArray[np.int32]
    ms: NDArray[np.int32]  # (profiles, turns); what is banned at times is CLOSED
    copies: NDArray[np.int32]
    cases: TurnCases
    report: dict[str, int]


def turn_table(
    edges: Edges,
    delay_ms: dict[str, NDArray[np.int64]],
    restrictions: list[Restriction],
    profiles: list[Profile],
) -> Turns:
    """All allowed turns. ``delay_ms`` is (junctions,) a profile, CLOSED where nothing passes.

    U-turn rule: back onto the same road only where nothing else may be taken (dead ends, closed
    barriers, everything else banned) or the profile may anywhere, and never where a restriction
    that binds it forbids it.
    """
    before, after = _pairs(edges)
    rules, contradictory = without_contradictions(restrictions)
    bans = via_node_bans(edges, before, after, rules)
    ms = np.stack(
        [
            _profile_ms(edges, before, after, bans.of(number), delay_ms[profile.name], profile)
            for number, profile in enumerate(profiles)
        ]
    )
    kept = (ms != CLOSED).any(axis=0)
    marks = _marks(bans, kept)
    before, after, ms = before[kept], after[kept], ms[:, kept]
    count = len(edges.road)
    ptr = np.concatenate(([0], np.cumsum(np.bincount(before, minlength=count)))).astype(np.int64)
    over_ways = [rule for rule in rules if rule.via_ways]
    ptr, to, ms, copies, marks, bound = apply_via_ways(ptr, after, ms, marks, edges, over_ways)
    report = {
        **bans.report,
        "restrictions_via_way": bound,
        "restrictions_contradictory": contradictory,
    }
    report["restrictions_unused"] += len(over_ways) - bound
    ms, cases = _by_time(ms, marks)
    return Turns(ptr, to, ms, copies, cases, report)


def _marks(bans: Bans, kept: NDArray[np.bool_]) -> Marks:
    """Bans at certain times by the position of the turn they will have once the rest is gone."""
    position = np.cumsum(kept) - 1
    marks: Marks = {}
    for pair, when, bits in bans.at_times:
        if kept[pair]:
            turn = int(position[pair])
            marks[turn] = (*marks.get(turn, ()), (when, bits))
    return marks


def _by_time(ms: NDArray[np.int32], marks: Marks) -> tuple[NDArray[np.int32], TurnCases]:
    """Costs with every ban of some time in force, and the table that lifts them."""
    rows = sorted({(turn, when, bits) for turn, found in marks.items() for when, bits in found})
    turn, when, bits = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    profiles = len(ms)
    bits = bits & ((1 << profiles) - 1)
    free = ms[:, turn].T.astype(np.int32).reshape(-1, profiles)
    for number in range(profiles):
        ms[number, turn[(bits >> number & 1) == 1]] = CLOSED
    return ms, TurnCases(turn.astype(np.int32), when.astype(np.int32), bits.astype(np.uint8), free)


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


def _profile_ms(
    edges: Edges,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    banned: NDArray[np.bool_],
    delay_ms: NDArray[np.int64],
    profile: Profile,
) -> NDArray[np.int32]:
    """Cost of every pair for one profile, CLOSED where it may not turn."""
    possible = edges.possible[profile.name]
    open_ = possible[before] & possible[after] & ~banned
    # A boat gets from the road to the water over a slipway only, also where a bridge meets it.
    open_ &= np.abs(edges.medium[before].astype(np.int8) - edges.medium[after]) < AFLOAT
    is_u_turn = edges.opposite[before] == after
    closed = delay_ms[edges.head[before]] == CLOSED
    allowed = open_ & ~is_u_turn & ~closed
    if profile.turns.u_turn_anywhere:
        allowed |= open_ & is_u_turn
    else:
        has_way_on = np.zeros(len(edges.road), dtype=bool)
        has_way_on[before[allowed]] = True
        allowed |= open_ & is_u_turn & ~has_way_on[before]
    ms = np.full(len(before), CLOSED, dtype=np.int32)
    before, after = before[allowed], after[allowed]
    turning = _costs(edges, before, after, delay_ms, profile.turns, _degree(edges, possible))
    enter = edges.enter_ms[profile.name].astype(np.int64)
    turning += np.where(enter[before] == 0, enter[after], 0)
    ms[allowed] = np.minimum(turning, CLOSED - 1)
    return ms


def _degree(edges: Edges, possible: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many roads a profile may use meet in each junction."""
    used = np.zeros(len(edges.road_ends[0]), dtype=bool)
    used[edges.road[possible]] = True
    tails, heads = (np.bincount(end[used], minlength=edges.junctions) for end in edges.road_ends)
    degree: NDArray[np.int64] = tails + heads
    return degree


def _costs(
    edges: Edges,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    delay_ms: NDArray[np.int64],
    rules: TurnRules,
    degree: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Milliseconds of each turn: angle where three roads or more meet, delay of the junction.

    Angle cost after OSRM, profiles/car.lua, process_turn; right is positive.
    """
    is_u_turn = edges.opposite[before] == after
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
    turning: NDArray[np.int64] = np.rint(cost).astype(np.int64) + passed
    return turning
