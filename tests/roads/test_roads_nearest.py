"""Travel times: our kernels against scipy's Dijkstra over the same arrays, number by number."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from road_towns import Way, raw_roads, scipy_times, snaps_of

from callout.base.errors import BadInputError
from callout.roads import CLOSED, Restriction, Roads, Snap, build_graph, load_profile
from callout.roads.graph import Graph

LINE = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (300, 0)}


def random_roads(rng, size=6):
    """A grid with streets left out, one-ways, odd speeds, bans, delays and roads of no length."""
    nodes = {
        x * size + y + 1: (x * 100 + rng.integers(-30, 31), y * 100 + rng.integers(-30, 31))
        for x in range(size)
        for y in range(size)
    }
    nodes[size * size] = nodes[size * size - 1]
    pairs = [(n, n + 1) for n in nodes if n % size] + [
        (n, n + size) for n in nodes if n + size in nodes
    ]
    ways = []
    for number, pair in enumerate(pairs, 1):
        kind = rng.integers(0, 10)
        if kind == 0:
            continue
        kmh = float(rng.integers(5, 120))
        ways.append(Way(number, list(pair), (kmh, 0.0 if kind < 4 else kmh)))
    by_node = {n: [w for w in ways if n in w.nodes] for n in nodes}
    rules = []
    for node in rng.choice(list(nodes), 8):
        if len(by_node[node]) > 1:
            a, b = rng.choice(len(by_node[node]), 2)
            only = bool(rng.integers(0, 4) == 0)
            rules.append(
                Restriction(only, by_node[node][a].id, int(node), (), by_node[node][b].id, "x")
            )
    for middle in rng.choice(len(ways), 4):
        a, b = (by_node[n][rng.integers(0, len(by_node[n]))] for n in ways[middle].nodes)
        rules.append(Restriction(bool(rng.integers(2)), a.id, 0, (ways[middle].id,), b.id, "x"))
    delays = {int(n): int(rng.choice([2000, 5000, CLOSED])) for n in rng.choice(list(nodes), 3)}
    arrays, report = build_graph(raw_roads(nodes, ways, rules, delays), [load_profile()])
    for array in arrays.values():
        array.flags.writeable = False
    grid = np.array([report["grid"][k] for k in ("x0", "y0", "dx", "dy", "nx", "ny")], np.int64)
    return Roads(Graph(arrays, ("car",), grid))


def random_snaps(rng, roads, count):
    arrays = roads.graph.arrays
    base = np.flatnonzero(arrays["edge_base"] == np.arange(len(arrays["edge_base"])))
    edges = rng.choice(base, count)
    return snaps_of(
        [
            Snap(
                int(edge),
                int(rng.choice([0, 1_000_000, rng.integers(0, 1_000_001)])),
                int(arrays["edge_opposite"][edge]) if rng.integers(2) else -1,
                0.0,
            )
            if rng.integers(12)
            else Snap(-1, 0, -1, np.inf)
            for edge in edges
        ]
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(0, 30))
def test_all_answers_are_scipys(seed, k):
    rng = np.random.default_rng(seed)
    roads = random_roads(rng)
    arrays = roads.graph.arrays
    units, places = random_snaps(rng, roads, 25), random_snaps(rng, roads, 3)
    weight = arrays["edge_ms_car"]
    if rng.integers(2):
        base = np.flatnonzero(arrays["edge_base"] == np.arange(len(weight)))
        closed = rng.choice(base, 5).tolist()
        fast = {int(edge): float(rng.integers(1, 200)) for edge in rng.choice(base, 5)}
        assert roads.apply(closed, fast) == 1
        weight = roads._metric.driven("car").weight
        assert (weight[closed] == CLOSED).all()
    table = roads.times(units, places)
    for column in range(3):
        to = places.at(column)
        truth = scipy_times(arrays, weight, to, units)
        assert table[:, column].tolist() == truth.tolist()
        order = sorted((ms, index) for index, ms in enumerate(truth.tolist()) if ms >= 0)[:k]
        index, travel_ms = roads.nearest(to, units, k)
        assert list(zip(travel_ms.tolist(), index.tolist(), strict=True)) == order
        for unit in range(0, 25, 6):
            route = roads.route(units.at(unit), to)
            assert (-1 if route is None else route.travel_ms) == truth[unit]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), seconds=st.integers(0, 90))
def test_reach_is_who_gets_to_the_end_in_time(seed, seconds):
    rng = np.random.default_rng(seed)
    roads = random_roads(rng, size=4)
    arrays = roads.graph.arrays
    origin = random_snaps(rng, roads, 1)
    edges, travel_ms = roads.reach(origin.at(0), seconds)
    reached = dict(zip(edges.tolist(), travel_ms.tolist(), strict=True))
    base = np.flatnonzero(arrays["edge_base"] == np.arange(len(arrays["edge_base"])))
    for edge in base.tolist():
        ms = scipy_times(arrays, arrays["edge_ms_car"], Snap(edge, 1_000_000, -1, 0.0), origin)[0]
        assert reached.get(edge) == (ms if 0 <= ms <= seconds * 1000 else None)


def test_route_is_a_line_from_the_unit_to_the_place(build):
    town = build(LINE, [Way(1, [1, 2, 3, 4]), Way(2, [2, 1])])
    roads = town.roads
    snaps = roads.snap(np.array([[2_248, 0], [24_731, 100]]))
    a, b = snaps.at(0), snaps.at(1)
    route = roads.route(a, b)
    assert route.lonlat[0].tolist() == pytest.approx([2_248, 0], abs=2)
    assert route.lonlat[-1].tolist() == pytest.approx([24_731, 0], abs=2)
    assert (np.diff(route.lonlat[:, 0]) > 0).all()
    assert route.distance_m == pytest.approx(250, abs=0.2)
    back = roads.route(b, a)
    assert back.lonlat.tolist() == route.lonlat[::-1].tolist()


def test_route_on_one_edge_and_to_where_one_stands(build):
    town = build(LINE, [Way(1, [1, 2, 3, 4], (36, 0))])
    edge = town.edge(1, (0, 0), (300, 0))
    route = town.roads.route(town.snap(edge, 200_000), town.snap(edge, 700_000))
    assert route.travel_ms == pytest.approx(15_000, abs=3)
    assert route.edges.tolist() == [edge]
    here = town.roads.route(town.snap(edge, 500_000), town.snap(edge, 500_000))
    assert here.travel_ms == 0
    assert here.lonlat.shape == (2, 2)
    assert town.roads.route(town.snap(edge, 700_000), town.snap(edge, 200_000)) is None
    assert town.roads.route(Snap(-1, 0, -1, np.inf), town.snap(edge, 0)) is None


def test_ties_go_to_the_first(build):
    town = build(LINE, [Way(1, [1, 2, 3, 4])])
    edge = town.edge(1, (0, 0), (300, 0))
    units = snaps_of([town.snap(edge, 100_000)] * 5)
    index, travel_ms = town.roads.nearest(town.snap(edge, 400_000), units, 3)
    assert index.tolist() == [0, 1, 2]
    assert len(set(travel_ms.tolist())) == 1


def test_many_threads_at_once():
    rng = np.random.default_rng(5)
    roads = random_roads(rng, size=12)
    units, places = random_snaps(rng, roads, 60), random_snaps(rng, roads, 40)

    def ask(column):
        index, travel_ms = roads.nearest(places.at(column), units, 7)
        return index.tolist(), travel_ms.tolist()

    alone = [ask(column) for column in range(40)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert list(pool.map(ask, range(40))) == alone


def test_nobody_to_ask(build):
    town = build(LINE, [Way(1, [1, 2, 3, 4])])
    edge = town.edge(1, (0, 0), (300, 0))
    nobody = town.roads.snap(np.empty((0, 2), np.int64))
    assert town.roads.nearest(town.snap(edge, 0), nobody, 5).candidate.tolist() == []
    assert town.roads.times(nobody, nobody).shape == (0, 0)


def test_closing_and_opening_again(build):
    town = build(LINE, [Way(1, [1, 2]), Way(2, [2, 3]), Way(3, [3, 4])])
    a, b = town.edge(1, (0, 0), (100, 0)), town.edge(3, (200, 0), (300, 0))
    unit, place = snaps_of([town.snap(a, 0)]), town.snap(b, 1_000_000)
    roads = town.roads
    before = roads.nearest(place, unit, 1).travel_ms.tolist()
    assert before == pytest.approx([30_000], abs=3)
    assert roads.apply([town.edge(2, (100, 0), (200, 0))], {}) == roads.epoch == 1
    assert roads.nearest(place, unit, 1).travel_ms.tolist() == []
    assert roads.route(unit.at(0), place) is None
    assert roads.apply([], {a: 72.0}) == 2
    assert roads.nearest(place, unit, 1).travel_ms.tolist() == pytest.approx([25_000], abs=3)
    assert roads.apply([], {}) == 3
    assert roads.nearest(place, unit, 1).travel_ms.tolist() == before


@pytest.mark.parametrize(("closed", "speeds"), [([99], {}), ([], {0: 0.0}), ([], {-1: 50.0})])
def test_closures_that_cannot_be(build, closed, speeds):
    roads = build(LINE, [Way(1, [1, 2])]).roads
    with pytest.raises(BadInputError):
        roads.apply(closed, speeds)
    assert roads.epoch == 0


def test_unknown_profile(build):
    roads = build(LINE, [Way(1, [1, 2])]).roads
    snaps = roads.snap(np.zeros((1, 2), np.int64))
    with pytest.raises(BadInputError, match="helicopter"):
        roads.nearest(snaps.at(0), snaps, 1, "helicopter")


def test_warm_compiles_everything(build):
    roads = build(LINE, [Way(1, [1, 2])]).roads
    roads.warm()
    assert roads.profiles == ("car",)


@pytest.mark.parametrize("profile", ["fire_engine", "bicycle", "foot", "van"])
def test_every_vehicle_s_answers_are_scipys(town, profile):
    roads, rng = Roads.open(town / "graph"), np.random.default_rng(3)
    arrays = roads.graph.arrays
    units, places = random_snaps(rng, roads, 25), random_snaps(rng, roads, 2)
    weight = arrays[f"edge_ms_{profile}"]
    table = roads.times(units, places, profile)
    assert (table >= 0).any()
    for column in range(2):
        truth = scipy_times(arrays, weight, places.at(column), units, profile)
        assert table[:, column].tolist() == truth.tolist()
        route = roads.route(units.at(0), places.at(column), profile)
        assert (-1 if route is None else route.travel_ms) == truth[0]


def test_a_vehicle_nobody_knows(town):
    roads = Roads.open(town / "graph")
    snap = roads.snap(roads.graph.arrays["junction_lonlat"][:1].astype(np.int64))
    for ask in (
        lambda: roads.snap(np.zeros((1, 2), np.int64), profile="tank"),
        lambda: roads.nearest(snap.at(0), snap, 1, "tank"),
        lambda: roads.times(snap, snap, "tank"),
        lambda: roads.route(snap.at(0), snap.at(0), "tank"),
        lambda: roads.reach(snap.at(0), 1.0, "tank"),
        lambda: roads.on_island(snap.edge, "tank"),
    ):
        with pytest.raises(BadInputError, match="no profile 'tank'"):
            ask()
