"""``callout check``: the journal, its tree, its side rows and its keys proved against each other.

Reads only, also while a server holds the home: how far the journal reaches is read first, in one
transaction, and what is appended later is not looked at. Every leaf is hashed again from the
columns (``span``), so nothing is believed that the writer could have cut short.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from callout.base.errors import CalloutError, DamagedError, UnavailableError
from callout.journal import note
from callout.journal.driver import Head
from callout.journal.erased import ERASED, read_erased
from callout.journal.grown import split_hashes
from callout.journal.keys import Keys, records_of
from callout.journal.note import Checkpoint, Signer
from callout.journal.sound import sqlite_problems, state_problems
from callout.journal.span import MOST_PROBLEMS, RESTORE, Problem, Span, as_seq, goes_on_wrongly
from callout.journal.spread import Source, prove_spans
from callout.journal.sqlite import expected_schema, open_to_check, schema_of
from callout.journal.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, Tile, Tree, subtree_root

_MOST_MISSING = 1_000_000
_MOST_NAMED = 20
# Of a tree of 2^63 leaves.
_MOST_LEVELS = 8
_UNUSED = "A crash may leave one; if there was none, compare keys/ with its backup"
_STATE = (
    "It is no history, but what is remembered of the journal is in it: restore it from the last "
    "backup, or take it away and start with callout resume"
)
_LOST = "They were lost with an older key file, or overwritten by hand: see who had keys/"
_KEEP = "Keep both: somebody put back an older state or wrote the past anew"

Progress = Callable[[int, int], None]


class Report(NamedTuple):
    """What ``check`` found."""

    entries: int
    root: str
    """The root over the entries as they stand, in hex."""
    problems: list[Problem]
    warnings: list[Problem] = []  # noqa: RUF012 - never changed
    """What is odd and harms nothing."""
    types: dict[str, int] = {}  # noqa: RUF012 - never changed
    """Every entry type there is, and the first seq that has it."""

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def check(
    home: Path,
    *,
    keys: Path | None = None,
    since: Sequence[bytes] = (),
    progress: Progress = lambda _done, _all: None,
    helpers: int | None = None,
) -> Report:
    """Prove a home. NotFoundError when there is no journal in it; damage is in the report.

    ``keys``: the folder of its keys when it lies elsewhere, as that of a backup does.
    ``since``: checkpoints that were kept elsewhere; the journal must have grown from each.
    ``progress`` hears of entries proved and entries in all. ``helpers``: see ``prove_spans``.
    """
    path = home / "journal.db"
    try:
        database = open_to_check(path)
    except (DamagedError, UnavailableError) as error:
        return Report(0, "", [Problem(-1, f"{error.where}: {error.what}", error.todo)])
    checker = _Checker(database, home, keys or home / "keys")
    # SQLite's own check needs no GIL, so it runs beside ours.
    with ThreadPoolExecutor(1) as aside:
        sqlite_says = aside.submit(sqlite_problems, path)
        try:
            database.execute("BEGIN")
            checker.run(since, progress, helpers)
        except (apsw.Error, UnicodeDecodeError) as error:
            checker.report(-1, f"the file cannot be read on: {error}")
        finally:
            database.close()
        for line in sqlite_says.result():
            checker.report(-1, f"SQLite says: {line}")
    for line in state_problems(home / "state.db"):
        checker.report(-1, f"{home / 'state.db'}: {line}", _STATE)
    size, root = checker.tree.size, checker.tree.root().hex()
    return Report(size, root, checker.problems, checker.warnings, checker.types)


class _Checker:
    """Puts the ranges together, then proves everything that must fit them."""

    def __init__(self, database: apsw.Connection, home: Path, key_folder: Path) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.types: dict[str, int] = {}
        self.tree = Tree()
        self._db = database
        self._home = home
        self._key_folder = key_folder
        self._versions: dict[str, int] = {}
        self._key_numbers: set[int] = set()
        # The roots of the full tiles of level 0, and the leaf hashes after them.
        self._tile_roots: list[bytes] = []
        self._rest: list[bytes] = []

    def report(self, seq: int, what: str, todo: str = RESTORE) -> None:
        """Note a problem; after a thousand of them no more."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(seq, what, todo))

    def run(self, since: Sequence[bytes], progress: Progress, helpers: int | None) -> None:
        if schema_of(self._db) != expected_schema():
            self.report(-1, "the tables are not the ones of schema.sql")
        head, size = self._find_head(), self._extent()
        keys = self._open_keys()
        try:
            folder = None if keys is None else self._key_folder
            side = None if keys is None else keys.side
            for span in prove_spans(Source(self._home, folder), self._db, side, size, helpers):
                self._add(span)
                progress(span.end, size)
            self._beyond(size)
            if head is not None:
                self._head(head, keys)
            if keys is not None:
                self._key_file()
            for kept in since:
                self._since(kept, keys)
        finally:
            if keys is not None:
                keys.close()

    # --- entries and tiles ---

    def _extent(self) -> int:
        """One more than the last seq; rows that stand apart from all others are reported."""
        count = self._db.execute("SELECT count(*) FROM event").get
        bound = count + _MOST_MISSING
        last: Any = self._db.execute("SELECT max(seq) FROM event WHERE seq < ?", (bound,)).get
        size = 0 if last is None else max(last + 1, 0)
        apart = "SELECT seq FROM event WHERE seq < 0 OR seq >= ? LIMIT ?"
        for (seq,) in self._db.execute(apart, (bound, _MOST_NAMED)):
            self.report(seq, f"entry {seq} stands where {0 if seq < 0 else size} should")
        return size

    def _add(self, span: Span) -> None:
        for problem in span.problems:
            self.report(*problem)
        for stream, run in span.runs.items():
            expected = self._versions.get(stream, 0) + 1
            if run.first != expected:
                self.report(run.seq, goes_on_wrongly(stream, run.first, expected))
            self._versions[stream] = run.last
        for kind, seq in span.types.items():
            self.types.setdefault(kind, seq)
        self._key_numbers |= span.key_numbers
        self._tile_roots += span.roots
        self._rest = span.rest
        for tile in self.tree.extend_by_tiles(span.roots):
            self._compare(tile)
        self.tree.extend(span.rest)

    def _compare(self, tile: Tile) -> None:
        """Hold a full tile of a higher level, computed from the entries, against the stored one."""
        stored = self._db.execute(
            "SELECT hashes FROM tile WHERE level = ? AND number = ?", (tile.level, tile.number)
        ).get
        where = f"tile {tile.level}/{tile.number}"
        count = TILE_WIDTH ** (tile.level + 1)
        if not isinstance(stored, bytes):
            self.report(-1, f"{where} is missing")
        elif stored != tile.hashes and not self._reported(tile.number * count, count):
            self.report(-1, f"{where} does not fit the tiles below it")

    def _beyond(self, size: int) -> None:
        """Report tiles and side rows of entries that are not there."""
        for level, number in self._db.execute("SELECT level, number FROM tile"):
            sound = type(level) is int and type(number) is int and 0 <= level <= _MOST_LEVELS
            if not sound or not 0 <= number < size >> TILE_HEIGHT * (level + 1):
                self.report(-1, f"tile {level}/{number} is over entries that are not there")
        apart = "SELECT seq, name FROM side WHERE seq < 0 OR seq >= ? LIMIT ?"
        for seq, name in self._db.execute(apart, (size, _MOST_NAMED)):
            self.report(as_seq(seq), f"the entry knows of no side row {name}")

    def _reported(self, first: int, count: int) -> bool:
        return any(first <= problem.seq < first + count for problem in self.problems)

    # --- head and checkpoint ---

    def _find_head(self) -> Head | None:
        """Read first of all: the transaction sees what is durable now, and nothing later."""
        found: Any = self._db.execute("SELECT size, root, frontier, note FROM head").fetchall()
        if len(found) != 1:
            self.report(-1, f"there are {len(found)} heads instead of one")
            return None
        head = Head(*found[0])
        if type(head.size) is not int or not all(type(part) is bytes for part in head[1:]):
            self.report(-1, "the head is damaged")
            return None
        return head

    def _head(self, head: Head, keys: Keys | None) -> None:
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
            in_open_tile = height < TILE_HEIGHT
            if one != other and (in_open_tile or not self._reported(first, count)):
                self.report(
                    first, f"of entries {first} to {first + count - 1} at least one changed"
                )
            first += count
        if head.root != self.tree.root() and not self.problems:
            self.report(-1, "the head's root is not that of its frontier")

    def _note(self, head: Head, keys: Keys) -> None:
        try:
            checkpoint = note.parse_checkpoint(keys.verifier.open(head.note))
        except (DamagedError, UnicodeDecodeError) as error:
            self.report(-1, f"the checkpoint: {error}")
            return
        if (checkpoint.size, checkpoint.root) != (head.size, head.root):
            self.report(-1, f"the checkpoint was signed over other entries ({checkpoint.size})")
        elif checkpoint.origin != keys.verifier.name:
            self.report(-1, f"the checkpoint is of another log ({checkpoint.origin})")

    def _since(self, kept: bytes, keys: Keys | None) -> None:
        """The journal must begin with what a checkpoint was signed over that was kept elsewhere."""
        if keys is None:
            self.report(-1, "the kept checkpoint cannot be verified without keys/log.pub")
            return
        try:
            old = note.parse_checkpoint(keys.verifier.open(kept))
        except (DamagedError, UnicodeDecodeError):
            self.report(-1, "the kept checkpoint was not signed by this home's key", _KEEP)
            return
        size = self.tree.size
        if old.size > size:
            self.report(
                size,
                f"the journal was put back: it had {old.size} entries when the kept checkpoint "
                f"was signed, and has {size}",
                _KEEP,
            )
        elif self._root_at(old) != old.root:
            self.report(
                0, f"of the first {old.size} entries at least one is not what it was then", _KEEP
            )

    def _root_at(self, old: Checkpoint) -> bytes:
        """The root over the first entries, of what was computed and not of what is stored."""
        tiles, rest = divmod(old.size, TILE_WIDTH)
        tree = Tree()
        tree.extend_by_tiles(self._tile_roots[:tiles])
        hashes = self._rest
        if rest and tiles < len(self._tile_roots):
            # Of full tiles only the root was kept; it proves the stored hashes.
            stored: Any = self._db.execute(
                "SELECT hashes FROM tile WHERE level = 0 AND number = ?", (tiles,)
            ).get
            hashes = split_hashes(stored or bytes(HASH_BYTES * TILE_WIDTH))
            if len(hashes) != TILE_WIDTH or subtree_root(hashes) != self._tile_roots[tiles]:
                return b""
        tree.extend(hashes[:rest])
        return tree.root()

    # --- keys ---

    def _open_keys(self) -> Keys | None:
        folder = self._key_folder
        try:
            keys = Keys.load(folder, writable=False)
            signer = Signer.parse((folder / "log.key").read_text(errors="replace"))
        except CalloutError as error:
            where = f"{error.where}: " if error.where else f"{folder}: "
            self.report(-1, f"{where}{error.what}", error.todo)
            return None
        except OSError as error:
            self.report(-1, f"{error.filename}: {error.strerror}", "Check who may read it")
            return None
        if signer.verifier.encoded() != keys.verifier.encoded():
            self.report(-1, "log.pub does not belong to log.key", "Restore the folder keys/")
        return keys

    def _key_file(self) -> None:
        """Look at the records themselves; of damaged ones that rows name the rows were reported."""
        # In this order: what is destroyed is listed first.
        destroyed, damaged = records_of(self._key_folder / "side.keys")
        listed = {erased.number for erased in read_erased(self._home / ERASED)}
        unlisted = sorted(set(destroyed) - listed)
        if unlisted:
            first = ", ".join(map(str, unlisted[:_MOST_NAMED]))
            what = (
                f"{len(unlisted)} key records are destroyed, and {ERASED} does not say so: {first}"
            )
            self.warnings.append(Problem(-1, what, _LOST))
        for number in damaged:
            if number not in self._key_numbers:
                self.warnings.append(
                    Problem(-1, f"key record {number} is damaged, and no row uses it", _UNUSED)
                )
