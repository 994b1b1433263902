"""The key file: durable, erasable, never reused."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callout.base.errors import DamagedError, NotFoundError
from callout.journal.entries import Draft, Side
from callout.journal.keys import RECORD_BYTES, KeyFile, Keys
from callout.journal.seal import open_box, tag_fits
from callout.journal.seal import seal as seal_draft


def opened(path: Path, *, writable: bool = True) -> KeyFile:
    return KeyFile(path, bytes(32), writable=writable)


def seal(cipher: AESGCM | None) -> bytes:
    assert cipher is not None
    return cipher.encrypt(bytes(12), b"text", b"")


def test_same_name_same_key_also_after_reopening(tmp_path: Path) -> None:
    keys = opened(tmp_path / "k")
    number, other = keys.number_of("incident/a"), keys.number_of("incident/b")
    keys.sync()
    assert (number, other) == (1, 2)
    assert keys.number_of("incident/a") == number
    box = seal(keys.cipher(number))
    assert box != seal(keys.cipher(other))
    keys.close()
    keys.close()
    again = opened(tmp_path / "k")
    assert again.number_of("incident/a") == number
    assert seal(again.cipher(number)) == box
    assert again.number_of("incident/c") == 3
    again.close()


def test_forgotten_keys_leave_no_byte_and_no_number(tmp_path: Path) -> None:
    path = tmp_path / "k"
    keys = opened(path)
    number = keys.number_of("incident/a")
    keys.sync()
    record = path.read_bytes()[RECORD_BYTES : 2 * RECORD_BYTES]
    assert keys.find("incident/a") == number
    assert not keys.destroy("incident/b", number)
    assert keys.destroy("incident/a", number)
    assert not keys.destroy("incident/a", number)
    assert not keys.destroy("incident/a", 0)
    assert not keys.destroy("incident/a", 99_999)
    assert keys.find("incident/a") is None
    assert keys.cipher(number) is None
    after = path.read_bytes()
    assert after[RECORD_BYTES : 2 * RECORD_BYTES] == b"D" + bytes(63)
    assert record[24:56] not in after
    assert record[8:24] not in after
    keys.close()
    again = opened(path)
    assert again.cipher(number) is None
    assert again.number_of("incident/a") == number + 1
    again.close()


def test_the_file_grows_in_steps(tmp_path: Path) -> None:
    path = tmp_path / "k"
    keys = opened(path)
    for number in range(1, 1100):
        assert keys.number_of(f"incident/{number}") == number
    assert path.stat().st_size == RECORD_BYTES + 2 * 1024 * RECORD_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
    keys.close()


@pytest.mark.parametrize("at", range(RECORD_BYTES))
def test_every_flipped_byte_of_a_record_is_noticed(tmp_path: Path, at: int) -> None:
    path = tmp_path / "k"
    keys = opened(path)
    number = keys.number_of("incident/a")
    keys.close()
    data = bytearray(path.read_bytes())
    data[number * RECORD_BYTES + at] ^= 1
    path.write_bytes(data)
    again = opened(path, writable=False)
    with pytest.raises(DamagedError, match="record 1"):
        again.cipher(number)
    again.close()


def test_a_record_beyond_the_end_is_missing(tmp_path: Path) -> None:
    keys = opened(tmp_path / "k")
    with pytest.raises(DamagedError):
        keys.cipher(7)
    with pytest.raises(DamagedError):
        keys.cipher(70_000)
    keys.close()


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(bytes(200))
    with pytest.raises(DamagedError):
        opened(tmp_path / "k")
    with pytest.raises(NotFoundError):
        opened(tmp_path / "none", writable=False)


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    Keys.create(folder, "callout").close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert {p.name for p in folder.iterdir()} == {"log.key", "log.pub", "home.secret", "side.keys"}


@pytest.mark.parametrize("name", ["log.key", "home.secret", "side.keys"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "keys"
    Keys.create(folder, "callout").close()
    (folder / name).unlink()
    with pytest.raises(NotFoundError, match=name):
        Keys.load(folder, writable=True)


def test_keyed_hash_tells_parts_apart(tmp_path: Path) -> None:
    one = Keys.create(tmp_path / "a", "callout")
    other = Keys.create(tmp_path / "b", "callout")
    assert one.keyed_hash(("a", "bc")) == one.keyed_hash(("a", "bc"))
    assert len({one.keyed_hash(p) for p in [("a", "bc"), ("ab", "c"), ("abc",), ("abc", "")]}) == 4
    assert one.keyed_hash(("a",)) != other.keyed_hash(("a",))
    assert len(one.keyed_hash(("a",))) == 32
    one.close()
    other.close()


def test_key_file_and_secret_belong_together(tmp_path: Path) -> None:
    keys = opened(tmp_path / "side.keys")
    assert keys.binds
    keys.close()
    with pytest.raises(DamagedError, match=r"does not belong to home\.secret"):
        KeyFile(tmp_path / "side.keys", bytes(31) + b"x", writable=False)


def test_a_key_file_made_before_they_were_bound_is_read(tmp_path: Path) -> None:
    keys = opened(tmp_path / "side.keys")
    number = keys.number_of("incident/1")
    keys.close()
    with (tmp_path / "side.keys").open("r+b") as file:
        file.write(b"callout side keys 1\n".ljust(RECORD_BYTES, b"\0"))
    keys = opened(tmp_path / "side.keys")
    assert not keys.binds
    assert keys.number_of("incident/1") == number
    # Its boxes have no tags, so nothing can be asked of them; tags are written and asked for now.
    box = b"n" * 12 + b"c" * (32 + 64 + 16)
    assert tag_fits(keys, number, box, "k", "text")
    tagged = box + keys.tag(number, b"k\ntext\n" + box)
    assert tag_fits(keys, number, tagged, "k", "text")
    assert not tag_fits(keys, number + 1, tagged, "k", "text")
    keys.close()


def test_boxes_are_of_one_record_one_entry_and_one_name(tmp_path: Path) -> None:
    keys = opened(tmp_path / "side.keys")
    _, ((name, number, box),) = seal_draft(
        Draft("s", "A.1", {}, (Side("text", {"n": 1}, "incident/1"),)), "k", keys
    )
    cipher = keys.cipher(number)
    assert cipher is not None
    assert open_box(box, cipher, "k", name)[0] == {"n": 1}
    assert keys.destroy("incident/1", number)
    assert tag_fits(keys, number, box, "k", name)
    assert not tag_fits(keys, number + 1, box, "k", name)
    assert not tag_fits(keys, number, box, "l", name)
    assert not tag_fits(keys, number, box, "k", "place")
    # A tag cannot be cut off.
    assert not tag_fits(keys, number, box[:-16], "k", name)
    for at in range(len(box)):
        assert (
            not tag_fits(keys, number, box[:at] + b"\0" + box[at + 1 :], "k", name) or not box[at]
        )
    keys.close()


def test_a_damaged_key_does_not_hold_a_hash_up(tmp_path: Path) -> None:
    path = tmp_path / "k"
    keys = opened(path)
    before = keys.keyed_hash("press/1", ("a",))
    assert keys.keyed_hash("press/1", ("a",)) == before
    number = keys.find("press/1")
    assert number is not None
    data = bytearray(path.read_bytes())
    data[number * RECORD_BYTES + 30] ^= 1
    path.write_bytes(data)
    after = keys.keyed_hash("press/1", ("a",))
    assert after != before
    assert keys.keyed_hash("press/1", ("a",)) == after
    assert keys.find("press/1") == number + 1
    keys.close()
