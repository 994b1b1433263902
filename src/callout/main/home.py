"""A room's home: the folder with its journal, keys, state and city."""

from pathlib import Path
from typing import NamedTuple

from callout.access import Credentials
from callout.base.clock import Clock
from callout.base.errors import BadInputError
from callout.dispatch import Picture
from callout.journal import Journal
from callout.main.opening import open_journal
from callout.places import City, open_city
from callout.units import Positions


class Home(NamedTuple):
    """An open home."""

    journal: Journal
    picture: Picture
    credentials: Credentials


def city_folder(home: Path) -> Path:
    """Where ``callout city import`` puts the city."""
    return home / "city"


def open_home(
    home: Path, clock: Clock, city: Path | None = None, database: str | None = None
) -> Home:
    """Open journal, city and roads; the boards are still empty. Holds the home's lock."""
    folder = city or city_folder(home)
    if not folder.is_dir():
        raise BadInputError(
            "has no city yet", where=str(home), todo="callout city import FILE.osm.pbf first"
        )
    opened: City = open_city(folder)
    opened.roads.warm()
    journal = open_journal(home, clock, database)
    picture = Picture(journal, clock, Positions(), opened, opened.roads)
    return Home(journal, picture, Credentials(journal.state, clock))
