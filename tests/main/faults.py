"""Draw faults for some minutes and add what was seen to bench/faults.md.

    python tests/main/faults.py --minutes 10 [--draws 200]

Draws are numbered; a second run goes on where the last one ended.
"""

import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from killing import Room, wall_s

from running import made_city, made_home

TABLE = Path(__file__).parents[2] / "bench" / "faults.md"
HEAD = """# Faults drawn so far

`make faults MINUTES=n` draws on and sums here. Lost and unreadable must be 0.

| fault | draws | acknowledged | lost | doubled | check failed | last run |
| --- | --- | --- | --- | --- | --- | --- |
"""


def before() -> tuple[int, ...]:
    """Sums of earlier runs: draws, acknowledged, lost, doubled, check failed."""
    if not TABLE.is_file():
        return (0,) * 5
    row = re.search(r"^\| kill -9 of serve \|(.*)\|[^|]*\|$", TABLE.read_text(), re.MULTILINE)
    return tuple(int(cell) for cell in row[1].split("|")) if row else (0,) * 5


@click.command()
@click.option("--minutes", type=float, default=10, show_default=True)
@click.option("--draws", type=int, help="Stop after that many draws in all.")
def main(minutes: float, draws: int | None) -> None:
    """Kill a server under load again and again."""
    done, acknowledged, lost, doubled, failed = before()
    end_s = wall_s() + minutes * 60
    with tempfile.TemporaryDirectory(prefix="callout-faults-") as name:
        folder = Path(name)
        city = made_city(folder)
        room = None
        while wall_s() < end_s and (draws is None or done < draws):
            if room is None or done % 50 == 0:
                home = folder / f"home-{done}"
                made_home(home, city, units=4)
                room = Room(home, city)
            drawn = room.draw(done)
            done += 1
            acknowledged += drawn.acknowledged
            lost += len(drawn.lost)
            doubled += drawn.doubled
            failed += not drawn.checked
            click.echo(f"draw {done}: {drawn.acknowledged} acknowledged, {len(drawn.lost)} lost")
            today = datetime.now(UTC).date().isoformat()
            cells = ("kill -9 of serve", done, acknowledged, lost, doubled, failed, today)
            TABLE.write_text(f"{HEAD}| {' | '.join(map(str, cells))} |\n")
    sys.exit(1 if lost or doubled or failed else 0)


if __name__ == "__main__":
    main()
