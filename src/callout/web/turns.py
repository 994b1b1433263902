"""Turns at the password hasher: one at a time, and nobody can take it up for themselves.

A hash takes a tenth of a second and much memory. Whoever guesses many names at once waits behind
themselves only: sources take turns, each has few places, and browsers that somebody has signed in
on before come first. When all places are taken, who has most of them loses one.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callout.base.errors import TooManyError

#: Who waits, of one source and of all: the last in line waits some seconds.
OF_ONE = 4
OF_ALL = 64
_Line = OrderedDict[str, list[asyncio.Future[None]]]


def _too_many() -> TooManyError:
    return TooManyError(
        "too many are signing in just now", where="sign-in", todo="Wait a few seconds"
    )


class Turns:
    """A lock that is fair between sources. Loop's thread only."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._busy = False
        self._first: _Line = OrderedDict()
        self._rest: _Line = OrderedDict()

    @asynccontextmanager
    async def turn(self, source: str, *, first: bool = False) -> AsyncIterator[None]:
        """Wait for a turn and have it. ``first``: before all who are not.

        TooManyError: the source, or everybody, waits for too many already.
        """
        if self._busy:
            await self._wait(self._first if first else self._rest, source)
        self._busy = True
        try:
            yield
        finally:
            self._next()

    async def _wait(self, line: _Line, source: str) -> None:
        if len(line.get(source, ())) >= OF_ONE:
            raise _too_many()
        if self._waiting() >= OF_ALL:
            self._make_room(line, source)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.setdefault(source, []).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._next()  # it was given the turn, and is gone
            raise
        finally:
            _leave(line, source, place)

    def _waiting(self) -> int:
        return sum(len(places) for line in (self._first, self._rest) for places in line.values())

    def _make_room(self, line: _Line, source: str) -> None:
        """The last place of whoever has most, of those who are not first; else none is made."""
        most = max(self._rest, key=lambda one: len(self._rest[one]), default=None)
        mine = len(line.get(source, ()))
        if most is None or (line is self._rest and len(self._rest[most]) <= mine + 1):
            raise _too_many()
        self._rest[most][-1].set_exception(_too_many())
        _leave(self._rest, most, self._rest[most][-1])

    def _next(self) -> None:
        """Give the turn on; a source that had it goes to the end."""
        for line in (self._first, self._rest):
            while line:
                source = next(iter(line))
                place = line[source][0]
                _leave(line, source, place)
                if source in line:
                    line.move_to_end(source)
                if not place.done():
                    place.set_result(None)
                    return  # still busy: nobody comes between
        self._busy = False


def _leave(line: _Line, source: str, place: asyncio.Future[None]) -> None:
    places = line.get(source, [])
    if place in places:
        places.remove(place)
    if source in line and not places:
        del line[source]
