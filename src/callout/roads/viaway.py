"""Turn restrictions over ways: the graph remembers where a vehicle came from.

"From A over B not to C" cannot be said between two edges. So the edges along B get copies that
only those who come from A enter, and the copies lack the banned turn (or have only the prescribed
one). A copy lies on the same road as its base edge; whoever looks for paths to an edge has to
look for paths to its copies too.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from callout.roads.raw import Restriction

_Turn = tuple[int, int]  # to edge, milliseconds
_LONGEST_VIA = 64  # edges; a restriction that goes on for longer is a mistake in the data


class _Graph:
    """A view of the CSR that takes changes to few edges: the changed rows live in a dict."""

    def __init__(
        self, ptr: NDArray[np.int64], to: NDArray[np.int32], ms: NDArray[np.int32]
    ) -> None:
        self.ptr, self.to, self.ms = ptr, to, ms
        self.rows: dict[int, list[_Turn]] = {}
        self.base = list[int]()  # base edge of each copy
        self.copies_of: dict[int, list[int]] = {}

    def turns(self, edge: int) -> list[_Turn]:
        if edge not in self.rows:
            low, high = self.ptr[edge], self.ptr[edge + 1]
            self.rows[edge] = list(
                zip(self.to[low:high].tolist(), self.ms[low:high].tolist(), strict=True)
            )
        return self.rows[edge]

    def base_of(self, edge: int) -> int:
        plain = len(self.ptr) - 1
        return edge if edge < plain else self.base[edge - plain]

    def states(self, edge: int) -> list[int]:
        return [edge, *self.copies_of.get(edge, [])]

    def copy(self, edge: int) -> int:
        new = len(self.ptr) - 1 + len(self.base)
        base = self.base_of(edge)
        self.base.append(base)
        self.copies_of.setdefault(base, []).append(new)
        self.rows[new] = list(self.turns(edge))
        return new


def apply_via_ways(
    ptr: NDArray[np.int64],
    to: NDArray[np.int32],
    ms: NDArray[np.int32],
    way: NDArray[np.int64],
    rules: list[Restriction],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], int]:
    """The CSR with the restrictions in force, base edges of the copies, restrictions bound.

    Copies are numbered on from the last edge. A restriction whose ways do not meet, or that turns
    already forbid, binds nothing.
    """
    if not rules:
        return ptr, to, ms, np.empty(0, dtype=np.int32), 0
    graph = _Graph(ptr, to, ms)
    edges_of: dict[int, list[int]] = {}
    wanted = [number for rule in rules for number in (rule.from_way, *rule.via_ways)]
    for edge in np.flatnonzero(np.isin(way, wanted)).tolist():
        edges_of.setdefault(int(way[edge]), []).append(edge)
    bound = 0
    for rule in rules:
        paths = list(_paths(graph, way, edges_of, rule))
        for path in paths:
            _bind(graph, path, only=rule.only)
        bound += bool(paths)
    return (*_rebuilt(graph), np.array(graph.base, dtype=np.int32), bound)


def _paths(
    graph: _Graph, way: NDArray[np.int64], edges_of: dict[int, list[int]], rule: Restriction
) -> Iterator[list[int]]:
    """Every sequence of base edges from, via..., to that the restriction speaks of.

    The from and to ways give one edge each, the via ways as many as they are cut into.
    """
    order = rule.via_ways
    open_paths = [([edge], -1) for edge in edges_of.get(rule.from_way, [])]
    while open_paths:
        path, on = open_paths.pop()
        for following, _ in list(graph.turns(path[-1])):
            base = graph.base_of(following)
            number = int(way[base])
            if on == len(order) - 1 and number == rule.to_way and base not in path:
                yield [*path, base]
            if len(path) > _LONGEST_VIA or base in path:
                continue
            for step in (on, on + 1):
                if 0 <= step < len(order) and number == order[step]:
                    open_paths.append(([*path, base], step))
                    break


def _bind(graph: _Graph, path: list[int], *, only: bool) -> None:
    """Give everyone who follows ``path`` copies of its inner edges, with the rule at the end."""
    now = graph.states(path[0])
    for inner in path[1:-1]:
        copies: dict[int, int] = {}
        for state in now:
            row = graph.turns(state)
            for index, (following, cost) in enumerate(row):
                if graph.base_of(following) == inner:
                    if following not in copies:
                        copies[following] = graph.copy(following)
                    row[index] = (copies[following], cost)
        now = list(copies.values())
    if only:
        _prescribe(graph, path)
        return
    for state in now:
        graph.rows[state] = [t for t in graph.turns(state) if graph.base_of(t[0]) != path[-1]]


def _prescribe(graph: _Graph, path: list[int]) -> None:
    """Leave the copies along ``path`` no turn but the one that follows it."""
    now = {
        copy
        for state in graph.states(path[0])
        for copy, _ in graph.turns(state)
        if graph.base_of(copy) == path[1]
    }
    for _, onward in pairwise(path[1:]):
        ahead = set[int]()
        for state in now:
            kept = [t for t in graph.turns(state) if graph.base_of(t[0]) == onward]
            graph.rows[state] = kept
            ahead |= {t[0] for t in kept}
        now = ahead


def _rebuilt(
    graph: _Graph,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    plain = len(graph.ptr) - 1
    count = plain + len(graph.base)
    sizes = np.zeros(count, dtype=np.int64)
    sizes[:plain] = np.diff(graph.ptr)
    for edge, row in graph.rows.items():
        sizes[edge] = len(row)
    ptr = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    to = np.empty(ptr[-1], dtype=np.int32)
    ms = np.empty(ptr[-1], dtype=np.int32)
    same = np.repeat(~np.isin(np.arange(count), list(graph.rows)), sizes)
    old = np.repeat(~np.isin(np.arange(plain), list(graph.rows)), np.diff(graph.ptr))
    to[same], ms[same] = graph.to[old], graph.ms[old]
    for edge, row in graph.rows.items():
        low, high = ptr[edge], ptr[edge + 1]
        to[low:high] = [turn[0] for turn in row]
        ms[low:high] = [turn[1] for turn in row]
    return ptr, to, ms
