"""``callout resume``: a named person's word for a journal that is not the one we remember."""

from contextlib import closing

import click

from callout.base.clock import SystemClock
from callout.base.errors import BadInputError
from callout.base.settings import home_folder
from callout.main.opening import open_journal


@click.command()
@click.option("--by", required=True, help="Who says so.")
@click.option("--reason", required=True, help="Why the journal is not the remembered one.")
@click.option("--home", help="The room's folder; else CALLOUT_HOME.")
def resume(by: str, reason: str, home: str | None) -> None:
    """Let a rolled-back, forked or unknown journal go on; who and why is entered in it."""
    if not by.strip() or not reason.strip():
        raise BadInputError("a name and a reason are needed", where="--by, --reason")
    with closing(open_journal(home_folder(home), SystemClock(), doubted=True)) as journal:
        for doubt in journal.doubts():
            click.echo(f"{doubt.where}: {doubt.words()}")
        receipt = journal.resume(name=by.strip(), reason=reason.strip())
    click.echo(f"entry {receipt.first_seq} says that {by.strip()} lets it go on")
