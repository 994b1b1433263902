"""access: who may do what, and who is asking."""

from callout.access.actor import EVERY_AGENCY, NOBODY, SYSTEM, Actor, Lock, Role, Scope, Share
from callout.access.authorize import ROOM, Subject, authorize, entitle, reaches, sees
from callout.access.board import AccessBoard
from callout.access.credentials import Credentials
from callout.access.invitations import Invitation, Invitations
from callout.access.rules import RULES, Action, Purpose, Rule
from callout.access.sessions import SESSION_S, Sessions
from callout.access.who import device_actor, person_actor

__all__ = [
    "EVERY_AGENCY",
    "NOBODY",
    "ROOM",
    "RULES",
    "SESSION_S",
    "SYSTEM",
    "AccessBoard",
    "Action",
    "Actor",
    "Credentials",
    "Invitation",
    "Invitations",
    "Lock",
    "Purpose",
    "Role",
    "Rule",
    "Scope",
    "Sessions",
    "Share",
    "Subject",
    "authorize",
    "device_actor",
    "entitle",
    "person_actor",
    "reaches",
    "sees",
]
