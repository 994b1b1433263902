"""What has been said about the ground, as it holds now: a pure fold of places' facts."""

import builtins
from typing import Any, ClassVar, Self

import msgspec

from callout.base.errors import NotFoundError
from callout.base.facts import Fact, decode
from callout.base.geo import LonLat
from callout.journal import Entry
from callout.places import events
from callout.places.closures import Closure
from callout.places.zones import Area, ZoneIndex, shape_of


class _Drawn(msgspec.Struct):
    version: int
    body: dict[str, Any]


class _Kept(msgspec.Struct):
    """What a snapshot holds: areas as they were drawn, for shapes are made of that."""

    drawn: dict[str, _Drawn]
    closures: dict[str, Closure]


class PlacesBoard:
    """Areas and closures by id."""

    TYPES: ClassVar[frozenset[str]] = frozenset(
        fact.TYPE
        for fact in vars(events).values()
        if isinstance(fact, builtins.type) and issubclass(fact, Fact) and fact.TYPE
    )

    def __init__(self) -> None:
        """Start empty; entry 0 comes first."""
        self.areas: dict[str, Area] = {}
        self._drawn: dict[str, _Drawn] = {}
        self.closures: dict[str, Closure] = {}
        self._index: ZoneIndex | None = None

    def apply(self, entry: Entry) -> None:
        """Take one entry in; entries of other rooms are passed over."""
        if entry.type == events.AreaDrawn.TYPE:
            self._draw(entry.stream.partition("/")[2], _Drawn(entry.version, entry.body))
        elif entry.type == events.AreaDropped.TYPE:
            for held in (self.areas, self._drawn):
                held.pop(entry.stream.partition("/")[2], None)
            self._index = None
        elif entry.type == events.RoadClosed.TYPE:
            self._close(entry)
        elif entry.type == events.ClosureLifted.TYPE:
            self.closures.pop(entry.stream.partition("/")[2], None)

    def closure(self, closure: str) -> Closure:
        """The closure in force with that id; NotFoundError when there is none."""
        found = self.closures.get(closure)
        if found is None:
            raise NotFoundError(
                f"there is no closure {closure!r} in force",
                where="closure",
                todo="See GET /api/closures",
            )
        return found

    def snapshot(self) -> bytes:
        """All that was folded, as MessagePack: ``restored`` makes an equal board of it."""
        return msgspec.msgpack.encode(_Kept(self._drawn, self.closures))

    @classmethod
    def restored(cls, data: bytes) -> Self:
        """The board of a snapshot; msgspec.DecodeError when it is none of this version's."""
        board = cls()
        kept = msgspec.msgpack.decode(data, type=_Kept)
        board.closures = kept.closures
        for name, drawn in kept.drawn.items():
            board._draw(name, drawn)
        return board

    def area(self, area: str) -> Area:
        """The area with that id; NotFoundError when there is none."""
        found = self.areas.get(area)
        if found is None:
            raise NotFoundError(
                f"there is no area {area!r}", where="area", todo="See GET /api/areas"
            )
        return found

    def areas_at(self, point: LonLat) -> list[Area]:
        """Areas that hold the point, key sites within 50 m; agencies, beats, first due, sites."""
        if self._index is None:
            self._index = ZoneIndex(self.areas.values())
        return self._index.at(point)

    def _draw(self, name: str, drawn: _Drawn) -> None:
        body = drawn.body
        self._drawn[name] = drawn
        self.areas[name] = Area(
            name,
            body["kind"],
            body["name"],
            body.get("agency", ""),
            body.get("of", ""),
            body.get("text", ""),
            shape_of(body.get("polygons", ()), body.get("point")),
            drawn.version,
        )
        self._index = None

    def _close(self, entry: Entry) -> None:
        fact = decode(events.RoadClosed, entry.body)
        name = entry.stream.partition("/")[2]
        self.closures[name] = Closure(
            name,
            fact.name,
            fact.why,
            fact.stretches,
            fact.until_us,
            fact.kmh,
            entry.recorded_us,
            entry.actor,
            entry.version,
        )
