"""places: where is it. Gazetteer, map tiles, areas, and the import of a city."""

from callout.places.board import PlacesBoard
from callout.places.book import Place
from callout.places.city import City, open_city
from callout.places.gazetteer import TEXT_MAX
from callout.places.importer import import_city
from callout.places.zones import Area

__all__ = ["TEXT_MAX", "Area", "City", "Place", "PlacesBoard", "import_city", "open_city"]
