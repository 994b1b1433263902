"""Areas from GeoJSON and back (RFC 7946).

What can be mended is mended and said (winding, crossings, too many points); what cannot is
refused with the number of its feature. Nothing is guessed: a file in another coordinate system
or without names is refused in words.
"""

import hashlib
import math
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import shapely

from callout.base.errors import BadInputError, CalloutError
from callout.base.geo import E7
from callout.base.ids import is_given_id
from callout.places.events import AreaDrawn, Ring
from callout.places.zones import KINDS, Area

#: An entry may have 65,535 bytes; a point takes up to 24, and the rest has its own words.
MOST_BYTES: Final = 56_000
MOST_AREAS: Final = 5_000
_CRS_WE_KNOW: Final = ("crs84", "epsg::4326", "epsg:4326")
_SIMPLIFY_E7: Final = (10, 50, 100, 200, 500, 1_000, 2_000)  # 0.1 m to 22 m of latitude


class Drawn(NamedTuple):
    """An area read from a file: its id and the fact."""

    id: str
    fact: AreaDrawn


class Read(NamedTuple):
    """What a file holds. ``said``: what was mended; ``problems``: what cannot be used."""

    areas: list[Drawn]
    said: list[str]
    problems: list[str]


def read_geojson(data: bytes, *, kind: str = "", agency: str = "") -> Read:
    """Areas of a FeatureCollection, a Feature or a bare geometry.

    ``kind`` and ``agency`` stand in for features that do not say. Properties understood: ``id``,
    ``kind``, ``name``, ``agency``, ``of`` (the station of a first-due area), ``text``.
    BadInputError when it is no GeoJSON in WGS84 at all.
    """
    features = _features(data)
    read = Read([], [], [])
    taken: set[str] = set()
    for number, feature in enumerate(features, 1):
        try:
            one = _area(feature, number, kind, agency, read.said)
            if one.id in taken:
                raise BadInputError(f"the id {one.id} stands twice")
            taken.add(one.id)
            read.areas.append(one)
        except CalloutError as error:
            read.problems.append(f"feature {number}: {error}")
    return read


def write_geojson(areas: Iterable[Area]) -> bytes:
    """A FeatureCollection that ``read_geojson`` reads back to the same areas."""
    features = []
    for area in areas:
        degrees = shapely.transform(area.shape, lambda xy: np.round(xy) / E7)
        geometry = msgspec.json.decode(shapely.to_geojson(degrees))
        named = {"id": area.id, "kind": area.kind, "name": area.name}
        more = {"agency": area.agency, "of": area.of, "text": area.text}
        properties = named | {key: value for key, value in more.items() if value}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    collection = {"type": "FeatureCollection", "features": features}
    return msgspec.json.format(msgspec.json.encode(collection), indent=1)


def _features(data: bytes) -> list[Any]:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"this is no JSON ({error})", todo="Export it as GeoJSON") from error
    if not isinstance(found, dict):
        raise BadInputError("this is no GeoJSON", todo="The file must hold one object")
    crs = msgspec.json.encode(found.get("crs") or "crs84").decode().lower()
    if not any(known in crs for known in _CRS_WE_KNOW):
        raise BadInputError(
            "the coordinates are not in WGS84",
            where="crs",
            todo="Export with longitude and latitude (EPSG:4326), as RFC 7946 asks",
        )
    features = found.get("features") if found.get("type") == "FeatureCollection" else [found]
    if not isinstance(features, list) or not features:
        raise BadInputError("there is no feature in it", todo="Export the layer with its areas")
    if len(features) > MOST_AREAS:
        raise BadInputError(f"it has {len(features)} features, at most {MOST_AREAS}")
    return features


def _area(feature: Any, number: int, kind: str, agency: str, said: list[str]) -> Drawn:
    if not isinstance(feature, dict):
        raise BadInputError("is not an object")
    if feature.get("type") != "Feature":
        feature = {"geometry": feature}
    told = feature.get("properties") or {}
    if not isinstance(told, dict):
        raise BadInputError("its properties are not an object")
    name = _text(told, "name") or f"Area {number}"
    kind = _text(told, "kind") or kind
    agency = _text(told, "agency") or agency
    if kind not in KINDS:
        raise BadInputError(
            f"{kind!r} is no kind of area", where="kind", todo=f"Use {', '.join(KINDS)} or --kind"
        )
    where = f"feature {number} ({name})"
    point, polygons = _geometry(feature.get("geometry"), where, said)
    fact = AreaDrawn(
        kind=kind,
        name=name[:200],
        agency=agency,
        of=_text(told, "of"),
        text=_text(told, "text")[:2000],
        point=point,
        polygons=polygons,
    )
    return Drawn(_id_of(told.get("id", feature.get("id")), fact), fact)


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return "" if value is None else str(value).strip()


