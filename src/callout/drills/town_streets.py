"""The streets inside each quarter of a made town: old town, grid, winding suburb, works, park.

Every filler gets a quarter's outline (metres) and gives streets that end on the outline, which is a
main road, or in the middle of nowhere, which is a dead end. Joining them up is ``town_net``'s.
"""

import itertools
import math
import random
from typing import Final

import numpy as np
import shapely
from shapely import LineString, Polygon

from callout.drills.names import NameMaker
from callout.drills.town_street import Points, Street

_SHORTEST_M: Final = 45.0
_HUGS_M: Final = 26.0  # a street nearer than this to the outline, for most of its length, goes


def old_town(
    quarter: Polygon, market: tuple[float, float], rng: random.Random, names: NameMaker
) -> list[Street]:
    """Uneven lanes around a market place, with short ways between them, as towns once grew.

    Some are one-way or closed to cars, as old lanes are; pieces of the rings were built over.
    """
    wind = _Wind(random.Random(int(market[0])), ((90.0, 0.05), (330.0, 0.075)))  # noqa: S311
    far_m = quarter.hausdorff_distance(shapely.Point(market)) + 100.0
    streets, radius_m = [], 62.0
    while radius_m < far_m:
        gap_m = rng.uniform(58.0, 84.0)
        for line in [*_ring(radius_m, rng), *_spokes(radius_m, gap_m, rng)]:
            placed = wind(line * (1.3, 1.0) + market)
            streets += [_lane(p, rng, names) for p in _clipped(placed, quarter, 18.0)]
        radius_m += gap_m
    return streets


def _ring(radius_m: float, rng: random.Random) -> list[Points]:
    """A circle in pieces of 120 to 420 m; every fifth is missing, but not of the innermost."""
    pieces, angle = [], rng.uniform(0.0, math.tau)
    end = angle + math.tau
    while angle < end - 0.05:
        to = min(end, angle + rng.uniform(120.0, 420.0) / radius_m)
        if radius_m < 70.0 or rng.random() > 0.2:
            turn = np.linspace(angle, to, max(3, int((to - angle) * radius_m / 16.0)))
            pieces.append(radius_m * np.column_stack([np.cos(turn), np.sin(turn)]))
        angle = to
    return pieces


def _spokes(radius_m: float, gap_m: float, rng: random.Random) -> list[Points]:
    """Ways from one ring to the next; seven old roads lead right through all rings."""
    count = max(7, round(math.tau * radius_m / rng.uniform(74.0, 96.0)))
    turns = [math.tau * (place + rng.uniform(-0.33, 0.33)) / count for place in range(count)]
    reach = np.linspace(radius_m, radius_m + gap_m, 4)
    roads = [math.tau * (place + 0.3) / 7.0 for place in range(7)]
    apart = 34.0 / radius_m
    kept = [
        t for t in turns if all(abs((t - r + math.pi) % math.tau - math.pi) > apart for r in roads)
    ]
    return [np.outer(reach, (math.cos(turn), math.sin(turn))) for turn in [*roads, *kept]]


def _lane(points: Points, rng: random.Random, names: NameMaker) -> Street:
    tags = {"surface": "sett"} if rng.random() < 0.5 else {}
    length_m, draw = LineString(points).length, rng.random()
    highway = "pedestrian" if draw > 0.95 else "residential"
    if length_m > 110.0 and draw < 0.3:
        tags["oneway"] = "yes"
    if highway == "residential" and length_m < 90.0 and draw > 0.7:
        highway = "living_street"
    return Street(highway, names.street("old"), points, tags)


def grid(
    quarter: Polygon, rng: random.Random, names: NameMaker, one_way: bool, *, dense: bool = False
) -> list[Street]:
    """Straight blocks; with ``one_way`` every other long street is one-way, the rest the other.

    A ``dense`` grid has smaller blocks, and an alley through the middle of many.
    """
    turn = _lean(quarter) + rng.uniform(-0.05, 0.05)
    across_m, along_m = rng.uniform(84.0, 104.0), rng.uniform(125.0, 165.0)
    if dense:
        along_m *= 0.72
    streets = []
    for heading, gap_m, limited in (
        (turn, across_m, one_way),
        (turn + math.pi / 2, along_m, False),
    ):
        for number, line in enumerate(_rows(quarter, heading, gap_m)):
            name = names.street("grid")
            for points in _clipped(line, quarter):
                tags = {"oneway": "yes", "maxspeed": "30"} if limited else {}
                ordered = points[::-1] if limited and number % 2 else points
                streets.append(Street("residential", name, ordered, tags))
    return streets + (_alleys(quarter, turn, across_m, rng) if dense else [])


