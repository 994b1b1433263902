"""The seam behind which another route engine may stand; none is needed.

:class:`~callout.roads.roads.Roads` is the engine. One that asks a server elsewhere must keep what
this says, give every answer the epoch and profile it was found under, and mark as ``degraded``
whatever it did not find by road.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from callout.roads.answers import Ranking, Reach, Route, Times
from callout.roads.snap import Snap, Snaps


class Engine(Protocol):
    """Answers about roads. Times are whole milliseconds; any thread may ask at any time."""

    @property
    def epoch(self) -> int:
        """Grows with every :meth:`apply`."""

    @property
    def profiles(self) -> tuple[str, ...]:
        """Vehicles it knows; the first is the default."""

    def nearest(self, to: Snap, candidates: Snaps, k: int, profile: str) -> Ranking:
        """The k candidates that are there first, by time then position."""

    def times(self, sources: Snaps, targets: Snaps, profile: str) -> Times:
        """Travel times from every source to every target."""

    def route(self, a: Snap, b: Snap, profile: str) -> Route | None:
        """The quickest way from a to b, None when there is none."""

    def reach(self, origin: Snap, seconds: float, profile: str) -> Reach:
        """Edges whose end is reached within the time."""

    def apply(self, closures: Sequence[int], speeds: Mapping[int, float]) -> int:
        """Replace closures and speeds (km/h) by directed edge, for all later answers; the epoch."""

    def edges(self, area: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
        """Directed edges inside or across a polygon of lon, lat in 1e-7 degree."""
