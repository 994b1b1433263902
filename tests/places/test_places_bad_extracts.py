"""Extracts with mistakes in them: taken with a count of what was wrong, or refused in words."""

import struct
import zlib

import numpy as np
import osmium
import pytest
from osm_files import M, little_town, write_osm
from osmium.osm.mutable import Node, Way

from callout.base.errors import BadInputError
from callout.base.geo import lonlat
from callout.places import import_city, open_city

STREET = {"highway": "residential"}
ROW = [(number, 100 * (number - 1), 0, {}) for number in range(1, 5)]


def write(path, objects, header=None, kind="pbf"):
    with osmium.SimpleWriter(osmium.io.File(str(path), kind), header=header) as writer:
        for item in objects:
            writer.add(item)
    return path


def node(number, x_m, version=1):
    return Node(id=number, location=(x_m * M, 0), version=version)


def way(number, nodes, version=1, name=""):
    return Way(
        id=number, nodes=nodes, version=version, tags=STREET | ({"name": name} if name else {})
    )


def imported(path, *more):
    return import_city(path, path.parent / "city", more=more)["counts"]


def refused(path, *more):
    """The words of a refusal that left an older city, and the folder, as they were."""
    old = path.parent / "city"
    if not old.exists():
        import_city(little_town(path.parent / "old.osm.pbf"), old)
    before = (sorted(path.parent.rglob("*")), (old / "meta.json").read_bytes())
    with pytest.raises(BadInputError) as caught:
        import_city(path, old, more=more)
    assert (sorted(path.parent.rglob("*")), (old / "meta.json").read_bytes()) == before
    assert caught.value.todo
    assert "\n" not in str(caught.value)
    open_city(old).close()
    return str(caught.value)


def test_nodes_without_a_place(tmp_path):
    objects = [
        Node(id=1),
        node(2, 100),
        node(3, 200),
        node(4, 300),
        way(1, [1, 2, 3]),
        way(2, [3, 9, 4]),
    ]
    counts = imported(write(tmp_path / "a.osm.pbf", objects))
    assert counts["skipped"]["points_without_place"] == 2
    assert counts["skipped"]["ways_too_short"] == 1
    assert counts["roads"] == 1
    nowhere = write(tmp_path / "b.osm.pbf", [node(1, 0), way(1, [1, 77]), way(2, [88, 99])])
    assert "no road" in refused(nowhere)


def test_stretches_without_length(tmp_path):
    nodes = [*ROW, (5, 300, 0, {}), (6, 300, 0, {})]
    ways = [
        (1, [1, 2, 2, 3, 4], STREET),
        (2, [4, 5], STREET),
        (3, [5, 6, 5], STREET),
        (4, [6, 6], STREET),
    ]
    path = write_osm(tmp_path / "a.osm.pbf", nodes, ways)
    counts = imported(path)
    assert counts["skipped"]["ways_too_short"] == 1
    assert counts["roads_without_length"] == counts["roads"] - 1
    roads = open_city(tmp_path / "city").roads
    snaps = roads.snap(np.array([lonlat(5 * M, 0), lonlat(300 * M, 0)]))
    assert roads.route(snaps.at(0), snaps.at(1)).distance_m == pytest.approx(295, abs=1)


def test_areas_that_cross_themselves(tmp_path):
    nodes = [*ROW, (5, 0, 50, {}), (6, 100, 50, {})]
    ways = [
        (1, [1, 2, 3], STREET),
        (2, [1, 6, 2, 5, 1], {"building": "yes"}),  # a bow tie
        (3, [1, 2, 1, 2, 1], {"natural": "water"}),  # there and back
    ]
    counts = imported(write_osm(tmp_path / "a.osm.pbf", nodes, ways))
    assert counts["mended"]["areas_crossing_themselves"] == 2


