"""Passwords and tokens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from callout.access import Credentials
from callout.access.credentials import fold_login
from callout.base.clock import ManualClock
from callout.base.errors import BadInputError, UnauthenticatedError
from callout.journal import Journal


@pytest.fixture
def credentials(tmp_path: Path, clock: ManualClock) -> Iterator[Credentials]:
    journal = Journal.open(tmp_path / "home", clock=clock)
    yield Credentials(journal.state, clock)
    journal.close()


def test_a_password_names_its_person(credentials: Credentials) -> None:
    assert not credentials.has_accounts()
    credentials.set_password("Ana", "correct horse battery", person="p1")
    assert credentials.has_accounts()
    assert credentials.check_password(" ANA ", "correct horse battery") == "p1"
    assert credentials.login_of("p1") == "Ana"


def test_five_wrong_passwords_lock_only_that_account(
    credentials: Credentials, clock: ManualClock
) -> None:
    for name in ("ana", "rui"):
        credentials.set_password(name, "a long password", person=name)
    for _ in range(5):
        with pytest.raises(UnauthenticatedError):
            credentials.check_password("ana", "wrong password")
    with pytest.raises(UnauthenticatedError):
        credentials.check_password("ana", "a long password")
    assert credentials.check_password("rui", "a long password")
    clock.advance_s(601)
    assert credentials.check_password("ana", "a long password")


def test_a_short_password_and_an_unknown_name(credentials: Credentials) -> None:
    with pytest.raises(BadInputError, match="10 to 200"):
        credentials.set_password("ana", "short", person="p")
    for name in ("nobody", "", "\x00", "\u0430na"):  # begins with a Cyrillic letter
        with pytest.raises(UnauthenticatedError, match="name or password"):
            credentials.check_password(name, "whatever it is")


def test_a_name_is_one_persons_however_it_is_written(credentials: Credentials) -> None:
    credentials.set_password("Ana@Fire.example", "a long password", person="p1")
    for spelling in ("ana@fire.example", "ANA@FIRE.EXAMPLE", "ana@fire.example"):
        with pytest.raises(BadInputError, match="taken"):
            credentials.set_password(spelling, "a long password", person="p2")
        assert credentials.check_password(spelling, "a long password") == "p1"


@pytest.mark.parametrize(
    "name", ["", "  ", "\u0430na", "payp\u0430l", "a\u200bna", "ana\u202e", "x" * 101, "a\tb"]
)
def test_look_alikes_and_invisible_characters_are_no_names(name: str) -> None:
    with pytest.raises(BadInputError):
        fold_login(name)


@pytest.mark.parametrize("name", ["josé", "Müller 2", "Ирина", "نورة", "d7", "李雷"])
def test_names_of_every_script_are(name: str) -> None:
    assert fold_login(name) == fold_login(name.upper())


def test_tokens_are_kept_as_hashes_and_end(
    credentials: Credentials, clock: ManualClock, tmp_path: Path
) -> None:
    secret = credentials.create_token("button-1", ("alarms",))
    found = credentials.find_token(secret)
    assert found is not None
    assert (found.device, found.scopes, found.agency) == ("button-1", ("alarms",), "*")
    assert credentials.find_token(secret + "x") is None
    held = b"".join(p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file())
    assert secret.encode() not in held
    ends_us = clock.now_us() + 1_000_000
    passing = credentials.create_token("button-1", ("alarms",), expires_us=ends_us)
    assert credentials.find_token(passing)
    clock.advance_s(2)
    assert credentials.find_token(passing) is None
    assert credentials.drop_tokens("button-1") >= 1
    assert credentials.find_token(secret) is None
