"""The ranges of a journal proved side by side, each processor its share.

A check is Python and hashing, so threads would wait for each other; the helpers are processes of
their own, started with nothing but the two paths. Each opens the file read-only and gets ranges
that end where the journal ended for the one who asks. What is in them is never written again, so
all see the same, though each has a snapshot of its own and a server appends meanwhile.
"""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import apsw
import msgspec

from callout.base.errors import CalloutError, UnavailableError
from callout.journal.keys import KeyFile, Keys
from callout.journal.span import Span, prove_span
from callout.journal.sqlite import open_to_check
from callout.journal.tree import TILE_WIDTH

# Entries of a range: whole tiles, few enough for the progress to move and memory to stay small.
SPAN = 64 * TILE_WIDTH
# Below this a helper's start (0.3 s) is a good part of the whole.
WORTH_HELPERS = 200_000
_MOST_HELPERS = 16
_LENGTH_BYTES = 8
_SERVE = "from callout.journal.spread import serve; serve()"


class Source(NamedTuple):
    """Where the files are."""

    home: Path
    keys: Path | None
    """The folder of the keys; None when they are no use."""


def prove_spans(
    source: Source,
    database: apsw.Connection,
    keys: KeyFile | None,
    size: int,
    helpers: int | None = None,
) -> Iterator[Span]:
    """Every range of the first ``size`` entries, in order; UnavailableError when a helper dies.

    ``helpers``: how many processes; else one a processor for long journals and none for others.
    """
    ranges = [(first, min(first + SPAN, size)) for first in range(0, size, SPAN)]
    if helpers is None:
        helpers = min(len(os.sched_getaffinity(0)), _MOST_HELPERS) if size >= WORTH_HELPERS else 0
    if helpers < 2:
        for first, end in ranges:
            yield prove_span(database, keys, first, end)
        return
    idle: SimpleQueue[_Helper] = SimpleQueue()

    def prove(of: tuple[int, int]) -> Span:
        helper = idle.get()
        try:
            return helper.prove(*of)
        finally:
            idle.put(helper)

    with ExitStack() as stack:
        for _ in range(helpers):
            idle.put(stack.enter_context(closing(_Helper(source))))
        pool = stack.enter_context(ThreadPoolExecutor(helpers))
        try:
            yield from pool.map(prove, ranges)
        finally:
            pool.shutdown(cancel_futures=True)


class _Helper:
    """A process that proves ranges when asked."""

    def __init__(self, source: Source) -> None:
        package = str(Path(__file__).resolve().parents[2])
        python_path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        key_path = "" if source.keys is None else str(source.keys)
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-c", _SERVE, str(source.home / "journal.db"), key_path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": python_path},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    def prove(self, first: int, end: int) -> Span:
        try:
            self._stdin.write(b"%d %d\n" % (first, end))
            self._stdin.flush()
        except BrokenPipeError:
            raise _ended(first) from None
        length = int.from_bytes(self._stdout.read(_LENGTH_BYTES), "big")
        answer = self._stdout.read(length)
        if not length or len(answer) < length:
            raise _ended(first)
        return msgspec.msgpack.decode(answer, type=Span)

    def close(self) -> None:
        """It ends when its questions do."""
        self._process.kill()
        self._process.communicate()


def serve() -> None:
    """A helper's whole life: ranges in, what was found out; see ``_Helper``."""
    # Ctrl-C goes to the whole group; who asked sees to our end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Rows are many and have no cycles.
    gc.disable()
    path, key_path = sys.argv[1:]
    try:
        database = open_to_check(Path(path))
        keys = Keys.load(Path(key_path), writable=False).side if key_path else None
    except CalloutError as error:
        sys.exit(str(error))
    for line in sys.stdin.buffer:
        first, end = map(int, line.split())
        answer = msgspec.msgpack.encode(prove_span(database, keys, first, end))
        sys.stdout.buffer.write(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
        sys.stdout.buffer.flush()


def _ended(first: int) -> UnavailableError:
    return UnavailableError(
        "a process of the check has ended",
        where=f"entries from {first} on",
        todo="See if memory has run out, and check again",
    )
