"""Who is asking."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

#: The agency of staff and programs of the whole room; no agency can be called so.
EVERY_AGENCY = "*"


class Role(StrEnum):
    """What a person of the staff is in the room for."""

    CALL_TAKER = "call_taker"
    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    RESPONDER = "responder"
    EVIDENCE_OFFICER = "evidence_officer"
    AUDITOR = "auditor"
    TRAINER = "trainer"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """What a device's or program's token is for."""

    ALARMS = "alarms"
    POSITIONS = "positions"
    CREW = "crew"
    ROOM = "room"
    AUDIT = "audit"


class Share(StrEnum):
    """What an agency lets another one do with what is its own. Each is given by itself."""

    SEE = "see"  # its incidents, alarms and units
    WORK = "work"  # change and close its incidents, set its units' status
    SEND = "send"  # send its units
    OWN = "own"  # its staff and devices: nobody can be given that


class Lock(StrEnum):
    """Why a person's session does nothing but show and sound alarms."""

    IDLE = "idle"  # nobody touched it for half an hour, or its person locked it
    REAUTH = "reauth"  # its person proved who they are twelve hours ago
    SHIFT = "shift"  # the shift has ended, and the roles with it


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """A person, a device or program, the system itself, or nobody we know.

    ``shared``: what other agencies let the actor's agency do, by their id. ``unit``: the only
    one that a bound token, or a responder, speaks for. ``session``: its public id.
    """

    id: str
    kind: str
    name: str = ""
    agency: str = ""
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    unit: str = ""
    shared: Mapping[str, frozenset[Share]] = {}
    session: str = ""
    locked: Lock | None = None

    @property
    def label(self) -> str:
        """How the journal names the actor: ``person/…``, ``device/…``, ``system``, ``nobody``."""
        return f"{self.kind}/{self.id}" if self.id else self.kind


NOBODY = Actor(id="", kind="nobody")
SYSTEM = Actor(id="", kind="system", agency=EVERY_AGENCY)
