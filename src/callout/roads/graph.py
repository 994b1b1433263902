"""The graph folder: arrays in ``*.npy`` files and ``graph.json``, which says what they must be."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from callout.base.errors import DamagedError
from callout.roads.raw import MOST_TIMES

FORMAT: Final = 2
MANIFEST: Final = "graph.json"
_IMPORT_AGAIN: Final = "Import the city again: callout city import FILE.osm.pbf"

# Every array a graph must have: dtype and number of axes. Those of each profile come on top.
_NEEDED: Final[Mapping[str, tuple[str, int]]] = {
    "junction_lonlat": ("<i4", 2),
    "road_ptr": ("<i8", 1),
    "road_mm": ("<i4", 1),
    "road_way": ("<i8", 1),
    "road_class": ("|u1", 1),
    "road_flags": ("|u1", 1),
    "road_name": ("<i4", 1),
    "road_edge": ("<i4", 2),
    "shape_lonlat": ("<i4", 2),
    "shape_mm": ("<i4", 1),
    "name_ptr": ("<i8", 1),
    "name_utf8": ("|u1", 1),
    "edge_road": ("<i4", 1),
    "edge_from": ("<i4", 1),
    "edge_to": ("<i4", 1),
    "edge_opposite": ("<i4", 1),
    "edge_base": ("<i4", 1),
    "edge_copy": ("<i4", 1),
    "turn_from_ptr": ("<i8", 1),
    "turn_to": ("<i4", 1),
    "turn_back_ptr": ("<i8", 1),
    "turn_back_from": ("<i4", 1),
    "turn_back_turn": ("<i4", 1),
    "case_edge": ("<i4", 1),
    "case_when": ("<i4", 2),
    "case_turn": ("<i4", 1),
    "case_turn_when": ("<i4", 1),
    "case_turn_bits": ("|u1", 1),
    "case_turn_ms": ("<i4", 2),
    "grid_ptr": ("<i4", 1),
    "grid_xy": ("<i4", 2),
    "grid_shape": ("<i4", 1),
    "grid_road": ("<i4", 1),
}
_BY_PROFILE: Final[Mapping[str, tuple[str, int]]] = {
    "edge_ms": ("<i4", 1),
    "edge_main": ("|u1", 1),
    "turn_ms": ("<i4", 1),
    "case_ms": ("<i4", 2),
}
# Arrays that hold positions: the least value and what they count.
_ROWS_OF: Final = {
    "edge": "edge_road",
    "road": "road_mm",
    "junction": "junction_lonlat",
    "shape": "shape_mm",
    "name": "name_ptr",
    "turn": "turn_to",
}
_POSITIONS: Final = {
    "road_edge": (-1, "edge"),
    "road_name": (-1, "name"),
    "edge_road": (0, "road"),
    "edge_from": (0, "junction"),
    "edge_to": (0, "junction"),
    "edge_opposite": (-1, "edge"),
    "edge_base": (0, "edge"),
    "edge_copy": (-1, "edge"),
    "turn_to": (0, "edge"),
    "turn_back_from": (0, "edge"),
    "turn_back_turn": (0, "turn"),
    "case_edge": (0, "edge"),
    "case_turn": (0, "turn"),
    "case_when": (-1, "time"),
    "case_turn_when": (0, "time"),
    "grid_shape": (0, "shape"),
    "grid_road": (0, "road"),
}


class _Manifest(msgspec.Struct, forbid_unknown_fields=False):
    format: int
    profiles: list[str]
    grid: dict[str, int]
    times: list[str]
    arrays: dict[str, tuple[str, list[int]]]


class Graph(NamedTuple):
    """An opened graph: read-only arrays by name (docs/city.md), profiles, the grid's shape."""

    arrays: dict[str, NDArray[Any]]
    profiles: tuple[str, ...]
    grid: NDArray[np.int64]  # x0, y0, dx, dy (1e-7 degree), columns, rows
    times: tuple[str, ...] = ()  # opening_hours at which the rules of case_* hold


