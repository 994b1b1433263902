"""Proof without a screen: alarms under load are neither lost nor doubled, and nearest is nearest.

A program among others: a thousand units report each second, buttons are pressed, a console
listens to the live feed, acknowledges and opens incidents. Everything is judged from what comes
back over the public interface, and the recommendations by a recount of ``compare``.
"""

import asyncio
import gc
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import numpy as np
import uvloop
from numpy.typing import NDArray
from websockets.exceptions import WebSocketException

from callout.base.clock import Clock, SystemClock, iso_utc
from callout.base.errors import UnavailableError
from callout.drills.api import Answer, Api, follow, frame_or
from callout.drills.compare import Network, mismatches
from callout.drills.verdict import NO_FIX, PRESSES, TWICE, Press, count, passed, percentile
from callout.drills.walkers import Streets, tracks

_PER_S: Final = 20.0
_BATCHES: Final = 4  # a second's positions come from as many gateways
_TRACK_S: Final = 90
_SETTLE_S: Final = 1.5
_PATIENCE_S: Final = 10.0
_K: Final = 5
_ASKING: Final = 2  # incidents opened at the same time
_US: Final = 1_000_000
_decode = msgspec.json.Decoder().decode
_ENTRY: Final = b'{"t":"entry"'


@dataclass
class Heard:
    """What the console has seen."""

    first_us: dict[str, int] = field(default_factory=dict)  # alarm id: receipt of its entry
    times: Counter[str] = field(default_factory=Counter)


