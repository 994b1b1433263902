"""Codes that let somebody in once."""

import contextlib
import string
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callout.access.invitations import WRONG_A_MINUTE, Invitation, Invitations
from callout.base.clock import ManualClock
from callout.base.errors import TooManyError, UnauthenticatedError
from callout.journal import State

DAY_S = 24 * 3600


@pytest.fixture
def invitations(state: State, clock: ManualClock) -> Invitations:
    return Invitations(state, clock)


def test_a_code_is_looked_at_often_and_used_once(invitations: Invitations) -> None:
    code = invitations.make("staff", "p1", "person/root", DAY_S, {"roles": ["dispatcher"]})
    seen = invitations.look(code)
    assert (seen.kind, seen.subject, seen.by, seen.data) == (
        "staff",
        "p1",
        "person/root",
        {"roles": ["dispatcher"]},
    )
    assert invitations.look(code) == seen
    assert invitations.use(code) == seen
    for again in (invitations.look, invitations.use):
        with pytest.raises(UnauthenticatedError, match="not valid"):
            again(code)


def test_a_code_can_be_read_aloud_and_is_kept_as_a_hash(
    invitations: Invitations, tmp_path: Path
) -> None:
    code = invitations.make("device", "button-1", "system", 900, {})
    groups = code.split("-")
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    alphabet = set(string.digits + string.ascii_uppercase) - set("ILOU")
    assert set("".join(groups)) <= alphabet
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir()).lower()
    assert code.lower().encode() not in held
    assert "".join(groups).lower().encode() not in held


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=16, max_size=16))
def test_however_it_is_typed_it_is_the_same_code(
    tmp_path_factory: pytest.TempPathFactory, how: list[tuple[int, int]]
) -> None:
    clock = ManualClock()
    state = State(tmp_path_factory.mktemp("typed") / "state.db", clock=clock, writable=True)
    invitations = Invitations(state, clock)
    code = invitations.make("staff", "p1", "system", 60, {})
    typed = ""
    for letter, (spelling, gap) in zip(code.replace("-", ""), how, strict=True):
        alike = {"0": "0Oo", "1": "1IiLl"}.get(letter, letter.upper() + letter.lower())
        typed += alike[spelling % len(alike)] + ("", "-", " ")[gap]
    assert invitations.use(typed).subject == "p1"
    state.close()


@pytest.mark.parametrize("wrong", ["", "-", "x", "0" * 16, "\x00" * 16, "é" * 16, "\u2160" * 4000])
def test_what_is_no_code_opens_nothing(invitations: Invitations, wrong: str) -> None:
    invitations.make("staff", "p1", "system", 60, {})
    with pytest.raises(UnauthenticatedError, match="not valid"):
        invitations.use(wrong)


def test_it_ends_with_its_time_and_with_the_next_one(
    invitations: Invitations, clock: ManualClock
) -> None:
    first = invitations.make("staff", "p1", "system", 60, {})
    other = invitations.make("staff", "p2", "system", 60, {})
    second = invitations.make("staff", "p1", "system", 60, {})
    with pytest.raises(UnauthenticatedError):
        invitations.use(first)
    assert {one.subject for one in invitations.waiting("staff")} == {"p1", "p2"}
    assert invitations.use(other).subject == "p2"
    clock.advance_s(61)
    with pytest.raises(UnauthenticatedError):
        invitations.use(second)
    assert invitations.waiting("staff") == []


def test_a_dropped_one_opens_nothing(invitations: Invitations) -> None:
    code = invitations.make("device", "d1", "system", 60, {})
    kept = invitations.make("staff", "d1", "system", 60, {})
    assert invitations.drop("device", "d1") == 1
    with pytest.raises(UnauthenticatedError):
        invitations.look(code)
    assert invitations.look(kept).kind == "staff"


def test_of_many_at_once_one_gets_it(invitations: Invitations) -> None:
    code = invitations.make("staff", "p1", "system", 60, {})
    got: list[Invitation] = []
    start = threading.Barrier(8)

    def take(source: str) -> None:
        start.wait()
        with contextlib.suppress(UnauthenticatedError):
            got.append(invitations.use(code, source))

    threads = [threading.Thread(target=take, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_who_guesses_is_sent_away_for_a_minute_and_nobody_else(
    invitations: Invitations, clock: ManualClock
) -> None:
    code = invitations.make("staff", "p1", "system", DAY_S, {})
    for number in range(WRONG_A_MINUTE):
        with pytest.raises(UnauthenticatedError):
            invitations.look(f"{number}", "guesser")
    with pytest.raises(TooManyError, match="Wait a minute"):
        invitations.use(code, "guesser")
    assert invitations.look(code, "colleague").subject == "p1"
    clock.advance_s(61)
    assert invitations.use(code, "guesser").subject == "p1"


def test_ten_thousand_addresses_are_not_ten_thousand_counts(
    invitations: Invitations, clock: ManualClock
) -> None:
    refused = 0
    for number in range(2100):
        try:
            invitations.look("wrong", f"2001:db8::{number}")
        except TooManyError:
            refused += 1
        except UnauthenticatedError:
            pass
    assert refused == 2100 - 2000 - WRONG_A_MINUTE
    clock.advance_s(61)
    with pytest.raises(UnauthenticatedError):
        invitations.look("wrong", "2001:db8::2")
