"""The one thread that writes: every entry of the room flows through here, in groups.

A group is begun, looked up, decided (``plan``), written, put into the tree, signed and committed;
then its callers are answered, then the followers hear of it. Nothing is acknowledged before the
commit is durable, and an error that leaves that in doubt ends the process rather than be guessed.
"""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from enum import Enum
from queue import Empty, SimpleQueue
from typing import NoReturn

import structlog

from callout.base.clock import Clock
from callout.base.errors import CalloutError, DamagedError, FullError, UnavailableError
from callout.journal.driver import Driver, Head, Row
from callout.journal.entries import Receipt
from callout.journal.grown import regrow
from callout.journal.keys import KeyFile
from callout.journal.note import Checkpoint, Signer
from callout.journal.plan import Plan, Request, answer_all
from callout.journal.reserve import Reserve
from callout.journal.tree import Tree, root_of

# A group is bounded so that its commit, and with it everybody's wait, stays short.
_MOST_BATCHES = 512
_VERSIONS_KEPT = 200_000
_FATAL_EXIT = 70
# What is read at once of what others have written.
_PAGE = 256
_log = structlog.get_logger()


def die(error: BaseException) -> NoReturn:
    """End the process at once: what is on the disk is in doubt, and a watchdog starts us again."""
    _log.critical("journal.fatal", error=repr(error), todo="Run callout check, then start again")
    os._exit(_FATAL_EXIT)


class _Order(Enum):
    """What stands in the queue between batches."""

    END = 0
    LOOK = 1


