"""Facts of places: what somebody said about the ground, past tense."""

from typing import ClassVar

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
