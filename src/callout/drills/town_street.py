"""A street of a made town, and cutting its line."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from shapely import LineString
from shapely.ops import substring

Points = NDArray[np.float64]  # (n, 2) x, y in metres


@dataclass
class Street:
    """One road: its class as OpenStreetMap says it, and its line."""

    highway: str
    name: str
    points: Points
    tags: dict[str, str] = field(default_factory=dict)
    ground: bool = True  # crosses other ground roads at grade

    @property
    def line(self) -> LineString:
        """The same line for geometry."""
        return LineString(self.points)


@dataclass
class Line:
    """A way that is no street and joins none, with its tags."""

    points: Points
    tags: dict[str, str]


def between(line: LineString, start_m: float, end_m: float) -> Points:
    """The part of a line between two distances along it."""
    return np.asarray(substring(line, start_m, end_m).coords)


def insert(points: Points, at_m: float, vertex: Points) -> Points:
    """The line with one more vertex at that distance along it."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return np.insert(points, int(np.searchsorted(along, at_m)), vertex, axis=0)
