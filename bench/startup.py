"""How long a start takes with a snapshot of the boards, and without.

``python bench/startup.py``. Settings by environment: ENTRIES (1,000,000), ROUNDS (5), BENCH_DIR
(where the files are written), UNITS (400) and DAY (incidents of the busy day, 5,000).

A start is a process of its own, timed from the first touch of the home until the boards hold the
last entry: everything ``callout serve`` does with a home but its city and roads. That is the
journal's open (lock, keys and the scan of the key file, SQLite and its WAL, the checkpoint's
signature, the tree's edge), ``state.db``, the code's hash, the snapshot, the rest folded. The
files are dropped from the page cache before each start, as after a boot; ``warm`` is without
that. Python's own start and imports are left out on both sides, and are printed.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

ROUNDS = int(os.environ.get("ROUNDS", "5"))
UNITS = int(os.environ.get("UNITS", "400"))
DAY = int(os.environ.get("DAY", "5000"))


def start(home: Path) -> tuple[Any, float]:
    """A picture as ``serve`` has it when it begins to listen, and the seconds that took."""
    from callout.access import Credentials
    from callout.base.clock import SystemClock
    from callout.dispatch import Picture
    from callout.main.opening import open_journal
    from callout.units import Positions
    from callout.web.keeper import Keeper

    began = time.perf_counter()
    clock = SystemClock()
    journal = open_journal(home, clock)
    picture = Picture(journal, clock, Positions(), None, None)  # type: ignore[arg-type]
    Credentials(journal.state, clock).has_accounts()
    keeper = Keeper(picture)
    keeper.load()
    picture.fold()
    took = time.perf_counter() - began
    assert picture.seq == journal.head()
    return (picture, keeper), took


def drop_from_cache(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def child(home: Path) -> None:
    _, took = start(home)
    print(took)
    sys.stdout.flush()
    os._exit(0)  # as after a kill: a stop is not what is measured


def a_start(home: Path, *, cold: bool) -> tuple[float, float]:
    """Seconds of the start proper, and of the whole process."""
    if cold:
        drop_from_cache(home)
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--start", str(home)], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1]), time.perf_counter() - began


def put_away(home: Path, back: int) -> int:
    """A snapshot as it lies there when the room was killed ``back`` entries after it."""
    import asyncio

    (picture, keeper), _ = start(home)
    earlier = type(picture)(picture.journal, picture.clock, picture.positions, None, None)
    for entry in picture.journal.replay(-1, picture.seq - back):
        earlier.apply(entry)
    keeper._picture = earlier
    asyncio.run(keeper._save())
    picture.journal.close()
    return int(keeper._file.path.stat().st_size)


def starts(home: Path, figures: dict[str, float]) -> None:
    kept = home / "snapshot" / "boards"
    size = put_away(home, 20_000)
    data = kept.read_bytes()
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, there, cold in (
            ("with", True, True),
            ("without", False, True),
            ("warm_with", True, False),
            ("warm_without", False, False),
        ):
            if there:
                kept.write_bytes(data)
            else:
                kept.unlink(missing_ok=True)
            took, whole = a_start(home, cold=cold)
            found.setdefault(name, []).append(took)
            found.setdefault("imports", []).append(whole - took)
    middle = {name: statistics.median(values) for name, values in found.items()}
    ratios = [a / b for a, b in zip(found["without"], found["with"], strict=True)]
    figures["start_ratio"] = round(statistics.median(ratios), 1)
    figures["start_with_snapshot_s"] = round(middle["with"], 3)
    figures["start_without_s"] = round(middle["without"], 3)
    figures["start_with_snapshot_warm_s"] = round(middle["warm_with"], 3)
    figures["start_without_warm_s"] = round(middle["warm_without"], 3)
    figures["start_worst_with_snapshot_s"] = round(max(found["with"]), 3)
    print(f"without a snapshot / with one: {figures['start_ratio']}")
    print(
        f"with one of 20,000 entries ago ({size / 1e6:.1f} MB): {middle['with']:.3f} s "
        f"(goal at most 3; worst {max(found['with']):.3f}, warm {middle['warm_with']:.3f})"
    )
    print(f"without: {middle['without']:.3f} s (warm {middle['warm_without']:.3f})")
    print(f"interpreter and imports, not counted above: {middle['imports']:.2f} s")


def pause(figures: dict[str, float]) -> None:
    """How long the loop stands still for a snapshot of a busy day's boards."""
    from callout.access import AccessBoard
    from callout.dispatch import TimesBoard
    from callout.incidents import IncidentBoard
    from callout.journal import Entry
    from callout.units import UnitBoard
    from journal import a_day

    boards: list[Any] = [AccessBoard(), UnitBoard(), IncidentBoard(), TimesBoard()]
    seq, versions, now_us, step_us = 0, dict[str, int](), 0, 86_400_000_000 // (DAY * 16)
    for batch in a_day(UNITS):
        now_us += step_us
        for draft in batch.entries:
            versions[draft.stream] = versions.get(draft.stream, 0) + 1
            entry = Entry(
                seq, draft.stream, versions[draft.stream], f"{seq}", draft.type, now_us,
                draft.claimed_us, batch.actor, batch.agency, json.loads(json.dumps(draft.body)),
            )  # fmt: skip
            seq += 1
            for board in boards:
                board.apply(entry)
        if now_us > 86_400_000_000 * 1.2:
            break
    gc.collect()
    spans = []
    for _ in range(50):
        began = time.perf_counter()
        size = sum(len(board.snapshot()) for board in boards)
        spans.append(time.perf_counter() - began)
    figures["snapshot_pause_ms"] = round(statistics.median(spans) * 1000, 2)
    figures["snapshot_pause_worst_ms"] = round(max(spans) * 1000, 2)
    print(
        f"\nboards of {len(boards[1].units)} units and {len(boards[2].incidents)} incidents "
        f"({size / 1e6:.1f} MB): encoded in {figures['snapshot_pause_ms']} ms, "
        f"worst of 50 {figures['snapshot_pause_worst_ms']} ms (goal at most 20)"
    )


def main() -> None:
    from journal import folder, state_the_machine, write_days

    state_the_machine()
    figures: dict[str, float] = {}
    with folder() as home:
        began = time.perf_counter()
        figures["entries"] = write_days(home)
        keys = (home / "keys" / "side.keys").stat().st_size // 64
        print(
            f"{figures['entries']} entries, {keys} keys, "
            f"{(home / 'journal.db').stat().st_size / 1e6:.0f} MB, "
            f"written in {time.perf_counter() - began:.0f} s"
        )
        starts(home, figures)
    pause(figures)
    print(json.dumps({"name": "startup", "figures": figures}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--start"]:
        child(Path(sys.argv[2]))
    else:
        main()
