"""A table of travel times, 5,000 units to 200 places, and how far one gets in a quarter of an hour.

    CALLOUT_DATA=/folder [BENCH_PYTHON=/side/bin/python] python bench/times.py

Needs osm/porto.osm.pbf under CALLOUT_DATA. Turn costs are on. Compared with, in the same run and in
turns: OSRM's table service (contraction hierarchy, hints given, durations only) on the same extract
and between the same places; it computes on one core, ours on all, so the ratio on one core stands
beside. ``BENCH_PYTHON`` as for bench/nearest.py. OSRM drives an everyday car and we one on blue
lights: times_ratio_p50 (ours / theirs, entry by entry) says that both measure the same ways.
Checked against: one search a target with our plain Dijkstra (20 targets, all entries), and scipy's
over the arrays of the graph folder (5 targets), both without and with 20 closures.
"""

import time
from pathlib import Path

from nearest import ScipyCheck, Traffic, ask_osrm, open_roads, run, start_osrm, stop_osrm

SOURCES, TARGETS, ROUNDS, CLOSURES, REACH_S = 5_000, 200, 5, 20, 900
FIGURES = (
    "osrm_ratio", "osrm_ratio_one_core", "mismatches", "times_ratio_p50", "table_ms",
    "table_ms_one_core", "fit_ms", "contract_s", "contract_mb", "reach_ms", "reach_ms_p99",
)  # fmt: skip


def main() -> int:
    return run("times", FIGURES, measure)


def measure(pbf: Path, figures: dict[str, float | None]) -> None:
    import numpy as np

    from callout.roads.contraction import contract, customise
    from callout.roads.table import times_table

    roads = open_roads(pbf)
    roads.warm()
    traffic = Traffic(roads, SOURCES)
    points, headings = traffic.drive()
    places = traffic.incidents(TARGETS)
    sources, targets = roads.snap(points, headings), roads.snap(places)
    roads.times(sources, targets)  # compiles

    driven = roads._metric.driven("car")
    network, weight = driven.vehicle.backward, driven.weight
    start = time.perf_counter()
    contraction = contract(network, weight)
    figures["contract_s"] = round(time.perf_counter() - start, 2)
    arcs = customise(network, weight, contraction)
    figures["contract_mb"] = round(sum(a.nbytes for a in (*contraction, *arcs)) / 1e6, 1)
    fits = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        customise(network, weight, contraction)
        fits.append((time.perf_counter() - start) * 1000)
    figures["fit_ms"] = round(float(np.median(fits)), 1)

    osrm = start_osrm(pbf)
    ours, alone, theirs, durations = [], [], [], None
    for _ in range(ROUNDS):
        start = time.perf_counter()
        table = roads.times(sources, targets).travel_ms
        ours.append((time.perf_counter() - start) * 1000)
        start = time.perf_counter()
        times_table(network, weight, contraction, arcs, sources, targets, threads=1)
        alone.append((time.perf_counter() - start) * 1000)
        if osrm is not None:
            took, durations = ask_osrm(osrm, points, places, rows=100)
            theirs.append(took)
    figures["table_ms"] = round(float(np.median(ours)), 1)
    figures["table_ms_one_core"] = round(float(np.median(alone)), 1)
    if theirs:
        figures["osrm_ratio"] = round(float(np.median(ours) / np.median(theirs)), 4)
        figures["osrm_ratio_one_core"] = round(float(np.median(alone) / np.median(theirs)), 4)
        a, b = table[:100].astype(float) / 1000, np.array(durations, float)
        both = (a > 60) & (b > 60)
        figures["times_ratio_p50"] = round(float(np.median(a[both] / b[both])), 3)
        alike = np.corrcoef(a[both], b[both])[0, 1]
        print(f"OSRM {np.median(theirs):.0f} ms; times correlate with ours at {alike:.3f}")
        stop_osrm(osrm)

    figures["mismatches"] = wrong = mismatches(roads, sources, targets, table)
    rng = np.random.default_rng(3)
    roads.apply(rng.choice(traffic.main, CLOSURES).tolist(), {})
    start = time.perf_counter()
    closed = roads.times(sources, targets).travel_ms
    print(f"first table with {CLOSURES} closures: {(time.perf_counter() - start) * 1000:.0f} ms")
    print(f"entries that closures changed: {int((closed != table).sum())}")
    figures["mismatches"] = wrong + mismatches(roads, sources, targets, closed)
    roads.apply([], {})
    reach(roads, sources, figures)


def mismatches(roads, sources, targets, table) -> int:
    """Entries that differ: of 20 columns from our own plain search, of 5 from scipy's."""
    import numpy as np

    from callout.roads import CLOSED

    wrong = 0
    for column in range(0, TARGETS, TARGETS // 20):
        one = roads.times(sources, targets.take(np.array([column]))).travel_ms[:, 0]
        wrong += int((one != table[:, column]).sum())
    # scipy drives over closed edges too, but then it takes for ever.
    weight = roads._metric.driven("car").weight.astype(np.int64)
    check = ScipyCheck(roads, np.where(weight == CLOSED, 2**50, weight))
    for column in range(0, TARGETS, TARGETS // 5):
        best = check.times(targets.at(column), sources, np.inf)
        best = np.where(best < CLOSED, best, -1)
        wrong += int((best != table[:, column]).sum())
    print(f"checked {20 * SOURCES:,} entries with plain Dijkstra and {5 * SOURCES:,} with scipy")
    return wrong


def reach(roads, sources, figures: dict[str, float | None]) -> None:
    import numpy as np

    took, edges = [], []
    for origin in range(100):
        start = time.perf_counter()
        found = roads.reach(sources.at(origin), REACH_S)
        took.append((time.perf_counter() - start) * 1000)
        edges.append(len(found.edges))
    figures["reach_ms"] = round(float(np.median(took)), 2)
    figures["reach_ms_p99"] = round(float(np.percentile(took, 99)), 2)
    print(f"reach of {REACH_S} s: {int(np.median(edges)):,} edges (median)")


if __name__ == "__main__":
    raise SystemExit(main())
