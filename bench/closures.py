"""How long until a closed road is seen by every later answer.

``CALLOUT_DATA=… python bench/closures.py`` on Porto, or CITY=FILE.osm.pbf. From the closures on
the board (20 in force, one more each time) to the first ranking on the new epoch: edges found,
graph weighed anew, answered. What the server adds is one commit and two hops between threads.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from callout.places import import_city
from callout.places.closures import Closure, at_points, resolve
from callout.roads import Roads

ROUNDS = int(os.environ.get("ROUNDS", "30"))


def main() -> None:
    data = os.environ.get("CALLOUT_DATA", "")
    pbf = Path(os.environ.get("CITY") or Path(data) / "osm" / "porto.osm.pbf")
    if not pbf.is_file():
        print("skipped: CALLOUT_DATA is not set")
        return
    with tempfile.TemporaryDirectory(prefix="callout-bench-") as name:
        import_city(pbf, Path(name) / "city")
        roads = Roads.open(Path(name) / "city" / "graph")
        roads.warm()
        measure(roads, pbf.name)


def measure(roads: Roads, name: str) -> None:
    rng = np.random.default_rng(7)
    junctions = roads.graph.arrays["junction_lonlat"]
    picked = rng.integers(0, len(junctions), 1000)
    units = roads.snap(junctions[picked].astype(np.int64))
    closures = []
    for number in range(20 + ROUNDS):
        point = roads.point(int(rng.integers(0, len(roads.graph.arrays["edge_road"]))), 500_000)
        _, stretches = at_points(roads, [point])
        closures.append(Closure(str(number), "x", "works", stretches, None, None, 0, "", 1))
    whole, plain = [], []
    for count in range(20, 20 + ROUNDS):
        there = units.at(count)
        start = time.perf_counter()
        found = resolve(roads, closures[: count + 1])
        roads.apply(found.closed, found.speeds)
        roads.nearest(there, units, 5)
        whole.append((time.perf_counter() - start) * 1000)
        start = time.perf_counter()
        roads.nearest(there, units, 5)
        plain.append((time.perf_counter() - start) * 1000)
    whole.sort()
    p50, p99 = statistics.median(whole), whole[-1]
    print(f"{name}: {len(roads.graph.arrays['edge_road'])} edges, 20 to {20 + ROUNDS} closures")
    print(f"closure_ratio {p50 / statistics.median(plain):.1f} times one ranking")
    print(f"closure_ms_p50 {p50:.1f} (goal 100), worst {p99:.1f}")


if __name__ == "__main__":
    main()
