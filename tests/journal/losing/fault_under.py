"""Puts a disk of fault_disk.py under both ways the journal writes.

SQLite's, as the default VFS over the real one; and ``os``'s, by which keys.py and its like write.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
from fault_disk import Disk, Inode

_VFS_NAME = "losing"


@contextlib.contextmanager
def under(disk: Disk) -> Iterator[Disk]:
    """Stand under whatever is opened inside."""
    vfs = _vfs()
    vfs.disk = disk
    apsw.set_default_vfs(_VFS_NAME)
    kept = {name: getattr(os, name) for name in _Calls.NAMES}
    calls = _Calls(disk, kept)
    for name in kept:
        setattr(os, name, getattr(calls, name))
    unraisable = sys.unraisablehook

    def hear(said: Any) -> None:
        # What fails while SQLite closes a file it cannot hand on, so it goes on, and so do we.
        if not isinstance(said.exc_value, apsw.Error):
            unraisable(said)

    sys.unraisablehook = hear
    try:
        yield disk
    finally:
        sys.unraisablehook = unraisable
        for name, real in kept.items():
            setattr(os, name, real)
        apsw.set_default_vfs("unix")
        vfs.disk = None


@contextlib.contextmanager
def _as_sqlite(code: int) -> Iterator[None]:
    """Say an OSError in SQLite's words."""
    try:
        yield
    except OSError:
        raise apsw.exception_for(code) from None


