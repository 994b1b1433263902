"""Verbs of incidents: they check, then append."""

from concurrent.futures import Future
from typing import Any

import msgspec

from callout.access import EVERY_AGENCY, Action, Actor, Scope, Subject, authorize
from callout.base.clock import utc_year
from callout.base.errors import BadInputError, ConflictError
from callout.base.facts import Fact
from callout.base.geo import LonLat, cell_1km
from callout.base.ids import is_given_id, new_id
from callout.incidents.board import Incident, IncidentBoard
from callout.incidents.events import (
    AlarmAcknowledged,
    AlarmEscalated,
    AlarmLinked,
    AlarmRaised,
    IncidentOpened,
    IncidentTypeRegistered,
    NoteAdded,
    PlaceSet,
    RunNumberTaken,
)
from callout.incidents.subjects import alarm_subject, incident_subject
from callout.journal import Batch, Draft, Journal, Receipt, Side

TEXT_MAX = 8000
_FUTURE_US = 5 * 60 * 1_000_000
_DAY_US = 86_400 * 1_000_000
# A room that stood still for longer leaves keys behind; the next start takes them too.
_DAYS_LOOKED_BACK = 400
_STALE_US = 10 * 60 * 1_000_000


class PanicPressed(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder makes of the bytes of an alarm: a press of a button, or its like.

    ``place`` is None without a usable fix; ``marks`` says in codes what could not be trusted.
    """

    device: str
    press: str
    kind: str
    claimed_us: int | None = None
    place: LonLat | None = None
    text: str = ""
    marks: tuple[str, ...] = ()


def raise_alarm(
    journal: Journal, actor: Actor, press: PanicPressed, *, now_us: int, credential: str = ""
) -> Future[Receipt]:
    """Keep an alarm, whoever sent it. The same device and press is the same alarm.

    The same for a day at least, two at most. A verified device's key is made of device and press
    only. A stranger's holds what it sent and the credential it showed, so it can never stand in
    the way of a real press, while its own repeat is still one alarm. No filter on fix, age,
    sender or place stands here.
    """
    authorize(actor, Action.ALARM_RAISE, Subject("alarm"))
    verified = actor.kind == "person" or actor.id == press.device or Scope.ROOM in actor.scopes
    parts = ("alarm", actor.label, press.device, press.press)
    if not verified:
        parts = ("alarm-unverified", credential, msgspec.json.encode(press).decode(), "")
    # Under the key of the day, which is destroyed: else who holds this home's secret could try
    # devices and words against the alarm for ever. A repeat after midnight has the older one.
    day = now_us // _DAY_US
    key = journal.passing_hash(press_key(day), *parts)
    before = journal.passing_hash(press_key(day - 1), *parts, make=False)
    alarm = new_id()
    fact = AlarmRaised(
        kind=press.kind,
        verified=verified,
        fix=press.place is not None,
        cell=cell_1km(press.place) if press.place else None,
        marks=press.marks + _age_marks(press.claimed_us, now_us),
    )
    owner = f"alarm/{alarm}"
    side = [Side(name="device", value={"device": press.device, "press": press.press}, key=owner)]
    if press.place:
        side.append(Side(name="place", value=_place_value(press.place, ""), key=owner))
    if press.text:
        side.append(Side(name="text", value={"text": press.text}, key=owner))
    draft = Draft(
        stream=owner,
        type=fact.TYPE,
        body=fact.body(),
        side=tuple(side),
        claimed_us=press.claimed_us,
    )
    who = actor.label if verified else "nobody"
    also = (before,) if before else ()
    agency = "" if actor.agency == EVERY_AGENCY else actor.agency
    return journal.submit(Batch(entries=(draft,), key=key, actor=who, agency=agency, also=also))


def run_stream(year: int) -> str:
    """Where a year's run numbers are used up: of the whole room, so that "101" is one incident."""
    return f"run/room-{year}"


def press_key(day: int) -> str:
    """Whose key the presses of a day (since 1970, UTC) are told apart by."""
    return f"press/{day}"


def forget_presses(journal: Journal, now_us: int) -> int:
    """Destroy the keys of days that no repeat can be of any more; how many there were."""
    day = now_us // _DAY_US
    return journal.forget(*(press_key(day - back) for back in range(2, _DAYS_LOOKED_BACK)))


def _age_marks(claimed_us: int | None, now_us: int) -> tuple[str, ...]:
    if claimed_us is None:
        return ("no-time",)
    if claimed_us > now_us + _FUTURE_US:
        return ("time-in-future",)
    if claimed_us < now_us - _STALE_US:
        return ("late",)
    return ()


def acknowledge_alarm(
    journal: Journal, actor: Actor, board: IncidentBoard, alarm_id: str
) -> Future[Receipt] | None:
    """Take an alarm on; None when somebody already has."""
    alarm = board.alarm(alarm_id)
    authorize(actor, Action.ALARM_ACKNOWLEDGE, alarm_subject(alarm))
    if alarm.acknowledged_us:
        return None
    return _submit(
        journal,
        actor,
        alarm.agency,
        (_draft(f"alarm/{alarm.id}", AlarmAcknowledged()),),
        key=journal.keyed_hash("acknowledge", alarm.id),
    )


def escalate_alarm(
    journal: Journal, actor: Actor, board: IncidentBoard, alarm_id: str, level: int
) -> Future[Receipt]:
    """Record that nobody acknowledged in time; the same level twice is one entry."""
    alarm = board.alarm(alarm_id)
    authorize(actor, Action.ALARM_ESCALATE, alarm_subject(alarm))
    return _submit(
        journal,
        actor,
        alarm.agency,
        (_draft(f"alarm/{alarm.id}", AlarmEscalated(level=level)),),
        key=journal.keyed_hash("escalate", alarm.id, str(level)),
        expect={f"alarm/{alarm.id}": alarm.version},
    )


def type_draft(code: str, fact: IncidentTypeRegistered) -> Draft:
    """The entry of an incident type. BadInputError for what cannot be one."""
    if not is_given_id(code):
        raise BadInputError(f"{code!r} cannot be a type's code", where="code", todo="A-Z 0-9 . _ -")
    if not fact.capabilities:
        raise BadInputError("no capability is listed", where="capabilities", todo="Name one")
    if not 1 <= fact.priority <= 4:
        raise BadInputError(f"{fact.priority} is no priority", where="priority", todo="Use 1 to 4")
    if fact.limit_s <= 0:
        raise BadInputError("the limit is not above 0", where="limit_s", todo="Seconds to send")
    return _draft(f"type/{code}", fact)


def open_incident(
    journal: Journal,
    actor: Actor,
    board: IncidentBoard,
    *,
    agency: str,
    type_code: str,
    priority: int,
    place: LonLat | None,
    place_name: str,
    text: str,
    alarms: tuple[str, ...],
    now_us: int,
    key: str = "",
    verified: bool = True,
) -> tuple[str, Future[Receipt]]:
    """Begin to work on something, with the alarms it came from; those are then acknowledged.

    Not ``verified``: the place is a pin or free text that nobody has checked; nothing waits for
    that. Returns the new incident's id and the receipt to wait for. ConflictError when an alarm
    already belongs to another incident; BadInputError for an unknown type or priority.
    """
    authorize(actor, Action.INCIDENT_OPEN, Subject("incident", "", agency))
    board.type(type_code)
    if not 1 <= priority <= 4:
        raise BadInputError(f"{priority} is no priority", where="priority", todo="Use 1 to 4")
    _check_text(text)
    found = [board.alarm(alarm) for alarm in dict.fromkeys(alarms)]
    for alarm in found:
        if alarm.incident:
            raise ConflictError(
                f"alarm {alarm.id} already belongs to incident {alarm.incident}",
                where="alarms",
                todo="Open that incident, or leave the alarm out",
                incident=alarm.incident,
            )
    incident = new_id()
    run = f"{agency}-{utc_year(now_us)}"
    drafts = [
        _draft(
            f"incident/{incident}",
            IncidentOpened(
                type=type_code,
                priority=priority,
                run=run,
                cell=cell_1km(place) if place else None,
                alarms=tuple(alarm.id for alarm in found),
            ),
            *_sides(f"incident/{incident}", place, place_name, text, verified=verified),
        ),
        _draft(run_stream(utc_year(now_us)), RunNumberTaken(incident=incident)),
    ]
    expect: dict[str, int] = {f"incident/{incident}": 0}
    for alarm in found:
        expect[f"alarm/{alarm.id}"] = alarm.version
        if not alarm.acknowledged_us:
            drafts.append(_draft(f"alarm/{alarm.id}", AlarmAcknowledged()))
        drafts.append(_draft(f"alarm/{alarm.id}", AlarmLinked(incident=incident)))
    return incident, _submit(journal, actor, agency, tuple(drafts), key=key, expect=expect)


def set_place(
    journal: Journal,
    actor: Actor,
    board: IncidentBoard,
    incident_id: str,
    place: LonLat,
    name: str,
    *,
    verified: bool = True,
) -> Future[Receipt]:
    """Say where the incident is, or better; ``verified`` as in :func:`open_incident`."""
    incident = _changeable(actor, board, incident_id)
    stream = f"incident/{incident.id}"
    sides = _sides(stream, place, name, "", verified=verified)
    draft = _draft(stream, PlaceSet(cell=cell_1km(place)), *sides)
    return _submit(journal, actor, incident.agency, (draft,), expect={stream: incident.version})


def add_note(
    journal: Journal, actor: Actor, board: IncidentBoard, incident_id: str, text: str
) -> Future[Receipt]:
    """Write something down; a closed incident takes notes too."""
    incident = board.incident(incident_id)
    authorize(actor, Action.INCIDENT_NOTE, incident_subject(incident))
    if not text.strip():
        raise BadInputError("the note is empty", where="text", todo="Write something")
    _check_text(text)
    stream = f"incident/{incident.id}"
    draft = _draft(stream, NoteAdded(), *_sides(stream, None, "", text))
    return _submit(journal, actor, incident.agency, (draft,))


def _changeable(actor: Actor, board: IncidentBoard, incident_id: str) -> Incident:
    incident = board.incident(incident_id)
    authorize(actor, Action.INCIDENT_CHANGE, incident_subject(incident))
    return incident


def _check_text(text: str) -> None:
    if len(text) > TEXT_MAX:
        raise BadInputError(
            f"the text has {len(text)} characters", where="text", todo=f"Use at most {TEXT_MAX}"
        )


def _place_value(place: LonLat, name: str, *, verified: bool = True) -> dict[str, Any]:
    value: dict[str, Any] = {"lon_e7": place.lon_e7, "lat_e7": place.lat_e7, "name": name}
    # Said only where it is not so: what does not say is from before, or was checked.
    return value if verified else {**value, "verified": False}


def _sides(
    owner: str, place: LonLat | None, name: str, text: str, *, verified: bool = True
) -> tuple[Side, ...]:
    sides = []
    if place:
        value = _place_value(place, name, verified=verified)
        sides.append(Side(name="place", value=value, key=owner))
    if text:
        sides.append(Side(name="text", value={"text": text}, key=owner))
    return tuple(sides)


def _draft(stream: str, fact: Fact, *sides: Side) -> Draft:
    return Draft(stream=stream, type=fact.TYPE, body=fact.body(), side=sides)


def _submit(
    journal: Journal,
    actor: Actor,
    agency: str,
    drafts: tuple[Draft, ...],
    *,
    key: str = "",
    expect: dict[str, int] | None = None,
) -> Future[Receipt]:
    return journal.submit(
        Batch(
            entries=drafts,
            key=key or new_id(),
            actor=actor.label,
            agency=agency,
            expect=expect or {},
        )
    )
