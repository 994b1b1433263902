"""What a group of batches will write: duplicate, conflict or ok, decided in the order they came.

Pure: everything it needs from the database was looked up before, nothing is written here.
"""

from _thread import LockType
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from itertools import pairwise

import msgspec

from callout.base.errors import CalloutError, ConflictError
from callout.journal.driver import Row, SideRow
from callout.journal.entries import Receipt
from callout.journal.format import Prepared

_CHAIN = 16


class Request(msgspec.Struct):
    """A prepared batch on its way to the writer, and how its caller is told."""

    entries: list[Prepared]
    expect: dict[str, int]
    also: tuple[str, ...] = ()
    gate: LockType | None = None
    """Released once ``answer`` is set, for a caller that waits in its thread; or else"""
    future: Future[Receipt] | None = None
    """which gets the answer."""
    answer: Receipt | CalloutError | None = None
    after: "Request | None" = None
    """Whose gate this caller opens when its own has been opened."""

    def wait(self) -> Receipt:
        """Wait at the gate; return the answer or raise it.

        An interrupt is raised when the answer is there: the batch cannot be taken back, and the
        next caller in the chain waits to be woken by this one. The gate is not to be used again.
        """
        assert self.gate is not None
        try:
            self.gate.acquire()
        except BaseException:
            while self.answer is None:
                self.gate.acquire(timeout=0.01)
            raise
        finally:
            after = self.after
            if after is not None and after.gate is not None:
                self.after = None
                after.gate.release()
        if isinstance(self.answer, Receipt):
            return self.answer
        assert self.answer is not None
        raise self.answer


def answer_all(group: Sequence[Request], answers: Sequence[Receipt | CalloutError]) -> None:
    """Tell every caller of a group.

    To wake a thread costs this one as much as to write its row, so of the callers that wait in
    threads only every sixteenth is woken here, and each wakes the one after it.
    """
    waiting = [request for request in group if request.future is None]
    for number, (one, after) in enumerate(pairwise(waiting), 1):
        if number % _CHAIN:
            one.after = after
    for request, answer in zip(group, answers, strict=True):
        request.answer = answer
        if request.future is not None:
            if isinstance(answer, Receipt):
                request.future.set_result(answer)
            else:
                request.future.set_exception(answer)
    for first in waiting[::_CHAIN]:
        if first.gate is not None:
            first.gate.release()


class Plan:
    """The rows of a group, and each batch's answer once they are durable."""

    def __init__(self, recorded_us: int, versions: dict[str, int], old: dict[str, Receipt]) -> None:
        """``versions`` knows every stream of the group; ``old`` the keys used before."""
        self.recorded_us = recorded_us
        self.versions = versions
        self._old = old
        self._fresh: dict[str, Receipt] = {}
        self.rows: list[Row] = []
        self.sides: list[SideRow] = []
        self.leaves: list[bytes] = []
        self.answers: list[Receipt | CalloutError] = []
        self.conflicts = 0

    def add_all(self, group: Iterable[Request], seq: int) -> None:
        """Decide on each batch; the first entry written gets ``seq``."""
        old, fresh = self._old, self._fresh
        for request in group:
            key = request.entries[0].key
            known = fresh.get(key) or old.get(key)
            for other in request.also if known is None else ():
                known = known or fresh.get(other) or old.get(other)
            if known is not None:
                answer: Receipt | CalloutError = Receipt(
                    known.first_seq, known.last_seq, known.versions, duplicate=True
                )
            elif request.expect and (conflict := self._conflict(request)) is not None:
                self.conflicts += 1
                answer = conflict
            else:
                answer = fresh[key] = self._write(request.entries, seq)
                seq = answer.last_seq + 1
            self.answers.append(answer)

    def _conflict(self, request: Request) -> ConflictError | None:
        for stream, expected in request.expect.items():
            actual = self.versions[stream]
            if actual != expected:
                return ConflictError(
                    f"{stream} has changed since (it is at {actual}, you saw {expected})",
                    where=stream,
                    todo="Look again and decide again",
                    stream=stream,
                    expected=expected,
                    actual=actual,
                )
        return None

    def _write(self, entries: list[Prepared], seq: int) -> Receipt:
        first, given = seq, []
        now_us, versions = self.recorded_us, self.versions
        for e in entries:
            stream = e.stream
            versions[stream] = version = versions[stream] + 1
            given.append(version)
            self.rows.append(
                (
                    seq,
                    stream,
                    version,
                    e.key,
                    e.type,
                    now_us,
                    e.claimed_us,
                    e.actor,
                    e.agency,
                    e.body,
                )
            )
            leaf = f'{e.leaf_start}{now_us},"seq":{seq}{e.leaf_end}{version}}}'
            self.leaves.append(leaf.encode())
            for name, number, box in e.boxes:
                self.sides.append((seq, name, number, box))
            seq += 1
        return Receipt(first, seq - 1, tuple(given), duplicate=False)
