"""What only PostgreSQL has: several writers on one journal, and a server that can go away."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from test_journal_conformance import assert_whole, stop_listening, together

from callout.base.clock import ManualClock
from callout.base.errors import (
    BadInputError,
    ConflictError,
    DamagedError,
    NotFoundError,
    UnavailableError,
)
from callout.journal import Batch, Draft, Entry, Journal, Receipt, Side

psycopg = pytest.importorskip("psycopg", reason="skipped: psycopg is not installed")
pytestmark = pytest.mark.postgres

Open = Callable[..., Journal]
One = Callable[..., Batch]


@pytest.fixture
def first(replica: Open) -> Journal:
    return replica()


@pytest.fixture
def second(first: Journal, replica: Open) -> Journal:
    return replica()


@pytest.fixture
def server(postgres_database: str) -> Iterator[Any]:
    """A connection of somebody else's."""
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        yield connection


class Ears:
    """A subscriber that can be waited for."""

    def __init__(self, journal: Journal) -> None:
        self.heard: list[Entry] = []
        self._more = threading.Condition()
        self.stop = journal.subscribe(self._hear)

    def _hear(self, entries: Sequence[Entry]) -> None:
        with self._more:
            self.heard.extend(entries)
            self._more.notify_all()

    def wait(self, count: int) -> list[int]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.heard) >= count, 30), len(self.heard)
        return [entry.seq for entry in self.heard]


# --- several writers ---


def test_writers_go_on_from_each_other(
    first: Journal, second: Journal, home: Path, one: One
) -> None:
    writers = (first, second)
    for number in range(520):
        receipt = writers[number % 2].append(one(str(number)))
        assert receipt == Receipt(number, number, (number + 1,), duplicate=False)
    assert second.append(one("0")) == Receipt(0, 0, (1,), duplicate=True)
    assert first.append(one("519")).duplicate
    with pytest.raises(ConflictError) as caught:
        first.append(one("new", expect={"unit/E7": 519}))
    assert caught.value.detail["actual"] == 520
    assert_whole(first, home)


def test_one_writer_far_ahead(first: Journal, second: Journal, home: Path, one: One) -> None:
    second.append(one("here"))
    for number in range(70_000 // 500):
        drafts = tuple(Draft("big", "A.1", {"n": n}) for n in range(500))
        first.append(Batch(drafts, f"many{number}"))
    assert second.append(one("there")).first_seq == 70_001
    assert_whole(second, home)


def test_a_key_taken_by_another_between_two_looks(
    first: Journal, second: Journal, one: One
) -> None:
    """The table refuses the key, the transaction ends, and just then another one writes."""
    first.append(one("old"))
    insert = first._driver.insert

    def insert_then_another(rows: Any) -> bool:
        done = insert(rows)
        first._driver.insert = insert  # type: ignore[method-assign]
        second.append(one("between"))
        return done

    first._driver.insert = insert_then_another  # type: ignore[method-assign]
    assert together(first, [one("new"), one("old"), one("between")]) == [
        Receipt(2, 2, (3,), duplicate=False),
        Receipt(0, 0, (1,), duplicate=True),
        Receipt(1, 1, (2,), duplicate=True),
    ]


def test_many_threads_on_two_writers(first: Journal, second: Journal, home: Path) -> None:
    """64 callers take turns at eight counters by expected version; no turn is lost or doubled."""
    ears = [Ears(first), Ears(second)]
    receipts: list[Receipt] = []
    conflicts: list[ConflictError] = []

    def work(caller: int) -> None:
        journal = (first, second)[caller % 2]
        stream, seen = f"counter/{caller % 8}", 0
        for number in range(8):
            while True:
                draft = Draft(stream, "Counted.1", {"by": caller, "from": seen})
                try:
                    done = journal.append(
                        Batch((draft,), f"{caller} {number}", expect={stream: seen})
                    )
                except ConflictError as error:
                    conflicts.append(error)
                    seen = int(str(error.detail["actual"]))
                else:
                    receipts.append(done)
                    seen = done.versions[0]
                    break

    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.first_seq for receipt in receipts) == list(range(512))
    assert conflicts
    for entry in first.replay():
        assert entry.body["from"] == entry.version - 1
    for one_of in ears:
        assert one_of.wait(512) == list(range(512))
    assert_whole(first, home)
    assert second.head() == 511


def test_followers_hear_of_other_writers(first: Journal, second: Journal, one: One) -> None:
    ears = Ears(second)
    first.append(one("a"))
    assert ears.wait(1) == [0]
    assert (second.head(), second.checkpoint()) == (0, first.checkpoint())
    first.append(one("b"))
    second.append(one("c"))
    first.append(one("d"))
    assert ears.wait(4) == [0, 1, 2, 3]
    assert ears.heard == first.read()


