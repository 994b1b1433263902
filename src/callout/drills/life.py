"""Crews, callers and the colleague of one drill, as one program of the room's public interface.

What the room says comes by the live feed (``_hear``); what crews and people do goes out by HTTP.
What they decide is in ``crews``, ``callers`` and ``colleague``, which are pure.
"""

import asyncio
import random
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from callout.base.clock import Clock, iso_utc
from callout.base.errors import UnavailableError
from callout.base.geo import distance_m, lonlat
from callout.drills import colleague, crews
from callout.drills.api import Api, follow
from callout.drills.callers import PANIC, Call, Callers, Press, button_text
from callout.drills.crews import Crew, Drive, Goal, Order, Place, Rhythm, Say
from callout.places import City

_US: Final = 1_000_000
_PARKED_EVERY_S: Final = 4
# Devices that speak seldom, for realism: one in 25, and radios that answer late: one in 20.
_SELDOM_S: Final = (45.0, 150.0)
_SELDOM_SHARE: Final = 0.04
_SILENT_SHARE: Final = 0.05
# Against the graph's time, which is that of blue lights: on the way home, on patrol.
_HASTE: Final = {Goal.SCENE: 1.0, Goal.HOSPITAL: 1.0, Goal.HOME: 1.3, Goal.ROUND: 1.9}
_OFF_ROAD_MPS: Final = 8.0
_ROUND_M: Final = 1500.0
_M_PER_DEGREE: Final = 111_195.0
_FIRST_CALLS_GAP_S: Final = 0.8
_LEAST_PATIENCE_S: Final = 5.0
_LOOKS_EVERY_S: Final = 1.3
_HANDS: Final = 4


