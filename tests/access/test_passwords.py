"""What may be a password."""

import pytest

from callout.access.passwords import check_words
from callout.base.errors import BadInputError

ABOUT = ("ana.silva@fire.example", "fire", "Arnemouth")


@pytest.mark.parametrize(
    "good",
    [
        "correct horse battery",
        "a long password",
        "tomatenpflanze",
        "今日は雨が降りそうです",
        "7" * 5 + "abcde-fgh",
    ],
)
def test_a_few_words_are_one(good: str) -> None:
    check_words(good, ABOUT)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("short", "5 characters"),
        ("x" * 201, "201 characters"),
        ("1234567890", "many people"),
        ("QwertyUiop", "many people"),
        ("Password 123", "many people"),
        ("aaaaaaaaaaaa", "many people"),
        ("arnemouth2026", "names that belong"),
        ("CallOut-Fire-112", "names that belong"),
        ("dispatcher 911!!", "names that belong"),
        ("Arnemouth Arnemouth", "names that belong"),
    ],
)
def test_a_first_guess_is_none(bad: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        check_words(bad, ABOUT)
