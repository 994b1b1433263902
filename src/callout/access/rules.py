"""The one readable table of who may do what: actor, action, object, state, purpose.

``authorize`` reads it and nothing else. Persons are allowed by role, devices and programs by
the scope of their token. What is not in the table is refused.
"""

from enum import StrEnum
from typing import NamedTuple

from callout.access.actor import Role, Scope, Share


class Action(StrEnum):
    """Everything that can be asked of callout."""

    ALARM_RAISE = "alarm.raise"
    ALARM_READ = "alarm.read"
    ALARM_ACKNOWLEDGE = "alarm.acknowledge"
    ALARM_ESCALATE = "alarm.escalate"
    INCIDENT_OPEN = "incident.open"
    INCIDENT_READ = "incident.read"
    INCIDENT_READ_OLD = "incident.read_old"
    INCIDENT_CHANGE = "incident.change"
    INCIDENT_NOTE = "incident.note"
    INCIDENT_CLOSE = "incident.close"
    ERASE = "personal.erase"
    RECOMMEND = "incident.recommend"
    ASSIGN = "incident.assign"
    UNIT_READ = "unit.read"
    UNIT_SEND = "unit.send"
    UNIT_STATUS = "unit.status"
    CREW_READ = "crew.read"
    CREW_NAMES = "crew.names"
    CREW_SIGN_ON = "crew.sign_on"
    VEHICLE_SETUP = "vehicle.setup"
    DUTY_READ = "duty.read"
    POSITION_REPORT = "position.report"
    PLACE_SEARCH = "place.search"
    AREA_READ = "area.read"
    AREA_DRAW = "area.draw"
    ROAD_CLOSE = "road.close"
    ROAD_READ = "road.read"
    ROOM_READ = "room.read"
    LOG_READ = "log.read"
    LIVE_READ = "live.read"
    SETUP = "setup.apply"
    STAFF_READ = "staff.read"
    STAFF_ADMIN = "staff.admin"
    STAFF_SHIFT = "staff.shift"
    STAFF_REPORT = "staff.report"
    ACCESS_REVIEW = "access.review"
    ACCESS_ASK = "access.ask"
    ACCESS_DECIDE = "access.decide"
    AGENCY_READ = "agency.read"
    AGENCY_SHARE = "agency.share"
    DEVICE_READ = "device.read"
    DEVICE_ENROL = "device.enrol"
    DEVICE_REVOKE = "device.revoke"
    TOKEN_CREATE = "token.create"  # noqa: S105 - the name of an action
    CONSOLE_SECURE = "console.secure"
    SELF = "self.own"
    SESSION = "session.own"
    PAGE = "page.read"


class Purpose(StrEnum):
    """What sealed or old personal material may be opened for. Kept with the entry of opening it."""

    CALL_BACK = "call_back"  # somebody rings again, or has to be rung
    COMPLAINT = "complaint"
    COURT = "court"
    QUALITY = "quality"  # looking at how a call was handled, with the crew
    SUBJECT_ACCESS = "subject_access"  # a person asks what is kept about them


class Rule(NamedTuple):
    """One line of the table.

    ``roles``, ``scopes``: any of these may; ``person``: anybody of the staff; ``anyone``: a
    stranger too. ``own_roles`` may for
    their own unit only, and a token bound to a unit too where ``own_unit``. ``share``: what the
    object's agency must let the actor's do, when it is another; ``parties``: or have a part in it.
    ``states``: the object's states in which it may be done, any when empty. ``purpose``: one of
    Purpose is to be named. ``second``: not by who asked for it. ``when_locked``: also from a
    locked session.
    """

    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    anyone: bool = False
    person: bool = False
    own_roles: frozenset[Role] = frozenset()
    own_unit: bool = False
    share: Share | None = None
    parties: bool = False
    states: frozenset[str] = frozenset()
    purpose: bool = False
    second: bool = False
    when_locked: bool = False


