"""What a journal promises, whatever database it lies in: one suite for every driver."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from naive_tree import leaf_hashes, root

from callout.base.clock import ManualClock
from callout.base.errors import BadInputError, ConflictError, NotFoundError, RefusedError
from callout.journal import Batch, Draft, Entry, Follower, Journal, Receipt, Side
from callout.journal.note import Verifier, parse_checkpoint

Open = Callable[..., Journal]
One = Callable[..., Batch]


@pytest.fixture
def open_here(open_home: Open, database: str) -> Open:
    return lambda **options: open_home(database=database, **options)


@pytest.fixture
def here(open_here: Open) -> Journal:
    return open_here()


def together(journal: Journal, batches: Sequence[Batch]) -> list[Receipt | BaseException]:
    """What each of a group of batches is answered; the writer's own step, in our thread."""
    writer = journal._writer
    assert writer is not None
    stop_listening(journal)
    requests = [journal._prepare(batch)[1] for batch in batches]
    futures: list[Future[Receipt]] = []
    for request in requests:
        request.future = Future()
        futures.append(request.future)
    writer._write(requests)
    writer._tell()
    return [future.exception() or future.result() for future in futures]


def stop_listening(journal: Journal) -> None:
    """From now on the writer's thread has nothing to do that we do not give it."""
    listener = getattr(journal._driver, "_listener", None)
    if listener is None:
        return
    listener.close()
    journal._driver._listener = None  # type: ignore[attr-defined]
    # Twice: the first may still be answered together with a last look.
    for _ in range(2):
        nothing = Batch((Draft("s", "A.1", {}),), "nothing", expect={"never": 1})
        assert isinstance(journal.submit(nothing).exception(), ConflictError)


def assert_whole(journal: Journal, home: Path) -> None:
    """No gaps, versions in order, tiles, frontier, root and signature as the standard says."""
    entries = journal.read(limit=100_000)
    assert [entry.seq for entry in entries] == list(range(journal.head() + 1))
    versions: dict[str, int] = {}
    for entry in entries:
        assert entry.version == versions.get(entry.stream, 0) + 1
        versions[entry.stream] = entry.version
    assert len({entry.key for entry in entries}) == len(entries)
    hashes, driver = leaf_hashes(entries), journal._driver
    head = driver.head()
    verifier = Verifier.parse((home / "keys/log.pub").read_text())
    checkpoint = parse_checkpoint(verifier.open(journal.checkpoint()))
    assert (head.size, head.root) == (len(entries), root(hashes))
    assert (checkpoint.size, checkpoint.root) == (len(entries), root(hashes))
    parts, done = [], 0
    for bit in reversed(range(head.size.bit_length())):
        if head.size >> bit & 1:
            parts.append(root(hashes[done : done + (1 << bit)]))
            done += 1 << bit
    assert head.frontier == b"".join(parts)
    level = 0
    while hashes:
        full = len(hashes) // 256
        for number in range(full):
            joined = b"".join(hashes[number * 256 : number * 256 + 256])
            assert driver.tile(level, number) == joined
        assert driver.tile(level, full) is None
        hashes = [root(hashes[n * 256 : n * 256 + 256]) for n in range(full)]
        level += 1


# --- appending ---


def test_entries_stand_as_they_were_given(here: Journal, home: Path, clock: ManualClock) -> None:
    assert (here.head(), here.read()) == (-1, [])
    batch = Batch(
        (
            Draft("unit/E7", "UnitDispatched.1", {"incident": "i1"}, claimed_us=-7),
            Draft("incident/i1", "UnitJoined.1", {"unit": "E7", "at": [1, None, True, {}]}),
            Draft("unit/E7", "UnitStatus.1", {"n": [2**53 - 1, 1 - 2**53]}, claimed_us=2**53 - 1),
        ),
        "press",
        actor="person/ana",
        agency="fire",
        expect={"unit/E7": 0, "unit/E9": 0},
    )
    assert here.append(batch) == Receipt(0, 2, (1, 1, 2), duplicate=False)
    now, who = clock.now_us(), ("person/ana", "fire")
    given = [draft.body for draft in batch.entries]
    assert here.read() == [
        Entry(0, "unit/E7", 1, "press", "UnitDispatched.1", now, -7, *who, given[0]),
        Entry(1, "incident/i1", 1, "press#1", "UnitJoined.1", now, None, *who, given[1]),
        Entry(2, "unit/E7", 2, "press#2", "UnitStatus.1", now, 2**53 - 1, *who, given[2]),
    ]
    assert here.entry(1).type == "UnitJoined.1"
    with pytest.raises(NotFoundError):
        here.entry(3)
    assert_whole(here, home)


