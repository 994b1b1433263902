"""How access sees an incident or an alarm: whose it is, who has a part in it, its state."""

from callout.access import Subject
from callout.incidents.board import Alarm, Incident


def incident_subject(incident: Incident) -> Subject:
    """The incident as something to be done to; ``open`` or ``closed``."""
    return Subject(
        "incident",
        incident.id,
        incident.agency,
        state="closed" if incident.closed_us else "open",
        parties=incident.parties,
        name=str(incident.number),
    )


def alarm_subject(alarm: Alarm) -> Subject:
    """The alarm as something to be done to.

    Once it has gone a level up it is every agency's: somebody must answer it.
    """
    return Subject("alarm", alarm.id, "" if alarm.level else alarm.agency)
