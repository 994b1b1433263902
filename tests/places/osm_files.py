"""Tiny .osm.pbf files, written as any other program would."""

from itertools import groupby
from pathlib import Path

import numpy as np
import osmium
from osmium.osm.mutable import Node, Relation, Way

from callout.places.osm import read_osm
from callout.roads import Roads, Snap, build_graph, load_profile, profile_names, write_graph

# About a metre, in degrees, near the equator.
M = 1 / 111_195.08


def write_osm(path: Path, nodes=(), ways=(), relations=()):
    """nodes: (id, x_m, y_m, tags); ways: (id, nodes, tags); relations: (id, members, tags)."""
    with osmium.SimpleWriter(str(path)) as writer:
        for number, x, y, tags in nodes:
            writer.add_node(Node(id=number, location=(x * M, y * M), tags=tags, version=1))
        for number, refs, tags in ways:
            writer.add_way(Way(id=number, nodes=refs, tags=tags, version=1))
        for number, members, tags in relations:
            writer.add_relation(Relation(id=number, members=members, tags=tags, version=1))
    return path


def little_town(path: Path):
    """A 4 x 4 grid of streets with everything an import has to understand.

    Nodes 1..16 stand in rows of four, 100 m apart. Street 1..4 run east, 5..8 north.
    """
    nodes = [
        (row * 4 + column + 1, column * 100, row * 100, {})
        for row in range(4)
        for column in range(4)
    ]
    nodes[5][3]["highway"] = "traffic_signals"
    nodes += [
        (20, 1000, 1000, {}),
        (21, 1100, 1000, {}),
        (30, 150, 150, {"place": "town", "name": "São Tomé"}),
        (31, 120, 90, {"amenity": "hospital", "name": "Hospital da Luz"}),
        (32, 20, 30, {"amenity": "fire_station"}),
        (33, 210, 290, {"addr:housenumber": "7", "addr:street": "Rua Três"}),
        (34, 1000, 50, {}),
        (35, 1100, 50, {}),
        (36, 1100, 150, {}),
        (37, 1000, 150, {}),
        (38, 1030, 80, {}),
        (39, 1070, 80, {}),
        (40, 1070, 120, {}),
        (41, 1030, 120, {}),
        (42, 310, 10, {}),
        (43, 330, 10, {}),
        (44, 330, 30, {}),
        (45, 310, 30, {}),
    ]
    names = ["Rua Um", "Rua Dois", "Rua Três", "Rua Quatro"]
    ways = []
    for row in range(4):
        refs = [row * 4 + column + 1 for column in range(4)]
        tags = {"highway": "residential", "name": names[row]}
        if row == 0:
            tags |= {"highway": "primary", "maxspeed": "50", "bridge": "yes"}
        if row == 3:
            tags["oneway"] = "yes"
        ways.append((row + 1, refs, tags))
    ways += [
        (column + 5, [row * 4 + column + 1 for row in range(4)], {"highway": "residential"})
        for column in range(4)
    ]
    ways += [
        (20, [20, 21], {"highway": "service"}),
        (21, [1, 6], {"highway": "footway"}),
        (22, [1, 999_999], {"highway": "residential"}),
        (30, [34, 35, 36, 37, 34], {}),
        (31, [38, 39, 40, 41, 38], {}),
        (32, [42, 43, 44, 45, 42], {"building": "yes", "amenity": "police", "name": "Esquadra"}),
        (33, [42, 43, 44, 45, 42], {"leisure": "park", "name": "Jardim"}),
        (34, [34, 42], {"waterway": "river"}),
    ]
    relations = [
        # From the first column's street at node 5 not right into street 2.
        (
            1,
            [("w", 5, "from"), ("n", 5, "via"), ("w", 2, "to")],
            {"type": "restriction", "restriction": "no_right_turn"},
        ),
        # From street 1 over the last column not back into street 2.
        (
            2,
            [("w", 1, "from"), ("w", 8, "via"), ("w", 2, "to")],
            {"type": "restriction", "restriction": "no_u_turn"},
        ),
        (
            3,
            [("w", 30, "outer"), ("w", 31, "inner")],
            {"type": "multipolygon", "natural": "water", "name": "Lago"},
        ),
        (4, [("w", 1, "from")], {"type": "restriction", "restriction": "no_left_turn"}),
    ]
    return write_osm(path, nodes, ways, relations)


class Drawn:
    """A few ways drawn in metres, imported for every vehicle."""

    def __init__(self, folder: Path, nodes, ways, relations=()):
        """nodes: id -> (x_m, y_m) or (x_m, y_m, tags); ways and relations as in write_osm."""
        self.nodes = {number: place[:2] for number, place in nodes.items()}
        full = [(n, *place[:2], place[2] if len(place) > 2 else {}) for n, place in nodes.items()]
        extract = read_osm(
            write_osm(
                folder / "drawn.osm.pbf",
                sorted(full, key=lambda node: node[0]),
                sorted(ways, key=lambda way: way[0]),
                sorted(relations, key=lambda relation: relation[0]),
            ),
            [load_profile(name) for name in profile_names()],
        )
        names = list(extract.network.kmh)
        arrays, self.report = build_graph(extract.network, [load_profile(name) for name in names])
        write_graph(folder / "graph", arrays, names, self.report["grid"], self.report["times"])
        self.skipped = extract.skipped
        self.roads = Roads.open(folder / "graph")

    def at(self, node: int, profile: str):
        """The node's place, put on the road of a vehicle."""
        x, y = self.nodes[node]
        point = np.rint(np.array([(x, y)]) * M * 1e7).astype(np.int64)
        return self.roads.snap(point, profile=profile).at(0)

    def ways(self, start: int, end: int, profile: str, *, turned: bool = True) -> list[int] | None:
        """Ids of the ways from a node to another, each once in a row; None: there is no way.

        ``turned``: the vehicle may set out in either direction.
        """
        a, b = self.at(start, profile), self.at(end, profile)
        route = self.roads.route(a if turned else a._replace(other=-1), b, profile)
        if route is None:
            return None
        arrays = self.roads.graph.arrays
        ids = arrays["road_way"][arrays["edge_road"][route.edges]].tolist()
        return [way for way, _ in groupby(ids)]

    def ms(self, start: int, end: int, profile: str) -> int:
        """Milliseconds from a node to another, -1: there is no way."""
        route = self.roads.route(self.at(start, profile), self.at(end, profile), profile)
        return -1 if route is None else route.travel_ms

    def on_way(self, way: int, *, back: bool = False) -> Snap:
        """The middle of a way, whoever may be there."""
        arrays = self.roads.graph.arrays
        road = int(np.flatnonzero(arrays["road_way"] == way)[0])
        edge, other = arrays["road_edge"][road].tolist()[:: -1 if back else 1]
        return Snap(edge, 500_000, other, 0.0)
