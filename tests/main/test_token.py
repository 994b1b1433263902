"""``callout token`` at the machine: made, listed, revoked; never beside a running server."""

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callout.access import Credentials
from callout.base.clock import SystemClock
from callout.journal import Journal
from callout.main.cli import cli


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["token", *words, "--home", str(home)])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with closing(Journal.open(tmp_path / "home", clock=SystemClock())):
        return tmp_path / "home"


def test_made_listed_and_revoked(home: Path) -> None:
    secret = run(home, "create", "gate-7", "--scope", "room", "--days", "30").output.strip()
    run(home, "create", "wall-1")
    listed = run(home, "list").output.splitlines()
    assert [line.split(",")[0] for line in listed] == ["gate-7: enrolled", "wall-1: enrolled"]
    assert "room, the whole room, by token, until 2" in listed[0]
    assert "until it is revoked, never used" in listed[1]
    assert secret not in "".join(listed)
    assert "may speak no more" in run(home, "revoke", "gate-7", "--reason", "lost").output
    assert "gate-7: revoked" in run(home, "list").output
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        assert Credentials(journal.state, SystemClock()).find_token(secret) is None
        (last,) = [e for e in journal.replay() if e.type == "DeviceRevoked.1"]
        assert (last.actor, last.body) == ("system", {"reason": "lost"})


def test_words_that_are_none(home: Path) -> None:
    assert run(home, "revoke", "nobody").exit_code == 2
    for days in ("0", "367"):
        assert run(home, "create", "x", "--days", days).exit_code == 2
    run(home, "create", "wall-1")
    assert run(home, "revoke", "wall-1", "--reason", "because").exit_code == 2
    assert "wall-1: enrolled" in run(home, "list").output


def test_beside_a_server_it_says_where_to_go(home: Path) -> None:
    with closing(Journal.open(home, clock=SystemClock())):
        for words in (("create", "x"), ("list",), ("revoke", "x")):
            refused = run(home, *words)
            assert refused.exit_code == 2
            assert "another callout" in refused.stderr
            assert "POST /api/devices" in refused.stderr
