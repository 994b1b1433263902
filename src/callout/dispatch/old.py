"""An incident that the boards have let go, folded again from the journal."""

from typing import ClassVar

from callout.dispatch.picture import Picture
from callout.incidents import Incident, IncidentBoard
from callout.incidents.events import IncidentClosed, IncidentOpened, RunNumberTaken
from callout.units.events import UnitStatusSet

#: Entries read at most between its opening and its closing, for the times of its units.
SPAN_MAX = 100_000
_BATCH = 64  # entries of a batch that may stand before the opening in it


class _Whole(IncidentBoard):
    """Keeps what ended, however long ago: notes and erasures come days later."""

    KEEP_CLOSED_US: ClassVar[int | None] = None


def read_old(picture: Picture, incident_id: str) -> tuple[Picture, Incident] | None:
    """A picture that has this incident, its number and its units' times, and the incident itself.

    None when there is none. The living boards are not touched, but those of staff, areas and
    types, which do not forget, are shared. Reads the journal, so it belongs in a thread.
    """
    own = list(picture.journal.stream(f"incident/{incident_id}"))
    if not own or own[0].type != IncidentOpened.TYPE:
        return None
    old = Picture(picture.journal, picture.clock, picture.positions, picture.city, picture.roads)
    old.access, old.places, old.units = picture.access, picture.places, picture.units
    old.incidents = _Whole()
    old.incidents.types = picture.incidents.types
    closed = next((entry.seq for entry in own if entry.type == IncidentClosed.TYPE), own[-1].seq)
    for entry in own:
        old.incidents.apply(entry)
    # Its number stands in the batch of its opening, its units' times between that and its closing.
    last = min(closed, own[0].seq + SPAN_MAX)
    for entry in picture.journal.replay(max(-1, own[0].seq - _BATCH), last):
        if entry.body.get("incident") != incident_id:
            continue
        if entry.type == RunNumberTaken.TYPE:
            old.incidents.apply(entry)
        elif entry.type == UnitStatusSet.TYPE:
            old.times.apply(entry)
    return old, old.incidents.incident(incident_id)
