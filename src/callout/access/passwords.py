"""What may be a password: long enough, and nobody's first guess (ASVS 5.0, 6.2.1, .4 and .11)."""

import unicodedata
from collections.abc import Iterable
from functools import cache

from callout.base.errors import BadInputError

LEAST, MOST = 10, 200
_TODO = "Use a few words that nobody would put together; they are easiest to remember"
#: What everybody guesses first of a control room, besides its own names.
_ROOM = ("callout", "dispatch", "dispatcher", "control room", "emergency", "password", "112", "911")


def check_words(password: str, about: Iterable[str] = ()) -> None:
    """Return when it may be one; BadInputError, in words that help.

    ``about``: what an attacker knows of its owner: sign-in name, agency, the room's city. One of
    30,000 that are often used, or made of such words and a few digits, may not.
    """
    if not LEAST <= len(password) <= MOST:
        raise BadInputError(
            f"the password has {len(password)} characters",
            where="password",
            todo=f"Use {LEAST} to {MOST}. {_TODO}",
        )
    folded = _fold(password)
    if folded in _common() or len(set(folded)) < 4:
        raise BadInputError("many people use this password", where="password", todo=_TODO)
    rest = folded
    for word in sorted({_fold(word) for word in (*_ROOM, *about)}, key=len, reverse=True):
        if len(word) > 2:
            rest = rest.replace(word, "")
    letters = [c for c in rest if c.isalpha()]
    if len(rest) < len(folded) and len(letters) < 4:
        raise BadInputError(
            "the password is made of names that belong to this room", where="password", todo=_TODO
        )


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace(" ", "")


@cache
def _common() -> frozenset[str]:
    """The often used ones of at least ten characters, of the list that zxcvbn brings."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - a third of a second

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= LEAST)
