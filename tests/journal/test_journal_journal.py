"""Appending and reading: durable, ordered, all or nothing, once."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import apsw
import pytest

from callout.base.clock import ManualClock
from callout.base.errors import (
    BadInputError,
    ConflictError,
    DamagedError,
    FullError,
    HomeInUseError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from callout.journal import Batch, Draft, Entry, Journal, Receipt, Side, check
from callout.journal.note import Verifier, parse_checkpoint

Open = Callable[..., Journal]
One = Callable[..., Batch]


def as_group(journal: Journal, batches: list[Batch]) -> list[Future[Receipt]]:
    """Submit while the writer is held in a subscriber, so that all come into one group."""
    held, go = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        held.set()
        go.wait(30)

    unsubscribe = journal.subscribe(hold)
    journal.append(Batch((Draft("hold/1", "Held.1", {}),), f"hold {journal.head()}"))
    assert held.wait(30)
    unsubscribe()
    futures = [journal.submit(batch) for batch in batches]
    go.set()
    return futures


def test_first_entries(journal: Journal, clock: ManualClock) -> None:
    assert journal.head() == -1
    assert journal.read() == []
    batch = Batch(
        (
            Draft("unit/E7", "UnitDispatched.1", {"incident": "i1"}, claimed_us=7),
            Draft("incident/i1", "UnitJoined.1", {"unit": "E7", "at": [1, None, True]}),
            Draft("unit/E7", "UnitStatus.1", {"status": "en_route"}),
        ),
        "press#1",
        actor="person/ana",
        agency="fire",
        expect={"unit/E7": 0, "unit/E9": 0},
    )
    assert journal.append(batch) == Receipt(0, 2, (1, 1, 2), duplicate=False)
    now = clock.now_us()
    who = ("person/ana", "fire")
    joined = {"unit": "E7", "at": [1, None, True]}
    dispatched, status = {"incident": "i1"}, {"status": "en_route"}
    assert journal.read() == [
        Entry(0, "unit/E7", 1, "press##1", "UnitDispatched.1", now, 7, *who, dispatched),
        Entry(1, "incident/i1", 1, "press##1#1", "UnitJoined.1", now, None, *who, joined),
        Entry(2, "unit/E7", 2, "press##1#2", "UnitStatus.1", now, None, *who, status),
    ]
    assert journal.head() == 2
    assert journal.entry(1).type == "UnitJoined.1"
    for seq in (-1, 3):
        with pytest.raises(NotFoundError):
            journal.entry(seq)


def test_the_same_key_is_answered_with_the_first(
    journal: Journal, open_home: Open, one: One
) -> None:
    long = Batch(tuple(Draft("s", "A.1", {"i": i}) for i in range(600)), "long")
    journal.append(one("before"))
    first = journal.append(long)
    journal.append(one("after"))
    assert first == Receipt(1, 600, tuple(range(1, 601)), duplicate=False)
    again = Receipt(1, 600, first.versions, duplicate=True)
    assert journal.append(long) == again
    # Even when it says something else, or what it relied on has changed since.
    assert journal.append(one("long", expect={"s": 0})) == again
    journal.close()
    reopened = open_home()
    assert reopened.append(long) == again
    assert reopened.append(one("after")) == Receipt(601, 601, (2,), duplicate=True)
    assert reopened.head() == 601


def test_a_conflict_says_what_changed_and_writes_nothing(journal: Journal, one: One) -> None:
    journal.append(one("a"))
    two = Batch(
        (Draft("incident/i", "A.1", {}), Draft("unit/E7", "A.1", {})),
        "b",
        expect={"incident/i": 0, "unit/E7": 0},
    )
    with pytest.raises(ConflictError) as caught:
        journal.append(two)
    assert caught.value.detail == {"stream": "unit/E7", "expected": 0, "actual": 1}
    # A stream that is only read counts too.
    with pytest.raises(ConflictError):
        journal.append(one("c", "unit/E8", expect={"unit/E7": 2}))
    assert journal.head() == 0
    assert journal.append(one("c", "unit/E8", expect={"unit/E7": 1, "unit/E8": 0})).first_seq == 1


def test_conflict_within_a_group(journal: Journal, one: One) -> None:
    expect = {"unit/E7": 0}
    a, b, c, again, free = as_group(
        journal,
        [
            one("a", expect=expect),
            one("b", expect=expect),
            one("c"),
            one("a", expect=expect),
            one("d", "unit/E8"),
        ],
    )
    assert a.result() == Receipt(1, 1, (1,), duplicate=False)
    error = b.exception()
    assert isinstance(error, ConflictError)
    assert error.detail == {"stream": "unit/E7", "expected": 0, "actual": 1}
    assert c.result() == Receipt(2, 2, (2,), duplicate=False)
    assert again.result() == Receipt(1, 1, (1,), duplicate=True)
    assert free.result() == Receipt(3, 3, (1,), duplicate=False)


def test_a_group_with_an_old_key_writes_the_rest(journal: Journal, one: One) -> None:
    journal.append(one("a"))
    new, old, conflict = as_group(journal, [one("b"), one("a"), one("c", expect={"unit/E7": 1})])
    assert new.result() == Receipt(2, 2, (2,), duplicate=False)
    assert old.result() == Receipt(0, 0, (1,), duplicate=True)
    assert isinstance(conflict.exception(), ConflictError)
    only_old = as_group(journal, [one("a"), one("b")])
    assert [future.result().duplicate for future in only_old] == [True, True]
    assert journal.head() == 3


def test_one_bad_batch_does_not_touch_the_others(journal: Journal, one: One) -> None:
    bad = journal.submit(Batch((Draft("unit/E7", "A.1", {"lon": 8.6}),), "bad"))
    assert isinstance(bad.exception(), BadInputError)
    with pytest.raises(BadInputError):
        journal.append(Batch((Draft("unit/E7", "A.1", {}), Draft("a b", "A.1", {})), "bad"))
    assert journal.append(one("bad")).first_seq == 0


def test_futures_cannot_be_cancelled(journal: Journal, one: One) -> None:
    (future,) = as_group(journal, [one("a")])
    assert not future.cancel()
    assert future.result().first_seq == 1


def test_many_threads(journal: Journal, home: Path) -> None:
    receipts: list[Receipt] = []

    def work(thread: int) -> None:
        for number in range(50):
            draft = Draft(f"unit/{number % 5}", "A.1", {"by": thread})
            # Each key is used by two threads.
            receipts.append(journal.append(Batch((draft,), f"{thread // 2} {number}")))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [receipt for receipt in receipts if not receipt.duplicate]
    assert len(written) == len(receipts) - len(written) == 400
    assert sorted(receipt.first_seq for receipt in written) == list(range(400))
    assert check(home).ok


def test_reading_in_parts(journal: Journal, one: One) -> None:
    for number in range(10):
        journal.append(one(str(number)))
    assert [e.seq for e in journal.read(3, 2)] == [4, 5]
    assert [e.seq for e in journal.read(3, until=6)] == [4, 5, 6]
    assert [e.seq for e in journal.read(-1, 100, 100)] == list(range(10))
    assert [e.seq for e in journal.replay(7)] == [8, 9]
    assert [e.seq for e in journal.replay(until=1)] == [0, 1]


def test_checkpoint_is_signed_over_every_entry(journal: Journal, home: Path, one: One) -> None:
    verifier = Verifier.parse((home / "keys/log.pub").read_text())
    assert parse_checkpoint(verifier.open(journal.checkpoint())).size == 0
    journal.append(one("a"))
    checkpoint = parse_checkpoint(verifier.open(journal.checkpoint()))
    assert (checkpoint.origin, checkpoint.size) == ("callout", 1)
    assert checkpoint.root.hex() == check(home).root


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 600])
def test_reopening_goes_on(open_home: Open, home: Path, one: One, count: int) -> None:
    first = open_home(origin="example.com/room")
    for future in [first.submit(one(str(number))) for number in range(count)]:
        future.result()
    note = first.checkpoint()
    first.close()
    first.close()
    again = open_home(origin="another name")
    assert (again.head(), again.checkpoint()) == (count - 1, note)
    assert again.append(one("next")) == Receipt(count, count, (count + 1,), duplicate=False)
    report = check(home)
    assert (report.ok, report.entries) == (True, count + 1)


def test_one_process_at_a_time(journal: Journal, home: Path, clock: ManualClock, one: One) -> None:
    with pytest.raises(HomeInUseError):
        Journal.open(home, clock=clock)
    journal.append(one("a"))
    reader = Journal.open(home, clock=clock, writable=False)
    assert reader.head() == 0
    assert reader.checkpoint() == journal.checkpoint()
    journal.append(one("b"))
    assert [e.seq for e in reader.read()] == [0, 1]
    for act in (lambda: reader.append(one("c")), lambda: reader.forget("incident/a")):
        with pytest.raises(RefusedError):
            act()
    assert isinstance(reader.submit(one("c")).exception(), RefusedError)
    reader.close()


def test_after_close(journal: Journal, one: One) -> None:
    last = journal.submit(one("a"))
    journal.close()
    assert last.result().first_seq == 0
    with pytest.raises(UnavailableError):
        journal.append(one("b"))
    assert isinstance(journal.submit(one("b")).exception(), UnavailableError)


def test_what_is_queued_after_the_end_is_refused(journal: Journal, one: One) -> None:
    journal.close()
    writer, request = journal._writer, journal_request(journal, one("a"))
    assert writer is not None
    writer.put(request)
    assert isinstance(request.answer, UnavailableError)


def journal_request(journal: Journal, batch: Batch) -> Any:
    journal._closed = False
    try:
        return journal._prepare(batch)[1]
    finally:
        journal._closed = True


def test_reading_a_home_that_is_not_there(tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(NotFoundError):
        Journal.open(tmp_path / "none", clock=clock, writable=False)
    with pytest.raises(NotFoundError):
        check(tmp_path / "none")


def test_a_full_disk_loses_nothing_and_is_survived(journal: Journal, home: Path, one: One) -> None:
    database = journal._driver._db
    journal.append(one("before"))
    pages = database.pragma("page_count")
    database.pragma("max_page_count", pages)
    big = Batch(tuple(Draft("big/1", "A.1", {"t": "x" * 60_000}) for _ in range(5)), "big")
    with pytest.raises(FullError):
        journal.append(big)
    futures = as_group_full(journal, [big, one("c")])
    assert all(isinstance(f.exception(), FullError) for f in futures)
    assert journal.append(one("small")) == Receipt(1, 1, (2,), duplicate=False)
    database.pragma("max_page_count", 1_000_000)
    assert journal.append(big) == Receipt(2, 6, (1, 2, 3, 4, 5), duplicate=False)
    assert check(home).ok


def as_group_full(journal: Journal, batches: list[Batch]) -> list[Future[Receipt]]:
    writer = journal._writer
    assert writer is not None
    futures: list[Future[Receipt]] = []
    requests = []
    for batch in batches:
        request = journal._prepare(batch)[1]
        request.future = Future()
        futures.append(request.future)
        requests.append(request)
    writer._write(requests)
    writer._tell()
    return futures


def test_a_failed_commit_ends_it(open_home: Open, home: Path, one: One) -> None:
    heard: list[BaseException] = []
    journal = open_home(on_fatal=heard.append)
    journal.append(one("a"))

    def fail() -> None:
        raise apsw.IOError("fsync")

    journal._driver.commit = fail  # type: ignore[method-assign]
    with pytest.raises(UnavailableError):
        journal.append(one("b"))
    assert [type(error) for error in heard] == [apsw.IOError]
    with pytest.raises(UnavailableError):
        journal.append(one("c"))
    journal.close()
    assert open_home().head() == 0
    assert check(home).ok


def test_a_foreign_writer_ends_it(open_home: Open, home: Path, one: One) -> None:
    heard: list[BaseException] = []
    journal = open_home(on_fatal=heard.append)
    journal.append(one("a"))
    foreign = apsw.Connection(str(home / "journal.db"))
    foreign.execute("UPDATE head SET size = 7")
    with pytest.raises(UnavailableError):
        journal.append(one("b"))
    assert "not of this journal" in str(heard[0])
    foreign.close()


def test_entries_are_never_edited(journal: Journal, home: Path, one: One) -> None:
    journal.append(one("a"))
    foreign = apsw.Connection(str(home / "journal.db"))
    for statement in ("UPDATE event SET body = '{}'", "DELETE FROM event"):
        with pytest.raises(apsw.ConstraintError):
            foreign.execute(statement)
    foreign.close()


def test_another_program_that_keeps_the_lock(journal: Journal, home: Path, one: One) -> None:
    journal._driver._db.set_busy_timeout(0)
    foreign = apsw.Connection(str(home / "journal.db"))
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="locked"):
        journal.append(one("a"))
    foreign.execute("ROLLBACK")
    foreign.close()
    assert journal.append(one("a")).first_seq == 0


@pytest.mark.parametrize("name", ["log.key", "home.secret", "side.keys"])
def test_a_missing_key_file_is_refused(
    journal: Journal, open_home: Open, home: Path, name: str
) -> None:
    journal.close()
    (home / "keys" / name).unlink()
    with pytest.raises(NotFoundError, match=name):
        open_home()
    assert any(name in problem.what for problem in check(home).problems)


def test_another_version_or_another_file_is_refused(
    journal: Journal, open_home: Open, home: Path
) -> None:
    journal.close()
    database = apsw.Connection(str(home / "journal.db"))
    database.pragma("user_version", 2)
    database.close()
    with pytest.raises(DamagedError, match="schema 2"):
        open_home()
    (home / "journal.db").write_bytes(b"no database" * 500)
    with pytest.raises(DamagedError):
        open_home()
    assert not check(home).ok


def test_a_home_is_for_its_owner_only(journal: Journal, home: Path, one: One) -> None:
    journal.append(one("a"))
    journal.state.put("session", "a", b"1")
    for path in (home, *home.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_crash_while_a_home_is_made(home: Path, open_home: Open, one: One) -> None:
    (home / "keys").mkdir(parents=True)
    (home / "journal.db").touch()
    assert open_home().append(one("a")).first_seq == 0
    assert check(home).ok


# --- side rows ---

SECRET = {"name": "Ana Nobody", "phone": "+351 000", "lon_e7": -86_000_000}


def with_side(key: str, *sides: Side) -> Batch:
    return Batch((Draft("incident/i1", "NoteAdded.1", {"by": "ana"}, side=sides),), key)


def test_side_rows_come_back_and_can_be_forgotten(
    journal: Journal, open_home: Open, home: Path, clock: ManualClock
) -> None:
    journal.append(
        with_side("a", Side("text", SECRET, "incident/i1"), Side("caller", {}, "alarm/a1"))
    )
    entry = journal.entry(0)
    assert set(entry.body["side"]) == {"text", "caller"}
    assert journal.side(0, "text") == SECRET
    assert journal.side(0, "text") == SECRET
    assert journal.side(0, "other") is None
    assert journal.side(5, "text") is None
    reader = Journal.open(home, clock=clock, writable=False)
    assert reader.side(0, "text") == SECRET
    journal.forget("incident/i1")
    journal.forget("incident/never")
    assert journal.side(0, "text") is None
    assert journal.side(0, "caller") == {}
    journal.append(with_side("b", Side("text", {"n": 2}, "incident/i1")))
    assert (journal.side(0, "text"), journal.side(1, "text")) == (None, {"n": 2})
    assert check(home).ok
    reader.close()
    journal.close()
    again = open_home()
    assert (again.side(0, "text"), again.side(1, "text")) == (None, {"n": 2})
    assert again.entry(0) == entry


def test_nothing_personal_is_on_the_disk_in_the_clear(journal: Journal, home: Path) -> None:
    journal.append(with_side("a", Side("text", SECRET, "incident/i1")))
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"Nobody" not in data
            assert b"+351" not in data


def test_commitments_are_salted(journal: Journal) -> None:
    side = Side("text", SECRET, "incident/i1")
    journal.append(with_side("a", side))
    journal.append(with_side("b", side))
    first, second = (entry.body["side"]["text"] for entry in journal.read())
    assert first != second
    assert len(bytes.fromhex(first)) == 32


@pytest.mark.parametrize(
    "side",
    [
        Side("", {}, "k"), Side("a b", {}, "k"), Side("é", {}, "k"), Side("text", {"a": 0.5}, "k"),
        Side("text", {"t": "x" * 65_536}, "k"),
    ],
)  # fmt: skip
def test_refuses_side_rows(journal: Journal, side: Side) -> None:
    with pytest.raises(BadInputError):
        journal.append(with_side("a", side))
    with pytest.raises(BadInputError):
        journal.append(with_side("a", Side("text", {}, "k"), Side("text", {}, "k")))
    assert journal.head() == -1


# --- the feed ---


def test_subscribers_hear_after_the_caller_is_answered(journal: Journal, one: One) -> None:
    heard: list[int] = []
    answered: list[bool] = []
    futures: list[Future[Receipt]] = []
    told = threading.Event()

    def hear(entries: Any) -> None:
        heard.extend(entry.seq for entry in entries)
        answered.extend(future.done() for future in futures[: len(heard)])
        if len(heard) == 20:
            told.set()

    def broken(_: Any) -> None:
        raise ValueError

    journal.subscribe(broken)
    unsubscribe = journal.subscribe(hear)
    for number in range(20):
        futures += [journal.submit(one(str(number)))]
    assert told.wait(30)
    unsubscribe()
    unsubscribe()
    journal.append(one("more"))
    assert heard == list(range(20))


def test_a_subscriber_may_submit_but_not_wait(journal: Journal, one: One) -> None:
    seen: list[Any] = []
    done = threading.Event()

    def later(future: Future[Receipt]) -> None:
        seen.append(future.result())
        done.set()

    def hear(entries: Any) -> None:
        if entries[0].seq == 0:
            try:
                journal.append(one("b"))
            except RuntimeError as error:
                seen.append(error)
            journal.submit(one("c")).add_done_callback(later)

    journal.subscribe(hear)
    journal.append(one("a"))
    assert done.wait(30)
    assert isinstance(seen[0], RuntimeError)
    assert seen[1].first_seq == 1


def test_a_stream_is_read_alone_in_pages(journal: Journal, one: Callable[..., Batch]) -> None:
    for number in range(300):
        journal.submit(one(f"a{number}", "unit/E1"))
        journal.submit(one(f"b{number}", "unit/E2")).result()
    found = list(journal.stream("unit/E1", 3))
    assert [entry.version for entry in found] == list(range(4, 301))
    assert {entry.stream for entry in found} == {"unit/E1"}
    assert list(journal.stream("unit/E9")) == []
