"""``callout areas``: agencies' areas, beats, first-due areas and key sites from GeoJSON."""

import sys
from contextlib import closing
from pathlib import Path

import click

from callout.access import SYSTEM
from callout.base.clock import SystemClock
from callout.base.errors import BadInputError
from callout.base.settings import home_folder
from callout.journal import Journal
from callout.main.opening import folded, open_journal
from callout.places import PlacesBoard
from callout.places.commands import draw_areas
from callout.places.geojson import read_geojson, write_geojson
from callout.places.zones import KINDS, shape_of

home_option = click.option("--home", help="The room's folder; else CALLOUT_HOME.")


@click.group()
def areas() -> None:
    """Areas: of agencies, beats, first due, key sites."""


@areas.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--kind", type=click.Choice(KINDS), help="For features that do not say.")
@click.option("--agency", default="", help="For features that do not say.")
@click.option("--replace", is_flag=True, help="Drop areas of these kinds that FILE does not have.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@home_option
def import_areas(
    file: Path, kind: str | None, agency: str, home: str | None, *, replace: bool, dry_run: bool
) -> None:
    """Draw the areas of a GeoJSON file; the same file twice changes nothing."""
    read = read_geojson(file.read_bytes(), kind=kind or "", agency=agency)
    for line in read.said:
        click.echo(line, err=True)
    for line in read.problems:
        click.echo(f"{file}: {line}", err=True)
    if read.problems:
        raise BadInputError(
            f"{len(read.problems)} features cannot be used; nothing was done",
            where=str(file),
            todo="Mend them and run again",
        )
    with closing(open_journal(home_folder(home), SystemClock())) as journal:
        board = folded(PlacesBoard(), journal)
        # Compared as shapes: the fact holds nothing else that the board forgets.
        changed = [
            one
            for one in read.areas
            if (known := board.areas.get(one.id)) is None
            or (known.kind, known.name, known.agency, known.of, known.text)
            != (one.fact.kind, one.fact.name, one.fact.agency, one.fact.of, one.fact.text)
            or known.shape != shape_of(one.fact.polygons, one.fact.point)
        ]
        kinds, kept = {one.fact.kind for one in read.areas}, {one.id for one in read.areas}
        gone = [a.id for a in board.areas.values() if a.kind in kinds and a.id not in kept]
        dropped = gone if replace else []
        new = sum(one.id not in board.areas for one in changed)
        click.echo(
            f"{new} new, {len(changed) - new} changed, {len(dropped)} dropped, "
            f"{len(read.areas) - len(changed)} as they were"
        )
        if gone and not replace:
            click.echo(f"{len(gone)} are not in the file and stay; --replace drops them")
        if dry_run:
            click.echo("dry run: nothing was done")
        elif (submitted := draw_areas(journal, SYSTEM, board, changed, dropped)) is not None:
            submitted.result()


@areas.command("export")
@click.option("--kind", type=click.Choice(KINDS), help="Only areas of this kind.")
@home_option
def export_areas(kind: str | None, home: str | None) -> None:
    """Write all areas to standard output as GeoJSON."""
    with closing(Journal.open(home_folder(home), clock=SystemClock(), writable=False)) as journal:
        found = [a for a in folded(PlacesBoard(), journal).areas.values() if kind in {None, a.kind}]
    sys.stdout.buffer.write(write_geojson(sorted(found, key=lambda area: area.id)) + b"\n")
