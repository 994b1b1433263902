"""What the graph allows: one-ways, bans, barriers, U-turns, islands, and what it costs."""

import pytest
from road_towns import Way, no, only

from callout.base.errors import BadInputError
from callout.roads import CLOSED

# A cross: 1 west, 2 middle, 3 east, 4 north, 5 south; and 6 east of the east.
CROSS = {1: (-100, 0), 2: (0, 0), 3: (100, 0), 4: (0, 100), 5: (0, -100), 6: (200, 0)}
WAYS = [Way(12, [1, 2]), Way(23, [2, 3]), Way(24, [2, 4]), Way(25, [2, 5]), Way(36, [3, 6])]


def at(*nodes):
    return [CROSS[node] for node in nodes]


def test_lengths_and_weights_are_whole_and_right(build):
    town = build(CROSS, WAYS)
    arrays = town.roads.graph.arrays
    assert town.report["counts"]["junctions"] == 6
    assert town.report["counts"]["edges"] == 10
    assert arrays["road_mm"].tolist() == pytest.approx([100_000] * 5, abs=6)
    # 100 m at 36 km/h, 10 m/s, are 10 s.
    assert arrays["edge_ms_car"].tolist() == pytest.approx([10_000] * 10, abs=1)


def test_a_way_is_cut_where_others_meet_it_and_only_there(build):
    nodes = {**CROSS, 7: (50, 5)}
    town = build(nodes, [Way(1, [1, 2, 7, 3]), Way(2, [2, 4])])
    assert town.report["counts"]["roads"] == 3
    assert town.report["counts"]["junctions"] == 4


def test_one_way_is_not_driven_against(build):
    town = build(CROSS, [*WAYS[:1], Way(23, [2, 3], (36, 0)), *WAYS[2:]])
    into = town.edge(12, *at(1, 2))
    assert town.path(into, town.edge(23, *at(2, 3)))
    with pytest.raises(LookupError):
        town.edge(23, *at(3, 2))


def test_turns_cost_by_angle_and_left_more_than_right(build):
    town = build(CROSS, WAYS)
    arrays = town.roads.graph.arrays
    into = town.edge(12, *at(1, 2))
    low, high = arrays["turn_from_ptr"][into : into + 2]
    cost = dict(zip(arrays["turn_to"][low:high], arrays["turn_ms_car"][low:high], strict=True))
    straight, left, right = (
        cost[town.edge(way, *at(2, to))] for way, to in ((23, 3), (24, 4), (25, 5))
    )
    assert straight < 100 < right < left < 6000


def test_a_bend_is_no_turn(build):
    town = build({1: (0, 0), 2: (100, 0), 3: (100, 100)}, [Way(1, [1, 2]), Way(2, [2, 3])])
    route = town.roads.route(
        town.snap(town.edge(1, (0, 0), (100, 0)), 0),
        town.snap(town.edge(2, (100, 0), (100, 100)), 1_000_000),
    )
    assert route.travel_ms == 20_000
    assert route.distance_m == pytest.approx(200, abs=0.01)


def test_u_turn_only_at_dead_ends(build):
    town = build(CROSS, WAYS)
    into, back = town.edge(12, *at(1, 2)), town.edge(12, *at(2, 1))
    path = town.path(into, back)
    # Out to some end and back: not turned around in the middle of the crossing.
    assert path[0] == into
    assert path[-1] == back
    assert len(path) == 4
    out, home = town.edge(24, *at(2, 4)), town.edge(24, *at(4, 2))
    assert town.path(out, home) == [out, home]


def test_no_turn(build):
    ban = no(12, 2, (), 24, "left_turn")
    town = build(CROSS, WAYS, [ban])
    into, north = town.edge(12, *at(1, 2)), town.edge(24, *at(2, 4))
    path = town.path(into, north)
    assert len(path) > 2
    assert town.report["counts"]["restrictions_via_node"] == 1
    assert town.path(town.edge(23, *at(3, 2)), north)[1] == north


