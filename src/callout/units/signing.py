"""Verbs of crews: who takes which callsign and vehicle, from when, until when.

Every sign-on is counted on one stream of the room, so that of two at the same moment one decides
anew: a vehicle is under one callsign, and nobody is out with two crews at once. It also relies on
the version of each other unit its people are on, as every assignment does.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from itertools import islice
from typing import NamedTuple

import msgspec

from callout.access import AccessBoard, Action, Actor, Share, Subject, authorize, reaches, sees
from callout.base.errors import BadInputError, ConflictError, no_such
from callout.base.facts import Fact
from callout.base.ids import is_given_id, new_id
from callout.journal import Batch, Draft, Journal, Receipt, Side
from callout.units.board import Unit, UnitBoard, unit_subject
from callout.units.events import (
    COMMITTED,
    CrewMember,
    CrewNamesErased,
    CrewSignedOff,
    CrewSignedOn,
    SignOnCounted,
    Status,
    UnitEnrolled,
    UnitStatusSet,
)

_ORDER = "shift/room"
_MEMBERS_MAX = 50
_SKILLS_MAX = 16
_NAME_MAX = 100
_KEYS_MAX = 1000  # what one entry can list
#: The longest shift that can be signed on for.
SHIFT_MAX_S = 7 * 86_400


class SigningOn(msgspec.Struct):
    """One person who signs on: staff by ``person``; anybody else by ``name``, once.

    Who is on one unit already is signed on to a second by the ``person`` of that sign-on.
    """

    person: str = ""
    name: str = ""
    skills: list[str] = []


class WalkUp(NamedTuple):
    """A party that was made of volunteers."""

    unit: str
    callsign: str
    receipt: Future[Receipt]


def sign_on(
    journal: Journal,
    actor: Actor,
    board: UnitBoard,
    staff: AccessBoard,
    unit_id: str,
    people: Sequence[SigningOn],
    *,
    now_us: int,
    vehicle: str = "",
    ends_us: int = 0,
) -> Future[Receipt]:
    """Put people on a unit, in the place of who was on it; ``vehicle`` "" is its usual one.

    ConflictError when the vehicle is under another callsign, or when the unit is on an incident
    and some of them are on another unit: a crew is only ever in one place.
    """
    unit = board.unit(unit_id)
    authorize(actor, Action.CREW_SIGN_ON, unit_subject(unit))
    _check_end(ends_us, now_us)
    if vehicle:
        _check_vehicle(actor, board, unit, vehicle)
    members, names = _members(actor, board, staff, people)
    others = board.units_of(members, but=unit.id)
    if unit.status in COMMITTED and others:
        raise ConflictError(
            f"{unit.callsign} is on an incident, some of them on {called(actor, others[0])}",
            where=f"unit {unit.id}",
            todo="Sign them off there first",
        )
    fact = CrewSignedOn(members=members, vehicle=vehicle, ends_us=ends_us)
    drafts = [_crew_draft(unit.id, fact, names)]
    if _is_party(unit) and unit.status is Status.OUT_OF_SERVICE:
        drafts.append(_status_draft(unit.id, Status.AVAILABLE))
    expect = {f"unit/{other.id}": other.version for other in (unit, *others)}
    return _submit(journal, actor, board, unit.id, unit.agency, drafts, expect)


def sign_off(journal: Journal, actor: Actor, board: UnitBoard, unit_id: str) -> Future[Receipt]:
    """End a crew's shift. ConflictError when nobody is on, or while the unit is on an incident.

    A party without its people is not there: it goes out of service with them.
    """
    unit = board.unit(unit_id)
    authorize(actor, Action.CREW_SIGN_ON, unit_subject(unit))
    where = f"unit {unit.id}"
    if unit.crew is None:
        raise ConflictError(f"nobody is signed on to {unit.callsign}", where=where)
    if unit.status in COMMITTED:
        raise ConflictError(
            f"{unit.callsign} is on an incident",
            where=where,
            todo="Clear it first, or sign its relief on",
        )
    drafts = [_draft(unit.id, CrewSignedOff())]
    if _is_party(unit) and unit.status is not Status.OUT_OF_SERVICE:
        drafts.append(_status_draft(unit.id, Status.OUT_OF_SERVICE))
    return journal.submit(
        Batch(
            entries=tuple(drafts),
            key=new_id(),
            actor=actor.label,
            agency=unit.agency,
            expect={f"unit/{unit.id}": unit.version},
        )
    )


def walk_up(
    journal: Journal,
    actor: Actor,
    board: UnitBoard,
    staff: AccessBoard,
    people: Sequence[SigningOn],
    *,
    agency: str,
    station: str,
    profile: str,
    now_us: int,
    ends_us: int = 0,
) -> WalkUp:
    """Make a party of people who just came, and sign them on: one batch.

    The party can do what its people can, and nothing without them.
    """
    number = _free_number(board)
    unit, callsign = f"volunteers-{number}", f"Volunteers {number}"
    authorize(actor, Action.CREW_SIGN_ON, Subject("unit", unit, agency))
    _check_end(ends_us, now_us)
    members, names = _members(actor, board, staff, people)
    if not any(member.skills for member in members):
        raise BadInputError("no skill is named", where="skills", todo="Name one thing they can do")
    if others := board.units_of(members, but=unit):
        raise ConflictError(
            f"some of them are on {called(actor, others[0])}",
            where="people",
            todo="Sign them off there first",
        )
    party = UnitEnrolled(
        callsign=callsign,
        agency=agency,
        station=station,
        kind="Volunteers",
        capabilities=(),
        profile=profile,
    )
    fact = CrewSignedOn(members=members, ends_us=ends_us)
    drafts = [_draft(unit, party), _crew_draft(unit, fact, names)]
    receipt = _submit(journal, actor, board, unit, agency, drafts, {f"unit/{unit}": 0})
    return WalkUp(unit, callsign, receipt)


def crew_names(journal: Journal, actor: Actor, unit: Unit) -> dict[str, str]:
    """Names of those on a unit who are not staff, by member; none once they are erased."""
    authorize(actor, Action.CREW_NAMES, unit_subject(unit))
    side = journal.side(unit.crew.seq, "crew") if unit.crew else None
    return dict(side["names"]) if side else {}


def names_to_erase(journal: Journal, actor: Actor, unit: Unit) -> tuple[str, ...]:
    """Keys of names that anybody ever signed on to the unit with and that are alive; some of many.

    Reads the unit's whole stream: not for the thread that takes alarms.
    """
    authorize(actor, Action.ERASE, unit_subject(unit))
    keys: dict[str, None] = {}
    for entry in journal.stream(f"unit/{unit.id}"):
        if entry.type == CrewSignedOn.TYPE and entry.body.get("names_key"):
            keys[entry.body["names_key"]] = None
        elif entry.type == CrewNamesErased.TYPE:
            for key in entry.body["keys"]:
                keys.pop(key, None)
    return tuple(islice(keys, _KEYS_MAX))


def erase_names(
    journal: Journal, actor: Actor, unit: Unit, keys: tuple[str, ...]
) -> Future[Receipt]:
    """Destroy these keys, then enter that it is done. After a crash in between, ask again.

    Waits for the disk; not for the thread that takes alarms.
    """
    authorize(actor, Action.ERASE, unit_subject(unit))
    journal.forget(*keys)
    draft = _draft(unit.id, CrewNamesErased(keys=keys))
    return journal.submit(
        Batch(entries=(draft,), key=new_id(), actor=actor.label, agency=unit.agency)
    )


def _submit(
    journal: Journal,
    actor: Actor,
    board: UnitBoard,
    unit: str,
    agency: str,
    drafts: list[Draft],
    expect: dict[str, int],
) -> Future[Receipt]:
    counted = SignOnCounted(unit=unit)
    drafts.append(Draft(stream=_ORDER, type=counted.TYPE, body=counted.body()))
    return journal.submit(
        Batch(
            entries=tuple(drafts),
            key=new_id(),
            actor=actor.label,
            agency=agency,
            expect={**expect, _ORDER: board.sign_ons},
        )
    )


def _draft(unit: str, fact: Fact) -> Draft:
    return Draft(stream=f"unit/{unit}", type=fact.TYPE, body=fact.body())


def _status_draft(unit: str, status: Status) -> Draft:
    return _draft(unit, UnitStatusSet(status=status.value))


def _crew_draft(unit: str, fact: CrewSignedOn, names: dict[str, str]) -> Draft:
    if not names:
        return _draft(unit, fact)
    # A key of its own: these names end when their purpose does, and no other's with them.
    key = f"crew/{unit}/{new_id()}"
    draft = _draft(unit, msgspec.structs.replace(fact, names_key=key))
    side = Side(name="crew", value={"names": names}, key=key)
    return msgspec.structs.replace(draft, side=(side,))


def _is_party(unit: Unit) -> bool:
    return not unit.usual.capabilities


def _free_number(board: UnitBoard) -> int:
    taken = {unit.callsign.casefold() for unit in board.by_number}
    number = 1
    while f"volunteers-{number}" in board.units or f"volunteers {number}" in taken:
        number += 1
    return number


def _check_end(ends_us: int, now_us: int) -> None:
    if ends_us and not now_us < ends_us <= now_us + SHIFT_MAX_S * 1_000_000:
        raise BadInputError(
            "the end of the shift is past, or more than a week away",
            where="ends",
            todo="Give when the shift ends, or leave it out",
        )


def called(actor: Actor, unit: Unit) -> str:
    """A unit's callsign, to whom its agency lets know of it."""
    return unit.callsign if sees(actor, unit_subject(unit)) else "another agency's unit"


