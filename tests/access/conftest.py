"""A clock that stands still, and a state file and journal by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from callout.base.clock import ManualClock
from callout.journal import Journal, State


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def state(tmp_path: Path, clock: ManualClock) -> Iterator[State]:
    state = State(tmp_path / "state.db", clock=clock, writable=True)
    yield state
    state.close()


@pytest.fixture
def journal(tmp_path: Path, clock: ManualClock) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "home", clock=clock)
    yield opened
    opened.close()