def test_only_turn(build):
    rule = only(12, 2, (), 25, "right_turn")
    town = build(CROSS, WAYS, [rule])
    into, south = town.edge(12, *at(1, 2)), town.edge(25, *at(2, 5))
    assert town.path(into, south) == [into, south]
    assert len(town.path(into, town.edge(23, *at(2, 3)))) == 4


def test_a_ban_at_a_node_its_way_goes_through_means_one_side(build):
    through = [Way(13, [1, 2, 3]), Way(24, [2, 4]), Way(25, [2, 5])]
    ban = no(13, 2, (), 24, "left_turn")
    town = build(CROSS, through, [ban])
    north = town.edge(24, *at(2, 4))
    assert len(town.path(town.edge(13, *at(1, 2)), north)) > 2
    assert len(town.path(town.edge(13, *at(3, 2)), north)) == 2


def test_no_u_turn_at_a_dead_end(build):
    ban = no(36, 6, (), 36, "u_turn")
    town = build(CROSS, WAYS, [ban])
    assert town.path(town.edge(36, *at(3, 6)), town.edge(36, *at(6, 3))) is None


def test_no_u_turn_on_a_one_way_leaves_the_way_on(build):
    one_way = Way(13, [1, 2, 3], (36, 0))
    ban = no(13, 2, (), 13, "u_turn")
    town = build(CROSS, [one_way, Way(24, [2, 4])], [ban])
    path = [town.edge(13, *at(1, 2)), town.edge(13, *at(2, 3))]
    assert town.path(*path) == path


@pytest.mark.parametrize("cut", [False, True])
def test_no_turn_over_a_way(build, cut):
    # Three rungs of a ladder; from way 1 over way 2 (perhaps in two pieces) not back over way 3.
    nodes = {1: (0, 0), 2: (100, 0), 3: (100, 50), 4: (0, 50), 5: (200, 0), 6: (200, 50)}
    middle = [2, 7, 3] if cut else [2, 3]
    nodes |= {7: (100, 25), 8: (150, 25)} if cut else {}
    ways = [Way(1, [1, 2]), Way(2, middle), Way(3, [3, 4]), Way(5, [2, 5]), Way(6, [3, 6])]
    ways += [Way(7, [7, 8])] if cut else []
    ban = no(1, 0, (2,), 3, "u_turn")
    free, bound = build(nodes, ways), build(nodes, ways, [ban])
    for town, detour in ((free, False), (bound, True)):
        into, out = town.edge(1, (0, 0), (100, 0)), town.edge(3, (100, 50), (0, 50))
        path = town.path(into, out)
        assert (len(path) > 3 + cut) is detour
        # Others may: from the east over the same way.
        assert len(town.path(town.edge(5, (200, 0), (100, 0)), out)) == 3 + cut
        # And whoever comes that way may go on east.
        assert len(town.path(into, town.edge(6, (100, 50), (200, 50)))) == 3 + cut
        # A place on the way itself is still reached from way 1, directly.
        last = (100, 25) if cut else (100, 50)
        assert town.path(into, town.edge(2, (100, 0), last)) == [
            into,
            town.edge(2, (100, 0), last),
        ]
    assert bound.report["counts"]["restrictions_via_way"] == 1
    assert bound.report["counts"]["edge_copies"] == 1 + cut


def test_only_turn_over_a_way(build):
    nodes = {1: (0, 0), 2: (100, 0), 3: (100, 50), 4: (0, 50), 5: (200, 0), 6: (200, 50)}
    ways = [Way(1, [1, 2]), Way(2, [2, 3]), Way(3, [3, 4]), Way(5, [2, 5]), Way(6, [3, 6])]
    town = build(nodes, ways, [only(1, 0, (2,), 6, "right_turn")])
    into = town.edge(1, (0, 0), (100, 0))
    assert len(town.path(into, town.edge(6, (100, 50), (200, 50)))) == 3
    assert len(town.path(into, town.edge(3, (100, 50), (0, 50)))) > 3


