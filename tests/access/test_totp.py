"""The second factor: codes of an authenticator app, and recovery codes."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from callout.access.codes import Codes
from callout.base.clock import ManualClock
from callout.base.errors import ConflictError, UnauthenticatedError
from callout.journal import Journal


def app(secret: str, clock: ManualClock, later_s: int = 0) -> str:
    """What a phone with that secret shows, by a clock that may be wrong."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    at = clock.now_us() // 1_000_000 + later_s
    return TOTP(key, 6, SHA1(), 30).generate(at).decode()


def set_up(codes: Codes, clock: ManualClock, person: str = "ana") -> tuple[str, list[str]]:
    new = codes.begin(person, "ana@fire")
    assert new.uri.startswith("otpauth://totp/")
    recovery = codes.confirm(person, app(new.secret, clock))
    clock.advance_s(30)
    return new.secret, recovery


def test_a_code_is_used_once(journal: Journal, clock: ManualClock) -> None:
    codes = Codes(journal.state, clock)
    secret, _ = set_up(codes, clock)
    code = app(secret, clock)
    assert codes.check("ana", code)
    assert not codes.check("ana", code)
    clock.advance_s(30)
    assert not codes.check("ana", code)
    assert codes.check("ana", f" {app(secret, clock)[:3]} {app(secret, clock)[3:]} ")


@pytest.mark.parametrize(("later_s", "good"), [(-30, True), (30, True), (-90, False), (90, False)])
def test_clocks_may_differ_by_one_step(
    journal: Journal, clock: ManualClock, later_s: int, good: bool
) -> None:
    codes = Codes(journal.state, clock)
    secret, _ = set_up(codes, clock)
    clock.advance_s(300)
    assert codes.check("ana", app(secret, clock, later_s)) == good


def test_a_phone_an_hour_off_is_refused(journal: Journal, clock: ManualClock) -> None:
    codes = Codes(journal.state, clock)
    secret, _ = set_up(codes, clock)
    for later_s in (3600, -3600):
        assert not codes.check("ana", app(secret, clock, later_s))


def test_ten_recovery_codes_each_once(journal: Journal, clock: ManualClock) -> None:
    codes = Codes(journal.state, clock)
    _, recovery = set_up(codes, clock)
    assert len(set(recovery)) == 10
    assert codes.check("ana", recovery[3].lower().replace("-", " "))
    assert not codes.check("ana", recovery[3])
    assert codes.recovery_left("ana") == 9


@pytest.mark.parametrize(
    "wrong",
    ["", "000000", "12345", "1234567", "x" * 5000, "\x00", "\uff11\uff12\uff13\uff14\uff15\uff16"],
)
def test_what_is_no_code(journal: Journal, clock: ManualClock, wrong: str) -> None:
    codes = Codes(journal.state, clock)
    set_up(codes, clock)
    assert not codes.check("ana", wrong)


def test_a_borrowed_code_is_none(journal: Journal, clock: ManualClock) -> None:
    codes = Codes(journal.state, clock)
    secret, recovery = set_up(codes, clock)
    set_up(codes, clock, "rui")
    assert not codes.check("rui", app(secret, clock))
    assert not codes.check("rui", recovery[0])


def test_nothing_counts_before_the_app_has_shown_that_it_works(
    journal: Journal, clock: ManualClock
) -> None:
    codes = Codes(journal.state, clock)
    with pytest.raises(ConflictError):
        codes.confirm("ana", "123456")
    new = codes.begin("ana", "ana")
    with pytest.raises(UnauthenticatedError):
        codes.confirm("ana", app(new.secret, clock, 600))
    assert not codes.has("ana")
    clock.advance_s(601)
    with pytest.raises(ConflictError):
        codes.confirm("ana", app(new.secret, clock))


def test_the_secret_is_not_in_the_state_file(
    journal: Journal, clock: ManualClock, tmp_path: Path
) -> None:
    secret, recovery = set_up(Codes(journal.state, clock), clock)
    raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    held = b"".join(p.read_bytes() for p in (tmp_path / "home").glob("state.db*"))
    assert raw not in held
    assert secret.encode() not in held
    assert recovery[0].replace("-", "").lower().encode() not in held.lower()
