"""The room for a drill: agencies, stations, units, staff and incident types as set-up CSV.

Stations are those of the city's extract; a service that has none gets places on roads, spread
over the city, and the note says so.
"""

import csv
import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.spatial import cKDTree

from callout.base.geo import E7, LonLat, distance_m, lonlat
from callout.places import City
from callout.roads import Roads


class _Service(NamedTuple):
    agency: str
    name: str
    poi: str
    label: str
    profile: str  # what its units drive, as roads counts
    # (prefix of callsigns, kind, capabilities, weight)
    fleet: tuple[tuple[str, str, str, int], ...]


_SERVICES: Final = (
    _Service(
        "fire", "Fire and Rescue", "fire_station", "Fire Station", "fire_engine",
        (
            ("E", "Engine", "engine;first_aid", 3),
            ("L", "Ladder", "ladder;engine", 1),
            ("R", "Rescue", "rescue;first_aid", 1),
        ),
    ),
    _Service(
        "ems", "Ambulance Service", "ambulance_station", "Ambulance Station", "car",
        (("M", "Ambulance ALS", "als;bls", 3), ("A", "Ambulance BLS", "bls", 2)),
    ),
    _Service(
        "police", "Police", "police", "Police Station", "car",
        (("P", "Patrol", "patrol", 6), ("K", "Dog patrol", "patrol;dog", 1)),
    ),
)  # fmt: skip
_STAFF: Final = (
    ("d1", "ems", "R. Hale", "dispatcher;call_taker"),
    ("d2", "fire", "I. Osei", "dispatcher;call_taker"),
    ("d3", "police", "M. Lund", "dispatcher;call_taker"),
    ("s1", "fire", "T. Abreu", "supervisor;dispatcher"),
    ("t1", "fire", "J. Novak", "trainer"),
    ("drill", "*", "You, at the drill", "call_taker;dispatcher;supervisor"),
)
# Limits are seconds from the call until somebody is sent.
_TYPES: Final = (
    ("HOUSEFIRE", "House fire", 1, "engine", 60),
    ("CRASH", "Road crash, people hurt", 1, "rescue;als", 60),
    ("CARDIAC", "Cardiac arrest", 1, "als", 60),
    ("PANIC", "Panic button", 1, "patrol", 60),
    ("BREATHING", "Breathing difficulty", 1, "als", 60),
    ("ASSAULT", "Assault", 2, "patrol", 120),
    ("CHEST", "Chest pain", 2, "als;bls", 120),
    ("GAS", "Gas smell", 2, "engine", 120),
    ("MISSING", "Missing child", 2, "patrol;dog", 120),
    ("BREAKIN", "Break-in", 2, "patrol", 120),
    ("FIREALARM", "Fire alarm, nothing seen", 3, "engine;ladder", 600),
    ("LIFT", "Lift stuck", 3, "ladder;rescue", 600),
    ("FALL", "Fall", 3, "bls;als", 600),
    ("NOISE", "Noise", 4, "patrol", 1800),
)
_NAME_MAX: Final = 60
_PER_STATION: Final = 3
# How far from the middle a room of one unit reaches; a room of n reaches sqrt(n) times as far.
_REACH_M: Final = 900.0
_REACH_LEAST_M: Final = 3000.0
_M_PER_E7: Final = 0.0111195
_SAMPLE: Final = 400


class _Station(NamedTuple):
    name: str
    lon: float
    lat: float


