"""Callers: the same for the same seed, on roads, at a rate that fits."""

from pathlib import Path

import pytest

from callout.drills.callers import PANIC, WORDS, Call, Callers, Press, button_text
from callout.drills.cast import _TYPES
from callout.roads import Roads

_CODES = [code for code, *_ in _TYPES]


@pytest.fixture(scope="module")
def roads(town: Path) -> Roads:
    return Roads.open(town / "graph")


def _callers(roads: Roads, seed: int = 1, types=_CODES) -> Callers:
    return Callers(roads, [(-28.5, 46.0), (-28.49, 46.01)], types, seed)


def test_every_type_of_the_cast_has_words():
    assert set(WORDS) == set(_CODES) - {PANIC}


def test_same_seed_same_events(roads):
    first, second = _callers(roads), _callers(roads)
    events = [first.event() for _ in range(60)]
    assert events == [second.event() for _ in range(60)]
    assert {type(event) for event in events} == {Call, Press}
    assert events != [_callers(roads, 2).event() for _ in range(60)]


def test_calls_come_from_roads(roads):
    callers = _callers(roads)
    for _ in range(30):
        call = callers.call()
        assert call.type in _CODES
        assert roads.street_at(call.place) is not None


def test_some_presses_have_no_fix_and_each_is_its_own(roads):
    callers = _callers(roads)
    presses = [e for _ in range(400) if isinstance(e := callers.event(), Press)]
    assert len({press.number for press in presses}) == len(presses)
    bodies = [button_text(press) for press in presses]
    assert 0 < sum("lon" not in body for body in bodies) < len(bodies)


def test_rate_grows_with_units_and_speed(roads):
    def mean(units: int, speed: float) -> float:
        callers = _callers(roads, 9)
        return sum(callers.gap_s(units, speed) for _ in range(500)) / 500

    assert mean(40, 1.0) == pytest.approx(63.6, rel=0.2)
    assert mean(80, 1.0) == pytest.approx(mean(40, 1.0) / 2, rel=0.01)
    assert mean(40, 4.0) == pytest.approx(mean(40, 1.0) / 4, rel=0.01)


def test_a_room_with_types_of_its_own_is_called_too(roads):
    call = _callers(roads, types=["medical"]).call()
    assert (call.type, bool(call.text)) == ("medical", True)
