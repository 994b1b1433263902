"""The running room: the picture kept current from the journal, and its timers.

The writer thread hands committed entries over; the event loop's thread folds them into the
boards, in order, and tells the consoles. Commands run in that thread too, so a board never
changes under a command's feet.
"""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

import structlog

from callout.access import SYSTEM, AccessBoard, Credentials, Invitations, Sessions
from callout.access.challenges import Challenges
from callout.access.consoles import Consoles
from callout.access.known import Known
from callout.access.oidc import Provider
from callout.access.passkeys import Passkeys
from callout.access.used import Used
from callout.base.clock import Clock
from callout.base.errors import CalloutError, ConflictError, UnavailableError
from callout.dispatch import Picture
from callout.incidents import due
from callout.incidents.commands import escalate_alarm
from callout.journal import Entry, Receipt
from callout.web.account import Account
from callout.web.asking import Asking
from callout.web.closing import Closing
from callout.web.erasing import Erasing
from callout.web.keeper import Keeper
from callout.web.live import Live
from callout.web.providers import Providers
from callout.web.turns import Turns

_log = structlog.get_logger()
T = TypeVar("T")
_TRIES = 4
_WAIT_S = 10.0


class Room:
    """Everything the handlers need. Starts once, stops any number of times."""

    def __init__(
        self,
        picture: Picture,
        credentials: Credentials,
        *,
        drill: bool,
        escalate_s: int,
        about: dict[str, object],
        keep_days: int = 0,
        zone: str = "UTC",
        shift_h: int = 12,
        providers: tuple[Provider, ...] = (),
    ) -> None:
        """Take over a picture; ``start`` begins to keep it current.

        ``zone`` is the IANA name of the city's time zone, for rules that hold at certain times.
        """
        self.picture = picture
        self.credentials = credentials
        self.drill = drill
        self.about = about
        self.sessions = Sessions(picture.journal.state, picture.clock)
        self.invitations = Invitations(picture.journal.state, picture.clock)
        self.known = Known(picture.journal.state, picture.clock)
        self.consoles = Consoles(picture.journal.state, picture.clock)
        self.asking = Asking(picture, credentials, self.sessions)
        self.account = Account(picture)
        self.live = Live(picture, self.asking, self.account, drill=drill)
        challenges = Challenges(picture.clock)
        self.passkeys = Passkeys(
            picture.journal.state, picture.clock, challenges, self.account.copied_passkey
        )
        self.providers = Providers(providers, challenges, picture.journal.state, picture.clock)
        self.refused_positions = 0
        self.signing_in = Turns()
        self.changing_staff = asyncio.Lock()  # or two could each leave the other as the last one
        self.reading = asyncio.Lock()  # one at a time reads far back in the journal
        self.used = Used(picture.journal.state, picture.clock)
        self._escalate_s = escalate_s
        self._zone = zone
        self.shift_h = shift_h
        self._erasing = Erasing(picture, keep_days)
        self.closing = Closing(picture, self.live.closures)
        self._keeper = Keeper(picture)
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def clock(self) -> Clock:
        """The room's clock."""
        return self.picture.clock

    async def start(self) -> None:
        """Take up the last snapshot, fold the rest, follow the journal, start the timers."""
        loop = asyncio.get_running_loop()

        def follow(entries: Sequence[Entry]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop closes before the last commits
                loop.call_soon_threadsafe(self._take, entries)

        self._unsubscribe = self.picture.journal.subscribe(follow)
        self.picture.roads.set_moment(self.clock.now_us(), self._zone)
        self._keeper.load()
        for entry in self.picture.journal.replay(self.picture.seq):
            self._apply(entry)
        agencies = self.picture.access.agencies
        city = str(self.picture.city.meta.get("name", ""))
        self.credentials.about = (city, *agencies, *agencies.values())
        await self.closing.start()
        self._tasks = [
            loop.create_task(self._every(1.0, self.live.tick)),
            loop.create_task(self._every(0.25, self._snap)),
            loop.create_task(self._every(1.0, self._escalate)),
            loop.create_task(self._read_signs()),
            loop.create_task(self._every(1.0, self.closing.expire)),
            loop.create_task(self._every(5.0, self.closing.look)),
            loop.create_task(self.closing.run()),
            loop.create_task(self._erasing.run()),
            loop.create_task(self._remember()),
            loop.create_task(self._every(10.0, self._keeper.beat)),
            loop.create_task(self._every(5.0, self.account.flush)),
            loop.create_task(self._mark()),
            # What ran out is cut off within a second: between the beats that look too.
            loop.create_task(self._every(0.5, self.live.again)),
        ]

    async def stop(self) -> None:
        """Stop following, end the consoles' connections, put the boards away; may come twice."""
        self.account.flush(all_of_them=True)
        if self._unsubscribe:
            self._unsubscribe()
            self._unsubscribe = None
        self.live.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        with contextlib.suppress(CalloutError):  # it is no loss: it is said again another day
            self.used.flush()
        self.providers.stop()
        await self._keeper.stop()

    async def receipt(self, submitted: Future[Receipt]) -> Receipt:
        """Wait until the entries are durable; nothing is acknowledged before."""
        return await asyncio.wrap_future(submitted)

    async def done(self, submitted: Future[Receipt]) -> Receipt:
        """Wait until the entries are durable and the boards have them."""
        receipt = await self.receipt(submitted)
        await self.caught_up(receipt.last_seq)
        return receipt

    async def caught_up(self, seq: int) -> None:
        """Wait until the boards have that entry. UnavailableError when that takes 10 s."""
        if self.picture.seq >= seq:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (seq, next(self._order), future))
        try:
            await asyncio.wait_for(future, _WAIT_S)
        except TimeoutError:
            raise UnavailableError(
                "it is recorded, but the picture has not caught up", todo="Reload the page"
            ) from None

    async def again(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Decide anew when another entry came between; for verbs that nobody has to confirm."""
        for _ in range(_TRIES - 1):
            try:
                return await attempt()
            except ConflictError as conflict:
                if "stream" not in conflict.detail:
                    raise
                await self.caught_up(self.picture.journal.head())
        return await attempt()

    def _take(self, entries: Sequence[Entry]) -> None:
        fresh: list[Entry] = []
        for entry in entries:
            if entry.seq > self.picture.seq:
                for one in (*self._between(entry.seq), entry):
                    self._apply(one)
                    fresh.append(one)
        # A batch is shown once it is applied whole: an incident with its number, twins together.
        for entry in fresh:
            self._show(entry)
        if any(entry.type in AccessBoard.TYPES for entry in fresh):
            self.live.again()  # what was revoked is cut off now, not at the next beat
        while self._waiting and self._waiting[0][0] <= self.picture.seq:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    def _between(self, seq: int) -> list[Entry]:
        """Entries committed while the room was starting, before ``seq``."""
        missing = seq - self.picture.seq - 1
        return self.picture.journal.read(self.picture.seq, missing) if missing else []

    def _apply(self, entry: Entry) -> None:
        try:
            self.picture.apply(entry)
            self.closing.saw(entry)
        except Exception:  # noqa: BLE001 - the edge: one bad entry must not blind the room
            self.picture.seq = entry.seq
            _log.exception("entry could not be folded", seq=entry.seq, type=entry.type)

    def _show(self, entry: Entry) -> None:
        try:
            self.live.entry(entry)
        except Exception:  # noqa: BLE001 - the edge: a view's mistake must not stop the fold
            _log.exception("entry could not be shown", seq=entry.seq, type=entry.type)

    async def _every(self, seconds: float, act: Callable[[], object]) -> None:
        while True:
            try:
                act()
            except Exception:  # noqa: BLE001 - the edge of a task: it must beat on
                _log.exception("timer failed", timer=getattr(act, "__name__", "?"))
            await self.clock.wait_s(seconds)

    def _snap(self) -> None:
        self.picture.snap()

    async def _remember(self) -> None:
        # It waits for a disk, perhaps one far away: in a thread, and only ever in one.
        while True:
            await asyncio.to_thread(self.picture.journal.remember)
            await self.clock.wait_s(1.0)

    async def _mark(self) -> None:
        """Write which access was used today, off the loop: it waits for the disk."""
        while True:
            try:
                await asyncio.to_thread(self.used.flush)
            except Exception:  # noqa: BLE001 - the edge of a task: a full disk must not end it
                _log.warning("marks of used access could not be written")
            await self.clock.wait_s(5.0)

    async def _read_signs(self) -> None:
        """Put the rules of the hour in force each minute, off the loop: a change takes a while."""
        roads = self.picture.roads
        while True:
            await self.clock.wait_s(60)
            try:
                await asyncio.to_thread(roads.set_moment, self.clock.now_us(), self._zone)
            except Exception:  # noqa: BLE001 - the edge of a task: it must beat on
                _log.exception("rules of the hour could not be put in force")

    def _escalate(self) -> None:
        now_us = self.clock.now_us()
        board = self.picture.incidents
        for alarm, level in due(board, now_us, self._escalate_s):
            with contextlib.suppress(CalloutError):  # answered just now: the next beat sees it
                escalate_alarm(self.picture.journal, SYSTEM, board, alarm, level)
