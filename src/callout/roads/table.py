"""Many sources to many targets: a sweep over the contraction for 16 targets at once.

PHAST (Delling, Goldberg, Nowatzyk & Werneck 2011) restricted to what the sources can see, from
the targets backwards. The numbers are those of one Dijkstra search a target, entry by entry.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from callout.roads.contraction import (
    LONGEST_MS,
    NO_WAY,
    ArcTimes,
    Contraction,
    contract,
    customise,
)
from callout.roads.jit import kernel
from callout.roads.profile import CLOSED
from callout.roads.search import Backward
from callout.roads.snap import Snaps

# Targets a sweep: one line of the cache (64 bytes) holds a vertex's labels of all of them.
_LANES = 16
_MILLION = 1_000_000


class Tables:
    """The contraction of each profile, and its times under the weights last asked for."""

    def __init__(self) -> None:
        """Nothing is made before it is needed."""
        self._making = threading.Lock()
        self._last: dict[str, tuple[NDArray[np.int32], Contraction, ArcTimes]] = {}

    def times(
        self,
        profile: str,
        network: Backward,
        weight: NDArray[np.int32],
        base: NDArray[np.int32],
        sources: Snaps,
        targets: Snaps,
    ) -> NDArray[np.int64] | None:
        """The table; None when an edge takes hours, which is beyond the numbers of a sweep.

        ``base`` are the weights without closures: what may open again must be in the contraction.
        """
        open_ = weight[weight != CLOSED]
        if open_.size and open_.max() >= LONGEST_MS:
            return None
        with self._making:
            weight_of, contraction, arc_times = self._last.get(profile, (None, None, None))
            if contraction is None or weight_of is not weight:
                arc_times = contraction and customise(network, weight, contraction)
                if contraction is None or arc_times is None:  # none yet, or the hour opened a turn
                    contraction = contract(network, base)
                    arc_times = customise(network, weight, contraction)
                assert arc_times is not None, "a new contraction has every turn of its network"
                self._last[profile] = weight, contraction, arc_times
        assert arc_times is not None
        return times_table(network, weight, contraction, arc_times, sources, targets)


def times_table(
    network: Backward,
    weight: NDArray[np.int32],
    contraction: Contraction,
    arc_times: ArcTimes,
    sources: Snaps,
    targets: Snaps,
    threads: int | None = None,
) -> NDArray[np.int64]:
    """(sources, targets) milliseconds, -1 where there is no way; on all cores unless told."""
    table = np.full((sources.size, targets.size), -1, np.int64)
    seen = _seen_from(contraction, sources.edge, sources.other)

    def sweep(first: int) -> None:
        _sweep(network, weight, contraction, arc_times, seen, sources, targets, first, table)

    starts = range(0, targets.size, _LANES)
    threads = min(threads or os.cpu_count() or 1, len(starts))
    if threads <= 1:
        for first in starts:
            sweep(first)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(sweep, starts))
    return table


@kernel
def _seen_from(
    contraction: Contraction, edge: NDArray[np.int32], other: NDArray[np.int32]
) -> NDArray[np.int32]:
    """The vertices that ways from the sources go up through, ascending.

    They are the sources' ancestors in the elimination tree (Schreiber 1982).
    """
    vertex, ptr, upper = contraction.vertex, contraction.ptr, contraction.upper
    marked = np.zeros(len(contraction.edge), np.uint8)
    for index in range(2 * len(edge)):
        e = other[index >> 1] if index & 1 else edge[index >> 1]
        v = vertex[e] if e >= 0 else -1
        while v >= 0 and marked[v] == 0:
            marked[v] = 1
            v = upper[ptr[v]] if ptr[v] < ptr[v + 1] else -1
    return np.flatnonzero(marked).astype(np.int32)


@kernel
def _sweep(
    network: Backward,
    weight: NDArray[np.int32],
    contraction: Contraction,
    arc_times: ArcTimes,
    seen: NDArray[np.int32],
    sources: Snaps,
    targets: Snaps,
    first: int,
    table: NDArray[np.int64],
) -> None:
    """Fill the columns from ``first`` on. A label is the time from the end of an edge."""
    ptr, upper, up = contraction.ptr, contraction.upper, arc_times.up
    row = np.full(len(contraction.edge), -1, np.int32)
    for at in range(len(seen)):
        row[seen[at]] = at
    label = np.full((len(seen), _LANES), np.int32(NO_WAY), np.int32)
    alone = np.full(len(contraction.edge), np.int32(NO_WAY), np.int32)
    last = min(first + _LANES, len(targets.edge))
    for column in range(first, last):
        climbed = _climb(
            network, weight, contraction, arc_times.down, alone,
            targets.edge[column], targets.offset[column], targets.other[column],
        )  # fmt: skip
        for v in climbed:
            if row[v] >= 0:
                label[row[v], column - first] = alone[v]
            alone[v] = NO_WAY
    for at in range(len(seen) - 1, -1, -1):
        v = seen[at]
        mine = label[at]
        for arc in range(ptr[v], ptr[v + 1]):
            ms = up[arc]
            if ms == NO_WAY:
                continue
            above = label[row[upper[arc]]]
            for lane in range(_LANES):
                mine[lane] = min(mine[lane], np.int32(above[lane] + ms))
    for column in range(first, last):
        labels = label[:, column - first]
        _read(weight, contraction.vertex, row, labels, sources, targets, column, table)


@kernel
def _climb(
    network: Backward,
    weight: NDArray[np.int32],
    contraction: Contraction,
    down: NDArray[np.int32],
    alone: NDArray[np.int32],
    edge: int,
    offset: int,
    other: int,
) -> NDArray[np.int32]:
    """Label everything above one target in ``alone``; the vertices labelled, ascending."""
    ptr, upper, vertex = contraction.ptr, contraction.upper, contraction.vertex
    climbed = np.empty(256, np.int32)
    count = 0
    for side in range(2):
        target = edge if side == 0 else other
        if target < 0 or weight[target] == CLOSED:
            continue
        at = offset if side == 0 else _MILLION - offset
        head = np.int64(weight[target]) * at // _MILLION
        state = target
        while state >= 0:
            for turn in range(network.ptr[state], network.ptr[state + 1]):
                a = network.turn_from[turn]
                if weight[a] == CLOSED:
                    continue
                v = vertex[a]
                alone[v] = min(np.int64(alone[v]), head + network.turn_ms[turn])
                if count == len(climbed):
                    climbed = np.concatenate((climbed, np.empty(count, np.int32)))
                climbed[count] = v
                count += 1
            state = network.copy[state]
    climbed = _ancestors(contraction, climbed[:count])
    for v in climbed:
        ms = alone[v]
        for arc in range(ptr[v], ptr[v + 1]):
            alone[upper[arc]] = min(alone[upper[arc]], np.int32(ms + down[arc]))
    return climbed


@kernel
def _ancestors(contraction: Contraction, vertices: NDArray[np.int32]) -> NDArray[np.int32]:
    """The vertices and all above them in the elimination tree, ascending.

    Each path ascends, and paths that have met stay together: merging keeps the order.
    """
    ptr, upper = contraction.ptr, contraction.upper
    known = np.empty(0, np.int32)
    for start in np.unique(vertices):
        path = np.empty(len(known) + 64, np.int32)
        size, at = 0, 0
        v = start
        while v >= 0:
            while at < len(known) and known[at] < v:
                if size == len(path):
                    path = np.concatenate((path, np.empty(size, np.int32)))
                path[size] = known[at]
                size, at = size + 1, at + 1
            if size == len(path):
                path = np.concatenate((path, np.empty(size, np.int32)))
            path[size] = v
            size += 1
            if at < len(known) and known[at] == v:
                at += 1
            v = upper[ptr[v]] if ptr[v] < ptr[v + 1] else -1
        known = np.concatenate((path[:size], known[at:]))
    return known


@kernel
def _read(
    weight: NDArray[np.int32],
    vertex: NDArray[np.int32],
    row: NDArray[np.int32],
    label: NDArray[np.int32],
    sources: Snaps,
    targets: Snaps,
    column: int,
    table: NDArray[np.int64],
) -> None:
    """The least of both directions of a source's road, and of staying on the target's edge."""
    to_edge, to_other = targets.edge[column], targets.other[column]
    for index in range(len(sources.edge)):
        best = np.int64(-1)
        for side in range(2):
            a = sources.edge[index] if side == 0 else sources.other[index]
            if a < 0 or weight[a] == CLOSED:
                continue
            offset = np.int64(sources.offset[index])
            p = offset if side == 0 else _MILLION - offset
            done = np.int64(weight[a]) * p // _MILLION
            ms = np.int64(label[row[vertex[a]]])
            if ms < NO_WAY and (best < 0 or ms + weight[a] - done < best):
                best = ms + weight[a] - done
            for target in range(2):
                b = to_edge if target == 0 else to_other
                q = np.int64(targets.offset[column])
                q = q if target == 0 else _MILLION - q
                if a == b and p <= q:
                    direct = np.int64(weight[a]) * q // _MILLION - done
                    if best < 0 or direct < best:
                        best = direct
        table[index, column] = best
