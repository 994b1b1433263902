"""Clock, geo, facts, settings."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callout.base.clock import ManualClock, iso_utc, parse_iso_us, utc_year
from callout.base.errors import BadInputError
from callout.base.geo import LonLat, cell_1km, distance_m, lonlat
from callout.base.ids import is_given_id, new_id
from callout.base.settings import home_folder, setting_int


def test_iso_round_trip() -> None:
    moment_us = parse_iso_us("2026-11-22T14:32:07.120Z")
    assert iso_utc(moment_us) == "2026-11-22T14:32:07.120Z"
    assert parse_iso_us("2026-11-22T15:32:07.120+01:00") == moment_us
    assert utc_year(parse_iso_us("2027-01-01T00:30:00+01:00")) == 2026


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        parse_iso_us("2026-11-22T14:32:07")


def test_manual_clock_wakes_whoever_waited() -> None:
    async def scene() -> list[str]:
        clock, heard = ManualClock(), []

        async def wait(name: str, seconds: float) -> None:
            await clock.wait_s(seconds)
            heard.append(name)

        tasks = [asyncio.ensure_future(wait("late", 5)), asyncio.ensure_future(wait("soon", 1))]
        await asyncio.wait(tasks, timeout=0)
        clock.advance_s(2)
        await tasks[1]
        assert heard == ["soon"]
        clock.advance_s(3)
        await tasks[0]
        return heard

    assert asyncio.run(scene()) == ["soon", "late"]


def test_distance_of_one_degree_of_latitude() -> None:
    # 2 pi R / 360 with R = 6 371 008.8 m
    assert distance_m(lonlat(0, 0), lonlat(0, 1)) == pytest.approx(111_195.08, abs=0.01)


@pytest.mark.parametrize("bad", [(181, 0), (0, 91), (float("nan"), 0), (0, float("inf"))])
def test_places_off_the_earth_are_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError):
        lonlat(*bad)


@given(
    st.floats(-179.9, 179.9),
    st.floats(-85, 85),
    st.integers(-5, 5),
    st.integers(-5, 5),
)
def test_a_cell_is_about_a_kilometre(lon: float, lat: float, dx: int, dy: int) -> None:
    here = lonlat(lon, lat)
    near = LonLat(here.lon_e7 + dx * 1000, here.lat_e7 + dy * 1000)
    a, b = cell_1km(here), cell_1km(near)
    assert abs(a[1] - b[1]) <= 1
    far = LonLat(here.lon_e7, here.lat_e7 + 180_000)
    assert cell_1km(far) != a


def test_ids() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
    assert is_given_id("E7")
    assert is_given_id("E7.a-b_c")
    for bad in ("", "../x", "E 7", "ä", "x" * 33, ".x", "a/b"):
        assert not is_given_id(bad)


def test_settings_say_what_is_wrong() -> None:
    with pytest.raises(BadInputError, match="CALLOUT_PORT"):
        setting_int("CALLOUT_PORT", 1, 65535, {"CALLOUT_PORT": "http"})
    assert setting_int("CALLOUT_PORT", 1, 65535, {}) == 8711
    with pytest.raises(BadInputError, match="--home"):
        home_folder(None, {})
