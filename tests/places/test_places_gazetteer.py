"""The gazetteer: names as people type them, streets told apart by where they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callout.base.errors import DamagedError
from callout.base.geo import LonLat
from callout.places.gazetteer import Gazetteer, Place, Towns, streets, write_gazetteer

PLACES = [
    Place("Rua de São Bento", "street", "Porto", LonLat(1, 1)),
    Place("Rua de São Bento", "street", "Santo Tirso", LonLat(2, 2)),
    Place("Estação de São Bento", "station", "Porto", LonLat(3, 3)),
    Place("Straße des 17. Juni", "street", "", LonLat(4, 4)),
    Place("Bento", "town", "", LonLat(5, 5)),
    Place("", "hydrant", "Porto", LonLat(6, 6)),
    Place("नई दिल्ली", "city", "", LonLat(7, 7)),
]


@pytest.fixture
def gazetteer(tmp_path):
    assert write_gazetteer(tmp_path / "g.db", PLACES) == len(PLACES)
    return Gazetteer(tmp_path / "g.db")


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
    assert gazetteer.search(text)[0] == first


def test_of_kind(gazetteer):
    assert gazetteer.of_kind("hydrant") == [PLACES[5]]
    assert gazetteer.of_kind("castle") == []


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30), limit=st.integers(-2, 5))
def test_any_text_may_be_searched_for(tmp_path_factory, text, limit):
    path = tmp_path_factory.getbasetemp() / "any.db"
    if not path.exists():
        write_gazetteer(path, PLACES)
    gazetteer = Gazetteer(path)
    assert len(gazetteer.search(text, limit)) <= max(0, limit)
    gazetteer.close()
    gazetteer.close()


def test_streets_of_one_name_far_apart_are_different_streets():
    name = np.array([0, 0, 0, -1, 1], np.int32)
    middle = np.array([[0, 0], [80_000, 0], [900_000, 0], [0, 0], [5, 5]], np.int64)
    found = list(streets(["High Street", "Low Street"], name, middle))
    assert [street for street, _ in found] == ["High Street", "High Street", "Low Street"]
    assert LonLat(900_000, 0) in [point for _, point in found]


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