def write_cast(city: City, out: Path, *, units: int, seed: int) -> str:
    """Write the five CSV files of a room with ``units`` units into ``out``.

    Returns a note on the stations: how many are the extract's and how many were placed on roads.
    """
    draw = random.Random(seed)  # noqa: S311 - make-believe
    stations: list[tuple[str, str, str, float, float]] = []
    fleet: list[tuple[str, ...]] = []
    placed = 0
    reach_m = max(_REACH_LEAST_M, _REACH_M * math.sqrt(units))
    for service, count in zip(_SERVICES, _shares(units), strict=True):
        wanted = max(1, min(24, -(-count // _PER_STATION)))
        found = _from_extract(city, service)
        chosen = found if len(found) <= wanted else _spread(found, wanted)
        if not chosen:
            chosen = _on_roads(city.roads, service, wanted, reach_m, draw)
            placed += len(chosen)
        ids = [f"{service.agency}-{number}" for number in range(1, len(chosen) + 1)]
        for name, station in zip(ids, chosen, strict=True):
            stations.append((name, service.agency, station.name, station.lon, station.lat))
        fleet += _fleet(service, ids, count)
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "agencies.csv", "id name", [(s.agency, s.name) for s in _SERVICES])
    _write(out / "stations.csv", "id agency name lon lat", stations)
    _write(out / "units.csv", "id callsign agency station kind capabilities profile", fleet)
    agencies = [service.agency for service in _SERVICES]
    sharing = [(agency, "*", "see;work;send") for agency in agencies]
    _write(out / "sharing.csv", "agency to what", sharing)
    _write(out / "staff.csv", "id agency name roles", _STAFF)
    _write(out / "types.csv", "code name priority capabilities limit_s", _TYPES)
    return _note(len(stations), placed)


def _note(stations: int, placed: int) -> str:
    if not placed:
        return f"{stations} stations from the extract"
    if placed == stations:
        return f"no stations in the extract: {placed} placed on roads"
    return f"{stations - placed} stations from the extract, {placed} placed on roads"


def _shares(units: int) -> tuple[int, int, int]:
    """How many of the units are fire, ambulance and police."""
    fire = max(1, round(units * 0.3)) if units > 2 else units // 2
    ems = max(1, round(units * 0.35)) if units > 1 else units
    return fire, ems, max(0, units - fire - ems)


def _fleet(service: _Service, stations: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """Units dealt out over the stations, each kind in its share."""
    pattern = _dealt(service.fleet)
    numbers = dict.fromkeys((prefix for prefix, *_ in service.fleet), 0)
    rows: list[tuple[str, ...]] = []
    for place in range(count):
        prefix, kind, capabilities = pattern[place % len(pattern)]
        numbers[prefix] += 1
        callsign = f"{prefix}{numbers[prefix]}"
        station = stations[place % len(stations)]
        what = (kind, capabilities, service.profile)
        rows.append((callsign, callsign, service.agency, station, *what))
    return rows


def _dealt(fleet: Sequence[tuple[str, str, str, int]]) -> list[tuple[str, str, str]]:
    """Kinds in turn, each as often as its weight: the heaviest first."""
    rounds = max(weight for *_, weight in fleet)
    return [
        (prefix, kind, capabilities)
        for turn in range(rounds)
        for prefix, kind, capabilities, weight in fleet
        if weight > turn
    ]


def _from_extract(city: City, service: _Service) -> list[_Station]:
    found = {
        _Station(
            (poi.name or city.street_at(poi.point) or service.label)[:_NAME_MAX],
            poi.point.lon,
            poi.point.lat,
        )
        for poi in city.pois(service.poi)
    }
    return sorted(found)


def _spread(stations: Sequence[_Station], count: int) -> list[_Station]:
    """``count`` of them, each time the one farthest from those chosen (Gonzalez 1985)."""
    chosen = [stations[len(stations) // 2]]
    while len(chosen) < count:
        rest = [station for station in stations if station not in chosen]
        if not rest:
            break
        chosen.append(max(rest, key=lambda station: min(_apart(station, c) for c in chosen)))
    return chosen


def _apart(a: _Station, b: _Station) -> float:
    return distance_m(lonlat(a.lon, a.lat), lonlat(b.lon, b.lat))


def _on_roads(
    roads: Roads, service: _Service, count: int, reach_m: float, draw: random.Random
) -> list[_Station]:
    """Junctions of the main road network, the more of them the denser the roads.

    Within ``reach_m`` of where most junctions are: a room's units are not thinned out over a whole
    region. There, the junctions nearest to the centres of a k-means clustering (Lloyd 1982,
    started by Arthur & Vassilvitskii 2007).
    """
    arrays = roads.graph.arrays
    main = np.unique(arrays["edge_from"][arrays[f"edge_main_{roads.profiles[0]}"] > 0])
    lonlat_e7 = arrays["junction_lonlat"][main].astype(np.float64)
    flat = lonlat_e7 * (float(np.cos(np.radians(lonlat_e7[:, 1].mean() / E7))), 1.0)
    core = _densest(flat, reach_m / _M_PER_E7)
    lonlat_e7, flat = lonlat_e7[core], flat[core]
    count = min(count, len(flat))
    centres, _ = kmeans2(flat, count, minit="++", rng=draw.getrandbits(32), missing="warn")
    nearest = np.unique(cKDTree(flat).query(centres)[1])
    return [
        _Station(f"{street or 'Road'} {service.label}"[:_NAME_MAX], place.lon, place.lat)
        for lon_e7, lat_e7 in lonlat_e7[nearest].astype(np.int64).tolist()
        for place in [LonLat(lon_e7, lat_e7)]
        for street in [roads.street_at(place)]
    ]


def _densest(flat: NDArray[np.float64], reach: float) -> NDArray[np.int64]:
    """Rows of (n, 2) points within ``reach`` of the one that has most of them so near."""
    tree = cKDTree(flat)
    sample = flat[:: max(1, len(flat) // _SAMPLE)]
    most = int(np.argmax(tree.query_ball_point(sample, reach, return_length=True)))
    return np.array(sorted(tree.query_ball_point(sample[most], reach)))


def _write(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(), *rows])
