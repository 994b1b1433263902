"""Who is nearest by road: a backward search from the incident that stops at the k-th unit.

Dijkstra (1959) over directed edges. The label of edge a is the least time from the end of a to
the incident; a unit at offset p of a then needs ``label + rest(a, p)``. All times are whole
milliseconds, so any other correct search gives the same numbers.
"""

import numpy as np
from numpy.typing import NDArray

from callout.roads.heap import pop, push
from callout.roads.jit import kernel
from callout.roads.profile import CLOSED
from callout.roads.search import Backward, Places, Work
from callout.roads.snap import Snap, Snaps

UNREACHED = np.iinfo(np.int64).max
_MILLION = 1_000_000
_LOW_32 = 0xFFFFFFFF


def nearest(
    network: Backward,
    weight: NDArray[np.int32],
    work: Work,
    to: Snap,
    candidates: Snaps,
    k: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The k candidates with the least travel time to ``to``, and the times; fewer when fewer can
    get there.
    """  # noqa: D205 - one sentence
    k = max(0, min(k, candidates.size))
    index = np.empty(k + 1, np.int32)
    travel_ms = np.empty(k + 1, np.int64)
    places = _new_places(candidates.size)
    count = 0
    if k and to.edge >= 0:
        count = _nearest(
            network, weight, work, places, to.edge, to.offset, to.other,
            candidates.edge, candidates.offset, candidates.other, k, index, travel_ms,
        )  # fmt: skip
    return index[:count], travel_ms[:count]


def times_to(
    network: Backward, weight: NDArray[np.int32], work: Work, to: Snap, sources: Snaps
) -> NDArray[np.int64]:
    """(n,) milliseconds from every source to ``to``, -1 where there is no way."""
    places = _new_places(sources.size)
    if to.edge >= 0 and sources.size:
        none = np.empty(0, np.int64)
        _nearest(
            network, weight, work, places, to.edge, to.offset, to.other,
            sources.edge, sources.offset, sources.other, 0, np.empty(0, np.int32), none,
        )  # fmt: skip
    return np.where(places.best == UNREACHED, -1, places.best)


def _new_places(count: int) -> Places:
    return Places(np.empty(2 * count, np.int32), np.full(count, UNREACHED, np.int64))


@kernel
def _nearest(  # noqa: C901 - the search, read from top to bottom
    network: Backward,
    weight: NDArray[np.int32],
    work: Work,
    places: Places,
    to_edge: int,
    to_offset: int,
    to_other: int,
    edge: NDArray[np.int32],
    offset: NDArray[np.int32],
    other: NDArray[np.int32],
    k: int,
    index: NDArray[np.int32],
    travel_ms: NDArray[np.int64],
) -> int:
    """How many were ranked; ``places.best`` holds what was found. ``k`` 0: everyone, no ranking."""
    this = _next_round(work)
    open_edges = _hold(work, places, edge, other, weight, this)
    count, size = 0, 0
    for side in range(2):
        target = to_edge if side == 0 else to_other
        if target < 0 or weight[target] == CLOSED:
            continue
        at = to_offset if side == 0 else _MILLION - to_offset
        head = int(weight[target]) * at // _MILLION
        if work.held[target] == this:
            place = work.first[target]
            while place >= 0:
                p = _offset_of(place, offset)
                if p <= at:
                    ms = head - int(weight[target]) * p // _MILLION
                    count = _rank(places, place >> 1, ms, k, count, index, travel_ms)
                place = places.following[place]
        state = target
        while state >= 0:
            size = _relax(network, weight, work, state, head, size, this)
            state = network.copy[state]
    while size > 0 and open_edges > 0:
        key = work.heap[0]
        size = pop(work.heap, size)
        label, a = key >> 32, key & _LOW_32
        if label > work.label[a]:
            continue
        if k > 0 and count == k and label > travel_ms[k - 1]:
            break
        if work.held[a] == this:
            open_edges -= 1
            place = work.first[a]
            while place >= 0:
                p = _offset_of(place, offset)
                rest = int(weight[a]) - int(weight[a]) * p // _MILLION
                count = _rank(places, place >> 1, label + rest, k, count, index, travel_ms)
                place = places.following[place]
        size = _relax(network, weight, work, a, label + weight[a], size, this)
    return count


@kernel
def _next_round(work: Work) -> int:
    if work.round[0] == CLOSED:
        work.stamp[:] = 0
        work.held[:] = 0
        work.round[0] = 0
    work.round[0] += 1
    return int(work.round[0])


@kernel
def _offset_of(place: int, offset: NDArray[np.int32]) -> int:
    """Offset of a candidate place: odd places are the other direction of the road."""
    given = int(offset[place >> 1])
    return _MILLION - given if place & 1 else given


@kernel
def _hold(
    work: Work,
    places: Places,
    edge: NDArray[np.int32],
    other: NDArray[np.int32],
    weight: NDArray[np.int32],
    this: int,
) -> int:
    """Link every candidate's places to their edges; how many different edges that are."""
    different = 0
    held, first, following = work.held, work.first, places.following
    for place in range(2 * len(edge)):
        a = other[place >> 1] if place & 1 else edge[place >> 1]
        if a < 0 or weight[a] == CLOSED:
            continue
        if held[a] == this:
            following[place] = first[a]
        else:
            held[a] = this
            following[place] = -1
            different += 1
        first[a] = place
    return different


@kernel
def _relax(
    network: Backward,
    weight: NDArray[np.int32],
    work: Work,
    edge: int,
    from_start: int,
    size: int,
    this: int,
) -> int:
    """Offer every edge before ``edge`` a way on; ``from_start`` is the time from edge's start."""
    # Locals: reading an array out of the tuple counts its references up and down, every time.
    ptr, turn_from, turn_ms = network.ptr, network.turn_from, network.turn_ms
    labels, stamp, heap = work.label, work.stamp, work.heap
    for turn in range(ptr[edge], ptr[edge + 1]):
        a = turn_from[turn]
        if weight[a] == CLOSED:
            continue
        label = from_start + turn_ms[turn]
        if stamp[a] != this or label < labels[a]:
            stamp[a] = this
            labels[a] = label
            size = push(heap, size, (label << 32) | a)
    return size


@kernel
def _rank(
    places: Places,
    candidate: int,
    ms: int,
    k: int,
    count: int,
    index: NDArray[np.int32],
    travel_ms: NDArray[np.int64],
) -> int:
    """Put a candidate into the ranking if it belongs there; the new length (at most k).

    The lists have one row to spare, so the last one is pushed out by writing over it.
    """
    known = places.best[candidate]
    if known <= ms:
        return count
    places.best[candidate] = ms
    if k == 0:
        return count
    if known != UNREACHED:
        for row in range(count):
            if index[row] == candidate:
                for later in range(row, count - 1):
                    index[later], travel_ms[later] = index[later + 1], travel_ms[later + 1]
                count -= 1
                break
    row = count
    while row > 0 and (
        travel_ms[row - 1] > ms or (travel_ms[row - 1] == ms and index[row - 1] > candidate)
    ):
        index[row], travel_ms[row] = index[row - 1], travel_ms[row - 1]
        row -= 1
    index[row], travel_ms[row] = candidate, ms
    return min(count + 1, k)
