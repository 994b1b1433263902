"""Map tiles of the whole extract, zoom 0 to 14, written as one PMTiles archive.

Layers: land, water, waterway, building, road, place, poi. docs/city.md lists their properties.
"""

import gzip
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from callout.base.geo import E7
from callout.places.mvt import EXTENT, LINE, POINT, POLYGON, Value, add_layer, encode, new_tile
from callout.places.osm import ONEWAY, Extract
from callout.roads import CLASSES
from callout.roads.raw import BRIDGE, TUNNEL

MAX_ZOOM: Final = 14
# A tile repeats this much of its neighbours, in pixels of 4096 a tile, so that lines join.
_BUFFER: Final = 64
# Lines may be drawn this many pixels beside the truth (a screen pixel is 8): not seen.
_TOLERANCE: Final = 3.0
# Areas smaller than this many square pixels are left out below the last zoom: 4 by 4 on screen.
_LEAST_AREA: Final = 32.0**2
# Names of roads and places from this zoom on.
_NAMES_FROM: Final = 11
# Web Mercator's edge (EPSG:3857), degrees.
_MAX_LAT: Final = 85.051128

_ROAD_ZOOM: Final = {
    "motorway": 4,
    "trunk": 5,
    "primary": 7,
    "secondary": 9,
    "tertiary": 10,
    "residential": 12,
    "service": 13,
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
    "clinic": 13,
    "school": 14,
    "hydrant": 14,
    "defibrillator": 14,
}
_LAYER_ZOOM: Final = {"water": 4, "land": 8, "building": 13, "river": 8, "canal": 11, "stream": 13}


class _Layer(NamedTuple):
    """One layer of one geometry type; shapes in pixels of the last zoom."""

    name: str
    geometry_type: int
    shapes: NDArray[Any]
    min_zoom: NDArray[np.int8]
    properties: list[dict[str, Value]]


class _Cut(NamedTuple):
    """A layer cut into the tiles of a zoom; arrays have one row a piece, sorted by tile."""

    layer: _Layer
    tile: NDArray[np.int64]  # column * 2^zoom + row
    shapes: NDArray[Any]
    owner: NDArray[np.int64]  # feature of the layer


