"""kill -9 while appending: what was acknowledged is there, and all of it checks."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from callout.base.clock import ManualClock
from callout.journal import Journal, check

CHILD = """
import sys, threading
from pathlib import Path
from callout.base.clock import SystemClock
from callout.journal import Batch, Draft, Journal, Side
journal = Journal.open(Path(sys.argv[1]), clock=SystemClock())
lock = threading.Lock()
def work(thread):
    number = 0
    while True:
        number += 1
        side = (Side("text", {"n": number}, f"incident/{thread}-{number // 9}"),)
        units = [f"unit/{thread}-{i}" for i in range(3)]
        drafts = tuple(Draft(unit, "A.1", {"n": number}, side=side) for unit in units)
        key = f"{sys.argv[2]} {thread} {number}"
        receipt = journal.append(Batch(drafts, key))
        with lock:
            sys.stdout.write(f"{receipt.first_seq} {key}\\n")
            sys.stdout.flush()
for thread in range(8):
    threading.Thread(target=work, args=(thread,), daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.crash
def test_killed_while_appending(tmp_path: Path) -> None:
    home = tmp_path / "home"
    acknowledged: dict[int, str] = {}
    for draw in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(home), str(draw)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        # A different number of acknowledgements each time, then the kill, in whatever it does.
        for _ in range(40 + 37 * draw):
            seq, key = child.stdout.readline().rstrip("\n").split(" ", 1)
            acknowledged[int(seq)] = key
        os.kill(child.pid, signal.SIGKILL)
        for line in child.stdout.read().splitlines(keepends=True):
            if line.endswith("\n"):
                seq, key = line.rstrip("\n").split(" ", 1)
                acknowledged[int(seq)] = key
        child.wait()
        child.stdout.close()
        report = check(home)
        assert report.problems == []
        journal = Journal.open(home, clock=ManualClock())
        stored = {entry.seq: entry.key for entry in journal.replay()}
        assert {seq: stored[seq] for seq in acknowledged} == acknowledged
        assert len(stored) % 3 == 0
        for number in acknowledged:
            assert journal.side(number, "text") is not None
        journal.close()


FAILING = """
import sys
from pathlib import Path
import apsw
from callout.base.clock import SystemClock
from callout.journal import Batch, Draft, Journal
journal = Journal.open(Path(sys.argv[1]), clock=SystemClock())
def fail():
    raise apsw.IOError("fsync")
journal._driver.commit = fail
journal.append(Batch((Draft("s", "A.1", {}),), "k"))
print("acknowledged")
"""


@pytest.mark.crash
def test_a_failed_fsync_ends_the_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING, str(tmp_path / "home")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70
    assert "acknowledged" not in done.stdout
    assert "journal.fatal" in done.stdout + done.stderr
