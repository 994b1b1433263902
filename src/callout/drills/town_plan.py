"""The bones of a made town: river, main roads, bridges, motorway, and the quarters between them.

All in metres on a plane, x east, y north, of the town's middle. Everything is laid on straight
lines first and then bent by one smooth field, so that nothing crosses what it did not cross before.
"""

import math
import random
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from callout.drills.names import NameMaker

Points = NDArray[np.float64]  # (n, 2) x, y in metres

HALF_WIDTH_M: Final = 4300.0
HALF_HEIGHT_M: Final = 3300.0
OUTSKIRTS_M: Final = 700.0
_STEP_M: Final = 45.0
_CORRIDOR_M: Final = 75.0
_RAMP_M: Final = 340.0
_RAMP_SIDE_M: Final = 62.0
_CARRIAGEWAY_M: Final = 11.0

# Where the main roads run before they are bent; a bridge's name where one crosses the river.
_NORTH_SOUTH: Final = (
    (-4300.0, "secondary", ""),
    (-2750.0, "primary", "Iron Bridge"),
    (-1350.0, "tertiary", ""),
    (-120.0, "secondary", "Old Bridge"),
    (980.0, "primary", "Queen's Bridge"),
    (2250.0, "secondary", ""),
    (4300.0, "secondary", ""),
)
_EAST_WEST: Final = (
    (3300.0, "primary"),
    (2150.0, "secondary"),
    (980.0, "primary"),
    (-1480.0, "primary"),
    (-2380.0, "tertiary"),
    (-3300.0, "primary"),
)
_DIAGONALS: Final = (
    ((-1350.0, 980.0), (-2750.0, 2150.0), "tertiary"),
    ((980.0, 980.0), (2250.0, 2150.0), "secondary"),
    ((980.0, -1480.0), (2250.0, -2380.0), "tertiary"),
    ((-1350.0, -1480.0), (-2750.0, -2380.0), "secondary"),
)


@dataclass
class Street:
    """One road: its class as OpenStreetMap says it, and its line."""

    highway: str
    name: str
    points: Points
    tags: dict[str, str] = field(default_factory=dict)
    ground: bool = True  # crosses other ground roads at grade

    @property
    def line(self) -> LineString:
        """The same line for geometry."""
        return LineString(self.points)


@dataclass
class Plan:
    """What the rest of the town is hung on."""

    river: BaseGeometry
    streets: list[Street]
    corridor: BaseGeometry  # kept free of other streets: the motorway and its ramps
    quarters: list[Polygon]


class Bend:
    """A smooth field that bends the plane by at most some 250 m, over kilometres."""

    def __init__(self, rng: random.Random) -> None:
        self._waves = [
            (rng.uniform(0, math.tau), length_m, reach_m)
            for length_m, reach_m in ((7200.0, 210.0), (4100.0, 110.0), (2600.0, 45.0))
        ]

    def __call__(self, points: Points) -> Points:
        """The bent points; the field's slope stays under 1, so no two lines change sides."""
        x, y = points[:, 0], points[:, 1]
        dx, dy = np.zeros_like(x), np.zeros_like(y)
        for phase, length_m, reach_m in self._waves:
            k = math.tau / length_m
            dx += reach_m * np.sin(k * y + phase) * np.cos(0.4 * k * x)
            dy += reach_m * np.sin(k * x - 1.7 * phase) * np.cos(0.3 * k * y)
        return np.column_stack([x + dx, y + dy])


def _river_y(x: Points, phase: float) -> Points:
    return -330.0 + 190.0 * np.sin(x / 1500.0 + phase) + 70.0 * np.sin(x / 610.0 + 2.0 * phase)


def _river_half_m(x: Points, phase: float) -> Points:
    return 78.0 + 22.0 * np.sin(x / 900.0 + 3.0 * phase)


def _line(a: tuple[float, float], b: tuple[float, float]) -> Points:
    count = max(2, int(math.dist(a, b) / _STEP_M) + 1)
    return np.column_stack([np.linspace(a[0], b[0], count), np.linspace(a[1], b[1], count)])


def lay_out(rng: random.Random, names: NameMaker) -> Plan:
    """River, main roads, motorway and the faces between them."""
    bend, phase = Bend(rng), rng.uniform(0.0, math.tau)
    x = np.arange(-HALF_WIDTH_M - 2500.0, HALF_WIDTH_M + 2500.0, _STEP_M)
    middle, half = _river_y(x, phase), _river_half_m(x, phase)
    bank = np.vstack(
        [np.column_stack([x, middle + half]), np.column_stack([x, middle - half])[::-1]]
    )
    river = shapely.make_valid(Polygon(bend(bank)))
    streets = _crossings(river, _main_roads(bend, phase, names))
    motorway, corridor = _motorway(bend, streets, river)
    over = [
        street for street in motorway if street.tags.get("bridge") and not street.tags.get("oneway")
    ]
    frame = shapely.unary_union([_longer(street.points) for street in [*streets, *over]])
    solid = shapely.union_all([river.buffer(14.0), corridor])
    quarters = [
        part
        for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(frame)))
        for part in shapely.get_parts(face.difference(solid))
        if isinstance(part, Polygon) and not part.buffer(-38.0).is_empty
    ]
    quarters.sort(key=lambda part: (round(part.centroid.x), round(part.centroid.y)))
    return Plan(river, [*streets, *motorway], corridor, quarters)