def test_followers_hear_at_once(
    first: Journal, replica: Open, one: One, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callout.journal.listener._POLL_S", 3600)
    ears = Ears(replica())
    first.append(one("a"))
    assert ears.wait(1) == [0]


def test_followers_hear_though_nobody_tells(
    first: Journal, second: Journal, server: Any, one: One
) -> None:
    ears = Ears(second)
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN callout'"
    )
    first.append(one("a"))
    assert ears.wait(1) == [0]
    # And though what is told is not heeded, as when it is lost on the way.
    second._driver._listener._is_mine = lambda pid: True
    first.append(one("b"))
    assert ears.wait(2) == [0, 1]


# --- a server that goes away ---


def end_backends(server: Any) -> None:
    server.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE application_name = 'callout'"
    )


def test_connections_that_died_in_between(first: Journal, server: Any, one: One) -> None:
    first.append(one("a"))
    assert first.entry(0).seq == 0
    end_backends(server)
    assert first.entry(0).seq == 0
    assert first.append(one("b")).first_seq == 1


def test_a_connection_that_dies_before_the_commit(
    replica: Open, server: Any, home: Path, one: One
) -> None:
    class Cutting(ManualClock):
        """Asked for the time between begin and insert."""

        cut = False

        def now_us(self) -> int:
            if self.cut:
                self.cut = False
                end_backends(server)
            return super().now_us()

    clock = Cutting()
    journal = replica(clock=clock)
    journal.append(one("a"))
    clock.cut = True
    with pytest.raises(UnavailableError, match="does not answer"):
        journal.append(one("b"))
    assert journal.append(one("b")) == Receipt(1, 1, (2,), duplicate=False)
    assert_whole(journal, home)


def test_a_connection_that_dies_in_the_commit_ends_it(
    replica: Open, server: Any, home: Path, one: One
) -> None:
    heard: list[BaseException] = []
    journal = replica(on_fatal=heard.append)
    commit = journal._driver.commit

    def cut_and_commit() -> None:
        end_backends(server)
        commit()

    journal._driver.commit = cut_and_commit  # type: ignore[method-assign]
    with pytest.raises(UnavailableError):
        journal.append(one("a"))
    assert isinstance(heard[0], psycopg.OperationalError)
    with pytest.raises(UnavailableError):
        journal.append(one("b"))
    journal.close()
    again = replica()
    assert again.append(one("a")).first_seq == 0
    assert_whole(again, home)


def test_a_commit_that_does_not_commit_ends_it(replica: Open, one: One) -> None:
    heard: list[BaseException] = []
    journal = replica(on_fatal=heard.append)
    driver: Any = journal._driver
    commit = driver.commit

    def spoil_and_commit() -> None:
        with pytest.raises(psycopg.Error):
            driver._db.execute("SELECT 1/0")
        commit()

    driver.commit = spoil_and_commit
    with pytest.raises(UnavailableError):
        journal.append(one("a"))
    assert "answered with ROLLBACK" in str(heard[0])


def test_a_commit_that_did_not_reach_the_standby_ends_it(
    replica: Open, server: Any, one: One
) -> None:
    """PostgreSQL answers COMMIT all the same, with a warning, when that wait is broken off."""
    heard: list[BaseException] = []
    journal = replica(on_fatal=heard.append)
    journal.append(one("a"))
    server.execute("ALTER SYSTEM SET synchronous_standby_names = 'never_there'")
    try:
        server.execute("SELECT pg_reload_conf()")
        cancel = (
            "SELECT pg_cancel_backend(pid), pg_sleep(0.01) FROM pg_stat_activity "
            "WHERE wait_event = 'SyncRep'"
        )
        future = journal.submit(one("b"))
        number = 0
        while not server.execute(cancel).rowcount:
            # Until the server has read its settings again, commits do not wait.
            if future.done():
                number += 1
                future = journal.submit(one(f"b{number}"))
        assert isinstance(future.exception(30), UnavailableError)
        assert "answered with a warning" in str(heard[0])
    finally:
        server.execute("ALTER SYSTEM RESET synchronous_standby_names")
        server.execute("SELECT pg_reload_conf()")


def test_somebody_keeps_the_lock(
    first: Journal, server: Any, postgres_database: str, one: One
) -> None:
    first.append(one("a"))
    first._driver._writer().execute("SET lock_timeout = '20ms'")
    with psycopg.connect(postgres_database) as other:
        other.execute("SELECT * FROM callout.head FOR UPDATE")
        with pytest.raises(UnavailableError, match="locked"):
            first.append(one("b"))
    assert first.append(one("b")).first_seq == 1


