"""``callout check``: says in one line each what is not as it was written, and what to do."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

import click
from tqdm import tqdm

import callout
from callout.base.errors import UnavailableError
from callout.base.facts import Fact
from callout.base.settings import home_folder, setting
from callout.journal import Problem
from callout.journal import check as prove
from callout.main.opening import remembered


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
    if problems:
        click.echo(f"callout: {len(problems)} problems", err=True)
        sys.exit(1)
    click.echo("the journal checks")


def known_types() -> set[str]:
    """Every entry type that a room of this callout writes or reads."""
    for room in iter_modules(callout.__path__):
        if room.ispkg and find_spec(f"callout.{room.name}.events") is not None:
            import_module(f"callout.{room.name}.events")
    found, types = [Fact], set()
    while found:
        fact = found.pop()
        types.add(fact.TYPE)
        found += fact.__subclasses__()
    return types


def _line(problem: Problem) -> str:
    """One line, whatever a damaged file has put into it."""
    where = f"seq {problem.seq}: " if problem.seq >= 0 else ""
    text = f"{where}{problem.what}. {problem.todo}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _unknown(types: dict[str, int]) -> list[Problem]:
    """No fault: an older callout leaves what it does not know as it is."""
    known = known_types()
    return [
        Problem(seq, f"{kind} is an entry type that this callout does not know", _NEWER)
        for kind, seq in types.items()
        if kind not in known
    ]


_NEWER = "Written by a newer callout? Use that one, or the boards lack these entries"