class _Calls:
    """The calls of ``os`` that change something, with the disk's books kept."""

    NAMES = (
        *("open", "close", "write", "pwrite", "fsync", "fdatasync", "rename", "replace"),
        *("unlink", "mkdir", "posix_fallocate", "ftruncate"),
    )

    def __init__(self, disk: Disk, real: dict[str, Any]) -> None:
        self._disk = disk
        self._real = real

    def open(self, path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        disk, mine = self._disk, self._disk.mine(path)
        if mine is None or mine.endswith("/lock"):
            return int(self._real["open"](path, flags, mode, **more))
        with disk.lock:
            going_on = True
            if flags & os.O_CREAT and mine not in disk.live:
                going_on = disk.rename((), {mine: Inode(sqlite=".db" in mine)})
            elif flags & os.O_TRUNC:
                going_on = disk.change(mine, "truncate", 0)
            fd = int(self._real["open"](path, flags, mode, **more))
            disk.fds[fd] = mine
            if not going_on:
                self.close(fd)
            disk.go_on(going_on)
            return fd

    def close(self, fd: int) -> None:
        with self._disk.lock:
            self._disk.fds.pop(fd, None)
            self._real["close"](fd)

    def write(self, fd: int, data: bytes) -> int:
        if fd not in self._disk.fds:
            return int(self._real["write"](fd, data))
        written = self.pwrite(fd, data, os.lseek(fd, 0, os.SEEK_CUR))
        os.lseek(fd, written, os.SEEK_CUR)
        return written

    def pwrite(self, fd: int, data: bytes, at: int) -> int:
        disk, path = self._disk, self._disk.fds.get(fd)
        if path is None:
            return int(self._real["pwrite"](fd, data, at))
        with disk.lock:
            short = disk.shortened(len(data))
            if short is not None:
                data = data[:short]
            going_on = disk.change(path, "write", at, bytes(data))
            written = int(self._real["pwrite"](fd, data, at))
            disk.go_on(going_on)
            return written

    def fsync(self, fd: int) -> None:
        disk, path = self._disk, self._disk.fds.get(fd)
        if path is None:
            self._real["fsync"](fd)
            return
        with disk.lock:
            disk.sync(path)

    fdatasync = fsync

    def rename(self, old: Any, new: Any, **more: Any) -> None:
        disk, source, target = self._disk, self._disk.mine(old), self._disk.mine(new)
        if source is None or target is None:
            self._real["rename"](old, new, **more)
            return
        with disk.lock:
            going_on = disk.rename((source,), {target: disk.live[source]})
            self._real["rename"](old, new)
            disk.go_on(going_on)

    replace = rename

    def unlink(self, path: Any, **more: Any) -> None:
        disk, mine = self._disk, self._disk.mine(path)
        with disk.lock:
            going_on = mine not in disk.live or disk.rename((str(mine),), {})
            self._real["unlink"](path, **more)
            disk.go_on(going_on)

    def mkdir(self, path: Any, mode: int = 0o777, **more: Any) -> None:
        disk, mine = self._disk, self._disk.mine(path)
        with disk.lock:
            fresh = mine is not None and mine not in disk.live
            going_on = not fresh or disk.rename((), {str(mine): None})
            self._real["mkdir"](path, mode, **more)
            disk.go_on(going_on)

    def posix_fallocate(self, fd: int, at: int, size: int) -> None:
        disk, path = self._disk, self._disk.fds.get(fd)
        with disk.lock:
            going_on = path is None or disk.change(path, "extend", at + size)
            self._real["posix_fallocate"](fd, at, size)
            disk.go_on(going_on)

    def ftruncate(self, fd: int, size: int) -> None:
        disk, path = self._disk, self._disk.fds.get(fd)
        with disk.lock:
            going_on = path is None or disk.change(path, "truncate", size)
            self._real["ftruncate"](fd, size)
            disk.go_on(going_on)


class _Vfs(apsw.VFS):
    disk: Disk | None = None

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        disk = self.disk
        if disk is None or path is None or disk.mine(path) is None:
            return super().xOpen(name, flags)
        with disk.lock:
            if flags[0] & apsw.SQLITE_OPEN_CREATE and path not in disk.live:
                with _as_sqlite(apsw.SQLITE_CANTOPEN):
                    going_on = disk.rename((), {path: Inode(sqlite=True)})
                    Path(path).touch(0o600)
                    disk.go_on(going_on)
            return _File(disk, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        disk = self.disk
        if disk is None or filename not in disk.live:
            super().xDelete(filename, syncdir)
            return
        with disk.lock, _as_sqlite(apsw.SQLITE_IOERR_DELETE):
            going_on = disk.rename((filename,), {})
            super().xDelete(filename, syncdir)
            disk.go_on(going_on)
            if syncdir:
                disk.sync_folder_of(filename)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, path: str, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._path = path
        log = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
        # unixOpen: UNIXFILE_DIRSYNC for a log opened with CREATE.
        self._sync_folder = bool(flags[0] & log and flags[0] & apsw.SQLITE_OPEN_CREATE)
        super().__init__("unix", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        disk = self._disk
        data = bytes(data)
        with disk.lock:
            short = disk.shortened(len(data))
            if short is not None:
                data = data[:short]
            with _as_sqlite(apsw.SQLITE_IOERR_WRITE):
                going_on = disk.change(self._path, "write", offset, data)
                if data:
                    super().xWrite(data, offset)
                disk.go_on(going_on)
        if short is not None:
            full = disk.rng.random() < 0.5
            raise apsw.exception_for(apsw.SQLITE_FULL if full else apsw.SQLITE_IOERR_WRITE)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        disk = self._disk
        with disk.lock, _as_sqlite(apsw.SQLITE_IOERR_TRUNCATE):
            going_on = disk.change(self._path, "truncate", newsize)
            super().xTruncate(newsize)
            disk.go_on(going_on)

    def xSync(self, flags: int) -> None:  # noqa: N802
        with self._disk.lock, _as_sqlite(apsw.SQLITE_IOERR_FSYNC):
            self._disk.sync(self._path)
            if self._sync_folder:
                self._sync_folder = False
                self._disk.sync_folder_of(self._path)


_made: list[_Vfs] = []


def _vfs() -> _Vfs:
    if not _made:
        _made.append(_Vfs(_VFS_NAME, "unix"))
    return _made[0]
