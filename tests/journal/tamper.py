"""Draw tampering and add what was seen to bench/tamper.md.

    python tests/journal/tamper.py --draws 1000

Draws are numbered; a second run goes on where the last one ended.
"""

import re
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent))

from tampered import JUDGEMENTS, content, make
from tampering import one_draw

TABLE = Path(__file__).parents[2] / "bench" / "tamper.md"
HEAD = """# Tampering drawn so far

`make tamper DRAWS=n` draws on and sums here. Undetected must be 0. *Detected*: `callout check`
says so without help, as a fault or (key records alone) as a warning. *Put back*: an earlier state,
valid once; *forked*: written by somebody who has the home's keys, or another home altogether; both
are found only with a checkpoint that was kept elsewhere (`--since`), and were. *Without effect*:
every row, the schema and every key read exactly as before (free space, unused bytes of a page,
records never used). How: `tests/journal/tampered.py`.

"""
ALL = "**all**"


def before() -> dict[str, Counter[str]]:
    """Sums of earlier runs, by way."""
    sums: dict[str, Counter[str]] = {}
    if TABLE.is_file():
        for line in re.findall(r"^\| (\w+) \|((?: *\d+ \|)+)", TABLE.read_text(), re.MULTILINE):
            counts = [int(cell) for cell in line[1].strip("|").split("|")]
            sums[line[0]] = Counter(dict(zip(("draws", *JUDGEMENTS), counts, strict=True)))
    return sums


def write(sums: dict[str, Counter[str]]) -> None:
    columns = ("draws", *JUDGEMENTS)
    total: Counter[str] = Counter()
    lines = [f"| way | {' | '.join(columns)} |", "| --- " * (len(columns) + 1) + "|"]
    for way in sorted(sums):
        total += sums[way]
        lines.append(f"| {way} | {' | '.join(str(sums[way][name]) for name in columns)} |")
    lines.append(f"| {ALL} | {' | '.join(str(total[name]) for name in columns)} |")
    today = datetime.now(UTC).date().isoformat()
    TABLE.write_text(HEAD + "\n".join(lines) + f"\n\nLast run: {today}.\n")


@click.command()
@click.option("--draws", default=1000, show_default=True)
def main(draws: int) -> None:
    """Tamper with copies of a home again and again."""
    sums = before()
    start = sum(of["draws"] for of in sums.values())
    undetected = 0
    with tempfile.TemporaryDirectory(prefix="callout-tamper-") as name:
        folder = Path(name)
        homes = make(folder)
        contents = {home: content(home) for home in (homes.closed, homes.copied)}
        for seed in tqdm(range(start, start + draws), unit="draw", disable=None):
            try:
                way, done, judgement = one_draw(homes, folder, seed, contents)
            except Exception as error:  # noqa: BLE001 - a traceback is a fault too, and is counted
                way, done, judgement = "traceback", repr(error), "undetected"
            sums.setdefault(way, Counter()).update(("draws", judgement))
            if judgement == "undetected":
                undetected += 1
                click.echo(f"draw {seed}: {way} ({done}) went undetected")
    write(sums)
    click.echo(f"{draws} draws, {undetected} undetected; sums in {TABLE.name}")
    sys.exit(1 if undetected else 0)


if __name__ == "__main__":
    main()
