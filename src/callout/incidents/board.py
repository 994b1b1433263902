"""The current picture of alarms and incidents: a pure fold of incidents' facts."""

import builtins
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, Self

import msgspec

from callout.base.errors import NotFoundError, no_such
from callout.base.facts import Fact
from callout.incidents import events
from callout.journal import Entry


class Alarm(msgspec.Struct):
    """One alarm. Device, place and words are side rows of entry ``seq``."""

    id: str
    kind: str
    verified: bool
    fix: bool
    marks: tuple[str, ...]
    raised_us: int
    claimed_us: int | None
    seq: int
    version: int
    agency: str = ""
    level: int = 0
    acknowledged_by: str = ""
    acknowledged_us: int = 0
    incident: str = ""
    erased_us: int = 0


class Joined(msgspec.Struct):
    """One unit's part in an incident; a unit may have several one after another."""

    unit: str
    joined_us: int
    left_us: int = 0
    reason: str = ""
    agency: str = ""


class Incident(msgspec.Struct):
    """One incident. ``place_seq`` is the entry whose side row says where (-1: nobody knows)."""

    id: str
    type: str
    priority: int
    agency: str
    run: str
    opened_us: int
    seq: int
    version: int
    number: int = 0
    place_seq: int = -1
    alarms: list[str] = []
    units: list[Joined] = []
    entries: list[int] = []
    changed_seq: int = -1  # last entry that a decision about units could hang on; notes are none
    first_dispatched_us: int = 0
    waiting_since_us: int = 0
    requeued: int = 0
    closed_us: int = 0
    erased_us: int = 0

    @property
    def present(self) -> list[str]:
        """Units that are on it now."""
        return [part.unit for part in self.units if not part.left_us]

    @property
    def parties(self) -> frozenset[str]:
        """Agencies that have or had a unit on it."""
        return frozenset(part.agency for part in self.units if part.agency)

    @property
    def state(self) -> str:
        """``waiting`` for a unit, ``active`` or ``closed``."""
        if self.closed_us:
            return "closed"
        return "active" if self.present else "waiting"


class IncidentType(msgspec.Struct):
    """What may happen, how urgent it is and who can help: any of ``capabilities``."""

    code: str
    name: str
    priority: int
    capabilities: tuple[str, ...]
    limit_s: int


class _Kept(msgspec.Struct):
    """What a snapshot holds. An alarm that waits is named here, and is the one in ``alarms``."""

    alarms: dict[str, Alarm]
    incidents: dict[str, Incident]
    types: dict[str, IncidentType]
    unanswered: list[str]
    erasing: dict[str, tuple[str, ...]]
    ended: list[tuple[int, str, str]]


