"""Verbs of access: they check, then append."""

from concurrent.futures import Future

from callout.access.actor import Actor, Role, Scope
from callout.access.authorize import ROOM, authorize
from callout.access.events import AdminCreated, AgencyRegistered, StaffEnrolled, TokenCreated
from callout.access.rules import Action
from callout.base.errors import BadInputError
from callout.base.ids import is_given_id, new_id
from callout.journal import Batch, Draft, Journal, Receipt, Side

_ID_TODO = "Use 1-32 letters, digits, dots, dashes or underscores"


def agency_draft(agency: str, name: str) -> Draft:
    """The entry of an agency, or of a new name for it. BadInputError for what cannot be one."""
    if not is_given_id(agency):
        raise BadInputError(f"{agency!r} cannot be an agency's id", where="id", todo=_ID_TODO)
    if not name.strip():
        raise BadInputError("the name is empty", where="name")
    fact = AgencyRegistered(name=name)
    return Draft(stream=f"agency/{agency}", type=fact.TYPE, body=fact.body())


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
    fact = StaffEnrolled(agency=agency, roles=roles)
    return Draft(
        stream=f"staff/{person}",
        type=fact.TYPE,
        body=fact.body(),
        side=(Side(name="name", value={"name": name}, key=f"staff/{person}"),),
    )


def record_admin(journal: Journal, person: str, name: str) -> Future[Receipt]:
    """Enter that an administrator's account was made by whoever is at the machine."""
    draft = Draft(
        stream=f"staff/{person}",
        type=AdminCreated.TYPE,
        body=AdminCreated().body(),
        side=(Side(name="name", value={"name": name}, key=f"staff/{person}"),),
    )
    return journal.submit(Batch(entries=(draft,), key=new_id()))


def record_token(
    journal: Journal, actor: Actor, device: str, scopes: tuple[str, ...], unit: str = ""
) -> Future[Receipt]:
    """Enter that a device or program was given a token."""
    authorize(actor, Action.TOKEN_CREATE, ROOM)
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
    fact = TokenCreated(scopes=scopes, unit=unit)
    draft = Draft(stream=f"device/{device}", type=fact.TYPE, body=fact.body())
    return journal.submit(Batch(entries=(draft,), key=new_id(), actor=actor.label))
