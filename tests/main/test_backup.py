"""Backup and restore as an operator does them, from a room under load."""

import shutil
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from callout.access import SYSTEM, Credentials, Sessions
from callout.access.commands import enrol_device
from callout.base.clock import SystemClock
from callout.journal import Batch, Draft, Journal, Side, check
from callout.journal.backup import MANIFEST, read_manifest
from callout.journal.erased import read_erased
from callout.main.cli import cli
from running import made_home, running


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def good(*words: str | Path) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words: str | Path) -> str:
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("callout: ") == 1
    return result.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        for number in range(20):
            note(journal, number)
        credentials = Credentials(journal.state, SystemClock())
        credentials.create_token("button", ("alarms",))
        Sessions(journal.state, SystemClock()).open("p1", ("password",))
    return home


def note(journal: Journal, number: int) -> None:
    side = Side("text", {"text": f"secret {number}"}, f"incident/i{number}")
    draft = Draft(f"incident/i{number}", "NoteAdded.1", {}, (side,))
    journal.append(Batch((draft,), f"n{number}"))


def only(dest: Path) -> Path:
    (made,) = dest.iterdir()
    return made


def restore(source: Path, keys: Path, home: Path, *more: str | Path) -> str:
    words = ("--by", "A. Silva", "--reason", "disk", "--home", home, *more)
    return good("restore", source, "--keys", keys, *words)


def test_there_and_back(home: Path, tmp_path: Path) -> None:
    dest, keys = tmp_path / "backups", tmp_path / "safe" / "keys"
    keys.parent.mkdir()
    said = good("backup", dest, "--keys", keys, "--home", home)
    assert "20 entries" in said
    manifest = read_manifest(only(dest))
    assert (manifest.size, manifest.log) == (20, "callout")
    said = restore(only(dest), keys, tmp_path / "new")
    assert "20 entries, 0 keys destroyed again" in said
    assert check(tmp_path / "new").ok
    with closing(Journal.open(tmp_path / "new", clock=SystemClock())) as journal:
        assert journal.side(7, "text") == {"text": "secret 7"}
        entry = journal.entry(20)
        assert (entry.type, entry.body["kind"]) == ("HistoryResumed.1", "restored")
        assert journal.side(20, "who") == {"name": "A. Silva", "reason": "disk"}
        assert journal.state.items("token")
        assert not journal.state.items("session")
        note(journal, 99)


def test_no_byte_of_a_key_lies_in_a_backup(home: Path, tmp_path: Path) -> None:
    dest = tmp_path / "backups"
    good("backup", dest, "--home", home)
    secrets = [(home / "keys" / name).read_bytes() for name in ("home.secret", "log.key")]
    secrets.append(secrets[1].split(b"+", 4)[4].strip())
    side = (home / "keys/side.keys").read_bytes()
    secrets += [side[n * 64 + 24 : n * 64 + 56] for n in range(1, 21)]
    files = [path.read_bytes() for path in dest.rglob("*") if path.is_file()]
    assert len(files) == 5
    for secret in secrets:
        assert len(secret) >= 32
        assert not any(secret in data for data in files)


def test_what_was_erased_since_is_erased_again(home: Path, tmp_path: Path) -> None:
    dest, keys = tmp_path / "backups", tmp_path / "keys.old"
    good("backup", dest, "--keys", keys, "--home", home)
    first = only(dest)
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        journal.forget("incident/i3")
    # The list of the broken home.
    said = restore(first, keys, tmp_path / "one", "--erased", home / "erased.list")
    assert "1 keys destroyed again" in said
    # Or that of a newer backup beside it.
    good("backup", dest, "--home", home)
    said = restore(first, keys, tmp_path / "two")
    assert "1 keys destroyed again" in said
    # Or none: then it says so, and the key is back, which nobody can help.
    alone = tmp_path / "alone"
    shutil.copytree(first, alone / first.name)
    said = restore(alone / first.name, keys, tmp_path / "three")
    assert "No list of erasures" in said
    for name, there in (("one", None), ("two", None), ("three", {"text": "secret 3"})):
        journal = Journal.open(tmp_path / name, clock=SystemClock(), writable=False)
        assert journal.side(3, "text") == there
        assert journal.side(4, "text") == {"text": "secret 4"}
        journal.close()
        assert check(tmp_path / name).ok
    assert [e.name for e in read_erased(tmp_path / "one/erased.list")] == ["incident/i3"]


def test_keys_older_than_the_journal_lose_what_they_lack(home: Path, tmp_path: Path) -> None:
    old = tmp_path / "keys.old"
    good("backup", tmp_path / "first", "--keys", old, "--home", home)
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        note(journal, 20)
        note(journal, 21)
    good("backup", tmp_path / "second", "--home", home)
    said = restore(only(tmp_path / "second"), old, tmp_path / "new")
    assert "2 keys are newer" in said
    assert check(tmp_path / "new").ok
    with closing(Journal.open(tmp_path / "new", clock=SystemClock())) as journal:
        assert journal.side(20, "text") is None
        assert journal.side(19, "text") == {"text": "secret 19"}
        note(journal, 30)
        assert journal.side(journal.head(), "text") == {"text": "secret 30"}
    assert check(tmp_path / "new").ok