class Town:
    """Crews, callers and the colleague of one drill."""

    def __init__(
        self, api: Api, city: City, clock: Clock, *, seed: int, units: int, speed: float
    ) -> None:
        """Nothing happens yet; ``run`` starts it."""
        self._api = api
        self._clock = clock
        self._roads = city.roads
        self._rhythm = Rhythm(random.Random(seed), speed)  # noqa: S311 - make-believe
        self._seed = seed
        self._most_units = units
        self._hospitals = [(place.point.lon, place.point.lat) for place in city.pois("hospital")]
        self._crews: dict[str, Crew] = {}
        self._profiles: dict[str, str] = {}
        self._places: dict[str, Place | None] = {}
        self._alarms: dict[str, Any] = {}
        self._incidents: dict[str, Any] = {}
        self._units: dict[str, Any] = {}
        self._eager: set[str] = set()
        self._trying: set[asyncio.Task[None]] = set()
        self._tick = 0

    async def run(self, stop: asyncio.Event, *, hands_off: bool) -> None:
        """Play until ``stop``. UnavailableError when the room cannot be read at the start."""
        room, units = await self._api.get("/api/room"), await self._api.get("/api/units")
        if not (room.ok and units.ok):
            raise UnavailableError(
                f"the room answers {room.status or 'nothing'}",
                where=self._api.base_url,
                todo="Start it first, and give a token with the scope room",
            )
        self.muster(units.body["units"][: self._most_units])
        types = [kind["code"] for kind in room.body["types"]]
        homes = sorted({crew.home for crew in self._crews.values()})
        callers = Callers(self._roads, homes, types, self._seed + 1)
        tasks = [
            asyncio.ensure_future(follow(self._api, self.hear, stop, self._clock)),
            asyncio.ensure_future(self._drive_on(stop)),
            asyncio.ensure_future(self._call_in(callers, stop)),
        ]
        if not hands_off:
            tasks.append(asyncio.ensure_future(self._help_out(types, stop)))
        try:
            await _first_failure(tasks, stop)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def muster(self, units: Sequence[Mapping[str, Any]]) -> None:
        """A crew for each unit, with its habits from the seed."""
        draw = self._rhythm.draw
        now_us = self._clock.now_us()
        for unit in units:
            station, position = unit["station"], unit["position"]
            home = _place(station) or _place(position) or (0.0, 0.0)
            seldom = draw.random() < _SELDOM_SHARE
            self._profiles[unit["id"]] = unit["profile"]
            self._crews[unit["id"]] = Crew(
                unit=unit["id"],
                home=home,
                at=_place(position) or home,
                patrols="patrol" in unit["capabilities"],
                transports="bls" in unit["capabilities"],
                silent=draw.random() < _SILENT_SHARE,
                every_s=draw.uniform(*_SELDOM_S) if seldom else 1.0,
                due_us=self._rhythm.after(now_us, (1.0, 25.0)),
            )

    # What the room says.

    def hear(self, message: dict[str, Any]) -> None:
        """Take in one message of the live feed."""
        kind = message["t"]
        if kind == "snapshot":
            for incident in message["incidents"]:
                self._take_incident(incident)
            for alarm in message["alarms"]:
                self._alarms[alarm["id"]] = alarm
            for unit in message["units"]:
                self._take_unit(unit, fresh=True)
        elif kind == "entry":
            if incident := message.get("incident"):
                self._take_incident(incident)
            if alarm := message.get("alarm"):
                self._alarms[alarm["id"]] = alarm
                if alarm["incident"]:
                    self._alarms.pop(alarm["id"])
            if unit := message.get("unit"):
                self._take_unit(unit, fresh=False)

    def _take_incident(self, incident: dict[str, Any]) -> None:
        name = incident["id"]
        if incident["state"] == "closed":
            self._incidents.pop(name, None)
            self._eager.discard(name)
            return
        self._incidents[name] = incident
        self._places[name] = _place(incident["place"])
        for part in incident["units"]:
            if not part["left_us"] and part["id"] in self._units:
                self._tell(self._units[part["id"]])

    def _take_unit(self, unit: dict[str, Any], *, fresh: bool) -> None:
        self._units[unit["id"]] = unit
        crew = self._crews.get(unit["id"])
        if crew is None:
            return
        if fresh and not crew.incident:
            now_us = self._clock.now_us()
            self._crews[crew.unit] = crews.adopt(crew, self._order(unit), now_us, self._rhythm)
        else:
            self._tell(unit)

    def _order(self, unit: Mapping[str, Any]) -> Order:
        incident = unit["incident"] or ""
        return Order(unit["status"], incident, self._places.get(incident))

    def _tell(self, unit: Mapping[str, Any]) -> None:
        crew = self._crews.get(unit["id"])
        if crew is None:
            return
        now_us = self._clock.now_us()
        after, acts = crews.hear(crew, self._order(unit), now_us, self._rhythm)
        self._crews[crew.unit] = after
        self._do(after, acts, now_us)

    # What crews do.

    async def _drive_on(self, stop: asyncio.Event) -> None:
        next_us = self._clock.monotonic_us()
        while not stop.is_set():
            await self.pulse()
            next_us = max(next_us + _US, self._clock.monotonic_us())
            await self._clock.wait_s((next_us - self._clock.monotonic_us()) / _US)

    async def pulse(self) -> None:
        """Let time pass for every crew and report positions in one batch; once a second."""
        now_us = self._clock.now_us()
        for crew in list(self._crews.values()):
            after, acts = crews.step(crew, now_us, self._rhythm)
            if after is not crew:
                self._crews[crew.unit] = after
                self._do(after, acts, now_us)
        if batch := self._positions(now_us):
            await self._api.post("/api/positions", batch)
        self._tick += 1

    def _do(self, crew: Crew, acts: Sequence[crews.Act], now_us: int) -> None:
        for act in acts:
            match act:
                case Say(status):
                    self._later(self._say(crew.unit, status, now_us))
                case Drive(goal):
                    self._crews[crew.unit] = self._set_off(self._crews[crew.unit], goal, now_us)

    async def _say(self, unit: str, status: str, now_us: int) -> None:
        """A refusal needs no answer: the feed tells what the room made of the unit instead."""
        body = {"status": status, "at": iso_utc(now_us)}
        await self._api.post(f"/api/units/{unit}/status", body)

    def _later(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._trying.add(task)
        task.add_done_callback(self._trying.discard)

    def _set_off(self, crew: Crew, goal: Goal, now_us: int) -> Crew:
        start, end = crews.where(crew, now_us)[0], self._target(crew, goal)
        points, travel_s = self._way(start, end, self._profiles[crew.unit])
        travel_s *= _HASTE[goal] / self._rhythm.speed
        return crews.depart(crew, points, travel_s, now_us)

    def _target(self, crew: Crew, goal: Goal) -> Place:
        if goal is Goal.SCENE and crew.scene is not None:
            return crew.scene
        if goal is Goal.HOSPITAL and self._hospitals:
            here = lonlat(*crew.at)
            return min(self._hospitals, key=lambda place: distance_m(here, lonlat(*place)))
        if goal is Goal.ROUND:
            draw, (lon, lat) = self._rhythm.draw, crew.home
            shrink = max(0.1, float(np.cos(np.radians(lat))))
            lon += draw.gauss(0.0, _ROUND_M) / _M_PER_DEGREE / shrink
            return lon, lat + draw.gauss(0.0, _ROUND_M) / _M_PER_DEGREE
        return crew.home

    def _way(self, start: Place, end: Place, profile: str) -> tuple[NDArray[np.float64], float]:
        """Points (m, 2) lon, lat and seconds by road; straight where there is no road."""
        ends = np.array([lonlat(*start), lonlat(*end)], np.int64)
        snaps = self._roads.snap(ends, profile=profile)
        route = self._roads.route(snaps.at(0), snaps.at(1), profile)
        if route is not None:
            return route.lonlat / 1e7, route.travel_ms / 1000
        return np.array([start, end]), distance_m(lonlat(*start), lonlat(*end)) / _OFF_ROAD_MPS

    def _positions(self, now_us: int) -> list[dict[str, Any]]:
        batch = []
        for number, crew in enumerate(self._crews.values()):
            every_s = crew.every_s
            if crew.leg is None:
                every_s = max(every_s, _PARKED_EVERY_S)
            if self._tick and (self._tick + number) % round(every_s):
                continue
            (lon, lat), heading, speed = crews.where(crew, now_us)
            report = {"unit": crew.unit, "lon": round(lon, 7), "lat": round(lat, 7)}
            report |= {"at": iso_utc(now_us), "speed": round(speed, 1)}
            if heading is not None:
                report["heading"] = round(heading, 1)
            batch.append(report)
        return batch

    # What people do.

    async def _call_in(self, callers: Callers, stop: asyncio.Event) -> None:
        """First a few calls at once, so that the room is at work when the user comes; then on."""
        for _ in range(max(2, len(self._crews) // 6)):
            await self._clock.wait_s(_FIRST_CALLS_GAP_S)
            opened = await self._phone(callers.call())
            if opened:
                self._eager.add(opened)
        while not stop.is_set():
            await self._clock.wait_s(callers.gap_s(len(self._crews), self._rhythm.speed))
            match callers.event():
                case Call() as call:
                    await self._phone(call)
                case Press() as press:
                    body = {**button_text(press), "at": iso_utc(self._clock.now_us())}
                    await self._api.post("/api/alarms", body)

    async def _phone(self, call: Call) -> str:
        body = {
            "type": call.type,
            "lon": call.place.lon,
            "lat": call.place.lat,
            "text": call.text,
        }
        answer = await self._api.post("/api/incidents", body)
        return str(answer.body["id"]) if answer.ok else ""

    async def _help_out(self, types: Sequence[str], stop: asyncio.Event) -> None:
        panic = PANIC if PANIC in types else next(iter(types), "")
        patience_s = max(_LEAST_PATIENCE_S, colleague.PATIENCE_S / self._rhythm.speed)
        while not stop.is_set():
            await self._clock.wait_s(_LOOKS_EVERY_S)
            await self.lend_hands(panic, patience_s=patience_s)

    async def lend_hands(self, panic: str, *, patience_s: float) -> None:
        """The colleague: what nobody else has done for that long, a few things at a time.

        ``panic`` is the type of incident that an alarm becomes.
        """
        tasks = colleague.overdue(
            self._alarms,
            self._incidents,
            self._clock.now_us(),
            patience_s=patience_s,
            eager=frozenset(self._eager),
        )
        for task in tasks[:_HANDS]:
            await self._lend_a_hand(task, panic)

    async def settled(self) -> None:
        """Wait until every status under way has been answered."""
        await asyncio.gather(*self._trying)

    async def _lend_a_hand(self, task: colleague.Task, panic: str) -> None:
        match task:
            case colleague.Answer(alarm):
                await self._api.post(f"/api/alarms/{alarm}/acknowledge")
            case colleague.Open(alarm):
                place = _place(self._alarms[alarm]["place"])
                body: dict[str, Any] = {"type": panic, "alarms": [alarm]}
                if place:
                    body |= {"lon": place[0], "lat": place[1]}
                await self._api.post("/api/incidents", body)
            case colleague.Send(incident, count):
                await self._send_nearest(incident, count)
            case colleague.Close(incident):
                await self._api.post(f"/api/incidents/{incident}/close", {"reason": "done"})

    async def _send_nearest(self, incident: str, count: int) -> None:
        path = f"/api/incidents/{incident}"
        answer = await self._api.get(f"{path}/recommendation?k={count}")
        if not answer.ok:
            return
        units = [ranked["unit"] for ranked in answer.body["ranked"]]
        if units:
            body = {"units": units, "seq": answer.body["seq"]}
            await self._api.post(f"{path}/assignments", body)


def _place(view: Mapping[str, Any] | None) -> Place | None:
    return (view["lon"], view["lat"]) if view else None


async def _first_failure(tasks: Sequence["asyncio.Future[None]"], stop: asyncio.Event) -> None:
    """Return when ``stop`` is set; raise what ended a task before that."""

    async def told() -> None:
        await stop.wait()

    stopped = asyncio.ensure_future(told())
    try:
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done() and not task.cancelled():
                task.result()
    finally:
        stopped.cancel()
