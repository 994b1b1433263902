"""The made town: readable, whole, the same for the same seed, and with what a town has."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import osmium
import pytest

from callout.drills import make_town

_STATIONS = {
    ("amenity", "fire_station"),
    ("emergency", "ambulance_station"),
    ("amenity", "police"),
}


@pytest.fixture(scope="module")
def things(town: Path) -> list[tuple[str, dict[str, str], int]]:
    """(kind, tags, members or nodes) of every tagged object of the town's file."""
    found = []
    for thing in osmium.FileProcessor(str(town.parent / "town.osm.pbf")):
        if not thing.tags:
            continue
        size = 0
        if thing.is_way():
            size = len(thing.nodes)
        elif thing.is_relation():
            size = len(thing.members)
        found.append((type(thing).__name__.lower(), dict(thing.tags), size))
    return found


def test_has_what_a_town_has(things):
    tags = [tags for _, tags, _ in things]
    bridges = {
        t["name"] for t in tags if t.get("bridge") == "yes" and "Bridge" in t.get("name", "")
    }
    assert bridges == {"Old Bridge", "Queen's Bridge", "Iron Bridge"}
    assert sum(t.get("amenity") == "hospital" for t in tags) == 3
    for key, value in _STATIONS:
        assert sum(t.get(key) == value for t in tags) >= 4
    classes = Counter(t["highway"] for t in tags if "highway" in t)
    for highway in ("motorway", "motorway_link", "primary", "residential", "footway"):
        assert classes[highway] >= 2
    assert sum(t.get("oneway") == "yes" for t in tags) > 50
    assert any(t.get("leisure") == "park" for t in tags)
    assert sum(t.get("natural") == "water" for t in tags) >= 2
    assert sum("building" in t for t in tags) > 5000
    assert len({t["name"] for t in tags if "highway" in t and "name" in t}) > 800


def test_has_turn_restrictions_also_over_a_way(things):
    bans = [(t, size) for kind, t, size in things if kind == "relation"]
    assert len(bans) >= 15
    assert {t["type"] for t, _ in bans} == {"restriction"}
    assert {t["restriction"] for t, _ in bans} >= {"no_left_turn", "only_straight_on"}


def test_hangs_together_and_has_thousands_of_junctions(town):
    counts = msgspec.json.decode((town / "meta.json").read_bytes())["counts"]
    assert counts["junctions"] > 3000
    assert counts["edges_off_main"] < 0.01 * counts["edges"]
    assert counts["restrictions_via_node"] >= 15
    assert counts["restrictions_via_way"] >= 1


def test_same_seed_same_bytes_even_with_another_hash_seed(town, tmp_path):
    script = "import sys, pathlib; from callout.drills.town import make_town; "
    script += "make_town(pathlib.Path(sys.argv[1]), 7, 'small')"
    again = tmp_path / "again.osm.pbf"
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", script, str(again)], check=True, env=environment)
    assert again.read_bytes() == (town.parent / "town.osm.pbf").read_bytes()


def test_another_seed_is_another_town(town, tmp_path):
    other = tmp_path / "other.osm.pbf"
    report = make_town(other, 8, "small")
    assert report["junctions"] > 3000
    assert other.read_bytes() != (town.parent / "town.osm.pbf").read_bytes()
