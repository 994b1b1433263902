"""Who is asking."""

from enum import StrEnum

import msgspec


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


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """A person, a device or program, the system itself, or nobody we know."""

    id: str
    kind: str
    name: str = ""
    agency: str = ""
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    unit: str = ""

    @property
    def label(self) -> str:
        """How the journal names the actor: ``person/…``, ``device/…``, ``system``, ``nobody``."""
        return f"{self.kind}/{self.id}" if self.id else self.kind


NOBODY = Actor(id="", kind="nobody")
SYSTEM = Actor(id="", kind="system")
