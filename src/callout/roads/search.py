"""What every search shares: the network in kernel form and each thread's reusable workspace."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.roads.graph import Graph


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


def backward(graph: Graph) -> Backward:
    """The graph for backward kernels."""
    names = ("turn_back_ptr", "turn_back_from", "turn_back_ms", "edge_copy")
    return Backward(*_named(graph, names))


def forward(graph: Graph) -> Forward:
    """The graph for forward kernels."""
    names = (
        "turn_from_ptr", "turn_to", "turn_ms", "edge_base", "edge_to", "junction_lonlat",
    )  # fmt: skip
    return Forward(*_named(graph, names))


def _named(graph: Graph, names: tuple[str, ...]) -> list[NDArray[Any]]:
    return [graph.arrays[name] for name in names]


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