def _rule(
    *who: Role | Scope,
    own: tuple[Role, ...] = (),
    own_unit: bool = False,
    share: Share | None = None,
    parties: bool = False,
    states: tuple[str, ...] = (),
    purpose: bool = False,
    second: bool = False,
    when_locked: bool = False,
) -> Rule:
    return Rule(
        roles=frozenset(w for w in who if isinstance(w, Role)),
        scopes=frozenset(w for w in who if isinstance(w, Scope)),
        own_roles=frozenset(own),
        own_unit=own_unit or bool(own),
        share=share,
        parties=parties,
        states=frozenset(states),
        purpose=purpose,
        second=second,
        when_locked=when_locked,
    )


_ANYONE = Rule(anyone=True, when_locked=True)
_PERSON = Rule(person=True)
_TAKERS = (Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR)
_SENDERS = (Role.DISPATCHER, Role.SUPERVISOR)
_ROOM = (*_TAKERS, Scope.ROOM)  # who works on incidents, by hand or by program
_GROUND = (*_TAKERS, Role.TRAINER, Role.AUDITOR, Role.ADMINISTRATOR, Scope.ROOM)
_RESPONDER = (Role.RESPONDER,)
_SEE, _WORK, _SEND, _OWN = Share.SEE, Share.WORK, Share.SEND, Share.OWN

STATE_TODO = {"closed": "Open a new one; what happens now is a new incident"}

