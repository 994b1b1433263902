"""Erasing in a running room: what was asked for is finished, what is old enough is asked for.

Runs in a thread of its own, a little at a time: reading old entries and waiting for the disk must
not hold up an alarm.
"""

import asyncio
from typing import Final

import structlog

from callout.access import SYSTEM
from callout.base.clock import Clock
from callout.base.errors import CalloutError
from callout.dispatch import Picture
from callout.incidents.commands import forget_presses
from callout.incidents.erasure import Found, ask_erasure, due_by_rule, finish_erasure

_log = structlog.get_logger()
_DAY_US: Final = 24 * 3600 * 1_000_000
_EVERY_S: Final = 3600.0
_PAGE: Final = 500
_SPACE, _CURSOR = "erasing", "cursor"


class Erasing:
    """The rule of how long personal detail is kept. ``keep_days`` 0: until it is erased by hand."""

    def __init__(self, picture: Picture, keep_days: int) -> None:
        """Nothing is erased before ``run``."""
        self._picture = picture
        self._keep_days = keep_days

    async def run(self) -> None:
        """Finish what a crash left, then look once an hour; ends only by being cancelled."""
        clock = self._picture.clock
        while True:
            try:
                await self.finish_open()
                await asyncio.to_thread(forget_presses, self._picture.journal, clock.now_us())
                while self._keep_days and await self.step(clock):
                    await clock.wait_s(0.1)
            except CalloutError as error:
                _log.warning("erasing put off", error=str(error))
            await clock.wait_s(_EVERY_S)

    async def finish_open(self) -> None:
        """Destroy what was asked for and not done yet."""
        for stream, keys in list(self._picture.incidents.erasing.items()):
            await finish(self._picture, stream, keys)

    async def step(self, clock: Clock) -> bool:
        """Look at the next entries that are old enough; False when there are none left."""
        before_us = clock.now_us() - self._keep_days * _DAY_US
        last, due = await asyncio.to_thread(self._look, before_us)
        for found in due:
            await erase(self._picture, found)
        if last is None:
            return False
        self._picture.journal.state.put(_SPACE, _CURSOR, b"%d" % last)
        return True

    def _look(self, before_us: int) -> tuple[int | None, list[Found]]:
        journal = self._picture.journal
        stored = journal.state.get(_SPACE, _CURSOR)
        last, due = None, dict[str, Found]()
        for count, (seq, found) in enumerate(
            due_by_rule(journal, -1 if stored is None else int(stored), before_us), 1
        ):
            last = seq
            if found is not None and not found.done:
                due[found.stream] = found
            if count == _PAGE:
                break
        return last, list(due.values())


async def erase(picture: Picture, found: Found) -> None:
    """By rule: ask, destroy, say that it is done."""
    asked = ask_erasure(picture.journal, SYSTEM, found, "retention")
    if asked is not None:
        await asyncio.wrap_future(asked)
        await finish(picture, found.stream, found.keys)


async def finish(picture: Picture, stream: str, keys: tuple[str, ...]) -> int:
    """Destroy the keys off the loop's thread and wait for the entry; its seq."""
    submitted = await asyncio.to_thread(finish_erasure, picture.journal, stream, keys)
    return (await asyncio.wrap_future(submitted)).last_seq
