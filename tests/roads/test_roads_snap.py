"""Snapping: distance, heading, the edge before, islands, reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from road_towns import M, Way, snaps_of
from test_roads_nearest import random_roads, random_snaps

from callout.roads import Snaps

# A divided road: 1 -> 2 east on y = 0, 3 -> 4 west on y = 12; both ends joined.
NODES = {1: (0, 0), 2: (400, 0), 3: (400, 12), 4: (0, 12)}
DIVIDED = [
    Way(1, [1, 2], (50, 0), name="East Road"),
    Way(2, [2, 3]),
    Way(3, [3, 4], (50, 0)),
    Way(4, [4, 1]),
]


def points(*metres):
    return np.rint(np.array(metres, dtype=float).reshape(-1, 2) * M).astype(np.int64)


def test_the_nearest_road_and_how_far_along(build):
    town = build(NODES, DIVIDED)
    snaps = town.roads.snap(points((100, -3), (300, 15)))
    assert snaps.edge.tolist() == [
        town.edge(1, (0, 0), (400, 0)),
        town.edge(3, (400, 12), (0, 12)),
    ]
    assert snaps.offset.tolist() == pytest.approx([250_000, 250_000], abs=50)
    assert snaps.distance_m.tolist() == pytest.approx([3, 3], abs=0.05)
    assert snaps.other.tolist() == [-1, -1]
    assert town.roads.point(*snaps.at(0)[:2]).lon_e7 == pytest.approx(100 * M, abs=5)


def test_heading_tells_which_side_of_a_divided_road(build):
    town = build(NODES, DIVIDED)
    east, west = town.edge(1, (0, 0), (400, 0)), town.edge(3, (400, 12), (0, 12))
    # Noise puts it on the wrong side: 4 m from the one, 8 m from the other.
    wrong = points((200, 4), (200, 8))
    snaps = town.roads.snap(wrong, np.array([270, 90], np.float32))
    assert snaps.edge.tolist() == [west, east]
    blind = town.roads.snap(wrong, np.array([np.nan, np.nan], np.float32))
    assert blind.edge.tolist() == [east, west]
    hinted = town.roads.snap(points((200, 5), (200, 7)), None, np.array([west, east], np.int32))
    assert hinted.edge.tolist() == [west, east]


def test_direction_on_a_two_way_road(build):
    town = build({1: (0, 0), 2: (100, 0)}, [Way(1, [1, 2])])
    east, west = town.edge(1, (0, 0), (100, 0)), town.edge(1, (100, 0), (0, 0))
    here = points((20, 2))
    for heading, previous, edge in ((80, -1, east), (260, -1, west), (np.nan, west, west)):
        snap = town.roads.snap(
            here, np.array([heading], np.float32), np.array([previous], np.int32)
        ).at(0)
        assert snap.edge == edge
        assert snap.other == (west if edge == east else east)
        assert snap.offset == pytest.approx(200_000 if edge == east else 800_000, abs=50)


def test_no_road_within_reach(build):
    town = build(NODES, DIVIDED)
    snaps = town.roads.snap(points((200, -900), (200, -1100), (90_000, 90_000)))
    assert snaps.edge.tolist()[1:] == [-1, -1]
    assert snaps.edge[0] >= 0
    assert np.isinf(snaps.distance_m[1:]).all()
    assert town.roads.snap(points((200, -40)), reach_m=30).edge.tolist() == [-1]


@pytest.mark.parametrize("lat", [90.0, -90.0, 89.9999999, 89.9, -89.9999])
def test_the_search_ends_at_a_pole_too(build, lat):
    """Where cells are nothing wide it went on for ever, and with it the room's one thread."""
    town = build(NODES, DIVIDED)
    pole = np.array([[1_800_000_000, round(lat * 1e7)], [0, round(lat * 1e7)]], np.int64)
    assert town.roads.snap(pole).edge.tolist() == [-1, -1]


