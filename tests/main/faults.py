"""Draw faults for some minutes and add what was seen to bench/faults.md.

    python tests/main/faults.py --minutes 10 [--goals]

Each kind's draws are numbered by their seed; a second run goes on where the last one ended.
"""

import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
import pytest

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(TESTS), str(TESTS / "journal" / "losing")]

from fault_draws import Drawn, Draws, quiet
from fault_full import full_draw, small_disk
from killing import Room, wall_s

from running import made_city, made_home

TABLE = TESTS.parent / "bench" / "faults.md"
HEAD = """# Faults drawn so far

`make faults MINUTES=n` draws on and sums here. Lost, unreadable, doubled and check failed must be
0, but in the row that shows that the harness finds losses: `synchronous=NORMAL` must lose.
What is drawn and how: docs/operations.md, "What was tried".

| fault | draws | acknowledged | lost | unreadable | doubled | check failed | last run |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
NORMAL = "power loss, synchronous=NORMAL"


class Kind(NamedTuple):
    """A row: how many draws of it a round has, and how many there shall be in all."""

    name: str
    a_round: int
    goal: int


KINDS = (
    Kind("power loss", 50, 10_000),
    Kind("fsync error", 5, 1_000),
    Kind("short write", 5, 1_000),
    Kind("full disk", 1, 200),
    Kind("kill -9 of serve", 2, 400),
    Kind(NORMAL, 1, 200),
)


class Sum:
    """A row of the table."""

    def __init__(self, name: str, cells: list[int], last: str) -> None:
        self.name = name
        self.draws, self.acknowledged, self.lost, self.unreadable, self.doubled, self.failed = cells
        self.last = last

    def add(self, drawn: Drawn) -> None:
        """One more draw."""
        self.draws += 1
        self.acknowledged += drawn.acknowledged
        self.lost += len(drawn.lost)
        self.unreadable += len(drawn.unreadable)
        self.doubled += len(drawn.doubled)
        self.failed += bool(drawn.problems or drawn.dishonest)
        self.last = datetime.now(UTC).date().isoformat()

    @property
    def bad(self) -> bool:
        """Whether this row says that callout is not as it should be."""
        if self.name == NORMAL:
            return self.draws >= 20 and not self.lost
        return bool(self.lost or self.unreadable or self.doubled or self.failed)

    def line(self) -> str:
        """As it stands in the table."""
        counts = (self.draws, self.acknowledged, self.lost, self.unreadable)
        cells = (self.name, *counts, self.doubled, self.failed, self.last)
        return f"| {' | '.join(map(str, cells))} |\n"


def before(kind: Kind) -> Sum:
    """The sum of earlier runs."""
    text = TABLE.read_text() if TABLE.is_file() else ""
    row = re.search(rf"^\| {re.escape(kind.name)} \|(.*)\|([^|]*)\|$", text, re.MULTILINE)
    if row is None:
        return Sum(kind.name, [0] * 6, "")
    return Sum(kind.name, [int(cell) for cell in row[1].split("|")], row[2].strip())


def killing(folder: Path) -> Iterator[Drawn]:
    """Draws of kill -9, for ever; a fresh home every fifty. Starts with the seed it is sent."""
    city = made_city(folder)
    seed = yield Drawn()
    while True:
        home = folder / f"home-{seed}"
        made_home(home, city, units=4)
        room = Room(home, city)
        for _ in range(50):
            seen = room.draw(seed)
            drawn = Drawn(seen.acknowledged, lost=[str(seq) for seq in seen.lost])
            drawn.doubled = ["?"] * seen.doubled
            drawn.problems = [] if seen.checked else ["callout check"]
            seed = yield drawn


def draws(stack: ExitStack) -> dict[str, Callable[[int], Drawn]]:
    """How each kind is drawn; the full disk only where one can be mounted."""
    # What only plays a disk needs none.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    played = Path(stack.enter_context(tempfile.TemporaryDirectory("-faults", dir=memory)))
    real = Path(stack.enter_context(tempfile.TemporaryDirectory("-faults")))
    full, normal = Draws(played / "full"), Draws(played / "normal", "normal")
    kills = killing(real)
    next(kills)
    found = {
        "power loss": full.power,
        "fsync error": full.sync_fails,
        "short write": full.short_write,
        "kill -9 of serve": kills.send,
        NORMAL: normal.power,
    }
    try:
        disk = stack.enter_context(small_disk(real / "small", 12))
        found["full disk"] = lambda seed: full_draw(disk, seed)
    except pytest.skip.Exception as why:
        click.echo(str(why))
    return found


@click.command()
@click.option("--minutes", type=float, default=10, show_default=True)
@click.option("--goals", is_flag=True, help="Leave out kinds that have enough, end when all have.")
def main(minutes: float, goals: bool) -> None:
    """Draw every kind in turn."""
    # Also when it is told to end: nothing stays mounted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    end_s = wall_s() + minutes * 60
    sums = {kind: before(kind) for kind in KINDS}
    with ExitStack() as stack:
        quiet(stack)
        drawing = draws(stack)
        while wall_s() < end_s:
            left = [k for k in KINDS if k.name in drawing]
            left = [k for k in left if not goals or sums[k].draws < k.goal]
            if not left:
                break
            for kind in left:
                for _ in range(kind.a_round):
                    seed = sums[kind].draws
                    drawn = drawing[kind.name](seed)
                    sums[kind].add(drawn)
                    if not drawn.clean and kind.name != NORMAL:
                        click.echo(f"{kind.name}, seed {seed}: {drawn}")
            TABLE.write_text(HEAD + "".join(sums[kind].line() for kind in KINDS))
            click.echo(", ".join(f"{sums[k].draws} {k.name}" for k in left))
    sys.exit(1 if any(row.bad for row in sums.values()) else 0)


if __name__ == "__main__":
    main()
