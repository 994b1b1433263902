"""What is in each layer of the map, and from which zoom: shapes in pixels of the last zoom.

docs/city.md lists layers and properties. Within a layer, features stand in the order they are
drawn: large areas under small ones, small roads under large ones, tunnels under bridges.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from callout.base.geo import E7
from callout.places.drawing import Drawing, Line
from callout.places.mvt import EXTENT, LINE, POINT, POLYGON, Value
from callout.places.osm import Extract
from callout.roads import CLASSES

MAX_ZOOM: Final = 16
LAYERS: Final = (
    "land", "water", "building", "waterway", "boundary", "rail", "road",
    "housenumber", "poi", "place", "label",
)  # fmt: skip
# Names and marks of roads from this zoom on; below it only classes and numbers.
NAMES_FROM: Final = 11
# Web Mercator's edge (EPSG:3857), degrees.
_MAX_LAT: Final = 85.051128
# Roads of more points are cut, so that none reaches over many tiles.
_LONGEST: Final = 50
# An area has its name written from the zoom where it is this wide on screen (512 pixels a tile).
_NAMED_PX: Final = 70.0

_ROAD_ZOOM: Final = {
    "motorway": 4,
    "trunk": 5,
    "primary": 7,
    "secondary": 9,
    "tertiary": 10,
    "residential": 12,
    "service": 14,
    "path": 14,
}
_POINT_ZOOM: Final = {
    "city": 4,
    "town": 7,
    "island": 9,
    "village": 10,
    "suburb": 10,
    "hospital": 10,
    "quarter": 12,
    "neighbourhood": 13,
    "hamlet": 12,
    "locality": 13,
    "fire_station": 11,
    "police": 11,
    "ambulance_station": 11,
    "station": 12,
    "helipad": 12,
    "clinic": 13,
}
_OTHER_POINT_ZOOM: Final = 14
_AREA_ZOOM: Final = {"water": 4, "land": 8, "building": 13}
_LINE_ZOOM: Final = {
    "river": 8, "canal": 11, "stream": 13,
    "rail": 9, "light_rail": 11, "narrow_gauge": 11, "subway": 12, "tram": 13, "funicular": 13,
}  # fmt: skip
_SIDING_ZOOM: Final = 14
# By admin_level: countries, regions, districts, municipalities, parishes.
_BORDER_ZOOM: Final = {2: 2, 3: 4, 4: 4, 5: 6, 6: 7, 7: 9, 8: 10, 9: 12, 10: 12}
_GREEN: Final = frozenset({"park", "wood", "grass", "cemetery", "pitch", "wetland"})


class Layer(NamedTuple):
    """One layer of one geometry type; arrays have one row a feature."""

    name: str
    geometry_type: int
    shapes: NDArray[Any]
    min_zoom: NDArray[np.int8]
    properties: list[dict[str, Value]]


def layers_of(extract: Extract) -> list[Layer]:
    """Every layer that has something in it, in the order of ``LAYERS``."""
    found = {layer.name: layer for layer in _layers(extract) if len(layer.shapes)}
    return [found[name] for name in LAYERS if name in found]


def _layers(extract: Extract) -> Iterator[Layer]:
    areas = [_area_layer(extract, name) for name in ("land", "water", "building")]
    yield from areas
    yield from _line_layers(extract.drawing)
    yield _road_layer(extract)
    for name in ("place", "poi"):
        points = [point for point in extract.points if point.layer == name]
        yield _point_layer(
            name,
            [(p.lon_e7, p.lat_e7) for p in points],
            [_POINT_ZOOM.get(p.kind, _OTHER_POINT_ZOOM) for p in points],
            [_named({"kind": p.kind}, p.name) for p in points],
        )
    numbers = extract.drawing.numbers
    yield _point_layer(
        "housenumber",
        [(lon, lat) for _, lon, lat in numbers],
        [MAX_ZOOM] * len(numbers),
        [{"number": number} for number, _, _ in numbers],
    )
    yield _label_layer(areas)


def _area_layer(extract: Extract, name: str) -> Layer:
    areas = [area for area in extract.areas if area.layer == name]
    shapes = [area.shape for area in areas]
    properties = [_named({"kind": area.kind}, area.name) for area in areas]
    if name == "water" and not shapely.is_empty(extract.drawing.sea):
        shapes.append(extract.drawing.sea)
        properties.append({"kind": "sea"})
    projected = _projected(np.array(shapes, dtype=object))
    order = np.argsort(-shapely.area(projected), kind="stable")
    zooms = np.full(len(shapes), _AREA_ZOOM[name], dtype=np.int8)
    return Layer(name, POLYGON, projected[order], zooms, [properties[i] for i in order.tolist()])


def _line_layers(drawing: Drawing) -> Iterator[Layer]:
    for name in ("waterway", "rail", "boundary"):
        lines = [line for line in drawing.lines if line.layer == name]
        yield Layer(
            name,
            LINE,
            _projected(_linestrings([line.xy for line in lines])),
            np.array([_line_zoom(line) for line in lines], dtype=np.int8),
            [
                line.tags if name == "boundary" else {"kind": line.kind, **line.tags}
                for line in lines
            ],
        )


def _line_zoom(line: Line) -> int:
    if line.layer == "boundary":
        return _BORDER_ZOOM[int(line.tags["level"])]
    return _SIDING_ZOOM if "siding" in line.tags else _LINE_ZOOM[line.kind]


def _point_layer(
    name: str, xy: list[tuple[int, int]], zooms: list[int], properties: list[dict[str, Value]]
) -> Layer:
    points: NDArray[Any] = np.asarray(shapely.points(np.array(xy, dtype=np.float64).reshape(-1, 2)))
    return Layer(name, POINT, _projected(points), np.array(zooms, dtype=np.int8), properties)


def _label_layer(areas: Sequence[Layer]) -> Layer:
    """One point for each named area, so that a name is not written once a tile."""
    shapes, zooms, properties = [], [], []
    for layer in areas:
        for shape, tags in zip(layer.shapes, layer.properties, strict=True):
            if "name" not in tags:
                continue
            kind = layer.name if layer.name != "land" or tags["kind"] not in _GREEN else "park"
            # sqrt of the area in pixels of 512 a tile of the last zoom; half of it a zoom lower.
            wide = np.sqrt(shapely.area(shape)) * 512 / EXTENT
            zoom = MAX_ZOOM - np.log2(max(wide, 1.0) / _NAMED_PX)
            shapes.append(shapely.point_on_surface(shape))
            zooms.append(int(np.clip(np.ceil(zoom), 8, MAX_ZOOM)))
            properties.append({"kind": kind, "name": tags["name"]})
    return Layer(
        "label", POINT, np.array(shapes, dtype=object), np.array(zooms, dtype=np.int8), properties
    )


def _road_layer(extract: Extract) -> Layer:
    """Roads of the same look and name joined to one line where they meet."""
    roads, marks = extract.roads, extract.drawing.marks
    looks: dict[tuple[Any, ...], int] = {}
    look = np.empty(len(roads.way_id), dtype=np.int64)
    backwards = np.zeros(len(roads.way_id), dtype=bool)
    columns = (roads.way_id.tolist(), roads.road_class.tolist(), roads.name.tolist())
    for i, (way, kind, name) in enumerate(zip(*columns, strict=True)):
        mark = marks.get(way)
        key = (kind, name, *((mark.level, *mark.tags.items()) if mark else (0,)))
        look[i] = looks.setdefault(key, len(looks))
        backwards[i] = mark is not None and mark.backwards
    owner = np.repeat(np.arange(len(roads.way_id)), np.diff(roads.ptr))
    lines: NDArray[Any] = np.asarray(
        shapely.linestrings(roads.lonlat.astype(np.float64), indices=owner)
    )
    lines[backwards] = shapely.reverse(lines[backwards])
    shapes, look = _joined(lines, look)
    keys = list(looks)
    properties = [
        _road_properties(CLASSES[kind], roads.names[name] if name >= 0 else "", dict(tags))
        for kind, name, _, *tags in keys
    ]
    kinds = np.array([key[0] for key in keys], dtype=np.int64)[look]
    levels = np.array([key[2] for key in keys], dtype=np.int64)[look]
    order = np.lexsort((-kinds, levels))
    zooms = np.array([_ROAD_ZOOM[name] for name in CLASSES], dtype=np.int8)[kinds]
    return Layer(
        "road",
        LINE,
        _projected(shapes[order]),
        zooms[order],
        [properties[i] for i in look[order].tolist()],
    )


def _joined(lines: NDArray[Any], look: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Lines joined within each look, along their direction, then cut to ``_LONGEST`` points."""
    order = np.argsort(look, kind="stable")
    groups, group = np.unique(look[order], return_inverse=True)
    bundles: NDArray[Any] = np.asarray(shapely.multilinestrings(lines[order], indices=group))
    shapes, index = shapely.get_parts(shapely.line_merge(bundles, directed=True), return_index=True)
    look = groups[index]
    long = np.flatnonzero(shapely.get_num_coordinates(shapes) > _LONGEST)
    pieces, owners = [], []
    for i in long.tolist():
        xy = shapely.get_coordinates(shapes[i])
        cuts = [*range(0, len(xy) - 2, _LONGEST - 1), len(xy) - 1]
        pieces += [shapely.linestrings(xy[a : b + 1]) for a, b in pairwise(cuts)]
        owners += [look[i]] * (len(cuts) - 1)
    kept = np.delete(np.arange(len(shapes)), long)
    all_shapes = np.concatenate((shapes[kept], np.array(pieces, dtype=object)))
    return all_shapes, np.concatenate((look[kept], np.array(owners, dtype=np.int64)))


