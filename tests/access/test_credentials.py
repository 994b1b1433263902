"""Passwords, sessions, tokens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from callout.access import Credentials, Role, Scope
from callout.base.clock import ManualClock
from callout.base.errors import BadInputError, UnauthenticatedError
from callout.journal import Journal


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def credentials(tmp_path: Path, clock: ManualClock) -> Iterator[Credentials]:
    journal = Journal.open(tmp_path / "home", clock=clock)
    yield Credentials(journal.state, clock)
    journal.close()


def test_sign_in_and_out(credentials: Credentials, clock: ManualClock) -> None:
    assert not credentials.has_accounts()
    credentials.set_password(
        "Ana", "correct horse battery", person="p1", agency="fire", roles=("dispatcher",)
    )
    assert credentials.has_accounts()
    secret = credentials.sign_in(" ANA ", "correct horse battery")
    actor = credentials.actor_of_session(secret)
    assert actor is not None
    assert (actor.id, actor.roles) == ("p1", frozenset({Role.DISPATCHER}))
    credentials.close_session(secret)
    assert credentials.actor_of_session(secret) is None
    again = credentials.sign_in("ana", "correct horse battery")
    clock.advance_s(12 * 3600 + 1)
    assert credentials.actor_of_session(again) is None


def test_five_wrong_passwords_lock_only_that_account(
    credentials: Credentials, clock: ManualClock
) -> None:
    for name in ("ana", "rui"):
        credentials.set_password(name, "a long password", person=name, agency="", roles=())
    for _ in range(5):
        with pytest.raises(UnauthenticatedError):
            credentials.sign_in("ana", "wrong password")
    with pytest.raises(UnauthenticatedError):
        credentials.sign_in("ana", "a long password")
    assert credentials.sign_in("rui", "a long password")
    clock.advance_s(601)
    assert credentials.sign_in("ana", "a long password")


def test_a_short_password_and_an_unknown_name(credentials: Credentials) -> None:
    with pytest.raises(BadInputError, match="10 or more"):
        credentials.set_password("ana", "short", person="p", agency="", roles=())
    with pytest.raises(UnauthenticatedError, match="name or password"):
        credentials.sign_in("nobody", "whatever it is")


def test_tokens_are_kept_as_hashes(credentials: Credentials, tmp_path: Path) -> None:
    secret = credentials.create_token("button-1", ("alarms",))
    actor = credentials.actor_of_token(secret)
    assert actor is not None
    assert actor.label == "device/button-1"
    assert actor.scopes == frozenset({Scope.ALARMS})
    assert credentials.actor_of_token(secret + "x") is None
    held = b"".join(p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file())
    assert secret.encode() not in held
