"""Map tiles of the whole extract, zoom 0 to 16, written as one PMTiles archive.

Simplified for each zoom and cut at the tiles' borders; what the layers hold is ``layers.py``'s.
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
from callout.places.layers import MAX_ZOOM, NAMES_FROM, Layer, layers_of
from callout.places.mvt import EXTENT, POINT, POLYGON, Value, add_layer, encode, new_tile
from callout.places.osm import Extract

# A tile repeats this much of its neighbours, in pixels of 4096 a tile, so that lines join.
_BUFFER: Final = 64
# Lines may be drawn this many pixels beside the truth (a screen pixel is 8): not seen.
_TOLERANCE: Final = 3.0
# Areas smaller than this many square pixels are left out below the last zoom: 4 by 4 on screen,
# 2 by 2 where houses are drawn.
_LEAST_AREA: Final = 32.0**2
_LEAST_HOUSE: Final = 16.0**2
# A tile may be this large before compression; above it, small things are left out.
MOST_BYTES: Final = 500_000
# What is left out first; of areas the smallest, which stand last.
_SHED_AREAS: Final = ("housenumber", "building", "land", "label", "poi")
_SHED_ROADS: Final = ("path", "service", "residential")
# Shapes in more tiles than this are cut into blocks of 8 by 8 tiles first.
_WIDE: Final = 64


class _Cut(NamedTuple):
    """A layer cut into the tiles of a zoom; arrays have one row a piece, sorted by tile."""

    layer: Layer
    tile: NDArray[np.int64]  # column * 2^zoom + row
    shapes: NDArray[Any]
    owner: NDArray[np.int64]  # feature of the layer


def write_tiles(
    file: BinaryIO, extract: Extract, name: str, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Write all tiles; the report: counts, bounds (west, south, east, north), last zoom.

    ``largest_bytes`` is the largest tile before compression, at most ``MOST_BYTES`` unless main
    roads and water alone are more; ``thinned`` counts tiles that small things were left out of.
    """
    layers = layers_of(extract)
    bounds = _bounds(extract)
    writer: Any = Writer(file)  # type: ignore[no-untyped-call]
    count = largest = thinned = 0
    for zoom in range(MAX_ZOOM + 1):
        tiles = _tiles(zoom, layers)
        for number, (tile_id, message) in enumerate(tiles):
            data = message.SerializeToString()
            if len(data) > MOST_BYTES:
                data = _thinned(message)
                thinned += 1
            writer.write_tile(tile_id, gzip.compress(data, 6, mtime=0))
            count += 1
            largest = max(largest, len(data))
            if number % 100 == 0:
                progress(_share(zoom))
        progress(_share(zoom + 1))
    writer.finalize(_header(bounds), _metadata(name, layers))
    return {
        "tiles": count,
        "max_zoom": MAX_ZOOM,
        "bounds": bounds,
        "largest_bytes": largest,
        "thinned": thinned,
    }


def _share(zoom: int) -> float:
    """How much of the work lies below a zoom: each holds about half as much as the next."""
    return float(2.0 ** (min(zoom, MAX_ZOOM + 1) - MAX_ZOOM - 1))


def _tiles(zoom: int, layers: Sequence[Layer]) -> Iterator[tuple[int, Any]]:
    """Id and message of each tile of a zoom that has anything in it, by id."""
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
        message = messages.pop(tile)
        if message.layers:
            yield tile_id, message


def _thinned(message: Any) -> bytes:
    """A tile's bytes, with its least things left out until it is small enough."""
    for name in _SHED_AREAS:
        for layer in message.layers:
            while layer.name == name and len(layer.features) > 1:
                del layer.features[len(layer.features) // 2 :]
                if message.ByteSize() <= MOST_BYTES:
                    return bytes(message.SerializeToString())
    for kind in _SHED_ROADS:
        for layer in message.layers:
            if layer.name == "road":
                at = list(layer.keys).index("class")
                kept = [
                    feature
                    for feature in layer.features
                    if layer.values[feature.tags[feature.tags[::2].index(at) * 2 + 1]].string_value
                    != kind
                ]
                del layer.features[:]
                layer.features.extend(kept)
        if message.ByteSize() <= MOST_BYTES:
            break
    return bytes(message.SerializeToString())


def _shown(zoom: int, tags: dict[str, Value]) -> dict[str, Value]:
    """From afar a road has a class and a number, and nothing else of it can be seen."""
    if zoom >= NAMES_FROM or "class" not in tags:
        return tags
    return {key: tags[key] for key in ("class", "ref") if key in tags}


def _cut(zoom: int, layer: Layer) -> _Cut:
    """Simplify for the zoom and cut at tile borders (with a buffer, except points)."""
    chosen = np.flatnonzero(layer.min_zoom <= zoom)
    scale = 2.0 ** (zoom - MAX_ZOOM)
    shapes = shapely.transform(layer.shapes[chosen], lambda xy: xy * scale)
    if layer.geometry_type != POINT and zoom < MAX_ZOOM:
        if layer.geometry_type == POLYGON:
            least = _LEAST_HOUSE if layer.name == "building" else _LEAST_AREA
            large = shapely.area(shapes) >= least
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
        pieces = _in_blocks(zoom, pieces, row, tile, copies[row] > _WIDE)
        _clip(zoom, pieces, tile, copies[row] > 1)
        left = ~shapely.is_empty(pieces)
        row, tile, pieces = row[left], tile[left], pieces[left]
    return _Cut(layer, tile, pieces, chosen[row])


def _in_blocks(
    zoom: int,
    pieces: NDArray[Any],
    row: NDArray[np.int64],
    tile: NDArray[np.int64],
    wide: NDArray[np.bool_],
) -> NDArray[Any]:
    """Wide shapes, cut to the block of 8 by 8 tiles around each tile.

    A sea is not cut anew, with all its points, for every tile of it.
    """
    at = np.flatnonzero(wide)
    if len(at) == 0:
        return pieces
    column, line = tile[at] >> zoom >> 3, (tile[at] & ((1 << zoom) - 1)) >> 3
    keys = np.stack((row[at], column, line), axis=1)
    blocks, first, back = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    cut = pieces[at[first]]
    size = EXTENT * 8
    for i, (_, x, y) in enumerate(blocks.tolist()):
        box = (x * size - _BUFFER, y * size - _BUFFER)
        cut[i] = shapely.clip_by_rect(
            cut[i], *box, box[0] + size + 2 * _BUFFER, box[1] + size + 2 * _BUFFER
        )
    pieces[at] = cut[back.ravel()]
    return pieces


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
    """What the map shows: the roads, and the sea off them as far as the extract goes."""
    lonlat = extract.roads.lonlat
    west, south = lonlat.min(axis=0).tolist()
    east, north = lonlat.max(axis=0).tolist()
    if not shapely.is_empty(extract.drawing.sea):
        sea = shapely.bounds(extract.drawing.sea).tolist()
        west, south = min(west, sea[0]), min(south, sea[1])
        east, north = max(east, sea[2]), max(north, sea[3])
    return [west / E7, south / E7, east / E7, north / E7]


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


def _metadata(name: str, layers: Sequence[Layer]) -> dict[str, Any]:
    kinds = {str: "String", int: "Number", bool: "Boolean"}
    return {
        "name": name,
        "attribution": "© OpenStreetMap contributors",
        "vector_layers": [
            {
                "id": layer.name,
                "fields": {
                    key: kinds[type(value)]
                    for tags in layer.properties
                    for key, value in tags.items()
                },
                "minzoom": int(layer.min_zoom.min()),
                "maxzoom": MAX_ZOOM,
            }
            for layer in layers
        ],
    }
