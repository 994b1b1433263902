"""What every handler is given: the room, who is asking, and perhaps a point."""

from typing import TypeAlias

from litestar.di import NamedDependency

from callout.access import Actor
from callout.base.errors import BadInputError
from callout.base.geo import LonLat, lonlat
from callout.web.room import Room

TheRoom: TypeAlias = NamedDependency[Room]
Asker: TypeAlias = NamedDependency[Actor]


def point_of(lon: float | None, lat: float | None) -> LonLat | None:
    """The point of two degrees, None without both; BadInputError when it is half or nowhere."""
    if lon is None and lat is None:
        return None
    if lon is None or lat is None:
        raise BadInputError("lon and lat belong together", where="lon, lat", todo="Send both")
    try:
        return lonlat(lon, lat)
    except ValueError as error:
        raise BadInputError(str(error), where="lon, lat") from None
