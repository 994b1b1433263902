"""Areas over HTTP."""

from typing import Annotated, Any

import msgspec
import shapely
from litestar import get
from litestar.params import Parameter

from callout.access import ROOM, Action, authorize
from callout.base.errors import BadInputError
from callout.base.geo import E7, lonlat
from callout.places import Area
from callout.web.asked import Asker, TheRoom
from callout.web.views import area_view


@get("/api/areas", tags=["places"])
async def get_areas(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Every area as a GeoJSON FeatureCollection, degrees."""
    authorize(actor, Action.AREA_READ, ROOM)
    features = [
        {"type": "Feature", "properties": area_view(area), "geometry": _geometry(area)}
        for area in room.picture.places.areas.values()
    ]
    return {"type": "FeatureCollection", "features": features, "seq": room.picture.seq}


@get("/api/areas/at", tags=["places"])
async def get_areas_at(
    room: TheRoom,
    actor: Asker,
    lon: Annotated[float, Parameter(ge=-180, le=180)],
    lat: Annotated[float, Parameter(ge=-90, le=90)],
) -> dict[str, Any]:
    """Areas that hold a point, borders included, and key sites within 50 m."""
    authorize(actor, Action.AREA_READ, ROOM)
    try:
        point = lonlat(lon, lat)
    except ValueError as error:
        raise BadInputError(str(error), where="lon, lat") from None
    return {"areas": [area_view(area) for area in room.picture.places.areas_at(point)]}


def _geometry(area: Area) -> Any:
    degrees = shapely.transform(area.shape, lambda xy: xy / E7)
    return msgspec.json.decode(shapely.to_geojson(degrees))
