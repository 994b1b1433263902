"""The one gate. Every command calls it before it does anything; nothing else decides."""

from typing import NamedTuple

from callout.access.actor import Actor
from callout.access.rules import RULES, Action
from callout.base.errors import RefusedError, UnauthenticatedError


class Subject(NamedTuple):
    """What the action is done to."""

    kind: str
    id: str = ""
    agency: str = ""


ROOM = Subject("room")


def authorize(
    actor: Actor, action: Action, subject: Subject, *, purpose: str | None = None
) -> None:
    """Return when the actor may; UnauthenticatedError or RefusedError when not.

    ``purpose`` is asked for by actions that open personal or sealed material; none of today's
    actions needs one, and a purpose never widens what is allowed.
    """
    del purpose
    rule = RULES.get(action)
    if rule is None:
        raise RefusedError("this action has no rule, so nobody may", where=action)
    if rule.anyone or actor.kind == "system":
        return
    if actor.kind == "nobody":
        raise UnauthenticatedError("sign in first", where=action, todo="Sign in, or send a token")
    allowed = bool(rule.roles & actor.roles or rule.scopes & actor.scopes)
    if allowed and rule.own_unit and actor.unit and subject.id != actor.unit:
        allowed = False
    if not allowed:
        raise RefusedError(
            "your account may not do this",
            where=f"{action} {subject.kind}",
            todo="Ask a supervisor, or the administrator for the role",
        )