def test_an_island_is_taken_only_far_from_other_roads(build):
    nodes = {**NODES, 8: (100, 60), 9: (200, 60), 10: (100, 400), 11: (200, 400)}
    town = build(nodes, [*DIVIDED, Way(89, [8, 9]), Way(99, [10, 11])])
    arrays = town.roads.graph.arrays
    near, far = town.roads.snap(points((150, 55), (150, 390))).edge
    assert arrays["edge_main_car"][near] == 1
    assert arrays["edge_main_car"][far] == 0


def test_street_names(build):
    town = build(NODES, DIVIDED)
    at = town.roads.point(town.edge(3, (400, 12), (0, 12)), 500_000)
    # The road there has no name; the one beside it has.
    assert town.roads.street_at(at) == "East Road"
    assert town.roads.street_at(at, reach_m=5) == ""
    assert town.roads.name(town.edge(2, (400, 0), (400, 12))) == ""


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_road_is_nearer_than_the_one_found(seed):
    rng = np.random.default_rng(seed)
    roads = random_roads(rng)
    arrays = roads.graph.arrays
    here = points(*rng.uniform(-300, 900, (40, 2)))
    snaps = roads.snap(here)
    last = np.isin(np.arange(len(arrays["shape_mm"])), arrays["road_ptr"][1:] - 1)
    start = np.flatnonzero(~last)
    a, b = (arrays["shape_lonlat"][at].astype(float) for at in (start, start + 1))
    road = np.searchsorted(arrays["road_ptr"], start, side="right") - 1
    both = arrays["road_edge"]
    main = ((arrays["edge_main_car"][both] == 1) & (both >= 0)).any(axis=1)
    for index, point in enumerate(here):
        span = b - a
        squared = np.maximum((span**2).sum(axis=1), 1e-9)
        t = np.clip(((point - a) * span).sum(axis=1) / squared, 0, 1)
        metres = np.hypot(*(a + t[:, None] * span - point).T) / M
        scored = np.where(main[road], metres, metres + 100)
        found = main[arrays["edge_road"][snaps.edge[index]]]
        score = snaps.distance_m[index] + (0 if found else 100)
        assert score == pytest.approx(scored.min(), abs=0.02)
        place = roads.point(int(snaps.edge[index]), int(snaps.offset[index]))
        away = np.hypot(*(np.array(place) - point)) / M
        assert away == pytest.approx(snaps.distance_m[index], abs=0.05)


LINE = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (300, 0), 5: (100, 100)}
STREETS = [Way(1, [1, 2]), Way(2, [2, 3]), Way(3, [3, 4]), Way(4, [2, 5])]


def after(town, edge, offset, point, driven, heading=np.nan):
    """The snap of a point after a place on an edge and metres driven."""
    last = snaps_of([town.snap(edge, offset, both=True)])
    headings = np.array([heading], np.float32)
    return town.roads.snap(points(point), headings, last, np.array([driven], np.float32)).at(0)


def test_the_distance_driven_says_which_side_of_a_junction(build):
    town = build(LINE, STREETS)
    first, second = town.edge(1, (0, 0), (100, 0)), town.edge(2, (100, 0), (200, 0))
    # The fix alone is 3 m before the junction; from 90 m on, 15 m were driven.
    snap = after(town, first, 900_000, (97, 2), 15, 90)
    assert snap.edge == second
    # 5 m past it, taken back a tenth (2.6^2 / (2.6^2 + 8^2)) of the 8 m that the fix is behind.
    assert snap.offset == pytest.approx(42_000, abs=1_000)
    assert snap.other == town.edge(2, (200, 0), (100, 0))
    assert snap.distance_m == pytest.approx(np.hypot(7.2, 2), abs=0.2)
    # The other way about: the fix is past the junction, but not so far was driven.
    snap = after(town, first, 900_000, (105, 2), 1, 90)
    assert snap.edge == first
    assert snap.offset == pytest.approx(900_000 + 10_000 + 13_000, abs=4_000)


