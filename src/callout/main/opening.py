"""Opening a home's journal for writing, when there is room to write."""

import shutil
from pathlib import Path

from callout.base.clock import Clock
from callout.base.errors import FullError
from callout.journal import Journal

#: SQLite needs room for its WAL and index before it can say in words that there is none.
LEAST_FREE_BYTES = 4 * 1024 * 1024


def open_journal(home: Path, clock: Clock) -> Journal:
    """The journal, locked for us; FullError when the disk has no room to begin with."""
    there = next(folder for folder in (home, *home.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE_BYTES:
        raise FullError(
            f"the disk is full: {free // 1024 // 1024} MiB are free",
            where=str(home),
            todo=f"Make room; callout starts with {LEAST_FREE_BYTES // 1024 // 1024} MiB",
        )
    return Journal.open(home, clock=clock)
