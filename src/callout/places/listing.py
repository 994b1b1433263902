"""From an extract to what the gazetteer holds."""

from callout.base.geo import LonLat
from callout.places.book import Book, Entry, Place, Post, by_street
from callout.places.osm import Extract, Point
from callout.places.streets import Towns, read_streets


def list_places(extract: Extract) -> Book:
    """Streets, crossings, places, landmarks, addresses and kilometre posts of an extract."""
    towns = Towns([(p.kind, p.name, _at(p)) for p in extract.points if p.layer == "place"])
    streets, crossings = read_streets(extract.roads)
    entries = [
        Entry(
            Place(street.name, "street", towns.near(street.point), street.point),
            extract.also.get(street.name, ()),
            street.trace,
        )
        for street in streets
    ]
    for found in extract.points:
        if found.layer in {"place", "poi", "landmark"} and (found.name or found.layer != "place"):
            near = "" if found.layer == "place" else towns.near(_at(found))
            entries.append(Entry(Place(found.name, found.kind, near, _at(found)), found.also))
    addresses = ((p.detail, p.name, _at(p)) for p in extract.points if p.layer == "address")
    houses = by_street(entries, addresses, towns.near)
    posts = [Post(p.name, int(p.kind), _at(p)) for p in extract.points if p.layer == "post"]
    return Book(entries, houses, crossings, posts)


def _at(point: Point) -> LonLat:
    return LonLat(point.lon_e7, point.lat_e7)
