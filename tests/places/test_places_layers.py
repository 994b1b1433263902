"""What the map's layers hold, tile by tile: marks of roads, lines, the sea, limits."""

import gzip

import mapbox_vector_tile
import numpy as np
import osmium
import pytest
import shapely
from osm_files import M, write_osm
from osmium.osm.mutable import Node, Way
from pmtiles.reader import MmapSource, Reader, all_tiles
from test_places_tiles import decoded, features, tile_at

from callout.places import import_city, open_city
from callout.places import tiles as tiles_module
from callout.places.coast import sea
from callout.places.drawing import road_marks
from callout.places.layers import LAYERS
from callout.roads import CLASSES

WAYS = [
    (1, [1, 2], {"highway": "tertiary", "name": "Rua A", "ref": "M 501"}),
    (2, [2, 3], {"highway": "tertiary", "name": "Rua A", "ref": "M 501"}),
    (3, [3, 4], {"highway": "tertiary", "name": "Rua A", "bridge": "yes", "layer": "2"}),
    (4, [5, 6], {"highway": "residential", "oneway": "-1", "name": "Οδός Ερμού"}),
    (5, [1, 5], {"highway": "motorway", "ref": "A 1;IP 1", "name": "A 1"}),
    (6, [5, 6], {"railway": "rail", "name": "Linha"}),
    (7, [2, 5], {"railway": "rail", "service": "siding"}),
    (8, [1, 6], {"waterway": "canal", "name": "Canal"}),
    (9, [1, 4], {}),
    (10, [7, 8], {"natural": "coastline"}),
    (11, [20, 21, 22, 23, 20], {"building": "yes", "addr:housenumber": "12a"}),
    (12, [4, 6], {"boundary": "administrative", "admin_level": "8"}),
    (13, [24, 25], {"highway": "unclassified"}),
]
NODES = [
    (1, 100, 100, {}),
    (2, 200, 100, {}),
    (3, 300, 100, {}),
    (4, 400, 120, {}),
    (5, 100, 300, {}),
    (6, 300, 300, {}),
    (7, 900, -900, {}),
    (8, 900, 1900, {}),
    (9, 250, 250, {"aeroway": "helipad"}),
    (10, 260, 250, {"amenity": "pharmacy", "name": "Аптека"}),
    (11, 150, 150, {"addr:housenumber": "7", "addr:street": "Rua A"}),
    (20, 210, 210, {}),
    (21, 230, 210, {}),
    (22, 230, 230, {}),
    (23, 210, 230, {}),
    (24, 0, 0, {}),
    (25, 1000, 1000, {}),
]
RELATIONS = [(1, [("w", 9, "outer")], {"type": "boundary", "boundary": "administrative",
                                       "admin_level": "6"})]  # fmt: skip
MAIN = CLASSES[: CLASSES.index("tertiary") + 1]


@pytest.fixture(scope="module")
def coast_town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layers")
    import_city(write_osm(folder / "t.osm.pbf", NODES, WAYS, RELATIONS), folder / "t")
    return open_city(folder / "t")


def near(city, zoom, x_m, y_m):
    x, y, px, py = tile_at(zoom, x_m * M, y_m * M)
    return decoded(city, zoom, x, y), px, py


def test_roads_of_one_look_are_one_line_with_name_and_number(coast_town):
    tile, _, _ = near(coast_town, 14, 200, 100)
    (street,) = [f for f in features(tile, "road") if f["properties"].get("ref") == "M 501"]
    assert street["properties"] == {"class": "tertiary", "name": "Rua A", "ref": "M 501"}
    (start, *_, end), (_, px, _), (_, far, _) = (
        street["geometry"]["coordinates"],
        near(coast_town, 14, 100, 100),
        near(coast_town, 14, 300, 100),
    )
    assert [start[0], end[0]] == pytest.approx([px, far], abs=1)
    (motorway,) = [f for f in features(tile, "road") if f["properties"]["class"] == "motorway"]
    assert motorway["properties"] == {"class": "motorway", "ref": "A 1", "oneway": True}
    # The bridge stands last: it is drawn over what it crosses.
    assert features(tile, "road")[-1]["properties"]["bridge"] is True