def _id_of(given: Any, fact: AreaDrawn) -> str:
    """The id in the file, else one made of kind, agency and name, so that a redraw finds it."""
    if given is not None and is_given_id(str(given)):
        return str(given)
    known = f"{fact.kind}\0{fact.agency}\0{fact.of}\0{fact.name}"
    return f"{fact.kind[:8]}-{hashlib.sha256(known.encode()).hexdigest()[:12]}"


def _geometry(
    geometry: Any, where: str, said: list[str]
) -> tuple[tuple[int, int] | None, tuple[tuple[Ring, ...], ...]]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "Point":
        lon, lat = _position(geometry.get("coordinates"))
        return (round(lon * E7), round(lat * E7)), ()
    if kind not in {"Polygon", "MultiPolygon"}:
        raise BadInputError(
            f"its geometry is {kind or 'missing'}", where="geometry", todo="Draw a polygon"
        )
    coordinates = geometry.get("coordinates")
    parts = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(parts, list) or not parts:
        raise BadInputError("its geometry is empty", where="geometry")
    shape: Any = shapely.MultiPolygon([_polygon(part) for part in parts])
    if not shapely.is_valid(shape):
        said.append(f"{where}: crosses itself ({shapely.is_valid_reason(shape)}); mended")
        shape = shapely.make_valid(shape)
    shape = _only_polygons(shapely.set_precision(shape, 1.0))
    if shape.is_empty or shape.area < 1:
        raise BadInputError("it has no area", where="geometry", todo="Draw it anew")
    return None, _fitting(shape, where, said)


def _polygon(rings: Any) -> shapely.Polygon:
    if not isinstance(rings, list) or not rings:
        raise BadInputError("a polygon without rings", where="geometry")
    outer, *holes = [_ring(ring) for ring in rings]
    return shapely.Polygon(outer, holes)


def _ring(ring: Any) -> Any:
    if not isinstance(ring, list) or len(ring) < 3:
        raise BadInputError("a ring has fewer than three points", where="geometry")
    points = np.array([_position(position) for position in ring])
    if np.abs(np.diff(points[:, 0])).max() > 180:
        raise BadInputError(
            "it crosses the 180th meridian",
            where="geometry",
            todo="Cut it there in two (RFC 7946, 3.1.9)",
        )
    return np.round(points * E7)


def _position(position: Any) -> tuple[float, float]:
    """Longitude and latitude; a height is left out."""
    if not isinstance(position, list) or len(position) < 2:
        raise BadInputError(f"{position!r} is no position"[:80], where="geometry")
    lon, lat = position[:2]
    for value, most in ((lon, 180), (lat, 90)):
        if type(value) not in {int, float} or not math.isfinite(value) or abs(value) > most:
            raise BadInputError(
                f"{position!r} is not on the earth"[:80],
                where="geometry",
                todo="Longitude first, then latitude, in degrees",
            )
    return float(lon), float(lat)


def _only_polygons(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Mending may leave lines and points over; they enclose nothing."""
    # Taken apart twice: a mended shape may be a collection that holds a MultiPolygon.
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def _fitting(shape: Any, where: str, said: list[str]) -> tuple[tuple[Ring, ...], ...]:
    """The rings, with fewer points when they would not fit into one entry."""
    tried = shape
    for tolerance in (0, *_SIMPLIFY_E7):
        if tolerance:
            tried = _only_polygons(shapely.simplify(shape, tolerance))
        polygons = rings_of(tried)
        if len(msgspec.json.encode(polygons)) <= MOST_BYTES:
            if tolerance:
                said.append(f"{where}: drawn with fewer points, within {tolerance / 90:.1f} m")
            return polygons
    raise BadInputError(
        "it has too many points for one entry", where="geometry", todo="Cut it into several areas"
    )


def rings_of(shape: Any) -> tuple[tuple[Ring, ...], ...]:
    """Outer ring first; outer ones counter-clockwise, holes clockwise (RFC 7946, 3.1.6).

    Normalised, so that the same area drawn from another corner is the same fact.
    """
    found = []
    for part in shapely.get_parts(shapely.orient_polygons(shapely.normalize(shape))):
        rings = [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
        found.append(tuple(tuple(np.rint(ring).astype(int).ravel().tolist()) for ring in rings))
    return tuple(found)
