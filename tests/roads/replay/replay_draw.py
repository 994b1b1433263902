"""Random routes of an opened city, told as ways and points, for the check in replay_check."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from replay_check import Leg
from replay_map import Point

from callout.roads import Roads, Route

CLOSURES = 20
_BATCH = 50  # routes with the same closures in force


class Drive(NamedTuple):
    profile: str
    legs: list[Leg]
    line: list[Point]
    closed: frozenset[tuple[int, Point, Point]]


def drives(
    roads: Roads, profiles: list[str], routes: int, seed: int, counts: Counter
) -> Iterator[Drive]:
    """That many routes; every other batch has closures in force, half of them where one drove.

    ``counts`` hears what became of the draws.
    """
    rng = np.random.default_rng(seed)
    junctions = roads.graph.arrays["junction_lonlat"].astype(np.int64)
    closed: frozenset = frozenset()
    driven: list[int] = []
    made = batch = 0
    while made < routes:
        if batch % 2:
            edges = _closures(roads, rng, driven)
            roads.apply(edges, {})
            closed = frozenset(step for edge in edges for step in _steps(roads, edge))
        elif batch:
            roads.apply([], {})
            closed = frozenset()
        batch += 1
        driven = []
        points = junctions[rng.integers(len(junctions), size=2 * _BATCH)]
        snaps = roads.snap(points + rng.integers(-3000, 3001, points.shape))
        for number in range(min(_BATCH, routes - made)):
            profile = profiles[number % len(profiles)]
            a, b = snaps.at(2 * number), snaps.at(2 * number + 1)
            route = roads.route(a, b, profile)
            if route is None:
                counts["no way"] += 1
                continue
            made += 1
            counts["routes"] += 1
            counts["with closures"] += bool(closed)
            driven += route.edges.tolist()
            line = [(int(x), int(y)) for x, y in route.lonlat]
            yield Drive(profile, legs_of(roads, route, profile), line, closed)
    roads.apply([], {})


def legs_of(roads: Roads, route: Route, profile: str) -> list[Leg]:
    """What is driven, edge by edge, each whole."""
    arrays = roads.graph.arrays
    weight = arrays[f"edge_ms_{profile}"]
    legs = []
    for number, edge in enumerate(route.edges.tolist()):
        ms = int(weight[edge])
        if number:
            ms += _turn_ms(roads, int(route.edges[number - 1]), edge, profile)
        way = int(arrays["road_way"][arrays["edge_road"][edge]])
        legs.append(Leg(way, shape(roads, edge), ms))
    return legs


def shape(roads: Roads, edge: int) -> list[Point]:
    """The points of an edge as it is driven."""
    arrays = roads.graph.arrays
    road = arrays["edge_road"][edge]
    low, high = arrays["road_ptr"][road], arrays["road_ptr"][road + 1]
    points = [(int(x), int(y)) for x, y in arrays["shape_lonlat"][low:high]]
    return points if arrays["road_edge"][road, 0] == arrays["edge_base"][edge] else points[::-1]


def _steps(roads: Roads, edge: int) -> Iterator[tuple[int, Point, Point]]:
    way = int(roads.graph.arrays["road_way"][roads.graph.arrays["edge_road"][edge]])
    points = shape(roads, edge)
    return ((way, a, b) for a, b in pairwise(points) if a != b)


def _closures(roads: Roads, rng: np.random.Generator, driven: list[int]) -> list[int]:
    base = np.flatnonzero(roads.graph.arrays["edge_base"] == np.arange(len(_bases(roads))))
    anywhere = rng.choice(base, CLOSURES - len(driven[: CLOSURES // 2]))
    there = rng.choice(driven, CLOSURES - len(anywhere)) if driven else []
    return [int(edge) for edge in (*anywhere, *there)]


def _bases(roads: Roads) -> np.ndarray:
    return roads.graph.arrays["edge_base"]


def _turn_ms(roads: Roads, before: int, after: int, profile: str) -> int:
    """The cost of a turn between two base edges; over all their copies it is the same."""
    arrays = roads.graph.arrays
    column = arrays.get(f"turn_ms_{profile}", arrays.get("turn_ms"))
    state = before
    while state >= 0:
        low, high = arrays["turn_from_ptr"][state], arrays["turn_from_ptr"][state + 1]
        for turn in range(low, high):
            if arrays["edge_base"][arrays["turn_to"][turn]] == after and column[turn] < 2**31 - 1:
                return int(column[turn])
        state = int(arrays["edge_copy"][state])
    raise AssertionError(f"no turn from edge {before} to {after}")
