"""Slipways: where a boat gets from its trailer into the water.

Mappers often draw the slipway and neither the last metres of road nor those to the river's line;
links are made for these. A link's way id is the slipway's own with a minus before it.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.base.geo import E7

ROAD_REACH_M: Final = 150.0
WATER_REACH_M: Final = 300.0
_M_PER_E7: Final = 0.011119508  # of latitude; 2 pi R / 360 / 1e7 with R = 6,371,008.8 m

Node = tuple[int, int, int]  # id, x, y (1e-7 degree)
Nodes = tuple[NDArray[np.int64], NDArray[np.int64]]  # (n,) ids, (n, 2) places


class Slip(NamedTuple):
    """A slipway: its id, and its nodes (one when it is mapped as a point)."""

    id: int
    nodes: list[Node]


def links(slip: Slip, land: Nodes, water: Nodes) -> list[list[Node]] | None:
    """Runs of nodes that join a slipway to the road and to the water, [] when it is joined.

    None when no road is within ROAD_REACH_M of any of its nodes or no water within WATER_REACH_M.
    """
    found = [_link(slip, land, ROAD_REACH_M), _link(slip, water, WATER_REACH_M)]
    if any(run is None for run in found):
        return None
    return [run for run in found if run]


def _link(slip: Slip, nodes: Nodes, reach_m: float) -> list[Node] | None:
    """From the nearest of the slipway's nodes to the nearest of others; [] when one is shared."""
    ids, places = nodes
    if not len(ids):
        return None
    best: tuple[float, Node, int] | None = None
    for node in slip.nodes:
        squeeze = math.cos(math.radians(node[2] / E7))
        away = (places - np.array(node[1:])) * np.array([squeeze, 1.0])
        metres = np.hypot(away[:, 0], away[:, 1]) * _M_PER_E7
        # The same node first, whatever else lies at the same place.
        metres[ids == node[0]] = -1.0
        nearest = int(metres.argmin())
        if best is None or metres[nearest] < best[0]:
            best = float(metres[nearest]), node, nearest
    if best is None or best[0] > reach_m:
        return None
    if best[0] < 0:
        return []
    other = best[2]
    return [best[1], (int(ids[other]), int(places[other, 0]), int(places[other, 1]))]
