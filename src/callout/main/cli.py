"""The command line. One clear line and exit code 2 for every error we know.

Commands import what they need when they are called: a check must not wait for the map.
"""
# ruff: noqa: PLC0415

import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from callout import __version__
from callout.access import SYSTEM, Credentials, Invitations
from callout.access.commands import record_admin
from callout.base.clock import SystemClock
from callout.base.errors import BadInputError, CalloutError, FullError
from callout.base.ids import new_id
from callout.base.settings import home_folder, setting, setting_int
from callout.main.logs import start_logs
from callout.main.opening import open_journal

_ENOSPC = 28
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
home_option = click.option("--home", help="The room's folder; else CALLOUT_HOME.")


# Commands that live in files of their own, loaded only when they are asked for.
_ELSEWHERE = {
    "areas": "callout.main.areas",
    "backup": "callout.main.backup",
    "check": "callout.main.check",
    "demo": "callout.main.demo",
    "erase": "callout.main.erase",
    "log": "callout.main.log",
    "prove": "callout.main.log",
    "restore": "callout.main.backup",
    "resume": "callout.main.resume",
    "staff": "callout.main.staff",
    "token": "callout.main.token",
    "verify": "callout.main.log",
}


class _Group(click.Group):
    """Turns our errors into one line and exit code 2; finds the commands of other files."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _ELSEWHERE:
            found: click.Command = getattr(import_module(_ELSEWHERE[cmd_name]), cmd_name)
            return found
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CalloutError as error:
            click.echo(f"callout: {error}", err=True)
        except OSError as error:
            if error.errno != _ENOSPC:
                raise
            full = FullError("the disk is full", where=str(error.filename or ""), todo="Make room")
            click.echo(f"callout: {full}", err=True)
        sys.exit(2)


@click.group(cls=_Group)
@click.version_option(__version__)
def cli() -> None:
    """An open emergency control room."""
    start_logs()


class _City(click.Group):
    """Finds ``city find`` in a file of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "find"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "find":
            found: click.Command = import_module("callout.main.find").find
            return found
        return super().get_command(ctx, cmd_name)


@cli.group(cls=_City)
def city() -> None:
    """The city the room works in."""


@city.command("make")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--seed", default=7, show_default=True, help="The same seed is the same town.")
@click.option("--small", is_flag=True, help="A town of some 3,700 junctions, for quick tests.")
def city_make(out: Path, seed: int, *, small: bool) -> None:
    """Make a town that is nowhere and write it to OUT.osm.pbf; import it like any city."""
    from callout.drills import make_town

    made = make_town(out, seed, "small" if small else "full")
    click.echo(
        f"{out}: {made['junctions']} street junctions, {made['buildings']} buildings, "
        f"{made['streets']} street names"
    )


@city.command("import")
@click.argument("pbf", type=click.Path(path_type=Path), nargs=-1, required=True)
@home_option
def city_import(pbf: tuple[Path, ...], home: str | None) -> None:
    """Import an OpenStreetMap extract (FILE.osm.pbf), or several that overlap as one city."""
    from callout.main.home import city_folder
    from callout.main.progress import import_with_bars

    folder = home_folder(home)
    with closing(open_journal(folder, SystemClock())):
        report = import_with_bars(pbf[0], city_folder(folder), pbf[1:])
    counts = report["counts"]
    click.echo(
        f"{report['name']}: {counts['junctions']} junctions, {counts['road_km']:.0f} km of road, "
        f"{counts['tiles']} map tiles, {counts['places']} names"
    )
    for what, count in {**counts.get("skipped", {}), **report.get("skipped", {})}.items():
        if count:
            click.echo(f"left out: {count} {what.replace('_', ' ')}")
    for what in ("restrictions_unused", "restrictions_contradictory"):
        if counts.get(what):
            click.echo(f"without effect: {counts[what]} {what.replace('_', ' ')}")
    for what, count in counts.get("mended", {}).items():
        if count:
            click.echo(f"put right: {count} {what.replace('_', ' ')}")
    click.echo(report["attribution"])


