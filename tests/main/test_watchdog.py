"""systemd is told from the event loop, and only while the journal's writer answers."""

import asyncio
import configparser
import os
import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from callout.base.clock import ManualClock
from callout.base.errors import UnavailableError
from callout.journal import Batch, Draft, Journal
from callout.main.watchdog import beat, beat_s, notify
from running import made_home, running

UNIT = Path(__file__).parents[2] / "docs" / "callout.service"


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket that systemd would listen on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield heard


def waiting(heard: socket.socket) -> list[bytes]:
    words = []
    while select.select([heard], [], [], 0)[0]:
        words.append(heard.recv(100))
    return words


def test_a_server_says_that_it_is_ready_alive_and_stopping(
    tmp_path: Path, town: Path, systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    made_home(tmp_path / "home", town, units=1)
    with running(tmp_path / "home", town):
        assert [systemd.recv(100) for _ in range(4)] == [b"READY=1", *[b"WATCHDOG=1"] * 3]
    assert waiting(systemd)[-1] == b"STOPPING=1"


def test_no_word_while_the_writer_does_not_answer(tmp_path: Path, systemd: socket.socket) -> None:
    clock = ManualClock()
    journal = Journal.open(tmp_path / "home", clock=clock)
    stuck, go_on = threading.Event(), threading.Event()

    def hang(_: object) -> None:
        stuck.set()
        go_on.wait(20)

    async def scene() -> None:
        task = asyncio.create_task(beat(journal, clock))
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, systemd.recv, 100) == b"WATCHDOG=1"
        journal.subscribe(hang)
        future = journal.submit(Batch((Draft("s", "A.1", {}),), "k"))
        assert await loop.run_in_executor(None, stuck.wait, 20)
        assert future.done()
        for _ in range(10):
            clock.advance_s(5)
            await loop.run_in_executor(None, int)
        assert waiting(systemd) == []
        go_on.set()
        assert await loop.run_in_executor(None, systemd.recv, 100) == b"WATCHDOG=1"
        task.cancel()

    asyncio.run(scene())
    journal.close()


def test_the_beat_ends_with_the_writer(tmp_path: Path, systemd: socket.socket) -> None:
    journal = Journal.open(tmp_path / "home", clock=ManualClock())
    journal.close()
    with pytest.raises(UnavailableError):
        journal.ping().result()
    asyncio.run(asyncio.wait_for(beat(journal, ManualClock()), 20))
    assert waiting(systemd) == []


def test_an_abstract_socket() -> None:
    name = f"callout-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0" + name)
        heard.settimeout(20)
        assert notify("READY=1", {"NOTIFY_SOCKET": "@" + name})
        assert heard.recv(100) == b"READY=1"


def test_nobody_asked_or_nobody_listens(tmp_path: Path) -> None:
    assert not notify("READY=1", {})
    assert not notify("READY=1", {"NOTIFY_SOCKET": "vsock:2:1234"})
    assert not notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "nobody")})


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, 5.0),
        ({"WATCHDOG_USEC": "30000000"}, 5.0),
        ({"WATCHDOG_USEC": "4000000"}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": str(os.getpid())}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}, 5.0),
        ({"WATCHDOG_USEC": "0"}, 5.0),
        ({"WATCHDOG_USEC": "soon"}, 5.0),
    ],
)
def test_how_often(environ: dict[str, str], seconds: float) -> None:
    assert beat_s(environ) == seconds


def test_the_unit_restarts_for_ever_and_watches() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    assert (service["Type"], service["Restart"]) == ("notify", "always")
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert float(service["WatchdogSec"]) >= 4 * beat_s({})


def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("skipped: systemd-analyze is not here")
    # The program need not be installed where the unit says for this.
    copy = tmp_path / UNIT.name
    copy.write_text(
        UNIT.read_text().replace("/opt/callout/bin/callout serve", shutil.which("true") or "")
    )
    command = ["systemd-analyze", "verify", "--man=no", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
