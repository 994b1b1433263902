"""The one gate. Every command calls it before it does anything; nothing else decides."""

from typing import NamedTuple

from callout.access.actor import EVERY_AGENCY, Actor, Share
from callout.access.rules import RULES, STATE_TODO, Action, Purpose, Rule
from callout.base.errors import (
    CalloutError,
    ConflictError,
    HiddenError,
    RefusedError,
    UnauthenticatedError,
    no_such,
)


class Subject(NamedTuple):
    """What the action is done to.

    ``agency`` owns it ("": nobody does, and nobody is kept from it). ``parties`` are agencies that
    have a part in it, with a unit on an incident. ``state`` is a word of its room. ``asked_by`` is
    the immutable id of who asked for what is to be decided.
    """

    kind: str
    id: str = ""
    agency: str = ""
    state: str = ""
    parties: frozenset[str] = frozenset()
    asked_by: str = ""
    name: str = ""


ROOM = Subject("room")


def authorize(
    actor: Actor, action: Action, subject: Subject, *, purpose: str | None = None
) -> None:
    """Return when the actor may do that to the subject, for that purpose.

    UnauthenticatedError: we do not know who asks, or the session is locked. RefusedError: they may
    not. HiddenError: it is another agency's and not shared, said as if it were not there.
    ConflictError: they may, but not in the state it is in. A purpose never widens what is allowed.
    """
    try:
        _check(actor, action, subject, purpose)
    except CalloutError as error:
        error.about = (action.value, subject.kind, subject.id)
        raise


def entitle(actor: Actor, action: Action) -> None:
    """Return when the actor may do that to anything at all; else raise as ``authorize``.

    For a door that does not know yet what it would be done to: neither agency, state, purpose nor
    who asked is looked at.
    """
    try:
        _entitled(actor, action, Subject("room", actor.unit, actor.agency))
    except CalloutError as error:
        error.about = (action.value, "room", "")
        raise


def _check(actor: Actor, action: Action, subject: Subject, purpose: str | None) -> None:
    rule = _entitled(actor, action, subject)
    if rule is None:
        return
    _within(actor, action, rule, subject)
    _in_order(actor, action, rule, subject, purpose)


def _entitled(actor: Actor, action: Action, subject: Subject) -> Rule | None:
    """The rule by which the actor may, by role or scope; None when nothing else is to be asked."""
    rule = RULES.get(action)
    if rule is None:
        raise RefusedError("this action has no rule, so nobody may", where=action)
    if rule.anyone or actor.kind == "system":
        return None
    if actor.kind == "nobody":
        raise UnauthenticatedError("sign in first", where=action, todo="Sign in, or send a token")
    if actor.locked and not rule.when_locked:
        raise UnauthenticatedError(
            "this session is locked", where=action, todo="Unlock it first", locked=actor.locked
        )
    if not _allowed(actor, rule, subject):
        raise RefusedError(
            "your account may not do this",
            where=f"{action} {subject.kind}",
            todo="Ask a supervisor, or the administrator for the role",
        )
    return rule


def _in_order(
    actor: Actor, action: Action, rule: Rule, subject: Subject, purpose: str | None
) -> None:
    """Whether it is for somebody else, for a named purpose, and in a state for it."""
    if rule.second and subject.asked_by == actor.id:
        raise RefusedError(
            "nobody decides on what they asked for themselves",
            where=f"{action} {subject.kind}",
            todo="Ask a colleague with the same role",
        )
    if rule.purpose and purpose not in set(Purpose):
        raise RefusedError(
            f"{purpose!r} is no purpose" if purpose else "no purpose is named",
            where=action,
            todo=f"Name one of {', '.join(Purpose)}",
        )
    if rule.states and subject.state not in rule.states:
        raise ConflictError(
            f"{subject.kind} {subject.name or subject.id} is {subject.state}",
            where=subject.kind,
            todo=STATE_TODO.get(subject.state, "Look at it again"),
        )


def reaches(actor: Actor, share: Share, subject: Subject) -> bool:
    """Whether the subject is the actor's agency's own, nobody's, or shared so far with it."""
    if subject.agency in {"", actor.agency} or actor.agency == EVERY_AGENCY:
        return True
    return share in actor.shared.get(subject.agency, ())


def sees(actor: Actor, subject: Subject) -> bool:
    """Whether the actor may know that there is such a thing: its agency has a part, or is let."""
    return actor.agency in subject.parties or reaches(actor, Share.SEE, subject)


def _allowed(actor: Actor, rule: Rule, subject: Subject) -> bool:
    """By a role or scope that is bound to no unit, or by one that is, for that unit."""
    if actor.unit and rule.own_unit and subject.id != actor.unit:
        return bool(rule.roles & actor.roles)
    bound = subject.id == actor.unit != ""
    return bool(
        (rule.person and actor.kind == "person")
        or rule.roles & actor.roles
        or rule.scopes & actor.scopes
        or (bound and rule.own_roles & actor.roles)
    )


def _within(actor: Actor, action: Action, rule: Rule, subject: Subject) -> None:
    """Whether the subject's agency lets the actor's do this."""
    share = rule.share
    if share is None or reaches(actor, share, subject):
        return
    if rule.parties and actor.agency in subject.parties:
        return
    if subject.id and not sees(actor, subject):
        raise no_such(subject.kind, subject.id, HiddenError)
    raise RefusedError(
        f"{subject.agency} does not share this with {actor.agency or 'you'}",
        where=f"{action} {subject.kind}",
        todo=f"Ask {subject.agency}, or an administrator to share it",
    )
