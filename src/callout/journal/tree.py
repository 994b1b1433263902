"""The Merkle tree of RFC 6962 over the leaves, cut into the tiles of C2SP tlog-tiles.

A tile holds 256 hashes: at level 0 of leaves, at level n of the roots of 256 full tiles of level
n - 1. Only full tiles are stored; what is not in one yet can always be computed again. For the
root it is enough to know the *frontier*: the roots of the perfect subtrees that make up the tree,
one for each bit of its size, the largest first.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

TILE_WIDTH = 256
TILE_HEIGHT = 8
HASH_BYTES = 32
# RFC 6962, 2.1: the hash of an empty list is that of an empty string.
EMPTY_ROOT = hashlib.sha256().digest()
_sha256 = hashlib.sha256


class Tile(NamedTuple):
    """A full tile: 256 hashes one after the other, 8,192 bytes."""

    level: int
    number: int
    hashes: bytes


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962, 2.1: SHA-256(0x00 || leaf)."""
    return _sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1: SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes whose number is a power of two."""
    while len(hashes) > 1:
        hashes = _pair(hashes)
    return hashes[0]


class Tree:
    """The right edge of the tree: all that appending needs."""

    __slots__ = ("_open", "_pending", "size")

    def __init__(self) -> None:
        self.size = 0
        # Of each height the one left sibling that still waits for its right one.
        self._pending: list[bytes | None] = []
        # Of each tile level the hashes of the tile that is not full yet.
        self._open: list[list[bytes]] = []

    def copy(self) -> "Tree":
        """The same edge, to be grown without touching this one."""
        twin = Tree()
        twin.size = self.size
        twin._pending = self._pending.copy()
        twin._open = [part.copy() for part in self._open]
        return twin

    @classmethod
    def restored(
        cls, size: int, frontier: Sequence[bytes], tiles: Sequence[Sequence[bytes]]
    ) -> "Tree":
        """The edge of a tree of ``size`` leaves.

        ``frontier`` as ``frontier()`` gives it; ``tiles``: of each level the hashes of the tile
        that is not full yet.
        """
        tree = cls()
        tree.size = size
        smallest_first = reversed(frontier)
        tree._pending = [
            next(smallest_first) if size >> height & 1 else None
            for height in range(size.bit_length())
        ]
        tree._open = [list(part) for part in tiles]
        return tree

    def is_consistent(self) -> bool:
        """Whether the hashes of the open tiles have the subtrees of the frontier as roots."""
        for height, known in enumerate(self._pending):
            if known is not None:
                part = self._open[height // TILE_HEIGHT]
                inside = height % TILE_HEIGHT
                count = self.size >> (height - inside)
                # Where in the open tile this subtree starts: after the larger ones.
                start = (count >> (inside + 1) << (inside + 1)) % TILE_WIDTH
                if subtree_root(part[start : start + (1 << inside)]) != known:
                    return False
        return True

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Append leaf hashes; the tiles that became full by it, lower levels first."""
        return self._grow(leaves, 0)

    def extend_by_tiles(self, roots: Sequence[bytes]) -> list[Tile]:
        """Append the roots of full tiles of leaves to whole ones; the tiles above, as ``extend``.

        ValueError when the tree ends inside a tile.
        """
        if self.size % TILE_WIDTH:
            raise ValueError("the tree ends inside a tile")
        if roots and not self.size:
            self._pending = [None] * TILE_HEIGHT
            self._open = [[]]
        return self._grow(roots, TILE_HEIGHT)

    def _grow(self, hashes: Sequence[bytes], height: int) -> list[Tile]:
        full: list[Tile] = []
        count = len(hashes) << height
        # Level by level instead of leaf by leaf: the same hashes, a third of the Python.
        while hashes:
            if height % TILE_HEIGHT == 0:
                full += self._fill(height // TILE_HEIGHT, self.size >> height, hashes)
            if height == len(self._pending):
                self._pending.append(None)
            waiting = self._pending[height]
            if waiting is not None:
                hashes = [waiting, *hashes]
            self._pending[height] = hashes[-1] if len(hashes) % 2 else None
            hashes, height = _pair(hashes), height + 1
        self.size += count
        return full

    def open_hashes(self, level: int) -> list[bytes]:
        """The hashes of the level's tile that is not full yet."""
        return self._open[level] if level < len(self._open) else []

    def frontier(self) -> list[bytes]:
        """The roots of the perfect subtrees, the largest first."""
        return [part for part in reversed(self._pending) if part is not None]

    def root(self) -> bytes:
        """RFC 6962, 2.1, over all leaves so far."""
        return root_of(self.frontier())

    def _fill(self, level: int, count: int, hashes: Sequence[bytes]) -> list[Tile]:
        if level == len(self._open):
            self._open.append([])
        part = self._open[level]
        part += hashes
        number = count // TILE_WIDTH
        full = []
        while len(part) >= TILE_WIDTH:
            full.append(Tile(level, number, b"".join(part[:TILE_WIDTH])))
            del part[:TILE_WIDTH]
            number += 1
        return full


def root_of(frontier: Sequence[bytes]) -> bytes:
    """The root over a frontier (largest subtree first)."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for left in reversed(frontier[:-1]):
        root = node_hash(left, root)
    return root


def _pair(hashes: Sequence[bytes]) -> list[bytes]:
    it = iter(hashes)
    return [_sha256(b"\x01" + left + right).digest() for left, right in zip(it, it, strict=False)]
