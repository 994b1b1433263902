"""The live picture over a WebSocket: entries by seq with resume, positions once a second.

One JSON object a frame; docs/api.md lists them. Entries carry the view of what they touched, so
a console needs no second request. A console that cannot keep up is closed with 1013 and
resumes with ``?from=``: it is better to be told than to look at an old picture.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from callout.access import ROOM, Action, Actor, authorize
from callout.base.errors import CalloutError
from callout.dispatch import Picture
from callout.journal import Entry
from callout.web.views import alarm_view, incident_view, storage_view, unit_view

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_QUEUE_FRAMES = 5000
_CLOSED_SHOWN_US = 3600 * 1_000_000
_POLICY, _TRY_AGAIN = 1008, 1013
_encode = msgspec.json.Encoder().encode


class Console:
    """One open WebSocket."""

    def __init__(self, actor: Actor) -> None:
        """Nothing is queued yet."""
        self.actor = actor
        self.frames: asyncio.Queue[str | None] = asyncio.Queue(_QUEUE_FRAMES)
        self.overrun = False

    def put(self, frame: str) -> None:
        """Queue a frame; a full queue ends the connection."""
        if self.overrun:
            return
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.overrun = True


class Live:
    """All open consoles, and what they are told."""

    def __init__(self, picture: Picture, *, drill: bool) -> None:
        """No consoles yet."""
        self._picture = picture
        self._drill = drill
        self._consoles: set[Console] = set()
        self._closures: list[dict[str, Any]] = []

    def entry(self, entry: Entry) -> None:
        """Tell every console of one entry, already applied to the boards."""
        if self._consoles:
            self._to_all(self._entry_frame(entry))

    def closures(self, views: list[dict[str, Any]]) -> None:
        """Tell every console which closures are in force now."""
        self._closures = views
        self._to_all(_frame({"t": "closures", "closures": views}))

    def tick(self) -> None:
        """The heartbeat, once a second, and the positions that changed."""
        picture = self._picture
        now_us = picture.clock.now_us()
        tick = {"t": "tick", "now_us": now_us, "seq": picture.seq}
        self._to_all(_frame({**tick, "storage": storage_view(picture)}))
        changed = picture.positions.take_changed()
        if changed and self._consoles:
            self._to_all(self._positions_frame(changed, now_us))

    def stop(self) -> None:
        """End every connection; may be called twice."""
        for console in self._consoles:
            console.overrun = True
            if not console.frames.full():
                console.frames.put_nowait(None)

    async def serve(self, scope: Scope, receive: Receive, send: Send, actor: Actor) -> None:
        """Speak with one console until either side ends it. Authorised once, here."""
        await receive()
        try:
            authorize(actor, Action.LIVE_READ, ROOM)
            first = _from_seq(scope)
        except (CalloutError, ValueError) as error:
            await send({"type": "websocket.close", "code": _POLICY, "reason": str(error)[:120]})
            return
        await send({"type": "websocket.accept"})
        console = Console(actor)
        listener = asyncio.get_running_loop().create_task(_until_gone(receive))
        try:
            await self._greet(console, send, first)
            await self._pump(console, listener, send)
        finally:
            self._consoles.discard(console)
            listener.cancel()

    async def _greet(self, console: Console, send: Send, first: int | None) -> None:
        picture = self._picture
        now_us = picture.clock.now_us()
        hello = {"t": "hello", "seq": picture.seq, "now_us": now_us, "drill": self._drill}
        await _send(send, _frame(hello))
        if first is None:
            console.put(_frame(self._snapshot()))
        else:
            await self._replay(send, first)
            console.put(_frame({"t": "closures", "closures": self._closures}))
        # From the last replayed entry to here there was no await, so nothing can fall between.
        console.put(self._positions_frame(range(len(picture.units.by_number)), now_us))
        self._consoles.add(console)

    async def _replay(self, send: Send, first: int) -> None:
        """Send entries from ``first`` to what the boards hold; more may arrive meanwhile."""
        picture, sent = self._picture, first - 1
        while sent < picture.seq:
            for entry in picture.journal.read(sent, 500, picture.seq):
                await _send(send, self._entry_frame(entry))
                sent = entry.seq

    async def _pump(self, console: Console, listener: "asyncio.Task[None]", send: Send) -> None:
        """Send queued frames until the console is gone, overrun or told to resume elsewhere."""
        writer = asyncio.ensure_future(_write(console, send))
        await asyncio.wait({writer, listener}, return_when=asyncio.FIRST_COMPLETED)
        if listener.done():
            writer.cancel()
            return
        await writer
        await send({"type": "websocket.close", "code": _TRY_AGAIN, "reason": "resume"})

    def _to_all(self, frame: str) -> None:
        for console in self._consoles:
            console.put(frame)

    def _snapshot(self) -> dict[str, Any]:
        picture = self._picture
        now_us = picture.clock.now_us()
        recent_us = now_us - _CLOSED_SHOWN_US
        return {
            "t": "snapshot",
            "seq": picture.seq,
            "now_us": now_us,
            "storage": storage_view(picture),
            "units": [unit_view(picture, unit, now_us) for unit in picture.units.by_number],
            "closures": self._closures,
            "incidents": [
                incident_view(picture, incident)
                for incident in picture.incidents.incidents.values()
                if not incident.closed_us or incident.closed_us > recent_us
            ],
            "alarms": [
                alarm_view(picture, alarm)
                for alarm in picture.incidents.alarms.values()
                if not alarm.acknowledged_us or (not alarm.incident and alarm.raised_us > recent_us)
            ],
        }

    def _entry_frame(self, entry: Entry) -> str:
        picture = self._picture
        message: dict[str, Any] = {
            "t": "entry",
            "seq": entry.seq,
            "type": entry.type,
            "stream": entry.stream,
            "version": entry.version,
            "at_us": entry.recorded_us,
            "actor": entry.actor,
        }
        kind, _, name = entry.stream.partition("/")
        if kind == "unit" and (unit := picture.units.units.get(name)):
            message["unit"] = unit_view(picture, unit, picture.clock.now_us())
        elif kind == "run":
            found = picture.incidents.incidents.get(entry.body["incident"])
            message["incident"] = incident_view(picture, found) if found else None
        elif kind == "incident" and (incident := picture.incidents.incidents.get(name)):
            message["incident"] = incident_view(picture, incident)
        elif kind == "alarm" and (alarm := picture.incidents.alarms.get(name)):
            message["alarm"] = alarm_view(picture, alarm)
        return _frame(message)

    def _positions_frame(self, numbers: Any, now_us: int) -> str:
        lane, rows = self._picture.positions, []
        for number in numbers:
            place = lane.place(number)
            if place is None:
                continue
            heading = float(lane.heading[number])
            age_s = max(0.0, (now_us - int(lane.received_us[number])) / 1e6)
            known = None if heading != heading else round(heading)  # noqa: PLR0124 - NaN
            rows.append((number, place.lon, place.lat, known, round(age_s, 1)))
        return _frame({"t": "positions", "at_us": now_us, "u": rows})


def _frame(message: dict[str, Any]) -> str:
    return _encode(message).decode()


async def _send(send: Send, frame: str) -> None:
    await send({"type": "websocket.send", "text": frame})


async def _write(console: Console, send: Send) -> None:
    while not console.overrun:
        frame = await console.frames.get()
        if frame is None:
            return
        await _send(send, frame)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


def _from_seq(scope: Scope) -> int | None:
    values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("from")
    if not values:
        return None
    if not values[0].isdecimal():
        raise ValueError("from is the first seq wanted, a whole number")
    return int(values[0])
