"""Steps from an older schema, with a list of the test's own: there has been one schema so far."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from callout.base.clock import ManualClock
from callout.base.errors import DamagedError, FullError
from callout.journal import Batch, Draft, Journal, Side, check, migrations, sqlite
from callout.journal.backup import make_backup, restore_files
from callout.journal.keychest import pack
from callout.journal.migrations import Ladder, Step, bring_up, journal_ladder, state_ladder
from callout.journal.state import State

MARKS = "CREATE TABLE mark (seq INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT"
STEPS = (
    Step(1, "a table beside the entries", f"{MARKS}; INSERT INTO mark SELECT seq, 'x' FROM event"),
    Step(2, "an index", "CREATE INDEX mark_word ON mark (word)"),
)


def schema_2(more: str = "") -> list[tuple[str, str]]:
    database = apsw.Connection(":memory:")
    database.execute(f"{sqlite.schema_text()}; {MARKS}; {more}")
    return sqlite.schema_of(database)


def schema_3() -> list[tuple[str, str]]:
    return schema_2(str(STEPS[1].change))


def ladder(*steps: Step, schema: Callable[[], list[tuple[str, str]]] = schema_3) -> Ladder:
    return Ladder(1 + len(steps), steps, schema, sqlite.APPLICATION_ID, entries=True)


@pytest.fixture
def old(home: Path, clock: ManualClock) -> Path:
    """A closed home of schema 1 with 300 entries."""
    journal = Journal.open(home, clock=clock)
    for number in range(300):
        side = (Side("text", {"n": number}, "incident/1"),)
        journal.submit(Batch((Draft("unit/1", "A.1", {"n": number}, side),), str(number)))
    journal.close()
    return home


def version(path: Path) -> int:
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    found: Any = database.pragma("user_version")
    database.close()
    return int(found)


def dump(path: Path) -> list[Any]:
    """All there is in a file."""
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    names = [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE rootpage")]
    tables = [n for n in names if not n.startswith(("sqlite", "mark_"))]
    found: list[Any] = [list(database.execute(f"SELECT * FROM {name}")) for name in tables]
    found += [sqlite.schema_of(database), database.pragma("user_version")]
    database.close()
    return found


def test_the_steps_there_are_lead_to_the_schema_there_is() -> None:
    for one in (journal_ladder(), state_ladder()):
        assert [step.after for step in one.steps] == list(range(1, one.version))
        assert one.schema()
    assert journal_ladder().version == sqlite.SCHEMA_VERSION


def test_step_by_step_with_a_copy_beside(old: Path) -> None:
    path = old / "journal.db"
    before = dump(path)
    bring_up(path, ladder(*STEPS))
    assert version(path) == 3
    assert dump(path)[0] == before[0]
    copy = old / "journal.db.schema1"
    assert dump(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not list(old.glob("*.copy*"))
    assert not (old / "journal.db.schema2").exists()
    # Nothing more to do: no step, no copy.
    copy.unlink()
    bring_up(path, ladder(*STEPS))
    assert not copy.exists()


def test_the_copy_is_a_home_again(old: Path, clock: ManualClock) -> None:
    bring_up(old / "journal.db", ladder(*STEPS))
    for name in ("journal.db-wal", "journal.db-shm"):
        (old / name).unlink(missing_ok=True)
    (old / "journal.db.schema1").rename(old / "journal.db")
    assert check(old).problems == []
    with_more = Journal.open(old, clock=clock)
    assert with_more.append(Batch((Draft("unit/1", "A.1", {}),), "more")).first_seq == 300
    with_more.close()


def renames(database: apsw.Connection) -> None:
    for name in ("event_is_never_updated", "event_is_never_deleted"):
        database.execute(f"DROP TRIGGER {name}")
    database.execute("UPDATE event SET actor = 'someone' WHERE seq = 299")


def raises(database: apsw.Connection) -> None:
    database.execute("DELETE FROM side")
    raise KeyError("a mistake in the step")


FAILING = {
    "bad SQL": ("DELETE FROM side; SELECT one FROM nowhere", "nowhere"),
    "a mistake": (raises, "a mistake"),
    "an entry changed": (renames, "not what it was"),
    "an entry gone": ("DROP TABLE event; CREATE TABLE event (seq)", "no such column"),
    "other tables": ("CREATE TABLE other (one)", "not the ones of the new schema"),
}


@pytest.mark.parametrize("how", FAILING)
def test_a_step_that_fails_leaves_nothing(old: Path, how: str, clock: ManualClock) -> None:
    """Of two steps the second fails: the first one stands, and nothing of the second."""
    change, words = FAILING[how]
    path = old / "journal.db"
    bring_up(path, ladder(STEPS[0], schema=schema_2))
    good = dump(path)
    with pytest.raises(DamagedError, match=words) as caught:
        bring_up(path, ladder(STEPS[0], Step(2, "that fails", change)))
    assert "stands at schema 2" in caught.value.todo
    assert dump(path) == good
    # And once it is mended, it goes on from there.
    bring_up(path, ladder(*STEPS))
    assert version(path) == 3


KILLED = """
import os, signal, sys
from pathlib import Path
import apsw
sys.path[:0] = [{tests!r}]
from test_journal_migrations import STEPS, ladder
from callout.journal import migrations
from callout.journal.migrations import Step, bring_up

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

