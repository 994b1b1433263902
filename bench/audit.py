"""How long a whole audit takes, and how soon an entry stands under a signed checkpoint.

``python bench/audit.py``. Settings by environment: ENTRIES (1,000,000), ROUNDS (3), APPENDS (of the
checkpoints, 20,000), BENCH_DIR (where the files are written).

The audit is ``check`` as ``callout check`` runs it, over the days of a room that bench/journal.py
makes, side rows included. Beside it, in turns: reading every row and hashing it, which is the least
that anybody must do who trusts nothing but hashes; SQLite's own integrity_check; and ``check`` in
one process. A checkpoint's time is from the call of ``append`` until the entry's caller holds a
note whose signature and size it has verified, with eight callers at once.
"""

import gc
import hashlib
import json
import os
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import apsw

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from callout.base.clock import SystemClock
from callout.journal import Journal, check
from callout.journal.note import parse_checkpoint
from journal import folder, some_batches, state_the_machine, write_days

ROUNDS = int(os.environ.get("ROUNDS", "3"))
APPENDS = int(os.environ.get("APPENDS", "20000"))
CALLERS = 8


def timed(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu_s() -> float:
    """Of this process and of the helpers that have ended."""
    spent = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in spent)


def audit(home: Path, helpers: int | None) -> None:
    report = check(home, helpers=helpers)
    assert report.ok, report.problems[:3]


def read_and_hash(home: Path) -> None:
    database = apsw.Connection(str(home / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    sha256 = hashlib.sha256
    for table in ("event", "side"):
        for row in database.execute(f"SELECT * FROM {table}"):
            sha256(repr(row).encode()).digest()
    database.close()


def integrity(home: Path) -> None:
    database = apsw.Connection(str(home / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    assert database.execute("PRAGMA integrity_check").get == "ok"
    database.close()


def audits(figures: dict[str, float]) -> None:
    with folder() as home:
        span = timed(lambda: figures.update(audit_entries=write_days(home)))
        print(f"\n{figures['audit_entries']} entries written in {span:.0f} s")
        found: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for name, work in {
                "audit": lambda: audit(home, None),
                "alone": lambda: audit(home, 0),
                "hash": lambda: read_and_hash(home),
                "integrity": lambda: integrity(home),
            }.items():
                before = cpu_s()
                found.setdefault(name, []).append(timed(work))
                found.setdefault(f"{name} CPU", []).append(cpu_s() - before)
    middle = {name: statistics.median(spans) for name, spans in found.items()}
    to_hash = middle["audit"] / middle["hash"]
    to_sqlite = middle["audit"] / middle["integrity"]
    print(f"check / reading and hashing every row: {to_hash:.2f}")
    print(f"check / SQLite's integrity_check: {to_sqlite:.2f}")
    print(f"check / check in one process: {middle['audit'] / middle['alone']:.2f}")
    print(", ".join(f"{name} {span:.2f} s" for name, span in middle.items()), "(goal: 10 s)")
    figures["audit_hash_ratio"] = round(to_hash, 2)
    figures["audit_integrity_ratio"] = round(to_sqlite, 2)
    figures["audit_s"] = round(middle["audit"], 2)
    figures["audit_cpu_s"] = round(middle["audit CPU"], 2)
    figures["audit_alone_s"] = round(middle["alone"], 2)


def checkpoints(figures: dict[str, float]) -> None:
    shares = [some_batches(APPENDS // CALLERS) for _ in range(CALLERS)]
    plain: list[float] = []
    signed: list[float] = []
    with folder() as path:
        journal = Journal.open(path, clock=SystemClock())
        verifier = journal.verifier()

        def caller(share: list[object]) -> None:
            for batch in share:
                start = time.perf_counter()
                receipt = journal.append(batch)
                durable = time.perf_counter()
                note = parse_checkpoint(verifier.open(journal.checkpoint()))
                signed.append(time.perf_counter() - start)
                plain.append(durable - start)
                assert note.size > receipt.last_seq

        threads = [threading.Thread(target=caller, args=(share,)) for share in shares]
        gc.collect()
        gc.freeze()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        journal.close()
    assert len(signed) == CALLERS * (APPENDS // CALLERS)
    p50, p99 = (statistics.quantiles(signed, n=100)[at] * 1e3 for at in (49, 98))
    append_p99 = statistics.quantiles(plain, n=100)[98] * 1e3
    print(f"\nappend and verified checkpoint / append alone, p99: {p99 / append_p99:.2f}")
    print(f"{CALLERS} callers: p50 {p50:.2f} ms, p99 {p99:.2f} ms (goal: 50 ms)")
    figures["checkpoint_p50_ms"] = round(p50, 2)
    figures["checkpoint_p99_ms"] = round(p99, 2)


def main() -> None:
    state_the_machine()
    figures: dict[str, float] = {}
    checkpoints(figures)
    audits(figures)
    print(json.dumps({"name": "audit", "figures": figures}))


if __name__ == "__main__":
    main()
