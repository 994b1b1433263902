"""The grid that finds road pieces near a point: cells of about 100 m, pieces laid out by cell."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from callout.base.geo import E7

_CELL_E7: Final = 10_000  # 0.001 degree of latitude, 111 m
_MOST_CELLS: Final = 4_000_000
# The road may be driven along and against its points' order; it leads everywhere.
AHEAD: Final = 1
BACK: Final = 2
BOTH: Final = AHEAD | BACK
MAIN: Final = 4


def grid_arrays(
    arrays: dict[str, NDArray[Any]],
) -> tuple[dict[str, NDArray[Any]], dict[str, int]]:
    """``grid_ptr`` (cells + 1), the other ``grid_*`` (n, ...), and the grid's own shape.

    A piece is the straight line from a shape point to the next; it stands in every cell that its
    bounding box touches. ``grid_xy`` repeats its ends, so that a query reads memory in one run.
    """
    lonlat = arrays["shape_lonlat"].astype(np.int64)
    last = np.zeros(len(lonlat), dtype=bool)
    last[arrays["road_ptr"][1:] - 1] = True
    piece = np.flatnonzero(~last)
    low = np.minimum(lonlat[piece], lonlat[piece + 1])
    high = np.maximum(lonlat[piece], lonlat[piece + 1])
    shape = _shape(lonlat.min(axis=0), lonlat.max(axis=0))
    origin, cell = np.array([shape["x0"], shape["y0"]]), np.array([shape["dx"], shape["dy"]])
    first, stop = (low - origin) // cell, (high - origin) // cell
    wide, tall = (stop - first + 1).T
    copies = wide * tall
    owner = np.repeat(np.arange(len(piece)), copies)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(copies) - copies, copies)
    column = first[owner, 0] + rank % wide[owner]
    row = first[owner, 1] + rank // wide[owner]
    number = row * shape["nx"] + column
    order = np.argsort(number, kind="stable")
    held = piece[owner[order]]
    counts = np.bincount(number, minlength=shape["nx"] * shape["ny"])
    xy = np.concatenate((lonlat[held], lonlat[held + 1]), axis=1)
    road = np.repeat(
        np.arange(len(arrays["road_mm"]), dtype=np.int32), np.diff(arrays["road_ptr"])
    )[held]
    return {
        "grid_ptr": np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        "grid_xy": xy.astype(np.int32),
        "grid_shape": held.astype(np.int32),
        "grid_road": road,
    }, shape


def road_bits(road_edge: NDArray[np.int32], is_main: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(roads,) what a road is to a profile, so that snapping need not look at its edges.

    ``road_edge`` has the edges that the profile may use, -1 for the others.
    """
    main = ((is_main[road_edge] == 1) & (road_edge >= 0)).any(axis=1)
    ahead, back = (road_edge >= 0).T
    bits: NDArray[np.uint8] = (AHEAD * ahead + BACK * back + MAIN * main).astype(np.uint8)
    return bits


def _shape(low: NDArray[np.int64], high: NDArray[np.int64]) -> dict[str, int]:
    """Origin, cell size (1e-7 degree) and numbers of columns and rows; cells nearly square."""
    mid_lat = (int(low[1]) + int(high[1])) / 2 / E7
    squeeze = max(0.01, math.cos(math.radians(mid_lat)))
    width, height = (int(span) + 1 for span in high - low)
    tall = max(_CELL_E7, math.ceil(math.sqrt(width * squeeze * height / _MOST_CELLS)))
    wide = math.ceil(tall / squeeze)
    return {
        "x0": int(low[0]),
        "y0": int(low[1]),
        "dx": wide,
        "dy": tall,
        "nx": width // wide + 1,
        "ny": height // tall + 1,
    }
