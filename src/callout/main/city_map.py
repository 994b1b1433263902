"""``callout city map``: a map on paper."""

import re
from contextlib import closing
from pathlib import Path
from typing import Final

from callout.base.clock import Clock, iso_utc
from callout.base.errors import BadInputError, NotFoundError
from callout.base.geo import LonLat, lonlat
from callout.places import City, open_city
from callout.places.sheet import draw_sheet

_POINT: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*")


def print_map(
    folder: Path, out: Path, clock: Clock, *, at: str, km: float, paper: str, landscape: bool
) -> str:
    """Write the sheet to ``out``; what it is titled. ``at`` is LON,LAT or an address."""
    if out.suffix.lower() != ".svg":
        raise BadInputError(
            f"{out.name} would not be an SVG",
            where="OUT",
            todo="Name it .svg; a browser opens it, prints it and saves it as PDF",
        )
    with closing(open_city(folder)) as city:
        title, centre = _where(city, at)
        svg = draw_sheet(
            city,
            centre,
            title=title,
            day=f"{city.meta['name']}, printed {iso_utc(clock.now_us())[:10]}",
            paper=paper,
            wide_km=km,
            landscape=landscape,
        )
    try:
        out.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise BadInputError(
            f"the map cannot be written ({error.strerror})",
            where=str(out),
            todo="Check that the folder exists and may be written to",
        ) from error
    return title


def _where(city: City, at: str) -> tuple[str, LonLat]:
    if not at:
        lon, lat = city.meta["center"]
        return str(city.meta["name"]), lonlat(lon, lat)
    found = _POINT.fullmatch(at)
    if found:
        lon, lat = float(found[1]), float(found[2])
        if abs(lon) > 180 or abs(lat) > 85:
            raise BadInputError(
                f"{at} is not on the earth, or too near a pole",
                where="--at",
                todo="Longitude first, then latitude, in degrees",
            )
        point = lonlat(lon, lat)
        return city.street_at(point) or at, point
    for place in city.search(at, 1):
        return f"{place.name}, {place.near}" if place.near else place.name, place.point
    raise NotFoundError(
        f"nothing here is called {at!r}", where="--at", todo="Try fewer words, or LON,LAT"
    )
