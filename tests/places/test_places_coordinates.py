"""Positions in the notations that people, phones, maps and armies use."""

import mgrs
import pytest
import utm
from hypothesis import given
from hypothesis import strategies as st
from openlocationcode import openlocationcode as plus_code

from callout.base.geo import LonLat, distance_m, lonlat
from callout.places.coordinates import read_point

PORTO = lonlat(-8.61, 41.15)


@pytest.mark.parametrize(
    "text",
    [
        "41.15,-8.61",
        "41.15 -8.61",
        "41.15;-8.61",
        "41,15 -8,61",
        "41,15, -8,61",
        "-8.61 41.15",
        "lat: 41.15 lon: -8.61",
        "lon=-8.61, lat=41.15",
        "41.15N 8.61W",
        "N41.15 W8.61",
        "41.15\u00b0 N, 8.61\u00b0 W",
        "41\u00b009'00\"N 8\u00b036'36\"W",
        "41\u00b009\u203200\u2033N 8\u00b036\u203236\u2033W",
        "41\u00ba09'00''N, 8\u00ba36'36''W",
        "41 09 00 N 8 36 36 W",
        "41\u00b0 9.0' N, 8\u00b0 36.6' W",
        "41\u00b009.000\u2032N 008\u00b036.600\u2032W",
        "8\u00b036'36\"O 41\u00b009'00\"N",
        "-41\u00b09'0\"S -8\u00b036'36\"E",
        "geo:41.15,-8.61",
        "geo:41.15,-8.61;u=35?z=19",
        "https://www.openstreetmap.org/?mlat=41.15&mlon=-8.61#map=17/41/8",
        "https://www.openstreetmap.org/#map=17/41.15/-8.61",
        "https://www.google.com/maps/@41.15,-8.61,17z",
        "https://maps.google.com/?q=41.15%2C-8.61",
        "https://www.google.com/maps/place/x/data=!3d41.15!4d-8.61",
    ],
)
def test_read(text):
    point = read_point(text, PORTO)
    assert point is not None
    assert distance_m(point, PORTO) < 1


@pytest.mark.parametrize(
    ("text", "point", "within_m"),
    [
        # Each from its own document: NGA's MGRS example grid, the plus code of Google's office.
        ("18S UJ 23480 06470", lonlat(-77.0352, 38.8895), 30),
        ("18SUJ2348306479", lonlat(-77.0352, 38.8895), 30),
        ("17T 630084 4833438", lonlat(-79.387139, 43.642567), 2),
        ("8FVC9G8F+6X", lonlat(8.524997, 47.365590), 10),
        ("33\u00b052'10\"S151\u00b012'30\"E", lonlat(151.208333, -33.869444), 1),
        ("100.5 13.75", lonlat(100.5, 13.75), 1),
    ],
)
def test_literal(text, point, within_m):
    found = read_point(text)
    assert found is not None
    assert distance_m(found, point) < within_m


def test_the_city_completes_what_is_short():
    code = plus_code.encode(41.15, -8.61)
    assert read_point(code[4:]) is None
    for text in (code[4:], f"{code[4:]} Porto"):
        assert distance_m(read_point(text, PORTO), PORTO) < 15


def test_o_is_east_where_the_city_says_so():
    assert read_point("48\u00b08'N 11\u00b034'O", lonlat(11.57, 48.13)).lon > 0
    assert read_point("41\u00b09'N 8\u00b036'O", PORTO).lon < 0


@pytest.mark.parametrize(
    "text",
    [
        "", "12", "12 14", "12, 14", "41.15", "41,15", "12 Harbour Street", "5 N 3 W",
        "25 April", "95.5, -200.1", "41\u00b075'00\"N 8\u00b036'36\"W", "A1 km 12.5",
        "https://example.org/", "99Z 500000 4000000", "29TNF123", "rua 24 de julho 12",
    ],
)  # fmt: skip
def test_no_position(text):
    assert read_point(text, PORTO) is None


@given(st.text(max_size=60))
def test_any_text(text):
    read_point(text, PORTO)


E7 = st.integers(-1_799_999_999, 1_799_999_999), st.integers(-899_999_999, 899_999_999)
places = st.builds(LonLat, *E7)
# UTM and MGRS are for 80 S to 84 N; the edges of bands are left out.
mapped = st.builds(LonLat, E7[0], st.integers(-790_000_000, 830_000_000))


@given(places)
def test_round_trip_in_degrees(point):
    for text in (f"{point.lat:.7f}, {point.lon:.7f}", f"geo:{point.lat:.7f},{point.lon:.7f}"):
        assert read_point(text) == point
    comma = f"{point.lat:.7f} {point.lon:.7f}".replace(".", ",")
    assert read_point(comma) == point


def _parts(value, positive, negative):
    seconds = round(abs(value) * 3600, 3)
    side = negative if value < 0 else positive
    whole, rest = divmod(seconds, 3600)
    return int(whole), rest, side


@given(places)
def test_round_trip_in_minutes_and_seconds(point):
    dms, dm = [], []
    for value, sides in ((point.lat, "NS"), (point.lon, "EW")):
        whole, rest, side = _parts(value, *sides)
        minutes, seconds = divmod(rest, 60)
        if round(seconds, 3) >= 60 or round(rest / 60, 5) >= 60:
            return
        dms.append(f"{whole}\u00b0{int(minutes)}'{seconds:.3f}\"{side}")
        dm.append(f"{whole}\u00b0{rest / 60:.5f}'{side}")
    for text in (" ".join(dms), "".join(dms), ", ".join(reversed(dms)), " ".join(dm)):
        found = read_point(text)
        assert found is not None, text
        assert distance_m(found, point) < 0.1


@given(places)
def test_round_trip_of_plus_codes(point):
    found = read_point(plus_code.encode(point.lat, point.lon, 11))
    assert distance_m(found, point) < 5


@given(mapped)
def test_round_trip_of_grids(point):
    east, north, zone, band = utm.from_latlon(point.lat, point.lon)
    found = read_point(f"{zone}{band} {east:.2f} {north:.2f}")
    assert distance_m(found, point) < 1
    found = read_point(mgrs.MGRS().toMGRS(point.lat, point.lon))
    assert distance_m(found, point) < 2
