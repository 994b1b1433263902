"""What each vehicle makes of tags: sizes, one-ways, lanes, access, ferries, water."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callout.roads import CLOSED, load_profile, profile_names
from callout.roads.durations import seconds
from callout.roads.sizes import metres, tonnes

VEHICLES = ("car", "bicycle", "boat", "fire_engine", "foot", "motorcycle", "van")
STREET = {"highway": "residential"}


def open_to(tags):
    """Vehicles that may go along, and against."""
    paces = {name: load_profile(name).way_kmh(tags) for name in VEHICLES}
    return tuple({name for name, kmh in paces.items() if kmh[side]} for side in (0, 1))


def test_these_are_all():
    assert set(profile_names()) == set(VEHICLES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.2", 3.2), ("3.2 m", 3.2), ("3,2", 3.2), ("320 cm", 3.2), ("10'6\"", 3.2004),
        ("10 ft 6 in", 3.2004), ("12'", 3.6576), ("below_default", 3.0), ("default", None),
        ("none", None), ("no_sign", None), ("", None), ("high", None),
    ],
)  # fmt: skip
def test_lengths(text, value):
    assert metres(text) == (value if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [("7.5", 7.5), ("3.5 t", 3.5), ("3500 kg", 3.5), ("10 st", 9.0718474), ("unsigned", None)],
)
def test_weights(text, value):
    assert tonnes(text) == (value if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("limit", "shut"),
    [
        ({"maxheight": "3.2"}, {"fire_engine"}),
        ({"maxheight": "3.6"}, set()),
        ({"maxheight": "3.59"}, {"fire_engine"}),
        ({"maxheight": "10'6\""}, {"fire_engine"}),
        ({"maxheight": "below_default"}, {"fire_engine"}),
        ({"maxheight": "default"}, set()),
        ({"maxheight": "2.5"}, {"fire_engine", "van", "boat"}),
        ({"maxheight": "4.5", "maxheight:physical": "3.1"}, {"fire_engine"}),
        ({"maxheight": "3.1", "maxheight:physical": "4.5"}, set()),
        ({"maxwidth": "2.3"}, {"fire_engine", "boat"}),
        ({"maxweight": "7.5"}, {"fire_engine"}),
        ({"maxweight": "2"}, {"fire_engine", "van", "boat", "car"}),
        ({"maxlength": "7"}, {"fire_engine", "boat"}),
    ],
)
def test_who_does_not_fit(limit, shut):
    along, against = open_to(STREET | limit)
    assert set(VEHICLES) - along == shut
    assert set(VEHICLES) - against == shut
    assert (load_profile("fire_engine").node_ms(limit) == CLOSED) == ("fire_engine" in shut)


def test_a_limit_for_one_direction():
    assert load_profile("fire_engine").way_kmh(STREET | {"maxheight:forward": "3"})[0] == 0
    assert load_profile("fire_engine").way_kmh(STREET | {"maxheight:forward": "3"})[1] > 0


@given(st.decimals(0, 6, places=2))
def test_an_engine_never_goes_under_what_is_lower_than_it(height):
    engine = load_profile("fire_engine")
    fits = float(height) >= engine.size.height_m
    assert (engine.way_kmh(STREET | {"maxheight": str(height)}) != (0, 0)) == fits


ONEWAY = STREET | {"oneway": "yes"}


@pytest.mark.parametrize(
    ("tags", "against"),
    [
        (ONEWAY, {"fire_engine", "motorcycle", "foot"}),
        (ONEWAY | {"oneway:bicycle": "no"}, {"fire_engine", "motorcycle", "foot", "bicycle"}),
        (ONEWAY | {"cycleway": "opposite"}, {"fire_engine", "motorcycle", "foot", "bicycle"}),
        (ONEWAY | {"cycleway:left:oneway": "-1"}, {"fire_engine", "motorcycle", "foot", "bicycle"}),
        (ONEWAY | {"busway": "opposite_lane"}, {"fire_engine", "motorcycle", "foot", "car"}),
        (ONEWAY | {"oneway:bus": "no"}, {"fire_engine", "motorcycle", "foot", "car"}),
        (ONEWAY | {"oneway:emergency": "no"}, {"fire_engine", "motorcycle", "foot", "car"}),
        (ONEWAY | {"oneway:foot": "yes"}, {"fire_engine", "motorcycle"}),
        ({"highway": "residential", "junction": "roundabout"}, {"foot"}),
        ({"highway": "motorway"}, set()),
        ({"highway": "motorway_link", "oneway": "yes"}, set()),
        ({"highway": "trunk", "oneway": "yes"}, set()),
        (STREET | {"oneway": "reversible"}, {"foot"}),
    ],
)
def test_who_goes_against_a_oneway(tags, against):
    assert open_to(tags)[1] == against


def test_contraflow_is_slow_and_costs_a_wait():
    pace = load_profile("fire_engine").way(ONEWAY)
    assert pace.against == pytest.approx(pace.along * 0.4)
    assert (pace.enter_along_ms, pace.enter_against_ms) == (0, 10_000)
    turned = load_profile("fire_engine").way(STREET | {"oneway": "-1"})
    assert (turned.along, turned.enter_along_ms) == (pace.against, 10_000)


@pytest.mark.parametrize(
    ("tags", "along"),
    [
        ({"highway": "service", "service": "emergency_access"},
         {"car", "fire_engine", "motorcycle"}),
        ({"highway": "service", "access": "emergency"}, {"car", "fire_engine", "motorcycle"}),
        ({"highway": "service", "access": "no", "emergency": "yes"},
         {"car", "fire_engine", "motorcycle"}),
        ({"highway": "service", "access": "no", "emergency": "designated"},
         {"car", "fire_engine", "motorcycle"}),
        ({"highway": "service", "access": "no"}, set()),
        ({"highway": "busway"}, {"car", "fire_engine", "motorcycle"}),
        (STREET | {"access": "no", "bus": "designated"}, {"car", "fire_engine", "motorcycle"}),
        (STREET | {"motor_vehicle": "no", "psv": "yes"},
         {"car", "fire_engine", "motorcycle", "bicycle", "foot"}),
        (STREET | {"access": "private"}, set(VEHICLES)),
        ({"highway": "footway"}, {"foot"}),
        ({"highway": "footway", "bicycle": "yes"}, {"foot", "bicycle"}),
        ({"highway": "steps"}, {"foot"}),
        ({"highway": "cycleway"}, {"foot", "bicycle", "motorcycle"}),
        ({"highway": "motorway"}, {"car", "fire_engine", "motorcycle", "van", "boat"}),
        ({"highway": "primary", "motorroad": "yes"},
         {"car", "fire_engine", "motorcycle", "van", "boat"}),
        ({"route": "ferry"}, {"foot"}),
        ({"route": "ferry", "motor_vehicle": "yes", "foot": "no"},
         {"car", "fire_engine", "motorcycle", "van", "boat"}),
        ({"waterway": "river"}, {"boat"}),
        ({"waterway": "river", "boat": "no"}, set()),
        ({"waterway": "canal", "tunnel": "culvert"}, set()),
        ({"waterway": "stream"}, set()),
    ],
)  # fmt: skip
def test_who_goes_where(tags, along):
    assert open_to(tags)[0] == along


def test_a_ferry_takes_its_time_and_half_its_interval():
    foot = load_profile("foot")
    pace = foot.way({"route": "ferry", "duration": "00:12", "interval": "00:20"}, 2000)
    assert pace.along == pytest.approx(10)  # 2 km in 12 minutes
    assert pace.enter_along_ms == 600_000
    assert foot.way({"route": "ferry"}, 2000).enter_along_ms == 900_000


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 720), ("00:12", 720), ("1:02:03", 3723), ("PT20M", 1200), ("P1DT1H", 90_000), ("x", 0)],
)
def test_durations(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("barrier", "through"),
    [
        ({"barrier": "bollard"}, {"bicycle", "foot", "motorcycle"}),
        ({"barrier": "stile"}, {"foot"}),
        ({"barrier": "height_restrictor"}, set(VEHICLES) - {"fire_engine", "van", "boat"}),
        ({"barrier": "height_restrictor", "maxheight": "2.1"},
         set(VEHICLES) - {"fire_engine", "van", "boat"}),
        ({"barrier": "gate"}, set(VEHICLES)),
        ({"barrier": "wall"}, set()),
        ({"waterway": "weir"}, set(VEHICLES) - {"boat"}),
    ],
)  # fmt: skip
def test_who_passes_a_barrier(barrier, through):
    assert {name for name in VEHICLES if load_profile(name).node_ms(barrier) != CLOSED} == through


@pytest.mark.parametrize(
    ("tags", "bound"),
    [
        ({"restriction": "no_left_turn"}, set(VEHICLES) - {"foot"}),
        ({"restriction": "no_left_turn", "except": "bicycle"}, set(VEHICLES) - {"foot", "bicycle"}),
        ({"restriction": "no_left_turn", "except": "psv;emergency"},
         {"van", "boat", "bicycle"}),
        ({"restriction:hgv": "no_left_turn"}, {"fire_engine"}),
        ({"restriction:bicycle": "no_left_turn"}, {"bicycle"}),
        ({"restriction:motorcar": "no_left_turn"}, {"car", "van", "boat"}),
    ],
)  # fmt: skip
def test_whom_a_restriction_binds(tags, bound):
    assert {name for name in VEHICLES if load_profile(name).restriction(tags)} == bound
