"""Names as they are compared: small, without accents, short forms and number words made one.

``folded`` keeps the words, ``key`` also makes "Street" and "St", "Fifth" and "5th" the same word.
The words are in ``words.toml``.
"""

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

WORDS: Final[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
)
_ONE: Final[dict[str, str]] = {word: group[0] for group in WORDS["same"] for word in group}
_ENDS: Final[list[tuple[str, str]]] = [
    (long, ends[0]) for ends in WORDS["ends"] for long in ends[1:]
]
_NUMBER: Final = {word: int(n) for n, words in WORDS["numbers"].items() for word in words}
_JOINS: Final = frozenset({"and", "e", "y", "et", "und"})
# The spellings that a word of a key stands for: av -> avenida, avenue, ...
SPELT: Final[dict[str, list[str]]] = {}
for _spelling, _word in (*_ONE.items(), *((w, str(n)) for w, n in _NUMBER.items())):
    SPELT.setdefault(_word, []).append(_spelling)
SMALL: Final = frozenset(_ONE.get(word, word) for word in WORDS["small"])
# Letters that no decomposition takes apart.
_PLAIN: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
    }
)
# Marks on Latin, Greek and Cyrillic letters, Hebrew points and Arabic vowels are left out in
# writing; those of Indic scripts are the vowels themselves.
_MARKS: Final = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")
_APOSTROPHES: Final = re.compile("['\u2019\u2018\u02bc`\u00b4]")
_ORDINAL: Final = re.compile(r"(\d+)(?:st|nd|rd|th|er|eme|[ao])")


def folded(text: str) -> str:
    """The words of a text, small and without accents, one space between them."""
    text = unicodedata.normalize("NFKD", text.casefold().replace("º", "").replace("ª", ""))
    text = _MARKS.sub("", text).casefold().translate(_PLAIN)
    text = unicodedata.normalize("NFKC", _APOSTROPHES.sub("", text))
    return " ".join("".join(c if _in_word(c) else " " for c in text).split())


@lru_cache(maxsize=4096)
def _in_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM"


def key(text: str) -> tuple[str, ...]:
    """The words by which two spellings of one name are the same."""
    return key_of(folded(text).split())


def key_of(words: list[str]) -> tuple[str, ...]:
    """The same of words that are folded already."""
    found: list[str] = []
    pending = 0  # tens that a unit may follow: twenty (and) five
    for index, word in enumerate(words):
        value = _NUMBER.get(word)
        if value is None and pending and word in _JOINS and _is_unit(words, index + 1):
            continue
        if value is not None and pending and value < 10:
            found[-1] = str(pending + value)
            pending = 0
        elif value is not None:
            found.append(str(value))
            pending = value if value >= 20 else 0
        else:
            found.append(_one(word))
            pending = 0
    return tuple(found)


def _is_unit(words: list[str], index: int) -> bool:
    return index < len(words) and _NUMBER.get(words[index], 10) < 10


@lru_cache(maxsize=65_536)
def _one(word: str) -> str:
    known = _ONE.get(word)
    if known is not None:
        return known
    ordinal = _ORDINAL.fullmatch(word)
    if ordinal:
        return str(ordinal[1])
    for long, short in _ENDS:
        if word.endswith(long) and len(word) > len(long) + 1:
            return word[: -len(long)] + short
    return word
