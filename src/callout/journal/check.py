"""``callout check``: the journal, its tree, its side rows and its keys proved against each other.

Reads only, in one transaction, also while a server holds the home. Every leaf is hashed again
from the columns by the plain rule, so nothing is believed that the writer could have cut short.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import msgspec

from callout.base.errors import BadInputError, CalloutError, DamagedError
from callout.journal import note
from callout.journal.driver import Head, Row
from callout.journal.format import canonical
from callout.journal.grown import body_of, row_leaf, split_hashes
from callout.journal.keys import Keys
from callout.journal.note import Signer
from callout.journal.seal import open_box
from callout.journal.sqlite import expected_schema, open_to_check, schema_of
from callout.journal.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, Tile, Tree

_PAGE = 2_000
_MOST_PROBLEMS = 1_000
_MOST_MISSING = 1_000_000
_RESTORE = "Restore the last backup that checks and compare it with this one"


class Problem(NamedTuple):
    """Something that is not as it was written."""

    seq: int
    """The entry, or -1 when it is not one entry's."""
    what: str
    todo: str


class Report(NamedTuple):
    """What ``check`` found."""

    entries: int
    root: str
    """The root over the entries as they stand, in hex."""
    problems: list[Problem]

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def check(home: Path, *, keys: Path | None = None) -> Report:
    """Prove a home. NotFoundError when there is no journal in it; damage is in the report.

    ``keys``: the folder of its keys when it lies elsewhere, as that of a backup does.
    """
    path = home / "journal.db"
    try:
        database = open_to_check(path)
    except DamagedError as error:
        return Report(0, "", [Problem(-1, str(error), _RESTORE)])
    checker = _Checker(database)
    # SQLite's own check takes as long as ours and needs no GIL, so it runs beside it.
    with ThreadPoolExecutor(1) as aside:
        sqlite_says = aside.submit(_sqlite_problems, path)
        try:
            database.execute("BEGIN")
            checker.run(keys or home / "keys")
        except apsw.Error as error:
            checker.report(checker.next_seq, f"the file cannot be read on from here: {error}")
        finally:
            database.close()
        for line in sqlite_says.result():
            checker.report(-1, f"SQLite says: {line}")
    return Report(checker.tree.size, checker.tree.root().hex(), checker.problems)


