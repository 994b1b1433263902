"""Erasing personal detail: what an incident or a lone alarm keeps under its keys.

Two entries say it: asked, done. Between them the keys are destroyed; who, when, where by the
kilometre, type, units and times stay, and every proof stays valid. A crash in between is
finished by ``finish_erasure`` at the next start, from the board.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from itertools import takewhile
from typing import NamedTuple

from callout.access import Action, Actor, Subject, authorize
from callout.base.errors import BadInputError, ConflictError, NotFoundError
from callout.base.ids import new_id
from callout.incidents.events import (
    AlarmAcknowledged,
    AlarmJoined,
    AlarmLinked,
    AlarmRaised,
    ErasureAsked,
    ErasureDone,
    IncidentClosed,
    IncidentOpened,
    NoteAdded,
    PlaceSet,
)
from callout.journal import Batch, Draft, Entry, Journal, Receipt, Side

#: By rule; the person asked; a court or authority ordered it; it was kept wrongly.
REASONS = ("retention", "request", "order", "mistake")
_MACHINE_KEY = "staff/machine"


class Found(NamedTuple):
    """What can be erased: the stream, its version, and the keys that are alive or may be."""

    stream: str
    version: int
    agency: str
    keys: tuple[str, ...]
    done: bool
    """Erased already, and nothing personal was added since."""


def find_incident(journal: Journal, incident_id: str) -> Found:
    """An incident's keys and those of its alarms, from the journal: boards forget after a day.

    NotFoundError when there is none; ConflictError while it is open.
    """
    stream = f"incident/{incident_id}"
    entries = list(journal.stream(stream))
    if not entries or entries[0].type != IncidentOpened.TYPE:
        raise NotFoundError(
            f"there is no incident {incident_id!r}", where="erase", todo="Use its id or run number"
        )
    if all(entry.type != IncidentClosed.TYPE for entry in entries):
        raise ConflictError(
            "the incident is still open", where=stream, todo="Close it first, then erase"
        )
    alarms = [*entries[0].body.get("alarms", ())]
    alarms += [entry.body["alarm"] for entry in entries if entry.type == AlarmJoined.TYPE]
    keys = (stream, *(f"alarm/{alarm}" for alarm in dict.fromkeys(alarms)))
    return _found(stream, entries, keys)


def find_alarm(journal: Journal, alarm_id: str) -> Found:
    """The key of an alarm that never became an incident.

    NotFoundError when there is none; ConflictError when it belongs to an incident, or nobody has
    answered it: somebody may still be waiting at that place.
    """
    stream = f"alarm/{alarm_id}"
    entries = list(journal.stream(stream))
    if not entries or entries[0].type != AlarmRaised.TYPE:
        raise NotFoundError(f"there is no alarm {alarm_id!r}", where="erase", todo="Use its id")
    for entry in entries:
        if entry.type == AlarmLinked.TYPE:
            raise ConflictError(
                "the alarm belongs to an incident",
                where=stream,
                todo=f"Erase incident {entry.body['incident']}, the alarm with it",
                incident=entry.body["incident"],
            )
    if all(entry.type != AlarmAcknowledged.TYPE for entry in entries):
        raise ConflictError(
            "nobody has answered the alarm", where=stream, todo="Acknowledge it first, then erase"
        )
    return _found(stream, entries, (stream,))


def ask_erasure(
    journal: Journal, actor: Actor, found: Found, reason: str, *, by: str = ""
) -> Future[Receipt] | None:
    """Enter that it is to be erased; None when there is nothing left to erase.

    ``by`` names a person who asks at the machine. BadInputError for a reason that is none.
    """
    kind, _, name = found.stream.partition("/")
    authorize(actor, Action.ERASE, Subject(kind, name, found.agency))
    if reason not in REASONS:
        raise BadInputError(
            f"{reason!r} is no reason to erase", where="reason", todo=f"Use {', '.join(REASONS)}"
        )
    if found.done:
        return None
    fact = ErasureAsked(reason=reason, keys=found.keys)
    side = (Side(name="who", value={"name": by}, key=_MACHINE_KEY),) if by else ()
    draft = Draft(stream=found.stream, type=fact.TYPE, body=fact.body(), side=side)
    return journal.submit(
        Batch(
            entries=(draft,),
            key=new_id(),
            actor=actor.label,
            agency=found.agency,
            expect={found.stream: found.version},
        )
    )


def finish_erasure(journal: Journal, stream: str, keys: tuple[str, ...]) -> Future[Receipt]:
    """Destroy the keys that were asked for, then enter that it is done. May be called again.

    Waits for the disk; not for the thread that takes alarms.
    """
    journal.forget(*keys)
    # Streams are named as their keys are: the incident's own and each of its alarms'.
    drafts = tuple(
        Draft(stream=key, type=ErasureDone.TYPE, body=ErasureDone().body())
        for key in dict.fromkeys((stream, *keys))
    )
    return journal.submit(Batch(entries=drafts, key=new_id(), actor="system"))


def due_by_rule(journal: Journal, after: int, before_us: int) -> Iterator[tuple[int, Found | None]]:
    """Walk the entries after ``after`` that are older than ``before_us``.

    Yields each seq with what it makes due: an incident by its closing, or by what was added after
    it had been erased; a lone alarm by its answer. The last seq is the cursor to go on from. The
    same stream may come twice.
    """
    for entry in journal.replay(after):
        if entry.recorded_us >= before_us:
            return
        yield entry.seq, _due(journal, entry)


def _due(journal: Journal, entry: Entry) -> Found | None:
    name = entry.stream.partition("/")[2]
    try:
        if entry.type == IncidentClosed.TYPE:
            return find_incident(journal, name)
        if entry.type == AlarmAcknowledged.TYPE:
            return find_alarm(journal, name)
        if entry.type in (NoteAdded.TYPE, PlaceSet.TYPE) and _erased_before(journal, entry):
            return find_incident(journal, name)
    except ConflictError:
        pass  # the alarm goes with its incident
    return None


def _erased_before(journal: Journal, entry: Entry) -> bool:
    before = takewhile(lambda e: e.version < entry.version, journal.stream(entry.stream))
    return any(e.type == ErasureDone.TYPE for e in before)


def _found(stream: str, entries: list[Entry], keys: tuple[str, ...]) -> Found:
    erased = [number for number, entry in enumerate(entries) if entry.type == ErasureDone.TYPE]
    since = entries[erased[-1] + 1 :] if erased else []
    done = bool(erased) and not any(
        "side" in entry.body for entry in since if entry.type != ErasureAsked.TYPE
    )
    return Found(stream, entries[-1].version, entries[0].agency, keys, done)
