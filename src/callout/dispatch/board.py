"""What joins incidents and units: when each unit was under way and on scene. A pure fold."""

from collections import deque
from typing import ClassVar, Self

import msgspec

from callout.incidents.events import IncidentClosed
from callout.journal import Entry
from callout.units.events import UnitStatusSet

_KEEP_CLOSED_US = 24 * 3600 * 1_000_000


class Times(msgspec.Struct):
    """First moments of one unit at one incident, UTC microseconds; 0: not yet."""

    en_route_us: int = 0
    on_scene_us: int = 0
    transporting_us: int = 0
    at_hospital_us: int = 0


_FIELD = {
    "en_route": "en_route_us",
    "on_scene": "on_scene_us",
    "transporting": "transporting_us",
    "at_hospital": "at_hospital_us",
}


class _Kept(msgspec.Struct):
    """What a snapshot holds."""

    times: dict[str, dict[str, Times]]
    closed: list[tuple[int, str]]


class TimesBoard:
    """Times by incident and unit; those of incidents closed over a day ago are let go."""

    TYPES: ClassVar[frozenset[str]] = frozenset({UnitStatusSet.TYPE, IncidentClosed.TYPE})

    def __init__(self) -> None:
        """Start empty; entry 0 comes first."""
        self._times: dict[str, dict[str, Times]] = {}
        self._closed: deque[tuple[int, str]] = deque()

    def of(self, incident: str, unit: str) -> Times:
        """The unit's times at that incident; zeros when it has none."""
        return self._times.get(incident, {}).get(unit) or Times()

    def apply(self, entry: Entry) -> None:
        """Take one entry in; all others are passed over."""
        if entry.type == UnitStatusSet.TYPE:
            incident = entry.body.get("incident", "")
            field = _FIELD.get(entry.body["status"])
            if incident and field:
                unit = entry.stream.partition("/")[2]
                times = self._times.setdefault(incident, {}).setdefault(unit, Times())
                if not getattr(times, field):
                    setattr(times, field, entry.recorded_us)
        elif entry.type == IncidentClosed.TYPE:
            self._closed.append((entry.recorded_us, entry.stream.partition("/")[2]))
            while entry.recorded_us - self._closed[0][0] > _KEEP_CLOSED_US:
                self._times.pop(self._closed.popleft()[1], None)

    def snapshot(self) -> bytes:
        """All that was folded, as MessagePack: ``restored`` makes an equal board of it."""
        return msgspec.msgpack.encode(_Kept(self._times, list(self._closed)))

    @classmethod
    def restored(cls, data: bytes) -> Self:
        """The board of a snapshot; msgspec.DecodeError when it is none of this version's."""
        kept = msgspec.msgpack.decode(data, type=_Kept)
        board = cls()
        board._times = kept.times
        board._closed.extend(kept.closed)
        return board
