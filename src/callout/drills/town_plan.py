"""The bones of a made town: river, main roads, bridges, motorway, and the quarters between them.

All in metres on a plane, x east, y north, of the town's middle. Everything is laid on straight
lines first and then bent by one smooth field, so that nothing crosses what it did not cross before.
"""

import math
import random
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from callout.drills.names import NameMaker
from callout.drills.town_motorway import motorway
from callout.drills.town_scale import Scale
from callout.drills.town_street import Points, Street, between

STEP_M: Final = 45.0
_RAILWAY_M: Final = 15.0  # half the width of the strip kept free for it
_ROUND: Final = 0.3  # 0 leaves a rectangle, 0.5 makes an ellipse
_DOCK_M: Final = 430.0
_HARBOUR_FROM_M: Final = 4500.0  # no quay road east of here: the docks begin


class Bend:
    """A smooth field that bends the plane by at most some 250 m, over kilometres."""

    def __init__(self, rng: random.Random, scale: Scale) -> None:
        """A big town is also rounded: its outer roads become rings (elliptical grid mapping)."""
        waves = ((7200.0, 210.0), (4100.0, 110.0), (2600.0, 45.0))
        self._half = (scale.half_width_m, scale.half_height_m) if scale.full else None
        self._waves = [
            (rng.uniform(0, math.tau), length_m, reach_m)
            for length_m, reach_m in (*waves, *([(12_500.0, 330.0)] if scale.full else []))
        ]

    def __call__(self, points: Points) -> Points:
        """The bent points; the field's slope stays under 1, so no two lines change sides."""
        x, y = points[:, 0], points[:, 1]
        if self._half is not None:
            wide, high = (
                np.minimum((v / half) ** 2, 1.3) for v, half in zip((x, y), self._half, strict=True)
            )
            x, y = x * np.sqrt(1.0 - _ROUND * high), y * np.sqrt(1.0 - _ROUND * wide)
        dx, dy = np.zeros_like(x), np.zeros_like(y)
        for phase, length_m, reach_m in self._waves:
            k = math.tau / length_m
            dx += reach_m * np.sin(k * y + phase) * np.cos(0.4 * k * x)
            dy += reach_m * np.sin(k * x - 1.7 * phase) * np.cos(0.3 * k * y)
        return np.column_stack([x + dx, y + dy])


@dataclass
class Plan:
    """What the rest of the town is hung on."""

    river: BaseGeometry
    streets: list[Street]
    corridor: BaseGeometry  # kept free of other streets: the motorway and its ramps
    quarters: list[Polygon]
    bend: Bend
    railway: Points | None
    course: Points  # the river's middle, downstream

    @property
    def railway_strip(self) -> BaseGeometry:
        """The ground kept free for the railway; empty without one."""
        return Polygon() if self.railway is None else LineString(self.railway).buffer(_RAILWAY_M)


def _river_y(x: Points, phase: float) -> Points:
    return -330.0 + 190.0 * np.sin(x / 1500.0 + phase) + 70.0 * np.sin(x / 610.0 + 2.0 * phase)


def _river_half_m(x: Points, phase: float) -> Points:
    return 78.0 + 22.0 * np.sin(x / 900.0 + 3.0 * phase)


def _dock(bend: Bend, phase: float, at_m: float) -> Polygon:
    """A basin cut into the northern bank, open to the river."""
    bank = float(_river_y(np.array([at_m]), phase)[0] + _river_half_m(np.array([at_m]), phase)[0])
    y = np.linspace(bank - 60.0, bank + _DOCK_M, 12)
    sides = [np.column_stack([np.full(12, at_m + half), y]) for half in (-48.0, 48.0)]
    return Polygon(bend(np.vstack([sides[0], sides[1][::-1]])))


def _railway(bend: Bend, scale: Scale) -> Points | None:
    """The line of the railway, right through the town and out of it."""
    if scale.railway_y is None:
        return None
    far_x = scale.half_width_m + scale.river_reach_m
    return bend(_line((-far_x, scale.railway_y), (far_x, scale.railway_y)))