def write_tiles(
    file: BinaryIO, extract: Extract, name: str, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Write all tiles; the report: counts, bounds (west, south, east, north), last zoom."""
    layers = [layer for layer in _layers(extract) if len(layer.shapes)]
    bounds = _bounds(extract)
    writer: Any = Writer(file)  # type: ignore[no-untyped-call]
    count = 0
    for zoom in range(MAX_ZOOM + 1):
        tiles = _tiles(zoom, layers)
        for number, (tile_id, data) in enumerate(tiles):
            writer.write_tile(tile_id, data)
            count += 1
            if number % 100 == 0:
                progress(_share(zoom))
        progress(_share(zoom + 1))
    writer.finalize(_header(bounds), _metadata(name, layers))
    return {"tiles": count, "max_zoom": MAX_ZOOM, "bounds": bounds}


def _share(zoom: int) -> float:
    """How much of the work lies below a zoom: each holds about half as much as the next."""
    return float(2.0 ** (min(zoom, MAX_ZOOM + 1) - MAX_ZOOM - 1))


def _layers(extract: Extract) -> Iterator[_Layer]:
    for name in ("land", "water", "building"):
        areas = [area for area in extract.areas if area.layer == name]
        yield _Layer(
            name,
            POLYGON,
            _projected(np.array([area.shape for area in areas], dtype=object)),
            np.full(len(areas), _LAYER_ZOOM[name], dtype=np.int8),
            [_named({"kind": area.kind}, area.name) for area in areas],
        )
    yield _Layer(
        "waterway",
        LINE,
        _projected(_lines([xy for _, xy in extract.lines])),
        np.array([_LAYER_ZOOM[kind] for kind, _ in extract.lines], dtype=np.int8),
        [{"kind": kind} for kind, _ in extract.lines],
    )
    yield _road_layer(extract)
    for name in ("place", "poi"):
        points = [point for point in extract.points if point.layer == name]
        xy = np.array([(p.lon_e7, p.lat_e7) for p in points], dtype=np.float64).reshape(-1, 2)
        yield _Layer(
            name,
            POINT,
            _projected(np.asarray(shapely.points(xy))),
            np.array([_POINT_ZOOM[point.kind] for point in points], dtype=np.int8),
            [_named({"kind": point.kind}, point.name) for point in points],
        )


def _road_layer(extract: Extract) -> _Layer:
    roads = extract.roads
    owner = np.repeat(np.arange(len(roads.way_id)), np.diff(roads.ptr))
    lines = shapely.linestrings(roads.lonlat.astype(np.float64), indices=owner)
    shapes: NDArray[Any] = np.asarray(lines)
    zooms = np.array([_ROAD_ZOOM[name] for name in CLASSES], dtype=np.int8)
    properties = [
        _road_properties(CLASSES[kind], roads.names[name] if name >= 0 else "", flags)
        for kind, name, flags in zip(
            roads.road_class.tolist(), roads.name.tolist(), roads.flags.tolist(), strict=True
        )
    ]
    # Big roads last, so that they are drawn over small ones.
    order = np.argsort(-roads.road_class.astype(np.int64), kind="stable")
    return _Layer(
        "road",
        LINE,
        _projected(shapes[order]),
        zooms[roads.road_class[order]],
        [properties[index] for index in order.tolist()],
    )


def _road_properties(kind: str, name: str, flags: int) -> dict[str, Value]:
    """Truths are there or not, never false: most roads have none of them."""
    tags = _named({"class": kind}, name)
    for key, flag in (("bridge", BRIDGE), ("tunnel", TUNNEL), ("oneway", ONEWAY)):
        if flags & flag:
            tags[key] = True
    return tags


def _named(tags: dict[str, Value], name: str) -> dict[str, Value]:
    if name:
        tags["name"] = name
    return tags


def _lines(lines: Sequence[NDArray[np.int32]]) -> NDArray[Any]:
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


def _tiles(zoom: int, layers: Sequence[_Layer]) -> Iterator[tuple[int, bytes]]:
    """Id and compressed bytes of each tile of a zoom that has anything in it, by id."""
    messages: dict[int, Any] = {}
    for layer in layers:
        cut = _cut(zoom, layer)
        if len(cut.tile) == 0:
            continue
        corner = np.stack((cut.tile >> zoom, cut.tile & ((1 << zoom) - 1)), axis=1) * EXTENT
        commands = encode(layer.geometry_type, cut.shapes, corner.astype(np.float64))
        borders = np.flatnonzero(np.diff(cut.tile, prepend=-1, append=-1))
        for low, high in pairwise(borders.tolist()):
            message = messages.setdefault(int(cut.tile[low]), None) or new_tile()
            messages[int(cut.tile[low])] = message
            owners = cut.owner[low:high].tolist()
            properties = [_shown(zoom, layer.properties[owner]) for owner in owners]
            add_layer(
                message, layer.name, layer.geometry_type, commands, range(low, high), properties
            )
    ids = sorted(
        (zxy_to_tileid(zoom, tile >> zoom, tile & ((1 << zoom) - 1)), tile) for tile in messages
    )
    for tile_id, tile in ids:
        data = messages.pop(tile).SerializeToString()
        if data:
            yield tile_id, gzip.compress(data, 6, mtime=0)


def _shown(zoom: int, tags: dict[str, Value]) -> dict[str, Value]:
    if zoom >= _NAMES_FROM or "class" not in tags:
        return tags
    return {"class": tags["class"]}


def _cut(zoom: int, layer: _Layer) -> _Cut:
    """Simplify for the zoom and cut at tile borders (with a buffer, except points)."""
    chosen = np.flatnonzero(layer.min_zoom <= zoom)
    scale = 2.0 ** (zoom - MAX_ZOOM)
    shapes = shapely.transform(layer.shapes[chosen], lambda xy: xy * scale)
    if layer.geometry_type != POINT and zoom < MAX_ZOOM:
        if layer.geometry_type == POLYGON:
            large = shapely.area(shapes) >= _LEAST_AREA
            chosen, shapes = chosen[large], shapes[large]
        shapes = shapely.simplify(shapes, _TOLERANCE, preserve_topology=False)
    drawn = ~shapely.is_empty(shapes)
    chosen, shapes = chosen[drawn], shapes[drawn]
    buffer = 0 if layer.geometry_type == POINT else _BUFFER
    box = shapely.bounds(shapes).reshape(-1, 4)
    first = np.clip((box[:, :2] - buffer) // EXTENT, 0, 2**zoom - 1).astype(np.int64)
    last = np.clip((box[:, 2:] + buffer) // EXTENT, 0, 2**zoom - 1).astype(np.int64)
    wide, tall = (last - first + 1).T
    copies = wide * tall
    row = np.repeat(np.arange(len(shapes)), copies)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(copies) - copies, copies)
    column = first[row, 0] + rank // tall[row]
    tile = (column << zoom) | (first[row, 1] + rank % tall[row])
    order = np.argsort(tile, kind="stable")
    row, tile = row[order], tile[order]
    pieces = shapes[row]
    if layer.geometry_type != POINT:
        _clip(zoom, pieces, tile, copies[row] > 1)
        left = ~shapely.is_empty(pieces)
        row, tile, pieces = row[left], tile[left], pieces[left]
    return _Cut(layer, tile, pieces, chosen[row])


def _clip(
    zoom: int, pieces: NDArray[Any], tile: NDArray[np.int64], crosses: NDArray[np.bool_]
) -> None:
    """Clip, in place, the pieces that reach over their tile's border."""
    at = np.flatnonzero(crosses)
    if len(at) == 0:
        return
    borders = np.flatnonzero(np.diff(tile[at], prepend=-1, append=-1))
    for low, high in pairwise(borders.tolist()):
        number = int(tile[at[low]])
        x, y = (number >> zoom) * EXTENT, (number & ((1 << zoom) - 1)) * EXTENT
        box = (x - _BUFFER, y - _BUFFER, x + EXTENT + _BUFFER, y + EXTENT + _BUFFER)
        pieces[at[low:high]] = shapely.clip_by_rect(pieces[at[low:high]], *box)


def _bounds(extract: Extract) -> list[float]:
    lonlat = extract.roads.lonlat
    west, south = (lonlat.min(axis=0) / E7).tolist()
    east, north = (lonlat.max(axis=0) / E7).tolist()
    return [west, south, east, north]


def _header(bounds: list[float]) -> dict[str, Any]:
    west, south, east, north = (round(value * E7) for value in bounds)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 12,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(name: str, layers: Sequence[_Layer]) -> dict[str, Any]:
    return {
        "name": name,
        "attribution": "© OpenStreetMap contributors",
        "vector_layers": [
            {"id": layer.name, "fields": {}, "minzoom": int(layer.min_zoom.min())}
            for layer in layers
        ],
    }
