"""``erased.list``: which keys were destroyed, so that an older key file cannot bring them back.

One line for each, ``name record-number``. The list holds no secret and nothing personal; it goes
into every backup. It is written before the key is destroyed: after a crash in between, opening
the home destroys it.
"""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from callout.base.errors import FullError
from callout.journal.keys import sync_folder, write_durably

ERASED: Final = "erased.list"


class Erased(NamedTuple):
    """A key that was destroyed: its name and its record in side.keys."""

    name: str
    number: int


def add_erased(home: Path, erased: Iterable[Erased]) -> None:
    """Note keys that are about to be destroyed, durably on return.

    FullError when there is no room; any other OSError leaves in doubt what is durable.
    """
    path = home / ERASED
    new = not path.exists()
    lines = "".join(f"{name} {number}\n" for name, number in erased).encode()
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(fd).st_size
        # A torn last line of a crash is ended first, so that it cannot swallow this one.
        if size and os.pread(fd, 1, size - 1) != b"\n":
            lines = b"\n" + lines
        _write(fd, lines, size, path)
        os.fsync(fd)
    finally:
        os.close(fd)
    if new:
        sync_folder(home)


def _write(fd: int, data: bytes, at: int, path: Path) -> None:
    full = FullError("the disk is full", where=str(path), todo="Free some disk space, then again")
    try:
        written = os.pwrite(fd, data, at)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise full from error
        raise
    if written != len(data):
        raise full


def read_erased(path: Path) -> list[Erased]:
    """What a list holds; empty when there is none. A torn line is passed over."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(errors="replace").splitlines():
        name, _, number = line.rpartition(" ")
        if name and number.isascii() and number.isdecimal():
            found.append(Erased(name, int(number)))
    return found


def write_erased(path: Path, erased: Iterable[Erased]) -> None:
    """A whole list, whole or not at all."""
    lines = "".join(f"{name} {number}\n" for name, number in sorted(set(erased)))
    write_durably(path, lines.encode())