def test_a_passphrase_seals_the_keys(home: Path, tmp_path: Path) -> None:
    phrase, wrong = tmp_path / "phrase", tmp_path / "wrong"
    phrase.write_text("three horses\n")
    wrong.write_text("four horses\n")
    dest, keys = tmp_path / "backups", tmp_path / "keys.sealed"
    good("backup", dest, "--keys", keys, "--passphrase-file", phrase, "--home", home)
    assert (home / "keys/home.secret").read_bytes() not in keys.read_bytes()
    words = ("restore", only(dest), "--keys", keys, "--by", "A", "--reason", "x")
    words = (*words, "--home", tmp_path / "new")
    assert "sealed" in refused(*words)
    assert "wrong" in refused(*words, "--passphrase-file", wrong)
    assert not (tmp_path / "new").exists()
    good(*words, "--passphrase-file", phrase)


def test_what_cannot_be_done_is_said_and_nothing_is_left(home: Path, tmp_path: Path) -> None:
    dest, keys = tmp_path / "backups", tmp_path / "keys"
    assert "inside the home" in refused("backup", home / "copies", "--home", home)
    assert "protect nothing" in refused("backup", dest, "--keys", dest / "k", "--home", home)
    assert "protect nothing" in refused("backup", dest, "--keys", home / "k", "--home", home)
    assert "no journal" in refused("backup", dest, "--home", tmp_path / "none") or not dest.exists()
    good("backup", dest, "--keys", keys, "--home", home)
    assert "there already" in refused("backup", dest, "--keys", keys, "--home", home)
    made = max(dest.iterdir())
    rest = ("--by", "A", "--reason", "x", "--home", tmp_path / "new")
    assert "not empty" in refused(
        "restore", made, "--keys", keys, "--by", "A", "--reason", "x", "--home", home
    )
    assert "no backup" in refused("restore", tmp_path / "home", "--keys", keys, *rest)
    assert "no key file" in refused("restore", made, "--keys", made / MANIFEST, *rest)
    assert "cannot be read" in refused("restore", made, "--keys", tmp_path / "none", *rest)
    with closing(Journal.open(tmp_path / "b", clock=SystemClock())) as other:
        enrol_device(other, SYSTEM, "button", ("alarms",)).result()
    good("backup", tmp_path / "x", "--keys", tmp_path / "keys.b", "--home", tmp_path / "b")
    assert "another log" in refused("restore", made, "--keys", tmp_path / "keys.b", *rest)
    data = (made / "journal.db").read_bytes()
    for damaged in (data[: len(data) // 2], data.replace(b"NoteAdded", b"NoteEdded", 1), b""):
        (made / "journal.db").write_bytes(damaged)
        refused("restore", made, "--keys", keys, *rest)
        assert not (tmp_path / "new").exists()
        assert not (tmp_path / "new.restoring").exists()


def test_a_backup_of_a_room_under_load(tmp_path: Path, town: Path) -> None:
    home, dest, keys = tmp_path / "home", tmp_path / "backups", tmp_path / "keys"
    made_home(home, town, units=4)
    stop, answered = threading.Event(), list[int]()

    def press(room_url: str, token: str, name: int) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=room_url, headers=headers, timeout=20) as api:
            number = 0
            while not stop.is_set():
                number += 1
                body = {"device": "button-1", "press": f"{name}-{number}", "kind": "panic"}
                answered.append(api.post("/api/alarms", json=body).json()["seq"])

    with running(home, town) as room:
        threads = [
            threading.Thread(target=press, args=(room.url, room.button, n)) for n in range(3)
        ]
        for thread in threads:
            thread.start()
        while len(answered) < 30:
            threads[0].join(0.01)
        before = max(answered)
        good("backup", dest, "--keys", keys, "--home", home)
        during = len(answered)
        stop.set()
        for thread in threads:
            thread.join()
        assert len(answered) >= during
    manifest = read_manifest(only(dest))
    assert manifest.size > before
    restore(only(dest), keys, tmp_path / "new")
    assert check(tmp_path / "new").ok
    with closing(Journal.open(tmp_path / "new", clock=SystemClock(), writable=False)) as journal:
        kept = {entry.seq for entry in journal.replay() if entry.type == "AlarmRaised.1"}
        assert {seq for seq in answered if seq <= before} <= kept


def test_the_word_of_a_named_person(home: Path, tmp_path: Path) -> None:
    aside = tmp_path / "journal.db"
    shutil.copy(home / "journal.db", aside)
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        note(journal, 50)
    for path in home.glob("journal.db*"):
        path.unlink()
    shutil.copy(aside, home / "journal.db")
    checked = run("check", "--home", home)
    assert checked.exit_code == 1
    assert "21 entries are remembered, only 20 entries are there" in checked.stderr
    said = refused("admin", "create", "--home", home, "--name", "x", "--password", "p" * 12)
    assert "callout resume" in said
    said = good("resume", "--home", home, "--by", "A. Silva", "--reason", "old disk")
    assert "A. Silva lets it go on" in said
    good("check", "--home", home)
    assert "no doubt" in refused("resume", "--home", home, "--by", "A", "--reason", "b")
