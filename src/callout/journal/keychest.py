"""A copy of keys/ in one file: what a backup needs to be opened, kept apart from it.

callout-keys 1 LF                      then a tar archive of the four files, or
callout-keys-sealed 1 LF               then salt (16) || nonce (12) || AES-256-GCM(that archive),
                                       additional data: the first line; key: scrypt(passphrase,
                                       salt, n = 2^17, r = 8, p = 1) (RFC 7914)
"""

import io
import secrets
import tarfile
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from callout.base.errors import BadInputError, NotFoundError
from callout.journal.keys import sync_folder, used_records, write_durably

_PLAIN: Final = b"callout-keys 1\n"
_SEALED: Final = b"callout-keys-sealed 1\n"
_SIDE: Final = "side.keys"
_FILES: Final = ("log.key", "log.pub", "home.secret", _SIDE)
_SALT, _NONCE = 16, 12


def pack(keys: Path, target: Path, passphrase: bytes | None) -> None:
    """Copy ``keys/`` into one file (mode 0600), sealed when there is a passphrase.

    BadInputError when the file is there already: an older copy may be the only one of its keys.
    """
    if target.exists():
        raise BadInputError("is there already", where=str(target), todo="Name a new file")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in _FILES:
            data = used_records(keys / name) if name == _SIDE else _read(keys / name)
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            archive.addfile(member, io.BytesIO(data))
    if passphrase is None:
        write_durably(target, _PLAIN + packed.getvalue())
        return
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    box = _cipher(passphrase, salt).encrypt(nonce, packed.getvalue(), _SEALED)
    write_durably(target, _SEALED + salt + nonce + box)


def unpack(source: Path, keys: Path, passphrase: bytes | None) -> None:
    """Make ``keys/`` from such a file, or from a ``keys/`` that outlived its home.

    BadInputError for none of ours or a wrong passphrase.
    """
    if source.is_dir():
        keys.mkdir(mode=0o700)
        for name in _FILES:
            data = used_records(source / name) if name == _SIDE else _read(source / name)
            write_durably(keys / name, data)
        return
    try:
        data = source.read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"the key file cannot be read ({error.strerror})", where=str(source), todo="See --keys"
        ) from None
    if data.startswith(_SEALED):
        data = _PLAIN + _unsealed(data[len(_SEALED) :], source, passphrase)
    if not data.startswith(_PLAIN):
        raise BadInputError(
            "this is no key file", where=str(source), todo="Give the file of callout backup --keys"
        )
    keys.mkdir(mode=0o700)
    try:
        with tarfile.open(fileobj=io.BytesIO(data[len(_PLAIN) :])) as archive:
            for name in _FILES:
                # By name and into files we name: nothing else of an archive is ever written.
                member = archive.extractfile(name)
                assert member is not None
                write_durably(keys / name, member.read())
    except (tarfile.TarError, KeyError, AssertionError) as error:
        raise BadInputError(f"the key file is damaged ({error})", where=str(source)) from None
    sync_folder(keys)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"a key cannot be read ({error.strerror})", where=str(path), todo="See --keys"
        ) from None


def _unsealed(data: bytes, source: Path, passphrase: bytes | None) -> bytes:
    if passphrase is None:
        raise BadInputError(
            "the key file is sealed", where=str(source), todo="Give --passphrase-file"
        )
    salt, nonce, box = data[:_SALT], data[_SALT : _SALT + _NONCE], data[_SALT + _NONCE :]
    try:
        return _cipher(passphrase, salt).decrypt(nonce, box, _SEALED)
    except (InvalidTag, ValueError):
        raise BadInputError(
            "the passphrase is wrong, or the file is damaged", where=str(source), todo="Try again"
        ) from None


def _cipher(passphrase: bytes, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=2**17, r=8, p=1).derive(passphrase))
