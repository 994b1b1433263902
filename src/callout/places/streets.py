"""Streets out of roads: which roads of a name are one street, where streets meet, which town."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.base.geo import LonLat
from callout.roads import RawRoads
from callout.roads.raw import ROUNDABOUT

# Streets of one name further apart than a cell or two are different streets.
_CLUSTER_E7: Final = 90_000  # 0.009 degree, 1 km of latitude
_NEAR_KM2: Final = 9.0
_TOWNS: Final = frozenset({"city", "town", "village", "suburb", "hamlet"})
_STEP_E7: Final = 5_000  # a street is kept as points about 50 m apart
_SAME_CROSSING_E7: Final = 10_000  # carriageways of one crossing lie closer than 100 m
_MOST_TRACE: Final = 20_000


class Street(NamedTuple):
    """A street: a name, the point of it nearest to its middle, and points along it."""

    name: str
    point: LonLat
    trace: NDArray[np.int32]  # (n, 2)


class Streets(NamedTuple):
    """All streets, and where two of them meet."""

    streets: list[Street]
    crossings: list[tuple[int, int, LonLat]]  # positions in streets, the lower first


def read_streets(roads: RawRoads) -> Streets:
    """The streets of all roads that have a name, also those where nobody may drive."""
    ptr = roads.ptr
    found: list[Street] = []
    street_of = np.full(len(ptr) - 1, -1, np.int64)
    for members in _named(roads.name):
        middle = roads.lonlat[(ptr[members] + ptr[members + 1] - 1) // 2].astype(np.int64)
        for cluster in _clusters([_cells(roads, way) for way in members.tolist()]):
            ways = members[cluster]
            here = middle[cluster]
            nearest = np.abs(here - here.mean(axis=0)).sum(axis=1).argmin()
            trace = np.concatenate(
                [dense(roads.lonlat[ptr[w] : ptr[w + 1]]) for w in ways.tolist()]
            )[:_MOST_TRACE]
            street_of[ways] = len(found)
            point = LonLat(int(here[nearest, 0]), int(here[nearest, 1]))
            found.append(Street(roads.names[roads.name[ways[0]]], point, trace))
    return Streets(found, list(_crossings(roads, street_of)))


def _named(name: NDArray[np.int32]) -> Iterator[NDArray[np.int64]]:
    """Positions of the roads of each name."""
    named = np.flatnonzero(name >= 0)
    order = named[np.argsort(name[named], kind="stable")]
    if len(order):
        yield from np.split(order, np.flatnonzero(np.diff(name[order])) + 1)


def _cells(roads: RawRoads, way: int) -> set[tuple[int, int]]:
    points = roads.lonlat[roads.ptr[way] : roads.ptr[way + 1]] // _CLUSTER_E7
    return {(x, y) for x, y in points.tolist()}


def _clusters(cells: list[set[tuple[int, int]]]) -> list[NDArray[np.int64]]:
    """Positions of roads grouped by touching cells (flood fill over the few cells of a name)."""
    by_cell: dict[tuple[int, int], list[int]] = {}
    for index, mine in enumerate(cells):
        for cell in mine:
            by_cell.setdefault(cell, []).append(index)
    left, found = dict.fromkeys(range(len(cells))), []
    seen: set[tuple[int, int]] = set()
    while left:
        first = next(iter(left))
        todo, cluster = list(cells[first]), {first}
        while todo:
            x, y = todo.pop()
            if (x, y) in seen:
                continue
            seen.add((x, y))
            for beside in ((x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
                for index in by_cell.get(beside, ()):
                    if index not in cluster:
                        cluster.add(index)
                        todo.extend(cells[index])
        for index in cluster:
            left.pop(index, None)
        found.append(np.array(sorted(cluster), dtype=np.int64))
    return found


def dense(line: NDArray[np.int32]) -> NDArray[np.int32]:
    """A line's points with more between them, about 50 m apart."""
    points = line.astype(np.float64)
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(points, axis=0)).max(axis=1))])
    count = max(2, int(along[-1] // _STEP_E7) + 2)
    at = np.linspace(0.0, along[-1], count)
    return np.column_stack([np.interp(at, along, points[:, i]) for i in (0, 1)]).astype(np.int32)


def _crossings(roads: RawRoads, street_of: NDArray[np.int64]) -> Iterator[tuple[int, int, LonLat]]:
    """Nodes that two streets share; all streets at one roundabout meet there."""
    lengths = np.diff(roads.ptr)
    street = np.repeat(street_of, lengths)
    node = _joined(roads)
    kept = np.flatnonzero(street >= 0)
    pairs, first = np.unique(np.column_stack([node[kept], street[kept]]), axis=0, return_index=True)
    first = kept[first]
    borders = np.flatnonzero(np.diff(pairs[:, 0])) + 1
    seen: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for group in np.split(np.arange(len(pairs)), borders):
        if len(group) < 2:
            continue
        here = pairs[group, 1].tolist()
        x, y = roads.lonlat[first[group[0]]].tolist()
        for one, a in enumerate(here):
            for b in here[one + 1 :]:
                known = seen.setdefault((a, b), [])
                if all(max(abs(x - u), abs(y - v)) > _SAME_CROSSING_E7 for u, v in known):
                    known.append((x, y))
                    yield a, b, LonLat(x, y)


def _joined(roads: RawRoads) -> NDArray[np.int64]:
    """Node ids, those of one roundabout's pieces made one."""
    node = roads.node_id.copy()
    rounds = np.flatnonzero((roads.flags & ROUNDABOUT) != 0)
    if not len(rounds):
        return node
    leader: dict[int, int] = {}

    def lead(n: int) -> int:
        while leader.setdefault(n, n) != n:
            n = leader[n]
        return n

    for one in rounds.tolist():
        ring = node[roads.ptr[one] : roads.ptr[one + 1]].tolist()
        for other in ring[1:]:
            leader[lead(other)] = lead(ring[0])
    joined = {n: lead(n) for n in leader}
    ids = np.array(sorted(joined), dtype=np.int64)
    at = np.minimum(np.searchsorted(ids, node), len(ids) - 1)
    hit = ids[at] == node
    node[hit] = np.array([joined[n] for n in ids.tolist()], dtype=np.int64)[at[hit]]
    return node


class Towns:
    """Which place a point is near, among the few that have people in them."""

    def __init__(self, places: list[tuple[str, str, LonLat]]) -> None:
        """``places`` are kind, name and point."""
        kept = [(name, point) for kind, name, point in places if kind in _TOWNS]
        self._names = [name for name, _ in kept]
        self._points = np.array([point for _, point in kept], dtype=np.float64).reshape(-1, 2)

    def near(self, point: LonLat) -> str:
        """Name of the nearest place within 3 km, "" when there is none."""
        if not self._names:
            return ""
        km = (self._points - np.array(point)) * 1.11195e-5
        km[:, 0] *= np.cos(np.radians(point.lat))
        squared = (km**2).sum(axis=1)
        best = int(squared.argmin())
        return self._names[best] if squared[best] <= _NEAR_KM2 else ""
