"""A journal that is not the one we remember is noticed at start; only a named word goes on."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callout.base.clock import ManualClock
from callout.base.errors import DamagedError, RefusedError
from callout.journal import Batch, Journal, check

One = Callable[..., Batch]


def opened(home: Path, witness: Path | None = None, *, doubted: bool = False) -> Journal:
    return Journal.open(home, clock=ManualClock(), witness=witness, doubted=doubted)


def write(home: Path, one: One, keys: str, witness: Path | None = None) -> None:
    with closing(opened(home, witness)) as journal:
        for key in keys:
            journal.append(one(key))


def kind_at_start(home: Path, witness: Path | None = None) -> str:
    with pytest.raises(DamagedError) as raised:
        opened(home, witness)
    assert "callout resume" in raised.value.todo
    return str(raised.value.detail["kind"])


def keep(home: Path, aside: Path, *names: str) -> None:
    for name in names:
        shutil.copy(home / name, aside / name)


def put_back(home: Path, aside: Path, *names: str) -> None:
    for path in home.glob("journal.db*"):
        path.unlink()
    for name in names:
        shutil.copy(aside / name, home / name)


def test_an_older_file_put_back_is_noticed(home: Path, tmp_path: Path, one: One) -> None:
    write(home, one, "ab")
    keep(home, tmp_path, "journal.db")
    write(home, one, "cd")
    put_back(home, tmp_path, "journal.db")
    assert kind_at_start(home) == "rolled_back"
    assert kind_at_start(home) == "rolled_back"
    with closing(opened(home, doubted=True)) as journal:
        assert [d.words() for d in journal.doubts()] == [
            "4 entries are remembered, only 2 entries are there"
        ]
        receipt = journal.resume(name="A. Silva", reason="the disk failed")
        entry = journal.entry(receipt.first_seq)
        assert entry.body["kind"] == "rolled_back"
        assert (entry.body["remembered_size"], entry.body["size"]) == (4, 2)
        assert journal.side(entry.seq, "who") == {"name": "A. Silva", "reason": "the disk failed"}
    write(home, one, "e")
    assert check(home).ok


def test_an_older_file_with_its_wal_is_noticed(home: Path, tmp_path: Path, one: One) -> None:
    with closing(opened(home)) as journal:
        journal.append(one("a"))
        keep(home, tmp_path, "journal.db", "journal.db-wal")
        journal.append(one("b"))
    put_back(home, tmp_path, "journal.db", "journal.db-wal")
    assert kind_at_start(home) == "rolled_back"


def test_a_fork_is_noticed_also_when_it_is_longer(home: Path, tmp_path: Path, one: One) -> None:
    write(home, one, "ab")
    other = tmp_path / "other"
    shutil.copytree(home, other)
    write(home, one, "cd")
    write(other, one, "xyzuvw")
    put_back(home, other, "journal.db")
    assert kind_at_start(home) == "forked"


def test_a_whole_home_put_back_is_noticed_by_the_witness(
    home: Path, tmp_path: Path, one: One
) -> None:
    witness = tmp_path / "elsewhere" / "witness.note"
    witness.parent.mkdir()
    write(home, one, "ab", witness)
    shutil.copytree(home, tmp_path / "copy")
    write(home, one, "cd", witness)
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "copy", home)
    opened(home).close()  # nobody remembers without the witness
    assert kind_at_start(home, witness) == "rolled_back"
    with closing(opened(home, witness, doubted=True)) as journal:
        journal.resume(name="A. Silva", reason="restored")
    write(home, one, "e", witness)


def test_a_journal_without_memory_needs_a_word(home: Path, one: One) -> None:
    write(home, one, "ab")
    for path in home.glob("state.db*"):
        path.unlink()
    assert kind_at_start(home) == "unknown"
    with closing(opened(home, doubted=True)) as journal:
        journal.resume(name="A. Silva", reason="moved to a new machine")
    write(home, one, "c")


def test_nothing_to_resume_is_refused(home: Path, one: One) -> None:
    write(home, one, "a")
    with closing(opened(home)) as journal, pytest.raises(RefusedError, match="no doubt"):
        journal.resume(name="A. Silva", reason="just so")


def test_a_crash_before_remembering_is_no_doubt(home: Path, tmp_path: Path, one: One) -> None:
    journal = opened(home)
    journal.append(one("a"))
    journal.append(one("b"))
    # What a kill leaves: everything durable, the memory older than the journal.
    shutil.copytree(home, tmp_path / "killed")
    journal.close()
    with closing(opened(tmp_path / "killed")) as after:
        assert after.head() == 1
        after.remember()
        after.append(one("c"))
        shutil.copytree(tmp_path / "killed", tmp_path / "again")
    with closing(opened(tmp_path / "again")) as again:
        assert again.head() == 2


def test_a_crash_while_the_home_was_made_is_no_doubt(home: Path, tmp_path: Path, one: One) -> None:
    opened(home).close()
    # The journal was made, its empty log was not remembered yet.
    for path in home.glob("state.db*"):
        path.unlink()
    journal = opened(home)
    journal.append(one("a"))
    shutil.copytree(home, tmp_path / "killed")
    journal.close()
    with closing(opened(tmp_path / "killed")) as after:
        assert after.head() == 0


def test_a_witness_that_is_away_or_odd_stops_nobody(home: Path, tmp_path: Path, one: One) -> None:
    away = tmp_path / "not mounted" / "witness.note"
    odd = tmp_path / "witness.note"
    odd.write_bytes(b"something else\n")
    with capture_logs() as logs:
        write(home, one, "a", away)
        with closing(opened(home, odd)) as journal:
            journal.append(one("b"))
    assert odd.read_bytes() != b"something else\n"
    said = [line["event"] for line in logs]
    assert said.count("journal.not_remembered") == 1
    assert said.count("journal.memory_unreadable") == 1


def test_a_witness_of_another_log_is_a_doubt(home: Path, tmp_path: Path, one: One) -> None:
    witness = tmp_path / "witness.note"
    write(home, one, "abc", witness)
    before = witness.read_bytes()
    # An empty disk was mounted where the home used to be.
    assert kind_at_start(tmp_path / "empty", witness) == "other_log"
    assert witness.read_bytes() == before
    with closing(opened(tmp_path / "empty", witness, doubted=True)) as journal:
        journal.resume(name="A. Silva", reason="a new room")
    assert witness.read_bytes() != before


def test_reading_goes_on_in_doubt(home: Path, tmp_path: Path, one: One) -> None:
    write(home, one, "ab")
    keep(home, tmp_path, "journal.db")
    write(home, one, "cd")
    put_back(home, tmp_path, "journal.db")
    with closing(Journal.open(home, clock=ManualClock(), writable=False)) as journal:
        assert journal.head() == 1
        assert journal.log().prove(0)
        assert journal.doubts()[0].kind == "rolled_back"
