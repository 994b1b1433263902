"""The one gate, over its whole table."""

import itertools

import pytest

from callout.access import (
    NOBODY,
    ROOM,
    RULES,
    SYSTEM,
    Action,
    Actor,
    Lock,
    Purpose,
    Role,
    Scope,
    Share,
    Subject,
)
from callout.access import authorize as gate
from callout.base.errors import (
    ConflictError,
    HiddenError,
    RefusedError,
    UnauthenticatedError,
)

OPEN = Subject("incident", "i1", "fire", state="open", name="101")


def allowed(
    actor: Actor, action: Action, subject: Subject = ROOM, purpose: str | None = "court"
) -> bool:
    rule = RULES[action]
    if rule.states and not subject.state:
        subject = subject._replace(state=min(rule.states))
    try:
        gate(actor, action, subject, purpose=purpose)
    except (RefusedError, UnauthenticatedError, HiddenError):
        return False
    return True


def person(*roles: Role, agency: str = "fire", **more: object) -> Actor:
    return Actor(id="p", kind="person", agency=agency, roles=frozenset(roles), **more)  # type: ignore[arg-type]


def test_every_action_has_a_rule() -> None:
    assert set(RULES) == set(Action)


@pytest.mark.parametrize(("role", "action"), list(itertools.product(Role, Action)))
def test_a_role_may_exactly_what_the_table_says(role: Role, action: Action) -> None:
    rule = RULES[action]
    assert allowed(person(role), action) == (rule.anyone or rule.person or role in rule.roles)


@pytest.mark.parametrize(("scope", "action"), list(itertools.product(Scope, Action)))
def test_a_scope_may_exactly_what_the_table_says(scope: Scope, action: Action) -> None:
    rule = RULES[action]
    device = Actor(id="d", kind="device", scopes=frozenset({scope}))
    assert allowed(device, action) == (rule.anyone or scope in rule.scopes)


def test_a_stranger_may_raise_an_alarm_and_little_else() -> None:
    may = {action for action in Action if allowed(NOBODY, action)}
    assert may == {Action.ALARM_RAISE, Action.SESSION, Action.PAGE}


def test_the_system_may() -> None:
    assert all(allowed(SYSTEM, action) for action in Action)


def test_a_unit_bound_token_speaks_for_its_unit_only() -> None:
    crew = Actor(id="d", kind="device", agency="fire", scopes=frozenset({Scope.CREW}), unit="E7")
    assert allowed(crew, Action.UNIT_STATUS, Subject("unit", "E7", "fire"))
    assert not allowed(crew, Action.UNIT_STATUS, Subject("unit", "E8", "fire"))


def test_a_responder_speaks_for_the_unit_they_are_signed_on_to() -> None:
    mine, other = Subject("unit", "E7", "fire"), Subject("unit", "E8", "fire")
    assert allowed(person(Role.RESPONDER, unit="E7"), Action.UNIT_STATUS, mine)
    assert not allowed(person(Role.RESPONDER, unit="E7"), Action.UNIT_STATUS, other)
    assert not allowed(person(Role.RESPONDER), Action.UNIT_STATUS, mine)
    assert not allowed(person(Role.RESPONDER), Action.UNIT_STATUS, Subject("unit", "", "fire"))
    both = person(Role.RESPONDER, Role.DISPATCHER, unit="E7")
    assert allowed(both, Action.UNIT_STATUS, other)


@pytest.mark.parametrize(
    "action",
    [
        Action.ASSIGN,
        Action.INCIDENT_READ,
        Action.INCIDENT_READ_OLD,
        Action.ALARM_READ,
        Action.LIVE_READ,
        Action.ERASE,
    ],
)
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.TRAINER])
def test_who_runs_or_looks_after_the_room_reads_no_personal_detail(
    action: Action, role: Role
) -> None:
    assert not allowed(person(role), action)


def test_another_agencys_incident_is_not_there_until_it_is_shared() -> None:
    stranger = person(Role.DISPATCHER, agency="ems")
    with pytest.raises(HiddenError) as hidden:
        gate(stranger, Action.INCIDENT_READ, OPEN)
    assert hidden.value.what == "there is no incident 'i1'"
    seeing = person(Role.DISPATCHER, agency="ems", shared={"fire": frozenset({Share.SEE})})
    gate(seeing, Action.INCIDENT_READ, OPEN)
    with pytest.raises(RefusedError):
        gate(seeing, Action.INCIDENT_CHANGE, OPEN)
    working = person(Role.DISPATCHER, agency="ems", shared={"fire": frozenset({Share.WORK})})
    gate(working, Action.INCIDENT_CHANGE, OPEN)


def test_who_has_a_unit_on_it_has_a_part_in_it() -> None:
    partner = person(Role.DISPATCHER, agency="ems")
    ours_too = OPEN._replace(parties=frozenset({"ems"}))
    gate(partner, Action.INCIDENT_READ, ours_too)
    gate(partner, Action.INCIDENT_NOTE, ours_too)
    with pytest.raises(RefusedError):
        gate(partner, Action.INCIDENT_CLOSE, ours_too)


def test_staff_and_devices_are_shared_with_nobody() -> None:
    everything = frozenset(Share) - {Share.OWN}
    admin = person(Role.ADMINISTRATOR, agency="ems", shared={"fire": everything})
    for action in (Action.STAFF_ADMIN, Action.TOKEN_CREATE, Action.DEVICE_REVOKE):
        assert not allowed(admin, action, Subject("person", "x", "fire"))
        assert allowed(admin, action, Subject("person", "x", "ems"))
        room = person(Role.ADMINISTRATOR, agency="*")
        assert allowed(room, action, Subject("person", "x", "fire"))


def test_nobody_decides_on_what_they_asked_for_themselves() -> None:
    asked = Subject("request", "r", "fire", state="asked", asked_by="p")
    with pytest.raises(RefusedError, match="themselves"):
        gate(person(Role.SUPERVISOR), Action.ACCESS_DECIDE, asked)
    gate(person(Role.SUPERVISOR), Action.ACCESS_DECIDE, asked._replace(asked_by="q"))


def test_a_purpose_is_asked_for_and_never_widens() -> None:
    old = Subject("incident", "i1", "fire", state="closed")
    for purpose in (None, "", "curiosity"):
        with pytest.raises(RefusedError, match="purpose"):
            gate(person(Role.SUPERVISOR), Action.INCIDENT_READ_OLD, old, purpose=purpose)
    gate(person(Role.SUPERVISOR), Action.INCIDENT_READ_OLD, old, purpose=Purpose.COMPLAINT)
    for purpose in Purpose:
        assert not allowed(person(Role.DISPATCHER), Action.INCIDENT_READ_OLD, old, purpose)


def test_what_is_closed_is_said_to_be() -> None:
    closed = OPEN._replace(state="closed")
    with pytest.raises(ConflictError, match="incident 101 is closed"):
        gate(person(Role.DISPATCHER), Action.ASSIGN, closed)
    gate(person(Role.DISPATCHER), Action.INCIDENT_NOTE, closed)


@pytest.mark.parametrize("lock", list(Lock))
def test_a_locked_session_shows_alarms_and_does_nothing(lock: Lock) -> None:
    every = person(*Role, locked=lock)
    may = {action for action in Action if allowed(every, action)}
    assert may == {
        Action.ALARM_RAISE,
        Action.ALARM_READ,
        Action.LIVE_READ,
        Action.ROOM_READ,
        Action.SESSION,
        Action.PAGE,
    }