def test_one_way_against_the_way_runs_along_its_line(coast_town):
    tile, _, _ = near(coast_town, 14, 200, 300)
    (street,) = [f for f in features(tile, "road") if f["properties"].get("name") == "Οδός Ερμού"]
    (x_first, _), *_, (x_last, _) = street["geometry"]["coordinates"]
    assert street["properties"]["oneway"] is True
    assert x_first > x_last, "drawn from east to west, as it is driven"


def test_rails_borders_canals_and_points(coast_town):
    tile, _, _ = near(coast_town, 14, 200, 200)
    rails = [f["properties"] for f in features(tile, "rail")]
    assert rails == [{"kind": "rail"}, {"kind": "rail", "siding": True}]
    assert {f["properties"]["level"] for f in features(tile, "boundary")} == {6, 8}
    assert features(tile, "waterway")[0]["properties"] == {"kind": "canal", "name": "Canal"}
    assert {f["properties"]["kind"] for f in features(tile, "poi")} == {"helipad", "pharmacy"}
    assert "siding" not in str(features(near(coast_town, 12, 200, 200)[0], "rail"))


def test_house_numbers_at_the_last_zoom_only(coast_town):
    tile, px, py = near(coast_town, 16, 220, 220)
    numbers = {f["properties"]["number"]: f["geometry"]["coordinates"] for f in
               features(tile, "housenumber")}  # fmt: skip
    assert numbers.keys() == {"12a", "7"}
    assert numbers["12a"] == pytest.approx([px, py], abs=2)
    assert not features(near(coast_town, 15, 220, 220)[0], "housenumber")


def test_the_sea_lies_right_of_the_coast(coast_town):
    """The coast runs north at x = 900 m: land to its left, which is west."""
    tile, px, py = near(coast_town, 16, 960, 300)
    (water,) = [f for f in features(tile, "water") if f["properties"]["kind"] == "sea"]
    assert shapely.geometry.shape(water["geometry"]).contains(shapely.Point(px, py))
    assert not features(near(coast_town, 16, 200, 300)[0], "water")


def test_the_map_reaches_as_far_as_the_sea_of_the_extract(tmp_path):
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(-100 * M, -100 * M, 3000 * M, 1800 * M))
    with osmium.SimpleWriter(str(tmp_path / "t.osm.pbf"), header=header) as writer:
        for number, x, y, tags in NODES:
            writer.add_node(Node(id=number, location=(x * M, y * M), tags=tags))
        for number, refs, tags in WAYS:
            writer.add_way(Way(id=number, nodes=refs, tags=tags))
    meta = import_city(tmp_path / "t.osm.pbf", tmp_path / "t")
    assert meta["counts"]["skipped"]["coasts_open"] == 0
    assert meta["bbox"] == pytest.approx([0, -100 * M, 3000 * M, 1800 * M], abs=1e-6)


def lines(*coasts):
    return [np.array(coast, dtype=np.int32) for coast in coasts]


def test_an_island_a_bay_and_a_coast_that_ends():
    box = (0, 0, 1000, 1000)
    island = [(400, 400), (600, 400), (600, 600), (400, 600), (400, 400)]  # anticlockwise: land
    around, doubt = sea(lines(island), box)
    assert (around.area, doubt) == (1000 * 1000 - 200 * 200, 0)
    lake, _ = sea(lines(island[::-1]), box)
    assert lake.area == 200 * 200
    bay, _ = sea(lines([(500, -50), (500, 500)], [(500, 500), (500, 1200)]), box)
    assert bay.equals(shapely.box(500, 0, 1000, 1000))
    dry, doubt = sea(lines([(500, -50), (500, 500)]), box)
    assert (dry.is_empty, doubt) == (True, 1)
    assert sea([], box)[0].is_empty


@pytest.mark.parametrize(
    ("tags", "marks"),
    [
        ({"highway": "residential"}, {}),
        ({"highway": "motorway_link"}, {"oneway": True, "link": True}),
        ({"highway": "motorway", "oneway": "no"}, {}),
        ({"highway": "tertiary", "junction": "roundabout"}, {"oneway": True}),
        ({"highway": "primary", "tunnel": "building_passage"}, {}),
        ({"highway": "primary", "ref": "a name, not a number"}, {}),
        ({"highway": "primary", "layer": "?", "tunnel": "yes"}, {"tunnel": True}),
    ],
)
def test_marks(tags, marks):
    assert road_marks(tags).tags == marks


