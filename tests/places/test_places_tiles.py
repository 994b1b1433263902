"""Map tiles: decoded by the library, they hold what the file holds, in the right place."""

import gzip
import math

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from osm_files import M, little_town

from callout.places import import_city, open_city
from callout.places.mvt import LINE, POLYGON, add_layer, encode, new_tile


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles")
    import_city(little_town(folder / "little.osm.pbf"), folder / "little")
    return open_city(folder / "little")


def tile_at(z, lon, lat):
    x = (lon / 360 + 0.5) * 2**z
    y = (0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)) * 2**z
    return int(x), int(y), (x % 1) * 4096, (y % 1) * 4096


def decoded(city, z, x, y):
    data = city.tile(z, x, y)
    assert data is not None
    return mapbox_vector_tile.decode(gzip.decompress(data), default_options={"y_coord_down": True})


def features(tile, layer):
    return tile.get(layer, {"features": []})["features"]


def test_layers_of_a_near_zoom(city):
    x, y, _, _ = tile_at(14, 150 * M, 150 * M)
    tile = decoded(city, 14, x, y)
    roads = [feature["properties"] for feature in features(tile, "road")]
    assert {"class": "primary", "name": "Rua Um", "bridge": True} in roads
    assert {"class": "residential", "name": "Rua Quatro", "oneway": True} in roads
    assert {"class": "path"} in roads
    assert {"class": "service"} in roads
    assert features(tile, "building")[0]["properties"] == {"kind": "building", "name": "Esquadra"}
    assert features(tile, "land")[0]["properties"] == {"kind": "park", "name": "Jardim"}
    assert features(tile, "place")[0]["properties"] == {"kind": "town", "name": "São Tomé"}
    kinds = {feature["properties"]["kind"] for feature in features(tile, "poi")}
    assert kinds == {"hospital", "fire_station", "police"}
    assert features(tile, "waterway")[0]["properties"] == {"kind": "river"}


def test_a_lake_has_its_island(city):
    x, y, px, py = tile_at(14, 1050 * M, 100 * M)
    lake = features(decoded(city, 14, x, y), "water")[0]
    assert lake["properties"]["name"] == "Lago"
    shape = shapely.geometry.shape(lake["geometry"])
    metres = 4096 / (360 / 2**14 / M)
    assert shape.area == pytest.approx((100 * 100 - 40 * 40) * metres**2, rel=0.02)
    assert not shape.contains(shapely.Point(px, py))
    assert shape.buffer(2).contains(shapely.Point(px - 40 * metres, py))


def test_points_stand_where_they_are(city):
    x, y, px, py = tile_at(14, 120 * M, 90 * M)
    hospital = next(
        feature
        for feature in features(decoded(city, 14, x, y), "poi")
        if feature["properties"]["kind"] == "hospital"
    )
    assert hospital["geometry"]["coordinates"] == pytest.approx([px, py], abs=1)


def test_a_road_goes_on_in_the_next_tile(city):
    """The town lies on the equator and the zero meridian: four tiles meet there."""
    x, y, _, _ = tile_at(14, 150 * M, 150 * M)
    assert (x, y) == (2**13, 2**13 - 1)
    # The tile south of the equator has the buffer's worth.
    column = features(decoded(city, 14, x, y + 1), "road")
    assert column
    for feature in column:
        lines = feature["geometry"]["coordinates"]
        flat = np.array(
            lines if isinstance(lines[0][0], int) else [p for line in lines for p in line]
        )
        assert (flat >= -64).all()
        assert (flat <= 4096 + 64).all()


def test_small_zooms_have_only_what_matters(city):
    x, y, _, _ = tile_at(8, 150 * M, 150 * M)
    tile = decoded(city, 8, x, y)
    assert {feature["properties"]["class"] for feature in features(tile, "road")} == {"primary"}
    assert all("name" not in feature["properties"] for feature in features(tile, "road"))
    assert not features(tile, "building")


@pytest.mark.parametrize(
    "zxy", [(14, 0, 0), (17, 0, 0), (-1, 0, 0), (3, 8, 0), (3, -1, 0), (0, 0, 0), (40, 0, 0)]
)
def test_tiles_that_are_not(city, zxy):
    assert city.tile(*zxy) is None


@settings(max_examples=100, deadline=None)
@given(
    lines=st.lists(
        st.lists(st.tuples(st.integers(-64, 4160), st.integers(-64, 4160)), min_size=2, max_size=9),
        min_size=1,
        max_size=6,
    )
)
def test_lines_come_back_as_they_went(lines):
    shapes = np.array([shapely.LineString(line) for line in lines], dtype=object)
    commands = encode(LINE, shapes, np.zeros((len(lines), 2)))
    tile = new_tile()
    add_layer(tile, "l", LINE, commands, range(len(lines)), [{"i": i} for i in range(len(lines))])
    back = mapbox_vector_tile.decode(
        tile.SerializeToString(), default_options={"y_coord_down": True}
    )
    found = {f["properties"]["i"]: f["geometry"]["coordinates"] for f in features(back, "l")}
    for index, line in enumerate(lines):
        kept = [list(p) for i, p in enumerate(line) if i == 0 or p != line[i - 1]]
        assert found.get(index, []) == (kept if len(kept) > 1 else [])


@settings(max_examples=60, deadline=None)
@given(
    boxes=st.lists(
        st.tuples(*[st.integers(0, 4000)] * 2, *[st.integers(12, 90)] * 2), min_size=1, max_size=5
    )
)
def test_areas_come_back_with_their_holes(boxes):
    shapes = np.array(
        [
            shapely.difference(
                shapely.box(x, y, x + w, y + h), shapely.box(x + 3, y + 3, x + w - 3, y + h - 3)
            )
            for x, y, w, h in boxes
        ],
        dtype=object,
    )
    tile = new_tile()
    commands = encode(POLYGON, shapes, np.zeros((len(boxes), 2)))
    add_layer(tile, "a", POLYGON, commands, range(len(boxes)), [{}] * len(boxes))
    back = mapbox_vector_tile.decode(
        tile.SerializeToString(), default_options={"y_coord_down": True}
    )
    for shape, feature in zip(shapes, features(back, "a"), strict=True):
        assert shapely.geometry.shape(feature["geometry"]).equals(shape)
