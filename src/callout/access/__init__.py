"""access: who may do what, and who is asking."""

from callout.access.actor import NOBODY, SYSTEM, Actor, Role, Scope
from callout.access.authorize import ROOM, Subject, authorize
from callout.access.board import AccessBoard
from callout.access.credentials import SESSION_S, Credentials
from callout.access.rules import RULES, Action, Rule

__all__ = [
    "NOBODY",
    "ROOM",
    "RULES",
    "SESSION_S",
    "SYSTEM",
    "AccessBoard",
    "Action",
    "Actor",
    "Credentials",
    "Role",
    "Rule",
    "Scope",
    "Subject",
    "authorize",
]
