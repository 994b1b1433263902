"""A crew's day, moment by moment."""

import random

import numpy as np
import pytest

from callout.base.clock import ManualClock
from callout.drills import crews
from callout.drills.crews import Crew, Drive, Goal, Order, Phase, Rhythm, Say

_HOME, _SCENE = (0.0, 50.0), (0.02, 50.0)


class _Always(random.Random):
    """Chance that always gives the same share of its range."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.share = share

    def random(self) -> float:
        return self.share


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def _crew(**more) -> Crew:
    return Crew(unit="M1", home=_HOME, at=_HOME, **more)


def _line(a, b):
    return np.array([a, b])


def _sent(crew: Crew, clock: ManualClock, rhythm: Rhythm) -> Crew:
    order = Order("dispatched", "i1", _SCENE)
    crew, acts = crews.hear(crew, order, clock.now_us(), rhythm)
    assert (crew.phase, crew.incident, acts) == (Phase.TURNOUT, "i1", ())
    return crew


def _follow(crew: Crew, clock: ManualClock, rhythm: Rhythm, seconds: int) -> tuple[Crew, list]:
    """Let whole seconds pass; every drive is a straight line of 60 s."""
    said = []
    for _ in range(seconds):
        clock.advance_s(1)
        crew, acts = crews.step(crew, clock.now_us(), rhythm)
        for act in acts:
            said.append(act)
            if isinstance(act, Drive):
                crew = crews.depart(crew, _line(crew.at, _SCENE), 60.0, clock.now_us())
    return crew, said


def test_a_whole_job_with_a_hospital(clock):
    rhythm = Rhythm(_Always(0.5))
    crew = _sent(_crew(transports=True), clock, rhythm)
    crew, said = _follow(crew, clock, rhythm, 1200)
    assert said == [
        Say("en_route"),
        Drive(Goal.SCENE),
        Say("on_scene"),
        Say("transporting"),
        Drive(Goal.HOSPITAL),
        Say("at_hospital"),
        Say("returning"),
        Drive(Goal.HOME),
        Say("available"),
    ]
    assert (crew.phase, crew.incident) == (Phase.READY, "")


def test_an_engine_goes_home_from_the_scene(clock):
    rhythm = Rhythm(_Always(0.5))
    _, said = _follow(_sent(_crew(), clock, rhythm), clock, rhythm, 1200)
    assert [act.status for act in said if isinstance(act, Say)] == [
        "en_route",
        "on_scene",
        "returning",
        "available",
    ]


def test_speed_shortens_everything(clock):
    slow, fast = Rhythm(_Always(0.5)), Rhythm(_Always(0.5), speed=10.0)
    now_us = clock.now_us()
    assert fast.after(now_us, (10.0, 30.0)) - now_us == 2_000_000
    assert slow.after(now_us, (10.0, 30.0)) - now_us == 20_000_000


def test_diverted_on_the_way_starts_from_where_it_is(clock):
    rhythm = Rhythm(_Always(0.5))
    crew = crews.depart(_sent(_crew(), clock, rhythm), _line(_HOME, _SCENE), 100.0, clock.now_us())
    clock.advance_s(50)
    crew, acts = crews.hear(crew, Order("dispatched", "i2", _HOME), clock.now_us(), rhythm)
    assert (crew.incident, crew.leg, acts) == ("i2", None, ())
    assert crew.at == pytest.approx((0.01, 50.0))


def test_released_by_the_room_goes_home_and_says_no_more_than_needed(clock):
    rhythm = Rhythm(_Always(0.5))
    crew = _sent(_crew(), clock, rhythm)
    home, acts = crews.hear(crew, Order("returning", "", None), clock.now_us(), rhythm)
    assert (home.phase, acts) == (Phase.HOMEWARD, (Drive(Goal.HOME),))
    _, acts = crews.hear(crew, Order("available", "", None), clock.now_us(), rhythm)
    assert acts == (Say("returning"), Drive(Goal.HOME))


def test_waits_for_a_place_and_drives_anew_when_it_moves(clock):
    rhythm = Rhythm(_Always(0.5))
    crew, _ = crews.hear(_crew(), Order("dispatched", "i1", None), clock.now_us(), rhythm)
    crew, said = _follow(crew, clock, rhythm, 120)
    assert (crew.phase, said) == (Phase.TURNOUT, [])
    crew, acts = crews.hear(crew, Order("dispatched", "i1", _SCENE), clock.now_us(), rhythm)
    assert acts == ()
    crew, said = _follow(crew, clock, rhythm, 10)
    assert said == [Say("en_route"), Drive(Goal.SCENE)]
    _, acts = crews.hear(crew, Order("en_route", "i1", _HOME), clock.now_us(), rhythm)
    assert acts == (Drive(Goal.SCENE),)


def test_news_of_its_own_statuses_change_nothing(clock):
    rhythm = Rhythm(_Always(0.5))
    crew = _sent(_crew(), clock, rhythm)
    for status in ("dispatched", "en_route", "on_scene"):
        assert crews.hear(crew, Order(status, "i1", _SCENE), clock.now_us(), rhythm) == (crew, ())


def test_patrols_drive_rounds_and_others_wait(clock):
    rhythm = Rhythm(_Always(0.5))
    _, said = _follow(_crew(patrols=True), clock, rhythm, 300)
    assert said.count(Drive(Goal.ROUND)) >= 2
    _, said = _follow(_crew(), clock, rhythm, 300)
    assert said == []


def test_a_leg_passes_its_points_in_time(clock):
    points = np.array([(0.0, 50.0), (0.01, 50.0), (0.01, 50.01)])
    crew = crews.depart(_crew(), points, 100.0, clock.now_us())
    assert crews.where(crew, clock.now_us())[0] == (0.0, 50.0)
    clock.advance_s(20)
    (lon, lat), heading, speed = crews.where(crew, clock.now_us())
    assert lat == 50.0
    assert 0 < lon < 0.01
    assert heading == pytest.approx(90.0, abs=0.1)
    # 716 m east at 50 degrees north and 1,112 m north, in 100 s.
    assert speed == pytest.approx(18.27, abs=0.05)
    clock.advance_s(70)
    assert crews.where(crew, clock.now_us())[1] == pytest.approx(0.0, abs=0.1)
    clock.advance_s(1000)
    assert crews.where(crew, clock.now_us())[0] == pytest.approx((0.01, 50.01))


def test_a_restarted_drill_takes_up_what_the_room_says(clock):
    rhythm = Rhythm(_Always(0.5))
    order = Order("on_scene", "i1", _SCENE)
    crew = crews.adopt(_crew(), order, clock.now_us(), rhythm)
    assert (crew.phase, crew.incident) == (Phase.ON_SCENE, "i1")
    assert crews.adopt(_crew(), Order("available", "", None), clock.now_us(), rhythm) == _crew()