class _Checker:
    """One pass over the entries, then everything that must fit them."""

    def __init__(self, database: apsw.Connection) -> None:
        self.problems: list[Problem] = []
        self.tree = Tree()
        self.next_seq = 0
        self._db = database
        self._versions: dict[str, int] = {}
        # Commitments that still wait for their side row, by seq and name.
        self._owed: dict[tuple[int, str], str] = {}

    def report(self, seq: int, what: str, todo: str = _RESTORE) -> None:
        """Note a problem; after a thousand of them no more."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(seq, what, todo))

    def run(self, folder: Path) -> None:
        if schema_of(self._db) != expected_schema():
            self.report(-1, "the tables are not the ones of schema.sql")
        self._entries()
        self._tiles_beyond()
        keys = self._keys(folder)
        try:
            self._head(keys)
            self._sides(keys)
        finally:
            if keys is not None:
                keys.close()

    # --- entries and tiles ---

    def _entries(self) -> None:
        rows: Iterator[Any] = iter(self._db.execute("SELECT * FROM event ORDER BY seq"))
        while page := list(islice(rows, _PAGE)):
            hashes: list[bytes] = []
            for row in page:
                if row[0] != self.next_seq and not self._missing(row[0], hashes):
                    return
                self.next_seq = row[0] + 1
                hashes.append(hashlib.sha256(b"\0" + self._leaf(row)).digest())
            for tile in self.tree.extend(hashes):
                self._compare(tile)

    def _missing(self, seq: int, hashes: list[bytes]) -> bool:
        """Report a gap before ``seq`` and stand zeros in for it; False when it is past bridging."""
        gap = seq - self.next_seq
        if not 0 < gap <= _MOST_MISSING:
            self.report(seq, f"entry {seq} stands where {self.next_seq} should")
            return False
        self.report(self.next_seq, f"entries {self.next_seq} to {seq - 1} are missing")
        hashes += [bytes(HASH_BYTES)] * gap
        return True

    def _leaf(self, row: Row) -> bytes:
        seq, stream, version = row[:3]
        expected = self._versions.get(stream, 0) + 1
        if version != expected:
            self.report(seq, f"{stream} goes on with version {version} instead of {expected}")
        self._versions[stream] = version
        try:
            body = body_of(row)
            if canonical(body, "body").decode() != row[9]:
                self.report(seq, "the body is not in canonical form")
            for name, commitment in body.get("side", {}).items():
                self._owed[seq, name] = commitment
            return row_leaf(row, body)
        except (msgspec.DecodeError, BadInputError, AttributeError, UnicodeError) as error:
            self.report(seq, f"the body is not one that could be written: {error}")
            return b""

    def _compare(self, tile: Tile) -> None:
        """Hold a full tile, computed from the entries, against the stored one."""
        stored = self._db.execute(
            "SELECT hashes FROM tile WHERE level = ? AND number = ?", (tile.level, tile.number)
        ).get
        if stored == tile.hashes:
            return
        where = f"tile {tile.level}/{tile.number}"
        first = tile.number * TILE_WIDTH
        if not isinstance(stored, bytes):
            self.report(-1, f"{where} is missing")
        elif tile.level == 0:
            pairs = zip(split_hashes(stored), split_hashes(tile.hashes), strict=True)
            for seq, (was, now) in enumerate(pairs, first):
                if was != now:
                    self.report(seq, "the entry is not the one whose hash was kept at its writing")
        elif not self._reported(first << TILE_HEIGHT * tile.level, TILE_WIDTH ** (tile.level + 1)):
            self.report(-1, f"{where} does not fit the tiles below it")

    def _tiles_beyond(self) -> None:
        size = self.tree.size
        for level, number in self._db.execute("SELECT level, number FROM tile"):
            if level < 0 or number < 0 or number >= size >> TILE_HEIGHT * (level + 1):
                self.report(-1, f"tile {level}/{number} is over entries that are not there")

    def _reported(self, first: int, count: int) -> bool:
        return any(first <= problem.seq < first + count for problem in self.problems)

    # --- head and checkpoint ---

    def _head(self, keys: Keys | None) -> None:
        found: Any = self._db.execute("SELECT size, root, frontier, note FROM head").fetchall()
        if len(found) != 1:
            self.report(-1, f"there are {len(found)} heads instead of one")
            return
        head = Head(*found[0])
        size = self.tree.size
        if head.size > size:
            self.report(size, f"entries {size} to {head.size - 1} are missing at the end")
        elif head.size < size:
            self.report(head.size, f"entries from {head.size} on were never signed")
        else:
            self._frontier(head)
        if keys is not None:
            self._note(head, keys)

    def _frontier(self, head: Head) -> None:
        was, now = split_hashes(head.frontier), self.tree.frontier()
        if len(was) != len(now):
            self.report(-1, "the head's frontier is cut")
            return
        first = 0
        heights = [h for h in reversed(range(head.size.bit_length())) if head.size >> h & 1]
        for height, (one, other) in zip(heights, zip(was, now, strict=True), strict=True):
            count = 1 << height
            if one != other and not self._reported(first, count):
                self.report(
                    first, f"of entries {first} to {first + count - 1} at least one changed"
                )
            first += count
        if head.root != self.tree.root() and not self.problems:
            self.report(-1, "the head's root is not that of its frontier")

    def _note(self, head: Head, keys: Keys) -> None:
        try:
            checkpoint = note.parse_checkpoint(keys.verifier.open(head.note))
        except DamagedError as error:
            self.report(-1, f"the checkpoint: {error.what}")
            return
        if (checkpoint.size, checkpoint.root) != (head.size, head.root):
            self.report(-1, f"the checkpoint was signed over other entries ({checkpoint.size})")

    # --- side rows and keys ---

    def _keys(self, folder: Path) -> Keys | None:
        try:
            keys = Keys.load(folder, writable=False)
            signer = Signer.parse((folder / "log.key").read_text(errors="replace"))
        except CalloutError as error:
            self.report(-1, f"{error.where}: {error.what}", error.todo)
            return None
        except OSError as error:
            self.report(-1, f"the signing key cannot be read: {error}")
            return None
        if signer.verifier.encoded() != keys.verifier.encoded():
            self.report(-1, "log.pub does not belong to log.key", "Restore the folder keys/")
        return keys

    def _sides(self, keys: Keys | None) -> None:
        query = (
            "SELECT side.seq, side.name, side.key_number, side.box, event.key "
            "FROM side LEFT JOIN event ON event.seq = side.seq"
        )
        for seq, name, number, box, entry_key in self._db.execute(query):
            committed = self._owed.pop((seq, name), None)
            if committed is None:
                self.report(seq, f"the entry knows of no side row {name}")
            elif keys is not None:
                self._side(keys, seq, name, number, box, entry_key, committed)
        for seq, name in self._owed:
            self.report(seq, f"the side row {name} is missing")

    def _side(
        self,
        keys: Keys,
        seq: int,
        name: str,
        number: int,
        box: bytes,
        entry_key: str,
        committed: Any,
    ) -> None:
        try:
            cipher = keys.side.cipher(number)
            # None: its key was destroyed, so there is nothing left that could be held against it.
            if cipher is not None and open_box(box, cipher, entry_key, name)[1] != committed:
                self.report(seq, f"the side row {name} is not the one that was committed to")
        except DamagedError as error:
            self.report(seq, f"side row {name}: {error.what}", error.todo)


def _sqlite_problems(path: Path) -> list[str]:
    database = open_to_check(path)
    try:
        found = [row[0] for row in database.execute("PRAGMA integrity_check(20)")]
    except apsw.Error as error:
        return [str(error)]
    finally:
        database.close()
    return [line for line in found if line != "ok"]
