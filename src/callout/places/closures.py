"""Closures on the graph: which stretches are meant, and which edges that is on the map of now."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from callout.base.errors import BadInputError, ConflictError, NotFoundError
from callout.base.geo import LonLat, distance_m
from callout.places.events import Stretch
from callout.roads import Roads

#: An entry may have 65,535 bytes; a stretch takes up to 40.
MOST_STRETCHES: Final = 1_400
_CLICK_M: Final = 60.0
# A point on a stretch is found again on a newer map when the road has not moved further.
_MOVED_M: Final = 30.0
# Streets of one name further apart than this are different streets.
_APART_M: Final = 1_500.0


class Closure(msgspec.Struct, frozen=True):
    """A closure in force, as the board holds it."""

    id: str
    name: str
    why: str
    stretches: tuple[Stretch, ...]
    until_us: int | None
    kmh: int | None
    since_us: int
    by: str
    version: int


class Resolved(NamedTuple):
    """Closures as edges of the opened map: by closure, and what ``Roads.apply`` takes."""

    edges: dict[str, NDArray[np.int32]]
    closed: list[int]
    speeds: dict[int, float]
    gone: dict[str, int]
    """Stretches that are not on this map any more, by closure."""


def at_points(roads: Roads, points: Sequence[LonLat]) -> tuple[str, tuple[Stretch, ...]]:
    """The stretches that the points are on, and the first one's name; NotFoundError."""
    if not points:
        raise BadInputError("no point is given", where="points", todo="Point at a road")
    snaps = roads.snap(np.array(points, np.int64), reach_m=_CLICK_M)
    if (snaps.edge < 0).any():
        row = int(np.flatnonzero(snaps.edge < 0)[0])
        raise NotFoundError(
            f"there is no road within {_CLICK_M:.0f} m of point {row + 1}",
            where="points",
            todo="Point at the road itself",
        )
    numbers = roads.graph.arrays["edge_road"][snaps.edge]
    return roads.name(int(snaps.edge[0])), _stretches(roads, np.unique(numbers))


def by_street(roads: Roads, street: str, near: LonLat | None) -> tuple[str, tuple[Stretch, ...]]:
    """All of a street. ConflictError with the choices when there are several of that name."""
    name, found = _named(roads, street)
    middles = _middles(roads, found)
    groups = _groups(middles)
    if near is None and len(groups) > 1:
        choices = [LonLat(*middles[group[0]].tolist()) for group in groups]
        raise ConflictError(
            f"there are {len(groups)} streets named {name}",
            where="street",
            todo="Say near where: send near, or point at it on the map",
            choices=[{"lon": point.lon, "lat": point.lat} for point in choices],
        )
    if near is not None:
        here = near
        groups.sort(
            key=lambda group: min(distance_m(here, LonLat(*middles[row].tolist())) for row in group)
        )
    return name, _stretches(roads, found[groups[0]])


def in_area(roads: Roads, ring: Sequence[LonLat]) -> tuple[Stretch, ...]:
    """Every stretch that enters an area. BadInputError for what encloses nothing."""
    if len(ring) < 3:
        raise BadInputError("an area has three corners or more", where="area")
    shape = shapely.Polygon([(p.lon_e7, p.lat_e7) for p in ring])
    if not shape.is_valid or not shape.area:
        raise BadInputError("the area crosses itself", where="area", todo="Draw it anew")
    edges = roads.edges([(p.lon_e7, p.lat_e7) for p in ring])
    found = np.unique(roads.graph.arrays["edge_road"][edges])
    if not len(found):
        raise NotFoundError("there is no road in the area", where="area", todo="Draw it anew")
    return _stretches(roads, found)


def resolve(roads: Roads, closures: Iterable[Closure]) -> Resolved:
    """What ``Roads.apply`` takes. Where closures meet on an edge the strictest holds."""
    arrays = roads.graph.arrays
    order = np.argsort(arrays["road_way"], kind="stable")
    ways = arrays["road_way"][order]
    edges: dict[str, NDArray[np.int32]] = {}
    closed: set[int] = set()
    speeds: dict[int, float] = {}
    gone: dict[str, int] = {}
    for closure in closures:
        numbers = [_find(roads, order, ways, stretch) for stretch in closure.stretches]
        if lost := sum(number < 0 for number in numbers):
            gone[closure.id] = lost
        here = arrays["road_edge"][[number for number in numbers if number >= 0]].ravel()
        edges[closure.id] = here = np.unique(here[here >= 0]).astype(np.int32)
        if closure.kmh is None:
            closed.update(here.tolist())
        else:
            for edge in here.tolist():
                speeds[edge] = min(closure.kmh, speeds.get(edge, closure.kmh))
    return Resolved(edges, sorted(closed), speeds, gone)


