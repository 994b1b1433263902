"""A small made town, written as .osm.pbf so that it takes the same way in as a real city.

It lies in the open Atlantic, where no real street can be mistaken for one of its own.
"""

import math
import random
from pathlib import Path
from typing import Final

import numpy as np
import osmium
from osmium.osm import mutable
from shapely import Polygon

from callout.base.geo import EARTH_RADIUS_M
from callout.drills import town_streets, town_things
from callout.drills.names import NameMaker
from callout.drills.town_net import Net, join
from callout.drills.town_plan import Plan, Street, lay_out
from callout.drills.town_things import Area, Spot

CENTRE_LON: Final = -28.5
CENTRE_LAT: Final = 46.0
# Quarters whose middle lies this near to the market are old town, to the town's middle grid.
_MARKET: Final = (-330.0, 330.0)
_OLD_TOWN_M: Final = 1080.0
_GRID_M: Final = 2500.0


def make_town(out: Path, seed: int) -> dict[str, int]:
    """Write the town of this seed to ``out`` (.osm.pbf); the same seed gives the same bytes.

    Returns counts: nodes, ways, relations, junctions, buildings, streets (different names).
    """
    rng = random.Random(seed)  # noqa: S311 - a make-believe town, nothing secret
    names = NameMaker(rng)
    plan = lay_out(rng, names)
    kinds = _districts(plan, rng)
    streets, homes, areas = list(plan.streets), {}, []
    for quarter, kind in zip(plan.quarters, kinds, strict=True):
        filled, more = _fill(quarter, kind, rng, names)
        homes.update({id(street): kind for street in filled if street.name})
        streets += filled
        areas += more
    net = join(streets)
    district_of = {i: homes[id(s)] for i, s in enumerate(net.streets) if id(s) in homes}
    areas += town_things.street_areas(plan.river, plan.corridor)
    areas += town_things.houses(net, district_of, rng)
    spots = town_things.services(net, rng)
    spots += town_things.quarter_names(list(zip(plan.quarters, kinds, strict=True)), names)
    spots.append(Spot(0.0, 300.0, {"place": "city", "name": "Arnemouth", "population": "84000"}))
    return _Writer(out).write(net, areas, spots, rng)


