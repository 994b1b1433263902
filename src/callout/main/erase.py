"""``callout erase``: personal detail of an incident or an alarm, by hand or by rule, for good."""

import re
import sys
from contextlib import closing

import click

from callout.access import SYSTEM
from callout.base.clock import Clock, SystemClock
from callout.base.errors import BadInputError, CalloutError, HomeInUseError, NotFoundError
from callout.base.settings import home_folder
from callout.incidents import IncidentBoard
from callout.incidents.commands import run_stream
from callout.incidents.erasure import (
    REASONS,
    Found,
    ask_erasure,
    due_by_rule,
    find_alarm,
    find_incident,
    finish_erasure,
)
from callout.journal import Journal
from callout.main.opening import folded, open_journal

_DAY_US = 24 * 3600 * 1_000_000
_RUN = re.compile(r"(.+-(\d{4}))[-/](\d+)")


@click.command()
@click.argument("what", required=False)
@click.option("--by", default="", help="Who decided it; needed by hand.")
@click.option("--reason", type=click.Choice(REASONS), default="request", show_default=True)
@click.option("--older-than", metavar="DAYS", type=click.IntRange(1), help="By rule instead.")
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and erase nothing.")
@click.option("--home", help="The room's folder; else CALLOUT_HOME.")
def erase(
    what: str | None,
    by: str,
    reason: str,
    older_than: int | None,
    home: str | None,
    *,
    dry_run: bool,
) -> None:
    """Erase what was said and where it was of WHAT: a run number, an incident or an alarm.

    Times, type, units and the square kilometre stay, and so does every proof. A running room
    erases by itself (CALLOUT_KEEP_DAYS) or by POST /api/incidents/ID/erase.
    """
    if (what is None) == (older_than is None):
        raise BadInputError("name one incident or alarm, or give --older-than DAYS", where="erase")
    if what and not by.strip():
        raise BadInputError("nobody is named", where="--by", todo="Say who decided it")
    clock = SystemClock()
    try:
        journal = open_journal(home_folder(home), clock)
    except HomeInUseError as error:
        raise HomeInUseError(
            error.what, where=error.where, todo="Erase from the room, or stop it first"
        ) from None
    with closing(journal):
        if not dry_run:
            _finish_open(journal)
        found = [_named(journal, what)] if what else _older(journal, clock, older_than or 0)
        left = [one for one in found if not one.done]
        for one in left:
            click.echo(f"{one.stream}: {len(one.keys)} keys")
            if not dry_run:
                _erase(journal, one, "retention" if older_than else reason, by)
    click.echo(f"{len(left)} {'would be ' if dry_run else ''}erased")
    if left and not dry_run:
        click.echo(
            "Copies of keys/side.keys made before this can still open it: make new ones, and "
            "destroy the old",
            err=True,
        )
    sys.exit(0)


def _erase(journal: Journal, found: Found, reason: str, by: str) -> None:
    asked = ask_erasure(journal, SYSTEM, found, reason, by=by.strip())
    if asked is not None:
        asked.result()
        finish_erasure(journal, found.stream, found.keys).result()


def _finish_open(journal: Journal) -> None:
    """What a crash left between asked and done."""
    board = folded(IncidentBoard(), journal)
    for stream, keys in list(board.erasing.items()):
        finish_erasure(journal, stream, keys).result()


def _older(journal: Journal, clock: Clock, days: int) -> list[Found]:
    before_us = clock.now_us() - days * _DAY_US
    due = (found for _, found in due_by_rule(journal, -1, before_us) if found is not None)
    return list({found.stream: found for found in due}.values())


def _named(journal: Journal, what: str) -> Found:
    run = _RUN.fullmatch(what)
    if run is not None:
        number = int(run[3])
        taken = next(journal.stream(run_stream(int(run[2])), number - 1), None)
        incident = taken.body["incident"] if taken and taken.version == number else ""
        opened = next(journal.stream(f"incident/{incident}"), None)
        if opened is None or opened.body["run"] != run[1]:
            raise NotFoundError(f"there is no run number {what}", where="erase")
        return find_incident(journal, incident)
    kind, _, name = what.rpartition("/")
    if kind == "alarm":
        return find_alarm(journal, name)
    try:
        return find_incident(journal, name)
    except NotFoundError as error:
        try:
            return find_alarm(journal, name)
        except CalloutError:
            raise error from None
