"""Areas as shapes: from facts to geometry, and which of them a point is in.

A spatial index over bounding boxes picks the few areas that may hold a point, an exact test on
prepared geometry decides. A point on a border is in both areas: whoever asks must see both.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import shapely

from callout.base.geo import E7, EARTH_RADIUS_M, LonLat, distance_m

KINDS: Final = ("agency", "beat", "first_due", "key_site")
#: A key site is shown for a place this near to it; gates stand beside the fence, not inside.
KEY_SITE_M: Final = 50.0
_E7_PER_M: Final = E7 * 180.0 / (np.pi * EARTH_RADIUS_M)


class Area(NamedTuple):
    """An area as the board holds it. ``shape`` is in 1e-7 degree."""

    id: str
    kind: str
    name: str
    agency: str
    of: str
    text: str
    shape: shapely.Geometry
    version: int


def shape_of(
    polygons: Iterable[Iterable[tuple[int, ...]]], point: tuple[int, int] | None
) -> shapely.Geometry:
    """The geometry of an AreaDrawn: a (Multi)Polygon, or a Point."""
    if point is not None:
        return shapely.Point(*point)
    parts = []
    for rings in polygons:
        outer, *holes = [np.array(ring, dtype=np.float64).reshape(-1, 2) for ring in rings]
        parts.append(shapely.Polygon(outer, holes))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


class ZoneIndex:
    """Areas, findable by point. Immutable: the board makes a new one when an area changes."""

    def __init__(self, areas: Iterable[Area]) -> None:
        """Sort and index; about a millisecond for a hundred areas."""
        order = {kind: rank for rank, kind in enumerate(KINDS)}
        self._areas = sorted(areas, key=lambda area: (order.get(area.kind, len(KINDS)), area.id))
        shapes = [area.shape for area in self._areas]
        shapely.prepare(shapes)
        self._tree = shapely.STRtree(shapes)

    def at(self, point: LonLat) -> list[Area]:
        """Areas that hold the point or have it on their border; key sites within 50 m as well.

        In the order of ``KINDS``, then by id, so the same point always has the same answer.
        """
        here = shapely.Point(point.lon_e7, point.lat_e7)
        inside = set(self._tree.query(here, predicate="intersects").tolist())
        reach_y = KEY_SITE_M * _E7_PER_M
        reach_x = reach_y / max(0.01, np.cos(np.radians(point.lat)))
        box = shapely.box(here.x - reach_x, here.y - reach_y, here.x + reach_x, here.y + reach_y)
        for row in self._tree.query(box).tolist():
            area = self._areas[row]
            if row not in inside and area.kind == "key_site" and _near(area.shape, point):
                inside.add(row)
        return [self._areas[row] for row in sorted(inside)]


def _near(shape: shapely.Geometry, point: LonLat) -> bool:
    """Whether a shape comes within reach of the point; on a plane stretched to true metres."""
    squeeze = max(0.01, float(np.cos(np.radians(point.lat))))
    local = shapely.transform(shape, lambda xy: (xy - point) * (squeeze, 1.0))
    nearest = shapely.shortest_line(local, shapely.Point(0.0, 0.0)).coords[0]
    there = LonLat(round(point.lon_e7 + nearest[0] / squeeze), round(point.lat_e7 + nearest[1]))
    return distance_m(point, there) <= KEY_SITE_M
