"""A drill's server in a process of its own, to be killed or stopped under an open page."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from callout.access import Credentials
from callout.base.clock import SystemClock
from callout.journal import Journal
from callout.main.server import listen


@contextmanager
def server(home: Path, city: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "callout.main.drill_room", str(home), str(city), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().split()[0] == "ready"
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


def free_port() -> int:
    with listen("127.0.0.1", 0) as bound:
        return int(bound.getsockname()[1])


def token_of(home: Path) -> str:
    journal = Journal.open(home, clock=SystemClock())
    token = Credentials(journal.state, SystemClock()).create_token(
        "program", ("room", "positions", "alarms")
    )
    journal.close()
    return token


def lost_after_ms(page: Page) -> float:
    """How long the page took to say so, by its own clock."""
    return float(
        page.evaluate(
            """() => new Promise((done) => {
              const start = performance.now();
              const look = () => document.querySelector(".bar.lost")
                ? done(performance.now() - start) : setTimeout(look, 20);
              look();
            })"""
        )
    )