class Writer:
    """Owns the write connection, the right edge of the tree and the signing key."""

    def __init__(
        self,
        driver: Driver,
        tree: Tree,
        head: Head,
        *,
        clock: Clock,
        signer: Signer,
        keys: KeyFile,
        publish: Callable[[Sequence[Row]], None],
        on_fatal: Callable[[BaseException], object],
        reserve: Reserve,
        with_tree: bool,
    ) -> None:
        self.head = head
        """The newest head that is known to be durable, whoever wrote it."""
        # The head that the tree, the versions and the next seq belong to.
        self._edge = head
        self._driver = driver
        self._tree = tree
        self._clock = clock
        self._signer = signer
        self._keys = keys
        self._publish = publish
        self._on_fatal = on_fatal
        self._reserve = reserve
        self._with_tree = with_tree
        self._next_seq = head.size
        # While the head is the one we left, what we wrote is what is there.
        self._versions: dict[str, int] = {}
        # The first seq that the followers have not heard of.
        self._untold = head.size
        self._looking = False
        self._queue: SimpleQueue[Request | Future[None] | _Order] = SimpleQueue()
        self._pings: list[Future[None]] = []
        self._ended: CalloutError | None = None
        # The group that is durable, and whose callers are not answered yet.
        self._done: tuple[list[Request], list[Receipt | CalloutError], list[Row]] = ([], [], [])
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def put(self, request: Request) -> None:
        """Queue a prepared batch; its ``wake`` is called when it is answered."""
        self._queue.put(request)
        if self._ended is not None:
            # It may have come after the writer's last look into the queue.
            self._refuse_rest(self._ended)

    def ping(self) -> Future[None]:
        """Done when everything queued before has been worked off."""
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()
        self._queue.put(future)
        if self._ended is not None:
            self._refuse_rest(self._ended)
        return future

    def fail(self, error: BaseException) -> None:
        """Something beside the writer has left in doubt what is durable: end as for our own."""
        self._on_fatal(error)

    def look(self) -> None:
        """Have a look soon at what others have written, for the followers; from any thread."""
        if not self._looking:
            self._looking = True
            self._queue.put(_Order.LOOK)

    def is_writer_thread(self) -> bool:
        """Whether the caller is a subscriber being called: waiting here would wait for ever."""
        # Also alive: the number of a thread that has ended is given to the next one.
        return threading.get_ident() == self._thread.ident and self._thread.is_alive()

    def close(self) -> None:
        """Write what is queued, then stop. May be called twice."""
        self._queue.put(_Order.END)
        self._thread.join()

    def _run(self) -> None:
        ended: CalloutError = UnavailableError("the journal is closed", todo="Start callout again")
        try:
            go_on = True
            while go_on:
                if self._queue.empty() or self._driver.wal_is_long():
                    self._tell()
                    self._driver.checkpoint()
                group, go_on = self._take()
                if group:
                    self._write(group)
                if self._looking:
                    self._tell_of_others()
                if self._pings:
                    self._tend()
            self._tell()
        except BaseException as error:  # noqa: BLE001 - the edge of the writer's task
            ended = UnavailableError(f"the journal has stopped: {error}", todo="See the log")
            ended.__cause__ = error
            self._on_fatal(error)
            # With the default on_fatal nobody comes here: the process is gone.
            self._tell()
        self._ended = ended
        self._refuse_rest(ended)

    def _take(self) -> tuple[list[Request], bool]:
        """The next group; False when it is the last. Empty when there is only to look or tend."""
        group: list[Request] = []
        asked = self._queue.get()
        with contextlib.suppress(Empty):
            while asked is not _Order.END:
                if isinstance(asked, Future):
                    self._pings.append(asked)
                elif asked is not _Order.LOOK:
                    group.append(asked)
                if len(group) == _MOST_BATCHES:
                    break
                asked = self._queue.get_nowait()
        return group, asked is not _Order.END

    def _tend(self) -> None:
        """Housekeeping when somebody asks how we are, so it is not done while callers crowd."""
        self._reserve.refill()
        pings, self._pings = self._pings, []
        for ping in pings:
            ping.set_result(None)

    def _write(self, group: list[Request]) -> None:
        """Write a group; when callers are many, those of the one before are answered meanwhile.

        Their threads all want the interpreter at once, so they are woken just before the commit,
        which does not need it, and not while this thread still has Python to run.
        """
        try:
            plan, tree, head = self._reserve.trying(lambda: self._commit(group))
        except (FullError, UnavailableError) as error:
            self._tell()
            self._done = (group, [error] * len(group), [])
            return
        except BaseException as error:
            self._tell()
            self._done = (group, [_stopped(error)] * len(group), [])
            raise
        self._tree, self.head, self._edge = tree, head, head
        self._next_seq += len(plan.rows)
        if len(self._versions) > _VERSIONS_KEPT:
            self._versions.clear()
        self._versions.update(plan.versions)
        self._done = (group, plan.answers, plan.rows)

    def _commit(self, group: list[Request]) -> tuple[Plan, Tree, Head]:
        try:
            plan, tree, head = self._stage(group)
            self._tell()
            if plan.rows:
                self._driver.commit()
        except (FullError, UnavailableError):
            self._driver.rollback()
            raise
        return plan, tree, head

    def _tell(self) -> None:
        """Answer the callers of the group that was written last, then its followers."""
        group, answers, rows = self._done
        self._done = ([], [], [])
        answer_all(group, answers)
        if rows:
            try:
                # What others wrote before stands before it in the order.
                self._catch_up(rows[0][0])
            except UnavailableError as error:
                # The next look reads ours as well.
                _log.warning("journal.followers_wait", error=str(error))
                return
            self._untold += len(rows)
            self._publish(rows)

    def _tell_of_others(self) -> None:
        """Tell the followers what other processes have written, as far as it can be read."""
        self._looking = False
        self._tell()
        try:
            head = self._driver.head()
            if head.size > self.head.size:
                self.head = head
            self._catch_up(head.size)
        except UnavailableError as error:
            _log.warning("journal.followers_wait", error=str(error))

    def _catch_up(self, until: int) -> None:
        """Tell the followers of everything below ``until`` that they have not heard of."""
        while self._untold < until:
            rows = self._driver.read(self._untold - 1, until - 1, _PAGE)
            if not rows:
                raise DamagedError(
                    f"entry {self._untold} is missing",
                    where="journal",
                    todo="Restore the last backup",
                )
            self._untold = rows[-1][0] + 1
            self._publish(rows)

    def _stage(self, group: list[Request]) -> tuple[Plan, Tree, Head]:
        """Everything up to the commit."""
        self._keys.sync()
        self._begin()
        also = [key for request in group for key in request.also]
        plan = self._plan(group, self._known(also) if also else {})
        # Keys that were used before are rare, so they are looked up only when it may matter:
        # when the table refuses one, or before somebody who asks again is told of a conflict.
        if plan.conflicts:
            plan = self._plan(group, self._old(group))
        if plan.rows and not self._driver.insert(plan.rows):
            # The transaction has ended with it, and somebody else may have come in between.
            self._begin()
            plan = self._plan(group, self._old(group))
            if plan.rows and not self._driver.insert(plan.rows):
                raise RuntimeError("the table refuses keys and versions that are free")
        if not plan.rows:
            self._driver.rollback()
            return plan, self._tree, self._edge
        return plan, *self._grow(plan)

    def _begin(self) -> None:
        """Take the lock; go on from where the journal is now, if others have written to it."""
        head = self._driver.begin()
        if head == self._edge:
            return
        self._tree = regrow(self._driver, head, self._signer.verifier)
        self.head = self._edge = head
        self._next_seq = head.size
        self._versions.clear()

    def _plan(self, group: list[Request], old: dict[str, Receipt]) -> Plan:
        streams = {entry.stream for request in group for entry in request.entries}
        for request in group:
            if request.expect:
                streams.update(request.expect)
        known = self._versions
        versions = {stream: known[stream] for stream in streams if stream in known}
        missing = streams - versions.keys()
        if missing:
            versions.update(self._driver.find_versions(list(missing)))
        plan = Plan(self._clock.now_us(), versions, old)
        plan.add_all(group, self._next_seq)
        return plan

    def _grow(self, plan: Plan) -> tuple[Tree, Head]:
        if not self._with_tree:
            return self._tree, self._edge
        sha256 = hashlib.sha256
        tree = self._tree.copy()
        tiles = tree.extend([sha256(leaf).digest() for leaf in plan.leaves])
        frontier = tree.frontier()
        root = root_of(frontier)
        note = self._signer.sign(Checkpoint(self._signer.name, tree.size, root).text())
        head = Head(tree.size, root, b"".join(frontier), note)
        self._driver.insert_rest(plan.sides, tiles, head, self._edge)
        return tree, head

    def _old(self, group: list[Request]) -> dict[str, Receipt]:
        """What was written under the group's keys before."""
        keys = [request.entries[0].key for request in group]
        return self._known(keys + [key for request in group for key in request.also])

    def _known(self, keys: list[str]) -> dict[str, Receipt]:
        seqs = self._driver.find_keys(keys)
        return {key: self._receipt(key, seq) for key, seq in seqs.items()}

    def _receipt(self, key: str, first_seq: int) -> Receipt:
        # The entries of a batch follow each other, so the batch ends where the keys stop counting.
        versions: list[int] = []
        while True:
            seq = first_seq + len(versions)
            rows = self._driver.read(seq - 1, seq + 255, 256)
            for row in rows:
                if versions and row[3] != f"{key}#{len(versions)}":
                    return Receipt(first_seq, row[0] - 1, tuple(versions), duplicate=True)
                versions.append(row[2])
            if len(rows) < 256:
                return Receipt(first_seq, seq + len(rows) - 1, tuple(versions), duplicate=True)

    def _refuse_rest(self, error: CalloutError) -> None:
        rest: list[Request] = []
        pings, self._pings = self._pings, []
        with contextlib.suppress(Empty):
            while True:
                asked = self._queue.get_nowait()
                if isinstance(asked, Future):
                    pings.append(asked)
                elif isinstance(asked, Request):
                    rest.append(asked)
        for ping in pings:
            ping.set_exception(error)
        answer_all(rest, [error] * len(rest))


def _stopped(error: BaseException) -> UnavailableError:
    return UnavailableError(
        f"the journal could not be written: {error}", todo="See the log; run callout check"
    )
