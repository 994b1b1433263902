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
def postgres() -> Iterator[str]:
    """A server's URL with ``{}`` for a database's name; without fsync, for it dies with us."""
    from postgres_server import NoPostgresError, postgres_server

    try:
        with postgres_server(fsync="off") as url:
            yield url
    except NoPostgresError as error:
        pytest.skip(f"skipped: {error}")


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """The URL of an empty database."""
    psycopg = pytest.importorskip("psycopg", reason="skipped: psycopg is not installed")
    with psycopg.connect(postgres.format("postgres"), autocommit=True) as server:
        server.execute("CREATE DATABASE room TEMPLATE template0")
        yield postgres.format("room")
        server.execute("DROP DATABASE room WITH (FORCE)")


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
