"""How long a backup holds the writer up: ``python bench/backup.py [entries] [rounds]``.

A journal of that many entries; one caller appends and waits, again and again. Half of the time,
in turns, ``callout backup`` runs beside it in a process of its own. Ratios of the same run first:
the caller's waits with a backup beside it, over those without.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from callout.base.clock import SystemClock
from callout.journal import Batch, Draft, Journal, Side
from callout.journal.backup import make_backup

_GROUP = 400
_GAP_S = 0.002


def batch(key: str, count: int) -> Batch:
    text = "the caller says that there is smoke on the second floor " * 3
    drafts = tuple(
        Draft(
            f"incident/{key}-{number}",
            "NoteAdded.1",
            {"words": text},
            (Side("text", {"text": text}, f"incident/{key}"),),
        )
        for number in range(count)
    )
    return Batch(drafts, key)


def waits(journal: Journal, name: str, going_on: "subprocess.Popen[bytes] | float") -> list[float]:
    """Milliseconds of each append, until the process has ended or the moment has come."""
    found: list[float] = []
    while (
        going_on.poll() is None
        if isinstance(going_on, subprocess.Popen)
        else time.perf_counter() < going_on
    ):
        begun = time.perf_counter()
        journal.append(batch(f"{name}-{len(found)}", 1))
        found.append((time.perf_counter() - begun) * 1000)
        time.sleep(_GAP_S)
    return found


def command(home: Path, dest: Path, *more: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "callout.main.cli",
        "backup",
        str(dest),
        "--home",
        str(home),
        *more,
    ]


def part(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main(entries: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "home"
        with contextlib.closing(Journal.open(home, clock=SystemClock())) as journal:
            for number in range(-(-entries // _GROUP)):
                journal.append(batch(f"fill-{number}", _GROUP))
            quiet: list[float] = []
            beside: dict[str, list[float]] = {"copy": [], "copy+check": []}
            took: dict[str, list[float]] = {kind: [] for kind in beside}
            for turn in range(rounds):
                for kind, more in (("copy", ["--no-check"]), ("copy+check", [])):
                    begun = time.perf_counter()
                    quiet += waits(journal, f"quiet-{turn}-{kind}", begun + 4)
                    begun = time.perf_counter()
                    process = subprocess.Popen(
                        command(home, folder / "dest", *more),
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    )
                    beside[kind] += waits(journal, f"beside-{turn}-{kind}", process)
                    assert process.returncode == 0
                    took[kind].append(time.perf_counter() - begun)
            begun = time.perf_counter()
            make_backup(home, folder / "last", clock=SystemClock(), version="bench")
            alone = time.perf_counter() - begun
        megabytes = (home / "journal.db").stat().st_size / 1e6
        for kind, found in beside.items():
            print(
                f"{kind}: longest_ratio {max(found) / max(quiet):.2f}, "
                f"p99_ratio {part(found, 0.99) / part(quiet, 0.99):.2f}, "
                f"p50_ratio {part(found, 0.5) / part(quiet, 0.5):.2f}; "
                f"longest {max(found):.1f} ms, p99 {part(found, 0.99):.1f} ms, "
                f"{len(found)} appends, "
                f"a backup takes {sum(took[kind]) / len(took[kind]):.1f} s"
            )
        print(f"without: longest {max(quiet):.1f} ms, p99 {part(quiet, 0.99):.1f} ms, {len(quiet)}")
        print(f"{entries} entries, {megabytes:.0f} MB; the copy alone, in process, {alone:.2f} s")


if __name__ == "__main__":
    main(*(int(word) for word in (sys.argv[1:] + ["100000", "3"][len(sys.argv) - 1 :])))
