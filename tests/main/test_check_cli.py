"""What a user is told of bad input and of damage: one line each, never a traceback."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner, Result

from callout.base.clock import ManualClock
from callout.base.errors import BadInputError
from callout.incidents.events import AlarmAcknowledged
from callout.journal import Batch, Draft, Journal, Side
from callout.journal.note import Checkpoint, Signer
from callout.main.check import unknown_types
from callout.main.cli import cli

COUNT = 300


def write(journal: Journal, start: int, end: int, kind: str = AlarmAcknowledged.TYPE) -> None:
    for n in range(start, end):
        side = (Side("text", {"n": n}, f"alarm/a{n % 9}"),) if n % 5 == 0 else ()
        journal.submit(Batch((Draft(f"alarm/a{n % 9}", kind, {"n": n}, side),), f"k{n}"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``home``, closed; ``open``, copied while it was open; checkpoints of 100 and 300 entries."""
    folder = tmp_path_factory.mktemp("made")
    journal = Journal.open(folder / "home", clock=ManualClock())
    write(journal, 0, 100)
    journal.append(Batch((Draft("alarm/last", AlarmAcknowledged.TYPE, {}),), "last"))
    (folder / "old").write_bytes(journal.checkpoint())
    write(journal, 101, COUNT - 1)
    journal.append(Batch((Draft("alarm/end", AlarmAcknowledged.TYPE, {}),), "end"))
    shutil.copytree(folder / "home", folder / "open")
    (folder / "new").write_bytes(journal.checkpoint())
    journal.close()
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "home", tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "open", tmp_path / "open")
    return tmp_path / "open"


