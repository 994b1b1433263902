"""Small things of a big made town: railway, ferry, low bridge, bollards, hydrants, shops."""

import math
import random
from typing import Final

import numpy as np
import shapely
from shapely import LineString, Point

from callout.drills.town_net import Net, drivable
from callout.drills.town_plan import Plan
from callout.drills.town_street import Line, Street, between, insert
from callout.drills.town_things import Area, Spot

_ZONE_M: Final = 190.0  # lanes this near to the market are for people on foot
_LOW_M: Final = "3.2"
_HYDRANT_EVERY: Final = 6  # streets
_SHOPS: Final = (
    ("Bakery", {"shop": "bakery"}),
    ("Pharmacy", {"amenity": "pharmacy"}),
    ("Supermarket", {"shop": "supermarket"}),
    ("Café", {"amenity": "cafe"}),
    ("Butcher", {"shop": "butcher"}),
    ("Books", {"shop": "books"}),
    ("Hardware", {"shop": "hardware"}),
    ("Bank", {"amenity": "bank"}),
    ("Inn", {"amenity": "pub"}),
    ("Hairdresser", {"shop": "hairdresser"}),
)


def rails(plan: Plan) -> list[Line]:
    """The railway on its viaduct: two tracks beside each other."""
    if plan.railway is None:
        return []
    tags = {"railway": "rail", "bridge": "viaduct", "layer": "2", "name": "Arne Valley Line"}
    step = np.gradient(plan.railway, axis=0)
    aside = np.column_stack([step[:, 1], -step[:, 0]]) / np.linalg.norm(step, axis=1)[:, None]
    return [Line(plan.railway + side * aside, dict(tags)) for side in (-2.5, 2.5)]


def river(plan: Plan) -> Line:
    """The river's course, which boats take."""
    return Line(plan.course, {"waterway": "river", "boat": "yes", "name": "Arne"})


def under_railway(plan: Plan, streets: list[Street]) -> None:
    """Cut the roads that pass under the viaduct; the first minor one is low, others 4.5 m."""
    if plan.railway is None:
        return
    line = LineString(plan.railway)
    low_left = True
    for street in list(streets):
        hit = street.line.intersection(line) if street.ground else Point()
        if not isinstance(hit, Point) or hit.is_empty:
            continue
        whole = street.line
        at = whole.project(hit)
        if not 30.0 < at < whole.length - 30.0:
            continue
        low = low_left and street.highway == "tertiary"
        low_left = low_left and not low
        tags = {**street.tags, "maxheight": _LOW_M if low else "4.5"}
        streets.append(Street(street.highway, street.name, between(whole, at - 14, at + 14), tags))
        rest = between(whole, at + 14, whole.length)
        streets.append(Street(street.highway, street.name, rest, dict(street.tags)))
        street.points = between(whole, 0.0, at - 14)


def ferries(streets: list[Street]) -> list[Street]:
    """A ferry between the quays in the west, with a slipway beside it; the Old Bridge is weak."""
    quays = {s.name: s.line for s in streets if s.name in {"North Quay", "South Quay"}}
    for street in streets:
        if street.name == "Old Bridge":
            street.tags["maxweight"] = "7.5"
    north, south = quays["North Quay"], quays["South Quay"]
    start = north.interpolate(0.12, normalized=True)
    end = south.interpolate(south.project(start))
    tags = {"route": "ferry", "motor_vehicle": "yes", "foot": "yes", "duration": "00:06"}
    crossing = np.array([(start.x, start.y), (end.x, end.y)])
    return [Street("", "Arne Ferry", crossing, tags, ground=False)]


def pedestrian_zone(streets: list[Street], market: tuple[float, float]) -> None:
    """The lanes around the market are for people on foot; the emergency services may in."""
    middle = Point(market)
    for street in streets:
        if street.highway in {"residential", "living_street"} and (
            street.line.hausdorff_distance(middle) < _ZONE_M
        ):
            street.highway = "pedestrian"
            street.tags.pop("oneway", None)


def squares(market: tuple[float, float]) -> list[Area]:
    """The market place, paved."""
    turn = np.linspace(0.0, math.tau, 13)
    outline = market + 52.0 * np.column_stack([1.3 * np.cos(turn), np.sin(turn)])
    return [Area(outline, {"highway": "pedestrian", "area": "yes", "name": "Market Square"})]