def _alleys(quarter: Polygon, heading: float, gap_m: float, rng: random.Random) -> list[Street]:
    """Service ways behind the houses, half way between the long streets, with gaps."""
    rows = _rows(quarter, heading, gap_m)
    streets = []
    for line, onward in itertools.pairwise(rows):
        middle = (line + onward) / 2.0
        for part in _broken(middle, rng):
            tags = {"service": "alley"}
            streets += [Street("service", "", p, dict(tags)) for p in _clipped(part, quarter)]
    return streets


def suburb(
    quarter: Polygon, rng: random.Random, names: NameMaker, *, dense: bool = False
) -> list[Street]:
    """Long streets that wind together, joined here and there, with closes that end in nothing."""
    turn = _lean(quarter) + rng.choice((0.0, math.pi / 2)) + rng.uniform(-0.2, 0.2)
    gap_m = rng.uniform(66.0, 88.0) if dense else rng.uniform(105.0, 135.0)
    apart_m = (48.0, 122.0) if dense else (90.0, 250.0)
    wind = _Wind(rng)
    rows = _rows(quarter, turn, gap_m)
    streets = []
    for part in (part for line in rows for part in _broken(line, rng)):
        name = names.street("suburb")
        streets += [Street("residential", name, p) for p in _clipped(wind(part), quarter)]
    along = np.array([math.cos(turn), math.sin(turn)])
    aside = np.array([-along[1], along[0]])
    for line in rows:
        start, length_m = line[0], math.dist(line[0], line[-1])
        at_m = rng.uniform(40.0, 160.0)
        while at_m < length_m:
            streets += _link(quarter, wind, start + at_m * along, aside * gap_m, rng, names, dense)
            at_m += rng.uniform(*apart_m)
    return streets


def works(quarter: Polygon, rng: random.Random, names: NameMaker) -> list[Street]:
    """Few wide roads between halls and docks."""
    turn = _lean(quarter)
    streets = []
    for heading, gap_m in ((turn, 230.0), (turn + math.pi / 2, 310.0)):
        for line in _rows(quarter, heading, gap_m):
            name = names.street("works")
            streets += [Street("unclassified", name, p) for p in _clipped(line, quarter)]
    for street in list(streets):
        if rng.random() < 0.3:
            middle = street.line.interpolate(0.5, normalized=True)
            tip = street.line.interpolate(0.5 + 30.0 / street.line.length, normalized=True)
            yard = np.array(
                [
                    (middle.x, middle.y),
                    (middle.x - 3 * (tip.y - middle.y), middle.y + 3 * (tip.x - middle.x)),
                ]
            )
            for points in _clipped(yard, quarter):
                streets.append(Street("service", "", points))
    return streets


def park(quarter: Polygon, rng: random.Random) -> list[Street]:
    """Paths on foot across the green; no car may use them."""
    outline, ways = quarter.exterior, []
    for _ in range(4):
        a = outline.interpolate(rng.random(), normalized=True)
        b = outline.interpolate(rng.random(), normalized=True)
        bow = (
            quarter.centroid.x + rng.uniform(-60, 60),
            quarter.centroid.y + rng.uniform(-60, 60),
        )
        path = _smooth(np.array([(a.x, a.y), bow, (b.x, b.y)]))
        ways += [Street("footway", "", p) for p in _clipped(path, quarter)]
    return ways


