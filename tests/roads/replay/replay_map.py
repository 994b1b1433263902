"""A street map read straight from an .osm.pbf, for the check of routes.

It shares no code with callout: what callout understood wrongly must not be wrong here, too.
"""

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import osmium

Point = tuple[int, int]  # lon, lat in 1e-7 degree


class Way(NamedTuple):
    refs: tuple[int, ...]
    tags: dict[str, str]


class Rule(NamedTuple):
    """A turn restriction as it stands in the file."""

    id: int
    tags: dict[str, str]
    froms: frozenset[int]
    via_nodes: tuple[int, ...]
    via_ways: tuple[int, ...]
    tos: frozenset[int]


class StreetMap:
    """Ways, where their nodes are, what stands on them, and turn restrictions."""

    def __init__(self, pbf: Path) -> None:
        self.ways: dict[int, Way] = {}
        self.places: dict[int, Point] = {}
        self.node_tags: dict[int, dict[str, str]] = {}
        self.rules_at: dict[int, list[Rule]] = defaultdict(list)  # via node
        self.rules_over: dict[int, list[Rule]] = defaultdict(list)  # from way, when over ways
        self.ways_at: dict[int, set[int]] = defaultdict(set)
        for item in osmium.FileProcessor(str(pbf)):
            if item.is_node():
                if item.location.valid():
                    self.places[item.id] = (item.location.x, item.location.y)
                if len(item.tags):
                    self.node_tags[item.id] = dict(item.tags)
            elif item.is_way():
                self._way(item)
            elif item.tags.get("type") == "restriction":
                self._rule(item)

    def _way(self, item) -> None:
        tags = dict(item.tags)
        if not {"highway", "waterway", "route"} & tags.keys() and tags.get("leisure") != "slipway":
            return
        refs = [node.ref for node in item.nodes]
        # The same node twice in a row is no step.
        kept = [ref for i, ref in enumerate(refs) if i == 0 or ref != refs[i - 1]]
        self.ways[item.id] = Way(tuple(kept), tags)
        for ref in kept:
            self.ways_at[ref].add(item.id)

    def _rule(self, item) -> None:
        members = [(m.type, m.ref, m.role) for m in item.members]
        rule = Rule(
            item.id,
            dict(item.tags),
            frozenset(ref for kind, ref, role in members if (kind, role) == ("w", "from")),
            tuple(ref for kind, ref, role in members if (kind, role) == ("n", "via")),
            tuple(ref for kind, ref, role in members if (kind, role) == ("w", "via")),
            frozenset(ref for kind, ref, role in members if (kind, role) == ("w", "to")),
        )
        if not rule.froms or not rule.tos:
            return
        if len(rule.via_nodes) == 1 and not rule.via_ways:
            self.rules_at[rule.via_nodes[0]].append(rule)
        elif rule.via_ways and not rule.via_nodes:
            for way in rule.froms:
                self.rules_over[way].append(rule)

    def beside(self, way: int, node: int) -> list[tuple[int, int]]:
        """The nodes next to ``node`` on a way; 1 where one goes there along, -1 against."""
        refs = self.ways[way].refs
        found = []
        for i, ref in enumerate(refs):
            if ref == node:
                if i > 0:
                    found.append((refs[i - 1], -1))
                if i + 1 < len(refs):
                    found.append((refs[i + 1], 1))
        return [(other, step) for other, step in found if other in self.places]

    def runs(self, way: int, points: list[Point]) -> list[tuple[list[int], int]]:
        """Where on the way these points stand one after the other: node ids, 1 along or -1."""
        if way not in self.ways:
            return []
        refs = self.ways[way].refs
        at = [self.places.get(ref) for ref in refs]
        found = []
        size = len(points)
        for i, place in enumerate(at):
            if place != points[0]:
                continue
            if at[i : i + size] == points:
                found.append((list(refs[i : i + size]), 1))
            low = i - size + 1
            if low >= 0 and at[low : i + 1][::-1] == points:
                found.append((list(refs[low : i + 1][::-1]), -1))
        return found
