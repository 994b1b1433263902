"""Verbs of access: they check, then append."""

from concurrent.futures import Future

from callout.access.actor import EVERY_AGENCY, SYSTEM, Actor, Role, Scope, Share
from callout.access.authorize import Subject, authorize
from callout.access.board import AccessBoard, Staff
from callout.access.events import (
    AgencyRegistered,
    AgencySharing,
    DeviceEnrolled,
    DeviceRevoked,
    ShiftEnded,
    ShiftStarted,
    StaffEnrolled,
)
from callout.access.rules import Action
from callout.base.errors import BadInputError
from callout.base.facts import Fact
from callout.base.ids import is_given_id, new_id
from callout.journal import Batch, Draft, Journal, Receipt, Side

_ID_TODO = "Use 1-32 letters, digits, dots, dashes or underscores"
SHIFT_MAX_H = 24
_HOUR_US = 3600 * 1_000_000


def agency_draft(agency: str, name: str) -> Draft:
    """The entry of an agency, or of a new name for it. BadInputError for what cannot be one."""
    if not is_given_id(agency):
        raise BadInputError(f"{agency!r} cannot be an agency's id", where="id", todo=_ID_TODO)
    if not name.strip():
        raise BadInputError("the name is empty", where="name")
    return _draft(f"agency/{agency}", AgencyRegistered(name=name))


def sharing_draft(agency: str, to: str, what: tuple[str, ...]) -> Draft:
    """The entry of what an agency lets another do. BadInputError for words that are none."""
    known = {share.value for share in Share} - {Share.OWN.value}
    wrong = next((word for word in what if word not in known), None)
    if wrong is not None:
        raise BadInputError(
            f"{wrong!r} cannot be shared", where="shares", todo=f"Use {', '.join(sorted(known))}"
        )
    if to == agency:
        raise BadInputError("an agency has its own already", where="shares")
    return _draft(f"agency/{agency}", AgencySharing(to=to, what=what))


def staff_draft(person: str, agency: str, name: str, roles: tuple[str, ...]) -> Draft:
    """The entry of a person of the staff; the name is a side row. BadInputError: no such role."""
    if not is_given_id(person):
        raise BadInputError(f"{person!r} cannot be a person's id", where="id", todo=_ID_TODO)
    known = {role.value for role in Role}
    for role in roles:
        if role not in known:
            raise BadInputError(
                f"{role!r} is not a role", where="roles", todo=f"Use {', '.join(sorted(known))}"
            )
    side = Side(name="name", value={"name": name}, key=f"staff/{person}")
    return _draft(f"staff/{person}", StaffEnrolled(agency=agency, roles=roles), side)


def record_admin(journal: Journal, person: str, name: str) -> Future[Receipt]:
    """Enter that an administrator of the whole room was made by whoever is at the machine."""
    draft = staff_draft(person, EVERY_AGENCY, name, (Role.ADMINISTRATOR.value,))
    return journal.submit(Batch(entries=(draft,), key=new_id(), actor=SYSTEM.label))


def start_shift(
    journal: Journal, person: Staff, roles: tuple[str, ...], *, now_us: int, hours: int
) -> Future[Receipt]:
    """Enter that a person who has proved who they are takes up roles, all of theirs when none.

    BadInputError for a role that is not theirs, or more than a day.
    """
    for role in roles:
        if role not in person.roles:
            raise BadInputError(
                f"{role!r} is not one of your roles",
                where="roles",
                todo=f"Use {', '.join(person.roles) or 'none: ask the administrator'}",
            )
    if not 1 <= hours <= SHIFT_MAX_H:
        raise BadInputError(
            f"a shift has 1 to {SHIFT_MAX_H} hours", where="hours", todo="Sign on again after it"
        )
    fact = ShiftStarted(roles=roles or person.roles, ends_us=now_us + hours * _HOUR_US)
    return _submit(journal, f"person/{person.id}", person.agency, f"staff/{person.id}", fact)


def end_shift(journal: Journal, actor: Actor, person: Staff) -> Future[Receipt]:
    """Enter that a person's shift is over: their own, or another's by a supervisor."""
    if actor.id != person.id:
        authorize(actor, Action.STAFF_SHIFT, Subject("person", person.id, person.agency))
    return _submit(journal, actor.label, person.agency, f"staff/{person.id}", ShiftEnded())


def enrol_device(
    journal: Journal,
    actor: Actor,
    device: str,
    scopes: tuple[str, ...],
    *,
    agency: str = EVERY_AGENCY,
    unit: str = "",
    public_key: str = "",
    expires_us: int = 0,
    action: Action = Action.TOKEN_CREATE,
) -> Future[Receipt]:
    """Enter that a device or program may speak, by a token or by its key."""
    authorize(actor, action, Subject("device", device, agency))
    if not is_given_id(device):
        raise BadInputError(
            f"{device!r} cannot name a device", where="device", todo="1-32 of A-Z a-z 0-9 . _ -"
        )
    known = {scope.value for scope in Scope}
    if not scopes or not known.issuperset(scopes):
        raise BadInputError(
            f"{', '.join(scopes) or 'nothing'} is no scope",
            where="scope",
            todo=f"Use {', '.join(sorted(known))}",
        )
    fact = DeviceEnrolled(
        scopes=scopes, agency=agency, unit=unit, public_key=public_key, expires_us=expires_us
    )
    return _submit(journal, actor.label, agency, f"device/{device}", fact)


def revoke_device(
    journal: Journal, actor: Actor, board: AccessBoard, device_id: str, reason: str
) -> Future[Receipt]:
    """Enter that a device may speak no more. Its tokens are dropped by the caller, first."""
    device = board.device(device_id)
    authorize(actor, Action.DEVICE_REVOKE, Subject("device", device.id, device.agency))
    fact = DeviceRevoked(reason=reason)
    return _submit(journal, actor.label, device.agency, f"device/{device.id}", fact)


def _draft(stream: str, fact: Fact, *sides: Side) -> Draft:
    return Draft(stream=stream, type=fact.TYPE, body=fact.body(), side=sides)


def _submit(
    journal: Journal, by: str, agency: str, stream: str, fact: Fact, *sides: Side
) -> Future[Receipt]:
    return journal.submit(
        Batch(
            entries=(_draft(stream, fact, *sides),),
            key=new_id(),
            actor=by,
            agency="" if agency == EVERY_AGENCY else agency,
        )
    )
