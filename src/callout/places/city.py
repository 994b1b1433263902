"""An imported city, opened: map, gazetteer and the folder of its road graph."""

from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec

from callout.base.errors import DamagedError, NotFoundError
from callout.base.geo import LonLat, lonlat
from callout.places.archive import TileArchive
from callout.places.book import Place
from callout.places.gazetteer import Gazetteer
from callout.roads import Roads

FORMAT: Final = 1
META: Final = "meta.json"
GRAPH: Final = "graph"
TILES: Final = "tiles.pmtiles"
GAZETTEER: Final = "gazetteer.db"
_TODO: Final = "Import the city again: callout city import FILE.osm.pbf"


class City:
    """A city folder, read-only. Methods may be called from any thread."""

    def __init__(self, folder: Path, meta: dict[str, Any]) -> None:
        """Prefer :func:`open_city`."""
        self.folder = folder
        self.meta = meta
        self._tiles = TileArchive(folder / TILES)
        self._gazetteer = Gazetteer(folder / GAZETTEER)
        self._middle = lonlat(*meta["center"])

    @property
    def graph_dir(self) -> Path:
        """What ``Roads.open`` takes."""
        return self.folder / GRAPH

    @cached_property
    def roads(self) -> Roads:
        """The road network, opened at first use; share it rather than open a second one."""
        return Roads.open(self.graph_dir)

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """A vector tile (gzip, MVT 2.1), None where nothing is drawn."""
        return self._tiles.tile(z, x, y)

    def search(self, text: str, limit: int = 10, near: LonLat | None = None) -> list[Place]:
        """What a caller's words may mean, best first; see :class:`Gazetteer`.

        ``near``, else the city's middle, decides between equals.
        """
        return self._gazetteer.search(text, limit, near or self._middle)

    def pois(self, kind: str) -> list[Place]:
        """Every hospital, fire_station, police, ambulance_station, station, ... of the extract."""
        return self._gazetteer.of_kind(kind)

    def street_at(self, point: LonLat) -> str:
        """Name of the nearest street that has one, "" when none is within 250 m."""
        return self.roads.street_at(point)

    def close(self) -> None:
        """Close the gazetteer; may be called twice. Maps stay until nobody uses them."""
        self._gazetteer.close()


def open_city(path: Path) -> City:
    """Open a city folder.

    NotFoundError when there is none; DamagedError when it is of another version, or a file of it
    is missing, cut short or not what was written.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise NotFoundError(
            "there is no city folder",
            where=str(folder),
            todo="Import one: callout city import FILE.osm.pbf",
        )
    meta = _read_meta(folder)
    for name, size in meta["bytes"].items():
        file = folder / name
        if not file.is_file() or file.stat().st_size != size:
            raise DamagedError(f"{name} is missing or cut short", where=str(folder), todo=_TODO)
    return City(folder, meta)


def _read_meta(folder: Path) -> dict[str, Any]:
    try:
        meta = msgspec.json.decode((folder / META).read_bytes())
    except (OSError, msgspec.MsgspecError) as error:
        raise DamagedError(
            f"{META} cannot be read ({error})", where=str(folder), todo=_TODO
        ) from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        told = meta.get("format") if isinstance(meta, dict) else None
        raise DamagedError(
            f"the city is of format {told!r}, this program reads {FORMAT}",
            where=str(folder),
            todo=_TODO,
        )
    sizes = meta.get("bytes")
    if not isinstance(sizes, dict) or not {TILES, GAZETTEER} <= sizes.keys():
        raise DamagedError(f"{META} is incomplete", where=str(folder), todo=_TODO)
    return meta
