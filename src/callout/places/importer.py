"""``callout city import``: from an .osm.pbf to a city folder, all or nothing."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from callout.base.errors import BadInputError, FullError
from callout.places.book import write_gazetteer
from callout.places.city import FORMAT, GAZETTEER, GRAPH, META, TILES
from callout.places.listing import list_places
from callout.places.merging import merge
from callout.places.osm import Extract, OutOfOrderError, read_osm
from callout.places.tiles import write_tiles
from callout.roads import build_graph, load_profile, profile_names, write_graph

ATTRIBUTION: Final = "© OpenStreetMap contributors"
LICENCE: Final = "LICENSE-DATA.txt"
_ASIDE: Final = ".importing"
_MERGED: Final = "merged.osm.pbf"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

Progress = Callable[[str, float], None]


def import_city(
    pbf: Path,
    out: Path,
    *,
    more: Sequence[Path] = (),
    progress: Progress = lambda _stage, _share: None,
) -> dict[str, Any]:
    """Import an extract into the folder ``out``; the content of its meta.json.

    ``more`` are extracts that overlap or adjoin the first: together they are one city, and what
    stands in several is taken once, in its newest version.
    ``progress`` hears the stage (read, graph, map, names, store) and how much of it is done, 0 to
    1. Everything is written beside ``out``, made durable and renamed: after a failure ``out`` is as
    it was. An older city there is replaced. BadInputError for a file that cannot be used or an
    ``out`` that is something else, FullError when the disk is full.
    """
    pbf, out = Path(pbf), Path(out)
    _check_out(out)
    files = [pbf, *map(Path, more)]
    with _aside(out) as folder:
        extract = _read(files, folder / _MERGED, lambda share: progress("read", share))
        progress("read", 1.0)
        meta = _fill(folder, files, extract, progress)
        progress("store", 0.0)
        _store(folder, out)
        progress("store", 1.0)
    return meta


def _read(files: list[Path], merged: Path, progress: Callable[[float], None]) -> Extract:
    """The content of one extract in order, or of all after they were merged into ``merged``."""
    profiles = [load_profile(name) for name in profile_names()]
    if len(files) == 1:
        try:
            return read_osm(files[0], profiles, progress)
        except OutOfOrderError:
            pass
    twice = merge(files, merged)
    try:
        extract = read_osm(merged, profiles, progress, ordered=True)
    except BadInputError as error:
        where = " + ".join(map(str, files))
        raise BadInputError(error.what, where=where, todo=error.todo) from error
    finally:
        merged.unlink()
    extract.mended["objects_that_stood_there_twice"] = twice
    return extract


def _check_out(out: Path) -> None:
    if out.is_dir() and any(out.iterdir()) and not (out / META).is_file():
        raise BadInputError(
            "the folder is not empty and holds no city",
            where=str(out),
            todo="Name a new folder, or the one of a city to replace",
        )
    if out.exists() and not out.is_dir():
        raise BadInputError("this is a file", where=str(out), todo="Name a folder")


@contextmanager
def _aside(out: Path) -> Iterator[Path]:
    """A fresh folder beside ``out`` that is gone afterwards, whatever happens."""
    folder = out.with_name(out.name + _ASIDE)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)  # of an import that was killed
        folder.mkdir()
        yield folder
    except apsw.FullError as error:
        raise _full(out) from error
    except OSError as error:
        if error.errno in _FULL:
            raise _full(out) from error
        raise BadInputError(
            f"the city cannot be written ({error.strerror or error})",
            where=str(out),
            todo="Check that the folder exists and may be written to",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _full(out: Path) -> FullError:
    return FullError(
        "the disk is full; nothing was imported", where=str(out), todo="Free some space, try again"
    )


def _fill(folder: Path, files: list[Path], extract: Extract, progress: Progress) -> dict[str, Any]:
    pbf = files[0]
    progress("graph", 0.0)
    profiles = list(extract.network.kmh)
    try:
        arrays, report = build_graph(extract.network, [load_profile(name) for name in profiles])
    except BadInputError as error:
        raise BadInputError(error.what, where=str(pbf), todo=error.todo) from error
    write_graph(folder / GRAPH, arrays, profiles, report["grid"], report["times"])
    progress("graph", 1.0)
    name = pbf.name.removesuffix(".pbf").removesuffix(".osm")
    with (folder / TILES).open("xb") as file:
        tiles = write_tiles(file, extract, name, lambda share: progress("map", share))
    progress("names", 0.0)
    places = write_gazetteer(folder / GAZETTEER, list_places(extract))
    progress("names", 1.0)
    sources = " + ".join(path.name for path in files)
    (folder / LICENCE).write_text(_licence(sources), encoding="utf-8")
    west, south, east, north = tiles["bounds"]
    meta = {
        "format": FORMAT,
        "name": name,
        "bbox": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2],
        "max_zoom": tiles["max_zoom"],
        "attribution": ATTRIBUTION,
        "source": {
            "file": sources,
            "bytes": sum(path.stat().st_size for path in files),
            "sha256": " + ".join(map(_sha256, files)),
        },
        "counts": {
            **report["counts"],
            "tiles": tiles["tiles"],
            "tile_bytes_most": tiles["largest_bytes"],
            "tiles_thinned": tiles["thinned"],
            "places": places,
            "skipped": extract.skipped,
            "mended": extract.mended,
        },
        "bytes": {
            str(path.relative_to(folder)): path.stat().st_size
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    digest = hashlib.sha256(msgspec.json.encode(meta, order="sorted"))
    for path in sorted((folder / GRAPH).iterdir()):
        digest.update(path.read_bytes())
    meta["hash"] = digest.hexdigest()
    (folder / META).write_bytes(msgspec.json.format(msgspec.json.encode(meta), indent=1))
    return meta


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _licence(sources: str) -> str:
    return (
        f"This folder was made from {sources}.\n\n"
        "Contains information from OpenStreetMap, which is made available here under the\n"
        "Open Database License (ODbL) 1.0: https://opendatacommons.org/licenses/odbl/1-0/\n"
        "© OpenStreetMap contributors, https://www.openstreetmap.org/copyright\n\n"
        "This folder is a derivative database. If you give it, or a changed copy of it, to\n"
        "others, you must offer it under the same licence, keep this notice, and credit\n"
        '"© OpenStreetMap contributors" wherever a map or an answer made from it is shown.\n'
    )


def _store(folder: Path, out: Path) -> None:
    """Make every file durable, then give the folder its name."""
    for path in [*folder.rglob("*"), folder]:
        _sync(path)
    old = out.with_name(out.name + ".replaced")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    try:
        folder.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise
    _sync(out.parent)
    shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
