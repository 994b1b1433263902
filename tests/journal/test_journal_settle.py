"""What a process leaves behind it is made durable, or found out, before anything is built on it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from callout.base.errors import FullError, UnavailableError
from callout.journal import Batch, Draft, Journal, Side
from callout.journal.keys import RECORD_BYTES, KeyFile

Open = Callable[..., Journal]


def sealed(key: str, owner: str = "incident/1") -> Batch:
    return Batch((Draft("s", "A.1", {}, side=(Side("text", {"k": key}, owner),)),), key)


def failing(*_: object) -> None:
    raise OSError(5, "Input/output error")


def test_word_of_a_failed_sync_is_left_and_believed_once(
    open_home: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fatal: list[BaseException] = []
    journal = open_home(on_fatal=fatal.append)
    assert (home / "lock").read_bytes() == bytes(6)
    journal.append(sealed("k0"))
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(UnavailableError):
        journal.append(sealed("k1", "incident/2"))
    assert [type(error) for error in fatal] == [OSError]
    monkeypatch.undo()
    journal.close()
    assert (home / "lock").read_bytes() == b"failed"
    again = open_home()
    assert (home / "lock").read_bytes() == bytes(6)
    assert not again.append(sealed("k1", "incident/2")).duplicate


def test_a_disk_that_refuses_is_not_opened(
    open_home: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_home().close()
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(UnavailableError, match="the disk does not keep what is written"):
        open_home()
    monkeypatch.undo()
    open_home()


def test_a_disk_that_fails_while_opening_leaves_word(
    open_home: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_home().close()
    fsync = os.fsync
    keys = (home / "keys" / "side.keys").stat().st_ino

    def only_the_keys(fd: int) -> None:
        if os.fstat(fd).st_ino == keys:
            failing()
        fsync(fd)

    monkeypatch.setattr(os, "fsync", only_the_keys)
    with pytest.raises(UnavailableError, match="the disk does not keep what is written"):
        open_home()
    assert (home / "lock").read_bytes() == b"failed"
    monkeypatch.undo()
    open_home()
    assert (home / "lock").read_bytes() == bytes(6)


def test_a_key_whose_destruction_failed_is_not_said_to_be_gone(
    open_home: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    fatal: list[BaseException] = []
    journal = open_home(on_fatal=fatal.append)
    journal.append(sealed("k"))
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(UnavailableError):
        journal.forget("incident/1")
    assert len(fatal) == 1
    monkeypatch.undo()
    journal.close()
    # The list had it: the next process finishes, and what was asked is then so.
    again = open_home()
    assert again.side(0, "text") is None
    assert again.forget("incident/1") == 0


def test_nothing_is_acknowledged_after_a_failed_sync_of_the_key_file(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "side.keys", b"s" * 32, writable=True)
    keys.number_of("a")
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(os, "fsync", failing)
        with pytest.raises(OSError, match="Input/output"):
            keys.destroy("a", 1)
    # The disk is well again, but what was dropped is not on it.
    with pytest.raises(OSError, match="Input/output"):
        keys.sync()
    keys.close()


def test_a_short_write_of_a_key_is_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFile(tmp_path / "side.keys", b"s" * 32, writable=True)
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, data[:20], at))
    with pytest.raises(FullError):
        keys.number_of("a")
    monkeypatch.undo()
    keys.close()
    again = KeyFile(tmp_path / "side.keys", b"s" * 32, writable=True)
    # The piece is no key of anybody's, and no row will ever name its record.
    assert again.find("a") is None
    assert again.number_of("a") == 2
    assert again.cipher(2) is not None
    again.close()


def test_a_destruction_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "side.keys"
    keys = KeyFile(path, b"s" * 32, writable=True)
    number = keys.number_of("a")
    pwrite = os.pwrite
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, data[:20], at))
        with pytest.raises(FullError):
            keys.destroy("a", number)
    record = path.read_bytes()[number * RECORD_BYTES :][:RECORD_BYTES]
    assert record[:1] == b"D"
    assert any(record[1:])
    # Whoever asks again is not told that there is no such key.
    assert keys.find("a") == number
    keys.close()
    KeyFile(path, b"s" * 32, writable=True).close()
    assert path.read_bytes()[number * RECORD_BYTES :][:RECORD_BYTES] == b"D" + bytes(63)