def lines(roads: Roads, edges: NDArray[np.int32]) -> list[list[tuple[float, float]]]:
    """One line in degrees for each road among the edges, to be drawn."""
    arrays = roads.graph.arrays
    found = []
    for road in np.unique(arrays["edge_road"][edges]).tolist():
        low, high = arrays["road_ptr"][road], arrays["road_ptr"][road + 1]
        found.append([(x / 1e7, y / 1e7) for x, y in arrays["shape_lonlat"][low:high].tolist()])
    return found


def _named(roads: Roads, street: str) -> tuple[str, NDArray[np.int64]]:
    """Roads of that name; capitals do not matter, and the start of it is enough if it is one."""
    wanted = " ".join(street.split()).casefold()
    names = roads.street_names()
    same = [n for n, name in enumerate(names) if name.casefold() == wanted]
    starts = [n for n, name in enumerate(names) if wanted and name.casefold().startswith(wanted)]
    if not same and len(starts) > 1:
        raise ConflictError(
            f"{len(starts)} streets begin so",
            where="street",
            todo="Say it whole",
            choices=[{"name": names[n]} for n in starts[:10]],
        )
    found = same or starts
    if not found:
        raise NotFoundError(
            f"there is no street {street!r}"[:120], where="street", todo="Check the spelling"
        )
    rows = np.flatnonzero(np.isin(roads.graph.arrays["road_name"], found))
    return names[found[0]], rows


def _groups(middles: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows that hang together: each within reach of another of its group."""
    left = list(range(len(middles)))
    groups = []
    points = [LonLat(x, y) for x, y in middles.tolist()]
    while left:
        group, todo = [], [left.pop()]
        while todo:
            row = todo.pop()
            group.append(row)
            near = [n for n in left if distance_m(points[row], points[n]) <= _APART_M]
            left = [n for n in left if n not in near]
            todo += near
        groups.append(np.array(sorted(group)))
    return groups


def _middles(roads: Roads, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, 2) a point in the middle of each road, on its line."""
    arrays = roads.graph.arrays
    found = []
    for road in numbers.tolist():
        edge = int(arrays["road_edge"][road].max())
        found.append(roads.point(edge, 500_000))
    return np.array(found, np.int64).reshape(-1, 2)


def _stretches(roads: Roads, numbers: NDArray[np.int64]) -> tuple[Stretch, ...]:
    if len(numbers) > MOST_STRETCHES:
        raise BadInputError(
            f"that is {len(numbers)} stretches of road, at most {MOST_STRETCHES}",
            where="closure",
            todo="Close the roads that lead into it, or a smaller part",
        )
    ways = roads.graph.arrays["road_way"][numbers].tolist()
    points = _middles(roads, numbers).tolist()
    return tuple(Stretch(way, x, y) for way, (x, y) in zip(ways, points, strict=True))


def _find(roads: Roads, order: NDArray[np.int64], ways: NDArray[np.int64], stretch: Stretch) -> int:
    """The road of this map that a stretch is; -1 when there is none within reach."""
    low, high = np.searchsorted(ways, [stretch.way, stretch.way + 1])
    arrays = roads.graph.arrays
    squeeze = float(np.cos(np.radians(stretch.lat_e7 / 1e7)))
    here = shapely.Point(0.0, 0.0)
    best, least = -1, _MOVED_M * 90.0  # 90 of 1e-7 degree of latitude are a metre
    for road in order[low:high].tolist():
        start, stop = arrays["road_ptr"][road], arrays["road_ptr"][road + 1]
        line = arrays["shape_lonlat"][start:stop].astype(np.float64)
        line = (line - (stretch.lon_e7, stretch.lat_e7)) * (squeeze, 1.0)
        away = float(shapely.distance(shapely.LineString(line), here))
        if away < least:
            best, least = road, away
    return best
