"""The check must be able to fail: each thing it promises, broken once."""

from collections import Counter

import pytest

from callout.drills.verdict import PRESSES, Press, count, passed


@pytest.fixture
def good():
    """Figures of a run in which everything was right."""
    return {
        "alarms": 200,
        "verified": 200,
        "acknowledged": 200,
        "lost": 0,
        "duplicated": 0,
        "failed": 0,
        "repeats": 20,
        "no_fix_kept": 20,
        "positions_refused": 0,
        "compared": 180,
        "nearest_mismatches": 0,
        "alarm_to_screen_ms_p99": 30.0,
        "journal_ok": True,
    }


def test_good_figures_pass(good):
    assert passed(good)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alarms", 199),
        ("verified", 199),
        ("acknowledged", 199),
        ("lost", 1),
        ("duplicated", 1),
        ("failed", 1),
        ("repeats", 19),
        ("no_fix_kept", 19),
        ("positions_refused", 1),
        ("compared", 179),
        ("nearest_mismatches", 1),
        ("alarm_to_screen_ms_p99", 250.1),
        ("alarm_to_screen_ms_p99", None),
        ("journal_ok", False),
    ],
)
def test_one_wrong_figure_fails(good, name, value):
    assert not passed({**good, name: value})


@pytest.fixture
def presses():
    made = [
        Press("d", str(n), None if n < 2 else (1.0, 2.0), 1, [f"a{n}"], [201]) for n in range(5)
    ]
    made[0].ids.append("a0")
    made[0].statuses.append(200)
    return made


@pytest.fixture
def kept():
    return {f"a{n}": {"id": f"a{n}", "fix": n >= 2, "acknowledged": {"by": "p"}} for n in range(5)}


@pytest.fixture
def seen():
    return Counter({f"a{n}": 1 for n in range(5)})


def test_counts_what_came_back(presses, kept, seen):
    counts = count(presses, kept, seen, seen)
    assert counts["alarms"] == counts["acknowledged"] == 5
    assert (counts["lost"], counts["duplicated"]) == (0, 0)
    assert (counts["no_fix_kept"], counts["repeats"]) == (2, 1)


def test_a_press_without_an_answer_is_lost(presses, kept, seen):
    presses[3].ids.clear()
    assert count(presses, kept, seen, seen)["lost"] == 1


@pytest.mark.parametrize("where", ["kept", "feed", "heard"])
def test_missing_in_any_place_is_lost(presses, kept, seen, where):
    feed, heard = Counter(seen), Counter(seen)
    del {"kept": kept, "feed": feed, "heard": heard}[where]["a4"]
    assert count(presses, kept, feed, heard)["lost"] == 1


@pytest.mark.parametrize("where", ["feed", "heard"])
@pytest.mark.parametrize("alarm", ["a4", "stranger"])
def test_more_than_once_or_of_nobody_is_doubled(presses, kept, seen, where, alarm):
    feed, heard = Counter(seen), Counter(seen)
    {"feed": feed, "heard": heard}[where][alarm] += 1
    assert count(presses, kept, feed, heard)["duplicated"] == 1


def test_a_repeat_with_another_id_is_doubled(presses, kept, seen):
    presses[0].ids[1] = "a9"
    kept["a9"] = dict(kept["a0"], id="a9")
    more = seen + Counter(a9=1)
    assert count(presses, kept, more, more)["duplicated"] == 1


def test_lost_fix_and_acknowledgement_are_counted(presses, kept, seen):
    kept["a0"]["fix"] = True
    kept["a1"]["acknowledged"] = None
    counts = count(presses, kept, seen, seen)
    assert (counts["no_fix_kept"], counts["acknowledged"]) == (1, 4)


def test_there_are_two_hundred_presses():
    assert PRESSES == 200