def test_any_text_comes_back(here: Journal, home: Path) -> None:
    texts = ["", "\0", "a\0b", "\\u0000", "\\", '"', "\t\r\n\x1f\x7f", "é", "e\u0301", "\u2028",
             "\U0001f692", "\ud7ff\ue000\uffff", "\\N", "\\.", "{}", "'; DROP TABLE x"]  # fmt: skip
    body = {text: text for text in texts if text.isascii()} | {"list": texts}
    here.append(Batch((Draft("s", "A.1", body),), "k"))
    assert here.entry(0).body == body
    assert_whole(here, home)


def test_keys_are_told_apart_by_their_bytes(here: Journal, home: Path, one: One) -> None:
    keys = ["a", "A", "a ", " a", "ä", "a\u0308", "ß", "ss", "\u200ba", "\uff41", "a\n", "\x01",
            "a\\", "x" * 512, "\U0001f692" * 512, "\U0001f692" * 511]  # fmt: skip
    first = [here.append(one(key)) for key in keys]
    assert [receipt.first_seq for receipt in first] == list(range(len(keys)))
    again = [here.append(one(key)) for key in keys]
    assert [receipt.first_seq for receipt in again if receipt.duplicate] == list(range(len(keys)))
    assert [entry.key for entry in here.read()] == keys
    for bad in ("", "a\0", "\ud800"):
        with pytest.raises(BadInputError):
            here.append(one(bad))
    assert_whole(here, home)


def test_streams_are_told_apart_by_their_bytes(here: Journal, one: One) -> None:
    for number, stream in enumerate(["unit/e7", "unit/E7", "UNIT/E7", "unit-e7", "unit/e7'"]):
        assert here.append(one(str(number), stream, {stream: 0})).versions == (1,)


def test_a_batch_of_many_entries(here: Journal, home: Path) -> None:
    many = Batch(tuple(Draft(f"s/{i % 3}", "A.1", {"i": i}) for i in range(2_500)), "long")
    receipt = here.append(many)
    assert (receipt.first_seq, receipt.last_seq) == (0, 2_499)
    again = here.append(many)
    assert (again.versions, again.duplicate) == (receipt.versions, True)
    assert_whole(here, home)


# --- once ---


def test_a_key_is_answered_with_the_first(here: Journal, open_here: Open, one: One) -> None:
    twins = Batch((Draft("a", "A.1", {}), Draft("b", "A.1", {}), Draft("a", "A.1", {})), "twins")
    here.append(one("before", "a"))
    assert here.append(twins) == Receipt(1, 3, (2, 1, 3), duplicate=False)
    here.append(one("after", "a"))
    again = Receipt(1, 3, (2, 1, 3), duplicate=True)
    # Even when it says something else, or what it relied on has changed since.
    for batch in (twins, one("twins", expect={"a": 0})):
        assert here.append(batch) == again
    here.close()
    reopened = open_here()
    assert reopened.append(twins) == again
    assert reopened.head() == 4


def test_a_key_twice_in_a_group(here: Journal, one: One) -> None:
    assert together(here, [one("k"), one("l"), one("k")]) == [
        Receipt(0, 0, (1,), duplicate=False),
        Receipt(1, 1, (2,), duplicate=False),
        Receipt(0, 0, (1,), duplicate=True),
    ]


