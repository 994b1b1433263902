"""Rules of the road from tags to routes, one little map a rule, each vehicle by its own."""

import numpy as np
import pytest
from osm_files import Drawn

from callout.base.clock import parse_iso_us

STREET = {"highway": "residential"}
# A square with a short way over the middle: 1-2-3 in the west and east, 4 far in the north.
#   5---4---6
#   |       |
# 7-1---2---3-8
SQUARE = {
    1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (100, 300), 5: (0, 300), 6: (200, 300),
    7: (-100, 0), 8: (300, 0),
}  # fmt: skip
ROUND = [(20, [1, 5, 4, 6, 3], STREET), (30, [7, 1], STREET), (40, [3, 8], STREET)]
MOTORS = ("car", "van", "fire_engine", "motorcycle")


@pytest.fixture
def draw(tmp_path):
    def make(nodes, ways, relations=()):
        return Drawn(tmp_path, nodes, ways, relations)

    return make


def square(draw, tags, nodes=SQUARE):
    """The square with a short way of these tags."""
    return draw(nodes, [(10, [1, 2, 3], STREET | tags), *ROUND])


def goes_round(drawn, *profiles):
    return {name: drawn.ways(7, 8, name) == [30, 20, 40] for name in profiles}


def test_an_engine_never_goes_under_a_low_bridge(draw):
    drawn = square(draw, {"maxheight": "3.2"})
    assert goes_round(drawn, "fire_engine", "car", "van") == {
        "fire_engine": True, "car": False, "van": False,
    }  # fmt: skip


@pytest.mark.parametrize("back", [False, True])
def test_not_even_as_the_first_or_last_edge(draw, back):
    drawn = square(draw, {"maxheight": "3.2"})
    under = drawn.on_way(10, back=back)
    there, roads = drawn.at(8, "fire_engine"), drawn.roads
    snaps = roads.snap(np.array([roads.point(under.edge, 500_000)], np.int64))
    assert int(snaps.edge[0]) in {under.edge, under.other}  # a car's place
    for a, b in ((under, there), (there, under), (under, under)):
        assert roads.route(a, b, "fire_engine") is None
        assert roads.route(a, b, "car") is not None
    assert roads.nearest(there, snaps, 5, "fire_engine").candidate.tolist() == []
    assert roads.nearest(snaps.at(0), snaps, 5, "fire_engine").candidate.tolist() == []
    assert roads.times(snaps, snaps, "fire_engine").tolist() == [[-1]]
    assert roads.reach(under, 1000.0, "fire_engine")[0].tolist() == []
    # From anywhere else, nothing under the bridge is ever reached.
    arrays = roads.graph.arrays
    reached = roads.reach(there, 3600.0, "fire_engine")[0]
    assert 10 not in arrays["road_way"][arrays["edge_road"][reached]]
    assert 20 in arrays["road_way"][arrays["edge_road"][reached]]


def test_snapping_is_to_what_the_vehicle_may_use(draw):
    drawn = square(draw, {"maxheight": "3.2"})
    arrays = drawn.roads.graph.arrays
    point = np.array([drawn.roads.point(drawn.on_way(10).edge, 500_000)], np.int64)
    for profile, ways in (("car", {10}), ("fire_engine", {20, 30, 40})):
        snap = drawn.roads.snap(point, profile=profile).at(0)
        assert arrays["road_way"][arrays["edge_road"][snap.edge]] in ways


def test_a_oneway_is_driven_against_on_blue_lights_only_slowly_and_after_a_wait(draw):
    drawn = square(draw, {"oneway": "-1"})
    assert goes_round(drawn, *MOTORS, "foot") == {
        "car": True, "van": True, "fire_engine": False, "motorcycle": False, "foot": False,
    }  # fmt: skip
    along, against = drawn.ms(8, 7, "fire_engine"), drawn.ms(7, 8, "fire_engine")
    assert against - along > 10_000


def test_a_closed_barrier_is_each_vehicle_s_own(draw):
    drawn = square(draw, {}, SQUARE | {2: (100, 0, {"barrier": "bollard"})})
    assert goes_round(drawn, "car", "bicycle", "foot") == {
        "car": True, "bicycle": False, "foot": False,
    }  # fmt: skip


