"""Facts of places: what somebody said about the ground, past tense."""

from typing import ClassVar

import msgspec

from callout.base.facts import Fact

Ring = tuple[int, ...]
"""lon, lat, lon, lat, … in 1e-7 degree, closed: the first point is the last. The outer ring of a
polygon comes first, its holes follow."""


class AreaDrawn(Fact, frozen=True, kw_only=True):
    """An area was drawn, or drawn anew. Stream ``area/<id>``.

    ``kind``: agency, beat, first_due (``of`` is the station) or key_site. A key site may be one
    point: then ``polygons`` is empty and ``point`` is lon, lat. ``text`` says what crews should
    know of a key site; never anything personal and no codes of doors.
    """

    TYPE: ClassVar[str] = "AreaDrawn.1"
    kind: str
    name: str
    agency: str = ""
    of: str = ""
    text: str = ""
    point: tuple[int, int] | None = None
    polygons: tuple[tuple[Ring, ...], ...] = ()


class AreaDropped(Fact, frozen=True, kw_only=True):
    """An area no longer holds. Stream ``area/<id>``."""

    TYPE: ClassVar[str] = "AreaDropped.1"


class Stretch(msgspec.Struct, frozen=True, array_like=True):
    """A piece of road between two junctions: its way in OpenStreetMap, and a point on it.

    So a closure survives the import of a newer map, in which edges have other numbers.
    """

    way: int
    lon_e7: int
    lat_e7: int


class RoadClosed(Fact, frozen=True, kw_only=True):
    """Stretches of road are closed, both ways. Stream ``closure/<id>``.

    ``kmh``: not closed, but no faster than this. ``why`` is a code; ``until_us`` None: until
    somebody lifts it. ``name``: what people call it, a street or an area.
    """

    TYPE: ClassVar[str] = "RoadClosed.1"
    name: str
    why: str
    stretches: tuple[Stretch, ...]
    until_us: int | None = None
    kmh: int | None = None


class ClosureLifted(Fact, frozen=True, kw_only=True):
    """The road is open again: ``lifted`` by somebody, or ``expired``. Stream ``closure/<id>``."""

    TYPE: ClassVar[str] = "ClosureLifted.1"
    reason: str
