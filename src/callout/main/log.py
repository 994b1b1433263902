"""``callout log``, ``prove`` and ``verify``: what an outsider needs, and what they do with it."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from callout.base.clock import SystemClock, iso_utc
from callout.base.errors import BadInputError, CalloutError
from callout.base.settings import home_folder, setting
from callout.journal import Journal
from callout.journal.export import export, verify_export
from callout.journal.format import leaf_columns
from callout.journal.note import Verifier
from callout.journal.tlog import verify_proof
from callout.main.bars import counted

home_option = click.option("--home", help="The room's folder; else CALLOUT_HOME.")
key_option = click.option(
    "--key", required=True, help="The log's verifier key, name+id+key, or a file that holds it."
)


@click.group()
def log() -> None:
    """The journal as a transparency log that anybody can verify."""


@log.command("key")
@home_option
def log_key(home: str | None) -> None:
    """Show the verifier key: give it to whoever is to check, and keep it apart."""
    with _reading(home) as journal:
        click.echo(journal.verifier().encoded())


@log.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@home_option
def log_export(folder: Path, home: str | None) -> None:
    """Write the log as static files (C2SP tlog-tiles) into FOLDER; only what is new there."""
    with _reading(home) as journal, counted("Exporting", "file") as progress:
        found = journal.log()
        count = export(found, journal.verifier(), folder, progress)
    click.echo(f"{found.size} entries in {folder}, {count} files written")


@log.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
@key_option
def log_verify(folder: Path, key: str) -> None:
    """Hash every entry of an exported FOLDER up to the signed root. Needs no room."""
    with _or_exit_1(), counted("Verifying", "file") as progress:
        checkpoint = verify_export(folder, _key(key), progress)
    click.echo(f"{checkpoint.size} entries of {checkpoint.origin} are the ones that were signed")
    click.echo(f"root {checkpoint.root.hex()}")


@click.command()
@click.argument("seq", type=click.IntRange(0))
@home_option
def prove(seq: int, home: str | None) -> None:
    """Write the proof (C2SP tlog-proof) that entry SEQ is in the journal to standard output."""
    with _reading(home) as journal:
        sys.stdout.buffer.write(journal.log().prove(seq))


@click.command()
@click.argument("proof", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@key_option
def verify(proof: Path, key: str) -> None:
    """Verify a proof and show the entry that it proves. Needs no room and no network."""
    with _or_exit_1():
        proved = verify_proof(proof.read_bytes(), _key(key))
        entry = leaf_columns(proved.leaf)
        if entry["seq"] != proved.seq:
            raise BadInputError(
                f"the entry says it is {entry['seq']}, its place is {proved.seq}",
                where=str(proof),
                todo="Whoever holds the log's key has signed something odd: keep this file",
            )
    click.echo(f"entry {proved.seq} of {proved.checkpoint.origin}, which had "
               f"{proved.checkpoint.size} entries")  # fmt: skip
    click.echo(f"{entry['type']} on {entry['stream']}, version {entry['version']}")
    click.echo(f"recorded {iso_utc(entry['recorded_us'])} by {entry['actor']}")
    if entry["claimed_us"] is not None:
        click.echo(f"claimed for {iso_utc(entry['claimed_us'])}")
    click.echo(_shown(proved.leaf))
    click.echo("the proof holds")


def _shown(leaf: bytes) -> str:
    """The leaf as text; what a terminal might obey instead of showing is escaped, as JSON may."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in leaf.decode())


@contextmanager
def _reading(home: str | None) -> Iterator[Journal]:
    """The journal, also while a server runs."""
    folder = home_folder(home)
    database = setting("CALLOUT_DATABASE")
    journal = Journal.open(folder, clock=SystemClock(), writable=False, database=database)
    with closing(journal):
        yield journal


@contextmanager
def _or_exit_1() -> Iterator[None]:
    """What does not verify is exit code 1: the question was understood, the answer is no."""
    try:
        yield
    except CalloutError as error:
        click.echo(f"callout: {error}", err=True)
        sys.exit(1)


def _key(text: str) -> Verifier:
    path = Path(text)
    if "+" not in text and path.is_file():
        text = path.read_text(errors="replace")
    return Verifier.parse(text)
