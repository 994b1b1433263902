"""Verbs of people: who joins and leaves, what roles they have, what an agency shares."""

from collections.abc import Collection
from concurrent.futures import Future

from callout.access.actor import EVERY_AGENCY, Actor, Role
from callout.access.authorize import Subject, authorize
from callout.access.board import AccessBoard, Staff
from callout.access.commands import sharing_draft, staff_draft
from callout.access.events import StaffLeft
from callout.access.rules import Action
from callout.base.errors import BadInputError, ConflictError
from callout.base.facts import Fact
from callout.base.ids import is_given_id, new_id
from callout.journal import Batch, Draft, Journal, Receipt, Side

# Staff


def add_person(
    journal: Journal,
    actor: Actor,
    board: AccessBoard,
    person: str,
    agency: str,
    name: str,
    roles: Collection[str],
) -> tuple[str, Future[Receipt]]:
    """Enter a person of the staff, or one who left and comes back; the id, and when it is durable.

    An id is made where none is given. ConflictError: the id, or one spelled like it, is another's.
    """
    person = person or new_id()
    before = board.staff.get(person)
    authorize(actor, Action.STAFF_ADMIN, Subject("person", person, agency, asked_by=person))
    if before is not None:
        authorize(actor, Action.STAFF_ADMIN, person_subject(before))
    if agency != EVERY_AGENCY and agency not in board.agencies:
        raise BadInputError(
            f"there is no agency {agency!r}",
            where="agency",
            todo=f"Use {', '.join(board.agencies) or 'none: run callout setup'}",
        )
    alike = person.casefold()
    if any(
        other.casefold() == alike and (other != person or not found.left_us)
        for other, found in board.staff.items()
    ):
        raise ConflictError(
            f"{person!r} is on the staff, or spelled like one who is",
            where="id",
            todo="Leave the id out, or choose another",
        )
    if not name.strip() or len(name) > 100:
        raise BadInputError("the name is empty or over 100 characters", where="name")
    return person, _enrol(journal, actor, person, agency, name.strip(), roles)


def change_roles(
    journal: Journal,
    actor: Actor,
    board: AccessBoard,
    person: Staff,
    roles: Collection[str],
) -> Future[Receipt]:
    """Enter the roles that a person has from now on, in place of those before.

    RefusedError: they are the actor's own. ConflictError: nobody would administer the room.
    """
    authorize(actor, Action.STAFF_ADMIN, person_subject(person))
    works_here(person)
    if Role.ADMINISTRATOR.value not in roles:
        _not_the_last(board, person)
    side = journal.side(person.seq, "name")
    name = side["name"] if side else person.id
    return _enrol(journal, actor, person.id, person.agency, name, roles)


def leave(journal: Journal, actor: Actor, board: AccessBoard, person: Staff) -> Future[Receipt]:
    """Enter that a person works here no more. What they signed in with is dropped by the caller.

    ConflictError: they have left already, or nobody would administer the room.
    """
    authorize(actor, Action.STAFF_ADMIN, person_subject(person))
    works_here(person)
    _not_the_last(board, person)
    return enter_fact(journal, actor, person.agency, f"staff/{person.id}", StaffLeft())


def person_subject(person: Staff) -> Subject:
    """The person as something to be done to; nobody decides about themselves."""
    return Subject("person", person.id, person.agency, asked_by=person.id)


def administrators(board: AccessBoard) -> list[str]:
    """Ids of who administers the whole room, not for a time only."""
    return [
        person.id
        for person in board.staff.values()
        if person.agency == EVERY_AGENCY
        and Role.ADMINISTRATOR.value in person.roles
        and not person.left_us
    ]


def works_here(person: Staff) -> None:
    """ConflictError when the person has left."""
    if person.left_us:
        raise ConflictError(
            f"{person.id} has left", where="person", todo="Add them again with the same id"
        )


def _not_the_last(board: AccessBoard, person: Staff) -> None:
    if administrators(board) == [person.id]:
        raise ConflictError(
            "this is the room's last administrator",
            where="person",
            todo="Make another one first",
        )


def _enrol(
    journal: Journal, actor: Actor, person: str, agency: str, name: str, roles: Collection[str]
) -> Future[Receipt]:
    draft = staff_draft(person, agency, name, tuple(dict.fromkeys(roles)))
    return enter(journal, actor, agency, draft)


# Sharing


def share(
    journal: Journal,
    actor: Actor,
    board: AccessBoard,
    agency: str,
    to: str,
    what: Collection[str],
) -> Future[Receipt]:
    """Enter what an agency lets another one (or ``*``, every one) do from now on; none ends it."""
    authorize(actor, Action.AGENCY_SHARE, Subject("agency", agency, agency))
    for name in (agency, to):
        if name not in board.agencies and (name != EVERY_AGENCY or name == agency):
            raise BadInputError(
                f"there is no agency {name!r}" if is_given_id(name) else "this is no agency's id",
                where="to" if name == to else "agency",
                todo=f"Use {', '.join(board.agencies) or 'none: run callout setup'}",
            )
    draft = sharing_draft(agency, to, tuple(dict.fromkeys(what)))
    return enter(journal, actor, agency, draft)


def enter_fact(
    journal: Journal, actor: Actor, agency: str, stream: str, fact: Fact, *sides: Side
) -> Future[Receipt]:
    """Enter one fact of the actor's."""
    draft = Draft(stream=stream, type=fact.TYPE, body=fact.body(), side=sides)
    return enter(journal, actor, agency, draft)


def enter(
    journal: Journal,
    actor: Actor,
    agency: str,
    draft: Draft,
    expect: dict[str, int] | None = None,
) -> Future[Receipt]:
    """Enter one entry of the actor's; ``expect`` as in Batch."""
    return journal.submit(
        Batch(
            entries=(draft,),
            key=new_id(),
            actor=actor.label,
            agency="" if agency == EVERY_AGENCY else agency,
            expect=expect or {},
        )
    )
