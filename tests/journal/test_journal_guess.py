"""What is left after erasure cannot be guessed from, even by who tries every name there is."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from callout.journal import Batch, Draft, Journal, Side

NAMES = [
    f"{first} {last}"
    for first in (
        "Ana",
        "Bruno",
        "Carla",
        "Duarte",
        "Eva",
        "Filipe",
        "Gil",
        "Helena",
        "Ivo",
        "Joana",
    )
    for last in (
        "Silva",
        "Costa",
        "Reis",
        "Lopes",
        "Alves",
        "Dias",
        "Melo",
        "Neves",
        "Pires",
        "Sousa",
    )
]
DICTIONARY = [
    {"name": name, "phone": f"+3519{number:08d}"}
    for name in NAMES
    for number in range(912_000, 912_100)
]
RIGHT = DICTIONARY[7_321]


def digests(value: bytes, name: str, left: list[bytes]) -> Iterator[str]:
    """What somebody would try: plain, with the row's name, keyed with anything that is left."""
    texts = (value, name.encode() + b"\0" + value)
    for text in texts:
        yield hashlib.sha256(text).hexdigest()
        for key in left:
            yield hmac.digest(key, text, "sha256").hex()


def guess(commitment: str, name: str, left: list[bytes]) -> list[dict[str, str]]:
    return [
        value
        for value in DICTIONARY
        if commitment in digests(msgspec.json.encode(value, order="sorted"), name, left)
    ]


def test_a_dictionary_finds_nothing(home: Path, open_home: Callable[..., Journal]) -> None:
    journal = open_home()
    side = Side("caller", RIGHT, "incident/i1")
    journal.append(Batch((Draft("incident/i1", "NoteAdded.1", {}, (side,)),), "a"))
    journal.forget("incident/i1")
    row = journal._driver.side(0, "caller")
    assert row is not None
    number, box, key = row
    commitment = journal.entry(0).body["side"]["caller"]
    secret = (home / "keys/home.secret").read_bytes()
    record = (home / "keys/side.keys").read_bytes()[number * 64 : number * 64 + 64]
    left = [secret, record, record[24:56], box[:12], box[:44], box[12:44], key.encode(), b""]
    assert guess(commitment, "caller", left) == []
    # The same attack on a commitment without salt, which is what the salt is for.
    unsalted = hashlib.sha256(msgspec.json.encode(RIGHT, order="sorted")).hexdigest()
    assert guess(unsalted, "caller", left) == [RIGHT]


def test_equal_values_look_different_and_lengths_are_hidden(journal: Journal) -> None:
    for number, name in enumerate(["Ana", "Ana", "Bartholomew-Alexander"]):
        side = Side("caller", {"name": name}, "incident/i1")
        journal.append(Batch((Draft("incident/i1", "NoteAdded.1", {}, (side,)),), str(number)))
    commitments = {journal.entry(seq).body["side"]["caller"] for seq in range(3)}
    assert len(commitments) == 3
    boxes = [journal._driver.side(seq, "caller") for seq in range(3)]
    assert len({box[1] for box in boxes if box}) == 3
    assert len({len(box[1]) for box in boxes if box}) == 1