def test_the_heading_says_which_way_it_turned(build):
    town = build(LINE, STREETS)
    first = town.edge(1, (0, 0), (100, 0))
    for heading, edge in ((2, (4, (100, 0), (100, 100))), (88, (2, (100, 0), (200, 0)))):
        assert after(town, first, 950_000, (104, 4), 10, heading).edge == town.edge(*edge)


def test_a_fix_that_no_way_on_explains_is_snapped_afresh(build):
    town = build(LINE, STREETS)
    first = town.edge(1, (0, 0), (100, 0))
    snap = after(town, first, 500_000, (250, 3), 2, 90)
    assert snap.edge == town.edge(3, (200, 0), (300, 0))
    assert snap.offset == pytest.approx(500_000, abs=50)
    # Turned round on the road: no way on, but the heading is plain.
    assert after(town, first, 500_000, (48, 1), 3, 270).edge == town.edge(1, (100, 0), (0, 0))
    assert after(town, first, 500_000, (90_000, 90_000), 2).edge == -1


def test_without_the_distance_or_a_last_place_each_fix_stands_for_itself(build):
    town = build(LINE, STREETS)
    here = points((60, 3), (240, -4), (102, 50))
    headings = np.array([80, np.nan, 185], np.float32)
    first = town.edge(1, (0, 0), (100, 0))
    last = snaps_of([town.snap(first, 0), town.snap(-1, 0), town.snap(first, 0)])
    driven = np.array([np.nan, 10, 1e6], np.float32)
    followed = town.roads.snap(here, headings, last, driven)
    alone = town.roads.snap(here, headings, last.edge)
    for column, same in zip(followed, alone, strict=True):
        assert column.tolist() == same.tolist()


def test_followed_through_a_grid_it_is_better_than_each_fix_for_itself(build):
    side = range(8)
    nodes = {x * 8 + y + 1: (x * 60, y * 60) for x in side for y in side}
    pairs = [(n, n + 1) for n in nodes if n % 8] + [(n, n + 8) for n in nodes if n + 8 in nodes]
    roads = build(nodes, [Way(number, list(pair)) for number, pair in enumerate(pairs, 1)]).roads
    rng = np.random.default_rng(4)
    ends = roads.snap(points((3, 1), (418, 419)))
    edges = roads.route(ends.at(0), ends.at(1)).edges.tolist()
    assert len(edges) > 10
    followed = alone = roads.snap(points((1, 0)), np.array([0], np.float32))
    right = by_itself = 0
    for edge in edges[1:]:
        for offset in range(0, 1_000_000, 200_000):  # 12 m each, from the junction on
            true = np.array(roads.point(edge, offset + 100_000))
            fix = (true + rng.normal(0, 8, 2) * M).astype(np.int64).reshape(1, 2)
            followed = roads.snap(fix, None, followed, np.array([12], np.float32))
            alone = roads.snap(fix, None, alone.edge)
            right += followed.edge[0] == edge
            by_itself += alone.edge[0] == edge
    assert right > by_itself


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_followed_places_are_on_their_edges(seed):
    rng = np.random.default_rng(seed)
    roads = random_roads(rng)
    arrays = roads.graph.arrays
    last = random_snaps(rng, roads, 40)
    here = points(*rng.uniform(-100, 700, (40, 2)))
    headings = np.where(rng.random(40) < 0.5, np.nan, rng.uniform(0, 360, 40)).astype(np.float32)
    found = roads.snap(here, headings, last, rng.uniform(0, 60, 40).astype(np.float32))
    assert isinstance(found, Snaps)
    assert (found.edge >= 0).all()
    assert ((found.offset >= 0) & (found.offset <= 1_000_000)).all()
    assert (arrays["edge_base"][found.edge] == found.edge).all()
    assert found.other.tolist() == arrays["edge_opposite"][found.edge].tolist()
    for index, point in enumerate(here):
        place = np.array(roads.point(int(found.edge[index]), int(found.offset[index])))
        away = np.hypot(*(place - point)) / M
        assert away == pytest.approx(found.distance_m[index], abs=0.06)
