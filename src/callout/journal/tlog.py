"""The journal as a C2SP tlog-tiles log: every tile, bundle and proof of the tree of one size.

Hashes come from the stored full tiles; the open edge is computed from the rows after them. One
view is one size, so whatever is read from it fits one checkpoint.
"""

import base64
import re
from typing import Final, NamedTuple

import msgspec

from callout.base.errors import BadInputError, DamagedError, NotFoundError
from callout.journal import proof
from callout.journal.driver import Driver, Head, Row
from callout.journal.grown import body_of, row_leaf, split_hashes
from callout.journal.note import Checkpoint, Verifier, parse_checkpoint
from callout.journal.tree import TILE_HEIGHT, TILE_WIDTH, leaf_hash, subtree_root

CHECKPOINT: Final = "checkpoint"
_CHECK: Final = "Run callout check on this home"
# A proof looks at two or three tiles of each level again and again; an export at each tile once.
_TILES_KEPT: Final = 16
_PROOF_1: Final = "c2sp.org/tlog-proof@v1"
_NUMBER: Final = r"(0|[1-9][0-9]{0,17})"
_INDEX: Final = r"((?:x[0-9]{3}/)*[0-9]{3})"
_PATH: Final = re.compile(
    rf"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/{_INDEX}(?:\.p/([1-9][0-9]{{0,2}}))?"
)


class TilePath(NamedTuple):
    """Which tile or bundle. ``level`` -1: an entry bundle. ``width`` 256: a full one."""

    level: int
    number: int
    width: int

    def text(self) -> str:
        """As C2SP tlog-tiles writes it: ``tile/0/x001/067``, ``tile/entries/000.p/5``."""
        level = "entries" if self.level < 0 else str(self.level)
        parts = [f"{self.number % 1000:03d}"]
        rest = self.number // 1000
        while rest:
            parts.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(parts)}{partial}"


def parse_path(text: str) -> TilePath | None:
    """Read a path by C2SP tlog-tiles; None when it is none, or not the one way to write it."""
    match = _PATH.fullmatch(text)
    if match is None:
        return None
    number = int("".join(part[-3:] for part in match[2].split("/")))
    width = int(match[3]) if match[3] else TILE_WIDTH
    level = -1 if match[1] == "entries" else int(match[1])
    found = TilePath(level, number, width)
    return found if found.text() == text else None


