"""Verbs of signing in: inviting somebody of the staff, and entering what they sign in with."""

from concurrent.futures import Future
from typing import NamedTuple

from callout.access.actor import Actor
from callout.access.authorize import authorize
from callout.access.board import Staff
from callout.access.events import SignInChanged
from callout.access.invitations import Invitation, Invitations
from callout.access.people import enter_fact, person_subject, works_here
from callout.access.rules import Action
from callout.base.errors import BadInputError
from callout.journal import Journal, Receipt

#: An invitation of staff is handed over in person, or read out over a telephone.
INVITED_S = 24 * 3600
KIND = "staff"


class Invited(NamedTuple):
    """The code, to be shown once its entry is durable, and its end."""

    code: str
    expires_us: int
    submitted: Future[Receipt]


def invite_person(
    journal: Journal, invitations: Invitations, actor: Actor, person: Staff, now_us: int
) -> Invited:
    """A code by which that person sets a name and password, or a passkey; their earlier one ends.

    RefusedError: it is the actor's own. ConflictError: they have left.
    """
    authorize(actor, Action.STAFF_ADMIN, person_subject(person))
    works_here(person)
    submitted = changed(journal, actor, person, "invitation", made=True)
    code = invitations.make(KIND, person.id, actor.label, INVITED_S, {})
    return Invited(code, now_us + INVITED_S * 1_000_000, submitted)


def for_staff(invitation: Invitation) -> str:
    """Whom the invitation is for; BadInputError when it is a device's."""
    if invitation.kind != KIND:
        raise BadInputError(
            "this code is for a device", where="code", todo="Open the page on that device"
        )
    return invitation.subject


def changed(
    journal: Journal, actor: Actor, person: Staff, way: str, *, made: bool
) -> Future[Receipt]:
    """Enter that a way to sign in was made or ended."""
    fact = SignInChanged(way=way, made=made)
    return enter_fact(journal, actor, person.agency, f"staff/{person.id}", fact)
