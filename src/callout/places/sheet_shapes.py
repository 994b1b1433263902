"""What lies under a sheet of paper: the tiles there, decoded, in millimetres of the sheet.

Tiles overlap by their buffer, so that drawn lines join; for names and points each tile is cut to
its own square first, so that nothing is there twice.
"""

import gzip
import math
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import mapbox_vector_tile
import numpy as np
import shapely
from numpy.typing import NDArray

from callout.base.geo import LonLat
from callout.places.city import City
from callout.places.mvt import EXTENT

# Once round the earth at the equator (WGS84, EPSG:3857), metres.
_ROUND_M: Final = 40_075_016.686
# A tile is drawn about this large: detail as on a screen, which shows 512 pixels of 0.26 mm.
_TILE_MM: Final = 110.0
_ARROW_MM: Final = 2.2
_ARROW_EVERY_MM: Final = 22.0


class Spot(NamedTuple):
    """A point of a layer, in millimetres."""

    layer: str  # place | poi | label | housenumber
    kind: str
    name: str
    x: float
    y: float


class Road(NamedTuple):
    """A named piece of road inside its own tile."""

    kind: str
    name: str
    ref: str
    line: shapely.Geometry


class Shapes:
    """The features under a sheet, by layer; all in millimetres, y down."""

    def __init__(self) -> None:
        """Empty."""
        self.points: list[Spot] = []
        self.named: list[Road] = []
        self.rivers: list[Road] = []
        self._paths: dict[tuple[str, str, str], list[str]] = {}
        self._oneways: list[shapely.Geometry] = []

    def take(self, layer: str, tags: dict[str, Any], shape: Any, own: Any) -> None:
        """Take a feature: as drawn, and cut to its own tile."""
        if layer in {"place", "poi", "label", "housenumber"}:
            text = tags.get("number") or tags.get("name", "")
            x, y = shape.x, shape.y
            self.points.append(Spot(layer, tags.get("kind", ""), text, x, y))
            return
        kind = str(tags.get("class") or tags.get("kind") or "")
        stage = next((word for word in ("tunnel", "bridge") if word in tags), "")
        self._paths.setdefault((layer, kind, stage), []).append(_data(shape))
        if own.is_empty:
            return
        if layer == "road":
            if kind != "path" and ("name" in tags or "ref" in tags):
                self.named.append(Road(kind, tags.get("name", ""), tags.get("ref", ""), own))
            if "oneway" in tags and kind not in {"path", "service"}:
                self._oneways.append(own)
        elif layer == "waterway" and "name" in tags:
            self.rivers.append(Road(kind, tags["name"], "", own))

    def areas(self, layer: str, kinds: Iterable[str] | None = None) -> str:
        """SVG path data of the areas of a layer."""
        wanted = None if kinds is None else set(kinds)
        return "".join(
            data
            for (name, kind, _), found in self._paths.items()
            if name == layer and (wanted is None or kind in wanted)
            for data in found
        )

    def lines(self, layer: str) -> str:
        """SVG path data of the lines of a layer above ground."""
        return "".join(
            data
            for (name, _, stage), found in self._paths.items()
            if name == layer and stage != "tunnel"
            for data in found
        )

    def roads(self, kind: str, stage: str) -> str:
        """SVG path data of a class of road: in tunnels, on bridges or neither."""
        return "".join(self._paths.get(("road", kind, stage), []))

    def arrows(self) -> str:
        """SVG path data of small triangles along one-way streets."""
        drawn = []
        for line in _merged(self._oneways, directed=True):
            count = int(line.length // _ARROW_EVERY_MM)
            for i in range(count):
                at = (i + 0.5) * line.length / count
                a, b = line.interpolate(at - _ARROW_MM / 2), line.interpolate(at + _ARROW_MM / 2)
                dx, dy = (b.x - a.x) * 0.28, (b.y - a.y) * 0.28
                drawn.append(
                    f"M{b.x:.2f} {b.y:.2f}L{a.x - dy:.2f} {a.y + dx:.2f}"
                    f"L{a.x + dy:.2f} {a.y - dx:.2f}z"
                )
        return "".join(drawn)


def _merged(lines: list[shapely.Geometry], *, directed: bool = False) -> NDArray[Any]:
    whole = shapely.line_merge(shapely.union_all(lines) if not directed else
                               shapely.MultiLineString(list(shapely.get_parts(lines))),
                               directed=directed)  # fmt: skip
    return np.asarray(shapely.get_parts(whole))


def joined(roads: list[Road]) -> dict[tuple[str, str], list[Any]]:
    """Lines of each (class, name), pieces of neighbouring tiles joined, longest first."""
    found: dict[tuple[str, str], list[Any]] = {}
    for road in roads:
        if road.name:
            found.setdefault((road.kind, road.name), []).append(road.line)
    return {
        key: sorted(_merged(lines), key=lambda line: -line.length) for key, lines in found.items()
    }


def read_shapes(
    city: City, centre: LonLat, width_mm: float, height_mm: float, metres_per_mm: float
) -> Shapes:
    """Everything within a sheet of that size around the place."""
    shrink = math.cos(math.radians(centre.lat))
    tile_m = _TILE_MM * metres_per_mm
    fitting = math.ceil(math.log2(_ROUND_M * shrink / tile_m))
    zoom = max(0, min(int(city.meta["max_zoom"]), fitting))
    mm_per_tile = _ROUND_M * shrink / 2**zoom / metres_per_mm
    column = (centre.lon / 360 + 0.5) * 2**zoom
    row = (0.5 - math.asinh(math.tan(math.radians(centre.lat))) / (2 * math.pi)) * 2**zoom
    half = (width_mm / 2 / mm_per_tile, height_mm / 2 / mm_per_tile)
    shapes = Shapes()
    for x in range(math.floor(column - half[0]), math.floor(column + half[0]) + 1):
        for y in range(math.floor(row - half[1]), math.floor(row + half[1]) + 1):
            data = city.tile(zoom, x, y)
            if data is not None:
                corner = ((x - column) * mm_per_tile + width_mm / 2,
                          (y - row) * mm_per_tile + height_mm / 2)  # fmt: skip
                for feature in _features(data, corner, mm_per_tile / EXTENT):
                    shapes.take(*feature)
    shapes.points = [
        spot for spot in shapes.points if 0 <= spot.x <= width_mm and 0 <= spot.y <= height_mm
    ]
    return shapes


def _features(
    data: bytes, corner: tuple[float, float], mm: float
) -> Iterator[tuple[str, dict[str, Any], Any, Any]]:
    decoded = mapbox_vector_tile.decode(
        gzip.decompress(data), default_options={"y_coord_down": True}
    )
    for name, layer in decoded.items():
        for feature in layer["features"]:
            shape = shapely.geometry.shape(feature["geometry"])
            own = shape
            if shape.geom_type.endswith("LineString"):
                own = shapely.clip_by_rect(shape, 0, 0, EXTENT, EXTENT)
            move = lambda xy: xy * mm + corner  # noqa: E731
            yield (
                name,
                feature["properties"],
                shapely.transform(shape, move),
                shapely.transform(own, move),
            )


def _data(shape: Any) -> str:
    """SVG path data; to a hundredth of a millimetre."""
    parts = []
    for part in shapely.get_parts(shape):
        rings = [part] if part.geom_type == "LineString" else [part.exterior, *part.interiors]
        for ring in rings:
            points = " ".join(f"{x:.2f},{y:.2f}" for x, y in ring.coords)
            parts.append(f"M{points}" + ("" if part.geom_type == "LineString" else "z"))
    return "".join(parts)
