"""A disk that can lose its power: what was synced stays, of the rest anything may be left.

It stands under both ways the journal writes: SQLite's, as the default VFS over the real one, and
``os``'s, by which keys.py writes. Files are real and hold what the page cache would; beside each
stands what is durable and the list of what is not yet. The rules of the loss:

* a write, truncation or preallocation is durable once its file was synced after it; of what was
  not, a random subset is left, in random order, and the last one to go may be torn: of its
  512-byte sectors some are new, some old, and in SQLite's files some are garbage;
* a name (create, rename, delete, make a folder) is durable once its folder was synced; a file
  without a durable name is gone, however well its bytes were synced;
* a failed sync drops what was waiting for it: the page cache still shows it, a later sync does
  not write it (Linux does so: LWN 752063, "PostgreSQL's fsync() surprise");
* a write does not change bytes beside it (SQLite's "powersafe overwrite"; sectors are atomic);
* ``-shm`` is memory.
"""

import contextlib
import errno
import os
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512
_VFS_NAME = "losing"


class PowerOffError(OSError):
    """Every call after the cut."""

    def __init__(self) -> None:
        super().__init__(errno.EIO, "the power is off")


@contextlib.contextmanager
def _as_sqlite(code: int) -> Iterator[None]:
    """Say an OSError in SQLite's words."""
    try:
        yield
    except OSError:
        raise apsw.exception_for(code) from None


class Inode:
    """One file: what is on the platter, and what is on its way there."""

    def __init__(self, *, sqlite: bool, data: bytes = b"") -> None:
        self.durable = bytearray(data)
        self.pending: list[tuple[str, int, bytes]] = []
        self.sqlite = sqlite


def _apply(data: bytearray, change: tuple[str, int, bytes]) -> None:
    kind, at, new = change
    if kind == "truncate":
        del data[at:]
    if len(data) < at:
        data.extend(bytes(at - len(data)))
    if kind == "write":
        data[at : at + len(new)] = new


