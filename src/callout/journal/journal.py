"""The journal of a home: append, read, side rows, checkpoint, state."""

import contextlib
import fcntl
import os
import threading
from _thread import allocate_lock
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import structlog

from callout.base.clock import Clock
from callout.base.errors import (
    CalloutError,
    HomeInUseError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from callout.base.ids import new_id
from callout.journal import note
from callout.journal.backup import enter_waiting
from callout.journal.driver import Driver, Head
from callout.journal.entries import Batch, Draft, Entry, Receipt, Side
from callout.journal.erased import ERASED, Erased, add_erased, read_erased
from callout.journal.events import HistoryResumed
from callout.journal.feed import Callback, Feed, entries_of
from callout.journal.format import check_batch, prepare, stored_keys
from callout.journal.grown import regrow
from callout.journal.keys import Keys
from callout.journal.memory import Doubt, Memory, WitnessAge
from callout.journal.migrations import bring_up_home
from callout.journal.note import Verifier
from callout.journal.place import place_of
from callout.journal.plan import Request
from callout.journal.reserve import Reserve, Storage, held_bytes
from callout.journal.seal import Boxes, open_box, seal
from callout.journal.settle import leave_word, make_folder, settle
from callout.journal.state import State
from callout.journal.tlog import Log
from callout.journal.tree import EMPTY_ROOT
from callout.journal.writer import Writer, die

#: Whose key seals the names of those who acted at the machine itself.
MACHINE_KEY = "staff/machine"
_log = structlog.get_logger()
_SIDES_KEPT = 4096
# Of a replay: small enough that entries die before the garbage collector has looked at them.
_PAGE = 256


class Journal:
    """What happened, for ever. Thread-safe."""

    state: State
    """The second file: what is not history."""

    def __init__(
        self,
        home: Path,
        *,
        keys: Keys,
        driver: Driver,
        state: State,
        memory: Memory,
        lock_fd: int,
        reserve: Reserve,
    ) -> None:
        """Use ``Journal.open``."""
        self.home = home
        self.state = state
        self._keys = keys
        self._driver = driver
        self._memory = memory
        self._reserve = reserve
        self._lock_fd = lock_fd
        self._feed = Feed()
        self._writer: Writer | None = None
        # Opened in doubt, and nobody has spoken: then nothing is remembered.
        self._doubted = False
        self._closed = False
        self._closing = threading.Lock()
        self._forgetting = threading.Lock()
        self._mine = threading.local()
        self._sides: OrderedDict[tuple[int, str], tuple[int, dict[str, Any]]] = OrderedDict()
        self._sides_lock = threading.Lock()

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        clock: Clock,
        database: str = "",
        origin: str = "callout",
        writable: bool = True,
        on_fatal: Callable[[BaseException], object] = die,
        tree: bool = True,
        witness: Path | None = None,
        doubted: bool = False,
        reserve_bytes: int = 0,
    ) -> "Journal":
        """Open a home; made when it is missing and ``writable``.

        ``database``, a PostgreSQL URL, is where the journal lies instead of in ``journal.db``;
        other processes may write there too, each with a home of its own and the same ``keys/``.
        ``origin`` names the log in its checkpoints and counts only when the home is new.
        ``on_fatal`` hears of an error after which nothing may be acknowledged any more.
        ``reserve_bytes`` are kept on the disk for when it is full; see ``reserve``.
        ``tree=False`` leaves tree and checkpoint out: for the benchmark only.
        ``witness`` is a file elsewhere that remembers the last checkpoint too. ``doubted``: open
        for writing even though it is not the journal that is remembered; see ``resume``.
        HomeInUseError: another process has it. FullError: no room. UnavailableError: the disk
        refuses to make what is there durable. NotFoundError: nothing there, or a key file is
        missing. DamagedError: the files do not fit each other, or (detail ``kind``: rolled_back,
        forked, unknown, other_log) the journal is not the one that is remembered.
        UnavailableError: no database.
        """
        if not writable:
            return cls._open_reading(home, clock, database, witness)
        make_folder(home)
        lock_fd = _lock(home)
        opened: list[Keys | Driver | State | Memory] = []
        try:
            reserve = Reserve(home, reserve_bytes)
            reserve.begin()
            reserve.trying(lambda: settle(home))
            # SQLite gives the WAL the mode of its database, and would make it readable for all.
            os.close(os.open(home / "state.db", os.O_WRONLY | os.O_CREAT, 0o600))
            place = place_of(home, database)
            joins = place.joins()
            if place.exists():
                keys = Keys.load(home / "keys", writable=True)
                opened.append(keys)
                bring_up_home(home)
                driver = place.open(writable=True)
            else:
                keys = Keys.create(home / "keys", origin)
                opened.append(keys)
                driver = place.create(_first_head(keys))
            opened.append(driver)
            state = State(
                home / "state.db",
                clock=clock,
                writable=True,
                trying=reserve.trying,
                cipher=keys.state_cipher(),
            )
            opened.append(state)
            memory = Memory(
                State(home / "state.db", clock=clock, writable=True, trying=reserve.trying),
                keys.verifier,
                witness,
            )
            opened.append(memory)
            memory.begin(driver.head(), joins=joins)
            journal = cls(
                home,
                keys=keys,
                driver=driver,
                state=state,
                memory=memory,
                lock_fd=lock_fd,
                reserve=reserve,
            )
            journal._doubted = doubted and bool(journal.doubts())
            if not doubted:
                journal._refuse_doubts()
            while reserve.refill():
                pass
            journal._start(clock, on_fatal, with_tree=tree)
            # A crash came between list and key, or an older key file was put back.
            erased = read_erased(home / ERASED)
            journal._destroy(erased)
            keys.side.spend(number for _, number in erased)
            journal._enter_backups()
        except BaseException:
            leave_word(home)
            _close_all([*opened], lock_fd)
            raise
        return journal

    @classmethod
    def _open_reading(
        cls, home: Path, clock: Clock, database: str, witness: Path | None
    ) -> "Journal":
        driver = place_of(home, database).open(writable=False)
        keys = Keys.load(home / "keys", writable=False)
        state = State(home / "state.db", clock=clock, writable=False, cipher=keys.state_cipher())
        memory = Memory(
            State(home / "state.db", clock=clock, writable=False), keys.verifier, witness
        )
        reserve = Reserve(home, held_bytes(home))
        return cls(
            home,
            keys=keys,
            driver=driver,
            state=state,
            memory=memory,
            lock_fd=-1,
            reserve=reserve,
        )

    def _refuse_doubts(self) -> None:
        for doubt in self.doubts():
            raise doubt.error()

    def _start(
        self, clock: Clock, on_fatal: Callable[[BaseException], object], *, with_tree: bool
    ) -> None:
        signer = self._keys.signer
        assert signer is not None
        head = self._driver.head()

        def fatal(error: BaseException) -> None:
            leave_word(self.home)
            on_fatal(error)

        self._writer = Writer(
            self._driver,
            regrow(self._driver, head, signer.verifier),
            head,
            clock=clock,
            signer=signer,
            keys=self._keys.side,
            publish=self._feed.publish,
            on_fatal=fatal,
            reserve=self._reserve,
            with_tree=with_tree,
        )
        self._driver.listen(self._writer.look)

    # --- writing ---

    def submit(self, batch: Batch) -> Future[Receipt]:
        """Queue a batch; the future is done only when it is durable, or refused.

        Its errors: ConflictError (detail stream, expected, actual), BadInputError, FullError,
        UnavailableError. It cannot be cancelled: the batch is on its way.
        """
        future: Future[Receipt] = Future()
        future.set_running_or_notify_cancel()

        try:
            writer, request = self._prepare(batch)
        except CalloutError as error:
            future.set_exception(error)
            return future
        request.future = future
        writer.put(request)
        return future

    def append(self, batch: Batch) -> Receipt:
        """``submit`` and wait: durable on return. Not for subscribers, who would wait for ever."""
        writer, request = self._prepare(batch)
        if writer.is_writer_thread():
            raise RuntimeError("a subscriber cannot append and wait: use submit")
        # A bare lock of this thread, since a Future costs as much as all the rest here.
        mine = self._mine
        try:
            request.gate = mine.gate
        except AttributeError:
            request.gate = mine.gate = allocate_lock()
            mine.gate.acquire()
        writer.put(request)
        try:
            return request.wait()
        except CalloutError:
            raise
        except BaseException:
            del mine.gate
            raise

    def doubts(self) -> list[Doubt]:
        """Why this may not be the journal that is remembered; empty when all is well."""
        return self._memory.doubts(self._log_now)

    def remember(self) -> None:
        """Keep the present checkpoint in state.db and at the witness. Waits for the disk.

        Enters the backups that were made meanwhile, too. Not for subscribers.
        """
        if self._writer is None or self._doubted or self._closed:
            return
        self._memory.remember(self._log_now)
        self._enter_backups()

    def _enter_backups(self) -> None:
        if self._doubted:
            return
        try:
            enter_waiting(self.state, self._keys.verifier.name, self.append)
        except CalloutError as error:
            # They wait on; a room that cannot write has more to say elsewhere.
            _log.warning("journal.backup_not_entered", error=str(error))

    def _log_now(self) -> Log:
        """As it is in the database, of which other processes may have been quicker to know."""
        return Log(self._driver, self._driver.head())

    def witness_age(self) -> WitnessAge | None:
        """How far back the witness is; None without one, or when it cannot say."""
        return self._memory.witness_age(self.log())

    def resume(self, *, name: str, reason: str, kind: str = "", lost_keys: int = 0) -> Receipt:
        """Enter that a named person lets a doubted journal go on, and remember it from now on.

        ``kind`` is "restored" when it was put back on purpose; else what ``doubts`` says.
        RefusedError when there is no doubt.
        """
        doubts = self.doubts()
        if not doubts and not kind:
            raise RefusedError(
                "there is no doubt about this journal", where=str(self.home), todo="Just start it"
            )
        known = doubts[0].remembered if doubts else None
        found = note.parse_checkpoint(self._keys.verifier.open(self.checkpoint()))
        fact = HistoryResumed(
            kind=kind or doubts[0].kind,
            size=found.size,
            root=found.root.hex(),
            remembered_size=known.size if known else None,
            remembered_root=known.root.hex() if known else None,
            lost_keys=lost_keys,
        )
        side = Side("who", {"name": name, "reason": reason}, MACHINE_KEY)
        stream = f"history/{self._keys.verifier.name}"
        draft = Draft(stream, fact.TYPE, fact.body(), (side,))
        receipt = self.append(Batch((draft,), new_id()))
        self._doubted = False
        self._memory.remember(self._log_now, spoken=True)
        return receipt

    def forget(self, *keys: str) -> int:
        """Destroy keys of side rows, durably on return; what they sealed is never read again.

        Returns how many there were. Their names are kept in ``erased.list``, so that an older
        key file cannot bring them back. The entries that say who asked and that it was done are
        the caller's.
        """
        if self._writer is None:
            raise _reading_only()
        try:
            # One at a time: the list's own name is durable for the first before the second is told.
            with self._forgetting:
                return self._reserve.trying(lambda: self._forget(keys))
        except OSError as error:
            # Keys that others were given wait for the same fsync: nobody may go on from here.
            self._writer.fail(error)
            raise UnavailableError(
                f"the key may not be destroyed: {error.strerror}", todo="Start again and ask again"
            ) from error

    def _forget(self, keys: Sequence[str]) -> int:
        side = self._keys.side
        found = [Erased(key, number) for key in keys if (number := side.find(key)) is not None]
        if found:
            add_erased(self.home, found)
            self._destroy(found)
        return len(found)

    def _destroy(self, erased: Sequence[Erased]) -> None:
        for name, number in erased:
            self._keys.side.destroy(name, number)
        numbers = {number for _, number in erased}
        with self._sides_lock:
            for known in [k for k, (record, _) in self._sides.items() if record in numbers]:
                del self._sides[known]

    # --- how it is ---

    def storage(self) -> Storage:
        """How much room there is; one system call."""
        return self._reserve.storage()

    def ping(self) -> Future[None]:
        """Done when the writer has worked off what was queued before; it then tends the reserve.

        UnavailableError when the writer has ended.
        """
        if self._writer is None:
            raise _reading_only()
        return self._writer.ping()

    # --- reading ---

    def read(self, after: int = -1, limit: int = 1000, until: int | None = None) -> list[Entry]:
        """At most ``limit`` durable entries with after < seq <= until, ordered by seq."""
        last = self.head() if until is None else min(until, self.head())
        return entries_of(self._driver.read(after, last, limit))

    def replay(self, after: int = -1, until: int | None = None) -> Iterator[Entry]:
        """Every durable entry with after < seq <= until, in pages, ordered by seq."""
        last = self.head() if until is None else min(until, self.head())
        while rows := self._driver.read(after, last, _PAGE):
            yield from entries_of(rows)
            after = rows[-1][0]

    def stream(self, stream: str, after_version: int = 0) -> Iterator[Entry]:
        """Every entry of one stream from the version after ``after_version`` on, in order."""
        while rows := self._driver.stream(stream, after_version, _PAGE):
            yield from entries_of(rows)
            after_version = rows[-1][2]

    def entry(self, seq: int) -> Entry:
        """One entry; NotFoundError when there is none."""
        found = self.read(seq - 1, 1, seq) if seq >= 0 else []
        if not found:
            raise NotFoundError(
                f"there is no entry {seq}", where="journal", todo="Check the number"
            )
        return found[0]

    def head(self) -> int:
        """The last durable seq, -1 when there is none."""
        return (self._driver.head() if self._writer is None else self._writer.head).size - 1

    def checkpoint(self) -> bytes:
        """The signed note over every durable entry."""
        return (self._driver.head() if self._writer is None else self._writer.head).note

    def log(self) -> Log:
        """The transparency log over every durable entry: tiles, bundles, proofs."""
        return Log(self._driver, self._driver.head() if self._writer is None else self._writer.head)

    def verifier(self) -> Verifier:
        """The public key that the checkpoints are signed with, and the log's name."""
        return self._keys.verifier

    def side(self, seq: int, name: str) -> dict[str, Any] | None:
        """A side row, decrypted; None when it was erased or never was; DamagedError."""
        with self._sides_lock:
            kept = self._sides.get((seq, name))
            if kept is not None:
                self._sides.move_to_end((seq, name))
                return kept[1]
        row = self._driver.side(seq, name)
        if row is None:
            return None
        number, box, entry_key = row
        cipher = self._keys.side.cipher(number)
        if cipher is None:
            return None
        value, _ = open_box(box, cipher, entry_key, name)
        # Only the process that destroys keys may remember; another would not hear of it.
        if self._writer is not None:
            self._remember(seq, name, number, value)
        return value

    def passing_hash(self, key: str, *parts: str, make: bool = True) -> str:
        """32 hex characters of HMAC-SHA256 under a key of side rows, which ``forget`` destroys.

        After that nobody can try what the parts were. With ``make`` false "" when there is no
        such key.
        """
        side = self._keys.side
        if not make and side.find(key) is None:
            return ""
        return self._reserve.trying(lambda: side.keyed_hash(key, parts))

    def keyed_hash(self, *parts: str) -> str:
        """32 hex characters of HMAC-SHA256 under a secret of this home."""
        return self._keys.keyed_hash(parts)

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Be called in the writer thread after each commit; returns what ends that.

        Called after the callers have their answers, in seq order, each entry once, those of other
        processes on the same database too; must be quick. An entry that
        becomes durable while this returns may or may not be heard: read once after subscribing.
        """
        return self._feed.subscribe(callback)

    def close(self) -> None:
        """Write what is queued, then let go of the home. May be called twice."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            if self._writer is not None:
                self._writer.close()
                if not self._doubted:
                    self._memory.remember(self._log_now)
            _close_all([self._keys, self._driver, self.state, self._memory], self._lock_fd)

    def _prepare(self, batch: Batch) -> tuple[Writer, Request]:
        writer = self._writer
        if writer is None:
            raise _reading_only()
        if self._closed:
            raise UnavailableError("the journal is closed", todo="Start callout again")
        check_batch(batch)
        drafts, actor, agency = batch.entries, batch.actor, batch.agency
        prepared = []
        for draft, key in zip(drafts, stored_keys(batch.key, len(drafts)), strict=True):
            commitments, boxes = self._seal(draft, key) if draft.side else (None, ())
            prepared.append(prepare(draft, key, actor, agency, commitments, boxes))
        return writer, Request(prepared, batch.expect, _stored(batch.also))

    def _seal(self, draft: Draft, key: str) -> tuple[dict[str, str], Boxes]:
        return self._reserve.trying(lambda: seal(draft, key, self._keys.side))

    def _remember(self, seq: int, name: str, number: int, value: dict[str, Any]) -> None:
        with self._sides_lock:
            # Asked again under the lock: forget may have come in between.
            if self._keys.side.cipher(number) is None:
                return
            self._sides[seq, name] = (number, value)
            if len(self._sides) > _SIDES_KEPT:
                self._sides.popitem(last=False)


def _close_all(parts: Sequence[Keys | Driver | State | Memory], lock_fd: int) -> None:
    """Close the last opened first, and let the home go whatever any of them says."""
    with contextlib.ExitStack() as stack:
        if lock_fd >= 0:
            stack.callback(os.close, lock_fd)
        for part in parts:
            stack.callback(part.close)


def _lock(home: Path) -> int:
    """Hold the home: released when the descriptor is closed, so also when the process dies."""
    fd = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # flock and not lockf: a POSIX lock is lost when any descriptor of the file is closed.
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise HomeInUseError(
            "another callout is running on this home",
            where=str(home),
            todo="Stop it, or name another home with --home",
        ) from None
    return fd


def _first_head(keys: Keys) -> Head:
    signer = keys.signer
    assert signer is not None
    text = note.Checkpoint(signer.name, 0, EMPTY_ROOT).text()
    return Head(0, EMPTY_ROOT, b"", signer.sign(text))


def _stored(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(stored_keys(key, 1)[0] for key in keys)


def _reading_only() -> RefusedError:
    return RefusedError(
        "this home is open for reading only", where="journal", todo="Stop the server first"
    )
