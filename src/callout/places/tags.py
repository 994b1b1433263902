"""What OpenStreetMap's tags mean to the map: classes of road, kinds of area, line and point."""

import re
from typing import Final

Tags = dict[str, str]

_NUMBER: Final = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?")
_SLOWEST, _FASTEST = 3, 200  # km/h or mph
_ROADS: Final = {
    "motorway": "motorway",
    "motorway_link": "motorway",
    "trunk": "trunk",
    "trunk_link": "trunk",
    "primary": "primary",
    "primary_link": "primary",
    "secondary": "secondary",
    "secondary_link": "secondary",
    "tertiary": "tertiary",
    "tertiary_link": "tertiary",
    "unclassified": "residential",
    "residential": "residential",
    "living_street": "residential",
    "road": "residential",
    "busway": "service",
    "service": "service",
    "raceway": "service",
    "track": "service",
    "pedestrian": "path",
    "footway": "path",
    "cycleway": "path",
    "bridleway": "path",
    "path": "path",
    "steps": "path",
    "corridor": "path",
}
_LANDUSE: Final = {
    "forest": "wood",
    "grass": "park",
    "meadow": "grass",
    "farmland": "farmland",
    "orchard": "farmland",
    "vineyard": "farmland",
    "recreation_ground": "park",
    "village_green": "park",
    "cemetery": "cemetery",
    "residential": "residential",
    "commercial": "commercial",
    "retail": "commercial",
    "industrial": "industrial",
    "harbour": "industrial",
    "port": "industrial",
    "railway": "industrial",
    "military": "industrial",
    "quarry": "industrial",
}
_LEISURE: Final = {
    "park": "park",
    "garden": "park",
    "golf_course": "park",
    "pitch": "pitch",
    "playground": "park",
    "nature_reserve": "wood",
    "stadium": "pitch",
}
_NATURAL: Final = {
    "wood": "wood",
    "scrub": "grass",
    "heath": "grass",
    "grassland": "grass",
    "beach": "sand",
    "sand": "sand",
    "wetland": "wetland",
    "bare_rock": "sand",
    "shingle": "sand",
}
_AMENITY_LAND: Final = {"hospital": "hospital", "school": "school", "university": "school"}
_PLACES: Final = frozenset(
    {
        "city",
        "town",
        "village",
        "hamlet",
        "suburb",
        "quarter",
        "neighbourhood",
        "island",
        "locality",
    }
)
# kind of point of interest -> the tags that say so
POI_KINDS: Final = {
    "hospital": (("amenity", "hospital"), ("healthcare", "hospital")),
    "fire_station": (("amenity", "fire_station"),),
    "police": (("amenity", "police"),),
    "ambulance_station": (("emergency", "ambulance_station"),),
    "clinic": (("amenity", "clinic"),),
    "school": (("amenity", "school"),),
    "station": (("railway", "station"),),
    "hydrant": (("emergency", "fire_hydrant"),),
    "defibrillator": (("emergency", "defibrillator"),),
    "pharmacy": (("amenity", "pharmacy"),),
    "fuel": (("amenity", "fuel"),),
    "helipad": (("aeroway", "helipad"),),
    "assembly_point": (("emergency", "assembly_point"),),
}
_POI_BY_TAG: Final = {tag: kind for kind, tags in POI_KINDS.items() for tag in tags}
_POI_KEYS: Final = ("amenity", "emergency", "healthcare", "railway", "aeroway")
_WATERWAYS: Final = frozenset({"river", "canal", "stream"})
_RAILS: Final = frozenset({"rail", "light_rail", "narrow_gauge", "subway", "tram", "funicular"})
_NO: Final = frozenset({"", "no", "false", "0"})


def is_odd_speed(tags: Tags) -> bool:
    """Whether the posted speed is a number that no road has: a typing error."""
    found = _NUMBER.match(tags.get("maxspeed", ""))
    return found is not None and not _SLOWEST <= float(found[0]) <= _FASTEST


def is_yes(value: str) -> bool:
    """Whether a tag's value says that something is so."""
    return value not in _NO


def road_class(tags: Tags) -> str:
    """Class of a road to draw, "" for what is no road (also planned ones and platforms)."""
    return _ROADS.get(tags.get("highway", "").partition(";")[0], "")


def area_kind(tags: Tags) -> tuple[str, str] | None:
    """Layer (water, land, building) and kind of an area; None for what is not drawn."""
    if is_yes(tags.get("building", "")):
        return "building", "building"
    if tags.get("natural") == "water" or tags.get("waterway") in {"riverbank", "dock"}:
        return "water", tags.get("water", "water")
    if tags.get("landuse") in {"reservoir", "basin"}:
        return "water", "basin"
    if tags.get("highway") == "pedestrian" and is_yes(tags.get("area", "")):
        return "land", "pedestrian"
    for key, kinds in (
        ("landuse", _LANDUSE),
        ("leisure", _LEISURE),
        ("natural", _NATURAL),
        ("amenity", _AMENITY_LAND),
    ):
        kind = kinds.get(tags.get(key, ""))
        if kind:
            return "land", kind
    return None


def line_kind(tags: Tags) -> tuple[str, str] | None:
    """Layer (waterway, rail, boundary, coast) and kind of a line; None for what is none."""
    if tags.get("waterway") in _WATERWAYS:
        return "waterway", tags["waterway"]
    if tags.get("railway") in _RAILS:
        return "rail", tags["railway"]
    if tags.get("natural") == "coastline":
        return "coast", "coastline"
    if tags.get("boundary") == "administrative":
        return "boundary", "administrative"
    return None


def point_kind(tags: Tags) -> tuple[str, str] | None:
    """Layer (place, poi) and kind of a point; None for what is neither."""
    if tags.get("place") in _PLACES and "name" in tags:
        return "place", tags["place"]
    for key in _POI_KEYS:
        if key in tags:
            kind = _POI_BY_TAG.get((key, tags[key]))
            if kind:
                return "poi", kind
    return None
