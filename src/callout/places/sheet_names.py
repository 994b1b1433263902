"""Where names stand on a printed map: important ones first, none over another, none cut off."""

import math
import unicodedata
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from callout.places.sheet_shapes import Shapes, Spot, joined

# Sizes in millimetres.
_PLACE: Final = {"city": 5.2, "town": 4.6, "suburb": 3.8, "village": 3.8}
_OTHER_PLACE: Final = 3.2
_STREET: Final = {
    "motorway": 2.9, "trunk": 2.9, "primary": 2.8, "secondary": 2.7, "tertiary": 2.6,
    "residential": 2.3, "service": 2.0,
}  # fmt: skip
_SMALL: Final = 2.1
_NUMBER: Final = 1.6
_WATER: Final = 3.2
# Of the type's size: how wide a letter is on average (Noto Sans), and a wide one (CJK).
_LETTER: Final = 0.56
_WIDE_LETTER: Final = 1.0
_AGAIN_MM: Final = 110.0  # a long street has its name again after this
_STRAIGHT: Final = 0.985  # chord over arc: a name on a line more bent than this is not written
_GAP_MM: Final = 0.5
_BESIDE_MM: Final = 2.3


class Name(NamedTuple):
    """A name to write: its middle, in millimetres, and which way it runs."""

    text: str
    x: float
    y: float
    size: float
    degrees: float = 0.0
    bold: bool = False
    italic: bool = False
    spacing: float = 0.0

    def outline(self) -> shapely.Geometry:
        """The box it needs."""
        wide = text_mm(self.text, self.size) + self.spacing * len(self.text) + _GAP_MM
        box = shapely.box(self.x - wide / 2, self.y - self.size * 0.6,
                          self.x + wide / 2, self.y + self.size * 0.6)  # fmt: skip
        return _turned(box, self.degrees, self.x, self.y)


def text_mm(text: str, size: float) -> float:
    """How wide a text is, about: nobody knows the reader's font."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size * (wide * _WIDE_LETTER + (len(text) - wide) * _LETTER)


def place_names(shapes: Shapes, size: tuple[float, float]) -> list[Name]:
    """Names that fit on a map of that width and height."""
    paper = shapely.box(0, 0, *size)
    taken: list[shapely.Geometry] = [
        shapely.box(spot.x - 1.8, spot.y - 1.8, spot.x + 1.8, spot.y + 1.8)
        for spot in shapes.points
        if spot.layer == "poi" and spot.kind != "hydrant"
    ]
    # The ring around the middle stays free.
    taken.append(shapely.box(size[0] / 2 - 7, size[1] / 2 - 7, size[0] / 2 + 7, size[1] / 2 + 7))
    written: list[Name] = []
    for name in _wanted(shapes, paper):
        box = name.outline()
        if paper.contains(box) and not shapely.intersects(box, taken).any():
            taken.append(box)
            written.append(name)
    return written


def _wanted(shapes: Shapes, paper: Any) -> Iterator[Name]:
    places = [spot for spot in shapes.points if spot.layer == "place" and spot.name]
    for spot in sorted(places, key=lambda spot: -_PLACE.get(spot.kind, _OTHER_PLACE)):
        yield Name(spot.name, spot.x, spot.y, _PLACE.get(spot.kind, _OTHER_PLACE), bold=True)
    rivers = joined(shapes.rivers).items()
    for (_, text), lines in rivers:
        yield from _along(text, lines, _WATER, paper, italic=True)
    for spot in shapes.points:
        if spot.layer == "label" and spot.kind == "water":
            yield Name(spot.name, spot.x, spot.y, _WATER, italic=True, spacing=0.5)
    streets = joined(shapes.named)
    rank = list(_STREET)
    for kind, text in sorted(streets, key=lambda key: (rank.index(key[0]), key[1])):
        yield from _along(text, streets[kind, text], _STREET[kind], paper)
    yield from _points(shapes)


def _points(shapes: Shapes) -> Iterator[Name]:
    for spot in shapes.points:
        if spot.layer == "poi" and spot.name and spot.kind != "hydrant":
            yield from _beside(spot)
    for spot in shapes.points:
        if spot.layer == "label" and spot.kind != "water":
            yield Name(spot.name, spot.x, spot.y, _SMALL)
    for spot in shapes.points:
        if spot.layer == "housenumber":
            yield Name(spot.name, spot.x, spot.y, _NUMBER)


def _beside(spot: Spot) -> Iterator[Name]:
    away = text_mm(spot.name, _SMALL) / 2 + _BESIDE_MM
    yield Name(spot.name, spot.x + away, spot.y, _SMALL)


def _along(
    text: str, lines: list[Any], size: float, paper: Any, *, italic: bool = False
) -> Iterator[Name]:
    """The name where its street is straightest, again after a while on long ones."""
    wide = text_mm(text, size)
    for line in lines:
        for part in shapely.get_parts(shapely.intersection(line, paper)):
            if part.geom_type != "LineString" or part.length < wide * 1.05:
                continue
            pieces = max(1, int(part.length // _AGAIN_MM))
            for i in range(pieces):
                low, high = i * part.length / pieces, (i + 1) * part.length / pieces
                best = _straightest(part, low, high, wide)
                if best is not None:
                    x, y, degrees = best
                    yield Name(text, x, y, size, degrees, italic=italic)


def _straightest(
    line: Any, low: float, high: float, wide: float
) -> tuple[float, float, float] | None:
    """Middle and angle of the straightest stretch of that length; nearest to the middle first."""
    last = high - wide
    starts = np.linspace(low, last, max(1, int((last - low) // 3.0) + 1))
    middle = (low + last) / 2
    best, most = None, _STRAIGHT
    for start in sorted(starts.tolist(), key=lambda start: abs(start - middle)):
        a, b = line.interpolate(start), line.interpolate(start + wide)
        chord = math.hypot(b.x - a.x, b.y - a.y) / wide
        if chord > most + 0.003:
            degrees = math.degrees(math.atan2(b.y - a.y, b.x - a.x))
            # Never upside down.
            degrees = (degrees + 90) % 180 - 90
            at = line.interpolate(start + wide / 2)
            best, most = (at.x, at.y, degrees), chord
    return best


def _turned(box: shapely.Geometry, degrees: float, x: float, y: float) -> shapely.Geometry:
    if not degrees:
        return box
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return shapely.transform(box, lambda xy: (xy - (x, y)) @ turn + (x, y))
