"""Puts the boards away at times and takes them up at start, so that a start is quick."""

import asyncio

import structlog

from callout.dispatch import Picture, code_version
from callout.journal import SnapshotFile

#: A snapshot is due when that much is new; folding 20,000 entries again takes under a second.
EVERY_ENTRIES = 20_000
#: Or when that long has passed and anything is new.
EVERY_S = 600
_log = structlog.get_logger()


class Keeper:
    """Keeps the last snapshot of the boards fresh. Used from the thread that folds."""

    def __init__(self, picture: Picture) -> None:
        """Nothing is read or written yet."""
        self._picture = picture
        self._file = SnapshotFile(picture.journal, code_version())
        self._seq = -1  # of the last snapshot
        self._at_us = picture.clock.monotonic_us()
        self._saving: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Take the boards up from the last snapshot if it fits; the rest is there to be folded."""
        found = self._file.load()
        if found is None:
            return
        try:
            self._picture.restore(found)
        except ValueError as error:
            self._file.discard(str(error))
            return
        self._seq = found.seq
        _log.info("snapshot.loaded", seq=found.seq)

    def beat(self) -> None:
        """Begin to save when it is due; the boards are encoded here, the rest is a thread's."""
        if self._saving is not None and not self._saving.done():
            return
        new = self._picture.seq - self._seq
        waited_us = self._picture.clock.monotonic_us() - self._at_us
        if new >= EVERY_ENTRIES or (new and waited_us >= EVERY_S * 1_000_000):
            self._saving = asyncio.get_running_loop().create_task(self._save())

    async def stop(self) -> None:
        """Put away what is new, after a save that is under way. May be called twice."""
        if self._saving is not None:
            await self._saving
        if self._picture.seq > self._seq:
            await self._save()

    async def _save(self) -> None:
        # Counted as kept also when it fails: the next try comes when the next one would be due.
        self._seq = self._picture.seq
        self._at_us = self._picture.clock.monotonic_us()
        try:
            await asyncio.to_thread(self._file.save, self._picture.snapshot())
        except Exception:  # noqa: BLE001 - the edge of a task: the room goes on without a snapshot
            _log.exception("snapshot.failed", seq=self._seq)
