"""A witness that is away, hangs, comes back, or is shared; a memory that is damaged or gone."""

import os
import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from callout.base.clock import ManualClock
from callout.base.errors import DamagedError
from callout.journal import Batch, Journal
from callout.journal.note import Checkpoint, parse_checkpoint
from callout.journal.state import State

One = Callable[..., Batch]


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere" / "witness.note"


def opened(home: Path, witness: Path | None = None, *, doubted: bool = False) -> Journal:
    return Journal.open(home, clock=ManualClock(), witness=witness, doubted=doubted)


def write(home: Path, one: One, keys: str, witness: Path | None = None) -> None:
    with closing(opened(home, witness)) as journal:
        for key in keys:
            journal.append(one(key))


def kind_at_start(home: Path, witness: Path | None = None) -> str:
    with pytest.raises(DamagedError) as raised:
        opened(home, witness).close()
    return str(raised.value.detail["kind"])


def kept(home: Path, witness: Path) -> Checkpoint:
    with closing(Journal.open(home, clock=ManualClock(), writable=False)) as journal:
        return parse_checkpoint(journal.verifier().open(witness.read_bytes()))


def test_a_journal_that_is_gone_is_not_begun_again(home: Path, one: One) -> None:
    write(home, one, "abcd")
    for path in home.glob("journal.db*"):
        path.unlink()
    assert kind_at_start(home) == "rolled_back"
    # The first try has made an empty one; it is still not the journal that is remembered.
    assert kind_at_start(home) == "rolled_back"


def test_a_memory_that_cannot_be_read_needs_a_word(home: Path, one: One) -> None:
    write(home, one, "ab")
    state = State(home / "state.db", clock=ManualClock(), writable=True)
    state.put("memory", "checkpoint", b"\xff")
    state.close()
    assert kind_at_start(home) == "unknown"
    with closing(opened(home, doubted=True)) as journal:
        journal.resume(name="A. Silva", reason="bad block")
    write(home, one, "c")


def test_a_doubt_that_was_not_answered_is_not_forgotten(
    home: Path, tmp_path: Path, one: One
) -> None:
    """callout resume could not write its entry, for want of room: then nobody has spoken."""
    write(home, one, "ab")
    shutil.copy(home / "journal.db", tmp_path / "old.db")
    write(home, one, "cd")
    shutil.copy(tmp_path / "old.db", home / "journal.db")
    opened(home, doubted=True).close()
    assert kind_at_start(home) == "rolled_back"


def test_a_witness_that_comes_back_knowing_more_is_not_overwritten(
    home: Path, witness: Path, tmp_path: Path, one: One
) -> None:
    """The home was put back while the witness was away: what it knows is all there is left."""
    write(home, one, "ab", witness)
    shutil.copytree(home, tmp_path / "copy")
    write(home, one, "cdef", witness)
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "copy", home)
    away = witness.parent.with_name("away")
    witness.parent.rename(away)
    with closing(opened(home, witness)) as journal:
        journal.append(one("x"))
        away.rename(witness.parent)
        journal.append(one("y"))
        journal.remember()
    assert kept(home, witness).size == 6
    assert kind_at_start(home, witness) == "rolled_back"
    with closing(opened(home, witness, doubted=True)) as journal:
        journal.resume(name="A. Silva", reason="old disk")
    assert kept(home, witness).size == 5
    write(home, one, "z", witness)
    assert kept(home, witness).size == 6


def test_two_rooms_that_went_on_from_one_copy_meet_at_their_witness(
    home: Path, witness: Path, tmp_path: Path, one: One
) -> None:
    write(home, one, "ab", witness)
    shutil.copytree(home, tmp_path / "twin")
    with (
        closing(opened(home, witness)) as here,
        closing(opened(tmp_path / "twin", witness)) as twin,
    ):
        here.append(one("c"))
        here.remember()
        twin.append(one("other"))
        twin.remember()
        here.append(one("d"))
    assert kept(home, witness).size == 4, "whoever was first goes on, the other does not undo it"
    assert kind_at_start(tmp_path / "twin", witness) == "rolled_back"


def test_a_folder_that_is_not_mounted_is_not_made(home: Path, witness: Path, one: One) -> None:
    witness.parent.rmdir()
    write(home, one, "a", witness)
    assert not witness.parent.exists()
    witness.parent.mkdir()
    write(home, one, "b", witness)
    assert kept(home, witness).size == 2


def test_a_witness_that_hangs_keeps_nobody(
    home: Path, witness: Path, one: One, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that nobody writes to: reading waits for ever, as a mount does whose server died."""
    monkeypatch.setattr("callout.journal.memory._PATIENCE_S", 0.05)
    write(home, one, "a")
    os.mkfifo(witness)
    done = threading.Event()

    def live() -> None:
        with closing(opened(home, witness)) as journal:
            journal.append(one("b"))
            journal.remember()
        done.set()

    threading.Thread(target=live, daemon=True).start()
    try:
        assert done.wait(20), "the room hangs with its witness"
    finally:
        # Let the waiting readers go.
        os.close(os.open(witness, os.O_RDWR | os.O_NONBLOCK))
    write(home, one, "c")


def test_check_says_how_old_and_how_far_behind_the_witness_is(
    home: Path, witness: Path, one: One
) -> None:
    write(home, one, "abc", witness)
    write(home, one, "de")
    with closing(Journal.open(home, clock=ManualClock(), writable=False, witness=witness)) as read:
        age = read.witness_age()
    assert age is not None
    assert age.behind == 2
    assert age.written_us == witness.stat().st_mtime_ns // 1000
    with closing(Journal.open(home, clock=ManualClock(), writable=False)) as read:
        assert read.witness_age() is None
