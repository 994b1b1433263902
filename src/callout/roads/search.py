"""What every search shares: the network in kernel form and each thread's reusable workspace."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.roads.graph import Graph
from callout.roads.profile import CLOSED


class Backward(NamedTuple):
    """Turns by the edge they lead to, for searches that start at the incident."""

    ptr: NDArray[np.int64]
    turn_from: NDArray[np.int32]
    turn_ms: NDArray[np.int32]
    copy: NDArray[np.int32]


class Forward(NamedTuple):
    """Turns by the edge they leave, for searches that start at a unit."""

    ptr: NDArray[np.int64]
    turn_to: NDArray[np.int32]
    turn_ms: NDArray[np.int32]
    base: NDArray[np.int32]
    edge_to: NDArray[np.int32]
    junction_lonlat: NDArray[np.int32]


class Work(NamedTuple):
    """Labels, heap and candidate lists of one thread.

    A label counts only if its stamp is the current round, so a query resets nothing. Memory:
    about 28 bytes an edge and 16 a turn.
    """

    round: NDArray[np.int32]  # (1,) the current round
    label: NDArray[np.int64]  # (edges,) milliseconds
    stamp: NDArray[np.int32]  # (edges,) round of the label
    parent: NDArray[np.int32]  # (edges,) edge before, in forward searches
    heap: NDArray[np.int64]  # each turn is pushed at most once, and those into the target again
    held: NDArray[np.int32]  # (edges,) round in which candidates stand on the edge
    first: NDArray[np.int32]  # (edges,) first candidate place on the edge


class Places(NamedTuple):
    """Candidate places: two a candidate (its edge and the other direction), linked by edge."""

    following: NDArray[np.int32]  # (2n,)
    best: NDArray[np.int64]  # (n,) least time found so far


def networks(
    graph: Graph, turn_ms: NDArray[np.int32], weight: NDArray[np.int32]
) -> tuple[Backward, Forward]:
    """The graph for the kernels, with no turn but those that one vehicle may make.

    ``turn_ms`` and ``weight`` are that vehicle's, CLOSED where it may not go: what is closed is
    not in the networks at all, so no search can drive there.
    """
    arrays = graph.arrays
    edges = len(weight)
    came_from = np.repeat(np.arange(edges, dtype=np.int32), np.diff(arrays["turn_from_ptr"]))
    open_ = turn_ms != CLOSED
    open_ &= (weight != CLOSED)[came_from]
    open_ &= (weight != CLOSED)[arrays["turn_to"]]
    turn = arrays["turn_back_turn"]
    back = open_[turn]
    to, turn = arrays["turn_to"][open_], turn[back]
    forward_ptr = _ptr(came_from[open_], edges)
    backward_ptr = _ptr(arrays["turn_to"][turn], edges)
    before, forward_ms, backward_ms = arrays["turn_back_from"][back], turn_ms[open_], turn_ms[turn]
    # Kernels are compiled for read-only arrays, which mapped files are.
    for array in (to, before, forward_ms, backward_ms, forward_ptr, backward_ptr):
        array.flags.writeable = False
    return (
        Backward(backward_ptr, before, backward_ms, arrays["edge_copy"]),
        Forward(
            forward_ptr, to, forward_ms,
            arrays["edge_base"], arrays["edge_to"], arrays["junction_lonlat"],
        ),
    )  # fmt: skip


def _ptr(edge: NDArray[np.int32], edges: int) -> NDArray[np.int64]:
    counts = np.bincount(edge, minlength=edges)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def new_work(graph: Graph) -> Work:
    """A workspace; pages are touched only where searches go."""
    edges, turns = len(graph.arrays["edge_road"]), len(graph.arrays["turn_to"])
    return Work(
        round=np.zeros(1, np.int32),
        label=np.empty(edges, np.int64),
        stamp=np.zeros(edges, np.int32),
        parent=np.empty(edges, np.int32),
        heap=np.empty(2 * turns + 8, np.int64),
        held=np.zeros(edges, np.int32),
        first=np.empty(edges, np.int32),
    )
