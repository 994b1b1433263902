"""The one gate, over its whole table."""

import itertools

import pytest

from callout.access import NOBODY, ROOM, RULES, SYSTEM, Action, Actor, Role, Scope, Subject
from callout.access import authorize as gate
from callout.base.errors import RefusedError, UnauthenticatedError


def allowed(actor: Actor, action: Action, subject: Subject = ROOM) -> bool:
    try:
        gate(actor, action, subject)
    except (RefusedError, UnauthenticatedError):
        return False
    return True


def person(*roles: Role) -> Actor:
    return Actor(id="p", kind="person", roles=frozenset(roles))


def test_every_action_has_a_rule() -> None:
    assert set(RULES) == set(Action)


@pytest.mark.parametrize(("role", "action"), list(itertools.product(Role, Action)))
def test_a_role_may_exactly_what_the_table_says(role: Role, action: Action) -> None:
    rule = RULES[action]
    assert allowed(person(role), action) == (rule.anyone or role in rule.roles)


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
    crew = Actor(id="d", kind="device", scopes=frozenset({Scope.CREW}), unit="E7")
    assert allowed(crew, Action.UNIT_STATUS, Subject("unit", "E7"))
    assert not allowed(crew, Action.UNIT_STATUS, Subject("unit", "E8"))


def test_an_administrator_does_not_dispatch() -> None:
    assert not allowed(person(Role.ADMINISTRATOR), Action.ASSIGN)
    assert not allowed(person(Role.ADMINISTRATOR), Action.INCIDENT_READ)
