"""The made town a new user meets: big, of one piece, nothing on a road or in the water."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import osmium
import pytest
import shapely
from click.testing import CliRunner

from callout.drills import make_town
from callout.main.cli import cli
from callout.places import import_city

pytestmark = pytest.mark.slow
SEED = 11


class Found(NamedTuple):
    """Everything tagged in the file; ways with their line in degrees."""

    file: Path
    points: list[dict[str, str]]
    ways: list[tuple[dict[str, str], np.ndarray]]
    bans: list[tuple[dict[str, str], set[str]]]

    def buildings(self) -> list[shapely.Polygon]:
        return [shapely.Polygon(line) for tags, line in self.ways if "building" in tags]

    def roads(self) -> list[tuple[dict[str, str], shapely.LineString]]:
        return [
            (tags, shapely.LineString(line))
            for tags, line in self.ways
            if "highway" in tags and tags.get("area") != "yes"
        ]


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Found:
    file = tmp_path_factory.mktemp("full") / "town.osm.pbf"
    command = ["city", "make", "--seed", str(SEED), str(file)]
    assert CliRunner().invoke(cli, command, catch_exceptions=False).exit_code == 0
    where: dict[int, tuple[float, float]] = {}
    points, ways, bans = [], [], []
    for thing in osmium.FileProcessor(str(file)):
        tags = dict(thing.tags)
        if thing.is_node():
            where[thing.id] = (thing.lon, thing.lat)
            points += [tags] if tags else []
        elif thing.is_way():
            ways.append((tags, np.array([where[node.ref] for node in thing.nodes])))
        else:
            bans.append((tags, {f"{m.type}{m.role}" for m in thing.members}))
    return Found(file, points, ways, bans)


def test_more_than_30_000_junctions_of_one_piece(found, tmp_path):
    counts = import_city(found.file, tmp_path / "city", progress=lambda *_: None)["counts"]
    assert counts["junctions"] >= 30_000
    assert counts["edges_off_main"] < 0.02 * counts["edges"]
    assert counts["restrictions_via_node"] >= 30
    assert counts["restrictions_via_way"] >= 3
    assert counts["restrictions_unused"] == 0
    assert not any(counts["skipped"].values())


def test_has_everything_a_city_has(found):
    values = Counter(pair for tags in found.points for pair in tags.items())
    values.update(pair for tags, _ in found.ways for pair in tags.items())
    for pair, least in {
        ("amenity", "hospital"): 6,
        ("amenity", "fire_station"): 10,
        ("emergency", "ambulance_station"): 10,
        ("amenity", "police"): 8,
        ("amenity", "school"): 20,
        ("emergency", "fire_hydrant"): 1000,
        ("emergency", "defibrillator"): 50,
        ("shop", "bakery"): 50,
        ("amenity", "pharmacy"): 50,
        ("highway", "milestone"): 30,
        ("highway", "traffic_signals"): 30,
        ("highway", "motorway_link"): 16,
        ("highway", "trunk"): 8,
        ("highway", "pedestrian"): 10,
        ("barrier", "bollard"): 10,
        ("barrier", "gate"): 10,
        ("maxheight", "3.2"): 1,
        ("maxweight", "7.5"): 1,
        ("route", "ferry"): 1,
        ("leisure", "slipway"): 1,
        ("leisure", "park"): 3,
        ("railway", "rail"): 2,
        ("railway", "station"): 3,
        ("place", "village"): 12,
        ("landuse", "industrial"): 4,
        ("oneway", "yes"): 200,
    }.items():
        assert values[pair] >= least, pair


def test_every_language_has_streets(found):
    names = " ".join(tags["name"] for tags, _ in found.ways if "highway" in tags and "name" in tags)
    for word in ("Rua ", "straße", "Rue ", "ulica ", "شارع", "Lane"):
        assert word in names


def test_the_same_street_name_is_in_two_towns(found):
    towns: dict[str, set[str]] = {}
    for tags, _ in found.ways:
        if "addr:street" in tags:
            towns.setdefault(tags["addr:street"], set()).add(tags["addr:city"])
    assert max(map(len, towns.values())) > 1
    assert not any(char.isdigit() for name in towns for char in name)


def test_no_building_stands_on_a_road_in_water_or_on_another(found):
    buildings = found.buildings()
    tree = shapely.STRtree(buildings)
    assert len(tree.query([line for _, line in found.roads()], predicate="intersects")[0]) == 0
    assert len(tree.query(_rivers(found), predicate="intersects")[0]) == 0
    first, second = tree.query(buildings, predicate="overlaps")
    shared = [
        buildings[i].intersection(buildings[j]).area
        for i, j in zip(first, second, strict=True)
        if i < j
    ]
    assert max(shared, default=0.0) < 1e-10  # a square metre is 1.2e-10 of a degree squared


def test_a_road_is_over_water_only_on_a_bridge_and_bridges_are_few(found):
    rivers = _rivers(found)
    over = [tags for tags, line in found.roads() if any(r.intersects(line) for r in rivers)]
    assert all(tags.get("bridge") == "yes" for tags in over)
    assert {tags["name"] for tags in over} >= {"Old Bridge", "Iron Bridge", "Queen's Bridge"}
    assert len({tags["name"] for tags in over}) <= 6


def test_same_seed_same_bytes_in_another_process(found, tmp_path):
    again = tmp_path / "again.osm.pbf"
    script = "import sys, pathlib; from callout.drills import make_town; "
    script += f"make_town(pathlib.Path(sys.argv[1]), {SEED})"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([sys.executable, "-c", script, str(again)], check=True, env=environment)
    assert again.read_bytes() == found.file.read_bytes()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_are_other_towns_as_big(tmp_path, seed):
    make_town(tmp_path / "town.osm.pbf", seed)
    report = import_city(tmp_path / "town.osm.pbf", tmp_path / "city", progress=lambda *_: None)
    assert report["counts"]["junctions"] >= 30_000
    assert report["counts"]["edges_off_main"] < 0.02 * report["counts"]["edges"]


def _rivers(found: Found) -> list[shapely.Polygon]:
    return [shapely.Polygon(line) for tags, line in found.ways if tags.get("water") == "river"]
