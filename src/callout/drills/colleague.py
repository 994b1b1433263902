"""The other dispatcher in the room: does what nobody has done for a while.

Pure: looks at the picture as the live feed tells it and says what is overdue; ``play`` does it.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_US: Final = 1_000_000
PATIENCE_S: Final = 45.0
_CLOSE_AFTER_S: Final = 20.0
# Types that one crew is too few for.
_CREWS: Final[Mapping[str, int]] = {"HOUSEFIRE": 3, "CRASH": 2}


class Answer(NamedTuple):
    """Acknowledge an alarm."""

    alarm: str


class Open(NamedTuple):
    """Open an incident for an alarm."""

    alarm: str


class Send(NamedTuple):
    """Send the recommended units."""

    incident: str
    crews: int


class Close(NamedTuple):
    """Close an incident that everybody has left."""

    incident: str


Task = Answer | Open | Send | Close


def overdue(
    alarms: Mapping[str, Any],
    incidents: Mapping[str, Any],
    now_us: int,
    *,
    patience_s: float,
    eager: frozenset[str] = frozenset(),
) -> list[Task]:
    """What should have been done by now, the oldest first.

    ``alarms`` and ``incidents`` are the API's views by id; ``eager`` are incidents that are not
    left for the user at all.
    """
    tasks: list[Task] = []
    for alarm in sorted(alarms.values(), key=_raised_us):
        tasks += _for_alarm(alarm, now_us - round(patience_s * _US))
    for incident in sorted(incidents.values(), key=_opened_us):
        wait_s = 3.0 if incident["id"] in eager else patience_s
        tasks += _for_incident(incident, now_us, wait_s)
    return tasks


def _raised_us(alarm: Mapping[str, Any]) -> int:
    return int(alarm["raised_us"])


def _opened_us(incident: Mapping[str, Any]) -> int:
    return int(incident["opened_us"])


def _for_alarm(alarm: Mapping[str, Any], before_us: int) -> list[Task]:
    if alarm["incident"]:
        return []
    answered = alarm["acknowledged"]
    if not answered:
        return [Answer(alarm["id"])] if alarm["raised_us"] <= before_us else []
    # Whoever answered has a moment to open the incident.
    return [Open(alarm["id"])] if answered["at_us"] <= before_us + 30 * _US else []


def _for_incident(incident: Mapping[str, Any], now_us: int, wait_s: float) -> list[Task]:
    if incident["state"] == "closed" or incident["place"] is None:
        return []
    parts = incident["units"]
    if any(not part["left_us"] for part in parts):
        return []
    if parts and any(part["on_scene_us"] for part in parts):
        left_us = max(part["left_us"] for part in parts)
        over = now_us - left_us > _CLOSE_AFTER_S * _US
        return [Close(incident["id"])] if over else []
    since_us = incident["waiting_since_us"] or incident["opened_us"]
    if now_us - since_us < wait_s * _US:
        return []
    return [Send(incident["id"], _CREWS.get(incident["type"]["code"], 1))]
