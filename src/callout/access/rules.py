"""The one readable table of who may do what.

``authorize`` reads it and nothing else. Persons are allowed by role, devices and programs by
the scope of their token; ``anyone`` is open even to a stranger; ``own_unit`` binds a token
that is tied to one unit to that unit. What is not in the table is refused.
"""

from enum import StrEnum
from typing import NamedTuple

from callout.access.actor import Role, Scope


class Action(StrEnum):
    """Everything that can be asked of callout."""

    ALARM_RAISE = "alarm.raise"
    ALARM_READ = "alarm.read"
    ALARM_ACKNOWLEDGE = "alarm.acknowledge"
    ALARM_ESCALATE = "alarm.escalate"
    INCIDENT_OPEN = "incident.open"
    INCIDENT_READ = "incident.read"
    INCIDENT_CHANGE = "incident.change"
    INCIDENT_CLOSE = "incident.close"
    ERASE = "personal.erase"
    RECOMMEND = "incident.recommend"
    ASSIGN = "incident.assign"
    UNIT_READ = "unit.read"
    UNIT_STATUS = "unit.status"
    CREW_READ = "crew.read"
    CREW_NAMES = "crew.names"
    CREW_SIGN_ON = "crew.sign_on"
    VEHICLE_SETUP = "vehicle.setup"
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
    STAFF_ADMIN = "staff.admin"
    TOKEN_CREATE = "token.create"  # noqa: S105 - the name of an action
    SESSION = "session.own"
    PAGE = "page.read"


class Rule(NamedTuple):
    """Who may: any of these roles, any of these scopes, or anyone at all."""

    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    anyone: bool = False
    own_unit: bool = False


def _rule(*who: Role | Scope, own_unit: bool = False) -> Rule:
    return Rule(
        roles=frozenset(w for w in who if isinstance(w, Role)),
        scopes=frozenset(w for w in who if isinstance(w, Scope)),
        own_unit=own_unit,
    )


_ANYONE = Rule(anyone=True)
_TAKERS = (Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR)
_SENDERS = (Role.DISPATCHER, Role.SUPERVISOR)
_WATCHERS = (*_TAKERS, Role.TRAINER, Role.AUDITOR)

RULES: dict[Action, Rule] = {
    # An alarm is never refused for its sender: what cannot be verified is kept and marked.
    Action.ALARM_RAISE: _ANYONE,
    Action.ALARM_READ: _rule(*_WATCHERS, Scope.ROOM),
    Action.ALARM_ACKNOWLEDGE: _rule(*_TAKERS, Scope.ROOM),
    Action.ALARM_ESCALATE: Rule(),  # the system only
    Action.INCIDENT_OPEN: _rule(*_TAKERS, Scope.ROOM),
    Action.INCIDENT_READ: _rule(*_WATCHERS, Scope.ROOM),
    Action.INCIDENT_CHANGE: _rule(*_TAKERS, Scope.ROOM),
    Action.INCIDENT_CLOSE: _rule(*_SENDERS, Scope.ROOM),
    # Not the administrator, who runs the machine and has no say in what the room keeps.
    Action.ERASE: _rule(Role.SUPERVISOR, Role.EVIDENCE_OFFICER),
    Action.RECOMMEND: _rule(*_TAKERS, Scope.ROOM),
    Action.ASSIGN: _rule(*_SENDERS, Scope.ROOM),
    Action.UNIT_READ: _rule(*_WATCHERS, Scope.ROOM),
    Action.UNIT_STATUS: _rule(*_SENDERS, Scope.CREW, Scope.ROOM, own_unit=True),
    # Who is on what, without the names of those who are not staff: these are opened apart.
    Action.CREW_READ: _rule(*_WATCHERS, Role.ADMINISTRATOR, Scope.ROOM),
    Action.CREW_NAMES: _rule(*_TAKERS, Scope.ROOM),
    Action.CREW_SIGN_ON: _rule(*_TAKERS, Scope.CREW, Scope.ROOM, own_unit=True),
    Action.VEHICLE_SETUP: _rule(Role.ADMINISTRATOR, Role.SUPERVISOR),
    Action.POSITION_REPORT: _rule(*_SENDERS, Scope.POSITIONS, Scope.ROOM, own_unit=True),
    Action.PLACE_SEARCH: _rule(*_TAKERS, Scope.ROOM),
    Action.AREA_READ: _rule(*_WATCHERS, Role.ADMINISTRATOR, Scope.ROOM),
    Action.ROAD_READ: _rule(*_WATCHERS, Role.ADMINISTRATOR, Scope.ROOM),
    Action.ROAD_CLOSE: _rule(*_SENDERS, Scope.ROOM),
    Action.AREA_DRAW: _rule(Role.ADMINISTRATOR, Role.SUPERVISOR),
    Action.ROOM_READ: _rule(*_WATCHERS, Role.ADMINISTRATOR, Scope.ROOM),
    # Hashes and entries without personal detail; what was done, and who did it.
    Action.LOG_READ: _rule(Role.AUDITOR, Role.SUPERVISOR, Role.ADMINISTRATOR, Scope.AUDIT),
    Action.LIVE_READ: _rule(*_WATCHERS, Scope.ROOM),
    Action.SETUP: _rule(Role.ADMINISTRATOR),
    Action.STAFF_ADMIN: _rule(Role.ADMINISTRATOR),
    Action.TOKEN_CREATE: _rule(Role.ADMINISTRATOR),
    Action.SESSION: _ANYONE,
    Action.PAGE: _ANYONE,
}
