"""The snapshot file: whole and fitting, or passed over with a word why."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from callout.base.clock import ManualClock
from callout.journal import Batch, Journal, Snapshot, SnapshotFile

BOARDS = {"units": b"\x81\xa1a\x01", "times": bytes(range(256)), "access": b""}


@pytest.fixture
def file(journal: Journal, one: Callable[..., Batch]) -> SnapshotFile:
    """A snapshot after entry 2 of a journal of four."""
    for number in range(4):
        journal.append(one(str(number)))
    file = SnapshotFile(journal, "0.1.0+code")
    assert file.load() is None
    assert file.save(Snapshot(2, BOARDS))
    return file


def discarded(file: SnapshotFile) -> str:
    """Why the snapshot is passed over."""
    with capture_logs() as logs:
        assert file.load() is None
    (line,) = logs
    assert line["event"] == "snapshot.discarded"
    return str(line["why"])


def test_what_was_put_away_is_taken_up(file: SnapshotFile) -> None:
    assert file.load() == Snapshot(2, BOARDS)
    assert file.save(Snapshot(3, {"units": b"x"}))
    assert file.load() == Snapshot(3, {"units": b"x"})
    assert [path.name for path in file.path.parent.iterdir()] == ["boards"]
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700


def test_other_code(file: SnapshotFile, journal: Journal) -> None:
    assert "0.1.0+code" in discarded(SnapshotFile(journal, "0.1.0+other"))


def test_another_schema(file: SnapshotFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callout.journal.snapshot.SCHEMA_VERSION", 2)
    assert "schema 1" in discarded(file)


def test_a_journal_that_was_put_back(
    file: SnapshotFile, journal: Journal, home: Path, tmp_path: Path, one: Callable[..., Batch]
) -> None:
    """A journal that ends earlier, and one that went on differently from entry 2 on."""
    journal.close()
    data = file.path.read_bytes()
    other = tmp_path / "other"
    shutil.copytree(home / "keys", other / "keys")
    again = Journal.open(other, clock=ManualClock())
    for number in range(2):
        again.append(one(str(number)))
    forked = SnapshotFile(again, "0.1.0+code")
    forked.path.parent.mkdir()
    forked.path.write_bytes(data)
    assert "entry 2 is not in this journal" in discarded(forked)
    again.append(one("another"))
    assert "another one" in discarded(forked)
    again.close()


def test_every_damaged_byte_and_every_cut(file: SnapshotFile) -> None:
    good = file.path.read_bytes()
    for at in range(len(good)):
        file.path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert discarded(file), at
        file.path.write_bytes(good[:at])
        assert discarded(file), at
    file.path.write_bytes(good + b"\0")
    assert discarded(file)
    file.path.write_bytes(good)
    assert file.load() == Snapshot(2, BOARDS)


def test_what_cannot_be_read_is_passed_over(file: SnapshotFile) -> None:
    file.path.unlink()
    file.path.mkdir()
    assert discarded(file)


def test_payloads_that_are_no_boards(file: SnapshotFile) -> None:
    for payload in (b"\x93\x01\x02\x03", b"", b"\xc1"):
        header = msgspec.json.decode(file.path.read_bytes().split(b"\n")[1])
        import hashlib

        header["payload_bytes"] = len(payload)
        header["payload_sha256"] = hashlib.sha256(payload).hexdigest()
        line = msgspec.json.encode(header)
        file.path.write_bytes(b"callout boards 1\n" + line + b"\n" + payload)
        assert discarded(file)


def fails_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, name, failing)


@pytest.mark.parametrize("step", ["open", "fsync", "rename"])
def test_a_save_that_fails_leaves_the_one_before(
    file: SnapshotFile, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as patched, capture_logs() as logs:
        fails_at(patched, step)
        assert not file.save(Snapshot(3, BOARDS))
    assert [line["event"] for line in logs] == ["snapshot.not_saved"]
    assert file.load() == Snapshot(2, BOARDS)
    assert [path.name for path in file.path.parent.iterdir()] == ["boards"]


def test_room_is_left_to_the_journal(file: SnapshotFile, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(file.path.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=64 * 1024 * 1024))
    assert not file.save(Snapshot(3, BOARDS))
    assert file.load() == Snapshot(2, BOARDS)


def test_a_save_cut_off_is_no_matter(file: SnapshotFile) -> None:
    file.path.with_name("boards.new").write_bytes(b"half")
    assert file.load() == Snapshot(2, BOARDS)
    assert file.save(Snapshot(3, BOARDS))
    assert [path.name for path in file.path.parent.iterdir()] == ["boards"]
