"""Areas for a drill: whose ground it is, who is first due where, and sites to know of."""

import numpy as np
import shapely

from callout.places import City
from callout.places.events import AreaDrawn
from callout.places.geojson import Drawn, rings_of
from callout.units import Station

_MARGIN_E7 = 100_000
_SITES = (("hospital", "Blue-light bay is kept free. Security opens the side gate."),
          ("school", "Assembly point on the playing field."))  # fmt: skip
_MOST_SITES = 12


def draw_beats(city: City, stations: dict[str, Station]) -> list[Drawn]:
    """One area for each agency, a first-due area for each station, and some key sites.

    First due is who is nearest in a straight line (Voronoi, within the agency): what a wall map
    would say. The recommendation by road may well say otherwise, and says both.
    """
    west, south, east, north = (round(degrees * 1e7) for degrees in city.meta["bbox"])
    ground = shapely.box(
        west - _MARGIN_E7, south - _MARGIN_E7, east + _MARGIN_E7, north + _MARGIN_E7
    )
    drawn = []
    for agency in sorted({station.agency for station in stations.values()}):
        ours = [station for station in stations.values() if station.agency == agency]
        fact = AreaDrawn(kind="agency", name=agency, agency=agency, polygons=rings_of(ground))
        drawn.append(Drawn(f"ground-{agency}"[:32], fact))
        drawn += _first_due(agency, ours, ground)
    return drawn + _sites(city)


def _first_due(agency: str, stations: list[Station], ground: shapely.Geometry) -> list[Drawn]:
    places = list(dict.fromkeys(station.place for station in stations))
    if len(places) < 2:
        return []
    points = shapely.MultiPoint(np.array(places, dtype=np.float64))
    cells = shapely.voronoi_polygons(points, extend_to=ground, ordered=True)
    found = []
    for place, cell in zip(places, shapely.get_parts(cells), strict=True):
        shape = shapely.set_precision(shapely.intersection(cell, ground), 1.0)
        for station in stations:
            if station.place == place:
                fact = AreaDrawn(
                    kind="first_due",
                    name=station.name,
                    agency=agency,
                    of=station.id,
                    polygons=rings_of(shape),
                )
                found.append(Drawn(f"due-{station.id}"[:32], fact))
    return found


def _sites(city: City) -> list[Drawn]:
    found = []
    for kind, text in _SITES:
        for number, poi in enumerate(city.pois(kind)[:_MOST_SITES], 1):
            fact = AreaDrawn(
                kind="key_site",
                name=poi.name or kind.title(),
                text=text,
                point=(poi.point.lon_e7, poi.point.lat_e7),
            )
            found.append(Drawn(f"{kind}-{number}", fact))
    return found
