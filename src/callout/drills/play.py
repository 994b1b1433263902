"""A town at work, in a process of its own that speaks only the room's public interface.

Crews follow the live feed and drive along the city's roads, people call and press buttons, and a
colleague does what the user has left for a while. Nothing here knows more than a real program
could: positions and statuses go in by HTTP, orders come by WebSocket.
"""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import click

from callout.base.clock import SystemClock
from callout.base.errors import CalloutError
from callout.drills.api import Api
from callout.drills.life import Town
from callout.places import open_city


async def play(
    base_url: str,
    token: str,
    city_dir: Path,
    seed: int,
    units: int,
    speed: float,
    stop: asyncio.Event,
    *,
    hands_off: bool = False,
) -> None:
    """Play a town until ``stop`` is set: the room's first ``units`` units, ``speed`` times life.

    ``token`` needs the scope room. With ``hands_off`` nobody but the user answers and sends.
    """
    city = open_city(city_dir)
    with contextlib.closing(city):
        clock = SystemClock()
        city.roads.warm()
        async with Api(base_url, token) as api:
            town = Town(api, city, clock, seed=seed, units=units, speed=speed)
            await town.run(stop, hands_off=hands_off)


async def _until_told(stop: asyncio.Event, parent: int) -> None:
    """Set ``stop`` on SIGINT and SIGTERM, and when the process that started this one is gone."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    while not stop.is_set():
        await SystemClock().wait_s(1.0)
        if parent and os.getppid() != parent:
            stop.set()


@click.command()
@click.option("--url", required=True, help="The room's address, e.g. http://127.0.0.1:8711")
@click.option("--city", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--seed", default=7, show_default=True)
@click.option("--units", default=40, show_default=True)
@click.option("--speed", default=1.0, show_default=True)
@click.option("--hands-off", is_flag=True, help="No colleague: nothing happens by itself.")
@click.option("--parent", default=0, help="End when this is no longer the parent process.")
@click.option("--token", envvar="CALLOUT_DRILL_TOKEN", required=True, help="Better by environment.")
def main(
    url: str,
    city: Path,
    token: str,
    seed: int,
    units: int,
    speed: float,
    parent: int,
    *,
    hands_off: bool,
) -> None:
    """Play a town at work in a room that runs."""

    async def run() -> None:
        stop = asyncio.Event()
        watch = asyncio.ensure_future(_until_told(stop, parent))
        try:
            await play(url, token, city, seed, units, speed, stop, hands_off=hands_off)
        finally:
            watch.cancel()

    try:
        asyncio.run(run())
    except CalloutError as error:
        click.echo(f"callout: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
