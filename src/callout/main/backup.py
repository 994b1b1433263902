"""``callout backup`` and ``callout restore``."""

import shutil
from contextlib import closing
from pathlib import Path

import click
import msgspec

from callout import __version__
from callout.base.clock import SystemClock
from callout.base.errors import (
    BadInputError,
    CalloutError,
    DamagedError,
    HomeInUseError,
    UnavailableError,
)
from callout.base.facts import decode
from callout.base.settings import home_folder, setting
from callout.incidents.events import ErasureAsked, ErasureDone
from callout.journal import Entry, Journal, check
from callout.journal.backup import leave_backup, make_backup, read_manifest, restore_files
from callout.journal.keychest import pack
from callout.journal.keys import sync_folder
from callout.main.bars import counted
from callout.main.opening import open_journal, witness_file
from callout.units.events import CrewNamesErased

passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Seals or opens the key file; its first line is the passphrase.",
)


@click.command()
@click.argument("dest", type=click.Path(path_type=Path, file_okay=False))
@click.option("--keys", type=click.Path(path_type=Path), help="Copy the keys into this file too.")
@click.option("--no-check", is_flag=True, help="Do not check the copy.")
@passphrase_option
@click.option("--home", help="The room's folder; else CALLOUT_HOME.")
def backup(
    dest: Path, keys: Path | None, passphrase_file: Path | None, home: str | None, *, no_check: bool
) -> None:
    """Copy the room into a new folder in DEST, also while it runs.

    Without its keys a backup opens nothing: keep the file of --keys apart from it, and make a new
    one after erasing.
    """
    if setting("CALLOUT_DATABASE"):
        raise UnavailableError(
            "callout backup copies journals in files",
            where="CALLOUT_DATABASE",
            todo="A journal in PostgreSQL is backed up by PostgreSQL, with keys/ and erased.list",
        )
    folder = home_folder(home)
    if keys is not None:
        _check_apart(keys, dest, folder)
    clock = SystemClock()

    def prove(copy: Path) -> None:
        report = check(copy, keys=folder / "keys")
        if not report.ok:
            raise DamagedError(
                f"the copy does not check, so it was not kept: {report.problems[0].what}",
                where=str(dest),
                todo="Run callout check on the room itself",
            )

    with counted("Copying", "page") as progress:
        made = make_backup(
            folder, dest, clock=clock, version=__version__, city=_city(folder), progress=progress,
            prove=(lambda _: None) if no_check else prove,
        )  # fmt: skip
    # After the journal: every key that its side rows need is in the file by now.
    if keys is not None:
        pack(folder / "keys", keys, _passphrase(passphrase_file))
    manifest = read_manifest(made)
    click.echo(f"{made}: {manifest.size} entries, root {manifest.root[:16]}…")
    click.echo(f"keys: {keys}" if keys else "without keys: it opens nothing without keys/")
    leave_backup(folder, made, keys=keys is not None, clock=clock)
    try:
        # Whoever has the home enters it; when nobody has, opening does.
        open_journal(folder, clock).close()
    except HomeInUseError:
        click.echo("the room is running, and enters it in its journal")
    except CalloutError as error:
        click.echo(f"the backup is good, and will be entered later: {error}", err=True)


@click.command()
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--keys",
    required=True,
    type=click.Path(path_type=Path),
    help="The key file, or a keys/ that is left.",
)
@click.option("--by", required=True, help="Who puts it back.")
@click.option("--reason", required=True, help="Why.")
@click.option(
    "--erased",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An erased.list newer than the backup, e.g. of the broken home.",
)
@passphrase_option
@click.option("--home", help="A new folder; else CALLOUT_HOME.")
def restore(
    source: Path,
    keys: Path,
    by: str,
    reason: str,
    erased: tuple[Path, ...],
    passphrase_file: Path | None,
    home: str | None,
) -> None:
    """Make a room from BACKUP and its key file; what was erased since is erased again."""
    folder = home_folder(home)
    if not by.strip() or not reason.strip():
        raise BadInputError("a name and a reason are needed", where="--by, --reason")
    if folder.exists() and any(folder.iterdir()):
        raise BadInputError("is not empty", where=str(folder), todo="Name a new folder")
    aside = folder.with_name(folder.name + ".restoring")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700, parents=True)
    try:
        done = restore_files(source, aside, keys, erased, _passphrase(passphrase_file), _asked)
        report = check(aside)
        if not report.ok:
            raise DamagedError(
                f"the backup does not check: {report.problems[0].what}",
                where=str(source),
                todo="Use another backup",
            )
        journal = Journal.open(aside, clock=SystemClock(), witness=witness_file(), doubted=True)
        with closing(journal):
            journal.resume(name=by, reason=reason, kind="restored", lost_keys=done.lost_keys)
        if folder.exists():
            folder.rmdir()
        aside.rename(folder)
        sync_folder(folder.absolute().parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    click.echo(f"{folder}: {done.size} entries, {done.erased_again} keys destroyed again")
    if done.lost_keys:
        click.echo(f"{done.lost_keys} keys are newer than the key file: what they sealed is lost")
    if not done.newest_list:
        click.echo(
            "No list of erasures newer than the backup was found: if anything was erased since, "
            "erase it again",
            err=True,
        )
    click.echo("Import the city (callout city import), then serve")


def _asked(entry: Entry) -> tuple[str, ...]:
    if entry.type == ErasureAsked.TYPE:
        return decode(ErasureAsked, entry.body).keys
    if entry.type == CrewNamesErased.TYPE:
        return decode(CrewNamesErased, entry.body).keys
    return (entry.stream,) if entry.type == ErasureDone.TYPE else ()


def _check_apart(keys: Path, *folders: Path) -> None:
    for folder in folders:
        if keys.resolve().is_relative_to(folder.resolve()):
            raise BadInputError(
                "keys beside what they open protect nothing",
                where=f"--keys {keys}",
                todo="Name a file on another disk",
            )


def _city(folder: Path) -> str:
    try:
        found = msgspec.json.decode((folder / "city" / "meta.json").read_bytes())
        return str(found["name"])
    except (OSError, msgspec.DecodeError, KeyError):
        return ""


def _passphrase(path: Path | None) -> bytes | None:
    if path is None:
        return None
    line = path.read_bytes().partition(b"\n")[0].strip()
    if not line:
        raise BadInputError("the passphrase is empty", where=str(path), todo="Write one line")
    return line
