"""The live picture over a WebSocket: entries by seq with resume, positions once a second.

One JSON object a frame; docs/api.md lists them. Entries carry the view of what they touched, so
a console needs no second request. A console that cannot keep up is closed with 1013 and
resumes with ``?from=``: it is better to be told than to look at an old picture.

Each console is told what its agency may see, a locked one only of alarms and maydays, without
words and places. Who is asking is looked at again at every beat: what was revoked is cut off.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from callout.access import NOBODY, ROOM, Action, Actor, authorize
from callout.base.errors import CalloutError
from callout.dispatch import Picture
from callout.journal import Entry
from callout.web.account import Account
from callout.web.asking import Asking, Shown
from callout.web.audience import (
    audience_of,
    entry_for,
    may_follow,
    positions_for,
    snapshot_for,
)
from callout.web.views import storage_view

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_QUEUE_FRAMES = 5000
_POLICY, _TRY_AGAIN = 1008, 1013
_encode = msgspec.json.Encoder().encode


class Console:
    """One open WebSocket."""

    def __init__(self, shown: Shown, actor: Actor) -> None:
        """Nothing is queued yet."""
        self.shown = shown
        self.actor = actor
        self.frames: asyncio.Queue[str | None] = asyncio.Queue(_QUEUE_FRAMES)
        self.overrun = False
        self.code, self.reason = _TRY_AGAIN, "resume"

    def put(self, frame: str) -> None:
        """Queue a frame; a full queue ends the connection."""
        if self.overrun:
            return
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.overrun = True

    def end(self, code: int, reason: str) -> None:
        """End the connection, whatever is still queued; may be called twice."""
        if not self.overrun:
            self.overrun, self.code, self.reason = True, code, reason
            if not self.frames.full():
                self.frames.put_nowait(None)


class Live:
    """All open consoles, and what they are told."""

    def __init__(self, picture: Picture, asking: Asking, account: Account, *, drill: bool) -> None:
        """No consoles yet."""
        self._picture = picture
        self._asking = asking
        self._account = account
        self._drill = drill
        self._consoles: set[Console] = set()
        self._closures: list[dict[str, Any]] = []

    def entry(self, entry: Entry) -> None:
        """Tell every console of one entry, already applied to the boards."""
        for audience, consoles in self._audiences():
            if told := entry_for(self._picture, audience, entry):
                _put(consoles, _frame(told))

    def closures(self, views: list[dict[str, Any]]) -> None:
        """Tell every console which closures are in force now."""
        self._closures = views
        frame = _frame({"t": "closures", "closures": views})
        _put([one for one in self._consoles if not one.actor.locked], frame)

    def tick(self) -> None:
        """The heartbeat, once a second, and the positions that changed."""
        self.again()
        picture = self._picture
        now_us = picture.clock.now_us()
        tick = {"t": "tick", "now_us": now_us, "seq": picture.seq}
        _put(self._consoles, _frame({**tick, "storage": storage_view(picture)}))
        changed = picture.positions.take_changed()
        if changed:
            for audience, consoles in self._audiences():
                _put(consoles, _frame(positions_for(picture, audience, changed, now_us)))

    def again(self) -> None:
        """Look again who holds each console: cut off what was revoked, begin anew what changed."""
        for console in list(self._consoles):
            actor = self._asking.actor(console.shown) or NOBODY
            if may_follow(actor):
                if audience_of(actor) == audience_of(console.actor):
                    console.actor = actor
                    continue
                console.end(_TRY_AGAIN, "anew")
            else:
                console.end(_POLICY, "signed out")
            self._consoles.discard(console)

    def renewed(self, session: str, secret: str) -> None:
        """A session goes on under a new secret: its consoles begin anew at the next beat.

        Not at once: the browser has the new cookie only once the answer is there.
        """
        for console in self._consoles:
            if console.actor.session == session:
                console.shown = Shown("session", secret)

    def stop(self) -> None:
        """End every connection; may be called twice."""
        for console in self._consoles:
            console.end(_TRY_AGAIN, "resume")

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak with one console until either side ends it. Authorised once, here: an entry."""
        await receive()
        actor: Actor = scope["state"]["actor"]
        try:
            authorize(actor, Action.LIVE_READ, ROOM)
            first = _from_seq(scope)
        except (CalloutError, ValueError) as error:
            if isinstance(error, CalloutError):
                self._account.refused(actor, Action.LIVE_READ, "room", "", error.code)
            await send({"type": "websocket.close", "code": _POLICY, "reason": str(error)[:120]})
            return
        await send({"type": "websocket.accept"})
        console = Console(scope["state"]["shown"], actor)
        if entered := self._account.stream(actor, "live"):
            await asyncio.wait([asyncio.wrap_future(entered)])
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
        audience = console.actor
        if first is None:
            console.put(_frame(snapshot_for(picture, audience, self._closures)))
        else:
            await self._replay(audience, send, first)
            if not audience.locked:
                console.put(_frame({"t": "closures", "closures": self._closures}))
        # From the last replayed entry to here there was no await, so nothing can fall between.
        everyone = range(len(picture.units.by_number))
        console.put(_frame(positions_for(picture, audience, everyone, now_us)))
        self._consoles.add(console)

    async def _replay(self, audience: Actor, send: Send, first: int) -> None:
        """Send entries from ``first`` to what the boards hold; more may arrive meanwhile."""
        picture, sent = self._picture, first - 1
        while sent < picture.seq:
            for entry in picture.journal.read(sent, 500, picture.seq):
                if told := entry_for(picture, audience, entry):
                    await _send(send, _frame(told))
                sent = entry.seq

    async def _pump(self, console: Console, listener: "asyncio.Task[None]", send: Send) -> None:
        """Send queued frames until the console is gone, overrun or told to resume elsewhere."""
        writer = asyncio.ensure_future(_write(console, send))
        await asyncio.wait({writer, listener}, return_when=asyncio.FIRST_COMPLETED)
        if listener.done():
            writer.cancel()
            return
        await writer
        if console.reason == "anew":
            await _send(send, _frame({"t": "anew"}))
        await send({"type": "websocket.close", "code": console.code, "reason": console.reason})

    def _audiences(self) -> list[tuple[Actor, list[Console]]]:
        """Consoles by what they may see, each with one actor who stands for all of them."""
        found: dict[object, tuple[Actor, list[Console]]] = {}
        for console in self._consoles:
            actor = console.actor
            found.setdefault(audience_of(actor), (actor, []))[1].append(console)
        return list(found.values())


def _frame(message: dict[str, Any]) -> str:
    return _encode(message).decode()


def _put(consoles: Iterable[Console], frame: str) -> None:
    for console in consoles:
        console.put(frame)


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
