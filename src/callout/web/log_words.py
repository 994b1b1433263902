"""English words for the lines of an incident's log. Each is a code with parameters."""

from typing import Any

from callout.dispatch import Picture
from callout.journal import Entry

_LINES = {
    "IncidentOpened": "Opened",
    "AlarmJoined": "Another alarm joined",
    "PlaceSet": "Place set",
    "UnitJoined": "{unit} sent",
    "UnitLeft": "{unit} {left}",
    "IncidentRequeued": "Waiting again: {unit} was taken for {taken_for}",
    "IncidentClosed": "Closed: {reason}",
    "ErasureAsked": "To be erased: {reason}",
    "ErasureDone": "Erased: what was said, and where it was",
}
_LEFT = {"cleared": "cleared", "diverted": "diverted", "closed": "released at close"}


def who(picture: Picture, actor: str) -> str:
    """How the log names an actor: a person's name, a device's id, or the kind."""
    kind, _, name = actor.partition("/")
    if kind != "person":
        return name or kind
    staff = picture.access.staff.get(name)
    side = picture.journal.side(staff.seq, "name") if staff else None
    return side["name"] if side else name


def log_line(picture: Picture, entry: Entry) -> dict[str, Any]:
    """{seq, at_us, by, code, words} of one entry of an incident."""
    code = entry.type.partition(".")[0]
    body = entry.body
    if code == "NoteAdded":
        side = picture.journal.side(entry.seq, "text")
        said = side["text"] if side else "(erased)"
    else:
        other = picture.incidents.incidents.get(body.get("taken_for", ""))
        said = _LINES.get(code, code).format(
            unit=body.get("unit", ""),
            left=_LEFT.get(body.get("reason", ""), ""),
            reason=str(body.get("reason", "")).replace("_", " "),
            taken_for=other.number if other else "another incident",
        )
        if code == "PlaceSet" and (place := picture.journal.side(entry.seq, "place")):
            said = f"{said}: {place['name']}" if place.get("name") else said
    return {
        "seq": entry.seq,
        "at_us": entry.recorded_us,
        "by": who(picture, entry.actor),
        "code": code,
        "words": said,
    }
