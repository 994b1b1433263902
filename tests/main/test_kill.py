"""kill -9 of a server under load: nothing acknowledged is lost, and the journal checks."""

from pathlib import Path

import pytest
from killing import Room

from running import made_home

DRAWS = 20


@pytest.mark.crash
@pytest.mark.slow
def test_nothing_acknowledged_is_lost(tmp_path: Path, town: Path) -> None:
    made_home(tmp_path / "home", town, units=4)
    room = Room(tmp_path / "home", town)
    acknowledged = 0
    for seed in range(DRAWS):
        drawn = room.draw(seed)
        assert drawn.lost == []
        assert drawn.doubled == 0
        assert drawn.checked
        acknowledged += drawn.acknowledged
    assert acknowledged > DRAWS, "the load did not reach the server"