@city.command("map")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--at", default="", help="LON,LAT or an address; else the city's middle.")
@click.option("--km", type=float, default=2.0, show_default=True, help="How wide the map is.")
@click.option("--paper", type=click.Choice(["A4", "A3", "Letter"]), default="A4")
@click.option("--landscape", is_flag=True, help="The paper lies on its side.")
@home_option
def city_map(
    out: Path, at: str, km: float, paper: str, home: str | None, *, landscape: bool
) -> None:
    """Write a map to print (OUT.svg): scale, north, grid; good in black and white."""
    from callout.main.city_map import print_map
    from callout.main.home import city_folder

    folder = city_folder(home_folder(home))
    title = print_map(folder, out, SystemClock(), at=at, km=km, paper=paper, landscape=landscape)
    click.echo(f"{out}: {title}")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--template", is_flag=True, help="Write example files into FOLDER instead.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@home_option
def setup(folder: Path, home: str | None, *, template: bool, dry_run: bool) -> None:
    """Read agencies, stations, units, staff and incident types from FOLDER's CSV files."""
    from callout.main import setup as csv_setup

    if template:
        for path in csv_setup.write_templates(folder):
            click.echo(f"wrote {path}")
        return
    with closing(open_journal(home_folder(home), SystemClock())) as journal:
        planned = csv_setup.plan(journal, folder)
        for problem in planned.problems:
            click.echo(str(problem), err=True)
        if planned.problems:
            raise BadInputError(
                f"{len(planned.problems)} lines cannot be used; nothing was done",
                where=str(folder),
                todo="Mend them and run again",
            )
        for kind in sorted({*planned.new, *planned.changed}):
            new, changed = planned.new.get(kind, 0), planned.changed.get(kind, 0)
            click.echo(f"{kind}: {new} new, {changed} changed")
        click.echo(f"{planned.same} as they were")
        if dry_run:
            click.echo("dry run: nothing was done")
            return
        count = csv_setup.apply(journal, SYSTEM, planned)
        click.echo(f"{count} entries written")


@cli.group()
def admin() -> None:
    """Administrators' accounts, made at the machine itself."""


@admin.command("create")
@click.option("--name", prompt=True, help="The name to sign in with.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@home_option
def admin_create(name: str, password: str, home: str | None) -> None:
    """Make an administrator's account: it sets up the room and its staff; serve needs one."""
    clock = SystemClock()
    with closing(open_journal(home_folder(home), clock)) as journal:
        person = new_id()
        Credentials(journal.state, clock).set_password(name, password, person=person)
        record_admin(journal, person, name).result()
    click.echo(f"{name} can now sign in")


@cli.command()
@click.option("--port", type=int, help="Else CALLOUT_PORT, else 8711.")
@click.option("--host", help="Else CALLOUT_HOST, else 127.0.0.1.")
@click.option("--tls-cert", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--tls-key", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@home_option
def serve(
    home: str | None,
    port: int | None,
    host: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
) -> None:
    """Run the room. Away from this machine it speaks TLS only."""
    from callout.main.home import open_home
    from callout.main.server import listen, run

    host = host or setting("CALLOUT_HOST")
    port = setting_int("CALLOUT_PORT", 1, 65535) if port is None else port
    if (tls_cert is None) != (tls_key is None):
        raise BadInputError("a certificate needs its key", where="--tls-cert, --tls-key")
    if tls_cert is None and host not in _LOOPBACK:
        raise BadInputError(
            "without TLS only this machine may connect",
            where=f"--host {host}",
            todo="Give --tls-cert and --tls-key, or use 127.0.0.1",
        )
    tls = (tls_cert, tls_key) if tls_cert and tls_key else None
    with closing(listen(host, port)) as bound:
        opened = open_home(home_folder(home), SystemClock())
        invited = Invitations(opened.journal.state, SystemClock()).waiting("staff")
        if not (invited or opened.credentials.has_accounts()):
            opened.journal.close()
            raise BadInputError(
                "nobody could sign in",
                where="serve",
                todo="Run callout admin create first, or callout staff invite PERSON",
            )
        url = f"{'https' if tls else 'http'}://{host}:{bound.getsockname()[1]}/"
        run(
            opened,
            bound,
            drill=False,
            escalate_s=setting_int("CALLOUT_ESCALATE_S", 1, 3600),
            keep_days=setting_int("CALLOUT_KEEP_DAYS", 0, 36500),
            further_names=setting("CALLOUT_NAMES"),
            tls=tls,
            ready=lambda: click.echo(f"The room is open at {url}"),
        )


def main() -> None:
    """The entry point."""
    cli.main(prog_name="callout")


if __name__ == "__main__":
    main()
