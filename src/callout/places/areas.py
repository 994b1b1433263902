"""Areas from closed ways and multipolygon relations, as shapely polygons in 1e-7 degree.

Rings of a relation are put together by shapely's polygonizer rather than by roles: mappers forget
roles more often than they draw a ring that does not close.
"""

from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from callout.places.tags import Tags, area_kind


class Area(NamedTuple):
    """An area to draw."""

    layer: str  # water | land | building
    kind: str
    name: str
    shape: shapely.Geometry  # Polygon or MultiPolygon, lon and lat in 1e-7 degree


class AreaReader:
    """Collects ways that are areas or may be pieces of one, then relations."""

    def __init__(self) -> None:
        """Empty."""
        self._found: list[tuple[str, str, str]] = []
        self._rings: list[NDArray[np.int32]] = []
        self._pieces: dict[int, NDArray[np.int32]] = {}
        self._built: list[Area] = []
        self.crossed = 0  # areas that cut themselves, and were mended

    def way(self, way_id: int, tags: Tags, xy: NDArray[np.int32]) -> None:
        """Take a way; (m, 2) points."""
        self._pieces[way_id] = xy
        kind = area_kind(tags)
        closed = len(xy) > 3 and (xy[0] == xy[-1]).all()
        if kind is not None and closed:
            self._found.append((*kind, tags.get("name", "")))
            self._rings.append(xy)

    def relation(self, tags: Tags, members: list[tuple[int, str]]) -> None:
        """Take a multipolygon; members that the extract left out are done without."""
        kind = area_kind(tags)
        if kind is None:
            return
        outer, inner = (
            self._filled([ref for ref, role in members if (role == "inner") == is_inner])
            for is_inner in (False, True)
        )
        shape = shapely.make_valid(shapely.difference(outer, inner))
        if not shapely.is_empty(shape):
            self._built.append(Area(*kind, tags.get("name", ""), shape))

    def finish(self) -> list[Area]:
        """All areas, valid; what collapses to nothing is left out."""
        if self._rings:
            sizes = [len(ring) for ring in self._rings]
            owner = np.repeat(np.arange(len(sizes)), sizes)
            points = np.concatenate(self._rings).astype(np.float64)
            rings = shapely.linearrings(points, indices=owner)
            shapes: NDArray[Any] = np.asarray(shapely.polygons(rings))
            broken = ~shapely.is_valid(shapes)
            self.crossed += int(broken.sum())
            shapes[broken] = shapely.make_valid(shapes[broken])
            whole = zip(self._found, shapes, strict=True)
            self._built += [Area(*found, shape) for found, shape in whole if shape.area > 0]
        return self._built

    def _filled(self, refs: list[int]) -> shapely.Geometry:
        """The area that the rings of these ways enclose."""
        pieces = [self._pieces[ref] for ref in refs if ref in self._pieces]
        lines = [shapely.LineString(piece) for piece in pieces if len(piece) > 1]
        faces: NDArray[Any] = np.asarray(shapely.get_parts(shapely.polygonize(lines)))
        filled: NDArray[Any] = np.asarray(shapely.polygons(shapely.get_exterior_ring(faces)))
        return shapely.union_all(filled)
