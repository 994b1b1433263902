"""Places on the earth. Always lon, lat (WGS84); integers of 1e-7 degree wherever they are kept."""

import math
from typing import NamedTuple

E7 = 10_000_000
# Mean earth radius R1 of IUGG / GRS80, metres.
EARTH_RADIUS_M = 6_371_008.8
# 0.009 degree of latitude is 1.0 km, so a cell's height never passes 1 km by more than a metre.
_CELL_E7 = 90_000


class LonLat(NamedTuple):
    """A point in integers of 1e-7 degree (about 1 cm)."""

    lon_e7: int
    lat_e7: int

    @property
    def lon(self) -> float:
        """Degrees east."""
        return self.lon_e7 / E7

    @property
    def lat(self) -> float:
        """Degrees north."""
        return self.lat_e7 / E7


def lonlat(lon: float, lat: float) -> LonLat:
    """The point nearest to these degrees; ValueError outside ±180, ±90 or when not finite."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise ValueError("longitude and latitude must be numbers")
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise ValueError(f"lon {lon}, lat {lat} is not on the earth (lon ±180, lat ±90)")
    return LonLat(round(lon * E7), round(lat * E7))


def distance_m(a: LonLat, b: LonLat) -> float:
    """Great-circle distance in metres by the haversine formula (Sinnott 1984)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_dlat = (lat_b - lat_a) / 2
    half_dlon = math.radians(b.lon - a.lon) / 2
    h = math.sin(half_dlat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_dlon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def cell_1km(point: LonLat) -> tuple[int, int]:
    """The cell of about 1 km that holds the point; all of a place that may stand in a leaf.

    Columns widen by latitude in steps so that a cell is never much smaller than 1 km across.
    """
    row = point.lat_e7 // _CELL_E7
    widest = max(0.01, math.cos(math.radians((row + 0.5) * _CELL_E7 / E7)))
    return point.lon_e7 // math.ceil(_CELL_E7 / widest), row