@dataclass
class Tally:
    """Counts and samples of the run."""

    accepted: int = 0
    refused: int = 0
    position_posts_failed: int = 0
    explained: list[dict[str, Any]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    nearest_ms: list[float] = field(default_factory=list)
    asked_ms: list[float] = field(default_factory=list)


class _Check:
    """One run against one room."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        device_tokens: Mapping[str, str],
        city_dir: Path,
        seed: int,
    ) -> None:
        self._api = api
        self._clock = clock
        self._tokens = device_tokens
        self._graph = city_dir / "graph"
        self._seed = seed
        self._draw = random.Random(seed)  # noqa: S311 - make-believe
        self._stop = asyncio.Event()
        self._acks: list[asyncio.Task[Answer]] = []
        self.heard = Heard()
        self.tally = Tally()
        self.presses: list[Press] = []
        self.profile = default_profile(self._graph)

    async def run(self) -> dict[str, Any]:
        """All phases; the figures but for ``journal_ok``."""
        room, units = await self._api.get("/api/room"), await self._api.get("/api/units")
        if not (room.ok and units.ok):
            raise _gone(self._api.base_url, f"units: {units.status}")
        names = [unit["id"] for unit in units.body["units"]]
        types = [kind["code"] for kind in room.body["types"]]
        streets = Streets(self._graph, self.profile)
        self.presses = self._plan(streets)
        first_seq = int(units.body["seq"]) + 1
        steps = _TRACK_S * _BATCHES
        places, headings = tracks(streets, len(names), _TRACK_S, 1.0, self._seed)
        # Collections would stop the console's ear for milliseconds; nothing here makes cycles.
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            moving = asyncio.ensure_future(self._move(names, places, headings, steps))
            console = asyncio.ensure_future(self._console())
            await self._clock.wait_s(_SETTLE_S)
            await self._press_all()
            await self._until_heard()
            await self._ask_all(types)
        finally:
            self._stop.set()
            gc.enable()
        await asyncio.gather(moving, console)
        return await self._judged(first_seq, len(names))

    def _plan(self, streets: Streets) -> list[Press]:
        """200 presses over the devices, 20 of them without a fix."""
        devices = sorted(self._tokens)
        silent = set(self._draw.sample(range(PRESSES), NO_FIX))
        return [
            Press(
                devices[number % len(devices)],
                f"{self._seed}-{number}",
                None if number in silent else streets.place(self._draw),
            )
            for number in range(PRESSES)
        ]

    # Under load.

    async def _move(
        self,
        names: Sequence[str],
        places: NDArray[np.float64],
        headings: NDArray[np.float64],
        steps: int,
    ) -> None:
        """Every unit reports once a second, a quarter of them at a time."""
        began_us = self._clock.monotonic_us()
        for step in range(steps):
            if self._stop.is_set():
                return
            due_us = began_us + step * _US // _BATCHES
            await self._clock.wait_s((due_us - self._clock.monotonic_us()) / _US)
            second, part = divmod(step, _BATCHES)
            rows = range(part, len(names), _BATCHES)
            at = iso_utc(self._clock.now_us())
            lon_lat = places[second].tolist()
            heading = headings[second].tolist()
            batch = [
                {
                    "unit": names[row],
                    "lon": lon_lat[row][0],
                    "lat": lon_lat[row][1],
                    "at": at,
                    "heading": heading[row],
                }
                for row in rows
            ]
            answer = await self._api.post("/api/positions", batch)
            if answer.ok:
                self.tally.accepted += int(answer.body["accepted"])
                self.tally.refused += int(answer.body["refused_count"])
            else:
                self.tally.position_posts_failed += 1

    async def _console(self) -> None:
        """Hears the feed, notes when each alarm came, and answers it."""
        stopped = asyncio.ensure_future(self._stop.wait())
        async with self._api.live() as socket:
            while True:
                frame = await frame_or(socket, stopped)
                if frame is None:
                    return
                now_us = self._clock.monotonic_us()
                if frame.startswith(_ENTRY):
                    self._hear(_decode(frame), now_us)

    def _hear(self, message: dict[str, Any], now_us: int) -> None:
        if not message["type"].startswith("AlarmRaised."):
            return
        alarm = message["stream"].partition("/")[2]
        self.heard.times[alarm] += 1
        if alarm not in self.heard.first_us:
            self.heard.first_us[alarm] = now_us
            path = f"/api/alarms/{alarm}/acknowledge"
            self._acks.append(asyncio.ensure_future(self._api.post(path)))

    async def _press_all(self) -> None:
        """220 posts, 20 a second; 20 presses are sent again a moment after the first time."""
        order: list[Press] = list(self.presses)
        for number in sorted(self._draw.sample(range(PRESSES), TWICE), reverse=True):
            order.insert(number + self._draw.randint(1, 4), self.presses[number])
        began_us = self._clock.monotonic_us()
        posts = []
        for number, press in enumerate(order):
            due_us = began_us + round(number / _PER_S * _US)
            await self._clock.wait_s((due_us - self._clock.monotonic_us()) / _US)
            posts.append(asyncio.ensure_future(self._press(press)))
        await asyncio.gather(*posts)

    async def _press(self, press: Press) -> None:
        body: dict[str, Any] = {
            "device": press.device,
            "press": press.press,
            "kind": "panic",
            "at": iso_utc(self._clock.now_us()),
        }
        if press.place is not None:
            body["lon"], body["lat"] = press.place
        begun_us = self._clock.monotonic_us()
        press.begun_us = press.begun_us or begun_us
        answer = await self._api.post("/api/alarms", body, token=self._tokens[press.device])
        press.statuses.append(answer.status)
        if answer.ok:
            press.ids.append(answer.body["id"])
            press.verified = bool(answer.body["verified"])

    async def _until_heard(self) -> None:
        """Until every answered press has come by the feed and is acknowledged, or too long."""
        began_us = self._clock.monotonic_us()
        wanted = {name for press in self.presses for name in press.ids}
        while not wanted <= self.heard.first_us.keys():
            if self._clock.monotonic_us() - began_us > _PATIENCE_S * _US:
                break
            await self._clock.wait_s(0.02)
        await asyncio.gather(*self._acks)

    async def _ask_all(self, types: Sequence[str]) -> None:
        """An incident for each located press, and who should go; while units move on."""
        waiting = [press for press in self.presses if press.place and press.ids]
        numbered = list(enumerate(waiting))

        async def ask() -> None:
            while numbered:
                number, press = numbered.pop()
                await self._ask(press, types[number % len(types)])

        await asyncio.gather(*(ask() for _ in range(_ASKING)))

    async def _ask(self, press: Press, kind: str) -> None:
        assert press.place is not None
        lon, lat = press.place
        body = {"type": kind, "priority": 1, "lon": lon, "lat": lat, "alarms": [press.ids[0]]}
        opened = await self._api.post("/api/incidents", body)
        if not opened.ok:
            self.tally.failed.append(f"opening an incident: {opened.status} {opened.body}")
            return
        path = f"/api/incidents/{opened.body['id']}/recommendation?k={_K}&explain=1"
        begun_us = self._clock.monotonic_us()
        answer = await self._api.get(path)
        self.tally.asked_ms.append((self._clock.monotonic_us() - begun_us) / 1000)
        if not answer.ok or not answer.body.get("explain"):
            self.tally.failed.append(f"a recommendation: {answer.status} {answer.body}")
            return
        self.tally.nearest_ms.append(float(answer.body["ms"]))
        self.tally.explained.append(answer.body["explain"])

    # Judged afterwards.

    async def _judged(self, first_seq: int, units: int) -> dict[str, Any]:
        alarms = await self._api.get("/api/alarms")
        if not alarms.ok:
            raise _gone(self._api.base_url, f"alarms: {alarms.status}")
        kept = {alarm["id"]: alarm for alarm in alarms.body["alarms"]}
        feed = await self._replayed(first_seq)
        networks: dict[tuple[str, tuple[int, ...] | None], Network] = {}

        def opened(profile: str, times: Sequence[int] | None) -> Network:
            key = (profile, None if times is None else tuple(times))
            if key not in networks:
                networks[key] = Network.open(self._graph, profile, times)
            return networks[key]

        wrong = [(e, found) for e in self.tally.explained if (found := mismatches(opened, e, _K))]
        for _, words in wrong[:5]:
            click.echo(f"mismatch: {'; '.join(words)}", err=True)
        for reason in self.tally.failed[:5]:
            click.echo(f"failed: {reason}", err=True)
        return self._figures(kept, feed, units, len(wrong))

    async def _replayed(self, first_seq: int) -> Counter[str]:
        """How often each alarm stands in the record, read anew by ``?from=``."""
        found: Counter[str] = Counter()
        done = asyncio.Event()

        def hear(message: dict[str, Any]) -> None:
            if message["t"] == "entry" and message["type"].startswith("AlarmRaised."):
                found[message["stream"].partition("/")[2]] += 1
            elif message["t"] == "positions":
                done.set()  # sent once everything older has been

        await follow(self._api, hear, done, self._clock, from_seq=first_seq)
        return found

    def _figures(
        self, kept: Mapping[str, Any], feed: Counter[str], units: int, wrong: int
    ) -> dict[str, Any]:
        tally, first_us = self.tally, self.heard.first_us
        shown_ms = [
            (first_us[press.ids[0]] - press.begun_us) / 1000
            for press in self.presses
            if press.ids and press.ids[0] in first_us
        ]
        return {
            **count(self.presses, kept, feed, self.heard.times),
            "units": units,
            "positions_accepted": tally.accepted,
            "positions_refused": tally.refused,
            "compared": len(tally.explained),
            "candidates": sum(len(e["candidates"]) for e in tally.explained),
            "nearest_mismatches": wrong,
            "failed": len(tally.failed) + tally.position_posts_failed,
            "alarm_to_screen_ms_p50": percentile(shown_ms, 50),
            "alarm_to_screen_ms_p99": percentile(shown_ms, 99),
            "alarm_to_screen_ms_max": percentile(shown_ms, 100),
            "nearest_ms_p50": percentile(tally.nearest_ms, 50),
            "nearest_ms_p99": percentile(tally.nearest_ms, 99),
            "nearest_http_ms_p99": percentile(tally.asked_ms, 99),
        }


def _gone(base_url: str, what: str) -> UnavailableError:
    return UnavailableError(
        f"the room does not answer ({what})", where=base_url, todo="See its own log"
    )


def default_profile(graph_dir: Path) -> str:
    """The first vehicle that the graph has weights for."""
    manifest = msgspec.json.decode((graph_dir / "graph.json").read_bytes())
    return str(manifest["profiles"][0])


def run_check(
    base_url: str,
    device_tokens: Mapping[str, str],
    program_token: str,
    city_dir: Path,
    seed: int,
    journal_check: Callable[[], bool],
) -> dict[str, Any]:
    """Run the check against a room that is set up and serving; print a table and a JSON line.

    ``device_tokens`` are devices' own tokens (scope alarms), ``program_token`` one with the
    scope room. ``journal_check`` is called at the end: it may stop the server, and says whether
    the journal is whole. Returns the figures; ``passed`` tells what the exit code should be.
    """

    async def run() -> dict[str, Any]:
        try:
            async with Api(base_url, program_token) as api:
                return await _Check(api, SystemClock(), device_tokens, city_dir, seed).run()
        except (OSError, WebSocketException) as error:
            raise _gone(base_url, str(error)) from error

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(run())
    figures["journal_ok"] = journal_check()
    figures["passed"] = passed(figures)
    for name, value in figures.items():
        click.echo(f"{name:<24} {value}")
    click.echo(json.dumps(figures))
    return figures
