"""callout demo: a room of make-believe on a real road network, from nothing, in one command.

The home is temporary. The city, the set-up and the tokens are made by the same code as a real
room's; the town at work is a program of its own that speaks only the public interface.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from callout.access import SYSTEM, Credentials
from callout.base.clock import SystemClock
from callout.base.errors import BadInputError, UnavailableError
from callout.base.settings import setting_int
from callout.drills import draw_beats, make_town, run_check, write_cast
from callout.journal import Journal, check
from callout.main import setup
from callout.main.home import city_folder, open_home
from callout.main.opening import folded, open_journal
from callout.main.progress import import_with_bars
from callout.main.server import listen, run
from callout.places import PlacesBoard, open_city
from callout.places.commands import draw_areas
from callout.units import UnitBoard

_CHECK_UNITS = 1000
_CHECK_BUTTONS = 200
_PLAYER = ("room", "positions", "crew", "alarms")


class Prepared(NamedTuple):
    """A drill's home, ready to be opened."""

    home: Path
    program: str
    buttons: dict[str, str]
    note: str


def prepare(home: Path, city: Path | None, *, seed: int, units: int, buttons: int = 0) -> Prepared:
    """Make city, room and tokens in an empty home."""
    home.mkdir(parents=True, exist_ok=True)
    if city is None:
        city = home / "Arnemouth.osm.pbf"  # the city is named after its file
        click.echo("Making a town", err=True)
        made = make_town(city, seed)
        click.echo(f"  {made['junctions']} junctions, {made['buildings']} buildings", err=True)
    click.echo(f"Importing {city.name}", err=True)
    import_with_bars(city, city_folder(home))
    with contextlib.closing(open_city(city_folder(home))) as opened:
        note = write_cast(opened, home / "csv", units=units, seed=seed)
    click.echo(f"Setting up {units} units: {note}", err=True)
    clock = SystemClock()
    # A drill is never written into the room's own database.
    with contextlib.closing(open_journal(home, clock, database="")) as journal:
        planned = setup.plan(journal, home / "csv")
        setup.apply(journal, SYSTEM, planned)
        _draw_areas(journal, home)
        credentials = Credentials(journal.state, clock)
        program = credentials.create_token("drill", _PLAYER)
        names = [f"button-{number:03d}" for number in range(buttons)]
        tokens = {name: credentials.create_token(name, ("alarms",)) for name in names}
    return Prepared(home, program, tokens, note)


def _draw_areas(journal: Journal, home: Path) -> None:
    units = folded(UnitBoard(), journal)
    with contextlib.closing(open_city(city_folder(home))) as city:
        drawn = draw_beats(city, units.stations)
    submitted = draw_areas(journal, SYSTEM, PlacesBoard(), drawn)
    if submitted is not None:
        submitted.result()


@click.command()
@click.option("--city", type=click.Path(path_type=Path), help="An .osm.pbf; else a made town.")
@click.option("--seed", default=7, show_default=True, help="The same seed is the same drill.")
@click.option("--units", type=click.IntRange(1, 20000), help="Else 60; with --check 1000.")
@click.option("--speed", type=click.FloatRange(0.1, 60), default=1.0, show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), help="Else CALLOUT_PORT, else 8711.")
@click.option("--hands-off", is_flag=True, help="No colleague: only you answer and send.")
@click.option("--check", "checks", is_flag=True, help="No screen: prove it in about 20 s.")
@click.option(
    "--home", type=click.Path(path_type=Path), help="Keep the room here; else it is temporary."
)
def demo(
    city: Path | None,
    seed: int,
    units: int | None,
    speed: float,
    port: int | None,
    home: Path | None,
    *,
    hands_off: bool,
    checks: bool,
) -> None:
    """A town at work, in your browser: practise, nothing leaves this machine."""
    with _folder(home) as folder:
        if checks:
            prepared = prepare(
                folder, city, seed=seed, units=units or _CHECK_UNITS, buttons=_CHECK_BUTTONS
            )
            sys.exit(0 if _check(prepared, seed) else 1)
        port = setting_int("CALLOUT_PORT", 1, 65535) if port is None else port
        with contextlib.closing(listen("127.0.0.1", port)) as bound:
            prepared = prepare(folder, city, seed=seed, units=units or 60)
            _play(prepared, bound, seed=seed, units=units or 60, speed=speed, hands_off=hands_off)


@contextlib.contextmanager
def _folder(home: Path | None) -> Iterator[Path]:
    if home is None:
        with tempfile.TemporaryDirectory(prefix="callout-") as name:
            yield Path(name)
        return
    if home.exists() and any(home.iterdir()):
        raise BadInputError("is not empty", where=str(home), todo="Name a new folder")
    yield home


def _play(
    prepared: Prepared,
    bound: socket.socket,
    *,
    seed: int,
    units: int,
    speed: float,
    hands_off: bool,
) -> None:
    """Serve the drill here, with the town in a child process, until Ctrl-C."""
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    players: list[subprocess.Popen[bytes]] = []

    def ready() -> None:
        command = [sys.executable, "-m", "callout.drills.play", "--url", url]
        command += ["--city", str(city_folder(prepared.home)), "--seed", str(seed)]
        command += ["--units", str(units), "--speed", str(speed), "--parent", str(os.getpid())]
        command += ["--hands-off"] if hands_off else []
        environment = {**os.environ, "CALLOUT_DRILL_TOKEN": prepared.program}
        players.append(subprocess.Popen(command, env=environment))  # noqa: S603 - our own module
        click.echo(f"\nThe drill is open: {url}/   (Ctrl-C ends it; nothing is kept)")

    click.echo("Opening the room", err=True)
    about: dict[str, object] = {"speed": speed, "seed": seed, "note": prepared.note}
    try:
        run(
            open_home(prepared.home, SystemClock(), database=""),
            bound,
            drill=True,
            escalate_s=setting_int("CALLOUT_ESCALATE_S", 1, 3600),
            about=about,
            ready=ready,
        )
    finally:
        for player in players:
            _stop(player)


def _check(prepared: Prepared, seed: int) -> bool:
    """Serve in a child, check from here, then prove the journal of the stopped room."""
    command = [sys.executable, "-m", "callout.main.drill_room", str(prepared.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            assert server.stdout is not None
            line = server.stdout.readline().split()
            if len(line) != 2 or line[0] != "ready":
                raise UnavailableError("the drill's server did not start", where="check")

            def journal_check() -> bool:
                _stop(server)
                return check(prepared.home).ok

            figures = run_check(
                f"http://127.0.0.1:{line[1]}",
                prepared.buttons,
                prepared.program,
                city_folder(prepared.home),
                seed,
                journal_check,
            )
        finally:
            _stop(server)
    return bool(figures["passed"])


def _stop(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    """End a child, kindly for 10 s; may be called twice."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
    if process.poll() is None:
        process.kill()
        process.wait()
