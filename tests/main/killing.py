"""kill -9 of a real server under load from another process, and what must hold afterwards.

One draw: start `serve` on a home, press buttons and open incidents over HTTP from here, kill the
server at a drawn moment without a word, then look at the home: every answered press and incident
is in the journal, and `callout check` passes. The home is kept for the next draw, so later draws
kill a server that has history.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from callout.access import Credentials
from callout.base.clock import SystemClock
from callout.journal import Journal, check

_CALLERS = 6
_READY_S = 60


@dataclass
class Drawn:
    """What one draw saw."""

    acknowledged: int = 0
    lost: list[int] = field(default_factory=list)
    checked: bool = False
    doubled: int = 0


class Room:
    """A home, a city and tokens, for any number of draws."""

    def __init__(self, home: Path, city: Path) -> None:
        self.home, self.city = home, city
        journal = Journal.open(home, clock=SystemClock())
        credentials = Credentials(journal.state, SystemClock())
        self.token = credentials.create_token("load", ("room", "alarms"))
        journal.close()

    def draw(self, seed: int) -> Drawn:
        """One life and death of a server."""
        rng = random.Random(seed)
        server, url = self._start()
        drawn = Drawn()
        answered: list[tuple[int, str]] = []
        stop, flowing = threading.Event(), threading.Event()
        threads = [
            threading.Thread(target=self._call, args=(url, f"{seed}-{n}", stop, flowing, answered))
            for n in range(_CALLERS)
        ]
        for thread in threads:
            thread.start()
        # The load flows before the clock of the draw starts: an idle server loses nothing.
        flowing.wait(_READY_S)
        stop.wait(rng.uniform(0.0, 0.5))
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        stop.set()
        for thread in threads:
            thread.join()
        drawn.acknowledged = len(answered)
        self._judge(answered, drawn)
        return drawn

    def _start(self) -> tuple["subprocess.Popen[str]", str]:
        command = [sys.executable, "-m", "callout.main.drill_room", str(self.home), str(self.city)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        words = server.stdout.readline().split()
        server.stdout.close()
        assert words[:1] == ["ready"], "the server did not start"
        return server, f"http://127.0.0.1:{words[1]}"

    def _call(
        self,
        url: str,
        name: str,
        stop: threading.Event,
        flowing: threading.Event,
        answered: list[tuple[int, str]],
    ) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=url, headers=headers, timeout=5) as api:
            number = 0
            while not stop.is_set():
                number += 1
                press = {
                    "device": "load",
                    "press": f"{name}-{number}",
                    "kind": "panic",
                    "text": "x",
                }
                try:
                    answer = api.post("/api/alarms", json=press)
                    if answer.is_success:
                        answered.append((answer.json()["seq"], press["press"]))
                        flowing.set()
                    if number % 5 == 0:
                        body = {"type": "FALL", "alarms": [answer.json()["id"]]}
                        opened = api.post("/api/incidents", json=body)
                        if opened.status_code == 201:
                            answered.append((opened.json()["seq"], ""))
                except httpx.HTTPError:
                    return

    def _judge(self, answered: list[tuple[int, str]], drawn: Drawn) -> None:
        drawn.checked = check(self.home).ok
        journal = Journal.open(self.home, clock=SystemClock())
        try:
            presses: dict[str, int] = {}
            after = -1
            while entries := journal.read(after, 5000):
                for entry in entries:
                    if entry.type == "AlarmRaised.1":
                        side = journal.side(entry.seq, "device")
                        assert side is not None
                        presses[side["press"]] = presses.get(side["press"], 0) + 1
                after = entries[-1].seq
            for seq, press in answered:
                if seq > after or (press and press not in presses):
                    drawn.lost.append(seq)
            drawn.doubled = sum(1 for count in presses.values() if count > 1)
        finally:
            journal.close()


def wall_s() -> float:
    """Seconds for the harness's own bound on time."""
    return time.monotonic()