def _line(a: tuple[float, float], b: tuple[float, float]) -> Points:
    count = max(2, int(math.dist(a, b) / STEP_M) + 1)
    return np.column_stack([np.linspace(a[0], b[0], count), np.linspace(a[1], b[1], count)])


def lay_out(rng: random.Random, names: NameMaker, scale: Scale) -> Plan:
    """River, main roads, motorway and the faces between them."""
    bend, phase = Bend(rng, scale), rng.uniform(0.0, math.tau)
    far_x = scale.half_width_m + scale.river_reach_m
    x = np.arange(-far_x, far_x, STEP_M)
    middle, half = _river_y(x, phase), _river_half_m(x, phase)
    bank = np.vstack(
        [np.column_stack([x, middle + half]), np.column_stack([x, middle - half])[::-1]]
    )
    river = shapely.make_valid(Polygon(bend(bank)))
    course = bend(np.column_stack([x, middle]))
    docks = [_dock(bend, phase, at_m) for at_m in scale.docks_m]
    roads, closing = _main_roads(bend, phase, names, scale)
    streets = _crossings(river, roads)
    fast, corridor = motorway(bend, streets, river, scale.half_height_m)
    river = shapely.union_all([river, *docks])
    railway = _railway(bend, scale)
    over = [
        street for street in fast if street.tags.get("bridge") and not street.tags.get("oneway")
    ]
    lines = [*(street.points for street in [*streets, *over]), *closing]
    frame = shapely.unary_union([_longer(points) for points in lines])
    rails = [LineString(railway).buffer(_RAILWAY_M)] if railway is not None else []
    solid = shapely.union_all([river.buffer(14.0), corridor, *rails])
    quarters = [
        part
        for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(frame)))
        for part in shapely.get_parts(face.difference(solid))
        if isinstance(part, Polygon) and not part.buffer(-38.0).is_empty
    ]
    quarters.sort(key=lambda part: (round(part.centroid.x), round(part.centroid.y)))
    return Plan(river, [*streets, *fast], corridor, quarters, bend, railway, course)


def _longer(points: Points) -> LineString:
    """The line 4 m longer at both ends: bent lines that meet may miss each other by a hand."""
    ends = [points[0] - points[1], points[-1] - points[-2]]
    first, last = (4.0 * end / np.linalg.norm(end) for end in ends)
    return LineString(np.vstack([points[0] + first, points, points[-1] + last]))


def _main_roads(
    bend: Bend, phase: float, names: NameMaker, scale: Scale
) -> tuple[list[Street], list[Points]]:
    """Bent main roads, those without a bridge stop at the quays; and lines that close a harbour."""
    roads = []
    half_x, half_y = scale.half_width_m, scale.half_height_m
    far_x, far_y = half_x + scale.outskirts_m, half_y + scale.outskirts_m
    for x, highway, bridge in scale.north_south:
        name = names.street("main")
        at = np.array([x])
        gap = float(_river_half_m(at, phase)[0]) + 32.0
        south, north = (float(_river_y(at, phase)[0]) + side * gap for side in (-1, 1))
        reach = far_y if highway == "primary" else half_y
        spans = [(-reach, reach)] if bridge else [(-reach, south), (north, reach)]
        for low, high in spans:
            tags = {"_bridge": bridge} if bridge else {}
            roads.append(Street(highway, name, bend(_line((x, low), (x, high))), tags))
    for y, highway in scale.east_west:
        reach = far_x if highway == "primary" else half_x
        roads.append(Street(highway, names.street("main"), bend(_line((-reach, y), (reach, y)))))
    for a, b, highway in scale.diagonals:
        roads.append(Street(highway, names.street("main"), bend(_line(a, b))))
    x_quay = np.linspace(-half_x, half_x, int(4 * half_x / STEP_M))
    offset = _river_half_m(x_quay, phase) + 32.0
    closing: list[Points] = []
    for side, name in ((1, "North Quay"), (-1, "South Quay")):
        quay = bend(np.column_stack([x_quay, _river_y(x_quay, phase) + side * offset]))
        if side > 0 and scale.docks_m:
            closing.append(quay)
            quay = quay[x_quay <= _HARBOUR_FROM_M]
        roads.append(Street("tertiary", name, quay))
    return roads, closing


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