def write_graph(
    folder: Path,
    arrays: Mapping[str, NDArray[Any]],
    profiles: list[str],
    grid: dict[str, int],
    times: list[str],
) -> None:
    """Write a graph folder that does not exist yet; every file is durable when this returns."""
    folder.mkdir()
    for name, array in arrays.items():
        with (folder / f"{name}.npy").open("xb") as file:
            np.save(file, np.ascontiguousarray(array))
            file.flush()
            os.fsync(file.fileno())
    manifest = _Manifest(
        FORMAT,
        profiles,
        grid,
        times,
        {name: (array.dtype.str, list(array.shape)) for name, array in arrays.items()},
    )
    with (folder / MANIFEST).open("xb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        file.flush()
        os.fsync(file.fileno())


def open_graph(folder: Path) -> Graph:
    """Map a graph folder. DamagedError when it is of another version, or any array is not as
    ``graph.json`` says (missing, shorter, of another type or shape).
    """  # noqa: D205 - one sentence
    manifest = _read_manifest(folder)
    needed = dict(_NEEDED) | {
        f"{array}_{name}": kind for name in manifest.profiles for array, kind in _BY_PROFILE.items()
    }
    arrays: dict[str, NDArray[Any]] = {}
    for name, (dtype, axes) in needed.items():
        array = _map(folder / f"{name}.npy")
        told = manifest.arrays.get(name)
        if told != (array.dtype.str, list(array.shape)) or (dtype, axes) != (
            array.dtype.str,
            array.ndim,
        ):
            raise DamagedError(
                f"array {name} is not what graph.json says", where=str(folder), todo=_IMPORT_AGAIN
            )
        arrays[name] = array
    _check_sizes(folder, arrays, manifest)
    _check_values(folder, arrays, len(manifest.times))
    shape = [manifest.grid[key] for key in ("x0", "y0", "dx", "dy", "nx", "ny")]
    return Graph(
        arrays, tuple(manifest.profiles), np.array(shape, dtype=np.int64), tuple(manifest.times)
    )


def _read_manifest(folder: Path) -> _Manifest:
    try:
        text = (folder / MANIFEST).read_bytes()
        found = msgspec.json.decode(text)
        if isinstance(found, dict) and found.get("format") != FORMAT:
            raise DamagedError(
                f"the graph is of format {found.get('format')!r}, this program reads {FORMAT}",
                where=str(folder),
                todo=_IMPORT_AGAIN,
            )
        manifest = msgspec.convert(found, _Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise DamagedError(
            f"{MANIFEST} cannot be read ({error})", where=str(folder), todo=_IMPORT_AGAIN
        ) from error
    if not manifest.profiles or not {"x0", "y0", "dx", "dy", "nx", "ny"} <= manifest.grid.keys():
        raise DamagedError(f"{MANIFEST} is incomplete", where=str(folder), todo=_IMPORT_AGAIN)
    return manifest


def _map(path: Path) -> NDArray[Any]:
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DamagedError(
            f"the array cannot be read ({error})", where=str(path), todo=_IMPORT_AGAIN
        ) from error
    # A plain view: kernels dispatch on the exact type, and np.memmap takes the slow way.
    return np.asarray(mapped)


def _check_sizes(folder: Path, arrays: dict[str, NDArray[Any]], manifest: _Manifest) -> None:
    """The lengths that kernels rely on without looking; a wrong one would read foreign memory."""
    edges, roads = len(arrays["edge_road"]), len(arrays["road_mm"])
    cells = manifest.grid["nx"] * manifest.grid["ny"]
    fits = [
        len(arrays[name]) == edges
        for name in ("edge_from", "edge_to", "edge_opposite", "edge_base", "edge_copy")
    ]
    turns, cases, bans = (len(arrays[name]) for name in ("turn_to", "case_edge", "case_turn"))
    for name in manifest.profiles:
        fits += [len(arrays[f"{array}_{name}"]) == edges for array in ("edge_ms", "edge_main")]
        fits.append(len(arrays[f"turn_ms_{name}"]) == turns)
        fits.append(arrays[f"case_ms_{name}"].shape == (cases, 1 << MOST_TIMES))
    fits.append(arrays["case_when"].shape == (cases, MOST_TIMES))
    fits.append(arrays["case_turn_ms"].shape == (bans, len(manifest.profiles)))
    fits += [len(arrays[name]) == bans for name in ("case_turn_when", "case_turn_bits")]
    fits += [
        len(arrays[name]) == roads
        for name in ("road_way", "road_class", "road_flags", "road_name", "road_edge")
    ]
    for ptr, rows, values in (
        ("turn_from_ptr", edges, ("turn_to",)),
        ("turn_back_ptr", edges, ("turn_back_from", "turn_back_turn")),
        ("road_ptr", roads, ("shape_lonlat", "shape_mm")),
        ("grid_ptr", cells, ("grid_xy", "grid_shape", "grid_road")),
        ("name_ptr", len(arrays["name_ptr"]) - 1, ()),
    ):
        fits.append(len(arrays[ptr]) == rows + 1)
        fits += [len(arrays[ptr]) > 0 and arrays[ptr][-1] == len(arrays[name]) for name in values]
    if edges == 0 or not all(fits):
        raise DamagedError(
            "the arrays' lengths do not fit each other", where=str(folder), todo=_IMPORT_AGAIN
        )


def _check_values(folder: Path, arrays: dict[str, NDArray[Any]], times: int) -> None:
    """No position may point outside its array, no CSR run backwards: kernels do not look."""
    rows = {name: len(arrays[array]) for name, array in _ROWS_OF.items()}
    rows["time"] = times
    for name, (least, of) in _POSITIONS.items():
        if arrays[name].size and not (
            least <= arrays[name].min() and arrays[name].max() < rows[of]
        ):
            raise DamagedError(
                f"array {name} points outside the graph", where=str(folder), todo=_IMPORT_AGAIN
            )
    for name in ("turn_from_ptr", "turn_back_ptr", "road_ptr", "grid_ptr", "name_ptr"):
        if arrays[name][0] != 0 or (np.diff(arrays[name]) < 0).any():
            raise DamagedError(
                f"array {name} does not ascend", where=str(folder), todo=_IMPORT_AGAIN
            )
