"""A verifier by a stranger: written from docs/journal.md, without callout.

Needs Python and ``cryptography`` only. It checks an exported folder whole, or one proof.

    python stranger.py FOLDER KEY [EARLIER_CHECKPOINT]        python stranger.py x.proof KEY
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COLUMNS = {
    "seq", "stream", "version", "key", "type", "recorded_us", "claimed_us", "actor", "agency",
    "body",
}  # fmt: skip


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes):
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def open_note(note, key):
    """Origin, size, root of a checkpoint that the key signed."""
    name, key_id, public = key.strip().split("+", 2)
    raw = base64.b64decode(public, validate=True)
    assert raw[0] == 1
    assert hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() == key_id
    text, _, signatures = note.rpartition(b"\n\n")
    text += b"\n"
    verified = False
    for line in signatures.decode().splitlines():
        dash, signer, data = line.split(" ")
        assert dash == "\u2014"
        blob = base64.b64decode(data, validate=True)
        if signer == name and blob[:4].hex() == key_id:
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(blob[4:], text)
            verified = True
    assert verified, "not signed by this key"
    origin, size, root = text.decode().split("\n")[:3]
    assert origin == name
    return int(size), base64.b64decode(root, validate=True)


def check_leaf(leaf, index):
    entry = json.loads(leaf)
    assert set(entry) == COLUMNS
    assert entry["seq"] == index
    # The canonical form, for JSON without floats and with ASCII keys.
    again = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.encode() == leaf, "not canonical"
    return entry


def path_of(level, number, width):
    digits = f"{number % 1000:03d}"
    while number := number // 1000:
        digits = f"x{number % 1000:03d}/{digits}"
    return f"tile/{level}/{digits}" + ("" if width == 256 else f".p/{width}")


def verify_folder(folder, key, earlier=None):
    size, root = open_note((folder / "checkpoint").read_bytes(), key)
    hashes, versions = [], {}
    for number in range((size + 255) // 256):
        width = min(256, size - number * 256)
        data = (folder / path_of("entries", number, width)).read_bytes()
        count = 0
        while data:
            length = int.from_bytes(data[:2], "big")
            leaf, data = data[2 : 2 + length], data[2 + length :]
            assert len(leaf) == length
            entry = check_leaf(leaf, len(hashes))
            versions[entry["stream"]] = versions.get(entry["stream"], 0) + 1
            assert entry["version"] == versions[entry["stream"]]
            hashes.append(leaf_hash(leaf))
            count += 1
        assert count == width
    level, row = 0, hashes
    while row:
        for number in range((len(row) + 255) // 256):
            part = row[number * 256 : number * 256 + 256]
            stored = (folder / path_of(level, number, len(part))).read_bytes()
            assert stored == b"".join(part), f"tile {level}/{number}"
        row = [root_of(row[at : at + 256]) for at in range(0, len(row) // 256 * 256, 256)]
        level += 1
    assert root_of(hashes) == root
    if earlier is not None:
        size1, root1 = open_note(earlier, key)
        assert size1 <= size
        assert root_of(hashes[:size1]) == root1, "the log did not only grow"
    return size


def verify_proof(text, key):
    head, _, note = text.partition(b"\n\n")
    size, root = open_note(note, key)
    first, extra, index_line, *path = head.decode().split("\n")
    assert first == "c2sp.org/tlog-proof@v1"
    leaf = base64.b64decode(extra.removeprefix("extra "), validate=True)
    index = int(index_line.removeprefix("index "))
    assert index < size
    found, at, last = leaf_hash(leaf), index, size - 1
    for line in path:
        sibling = base64.b64decode(line, validate=True)
        assert len(sibling) == 32
        while at == last and not at & 1 and last:  # no sibling on this level
            at, last = at >> 1, last >> 1
        found = node_hash(sibling, found) if at & 1 else node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    assert last == 0 or at == last == 0
    assert found == root, "not in this log"
    return check_leaf(leaf, index)


if __name__ == "__main__":
    what = Path(sys.argv[1])
    if what.is_dir():
        kept = Path(sys.argv[3]).read_bytes() if len(sys.argv) > 3 else None
        print(verify_folder(what, sys.argv[2], kept), "entries verified")
    else:
        print(verify_proof(what.read_bytes(), sys.argv[2]))