class Disk:
    """The files under one folder, in a machine that can be switched off."""

    def __init__(self, root: Path, rng: random.Random) -> None:
        self.root = str(root)
        self.rng = rng
        self.lock = threading.RLock()
        self.off = False
        self.steps = 0
        self.cut_at = -1
        self.fail_sync_at = -1
        self.short_write_at = -1
        self.syncs = self.writes = 0
        self.failed: list[str] = []
        # None stands for a folder.
        self.live: dict[str, Inode | None] = {}
        self.durable: dict[str, Inode | None] = {}
        self.names: list[tuple[tuple[str, ...], dict[str, Inode | None], tuple[str, ...]]] = []
        self.fds: dict[int, str] = {}

    def load(self, files: dict[str, bytes]) -> None:
        """Put an image on it, all of it durable."""
        for name, data in files.items():
            path = f"{self.root}/{name}"
            for parent in reversed(Path(name).parents[:-1]):
                folder = f"{self.root}/{parent}"
                if folder not in self.live:
                    Path(folder).mkdir(0o700)
                    self.live[folder] = self.durable[folder] = None
            Path(path).write_bytes(data)
            inode = Inode(sqlite=".db" in name, data=data)
            self.live[path] = self.durable[path] = inode

    # --- what happens to it ---

    def acknowledge(self, told: list[Any], what: Any) -> None:
        """Somebody was told that it is durable; counts only while there is power."""
        with self.lock:
            if not self.off:
                told.append(what)

    def switch_off(self) -> None:
        """Nothing is written from here on."""
        with self.lock:
            self.off = True

    def restart(self) -> None:
        """The process has died, not the machine: a new one finds the page cache as it is."""
        self.off = False
        self.cut_at = self.fail_sync_at = self.short_write_at = -1
        self.fds.clear()

    def image(self) -> dict[str, bytes]:
        """What the machine finds when the power comes back."""
        names = dict(self.durable)
        for gone, added, _ in self._survivors(self.names, in_order=True):
            for path in gone:
                names.pop(path, None)
            names.update(added)
        found = {}
        for path, inode in names.items():
            parents = [str(p) for p in Path(path).parents if len(str(p)) > len(self.root)]
            if inode is not None and all(parent in names for parent in parents):
                found[path[len(self.root) + 1 :]] = bytes(self._surviving(inode))
        return found

    def faithful(self) -> list[str]:
        """Paths where the model is not what stands in the real files; for the test of it."""
        wrong = []
        for path, inode in self.live.items():
            if inode is not None and not self.failed:
                data = bytearray(inode.durable)
                for change in inode.pending:
                    _apply(data, change)
                if data != Path(path).read_bytes():
                    wrong.append(path)
        return wrong

    def _survivors(self, pending: list[Any], *, in_order: bool) -> list[Any]:
        rng = self.rng
        how = rng.random()
        if how < 0.15:
            return []
        if how < 0.3:
            return list(pending)
        if how < 0.5:
            return pending[: rng.randint(0, len(pending))]
        share = rng.random()
        left = [change for change in pending if rng.random() < share]
        if not in_order:
            rng.shuffle(left)
        return left

    def _surviving(self, inode: Inode) -> bytearray:
        data = bytearray(inode.durable)
        left = self._survivors(inode.pending, in_order=False)
        for number, change in enumerate(left, 1):
            if number == len(left) and change[0] == "write" and self.rng.random() < 0.5:
                self._tear(data, change, garbage=inode.sqlite)
            else:
                _apply(data, change)
        return data

    def _tear(self, data: bytearray, change: tuple[str, int, bytes], *, garbage: bool) -> None:
        _, at, new = change
        start = at
        while start < at + len(new):
            end = min(at + len(new), (start // SECTOR + 1) * SECTOR)
            fate = self.rng.random()
            if fate < 0.5:
                _apply(data, ("write", start, new[start - at : end - at]))
            elif garbage and fate < 0.65:
                _apply(data, ("write", start, self.rng.randbytes(end - start)))
            start = end

    # --- steps, each of which the cut may hit ---

    def _step(self) -> bool:
        """Count; False when the power goes in the middle of this one."""
        if self.off:
            raise PowerOffError
        self.steps += 1
        if self.steps == self.cut_at:
            self.off = True
        return not self.off

    def go_on(self, going_on: bool) -> None:
        """After a step: raise when the power went with it. What was asked stands in the cache."""
        if not going_on:
            raise PowerOffError

    def change(self, path: str, kind: str, at: int, new: bytes = b"") -> bool:
        """Note a change of a file; False when the power went with it."""
        inode = self.live[path]
        assert inode is not None
        going_on = self._step()
        inode.pending.append((kind, at, new))
        return going_on

    def rename(self, gone: tuple[str, ...], added: dict[str, Inode | None]) -> bool:
        """Note a change of names."""
        going_on = self._step()
        folders = tuple({str(Path(path).parent) for path in (*gone, *added)})
        self.names.append((gone, added, folders))
        for path in gone:
            self.live.pop(path, None)
        self.live.update(added)
        return going_on

    def sync(self, path: str) -> None:
        """Make a file durable, or a folder's names; raises when it fails or the power goes."""
        going_on = self._step()
        self.syncs += 1
        self.go_on(going_on)
        inode = self.live.get(path)
        if self.syncs == self.fail_sync_at:
            self.failed.append(f"sync of {Path(path).name}")
            if inode is not None:
                inode.durable = self._surviving(inode)
                inode.pending = []
            raise OSError(errno.EIO, "sync failed")
        if inode is None:
            self._sync_names(path)
            return
        for change in inode.pending:
            _apply(inode.durable, change)
        inode.pending = []

    def sync_folder_of(self, path: str) -> None:
        """As SQLite does with the first sync of a log it has created."""
        self._sync_names(str(Path(path).parent))

    def _sync_names(self, folder: str) -> None:
        for entry in [e for e in self.names if folder in e[2]]:
            for path in entry[0]:
                self.durable.pop(path, None)
            self.durable.update(entry[1])
            self.names.remove(entry)

    def shortened(self, size: int) -> int | None:
        """How many bytes this write gets down before it fails; None: all of them."""
        self.writes += 1
        if self.writes != self.short_write_at or not size:
            return None
        self.failed.append("short write")
        return self.rng.randrange(size)

    # --- being under SQLite and os ---

    def mine(self, path: object) -> str | None:
        """The path as text when it is on this disk."""
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        return text if isinstance(text, str) and f"{text}/".startswith(self.root + "/") else None

    @contextlib.contextmanager
    def under(self) -> Iterator["Disk"]:
        """Stand under whatever is opened inside."""
        vfs = _vfs()
        vfs.disk = self
        apsw.set_default_vfs(_VFS_NAME)
        kept = {name: getattr(os, name) for name in _Calls.NAMES}
        calls = _Calls(self, kept)
        for name in kept:
            setattr(os, name, getattr(calls, name))
        unraisable = sys.unraisablehook

        def hear(said: Any) -> None:
            # What fails while SQLite closes a file it cannot hand on, so it goes on, and so do we.
            if not isinstance(said.exc_value, apsw.Error):
                unraisable(said)

        sys.unraisablehook = hear
        try:
            yield self
        finally:
            sys.unraisablehook = unraisable
            for name, real in kept.items():
                setattr(os, name, real)
            apsw.set_default_vfs("unix")
            vfs.disk = None


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
