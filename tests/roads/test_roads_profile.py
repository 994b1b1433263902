"""What the car profile makes of tags."""

import pytest

from callout.roads import CLOSED, load_profile, profile_names

CAR = load_profile()


@pytest.mark.parametrize(
    ("tags", "kmh"),
    [
        ({"highway": "residential"}, (36, 36)),
        ({"highway": "residential", "oneway": "yes"}, (36, 0)),
        ({"highway": "residential", "oneway": "-1"}, (0, 36)),
        ({"highway": "residential", "oneway": "reversible"}, (0, 0)),
        ({"highway": "motorway"}, (110, 0)),
        ({"highway": "motorway", "oneway": "no"}, (110, 110)),
        ({"highway": "motorway_link"}, (60, 60)),
        ({"highway": "residential", "junction": "roundabout"}, (36, 0)),
        ({"highway": "primary", "maxspeed": "50"}, (50, 50)),
        ({"highway": "primary", "maxspeed": "30 mph"}, (48.28, 48.28)),
        ({"highway": "primary", "maxspeed": "900"}, (65, 65)),
        ({"highway": "primary", "maxspeed": "0"}, (65, 65)),
        ({"highway": "primary", "maxspeed": "PT:urban"}, (65, 65)),
        ({"highway": "service", "service": "driveway"}, (12, 12)),
        ({"highway": "footway"}, (0, 0)),
        ({"highway": "pedestrian", "area": "yes"}, (0, 0)),
        ({"highway": "proposed"}, (0, 0)),
        ({"building": "yes"}, (0, 0)),
        ({"highway": "service", "access": "private"}, (20, 20)),
        ({"highway": "service", "access": "no"}, (0, 0)),
        ({"highway": "service", "access": "no", "emergency": "yes"}, (20, 20)),
        ({"highway": "residential", "motor_vehicle": "no"}, (0, 0)),
    ],
)
def test_way(tags, kmh):
    assert CAR.way_kmh(tags) == pytest.approx(kmh, abs=0.01)


@pytest.mark.parametrize(
    ("tags", "ms"),
    [
        ({}, 0),
        ({"highway": "traffic_signals"}, 2000),
        ({"barrier": "bollard"}, CLOSED),
        ({"barrier": "bollard", "bollard": "rising"}, 8000),
        ({"barrier": "bollard", "emergency": "yes"}, 0),
        ({"barrier": "gate"}, 10_000),
        ({"barrier": "gate", "access": "yes"}, 0),
        ({"barrier": "gate", "access": "no"}, CLOSED),
        ({"barrier": "kerb"}, 0),
    ],
)
def test_node(tags, ms):
    assert CAR.node_ms(tags) == ms


def test_restrictions_that_do_not_bind_emergency_vehicles():
    assert CAR.is_bound_by({})
    assert CAR.is_bound_by({"except": "bus"})
    assert not CAR.is_bound_by({"except": "bus; emergency"})


def test_the_default_comes_first():
    assert profile_names()[0] == "car"
