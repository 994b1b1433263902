"""``callout staff`` at the machine, and a room that opens with nothing but an invitation."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from callout.access import SYSTEM, Credentials, Invitations
from callout.access.commands import staff_draft
from callout.access.events import StaffLeft
from callout.base.clock import SystemClock
from callout.journal import Batch, Draft, Journal
from callout.main.cli import cli

PASSWORD = "correct horse battery"


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["staff", *words, "--home", str(home)])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with closing(Journal.open(tmp_path / "home", clock=SystemClock())) as journal:
        drafts = [staff_draft(p, "fire", p.title(), ("dispatcher",)) for p in ("p1", "p2")]
        drafts.append(Draft("staff/p2", StaffLeft.TYPE, StaffLeft().body()))
        journal.append(Batch(tuple(drafts), "staff", SYSTEM.label))
    return tmp_path / "home"


def test_invited_and_given_a_password(home: Path) -> None:
    code = run(home, "invite", "p1").output.splitlines()[0]
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        assert Invitations(journal.state, SystemClock()).look(code).subject == "p1"
    given = run(home, "password", "p1", "--name", "Ana", "--password", PASSWORD)
    assert given.output == "Ana can now sign in\n"
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        assert Credentials(journal.state, SystemClock()).check_password("ana", PASSWORD) == "p1"
        entered = [e.body for e in journal.replay() if e.type == "SignInChanged.1"]
    assert entered == [{"way": "invitation", "made": True}, {"way": "password", "made": True}]
    again = run(home, "password", "p1", "--name", "ana.silva", "--password", PASSWORD)
    assert again.exit_code == 0
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        credentials = Credentials(journal.state, SystemClock())
        assert credentials.login_of("p1") == "ana.silva"
        assert credentials.person_of("Ana") == ""  # the name of before opens nothing


def test_not_for_who_is_not_here(home: Path) -> None:
    for words in (
        ("invite", "nobody"),
        ("invite", "p2"),
        ("password", "p2", "--name", "x", "--password", PASSWORD),
        ("password", "p1", "--name", "x", "--password", "short"),
    ):
        assert run(home, *words).exit_code == 2, words
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        assert not Credentials(journal.state, SystemClock()).has_accounts()
        refused = run(home, "invite", "p1")
    assert refused.exit_code == 2
    assert "/people" in refused.stderr


def test_a_room_opens_with_nothing_but_an_invitation(home: Path, town: Path) -> None:
    shutil.copytree(town, home / "city")
    serve = [sys.executable, "-m", "callout.main.cli", "serve", "--port", "0", "--home", str(home)]
    nobody = subprocess.run(serve, capture_output=True, text=True, timeout=120, check=False)
    assert nobody.returncode == 2
    assert "callout staff invite" in nobody.stderr
    code = run(home, "invite", "p1").output.splitlines()[0]
    room = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert room.stdout is not None
    try:
        url = room.stdout.readline().rpartition(" ")[2].strip()
        looked = httpx.post(f"{url}api/enrol/look", json={"code": code})
        assert (looked.status_code, looked.json()["name"]) == (200, "P1")
        used = {"code": code, "login": "ana", "password": PASSWORD}
        assert httpx.post(f"{url}api/enrol/staff", json=used).status_code == 204
    finally:
        room.send_signal(signal.SIGTERM)
        room.wait(30)
        room.stdout.close()
