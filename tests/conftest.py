"""Fixtures for every room."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# Many homes are made here: their reserves are there, but small.
os.environ.setdefault("CALLOUT_RESERVE_MB", "1")


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the made town's city."""
    from running import made_city

    return made_city(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator["object"]:
    """A drill room of 40 units behind a real server; one for each test module."""
    from running import made_home, running

    home = tmp_path_factory.mktemp("home")
    made_home(home, town)
    with running(home, town) as up:
        yield up
