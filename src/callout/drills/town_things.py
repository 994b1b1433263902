"""What stands between the streets of a made town: houses with numbers, parks, water, stations."""

import math
import random
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from callout.drills.names import NameMaker
from callout.drills.town_net import Net, drivable
from callout.drills.town_plan import Plan
from callout.drills.town_scale import Scale
from callout.drills.town_street import Points, Street

# From a street's middle to a house's front, by district.
_KERB_M: Final = {"old": 5.3, "grid": 6.6, "suburb": 7.5, "works": 8.0}
_MAIN_CLASSES: Final = ("primary", "secondary", "tertiary")


@dataclass
class Area:
    """A closed outline in metres with its tags."""

    outline: Points
    tags: dict[str, str]


@dataclass
class Spot:
    """A tagged point in metres."""

    x: float
    y: float
    tags: dict[str, str] = field(default_factory=dict)


# district: metres of street front a house takes, its depth, chance that there is one, shape tag
_HOUSES: Final = {
    "old": (11.5, 13.0, 0.95, "apartments"),
    "grid": (24.0, 17.0, 0.80, "apartments"),
    "suburb": (23.0, 10.5, 0.55, "house"),
    "works": (70.0, 42.0, 0.75, "industrial"),
}


def houses(
    net: Net,
    district_of: dict[int, tuple[str, str]],
    rng: random.Random,
    plan: Plan,
    *,
    with_city: bool,
) -> list[Area]:
    """Buildings along the streets, numbered odd and even; none on a street, in water or on another.

    ``district_of`` maps a street's place in ``net.streets`` to its district and town; others
    get none.
    """
    chance = np.random.default_rng(rng.getrandbits(64))
    boxes: list[Points] = []
    tags: list[dict[str, str]] = []
    for index, (district, town) in district_of.items():
        front_m, depth_m, share, kind = _HOUSES[district]
        numbers, corners = _plots(
            net.nodes[net.runs[index]], front_m, depth_m, share, chance, _KERB_M[district]
        )
        boxes.append(corners)
        name = net.streets[index].name
        more = {"addr:city": town} if with_city else {}
        tags += [{**_house_tags(kind, name, number), **more} for number in numbers]
    if not tags:
        return []
    every = np.concatenate(boxes)
    return [Area(every[i], tags[i]) for i in _free(np.asarray(shapely.polygons(every)), net, plan)]


def _house_tags(kind: str, street: str, number: int) -> dict[str, str]:
    if not street:
        return {"building": kind}
    return {"building": kind, "addr:housenumber": str(number), "addr:street": street}


