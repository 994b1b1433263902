"""incidents: what is happening. Alarms nobody has judged yet, and incidents the room works on."""

from callout.incidents.board import Alarm, Incident, IncidentBoard, IncidentType, Joined
from callout.incidents.commands import TEXT_MAX, PanicPressed, raise_alarm
from callout.incidents.escalation import LEVELS, due
from callout.incidents.events import IncidentTypeRegistered
from callout.incidents.subjects import alarm_subject, incident_subject

__all__ = [
    "LEVELS",
    "TEXT_MAX",
    "Alarm",
    "Incident",
    "IncidentBoard",
    "IncidentType",
    "IncidentTypeRegistered",
    "Joined",
    "PanicPressed",
    "alarm_subject",
    "due",
    "incident_subject",
    "raise_alarm",
]
