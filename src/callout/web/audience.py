"""What an audience is shown of the picture: its agency's own, what is shared with it, alarms.

An audience is everybody with the same agency, the same shares and the same lock: one frame serves
all of them. A locked one is shown that there is an alarm or a mayday, not what was said and where.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from callout.access import ROOM as THE_ROOM
from callout.access import Action, Actor, Subject, authorize, sees
from callout.base.errors import CalloutError
from callout.dispatch import Picture
from callout.incidents import Alarm, Incident, alarm_subject, incident_subject
from callout.journal import Entry
from callout.units import unit_subject
from callout.web.views import alarm_view, incident_view, storage_view, unit_view

_CLOSED_SHOWN_US = 3600 * 1_000_000
#: Streams about the staff and their devices; no business of a console's.
_QUIET = frozenset({"staff", "device", "request", "refused", "opened", "console"})


def may_follow(actor: Actor) -> bool:
    """Whether this actor may (still) follow the live picture."""
    try:
        authorize(actor, Action.LIVE_READ, THE_ROOM)
    except CalloutError:
        return False
    return True


def audience_of(actor: Actor) -> tuple[str, bool, frozenset[Any]]:
    """What makes two actors one audience."""
    return actor.agency, actor.locked is not None, frozenset(actor.shared.items())


def snapshot_for(
    picture: Picture, audience: Actor, closures: list[dict[str, Any]]
) -> dict[str, Any]:
    """Everything that is on the screen, to begin with."""
    now_us = picture.clock.now_us()
    recent_us = now_us - _CLOSED_SHOWN_US
    locked = audience.locked is not None
    board = picture.incidents
    return {
        "t": "snapshot",
        "seq": picture.seq,
        "now_us": now_us,
        "storage": storage_view(picture),
        "units": [
            unit_view(picture, unit, now_us)
            for unit in picture.units.by_number
            if sees(audience, unit_subject(unit)) and (not locked or unit.mayday)
        ],
        "closures": [] if locked else closures,
        "incidents": [
            incident_view(picture, incident)
            for incident in board.incidents.values()
            if not locked
            and (not incident.closed_us or incident.closed_us > recent_us)
            and sees(audience, incident_subject(incident))
        ],
        "alarms": [
            shown_alarm(picture, audience, alarm)
            for alarm in board.alarms.values()
            if sees(audience, alarm_subject(alarm))
            and (not alarm.acknowledged_us or (not alarm.incident and alarm.raised_us > recent_us))
        ],
    }


def entry_for(picture: Picture, audience: Actor, entry: Entry) -> dict[str, Any] | None:
    """One entry with the view of what it touched; None when it is not for this audience."""
    if entry.stream.partition("/")[0] in _QUIET:
        return None
    message: dict[str, Any] = {
        "t": "entry",
        "seq": entry.seq,
        "type": entry.type,
        "stream": entry.stream,
        "version": entry.version,
        "at_us": entry.recorded_us,
        "actor": entry.actor,
    }
    touched, view = _touched(picture, audience, entry)
    if touched is not None and not sees(audience, touched):
        return None
    alarms = touched is not None and touched.kind == "alarm"
    if audience.locked is not None and not alarms and not entry.type.startswith("Mayday"):
        return None
    return {**message, touched.kind: view()} if touched and view else message


def _touched(
    picture: Picture, audience: Actor, entry: Entry
) -> tuple[Subject | None, Callable[[], dict[str, Any]] | None]:
    """What the entry is about, as access sees it, and how to make its view, if it is to be shown.

    What the boards have left to the journal is its agency's, without a view.
    """
    kind, _, name = entry.stream.partition("/")
    if kind == "run":
        kind, name = "incident", entry.body["incident"]
    if kind == "alarm" and (alarm := picture.incidents.alarms.get(name)):
        return alarm_subject(alarm), partial(shown_alarm, picture, audience, alarm)
    if kind == "incident" and (incident := picture.incidents.incidents.get(name)):
        return incident_subject(incident), partial(incident_view, picture, incident)
    if kind == "unit" and (unit := picture.units.units.get(name)):
        return unit_subject(unit), partial(unit_view, picture, unit, picture.clock.now_us())
    if kind in {"alarm", "incident", "unit"}:
        return Subject(kind, name, entry.agency), None
    return None, None


def positions_for(
    picture: Picture, audience: Actor, numbers: Iterable[int], now_us: int
) -> dict[str, Any]:
    """Where units are: rows of number, lon, lat, heading (degrees or null) and age (s)."""
    lane, rows = picture.positions, []
    for number in numbers:
        place = lane.place(number)
        if place is None or not _follows(picture, audience, number):
            continue
        heading = float(lane.heading[number])
        age_s = max(0.0, (now_us - int(lane.received_us[number])) / 1e6)
        known = None if heading != heading else round(heading)  # noqa: PLR0124 - NaN
        rows.append((number, place.lon, place.lat, known, round(age_s, 1)))
    return {"t": "positions", "at_us": now_us, "u": rows}


def seen_incidents(picture: Picture, actor: Actor) -> list[Incident]:
    """Incidents that the actor may know of, oldest first."""
    found = picture.incidents.incidents.values()
    return [incident for incident in found if sees(actor, incident_subject(incident))]


def _follows(picture: Picture, audience: Actor, number: int) -> bool:
    unit = picture.units.by_number[number]
    return sees(audience, unit_subject(unit)) and (audience.locked is None or unit.mayday)


def shown_alarm(picture: Picture, audience: Actor, alarm: Alarm) -> dict[str, Any]:
    """An alarm; without words, device and place on a locked console."""
    view = alarm_view(picture, alarm)
    if audience.locked is not None:
        view.update(place=None, text=None, device=None)
    return view
