"""What nothing but the map needs.

Lines of water, rail and borders, house numbers, the sea, and how roads are marked: numbers,
bridges, one-way arrows.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from callout.places.coast import sea
from callout.places.mvt import Value
from callout.places.tags import Tags, is_yes, line_kind

Box = tuple[int, int, int, int]  # west, south, east, north in 1e-7 degree

# Sidings, yards and spurs are drawn later than the line itself.
_SIDINGS: Final = frozenset({"siding", "yard", "spur", "crossover"})
_BACKWARDS: Final = frozenset({"-1", "reverse"})
_LONGEST_REF: Final = 8  # letters of a road's number that fit a shield
_LOWEST_LEVEL: Final = 10  # admin_level of a parish or quarter; finer ones are not drawn


class Line(NamedTuple):
    """A line to draw; (m, 2) lon, lat in 1e-7 degree."""

    layer: str  # waterway | rail | boundary
    kind: str
    tags: dict[str, Value]
    xy: NDArray[np.int32]


class Marks(NamedTuple):
    """How a road is drawn beyond its class and name."""

    tags: dict[str, Value]  # ref, bridge, tunnel, oneway, link: there or not, never false
    level: int  # OSM's layer, -5 to 5: what lies above what
    backwards: bool  # one-way against the way's own direction


class Drawing(NamedTuple):
    """All of it, for ``layers.py``."""

    lines: list[Line]
    numbers: list[tuple[str, int, int]]  # house number, lon, lat
    marks: dict[int, Marks]  # way id -> marks, only of roads that have some
    sea: shapely.Geometry  # empty where there is no coast
    coasts_open: int  # stretches of coast that enclose nothing within the extract


class DrawingReader:
    """Collects while osmium streams nodes, then ways, then relations."""

    def __init__(self) -> None:
        """Empty."""
        self._lines: list[Line] = []
        self._numbers: list[tuple[str, int, int]] = []
        self._marks: dict[int, Marks] = {}
        self._coast: list[NDArray[np.int32]] = []
        self._pieces: dict[int, NDArray[np.int32]] = {}
        self._levels: dict[int, int] = {}

    def number(self, tags: Tags, x: int, y: int) -> None:
        """Take the house number of a node, or of an area with its middle, if there is one."""
        number = tags.get("addr:housenumber")
        if number:
            self._numbers.append((number, x, y))

    def road(self, way_id: int, tags: Tags) -> None:
        """Take how a highway is marked."""
        marks = road_marks(tags)
        if marks.tags or marks.level:
            self._marks[way_id] = marks

    def way(self, way_id: int, tags: Tags, xy: NDArray[np.int32]) -> None:
        """Take a way that may be a line, or a piece of a border; (m, 2) points."""
        found = line_kind(tags)
        if found is None or found[0] == "boundary":
            self._pieces[way_id] = xy
            if found:
                self.border(tags, [way_id])
            return
        layer, kind = found
        if layer == "coast":
            self._coast.append(xy)
            return
        marks: dict[str, Value] = {}
        if layer == "waterway" and "name" in tags:
            marks["name"] = tags["name"]
        if layer == "rail" and tags.get("service") in _SIDINGS:
            marks["siding"] = True
        for key in ("bridge", "tunnel"):
            if is_yes(tags.get(key, "")):
                marks[key] = True
        self._lines.append(Line(layer, kind, marks, xy))

    def border(self, tags: Tags, ways: list[int]) -> None:
        """Take an administrative border; a way that borders two levels is of the higher one."""
        level = tags.get("admin_level", "")
        if not level.isdecimal() or not 1 < int(level) <= _LOWEST_LEVEL:
            return
        for way in ways:
            self._levels[way] = min(int(level), self._levels.get(way, _LOWEST_LEVEL))

    def finish(self, box: Box) -> Drawing:
        """All of it; the sea reaches to the edge of the box."""
        borders = [
            Line("boundary", "administrative", {"level": level}, self._pieces[way])
            for way, level in self._levels.items()
            if way in self._pieces
        ]
        water, coasts_open = sea(self._coast, box)
        return Drawing(self._lines + borders, self._numbers, self._marks, water, coasts_open)


def road_marks(tags: Tags) -> Marks:
    """Marks of a highway; motorways and roundabouts are one-way unless they say no.

    <https://wiki.openstreetmap.org/wiki/Key:oneway>, "Implied oneway restriction".
    """
    found: dict[str, Any] = {}
    ref = tags.get("ref", "").partition(";")[0].strip()
    if ref and len(ref) <= _LONGEST_REF:
        found["ref"] = ref
    for key in ("bridge", "tunnel"):
        if is_yes(tags.get(key, "")) and tags[key] != "building_passage":
            found[key] = True
    oneway = tags.get("oneway", "")
    implied = tags.get("junction") in {"roundabout", "circular"}
    implied |= tags.get("highway") in {"motorway", "motorway_link"}
    if oneway in {"yes", "1", "true"} | _BACKWARDS or (implied and oneway == ""):
        found["oneway"] = True
    if tags.get("highway", "").endswith("_link"):
        found["link"] = True
    try:
        level = max(-5, min(5, int(tags.get("layer", "0"))))
    except ValueError:
        level = 0
    if not level:
        level = int("bridge" in found) - int("tunnel" in found)
    return Marks(found, level, oneway in _BACKWARDS)
