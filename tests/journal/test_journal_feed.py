"""Followers: each from its own cursor."""

from collections.abc import Callable, Sequence

import pytest

from callout.journal import Batch, Entry, Follower, Journal


def test_a_follower_goes_on_where_it_was(
    journal: Journal, open_home: Callable[..., Journal], one: Callable[..., Batch]
) -> None:
    seen: list[int] = []

    def handle(entries: Sequence[Entry]) -> None:
        seen.extend(entry.seq for entry in entries)

    follower = Follower(journal, "paging", handle)
    assert follower.catch_up() == 0
    for number in range(5):
        journal.append(one(str(number)))
    assert follower.step(2) == 2
    assert follower.cursor == 1
    journal.close()
    again = open_home()
    follower = Follower(again, "paging", handle)
    assert follower.catch_up() == 3
    assert seen == [0, 1, 2, 3, 4]
    late = Follower(again, "new", handle, start=again.head())
    assert late.catch_up() == 0


def test_a_failing_handler_gets_the_same_again(journal: Journal, one: Callable[..., Batch]) -> None:
    journal.append(one("a"))
    fails = [True]
    seen: list[int] = []

    def handle(entries: Sequence[Entry]) -> None:
        seen.extend(entry.seq for entry in entries)
        if fails.pop() if fails else False:
            raise ValueError

    follower = Follower(journal, "paging", handle)
    with pytest.raises(ValueError):
        follower.step()
    assert follower.cursor == -1
    assert follower.step() == 1
    assert seen == [0, 0]