class _Wind:
    """A local bending that neighbours share, so that rows stay beside each other."""

    def __init__(
        self,
        rng: random.Random,
        waves: tuple[tuple[float, float], ...] = ((330.0, 0.05), (480.0, 0.06), (640.0, 0.06)),
    ) -> None:
        """``waves`` are lengths in metres and heights as a share of them."""
        self._waves = [
            (
                rng.uniform(0, math.tau),
                length_m * rng.uniform(1.0, 1.5),
                rng.uniform(0, math.tau),
                share,
            )
            for length_m, share in (*waves, *waves)
        ]

    def __call__(self, points: Points) -> Points:
        moved = points.copy()
        for angle, length_m, phase, share in self._waves:
            toward = np.array([math.cos(angle), math.sin(angle)])
            wave = np.sin(math.tau * (points @ toward) / length_m + phase)
            moved += share * length_m * wave[:, None] * np.array([-toward[1], toward[0]])
        return moved


def _broken(line: Points, rng: random.Random) -> list[Points]:
    """A row with gaps in it, so that no street runs on for ever."""
    parts, start = [], 0
    while start < len(line) - 2:
        length = rng.randint(14, 40)
        parts.append(line[start : start + length])
        start += length - 1 + (rng.randint(3, 7) if rng.random() < 0.5 else 0)
    return [part for part in parts if len(part) > 2]


def _link(
    quarter: Polygon,
    wind: _Wind,
    foot: Points,
    step: Points,
    rng: random.Random,
    names: NameMaker,
    with_path: bool,
) -> list[Street]:
    """A street from one row to the next, or a close that stops half way, where a path may go on."""
    share = 1.0 if rng.random() < 0.55 else rng.uniform(0.45, 0.72)
    line = foot + np.linspace(0.0, share, 5)[:, None] * step
    streets = [
        Street("residential", names.street("suburb"), points)
        for points in _clipped(wind(line), quarter)
    ]
    if with_path and share < 1.0 and rng.random() < 0.6:
        rest = wind(foot + np.linspace(share, 1.0, 4)[:, None] * step)
        tags = {"bicycle": "yes"} if rng.random() < 0.4 else {}
        streets += [Street("footway", "", p, dict(tags)) for p in _clipped(rest, quarter, 18.0)]
    return streets


def _lean(quarter: Polygon) -> float:
    """Which way the quarter's longer side lies, radians."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(quarter))
    sides = box[1:3] - box[0:2]
    longer = sides[int(np.argmax(np.linalg.norm(sides, axis=1)))]
    return math.atan2(longer[1], longer[0])


def _rows(quarter: Polygon, heading: float, gap_m: float) -> list[Points]:
    """Parallel lines over the whole quarter, ``gap_m`` apart, with a vertex each 24 m."""
    middle = np.array([quarter.centroid.x, quarter.centroid.y])
    along = np.array([math.cos(heading), math.sin(heading)])
    aside = np.array([-along[1], along[0]])
    outline = np.asarray(quarter.exterior.coords) - middle
    low, high = (outline @ along).min() - 120.0, (outline @ along).max() + 120.0
    steps = np.linspace(low, high, max(2, int((high - low) / 24.0)))
    sides = outline @ aside
    count = max(1, round((sides.max() - sides.min()) / gap_m) - 1)
    offsets = np.linspace(sides.min(), sides.max(), count + 2)[1:-1]
    return [middle + steps[:, None] * along + offset * aside for offset in offsets]


def _clipped(points: Points, quarter: Polygon, shortest_m: float = _SHORTEST_M) -> list[Points]:
    """The parts of a line inside the quarter that are worth being a street."""
    parts = []
    for part in shapely.get_parts(LineString(points).intersection(quarter)):
        if part.geom_type != "LineString" or part.length < shortest_m:
            continue
        along = shapely.line_interpolate_point(part, (0.2, 0.35, 0.5, 0.65, 0.8), normalized=True)
        if np.median(shapely.distance(along, quarter.exterior)) < _HUGS_M:
            continue
        parts.append(np.asarray(part.simplify(0.8).coords))
    return parts


def _smooth(points: Points) -> Points:
    """Corners cut three times (Chaikin 1974)."""
    for _ in range(3):
        near = 0.75 * points[:-1] + 0.25 * points[1:]
        far = 0.25 * points[:-1] + 0.75 * points[1:]
        cut = np.empty((2 * len(near), 2))
        cut[0::2], cut[1::2] = near, far
        points = np.vstack([points[:1], cut, points[-1:]])
    return points
