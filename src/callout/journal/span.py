"""A range of the journal proved by itself: its entries, their tiles of level 0, their side rows.

Every leaf is made again from the columns and hashed, so nothing is believed that the writer could
have cut short. What goes beyond the range (the tiles above, the versions a stream had before) is
``check``'s, which puts the ranges together.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import apsw
import msgspec

from callout.base.errors import BadInputError, DamagedError
from callout.journal.format import MAX_LEAF_BYTES, canonical, check_columns, leaf_of_row
from callout.journal.grown import body_of, row_leaf, split_hashes
from callout.journal.keys import KeyFile
from callout.journal.seal import open_box, tag_fits
from callout.journal.tree import HASH_BYTES, TILE_WIDTH, subtree_root

MOST_PROBLEMS = 1_000
RESTORE = "Restore the last backup that checks and compare it with this one"
# Stands in the tree where no entry could be read; no SHA-256 is known to be zero.
ABSENT = bytes(HASH_BYTES)
_EVENTS = "SELECT * FROM event WHERE seq >= ? AND seq < ? ORDER BY seq"
_SIDES = "SELECT seq, name, key_number, box FROM side WHERE seq >= ? AND seq < ? ORDER BY seq, name"
_TILE = "SELECT hashes FROM tile WHERE level = 0 AND number = ?"
# What a body can raise that no callout wrote.
_UNWRITABLE = (msgspec.MsgspecError, AttributeError, TypeError, UnicodeError, RecursionError)


class Problem(NamedTuple):
    """Something that is not as it was written."""

    seq: int
    """The entry, or -1 when it is not one entry's."""
    what: str
    todo: str


class Run(NamedTuple):
    """What a range has of one stream: versions first to last without a gap."""

    seq: int
    first: int
    last: int


class Span(msgspec.Struct):
    """What was found in entries ``first`` to ``end`` - 1."""

    first: int
    end: int
    roots: list[bytes] = []
    """Of the full tiles of level 0."""
    rest: list[bytes] = []
    """The leaf hashes after the last full tile."""
    runs: dict[str, Run] = {}
    types: dict[str, int] = {}
    """Every entry type, and the first seq that has it."""
    key_numbers: set[int] = set()
    """Which records of side.keys are named."""
    problems: list[Problem] = []


def prove_span(database: apsw.Connection, keys: KeyFile | None, first: int, end: int) -> Span:
    """Prove entries ``first`` (of a whole tile) to ``end`` - 1; without keys no box is opened."""
    return _Prover(database, keys, first, end).prove()


