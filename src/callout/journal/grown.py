"""The right edge of the tree, computed again from what is stored.

Read at start, and again whenever another process has written in between. It also proves that the
head is signed by our key and that the last entries and tiles are the ones it speaks of; the rest
is what ``check`` is for.
"""

from typing import Any

import msgspec

from callout.base.errors import DamagedError
from callout.journal.driver import Driver, Head, Row
from callout.journal.format import COLUMNS, leaf_of
from callout.journal.note import Verifier, parse_checkpoint
from callout.journal.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, Tree, leaf_hash, subtree_root

_CHECK = "Run callout check on this home; restore the last backup if it confirms this"
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def body_of(row: Row) -> dict[str, Any]:
    """The body of a stored row; msgspec.DecodeError when it is no JSON object."""
    return _decode(row[9])


def row_leaf(row: Row, body: dict[str, Any]) -> bytes:
    """The leaf of a stored row, by the plain rule."""
    columns: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
    columns["body"] = body
    return leaf_of(columns)


def split_hashes(joined: bytes) -> list[bytes]:
    """Hashes that were written one after the other."""
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


def regrow(driver: Driver, head: Head, verifier: Verifier) -> Tree:
    """The edge of a tree of ``head.size`` leaves; DamagedError when it is not the head's."""
    checkpoint = parse_checkpoint(verifier.open(head.note))
    if (checkpoint.size, checkpoint.root) != (head.size, head.root):
        raise DamagedError(
            "the signed checkpoint is not of this journal", where="head", todo=_CHECK
        )
    frontier = split_hashes(head.frontier)
    if len(frontier) != head.size.bit_count():
        raise DamagedError("the head's frontier is cut", where="head", todo=_CHECK)
    levels: list[list[bytes]] = []
    count = head.size
    while count:
        # Of each level the hashes after its last full tile.
        open_from = count - count % TILE_WIDTH
        levels.append(_open_hashes(driver, len(levels), open_from, count, head))
        count >>= TILE_HEIGHT
    tree = Tree.restored(head.size, frontier, levels)
    if tree.root() != head.root or not tree.is_consistent():
        raise DamagedError(
            "the last entries are not the ones that were signed", where="journal", todo=_CHECK
        )
    return tree


def _open_hashes(driver: Driver, level: int, first: int, end: int, head: Head) -> list[bytes]:
    if level:
        return [_tile_root(driver, level - 1, number) for number in range(first, end)]
    rows = driver.read(first - 1, end, TILE_WIDTH + 1)
    if [row[0] for row in rows] != list(range(first, head.size)):
        raise DamagedError(
            f"the journal ends elsewhere than its head says ({head.size} entries)",
            where="journal",
            todo=_CHECK,
        )
    try:
        return [leaf_hash(row_leaf(row, body_of(row))) for row in rows]
    except msgspec.DecodeError as error:
        raise DamagedError(f"a body is damaged: {error}", where="journal", todo=_CHECK) from error


def _tile_root(driver: Driver, level: int, number: int) -> bytes:
    hashes = driver.tile(level, number)
    if hashes is None:
        raise DamagedError(f"tile {level}/{number} is missing", where="tile", todo=_CHECK)
    return subtree_root(split_hashes(hashes))
