"""Turn restrictions over a node: which pairs of edges each one means, and for whom."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from callout.roads.raw import ALL, Restriction

# A turn sharper than this is not "straight on" when a restriction's way goes through its node.
_STRAIGHT_DEG = 35.0


class _Edges(Protocol):
    """What is needed of the edges (turns.Edges)."""

    @property
    def head(self) -> NDArray[np.int32]: ...
    @property
    def opposite(self) -> NDArray[np.int32]: ...
    @property
    def way(self) -> NDArray[np.int64]: ...
    @property
    def bearing_out(self) -> NDArray[np.float64]: ...
    @property
    def bearing_in(self) -> NDArray[np.float64]: ...
    @property
    def is_against(self) -> NDArray[np.bool_]: ...
    @property
    def junction_node(self) -> NDArray[np.int64]: ...


class Bans(NamedTuple):
    """Pairs that are banned."""

    pairs: int  # how many pairs there are
    always: list[tuple[int, int]]  # pair, bits of profiles
    at_times: list[tuple[int, int, int]]  # pair, time, bits of profiles
    report: dict[str, int]

    def of(self, profile: int) -> NDArray[np.bool_]:
        """(pairs,) what one profile may never do."""
        banned = np.zeros(self.pairs, dtype=bool)
        banned[[pair for pair, bits in self.always if bits >> profile & 1]] = True
        return banned


def without_contradictions(rules: list[Restriction]) -> tuple[list[Restriction], int]:
    """The rules without each ``only_*`` whose one way on a ``no_*`` forbids; how many those were.

    Both together would leave nothing. The ban stays: it is the narrower word, and at the worst
    the vehicle goes round.
    """
    forbidden: dict[tuple[object, ...], int] = {}
    for rule in rules:
        if not rule.only and rule.when < 0:
            key = (rule.from_way, rule.via_node, rule.via_ways, rule.to_way, rule.kind)
            forbidden[key] = forbidden.get(key, 0) | rule.profiles
    kept, contradictory = list[Restriction](), 0
    for rule in rules:
        key = (rule.from_way, rule.via_node, rule.via_ways, rule.to_way, rule.kind)
        both = rule.profiles & forbidden.get(key, 0) if rule.only else 0
        contradictory += both != 0
        left = rule.profiles & ~both
        if left:
            kept.append(rule._replace(profiles=left) if both else rule)
    return kept, contradictory


def via_node_bans(
    edges: _Edges,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    restrictions: Iterable[Restriction],
) -> Bans:
    """Which pairs are banned, and how many restrictions were used.

    A restriction names ways and a node; the pairs it means are those from an edge of the one to
    an edge of the other at that node. Where a way goes on through the node there are several,
    and the kind (left, right, straight) says which. Several ``only_*`` of one road add up.
    """
    always, at_times = list[tuple[int, int]](), list[tuple[int, int, int]]()
    only: dict[tuple[int, int, int], set[int]] = {}
    used = unused = 0
    by_head = _Sorted(edges.head)
    for rule in restrictions:
        if rule.via_ways:
            continue
        meant = _meant(edges, before, after, by_head, rule)
        used, unused = used + bool(meant), unused + (not meant)
        for pair in meant:
            if rule.only:
                for profile in _bits(rule.profiles):
                    only.setdefault((int(before[pair]), rule.when, profile), set()).add(pair)
            elif rule.when < 0:
                always.append((pair, rule.profiles))
            else:
                at_times.append((pair, rule.when, rule.profiles))
    for (first, when, profile), allowed in only.items():
        low, high = np.searchsorted(before, [first, first + 1]).tolist()
        bits = ALL if profile == ALL else 1 << profile
        for pair in set(range(low, high)) - allowed:
            if when < 0:
                always.append((pair, bits))
            else:
                at_times.append((pair, when, bits))
    report = {"restrictions_via_node": used, "restrictions_unused": unused}
    return Bans(len(before), always, at_times, report)


def _bits(profiles: int) -> Iterator[int]:
    """Positions of the profiles in a set of bits; ALL once for everyone."""
    if profiles == ALL:
        yield ALL
        return
    yield from (bit for bit in range(8) if profiles >> bit & 1)


class _Sorted:
    """Edges by one of their columns, found by binary search."""

    def __init__(self, column: NDArray[np.int32]) -> None:
        self.order = np.argsort(column, kind="stable")
        self.column = column[self.order]

    def where(self, value: int) -> NDArray[np.int64]:
        low, high = np.searchsorted(self.column, [value, value + 1])
        return self.order[low:high]


def _meant(
    edges: _Edges,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    by_head: _Sorted,
    rule: Restriction,
) -> list[int]:
    """Positions of the pairs that a via-node restriction speaks of.

    A sign stands for those who come the permitted way; what is driven against a one-way is
    meant only where nothing else is.
    """
    junction = int(np.searchsorted(edges.junction_node, rule.via_node))
    if junction == len(edges.junction_node) or edges.junction_node[junction] != rule.via_node:
        return []
    found: list[int] = []
    for edge in by_head.where(junction):
        if edges.way[edge] != rule.from_way:
            continue
        low, high = np.searchsorted(before, [edge, edge + 1])
        found += [pair for pair in range(low, high) if edges.way[after[pair]] == rule.to_way]
    u_turns = [pair for pair in found if edges.opposite[before[pair]] == after[pair]]
    if rule.kind == "u_turn" and rule.from_way == rule.to_way:
        return u_turns  # none on a one-way: then it says nothing, and least of straight on
    found = [pair for pair in found if pair not in u_turns]
    permitted = [
        pair
        for pair in found
        if not edges.is_against[before[pair]] and not edges.is_against[after[pair]]
    ]
    found = permitted or found
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
