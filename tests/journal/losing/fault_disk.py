"""A disk that can lose its power: what was synced stays, of the rest anything may be left.

fault_under.py puts it under a journal. Files are real and hold what the page cache would; beside
each stands what is durable and the list of what is not yet. The rules of the loss:

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

import errno
import os
import random
import threading
from pathlib import Path
from typing import Any

SECTOR = 512


class PowerOffError(OSError):
    """Every call after the cut."""

    def __init__(self) -> None:
        super().__init__(errno.EIO, "the power is off")


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

    def mine(self, path: object) -> str | None:
        """The path as text when it is on this disk."""
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        return text if isinstance(text, str) and f"{text}/".startswith(self.root + "/") else None