def paths(size: int, before: int = 0) -> list[TilePath]:
    """Every tile and bundle of a tree of ``size`` that one of ``before`` leaves does not have."""
    found: list[TilePath] = []
    for level in range(-1, 64):
        shift = TILE_HEIGHT * max(0, level)
        count, known = size >> shift, before >> shift
        if not count:
            break
        for number in range(known // TILE_WIDTH, (count + TILE_WIDTH - 1) // TILE_WIDTH):
            width = min(TILE_WIDTH, count - number * TILE_WIDTH)
            if number * TILE_WIDTH + width > known:
                found.append(TilePath(level, number, width))
    return found


class Log:
    """The log at one checkpoint. Reads only; good as long as the driver is open."""

    def __init__(self, driver: Driver, head: Head) -> None:
        """``head`` of now or of earlier: a log that has grown since still holds it."""
        self.head = head
        self._driver = driver
        self._kept: dict[tuple[int, int], list[bytes]] = {}

    @property
    def size(self) -> int:
        """How many entries."""
        return self.head.size

    def read(self, path: str) -> bytes:
        """The bytes of ``checkpoint`` or of a tile's path; NotFoundError for all others."""
        if path == CHECKPOINT:
            return self.head.note
        where = parse_path(path)
        count = 0 if where is None else self.size >> TILE_HEIGHT * max(0, where.level)
        if where is None or where.number * TILE_WIDTH + where.width > count:
            raise NotFoundError(
                "the log has no such tile", where=path, todo="Read checkpoint first"
            )
        if where.level < 0:
            return self._bundle(where)
        return b"".join(self._hashes(where.level, where.number)[: where.width])

    def leaf(self, seq: int) -> bytes:
        """The leaf of an entry, as it was hashed; NotFoundError."""
        rows = self._driver.read(seq - 1, seq, 1) if 0 <= seq < self.size else []
        if not rows:
            raise NotFoundError(f"there is no entry {seq}", where="log", todo="Check the number")
        return _leaf_of(rows[0])

    def root_at(self, size: int) -> bytes:
        """The root that the log had when it had ``size`` entries, from the tiles of now."""
        return proof.range_root(self._node, 0, size)

    def consistency(self, size: int) -> list[bytes]:
        """Proof that this log only added to what it was at ``size``."""
        return proof.consistency(self._node, size, self.size)

    def prove(self, seq: int) -> bytes:
        """A C2SP tlog-proof of one entry. Its ``extra`` line is the leaf itself, so that whoever
        verifies the proof reads what was proved instead of being told. DamagedError when the
        entry is not the one that was signed.
        """  # noqa: D205 - one sentence
        leaf = self.leaf(seq)
        path = proof.inclusion(self._node, seq, self.size)
        try:
            proof.verify_inclusion(leaf_hash(leaf), seq, self.size, path, self.head.root)
        except BadInputError as error:
            raise _changed(seq) from error
        lines = [_PROOF_1, f"extra {_b64(leaf)}", f"index {seq}", *map(_b64, path), "", ""]
        return "\n".join(lines).encode() + self.head.note

    def _bundle(self, where: TilePath) -> bytes:
        first = where.number * TILE_WIDTH
        rows = self._driver.read(first - 1, first + where.width - 1, where.width)
        if len(rows) != where.width:
            raise DamagedError("entries are missing", where=where.text(), todo=_CHECK)
        leaves = [_leaf_of(row) for row in rows]
        # Of a full tile the hashes were kept when the entries were written.
        for seq, (leaf, kept) in enumerate(
            zip(leaves, self._hashes(0, where.number), strict=False), first
        ):
            if leaf_hash(leaf) != kept:
                raise _changed(seq)
        return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)

    def _node(self, height: int, index: int) -> bytes:
        level, inside = divmod(height, TILE_HEIGHT)
        number, place = divmod(index << inside, TILE_WIDTH)
        return subtree_root(self._hashes(level, number)[place : place + (1 << inside)])

    def _hashes(self, level: int, number: int) -> list[bytes]:
        """The hashes of a tile, as many as this size has; full ones are read, others computed."""
        kept = self._kept.get((level, number))
        if kept is None:
            kept = self._kept[level, number] = self._found(level, number)
            if len(self._kept) > _TILES_KEPT:
                del self._kept[next(iter(self._kept))]
        return kept

    def _found(self, level: int, number: int) -> list[bytes]:
        first = number * TILE_WIDTH
        end = min(first + TILE_WIDTH, self.size >> TILE_HEIGHT * level)
        stored = self._driver.tile(level, number)
        if stored is not None:
            return split_hashes(stored)[: end - first]
        if end - first >= TILE_WIDTH:
            raise DamagedError(f"tile {level}/{number} is missing", where="tile", todo=_CHECK)
        if level:
            return [subtree_root(self._hashes(level - 1, below)) for below in range(first, end)]
        rows = self._driver.read(first - 1, end - 1, TILE_WIDTH)
        if len(rows) != end - first:
            raise DamagedError("entries are missing", where=f"tile {level}/{number}", todo=_CHECK)
        return [leaf_hash(_leaf_of(row)) for row in rows]


class Proved(NamedTuple):
    """What a proof proves: this leaf, at this index, in the log that said this checkpoint."""

    leaf: bytes
    seq: int
    checkpoint: Checkpoint


def verify_proof(text: bytes, verifier: Verifier) -> Proved:
    """Check a C2SP tlog-proof whose ``extra`` is the leaf. BadInputError, DamagedError when not.

    The extra line is not believed: its hash has to be in the tree that the log's key signed.
    """
    head, empty, note = text.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        lines = []
    if not empty or len(lines) < 3 or lines[0] != _PROOF_1 or not lines[1].startswith("extra "):
        raise _no_proof("it does not begin as a proof of ours does")
    index = re.fullmatch(f"index {_NUMBER}", lines[2])
    if index is None:
        raise _no_proof("its index line is malformed")
    leaf, path = _bytes(lines[1][6:]), [_bytes(line) for line in lines[3:]]
    checkpoint = parse_checkpoint(verifier.open(note))
    if checkpoint.origin != verifier.name:
        raise _no_proof(f"it is of the log {checkpoint.origin}, the key is of {verifier.name}")
    proof.verify_inclusion(leaf_hash(leaf), int(index[1]), checkpoint.size, path, checkpoint.root)
    return Proved(leaf, int(index[1]), checkpoint)


def _leaf_of(row: Row) -> bytes:
    try:
        return row_leaf(row, body_of(row))
    except msgspec.DecodeError as error:
        raise DamagedError(
            f"the body of entry {row[0]} is damaged: {error}", where="journal", todo=_CHECK
        ) from error


def _changed(seq: int) -> DamagedError:
    return DamagedError(f"entry {seq} is not the one that was signed", where="journal", todo=_CHECK)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        found = b""
    # Written again and compared: base64 has several spellings for the same bytes.
    if not found or _b64(found) != text:
        raise _no_proof("a line is not base64")
    return found


def _no_proof(what: str) -> BadInputError:
    return BadInputError(
        f"this is no proof: {what}", todo="Ask for it again: callout prove SEQ > x.proof"
    )
