"""Which names are meant: every word of a text against every word of the names, edits and sound.

Words are few (a city has about ten thousand), names many: so each word said is compared with all
words there are, and only names that have a likely word are looked at closely.
"""

from bisect import bisect_left, bisect_right
from typing import Final, NamedTuple

import jellyfish
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from callout.places.fold import SMALL, SPELT

_EDITS: Final = 2
# What one edit takes from a likeness, over the length of the word; measured by bench/geocode.py.
_EDIT_COST: Final = 0.9
_SOUND: Final = 0.8
_SOUND_LETTERS: Final = 0.5
_SMALL_WEIGHT: Final = 0.15
_LIKE: Final = 0.6  # below it a word is not said to be meant
_MOST_WORDS: Final = 12
_SHARE_SAID, _SHARE_NAME, _SHARE_ORDER = 0.74, 0.18, 0.08


class Word(NamedTuple):
    """A word as said, with the words it may mean."""

    text: str
    weight: float
    ids: NDArray[np.int64]  # words of the names
    likeness: NDArray[np.float32]  # 0 to 1, of each
    by_id: dict[int, float]


class Fit(NamedTuple):
    """How well a name fits: each word's likeness, and the share of the name that was said."""

    likeness: list[float]
    share: float
    order: float


class Names:
    """The words of all names. Immutable; may be used from any thread."""

    def __init__(
        self, words: list[str], ptr: NDArray[np.int64], names: NDArray[np.int32], count: int
    ) -> None:
        """``words`` sorted; those names have word ``i``: ``names[ptr[i]:ptr[i + 1]]``."""
        self._words, self._ptr, self._names, self._count = words, ptr, names, count
        self._id = {word: index for index, word in enumerate(words)}
        held = np.diff(ptr)
        self._weight = np.log1p(count / np.maximum(held, 1)).astype(np.float32)
        for word in SMALL & self._id.keys():
            self._weight[self._id[word]] *= _SMALL_WEIGHT
        self._usual = float(np.median(self._weight)) if words else 1.0
        self._whole = np.bincount(names, np.repeat(self._weight, held), count).astype(np.float32)
        by_length: dict[int, list[tuple[str, int]]] = {}
        self._sounds: dict[str, list[tuple[str, int]]] = {}
        for index, word in enumerate(words):
            for spelling in {word, *SPELT.get(word, ())}:
                by_length.setdefault(len(spelling), []).append((spelling, index))
                if sound := _sound(spelling):
                    self._sounds.setdefault(sound, []).append((spelling, index))
        self._by_length = {
            length: ([text for text, _ in some], np.array([index for _, index in some]))
            for length, some in by_length.items()
        }

    def knows(self, word: str) -> bool:
        """Whether some name has exactly this word."""
        return word in self._id

    def said(self, text: str, *, unfinished: bool = False) -> Word:
        """A word and what it may mean; ``unfinished`` when more letters may come."""
        found: dict[int, float] = self._edited(text)
        for spelling, index in self._sounds.get(_sound(text), ()):
            # Metaphone has few sounds left of a long word; some letters must be the same too.
            if Indel.normalized_similarity(text, spelling) >= _SOUND_LETTERS:
                found[index] = max(found.get(index, 0.0), _SOUND)
        if unfinished:
            low, high = (
                bisect_left(self._words, text),
                bisect_right(self._words, text + "\U0010ffff"),
            )
            for index in range(low, min(high, low + 4000)):
                length = len(self._words[index])
                found[index] = max(found.get(index, 0.0), 0.7 + 0.28 * len(text) / length)
        exact = self._id.get(text)
        if exact is not None:
            found[exact] = 1.0
        ids = np.fromiter(found, np.int64, len(found))
        likeness = np.fromiter(found.values(), np.float32, len(found))
        return Word(text, self._weight_of(text, ids, likeness), ids, likeness, found)

    def best(self, words: list[Word], most: int) -> list[int]:
        """Names that have the likeliest words, best first; a rough order over all names."""
        total = np.zeros(self._count, np.float32)
        for word in words[:_MOST_WORDS]:
            mine = np.zeros(self._count, np.float32)
            for at in np.argsort(word.likeness, kind="stable"):
                index = word.ids[at]
                mine[self._names[self._ptr[index] : self._ptr[index + 1]]] = word.likeness[at]
            total += mine * word.weight
        said = sum(word.weight for word in words) or 1.0
        named = np.minimum(total / np.maximum(self._whole, np.float32(1e-6)), np.float32(1))
        behind = -(total * np.float32(_SHARE_SAID / said) + named * np.float32(_SHARE_NAME))
        kept = np.flatnonzero(behind < 0)
        if most < len(kept):
            kept = kept[np.argpartition(behind[kept], most)[:most]]
        return [int(name) for name in kept[np.argsort(behind[kept], kind="stable")]]

    def fit(self, words: list[Word], name: str) -> Fit:
        """How well a name, given by its words, fits; each of its words is meant once."""
        parts = name.split()
        ids = [self._id.get(part, -1) for part in parts]
        free = [True] * len(ids)
        likeness = [0.0] * len(words)
        said = 0.0
        for at in sorted(range(len(words)), key=lambda i: -words[i].weight):
            meant = words[at].by_id
            pairs = [(meant.get(i, 0.0), n) for n, i in enumerate(ids) if free[n]]
            value, which = max(pairs, default=(0.0, 0), key=lambda pair: pair[0])
            if value > 0:
                free[which] = False
                likeness[at] = value
                said += value * float(self._weight[ids[which]])
        whole = sum(float(self._weight[i]) for i in ids if i >= 0) or 1.0
        order = Indel.normalized_similarity(" ".join(w.text for w in words), name)
        return Fit(likeness, said / whole, order)

    def _edited(self, text: str) -> dict[int, float]:
        if len(text) < 3 or text.isdigit():
            return {}
        found: dict[int, float] = {}
        edits = 1 if len(text) < 4 else _EDITS
        for length in range(max(2, len(text) - edits), len(text) + edits + 1):
            bucket = self._by_length.get(length)
            if bucket is None:
                continue
            apart = process.cdist(
                [text], bucket[0], scorer=OSA.distance, score_cutoff=edits, dtype=np.uint8
            )[0]
            for at in np.flatnonzero(apart <= edits):
                if not bucket[0][at].isdigit():
                    cost = _EDIT_COST * int(apart[at]) / max(len(text), length)
                    index = int(bucket[1][at])
                    found[index] = max(found.get(index, 0.0), 1.0 - cost)
        return found

    def _weight_of(self, text: str, ids: NDArray[np.int64], likeness: NDArray[np.float32]) -> float:
        if text in SMALL:
            return self._usual * _SMALL_WEIGHT
        if len(ids) == 0:
            return self._usual
        return float(self._weight[ids[likeness >= likeness.max()]].min())


def value(words: list[Word], likeness: list[float], share: float, order: float) -> float:
    """0 to 1: how well all that was said is met, how much of the name was said, in order."""
    weight = sum(word.weight for word in words) or 1.0
    met = 0.0
    for word, like in zip(words, likeness, strict=True):
        met += word.weight * (like if like >= _LIKE else like * 0.5) / weight
    return _SHARE_SAID * met + _SHARE_NAME * min(share, 1.0) + _SHARE_ORDER * order


def _sound(word: str) -> str:
    """How a word sounds (Metaphone, Philips 1990); "" for digits and other scripts."""
    return jellyfish.metaphone(word) if word.isascii() and word.isalpha() and len(word) > 2 else ""