def test_no_server(home: Path, clock: ManualClock, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        Journal.open(home, clock=clock, database=f"postgresql://u:secret@/d?host={tmp_path}")
    assert "secret" not in str(caught.value)


# --- the schema ---


def test_nothing_is_ever_edited(first: Journal, server: Any, one: One) -> None:
    side = Side("text", {"a": 1}, "incident/i")
    first.append(Batch(tuple(Draft("s", "A.1", {}, (side,)) for _ in range(256)), "k"))
    tables = [(table, name) for table, name in
              [("event", "body"), ("side", "name"), ("tile", "number")]]  # fmt: skip
    for table, column in tables:
        for statement in (
            f"UPDATE callout.{table} SET {column} = {column}",
            f"DELETE FROM callout.{table}",
            f"TRUNCATE callout.{table}",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                server.execute(statement)
    with pytest.raises(psycopg.errors.RestrictViolation):
        server.execute("DELETE FROM callout.head")


def test_every_text_compares_by_byte(first: Journal, server: Any) -> None:
    found = server.execute(
        "SELECT table_name, column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = 'callout' AND data_type NOT IN ('bigint', 'integer', 'bytea')"
    ).fetchall()
    assert len(found) == 7
    assert {collation for _, _, collation in found} == {"C"}


def test_another_version_is_refused(first: Journal, server: Any, replica: Open) -> None:
    first.close()
    server.execute("UPDATE callout.format SET version = 2")
    with pytest.raises(DamagedError, match="schema 2"):
        replica()


def test_another_encoding_is_refused(postgres: str, tmp_path: Path, clock: ManualClock) -> None:
    with psycopg.connect(postgres.format("postgres"), autocommit=True) as server:
        server.execute(
            "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
            "LOCALE_PROVIDER libc"
        )
    with pytest.raises(BadInputError, match="UTF8"):
        Journal.open(tmp_path / "home", clock=clock, database=postgres.format("latin"))


def test_a_head_that_is_not_what_was_signed_ends_it(replica: Open, server: Any, one: One) -> None:
    heard: list[BaseException] = []
    journal = replica(on_fatal=heard.append)
    journal.append(one("a"))
    old = journal.checkpoint()
    journal.append(one("b"))
    stop_listening(journal)
    # Signed, but an older state: somebody has put it back.
    server.execute("UPDATE callout.head SET note = %b", (old,))
    with pytest.raises(UnavailableError):
        journal.append(one("c"))
    assert isinstance(heard[0], DamagedError)
    assert "checkpoint is not of this journal" in str(heard[0])


def test_a_head_beyond_the_entries_ends_it(replica: Open, server: Any, one: One) -> None:
    heard: list[BaseException] = []
    journal = replica(on_fatal=heard.append)
    journal.append(one("a"))
    server.execute("UPDATE callout.head SET size = 7")
    with pytest.raises(UnavailableError):
        journal.append(one("b"))
    assert isinstance(heard[0], DamagedError)


# --- the home beside it ---


def test_the_keys_must_be_the_journals(
    first: Journal, tmp_path: Path, postgres_database: str, clock: ManualClock, one: One
) -> None:
    with pytest.raises(NotFoundError, match="keys"):
        Journal.open(tmp_path / "bare", clock=clock, database=postgres_database)
    Journal.open(tmp_path / "foreign", clock=clock).close()
    (tmp_path / "foreign/journal.db").unlink()
    with pytest.raises(DamagedError):
        Journal.open(tmp_path / "foreign", clock=clock, database=postgres_database)
    assert first.append(one("a")).first_seq == 0


def test_a_home_has_one_place(
    first: Journal, home: Path, tmp_path: Path, postgres_database: str, clock: ManualClock
) -> None:
    first.close()
    with pytest.raises(BadInputError, match="CALLOUT_DATABASE"):
        Journal.open(home, clock=clock)
    Journal.open(tmp_path / "file", clock=clock).close()
    with pytest.raises(BadInputError, match=r"journal\.db"):
        Journal.open(tmp_path / "file", clock=clock, database=postgres_database)


def test_a_database_that_was_put_back_is_noticed(
    first: Journal, server: Any, postgres: str, home: Path, clock: ManualClock, one: One
) -> None:
    first.append(one("a"))
    first.close()
    server.close()
    with psycopg.connect(postgres.format("postgres"), autocommit=True) as other:
        other.execute("CREATE DATABASE older TEMPLATE room")
    url = postgres.format("room")
    again = Journal.open(home, clock=clock, database=url)
    again.append(one("b"))
    again.close()
    with pytest.raises(DamagedError) as caught:
        Journal.open(home, clock=clock, database=postgres.format("older"))
    assert caught.value.detail["kind"] == "rolled_back"


def test_a_crash_while_it_is_made(
    home: Path, postgres_database: str, clock: ManualClock, one: One, monkeypatch: Any
) -> None:
    from callout.journal import postgres as module

    whole = module.schema_text()
    monkeypatch.setattr(module, "schema_text", lambda: whole + "SELECT 1/0;")
    with pytest.raises(psycopg.Error):
        Journal.open(home, clock=clock, database=postgres_database)
    monkeypatch.undo()
    journal = Journal.open(home, clock=clock, database=postgres_database)
    assert journal.append(one("a")).first_seq == 0
    journal.close()


def test_what_is_not_installed_is_named(home: Path, clock: ManualClock, monkeypatch: Any) -> None:
    monkeypatch.delitem(sys.modules, "callout.journal.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UnavailableError, match=r"pip install 'callout\[scale\]'"):
        Journal.open(home, clock=clock, database="postgresql://h/d")


def test_nonsense_is_not_repeated(home: Path, clock: ManualClock) -> None:
    with pytest.raises(BadInputError) as caught:
        Journal.open(home, clock=clock, database="postgresql://u:secret@h:5432/d?nonsense=1")
    assert "secret" not in str(caught.value)
