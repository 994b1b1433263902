"""state.db: values with an end."""

from pathlib import Path

import pytest

from callout.base.clock import ManualClock
from callout.base.errors import NotFoundError, RefusedError
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
