"""What questions about roads are answered with: the numbers, and what they hold for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Ranking(NamedTuple):
    """Candidates by travel time, ties by position; arrays of one length, at most k."""

    candidate: NDArray[np.int32]
    travel_ms: NDArray[np.int64]
    epoch: int  # of the closures and speeds it was found under
    profile: str  # the vehicle
    degraded: bool = False  # a straight line was measured, not a road


class Times(NamedTuple):
    """A table: (sources, targets) milliseconds, -1 where there is no way."""

    travel_ms: NDArray[np.int64]
    epoch: int
    profile: str
    degraded: bool = False


class Route(NamedTuple):
    """A way by road. ``lonlat`` is (m, 2) of 1e-7 degree, ``edges`` the directed base edges."""

    travel_ms: int
    distance_m: float
    lonlat: NDArray[np.int64]
    edges: NDArray[np.int32]
    epoch: int
    profile: str
    degraded: bool = False


class Reach(NamedTuple):
    """Base edges whose end is reached in time, and the milliseconds until there."""

    edges: NDArray[np.int32]
    travel_ms: NDArray[np.int64]
    epoch: int
    profile: str
    degraded: bool = False
