"""Rules that hold at certain times: what is read, what is not, and when it holds."""

from datetime import datetime

import pytest

from callout.base.errors import BadInputError
from callout.roads import load_profile
from callout.roads.conditions import clauses, condition, holds, local_moment, with_values

WEDNESDAY_8 = datetime(2026, 11, 25, 8, 0)  # noqa: DTZ001 - a wall clock
SUNDAY_8 = datetime(2026, 11, 29, 8, 0)  # noqa: DTZ001
CAR, ENGINE = load_profile().size, load_profile("fire_engine").size


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("no @ (Mo-Fr 07:00-09:00)", [("no", "Mo-Fr 07:00-09:00")]),
        ("no @ Mo-Fr 07:00-09:00", [("no", "Mo-Fr 07:00-09:00")]),
        ("no_left_turn @ (07:00-09:00; PH off)", [("no_left_turn", "07:00-09:00; PH off")]),
        ("30 @ (22:00-06:00); 50 @ (Su)", [("30", "22:00-06:00"), ("50", "Su")]),
        ("no", []),
        ("no @", []),
        ("", []),
    ],
)
def test_clauses(text, read):
    assert [(clause.value, clause.condition.time) for clause in clauses(text)] == read


@pytest.mark.parametrize(
    "text", ["wet", "destination", "SH Mo-Fr", "PH", "sunset-sunrise", "Mo-Fr AND snow", "25:99"]
)
def test_what_nobody_here_can_judge_is_said(text):
    assert not condition(text).understood


def test_times_hold_by_the_wall_clock():
    assert holds("Mo-Fr 07:00-09:00", WEDNESDAY_8)
    assert not holds("Mo-Fr 07:00-09:00", SUNDAY_8)
    assert holds("22:00-06:00", datetime(2026, 11, 25, 23))  # noqa: DTZ001
    assert holds("Su AND 07:00-09:00", SUNDAY_8)
    assert not holds("Su AND 09:00-10:00", SUNDAY_8)


def test_the_wall_clock_is_that_of_the_zone():
    now_us = 1_782_900_000_000_000  # 2026-07-01T10:00:00Z
    assert local_moment(now_us, "Europe/Lisbon").hour == 11
    assert local_moment(now_us, "UTC").hour == 10
    for wrong in ("Mars/Base", "", "../etc"):
        with pytest.raises(BadInputError, match="time zone"):
            local_moment(now_us, wrong)


def test_sizes_in_a_condition():
    heavy = condition("weight>7.5 AND Mo-Fr")
    assert heavy.understood
    assert heavy.time == "Mo-Fr"
    assert heavy.binds(ENGINE)
    assert not heavy.binds(CAR)


def test_the_last_clause_that_holds_stands():
    tags = {"maxspeed": "50", "maxspeed:conditional": "30 @ (Mo-Fr); 20 @ (07:00-09:00)"}
    assert with_values(tags, CAR, [])["maxspeed"] == "50"
    assert with_values(tags, CAR, ["Mo-Fr"])["maxspeed"] == "30"
    assert with_values(tags, CAR, ["Mo-Fr", "07:00-09:00"])["maxspeed"] == "20"
