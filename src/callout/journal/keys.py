"""The secrets of a home, outside the database, its WAL and its backups.

``keys/log.key`` signs checkpoints and ``keys/log.pub`` verifies them; ``keys/home.secret`` makes
``keyed_hash``; ``keys/side.keys`` holds the keys of side rows in records of 64 bytes:

    offset  bytes
         0      1  state: 0 never used, "K" alive, "D" destroyed
         1      7  zero
         8     16  whose: HMAC-SHA256(home.secret, "key" NUL name), its first half
        24     32  the key
        56      8  SHA-256 of the first 56 bytes, its first 8

Record 0 is the header: the line "callout side keys 1", zeros up to byte 32, and HMAC-SHA256(
home.secret, "header" NUL), by which each of the two files is known to be the other's. It has zeros
there in homes whose boxes have no tags (see ``seal``). Records are never reused: a side row names
its record by number, so what was sealed by a destroyed key stays erased even when the same name
gets a new one. Destroying writes a record of zeros after the "D".
"""

import errno
import hashlib
import hmac
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callout.base.errors import DamagedError, FullError, NotFoundError
from callout.journal.note import Signer, Verifier

RECORD_BYTES = 64
_MAGIC = b"callout side keys 1\n".ljust(32, b"\0")
_UNBOUND = bytes(32)
TAG_BYTES = 16
_ALIVE, _DESTROYED = b"K", b"D"
_CHECK_BYTES = 8
_WHOSE = slice(8, 24)
_KEY = slice(24, 56)
_SECRET_BYTES = 32
_TRIES = 5
_CIPHERS_KEPT = 4096
_MOST_RECORDS = 2**40
_GROW_BYTES = 1024 * RECORD_BYTES
_RESTORE = "Restore keys/ of this home from where its keys are kept; without it it cannot go on"


