"""places: where is it. Gazetteer, map tiles and the import of a city from OpenStreetMap."""

from callout.places.city import City, open_city
from callout.places.gazetteer import Place
from callout.places.importer import import_city

__all__ = ["City", "Place", "import_city", "open_city"]
