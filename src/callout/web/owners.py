"""Whose an entry is and whose hand made it, for the review of shares. For reading in a thread."""

from callout.access import EVERY_AGENCY
from callout.dispatch import Picture
from callout.incidents.events import AlarmRaised, IncidentOpened
from callout.journal import Entry


class Owners:
    """Agencies of staff, devices and units as they were when this was made, and of what is read.

    Entries are to be shown in order: whose an incident is, is learnt from its opening.
    """

    def __init__(self, picture: Picture) -> None:
        """Copy what the boards know; they change in another thread."""
        access = picture.access
        self._actors = {f"person/{one.id}": one.agency for one in access.staff.values()}
        self._actors |= {f"device/{one.id}": one.agency for one in access.devices.values()}
        self._streams = {f"unit/{unit.id}": unit.agency for unit in picture.units.by_number}
        for incident in picture.incidents.incidents.values():
            self._streams[f"incident/{incident.id}"] = incident.agency
        for alarm in picture.incidents.alarms.values():
            self._streams[f"alarm/{alarm.id}"] = alarm.agency

    def of_actor(self, label: str) -> str:
        """The actor's agency; "" for the whole room's, the system and strangers."""
        agency = self._actors.get(label, "")
        return "" if agency == EVERY_AGENCY else agency

    def of_entry(self, entry: Entry) -> str:
        """The agency whose thing was touched or opened; "" where it is nobody's or not known."""
        if entry.type in (IncidentOpened.TYPE, AlarmRaised.TYPE):
            self._streams[entry.stream] = entry.agency
            return ""  # whoever opened it for another agency needed no share of what was there
        kind, _, name = entry.stream.partition("/")
        stream = name.replace("-", "/", 1) if kind == "opened" else entry.stream
        return self._streams.get(stream, "")