RULES: dict[Action, Rule] = {
    # An alarm is never refused for its sender: what cannot be verified is kept and marked.
    Action.ALARM_RAISE: _ANYONE,
    Action.ALARM_READ: _rule(*_ROOM, share=_SEE, when_locked=True),
    Action.ALARM_ACKNOWLEDGE: _rule(*_ROOM, share=_SEE),
    Action.ALARM_ESCALATE: Rule(),  # the system only
    # What was said and where it is: those who work on it. No trainer, auditor or administrator.
    Action.INCIDENT_OPEN: _rule(*_ROOM, share=_WORK),
    Action.INCIDENT_READ: _rule(*_ROOM, share=_SEE, parties=True),
    # Closed for longer than a day: for a named purpose only.
    Action.INCIDENT_READ_OLD: _rule(
        Role.SUPERVISOR, Role.EVIDENCE_OFFICER, share=_SEE, parties=True, purpose=True
    ),
    Action.INCIDENT_CHANGE: _rule(*_ROOM, share=_WORK, parties=True, states=("open",)),
    # A closed incident takes notes too.
    Action.INCIDENT_NOTE: _rule(*_ROOM, share=_WORK, parties=True),
    Action.INCIDENT_CLOSE: _rule(*_SENDERS, Scope.ROOM, share=_WORK, states=("open",)),
    # Not the administrator, who runs the machine and has no say in what the room keeps.
    Action.ERASE: _rule(Role.SUPERVISOR, Role.EVIDENCE_OFFICER, share=_WORK),
    Action.RECOMMEND: _rule(*_ROOM, share=_SEE, parties=True),
    Action.ASSIGN: _rule(*_SENDERS, Scope.ROOM, share=_WORK, states=("open",)),
    Action.UNIT_READ: _rule(*_GROUND, share=_SEE),
    Action.UNIT_SEND: _rule(*_SENDERS, Scope.ROOM, share=_SEND),
    Action.UNIT_STATUS: _rule(
        *_SENDERS, Scope.CREW, Scope.ROOM, own=_RESPONDER, own_unit=True, share=_WORK
    ),
    # Who is on what, without the names of those who are not staff: these are opened apart.
    Action.CREW_READ: _rule(*_GROUND, share=_SEE),
    Action.CREW_NAMES: _rule(*_ROOM, share=_WORK),
    Action.CREW_SIGN_ON: _rule(*_ROOM, Scope.CREW, own=_RESPONDER, own_unit=True, share=_WORK),
    Action.VEHICLE_SETUP: _rule(Role.SUPERVISOR, Role.ADMINISTRATOR, share=_OWN),
    # What a crew is on, and where: only their own.
    Action.DUTY_READ: _rule(Scope.CREW, own=_RESPONDER, own_unit=True, share=_SEE),
    Action.POSITION_REPORT: _rule(
        *_SENDERS, Scope.POSITIONS, Scope.ROOM, own=_RESPONDER, own_unit=True, share=_WORK
    ),
    Action.PLACE_SEARCH: _rule(*_ROOM),
    Action.AREA_READ: _rule(*_GROUND),
    Action.ROAD_READ: _rule(*_GROUND),
    Action.ROAD_CLOSE: _rule(*_SENDERS, Scope.ROOM),
    Action.AREA_DRAW: _rule(Role.ADMINISTRATOR, Role.SUPERVISOR),
    Action.ROOM_READ: _rule(
        *_GROUND, Role.RESPONDER, Role.EVIDENCE_OFFICER, Scope.CREW, when_locked=True
    ),
    # Hashes and entries without personal detail; what was done, and who did it.
    Action.LOG_READ: _rule(Role.AUDITOR, Role.SUPERVISOR, Role.ADMINISTRATOR, Scope.AUDIT),
    Action.LIVE_READ: _rule(*_ROOM, when_locked=True),
    Action.SETUP: _rule(Role.ADMINISTRATOR),
    Action.STAFF_READ: _rule(Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR, share=_OWN),
    # Nobody gives themselves a role: the staff row's own person counts as who asked.
    Action.STAFF_ADMIN: _rule(Role.ADMINISTRATOR, share=_OWN, second=True),
    Action.STAFF_SHIFT: _rule(Role.SUPERVISOR, share=_OWN),
    # All that is kept about somebody else, for Purpose.SUBJECT_ACCESS only. No administrator, no
    # supervisor: it is nobody's tool to watch people with.
    Action.STAFF_REPORT: _rule(Role.EVIDENCE_OFFICER, Role.AUDITOR, share=_OWN, purpose=True),
    Action.ACCESS_REVIEW: _rule(Role.AUDITOR, Role.ADMINISTRATOR),
    Action.ACCESS_ASK: _PERSON,
    Action.ACCESS_DECIDE: _rule(
        Role.SUPERVISOR, Role.ADMINISTRATOR, share=_OWN, states=("asked",), second=True
    ),
    Action.AGENCY_READ: _rule(Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR),
    Action.AGENCY_SHARE: _rule(Role.ADMINISTRATOR, share=_OWN),
    Action.DEVICE_READ: _rule(Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR, share=_OWN),
    Action.DEVICE_ENROL: _rule(Role.SUPERVISOR, Role.ADMINISTRATOR, share=_OWN),
    Action.DEVICE_REVOKE: _rule(*_SENDERS, Role.ADMINISTRATOR, share=_OWN),
    Action.TOKEN_CREATE: _rule(Role.ADMINISTRATOR, share=_OWN),
    Action.CONSOLE_SECURE: _rule(Role.ADMINISTRATOR),
    # One's own sessions, passkeys and report.
    Action.SELF: _PERSON,
    Action.SESSION: _ANYONE,
    Action.PAGE: _ANYONE,
}

#: Which roles somebody with a role may give to who asked for them, for a time.
GRANTS: dict[Role, frozenset[Role]] = {
    Role.SUPERVISOR: frozenset(Role) - {Role.ADMINISTRATOR, Role.AUDITOR},
    Role.ADMINISTRATOR: frozenset(Role),
}


class Gives(NamedTuple):
    """Which scopes a role gives to a device of a unit, and to one that is bound to none."""

    unit: frozenset[Scope]
    free: frozenset[Scope]


_OF_A_UNIT = frozenset({Scope.ALARMS, Scope.POSITIONS, Scope.CREW})

#: Who gives which scopes, to devices and programs of their own agency (``share=_OWN`` above).
#: Without a unit nobody gives ``crew``; what reads incidents or the log, only an administrator.
GIVES: dict[Role, Gives] = {
    Role.SUPERVISOR: Gives(unit=_OF_A_UNIT, free=frozenset({Scope.ALARMS})),
    Role.ADMINISTRATOR: Gives(
        unit=_OF_A_UNIT,
        free=frozenset({Scope.ALARMS, Scope.POSITIONS, Scope.ROOM, Scope.AUDIT}),
    ),
}
