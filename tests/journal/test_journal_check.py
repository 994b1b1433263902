"""Tampering, one way at a time: every one is found and named."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from callout.base.clock import ManualClock
from callout.base.errors import DamagedError, UnavailableError
from callout.journal import Batch, Draft, Journal, Report, Side, check, spread

COUNT = 600


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed home of 600 entries: two full tiles and an open one, 60 side rows."""
    home = tmp_path_factory.mktemp("made") / "home"
    journal = Journal.open(home, clock=ManualClock())
    for number in range(COUNT):
        side = (Side("text", {"n": number}, f"incident/{number % 7}"),) if number % 10 == 0 else ()
        draft = Draft(f"unit/{number % 13}", "A.1", {"number": number, "word": "x"}, side=side)
        journal.submit(Batch((draft,), f"key {number}"))
    journal.forget("incident/3")
    journal.close()
    return home


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def change(home: Path, *statements: str) -> None:
    """Edit as somebody would who knows the schema and means harm."""
    database = apsw.Connection(str(home / "journal.db"))
    triggers = list(database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
    for name, _ in triggers:
        database.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        database.execute(statement)
    for _, text in triggers:
        database.execute(str(text))
    database.close()


def found(report: Report, seq: int, words: str) -> bool:
    return any(p.seq == seq and words in p.what and p.todo for p in report.problems)


def test_a_good_home(made: Path) -> None:
    report = check(made)
    assert report.problems == []
    assert (report.ok, report.entries, len(report.root)) == (True, COUNT, 64)


def test_also_while_a_server_holds_it(
    journal: Journal, home: Path, one: Callable[..., Batch]
) -> None:
    for number in range(300):
        journal.submit(one(str(number)))
        if number % 100 == 0:
            assert check(home).ok
    journal.append(one("last"))
    assert check(home).entries == 301


def test_also_when_processes_share_the_work(
    journal: Journal, home: Path, one: Callable[..., Batch]
) -> None:
    """Their snapshots are later than the first one's, and rows come in between."""
    enough = threading.Event()
    for number in range(300):
        journal.append(one(f"before {number}"))

    def write() -> None:
        number = 0
        while not enough.is_set():
            journal.append(one(str(number)))
            number += 1

    writing = threading.Thread(target=write)
    writing.start()
    try:
        seen = [check(home, helpers=2) for _ in range(3)]
    finally:
        enough.set()
        writing.join()
    assert [report.problems for report in seen] == [[], [], []]
    sizes = [report.entries for report in seen]
    assert [300, *sizes, journal.head() + 1] == sorted([300, *sizes, journal.head() + 1])


CHANGES = {
    "body": ('UPDATE event SET body = \'{"number":5,"word":"y"}\' WHERE seq = 5', 5, "not the one"),
    "body in the open tile": (
        "UPDATE event SET body = '{\"number\":5}' WHERE seq = 550",
        512,
        "changed",
    ),
    "stream": ("UPDATE event SET stream = 'unit/x' WHERE seq = 5", 5, "not the one"),
    "key": ("UPDATE event SET key = 'other' WHERE seq = 300", 300, "not the one"),
    "type": ("UPDATE event SET type = 'B.1' WHERE seq = 300", 300, "not the one"),
    "recorded_us": (
        "UPDATE event SET recorded_us = recorded_us + 1 WHERE seq = 1",
        1,
        "not the one",
    ),
    "claimed_us": ("UPDATE event SET claimed_us = 1 WHERE seq = 1", 1, "not the one"),
    "actor": ("UPDATE event SET actor = 'person/x' WHERE seq = 1", 1, "not the one"),
    "agency": ("UPDATE event SET agency = 'x' WHERE seq = 1", 1, "not the one"),
    "version": ("UPDATE event SET version = 999 WHERE seq = 599", 599, "version 999"),
    "form": ("UPDATE event SET body = ' ' || body WHERE seq = 7", 7, "canonical"),
    "twice the same key": (
        'UPDATE event SET body = \'{"n":1,"n":1}\' WHERE seq = 7',
        7,
        "canonical",
    ),
    "no JSON": ("UPDATE event SET body = '{' WHERE seq = 7", 7, "could be written"),
    "no object": ("UPDATE event SET body = '[]' WHERE seq = 7", 7, "could be written"),
    "float": ("UPDATE event SET body = '{\"n\":1.5}' WHERE seq = 7", 7, "could be written"),
    "side of another kind": (
        "UPDATE event SET body = '{\"side\":[]}' WHERE seq = 7",
        7,
        "could be written",
    ),
    "row gone": ("DELETE FROM event WHERE seq = 9", 9, "missing"),
    "first rows gone": ("DELETE FROM event WHERE seq < 2", 0, "entries 0 to 1 are missing"),
    "last rows gone": ("DELETE FROM event WHERE seq >= 590", 590, "entries 590 to 599 are missing"),
    "all gone": ("DELETE FROM event", 0, "missing"),
    "far away": ("UPDATE event SET seq = 9000000000 WHERE seq = 599", 9000000000, "stands where"),
    "before the first": ("UPDATE event SET seq = -1 WHERE seq = 0", -1, "stands where"),
    "added": (
        (
            "INSERT INTO event SELECT 600, 'n', 1, 'n', type, recorded_us, claimed_us, "
            "actor, agency, body FROM event WHERE seq = 1"
        ),
        600,
        "never signed",
    ),
    "swapped": (
        (
            "UPDATE event SET seq = -1 WHERE seq = 20; UPDATE event SET seq = 20 WHERE seq = 21; "
            "UPDATE event SET seq = 21 WHERE seq = -1"
        ),
        20,
        "not the one",
    ),
    "tile gone": ("DELETE FROM tile WHERE number = 1", -1, "tile 0/1 is missing"),
    "tile changed": ("UPDATE tile SET hashes = zeroblob(8192) WHERE number = 0", 0, "not the one"),
    "tile too many": ("INSERT INTO tile VALUES (0, 2, zeroblob(8192))", -1, "tile 0/2"),
    "head gone": ("DELETE FROM head", -1, "0 heads"),
    "size": ("UPDATE head SET size = 599", 599, "never signed"),
    "root": ("UPDATE head SET root = zeroblob(32)", -1, "root"),
    "frontier": ("UPDATE head SET frontier = zeroblob(length(frontier))", 0, "changed"),
    "frontier cut": ("UPDATE head SET frontier = zeroblob(32)", -1, "cut"),
    "note": ("UPDATE head SET note = CAST(replace(note, '600', '601') AS BLOB)", -1, "checkpoint"),
    "no note": ("UPDATE head SET note = zeroblob(3)", -1, "checkpoint"),
    "side row gone": ("DELETE FROM side WHERE seq = 20", 20, "side row text is missing"),
    "side row moved": ("UPDATE side SET seq = 21 WHERE seq = 20", 21, "knows of no side row"),
    "side row changed": (
        "UPDATE side SET box = zeroblob(length(box)) WHERE seq = 20",
        20,
        "not what was written",
    ),
    "side row cut": ("UPDATE side SET box = x'00' WHERE seq = 20", 20, "not what was written"),
    "side row of another": (
        "UPDATE side SET box = (SELECT box FROM side WHERE seq = 90) WHERE seq = 20",
        20,
        "not what was written",
    ),
    "side row under another key": (
        "UPDATE side SET key_number = key_number % 7 + 1 WHERE seq = 20",
        20,
        "not what was written",
    ),
    "side row under no key": (
        "UPDATE side SET key_number = 99 WHERE seq = 20",
        20,
        "key record 99",
    ),
    "table added": ("CREATE TABLE person (phone TEXT)", -1, "schema.sql"),
    "index gone": ("CREATE INDEX more ON event (actor)", -1, "schema.sql"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_every_change_is_found_and_named(copy: Path, how: str) -> None:
    statement, seq, words = CHANGES[how]
    change(copy, statement)
    report = check(copy)
    assert found(report, seq, words), report.problems


def test_a_dropped_trigger_is_found(copy: Path) -> None:
    database = apsw.Connection(str(copy / "journal.db"))
    database.execute("DROP TRIGGER event_is_never_updated")
    database.close()
    assert found(check(copy), -1, "schema.sql")


AT_THE_END = [
    "last rows gone",
    "added",
    "size",
    "root",
    "frontier",
    "frontier cut",
    "note",
    "tile gone",
    "body in the open tile",
    "head gone",
    "no JSON at the end",
]


@pytest.mark.parametrize("how", AT_THE_END)
def test_what_is_wrong_at_the_end_is_found_at_start(copy: Path, how: str) -> None:
    at_end = {"no JSON at the end": "UPDATE event SET body = '{' WHERE seq = 599"}
    change(copy, at_end.get(how) or CHANGES[how][0])
    with pytest.raises(DamagedError):
        Journal.open(copy, clock=ManualClock())
    # The home is let go of again.
    assert not check(copy).ok
    with pytest.raises(DamagedError):
        Journal.open(copy, clock=ManualClock())


def test_flipped_bytes_of_entries_are_found(copy: Path) -> None:
    """Each place on the disk where one entry's material lies, byte by byte."""
    path = copy / "journal.db"
    good = path.read_bytes()
    # Entry 321 is the 25th of unit/9.
    start = good.index(b"unit/9\x19key 321A.1")
    for at in range(start - 14, start + 60, 5):
        bad = bytearray(good)
        bad[at] ^= 0x20
        path.write_bytes(bad)
        assert not check(copy).ok, at - start


def test_a_truncated_file_is_reported(copy: Path) -> None:
    path = copy / "journal.db"
    good = path.read_bytes()
    for size in (len(good) // 2, 4096, 100, 0):
        path.write_bytes(good[:size])
        assert not check(copy).ok, size


def test_another_key_is_noticed(copy: Path, made: Path, tmp_path: Path) -> None:
    Journal.open(tmp_path / "other", clock=ManualClock()).close()
    shutil.copy(tmp_path / "other/keys/log.key", copy / "keys/log.key")
    assert found(check(copy), -1, "log.pub")
    shutil.copy(tmp_path / "other/keys/log.pub", copy / "keys/log.pub")
    assert found(check(copy), -1, "checkpoint")
    with pytest.raises(DamagedError):
        Journal.open(copy, clock=ManualClock())


def test_a_damaged_key_record_is_reported_with_the_entries(copy: Path) -> None:
    path = copy / "keys/side.keys"
    data = bytearray(path.read_bytes())
    data[64 + 30] ^= 1
    path.write_bytes(data)
    assert found(check(copy), 0, "key record 1")


def test_problems_are_bounded(copy: Path) -> None:
    change(copy, "UPDATE event SET body = '{'")
    assert 500 < len(check(copy).problems) <= 1000


def test_a_helper_that_dies_is_said(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_SERVE", "import sys; sys.stdin.readline()")
    with pytest.raises(UnavailableError, match="has ended"):
        check(made, helpers=2)


def test_progress_is_told(made: Path) -> None:
    told: list[tuple[int, int]] = []
    check(made, progress=lambda done, total: told.append((done, total)))
    assert told == [(COUNT, COUNT)]


def test_a_destroyed_key_that_nobody_asked_to_destroy(copy: Path) -> None:
    with (copy / "keys" / "side.keys").open("r+b") as file:
        file.seek(3 * 64)
        file.write(b"D".ljust(64, b"\0"))
    (warning,) = check(copy).warnings
    assert warning.what.endswith("erased.list does not say so: 3")


def test_a_row_passed_off_as_erased(copy: Path) -> None:
    change(
        copy,
        "UPDATE side SET key_number = (SELECT key_number FROM side WHERE seq = 10) WHERE seq = 20",
    )
    assert found(check(copy), 20, "not what was written under its key")


def test_a_damaged_record_that_no_row_names_is_a_warning(copy: Path) -> None:
    with (copy / "keys" / "side.keys").open("r+b") as file:
        file.seek(40 * 64)
        file.write(b"K torn")
    report = check(copy)
    assert report.ok
    assert [w.what for w in report.warnings] == ["key record 40 is damaged, and no row uses it"]
