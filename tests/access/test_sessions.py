"""Sessions: what locks them, what does not, and when they end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callout.access import AccessBoard, Lock, Sessions, person_actor
from callout.access.board import Shift, Staff
from callout.access.sessions import IDLE_S, REAUTH_S, SESSION_S, Session, lock_of
from callout.base.clock import ManualClock
from callout.journal import Journal

NOW_US = 1_800_000_000_000_000


def aged(idle_s: int, proved_s: int, *, secured: bool = False, by_hand: bool = False) -> Session:
    return Session(
        id="s",
        person="ana",
        opened_us=NOW_US - proved_s * 1_000_000,
        proved_us=NOW_US - proved_s * 1_000_000,
        seen_us=NOW_US - idle_s * 1_000_000,
        secured=secured,
        closed_by_hand=by_hand,
    )


@given(
    idle_s=st.integers(0, 2 * IDLE_S),
    proved_s=st.integers(0, 2 * REAUTH_S),
    secured=st.booleans(),
    by_hand=st.booleans(),
    mayday=st.booleans(),
)
def test_what_locks_a_session(
    idle_s: int, proved_s: int, secured: bool, by_hand: bool, mayday: bool
) -> None:
    session = aged(idle_s, proved_s, secured=secured, by_hand=by_hand)
    found = lock_of(session, NOW_US, mayday=mayday)
    if by_hand:
        assert found is Lock.IDLE
    elif mayday:
        assert found is None
    elif proved_s > REAUTH_S:
        assert found is Lock.REAUTH
    else:
        assert found is (Lock.IDLE if idle_s > IDLE_S and not secured else None)


@pytest.mark.parametrize(
    ("idle_s", "proved_s", "secured", "locked"),
    [
        (30 * 60, 3600, False, None),
        (30 * 60 + 1, 3600, False, Lock.IDLE),
        (8 * 3600, 9 * 3600, True, None),
        (0, 12 * 3600, True, None),
        (0, 12 * 3600 + 1, True, Lock.REAUTH),
    ],
)
def test_the_times_of_the_issue(
    idle_s: int, proved_s: int, secured: bool, locked: Lock | None
) -> None:
    assert lock_of(aged(idle_s, proved_s, secured=secured), NOW_US, mayday=False) is locked


@pytest.fixture
def sessions(tmp_path: Path, clock: ManualClock) -> Iterator[Sessions]:
    journal = Journal.open(tmp_path / "home", clock=clock)
    yield Sessions(journal.state, clock)
    journal.close()


def test_a_touch_keeps_it_open_and_is_written_once_a_minute(
    sessions: Sessions, clock: ManualClock, tmp_path: Path
) -> None:
    secret = sessions.open("ana", ("password",))
    for _ in range(10):
        clock.advance_s(IDLE_S // 2)
        sessions.touch(secret)
        found = sessions.find(secret)
        assert found is not None
        assert lock_of(found, clock.now_us(), mayday=False) is None
    held = b"".join(p.read_bytes() for p in (tmp_path / "home").glob("state.db*"))
    assert secret.encode() not in held


def test_a_proof_unlocks_it_under_a_new_secret(sessions: Sessions, clock: ManualClock) -> None:
    secret = sessions.open("ana", ("password",))
    before = sessions.find(secret)
    sessions.lock(secret)
    clock.advance_s(REAUTH_S + 1)
    renewed = sessions.prove(secret, ("passkey",))
    assert sessions.find(secret) is None
    found = sessions.find(renewed)
    assert found is not None
    assert before is not None
    assert (found.id, found.person, found.ways) == (before.id, "ana", ("passkey",))
    assert lock_of(found, clock.now_us(), mayday=False) is None
    assert sessions.prove("a" * 43, ("passkey",)) == ""


def test_it_is_forgotten_a_day_after_the_last_proof(sessions: Sessions, clock: ManualClock) -> None:
    secret = sessions.open("ana", ("password",))
    clock.advance_s(SESSION_S - 1)
    sessions.touch(secret)
    assert sessions.find(secret)
    clock.advance_s(2)
    assert sessions.find(secret) is None


def test_ones_own_are_closed_and_nobody_elses(sessions: Sessions) -> None:
    first, second = sessions.open("ana", ()), sessions.open("ana", ())
    other = sessions.open("rui", ())
    mine = sessions.find(first)
    theirs = sessions.find(other)
    assert mine is not None
    assert theirs is not None
    assert sessions.close_all("ana", only=theirs.id) == 0  # borrowed: another's id
    assert sessions.close_all("ana", but=mine.id) == 1
    assert sessions.find(second) is None
    assert sessions.find(first)
    assert sessions.find(other)


def a_board(ends_us: int, *, left_us: int = 0) -> AccessBoard:
    board = AccessBoard()
    shift = Shift(("dispatcher", "supervisor"), NOW_US - 1, ends_us, 1)
    board.staff["ana"] = Staff("ana", "fire", ("dispatcher",), 0, left_us=left_us, shift=shift)
    return board


def test_roles_end_with_the_shift_and_what_was_taken_away_is_gone_at_once() -> None:
    on = person_actor(a_board(NOW_US + 1), aged(0, 0), NOW_US)
    assert on is not None
    assert (sorted(on.roles), on.locked) == (["dispatcher"], None)
    over = person_actor(a_board(NOW_US), aged(0, 0), NOW_US)
    assert over is not None
    assert over.locked is Lock.SHIFT
    mayday = person_actor(a_board(NOW_US), aged(0, 0), NOW_US, mayday=True)
    assert mayday is not None
    assert mayday.locked is None
    assert person_actor(a_board(NOW_US + 1, left_us=5), aged(0, 0), NOW_US) is None
