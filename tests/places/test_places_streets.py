"""From roads to streets, crossings, landmarks, numbers and posts, through a real file."""

import pytest
from osm_files import M, write_osm

from callout.base.geo import LonLat, distance_m, lonlat
from callout.places import City, import_city, open_city


def street(number, refs, name, **tags):
    return number, refs, {"highway": "residential", "name": name, **tags}


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> City:
    """Two carriageways crossing Mill Lane, a roundabout, a far twin, posts and landmarks."""
    folder = tmp_path_factory.mktemp("streets")
    nodes = [
        (1, 0, 0, {}), (2, 100, 0, {}), (3, 200, 0, {}),
        (4, 0, 20, {}), (5, 100, 20, {}), (6, 200, 20, {}),
        (7, 100, -100, {}), (8, 100, 200, {}),
        # the roundabout: north, west and south of its middle (100, 230)
        (10, 100, 215, {}), (11, 115, 230, {}), (12, 100, 245, {}), (13, 85, 230, {}),
        (14, -100, 230, {}), (15, 100, 400, {}),
        (20, 9000, 0, {}), (21, 9100, 0, {}),
        (30, 0, 1000, {"highway": "milestone", "distance": "7"}),
        (31, 1000, 1000, {"highway": "milestone", "distance": "8 km"}),
        (32, 500, 1000, {}),
        (33, 0, 1100, {"highway": "milestone", "distance": "soon"}),
        (40, 150, 30, {"shop": "bakery", "name": "Crusty"}),
        (41, 160, 30, {"shop": "bakery"}),
        (42, 50, 30, {"amenity": "bench"}),
        (43, 40, 5, {"addr:housenumber": "4", "addr:street": "Quay Road"}),
        (44, 80, 5, {"addr:housenumber": "8", "addr:street": "Quay Road"}),
        (45, 5000, 5, {"addr:housenumber": "1", "addr:place": "Lonely Farm"}),
        (46, 300, 300, {"place": "village", "name": "Arne", "name:pt": "Arnha"}),
    ]  # fmt: skip
    ways = [
        street(1, [1, 2, 3], "Quay Road", oneway="yes"),
        street(2, [6, 5, 4], "Quay Road", oneway="yes"),
        street(3, [7, 2, 5, 8, 10], "Mill Lane"),
        street(4, [10, 11, 12, 13, 10], "", junction="roundabout"),
        street(5, [13, 14], "West Road", alt_name="Old West; Drovers' Way"),
        street(6, [12, 15], "North Path", highway="footway"),
        street(7, [20, 21], "Mill Lane"),
        street(8, [30, 32, 31], "Coast Road", ref="N 7"),
    ]
    write_osm(
        folder / "a.osm.pbf", nodes, [(n, r, {k: v for k, v in t.items() if v}) for n, r, t in ways]
    )
    import_city(folder / "a.osm.pbf", folder / "city")
    return open_city(folder / "city")


def point(x, y) -> LonLat:
    return lonlat(x * M, y * M)


def test_two_carriageways_cross_a_street_once(city):
    found = [p for p in city.search("Quay Road and Mill Lane") if p.kind == "crossing"]
    assert len(found) == 1
    assert distance_m(found[0].point, point(100, 10)) < 25


def test_streets_at_one_roundabout_meet(city):
    for text in ("Mill Lane / West Road", "West Road and North Path"):
        best = city.search(text)[0]
        assert (best.kind, best.note) == ("crossing", "")
        assert distance_m(best.point, point(100, 230)) < 30


def test_streets_of_one_name_far_apart_are_two(city):
    found = city.search("Mill Lane")[:2]
    assert [place.name for place in found] == ["Mill Lane", "Mill Lane"]
    assert all(place.ambiguous for place in found)
    assert distance_m(found[0].point, found[1].point) > 8000


def test_streets_where_nobody_drives_are_found(city):
    assert city.search("North Path")[0].kind == "street"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("old west", "West Road"),
        ("drovers way", "West Road"),
        ("arnha", "Arne"),
        ("N7", "Coast Road"),
    ],
)
def test_other_names(city, text, name):
    assert city.search(text)[0].name == name


def test_posts_know_their_road_by_the_way_they_stand_on(city):
    best = city.search("N7 km 7,25")[0]
    assert (best.kind, best.note, best.detail) == ("kilometre", "between", "km 7 to 8")
    assert distance_m(best.point, point(250, 1000)) < 2
    assert city.search("coast road km 8")[0].note == ""


def test_landmarks(city):
    found = city.search("bakery on quay road")
    assert [place.name for place in found[:2]] == ["Crusty", ""]
    assert found[1].detail == "Quay Road"
    assert city.search("bench") == []


def test_numbers(city):
    best = city.search("6 quay road")[0]
    assert (best.note, best.detail) == ("between", "4 and 8")
    assert distance_m(best.point, point(60, 5)) < 1
    assert city.search("lonely farm 1")[0].point == point(5000, 5)
