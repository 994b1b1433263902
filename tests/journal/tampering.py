"""Ways to change a home, and one draw of them; what is asked of each stands in ``tampered``."""

import base64
import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
from sql_edits import edits
from tampered import ENTRIES, OLD, Homes, judge

from callout.journal.grown import body_of, row_leaf
from callout.journal.keys import RECORD_BYTES
from callout.journal.note import Checkpoint, Signer
from callout.journal.tree import Tree

FILES = (
    "journal.db",
    "journal.db",
    "journal.db",
    "journal.db-wal",
    "keys/log.pub",
    "keys/log.key",
    "keys/side.keys",
    "keys/home.secret",
)


Draw = random.Random


def flip(home: Path, draw: Draw, homes: Homes) -> str:
    name = draw.choice([name for name in FILES if size(home / name)])
    data = bytearray((home / name).read_bytes())
    at = draw.randrange(len(data))
    data[at] ^= draw.choice([1 << draw.randrange(8), draw.randrange(1, 256)])
    (home / name).write_bytes(data)
    return f"{name} byte {at}"


def flip_in_a_text(home: Path, draw: Draw, homes: Homes) -> str:
    """A flip where it hurts: in the material of one entry or one box, not in free space."""
    database = apsw.Connection(str(home / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    query = draw.choice([
        "SELECT CAST(body AS BLOB) FROM event ORDER BY seq",
        "SELECT CAST(key AS BLOB) FROM event ORDER BY seq",
        "SELECT box FROM side ORDER BY seq, name",
        "SELECT hashes FROM tile ORDER BY level, number",
        "SELECT note FROM head",
        "SELECT frontier FROM head",
    ])  # fmt: skip
    found: Any = draw.choice(database.execute(query).fetchall())[0]
    database.close()
    needle = bytes(found)[:200]
    for name in ("journal.db-wal", "journal.db"):
        data = bytearray((home / name).read_bytes())
        at = data.rfind(needle)
        if at >= 0:
            at += draw.randrange(len(needle))
            data[at] ^= 1 << draw.randrange(8)
            (home / name).write_bytes(data)
            return f"{name} byte {at}"
    return flip(home, draw, homes)


def truncate(home: Path, draw: Draw, homes: Homes) -> str:
    name = draw.choice([name for name in FILES if size(home / name)])
    cut = draw.randrange(size(home / name))
    with (home / name).open("r+b") as file:
        file.truncate(cut)
    return f"{name} to {cut}"


def remove(home: Path, draw: Draw, homes: Homes) -> str:
    name = draw.choice([name for name in FILES if (home / name).exists()])
    (home / name).unlink()
    if draw.random() < 0.3:
        (home / name).mkdir()
    return name


def overwrite(home: Path, draw: Draw, homes: Homes) -> str:
    """Noise, zeros or other bytes of the same file over a part of it."""
    name = draw.choice([name for name in FILES if size(home / name)])
    data = bytearray((home / name).read_bytes())
    count = min(draw.choice([2, 16, 64, 512, 4096]), len(data))
    at = draw.randrange(len(data) - count + 1)
    source = draw.randrange(len(data) - count + 1)
    noise = (draw.randbytes(count), bytes(count), bytes(data[source : source + count]))
    data[at : at + count] = draw.choice(noise)
    (home / name).write_bytes(data)
    return f"{name} {count} bytes at {at}"


def swap_pieces(home: Path, draw: Draw, homes: Homes) -> str:
    """Two pages of the database, or two records of the key file."""
    name, count = draw.choice([("journal.db", 4096), ("keys/side.keys", RECORD_BYTES)])
    data = bytearray((home / name).read_bytes())
    used = 14 if name == "keys/side.keys" else len(data) // count
    one, other = (at * count for at in draw.sample(range(used), 2))
    first, second = data[one : one + count], data[other : other + count]
    data[one : one + count], data[other : other + count] = second, first
    (home / name).write_bytes(data)
    return f"{name} {one} and {other}"


def foreign_wal(home: Path, draw: Draw, homes: Homes) -> str:
    """The WAL of another state beside this database, whole or cut."""
    data = (homes.copied / "journal.db-wal").read_bytes()
    (home / "journal.db-wal").write_bytes(
        data[: draw.choice([len(data), draw.randrange(len(data))])]
    )
    source = draw.choice([homes.older, homes.stranger, homes.closed, homes.fork])
    shutil.copy(source / "journal.db", home / "journal.db")
    (home / "journal.db-shm").unlink(missing_ok=True)
    return f"wal beside journal.db of {source.name}"


def sql(home: Path, draw: Draw, homes: Homes) -> str:
    """An edit by somebody who knows the schema, puts the triggers back and leaves no trace."""
    with Editing(home) as database:
        seq, other = draw.sample(range(ENTRIES), 2)
        statements = edits(draw, seq, other)
        name = draw.choice(sorted(statements))
        for statement in statements[name]:
            database.execute(statement)
    return name


def with_new_tree(home: Path, draw: Draw, homes: Homes) -> str:
    """An edit, then tiles, frontier and root computed anew: all but the signature."""
    with Editing(home) as database:
        seq = draw.randrange(ENTRIES)
        how = draw.choice(["body", "actor", "time", "swap", "cut", "commitment"])
        if how == "cut":
            database.execute("DELETE FROM event WHERE seq > ?", (seq,))
            database.execute("DELETE FROM side WHERE seq > ?", (seq,))
        elif how == "swap":
            a, b = database.execute("SELECT body FROM event WHERE seq IN (?, ?)", (seq, seq ^ 1))
            database.execute("UPDATE event SET body = ? WHERE seq = ?", (*b, min(seq, seq ^ 1)))
            database.execute("UPDATE event SET body = ? WHERE seq = ?", (*a, max(seq, seq ^ 1)))
        else:
            change = {
                "body": "body = replace(body, 'é', 'e')",
                "actor": "actor = 'person/x'",
                "time": "recorded_us = recorded_us - 1",
                "commitment": "body = replace(body, 'a', 'b')",
            }[how]
            database.execute(f"UPDATE event SET {change} WHERE seq = ?", (seq,))
        retree(database, new_note=draw.choice([None, homes.stranger]))
    return how


def older_head(home: Path, draw: Draw, homes: Homes) -> str:
    """The head of before, once valid; at times with the entries after it taken away."""
    older = apsw.Connection(str(homes.older / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    head: Any = older.execute("SELECT size, root, frontier, note FROM head").fetchall()[0]
    older.close()
    with Editing(home) as database:
        database.execute("UPDATE head SET size = ?, root = ?, frontier = ?, note = ?", head)
        if draw.random() < 0.5:
            cut = draw.choice([OLD, OLD + 1, OLD - 1])
            for table in ("event", "side"):
                database.execute(f"DELETE FROM {table} WHERE seq >= {cut}")
            if draw.random() < 0.5:
                database.execute(f"DELETE FROM tile WHERE (number + 1) * 256 > {cut}")
    return "older head"


def roll_back(home: Path, draw: Draw, homes: Homes) -> str:
    """An older state, a fork, or another's home in its place; with or without its keys."""
    source = draw.choice([homes.older, homes.fork, homes.stranger])
    for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
        (home / name).unlink(missing_ok=True)
        if (source / name).exists():
            shutil.copy(source / name, home / name)
    if source is homes.stranger or draw.random() < 0.5:
        shutil.rmtree(home / "keys")
        shutil.copytree(source / "keys", home / "keys")
        (home / "erased.list").unlink(missing_ok=True)
    return source.name


def destroyed_by_hand(home: Path, draw: Draw, homes: Homes) -> str:
    """A record overwritten as if its key had been destroyed."""
    number = draw.randrange(1, 12)
    with (home / "keys" / "side.keys").open("r+b") as file:
        file.seek(number * RECORD_BYTES)
        file.write(b"D".ljust(RECORD_BYTES, b"\0"))
    return str(number)


WAYS: dict[Callable[[Path, Draw, Homes], str], int] = {
    flip: 6,
    flip_in_a_text: 3,
    truncate: 1,
    remove: 1,
    overwrite: 2,
    swap_pieces: 1,
    foreign_wal: 1,
    sql: 6,
    with_new_tree: 2,
    older_head: 1,
    roll_back: 1,
    destroyed_by_hand: 1,
}


def one_draw(homes: Homes, folder: Path, seed: int, contents: dict[Path, Any]) -> tuple[str, ...]:
    """Way, what was done, and the judgement."""
    draw = random.Random(seed)
    way = draw.choices(list(WAYS), list(WAYS.values()))[0]
    base = draw.choice([homes.closed, homes.copied])
    home = folder / "drawn"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(base, home)
    done = way(home, draw, homes)
    return way.__name__, done, judge(home, contents[base], homes)


# --- tools ---


class Editing:
    """The database without its triggers; they are put back at the end."""

    def __init__(self, home: Path) -> None:
        self._database = apsw.Connection(str(home / "journal.db"))

    def __enter__(self) -> apsw.Connection:
        query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        self._triggers = self._database.execute(query).fetchall()
        for name, _ in self._triggers:
            self._database.execute(f"DROP TRIGGER {name}")
        return self._database

    def __exit__(self, *_: object) -> None:
        for _, text in self._triggers:
            self._database.execute(str(text))
        self._database.close()


def retree(database: apsw.Connection, new_note: Path | None) -> None:
    rows: Any = database.execute("SELECT * FROM event ORDER BY seq").fetchall()
    leaves = [hashlib.sha256(b"\0" + row_leaf(row, body_of(row))).digest() for row in rows]
    tree = Tree()
    database.execute("DELETE FROM tile")
    for tile in tree.extend(leaves):
        database.execute("INSERT INTO tile VALUES (?, ?, ?)", tile)
    found: Any = database.execute("SELECT note FROM head").get
    if new_note is not None:
        # The right text, signed with a key that is not this home's.
        signer = Signer.parse((new_note / "keys" / "log.key").read_text())
        found = signer.sign(Checkpoint(signer.name, tree.size, tree.root()).text())
    else:
        # The right text under the old signature.
        text, _, lines = found.rpartition(b"\n\n")
        root = base64.b64encode(tree.root()).decode()
        found = f"tampered\n{tree.size}\n{root}\n\n".encode() + lines
        assert text
    head = (tree.size, tree.root(), b"".join(tree.frontier()), found)
    database.execute("UPDATE head SET size = ?, root = ?, frontier = ?, note = ?", head)


def size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
