"""state.db: values with an end."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from callout.base.clock import ManualClock
from callout.base.errors import DamagedError, NotFoundError, RefusedError
from callout.journal import Journal
from callout.journal.state import State


def test_values_live_until_their_end(tmp_path: Path, clock: ManualClock) -> None:
    state = State(tmp_path / "state.db", clock=clock, writable=True)
    state.put("session", "a", b"1", clock.now_us() + 10_000_000)
    state.put("session", "b", b"2")
    state.put("other", "a", b"3")
    assert state.items("session") == [("a", b"1"), ("b", b"2")]
    clock.advance_s(9.999999)
    assert state.get("session", "a") == b"1"
    clock.advance_s(0.000001)
    assert state.get("session", "a") is None
    assert state.items("session") == [("b", b"2")]
    state.put("session", "b", b"4")
    state.delete("other", "a")
    state.delete("other", "a")
    state.close()
    state.close()
    again = State(tmp_path / "state.db", clock=clock, writable=False)
    assert again.get("session", "b") == b"4"
    assert again.get("other", "a") is None
    with pytest.raises(RefusedError):
        again.put("session", "c", b"")
    again.close()


def test_ended_values_are_dropped_at_opening(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "state.db"
    state = State(path, clock=clock, writable=True)
    state.put("session", "a", b"planted", clock.now_us() + 1)
    state.close()
    clock.advance_s(1)
    State(path, clock=clock, writable=True).close()
    # Back in time, as only a test can be: it is gone, not just hidden.
    again = State(path, clock=ManualClock(), writable=False)
    assert again.get("session", "a") is None
    again.close()


def test_reading_needs_a_file(tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(NotFoundError):
        State(tmp_path / "state.db", clock=clock, writable=False)


def test_of_many_who_take_a_value_one_has_it(tmp_path: Path, clock: ManualClock) -> None:
    state = State(tmp_path / "state.db", clock=clock, writable=True)
    state.put("invitation", "a", b"1", clock.now_us() + 1_000_000)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: state.take("invitation", "a"), range(16)))
    assert (got.count(b"1"), got.count(None)) == (1, 15)
    assert state.get("invitation", "a") is None
    state.put("invitation", "b", b"2", clock.now_us() + 1_000_000)
    clock.advance_s(1)
    assert state.take("invitation", "b") is None
    state.close()


def test_a_sealed_value_opens_for_its_own_name_in_its_own_home_only(
    tmp_path: Path, clock: ManualClock
) -> None:
    with (
        closing(Journal.open(tmp_path / "home", clock=clock)) as one,
        closing(Journal.open(tmp_path / "other", clock=clock)) as two,
    ):
        box = one.state.seal(b"a secret", "code ana")
        assert b"a secret" not in box
        assert one.state.seal(b"a secret", "code ana") != box
        assert one.state.unseal(box, "code ana") == b"a secret"
        changed = box[:-1] + bytes([box[-1] ^ 1])
        for state, wrong, whose in (
            (one.state, box, "code rui"),
            (one.state, changed, "code ana"),
            (one.state, b"", "code ana"),
            (two.state, box, "code ana"),
        ):
            with pytest.raises(DamagedError, match="cannot be opened"):
                state.unseal(wrong, whose)