def test_an_old_key_in_a_group_does_not_hold_up_the_rest(
    here: Journal, home: Path, one: One
) -> None:
    here.append(one("old"))
    new, old, conflict, last = together(
        here, [one("new"), one("old"), one("c", expect={"unit/E7": 1}), one("last")]
    )
    assert new == Receipt(1, 1, (2,), duplicate=False)
    assert old == Receipt(0, 0, (1,), duplicate=True)
    assert isinstance(conflict, ConflictError)
    assert last == Receipt(2, 2, (3,), duplicate=False)
    assert [receipt.duplicate for receipt in together(here, [one("old"), one("new")])] == [True] * 2  # type: ignore[union-attr]
    assert_whole(here, home)


def test_no_batch_takes_the_key_of_anothers_entry(here: Journal, home: Path) -> None:
    keys = ["a", "a#", "a#1", "a##1", "#", "##", "#1", "##1", "a#1#1"]
    batches = [Batch((Draft("s", "A.1", {}), Draft("s", "A.1", {})), key) for key in keys]
    receipts = [here.append(batch) for batch in batches]
    assert not any(receipt.duplicate for receipt in receipts)
    for batch, receipt in zip(batches, receipts, strict=True):
        assert here.append(batch).first_seq == receipt.first_seq
    assert_whole(here, home)


# --- all or nothing ---


def test_a_conflict_says_what_changed_and_writes_nothing(here: Journal, one: One) -> None:
    here.append(one("a"))
    two = (Draft("incident/i", "A.1", {}), Draft("unit/E7", "A.1", {}))
    with pytest.raises(ConflictError) as caught:
        here.append(Batch(two, "b", expect={"incident/i": 0, "unit/E7": 0}))
    assert caught.value.detail == {"stream": "unit/E7", "expected": 0, "actual": 1}
    assert list(here.stream("incident/i")) == []
    assert here.append(Batch(two, "b", expect={"incident/i": 0, "unit/E7": 1})).first_seq == 1


def test_a_stream_that_is_only_read_counts(here: Journal, one: One) -> None:
    here.append(one("a"))
    for wrong in (0, 2):
        with pytest.raises(ConflictError):
            here.append(one("b", "unit/E8", expect={"unit/E7": wrong}))
    with pytest.raises(ConflictError):
        here.append(one("b", "unit/E8", expect={"unit/never": 1}))
    assert here.append(one("b", "unit/E8", expect={"unit/E7": 1, "unit/never": 0})).first_seq == 1


def test_batches_of_a_group_see_each_other(here: Journal, home: Path, one: One) -> None:
    first, second, third, fourth = together(
        here,
        [
            one("a", expect={"unit/E7": 0}),
            one("b", expect={"unit/E7": 0}),
            one("c", "unit/E8", expect={"unit/E7": 1}),
            one("d", expect={"unit/E7": 1, "unit/E8": 1}),
        ],
    )
    assert first == Receipt(0, 0, (1,), duplicate=False)
    assert isinstance(second, ConflictError)
    assert second.detail == {"stream": "unit/E7", "expected": 0, "actual": 1}
    assert third == Receipt(1, 1, (1,), duplicate=False)
    assert fourth == Receipt(2, 2, (2,), duplicate=False)
    assert_whole(here, home)


def test_many_threads(here: Journal, home: Path) -> None:
    receipts: list[Receipt] = []

    def work(thread: int) -> None:
        for number in range(20):
            draft = Draft(f"unit/{number % 5}", "A.1", {"by": thread})
            # Each key is used by two threads.
            receipts.append(here.append(Batch((draft,), f"{thread // 2} {number}")))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [receipt.first_seq for receipt in receipts if not receipt.duplicate]
    assert sorted(written) == list(range(160))
    assert len(receipts) == 320
    assert_whole(here, home)


# --- reading ---


