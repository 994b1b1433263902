"""Roots, frontiers and tiles against a naive RFC 6962 and against vectors of others."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callout.journal.note import Verifier, parse_checkpoint
from callout.journal.tree import (
    EMPTY_ROOT,
    TILE_WIDTH,
    Tile,
    Tree,
    leaf_hash,
    root_of,
    subtree_root,
)

# RFC 6962 test leaves of Certificate Transparency's reference implementation, and their roots.
LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there: split at the largest power of two below n."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    split = 1 << (len(hashes) - 1).bit_length() - 1
    left, right = naive_root(hashes[:split]), naive_root(hashes[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def made(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def test_rfc_6962_reference_roots() -> None:
    tree = Tree()
    assert tree.root() == EMPTY_ROOT
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.extend([leaf_hash(bytes.fromhex(leaf))])
        assert tree.root().hex() == root


@given(st.lists(st.integers(0, 40), max_size=12))
@settings(deadline=None)
def test_any_grouping_gives_the_naive_root(groups: list[int]) -> None:
    hashes = made(sum(groups))
    tree, at = Tree(), 0
    for count in groups:
        tree.extend(hashes[at : at + count])
        at += count
    assert tree.size == at
    assert tree.root() == naive_root(hashes) == root_of(tree.frontier())
    assert len(tree.frontier()) == at.bit_count()


@given(st.integers(0, 700), st.integers(0, 300))
@settings(max_examples=25, deadline=None)
def test_restored_edge_goes_on_like_the_one_that_never_stopped(before: int, more: int) -> None:
    hashes = made(before + more)
    tree = Tree()
    tiles = {tile[:2]: tile.hashes for tile in tree.extend(hashes[:before])}
    levels = [hashes[before - before % TILE_WIDTH : before]] if before else []
    if before >= TILE_WIDTH:
        levels.append([naive_root(hashes[n * 256 : n * 256 + 256]) for n in range(before // 256)])
    again = Tree.restored(before, tree.frontier(), levels)
    assert again.is_consistent()
    assert again.extend(hashes[before:]) == tree.extend(hashes[before:])
    assert again.root() == tree.root() == naive_root(hashes)
    assert all(level == 0 for level, _ in tiles)


def test_restored_edge_notices_a_wrong_hash() -> None:
    hashes = made(300)
    tree = Tree()
    tree.extend(hashes)
    levels = [hashes[256:], [naive_root(hashes[:256])]]
    assert Tree.restored(300, tree.frontier(), levels).is_consistent()
    for level, index in ((0, 0), (0, 43), (1, 0)):
        wrong = [list(part) for part in levels]
        wrong[level][index] = bytes(32)
        assert not Tree.restored(300, tree.frontier(), wrong).is_consistent()


def test_tiles_are_full_and_numbered() -> None:
    count = TILE_WIDTH * TILE_WIDTH + 5
    hashes = made(count)
    tree = Tree()
    tiles: list[Tile] = []
    for at in range(0, count, 1000):
        tiles += tree.extend(hashes[at : at + 1000])
    level0 = [tile for tile in tiles if tile.level == 0]
    assert [tile.number for tile in level0] == list(range(TILE_WIDTH))
    assert b"".join(tile.hashes for tile in level0) == b"".join(hashes[:-5])
    (top,) = [tile for tile in tiles if tile.level == 1]
    roots = [naive_root(hashes[n * 256 : n * 256 + 256]) for n in range(TILE_WIDTH)]
    assert top == Tile(1, 0, b"".join(roots))


def test_copy_is_untouched() -> None:
    tree = Tree()
    tree.extend(made(300))
    before = tree.root()
    twin = tree.copy()
    twin.extend(made(9))
    assert (tree.root(), tree.size, twin.size) == (before, 300, 309)


def test_tessera_log(data: Path) -> None:
    """Checkpoints, bundles and tiles that another implementation wrote."""
    log = data / "vectors/tessera-log/testdata/log"
    verifier = Verifier.parse(
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    )
    tree = Tree()
    for size in range(16):
        if size:
            bundle = (log / f"tile/entries/000.p/{size}").read_bytes()
            entries = []
            while bundle:
                length = int.from_bytes(bundle[:2], "big")
                entries.append(bundle[2 : 2 + length])
                bundle = bundle[2 + length :]
            tree.extend([leaf_hash(entries[-1])])
            hashes = b"".join(leaf_hash(entry) for entry in entries)
            assert (log / f"tile/0/000.p/{size}").read_bytes() == hashes
        note = (log / f"checkpoint.{size}").read_bytes()
        checkpoint = parse_checkpoint(verifier.open(note))
        assert (checkpoint.size, checkpoint.root) == (size, tree.root())


@given(st.integers(0, 3), st.integers(0, TILE_WIDTH - 1), st.integers(0, 3))
@settings(max_examples=20)
def test_tiles_at_once_are_their_leaves_one_by_one(first: int, rest: int, second: int) -> None:
    hashes = made((first + second) * TILE_WIDTH + rest)
    tiles = [hashes[at * TILE_WIDTH :][:TILE_WIDTH] for at in range(first + second)]
    roots = [subtree_root(tile) for tile in tiles]
    by_leaf, by_tile = Tree(), Tree()
    higher = [tile for tile in by_leaf.extend(hashes) if tile.level > 0]
    found = [
        *by_tile.extend_by_tiles(roots[:first]),
        *by_tile.extend_by_tiles(roots[first:]),
        *by_tile.extend(hashes[(first + second) * TILE_WIDTH :]),
    ]
    assert found == higher
    assert (by_tile.size, by_tile.root()) == (by_leaf.size, by_leaf.root())
    assert by_tile.frontier() == by_leaf.frontier()
    assert [by_tile.open_hashes(level) for level in (0, 1)] == [
        by_leaf.open_hashes(level) for level in (0, 1)
    ]
    if rest:
        with pytest.raises(ValueError, match="inside a tile"):
            by_tile.extend_by_tiles(roots)


def test_the_second_level_fills_from_tiles() -> None:
    roots = made(TILE_WIDTH + 1)
    tree = Tree()
    (tile,) = tree.extend_by_tiles(roots)
    assert (tile.level, tile.number, tile.hashes) == (1, 0, b"".join(roots[:TILE_WIDTH]))
    assert tree.root() == naive_root(roots)
