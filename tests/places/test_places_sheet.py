"""Printed maps: true to scale, in the right place, readable, credited."""

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from osm_files import M, little_town

from callout.base.errors import BadInputError
from callout.base.geo import distance_m, lonlat
from callout.main.cli import cli
from callout.places import import_city, open_city
from callout.places.sheet import MOST_KM, PAPERS, bar_m, draw_sheet, frame_of
from callout.places.sheet_names import Name, place_names, text_mm
from callout.places.sheet_shapes import read_shapes

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sheet")
    import_city(little_town(folder / "little.osm.pbf"), folder / "city")
    return folder


@pytest.fixture(scope="module")
def city(home):
    return open_city(home / "city")


def sheet(city, **more):
    options = {"title": "Rua <Um> & more", "day": "2026-11-25", "wide_km": 0.5} | more
    return draw_sheet(city, lonlat(150 * M, 150 * M), **options)


def texts(svg):
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_sheet_says_what_where_when_and_whose(city):
    svg = sheet(city)
    root = ET.fromstring(svg)
    assert (root.get("width"), root.get("height")) == ("210mm", "297mm")
    said = texts(svg)
    for words in ("Rua <Um> & more", "2026-11-25", "N", "1 : 2,630", "100 m", "A", "C", "4"):
        assert words in said
    assert "© OpenStreetMap contributors, ODbL" in said
    assert "Rua Dois" in said, "a street's name"
    assert "hospital" in said, "the legend"
    assert "ambulance station" not in said, "which there is none of"


def test_lengths_on_paper_are_lengths_on_the_ground(city):
    """A street 300 m long, and the bar that measures it."""
    svg = sheet(city)
    bar = ET.fromstring(svg).find(f".//{SVG}g[@id='bar']")
    mm = float(bar[0].get("width"))
    metres_per_mm = int(bar.get("data-m")) / mm
    shapes = read_shapes(city, lonlat(150 * M, 150 * M), 190, 250, metres_per_mm)
    pieces = [road.line for road in shapes.named if road.name == "Rua Dois"]
    street = shapely.line_merge(shapely.union_all(pieces))
    true = distance_m(lonlat(0, 100 * M), lonlat(300 * M, 100 * M))
    assert street.length * metres_per_mm == pytest.approx(true, rel=0.005)


def test_the_place_asked_for_is_in_the_middle(city):
    shapes = read_shapes(city, lonlat(120 * M, 90 * M), 100, 60, 1.0)
    (hospital,) = [spot for spot in shapes.points if spot.kind == "hospital"]
    assert (hospital.x, hospital.y) == pytest.approx((50, 30), abs=0.2)
    assert all(0 <= spot.x <= 100 and 0 <= spot.y <= 60 for spot in shapes.points)


@pytest.mark.parametrize("paper", PAPERS)
def test_papers_upright_and_on_their_side(city, paper):
    for landscape in (False, True):
        width, height, frame = frame_of(paper, 2.0, landscape=landscape)
        assert (width > height) == landscape
        assert frame.left + frame.width < width
        assert frame.top + frame.height < height
        assert frame.width * frame.metres_per_mm == pytest.approx(2000)
    with pytest.raises(BadInputError, match="no paper we know"):
        frame_of("B9", 2.0, landscape=False)
    with pytest.raises(BadInputError, match="not printed"):
        frame_of(paper, MOST_KM + 1, landscape=False)


@given(km=st.floats(0.2, MOST_KM))
def test_scale_bars_are_round_and_fit(km):
    _, _, frame = frame_of("A4", km, landscape=False)
    metres = bar_m(frame)
    assert re.fullmatch("[125]0*", str(metres))
    assert 20 < metres / frame.metres_per_mm <= 60


def test_no_name_over_another_and_none_cut_off(town):
    opened = open_city(town)
    shapes = read_shapes(opened, lonlat(*opened.meta["center"]), 190, 250, 6.0)
    names = place_names(shapes, (190, 250))
    assert len(names) > 60
    assert len({name.text for name in names}) > 30
    boxes = [name.outline() for name in names]
    assert not any(a.intersects(b) for a, b in combinations(boxes, 2))
    paper = shapely.box(0, 0, 190, 250)
    assert all(paper.contains(box) for box in boxes)
    assert all(-90 <= name.degrees <= 90 for name in names), "none upside down"


@settings(max_examples=50)
@given(text=st.text(max_size=20), degrees=st.floats(-90, 90))
def test_a_turned_name_needs_as_much_room(text, degrees):
    flat, turned = (Name(text, 50, 50, 2.5, angle).outline() for angle in (0, degrees))
    assert turned.area == pytest.approx(flat.area)
    assert flat.bounds[2] - flat.bounds[0] == pytest.approx(text_mm(text, 2.5) + 0.5)


def test_command(home, tmp_path):
    out = tmp_path / "map.svg"
    asked = ["city", "map", "--home", str(home), "--km", "0.5", "--at"]
    done = CliRunner().invoke(cli, [*asked, "Hospital da Luz", str(out)])
    assert done.exit_code == 0, done.output
    assert "Hospital da Luz" in done.output
    assert "Hospital da Luz, São Tomé" in texts(out.read_text(encoding="utf-8"))
    done = CliRunner().invoke(cli, [*asked, f"{10 * M:.6f},{0:.6f}", str(out)])
    assert "Rua Um" in done.output
    for where, name, words in (
        ("Nowhere Street", "map.svg", "nothing here is called"),
        ("Hospital", "map.pdf", "would not be an SVG"),
        ("Hospital", "none/map.svg", "cannot be written"),
        ("200,100", "map.svg", "not on the earth"),
    ):
        done = CliRunner().invoke(cli, [*asked, where, str(tmp_path / name)])
        assert (done.exit_code, words in done.output) == (2, True), done.output
