"""Writing a made town as .osm.pbf, so that it takes the same way in as a real city."""

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import osmium
from osmium.osm import mutable

from callout.base.geo import EARTH_RADIUS_M
from callout.drills import town_things
from callout.drills.town_net import Net
from callout.drills.town_street import Line, Points
from callout.drills.town_things import Area, Spot

# In the open Atlantic, where no real street can be mistaken for one of the town's.
CENTRE_LON: Final = -28.5
CENTRE_LAT: Final = 46.0


class TownFile:
    """One .osm.pbf; nodes first, then ways, then relations, ids from 1 in that order."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._nodes: list[tuple[float, float, dict[str, str]]] = []
        self._ways: list[tuple[list[int], dict[str, str]]] = []
        self._relations: list[tuple[list[tuple[str, int, str]], dict[str, str]]] = []

    def write(
        self,
        net: Net,
        areas: list[Area],
        spots: list[Spot],
        rng: random.Random,
        lines: Sequence[Line] = (),
        barriers: Sequence[tuple[int, dict[str, str]]] = (),
    ) -> dict[str, int]:
        """Write all of it; lines are ways that join nothing, barriers are tags of net nodes."""
        via_node, via_street = town_things.turn_bans(net, rng)
        self._nodes = [(float(x), float(y), {}) for x, y in net.nodes]
        self._signals(net, rng)
        for node, tags in barriers:
            self._nodes[node][2].update(tags)
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
        for line in lines:
            self._own_way(line.points, line.tags)
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
            if street.highway in {"trunk", "primary", "secondary"}:
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
                    tags = {"highway": street.highway} if street.highway else {}
                    tags.update(street.tags)
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
        self._own_way(area.outline[:-1], area.tags, closed=True)

    def _own_way(self, points: Points, tags: dict[str, str], *, closed: bool = False) -> None:
        first = len(self._nodes) + 1
        self._nodes += [(float(x), float(y), {}) for x, y in points]
        refs = list(range(first, first + len(points)))
        self._way([*refs, first] if closed else refs, tags)

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
