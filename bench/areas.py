"""How long it takes to say which areas a point is in.

``python bench/areas.py``. 2,000 overlapping areas of 200 points over a city of 40 km; AREAS and
POINTS by environment. The other side of the ratio tests every area exactly, without an index.
"""

import math
import os
import random
import statistics
import sys
import time
from pathlib import Path

import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from callout.base.geo import lonlat
from callout.places.zones import KINDS, Area, ZoneIndex

AREAS = int(os.environ.get("AREAS", "2000"))
POINTS = int(os.environ.get("POINTS", "2000"))


def main() -> None:
    rng = random.Random(7)
    areas = []
    for number in range(AREAS):
        x, y, r = rng.uniform(0, 0.4), rng.uniform(45.8, 46.2), rng.uniform(0.005, 0.03)
        ring = [
            (round((x + r * math.cos(a)) * 1e7), round((y + r * math.sin(a)) * 1e7))
            for a in (n / 200 * math.tau for n in range(200))
        ]
        kind = KINDS[number % len(KINDS)]
        areas.append(Area(f"a{number}", kind, "A", "fire", "", "", shapely.Polygon(ring), 1))
    start = time.perf_counter()
    index = ZoneIndex(areas)
    build_ms = (time.perf_counter() - start) * 1000
    points = [lonlat(rng.uniform(0, 0.4), rng.uniform(45.8, 46.2)) for _ in range(POINTS)]
    spans, found = [], 0
    for point in points:
        start = time.perf_counter()
        found += len(index.at(point))
        spans.append((time.perf_counter() - start) * 1000)
    plain = []
    shapes = [area.shape for area in areas]
    for point in points[:50]:
        start = time.perf_counter()
        shapely.intersects(shapes, shapely.Point(point))
        plain.append((time.perf_counter() - start) * 1000)
    spans.sort()
    p50, p99 = statistics.median(spans), spans[len(spans) * 99 // 100]
    print(
        f"{AREAS} areas, {found / POINTS:.1f} of them at a point; index built in {build_ms:.1f} ms"
    )
    print(f"index_ratio {p50 / statistics.median(plain):.4f} of testing every area")
    print(f"area_ms_p50 {p50:.3f}, area_ms_p99 {p99:.3f} (goal 1)")


if __name__ == "__main__":
    main()
