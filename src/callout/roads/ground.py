"""What each vehicle may use at a moment: the graph with the rules of that hour in force.

Closures and speeds of the day come on top (``Roads.apply``). What no moment was named for is as
bad as it can be: every ban that holds at certain times holds.
"""

import threading
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.base.errors import BadInputError
from callout.roads import search, snap
from callout.roads.graph import Graph
from callout.roads.grid import road_bits
from callout.roads.profile import CLOSED
from callout.roads.route import pace_ms_per_m
from callout.roads.snap import SnapArrays


class Vehicle(NamedTuple):
    """One profile's part of the graph, in the form that kernels take."""

    weight: NDArray[np.int32]  # (edges,) milliseconds, CLOSED where it may not go
    pace: float  # least milliseconds a metre
    backward: search.Backward
    forward: search.Forward
    snapping: SnapArrays  # only roads that it may use
    usable: NDArray[np.uint8]  # (roads,) 1 where it may use one of the directions


class Ground:
    """The graph at a moment. A vehicle's part is made when first asked for; any thread may."""

    def __init__(self, graph: Graph, holding: frozenset[int] | None = None) -> None:
        """``holding``: positions of the times that hold, None when no moment is known."""
        self.graph = graph
        self.holding = holding
        self._vehicles: dict[str, Vehicle] = {}
        self._making = threading.Lock()

    def vehicle(self, profile: str) -> Vehicle:
        """One profile's part; BadInputError when there is no such profile."""
        found = self._vehicles.get(profile)
        if found is not None:
            return found
        if profile not in self.graph.profiles:
            raise BadInputError(
                f"there is no profile {profile!r}",
                todo=f"Use one of: {', '.join(self.graph.profiles)}",
            )
        with self._making:
            if profile not in self._vehicles:
                self._vehicles[profile] = self._made(profile)
            return self._vehicles[profile]

    def at(self, holding: frozenset[int]) -> "Ground":
        """The ground when those times hold, ready for the vehicles this one was asked for."""
        if holding == self.holding:
            return self
        other = Ground(self.graph, holding)
        for profile in list(self._vehicles):
            other.vehicle(profile)
        return other

    def _made(self, profile: str) -> Vehicle:
        arrays = self.graph.arrays
        weight = self._weight(profile)
        backward, forward = search.networks(self.graph, self._turn_ms(profile), weight)
        edge = arrays["road_edge"]
        mine = np.where((edge >= 0) & (weight[edge] != CLOSED), edge, np.int32(-1))
        bits = road_bits(mine, arrays[f"edge_main_{profile}"])
        usable = np.asarray((mine >= 0).any(axis=1), dtype=np.uint8)
        grid_bits = bits[arrays["grid_road"]]
        for array in (mine, usable, grid_bits):
            array.flags.writeable = False
        snapping = snap.snap_arrays(self.graph, mine, grid_bits)
        pace = pace_ms_per_m(self.graph, weight)
        return Vehicle(weight, pace, backward, forward, snapping, usable)

    def _weight(self, profile: str) -> NDArray[np.int32]:
        """The weights of the hour; the table's column is the set of times that hold, as bits."""
        arrays = self.graph.arrays
        weight: NDArray[np.int32] = arrays[f"edge_ms_{profile}"]
        if self.holding is None or not len(arrays["case_edge"]):
            return weight
        holds = self._holds()[arrays["case_when"]]
        column = (holds << np.arange(holds.shape[1])).sum(axis=1)
        now = weight.copy()
        rows = np.arange(len(column))
        now[arrays["case_edge"]] = arrays[f"case_ms_{profile}"][rows, column]
        # Copies lie on the same road as their base edges.
        now = np.ascontiguousarray(now[arrays["edge_base"]])
        now.flags.writeable = False
        return now

    def _turn_ms(self, profile: str) -> NDArray[np.int32]:
        arrays = self.graph.arrays
        turn_ms: NDArray[np.int32] = arrays[f"turn_ms_{profile}"]
        number = self.graph.profiles.index(profile)
        rows = np.flatnonzero(arrays["case_turn_bits"] >> number & 1)
        if self.holding is None or not len(rows):
            return turn_ms
        now = turn_ms.copy()
        turn = arrays["case_turn"][rows]
        now[turn] = arrays["case_turn_ms"][rows, number]
        now[turn[self._holds()[arrays["case_turn_when"][rows]]]] = CLOSED
        return now

    def _holds(self) -> NDArray[np.bool_]:
        """(times + 1,) whether each holds; the last one, which -1 finds, does not."""
        holds = np.zeros(len(self.graph.times) + 1, dtype=bool)
        holds[sorted(self.holding or ())] = True
        return holds
