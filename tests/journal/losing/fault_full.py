"""A real disk that runs full: a small tmpfs, filled by callers and by a stranger's file."""

import contextlib
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_draws import HONEST, Drawn, Promises, batch, judge

from callout.base.clock import ManualClock
from callout.journal import Journal

MIB = 1024 * 1024
_BALLAST_LEFT = 128 * 1024


@contextlib.contextmanager
def small_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """A tmpfs of that size; skips when this is not root on Linux. Always unmounted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("skipped: mounting a small disk needs root on Linux")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """A stranger's file that leaves that many bytes free."""
    found = os.statvfs(disk)
    path = disk / "ballast"
    with path.open("ab") as file:
        size = file.tell() + found.f_bavail * found.f_frsize - leave
        os.posix_fallocate(file.fileno(), 0, max(size, 1))
    return path


def full_draw(disk: Path, seed: int) -> Drawn:
    """Callers write until the disk is full and are refused; room is made, and they go on."""
    rng = random.Random(seed)
    drawn, given = Drawn(), Promises()
    home = disk / f"draw-{seed}"
    home.mkdir()
    reserve = rng.choice([0, 256 * 1024, MIB])
    journal = Journal.open(home / "home", clock=ManualClock(), reserve_bytes=reserve)
    refused = threading.Event()
    lock = threading.Lock()

    def call(thread: int) -> None:
        number = 0
        while not refused.is_set() and number < 400:
            number += 1
            one = batch(f"{seed}/{thread}-{number}", padding=random.Random(number).randint(0, 9000))
            try:
                told = journal.append(one)
                journal.state.put("kept", one.key, one.key.encode() * 20)
            except HONEST:
                refused.set()
                with lock:
                    given.unanswered.append(one)
                return
            with lock:
                given.entries.append((told.first_seq, one))
                given.state.append((one.key, one.key.encode() * 20))

    ballast = fill(disk, reserve + rng.randint(_BALLAST_LEFT, MIB))
    threads = [threading.Thread(target=call, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused.is_set():
        drawn.fired.append("full")
    if rng.random() < 0.5:
        # Half the time room is made while it runs, else while it stands.
        ballast.unlink()
        _go_on(journal, given, drawn)
    journal.close()
    ballast.unlink(missing_ok=True)
    judge(home, given, drawn)
    subprocess.run(["rm", "-r", str(home)], check=True)
    return drawn


def _go_on(journal: Journal, given: Promises, drawn: Drawn) -> None:
    try:
        for one in given.unanswered:
            given.entries.append((journal.append(one).first_seq, one))
    except HONEST as error:
        drawn.problems.append(f"does not recover when there is room again: {error}")
    given.unanswered.clear()
