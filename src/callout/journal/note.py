"""Signed notes and checkpoints: C2SP signed-note and tlog-checkpoint, Ed25519.

A note is a text, an empty line, and signature lines ``— name base64(key id || signature)``. The
key id is the first four bytes of SHA-256(name || 0x0A || 0x01 || public key).
"""

import base64
import binascii
import hashlib
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from callout.base.errors import BadInputError, DamagedError
from callout.journal.tree import HASH_BYTES

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_SIGNATURE_BYTES = 64


class Checkpoint(NamedTuple):
    """What a log says of itself: this many leaves have this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note's text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class Signer:
    """A private Ed25519 key and its name."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        _check_name(name)
        self.name = name
        self._key = key
        self.verifier = Verifier(name, key.public_key())
        self._line = f"\n\u2014 {name} "

    @classmethod
    def generate(cls, name: str) -> "Signer":
        """A new random key."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> "Signer":
        """Read ``PRIVATE+KEY+name+id+key``, the form Go's note package writes; DamagedError."""
        try:
            _, _, name, _, data = text.strip().split("+", 4)
            raw = base64.b64decode(data, validate=True)
            signer = cls(name, Ed25519PrivateKey.from_private_bytes(raw[1:]))
        except ValueError:
            signer = None
        # What we would write is compared, so every part of the text is.
        if signer is None or signer.encoded().strip() != text.strip():
            raise DamagedError("the signing key is not readable", todo=_RESTORE)
        return signer

    def encoded(self) -> str:
        """The text that ``parse`` reads."""
        data = base64.b64encode(_ED25519 + self._key.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{data}\n"

    def sign(self, text: str) -> bytes:
        """The signed note of a text that ends with a newline."""
        raw = text.encode()
        signature = self.verifier.key_id + self._key.sign(raw)
        return raw + self._line.encode() + base64.b64encode(signature) + b"\n"


class Verifier:
    """A public Ed25519 key and its name."""

    def __init__(self, name: str, key: Ed25519PublicKey) -> None:
        _check_name(name)
        self.name = name
        self._key = key
        self._raw = key.public_bytes_raw()
        named = name.encode() + b"\n" + _ED25519 + self._raw
        self.key_id = hashlib.sha256(named).digest()[:_KEY_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Read a verifier key ``name+id+key``; BadInputError when it is none."""
        try:
            name, _, data = text.strip().split("+", 2)
            raw = base64.b64decode(data, validate=True)
            verifier = cls(name, Ed25519PublicKey.from_public_bytes(raw[1:]))
        except ValueError:
            verifier = None
        if verifier is None or verifier.encoded() != text.strip():
            raise BadInputError(
                "this is not a verifier key", where=text.strip(), todo="Give name+id+key"
            )
        return verifier

    def encoded(self) -> str:
        """The text that ``parse`` reads: what outsiders need to check this log."""
        data = base64.b64encode(_ED25519 + self._raw).decode()
        return f"{self.name}+{self.key_id.hex()}+{data}"

    def open(self, note: bytes) -> str:
        """The text of a note that this key signed; DamagedError otherwise.

        Lines by other keys are passed over, as the standard asks; a line that names this key and
        does not verify spoils the note.
        """
        text, _, lines = note.rpartition(b"\n\n")
        if not text or not lines.endswith(b"\n"):
            raise DamagedError("this is not a signed note", todo=_RESTORE)
        text += b"\n"
        good = False
        for line in lines[:-1].split(b"\n"):
            signature = self._own_signature(line)
            if signature is not None:
                try:
                    self._key.verify(signature, text)
                except InvalidSignature:
                    raise DamagedError("a signature is wrong", todo=_RESTORE) from None
                good = True
        if not good:
            raise DamagedError(f"{self.name} has not signed this note", todo=_RESTORE)
        return text.decode()

    def _own_signature(self, line: bytes) -> bytes | None:
        parts = line.split(b" ")
        if len(parts) != 3 or parts[0] != "\u2014".encode():
            raise DamagedError("a signature line is malformed", todo=_RESTORE)
        raw = _strict_base64(parts[2])
        if not raw:
            raise DamagedError("a signature line is malformed", todo=_RESTORE)
        if parts[1] != self.name.encode() or raw[:_KEY_ID_BYTES] != self.key_id:
            return None
        if len(raw) != _KEY_ID_BYTES + _SIGNATURE_BYTES:
            raise DamagedError("a signature is cut short", todo=_RESTORE)
        return raw[_KEY_ID_BYTES:]


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text by C2SP tlog-checkpoint; DamagedError when it is none."""
    origin, _, rest = text.partition("\n")
    size_text, _, rest = rest.partition("\n")
    root_text, end, _ = rest.partition("\n")
    root = _strict_base64(root_text.encode())
    # Decimal without leading zeros, by the standard.
    good_size = size_text.isascii() and size_text.isdecimal() and str(int(size_text)) == size_text
    if not (origin and good_size and end and len(root) == HASH_BYTES):
        raise DamagedError("this is not a checkpoint", todo=_RESTORE)
    return Checkpoint(origin, int(size_text), root)


_RESTORE = "Run callout check; restore the last backup if it confirms this"


def _strict_base64(text: bytes) -> bytes:
    """The bytes; empty when it is not base64, or not the one spelling that encoding gives."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return raw if base64.b64encode(raw) == text else b""


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() for c in name):
        raise BadInputError(
            f"{name!r} cannot name a log", where="origin", todo="No spaces, no plus sign"
        )
