"""What a caller's words ask for: a crossing, a kilometre, something near something, a number.

Pure reading of words; nothing here knows what there is. A text can be read in several ways, and
all of them are given: the gazetteer finds out which one exists.
"""

import re
from typing import Final, NamedTuple

from callout.places.fold import WORDS, folded

_CROSS: Final = frozenset(WORDS["crossing"])
_CORNER: Final = tuple(sorted((w.split() for w in WORDS["corner"]), key=len, reverse=True))
_BETWEEN: Final = tuple(
    sorted(
        [(w.split(), False) for w in WORDS["near"]] + [(w.split(), True) for w in WORDS["on"]],
        key=lambda pair: -len(pair[0]),
    )
)
_KM: Final = "|".join(WORDS["kilometre"])
_KILOMETRE: Final = (
    re.compile(rf"\b(?:{_KM})s?\.?\s*(\d{{1,4}})(?:\s*[.,+]\s*(\d{{1,3}}))?", re.IGNORECASE),
    re.compile(rf"\b(\d{{1,4}})(?:[.,+](\d{{1,3}}))?\s*(?:{_KM})s?\b", re.IGNORECASE),
)
_SIGNS: Final = re.compile("\\s[&@/+\u00d7]\\s|(?<=[^\\W\\d])\\s?[&/@\u00d7]\\s?(?=[^\\W\\d])")
_HOUSE: Final = re.compile(r"\d{1,5}[a-z]?")
_ARTICLES: Final = frozenset({"the", "a", "an", "o", "os", "as", "la", "le", "el", "der", "die"})
_MOST_NUMBERS: Final = 3
_MOST_SPLITS: Final = 4


class Post(NamedTuple):
    """A place along a road."""

    road: str
    metres: int


class Crossing(NamedTuple):
    """Where two streets meet; ``sure`` when the text says that a corner comes."""

    one: list[str]
    other: list[str]
    sure: bool


class Link(NamedTuple):
    """Something on (else near) what follows."""

    what: list[str]
    on: bool


class House(NamedTuple):
    """A house number and the words around it."""

    number: str
    at: int
    street: list[str]


def words_of(text: str) -> list[str]:
    """The folded words of a text; signs between two streets become a word."""
    return folded(_SIGNS.sub(" x ", text)).split()


def post_of(text: str) -> Post | None:
    """The kilometre that a text names, with the words of its road."""
    for pattern in _KILOMETRE:
        found = pattern.search(text)
        if found:
            road = folded(text[: found.start()] + " " + text[found.end() :])
            if road:
                return Post(road, int(found[1]) * 1000 + int((found[2] or "0").ljust(3, "0")))
    return None


def crossings(words: list[str]) -> list[Crossing]:
    """Every way to read the words as two streets."""
    for corner in _CORNER:
        if words[: len(corner)] == corner:
            return [Crossing(a, b, sure=True) for a, b in _split(words[len(corner) :])]
    return [Crossing(a, b, sure=False) for a, b in _split(words)]


def _split(words: list[str]) -> list[tuple[list[str], list[str]]]:
    found = [at for at in range(1, len(words) - 1) if words[at] in _CROSS]
    return [(words[:at], words[at + 1 :]) for at in found[:_MOST_SPLITS]]


def chain(words: list[str]) -> tuple[list[Link], list[str]]:
    """The links of "A near B on C", and the last thing, which stands for itself."""
    links: list[Link] = []
    start = at = 0
    while at < len(words):
        for between, on in _BETWEEN:
            if words[at : at + len(between)] == between:
                what = without_article(words[start:at])
                if what:
                    links.append(Link(what, on))
                at += len(between)
                start = at
                break
        else:
            at += 1
    return links, without_article(words[start:])


def without_article(words: list[str]) -> list[str]:
    """The words without a "the" before them."""
    return words[1:] if len(words) > 1 and words[0] in _ARTICLES else words


def houses(words: list[str]) -> list[House]:
    """Every word that may be a house number, with the rest."""
    found = [
        House(word, at, words[:at] + words[at + 1 :])
        for at, word in enumerate(words)
        if _HOUSE.fullmatch(word) and len(words) > 1
    ]
    return found[:_MOST_NUMBERS]
