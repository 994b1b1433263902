"""Facts of incidents: signals that someone needs help, and what the room made of them."""

from typing import ClassVar

from callout.base.facts import Fact

Cell = tuple[int, int]


class AlarmRaised(Fact, frozen=True, kw_only=True):
    """A signal that someone needs help, not yet judged. Stream ``alarm/<id>``.

    Side rows under the alarm's key: ``device`` {device, press}, ``place`` {lon_e7, lat_e7},
    ``text`` {text}. Only the cell of about 1 km stands in the open.
    """

    TYPE: ClassVar[str] = "AlarmRaised.1"
    kind: str
    verified: bool
    fix: bool
    cell: Cell | None = None
    marks: tuple[str, ...] = ()


class AlarmAcknowledged(Fact, frozen=True, kw_only=True):
    """A named person, or a program, has taken the alarm on. Stream ``alarm/<id>``."""

    TYPE: ClassVar[str] = "AlarmAcknowledged.1"


class AlarmEscalated(Fact, frozen=True, kw_only=True):
    """Nobody acknowledged in time. Level 1: every console, 2: supervisor, 3: outside page."""

    TYPE: ClassVar[str] = "AlarmEscalated.1"
    level: int


class AlarmLinked(Fact, frozen=True, kw_only=True):
    """The alarm is now worked on as part of an incident. Stream ``alarm/<id>``."""

    TYPE: ClassVar[str] = "AlarmLinked.1"
    incident: str


class IncidentTypeRegistered(Fact, frozen=True, kw_only=True):
    """A type of incident, or its new particulars. Stream ``type/<code>``."""

    TYPE: ClassVar[str] = "IncidentTypeRegistered.1"
    name: str
    priority: int
    capabilities: tuple[str, ...]
    limit_s: int


class RunNumberTaken(Fact, frozen=True, kw_only=True):
    """A run number was used up. Stream ``run/room-<year>``; the number IS the version."""

    TYPE: ClassVar[str] = "RunNumberTaken.1"
    incident: str


class IncidentOpened(Fact, frozen=True, kw_only=True):
    """The room began to work on something. Stream ``incident/<id>``.

    Side rows under the incident's key: ``place`` {lon_e7, lat_e7, name, verified?} (false: a pin
    or free text that nobody has checked), ``text`` {text}.
    """

    TYPE: ClassVar[str] = "IncidentOpened.1"
    type: str
    priority: int
    run: str
    cell: Cell | None = None
    alarms: tuple[str, ...] = ()


class AlarmJoined(Fact, frozen=True, kw_only=True):
    """One more alarm belongs to the incident. Stream ``incident/<id>``."""

    TYPE: ClassVar[str] = "AlarmJoined.1"
    alarm: str


class PlaceSet(Fact, frozen=True, kw_only=True):
    """Where the incident is became known, or better known. Side row ``place``."""

    TYPE: ClassVar[str] = "PlaceSet.1"
    cell: Cell


class NoteAdded(Fact, frozen=True, kw_only=True):
    """Somebody wrote something down. Side row ``text`` {text}."""

    TYPE: ClassVar[str] = "NoteAdded.1"


class UnitJoined(Fact, frozen=True, kw_only=True):
    """A unit was sent. Stream ``incident/<id>``; its twin is ``UnitDispatched``.

    ``agency``: the unit's, which has a part in the incident from now on.
    """

    TYPE: ClassVar[str] = "UnitJoined.1"
    unit: str
    agency: str = ""


class UnitLeft(Fact, frozen=True, kw_only=True):
    """A unit's part ended: cleared, diverted or closed. Its twin is ``UnitCleared``."""

    TYPE: ClassVar[str] = "UnitLeft.1"
    unit: str
    reason: str


class IncidentRequeued(Fact, frozen=True, kw_only=True):
    """Its last unit was taken for another incident; it waits again, on its original clock."""

    TYPE: ClassVar[str] = "IncidentRequeued.1"
    unit: str
    taken_for: str


class IncidentClosed(Fact, frozen=True, kw_only=True):
    """The room has finished with it. ``reason`` is a code, never free text."""

    TYPE: ClassVar[str] = "IncidentClosed.1"
    reason: str


class ErasureAsked(Fact, frozen=True, kw_only=True):
    """Somebody, or a rule, asked to erase personal detail. ``keys`` are the keys to destroy.

    Stream ``incident/<id>`` or ``alarm/<id>``. ``reason`` is a code, never free text. Side row
    ``who`` {name} when it was asked at the machine, under ``staff/machine``.
    """

    TYPE: ClassVar[str] = "ErasureAsked.1"
    reason: str
    keys: tuple[str, ...]


class ErasureDone(Fact, frozen=True, kw_only=True):
    """The keys are destroyed. Streams ``incident/<id>``, ``alarm/<id>``: each one concerned."""

    TYPE: ClassVar[str] = "ErasureDone.1"