def test_reading_in_parts(here: Journal, one: One) -> None:
    for number in range(300):
        here.submit(one(f"a{number}", "unit/E1"))
        here.submit(one(f"b{number}", "unit/E2"))
    here.append(one("last"))
    assert [entry.seq for entry in here.read(3, 2)] == [4, 5]
    assert [entry.seq for entry in here.read(3, until=6)] == [4, 5, 6]
    assert [entry.seq for entry in here.replay(597)] == [598, 599, 600]
    assert len(list(here.replay())) == 601
    found = list(here.stream("unit/E1", 3))
    assert [entry.version for entry in found] == list(range(4, 301))
    assert {entry.stream for entry in found} == {"unit/E1"}
    assert list(here.stream("unit/E9")) == []


def test_who_only_reads(
    here: Journal, home: Path, database: str, clock: ManualClock, one: One
) -> None:
    here.append(one("a"))
    reader = Journal.open(home, clock=clock, writable=False, database=database)
    try:
        assert (reader.head(), reader.checkpoint()) == (0, here.checkpoint())
        here.append(one("b"))
        assert [entry.seq for entry in reader.read()] == [0, 1]
        with pytest.raises(RefusedError):
            reader.append(one("c"))
    finally:
        reader.close()


def test_reading_where_there_is_nothing(tmp_path: Path, database: str, clock: ManualClock) -> None:
    with pytest.raises(NotFoundError):
        Journal.open(tmp_path / "none", clock=clock, writable=False, database=database)


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 600])
def test_reopening_goes_on(open_here: Open, home: Path, one: One, count: int) -> None:
    first = open_here(origin="example.com/room")
    for future in [first.submit(one(str(number))) for number in range(count)]:
        future.result()
    note = first.checkpoint()
    first.close()
    first.close()
    again = open_here(origin="another name")
    assert (again.head(), again.checkpoint()) == (count - 1, note)
    assert_whole(again, home)
    assert again.append(one("next")) == Receipt(count, count, (count + 1,), duplicate=False)
    assert_whole(again, home)


# --- side rows ---


def test_side_rows(here: Journal, open_here: Open, home: Path) -> None:
    secret = {"name": "Ana \0 Nobody", "lon_e7": -86_000_000}
    sides = (Side("text", secret, "incident/i1"), Side("caller", {}, "alarm/a1"))
    here.append(Batch((Draft("incident/i1", "NoteAdded.1", {}, sides),), "a"))
    assert set(here.entry(0).body["side"]) == {"text", "caller"}
    assert (here.side(0, "text"), here.side(0, "caller")) == (secret, {})
    assert (here.side(0, "other"), here.side(1, "text")) == (None, None)
    number, box, key = here._driver.side(0, "text") or (0, b"", "")
    assert (number > 0, type(box), key) == (True, bytes, "a")
    here.forget("incident/i1")
    here.append(
        Batch((Draft("incident/i1", "A.1", {}, (Side("text", {"n": 2}, "incident/i1"),)),), "b")
    )
    here.close()
    again = open_here()
    assert [again.side(seq, "text") for seq in (0, 1)] == [None, {"n": 2}]
    assert again.side(0, "caller") == {}
    assert_whole(again, home)


# --- followers ---


def test_subscribers_hear_everything_once_in_order(here: Journal, one: One) -> None:
    heard: list[Entry] = []
    all_told = threading.Event()

    def hear(entries: Sequence[Entry]) -> None:
        heard.extend(entries)
        if len(heard) == 500:
            all_told.set()

    here.append(one("before"))
    unsubscribe = here.subscribe(hear)
    for number in range(500):
        here.submit(one(str(number)))
    assert all_told.wait(30)
    unsubscribe()
    here.append(one("after"))
    assert [entry.seq for entry in heard] == list(range(1, 501))
    assert heard == here.read(0, until=500)


def test_a_follower_goes_on_where_it_was(here: Journal, open_here: Open, one: One) -> None:
    seen: list[Any] = []

    def handle(entries: Sequence[Entry]) -> None:
        seen.extend(entry.seq for entry in entries)

    for number in range(5):
        here.append(one(str(number)))
    assert Follower(here, "paging", handle).step(2) == 2
    here.close()
    assert Follower(open_here(), "paging", handle).catch_up() == 3
    assert seen == [0, 1, 2, 3, 4]
