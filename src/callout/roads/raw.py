"""What the graph is built from: ways, node delays and turn restrictions, already in arrays.

``places`` fills these from an .osm.pbf; ``roads`` never sees the file.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Road classes in rank order; an edge stores the position in this list as uint8.
CLASSES: Final = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "service",
    "path",
)
BRIDGE: Final = 1
TUNNEL: Final = 2
ROUNDABOUT: Final = 4
ONEWAY: Final = 8
FERRY: Final = 16
WATER: Final = 32
SLIPWAY: Final = 64
ALL: Final = -1  # every profile
# A way has at most this many times of its own; what goes beyond counts as not understood.
MOST_TIMES: Final = 3


class Restriction(NamedTuple):
    """A turn restriction relation: from one way over a node or ways to another."""

    only: bool  # only_* (the one way on) rather than no_* (a way not to go)
    from_way: int
    via_node: int  # node id, or 0 when via ways are given
    via_ways: tuple[int, ...]
    to_way: int
    kind: str  # left_turn, right_turn, straight_on, u_turn, ...
    profiles: int = ALL  # bit i: it binds profile i
    when: int = -1  # position in the list of times at which it holds, -1: always


class Case(NamedTuple):
    """A way whose speeds change by the clock."""

    way: int  # position in the list of ways
    when: tuple[int, ...]  # up to MOST_TIMES positions in the list of times
    kmh: NDArray[np.float32]  # (8, profiles, 2): by which of them hold (bit i: the i-th)


class RawRoads(NamedTuple):
    """Ways as flat arrays: way ``i`` owns points ``ptr[i]:ptr[i+1]``; all ways have two or more.

    The same node id in two ways is where they meet. Coordinates are 1e-7 degree, lon then lat.
    """

    ptr: NDArray[np.int64]  # (ways + 1,)
    way_id: NDArray[np.int64]  # (ways,)
    node_id: NDArray[np.int64]  # (points,)
    lonlat: NDArray[np.int32]  # (points, 2)
    road_class: NDArray[np.uint8]  # (ways,) position in CLASSES
    flags: NDArray[np.uint8]  # (ways,) BRIDGE | TUNNEL | ROUNDABOUT | ...
    oneway: NDArray[np.int8]  # (ways,) 1 along only, -1 against only, 0 both, for ordinary traffic
    name: NDArray[np.int32]  # (ways,) position in names, -1 for none
    names: list[str]
    kmh: dict[str, NDArray[np.float32]]  # profile -> (ways, 2): along, against; 0 = not allowed
    enter_ms: dict[str, NDArray[np.int32]]  # profile -> (ways, 2): cost of getting onto the way
    delay_node: NDArray[np.int64]  # (d,) ids of nodes that cost time, ascending
    delay_ms: dict[str, NDArray[np.int32]]  # profile -> (d,) milliseconds, CLOSED: nothing passes
    restrictions: list[Restriction]
    times: list[str]  # opening_hours at which rules hold
    cases: list[Case]