def room_for_gates(streets: list[Street], rng: random.Random) -> None:
    """Some alleys and yards get a vertex of their own, where a gate can stand."""
    for street in streets:
        if street.highway == "service" and rng.random() < 0.06:
            whole = street.line
            at_m = rng.uniform(0.3, 0.7) * whole.length
            vertex = np.asarray(whole.interpolate(at_m).coords[0])
            street.points = insert(street.points, at_m, vertex)


def barriers(net: Net, rng: random.Random) -> list[tuple[int, dict[str, str]]]:
    """Bollards in lanes that cars do not go through, gates in yards and alleys."""
    uses, found = net.uses(), []
    for street, run in zip(net.streets, net.runs, strict=True):
        inner = [node for node in run[1:-1] if uses[node] == 2]
        if not inner:
            continue
        node = inner[len(inner) // 2]
        if street.highway == "pedestrian" and rng.random() < 0.5:
            found.append((node, {"barrier": "bollard", "bollard": "rising"}))
        elif street.highway == "footway" and rng.random() < 0.25:
            found.append((node, {"barrier": "bollard"}))
        elif street.highway == "service":
            found.append((node, {"barrier": "gate"}))
    return found


def small_things(net: Net, plan: Plan, buildings: list[Area], rng: random.Random) -> list[Spot]:
    """Hydrants, defibrillators, shops, kilometre posts, stations of the railway, a slipway."""
    spots = _hydrants(net, rng) + _shops(buildings, rng)
    spots += _posts(net) + _stations(net, plan)
    ferry = next(street for street in net.streets if street.tags.get("route") == "ferry")
    x, y = 0.82 * ferry.points[0] + 0.18 * ferry.points[-1]
    spots.append(Spot(float(x) + 40.0, float(y), {"leisure": "slipway", "name": "Ferry Slipway"}))
    return spots


def _hydrants(net: Net, rng: random.Random) -> list[Spot]:
    found, number = [], 0
    for street, run in zip(net.streets, net.runs, strict=True):
        if not street.name or not drivable(street) or len(run) < 3 or street.highway == "motorway":
            continue
        number += 1
        if number % _HYDRANT_EVERY == 0:
            x, y = net.nodes[run[len(run) // 2]] + (2.5, 4.5)
            tags = {"emergency": "fire_hydrant", "fire_hydrant:type": "underground"}
            found.append(Spot(float(x), float(y), tags))
        if number % 97 == 0:
            x, y = net.nodes[run[0]] + (7.0 + rng.random(), 6.0)
            found.append(Spot(float(x), float(y), {"emergency": "defibrillator"}))
    return found


def _shops(buildings: list[Area], rng: random.Random) -> list[Spot]:
    """A shop in one of every 40 houses with a street, named after the street's first word."""
    found = []
    for building in buildings:
        street = building.tags.get("addr:street")
        if street is None or rng.random() > 0.025:
            continue
        what, tags = rng.choice(_SHOPS)
        x, y = building.outline[:-1].mean(axis=0)
        address = {k: v for k, v in building.tags.items() if k.startswith("addr:")}
        name = f"{street.rsplit(' ', 1)[0]} {what}"
        found.append(Spot(float(x), float(y), {"name": name, **tags, **address}))
    return found


def _posts(net: Net) -> list[Spot]:
    """A post each half kilometre of each carriageway."""
    found, run_m = [], {"N": 0.0, "S": 0.0}
    for street in (s for s in net.streets if s.highway == "motorway"):
        way = "N" if street.points[-1][1] > street.points[0][1] else "S"
        line = street.line
        start = run_m[way]
        run_m[way] = start + line.length
        for half in range(math.ceil(start / 500.0), math.floor(run_m[way] / 500.0) + 1):
            at = line.interpolate(half * 500.0 - start)
            tags = {"highway": "milestone", "distance": f"{half / 2:g}", "ref": "M1"}
            found.append(Spot(at.x, at.y, {**tags, "direction": way}))
    return found


def _stations(net: Net, plan: Plan) -> list[Spot]:
    """A station where an important road passes under the viaduct."""
    if plan.railway is None:
        return []
    line, found, seen = LineString(plan.railway), [], set()
    for street in net.streets:
        if "maxheight" not in street.tags or street.name in seen:
            continue
        seen.add(street.name)
        at = shapely.intersection(street.line, line)
        if isinstance(at, Point) and street.highway in {"primary", "trunk", "secondary"}:
            name = f"{street.name.split()[0]} Station"
            found.append(Spot(at.x, at.y, {"railway": "station", "name": name}))
    return found
