"""Areas: what GeoJSON is read, what is refused, and which areas hold a point."""

import json
import math
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from callout.access import SYSTEM, Actor, Role
from callout.base.clock import ManualClock, SystemClock
from callout.base.errors import BadInputError, ConflictError, NotFoundError, RefusedError
from callout.base.geo import LonLat, lonlat
from callout.journal import Journal, check
from callout.main.cli import cli
from callout.places import PlacesBoard
from callout.places.board import _Drawn
from callout.places.commands import draw_areas
from callout.places.events import AreaDrawn
from callout.places.geojson import MOST_BYTES, Drawn, read_geojson, write_geojson

SQUARE = [[[0.0, 0.0], [0.01, 0.0], [0.01, 0.01], [0.0, 0.01], [0.0, 0.0]]]


def feature(coordinates: Any = SQUARE, shape: str = "Polygon", **told: Any) -> dict[str, Any]:
    named = {"name": "North", "kind": "beat", "agency": "police"} | told
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "properties": named, "geometry": geometry}


def collection(*features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def folded(journal: Journal) -> PlacesBoard:
    board = PlacesBoard()
    for entry in journal.replay():
        board.apply(entry)
    return board


def drawn(tmp_path: Path, *features: Any) -> PlacesBoard:
    read = read_geojson(collection(*features))
    assert not read.problems
    with closing(Journal.open(tmp_path / "home", clock=ManualClock())) as journal:
        board = folded(journal)
        submitted = draw_areas(journal, SYSTEM, board, read.areas)
        assert submitted is not None
        submitted.result()
        return folded(journal)


def test_a_point_is_in_its_areas_in_one_order(tmp_path: Path) -> None:
    board = drawn(
        tmp_path,
        feature(id="b1"),
        feature(id="a1", kind="agency"),
        feature(id="f1", kind="first_due", of="S1"),
        feature(id="b0", coordinates=[[[0.01, 0], [0.02, 0], [0.02, 0.01], [0.01, 0.01]]]),
    )
    ids = [area.id for area in board.areas_at(lonlat(0.005, 0.005))]
    assert ids == ["a1", "b1", "f1"]
    # The border belongs to both sides: whoever asks must see both.
    assert [a.id for a in board.areas_at(lonlat(0.01, 0.005))] == ["a1", "b0", "b1", "f1"]
    assert board.areas_at(lonlat(1.0, 1.0)) == []
    assert board.area("b1").name == "North"
    with pytest.raises(NotFoundError):
        board.area("zz")


def test_a_hole_is_not_in_the_area(tmp_path: Path) -> None:
    hole = [[0.004, 0.004], [0.006, 0.004], [0.006, 0.006], [0.004, 0.006], [0.004, 0.004]]
    board = drawn(tmp_path, feature([*SQUARE, hole], id="b1"))
    assert board.areas_at(lonlat(0.005, 0.005)) == []
    assert len(board.areas_at(lonlat(0.002, 0.005))) == 1


@pytest.mark.parametrize("lat", [0.0, 46.0, 70.0])
def test_a_key_site_is_found_within_fifty_metres(tmp_path: Path, lat: float) -> None:
    site = feature([10.0, lat], "Point", id="k1", kind="key_site", text="Two gates")
    board = drawn(tmp_path, site)
    metre = 1 / 111_195.08
    east = metre / math.cos(math.radians(lat))
    for east_m, north_m, found in ((0, 0, 1), (49, 0, 1), (0, -49, 1), (51, 0, 0), (40, 40, 0)):
        point = lonlat(10.0 + east_m * east, lat + north_m * metre)
        assert len(board.areas_at(point)) == found, (east_m, north_m)


def test_what_can_be_mended_is_mended_and_said() -> None:
    bow = [[[0, 0], [0.01, 0.01], [0.01, 0], [0, 0.01], [0, 0]]]
    clockwise = [SQUARE[0][::-1]]
    high = [[[x, y, 120.0] for x, y in SQUARE[0]]]
    read = read_geojson(
        collection(feature(bow), feature(clockwise, name="W"), feature(high, name="H"))
    )
    assert not read.problems
    assert len(read.said) == 1
    assert "crosses itself" in read.said[0]
    assert len(read.areas[0].fact.polygons) == 2
    assert read.areas[1].fact.polygons == read.areas[2].fact.polygons


def test_too_many_points_are_thinned_and_said() -> None:

    ring = [
        [0.05 * math.cos(n / 8000 * math.tau), 0.05 * math.sin(n / 8000 * math.tau)]
        for n in range(8000)
    ]
    read = read_geojson(collection(feature([ring])))
    assert not read.problems
    assert "fewer points" in read.said[0]
    assert len(json.dumps(read.areas[0].fact.body())) < MOST_BYTES * 1.3


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (feature(kind="street"), "no kind of area"),
        (feature([[[0, 0], [1, 1]]]), "fewer than three"),
        (feature([[[0, 0], [1, 1], [2, 2], [0, 0]]]), "no area"),
        (feature([[[0, 0], [200, 0], [0, 1], [0, 0]]]), "not on the earth"),
        (feature([[[0, 0], [None, 0], [0, 1], [0, 0]]]), "not on the earth"),
        (feature([[["0", 0], [1, 0], [0, 1], [0, 0]]]), "not on the earth"),
        (feature([[[179, 0], [-179, 0], [-179, 1], [179, 0]]]), "180th meridian"),
        (feature([[0, 0], [1, 1]], "LineString"), "LineString"),
        (feature([], "Polygon"), "without rings"),
        (feature(None, "MultiPolygon"), "empty"),
        ({"type": "Feature", "properties": None, "geometry": None}, "no kind"),
        ({"type": "Feature", "properties": 7, "geometry": None}, "properties"),
        ("x", "not an object"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_number(odd: Any, said: str) -> None:
    read = read_geojson(collection(feature(), odd))
    assert len(read.areas) == 1
    assert len(read.problems) == 1
    assert read.problems[0].startswith("feature 2: ")
    assert said in read.problems[0]


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"[]", b"{", b'{"type":"FeatureCollection","features":[]}', b"null",
     b'{"type":"FeatureCollection"}',
     collection(feature(), crs={"type": "name", "properties": {"name": "EPSG:3857"}})],
)  # fmt: skip
def test_what_is_no_geojson_is_refused(data: bytes) -> None:
    with pytest.raises(BadInputError):
        read_geojson(data)