def _plots(
    line: Points,
    front_m: float,
    depth_m: float,
    share: float,
    chance: np.random.Generator,
    kerb_m: float,
) -> tuple[list[int], Points]:
    """House numbers and (n, 5, 2) corners along both sides of a line."""
    steps = np.diff(line, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    count = int(along[-1] / front_m)
    numbers = np.arange(2 * count)
    draws = chance.random((2 * count, 4))
    numbers, draws = numbers[draws[:, 0] < share], draws[draws[:, 0] < share]
    at_m = (numbers // 2 + 0.5) * front_m
    piece = np.clip(np.searchsorted(along, at_m) - 1, 0, len(steps) - 1)
    unit = (steps / np.maximum(lengths, 1e-9)[:, None])[piece]
    aside = np.column_stack([unit[:, 1], -unit[:, 0]]) * np.where(numbers % 2, 1, -1)[:, None]
    near = (
        line[piece]
        + unit * (at_m - along[piece])[:, None]
        + aside * (kerb_m + 2 * draws[:, 3:] * (kerb_m - 5.0))
    )
    half = unit * (front_m * (0.36 + 0.125 * draws[:, 1:2]))
    depth = aside * (depth_m * (0.75 + 0.5 * draws[:, 2:3]))
    corners = [near - half, near + half, near + half + depth, near - half + depth, near - half]
    return (numbers + 1).tolist(), np.stack(corners, axis=1)


def _free(boxes: NDArray[np.object_], net: Net, plan: Plan) -> list[int]:
    """Which boxes stand clear of every street and of every box before them."""
    lines = [shapely.LineString(net.nodes[run]) for run in net.runs]
    near = np.unique(shapely.STRtree(lines).query(boxes, predicate="dwithin", distance=5.0)[0])
    clear = np.ones(len(boxes), bool)
    clear[near] = False
    for kept_free in (plan.river, plan.railway_strip):
        shapely.prepare(kept_free)
        clear &= ~shapely.intersects(kept_free, boxes)
    first, second = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    for i, j in sorted(zip(first.tolist(), second.tolist(), strict=True)):
        if i < j and clear[i] and clear[j]:
            clear[j] = False
    return np.flatnonzero(clear).tolist()


def greens(quarter: Polygon, name: str, rng: random.Random) -> list[Area]:
    """A park over the quarter with a pond in it."""
    outline = np.asarray(quarter.buffer(-16.0).exterior.coords)
    middle = quarter.representative_point()
    reach = min(110.0, math.sqrt(quarter.area) / 5.0)
    angles = np.linspace(0.0, math.tau, 28)[:-1]
    swell = 1.0 + 0.25 * np.sin(2 * angles + rng.random() * 6) + 0.12 * np.sin(3 * angles)
    pond = np.column_stack(
        [middle.x + 1.4 * reach * swell * np.cos(angles), middle.y + reach * swell * np.sin(angles)]
    )
    return [
        Area(outline, {"leisure": "park", "name": f"{name} Park"}),
        Area(np.vstack([pond, pond[:1]]), {"natural": "water", "water": "pond"}),
    ]


# what, how many, and its tags beside the name
_SERVICES: Final = (
    ("Hospital", 3, {"amenity": "hospital", "emergency": "yes"}),
    ("Fire Station", 7, {"amenity": "fire_station"}),
    ("Ambulance Station", 7, {"emergency": "ambulance_station"}),
    ("Police Station", 5, {"amenity": "police"}),
    ("School", 14, {"amenity": "school"}),
    ("Pharmacy", 16, {"amenity": "pharmacy"}),
)
_SAINTS: Final = ("St Anne", "St Mary", "St Luke", "Royal", "Riverside", "Northern General")


def services(net: Net, rng: random.Random, scale: Scale) -> list[Spot]:
    """Hospitals, stations, schools and pharmacies, each kind well spread, beside main roads."""
    places = _beside_roads(net, rng, scale)
    found: list[Spot] = []
    for what, count, tags in _SERVICES:
        order = list(range(len(places)))
        rng.shuffle(order)
        for number, index in enumerate(_spread(places, order, count * (2 if scale.full else 1))):
            x, y, street = places[index]
            name = f"{_SAINTS[number]} Hospital" if what == "Hospital" else f"{street} {what}"
            spot = Spot(x, y, {"name": name, **tags})
            spot.tags["addr:street"] = street
            found.append(spot)
    return found


def _beside_roads(net: Net, rng: random.Random, scale: Scale) -> list[tuple[float, float, str]]:
    """Points 24 m beside the middle of main roads, with the road's name."""
    places = []
    for street, run in zip(net.streets, net.runs, strict=True):
        if street.highway not in _MAIN_CLASSES or "bridge" in street.tags or not street.name:
            continue
        line = net.nodes[run]
        for index in range(1, len(line) - 1, 2):
            step = line[index + 1] - line[index]
            length = float(np.linalg.norm(step))
            x, y = line[index]
            if length < 20.0 or _far(x, y, scale) > 0.86:
                continue
            aside = np.array([step[1], -step[0]]) / length * rng.choice((-24.0, 24.0))
            x, y = (line[index] + line[index + 1]) / 2 + aside
            places.append((float(x), float(y), street.name))
    return places


def _far(x: float, y: float, scale: Scale) -> float:
    """1 on the town's edge, 0 in its middle."""
    return (x / scale.half_width_m) ** 2 + (y / scale.half_height_m) ** 2


def _spread(places: list[tuple[float, float, str]], order: list[int], count: int) -> list[int]:
    """``count`` of the places, each time the one farthest from those chosen (Gonzalez 1985).

    The first is the nearest to the middle; the farthest corner of the town gets none.
    """
    at = np.array([(x, y) for x, y, _ in places])
    sample = np.array(order[: max(count * 12, 60)])
    chosen = [int(sample[np.argmin(np.linalg.norm(at[sample], axis=1))])]
    while len(chosen) < count:
        gaps = np.linalg.norm(at[sample][:, None] - at[chosen][None], axis=2).min(axis=1)
        gaps /= 1.0 + np.linalg.norm(at[sample], axis=1) / 3000.0
        chosen.append(int(sample[np.argmax(gaps)]))
    return chosen


def quarter_names(quarters: list[tuple[Polygon, str]], names: NameMaker) -> list[Spot]:
    """A place node in the middle of each quarter, the best-known names nearest to the town's."""
    spots = []
    ordered = sorted(quarters, key=lambda pair: round(math.hypot(*pair[0].centroid.coords[0])))
    for quarter, kind in ordered:
        if kind in {"green", "park"} or quarter.area < 250_000:
            continue
        at = quarter.representative_point()
        place = "suburb" if kind in {"old", "grid"} else "neighbourhood"
        spots.append(Spot(at.x, at.y, {"place": place, "name": names.quarter()}))
    return spots


def turn_bans(
    net: Net, rng: random.Random
) -> tuple[list[tuple[int, int, int, str]], list[tuple[int, list[int], int, str]]]:
    """Turn bans: at crossings of main roads, and U-turns over a short street.

    The first are (from street, node, to street, restriction), the second (from street,
    [via streets], to street, restriction).
    """
    at: dict[int, list[int]] = {}
    for index, (street, run) in enumerate(zip(net.streets, net.runs, strict=True)):
        if drivable(street) and street.name:
            for node in run:
                at.setdefault(node, []).append(index)
    via_node = []
    for node in sorted(at):
        here = at[node]
        mains = [i for i in here if net.streets[i].highway in _MAIN_CLASSES]
        if len(mains) < 2 or len({net.streets[i].name for i in mains}) < 2 or rng.random() > 0.45:
            continue
        a, b = rng.sample(mains, 2)
        kind = rng.choice(("no_left_turn", "no_left_turn", "no_right_turn", "only_straight_on"))
        via_node.append((a, node, b, kind))
    return via_node, _via_streets(net, at, rng)


def _via_streets(
    net: Net, at: dict[int, list[int]], rng: random.Random
) -> list[tuple[int, list[int], int, str]]:
    bans = []
    for index, run in enumerate(net.runs):
        street = net.streets[index]
        if len(run) != 2 or street.highway != "residential" or "oneway" in street.tags:
            continue
        ends = [[i for i in at[node] if i != index and _ends_at(net, i, node)] for node in run]
        if ends[0] and ends[1]:
            bans.append((ends[0][0], [index], ends[1][0], "no_u_turn"))
    rng.shuffle(bans)
    return bans[: max(6, len(net.streets) // 700)]


def _ends_at(net: Net, index: int, node: int) -> bool:
    run, street = net.runs[index], net.streets[index]
    return node in (run[0], run[-1]) and "oneway" not in street.tags


def street_areas(river: BaseGeometry, corridor: BaseGeometry) -> list[Area]:
    """The river, and the green strip beside the motorway."""
    areas = [
        Area(
            np.asarray(part.exterior.coords), {"natural": "water", "water": "river", "name": "Arne"}
        )
        for part in shapely.get_parts(river)
        if part.geom_type == "Polygon"
    ]
    strips = shapely.get_parts(corridor.difference(river.buffer(5.0)))
    return areas + [Area(np.asarray(s.exterior.coords), {"landuse": "grass"}) for s in strips]


def named(streets: list[Street]) -> int:
    """How many different street names there are."""
    return len({street.name for street in streets if street.name})
