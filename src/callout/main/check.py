"""``callout check``: says in one line each what is not as it was written, and what to do."""

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import click
from tqdm import tqdm

import callout
from callout.base.clock import SystemClock
from callout.base.errors import UnavailableError
from callout.base.facts import Fact
from callout.base.settings import home_folder, setting
from callout.journal import Problem
from callout.journal import check as prove
from callout.main.opening import remembered, witness_line


@click.command()
@click.option(
    "--since",
    "kept",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A checkpoint kept elsewhere: the journal must have grown from it. May be given again.",
)
@click.option("--home", help="The room's folder; else CALLOUT_HOME.")
def check(kept: tuple[Path, ...], home: str | None) -> None:
    """Prove journal, tree and side rows against each other; also while a server runs."""
    if setting("CALLOUT_DATABASE"):
        raise UnavailableError(
            "callout check reads journals in files only so far",
            where="CALLOUT_DATABASE",
            todo="Unset it to check a home whose journal is in journal.db",
        )
    folder = home_folder(home)
    since = [path.read_bytes() for path in kept]
    with tqdm(desc="Checking", unit=" entries", leave=False, delay=1, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = prove(folder, since=since, progress=progress)
    # A damaged journal is compared with what is remembered once it has been restored.
    problems = report.problems or remembered(folder)
    for problem in problems:
        click.echo(_line(problem), err=True)
    for warning in [*report.warnings, *_unknown(report.types)]:
        click.echo(f"warning: {_line(warning)}", err=True)
    click.echo(f"{report.entries} entries, root {report.root}")
    if line := witness_line(folder, SystemClock()):
        click.echo(line)
    if problems:
        click.echo(f"callout: {len(problems)} problems", err=True)
        sys.exit(1)
    click.echo("the journal checks")


def unknown_types(types: Iterable[str]) -> set[str]:
    """Those of the entry types that no room of this callout has."""
    left = set(types)
    folders = [path.parent for path in Path(callout.__path__[0]).glob("*/events.py")]
    # places last, and only when it is asked for: with it comes the whole map, a second of CPU.
    for folder in sorted(folders, key=lambda path: (path.name == "places", path.name)):
        if left:
            import_module(f"callout.{folder.name}.events")
            left -= set(_types_of(Fact))
    return left


def _types_of(fact: type[Fact]) -> Iterator[str]:
    yield fact.TYPE
    for kind in fact.__subclasses__():
        yield from _types_of(kind)


def _line(problem: Problem) -> str:
    """One line, whatever a damaged file has put into it."""
    where = f"seq {problem.seq}: " if problem.seq >= 0 else ""
    text = f"{where}{problem.what}. {problem.todo}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _unknown(types: dict[str, int]) -> list[Problem]:
    """No fault: an older callout leaves what it does not know as it is."""
    return [
        Problem(types[kind], f"{kind} is an entry type that this callout does not know", _NEWER)
        for kind in sorted(unknown_types(types), key=types.__getitem__)
    ]


_NEWER = "Written by a newer callout? Use that one, or the boards lack these entries"
