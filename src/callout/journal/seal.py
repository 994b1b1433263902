"""Side rows: sealing, committing to them, opening them.

plaintext   salt (32 random bytes) || canonical JSON of the value || spaces to a multiple of 64
box         nonce (12 random bytes) || AES-256-GCM of the plaintext with its tag (16 bytes);
            additional data: entry key || LF || name; then the tag: the first 16 bytes of
            HMAC-SHA256(home.secret, "box" NUL number of the record, 8 bytes big-endian ||
            entry key || LF || name || LF || nonce || the rest)
commitment  HMAC-SHA256(salt, name || NUL || canonical JSON), in hex in the leaf's body

The tag outlives the key: a row that was erased cannot be changed, and no other row can be passed
off as erased by pointing it at a record that was destroyed. Boxes of older homes have none.

The salt lies only inside the box, so when the key is gone nobody can try names or numbers against
the commitment; the spaces keep the length from telling much.
"""

import hmac
import secrets
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callout.base.errors import BadInputError, DamagedError
from callout.journal.entries import Draft
from callout.journal.format import MAX_LEAF_BYTES, canonical
from callout.journal.keys import TAG_BYTES, KeyFile

_SALT_BYTES = 32
_NONCE_BYTES = 12
_PAD_BYTES = 64
_BARE_BYTES = _NONCE_BYTES + _SALT_BYTES + 16

Boxes = tuple[tuple[str, int, bytes], ...]


def seal(draft: Draft, entry_key: str, keys: KeyFile) -> tuple[dict[str, str], Boxes]:
    """The commitments and boxes of a draft's side rows; makes keys that do not exist yet."""
    commitments: dict[str, str] = {}
    boxes = []
    for side in draft.side:
        name = side.name
        if name in commitments or not name.isascii() or not name.isidentifier():
            raise BadInputError(
                f"{name!r} cannot name a side row",
                where=draft.type,
                todo="One word of ASCII letters, each at most once in an entry",
            )
        value = canonical(side.value, f"{draft.type} {name}")
        if len(value) > MAX_LEAF_BYTES:
            raise BadInputError(
                f"the side row has {len(value)} bytes, at most {MAX_LEAF_BYTES}",
                where=f"{draft.type} {name}",
                todo="Keep the long part elsewhere",
            )
        salt = secrets.token_bytes(_SALT_BYTES)
        commitments[name] = _commitment(salt, name, value)
        number, cipher = _key(keys, side.key)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = salt + value + b" " * (-len(value) % _PAD_BYTES)
        box = nonce + cipher.encrypt(nonce, plain, _about(entry_key, name))
        boxes.append((name, number, box + _tag(keys, number, box, entry_key, name)))
    return commitments, tuple(boxes)


def open_box(box: bytes, cipher: AESGCM, entry_key: str, name: str) -> tuple[dict[str, Any], str]:
    """The value and its commitment; DamagedError when the box is not what was sealed."""
    sealed = box[_NONCE_BYTES : len(box) - (TAG_BYTES if _is_tagged(box) else 0)]
    try:
        plain = cipher.decrypt(box[:_NONCE_BYTES], sealed, _about(entry_key, name))
    except (InvalidTag, ValueError):
        raise DamagedError(
            f"the side row {name} is not what was written",
            where=entry_key,
            todo="Run callout check; restore the last backup if it confirms this",
        ) from None
    salt, value = plain[:_SALT_BYTES], plain[_SALT_BYTES:].rstrip(b" ")
    decoded: dict[str, Any] = msgspec.json.decode(value)
    return decoded, _commitment(salt, name, value)


def tag_fits(keys: KeyFile, number: int, box: bytes, entry_key: str, name: str) -> bool:
    """Whether a box was sealed under this record for this entry; needs no key but home.secret."""
    if not _is_tagged(box):
        return not keys.binds
    return box[-TAG_BYTES:] == _tag(keys, number, box[:-TAG_BYTES], entry_key, name)


def _is_tagged(box: bytes) -> bool:
    # Without the tag a box has 60 bytes more than a multiple of 64, with it 12 more.
    return len(box) % _PAD_BYTES == (_BARE_BYTES + TAG_BYTES) % _PAD_BYTES


def _tag(keys: KeyFile, number: int, box: bytes, entry_key: str, name: str) -> bytes:
    return keys.tag(number, _about(entry_key, name) + b"\n" + box)


def _key(keys: KeyFile, owner: str) -> tuple[int, AESGCM]:
    while True:
        number = keys.number_of(owner)
        cipher = keys.cipher(number)
        # None: somebody destroyed it between the two lines; the next round makes a new one.
        if cipher is not None:
            return number, cipher


def _commitment(salt: bytes, name: str, value: bytes) -> str:
    return hmac.digest(salt, name.encode() + b"\0" + value, "sha256").hex()


def _about(entry_key: str, name: str) -> bytes:
    return f"{entry_key}\n{name}".encode()