def _check_vehicle(actor: Actor, board: UnitBoard, unit: Unit, vehicle: str) -> None:
    found = board.vehicle(vehicle)
    if not reaches(actor, Share.WORK, Subject("vehicle", vehicle, found.agency)):
        raise no_such("vehicle", vehicle)
    if found.unit not in {"", unit.id}:
        raise ConflictError(
            f"{vehicle} is under {called(actor, board.units[found.unit])}",
            where=f"vehicle {vehicle}",
            todo="Take another vehicle, or sign that crew off first",
        )


def _is_known(actor: Actor, board: UnitBoard, staff: AccessBoard, person: str) -> bool:
    """Whether that is one of the staff, or somebody on a unit, that the actor may know of."""
    one = staff.staff.get(person)
    if one is not None:
        return not one.left_us and sees(actor, Subject("staff", person, one.agency))
    on = board.units_of((CrewMember(person),), but="")
    return any(sees(actor, unit_subject(unit)) for unit in on)


def _members(
    actor: Actor, board: UnitBoard, staff: AccessBoard, people: Sequence[SigningOn]
) -> tuple[tuple[CrewMember, ...], dict[str, str]]:
    """The crew with an id for each, and the names of those who are not staff and not known yet."""
    if not 1 <= len(people) <= _MEMBERS_MAX:
        raise BadInputError(
            f"a crew is of 1 to {_MEMBERS_MAX} people, not {len(people)}", where="people"
        )
    members: list[CrewMember] = []
    names: dict[str, str] = {}
    for one in people:
        person, name = one.person, one.name.strip()
        if bool(person) == bool(name):
            raise BadInputError(
                "each person is given by id or by name", where="people", todo="Send one of them"
            )
        if name:
            if len(name) > _NAME_MAX:
                raise BadInputError(f"a name has over {_NAME_MAX} characters", where="name")
            person = new_id()
            names[person] = name
        elif not _is_known(actor, board, staff, person):
            raise BadInputError(
                f"nobody of the staff has the id {person!r}",
                where="person",
                todo="Give the name of somebody who is not staff",
            )
        members.append(CrewMember(person, _skills(one.skills)))
    if len({member.person for member in members}) < len(members):
        raise BadInputError("somebody is named twice", where="people", todo="Name each once")
    return tuple(members), names


def _skills(skills: Sequence[str]) -> tuple[str, ...]:
    """Codes, as incident types list them: they stand in the leaf, so no free text."""
    given = tuple(dict.fromkeys(skill.strip() for skill in skills))
    for skill in given:
        if not is_given_id(skill):
            raise BadInputError(
                f"{skill!r} is no skill",
                where="skills",
                todo="Use the codes that incident types ask for: letters, digits, . _ -",
            )
    if len(given) > _SKILLS_MAX:
        raise BadInputError(f"over {_SKILLS_MAX} skills of one person", where="skills")
    return given
