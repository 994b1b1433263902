"""Reading map tiles from the PMTiles archive (version 3 of its specification)."""

import gzip
import mmap
import threading
import zlib
from pathlib import Path
from typing import Any, Final

from pmtiles.tile import (
    deserialize_directory,
    deserialize_header,
    find_tile,
    zxy_to_tileid,
)

from callout.base.errors import DamagedError

_DEPTH: Final = 4  # directories below directories, at most (specification 3, section 4)
_TODO: Final = "Import the city again: callout city import FILE.osm.pbf"


class TileArchive:
    """An opened archive. Directories are decoded once and kept; may be used from any thread."""

    def __init__(self, path: Path) -> None:
        """Map the file; DamagedError when it is missing or no archive."""
        self._where = str(path)
        self._directories: dict[tuple[int, int], list[Any]] = {}
        self._lock = threading.Lock()
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.header: Any = deserialize_header(self._bytes[:127])
            self._directory(self.header["root_offset"], self.header["root_length"])
        except DamagedError:
            raise
        # The library has no error of its own: a foreign file fails wherever its bytes lead.
        except Exception as error:
            raise DamagedError(
                f"the map tiles cannot be read ({error})", where=self._where, todo=_TODO
            ) from error

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """A tile as it was written (gzip), None when there is nothing in it."""
        if not (0 <= z <= self.header["max_zoom"] and 0 <= x < 1 << z and 0 <= y < 1 << z):
            return None
        wanted = zxy_to_tileid(z, x, y)
        offset, length = self.header["root_offset"], self.header["root_length"]
        for _ in range(_DEPTH):
            entry = find_tile(self._directory(offset, length), wanted)
            if entry is None:
                return None
            if entry.run_length:
                start = self.header["tile_data_offset"] + entry.offset
                return self._bytes[start : start + entry.length]
            offset = self.header["leaf_directory_offset"] + entry.offset
            length = entry.length
        return None

    def _directory(self, offset: int, length: int) -> list[Any]:
        with self._lock:
            found = self._directories.get((offset, length))
            if found is None:
                try:
                    found = deserialize_directory(self._bytes[offset : offset + length])
                except (OSError, EOFError, zlib.error, gzip.BadGzipFile) as error:
                    raise DamagedError(
                        f"the map tiles' directory is damaged ({error})",
                        where=self._where,
                        todo=_TODO,
                    ) from error
                self._directories[offset, length] = found
            return found
