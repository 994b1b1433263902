"""Which road a vehicle is on: routes driven with fixes 8 m off, each second.

    CALLOUT_DATA=/folder python bench/snap.py

600 vehicles drive quickest routes between random places, in the made town and in Porto
(osm/porto.osm.pbf under CALLOUT_DATA), at the roads' speed, the time of a turn spread over the edge
before it. Each second a fix: 8 m Gaussian noise on both axes, independent from fix to fix; heading
12 degrees of noise; speed 0.5 m/s of noise. Nothing is known of the route, of the future or of the
fix before but what the last snap said.

right_edge_share is strict: of all fixes, those put on the very directed edge that the vehicle is on
then; the edge before or after counts as wrong however near the junction is. near_share forgives
that, and only that, where the vehicle is within 8 m of the junction between the two. alone_share is
the same as right_edge_share for each fix for itself: distance, heading, edge before.
known_route_share is what can be reached: whoever were told the whole route beforehand, and filtered
the same fixes and speeds along it as well as can be (a steady Kalman filter), would be so often on
the right edge.
"""

import json
import os
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from nearest import Traffic, open_roads, state_machine

VEHICLES, SECONDS, BATCH = 600, 240, 10_000
FIX_M, HEADING_DEG, SPEED_M_S = 8.0, 12.0, 0.5
FIGURES = (
    "right_edge_share", "near_share", "alone_share", "known_route_share", "plain_ratio",
    "us_per_fix", "ms_10000", "right_edge_share_town", "near_share_town", "alone_share_town",
    "known_route_share_town",
)  # fmt: skip


def main() -> int:
    from callout.drills.town import make_town

    figures: dict[str, float | None] = dict.fromkeys(FIGURES)
    state_machine()
    with tempfile.TemporaryDirectory() as folder:
        town = Path(folder) / "town.osm.pbf"
        make_town(town, 7)
        measure("made town", open_roads(town), figures, "_town")
    data = os.environ.get("CALLOUT_DATA")
    pbf = Path(data or "") / "osm" / "porto.osm.pbf"
    if data and pbf.is_file():
        roads = open_roads(pbf)
        measure("Porto", roads, figures, "")
        speed(roads, figures)
    else:
        print("skipped:", f"{pbf} is missing" if data else "CALLOUT_DATA is not set")
    print(json.dumps({"name": "snap", "figures": figures}))
    return 0


class Drives:
    """Vehicles on routes: where each truly is at each second."""

    def __init__(self, roads) -> None:
        import numpy as np

        self.traffic = traffic = Traffic(roads, 1)
        rng, arrays = traffic.rng, traffic.arrays
        turns = {}
        self.plans = []
        while len(self.plans) < VEHICLES:
            ends = roads.snap(traffic.incidents(2))
            route = roads.route(ends.at(0), ends.at(1))
            if route is None or len(route.edges) < 3 or route.travel_ms < SECONDS * 1000:
                continue
            edges = route.edges[1:-1].astype(np.int64)
            ms = arrays["edge_ms_car"][edges].astype(float)
            for at, (a, b) in enumerate(pairwise(edges)):
                if (a, b) not in turns:
                    low, high = arrays["turn_from_ptr"][a : a + 2]
                    to = arrays["edge_base"][arrays["turn_to"][low:high]]
                    cost = arrays["turn_ms"][low:high][to == b]
                    turns[a, b] = int(cost.min()) if len(cost) else 0
                ms[at] += turns[a, b]
            self.plans.append((edges, np.concatenate(([0.0], np.cumsum(ms)))))
        self.rng = rng

    def at(self, second: float):
        """Edges, offsets; those past their route's end have edge -1."""
        import numpy as np

        edge, offset = np.full(VEHICLES, -1, np.int64), np.zeros(VEHICLES)
        for vehicle, (edges, ends) in enumerate(self.plans):
            place = int(np.searchsorted(ends, second * 1000, side="right")) - 1
            if place < len(edges):
                edge[vehicle] = edges[place]
                share = (second * 1000 - ends[place]) / (ends[place + 1] - ends[place])
                offset[vehicle] = share * 1e6
        return edge, offset

    def course(self, edge, offset):
        """Headings along the roads, degrees from north, without noise."""
        import numpy as np

        length = self.traffic.arrays["road_mm"][self.traffic.arrays["edge_road"][edge]]
        metre = 1e9 / np.maximum(length, 1)
        ahead = self.traffic._points(edge, np.minimum(offset + metre, 1e6))
        back = self.traffic._points(edge, np.maximum(offset - metre, 0))
        move = (ahead - back).astype(float)
        squeeze = np.cos(np.radians(ahead[:, 1] / 1e7))
        return np.degrees(np.arctan2(move[:, 0] * squeeze, move[:, 1]))


