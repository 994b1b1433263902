"""Mapbox Vector Tiles 2.1: geometry commands for whole layers at once, in numpy.

The library's own encoder works feature by feature in Python; a city has half a million of them.
The messages are the library's. Specification: Mapbox Vector Tile 2.1, section 4.3.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from mapbox_vector_tile.Mapbox.vector_tile_pb2 import tile as Tile  # noqa: N812
from numpy.typing import NDArray

EXTENT: Final = 4096
POINT, LINE, POLYGON = 1, 2, 3
_MOVE_ONE: Final = 9  # MoveTo, once
_LINE_TO: Final = 2
_CLOSE: Final = 15

Value = str | int | bool


class Commands:
    """Geometry commands of many features; feature ``i`` has ``words[ptr[i]:ptr[i+1]]``."""

    def __init__(self, ptr: NDArray[np.int64], words: NDArray[np.uint32]) -> None:
        """Both arrays are kept, not copied."""
        self.ptr = ptr
        self._words: list[int] = words.tolist()

    def of(self, feature: int) -> list[int]:
        """Commands of one feature, empty when nothing of it is left."""
        return self._words[self.ptr[feature] : self.ptr[feature + 1]]


def encode(
    geometry_type: int,
    shapes: NDArray[Any],
    origin: NDArray[np.float64],
) -> Commands:
    """Commands for shapes (n,) in pixels of their zoom; ``origin`` (n, 2) is their tile's corner.

    Lines of fewer than two different points and rings without area are dropped.
    """
    parts, owner = _simple_parts(geometry_type, shapes)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    xy -= origin[owner[part]]
    grid = np.rint(xy).astype(np.int64)
    flat = np.zeros(len(parts), dtype=bool)
    if geometry_type == POLYGON:
        # Rounded to nothing, or turned round by it: an outer ring would be read as a hole.
        flat = _turned(grid, part, len(parts)) * _turned(xy, part, len(parts)) <= 0
        # A ring repeats its first point at the end; ClosePath does that here.
        final = np.append(part[1:] != part[:-1], True) if len(part) else np.empty(0, bool)
        grid, part = grid[~final], part[~final]
    grid, part = _without_repeats(grid, part)
    least = {POINT: 1, LINE: 2, POLYGON: 3}[geometry_type]
    sizes = np.bincount(part, minlength=len(parts))
    keep = (sizes >= least) & ~flat
    grid, sizes, owner = grid[keep[part]], sizes[keep], owner[keep]
    return _commands(geometry_type, grid, sizes, owner, len(shapes))


def _simple_parts(
    geometry_type: int, shapes: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Points, lines or rings (outer first, turning as the standard says), and whose they are."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    # Clipping leaves collections with crumbs of lower dimension.
    while (nested := shapely.get_type_id(parts) > 3).any():
        inner, index = shapely.get_parts(parts[nested], return_index=True)
        owner = np.concatenate((owner[~nested], owner[nested][index]))
        parts = np.concatenate((parts[~nested], inner))
    wanted = shapely.get_type_id(parts) == {POINT: 0, LINE: 1, POLYGON: 3}[geometry_type]
    parts, owner = parts[wanted], owner[wanted]
    if geometry_type == POLYGON:
        # y points down in tiles, so counter-clockwise by the formula is clockwise on screen.
        parts = shapely.orient_polygons(parts, exterior_cw=False)
        parts, index = shapely.get_rings(parts, return_index=True)
        owner = owner[index]
    order = np.argsort(owner, kind="stable")
    return parts[order], owner[order]


def _turned(xy: NDArray[Any], part: NDArray[np.int64], parts: int) -> NDArray[np.float64]:
    """Twice the area of each closed ring, its sign telling which way it turns (shoelace)."""
    x, y = xy[:, 0].astype(np.float64), xy[:, 1].astype(np.float64)
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    cross[part[1:] != part[:-1]] = 0
    return np.bincount(part[:-1], weights=cross, minlength=parts).astype(np.float64)


def _without_repeats(
    grid: NDArray[np.int64], part: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if len(grid) == 0:
        return grid, part
    same = (np.diff(grid, axis=0) == 0).all(axis=1) & (part[1:] == part[:-1])
    keep = np.concatenate(([True], ~same))
    return grid[keep], part[keep]


def _commands(
    geometry_type: int,
    grid: NDArray[np.int64],
    sizes: NDArray[np.int64],
    owner: NDArray[np.int64],
    features: int,
) -> Commands:
    """Write MoveTo, LineTo and ClosePath around zigzag deltas.

    Each part of n points takes 3 words for MoveTo, then (n > 1) 1 + 2 (n - 1) for LineTo and 1 to
    close a ring; the cursor runs on from part to part within a feature.
    """
    tail = int(geometry_type == POLYGON)
    words_of_part = 3 + np.where(sizes > 1, 1 + 2 * (sizes - 1), 0) + tail
    start = np.concatenate(([0], np.cumsum(words_of_part)))
    first = np.concatenate(([0], np.cumsum(sizes)))[:-1]
    delta = np.diff(grid, axis=0, prepend=np.zeros((1, 2), np.int64))
    fresh = np.concatenate(([True], owner[1:] != owner[:-1])) if len(owner) else np.empty(0, bool)
    delta[first[fresh]] = grid[first[fresh]]
    zigzag = (delta << 1) ^ (delta >> 63)
    rank = np.arange(len(grid)) - np.repeat(first, sizes)
    at = np.repeat(start[:-1], sizes) + 1 + 2 * rank + (rank > 0)
    words = np.zeros(start[-1], dtype=np.uint32)
    words[at], words[at + 1] = zigzag[:, 0], zigzag[:, 1]
    words[start[:-1]] = _MOVE_ONE
    longer = sizes > 1
    words[start[:-1][longer] + 3] = (sizes[longer] - 1) << 3 | _LINE_TO
    if tail:
        words[start[1:] - 1] = _CLOSE
    per_feature = np.bincount(owner, weights=words_of_part, minlength=features)
    ptr = np.concatenate(([0], np.cumsum(per_feature))).astype(np.int64)
    return Commands(ptr, words)


def add_layer(
    tile: Any,
    name: str,
    geometry_type: int,
    commands: Commands,
    features: Sequence[int],
    properties: Sequence[Mapping[str, Value]],
) -> None:
    """Add a layer of these features (positions in ``commands``) unless nothing is left of them."""
    layer = None
    keys: dict[str, int] = {}
    values: dict[tuple[type, Value], int] = {}
    for feature, tags in zip(features, properties, strict=True):
        geometry = commands.of(feature)
        if not geometry:
            continue
        if layer is None:
            layer = tile.layers.add()
            layer.name, layer.version, layer.extent = name, 2, EXTENT
        message = layer.features.add()
        message.type = geometry_type
        message.geometry.extend(geometry)
        for key, value in tags.items():
            message.tags.append(keys.setdefault(key, len(keys)))
            message.tags.append(values.setdefault((type(value), value), len(values)))
    if layer is None:
        return
    layer.keys.extend(keys)
    for kind, value in values:
        field = {str: "string_value", bool: "bool_value", int: "int_value"}[kind]
        setattr(layer.values.add(), field, value)


def new_tile() -> Any:
    """An empty tile message."""
    return Tile()