def test_emergency_only_and_bus_only_ways(draw):
    nodes = SQUARE | {9: (100, 50)}
    ways = [
        (10, [1, 2, 3], {"highway": "service", "service": "emergency_access"}),
        (11, [1, 9, 3], {"highway": "busway"}),
        *ROUND,
    ]
    drawn = draw(nodes, ways)
    assert drawn.ways(7, 8, "van") == [30, 20, 40]
    assert drawn.ways(7, 8, "fire_engine") in ([30, 10, 40], [30, 11, 40])
    arrays = drawn.roads.graph.arrays
    busway = drawn.on_way(11).edge
    assert arrays["edge_ms_fire_engine"][busway] < arrays["edge_ms_van"][busway]


def ban(word, via=("n", 2), **tags):
    members = [("w", 1, "from"), (via[0], via[1], "via"), ("w", 3, "to")]
    return (1, members, {"type": "restriction", **({"restriction": word} if word else {}), **tags})


# A cross at 2: way 1 from the west, way 3 to the north, others east and south; no way round.
CROSS = {1: (-100, 0), 2: (0, 0), 3: (100, 0), 4: (0, 100), 5: (0, -100)}
ARMS = [(1, [1, 2], STREET), (2, [2, 3], STREET), (3, [2, 4], STREET), (4, [2, 5], STREET)]


@pytest.mark.parametrize(
    ("relation", "free"),
    [
        (ban("no_left_turn"), {"foot"}),
        (ban("no_left_turn", **{"except": "bicycle;emergency"}),
         {"foot", "bicycle", "car", "fire_engine", "motorcycle"}),
        (ban("", **{"restriction:hgv": "no_left_turn"}),
         {"foot", "bicycle", "car", "van", "motorcycle"}),
    ],
)  # fmt: skip
def test_whom_a_ban_binds(draw, relation, free):
    drawn = draw(CROSS, ARMS, [relation])
    direct = {
        name: drawn.ways(1, 4, name, turned=False) == [1, 3]
        for name in (*MOTORS, "bicycle", "foot")
    }
    assert {name for name, is_direct in direct.items() if is_direct} == free


def test_a_ban_over_a_way_binds_some_and_the_others_keep_their_turns(draw):
    nodes = {1: (0, 0), 2: (100, 0), 3: (100, 50), 4: (0, 50), 5: (200, 0), 6: (200, 50)}
    ways = [
        (number, refs, STREET)
        for number, refs in ((1, [1, 2]), (2, [2, 3]), (3, [3, 4]), (5, [2, 5]), (6, [3, 6]))
    ]
    drawn = draw(nodes, ways, [ban("no_u_turn", ("w", 2), **{"except": "emergency"})])
    assert drawn.report["counts"]["restrictions_via_way"] == 1
    assert drawn.report["counts"]["edge_copies"] == 1
    assert drawn.ways(1, 4, "car") == [1, 2, 3]
    assert drawn.ways(1, 4, "foot") == [1, 2, 3]
    assert len(drawn.ways(1, 4, "van")) > 3
    assert drawn.ways(5, 4, "van") == [5, 2, 3]


def test_on_foot_one_turns_round_anywhere(draw):
    drawn = draw(CROSS, ARMS)
    out, back = drawn.on_way(1), drawn.on_way(1, back=True)
    turned = [
        drawn.roads.route(out._replace(other=-1), back._replace(other=-1), name).edges.tolist()
        for name in ("foot", "car")
    ]
    assert turned[0] == [out.edge, back.edge]
    assert len(turned[1]) == 4


def test_a_prescription_and_a_ban_of_the_same_turn_leave_the_ban(draw):
    only = ban("only_left_turn")
    drawn = draw(CROSS, ARMS, [ban("no_left_turn"), (2, only[1], only[2])])
    assert drawn.report["counts"]["restrictions_contradictory"] == 1
    assert drawn.ways(1, 4, "car", turned=False) != [1, 3]
    assert drawn.ways(1, 3, "car", turned=False) == [1, 2]


