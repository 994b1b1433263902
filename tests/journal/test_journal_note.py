"""Signed notes: literal ones of Go's note package, and what must not verify."""

from pathlib import Path

import pytest

from callout.base.errors import BadInputError, DamagedError
from callout.journal.note import Checkpoint, Signer, Verifier, parse_checkpoint

# From the documentation of golang.org/x/mod/sumdb/note.
PETER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NOTE = TEXT + (
    "\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_signs_as_go_does() -> None:
    signer = Signer.parse(PETER)
    assert signer.verifier.encoded() == PETER_PUBLIC
    assert signer.encoded() == PETER + "\n"
    assert signer.sign(TEXT).decode() == NOTE


def test_verifies_what_go_signed() -> None:
    assert Verifier.parse(PETER_PUBLIC).open(NOTE.encode()) == TEXT


def test_other_signatures_are_passed_over() -> None:
    other = Signer.generate("witness").sign(TEXT).decode().rpartition("\n\n")[2]
    assert Verifier.parse(PETER_PUBLIC).open((NOTE + other).encode()) == TEXT
    with pytest.raises(DamagedError, match="not signed"):
        Signer.generate("PeterNeumann").verifier.open(NOTE.encode())


def test_every_flipped_byte_is_noticed() -> None:
    verifier = Verifier.parse(PETER_PUBLIC)
    good = NOTE.encode()
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1
        with pytest.raises(DamagedError):
            verifier.open(bytes(bad))


@pytest.mark.parametrize("note", [b"", b"a", TEXT.encode(), b"\n\n", NOTE.encode()[:-1]])
def test_refuses_what_is_no_note(note: bytes) -> None:
    with pytest.raises(DamagedError):
        Verifier.parse(PETER_PUBLIC).open(note)


@pytest.mark.parametrize(
    "key", ["", "a", PETER, PETER_PUBLIC.replace("c74f", "c74e"), PETER_PUBLIC[:-4], "a+b+c"]
)
def test_refuses_what_is_no_verifier_key(key: str) -> None:
    with pytest.raises(BadInputError):
        Verifier.parse(key)


@pytest.mark.parametrize("key", ["", PETER_PUBLIC, PETER.replace("c74f", "c74e"), PETER[:-4]])
def test_refuses_what_is_no_signing_key(key: str) -> None:
    with pytest.raises(DamagedError):
        Signer.parse(key)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_refuses_names(name: str) -> None:
    with pytest.raises(BadInputError):
        Signer.generate(name)


def test_checkpoint_text() -> None:
    checkpoint = Checkpoint("callout", 3, bytes(range(32)))
    text = "callout\n3\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert checkpoint.text() == text
    assert parse_checkpoint(text) == checkpoint
    assert parse_checkpoint(text + "an extension\n") == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "callout\n",
        "callout\n3\nAAEC\n",
        "\n3\n" + "A" * 43 + "=\n",
        "c\n03\n" + "A" * 43 + "=\n",
        "c\n-3\n" + "A" * 43 + "=\n",
        "c\n3\n" + "A" * 43 + "=",
        "c\n\u0663\n" + "A" * 43 + "=\n",
        "c\n3\n*\n",
    ],
)
def test_refuses_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(DamagedError):
        parse_checkpoint(text)


def test_tessera_checkpoints(data: Path) -> None:
    key = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    verifier = Verifier.parse(key)
    for path in (data / "vectors/tessera-log/testdata/log").glob("checkpoint*"):
        assert parse_checkpoint(verifier.open(path.read_bytes())).origin == verifier.name