class IncidentBoard:
    """Alarms, incidents and types by id. What ended over a day ago is left to the journal."""

    TYPES: ClassVar[frozenset[str]] = frozenset(
        fact.TYPE
        for fact in vars(events).values()
        if isinstance(fact, builtins.type) and issubclass(fact, Fact) and fact.TYPE
    )

    #: None: nothing is let go.
    KEEP_CLOSED_US: ClassVar[int | None] = 24 * 3600 * 1_000_000

    def __init__(self) -> None:
        """Start empty; entry 0 comes first."""
        self.alarms: dict[str, Alarm] = {}
        self.incidents: dict[str, Incident] = {}
        self.types: dict[str, IncidentType] = {}
        self.unanswered: dict[str, Alarm] = {}
        # Asked for and not done yet: stream and the keys to destroy. Finished after a crash.
        self.erasing: dict[str, tuple[str, ...]] = {}
        self._ended: deque[tuple[int, str, str]] = deque()
        self._fold: dict[str, Callable[[str, dict[str, Any], Entry], None]] = {
            events.AlarmRaised.TYPE: self._raised,
            events.AlarmAcknowledged.TYPE: self._acknowledged,
            events.AlarmEscalated.TYPE: self._escalated,
            events.AlarmLinked.TYPE: self._linked,
            events.IncidentTypeRegistered.TYPE: self._type,
            events.RunNumberTaken.TYPE: self._run,
            events.IncidentOpened.TYPE: self._opened,
            events.AlarmJoined.TYPE: self._alarm_joined,
            events.PlaceSet.TYPE: self._place,
            events.NoteAdded.TYPE: self._noted,
            events.UnitJoined.TYPE: self._unit_joined,
            events.UnitLeft.TYPE: self._unit_left,
            events.IncidentRequeued.TYPE: self._requeued,
            events.IncidentClosed.TYPE: self._closed,
            events.ErasureAsked.TYPE: self._erasure_asked,
            events.ErasureDone.TYPE: self._erasure_done,
        }

    def alarm(self, alarm: str) -> Alarm:
        """The alarm with that id; NotFoundError when there is none, or it ended long ago."""
        found = self.alarms.get(alarm)
        if found is None:
            raise no_such("alarm", alarm)
        return found

    def incident(self, incident: str) -> Incident:
        """The incident with that id; NotFoundError when there is none, or it ended long ago."""
        found = self.incidents.get(incident)
        if found is None:
            raise no_such("incident", incident)
        return found

    def type(self, code: str) -> IncidentType:
        """The incident type with that code; NotFoundError when there is none."""
        found = self.types.get(code)
        if found is None:
            raise NotFoundError(
                f"there is no incident type {code!r}",
                where="type",
                todo=f"Use one of {', '.join(sorted(self.types)) or 'none: run callout setup'}",
            )
        return found

    def apply(self, entry: Entry) -> None:
        """Take one entry in; entries of other rooms are passed over."""
        fold = self._fold.get(entry.type)
        if fold is None:
            return
        fold(entry.stream.partition("/")[2], entry.body, entry)
        self._forget_ended(entry.recorded_us)

    def snapshot(self) -> bytes:
        """All that was folded, as MessagePack: ``restored`` makes an equal board of it."""
        return msgspec.msgpack.encode(
            _Kept(
                alarms=self.alarms,
                incidents=self.incidents,
                types=self.types,
                unanswered=list(self.unanswered),
                erasing=self.erasing,
                ended=list(self._ended),
            )
        )

    @classmethod
    def restored(cls, data: bytes) -> Self:
        """The board of a snapshot; msgspec.DecodeError when it is none of this version's."""
        kept = msgspec.msgpack.decode(data, type=_Kept)
        board = cls()
        board.alarms, board.incidents, board.types = kept.alarms, kept.incidents, kept.types
        board.unanswered = {name: kept.alarms[name] for name in kept.unanswered}
        board.erasing = kept.erasing
        board._ended.extend(kept.ended)
        return board

    # Alarms

    def _raised(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        alarm = Alarm(
            name,
            body["kind"],
            body["verified"],
            body["fix"],
            tuple(body.get("marks", ())),
            entry.recorded_us,
            entry.claimed_us,
            entry.seq,
            entry.version,
            entry.agency,
        )
        self.alarms[name] = alarm
        self.unanswered[name] = alarm

    def _acknowledged(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        self.unanswered.pop(name, None)
        if alarm := self.alarms.get(name):
            alarm.version = entry.version
            if not alarm.acknowledged_us:  # two may answer at once: the first one stands
                alarm.acknowledged_by = entry.actor
                alarm.acknowledged_us = entry.recorded_us
                self._ended.append((entry.recorded_us, "alarm", name))

    def _escalated(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        if alarm := self.alarms.get(name):
            alarm.version = entry.version
            alarm.level = body["level"]

    def _linked(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        if alarm := self.alarms.get(name):
            alarm.version = entry.version
            alarm.incident = body["incident"]

    # Incidents

    def _type(self, name: str, body: dict[str, Any], _entry: Entry) -> None:
        self.types[name] = IncidentType(
            name, body["name"], body["priority"], tuple(body["capabilities"]), body["limit_s"]
        )

    def _opened(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        incident = Incident(
            name,
            body["type"],
            body["priority"],
            entry.agency,
            body["run"],
            entry.recorded_us,
            entry.seq,
            entry.version,
            alarms=list(body.get("alarms", ())),
            waiting_since_us=entry.recorded_us,
        )
        if "cell" in body:
            incident.place_seq = entry.seq
        self.incidents[name] = incident
        self._touch(incident, entry)

    def _run(self, _name: str, body: dict[str, Any], entry: Entry) -> None:
        if incident := self.incidents.get(body["incident"]):
            incident.number = entry.version

    def _touch(self, incident: Incident, entry: Entry, *, decides: bool = True) -> None:
        incident.version = entry.version
        incident.entries.append(entry.seq)
        if decides:
            incident.changed_seq = entry.seq

    def _alarm_joined(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        if incident := self.incidents.get(name):
            incident.alarms.append(body["alarm"])
            self._touch(incident, entry, decides=False)

    def _place(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        if incident := self.incidents.get(name):
            incident.place_seq = entry.seq
            self._touch(incident, entry)

    def _noted(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        if incident := self.incidents.get(name):
            self._touch(incident, entry, decides=False)

    def _unit_joined(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        if incident := self.incidents.get(name):
            incident.units.append(
                Joined(body["unit"], entry.recorded_us, agency=body.get("agency", ""))
            )
            incident.first_dispatched_us = incident.first_dispatched_us or entry.recorded_us
            incident.waiting_since_us = 0
            self._touch(incident, entry)

    def _unit_left(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        if incident := self.incidents.get(name):
            for part in incident.units:
                if part.unit == body["unit"] and not part.left_us:
                    part.left_us, part.reason = entry.recorded_us, body["reason"]
            if not incident.present:
                incident.waiting_since_us = entry.recorded_us
            self._touch(incident, entry)

    def _requeued(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        if incident := self.incidents.get(name):
            incident.requeued += 1
            incident.waiting_since_us = incident.opened_us
            self._touch(incident, entry)

    def _closed(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        if incident := self.incidents.get(name):
            incident.closed_us = entry.recorded_us
            self._ended.append((entry.recorded_us, "incident", name))
            self._touch(incident, entry)

    def _erasure_asked(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        self.erasing[entry.stream] = tuple(body["keys"])
        self._seen(name, entry)

    def _erasure_done(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        self.erasing.pop(entry.stream, None)
        if found := self._seen(name, entry):
            found.erased_us = entry.recorded_us

    def _seen(self, name: str, entry: Entry) -> Alarm | Incident | None:
        """What the entry is about, at its new version; None when it ended long ago."""
        if entry.stream.startswith("alarm/"):
            if alarm := self.alarms.get(name):
                alarm.version = entry.version
            return alarm
        if incident := self.incidents.get(name):
            self._touch(incident, entry, decides=False)
        return incident

    def _forget_ended(self, now_us: int) -> None:
        keep_us = self.KEEP_CLOSED_US
        while keep_us is not None and self._ended and now_us - self._ended[0][0] > keep_us:
            _, kind, name = self._ended.popleft()
            if kind == "alarm":
                incident = self.incidents.get(self.alarms[name].incident)
                if incident is not None and not incident.closed_us:
                    self._ended.append((now_us, kind, name))  # still worked on
                    return
                del self.alarms[name]
            else:
                del self.incidents[name]
