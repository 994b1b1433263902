"""Proofs: against RFC 6962's own definition, and against everybody's good and bad vectors."""

import base64
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callout.base.errors import BadInputError
from callout.journal import proof
from callout.journal.tree import EMPTY_ROOT, leaf_hash, node_hash

LEAVES = [leaf_hash(b"%d" % number) for number in range(300)]


def naive(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(naive(hashes[:k]), naive(hashes[k:]))


@functools.cache
def node(height: int, index: int) -> bytes:
    return naive(LEAVES[index << height : (index + 1) << height])


ROOTS = [naive(LEAVES[:size]) for size in range(len(LEAVES) + 1)]


def test_every_entry_of_every_small_tree_is_proved() -> None:
    for size in range(1, 301):
        for index in range(size):
            path = proof.inclusion(node, index, size)
            proof.verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])


def test_every_growth_of_small_trees_is_proved() -> None:
    for size2 in [*range(130), *range(250, 260), 300]:
        for size1 in range(size2 + 1):
            path = proof.consistency(node, size1, size2)
            proof.verify_consistency(size1, ROOTS[size1], size2, ROOTS[size2], path)


@given(st.data())
def test_a_changed_bit_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    parts = [LEAVES[index], ROOTS[size], *proof.inclusion(node, index, size)]
    which, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[which] = (int.from_bytes(parts[which], "big") ^ 1 << bit).to_bytes(32, "big")
    with pytest.raises(BadInputError):
        proof.verify_inclusion(parts[0], index, size, parts[2:], parts[1])


@given(st.data())
def test_a_changed_log_is_refused(data: st.DataObject) -> None:
    size2 = data.draw(st.integers(2, 300))
    size1 = data.draw(st.integers(1, size2 - 1))
    parts = [ROOTS[size1], ROOTS[size2], *proof.consistency(node, size1, size2)]
    which, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[which] = (int.from_bytes(parts[which], "big") ^ 1 << bit).to_bytes(32, "big")
    with pytest.raises(BadInputError):
        proof.verify_consistency(size1, parts[0], size2, parts[1], parts[2:])


@given(st.data())
def test_another_place_a_hash_more_or_less_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    index = data.draw(st.integers(0, size - 1))
    path = proof.inclusion(node, index, size)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
    for at, hashes in ((other, path), (index, [*path, LEAVES[0]]), (index, path[:-1])):
        with pytest.raises(BadInputError):
            proof.verify_inclusion(LEAVES[index], at, size, hashes, ROOTS[size])
    with pytest.raises(BadInputError, match="31 bytes"):
        proof.verify_inclusion(LEAVES[index][:31], index, size, path, ROOTS[size])


def test_rules_of_the_empty_tree() -> None:
    proof.verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    proof.verify_consistency(0, EMPTY_ROOT, 5, ROOTS[5], [])
    for size1, root1, size2, root2, path in (
        (0, ROOTS[1], 5, ROOTS[5], []),
        (0, EMPTY_ROOT, 5, ROOTS[5], [ROOTS[1]]),
        (0, EMPTY_ROOT, 0, ROOTS[1], []),
        (5, ROOTS[5], 0, EMPTY_ROOT, []),
        (-1, EMPTY_ROOT, 0, EMPTY_ROOT, []),
    ):
        with pytest.raises(BadInputError):
            proof.verify_consistency(size1, root1, size2, root2, path)
    with pytest.raises(BadInputError, match="no leaf 0"):
        proof.verify_inclusion(LEAVES[0], 0, 0, [], EMPTY_ROOT)
    with pytest.raises(BadInputError, match="no leaf 0"):
        proof.inclusion(node, 0, 0)
    with pytest.raises(BadInputError, match="does not hold"):
        proof.consistency(node, 3, 2)


def test_a_literal_proof() -> None:
    # transparency-dev/merkle, testdata/consistency/1/happy-path.json
    root1 = "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
    root2 = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
    path = (
        "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
        "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
        "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
    )
    hashes = [base64.b64decode(line) for line in path]
    one, two = base64.b64decode(root1), base64.b64decode(root2)
    proof.verify_consistency(1, one, 8, two, hashes)
    with pytest.raises(BadInputError):
        proof.verify_consistency(1, two, 8, one, hashes)


def hashes_of(case: dict[str, Any], *names: str) -> list[bytes]:
    found = [base64.b64decode(case[name] or "") for name in names]
    if not case["wantErr"]:
        # Four cases that should pass have twelve bytes of "don't care" for a root that is not
        # looked at. We look at every length, so these get 32 bytes.
        found = [h if len(h) == 32 else hashlib.sha256(h).digest() for h in found]
    return found


def verify(kind: str, case: dict[str, Any]) -> None:
    path = [base64.b64decode(line) for line in case["proof"] or ()]
    if kind.endswith("inclusion"):
        leaf, root = hashes_of(case, "leafHash", "root")
        if kind == "inclusion":
            proof.verify_inclusion(leaf, case["leafIdx"], case["treeSize"], path, root)
        else:
            where = (case["leafIdx"], case["start"], case["end"])
            proof.verify_subtree_inclusion(leaf, *where, path, root)
        return
    one, two = hashes_of(case, "root1", "root2")
    if kind == "consistency":
        proof.verify_consistency(case["size1"], one, case["size2"], two, path)
    else:
        where = (case["start"], case["end"], case["size"])
        proof.verify_subtree_consistency(*where, one, two, path)


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("inclusion", 98),
        ("consistency", 98),
        ("subtreeinclusion", 204),
        ("subtreeconsistency", 118),
    ],
)
def test_vectors_of_others(data: Path, kind: str, least: int) -> None:
    files = sorted((data / "vectors/rfc6962-merkle-proofs/testdata" / kind).rglob("*.json"))
    assert len(files) >= least
    for file in files:
        case = json.loads(file.read_bytes())
        try:
            verify(kind, case)
            refused = False
        except BadInputError:
            refused = True
        assert refused == case["wantErr"], f"{file.name}: {case['desc']}"