where, path = sys.argv[1], Path(sys.argv[2])
steps = list(STEPS)
if where == "copy":
    migrations.sync_folder = die
if where == "between":
    real = migrations._take
    migrations._take = lambda db, p, l, step: die() if step.after == 2 else real(db, p, l, step)
if where.startswith("in "):
    number = int(where[3:])
    def change(database):
        database.execute(STEPS[number].change)
        database.execute("DELETE FROM side")
        database.cache_flush()
        die()
    steps[number] = Step(number + 1, "killed", change)
bring_up(path, ladder(*steps))
"""


@pytest.mark.crash
@pytest.mark.parametrize(("where", "left"), [("copy", 1), ("in 0", 1), ("between", 2), ("in 1", 2)])
def test_killed_on_the_way_it_goes_on_from_there(old: Path, where: str, left: int) -> None:
    path = old / "journal.db"
    before = dump(path)
    script = KILLED.format(tests=str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", script, where, str(path)], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert version(path) == left
    assert dump(path)[: len(before) - 2][0] == before[0]
    bring_up(path, ladder(*STEPS))
    found = dump(path)
    assert found[-1] == 3
    assert found[-2] == schema_3()
    assert all(table in found for table in before[:-2])


def test_opening_brings_an_older_home_up(
    old: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = check(old).root
    monkeypatch.setattr(sqlite, "SCHEMA_VERSION", 3)
    # Only to read it, it says what to do; so does the check.
    words = "schema 1, this callout reads 3.*serve once"
    with pytest.raises(DamagedError, match=words):
        Journal.open(old, clock=clock, writable=False)
    assert [p for p in check(old).problems if re.search(words, f"{p.what} {p.todo}")]
    monkeypatch.setattr(migrations, "journal_ladder", lambda: ladder(*STEPS))
    journal = Journal.open(old, clock=clock)
    journal.append(Batch((Draft("unit/1", "A.1", {}),), "more"))
    assert journal.side(7, "text") == {"n": 7}
    journal.close()
    monkeypatch.setattr(sys.modules["callout.journal.check"], "expected_schema", schema_3)
    report = check(old)
    assert report.problems == []
    assert report.root != root


def test_one_that_cannot_be_brought_up_is_let_go_of_again(
    old: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "journal_ladder", lambda: ladder(Step(1, "no", "no SQL")))
        with pytest.raises(DamagedError):
            Journal.open(old, clock=clock)
    Journal.open(old, clock=clock).close()
    assert check(old).problems == []


@pytest.mark.parametrize("name", ["journal.db", "state.db"])
def test_a_newer_one_is_refused_in_words(old: Path, clock: ManualClock, name: str) -> None:
    database = apsw.Connection(str(old / name))
    database.pragma("user_version", 9)
    database.close()
    for writable in (True, False):
        with pytest.raises(DamagedError, match=r"schema 9, this callout reads 1.*or a newer one"):
            Journal.open(old, clock=clock, writable=writable)
    assert not list(old.glob("*schema*"))


def test_without_room_nothing_is_changed(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    path = old / "journal.db"
    before = dump(path)
    usage = shutil.disk_usage(old)._replace(free=path.stat().st_size)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(FullError, match="MiB"):
        bring_up(path, ladder(*STEPS))
    assert dump(path) == before
    assert not list(old.glob("*schema*"))


def test_state_has_a_version_too(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "state.db"
    state = State(path, clock=clock, writable=True)
    state.put("session", "a", b"1")
    state.close()
    assert version(path) == 1
    # One made before versions were written down gets the number.
    database = apsw.Connection(str(path))
    database.pragma("user_version", 0)
    database.close()
    State(path, clock=clock, writable=False).close()
    assert version(path) == 0
    State(path, clock=clock, writable=True).close()
    assert version(path) == 1
    more = Step(1, "more", "CREATE TABLE more (one TEXT) STRICT; INSERT INTO more VALUES ('x')")

    def schema() -> list[tuple[str, str]]:
        return sorted([*state_ladder().schema(), ("more", "CREATE TABLE more (one TEXT) STRICT")])

    bring_up(path, Ladder(2, (more,), schema))
    assert version(path) == 2
    with pytest.raises(DamagedError, match="schema 2"):
        State(path, clock=clock, writable=True)
    assert version(tmp_path / "state.db.schema1") == 1


def test_a_backup_of_an_older_schema_is_brought_up_when_restored(
    old: Path, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_backup(old, tmp_path / "backups", clock=clock, version="0.1.0")
    pack(old / "keys", tmp_path / "keys.file", None)
    monkeypatch.setattr(sqlite, "SCHEMA_VERSION", 3)
    monkeypatch.setattr(migrations, "journal_ladder", lambda: ladder(*STEPS))
    monkeypatch.setattr(sys.modules["callout.journal.check"], "expected_schema", schema_3)
    again = tmp_path / "again"
    again.mkdir()
    assert restore_files(made, again, tmp_path / "keys.file", (), None).size == 300
    assert version(again / "journal.db") == 3
    assert check(again).problems == []


@pytest.mark.parametrize("name", ["journal.db", "state.db"])
def test_a_damaged_file_is_said_to_be_one(old: Path, clock: ManualClock, name: str) -> None:
    (old / name).write_bytes(b"no database" * 1000)
    with pytest.raises(DamagedError, match="damaged"):
        Journal.open(old, clock=clock)
