"""The motorway of a made town: two carriageways, and ramps where big roads cross it."""

from collections.abc import Callable
from typing import Final

import numpy as np
import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from callout.drills.town_street import Points, Street, between, insert

_STEP_M: Final = 45.0
_CORRIDOR_M: Final = 75.0
_RAMP_M: Final = 340.0
_RAMP_SIDE_M: Final = 62.0
_CARRIAGEWAY_M: Final = 11.0

Bend = Callable[[Points], Points]


def _offset(points: Points, side_m: float) -> Points:
    """The line moved to its right by ``side_m`` (to its left when negative)."""
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return points + side_m * np.column_stack([along[:, 1], -along[:, 0]])


def motorway(
    bend: Bend, roads: list[Street], river: BaseGeometry, half_height_m: float
) -> tuple[list[Street], BaseGeometry]:
    """Two carriageways from the southern to the northern ring, ramps where big roads cross it."""
    y = np.arange(-half_height_m, half_height_m + 1.0, _STEP_M)
    y[-1] = half_height_m
    middle = bend(np.column_stack([3280.0 + 330.0 * np.sin(y / 1500.0), y]))
    middle = middle[(y > -half_height_m) & (y < half_height_m)]
    line = LineString(middle)
    ends = [_nearest_on(roads, middle[i]) for i in (0, -1)]
    # Traffic keeps right: northbound lies east of the middle.
    north = _tapered(_offset(middle, _CARRIAGEWAY_M), ends[0], ends[1])
    south = _tapered(_offset(middle, -_CARRIAGEWAY_M)[::-1], ends[1], ends[0])
    carriageways = [LineString(north), LineString(south)]
    made: list[Street] = []
    for index in range(len(roads)):
        made += _interchange(roads, index, line, carriageways)
    found: list[Street] = []
    for way in carriageways:
        found += _carriageway(way, river, made)
    corridor = shapely.union_all(
        [
            line.buffer(_CORRIDOR_M),
            *[street.line.buffer(25.0) for street in made if not street.ground],
        ]
    )
    return [*found, *made], corridor


def _nearest_on(roads: list[Street], point: Points) -> Points:
    lines = [road.line for road in roads]
    at = Point(point)
    index = min(range(len(lines)), key=lambda i: lines[i].distance(at))
    on = lines[index].interpolate(lines[index].project(at))
    return np.array([on.x, on.y])


def _tapered(points: Points, first: Points, last: Points) -> Points:
    return np.vstack([first, points[1:-1], last])


def _interchange(
    roads: list[Street], index: int, middle: LineString, ways: list[LineString]
) -> list[Street]:
    """Ramps between the motorway and the road that crosses it; the road rises over it.

    Replaces ``roads[index]`` by its western part and appends the bridge and the eastern part.
    """
    road = roads[index]
    hit = road.line.intersection(middle)
    if not isinstance(hit, Point) or road.name.endswith("Quay"):
        return []  # the quays pass under the motorway's bridge
    along, at = middle.project(hit), road.line.project(hit)
    feet = [at - _RAMP_SIDE_M, at + _RAMP_SIDE_M]  # west and east of the motorway
    whole = road.line
    roads[index] = Street(road.highway, road.name, between(whole, 0.0, feet[0]))
    roads.append(Street(road.highway, road.name, between(whole, feet[1], whole.length)))
    over = Street(
        road.highway,
        road.name,
        between(whole, *feet),
        {"bridge": "yes", "layer": "1"},
        ground=False,
    )
    made = [over]
    clear = _RAMP_M + 150.0 < along < middle.length - _RAMP_M - 150.0
    if road.highway == "tertiary" or not clear:
        return made
    for foot_m, way in ((feet[1], ways[0]), (feet[0], ways[1])):
        foot, crossing = whole.interpolate(foot_m), way.project(hit)
        for side in (-1, 1):
            joint = way.interpolate(crossing + side * _RAMP_M)
            mid = way.interpolate(crossing + side * _RAMP_M * 0.45)
            bow = (mid.x + 0.42 * (foot.x - hit.x), mid.y + 0.42 * (foot.y - hit.y))
            ramp = np.array([(joint.x, joint.y), bow, (foot.x, foot.y)])
            ordered = ramp if side < 0 else ramp[::-1]
            made.append(Street("motorway_link", "", ordered, {"oneway": "yes"}, ground=False))
    return made


def _carriageway(way: LineString, river: BaseGeometry, ramps: list[Street]) -> list[Street]:
    """The carriageway with a vertex at every ramp's end, cut in three at the river."""
    joints = [
        way.project(Point(end))
        for ramp in ramps
        if ramp.highway == "motorway_link"
        for end in (ramp.points[0], ramp.points[-1])
        if way.distance(Point(end)) < 0.01
    ]
    wet = way.intersection(river.buffer(70.0))
    start, end = sorted(way.project(Point(p)) for p in (wet.coords[0], wet.coords[-1]))
    parts = []
    for low, high, extra in (
        (0.0, start, {}),
        (start, end, {"bridge": "yes", "layer": "1"}),
        (end, way.length, {}),
    ):
        part = between(way, low, high)
        for joint in joints:
            if low < joint < high:
                part = insert(part, joint - low, np.asarray(way.interpolate(joint).coords[0]))
        tags = {"oneway": "yes", "ref": "M1", "lanes": "2", "maxspeed": "100", **extra}
        parts.append(Street("motorway", "Arne Motorway", part, tags, ground=False))
    return parts
