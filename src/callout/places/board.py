"""What has been said about the ground, as it holds now: a pure fold of places' facts."""

import builtins
from typing import Any, ClassVar

from callout.base.errors import NotFoundError
from callout.base.facts import Fact
from callout.base.geo import LonLat
from callout.journal import Entry
from callout.places import events
from callout.places.zones import Area, ZoneIndex, shape_of


class PlacesBoard:
    """Areas by id."""

    TYPES: ClassVar[frozenset[str]] = frozenset(
        fact.TYPE
        for fact in vars(events).values()
        if isinstance(fact, builtins.type) and issubclass(fact, Fact) and fact.TYPE
    )

    def __init__(self) -> None:
        """Start empty; entry 0 comes first."""
        self.areas: dict[str, Area] = {}
        self._index: ZoneIndex | None = None

    def apply(self, entry: Entry) -> None:
        """Take one entry in; entries of other rooms are passed over."""
        if entry.type == events.AreaDrawn.TYPE:
            self._drawn(entry.stream.partition("/")[2], entry.body, entry.version)
        elif entry.type == events.AreaDropped.TYPE:
            self.areas.pop(entry.stream.partition("/")[2], None)
            self._index = None

    def area(self, area: str) -> Area:
        """The area with that id; NotFoundError when there is none."""
        found = self.areas.get(area)
        if found is None:
            raise NotFoundError(f"there is no area {area!r}", where="area", todo="See GET /api/areas")
        return found

    def areas_at(self, point: LonLat) -> list[Area]:
        """Areas that hold the point, key sites within 50 m; agencies, beats, first due, sites."""
        if self._index is None:
            self._index = ZoneIndex(self.areas.values())
        return self._index.at(point)

    def _drawn(self, name: str, body: dict[str, Any], version: int) -> None:
        self.areas[name] = Area(
            name,
            body["kind"],
            body["name"],
            body.get("agency", ""),
            body.get("of", ""),
            body.get("text", ""),
            shape_of(body.get("polygons", ()), body.get("point")),
            version,
        )
        self._index = None