def test_speeds_that_nobody_drives(tmp_path):
    posted = ["999999999", "-5", "0", "1" + "0" * 400, "50", "none", "50 mph", "RO:urban", "30;50"]
    ways = [(i + 1, [1, 2], STREET | {"maxspeed": text}) for i, text in enumerate(posted)]
    path = write_osm(tmp_path / "a.osm.pbf", ROW, ways)
    assert imported(path)["mended"]["speeds_nobody_drives"] == 4
    arrays = open_city(tmp_path / "city").roads.graph.arrays
    # As fast as the street's class: 100 m at 36 km/h.
    odd = np.isin(arrays["road_way"][arrays["edge_road"]], [1, 2, 3, 4])
    assert arrays["edge_ms_car"][odd] == pytest.approx([10_000] * 8, abs=20)


def test_restrictions_against_each_other(tmp_path):
    members = [("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")]
    nodes = [*ROW, (5, 100, 100, {})]
    ways = [(1, [1, 2], STREET), (2, [2, 3], STREET), (3, [2, 5], STREET)]
    relations = [
        (1, members, {"type": "restriction", "restriction": "no_straight_on"}),
        (2, members, {"type": "restriction", "restriction": "only_straight_on"}),
        (3, [("w", 77, "from"), *members[1:]], {"type": "restriction", "restriction": "no_u_turn"}),
        (4, members[1:], {"type": "restriction", "restriction": "no_left_turn"}),
        (5, members, {"type": "restriction", "restriction": "perhaps"}),
    ]
    counts = imported(write_osm(tmp_path / "a.osm.pbf", nodes, ways, relations))
    assert counts["restrictions_contradictory"] == 1
    assert counts["restrictions_unused"] == 1
    assert counts["skipped"]["restrictions_odd"] == 2


def test_across_the_180th_meridian(tmp_path):
    at = {1: 179.98, 2: 179.99, 3: -179.99, 4: -179.98}
    nodes = [Node(id=number, location=(lon, -16.8), version=1) for number, lon in at.items()]
    lake = Way(id=2, nodes=[1, 2, 3, 1], version=1, tags={"natural": "water"})
    counts = imported(write(tmp_path / "a.osm.pbf", [*nodes, way(1, [1, 2, 3, 4]), lake]))
    # The road once; the lake on its way there and back.
    assert counts["skipped"]["steps_across_180th_meridian"] == 3
    assert counts["roads"] == 2
    assert counts["tiles"] < 100


def test_objects_out_of_order_and_twice(tmp_path):
    ways = [way(1, [1, 2]), way(2, [2, 3])]
    nodes = [node(1, 0), node(2, 100), node(3, 200)]
    tagged = Node(id=4, location=(0, 0), version=1, tags={"amenity": "hospital"})
    for number, objects in enumerate(
        ([*ways, *nodes], [*ways, *nodes, tagged], [*nodes[::-1], *ways])
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert imported(write(folder / "a.osm.pbf", objects))["roads"] == 2
    twice = [*nodes, way(1, [1, 2, 3], 2, "New"), way(1, [1, 2], 1, "Old"), way(2, [2, 3])]
    counts = imported(write(tmp_path / "a.osm.pbf", twice))
    assert counts["mended"]["objects_that_stood_there_twice"] == 1
    assert counts["roads"] == 3
    assert [place.name for place in open_city(tmp_path / "city").search("new")] == ["New"]


def test_extracts_that_overlap_are_one_city(tmp_path):
    a = [
        node(1, 0),
        node(2, 100),
        node(3, 190),
        way(1, [1, 2], 2, "Newer"),
        way(2, [2, 3], 1, "Elder"),
    ]
    b = [
        node(2, 100), node(3, 200, 2), node(4, 300),
        way(1, [1, 2], 1, "Older"), way(2, [2, 3], 3, "Later"), way(3, [3, 4]),
    ]  # fmt: skip
    west, east = write(tmp_path / "west.osm.pbf", a), write(tmp_path / "east.osm.pbf", b)
    for first, other in ((west, east), (east, west)):
        meta = import_city(first, tmp_path / "city", more=[other])
        assert meta["counts"]["mended"]["objects_that_stood_there_twice"] == 4
        assert meta["source"]["file"] == f"{first.name} + {other.name}"
        city = open_city(tmp_path / "city")
        names = {name for name in ("Newer", "Older", "Later", "Elder") if city.search(name)}
        assert names == {"Newer", "Later"}
        snaps = city.roads.snap(np.array([lonlat(5 * M, 0), lonlat(295 * M, 0)]))
        assert city.roads.route(snaps.at(0), snaps.at(1)).distance_m == pytest.approx(290, abs=1)
        city.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "city",
        "east.osm.pbf",
        "west.osm.pbf",
    ]
    (tmp_path / "bad.osm.pbf").write_bytes(west.read_bytes()[:-20])
    assert "bad.osm.pbf" in refused(west, tmp_path / "bad.osm.pbf")
    assert "no.osm.pbf" in refused(west, tmp_path / "no.osm.pbf")


