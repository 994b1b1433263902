"""Who should go, and why."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from test_commands import DISPATCHER, opened, sent

from callout.access import SYSTEM
from callout.base.clock import ManualClock
from callout.dispatch import recommend, set_status
from callout.dispatch.words import age_words, clock_words, distance_words
from callout.incidents.commands import open_incident
from callout.journal import Batch
from callout.roads import Roads, Snap, Snaps
from callout.units import Fix, Status, UnitEnrolled
from callout.units.commands import unit_draft
from fakes import LineRoads, line_room, place


def test_nearest_first_with_reasons(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        incident = opened(picture, 2100.0)
        answer = recommend(picture, DISPATCHER, incident, k=3, explain=True)
        assert [ranked.unit for ranked in answer.ranked] == ["E2", "E3", "E1"]
        assert answer.ranked[0].travel_ms == 10_000
        assert answer.words == "E2 0:10 by road"
        assert "ask by radio" in answer.ranked[0].words
        assert answer.explain is not None
        assert len(answer.explain.candidates) == 4


def test_busy_and_unfit_units_are_passed_over_with_why(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        first, second = opened(picture), opened(picture)
        sent(picture, first, "E0")
        set_status(picture, DISPATCHER, "E1", Status.OUT_OF_SERVICE).result()
        picture.fold()
        answer = recommend(picture, DISPATCHER, second)
        assert [ranked.unit for ranked in answer.ranked] == ["E2", "E3"]
        said = {passed.unit: passed.words for passed in answer.passed_over}
        assert said == {"E0": "on its way to 1 (P1)", "E1": "out of service"}
        assert answer.passed_over_counts == {"busy_dispatched": 1, "out_of_service": 1}


def test_nobody_can_serve_the_type(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        incident, submitted = open_incident(
            picture.journal,
            DISPATCHER,
            picture.incidents,
            agency="fire",
            type_code="flood",
            priority=3,
            place=place(0),
            place_name="",
            text="",
            alarms=(),
            now_us=picture.clock.now_us(),
        )
        submitted.result()
        picture.fold()
        answer = recommend(picture, DISPATCHER, incident)
        assert answer.ranked == []
        assert "Nobody" in answer.words or "No free unit" in answer.words
        assert answer.passed_over_counts == {"no_capability": 4}


def test_a_fresh_position_ranks_and_an_old_one_is_taken_to_the_station(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        clock = picture.clock
        assert isinstance(clock, ManualClock)
        incident = opened(picture, 3000.0)
        number = picture.units.unit("E0").number
        fix = Fix(number, place(2990), clock.now_us(), float("nan"), float("nan"))
        picture.positions.report([fix], clock.now_us())
        first = recommend(picture, DISPATCHER, incident).ranked[0]
        assert (first.unit, first.source, first.travel_ms) == ("E3", "station", 0)
        second = recommend(picture, DISPATCHER, incident).ranked[1]
        assert (second.unit, second.source, second.travel_ms) == ("E0", "device", 1000)
        clock.advance_s(45)
        second = recommend(picture, DISPATCHER, incident).ranked[1]
        assert "position 45 s old" in second.words
        clock.advance_s(600)
        assert recommend(picture, DISPATCHER, incident).ranked[-1].unit == "E0"


def test_without_a_place_nobody_is_ranked(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        incident = opened(picture)
        picture.journal.forget(f"incident/{incident}")
        answer = recommend(picture, DISPATCHER, incident)
        assert answer.ranked == []
        assert "not known" in answer.words


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [(0, "0:00"), (1, "0:01"), (190_000, "3:10"), (3_599_001, "1 h 00"), (7_500_000, "2 h 05")],
)
def test_clock_words(milliseconds: int, said: str) -> None:
    assert clock_words(milliseconds) == said


def test_small_words() -> None:
    assert distance_words(842) == "840 m"
    assert distance_words(1740) == "1.7 km"
    assert [age_words(s) for s in (48, 240, 10_000)] == ["48 s", "4 min", "3 h"]


class _TwoKinds(LineRoads):
    """Engines need three times as long, and stand cut off at 1 km."""

    profiles = ("car", "fire_engine")

    def nearest(self, to: Snap, candidates: Snaps, k: int, profile: str = "car") -> Any:
        rows, times = super().nearest(to, candidates, k)
        return rows, times * 3 if profile == "fire_engine" else times

    def on_island(self, edges: Any, profile: str = "car") -> Any:
        return np.full(len(edges), profile == "fire_engine")


def test_each_unit_is_ranked_by_its_own_vehicle(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        for name in ("E1", "E2"):
            old = picture.units.units[name]
            fact = UnitEnrolled(
                callsign=name,
                agency="fire",
                station=old.station,
                kind="Engine",
                capabilities=old.capabilities,
                profile="fire_engine" if name == "E1" else "tank",
            )
            draft = unit_draft(name, fact)
            picture.journal.append(Batch(entries=(draft,), key=name, actor=SYSTEM.label))
        picture.fold()
        picture.roads = cast("Roads", _TwoKinds())
        answer = recommend(picture, DISPATCHER, opened(picture, 1000.0), k=4, explain=True)
        # The engine stands there; the others are 1 and 2 km away.
        assert [(r.unit, r.travel_ms) for r in answer.ranked] == [
            ("E1", 0), ("E0", 100_000), ("E2", 100_000), ("E3", 200_000),
        ]  # fmt: skip
        # A vehicle that the city was imported without is taken for the first one.
        assert [r.profile for r in answer.ranked] == ["fire_engine", "car", "car", "car"]
        assert "cut off" in answer.ranked[0].words
        assert "cut off" in answer.words
        assert "cut off" not in answer.ranked[1].words
        assert answer.explain is not None
        assert set(answer.explain.incidents) == {"car", "fire_engine"}
        answer = recommend(picture, DISPATCHER, opened(picture, 1900.0), k=4)
        assert [(r.unit, r.travel_ms) for r in answer.ranked] == [
            ("E2", 10_000), ("E3", 110_000), ("E0", 190_000), ("E1", 270_000),
        ]  # fmt: skip
