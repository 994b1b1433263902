"""Turn restrictions over ways: the graph remembers where a vehicle came from.

"From A over B not to C" cannot be said between two edges. So the edges along B get copies that
only those who come from A enter, and the copies lack the banned turn (or have only the prescribed
one). A copy lies on the same road as its base edge; whoever looks for paths to an edge has to
look for paths to its copies too. Copies are there for every profile; one that a restriction does
not bind keeps its turns on them.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from callout.roads.profile import CLOSED
from callout.roads.raw import Restriction

_LONGEST_VIA = 64  # edges; a restriction that goes on for longer is a mistake in the data

#: Bans at certain times by position of the turn: time, bits of profiles.
Marks = dict[int, tuple[tuple[int, int], ...]]


class _Turn(NamedTuple):
    to: int
    ms: tuple[int, ...]  # one a profile
    marks: tuple[tuple[int, int], ...] = ()

    def banned(self, rule: Restriction) -> "_Turn | None":
        """The turn with a ban on it; None when nobody may make it any more."""
        if rule.when >= 0:
            return self._replace(marks=(*self.marks, (rule.when, rule.profiles)))
        ms = tuple(
            CLOSED if rule.profiles >> number & 1 else cost for number, cost in enumerate(self.ms)
        )
        return None if min(ms) == CLOSED else self._replace(ms=ms)


class _Edges(Protocol):
    """What is needed of the edges (turns.Edges)."""

    @property
    def way(self) -> NDArray[np.int64]: ...
    @property
    def opposite(self) -> NDArray[np.int32]: ...
    @property
    def is_against(self) -> NDArray[np.bool_]: ...


class _Graph:
    """A view of the CSR that takes changes to few edges: the changed rows live in a dict."""

    def __init__(
        self, ptr: NDArray[np.int64], to: NDArray[np.int32], ms: NDArray[np.int32], marks: Marks
    ) -> None:
        self.ptr, self.to, self.ms, self.marks = ptr, to, ms, marks
        self.rows: dict[int, list[_Turn]] = {}
        self.base = list[int]()  # base edge of each copy
        self.copies_of: dict[int, list[int]] = {}

    def turns(self, edge: int) -> list[_Turn]:
        if edge not in self.rows:
            low, high = int(self.ptr[edge]), int(self.ptr[edge + 1])
            costs = self.ms[:, low:high].T.tolist()
            self.rows[edge] = [
                _Turn(to, tuple(ms), self.marks.get(low + rank, ()))
                for rank, (to, ms) in enumerate(zip(self.to[low:high].tolist(), costs, strict=True))
            ]
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
    marks: Marks,
    edges: _Edges,
    rules: list[Restriction],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Marks, int]:
    """The CSR with the restrictions in force, base edges of the copies, bans at times, rules bound.

    Copies are numbered on from the last edge. A restriction whose ways do not meet, or that turns
    already forbid, binds nothing.
    """
    if not rules:
        return ptr, to, ms, np.empty(0, dtype=np.int32), marks, 0
    graph = _Graph(ptr, to, ms, marks)
    edges_of: dict[int, list[int]] = {}
    wanted = [number for rule in rules for number in (rule.from_way, *rule.via_ways)]
    for edge in np.flatnonzero(np.isin(edges.way, wanted) & ~edges.is_against).tolist():
        edges_of.setdefault(int(edges.way[edge]), []).append(edge)
    bound = 0
    for rule in rules:
        paths = list(_paths(graph, edges, edges_of, rule))
        for path in paths:
            _bind(graph, path, rule)
        bound += bool(paths)
    return (*_rebuilt(graph), bound)


def _paths(
    graph: _Graph, edges: _Edges, edges_of: dict[int, list[int]], rule: Restriction
) -> Iterator[list[int]]:
    """Every sequence of base edges from, via..., to that the restriction speaks of.

    The from and to ways give one edge each, the via ways as many as they are cut into. Nobody
    turns round on the way, and nobody is meant who comes against a one-way.
    """
    order = rule.via_ways
    open_paths = [([edge], -1) for edge in edges_of.get(rule.from_way, [])]
    while open_paths:
        path, on = open_paths.pop()
        for turn in list(graph.turns(path[-1])):
            base = graph.base_of(turn.to)
            number = int(edges.way[base])
            if edges.is_against[base] or base == edges.opposite[path[-1]] or not _bound(turn, rule):
                continue
            if on == len(order) - 1 and number == rule.to_way and base not in path:
                yield [*path, base]
            if len(path) > _LONGEST_VIA or base in path:
                continue
            for step in (on, on + 1):
                if 0 <= step < len(order) and number == order[step]:
                    open_paths.append(([*path, base], step))
                    break


def _bound(turn: _Turn, rule: Restriction) -> bool:
    """Whether any profile that the rule binds makes this turn."""
    return any(ms != CLOSED and rule.profiles >> number & 1 for number, ms in enumerate(turn.ms))


def _bind(graph: _Graph, path: list[int], rule: Restriction) -> None:
    """Give everyone who follows ``path`` copies of its inner edges, with the rule at the end."""
    now = graph.states(path[0])
    for inner in path[1:-1]:
        copies: dict[int, int] = {}
        for state in now:
            row = graph.turns(state)
            for index, turn in enumerate(row):
                if graph.base_of(turn.to) == inner:
                    if turn.to not in copies:
                        copies[turn.to] = graph.copy(turn.to)
                    row[index] = turn._replace(to=copies[turn.to])
        now = list(copies.values())
    if rule.only:
        _prescribe(graph, path, rule)
        return
    for state in now:
        _ban(graph, state, rule, path[-1])


def _prescribe(graph: _Graph, path: list[int], rule: Restriction) -> None:
    """Leave the copies along ``path`` no turn but the one that follows it."""
    now = {
        turn.to
        for state in graph.states(path[0])
        for turn in graph.turns(state)
        if graph.base_of(turn.to) == path[1]
    }
    for _, onward in pairwise(path[1:]):
        ahead = set[int]()
        for state in now:
            _ban(graph, state, rule, onward, but=True)
            ahead |= {turn.to for turn in graph.turns(state) if graph.base_of(turn.to) == onward}
        now = ahead


def _ban(graph: _Graph, state: int, rule: Restriction, base: int, *, but: bool = False) -> None:
    """Put the rule on every turn of a state onto the base edge, or onto all ``but`` that."""
    row = [
        turn.banned(rule) if (graph.base_of(turn.to) == base) != but else turn
        for turn in graph.turns(state)
    ]
    graph.rows[state] = [turn for turn in row if turn is not None]


def _rebuilt(
    graph: _Graph,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Marks]:
    plain = len(graph.ptr) - 1
    count = plain + len(graph.base)
    sizes = np.zeros(count, dtype=np.int64)
    sizes[:plain] = np.diff(graph.ptr)
    for edge, row in graph.rows.items():
        sizes[edge] = len(row)
    ptr = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    to = np.empty(ptr[-1], dtype=np.int32)
    ms = np.empty((len(graph.ms), ptr[-1]), dtype=np.int32)
    same = np.repeat(~np.isin(np.arange(count), list(graph.rows)), sizes)
    old = np.repeat(~np.isin(np.arange(plain), list(graph.rows)), np.diff(graph.ptr))
    to[same], ms[:, same] = graph.to[old], graph.ms[:, old]
    position = np.full(len(graph.to), -1, dtype=np.int64)
    position[old] = np.flatnonzero(same)
    marks: Marks = {
        int(position[turn]): found for turn, found in graph.marks.items() if position[turn] >= 0
    }
    for edge, row in graph.rows.items():
        low = int(ptr[edge])
        for rank, turn in enumerate(row, low):
            to[rank], ms[:, rank] = turn.to, turn.ms
            if turn.marks:
                marks[rank] = turn.marks
    return ptr, to, ms, np.array(graph.base, dtype=np.int32), marks
