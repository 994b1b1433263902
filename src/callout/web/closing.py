"""Closures put in force: on the roads, within a moment; off them, when their time is over.

The board is folded in the loop's thread; finding edges and weighing the graph anew is done in
another, so that no alarm waits. A crew that stands on a closed road, or was on its way over one,
is warned: its view says so, on every console.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import structlog

from callout.access import SYSTEM
from callout.base.errors import CalloutError, UnavailableError
from callout.dispatch import Picture
from callout.dispatch.picture import Warned
from callout.journal import Entry
from callout.places.closures import Closure, Resolved, lines, resolve
from callout.places.commands import lift_closure
from callout.places.events import ClosureLifted, RoadClosed
from callout.roads import Snap
from callout.units import Status

_log = structlog.get_logger()
_TYPES: Final = frozenset({RoadClosed.TYPE, ClosureLifted.TYPE})
_ON_THEIR_WAY: Final = frozenset({Status.DISPATCHED, Status.EN_ROUTE})
_WAIT_S: Final = 10.0


class _Way(NamedTuple):
    """A unit on its way: from where to where."""

    unit: str
    incident: str
    here: Snap
    there: Snap
    profile: str


class Closing:
    """Keeps the roads as the board of closures says."""

    def __init__(self, picture: Picture, tell: Callable[[list[dict[str, Any]]], None]) -> None:
        """``tell`` hears of every change, with all closures in force."""
        self._picture = picture
        self._tell = tell
        self._resolved = Resolved({}, [], {}, {})
        self._applied = -1
        self._wanted = -1
        self._dirty = asyncio.Event()
        self._turn = asyncio.Condition()

    def saw(self, entry: Entry) -> None:
        """An entry was folded."""
        if entry.type in _TYPES:
            self._wanted = entry.seq
            self._dirty.set()

    async def start(self) -> None:
        """Put in force what the boards hold."""
        await self._try()

    async def run(self) -> None:
        """Apply what changes, for as long as the room runs."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            await self._try()

    async def in_force(self, seq: int) -> None:
        """Wait until every answer sees the closures of that entry."""
        async with self._turn:
            try:
                async with asyncio.timeout(_WAIT_S):
                    await self._turn.wait_for(lambda: self._applied >= seq)
            except TimeoutError:
                raise UnavailableError(
                    "it is recorded, but not on the roads yet", todo="Look again in a moment"
                ) from None

    def expire(self) -> None:
        """Lift what is over; called once a second."""
        now_us = self._picture.clock.now_us()
        board = self._picture.places
        for closure in list(board.closures.values()):
            if closure.until_us is not None and closure.until_us <= now_us:
                with contextlib.suppress(CalloutError):  # lifted just now
                    lift_closure(self._picture.journal, SYSTEM, board, closure.id, "expired")

    def look(self) -> None:
        """Which crews stand on a closed road; called every few seconds."""
        self._warn({})

    def views(self) -> list[dict[str, Any]]:
        """All closures in force, with lines to draw."""
        return [self.view(closure) for closure in self._picture.places.closures.values()]

    def view(self, closure: Closure) -> dict[str, Any]:
        """A closure as the API shows it."""
        edges = self._resolved.edges.get(closure.id, np.empty(0, np.int32))
        return {
            "id": closure.id,
            "name": closure.name,
            "why": closure.why,
            "kmh": closure.kmh,
            "until_us": closure.until_us,
            "since_us": closure.since_us,
            "by": closure.by,
            "lines": lines(self._picture.roads, edges) if len(edges) else [],
            "gone": self._resolved.gone.get(closure.id, 0),
        }

    async def _try(self) -> None:
        try:
            await self._apply()
        except Exception:  # noqa: BLE001 - alarms come first: the room opens and runs without
            _log.exception("closures could not be applied")

    async def _apply(self) -> None:
        wanted, closures = self._wanted, list(self._picture.places.closures.values())
        if not closures and not self._resolved.edges:
            ahead: dict[str, set[str]] = {}
        else:
            ahead = await asyncio.to_thread(self._work, closures, self._ways())
        async with self._turn:
            self._applied = max(self._applied, wanted)
            self._turn.notify_all()
        self._warn(ahead)
        self._tell(self.views())

    def _work(self, closures: list[Closure], ways: list[_Way]) -> dict[str, set[str]]:
        """Closures by unit that its way as it was drives over. In a thread of its own."""
        roads = self._picture.roads
        routes = {way: roads.route(way.here, way.there, way.profile) for way in ways}
        resolved = resolve(roads, closures)
        roads.apply(resolved.closed, resolved.speeds)
        self._resolved = resolved
        return {
            way.unit: {
                closure.id
                for closure in closures
                if closure.kmh is None
                and route is not None
                and np.isin(route.edges, resolved.edges[closure.id]).any()
            }
            for way, route in routes.items()
        }

    def _ways(self) -> list[_Way]:
        picture = self._picture
        lane, found = picture.positions, []
        for unit in picture.units.by_number:
            incident = picture.incidents.incidents.get(unit.incident)
            if incident is None or unit.status not in _ON_THEIR_WAY:
                continue
            place = picture.place_of(incident)
            if place is None or unit.number >= len(lane.edge) or lane.edge[unit.number] < 0:
                continue
            there = picture.roads.snap(
                np.array([place[0]], np.int64), profile=picture.profile_of(unit)
            ).at(0)
            row = unit.number
            here = Snap(int(lane.edge[row]), int(lane.offset[row]), int(lane.other[row]), 0.0)
            found.append(_Way(unit.id, incident.id, here, there, picture.profile_of(unit)))
        return found

    def _warn(self, ahead: dict[str, set[str]]) -> None:
        """Set every unit's warnings anew; what lay ahead holds until the unit is free."""
        picture = self._picture
        closures = picture.places.closures
        lane = picture.positions
        fresh: dict[str, list[Warned]] = {}
        for unit in picture.units.by_number:
            before = picture.warnings.get(unit.id, [])
            kept = {w.closure for w in before if w.kind == "ahead" and w.incident == unit.incident}
            warned = [
                Warned("ahead", name, unit.incident)
                for name in sorted(kept | ahead.get(unit.id, set()))
                if name in closures
            ]
            if unit.number < len(lane.edge) and (edge := int(lane.edge[unit.number])) >= 0:
                warned += [
                    Warned("on", name, unit.incident)
                    for name, edges in self._resolved.edges.items()
                    if name in closures and closures[name].kmh is None and (edges == edge).any()
                ]
            if warned:
                fresh[unit.id] = warned
        picture.warnings = fresh
