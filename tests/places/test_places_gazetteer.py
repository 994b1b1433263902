"""The gazetteer: names as people type them, streets told apart by where they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callout.base.errors import DamagedError
from callout.base.geo import LonLat
from callout.places.book import Book, Entry, House, Place, Post, write_gazetteer
from callout.places.fold import key
from callout.places.gazetteer import Gazetteer
from callout.places.streets import Towns, dense

PLACES = [
    Place("Rua de São Bento", "street", "Porto", LonLat(1, 1)),
    Place("Rua de São Bento", "street", "Santo Tirso", LonLat(2, 2)),
    Place("Estação de São Bento", "station", "Porto", LonLat(3, 3)),
    Place("Straße des 17. Juni", "street", "", LonLat(4, 4)),
    Place("Bento", "town", "", LonLat(5, 5)),
    Place("", "hydrant", "Porto", LonLat(6, 6)),
    Place("नई दिल्ली", "city", "", LonLat(7, 7)),
]


def book():
    """The places above, and a little harbour town at 10 E, 50 N (in steps of 1 km)."""
    x, y, km = 100_000_000, 500_000_000, 90_000
    entries = [Entry(place) for place in PLACES]

    def street(name, near, points, *also):
        points = [LonLat(x + a * km, y + b * km) for a, b in points]
        trace = dense(np.array(points, np.int32))
        entries.append(Entry(Place(name, "street", near, points[0]), also, trace))
        return len(entries) - 1

    def thing(name, kind, a, b):
        point = LonLat(round(x + a * km), round(y + b * km))
        entries.append(Entry(Place(name, kind, "Arne", point)))

    harbour = street("Harbour Street", "Arne", [(0, 0), (2, 0)])
    mill = street("Mill Lane", "Arne", [(1, -1), (1, 1)])
    other = street("Mill Lane", "Borne", [(50, 0), (51, 0)])
    street("Coast Motorway", "", [(0, 5), (10, 5)], "A 1", "A1")
    street("Saint John Square", "Arne", [(3, 3), (3.2, 3)], "Praça de São João")
    street("Hauptstraße", "Arne", [(4, 3), (4.2, 3)])
    street("Rua 25 de Abril", "Arne", [(5, 3), (5.2, 3)])
    street("High Line", "Arne", [(2.05, -1), (2.05, 1)])
    thing("Crusty", "bakery", 1.5, 0.05)
    thing("Far Crumb", "bakery", 30, 30)
    thing("", "hydrant", 0.5, 0.02)
    thing("Old Bridge", "bridge", 1.6, 0.2)
    at = LonLat
    houses = [
        House(harbour, "10", at(x + km, y)),
        House(harbour, "20", at(x + 2 * km, y)),
        House(harbour, "11a", at(x, y + 1)),
        House(mill, "3", at(x + km, y + 7)),
        House(other, "3", at(x + 50 * km, y + 9)),
    ]
    posts = [Post("A1", 12_000, at(x, y + 5 * km)), Post("A1", 13_000, at(x + km, y + 5 * km))]
    crossings = [(harbour, mill, at(x + km, y))]
    return Book(entries, houses, crossings, posts)


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory):
    path = tmp_path_factory.mktemp("gazetteer") / "g.db"
    made = book()
    assert write_gazetteer(path, made) == len(made.entries) + len(made.houses)
    return Gazetteer(path)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("sao bento tirso", PLACES[1]),
        ("RUA SÃO BEN", PLACES[0]),
        ("esta", PLACES[2]),
        ("17 juni", PLACES[3]),
        ("bento", PLACES[4]),
        ("bento rua porto", PLACES[0]),
        ("दिल", PLACES[6]),
    ],
)
def test_found(gazetteer, text, first):
    assert gazetteer.search(text)[0]._replace(ambiguous=False) == first


def test_of_kind(gazetteer):
    assert gazetteer.of_kind("hydrant")[0] == PLACES[5]
    assert gazetteer.of_kind("castle") == []


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30), limit=st.integers(-2, 5))
def test_any_text_may_be_searched_for(tmp_path_factory, text, limit):
    path = tmp_path_factory.getbasetemp() / "any.db"
    if not path.exists():
        write_gazetteer(path, book())
    gazetteer = Gazetteer(path)
    assert len(gazetteer.search(text, limit)) <= max(0, limit)
    gazetteer.close()
    gazetteer.close()


def test_near():
    towns = Towns([("town", "A", LonLat(0, 0)), ("locality", "Hill", LonLat(100_000, 0))])
    assert towns.near(LonLat(90_000, 0)) == "A"
    assert towns.near(LonLat(9_000_000, 0)) == ""
    assert Towns([]).near(LonLat(0, 0)) == ""


def test_not_an_index(tmp_path):
    with pytest.raises(DamagedError):
        Gazetteer(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("hello" * 1000)
    with pytest.raises(DamagedError):
        Gazetteer(tmp_path / "text.db")


@pytest.mark.parametrize(
    ("text", "name", "kind", "note"),
    [
        # edits, sound, order, missing words, run together, capitals and accents
        ("Harber Street", "Harbour Street", "street", ""),
        ("STREET HARBOUR", "Harbour Street", "street", ""),
        ("harbuor", "Harbour Street", "street", ""),
        ("hraborr streeet", "Harbour Street", "street", ""),
        ("harbourstreet", "Harbour Street", "street", ""),
        ("harb", "Harbour Street", "street", ""),
        # short forms both ways, in several languages; numbers as words
        ("harbour st.", "Harbour Street", "street", ""),
        ("St. John Sq", "Saint John Square", "street", ""),
        ("pç. s. joao", "Saint John Square", "street", ""),
        ("hauptstr", "Hauptstraße", "street", ""),
        ("HAUPTSTRASSE", "Hauptstraße", "street", ""),
        ("r vinte e cinco de abril", "Rua 25 de Abril", "street", ""),
        # addresses
        ("10 harbour street", "Harbour Street 10", "address", ""),
        ("harber st 11A", "Harbour Street 11A", "address", ""),
        ("harbour street 16", "Harbour Street 16", "address", "between"),
        ("harbour street 999", "Harbour Street", "street", "number_unknown"),
        # crossings
        ("harbour street and mill lane", "Harbour Street / Mill Lane", "crossing", ""),
        ("corner of Mill Ln & Harber", "Mill Lane / Harbour Street", "crossing", ""),
        ("esquina de mill lane com harbour st", "Mill Lane / Harbour Street", "crossing", ""),
        ("mill lane x harbour street", "Mill Lane / Harbour Street", "crossing", ""),
        ("Harbour Street/Mill Lane", "Harbour Street / Mill Lane", "crossing", ""),
        ("harbour st and high line", "Harbour Street / High Line", "crossing", "not_joined"),
        # landmarks
        ("bakery on Harbour Street", "Crusty", "bakery", ""),
        ("padaria perto da harbour st", "Crusty", "bakery", ""),
        ("by the old bridge, near the bakery on Harber Street", "Old Bridge", "bridge", ""),
        ("hydrant near harbour street", "", "hydrant", ""),
        ("castle near harbour street", "Harbour Street", "street", "not_near"),
        # kilometres
        ("A1 km 12.5", "A1 km 12.5", "kilometre", "between"),
        ("km 13 coast motorway", "Coast Motorway km 13", "kilometre", ""),
        ("a 1, 12+250 km", "A 1 km 12.25", "kilometre", "between"),
        ("A1 km 99", "Coast Motorway", "street", "no_posts"),
        # coordinates
        ("50.05, 10.1", "50.05000, 10.10000", "coordinates", ""),
    ],
)
def test_as_a_caller_says_it(gazetteer, text, name, kind, note):
    best = gazetteer.search(text)[0]
    assert (best.name, best.kind, best.note) == (name, kind, note)


def test_between_two_numbers(gazetteer):
    best = gazetteer.search("harbour street 16")[0]
    assert best.point == LonLat(100_000_000 + 90_000 * 16 // 10, 500_000_000)
    assert best.detail == "10 and 20"


def test_one_address_in_two_towns_asks(gazetteer):
    found = gazetteer.search("mill lane 3")
    assert [place.name for place in found[:2]] == ["Mill Lane 3"] * 2
    assert {place.near for place in found[:2]} == {"Arne", "Borne"}
    assert all(place.ambiguous for place in found[:2])
    assert gazetteer.search("mill lane 3", 1)[0].ambiguous
    told = gazetteer.search("3 mill lane borne")[0]
    assert (told.near, told.ambiguous) == ("Borne", False)


def test_nearness_settles_only_what_is_equal(gazetteer):
    beside = LonLat(100_000_000 + 50 * 90_000, 500_000_000)
    assert gazetteer.search("mill lane", near=beside)[0].near == "Borne"
    assert gazetteer.search("mill lane", near=beside)[0].ambiguous
    assert gazetteer.search("harbour", near=beside)[0].name == "Harbour Street"


def test_every_name_is_found_by_itself(gazetteer):
    for place, also, _ in book().entries:
        for name in (place.name, *also) if place.name else ():
            best = gazetteer.search(name)[0]
            assert key(best.name) == key(place.name), name


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "rua " * 3_000,
        "and e y x " * 900,
        'NEAR("a" "b", 2) OR name:* AND ^x -y',
        '"; DROP TABLE place; --',
        "\x00mill\x00lane\x00",
        "\U0001f525\U0001f6d1\ufe0f",
        "\u202eenal llim\u202c",
        "\ud800 lone",
        "%s %n {0} \\",
        "9" * 200,
        "1 " * 100,
        "km " * 60,
    ],
)
def test_hostile_text_is_read_like_any_other(gazetteer, text):
    assert len(gazetteer.search(text)) <= 10
