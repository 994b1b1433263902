"""Which roads a closure means, and that it means the same ones on another map."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
from osm_files import M, write_osm

from callout.access import SYSTEM, Actor, Role
from callout.base.clock import ManualClock
from callout.base.errors import BadInputError, ConflictError, NotFoundError, RefusedError
from callout.base.geo import LonLat
from callout.journal import Journal
from callout.places import City, PlacesBoard, import_city, open_city
from callout.places.closures import at_points, by_street, in_area, lines, resolve
from callout.places.commands import close_road, lift_closure
from callout.roads import Roads

NOW_US = ManualClock().now_us()


@pytest.fixture(scope="module")
def city(town: Path) -> Iterator[City]:
    with closing(open_city(town)) as opened:
        yield opened


@pytest.fixture
def roads(city: City) -> Roads:
    return Roads.open(city.graph_dir)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal.open(tmp_path / "home", clock=ManualClock())) as opened:
        yield opened


def folded(journal: Journal) -> PlacesBoard:
    board = PlacesBoard()
    for entry in journal.replay():
        board.apply(entry)
    return board


def longest_street(roads: Roads) -> str:
    arrays = roads.graph.arrays
    named = arrays["road_name"] >= 0
    total = np.bincount(arrays["road_name"][named], arrays["road_mm"][named])
    return roads.street_names()[int(total.argmax())]


def test_a_street_is_closed_both_ways_and_lifted(roads: Roads, journal: Journal) -> None:
    street = longest_street(roads)
    name, stretches = by_street(roads, f"  {street.upper()} ", None)
    assert name == street
    closure, receipt = close_road(
        journal, SYSTEM, name=name, why="flood", stretches=stretches, now_us=NOW_US
    )
    receipt.result()
    board = folded(journal)
    found = resolve(roads, board.closures.values())
    assert len(found.closed) >= len(stretches)
    assert {roads.name(edge) for edge in found.closed} == {street}
    opposite = roads.graph.arrays["edge_opposite"][found.closed]
    assert set(opposite[opposite >= 0].tolist()) <= set(found.closed)
    assert not found.gone
    assert len(lines(roads, found.edges[closure])) == len(stretches)
    lift_closure(journal, SYSTEM, board, closure).result()
    board = folded(journal)
    assert board.closures == {}
    assert PlacesBoard.restored(board.snapshot()).closures == {}
    with pytest.raises(NotFoundError):
        lift_closure(journal, SYSTEM, board, closure)


def test_a_route_goes_round_it(roads: Roads, journal: Journal) -> None:
    arrays = roads.graph.arrays
    rng = np.random.default_rng(7)
    tried = 0
    for _ in range(40):
        a, b = rng.integers(0, len(arrays["junction_lonlat"]), 2)
        snaps = roads.snap(arrays["junction_lonlat"][[a, b]].astype(np.int64))
        before = roads.route(snaps.at(0), snaps.at(1))
        if before is None or len(before.edges) < 8:
            continue
        middle = int(before.edges[len(before.edges) // 2])
        _, stretches = at_points(roads, [roads.point(middle, 500_000)])
        assert len(stretches) == 1
        _, receipt = close_road(
            journal, SYSTEM, name="x", why="crash", stretches=stretches, now_us=NOW_US
        )
        receipt.result()
        found = resolve(roads, folded(journal).closures.values())
        epoch = roads.epoch
        assert roads.apply(found.closed, found.speeds) == epoch + 1
        after = roads.route(snaps.at(0), snaps.at(1))
        if after is not None:
            assert not np.isin(after.edges, found.closed).any()
            assert after.travel_ms >= before.travel_ms
            tried += 1
        if tried == 5:
            break
    assert tried == 5


def test_two_closures_on_one_road_are_two(roads: Roads, journal: Journal) -> None:
    point = LonLat(*roads.graph.arrays["junction_lonlat"][5].tolist())
    _, stretches = at_points(roads, [point])
    ids = []
    for kmh in (None, 20, 10):
        closure, receipt = close_road(
            journal, SYSTEM, name="x", why="works", stretches=stretches, now_us=NOW_US, kmh=kmh
        )
        receipt.result()
        ids.append(closure)
    found = resolve(roads, folded(journal).closures.values())
    assert found.closed
    assert set(found.speeds.values()) == {10}
    lift_closure(journal, SYSTEM, folded(journal), ids[0]).result()
    found = resolve(roads, folded(journal).closures.values())
    assert not found.closed
    lift_closure(journal, SYSTEM, folded(journal), ids[2]).result()
    assert set(resolve(roads, folded(journal).closures.values()).speeds.values()) == {20}


def test_an_area_closes_what_enters_it(roads: Roads) -> None:
    x, y = roads.graph.arrays["junction_lonlat"].mean(axis=0).astype(int).tolist()
    ring = [
        LonLat(x + dx, y + dy) for dx, dy in ((0, 0), (30_000, 0), (30_000, 20_000), (0, 20_000))
    ]
    stretches = in_area(roads, ring)
    assert stretches
    for corner in roads.snap(np.array([(x + 15_000, y + 10_000)], np.int64)).edge.tolist():
        road = roads.graph.arrays["edge_road"][corner]
        assert roads.graph.arrays["road_way"][road] in {s.way for s in stretches}
    with pytest.raises(BadInputError, match="three corners"):
        in_area(roads, ring[:2])
    with pytest.raises(BadInputError, match="crosses itself"):
        in_area(roads, [ring[0], ring[2], ring[1], ring[3]])
    with pytest.raises(NotFoundError, match="no road"):
        in_area(roads, [LonLat(p.lon_e7 + 90_000_000, p.lat_e7) for p in ring])


def test_what_is_not_on_the_map_any_more_is_counted(roads: Roads, journal: Journal) -> None:
    _, (stretch,) = at_points(roads, [LonLat(*roads.graph.arrays["junction_lonlat"][5].tolist())])
    moved = msgspec.structs.replace(stretch, lat_e7=stretch.lat_e7 + 100_000)
    gone = msgspec.structs.replace(stretch, way=1 << 40)
    closure, receipt = close_road(
        journal, SYSTEM, name="x", why="works", stretches=(stretch, moved, gone), now_us=NOW_US
    )
    receipt.result()
    found = resolve(roads, folded(journal).closures.values())
    assert found.gone == {closure: 2}
    assert found.closed


def test_what_cannot_be_meant_is_said(roads: Roads, journal: Journal) -> None:
    with pytest.raises(NotFoundError, match="no street"):
        by_street(roads, "Nowhere Lane of Nothing", None)
    with pytest.raises(NotFoundError, match="no street"):
        by_street(roads, "   ", None)
    with pytest.raises(NotFoundError, match="no road within"):
        at_points(roads, [LonLat(0, 0)])
    with pytest.raises(BadInputError):
        at_points(roads, [])
    letters: dict[str, int] = {}
    for name in roads.street_names():
        letters[name[:1]] = letters.get(name[:1], 0) + 1
    many = max(letters, key=lambda letter: letters[letter])
    with pytest.raises(ConflictError, match="begin so"):
        by_street(roads, many, None)
    _, stretches = at_points(roads, [LonLat(*roads.graph.arrays["junction_lonlat"][5].tolist())])

    def close(**what: object) -> None:
        given = {"name": "x", "why": "works", "stretches": stretches, "now_us": NOW_US} | what
        close_road(journal, SYSTEM, **given)[1].result()  # type: ignore[arg-type]

    for wrong in ({"why": "because"}, {"until_us": NOW_US}, {"until_us": NOW_US * 2}, {"kmh": 0}):
        with pytest.raises(BadInputError):
            close(**wrong)
    assert journal.head() == -1
    taker = Actor(id="p", kind="person", roles=frozenset({Role.CALL_TAKER}))
    with pytest.raises(RefusedError):
        close_road(journal, taker, name="x", why="works", stretches=stretches, now_us=NOW_US)


def test_streets_of_one_name_in_two_places_ask(tmp_path: Path) -> None:
    nodes = [(n, x, y, {}) for n, (x, y) in enumerate(((0, 0), (300, 0), (9000, 0), (9300, 0)), 1)]
    nodes += [(5, 300, 9000, {}), (6, 9000, 9000, {})]
    tags = {"highway": "residential", "name": "High Street"}
    ways = [(1, [1, 2], tags), (2, [3, 4], tags), (3, [2, 5, 6, 3], {"highway": "primary"})]
    import_city(write_osm(tmp_path / "two.osm.pbf", nodes, ways), tmp_path / "city")
    with closing(open_city(tmp_path / "city")) as city:
        roads = city.roads
        with pytest.raises(ConflictError) as raised:
            by_street(roads, "high street", None)
        choices = raised.value.detail["choices"]
        assert isinstance(choices, list)
        assert len(choices) == 2
        near = LonLat(round(9150 * M * 1e7), 0)
        name, (stretch,) = by_street(roads, "high street", near)
        assert (name, stretch.way) == ("High Street", 2)
