"""A made town, laid out, filled and written as .osm.pbf.

It lies in the open Atlantic, where no real street can be mistaken for one of its own.
"""

import math
import random
from pathlib import Path
from typing import Final, Literal

import numpy as np
from shapely import Polygon

from callout.drills import town_country, town_details, town_streets, town_things
from callout.drills.names import LANGUAGES, NameMaker
from callout.drills.town_file import TownFile
from callout.drills.town_net import join
from callout.drills.town_plan import Plan, lay_out
from callout.drills.town_scale import FULL, SMALL, Scale
from callout.drills.town_street import Street
from callout.drills.town_things import Area, Spot

_SIZES: Final = {"small": SMALL, "full": FULL}
# Quarters whose middle lies this near to the market are old town, to the town's middle grid.
_MARKET: Final = (-330.0, 330.0)
_ONE_WAY_M: Final = {"small": 1900.0, "full": 2900.0}


def make_town(out: Path, seed: int, size: Literal["small", "full"] = "full") -> dict[str, int]:
    """Write the town of this seed to ``out`` (.osm.pbf); the same seed gives the same bytes.

    A small one is for quick tests. Returns counts: nodes, ways, relations, junctions, buildings,
    streets (different names).
    """
    scale = _SIZES[size]
    rng = random.Random(seed)  # noqa: S311 - a make-believe town, nothing secret
    names = NameMaker(rng)
    plan = lay_out(rng, names, scale)
    kinds = _districts(plan, rng, scale)
    streets, homes, areas = list(plan.streets), {}, []
    for quarter, kind in zip(plan.quarters, kinds, strict=True):
        names.language = _language(kind, rng) if scale.full else "english"
        filled, more = _fill(quarter, kind, rng, names, scale)
        homes.update({id(street): (kind, "Arnemouth") for street in filled if street.name})
        streets += filled
        areas += more
    names.language = "english"
    country = town_country.Country()
    if scale.full:
        country = town_country.around(plan, scale, rng)
        homes.update(country.homes)
        town_details.under_railway(plan, streets)
        town_details.room_for_gates(streets, rng)
        streets += [*country.streets, *town_details.ferries(streets)]
        town_details.pedestrian_zone(streets, _MARKET)
    net = join(streets)
    district_of = {i: homes[id(s)] for i, s in enumerate(net.streets) if id(s) in homes}
    areas = [*country.fields, *areas]
    areas += town_things.street_areas(plan.river, plan.corridor)
    buildings = town_things.houses(net, district_of, rng, plan, with_city=scale.full)
    spots = town_things.services(net, rng, scale)
    spots += town_things.quarter_names(list(zip(plan.quarters, kinds, strict=True)), names)
    people = "236000" if scale.full else "84000"
    spots.append(Spot(0.0, 300.0, {"place": "city", "name": "Arnemouth", "population": people}))
    if not scale.full:
        return TownFile(out).write(net, areas + buildings, spots, rng)
    spots += [*country.spots, *town_details.small_things(net, plan, buildings, rng)]
    areas += [*town_details.squares(_MARKET), *buildings]
    lines = [*town_details.rails(plan), town_details.river(plan)]
    return TownFile(out).write(net, areas, spots, rng, lines, town_details.barriers(net, rng))


def _language(kind: str, rng: random.Random) -> str:
    """What the streets of a quarter are named in; the old town and the works are English."""
    if kind in {"grid", "suburb"} and rng.random() < 0.42:
        return rng.choice(LANGUAGES)
    return "english"


def _districts(plan: Plan, rng: random.Random, scale: Scale) -> list[str]:
    """What each quarter is: old, grid, suburb, works, park or green."""
    kinds = []
    for quarter in plan.quarters:
        x, y = quarter.centroid.x, quarter.centroid.y
        from_old = math.hypot(x - _MARKET[0], y - _MARKET[1])
        reach = (x / (1.05 * scale.half_width_m)) ** 2 + (y / (1.05 * scale.half_height_m)) ** 2
        if quarter.area < 60_000:
            kinds.append("green")
        elif from_old < scale.old_town_m and y > -350.0:
            kinds.append("old")
        elif scale.full and x > 3900.0 and -350.0 < y < 800.0:
            kinds.append("works")  # the docks
        elif reach > 1.02:
            kinds.append("green")
        elif math.hypot(x, y) < scale.grid_m:
            kinds.append("grid")
        elif x > 2000.0 and abs(y + 300.0) < 1100.0:
            kinds.append("works")
        else:
            kinds.append("suburb")
    for inner, count in scale.parks:
        choices = [i for i, kind in enumerate(kinds) if kind == inner]
        choices.sort(key=lambda i: plan.quarters[i].area)
        for index in rng.sample(choices[: len(choices) // 2 + 1], min(count, len(choices) // 2)):
            kinds[index] = "park"
    return kinds


def _fill(
    quarter: Polygon, kind: str, rng: random.Random, names: NameMaker, scale: Scale
) -> tuple[list[Street], list[Area]]:
    outline = np.asarray(quarter.exterior.coords)
    if kind == "old":
        return town_streets.old_town(quarter, _MARKET, rng, names), []
    if kind == "grid":
        near = (
            math.hypot(*quarter.centroid.coords[0]) < _ONE_WAY_M["full" if scale.full else "small"]
        )
        return town_streets.grid(quarter, rng, names, near, dense=scale.full), []
    if kind == "suburb":
        ground = Area(outline, {"landuse": "residential"})
        return town_streets.suburb(quarter, rng, names, dense=scale.full), [ground]
    if kind == "works":
        return town_streets.works(quarter, rng, names), [Area(outline, {"landuse": "industrial"})]
    if kind == "park":
        name = names.street("main").rsplit(" ", 1)[0]
        return town_streets.park(quarter, rng), town_things.greens(quarter, name, rng)
    wood = {"natural": "wood"} if rng.random() < 0.5 else {"landuse": "farmland"}
    return [], [Area(outline, wood)]