def run_check(home: Path, *words: str | Path) -> Result:
    result = CliRunner().invoke(cli, ["check", "--home", str(home), *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def says(result: Result, *words: str) -> None:
    """Exit code 1, and a line with all the words; every line but the last says what to do."""
    assert result.exit_code == 1, result.output
    lines = result.stderr.splitlines()
    assert any(all(word in line for word in words) for line in lines), result.stderr
    for line in lines[:-1]:
        assert ". " in line, line
    assert "Traceback" not in result.output


def edit(home: Path, statement: str) -> None:
    database = apsw.Connection(str(home / "journal.db"))
    for trigger in ("event_is_never_updated", "event_is_never_deleted"):
        database.execute(f"DROP TRIGGER {trigger}")
    database.execute(statement)
    database.close()


def test_a_good_home_and_kept_checkpoints(made: Path) -> None:
    result = run_check(made / "home", "--since", made / "old", "--since", made / "new")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "the journal checks" in result.stdout
    assert f"{COUNT} entries" in result.stdout


# --- the file itself ---


def truncated(home: Path) -> None:
    with (home / "journal.db").open("r+b") as file:
        file.truncate(40_000)


def flipped(home: Path) -> None:
    data = bytearray((home / "journal.db").read_bytes())
    at = data.index(b'{"n":123}')
    data[at + 5] ^= 1
    (home / "journal.db").write_bytes(data)


def not_utf8(home: Path) -> None:
    data = bytearray((home / "journal.db").read_bytes())
    at = data.index(b'{"n":123}')
    data[at + 1] = 0xFF
    (home / "journal.db").write_bytes(data)


def emptied(home: Path) -> None:
    (home / "journal.db").write_bytes(b"")


def a_folder(home: Path) -> None:
    (home / "journal.db").unlink()
    (home / "journal.db").mkdir()


def no_database(home: Path) -> None:
    (home / "journal.db").write_bytes(b"Dear diary\n" * 1000)


def a_newer_schema(home: Path) -> None:
    edit(home, "PRAGMA user_version = 9")


def a_wal_that_is_a_folder(home: Path) -> None:
    (home / "journal.db-wal").unlink(missing_ok=True)
    (home / "journal.db-wal").mkdir()


def no_log_pub(home: Path) -> None:
    (home / "keys" / "log.pub").unlink()


def no_log_key(home: Path) -> None:
    (home / "keys" / "log.key").unlink()


def no_side_keys(home: Path) -> None:
    (home / "keys" / "side.keys").unlink()


def no_secret(home: Path) -> None:
    (home / "keys" / "home.secret").unlink()


def another_secret(home: Path) -> None:
    (home / "keys" / "home.secret").write_bytes(bytes(32))


def a_key_that_is_a_folder(home: Path) -> None:
    (home / "keys" / "log.key").unlink()
    (home / "keys" / "log.key").mkdir()


def side_keys_cut(home: Path) -> None:
    with (home / "keys" / "side.keys").open("r+b") as file:
        file.truncate(3 * 64)


def no_state(home: Path) -> None:
    (home / "state.db").unlink()


def state_of_noise(home: Path) -> None:
    (home / "state.db").write_bytes(b"noise" * 2000)


def state_cut(home: Path) -> None:
    with (home / "state.db").open("r+b") as file:
        file.truncate(5000)


DAMAGE: dict[Callable[[Path], None], tuple[str, ...]] = {
    truncated: ("journal.db", "damaged"),
    flipped: ("seq 123", "not the one whose hash was kept"),
    not_utf8: ("seq 123", "damaged"),
    emptied: ("journal.db", "empty", "backup"),
    a_folder: ("journal.db", "a folder", "backup"),
    no_database: ("journal.db", "damaged"),
    a_newer_schema: ("schema 9", "version of callout"),
    a_wal_that_is_a_folder: ("journal.db", "cannot"),
    no_log_pub: ("log.pub", "missing", "Restore"),
    no_log_key: ("log.key", "No such file"),
    no_side_keys: ("side.keys", "missing", "Restore"),
    no_secret: ("home.secret", "missing", "Restore"),
    another_secret: ("side.keys", "does not belong to home.secret", "Restore"),
    a_key_that_is_a_folder: ("log.key", "directory"),
    no_state: ("state.db", "missing", "resume"),
    state_of_noise: ("state.db", "not a database", "restore"),
    state_cut: ("state.db", "malformed", "restore"),
    side_keys_cut: ("seq 15", "key record 4", "Restore"),
}


@pytest.mark.parametrize("how", DAMAGE, ids=lambda how: how.__name__)
def test_damage_is_one_line_with_what_to_do(home: Path, how: Callable[[Path], None]) -> None:
    how(home)
    says(run_check(home), *DAMAGE[how])


def test_no_home_and_no_journal(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        result = run_check(folder)
        assert result.exit_code == 2
        assert "there is no journal" in result.stderr


@pytest.mark.parametrize("name", ["journal.db", "keys/side.keys", "keys/log.key"])
def test_files_that_may_not_be_read(name: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="callout-may-not-"))
    try:
        journal = Journal.open(folder / "home", clock=ManualClock())
        write(journal, 0, 3)
        journal.close()
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777)
        (folder / "home" / name).chmod(0)
        code, output = as_nobody(folder / "home")
    finally:
        shutil.rmtree(folder)
    assert code == 1, output
    assert any(name in line and "who may read" in line for line in output.splitlines()), output


def as_nobody(home: Path) -> tuple[int, str]:
    """Exit code and what was said, by a process that is not root, who may read everything."""
    unknown_types(["Other.1"])
    read_fd, write_fd = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setuid(65534)
        result = CliRunner().invoke(cli, ["check", "--home", str(home)])
        os.write(write_fd, f"{result.output}{result.exception!r}".encode())
        os._exit(result.exit_code)
    os.close(write_fd)
    with os.fdopen(read_fd) as said:
        output = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), output


# --- copies taken while the journal was open ---


def test_a_copy_with_its_wal_is_whole(copied: Path, made: Path) -> None:
    assert run_check(copied, "--since", made / "new").exit_code == 0


def test_a_copy_without_its_wal(copied: Path, made: Path) -> None:
    (copied / "journal.db-wal").unlink()
    (copied / "journal.db-shm").unlink()
    # Nothing had been moved into journal.db yet: alone it is a journal just made.
    assert "\n0 entries" in "\n" + run_check(copied).stdout
    says(run_check(copied, "--since", made / "new"), "seq 0", f"put back: it had {COUNT} entries")


def test_a_copy_with_a_torn_wal_is_an_earlier_state(copied: Path, made: Path) -> None:
    """Each group was whole, so alone it checks; who kept a checkpoint sees what is gone."""
    with (copied / "journal.db-wal").open("r+b") as file:
        file.truncate((copied / "journal.db-wal").stat().st_size - 5000)
    assert run_check(copied).exit_code == 0
    result = run_check(copied, "--since", made / "new")
    says(result, "seq ", f"put back: it had {COUNT} entries")


