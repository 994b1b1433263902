"""Merkle proofs: that an entry is in the log, that a log has only grown. Pure computation.

Making follows RFC 6962, 2.1.1 and 2.1.2; verifying follows RFC 9162, 2.1.3.2 and 2.1.4.2, in the
form for subtrees of draft-ietf-plants-merkle-tree-certs, 4.3 and 4.4, of which a whole tree is the
case ``start`` 0. Every hash has exactly 32 bytes; a proof with one hash too many or too few is
refused.
"""

from collections.abc import Callable, Sequence

from callout.base.errors import BadInputError
from callout.journal.tree import EMPTY_ROOT, HASH_BYTES, node_hash

#: The root of the perfect subtree of 2^height leaves that begins at leaf index << height.
Node = Callable[[int, int], bytes]
_TODO = "Do not believe what came with it; ask for the proof again"
MAX_SIZE = 2**63 - 1


def range_root(node: Node, start: int, end: int) -> bytes:
    """RFC 6962, 2.1: the hash over leaves start to end - 1; ``start`` as ``check_subtree`` asks."""
    count = end - start
    if count == 0:
        return EMPTY_ROOT
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return node(height, start >> height)
    middle = start + _split(count)
    return node_hash(range_root(node, start, middle), range_root(node, middle, end))


def inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, 2.1.1: from the leaf's sibling to the root's child."""
    if not 0 <= index < size:
        raise BadInputError(f"there is no leaf {index} in a tree of {size}", todo="Check the seq")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    return path[::-1]


def consistency(node: Node, size1: int, size2: int) -> list[bytes]:
    """PROOF(size1, D[size2]) of RFC 6962, 2.1.2; empty for equal sizes and for size1 0."""
    if not 0 <= size1 <= size2:
        raise BadInputError(f"a tree of {size2} does not hold one of {size1}", todo="Swap them")
    if size1 in {0, size2}:
        return []
    path: list[bytes] = []
    start, end, whole = 0, size2, True
    while size1 != end:
        middle = start + _split(end - start)
        if size1 <= middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_root(node, start, end))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return when the leaf hash is leaf ``index`` of the tree; BadInputError when not."""
    _check_hashes(leaf, root, *proof)
    if not 0 <= index < size <= MAX_SIZE:
        raise BadInputError(f"there is no leaf {index} in a tree of {size}", todo=_TODO)
    fn, sn, found = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise BadInputError("the proof has a hash too many", todo=_TODO)
        if fn & 1 or fn == sn:
            found = node_hash(sibling, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise BadInputError("the proof is cut short", todo=_TODO)
    if found != root:
        raise BadInputError("the entry is not in this log", todo=_TODO)


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> None:
    """``verify_inclusion`` in the subtree over leaves start to end - 1."""
    check_subtree(start, end)
    verify_inclusion(leaf, index - start, end - start, proof, root)


def verify_consistency(
    size1: int, root1: bytes, size2: int, root2: bytes, proof: Sequence[bytes]
) -> None:
    """Return when the tree of ``size2`` only added to that of ``size1``; BadInputError if not."""
    if size1 == 0:
        # Everything extends nothing; RFC 9162 leaves it out, tlog-witness asks for it.
        _check_hashes(root1, root2, *proof)
        if proof or root1 != EMPTY_ROOT or (size2 == 0 and root2 != EMPTY_ROOT) or size2 < 0:
            raise BadInputError("the empty tree has one root and needs no proof", todo=_TODO)
        return
    verify_subtree_consistency(0, size1, size2, root1, root2, proof)


def verify_subtree_consistency(  # noqa: C901, PLR0912 - the draft's steps in its order
    start: int, end: int, size: int, part: bytes, root: bytes, proof: Sequence[bytes]
) -> None:
    """Return when ``part`` is the hash over leaves start to end - 1 of the tree; BadInputError."""
    _check_hashes(part, root, *proof)
    if start == end:
        if proof or part != EMPTY_ROOT or not 0 <= start <= size:
            raise BadInputError("the empty subtree has one root and needs no proof", todo=_TODO)
        return
    check_subtree(start, end)
    if not end <= size <= MAX_SIZE:
        raise BadInputError(f"a tree of {size} does not hold leaf {end - 1}", todo=_TODO)
    fn, sn, tn = start, end - 1, size - 1
    if sn == tn:
        while fn != sn:
            fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    else:
        while fn != sn and sn & 1:
            fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    left = list(proof)
    if fn == sn:
        seed = part
    elif left:
        seed = left.pop(0)
    else:
        raise BadInputError("the proof is cut short", todo=_TODO)
    found_part = found = seed
    for hashed in left:
        if tn == 0:
            raise BadInputError("the proof has a hash too many", todo=_TODO)
        if sn & 1 or sn == tn:
            if fn < sn:
                found_part = node_hash(hashed, found_part)
            found = node_hash(hashed, found)
            while not sn & 1:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            found = node_hash(found, hashed)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    if tn != 0:
        raise BadInputError("the proof is cut short", todo=_TODO)
    if found_part != part or found != root:
        raise BadInputError("the log was changed, it has not only grown", todo=_TODO)


def check_subtree(start: int, end: int) -> None:
    """BadInputError unless start to end - 1 is a subtree: not empty, start aligned to its size."""
    if not 0 <= start < end or start % (1 << (end - start - 1).bit_length()):
        raise BadInputError(f"leaves {start} to {end - 1} are no subtree", todo=_TODO)


def _split(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def _check_hashes(*hashes: bytes) -> None:
    for one in hashes:
        if len(one) != HASH_BYTES:
            raise BadInputError(f"a hash has {len(one)} bytes instead of {HASH_BYTES}", todo=_TODO)