def every_tile(folder, wanted):
    with (folder / "tiles.pmtiles").open("rb") as file:
        reader = Reader(MmapSource(file))
        known = {layer["id"]: layer["fields"] for layer in reader.metadata()["vector_layers"]}
        for zxy, data in all_tiles(MmapSource(file)):
            if not wanted(*zxy):
                continue
            tile = mapbox_vector_tile.decode(
                gzip.decompress(data), default_options={"y_coord_down": True}
            )
            yield zxy, tile, known


def test_nothing_reaches_beyond_its_tile_and_all_is_announced(town):
    """Tiles of the made town: within the buffer, layers and fields as the metadata say."""
    seen, count = set(), 0
    # Near zooms have most of the tiles: every eighth of them.
    for (zoom, _, _), tile, known in every_tile(town, lambda z, x, y: z < 14 or (x + y) % 8 == 0):
        count += 1
        for name, layer in tile.items():
            seen.add(name)
            buffer = 0 if name in {"place", "poi", "label", "housenumber"} else 64
            for feature in layer["features"]:
                shape = shapely.geometry.shape(feature["geometry"])
                west, north, east, south = shape.bounds
                assert min(west, north) >= -buffer - 1, (zoom, name)
                assert max(east, south) <= 4096 + buffer + 1, (zoom, name)
                assert feature["properties"].keys() <= known[name].keys()
    assert count > 50
    assert seen <= set(LAYERS)
    assert seen >= {"road", "building", "land", "water", "place", "poi", "housenumber"}


def test_every_main_road_is_there_at_zoom_12(town):
    """By length: what the file has of tertiary and above, the tiles of zoom 12 have."""
    found = 0.0
    for _, tile, _ in every_tile(town, lambda z, _x, _y: z == 12):
        for feature in features(tile, "road"):
            if feature["properties"]["class"] in MAIN:
                shape = shapely.geometry.shape(feature["geometry"])
                found += shapely.clip_by_rect(shape, 0, 0, 4096, 4096).length
    arrays = open_city(town).roads.graph.arrays
    metres = arrays["road_mm"][arrays["road_class"] <= CLASSES.index("tertiary")].sum() / 1000
    # A pixel of zoom 12 at this latitude; roads no profile may use are drawn but not in the graph.
    pixel_m = 40_075_016.7 * np.cos(np.radians(46)) / 2**12 / 4096
    assert found * pixel_m == pytest.approx(metres, rel=0.02)


def test_a_tile_that_is_too_large_loses_the_least_things(tmp_path, monkeypatch):
    nodes, ways = [], []
    for i in range(200):
        x, y, first = (i % 20) * 40 + 10, i // 20 * 40 + 10, i * 4 + 1
        corners = [(x, y), (x + 19 + i % 5, y), (x + 19 + i % 5, y + 19), (x, y + 19)]
        nodes += [(first + n, *at, {}) for n, at in enumerate(corners)]
        ways.append((i + 1, [*range(first, first + 4), first], {"building": "yes"}))
    nodes += [(9001, 0, 0, {}), (9002, 900, 500, {}), (9003, 0, 500, {})]
    ways += [
        (9001, [9001, 9002], {"highway": "primary", "name": "Main"}),
        (9002, [9001, 9003], {"highway": "footway"}),
    ]
    pbf = write_osm(tmp_path / "t.osm.pbf", nodes, ways)
    monkeypatch.setattr(tiles_module, "MOST_BYTES", 3000)
    report = import_city(pbf, tmp_path / "t")
    assert report["counts"]["tiles_thinned"] > 0
    assert report["counts"]["tile_bytes_most"] <= 3000
    tile, _, _ = near(open_city(tmp_path / "t"), 14, 300, 200)
    assert 0 < len(features(tile, "building")) < 200
    assert {f["properties"]["class"] for f in features(tile, "road")} == {"primary", "path"}
    monkeypatch.setattr(tiles_module, "MOST_BYTES", 100)
    import_city(pbf, tmp_path / "t")
    tile, _, _ = near(open_city(tmp_path / "t"), 14, 300, 200)
    assert [f["properties"]["class"] for f in features(tile, "road")] == ["primary"]