def test_a_wal_of_another_state(home: Path, copied: Path, made: Path) -> None:
    """SQLite takes it for its own; what comes out is the copied state, or damage that is named."""
    shutil.copy(copied / "journal.db-wal", home / "journal.db-wal")
    result = run_check(home, "--since", made / "new")
    assert result.exit_code in (0, 1), result.output
    if result.exit_code == 0:
        assert f"{COUNT} entries" in result.stdout


def test_a_wal_of_noise_is_passed_over(home: Path, made: Path) -> None:
    (home / "journal.db-wal").write_bytes(b"noise" * 1000)
    assert run_check(home, "--since", made / "new").exit_code == 0


# --- kept checkpoints ---


def test_a_past_that_was_written_anew(home: Path, made: Path, tmp_path: Path) -> None:
    """By somebody who has the keys: everything fits but what was kept."""
    shutil.rmtree(home)
    shutil.copytree(made / "home" / "keys", home / "keys")
    journal = Journal.open(home, clock=ManualClock())
    write(journal, 0, COUNT + 50)
    journal.close()
    assert run_check(home).exit_code == 0
    says(run_check(home, "--since", made / "old"), "seq 0", "first 101 entries", "Keep both")
    says(run_check(home, "--since", made / "new"), "seq 0", f"first {COUNT} entries")


def test_a_checkpoint_that_is_none_of_this_home(home: Path, made: Path, tmp_path: Path) -> None:
    other = Signer.generate("callout")
    (tmp_path / "other").write_bytes(other.sign(Checkpoint("callout", 0, bytes(32)).text()))
    says(run_check(home, "--since", tmp_path / "other"), "not signed by this home's key")
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    says(run_check(home, "--since", tmp_path / "noise"), "not signed by this home's key")


# --- entries that could not have been written ---


ENTRIES = {
    "a float": ("'{\"n\":1.5}'", "float"),
    "too long": ("'{\"n\":\"' || hex(zeroblob(40000)) || '\"}'", "at most 65535"),
    "too deep": ("'{\"n\":' || replace(hex(zeroblob(3000)), '0', '[') || '}'", "could be written"),
    "beyond 2^53": ("'{\"n\":9007199254740993}'", "2^53"),
}


@pytest.mark.parametrize("how", ENTRIES)
def test_bad_entries_are_named(home: Path, how: str) -> None:
    body, words = ENTRIES[how]
    edit(home, f"UPDATE event SET body = {body} WHERE seq = 77")
    says(run_check(home), "seq 77", words)


def test_a_wrong_version_is_named(home: Path) -> None:
    edit(home, "UPDATE event SET version = 900 WHERE seq = 77")
    says(run_check(home), "seq 77", "version 900 instead of")


def test_they_are_refused_when_written(home: Path) -> None:
    with pytest.raises(BadInputError, match="float"):
        written(home, {"n": 1.5})
    with pytest.raises(BadInputError, match="at most 65535"):
        written(home, {"n": "x" * 65_536})


def written(home: Path, body: dict[str, object]) -> None:
    journal = Journal.open(home, clock=ManualClock())
    try:
        journal.append(Batch((Draft("alarm/x", "A.1", body),), "x"))
    finally:
        journal.close()


def test_a_type_of_a_newer_callout_is_a_warning(home: Path) -> None:
    journal = Journal.open(home, clock=ManualClock())
    write(journal, COUNT, COUNT + 5, kind="AlarmSungAloud.2")
    journal.close()
    result = run_check(home)
    assert result.exit_code == 0, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"warning: seq {COUNT}: AlarmSungAloud.2")
    assert "newer callout" in lines[0]


def test_every_type_that_is_documented_is_known() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    documented = set(re.findall(r"^\| `(\w+\.\d+)` \| `", page, re.MULTILINE))
    assert len(documented) > 20
    assert unknown_types({*documented, "Other.1"}) == {"Other.1"}


def test_control_characters_do_not_reach_the_terminal(home: Path) -> None:
    edit(home, "UPDATE event SET stream = char(27) || '[2J' || char(10) || 'ok' WHERE seq = 77")
    result = run_check(home)
    says(result, "seq 77")
    assert "\x1b" not in result.output


def test_long_journals_are_shared_among_processes(home: Path) -> None:
    """The same findings, whoever looked."""
    from callout.journal import check

    edit(home, "UPDATE event SET actor = 'person/x' WHERE seq IN (5, 290)")
    alone, shared = check(home), check(home, helpers=2)
    assert alone.problems == shared.problems
    assert (alone.root, alone.types) == (shared.root, shared.types)
