"""Snapping: distance, heading, the edge before, islands, reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from road_towns import M, Way
from test_roads_nearest import random_roads

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
