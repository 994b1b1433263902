"""The country around a made town: villages, the roads that join them, fields and woods."""

import math
import random
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from callout.drills import town_streets
from callout.drills.names import LANGUAGES, NameMaker
from callout.drills.town_plan import Plan
from callout.drills.town_scale import Scale
from callout.drills.town_street import Points, Street
from callout.drills.town_things import Area, Spot

_BEYOND_M: Final = 2900.0  # from the town's edge to the ring of villages
_FIELD_M: Final = 520.0
_FIELDS: Final = (
    {"landuse": "farmland"},
    {"landuse": "farmland"},
    {"landuse": "meadow"},
    {"natural": "wood"},
    {"landuse": "orchard"},
    {"landuse": "farmland"},
)


@dataclass
class Country:
    """What lies around; ``homes`` maps id() of a street to its district and village."""

    streets: list[Street] = field(default_factory=list)
    homes: dict[int, tuple[str, str]] = field(default_factory=dict)
    fields: list[Area] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)


def around(plan: Plan, scale: Scale, rng: random.Random) -> Country:
    """Villages on both sides of the river, each on a road to the town and to its neighbours."""
    country, grounds = Country(), []
    roads = [s for s in plan.streets if s.ground and s.highway in {"primary", "secondary"}]
    lines = [street.line for street in roads]
    town = shapely.union_all([*plan.quarters, plan.corridor]).buffer(60.0).buffer(-50.0)
    wet = plan.river.buffer(260.0)
    names = NameMaker(rng)
    centres: list[Points] = []
    for number in range(scale.villages):
        at = _site(number, scale, rng)
        ground = _ground(at, rng).difference(shapely.union_all([wet, town.buffer(150.0)]))
        if not isinstance(ground, Polygon) or ground.area < 250_000.0:
            continue
        centres.append(at)
        grounds.append(ground)
        _village(country, ground, at, names.village(), rng)
    for number, at in enumerate(centres):
        onward = centres[(number + 1) % len(centres)]
        for goal in (onward, _nearest(lines, at)):
            name = names.street("main")
            _country_road(country, plan, at, goal, name, rng)
    country.fields = _fields(scale, [town, *grounds, plan.river.buffer(20.0)], rng)
    return country


def _site(number: int, scale: Scale, rng: random.Random) -> Points:
    turn = math.tau * (number + 0.5 + rng.uniform(-0.22, 0.22)) / scale.villages
    beyond = _BEYOND_M + rng.uniform(-500.0, 900.0)
    wide, high = scale.half_width_m + beyond, scale.half_height_m + beyond * 0.85
    return np.array([wide * math.cos(turn), high * math.sin(turn)])


def _ground(at: Points, rng: random.Random) -> Polygon:
    """A lobed piece of ground, 700 to 1,100 m across."""
    angles = np.linspace(0.0, math.tau, 40)[:-1]
    reach = rng.uniform(390.0, 580.0)
    swell = 1.0 + 0.16 * np.sin(2 * angles + rng.random() * 6) + 0.1 * np.sin(3 * angles + 1.0)
    return Polygon(
        at + (reach * swell)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    )


def _village(country: Country, ground: Polygon, at: Points, name: str, rng: random.Random) -> None:
    names = NameMaker(rng)  # its own: the same street name may be in two villages
    names.language = rng.choice(LANGUAGES) if rng.random() < 0.35 else "english"
    filled = town_streets.suburb(ground, rng, names, dense=True)
    country.streets += filled
    country.homes.update({id(s): ("suburb", name) for s in filled if s.name})
    outline = np.asarray(ground.exterior.coords)
    country.fields.append(Area(outline, {"landuse": "residential"}))
    place = {"place": "village", "name": name, "population": str(rng.randrange(600, 4200, 50))}
    country.spots.append(Spot(float(at[0]), float(at[1]), place))


def _nearest(lines: list[LineString], at: Points) -> Points:
    where = Point(at)
    line = min(lines, key=lambda one: (round(one.distance(where), 3), one.length))
    on = line.interpolate(line.project(where))
    return np.array([on.x, on.y])


def _country_road(
    country: Country, plan: Plan, start: Points, goal: Points, name: str, rng: random.Random
) -> None:
    """A road that bends twice on its way; none where it would have to cross the river."""
    length = float(np.linalg.norm(goal - start))
    if not 200.0 < length < 6500.0:
        return
    share = np.linspace(0.0, 1.0, max(4, int(length / 60.0)))
    aside = np.array([goal[1] - start[1], start[0] - goal[0]]) / length
    sway = rng.uniform(-0.05, 0.05) * np.sin(math.pi * share) + rng.uniform(-0.03, 0.03) * np.sin(
        math.tau * share
    )
    points = start + share[:, None] * (goal - start) + (length * sway)[:, None] * aside
    line = LineString(points)
    if line.intersects(plan.river.buffer(20.0)) or line.intersects(plan.corridor):
        return
    highway = rng.choice(("tertiary", "tertiary", "unclassified"))
    country.streets.append(Street(highway, name, points, {"maxspeed": "80"}))


def _fields(scale: Scale, taken: list[BaseGeometry], rng: random.Random) -> list[Area]:
    """Fields, meadows and woods between hedges, over all that is not town, village or water."""
    wide = scale.half_width_m + 5200.0
    high = scale.half_height_m + 4600.0
    x, y = np.meshgrid(np.arange(-wide, wide, _FIELD_M), np.arange(-high, high, _FIELD_M))
    chance = np.random.default_rng(rng.getrandbits(64))
    seeds = np.column_stack([x.ravel(), y.ravel()])
    seeds += chance.uniform(-0.42, 0.42, seeds.shape) * _FIELD_M
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(seeds)))
    middle = shapely.get_coordinates(shapely.centroid(cells))
    order = np.lexsort((middle[:, 1].round(1), middle[:, 0].round(1)))
    used = shapely.union_all([part.buffer(0) for part in taken])
    shapely.prepare(used)
    found = []
    for cell, (cx, cy) in zip(cells[order], middle[order], strict=True):
        kind = _FIELDS[int(chance.integers(len(_FIELDS)))]
        if (cx / wide) ** 2 + (cy / high) ** 2 > 1.0:
            continue
        free = cell.buffer(-7.0).difference(used) if used.intersects(cell) else cell.buffer(-7.0)
        found += [
            Area(np.asarray(part.exterior.coords), dict(kind))
            for part in shapely.get_parts(free)
            if isinstance(part, Polygon) and part.area > 6000.0
        ]
    return found