def _road_properties(kind: str, name: str, marks: dict[str, Value]) -> dict[str, Value]:
    """Truths are there or not, never false: most roads have none of them."""
    return _named({"class": kind}, "" if name == marks.get("ref") else name) | marks


def _named(tags: dict[str, Value], name: str) -> dict[str, Value]:
    if name:
        tags["name"] = name
    return tags


def _linestrings(lines: Sequence[NDArray[np.int32]]) -> NDArray[Any]:
    if not lines:
        return np.empty(0, dtype=object)
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    return np.asarray(shapely.linestrings(np.concatenate(lines).astype(np.float64), indices=owner))


def _projected(shapes: NDArray[Any]) -> NDArray[Any]:
    """From 1e-7 degree to pixels of the last zoom, y down (EPSG:3857, scaled)."""
    return np.asarray(shapely.transform(shapes, _project))


def _project(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    width = EXTENT * 2.0**MAX_ZOOM
    lat = np.radians(np.clip(lonlat[:, 1] / E7, -_MAX_LAT, _MAX_LAT))
    x = lonlat[:, 0] / E7 / 360 + 0.5
    y = 0.5 - np.log(np.tan(np.pi / 4 + lat / 2)) / (2 * np.pi)
    return np.stack((x, y), axis=1) * width