def test_two_bans_over_one_way(build):
    nodes = {1: (0, 0), 2: (100, 0), 3: (100, 50), 4: (0, 50), 5: (200, 0), 6: (200, 50)}
    ways = [Way(1, [1, 2]), Way(2, [2, 3]), Way(3, [3, 4]), Way(5, [2, 5]), Way(6, [3, 6])]
    bans = [
        no(1, 0, (2,), 3, "u_turn"),
        no(1, 0, (2,), 6, "straight_on"),
        no(5, 0, (2,), 6, "u_turn"),
    ]
    town = build(nodes, ways, bans)
    west, east = town.edge(1, (0, 0), (100, 0)), town.edge(5, (200, 0), (100, 0))
    left, right = town.edge(3, (100, 50), (0, 50)), town.edge(6, (100, 50), (200, 50))
    assert len(town.path(east, left)) == 3
    for start, end in ((west, left), (west, right), (east, right)):
        path = town.path(start, end)
        assert path is None or len(path) > 3


def test_a_closed_barrier_lets_nobody_through(build):
    town = build(CROSS, WAYS, delays={2: CLOSED})
    into = town.edge(12, *at(1, 2))
    assert town.path(into, town.edge(23, *at(2, 3))) is None
    assert town.path(into, town.edge(12, *at(2, 1))) is not None


def test_a_signal_costs_time_in_a_junction_and_inside_a_road(build):
    nodes = {**CROSS, 7: (50, 0)}
    ways = [Way(12, [1, 2]), Way(23, [2, 7, 3]), *WAYS[2:]]
    plain, signals = build(nodes, ways), build(nodes, ways, delays={2: 2000, 7: 3000})
    times = []
    for town in (plain, signals):
        a, b = town.edge(12, *at(1, 2)), town.edge(23, *at(2, 3))
        times.append(town.roads.route(town.snap(a, 0), town.snap(b, 1_000_000)).travel_ms)
    assert times[1] - times[0] == 5000


def test_island_is_flagged(build):
    nodes = {**CROSS, 8: (500, 500), 9: (600, 500)}
    town = build(nodes, [*WAYS, Way(89, [8, 9])])
    arrays = town.roads.graph.arrays
    assert arrays["edge_main_car"][town.edge(89, (500, 500), (600, 500))] == 0
    assert arrays["edge_main_car"].sum() == 10


def test_a_road_of_no_length(build):
    nodes = {1: (0, 0), 2: (100, 0), 3: (100, 0), 4: (200, 0)}
    town = build(nodes, [Way(1, [1, 2]), Way(2, [2, 3]), Way(3, [3, 4]), Way(4, [3, 3])])
    a, b = town.edge(1, (0, 0), (100, 0)), town.edge(3, (100, 0), (200, 0))
    route = town.roads.route(town.snap(a, 0), town.snap(b, 1_000_000))
    assert route.travel_ms >= 20_001
    snaps = town.roads.snap(route.lonlat)
    assert (snaps.edge >= 0).all()


def test_a_loop_road_is_driven_in_both_directions(build):
    nodes = {1: (0, 0), 2: (100, 0), 3: (150, 50), 4: (150, -50)}
    town = build(nodes, [Way(1, [1, 2]), Way(2, [2, 3, 4, 2])])
    arrays = town.roads.graph.arrays
    into, home = town.edge(1, (0, 0), (100, 0)), town.edge(1, (100, 0), (0, 0))
    assert len(town.path(into, home)) == 3
    assert (arrays["road_edge"] >= 0).all()


def test_no_road_at_all(build):
    with pytest.raises(BadInputError, match="no road"):
        build(CROSS, [Way(12, [1, 2], (0, 0))])