class _Prover:
    def __init__(
        self, database: apsw.Connection, keys: KeyFile | None, first: int, end: int
    ) -> None:
        self._db = database
        self._keys = keys
        self._span = Span(first, end)
        self._next_seq = first
        self._hashes: list[bytes] = []
        # Of entries with side rows: their key, and the commitments that still wait for a row.
        self._owed: dict[int, tuple[Any, dict[str, Any]]] = {}

    def prove(self) -> Span:
        span = self._span
        try:
            while self._next_seq < span.end and self._entries():
                pass
            self._stand_in(span.end)
            self._tiles()
            self._sides()
        except (apsw.Error, UnicodeDecodeError) as error:
            self._report(self._next_seq, f"the file cannot be read on from here: {error}")
            self._stand_in(span.end)
            if not span.roots and not span.rest:
                self._cut()
        return span

    def _report(self, seq: int, what: str, todo: str = RESTORE) -> None:
        if len(self._span.problems) < MOST_PROBLEMS:
            self._span.problems.append(Problem(seq, what, todo))

    # --- entries ---

    def _entries(self) -> bool:
        """Read on; False when that is of no use, True to go on from ``next_seq``."""
        end = self._span.end
        rows: Iterator[Any] = iter(self._db.execute(_EVENTS, (self._next_seq, end)))
        sha256, hashes = hashlib.sha256, self._hashes
        try:
            for row in rows:
                seq = row[0]
                if seq != self._next_seq:
                    if not self._next_seq < seq < end:
                        self._report(seq, f"entry {seq} stands where {self._next_seq} should")
                        return False
                    self._missing(seq)
                hashes.append(sha256(b"\0" + self._leaf(row)).digest())
                self._next_seq = seq + 1
        except UnicodeDecodeError as error:
            self._report(self._next_seq, f"a text of the entry is damaged: {error.reason}")
            self._stand_in(self._next_seq + 1)
            return True
        if self._next_seq < end:
            self._missing(end)
        return False

    def _missing(self, seq: int) -> None:
        self._report(self._next_seq, f"entries {self._next_seq} to {seq - 1} are missing")
        self._stand_in(seq)

    def _stand_in(self, seq: int) -> None:
        self._hashes += [ABSENT] * (seq - self._next_seq)
        self._next_seq = max(seq, self._next_seq)

    def _leaf(self, row: Any) -> bytes:
        seq, stream, version = row[:3]
        self._version(seq, stream, version)
        if type(row[4]) is str:
            self._span.types.setdefault(row[4], seq)
        try:
            body = body_of(row)
            if canonical(body, "body").decode() != row[9]:
                self._report(seq, "the body is not in canonical form")
            if "side" in body:
                self._owed[seq] = (row[3], dict(body["side"].items()))
            leaf = leaf_of_row(row)
            if leaf is None:
                check_columns(row)
                leaf = row_leaf(row, body)
        except (*_UNWRITABLE, BadInputError) as error:
            self._report(seq, f"the entry is not one that could be written: {error}")
            return b""
        if len(leaf) > MAX_LEAF_BYTES:
            self._report(seq, f"the entry has {len(leaf)} bytes, at most {MAX_LEAF_BYTES}")
        return leaf

    def _version(self, seq: int, stream: Any, version: Any) -> None:
        if type(stream) is not str or type(version) is not int:
            # The leaf says so too.
            return
        run = self._span.runs.get(stream)
        if run is None:
            self._span.runs[stream] = Run(seq, version, version)
            return
        if version != run.last + 1:
            self._report(seq, goes_on_wrongly(stream, version, run.last + 1))
        self._span.runs[stream] = Run(run.seq, run.first, version)

    # --- tiles ---

    def _tiles(self) -> None:
        self._cut()
        for place in range(len(self._span.roots)):
            number = self._span.first // TILE_WIDTH + place
            stored = self._db.execute(_TILE, (number,)).get
            self._compare(number, stored, self._hashes[place * TILE_WIDTH :][:TILE_WIDTH])

    def _cut(self) -> None:
        whole = len(self._hashes) // TILE_WIDTH * TILE_WIDTH
        tiles = (self._hashes[at : at + TILE_WIDTH] for at in range(0, whole, TILE_WIDTH))
        self._span.roots = [subtree_root(tile) for tile in tiles]
        self._span.rest = self._hashes[whole:]

    def _compare(self, number: int, stored: Any, hashes: list[bytes]) -> None:
        """Hold a full tile, computed from the entries, against the stored one."""
        if not isinstance(stored, bytes):
            self._report(-1, f"tile 0/{number} is missing")
        elif stored != b"".join(hashes):
            pairs = zip(split_hashes(stored), hashes, strict=False)
            for seq, (was, now) in enumerate(pairs, number * TILE_WIDTH):
                if was != now and now is not ABSENT:
                    self._report(seq, "the entry is not the one whose hash was kept at its writing")

    # --- side rows ---

    def _sides(self) -> None:
        span, owed = self._span, self._owed
        for seq, name, number, box in self._db.execute(_SIDES, (span.first, span.end)):
            entry_key, commitments = owed.get(seq, ("", {}))
            committed = commitments.pop(name, None)
            if committed is None:
                self._report(as_seq(seq), f"the entry knows of no side row {name}")
                continue
            if type(number) is int:
                span.key_numbers.add(number)
            if self._keys is not None:
                self._side(self._keys, seq, name, number, box, entry_key, committed)
        for seq, (_, commitments) in owed.items():
            for name in commitments:
                self._report(seq, f"the side row {name} is missing")

    def _side(
        self,
        keys: KeyFile,
        seq: int,
        name: str,
        number: int,
        box: bytes,
        entry_key: str,
        committed: Any,
    ) -> None:
        if type(number) is not int or type(box) is not bytes or type(entry_key) is not str:
            self._report(seq, f"side row {name}: the row is damaged")
            return
        try:
            cipher = keys.cipher(number)
            # None: its key was destroyed; what is left is whether that was this row's key.
            if cipher is not None and open_box(box, cipher, entry_key, name)[1] != committed:
                self._report(seq, f"the side row {name} is not the one that was committed to")
            elif not tag_fits(keys, number, box, entry_key, name):
                self._report(seq, f"the side row {name} is not what was written under its key")
        except DamagedError as error:
            self._report(seq, f"side row {name}: {error.what}", error.todo)


def as_seq(value: Any) -> int:
    """The seq of a row whose column may be damaged; -1 when it is no number."""
    return value if type(value) is int else -1


def goes_on_wrongly(stream: str, version: Any, expected: int) -> str:
    """The words for a stream whose versions have a gap."""
    return f"{stream} goes on with version {version} instead of {expected}"
