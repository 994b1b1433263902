"""What callout keeps about one person of its staff: the answer to their request to see it.

GDPR, article 15: the data, what it is for, and how long it is kept. Reads the journal and the state
file, so it belongs in a thread; what it reads of the journal at once is bounded, and it says from
where to read on.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from callout.access.board import Request, Staff
from callout.access.credentials import Credentials
from callout.access.events import (
    AdminCreated,
    MaterialOpened,
    Refused,
    ShiftEnded,
    ShiftStarted,
    StaffEnrolled,
    StaffLeft,
    StreamOpened,
)
from callout.access.requests import state_of
from callout.access.sessions import Sessions
from callout.access.used import Used
from callout.journal import Entry, Journal

#: Entries looked at for one page of the report, and those shown of them.
LOOK_MAX = 100_000
SHOWN_MAX = 500
_PAGE = 1000
_OPENINGS = frozenset({MaterialOpened.TYPE, StreamOpened.TYPE})
_FOREVER = "As long as the journal: it is the proof of who did what. It holds ids, not names."
_KEY = "Until the person's key is destroyed; the journal keeps that it was there."

MEANINGS: dict[str, tuple[str, str]] = {
    "person": (
        "Who you are here. Only the name says it; the id is how the journal calls you.",
        "Name: " + _KEY + " Id, agency and roles: " + _FOREVER,
    ),
    "roles": ("Which roles you were given, when and by whom.", _FOREVER),
    "shifts": ("When your roles began and ended for a shift.", _FOREVER),
    "requests": (
        "Roles you asked for for a time, why, and who decided.",
        "The reason: " + _KEY + " The rest: " + _FOREVER,
    ),
    "sign_in": (
        "How you sign in. Passwords and keys are kept so that nobody can read them.",
        "Until you leave, or it is replaced.",
    ),
    "sessions": (
        "Browsers you are signed in on: since when, and when they were last used.",
        "Until you sign out; a day after you last proved who you are at most.",
    ),
    "used": (
        "The last day on which you used each kind of right, to find rights that nobody needs.",
        "A year and a day after that day, or until you leave.",
    ),
    "acts": ("Entries of what you did, as far as this page of them reaches.", _FOREVER),
    "openings": ("Personal material and live pictures that were opened by you.", _FOREVER),
    "refusals": ("What you asked for and may not.", _FOREVER),
    "named": (
        "Entries by others that name you: crews you were signed on with, who opened your report.",
        _FOREVER,
    ),
}


class Acts(NamedTuple):
    """Entries of which somebody is the actor, the newest first, and from where to read on."""

    acts: list[Entry]
    next_before: int | None


class Sources(NamedTuple):
    """Where a report is read from."""

    journal: Journal
    credentials: Credentials
    sessions: Sessions
    used: Used


def acts_before(
    journal: Journal,
    label: str,
    before: int | None,
    names: Callable[[Entry], bool] = lambda _entry: False,
) -> Acts:
    """What that actor did, or what ``names`` them, before the seq ``before`` (None: up to now)."""
    top = journal.head() + 1 if before is None else min(before, journal.head() + 1)
    end = max(0, top - LOOK_MAX)
    found: list[Entry] = []
    while top > end and len(found) < SHOWN_MAX:
        bottom = max(end, top - _PAGE)
        page = journal.read(bottom - 1, top - bottom, top - 1)
        mine = [one for one in reversed(page) if one.actor == label or names(one)]
        if len(found) + len(mine) > SHOWN_MAX:
            mine = mine[: SHOWN_MAX - len(found)]
            bottom = mine[-1].seq
        found += mine
        top = bottom
    return Acts(found, top if top > 0 else None)


def report(
    sources: Sources,
    person: Staff,
    requests: list[Request],
    *,
    now_us: int,
    before: int | None = None,
    names: Callable[[Entry], bool] = lambda _entry: False,
) -> dict[str, Any]:
    """Everything about the person, section by section, each with its meaning and how it ends.

    ``before``: read the entries before that seq. ``names``: which entries of other rooms name the
    person. For a thread.
    """
    journal, label = sources.journal, f"person/{person.id}"
    own = list(journal.stream(f"staff/{person.id}"))

    def named(entry: Entry) -> bool:
        opened = entry.type == MaterialOpened.TYPE and entry.stream == f"opened/person-{person.id}"
        return opened or names(entry)

    acts = acts_before(journal, label, before, named)
    did = [entry for entry in acts.acts if entry.actor == label]
    sections = {
        "person": _person(journal, person),
        "roles": [_role(entry) for entry in own if entry.type in _ROLES],
        "shifts": [_shift(entry) for entry in own if entry.type in _SHIFTS],
        "requests": [_request(journal, request, now_us) for request in requests],
        "sign_in": _sign_in(sources, person.id),
        "sessions": [
            {k: v for k, v in msgspec.to_builtins(one).items() if k != "person"}
            for one in sources.sessions.of(person.id)
        ],
        "used": _used(sources.used, label),
        "acts": [_act(entry) for entry in did if entry.type not in {*_OPENINGS, _REFUSED}],
        "openings": [_act(entry, body=True) for entry in did if entry.type in _OPENINGS],
        "refusals": [_act(entry, body=True) for entry in did if entry.type == _REFUSED],
        "named": [
            {**_act(entry), "by": entry.actor} for entry in acts.acts if entry.actor != label
        ],
    }
    return {
        "person": person.id,
        "made_us": now_us,
        "sections": [_section(name, data) for name, data in sections.items()],
        "next_before": acts.next_before,
        "log": "/log/checkpoint",
    }


_REFUSED = Refused.TYPE
_ROLES = frozenset({StaffEnrolled.TYPE, AdminCreated.TYPE, StaffLeft.TYPE})
_SHIFTS = frozenset({ShiftStarted.TYPE, ShiftEnded.TYPE})


def _section(name: str, data: Any) -> dict[str, Any]:
    means, kept = MEANINGS[name]
    return {"name": name, "means": means, "kept": kept, "data": data}


def _person(journal: Journal, person: Staff) -> dict[str, Any]:
    side = journal.side(person.seq, "name")
    return {
        "id": person.id,
        "name": side["name"] if side else None,
        "agency": person.agency,
        "roles": person.roles,
        "granted": [{"roles": one.roles, "ends_us": one.ends_us} for one in person.granted],
        "left_us": person.left_us or None,
    }


def _role(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at_us": entry.recorded_us,
        "by": entry.actor,
        "type": entry.type,
        "roles": entry.body.get("roles"),
        "agency": entry.body.get("agency"),
    }


def _shift(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at_us": entry.recorded_us,
        "by": entry.actor,
        "type": entry.type,
        "roles": entry.body.get("roles"),
        "ends_us": entry.body.get("ends_us"),
    }


def _request(journal: Journal, request: Request, now_us: int) -> dict[str, Any]:
    side = journal.side(request.seq, "reason")
    return {
        "id": request.id,
        "roles": request.roles,
        "hours": request.hours,
        "reason": side["reason"] if side else None,
        "asked_us": request.asked_us,
        "state": state_of(request, now_us),
        "decided_by": request.decided_by or None,
        "decided_us": request.decided_us or None,
        "ends_us": request.ends_us or None,
    }


def _sign_in(sources: Sources, person: str) -> dict[str, Any]:
    ways = sources.credentials.ways().get(person, {})
    return {
        "login": sources.credentials.login_of(person),
        "password": "account" in ways,
        "code": "code" in ways,
        "passkeys": sources.credentials.labels(person),
    }


def _used(used: Used, label: str) -> list[dict[str, Any]]:
    days = used.days_of(label)
    return [{"action": action, "day_us": day_us} for action, day_us in sorted(days.items())]


def _act(entry: Entry, *, body: bool = False) -> dict[str, Any]:
    said = {
        "seq": entry.seq,
        "at_us": entry.recorded_us,
        "type": entry.type,
        "stream": entry.stream,
    }
    return {**said, "what": entry.body} if body else said
