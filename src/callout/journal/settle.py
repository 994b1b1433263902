"""Before anything is built on what a process before us left: make it durable, or fail.

A process that dies leaves bytes in the page cache that no disk may have yet. They read like any
others: SQLite takes a frame of the WAL for committed, the key file a record for a key, and a
caller who asks again would be answered from them. So everything is synced before it is believed.

After an fsync that failed this is not enough: Linux then counts what it could not write as clean,
and another fsync says yes and writes nothing (LWN 752063, "PostgreSQL's fsync() surprise"). So
the process that met the failure leaves word of it, and the next one writes the same bytes anew.
The word need not be durable: without power it is gone together with the page cache it is about.
Both were found by tests/journal/losing.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from callout.base.errors import FullError, UnavailableError
from callout.journal.erased import ERASED
from callout.journal.keys import sync_folder, write_durably

_FAILED, _WELL = b"failed", bytes(6)
# Not readable by us, on a read-only file system, or on one that cannot sync folders.
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL)
_CHUNK_BYTES = 1024 * 1024


def make_folder(home: Path) -> None:
    """Make a home's folder with a name that is durable all the way up."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _in_words(home):
        for folder in home.absolute().parents:
            try:
                sync_folder(folder)
            except OSError as error:
                # Above the folders that are ours to write there is nothing that we have made.
                if error.errno not in _NOT_OURS:
                    raise


def leave_word(home: Path) -> None:
    """Leave word that a write or an fsync in this home has failed; never raises."""
    with contextlib.suppress(OSError):
        _word(home, _FAILED)


def settle(home: Path) -> None:
    """Make durable what is in the home; FullError, or UnavailableError when the disk refuses.

    Only while nobody writes: under the home's lock and before anything is opened.
    """
    failed = (home / "lock").read_bytes() == _FAILED
    with _in_words(home):
        # Of a database only the WAL: what a checkpoint could not write stands there still.
        for name in ("journal.db-wal", "state.db-wal", ERASED):
            # Anew means aside, since a power cut must not meet the only copy being overwritten.
            # A reader in another process that had the old WAL ends with an error, and asks again.
            path = home / name
            if path.exists():
                write_durably(path, path.read_bytes()) if failed else _sync(path)
        _settle_keys(home / "keys" / "side.keys", failed=failed)
        for folder in (home / "keys", home):
            if folder.is_dir():
                sync_folder(folder)
    with contextlib.suppress(OSError):
        # Also when there was no word: the next must find room for its own when the disk is full.
        _word(home, _WELL)


@contextlib.contextmanager
def _in_words(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise FullError("the disk is full", where=str(home), todo="Make room") from error
        raise UnavailableError(
            f"the disk does not keep what is written: {error.strerror}",
            where=str(home),
            todo="Look after the disk; the system's log says more",
        ) from error


def _settle_keys(path: Path, *, failed: bool) -> None:
    """In place, since a copy elsewhere would outlive the erasure of a key."""
    if not path.exists():
        return
    if failed:
        fd = os.open(path, os.O_RDWR)
        try:
            for at in range(0, os.fstat(fd).st_size, _CHUNK_BYTES):
                data = os.pread(fd, _CHUNK_BYTES, at)
                if os.pwrite(fd, data, at) != len(data):
                    raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        finally:
            os.close(fd)
    _sync(path)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _word(home: Path, word: bytes) -> None:
    # In the lock file, which is there and keeps its block: a full disk has room for this.
    fd = os.open(home / "lock", os.O_WRONLY)
    try:
        os.pwrite(fd, word, 0)
    finally:
        os.close(fd)
