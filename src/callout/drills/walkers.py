"""A thousand vehicles that never stand still, straight from the city's graph files."""

import random
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callout.base.geo import E7
from callout.drills.crews import metres_along

_SPEEDS_MPS: Final = (7.0, 16.0)
_CLOSED: Final = 2**31 - 1


class Streets:
    """What of a graph folder is needed to wander about; arrays as in docs/city.md."""

    def __init__(self, graph_dir: Path, profile: str) -> None:
        """Read the arrays."""

        def load(name: str) -> NDArray[np.int64]:
            return np.asarray(np.load(graph_dir / f"{name}.npy", mmap_mode="r"))

        self._ptr, self._turn_to = load("turn_from_ptr"), load("turn_to")
        self._edge_road, self._road_edge = load("edge_road"), load("road_edge")
        self._base, self._weight = load("edge_base"), load(f"edge_ms_{profile}")
        self._road_ptr, self._shape = load("road_ptr"), load("shape_lonlat")
        self._turn_ms = load(f"turn_ms_{profile}")
        main = (load(f"edge_main_{profile}") > 0) & (self._weight != _CLOSED)
        self._main = np.flatnonzero(main)

    def line(self, edge: int) -> NDArray[np.float64]:
        """(m, 2) lon, lat along a directed edge."""
        road = int(self._edge_road[edge])
        shape = self._shape[self._road_ptr[road] : self._road_ptr[road + 1]] / E7
        return shape if self._road_edge[road, 0] == self._base[edge] else shape[::-1]

    def place(self, draw: random.Random) -> tuple[float, float]:
        """A place on some road."""
        line = self.line(int(self._main[draw.randrange(len(self._main))]))
        piece = draw.randrange(len(line) - 1)
        lon, lat = line[piece] + draw.random() * (line[piece + 1] - line[piece])
        return round(float(lon), 7), round(float(lat), 7)

    def walk(self, draw: random.Random, metres: float) -> NDArray[np.float64]:
        """(m, 2) a line of at least that length along edges and permitted turns."""
        edge = int(self._main[draw.randrange(len(self._main))])
        lines, length_m = [self.line(edge)], 0.0
        while length_m < metres:
            turns = slice(self._ptr[edge], self._ptr[edge + 1])
            ways = self._turn_to[turns][self._turn_ms[turns] != _CLOSED]
            ways = ways[self._weight[ways] != _CLOSED]
            onward = [int(e) for e in ways if self._edge_road[e] != self._edge_road[edge]]
            if not onward:
                onward = [int(e) for e in ways] or [int(self._main[0])]
            edge = draw.choice(onward)
            line = self.line(edge)
            lines.append(line)
            length_m += float(metres_along(line)[-1])
        return np.concatenate(lines)


def tracks(
    streets: Streets, count: int, moments: int, step_s: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places (moments, count, 2) lon, lat and headings (moments, count) degrees from north."""
    draw = random.Random(seed)  # noqa: S311 - make-believe
    places = np.empty((moments, count, 2))
    for unit in range(count):
        speed = draw.uniform(*_SPEEDS_MPS)
        line = streets.walk(draw, speed * step_s * (moments + 1))
        along = metres_along(line)
        at = speed * step_s * np.arange(moments)
        for axis in (0, 1):
            places[:, unit, axis] = np.interp(at, along, line[:, axis])
    ahead = np.diff(places, axis=0, append=places[-1:])
    ahead[-1] = ahead[-2] if moments > 1 else ahead[-1]
    east = ahead[..., 0] * np.cos(np.radians(places[..., 1]))
    return places, np.degrees(np.arctan2(east, ahead[..., 1])) % 360.0
