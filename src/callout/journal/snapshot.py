"""Boards put away in a file, so that a start folds only what came after it.

``snapshot/boards`` in the home: a line that names the format, a line of JSON (the header), the
boards as MessagePack. It is disposable: what does not fit journal or code in every point is
passed over with a line in the log, never an error, and the boards are folded from entry 0.

It is fit when it is of this format, of this code, of the journal's schema, whole (SHA-256), and
when entry ``seq`` still has the leaf it was made after: a journal that was put back, or that went
on differently, has another entry there, or none. It holds what boards hold, so nothing of side
rows, and is in no backup.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from callout.base.errors import CalloutError
from callout.journal.entries import Entry
from callout.journal.format import leaf_of
from callout.journal.journal import Journal
from callout.journal.keys import sync_folder
from callout.journal.sqlite import SCHEMA_VERSION
from callout.journal.tree import leaf_hash

_FORMAT = b"callout boards 1\n"
# Room that is left to the journal: a snapshot is never what fills the disk.
_LEAVE_BYTES = 64 * 1024 * 1024
_log = structlog.get_logger()
_Boards = dict[str, bytes]


class Snapshot(NamedTuple):
    """Boards by name, each in its own bytes, as they were after entry ``seq``."""

    seq: int
    boards: dict[str, bytes]


class _Header(msgspec.Struct, frozen=True):
    schema: int
    code: str
    seq: int
    leaf: str
    payload_bytes: int
    payload_sha256: str


class SnapshotFile:
    """The one snapshot of a home."""

    def __init__(self, journal: Journal, code: str) -> None:
        """``code`` names all that decides how entries are folded; another code, no snapshot."""
        self._journal = journal
        self._code = code
        self.path = journal.home / "snapshot" / "boards"

    def load(self) -> Snapshot | None:
        """What was put away; None when there is nothing, or nothing that fits."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.discard(str(error))
            return None
        try:
            return self._read(data)
        except (_UnfitError, msgspec.MsgspecError, CalloutError) as error:
            self.discard(str(error))
            return None

    def discard(self, why: str) -> None:
        """Say that the boards are folded from entry 0 and why; the next ``save`` replaces it."""
        _log.warning("snapshot.discarded", why=why, path=str(self.path))

    def save(self, snapshot: Snapshot) -> bool:
        """Put it in the place of the one before: whole and durable, or not at all.

        May be called from any thread, by one at a time. False, and a line in the log, when that
        could not be done: then a start takes longer, and nothing else is lost.
        """
        try:
            payload = msgspec.msgpack.encode(snapshot.boards)
            header = msgspec.json.encode(self._header(snapshot.seq, payload))
            self._write(b"".join((_FORMAT, header, b"\n", payload)))
        except (OSError, CalloutError) as error:
            _log.warning("snapshot.not_saved", why=str(error), path=str(self.path))
            return False
        return True

    def _header(self, seq: int, payload: bytes) -> _Header:
        return _Header(
            schema=SCHEMA_VERSION,
            code=self._code,
            seq=seq,
            leaf=_leaf_hex(self._journal.entry(seq)),
            payload_bytes=len(payload),
            payload_sha256=hashlib.sha256(payload).hexdigest(),
        )

    def _read(self, data: bytes) -> Snapshot:
        if not data.startswith(_FORMAT):
            raise _UnfitError("it is of another format, or damaged")
        line, _, payload = data[len(_FORMAT) :].partition(b"\n")
        header = msgspec.json.decode(line, type=_Header)
        if header.schema != SCHEMA_VERSION:
            raise _UnfitError(f"the journal had schema {header.schema}")
        if header.code != self._code:
            raise _UnfitError(f"it was made by callout {header.code}, this is {self._code}")
        if len(payload) != header.payload_bytes:
            raise _UnfitError(f"it has {len(payload)} bytes instead of {header.payload_bytes}")
        if hashlib.sha256(payload).hexdigest() != header.payload_sha256:
            raise _UnfitError("it is damaged")
        if header.seq > self._journal.head():
            raise _UnfitError(f"entry {header.seq} is not in this journal")
        if header.leaf != _leaf_hex(self._journal.entry(header.seq)):
            raise _UnfitError(f"entry {header.seq} is another one in this journal")
        return Snapshot(header.seq, msgspec.msgpack.decode(payload, type=_Boards))

    def _write(self, data: bytes) -> None:
        folder = self.path.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        if shutil.disk_usage(folder).free < len(data) + _LEAVE_BYTES:
            raise OSError(f"there is no room for {len(data)} bytes beside the journal's")
        aside = self.path.with_name("boards.new")
        try:
            _write_all(aside, data)
            aside.rename(self.path)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        sync_folder(folder)


class _UnfitError(Exception):
    """Why a snapshot is passed over; leaves this file only as a line in the log."""


def _leaf_hex(entry: Entry) -> str:
    return leaf_hash(leaf_of(msgspec.structs.asdict(entry))).hex()


def _write_all(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
