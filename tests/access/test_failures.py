"""Wrong tries, and browsers that are known."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callout.access.failures import LOCK_S, TRIES, Failures
from callout.access.known import Known
from callout.base.clock import ManualClock
from callout.journal import State

_WHO = st.tuples(st.sampled_from(["ana", "rui"]), st.sampled_from(["", "desk", "phone"]))


@settings(max_examples=40)
@given(
    acts=st.lists(
        st.one_of(
            st.tuples(st.just("wrong"), _WHO, st.just(0)),
            st.tuples(st.just("right"), _WHO, st.just(0)),
            st.tuples(st.just("wait"), _WHO, st.sampled_from([1, 300, 599, 601])),
        ),
        max_size=40,
    )
)
def test_only_who_was_wrong_five_times_is_locked_and_for_ten_minutes(
    tmp_path_factory: pytest.TempPathFactory,
    acts: list[tuple[str, tuple[str, str], int]],
) -> None:
    clock = ManualClock()
    state = State(tmp_path_factory.mktemp("f") / "state.db", clock=clock, writable=True)
    failures = Failures(state, clock)
    wrong: dict[tuple[str, str], list[float]] = {}
    now_s = 0.0
    for act, who, seconds in acts:
        row = wrong.setdefault(who, [])
        if row and now_s - row[-1] >= LOCK_S:
            row.clear()
        locked = len(row) >= TRIES
        assert failures.locked(*who) == locked
        if act == "wait":
            clock.advance_s(seconds)
            now_s += seconds
        elif act == "wrong" and not locked:
            failures.add(*who)
            row.append(now_s)
        elif act == "right" and not locked:
            failures.clear(*who)
            row.clear()
    state.close()


def test_a_name_that_somebody_typed_is_not_kept(state: State, tmp_path: Path) -> None:
    failures = Failures(state, ManualClock())
    failures.add("a secret typed as a name", "")
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"typed as a name" not in held


def test_forgetting_an_account_leaves_the_others(state: State, clock: ManualClock) -> None:
    failures = Failures(state, clock)
    for _ in range(TRIES):
        for account in ("ana", "ana2"):
            failures.add(account, "")
            failures.add(account, "desk")
    failures.forget("ana")
    assert not failures.locked("ana", "")
    assert not failures.locked("ana", "desk")
    assert failures.locked("ana2", "")
    assert failures.locked("ana2", "desk")


def test_a_desk_is_known_to_each_who_worked_at_it_and_to_nobody_else(
    state: State, clock: ManualClock, tmp_path: Path
) -> None:
    known = Known(state, clock)
    desk = known.remember("", "ana")
    assert known.remember(desk, "rui") == desk
    assert known.browser(desk, "ana") == known.browser(desk, "rui") != ""
    assert known.browser(desk, "eva") == known.browser(desk, "") == known.browser("", "ana") == ""
    made_up = known.remember("made up by a stranger", "eva")
    assert made_up != "made up by a stranger"
    assert known.browser("made up by a stranger", "eva") == ""
    known.forget("ana")
    assert known.browser(desk, "ana") == ""
    assert known.browser(desk, "rui") != ""
    clock.advance_s(401 * 24 * 3600)
    assert known.browser(desk, "rui") == ""
    assert desk.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
