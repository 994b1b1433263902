"""One draw: a real journal under several callers, a fault, and what is left when it is over.

A draw is a few lives of a process on one disk. In each, threads append, keep state and destroy
keys while the fault waits for its step; then the process dies or the power goes. At the end the
power has always gone once, and what is left is opened on a plain disk and held against every
acknowledgement that was given while there was power.
"""

import contextlib
import logging
import random
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import structlog
from fault_disk import Disk
from fault_under import under

from callout.base.clock import ManualClock
from callout.base.errors import CalloutError, FullError, UnavailableError
from callout.journal import Batch, Draft, Journal, Side, check, sqlite
from callout.journal.erased import ERASED, read_erased

#: What a caller may be told when it is not an acknowledgement.
HONEST = (FullError, UnavailableError)


@dataclass
class Drawn:
    """What one draw saw. Everything but ``acknowledged`` must stay empty."""

    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    dishonest: list[str] = field(default_factory=list)
    fired: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not (self.lost or self.unreadable or self.doubled or self.problems or self.dishonest)


@dataclass
class Promises:
    """What callers were told, and what they asked for without an answer."""

    entries: list[tuple[int, Batch]] = field(default_factory=list)
    state: list[tuple[str, bytes]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    asked_to_forget: list[str] = field(default_factory=list)
    unanswered: list[Batch] = field(default_factory=list)
    dishonest: list[str] = field(default_factory=list)


def batch(name: str, *, padding: int = 0, side_key: str = "") -> Batch:
    """A batch of two entries with side rows, told from every other by its name."""
    thread = name.split("/")[1].split("-", maxsplit=1)[0]
    side = (Side("text", {"said": f"help {name}"}, side_key or f"incident/{name[:6]}-{thread}"),)
    body = {"name": name, "padding": "x" * padding}
    drafts = (
        Draft(f"unit/{thread}", "A.1", body, side=side),
        Draft(f"incident/{thread}", "B.1", {"name": name, "of": "B"}),
    )
    return Batch(drafts, name)


class Life:
    """Callers at work on an open journal until there is no more to do or everything fails."""

    def __init__(self, name: str, seed: int, promises: Promises, tell: Callable[..., None]) -> None:
        self._name = name
        self._seed = seed
        self._promises = promises
        self._tell = tell

    def work(self, journal: Journal, again: list[Batch]) -> None:
        """Run the callers to their end."""
        threads = [
            threading.Thread(target=self._call, args=(journal, number, again[number::3]))
            for number in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _call(self, journal: Journal, thread: int, again: list[Batch]) -> None:
        rng = random.Random(self._seed * 7 + thread)
        given = self._promises
        try:
            for one in again:
                self._append(journal, one)
            for number in range(rng.randint(2, 6)):
                name = f"{self._name}/{thread}-{number}"
                what = rng.random()
                if what < 0.15:
                    self._try(name, lambda name=name: self._keep(journal, name))
                elif what < 0.3:
                    key = f"gone/{name}"
                    if self._append(journal, batch(name, side_key=key)):
                        given.asked_to_forget.append(key)
                        self._try(name, lambda key=key: self._forget(journal, key))
                elif what < 0.5:
                    burst = [batch(f"{name}.{n}") for n in range(rng.randint(2, 5))]
                    futures = [(one, journal.submit(one)) for one in burst]
                    for one, future in futures:
                        self._settle(one, future.result)
                else:
                    self._append(journal, batch(name, padding=rng.choice([0, 0, 700, 6000])))
        except Exception as error:  # noqa: BLE001 - the edge of a caller
            given.dishonest.append(f"{self._name}/{thread}: {error!r}")

    def _append(self, journal: Journal, one: Batch) -> bool:
        return self._settle(one, lambda: journal.append(one))

    def _settle(self, one: Batch, wait: Callable[[], Any]) -> bool:
        self._promises.unanswered.append(one)
        told = self._try(one.key, wait)
        if told is None:
            return False
        self._tell(self._promises.entries, (told.first_seq, one))
        self._promises.unanswered.remove(one)
        return True

    def _keep(self, journal: Journal, name: str) -> None:
        journal.state.put("kept", name, name.encode())
        self._tell(self._promises.state, (name, name.encode()))

    def _forget(self, journal: Journal, key: str) -> None:
        journal.forget(key)
        self._tell(self._promises.forgotten, key)

    def _try(self, name: str, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except HONEST:
            return None
        except Exception as error:  # noqa: BLE001 - told, and judged there
            self._promises.dishonest.append(f"{name}: {error!r}")
            return None


def _no_fault(_: Disk, __: random.Random) -> None:
    """But the power's."""


class Draws:
    """Any number of draws in one folder, each whole from its seed but for the threads."""

    def __init__(self, folder: Path, synchronous: str = "full") -> None:
        """``synchronous``: the pragma under test; anything but ``full`` must lose."""
        self._folder = folder
        self._synchronous = synchronous
        self._homes = [_home_of(folder / f"home-{size}", size) for size in (0, 1, 40, 140)]

    def power(self, seed: int) -> Drawn:
        """The power goes at a random step."""
        return self._draw(str(seed), _no_fault)

    def sync_fails(self, seed: int) -> Drawn:
        """A random sync, of SQLite or of the key file, answers EIO and drops what it had."""

        def fault(disk: Disk, rng: random.Random) -> None:
            disk.fail_sync_at = disk.syncs + rng.randint(1, rng.choice([15, 80]))

        return self._until_fired(seed, fault)

    def short_write(self, seed: int) -> Drawn:
        """A random write gets only a part down, and fails as broken or as full."""

        def fault(disk: Disk, rng: random.Random) -> None:
            disk.short_write_at = disk.writes + rng.randint(1, rng.choice([30, 200]))

        return self._until_fired(seed, fault)

    def _until_fired(self, seed: int, fault: Callable[[Disk, random.Random], None]) -> Drawn:
        """The first of this seed's draws in which the fault comes before the end of the load."""
        attempt = 0
        while not (drawn := self._draw(f"{seed}a{attempt}", fault)).fired and drawn.clean:
            attempt += 1
        return drawn

    def _draw(self, seed: str, fault: Callable[[Disk, random.Random], None]) -> Drawn:
        rng = random.Random(seed)
        drawn, given = Drawn(), Promises()
        files = dict(rng.choice(self._homes))
        kept = sqlite.SYNCHRONOUS, sqlite.WAL_PAGES
        sqlite.SYNCHRONOUS, sqlite.WAL_PAGES = self._synchronous, rng.choice([3, 8, 20, 60])
        try:
            for life in range(rng.choice([1, 1, 2, 3])):
                files = self._power_cycle(f"{seed}.{life}", rng, files, given, fault, drawn)
        finally:
            sqlite.SYNCHRONOUS, sqlite.WAL_PAGES = kept
        judge(self._fresh(files), given, drawn)
        return drawn

    def _power_cycle(
        self,
        name: str,
        rng: random.Random,
        files: dict[str, bytes],
        given: Promises,
        fault: Callable[[Disk, random.Random], None],
        drawn: Drawn,
    ) -> dict[str, bytes]:
        """From switching on to switching off; the process may die in between and start again."""
        root = self._fresh({})
        disk = Disk(root, rng)
        disk.load(files)
        with under(disk):
            # The second goes on over the page cache of the first.
            for process in range(rng.choice([1, 1, 2] if fault is _no_fault else [1, 2, 2])):
                disk.restart()
                # Half the cuts fall early: into creating, recovering and the first groups.
                disk.cut_at = disk.steps + rng.randint(1, rng.choice([30, 200]))
                fault(disk, rng)
                again, given.unanswered = given.unanswered, []
                life = Life(f"{name}.{process}", rng.randrange(2**40), given, disk.acknowledge)
                refused = self._live(root / "home", disk, life, again)
                if refused:
                    drawn.problems.append(f"{name}.{process} does not open: {refused}")
                given.unanswered += [b for b in again if b not in given.unanswered]
        wrong = disk.faithful()
        if wrong:
            drawn.problems.append(f"the harness does not know what stands in {wrong}")
        drawn.fired += disk.failed
        return disk.image()

    def _live(self, home: Path, disk: Disk, life: Life, again: list[Batch]) -> Exception | None:
        """One process; why it could not open the home, when no fault of its own is the reason."""
        before = len(disk.failed)
        try:
            # As die would: nothing is written any more, also not while closing.
            journal = Journal.open(
                home, clock=ManualClock(), on_fatal=lambda _: disk.switch_off(), tree=True
            )
        except (CalloutError, apsw.Error, OSError) as error:
            excused = disk.off or len(disk.failed) > before
            disk.switch_off()
            return None if excused else error
        try:
            life.work(journal, again)
        finally:
            disk.switch_off()
            with contextlib.suppress(apsw.Error, OSError):
                journal.close()
        return None

    def _fresh(self, files: dict[str, bytes]) -> Path:
        root = self._folder / "draw"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        for name, data in files.items():
            (root / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        return root


def judge(root: Path, given: Promises, drawn: Drawn) -> None:
    """Hold what is left against every promise, then see that it goes on."""
    drawn.acknowledged += len(given.entries) + len(given.state) + len(given.forgotten)
    drawn.dishonest += given.dishonest
    home = root / "home"
    promised = [one for _, one in given.entries]
    if not (home / "journal.db").exists() and promised:
        drawn.lost += [one.key for one in promised]
        return
    try:
        journal = Journal.open(home, clock=ManualClock())
    except CalloutError as error:
        drawn.lost += [one.key for one in promised]
        drawn.problems.append(f"does not open: {error}")
        return
    try:
        stored = {entry.seq: entry for entry in journal.replay()}
        for seq, one in given.entries:
            _judge_batch(journal, stored, seq, one, given, drawn)
        for name, value in given.state:
            if journal.state.get("kept", name) != value:
                drawn.lost.append(f"state {name}")
        noted = {name for name, _ in read_erased(home / ERASED)}
        drawn.lost += [f"{key} of erased.list" for key in given.forgotten if key not in noted]
        _judge_going_on(journal, stored, given, drawn)
    finally:
        journal.close()
    drawn.problems += [f"seq {p.seq}: {p.what}" for p in check(home).problems]


def _judge_batch(
    journal: Journal,
    stored: dict[int, Any],
    seq: int,
    one: Batch,
    given: Promises,
    drawn: Drawn,
) -> None:
    for number, draft in enumerate(one.entries):
        entry = stored.get(seq + number)
        body = {k: v for k, v in entry.body.items() if k != "side"} if entry else None
        if entry is None or (entry.stream, entry.type, body) != (
            draft.stream,
            draft.type,
            draft.body,
        ):
            drawn.lost.append(f"{one.key} of seq {seq}")
            return
        for side in draft.side:
            try:
                value = journal.side(seq + number, side.name)
            except CalloutError as error:
                value = {"error": str(error)}
            if side.key in given.forgotten:
                if value is not None:
                    drawn.problems.append(f"{side.key} was destroyed and is back")
            elif value != side.value and side.key not in given.asked_to_forget:
                drawn.unreadable.append(f"{one.key} of seq {seq + number}: {value}")


def _judge_going_on(
    journal: Journal, stored: dict[int, Any], given: Promises, drawn: Drawn
) -> None:
    """Whoever was not answered asks again; nothing is then there twice, and seq has no gaps."""
    for one in given.unanswered:
        journal.append(one)
    receipt = journal.append(batch("after/0-0"))
    if sorted(stored) != list(range(len(stored))) or receipt.last_seq != journal.head():
        drawn.problems.append("seq has gaps")
    names = [entry.body["name"] for entry in journal.replay() if entry.type == "A.1" and entry.body]
    drawn.doubled += [name for name in set(names) if names.count(name) > 1]
    missing = {one.key for one in given.unanswered} - set(names)
    drawn.problems += [f"{name} was answered and is not there" for name in missing]


def quiet(stack: contextlib.ExitStack) -> None:
    """Let the log be silent: thousands of failing disks have little to say."""
    stack.callback(structlog.reset_defaults)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _home_of(folder: Path, size: int) -> dict[str, bytes]:
    """The files of a home with that many batches; none for 0, which is then made in the draw."""
    if size == 0:
        return {}
    home = folder / "home"
    journal = Journal.open(home, clock=ManualClock())
    for number in range(size):
        journal.append(batch(f"past/{number % 3}-{number}"))
    journal.close()
    paths = [path for path in home.rglob("*") if path.is_file() and path.name != "lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