def test_histories_and_unsaved_edits(tmp_path):
    header = osmium.io.Header()
    header.has_multiple_object_versions = True
    versions = [node(1, 0), node(1, 10, 2), node(2, 100), way(1, [1, 2]), way(1, [2, 1], 2)]
    assert "history" in refused(write(tmp_path / "h.osm.pbf", versions, header, "osh.pbf"))
    edit = [node(-1, 0), node(-2, 100), way(-1, [-1, -2])]
    assert "negative" in refused(write(tmp_path / "e.osm.pbf", edit))
    changes = tmp_path / "c.osm.pbf"
    changes.write_text(
        '<osmChange version="0.6"><create><node id="1" lat="0" lon="0"/></create></osmChange>'
    )
    assert "no .osm.pbf" in refused(changes)
    changesets = tmp_path / "s.osm.pbf"
    changesets.write_text('<osm version="0.6"><changeset id="1" open="false"/></osm>')
    assert "no .osm.pbf" in refused(changesets)


def field(number, value):
    """One field of a protobuf message: a number or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def blob(kind, content, *, size=None, raw_size=None):
    """A file block as https://wiki.openstreetmap.org/wiki/PBF_Format has it."""
    packed = field(2, len(content) if raw_size is None else raw_size) + field(
        3, zlib.compress(content)
    )
    header = field(1, kind) + field(3, len(packed) if size is None else size)
    return struct.pack(">I", len(header)) + header + packed


HEADER = field(4, b"OsmSchema-V0.6") + field(4, b"DenseNodes")
TEN_GB = 10 * 2**30


@pytest.mark.parametrize(
    "content",
    [
        struct.pack(">I", 2**32 - 1) + b"OSMHeader" * 10,
        blob(b"OSMHeader", HEADER, size=TEN_GB),
        blob(b"OSMHeader", HEADER, raw_size=TEN_GB),
        blob(b"OSMHeader", HEADER, size=1),
        blob(b"OSMHeader", HEADER) + blob(b"OSMData", bytes(100), raw_size=TEN_GB),
        blob(b"OSMHeader", HEADER) + blob(b"OSMData", bytes(100), raw_size=5),
        blob(b"OSMHeader", HEADER) + blob(b"OSMData", bytes(100), size=TEN_GB),
        blob(b"OSMHeader", HEADER) + blob(b"OSMData", bytes(100 * 2**20)),
        blob(b"OSMHeader", HEADER) + blob(b"OSMData", field(1, field(1, b"x") * 9) + b"\xff" * 9),
        blob(b"OSMHeader", field(4, b"SomethingNew")),
        blob(b"OSMData", HEADER),
        blob(b"OSMHeader", HEADER),
        b"\x1f\x8b" + bytes(60),
        b"PK\x03\x04" + bytes(60),
    ],
)
def test_headers_that_lie(tmp_path, content):
    path = tmp_path / "lie.osm.pbf"
    path.write_bytes(content)
    refused(path)
