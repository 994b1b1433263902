"""A contraction of the graph: an order of its edges with which tables of times are cheap.

Customizable contraction hierarchies (Dibbelt, Strasser & Wagner 2016) over directed edges, so
turns cost what they cost (Buchhold, Wagner, Zeitz & Zuendorf 2020). Edges are taken out one by
one, each time joining all neighbours that are left. Which pairs get joined depends on the order
alone, so this is made once; only the times on the arcs follow closures and speeds (``customise``).

The order is minimum degree (Liu 1985), as SuperLU makes it for matrices that look like the graph.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import splu

from callout.roads.jit import kernel
from callout.roads.profile import CLOSED
from callout.roads.search import Backward

# No way, 12 days in milliseconds; the sum of two of them still fits into int32.
NO_WAY = 2**30 - 1
# An edge may not take longer (4.6 hours): 64 of the longest still make a way.
LONGEST_MS = NO_WAY >> 6


class Contraction(NamedTuple):
    """Arcs between vertices, which are the open edges by the time they are taken out."""

    edge: NDArray[np.int32]  # (vertices,) the edge of each vertex
    vertex: NDArray[np.int32]  # (edges,) the vertex of each edge, -1 for one that is never open
    ptr: NDArray[np.int64]  # (vertices + 1,) CSR of arcs
    upper: NDArray[np.int32]  # (arcs,) the later end of each arc, ascending by vertex
    below_ptr: NDArray[np.int64]  # (vertices + 1,) CSR of the same arcs by their later end
    below: NDArray[np.int64]  # (arcs,) position of the arc
    lower: NDArray[np.int32]  # (arcs,) its earlier end, in the order of ``below``


class ArcTimes(NamedTuple):
    """Milliseconds along every arc: to its later end (``up``) and from it (``down``)."""

    up: NDArray[np.int32]
    down: NDArray[np.int32]


def contract(network: Backward, base: NDArray[np.int32]) -> Contraction:
    """Contract the edges that are open in ``base``; seconds for a city (docs/city.md)."""
    open_ = base != CLOSED
    count = int(open_.sum())
    number = np.cumsum(open_, dtype=np.int32) - 1
    head = np.repeat(np.arange(len(base)), np.diff(network.ptr))
    used = open_[head] & open_[network.turn_from] & (head != network.turn_from)
    pairs = np.stack((number[head[used]], number[network.turn_from[used]]))
    rank = _minimum_degree(pairs, count)
    edge = np.empty(count, np.int32)
    edge[rank] = np.flatnonzero(open_)
    vertex = np.full(len(base), -1, np.int32)
    vertex[edge] = np.arange(count, dtype=np.int32)
    low, high = np.sort(rank[pairs], axis=0)
    order = np.lexsort((high, low))
    first = np.concatenate(([0], np.cumsum(np.bincount(low, minlength=count)))).astype(np.int64)
    ptr, upper = _fill(first, high[order].astype(np.int32))
    below = np.argsort(upper, kind="stable")
    tail = np.repeat(np.arange(count, dtype=np.int32), np.diff(ptr))
    below_ptr = np.concatenate(([0], np.cumsum(np.bincount(upper, minlength=count))))
    return Contraction(
        edge, vertex, ptr, upper, below_ptr.astype(np.int64), below.astype(np.int64), tail[below]
    )


def customise(
    network: Backward, weight: NDArray[np.int32], contraction: Contraction
) -> ArcTimes | None:
    """The times of all arcs; None when the network has a turn that was not there to contract."""
    arcs = len(contraction.upper)
    arc_times = ArcTimes(np.full(arcs, NO_WAY, np.int32), np.full(arcs, NO_WAY, np.int32))
    if not _set_turns(network, weight, contraction, arc_times):
        return None
    _close_triangles(contraction, arc_times)
    return arc_times


def _minimum_degree(pairs: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """(count,) when each vertex is taken out."""
    if count == 0:
        return np.empty(0, np.int32)
    both = np.concatenate((pairs, pairs[::-1]), axis=1)
    joined = coo_array((np.full(both.shape[1], -1.0), (both[0], both[1])), shape=(count, count))
    # A dominant diagonal keeps the factors' rows where the order puts them.
    dominant = diags_array(np.bincount(both[0], minlength=count) + 1.0)
    factors = splu(
        (joined + dominant).tocsc(),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    return factors.perm_c.astype(np.int32)


@kernel
def _fill(
    first: NDArray[np.int64], high: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """All arcs: a vertex keeps its later neighbours and gets those of its children.

    A child is a vertex whose earliest later neighbour this is (elimination tree, Liu 1990).
    """
    count = len(first) - 1
    ptr = np.zeros(count + 1, np.int64)
    upper = np.empty(max(16, 4 * len(high)), np.int32)
    seen = np.full(count, -1, np.int32)
    child = np.full(count, -1, np.int32)  # the last child so far, and each child's next one
    sibling = np.full(count, -1, np.int32)
    row = np.empty(count, np.int32)
    for v in range(count):
        size = 0
        seen[v] = v
        for at in range(first[v], first[v + 1]):
            if seen[high[at]] != v:
                seen[high[at]] = v
                row[size] = high[at]
                size += 1
        c = child[v]
        while c >= 0:
            for at in range(ptr[c], ptr[c + 1]):
                if seen[upper[at]] != v:
                    seen[upper[at]] = v
                    row[size] = upper[at]
                    size += 1
            c = sibling[c]
        if ptr[v] + size > len(upper):
            upper = np.concatenate((upper, np.empty(len(upper) + size, np.int32)))
        upper[ptr[v] : ptr[v] + size] = np.sort(row[:size])
        ptr[v + 1] = ptr[v] + size
        if size > 0:
            parent = upper[ptr[v]]
            sibling[v] = child[parent]
            child[parent] = v
    return ptr, upper[: ptr[count]].copy()


@kernel
def _set_turns(
    network: Backward, weight: NDArray[np.int32], contraction: Contraction, arc_times: ArcTimes
) -> bool:
    """Give the arcs that are turns their times: the turn and the edge it leads to."""
    ptr, upper, vertex = contraction.ptr, contraction.upper, contraction.vertex
    back_ptr, turn_from, turn_ms = network.ptr, network.turn_from, network.turn_ms
    for e in range(len(weight)):
        head = vertex[e]
        if weight[e] == CLOSED:
            continue
        if head < 0:
            return False
        for turn in range(back_ptr[e], back_ptr[e + 1]):
            a = turn_from[turn]
            tail = vertex[a]
            if weight[a] == CLOSED or tail == head:
                continue
            if tail < 0:
                return False
            least, most = min(head, tail), max(head, tail)
            arc = ptr[least] + np.searchsorted(upper[ptr[least] : ptr[least + 1]], most)
            if arc == ptr[least + 1] or upper[arc] != most:
                return False
            along = arc_times.up if tail < head else arc_times.down
            along[arc] = min(np.int64(along[arc]), np.int64(turn_ms[turn]) + weight[e])
    return True


@kernel
def _close_triangles(contraction: Contraction, arc_times: ArcTimes) -> None:
    """From the bottom up, every vertex offers its later neighbours the way through itself."""
    ptr, upper = contraction.ptr, contraction.upper
    below_ptr, below, lower = contraction.below_ptr, contraction.below, contraction.lower
    up, down = arc_times.up, arc_times.down
    place = np.empty(len(contraction.edge), np.int64)
    for u in range(len(contraction.edge)):
        for arc in range(ptr[u], ptr[u + 1]):
            place[upper[arc]] = arc
        for at in range(below_ptr[u], below_ptr[u + 1]):
            to_u = below[at]
            v_to_u, u_to_v = up[to_u], down[to_u]
            if v_to_u == NO_WAY and u_to_v == NO_WAY:
                continue
            for other in range(to_u + 1, ptr[lower[at] + 1]):
                arc = place[upper[other]]
                up[arc] = min(up[arc], np.int32(u_to_v + up[other]))
                down[arc] = min(down[arc], np.int32(down[other] + v_to_u))