RUSH, NOON = parse_iso_us("2026-11-25T08:00:00Z"), parse_iso_us("2026-11-25T12:00:00Z")


def by_the_clock(drawn, ask):
    """The answers before any moment is known, in the rush hour and at noon."""
    answers = [ask()]
    for moment in (RUSH, NOON):
        drawn.roads.set_moment(moment, "UTC")
        answers.append(ask())
    return answers


def test_a_turn_banned_at_times(draw):
    rule = ban("", **{"restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"})
    drawn = draw(CROSS, ARMS, [rule])
    direct = by_the_clock(drawn, lambda: drawn.ways(1, 4, "van", turned=False) == [1, 3])
    assert direct == [False, False, True]
    assert drawn.ways(1, 4, "foot", turned=False) == [1, 3]


def test_a_ban_over_a_way_at_times(draw):
    nodes = {1: (0, 0), 2: (100, 0), 3: (100, 50), 4: (0, 50), 5: (200, 0), 6: (200, 50)}
    ways = [
        (number, refs, STREET)
        for number, refs in ((1, [1, 2]), (2, [2, 3]), (3, [3, 4]), (5, [2, 5]), (6, [3, 6]))
    ]
    rule = ban("", ("w", 2), **{"restriction:conditional": "no_u_turn @ (Mo-Fr 07:00-09:00)"})
    drawn = draw(nodes, ways, [rule])
    direct = by_the_clock(drawn, lambda: drawn.ways(1, 4, "van") == [1, 2, 3])
    assert direct == [False, False, True]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"motor_vehicle:conditional": "no @ (Mo-Fr 07:00-09:00)"}, [True, True, False]),
        ({"access": "no", "access:conditional": "yes @ (07:00-09:00)"}, [True, False, True]),
        ({"oneway:conditional": "-1 @ (07:00-09:00)"}, [True, True, False]),
        ({"oneway": "-1", "oneway:conditional": "no @ (07:00-09:00)"}, [True, False, True]),
        ({"maxspeed:conditional": "5 @ (07:00-09:00)"}, [True, True, False]),
        ({"motor_vehicle:conditional": "no @ (weight>7.5 AND 07:00-09:00)"}, [False] * 3),
        ({"motor_vehicle:conditional": "no @ (wet)"}, [True] * 3),
        ({"access": "no", "access:conditional": "yes @ (wet)"}, [True] * 3),
        # Of four times only three are kept apart; the fourth is taken at its worst.
        ({"motor_vehicle:conditional": "no @ (1:00-2:00); no @ (2:00-3:00); no @ (3:00-4:00);"
          " no @ (4:00-5:00)"}, [True] * 3),
    ],
)  # fmt: skip
def test_a_way_that_changes_by_the_clock(draw, tags, expected):
    drawn = square(draw, tags)
    assert by_the_clock(drawn, lambda: goes_round(drawn, "van")["van"]) == expected


def test_conditions_that_are_not_understood_are_counted(draw):
    wet = {"motor_vehicle:conditional": "no @ (wet)"}
    rule = ban("", **{"restriction:conditional": "no_left_turn @ (snow)"})
    drawn = draw(CROSS, [*ARMS[1:], (1, [1, 2], STREET | wet)], [rule])
    assert drawn.skipped["conditions_not_understood"] == 2
    assert not drawn.roads.set_moment(NOON, "UTC")
    assert drawn.roads.times_holding is None


def test_a_moment_that_changes_nothing_keeps_the_epoch(draw):
    drawn = square(draw, {"motor_vehicle:conditional": "no @ (Mo-Fr 07:00-09:00)"})
    roads = drawn.roads
    assert roads.set_moment(RUSH, "UTC")
    assert (roads.epoch, roads.times_holding) == (1, [0])
    assert not roads.set_moment(RUSH + 60_000_000, "UTC")
    assert roads.set_moment(NOON, "UTC")
    assert (roads.epoch, roads.times_holding) == (2, [])


