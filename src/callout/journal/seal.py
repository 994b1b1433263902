"""Side rows: sealing, committing to them, opening them.

plaintext   salt (32 random bytes) || canonical JSON of the value || spaces to a multiple of 64
box         nonce (12 random bytes) || AES-256-GCM of the plaintext with its tag (16 bytes);
            additional data: entry key || LF || name
commitment  HMAC-SHA256(salt, name || NUL || canonical JSON), in hex in the leaf's body

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
from callout.journal.keys import KeyFile

_SALT_BYTES = 32
_NONCE_BYTES = 12
_PAD_BYTES = 64

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
        boxes.append((name, number, nonce + cipher.encrypt(nonce, plain, _about(entry_key, name))))
    return commitments, tuple(boxes)


def open_box(box: bytes, cipher: AESGCM, entry_key: str, name: str) -> tuple[dict[str, Any], str]:
    """The value and its commitment; DamagedError when the box is not what was sealed."""
    try:
        plain = cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], _about(entry_key, name))
    except (InvalidTag, ValueError):
        raise DamagedError(
            f"the side row {name} is not what was written",
            where=entry_key,
            todo="Run callout check; restore the last backup if it confirms this",
        ) from None
    salt, value = plain[:_SALT_BYTES], plain[_SALT_BYTES:].rstrip(b" ")
    decoded: dict[str, Any] = msgspec.json.decode(value)
    return decoded, _commitment(salt, name, value)


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
