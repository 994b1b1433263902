"""``callout city import``: from an .osm.pbf to a city folder, all or nothing."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec
import numpy as np

from callout.base.errors import BadInputError, FullError
from callout.base.geo import LonLat
from callout.places.city import FORMAT, GAZETTEER, GRAPH, META, TILES
from callout.places.gazetteer import Place, Towns, streets, write_gazetteer
from callout.places.osm import Extract, read_osm
from callout.places.tiles import write_tiles
from callout.roads import build_graph, load_profile, profile_names, write_graph

ATTRIBUTION: Final = "© OpenStreetMap contributors"
LICENCE: Final = "LICENSE-DATA.txt"
_ASIDE: Final = ".importing"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

Progress = Callable[[str, float], None]


def import_city(
    pbf: Path, out: Path, *, progress: Progress = lambda _stage, _share: None
) -> dict[str, Any]:
    """Import an extract into the folder ``out``; the content of its meta.json.

    ``progress`` hears the stage (read, graph, map, names, store) and how much of it is done, 0 to
    1. Everything is written beside ``out``, made durable and renamed: after a failure ``out`` is as
    it was. An older city there is replaced. BadInputError for a file that cannot be used or an
    ``out`` that is something else, FullError when the disk is full.
    """
    pbf, out = Path(pbf), Path(out)
    _check_out(out)
    with _aside(out) as folder:
        extract = read_osm(
            pbf, [load_profile(name) for name in profile_names()], lambda p: progress("read", p)
        )
        progress("read", 1.0)
        meta = _fill(folder, pbf, extract, progress)
        progress("store", 0.0)
        _store(folder, out)
        progress("store", 1.0)
    return meta


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


def _fill(folder: Path, pbf: Path, extract: Extract, progress: Progress) -> dict[str, Any]:
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
    places = write_gazetteer(folder / GAZETTEER, _places(extract, arrays))
    progress("names", 1.0)
    (folder / LICENCE).write_text(_licence(pbf), encoding="utf-8")
    west, south, east, north = tiles["bounds"]
    meta = {
        "format": FORMAT,
        "name": name,
        "bbox": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2],
        "max_zoom": tiles["max_zoom"],
        "attribution": ATTRIBUTION,
        "source": {"file": pbf.name, "bytes": pbf.stat().st_size, "sha256": _sha256(pbf)},
        "counts": {
            **report["counts"],
            "tiles": tiles["tiles"],
            "tile_bytes_most": tiles["largest_bytes"],
            "tiles_thinned": tiles["thinned"],
            "places": places,
            "skipped": extract.skipped,
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


def _places(extract: Extract, arrays: dict[str, Any]) -> Iterator[Place]:
    towns = Towns(
        [(p.kind, p.name, LonLat(p.lon_e7, p.lat_e7)) for p in extract.points if p.layer == "place"]
    )
    middle = (arrays["road_ptr"][:-1] + arrays["road_ptr"][1:] - 1) // 2
    lonlat = arrays["shape_lonlat"][middle].astype(np.int64)
    for name, point in streets(extract.roads.names, arrays["road_name"], lonlat):
        yield Place(name, "street", towns.near(point), point)
    for found in extract.points:
        point = LonLat(found.lon_e7, found.lat_e7)
        near = "" if found.layer == "place" else towns.near(point)
        if found.name or found.layer == "poi":
            yield Place(found.name, found.kind, near, point)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _licence(pbf: Path) -> str:
    return (
        f"This folder was made from {pbf.name}.\n\n"
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