def test_closures_stay_when_the_hour_changes(draw):
    drawn = square(draw, {"motor_vehicle:conditional": "no @ (Mo-Fr 07:00-09:00)"})
    drawn.roads.set_moment(NOON, "UTC")
    arrays = drawn.roads.graph.arrays
    north = arrays["road_edge"][arrays["road_way"] == 20].ravel().tolist()
    drawn.roads.apply(north, {})
    assert drawn.ways(7, 8, "van") == [30, 10, 40]
    drawn.roads.set_moment(RUSH, "UTC")
    assert drawn.ways(7, 8, "van") is None


def test_a_ferry_is_waited_for_once_also_where_it_is_cut(draw):
    nodes = {1: (0, 0), 2: (100, 0), 3: (600, 0), 4: (1100, 0), 5: (1200, 0), 6: (600, 100)}
    ferry = {"route": "ferry", "foot": "yes", "motor_vehicle": "no", "interval": "20"}
    ways = [
        (1, [1, 2], STREET), (2, [2, 3, 4], ferry), (3, [4, 5], STREET), (4, [3, 6], ferry),
    ]  # fmt: skip
    drawn = draw(nodes, ways)
    assert drawn.ways(1, 5, "foot") == [1, 2, 3]
    assert drawn.ms(1, 5, "foot") == pytest.approx(144_000 + 600_000 + 360_000, abs=100)
    assert drawn.ways(1, 5, "car") is None


# A street 1-2, a slipway 20 m beyond its end, a river 100 m beyond that, and a bridge whose
# mapper joined street and river at node 5.
QUAY = {
    1: (0, 0), 2: (300, 0), 3: (320, 20, {"leisure": "slipway"}), 4: (0, 150), 5: (320, 150),
    6: (900, 150), 7: (320, 300), 8: (900, 0),
}  # fmt: skip
BANKS = [(1, [1, 2, 8], STREET), (2, [4, 5, 6], {"waterway": "river"}), (3, [2, 5, 7], STREET)]


def test_a_boat_gets_into_the_water_over_a_slipway_only(draw):
    drawn = draw(QUAY, BANKS)
    assert drawn.ways(1, 6, "boat") == [1, -3, 2]
    assert drawn.ms(1, 6, "boat") > 600_000
    assert drawn.ways(1, 7, "boat") == [1, 3]
    assert drawn.skipped["slipways_unjoined"] == 0
    arrays = drawn.roads.graph.arrays
    river = drawn.on_way(2).edge
    for name in (*MOTORS, "foot", "bicycle"):
        assert arrays[f"edge_ms_{name}"][river] == 2**31 - 1


def test_a_slipway_too_far_from_road_or_water_is_counted(draw):
    drawn = draw(QUAY | {3: (320, -200, {"leisure": "slipway"})}, BANKS)
    assert drawn.skipped["slipways_unjoined"] == 1
    assert drawn.ways(1, 6, "boat") is None


def test_a_slipway_that_is_joined_gets_no_link(draw):
    nodes = QUAY | {3: (320, 20)}
    drawn = draw(nodes, [*BANKS, (9, [2, 3, 5], {"leisure": "slipway"})])
    assert drawn.ways(1, 6, "boat") == [1, 9, 2]
    assert (drawn.roads.graph.arrays["road_way"] > 0).all()


def test_an_island_is_marked_and_taken_only_where_nothing_else_is_near(draw):
    nodes = SQUARE | {20: (0, 340), 21: (200, 340), 30: (0, 900), 31: (200, 900)}
    ways = [(10, [1, 2, 3], STREET), *ROUND, (50, [20, 21], STREET), (60, [30, 31], STREET)]
    drawn = draw(nodes, ways)
    roads, arrays = drawn.roads, drawn.roads.graph.arrays
    near, far = (np.rint(np.array([(100, y)]) * 89.932036).astype(np.int64) for y in (335, 880))
    for point, way, island in ((near, 20, False), (far, 60, True)):
        snaps = roads.snap(point, profile="van")
        assert arrays["road_way"][arrays["edge_road"][snaps.edge[0]]] == way
        assert roads.on_island(snaps.edge, "van").tolist() == [island]
    assert roads.on_island(np.array([-1], np.int32), "van").tolist() == [False]
    there = roads.snap(far, profile="van").at(0)
    assert roads.route(there, there._replace(offset=900_000, other=-1), "van") is not None
