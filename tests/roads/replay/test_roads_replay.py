"""Routes checked against the raw map, and the check itself: whatever is broken is found."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from osm_files import write_osm
from replay_check import Leg, Replay
from replay_draw import drives
from replay_grids import RULES, write_grid
from replay_map import StreetMap
from replay_vehicle import Vehicle, metres, tonnes

import callout.roads
from callout.drills.town import make_town
from callout.places import import_city, open_city

PROFILES = Path(callout.roads.__file__).parent / "profiles"
ENGINE = """
name = "engine"
[vehicle]
height_m = 3.5
width_m = 2.5
length_m = 9.0
weight_t = 16.0
[speeds_kmh]
residential = 36
primary = 50
[access]
keys = ["emergency", "motor_vehicle", "vehicle", "access"]
denied = ["no", "forestry"]
bus_lanes = true
[restrictions]
obeys = ["hgv", ""]
exempt = ["emergency"]
[oneway]
keys = ["oneway:emergency", "oneway"]
[contraflow]
factor = 0.5
delay_ms = 10000
never = ["primary"]
roundabouts = false
[turns]
u_turn = "dead_end"
[barriers]
closed = ["bollard"]
"""
#        16  15  14
#          \ | /
#     20 -- 3 -- 21      northwards 4, 5, 3; 1 west, 2 east of 5; 4 in the south
#          |
#     1 -- 5 -- 2
#          |    |
#    17 -- 4    6
NODES = {
    1: (-100, 0), 2: (100, 0), 3: (0, 100), 4: (0, -100), 5: (0, 0), 6: (100, -100),
    14: (100, 200), 15: (0, 200), 16: (-100, 200), 17: (-100, -100), 18: (-200, -100),
    20: (-100, 100), 21: (100, 100), 22: (0, -200), 23: (50, -200), 24: (-50, -200),
    30: (1000, 0), 31: (1100, 0), 32: (1200, 0), 33: (1200, 100), 34: (1200, -100),
}  # fmt: skip
WAYS = {
    10: ([1, 5], {}),
    11: ([5, 2], {}),
    12: ([5, 3], {}),
    13: ([4, 5], {}),
    14: ([3, 14], {"oneway": "yes"}),
    15: ([3, 15], {"access": "no"}),
    16: ([3, 16], {"highway": "footway"}),
    17: ([4, 17, 18], {}),
    20: ([2, 6], {}),
    21: ([3, 20], {"highway": "primary", "oneway": "-1"}),
    22: ([3, 21], {"access": "no", "bus": "yes"}),
    23: ([4, 22], {"maxheight": "3.2"}),
    24: ([22, 23], {"maxweight:backward": "7.5 t"}),
    25: ([22, 24], {"maxwidth": "8'", "junction": "roundabout"}),
    30: ([30, 31], {}),
    31: ([31, 32], {}),
    32: ([32, 33], {}),
    33: ([32, 34], {}),
}


def restriction(number, word, source, via, to, **more):
    members = [("w", source, "from"), *((kind, ref, "via") for kind, ref in via), ("w", to, "to")]
    return number, members, {"type": "restriction", "restriction": word} | more


RELATIONS = [
    restriction(1, "no_left_turn", 13, [("n", 5)], 10),
    restriction(2, "only_straight_on", 12, [("n", 5)], 13),
    restriction(3, "no_right_turn", 10, [("w", 11)], 20),
    restriction(4, "only_left_turn", 30, [("w", 31)], 32),
    restriction(5, "no_right_turn", 11, [("n", 5)], 12, **{"except": "psv; emergency"}),
    restriction(6, "no_u_turn", 10, [("n", 1)], 10),
    restriction(7, "no_left_turn", 10, [("n", 5)], 12, **{"restriction:hgv": "no_entry"}),
]


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    ways = [(way, refs, {"highway": "residential"} | tags) for way, (refs, tags) in WAYS.items()]
    nodes = [
        (node, x, y, {"barrier": "bollard"} if node == 17 else {}) for node, (x, y) in NODES.items()
    ]
    return StreetMap(
        write_osm(tmp_path_factory.mktemp("map") / "a.osm.pbf", nodes, ways, RELATIONS)
    )


@pytest.fixture(scope="module")
def replay(streets, tmp_path_factory):
    profile = tmp_path_factory.mktemp("profile") / "engine.toml"
    profile.write_text(ENGINE)
    return Replay(streets, Vehicle(profile))


def legs(streets, *nodes, ms=10**6):
    """A drive over these nodes, on the one way that joins each two of them."""
    found = []
    for a, b in pairwise(nodes):
        (way,) = streets.ways_at[a] & streets.ways_at[b]
        found.append(Leg(way, [streets.places[a], streets.places[b]], ms))
    return found


@pytest.mark.parametrize(
    ("nodes", "kind"),
    [
        ((4, 5, 1), "turn"),  # no_left_turn
        ((4, 5, 2), ""),
        ((4, 5, 3), ""),
        ((3, 5, 1), "turn"),  # only_straight_on
        ((3, 5, 4), ""),
        ((1, 5, 2, 6), "turn"),  # over way 11
        ((5, 2, 6), ""),  # began there: not over it
        ((30, 31, 32, 34), "turn"),  # only 30, 31, 32
        ((30, 31, 32, 33), ""),
        ((31, 32, 34), ""),
        ((2, 5, 3), ""),  # except=emergency
        ((1, 5, 3), "turn"),  # restriction:hgv wins over the plain one, and is obeyed
        ((16, 3), "class"),
        ((3, 15), "access"),
        ((3, 21), ""),  # for buses, and so for us
        ((3, 20), "oneway"),  # drawn the other way, and never against on this class
        ((20, 3), ""),
        ((3, 14), ""),
        ((5, 1, 5), "turn"),  # no_u_turn
        ((4, 17, 18), "barrier"),
        ((4, 17), ""),
        ((4, 17, 4), ""),  # turned back before it
        ((4, 22), "size"),
        ((22, 23), ""),
        ((23, 22), "size"),  # only backward
        ((24, 22), "oneway"),  # a roundabout
        ((4, 5, 4), "back"),
        ((2, 6, 2), ""),  # a dead end
    ],
)
def test_what_is_found(replay, streets, nodes, kind):
    found = replay.check(legs(streets, *nodes))
    assert [violation.kind for violation in found] == [kind] * bool(kind), found


def test_against_a_one_way_when_charged_for_it(replay, streets):
    # 141 m at 18 km/h are 28.3 s, and 10 s to get into it.
    began = [Leg(14, [streets.places[14], streets.places[3]], ms) for ms in (28_200, 28_400)]
    assert [v.kind for v in replay.check(began[:1])] == ["charge"]
    assert replay.check(began[1:]) == []
    entered = legs(streets, 14, 3, ms=28_400)[0]
    before = Leg(12, [streets.places[5], streets.places[3]], 10**6)
    assert [v.kind for v in replay.check([before, entered])] == ["joined", "charge"]


def test_ways_that_are_not_joined(replay, streets):
    apart = [*legs(streets, 4, 5), *legs(streets, 2, 6)]
    assert [violation.kind for violation in replay.check(apart)] == ["joined"]
    moved = [Leg(10, [streets.places[1], (5, 5)])]
    assert [violation.kind for violation in replay.check(moved)] == ["way"]
    unknown = [Leg(999, [streets.places[1], streets.places[5]])]
    assert [violation.kind for violation in replay.check(unknown)] == ["way"]
    skipped = [Leg(17, [streets.places[4], streets.places[18]])]
    assert [violation.kind for violation in replay.check(skipped)] == ["way"]


def test_a_closure_driven_through(replay, streets):
    at = streets.places
    drive = legs(streets, 4, 5, 2)
    assert [v.kind for v in replay.check(drive, closed=[(11, at[5], at[2])])] == ["closure"]
    assert replay.check(drive, closed=[(11, at[2], at[5]), (12, at[5], at[3])]) == []


def test_a_line_that_is_not_the_legs(replay, streets):
    at = streets.places
    drive = legs(streets, 4, 5, 2)
    half, most = (at[4][0], at[4][1] // 2), (at[2][0] * 3 // 4, at[2][1])
    # The last but one ends where the last leg begins, the last begins where the first leg ends.
    for line in ([half, at[5], most], [at[4], at[5], at[2]], [half, at[5]], [at[5], most]):
        assert replay.check(drive, line) == []
    for line in (
        [half, most],  # across
        [half, at[5], at[1]],
        [half, at[4], at[5], most],
        [half, at[5], (most[0], most[1] + 40)],
        [half, at[2], at[5], most],
    ):
        assert [violation.kind for violation in replay.check(drive, line)] == ["line"], line


def test_sizes_as_they_are_written():
    assert [metres(text) for text in ("3.5", "3,5 m", "350 cm", "11'6\"", "11 ft")] == (
        pytest.approx([3.5, 3.5, 3.5, 3.5052, 3.3528])
    )
    assert [tonnes(text) for text in ("7.5", "7.5 t", "7500 kg")] == pytest.approx([7.5] * 3)
    for text in ("", "none", "default", "unsigned", "1.2.3", "-3"):
        assert metres(text) is None
        assert tonnes(text) is None


def violations(roads, pbf, routes, profiles):
    streets, counts, kinds = StreetMap(pbf), Counter(), Counter()
    replays = {name: Replay(streets, Vehicle(PROFILES / f"{name}.toml")) for name in profiles}
    for drive in drives(roads, profiles, routes, 5, counts):
        for violation in replays[drive.profile].check(drive.legs, drive.line, drive.closed):
            kinds[violation.kind] += 1
    assert counts["routes"] == routes
    assert counts["with closures"] >= routes // 3
    return kinds


def test_routes_of_the_made_town(town, tmp_path):
    """A few hundred here; ``python bench/replay.py`` drives ten thousand of a real city."""
    make_town(tmp_path / "town.osm.pbf", 7, size="small")
    roads = open_city(town).roads
    assert violations(roads, tmp_path / "town.osm.pbf", 210, list(roads.profiles)) == {}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_routes_where_much_is_forbidden(tmp_path, seed):
    pbf = write_grid(tmp_path / "grid.osm.pbf", seed)
    import_city(pbf, tmp_path / "city")
    roads = open_city(tmp_path / "city").roads
    assert violations(roads, pbf, 200, list(roads.profiles)) == {}


def test_a_graph_that_knows_less_is_found_out(tmp_path):
    """Imported without the rules, the same streets are driven against all of them."""
    pbf = write_grid(tmp_path / "grid.osm.pbf", 1)
    import_city(write_grid(tmp_path / "bare.osm.pbf", 1, without=RULES), tmp_path / "city")
    kinds = violations(open_city(tmp_path / "city").roads, pbf, 100, ["car"])
    wanted = {"oneway", "access", "turn", "barrier", "class"}
    assert wanted <= kinds.keys(), kinds
