"""Homes for the journal's tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from callout.base.clock import ManualClock
from callout.journal import Batch, Draft, Journal


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def open_home(home: Path, clock: ManualClock) -> Iterator[Callable[..., Journal]]:
    """Opens the home, as often as wanted; what is still open is closed at the end."""
    opened: list[Journal] = []

    def open_it(**options: Any) -> Journal:
        opened.append(Journal.open(home, clock=clock, **options))
        return opened[-1]

    yield open_it
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(open_home: Callable[..., Journal]) -> Journal:
    return open_home()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """What ``Journal.open`` takes: nothing for the home's file, or the URL of an empty database."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture
def replica(
    home: Path, tmp_path: Path, clock: ManualClock, postgres_database: str
) -> Iterator[Callable[..., Journal]]:
    """Opens another journal on the same database, from a home with the same keys."""
    opened: list[Journal] = []

    def open_it(**options: Any) -> Journal:
        other = tmp_path / f"replica{len(opened)}"
        if (home / "keys").exists():
            shutil.copytree(home / "keys", other / "keys")
        else:
            other = home
        options = {"clock": clock, "database": postgres_database, **options}
        opened.append(Journal.open(other, **options))
        return opened[-1]

    yield open_it
    for journal in opened:
        journal.close()


@pytest.fixture
def data() -> Path:
    folder = os.environ.get("CALLOUT_DATA")
    if not folder:
        pytest.skip("skipped: CALLOUT_DATA is not set")
    return Path(folder)


def one(key: str, stream: str = "unit/E7", expect: dict[str, int] | None = None) -> Batch:
    """A batch of one small entry."""
    return Batch((Draft(stream, "UnitStatus.1", {"status": "en_route"}),), key, expect=expect or {})


@pytest.fixture(name="one")
def one_fixture() -> Callable[..., Batch]:
    return one
