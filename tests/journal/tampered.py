"""Homes that somebody has changed: how they are made, changed, and judged.

A draw takes a copy of a small real home, changes it in one way, and asks ``check``. What it does
not find must be one of two things:

- without effect: every row of every table, the schema and every key read exactly as before
  (``content``);
- a state that was valid once (the rows are the first ones of what there was, under a checkpoint
  that was signed then), or the work of somebody who has the signing key. No home can see that
  alone; it must be found with a checkpoint that was kept elsewhere.

Anything else is undetected, and a fault of ``check``.
"""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from callout.base.clock import ManualClock
from callout.base.errors import CalloutError
from callout.journal import Batch, Draft, Journal, Side, check
from callout.journal.keys import RECORD_BYTES
from callout.journal.note import Signer, Verifier

ENTRIES = 560
OLD = 300


class Homes(NamedTuple):
    """What the draws start from."""

    closed: Path
    """Everything in journal.db: two full tiles and an open one, a destroyed key."""
    copied: Path
    """The same, copied while it was open: half of it stands in the WAL."""
    older: Path
    """As it was at ``OLD`` entries."""
    fork: Path
    """Gone on from ``older`` with other entries, by somebody who has the keys."""
    stranger: Path
    """A good home of somebody else."""
    kept: bytes
    """A checkpoint of ``closed`` that an auditor keeps."""


def make(folder: Path) -> Homes:
    homes = Homes(*(folder / n for n in ("closed", "copied", "older", "fork", "stranger")), b"")
    journal = Journal.open(homes.closed, clock=ManualClock(), origin="tampered")
    write(journal, 0, OLD)
    journal.close()
    shutil.copytree(homes.closed, homes.older)
    shutil.copytree(homes.closed, homes.fork)
    journal = Journal.open(homes.closed, clock=ManualClock())
    write(journal, OLD, ENTRIES)
    journal.forget("incident/3")
    journal.append(Batch((Draft("incident/3", "Erased.1", {}),), "erased"))
    shutil.copytree(homes.closed, homes.copied)
    kept = journal.checkpoint()
    journal.close()
    with_keys = Journal.open(homes.fork, clock=ManualClock())
    write(with_keys, OLD, ENTRIES + 20, word="forged")
    with_keys.close()
    other = Journal.open(homes.stranger, clock=ManualClock(), origin="tampered")
    write(other, 0, ENTRIES)
    other.close()
    return homes._replace(kept=kept)


def write(journal: Journal, start: int, end: int, word: str = "é") -> None:
    number = start
    while number < end:
        count = min(number % 3 + 1, end - number)
        drafts = tuple(
            Draft(
                f"unit/{n % 23}",
                f"Status{n % 5}.1",
                {"number": n, "word": word, "deep": {"list": [n, None, True]}},
                sides(n, word),
                n * 1000 if n % 4 else None,
            )
            for n in range(number, number + count)
        )
        journal.submit(Batch(drafts, f"key#{number}", f"person/{number % 6}", "fire"))
        number += count


def sides(n: int, word: str) -> tuple[Side, ...]:
    if n % 3:
        return ()
    own = Side("text", {"n": n, "word": word}, f"incident/{n % 7}")
    return (own, Side("place", {"n": -n}, f"alarm/{n % 5}")) if n % 2 else (own,)


# --- what a home says ---


def content(home: Path) -> Any:
    """Every row, the schema, the keys: all that anybody can read of a home."""
    database = apsw.Connection(str(home / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        tables = [
            database.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in ("event", "side", "tile", "head")
        ]
        schema = database.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
        ).fetchall()
        marks = database.pragma("application_id"), database.pragma("user_version")
    finally:
        database.close()
    return tables, schema, marks, keys(home / "keys")


def keys(folder: Path) -> Any:
    records = (folder / "side.keys").read_bytes()
    cut = [records[at : at + RECORD_BYTES] for at in range(0, len(records), RECORD_BYTES)]
    while cut and not any(cut[-1]):
        cut.pop()
    return (
        Verifier.parse((folder / "log.pub").read_text()).encoded(),
        Signer.parse((folder / "log.key").read_text()).encoded(),
        (folder / "home.secret").read_bytes(),
        cut,
    )


def judge(home: Path, before: Any, homes: Homes) -> str:
    """One of ``JUDGEMENTS``; any other error than ours is raised."""
    try:
        report = check(home)
    except CalloutError:
        return "detected"
    if report.problems or report.warnings:
        return "detected"
    after = content(home)
    if after == before:
        return "without effect"
    if not check(home, since=[homes.kept]).ok:
        if all(
            rows == of_then[: len(rows)]
            for rows, of_then in zip(after[0][:2], before[0][:2], strict=True)
        ):
            return "put back"
        if after[0][0] in (content(homes.fork)[0][0], content(homes.stranger)[0][0]):
            return "forked"
    return "undetected"


JUDGEMENTS = ("detected", "put back", "forked", "without effect", "undetected")