def _longer(points: Points) -> LineString:
    """The line 4 m longer at both ends: bent lines that meet may miss each other by a hand."""
    ends = [points[0] - points[1], points[-1] - points[-2]]
    first, last = (4.0 * end / np.linalg.norm(end) for end in ends)
    return LineString(np.vstack([points[0] + first, points, points[-1] + last]))


def _main_roads(bend: Bend, phase: float, names: NameMaker) -> list[Street]:
    """Bent main roads; those without a bridge stop at the quays."""
    roads = []
    far_x, far_y = HALF_WIDTH_M + OUTSKIRTS_M, HALF_HEIGHT_M + OUTSKIRTS_M
    for x, highway, bridge in _NORTH_SOUTH:
        name = names.street("main")
        at = np.array([x])
        gap = float(_river_half_m(at, phase)[0]) + 32.0
        south, north = (float(_river_y(at, phase)[0]) + side * gap for side in (-1, 1))
        reach = far_y if highway == "primary" else HALF_HEIGHT_M
        spans = [(-reach, reach)] if bridge else [(-reach, south), (north, reach)]
        for low, high in spans:
            tags = {"_bridge": bridge} if bridge else {}
            roads.append(Street(highway, name, bend(_line((x, low), (x, high))), tags))
    for y, highway in _EAST_WEST:
        reach = far_x if highway == "primary" else HALF_WIDTH_M
        roads.append(Street(highway, names.street("main"), bend(_line((-reach, y), (reach, y)))))
    for a, b, highway in _DIAGONALS:
        roads.append(Street(highway, names.street("main"), bend(_line(a, b))))
    x_quay = np.linspace(-HALF_WIDTH_M, HALF_WIDTH_M, int(4 * HALF_WIDTH_M / _STEP_M))
    offset = _river_half_m(x_quay, phase) + 32.0
    for side, name in ((1, "North Quay"), (-1, "South Quay")):
        quay = np.column_stack([x_quay, _river_y(x_quay, phase) + side * offset])
        roads.append(Street("tertiary", name, bend(quay)))
    return roads


def _crossings(river: BaseGeometry, roads: list[Street]) -> list[Street]:
    """The same roads, those over the river cut in three with the bridge as a road of its own."""
    cut: list[Street] = []
    for road in roads:
        bridge = road.tags.pop("_bridge", "")
        wet = road.line.intersection(river.buffer(10.0))
        if not bridge or wet.is_empty:
            cut.append(road)
            continue
        start, end = sorted(road.line.project(Point(p)) for p in (wet.coords[0], wet.coords[-1]))
        tags = {"bridge": "yes", "layer": "1"}
        cut.append(Street(road.highway, road.name, between(road.line, 0.0, start)))
        cut.append(Street(road.highway, bridge, between(road.line, start, end), tags))
        cut.append(Street(road.highway, road.name, between(road.line, end, road.line.length)))
    return cut


def between(line: LineString, start_m: float, end_m: float) -> Points:
    """The part of a line between two distances along it."""
    from shapely.ops import substring  # noqa: PLC0415 - only needed here, loads slowly

    return np.asarray(substring(line, start_m, end_m).coords)


def _offset(points: Points, side_m: float) -> Points:
    """The line moved to its right by ``side_m`` (to its left when negative)."""
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return points + side_m * np.column_stack([along[:, 1], -along[:, 0]])


def _motorway(
    bend: Bend, roads: list[Street], river: BaseGeometry
) -> tuple[list[Street], BaseGeometry]:
    """Two carriageways from the southern to the northern ring, ramps where big roads cross it."""
    y = np.arange(-HALF_HEIGHT_M, HALF_HEIGHT_M + 1.0, _STEP_M)
    y[-1] = HALF_HEIGHT_M
    middle = bend(np.column_stack([3280.0 + 330.0 * np.sin(y / 1500.0), y]))
    middle = middle[(y > -HALF_HEIGHT_M) & (y < HALF_HEIGHT_M)]
    line = LineString(middle)
    ends = [_nearest_on(roads, middle[i]) for i in (0, -1)]
    # Traffic keeps right: northbound lies east of the middle.
    north = _tapered(_offset(middle, _CARRIAGEWAY_M), ends[0], ends[1])
    south = _tapered(_offset(middle, -_CARRIAGEWAY_M)[::-1], ends[1], ends[0])
    carriageways = [LineString(north), LineString(south)]
    made: list[Street] = []
    for index in range(len(roads)):
        made += _interchange(roads, index, line, carriageways)
    motorway: list[Street] = []
    for way in carriageways:
        motorway += _carriageway(way, river, made)
    corridor = shapely.union_all(
        [
            line.buffer(_CORRIDOR_M),
            *[street.line.buffer(25.0) for street in made if not street.ground],
        ]
    )
    return [*motorway, *made], corridor


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


def insert(points: Points, at_m: float, vertex: Points) -> Points:
    """The line with one more vertex at that distance along it."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return np.insert(points, int(np.searchsorted(along, at_m)), vertex, axis=0)
