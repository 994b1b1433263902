"""What a backup leaves in the journal, where keys may lie, and serve in doubt, as typed."""

import shutil
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner, Result

from callout.access import SYSTEM
from callout.access.commands import enrol_device
from callout.base.clock import SystemClock
from callout.journal import Batch, Draft, Entry, Journal, Side, check
from callout.journal.backup import read_manifest
from callout.journal.events import BackupMade, HistoryResumed
from callout.main.cli import cli
from running import Running, made_home, running

WORD = ("--by", "A. Silva", "--reason", "the disk is broken")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def good(*words: str | Path) -> Result:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result


def refused(*words: str | Path) -> str:
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("callout: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with closing(Journal.open(tmp_path / "home", clock=SystemClock())) as journal:
        enrol_device(journal, SYSTEM, "button-0", ("alarms",)).result()
    return tmp_path / "home"


def only(dest: Path) -> Path:
    (made,) = dest.iterdir()
    return made


def entries(home: Path) -> list[Entry]:
    with closing(Journal.open(home, clock=SystemClock(), writable=False)) as journal:
        return list(journal.replay())


def test_a_backup_is_entered_once(home: Path, tmp_path: Path) -> None:
    good("backup", tmp_path / "dest", "--keys", tmp_path / "k", "--home", home)
    manifest = read_manifest(only(tmp_path / "dest"))
    good("token", "create", "button-1", "--home", home)
    (entry,) = [entry for entry in entries(home) if entry.type == BackupMade.TYPE]
    assert entry.body == {"size": 1, "root": manifest.root, "keys": True}
    assert entry.claimed_us is not None
    assert entry.claimed_us <= entry.recorded_us
    assert check(home).ok


def test_a_backup_of_a_home_in_doubt_is_made_and_entered_later(home: Path, tmp_path: Path) -> None:
    shutil.copy(home / "journal.db", tmp_path / "old.db")
    good("token", "create", "button-1", "--home", home)
    shutil.copy(tmp_path / "old.db", home / "journal.db")
    said = good("backup", tmp_path / "dest", "--home", home)
    assert "will be entered later" in said.stderr
    assert [entry.type for entry in entries(home)] == ["DeviceEnrolled.1"]
    good("resume", *WORD, "--home", home)
    good("token", "create", "button-2", "--home", home)
    assert [entry.type for entry in entries(home)] == [
        "DeviceEnrolled.1", HistoryResumed.TYPE, BackupMade.TYPE, "DeviceEnrolled.1",
    ]  # fmt: skip


def test_a_copy_that_does_not_check_is_not_kept(home: Path, tmp_path: Path) -> None:
    with closing(apsw.Connection(str(home / "journal.db"))) as database:
        database.execute("DROP TRIGGER event_is_never_updated")
        database.execute("UPDATE event SET actor = 'nobody'")
    dest = tmp_path / "dest"
    assert "was not kept" in refused("backup", dest, "--keys", tmp_path / "k", "--home", home)
    assert list(dest.iterdir()) == []
    assert not (tmp_path / "k").exists()
    good("backup", dest, "--no-check", "--home", home)


def test_keys_do_not_come_to_the_backups_by_a_link_either(home: Path, tmp_path: Path) -> None:
    dest = tmp_path / "dest"
    dest.mkdir()
    (tmp_path / "safe").symlink_to(dest)
    (tmp_path / "room").symlink_to(home)
    for keys in (tmp_path / "safe" / "k", tmp_path / "room" / "k"):
        assert "protect nothing" in refused("backup", dest, "--keys", keys, "--home", home)
    assert "inside the home" in refused("backup", tmp_path / "room" / "b", "--home", home)
    assert list(dest.iterdir()) == []


def test_a_file_is_not_taken_for_a_journal_that_lies_in_postgresql(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLOUT_DATABASE", "postgresql://nowhere/room")
    said = refused("backup", tmp_path / "dest", "--home", home)
    assert "backed up by PostgreSQL" in said
    assert not (tmp_path / "dest").exists()


def test_what_was_erased_by_the_book_stays_erased(home: Path, tmp_path: Path) -> None:
    """An erasure that was asked for and is in the copy, with a key file of before it."""
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        side = Side("text", {"text": "told"}, "alarm/a1")
        raised = Draft("alarm/a1", "AlarmRaised.1", {}, (side,))
        seq = journal.append(Batch((raised,), "a1")).first_seq
    good("backup", tmp_path / "first", "--keys", tmp_path / "old", "--home", home)
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        asked = Draft("alarm/a1", "ErasureAsked.1", {"reason": "request", "keys": ["alarm/a1"]})
        journal.append(Batch((asked,), "a2"))
    good("backup", tmp_path / "second", "--home", home)
    words = ("--keys", tmp_path / "old", "--home", tmp_path / "new", *WORD)
    assert "1 keys destroyed again" in good("restore", only(tmp_path / "second"), *words).stdout
    with closing(Journal.open(tmp_path / "new", clock=SystemClock())) as journal:
        assert journal.side(seq, "text") is None
    assert check(tmp_path / "new").ok


def pressed(up: Running) -> bool:
    with up.client(up.button) as api:
        body = {"device": "button-1", "press": "after", "kind": "panic"}
        return api.post("/api/alarms", json=body).is_success


def test_serve_waits_for_a_word(
    home: Path, tmp_path: Path, town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = tmp_path / "elsewhere" / "witness.note"
    witness.parent.mkdir()
    monkeypatch.setenv("CALLOUT_WITNESS", str(witness))
    (home / "city").symlink_to(town)
    good("admin", "create", "--name", "Ana", "--password", "four words are easy", "--home", home)
    shutil.copytree(home, tmp_path / "kept", symlinks=True)
    good("token", "create", "button-1", "--home", home)
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "kept", home, symlinks=True)
    said = refused("serve", "--port", "0", "--home", home)
    assert "3 entries are remembered, only 2 entries are there" in said
    assert "callout resume --by" in said
    for writes in (("token", "create", "b"), ("erase", "alarm/x", "--by", "Ana")):
        assert "callout resume --by" in refused(*writes, "--home", home)
    shown = run("check", "--home", home)
    assert shown.exit_code == 1
    assert "witness: 3 entries are remembered" in shown.stderr
    assert good("prove", "0", "--home", home).stdout.startswith("c2sp.org/tlog-proof")
    good("resume", *WORD, "--home", home)
    assert "witness: 0 entries behind, written " in good("check", "--home", home).stdout
    with running(home, town) as up:
        assert pressed(up)


def test_a_running_room_enters_its_backup_by_itself(tmp_path: Path, town: Path) -> None:
    home, entered = tmp_path / "home", threading.Event()
    made_home(home, town, units=4)

    def hear(heard: Sequence[Entry]) -> None:
        if any(entry.type == BackupMade.TYPE for entry in heard):
            entered.set()

    with running(home, town) as up:
        up.home.journal.subscribe(hear)
        said = good("backup", tmp_path / "dest", "--home", home)
        assert "the room is running" in said.stdout
        assert entered.wait(30), "the running room did not enter its backup"
        assert pressed(up)
    assert check(home).ok
