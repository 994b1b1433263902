"""Turns at the password hasher: nobody takes it up for themselves."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from callout.base.errors import TooManyError
from callout.web.turns import OF_ALL, OF_ONE, Turns


class Desk:
    """A hasher that is held up until the test lets go; who came when is written down."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.came: list[str] = []
        self.at_once = 0
        self.held = asyncio.Event()

    async def one(self, source: str, *, first: bool = False) -> None:
        async with self.turns.turn(source, first=first):
            self.at_once += 1
            assert self.at_once == 1
            await self.held.wait()
            self.came.append(source)
            self.at_once -= 1

    def asks(self, source: str, *, first: bool = False) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(self.one(source, first=first))


async def settled() -> None:
    """Everything that can go on has gone on."""
    for _ in range(20):
        await asyncio.get_running_loop().create_task(_nothing())


async def _nothing() -> None:
    return None


def by_loop(act: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await act()

    asyncio.run(run())


def test_sources_take_turns_and_known_browsers_come_first() -> None:
    async def act() -> None:
        desk = Desk()
        tasks = [desk.asks("guesser") for _ in range(3)]
        await settled()
        tasks += [desk.asks("ana"), desk.asks("guesser"), desk.asks("console", first=True)]
        await settled()
        desk.held.set()
        await asyncio.gather(*tasks)
        assert desk.came == ["guesser", "console", "guesser", "ana", "guesser", "guesser"]

    by_loop(act)


def test_one_source_has_few_places_and_the_others_keep_theirs() -> None:
    async def act() -> None:
        desk = Desk()
        tasks = [desk.asks("guesser") for _ in range(OF_ONE + 3)]
        await settled()
        other = desk.asks("ana")
        await settled()
        desk.held.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        await other
        assert [type(one) for one in done].count(TooManyError) == 2
        assert "ana" in desk.came

    by_loop(act)


def test_when_all_places_are_taken_who_has_most_loses_one() -> None:
    async def act() -> None:
        desk = Desk()
        tasks = [desk.asks(f"bot{n % (OF_ALL // OF_ONE)}") for n in range(OF_ALL + 1)]
        await settled()
        late = desk.asks("ana")
        known = desk.asks("console", first=True)
        await settled()
        desk.held.set()
        done = await asyncio.gather(*tasks, late, known, return_exceptions=True)
        refused = [one for one in done if isinstance(one, TooManyError)]
        assert len(refused) == 2
        assert done[-2:] == [None, None]
        assert desk.came[1] == "console"

    by_loop(act)


def test_when_everybody_has_one_place_a_stranger_more_is_refused_and_a_console_is_not() -> None:
    async def act() -> None:
        desk = Desk()
        tasks = [desk.asks(f"bot{n}") for n in range(OF_ALL + 1)]
        await settled()
        with pytest.raises(TooManyError, match="Wait a few seconds"):
            await desk.one("one more")
        known = desk.asks("console", first=True)
        await settled()
        desk.held.set()
        done = await asyncio.gather(*tasks, known, return_exceptions=True)
        assert [type(one) for one in done].count(TooManyError) == 1
        assert done[-1] is None

    by_loop(act)


@pytest.mark.parametrize("when", ["waiting", "given"])
def test_who_goes_away_holds_nobody_up(when: str) -> None:
    async def act() -> None:
        desk = Desk()
        holder = desk.asks("a")
        await settled()
        gone, after = desk.asks("b"), desk.asks("c")
        await settled()
        if when == "waiting":
            gone.cancel()
            await settled()
            desk.held.set()
        else:
            desk.held.set()
            holder.add_done_callback(lambda _: gone.cancel())
        await asyncio.wait_for(asyncio.gather(holder, gone, after, return_exceptions=True), 5)
        assert desk.came[0] == "a"
        assert desk.came[-1] == "c"
        async with desk.turns.turn("d"):
            pass

    by_loop(act)