class KeyFile:
    """The keys of side rows. Thread-safe."""

    def __init__(self, path: Path, secret: bytes, *, writable: bool) -> None:
        """Open the file, or create it; DamagedError when it is not one of ours."""
        self._path = path
        self._secret = secret
        self._lock = threading.Lock()
        self._ciphers: OrderedDict[int, AESGCM] = OrderedDict()
        self._records: dict[bytes, int] = {}
        self._dirty = False
        self._failed: OSError | None = None
        if writable and not path.exists():
            write_durably(path, _MAGIC + self._mac(b"header\0"))
        try:
            self._fd = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        except FileNotFoundError:
            raise NotFoundError("the key file is missing", where=str(path), todo=_RESTORE) from None
        header = os.pread(self._fd, RECORD_BYTES, 0)
        self.binds = header == _MAGIC + self._mac(b"header\0")
        if not self.binds and header != _MAGIC + _UNBOUND:
            os.close(self._fd)
            ours = header.startswith(_MAGIC) and len(header) == RECORD_BYTES
            what = "this key file does not belong to home.secret"
            what = what if ours else "this is not a key file of ours"
            raise DamagedError(what, where=str(path), todo=_RESTORE)
        self._room = os.fstat(self._fd).st_size
        self._used = self._scan() if writable else 0

    def number_of(self, name: str) -> int:
        """The record of this name's living key; makes one when there is none.

        A new key is durable only after ``sync``. FullError when the disk has no room for it.
        """
        whose = self._whose(name)
        with self._lock:
            number = self._records.get(whose)
            if number is None:
                number = self._used
                head = _ALIVE + bytes(7) + whose + secrets.token_bytes(32)
                self._write(number, head + hashlib.sha256(head).digest()[:_CHECK_BYTES])
                self._records[whose] = number
                self._used = number + 1
                self._dirty = True
            return number

    def tag(self, number: int, box: bytes) -> bytes:
        """16 bytes that show, also when the key is destroyed, that a box is of this record."""
        return self._mac(b"box\0" + number.to_bytes(8, "big") + box)[:TAG_BYTES]

    def sync(self) -> None:
        """Make every key handed out so far durable. An OSError here is fatal: see ``writer``."""
        if self._dirty:
            with self._lock:
                self._fsync()
                self._dirty = False

    def cipher(self, number: int) -> AESGCM | None:
        """The cipher of a record; None when destroyed; DamagedError when missing or broken."""
        with self._lock:
            known = self._ciphers.get(number)
            if known is not None:
                return known
            inside = 0 < number <= _MOST_RECORDS
            record = os.pread(self._fd, RECORD_BYTES, number * RECORD_BYTES) if inside else b""
            if record[:1] == _DESTROYED and not any(record[1:]):
                return None
            if not _is_whole(record):
                raise DamagedError(
                    f"key record {number} is missing or damaged",
                    where=str(self._path),
                    todo="Restore the key file from where the keys are kept",
                )
            cipher = AESGCM(record[_KEY])
            self._ciphers[number] = cipher
            if len(self._ciphers) > _CIPHERS_KEPT:
                self._ciphers.popitem(last=False)
            return cipher

    def keyed_hash(self, name: str, parts: tuple[str, ...]) -> str:
        """32 hex characters under this name's key, made when there is none; see ``Keys``.

        A key that is damaged is left for ``check`` and a new one made: an alarm waits for this.
        """
        while True:
            number = self.number_of(name)
            with self._lock:
                record = os.pread(self._fd, RECORD_BYTES, number * RECORD_BYTES)
                if _is_whole(record):
                    return _keyed_hash(record[_KEY], parts)
                # Damaged, or destroyed between the two lines; the next round makes a new one.
                if self._records.get(self._whose(name)) == number:
                    del self._records[self._whose(name)]

    def find(self, name: str) -> int | None:
        """The record of this name's living key; None when it has none."""
        with self._lock:
            return self._records.get(self._whose(name))

    def destroy(self, name: str, number: int) -> bool:
        """Destroy the record if it holds this name's key, durably on return; whether it did.

        A key made under the same name since has another record and stays. FullError: ask again;
        an OSError is fatal as in ``sync``.
        """
        whose = self._whose(name)
        with self._lock:
            record = os.pread(self._fd, RECORD_BYTES, number * RECORD_BYTES)
            living = record[:1] == _ALIVE and record[_WHOSE] == whose
            if number < 1 or not (living or _is_half_destroyed(record)):
                return False
            self._destroy(number)
            # Only now: who asks again after an error must not hear that there is no key.
            if self._records.get(whose) == number:
                del self._records[whose]
            return True

    def spend(self, numbers: Iterable[int]) -> None:
        """Mark those of these records that were never written as destroyed, durably on return.

        For records of keys that were destroyed, in an older key file that was put back: else
        their numbers would go to new keys, and the list of erasures would destroy those.
        """
        with self._lock:
            for number in sorted(set(numbers)):
                if not 0 < number <= _MOST_RECORDS:
                    continue
                if not any(os.pread(self._fd, RECORD_BYTES, number * RECORD_BYTES)):
                    self._write(number, _DESTROYED.ljust(RECORD_BYTES, b"\0"))
                    self._used = max(self._used, number + 1)
                    self._dirty = True
        self.sync()

    def lose_up_to(self, number: int) -> int:
        """Mark every record up to this one that was never written as destroyed; how many."""
        with self._lock:
            lost = range(self._used, number + 1)
            for missing in lost:
                self._write(missing, _DESTROYED.ljust(RECORD_BYTES, b"\0"))
            self._used = max(self._used, number + 1)
            self._dirty = self._dirty or bool(lost)
            return len(lost)

    def close(self) -> None:
        """May be called twice."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
            self._ciphers.clear()

    def _mac(self, data: bytes) -> bytes:
        return hmac.digest(self._secret, data, "sha256")

    def _whose(self, name: str) -> bytes:
        return self._mac(b"key\0" + name.encode())[:16]

    def _destroy(self, number: int) -> None:
        self._ciphers.pop(number, None)
        self._write(number, _DESTROYED.ljust(RECORD_BYTES, b"\0"))
        self._fsync()

    def _fsync(self) -> None:
        """Once it has failed it fails for ever: another would succeed without writing."""
        if self._failed is not None:
            raise self._failed
        try:
            os.fsync(self._fd)
        except OSError as error:
            self._failed = error
            raise

    def _write(self, number: int, record: bytes) -> None:
        try:
            if (number + 1) * RECORD_BYTES > self._room:
                # Room is taken in advance, so that a full disk is met here and not at fsync.
                while (number + 1) * RECORD_BYTES > self._room:
                    os.posix_fallocate(self._fd, self._room, _GROW_BYTES)
                    self._room += _GROW_BYTES
            written = os.pwrite(self._fd, record, number * RECORD_BYTES)
        except OSError as error:
            raise self._not_written(str(error.strerror)) from error
        if written != len(record):
            raise self._not_written(os.strerror(errno.ENOSPC))

    def _not_written(self, why: str) -> FullError:
        return FullError(
            f"a key could not be written: {why}",
            where=str(self._path),
            todo="Free some disk space",
        )

    def _scan(self) -> int:
        """Read which names have a living key; the number of the first record never used.

        A record that was cut short while it was written was not durable, so no row names it: it
        is left, and its name gets another. A destruction that was cut short is finished.
        """
        used = 1
        data = self._path.read_bytes()
        for number in range(1, len(data) // RECORD_BYTES):
            record = data[number * RECORD_BYTES : (number + 1) * RECORD_BYTES]
            if any(record):
                used = number + 1
            if _is_whole(record):
                self._records[record[_WHOSE]] = number
            elif _is_half_destroyed(record):
                self._destroy(number)
        return used


class Records(NamedTuple):
    """What stands in a key file, by record number."""

    destroyed: list[int]
    damaged: list[int]
    """No living key, no destroyed one, not of zeros."""


def records_of(path: Path) -> Records:
    """Look at every record. Read again once: one that is being written just now is no damage."""
    numbers = list(range(1, path.stat().st_size // RECORD_BYTES))
    destroyed: list[int] = []
    for _ in range(2):
        data = path.read_bytes()
        starts = ((number, number * RECORD_BYTES) for number in numbers)
        found = [(n, _state(data[start : start + RECORD_BYTES])) for n, start in starts]
        destroyed += [n for n, state in found if state == _DESTROYED]
        numbers = [n for n, state in found if not state]
    return Records(destroyed, numbers)


def _state(record: bytes) -> bytes:
    """The first byte of a record that is whole, nothing for any other."""
    if record[:1] == _ALIVE:
        return _ALIVE if _is_whole(record) else b""
    return record[:1] if record[:1] in {b"\0", _DESTROYED} and not any(record[1:]) else b""


def used_records(path: Path) -> bytes:
    """side.keys up to its last used record, also while a server writes there; DamagedError.

    What a crash left half destroyed is destroyed in it.
    """
    bad: list[int] = []
    for _ in range(_TRIES):
        data = _read(path).rstrip(b"\0")
        data = data.ljust(-(-len(data) // RECORD_BYTES) * RECORD_BYTES, b"\0")
        records = [data[at : at + RECORD_BYTES] for at in range(0, len(data), RECORD_BYTES)]
        gone = _DESTROYED.ljust(RECORD_BYTES, b"\0")
        records = [gone if n and _is_half_destroyed(r) else r for n, r in enumerate(records)]
        # One may have been read just as it was being written.
        bad = [number for number, record in enumerate(records) if number and not _state(record)]
        if records and records[0].startswith(_MAGIC) and not bad:
            return b"".join(records)
    what = f"key record {bad[0]} is damaged" if bad else "this is not a key file of ours"
    raise DamagedError(what, where=str(path), todo=_RESTORE)


class Keys:
    """Everything under ``keys/``."""

    def __init__(self, folder: Path, *, signer: Signer | None, verifier: Verifier) -> None:
        self.signer = signer
        self.verifier = verifier
        self._secret = _read(folder / "home.secret")
        if len(self._secret) != _SECRET_BYTES:
            raise DamagedError(
                "the secret is cut short", where=str(folder / "home.secret"), todo=_RESTORE
            )
        self.side = KeyFile(folder / "side.keys", self._secret, writable=signer is not None)

    @classmethod
    def create(cls, folder: Path, origin: str) -> "Keys":
        """Make what is missing, then open; only for a home that has no journal yet."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / "log.key").exists():
            write_durably(folder / "log.key", Signer.generate(origin).encoded().encode())
        signer = Signer.parse(_read(folder / "log.key").decode())
        write_durably(folder / "log.pub", f"{signer.verifier.encoded()}\n".encode())
        if not (folder / "home.secret").exists():
            write_durably(folder / "home.secret", secrets.token_bytes(_SECRET_BYTES))
        return cls(folder, signer=signer, verifier=signer.verifier)

    @classmethod
    def load(cls, folder: Path, *, writable: bool) -> "Keys":
        """Open; NotFoundError when a file is missing, DamagedError when one is not ours."""
        if not writable:
            text = _read(folder / "log.pub").decode(errors="replace")
            return cls(folder, signer=None, verifier=Verifier.parse(text))
        signer = Signer.parse(_read(folder / "log.key").decode(errors="replace"))
        if not (folder / "side.keys").exists():
            raise NotFoundError(
                "the key file is missing", where=str(folder / "side.keys"), todo=_RESTORE
            )
        return cls(folder, signer=signer, verifier=signer.verifier)

    def keyed_hash(self, parts: tuple[str, ...]) -> str:
        """32 hex characters; the parts are told apart by their lengths."""
        return _keyed_hash(self._secret, parts)

    def state_cipher(self) -> AESGCM:
        """What seals values of state.db that cannot be hashed; of ``home.secret``, so not in it."""
        return AESGCM(hmac.digest(self._secret, b"state\0", "sha256"))

    def close(self) -> None:
        """May be called twice."""
        self.side.close()


def _is_whole(record: bytes) -> bool:
    """Whether this is a living key."""
    body, check = record[:-_CHECK_BYTES], record[-_CHECK_BYTES:]
    return record[:1] == _ALIVE and hashlib.sha256(body).digest()[:_CHECK_BYTES] == check


def _is_half_destroyed(record: bytes) -> bool:
    return record[:1] == _DESTROYED and any(record[1:])


def write_durably(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a small file whole or not at all: aside, fsync, rename, fsync of the folder."""
    aside = path.with_name(path.name + ".new")
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        if os.write(fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(aside))
        os.fsync(fd)
    finally:
        os.close(fd)
    aside.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError("a key file is missing", where=str(path), todo=_RESTORE) from None


def _keyed_hash(secret: bytes, parts: tuple[str, ...]) -> str:
    """32 hex characters; the parts are told apart by their lengths."""
    mac = hmac.new(secret, b"hash\0", "sha256")
    for part in parts:
        raw = part.encode()
        mac.update(len(raw).to_bytes(8, "big") + raw)
    return mac.hexdigest()[:32]