def measure(name: str, roads, figures: dict[str, float | None], suffix: str) -> None:
    import numpy as np

    drives = Drives(roads)
    rng, arrays = drives.rng, drives.traffic.arrays
    last = alone = None
    travelled = np.zeros(VEHICLES)
    total = right = near = by_itself = known = 0
    error = rng.normal(0, FIX_M, VEHICLES)  # metres along a route that is known
    # The filter's gain in the long run, of variances FIX_M^2 and SPEED_M_S^2 (1-D Riccati).
    variance = (SPEED_M_S**2 + np.sqrt(SPEED_M_S**4 + 4 * (SPEED_M_S * FIX_M) ** 2)) / 2
    gain = variance / (variance + FIX_M**2)
    before = None
    for second in range(SECONDS):
        edge, offset = drives.at(second)
        on = edge >= 0
        true = drives.traffic._points(np.maximum(edge, 0), offset)
        noise = rng.normal(0, FIX_M, true.shape) * 89.93
        noise[:, 0] /= np.cos(np.radians(true[:, 1] / 1e7))
        points = true + np.rint(noise).astype(np.int64)
        headings = drives.course(np.maximum(edge, 0), offset)
        headings = ((headings + rng.normal(0, HEADING_DEG, VEHICLES)) % 360).astype(np.float32)
        metres = driven_m(drives, arrays, before, (edge, offset))
        driven = np.maximum(0, metres + rng.normal(0, SPEED_M_S, VEHICLES)).astype(np.float32)
        if last is None:
            last = alone = roads.snap(points, headings)
        else:
            last = roads.snap(points, headings, last, driven)
            alone = roads.snap(points, headings, alone.edge)
        travelled += metres
        before = (edge, offset)
        hit = last.edge == edge
        length = arrays["road_mm"][arrays["edge_road"][np.maximum(edge, 0)]] / 1000
        done = offset / 1e6 * length
        snapped = np.maximum(last.edge, 0)
        after = (arrays["edge_from"][snapped] == arrays["edge_to"][edge]) & (length - done <= FIX_M)
        prior = (arrays["edge_to"][snapped] == arrays["edge_from"][edge]) & (done <= FIX_M)
        error += rng.normal(0, SPEED_M_S, VEHICLES)
        error += gain * (rng.normal(0, FIX_M, VEHICLES) - error)
        known += int((on & (done + error >= 0) & (done + error < length)).sum())
        total += int(on.sum())
        right += int((hit & on).sum())
        near += int(((hit | after | prior) & on).sum())
        by_itself += int(((alone.edge == edge) & on).sum())
    figures[f"right_edge_share{suffix}"] = round(right / total, 4)
    figures[f"near_share{suffix}"] = round(near / total, 4)
    figures[f"known_route_share{suffix}"] = round(known / total, 4)
    figures[f"alone_share{suffix}"] = round(by_itself / total, 4)
    lengths = [np.median(arrays["road_mm"][arrays["edge_road"][e]]) for e, _ in drives.plans]
    print(
        f"{name}: {total:,} fixes, {travelled.sum() / total:.1f} m apart, median edge"
        f" {np.median(lengths) / 1000:.0f} m: right {right / total:.4f}, forgiven at junctions"
        f" {near / total:.4f}, each for itself {by_itself / total:.4f}, were the route known"
        f" {known / total:.4f}"
    )


def driven_m(drives, arrays, before, now):
    """Metres along the route since a second ago."""
    import numpy as np

    if before is None:
        return np.zeros(VEHICLES)
    metres = np.zeros(VEHICLES)
    for vehicle, (edges, _) in enumerate(drives.plans):
        if now[0][vehicle] < 0:
            continue
        low = int(np.flatnonzero(edges == before[0][vehicle])[0])
        high = int(np.flatnonzero(edges == now[0][vehicle])[0])
        length = arrays["road_mm"][arrays["edge_road"][edges[low : high + 1]]] / 1000
        metres[vehicle] = (
            length.sum()
            - length[0] * before[1][vehicle] / 1e6
            - length[-1] * (1 - now[1][vehicle] / 1e6)
        )
    return metres


def speed(roads, figures: dict[str, float | None]) -> None:
    """Microseconds a fix of 10,000 in a batch, and over those of the nearest road alone."""
    import numpy as np

    traffic = Traffic(roads, BATCH)
    points, headings = traffic.drive()
    last = roads.snap(points, headings)
    ours, plain = [], []
    for _ in range(20):
        points, headings = traffic.drive()
        start = time.perf_counter()
        last = roads.snap(points, headings, last, np.full(BATCH, 12, np.float32))
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        roads.snap(points)
        plain.append(time.perf_counter() - start)
    figures["us_per_fix"] = round(float(np.median(ours)) / BATCH * 1e6, 2)
    figures["ms_10000"] = round(float(np.median(ours)) * 1000, 1)
    figures["plain_ratio"] = round(float(np.median(ours) / np.median(plain)), 2)
    print(f"{BATCH:,} fixes: {np.median(ours) * 1000:.1f} ms; nearest road only", end=" ")
    print(f"{np.median(plain) * 1000:.1f} ms")


if __name__ == "__main__":
    raise SystemExit(main())