def test_one_id_stands_once() -> None:
    read = read_geojson(collection(feature(id="a"), feature(id="a")))
    assert "stands twice" in read.problems[0]


@given(
    st.lists(
        st.tuples(
            st.integers(-1_700_000_000, 1_700_000_000), st.integers(-800_000_000, 800_000_000),
            st.integers(10, 10_000_000), st.integers(10, 10_000_000),
        ),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_areas_survive_being_written(boxes: list[tuple[int, int, int, int]]) -> None:
    features = [
        feature(
            [[[a / 1e7, b / 1e7] for a, b in ((x, y), (x + w, y), (x + w, y + h), (x, y + h))]],
            id=f"a{number}", name=f"Área {number}",
        )
        for number, (x, y, w, h) in enumerate(boxes)
    ]  # fmt: skip
    first = read_geojson(collection(*features))
    assert not first.problems
    board = PlacesBoard()
    for number, one in enumerate(first.areas):
        board._draw(one.id, _Drawn(number, one.fact.body()))
    again = read_geojson(write_geojson(board.areas.values()))
    assert again.areas == first.areas


def test_who_may_and_what_came_between(tmp_path: Path) -> None:
    read = read_geojson(collection(feature(id="b1")))
    with closing(Journal.open(tmp_path / "home", clock=ManualClock())) as journal:
        dispatcher = Actor(id="p", kind="person", roles=frozenset({Role.DISPATCHER}))
        with pytest.raises(RefusedError):
            draw_areas(journal, dispatcher, PlacesBoard(), read.areas)
        submitted = draw_areas(journal, SYSTEM, PlacesBoard(), read.areas)
        assert submitted is not None
        submitted.result()
        seen = folded(journal)
        first = draw_areas(journal, SYSTEM, seen, read.areas)
        second = draw_areas(journal, SYSTEM, seen, read.areas)
        assert first is not None
        assert second is not None
        first.result()
        with pytest.raises(ConflictError):
            second.result()
        point = AreaDrawn(kind="beat", name="x", point=(1, 2))
        for wrong in (point, AreaDrawn(kind="x", name="x"), AreaDrawn(kind="beat", name=" ")):
            with pytest.raises(BadInputError):
                draw_areas(journal, SYSTEM, seen, [Drawn("b2", wrong)])
        with pytest.raises(BadInputError, match="id"):
            draw_areas(journal, SYSTEM, seen, [Drawn("b 2", read.areas[0].fact)])


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_import_and_export_by_hand(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "beats.geojson"
    Journal.open(home, clock=SystemClock()).close()
    file.write_bytes(collection(feature(id="b1"), feature(id="b2", name="South")))
    words = ("areas", "import", file, "--home", home)
    dry = run(*words, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "2 new, 0 changed" in dry.output
    assert "2 new" in run(*words).output
    assert "0 new, 0 changed, 0 dropped, 2 as they were" in run(*words).output
    file.write_bytes(collection(feature(id="b2", name="Southwest")))
    kept = run(*words)
    assert "0 new, 1 changed" in kept.output
    assert "1 are not in the file and stay" in kept.output
    assert "1 dropped" in run(*words, "--replace").output
    shown = run("areas", "export", "--home", home)
    names = [f["properties"]["name"] for f in json.loads(shown.stdout)["features"]]
    assert names == ["Southwest"]
    file.write_bytes(collection(feature(), feature(kind="street")))
    bad = run(*words)
    assert bad.exit_code == 2
    assert "nothing was done" in bad.stderr
    assert check(home).ok


def test_a_fold_is_its_replay(tmp_path: Path) -> None:
    board = drawn(tmp_path, feature(id="b1"), feature(id="b2", name="S"))
    with closing(Journal.open(tmp_path / "home", clock=ManualClock())) as journal:
        submitted = draw_areas(journal, SYSTEM, board, [], ["b1"])
        assert submitted is not None
        submitted.result()
        for entry in journal.read(1):
            board.apply(entry)
        assert board.areas == folded(journal).areas
        assert list(board.areas) == ["b2"]
        assert board.areas_at(LonLat(50_000, 50_000))[0].id == "b2"