def _districts(plan: Plan, rng: random.Random) -> list[str]:
    """What each quarter is: old, grid, suburb, works, park or green."""
    kinds = []
    for quarter in plan.quarters:
        x, y = quarter.centroid.x, quarter.centroid.y
        from_old = math.hypot(x - _MARKET[0], y - _MARKET[1])
        if quarter.area < 60_000:
            kinds.append("green")
        elif from_old < _OLD_TOWN_M and y > -350.0:
            kinds.append("old")
        elif (x / 4500.0) ** 2 + (y / 3450.0) ** 2 > 1.02:
            kinds.append("green")
        elif math.hypot(x, y) < _GRID_M:
            kinds.append("grid")
        elif x > 2000.0 and abs(y + 300.0) < 1100.0:
            kinds.append("works")
        else:
            kinds.append("suburb")
    for inner, count in (("grid", 1), ("suburb", 1)):
        choices = [i for i, kind in enumerate(kinds) if kind == inner]
        choices.sort(key=lambda i: plan.quarters[i].area)
        for index in rng.sample(choices[: len(choices) // 2 + 1], min(count, len(choices) // 2)):
            kinds[index] = "park"
    return kinds


def _fill(
    quarter: Polygon, kind: str, rng: random.Random, names: NameMaker
) -> tuple[list[Street], list[Area]]:
    outline = np.asarray(quarter.exterior.coords)
    if kind == "old":
        return town_streets.old_town(quarter, _MARKET, rng, names), []
    if kind == "grid":
        near = math.hypot(quarter.centroid.x, quarter.centroid.y) < 1900.0
        return town_streets.grid(quarter, rng, names, near), []
    if kind == "suburb":
        ground = Area(outline, {"landuse": "residential"})
        return town_streets.suburb(quarter, rng, names), [ground]
    if kind == "works":
        return town_streets.works(quarter, rng, names), [Area(outline, {"landuse": "industrial"})]
    if kind == "park":
        name = names.street("main").rsplit(" ", 1)[0]
        return town_streets.park(quarter, rng), town_things.greens(quarter, name, rng)
    wood = {"natural": "wood"} if rng.random() < 0.5 else {"landuse": "farmland"}
    return [], [Area(outline, wood)]


class _Writer:
    """One .osm.pbf; nodes first, then ways, then relations, ids from 1 in that order."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._nodes: list[tuple[float, float, dict[str, str]]] = []
        self._ways: list[tuple[list[int], dict[str, str]]] = []
        self._relations: list[tuple[list[tuple[str, int, str]], dict[str, str]]] = []

    def write(
        self, net: Net, areas: list[Area], spots: list[Spot], rng: random.Random
    ) -> dict[str, int]:
        via_node, via_street = town_things.turn_bans(net, rng)
        self._nodes = [(float(x), float(y), {}) for x, y in net.nodes]
        self._signals(net, rng)
        pieces = self._street_ways(net, {node for _, node, _, _ in via_node})
        for a, node, b, kind in via_node:
            self._ban(_touching(pieces[a], node), ("n", node + 1), _touching(pieces[b], node), kind)
        for a, via, b, kind in via_street:
            ends = net.runs[via[0]]
            self._ban(
                _touching(pieces[a], ends[0]),
                ("w", pieces[via[0]][0][0]),
                _touching(pieces[b], ends[-1]),
                kind,
            )
        for area in areas:
            self._area(area)
        self._nodes += [(spot.x, spot.y, spot.tags) for spot in spots]
        self._save()
        return {
            "nodes": len(self._nodes),
            "ways": len(self._ways),
            "relations": len(self._relations),
            "junctions": int((net.uses() > 2).sum()),
            "buildings": sum("building" in area.tags for area in areas),
            "streets": town_things.named(net.streets),
        }

    def _signals(self, net: Net, rng: random.Random) -> None:
        """Traffic lights where main roads meet, now and then a zebra crossing elsewhere."""
        meets: dict[int, set[str]] = {}
        for street, run in zip(net.streets, net.runs, strict=True):
            if street.highway in {"primary", "secondary"}:
                for node in run:
                    meets.setdefault(node, set()).add(street.name)
        for node in sorted(meets):
            if len(meets[node]) > 1 and rng.random() < 0.8:
                self._nodes[node][2]["highway"] = "traffic_signals"

    def _street_ways(self, net: Net, cut_at: set[int]) -> list[list[tuple[int, list[int]]]]:
        """For each street its ways: (way id, nodes). A street is cut where a ban needs it."""
        pieces = []
        for street, run in zip(net.streets, net.runs, strict=True):
            own, start = [], 0
            for index in range(1, len(run)):
                if index == len(run) - 1 or run[index] in cut_at:
                    part = run[start : index + 1]
                    tags = {"highway": street.highway, **street.tags}
                    if street.name:
                        tags["name"] = street.name
                    own.append((self._way([node + 1 for node in part], tags), part))
                    start = index
            pieces.append(own)
        return pieces

    def _way(self, refs: list[int], tags: dict[str, str]) -> int:
        self._ways.append((refs, tags))
        return len(self._ways)

    def _ban(self, start: int, via: tuple[str, int], end: int, kind: str) -> None:
        if start and end and start != end:
            members = [("w", start, "from"), (*via, "via"), ("w", end, "to")]
            self._relations.append((members, {"type": "restriction", "restriction": kind}))

    def _area(self, area: Area) -> None:
        first = len(self._nodes) + 1
        corners = area.outline[:-1]
        self._nodes += [(float(x), float(y), {}) for x, y in corners]
        self._way([*range(first, first + len(corners)), first], area.tags)

    def _save(self) -> None:
        header = osmium.io.Header()
        header.set("generator", "callout")
        places = [degrees(x, y) for x, y, _ in self._nodes]
        lon, lat = zip(*places, strict=True)
        header.add_box(osmium.osm.Box(min(lon), min(lat), max(lon), max(lat)))
        with osmium.SimpleWriter(str(self._out), overwrite=True, header=header) as writer:
            for number, (place, (_, _, tags)) in enumerate(
                zip(places, self._nodes, strict=True), 1
            ):
                writer.add_node(mutable.Node(id=number, location=place, tags=tags))
            for number, (refs, tags) in enumerate(self._ways, 1):
                writer.add_way(mutable.Way(id=number, nodes=refs, tags=tags))
            for number, (members, tags) in enumerate(self._relations, 1):
                writer.add_relation(mutable.Relation(id=number, members=members, tags=tags))


def _touching(pieces: list[tuple[int, list[int]]], node: int) -> int:
    """The id of a piece that ends at the node, or 0."""
    return next((way for way, run in pieces if node in (run[0], run[-1])), 0)


def degrees(x: float, y: float) -> tuple[float, float]:
    """lon, lat of metres east and north of the town's middle (equirectangular)."""
    lat = CENTRE_LAT + math.degrees(y / EARTH_RADIUS_M)
    lon = CENTRE_LON + math.degrees(x / (EARTH_RADIUS_M * math.cos(math.radians(CENTRE_LAT))))
    return round(lon, 7), round(lat, 7)
