"""Who is nearest by road: 10 of 5,000 units that all move each second, 20 questions a second.

    CALLOUT_DATA=/folder [BENCH_PYTHON=/side/bin/python] python bench/nearest.py

Needs osm/porto.osm.pbf under CALLOUT_DATA. Each second of a minute all units drive on, are
snapped to the road (noise, heading, edge before) and 20 incidents ask for their ten nearest; a
question's time is its own plus a twentieth of the snapping. Turn costs are on.

Then with 100, 1,000 and 20,000 units, each under 20 closures and as three vehicles (the figure is
the worst vehicle's; p99_cpu_ms is the question's processor time, without the snapping and without
what else the machine did), and how long from a closure to the first answer that knows of it.

Compared with, in the same run and in turns: OSRM's table service (contraction hierarchy, hints
given, durations only) from 5,000 units to one incident. Its package needs Python 3.12 or later, so
it runs in the interpreter that BENCH_PYTHON names: a virtual environment with osrm-bindings, or a
bare Python from which one is made, once, in the cache.
Checked against: scipy's Dijkstra over the arrays of the graph folder, all 1,000 incidents.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

UNITS, SECONDS, QUESTIONS, K = 5_000, 50, 20, 10
SIZES, VEHICLES, CLOSURES = (100, 1_000, 20_000), ("car", "fire_engine", "bicycle"), 20
OSRM_EVERY = 3  # seconds; a table takes longer than all our questions of a second together
NOISE_M, HEADING_NOISE_DEG = 6.0, 12.0
CACHE = Path(os.environ.get("CALLOUT_BENCH_CACHE") or Path(tempfile.gettempdir()) / "callout-bench")
FIGURES = (
    "p50_ms_5000", "p99_ms_5000", "mismatches", "osrm_ratio", "straight_line_wrong",
    "straight_line_regret_p95_s", "p99_ms_100", "p99_ms_1000", "p99_ms_20000",
    "p99_cpu_ms_100", "p99_cpu_ms_1000", "p99_cpu_ms_20000", "closure_ms_p50",
)  # fmt: skip


def run(
    name: str,
    names: tuple[str, ...],
    measure: Callable[[Path, dict[str, float | None]], object],
) -> int:
    """Measure on Porto, when it is there, and print the figures; those not measured are null."""
    figures: dict[str, float | None] = dict.fromkeys(names)
    state_machine()
    data = os.environ.get("CALLOUT_DATA")
    pbf = Path(data or "") / "osm" / "porto.osm.pbf"
    if data and pbf.is_file():
        measure(pbf, figures)
    else:
        print("skipped:", f"{pbf} is missing" if data else "CALLOUT_DATA is not set")
    print(json.dumps({"name": name, "figures": figures}))
    return 0


def main() -> int:
    return run("nearest", FIGURES, measure)


def state_machine() -> None:
    import numba
    import numpy as np
    import scipy

    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    print(f"machine: {model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}")
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__},"
        f" scipy {scipy.__version__}; one thread; load average {os.getloadavg()[0]:.1f}"
    )


def measure(pbf: Path, figures: dict[str, float | None]) -> None:
    import numpy as np

    roads = open_roads(pbf)
    roads.warm()
    traffic = Traffic(roads, UNITS)
    osrm = start_osrm(pbf)
    ours_ms, theirs_ms, snap_ms = [], [], []
    wrong, mismatches, regrets = 0, 0, []
    check = ScipyCheck(roads)
    previous = None
    for second in range(-3, SECONDS):
        points, headings = traffic.drive()
        incidents = traffic.incidents(QUESTIONS)
        places = roads.snap(incidents)
        start = time.perf_counter()
        units = roads.snap(points, headings, previous)
        snapped = (time.perf_counter() - start) * 1000
        previous = units.edge
        answers, took = [], []
        for question in range(QUESTIONS):
            to = places.at(question)
            start = time.perf_counter()
            answers.append(roads.nearest(to, units, K)[:2])
            took.append((time.perf_counter() - start) * 1000 + snapped / QUESTIONS)
        if second < 0:
            continue  # caches and branch predictors warm up
        ours_ms += took
        snap_ms.append(snapped)
        if osrm is not None and second % OSRM_EVERY == 0:
            theirs_ms.append(ask_osrm(osrm, points, incidents[:1])[0])
        for question, (index, travel_ms) in enumerate(answers):
            to = places.at(question)
            mismatches += not check.agrees(to, units, index, travel_ms)
            by_line = nearest_by_line(points, incidents[question])
            route = roads.route(units.at(by_line), to)
            if route is not None and len(travel_ms):
                line_ms = route.travel_ms
                wrong += line_ms != travel_ms[0]
                regrets.append((line_ms - travel_ms[0]) / 1000)
    figures["p50_ms_5000"] = round(float(np.percentile(ours_ms, 50)), 3)
    figures["p99_ms_5000"] = round(float(np.percentile(ours_ms, 99)), 3)
    figures["mismatches"] = mismatches
    figures["straight_line_wrong"] = round(wrong / len(regrets), 4)
    figures["straight_line_regret_p95_s"] = round(float(np.percentile(regrets, 95)), 1)
    print(f"{SECONDS * QUESTIONS} questions, nearest {K} of {UNITS}:")
    print(f"  snapping {UNITS} units: {np.median(snap_ms):.2f} ms a second (median)")
    print(f"  with its share: p50 {figures['p50_ms_5000']} ms, p99 {figures['p99_ms_5000']} ms")
    print(f"  different from scipy: {mismatches} of {SECONDS * QUESTIONS}")
    if theirs_ms:
        theirs = float(np.median(theirs_ms))
        figures["osrm_ratio"] = round(float(np.median(ours_ms)) / theirs, 5)
        print(f"  OSRM's table: {theirs:.1f} ms (median of {len(theirs_ms)})")
    if osrm is not None:
        stop_osrm(osrm)
    other_sizes(roads, figures)
    closing(roads, figures)


def other_sizes(roads, figures: dict[str, float | None]) -> None:
    """Fewer and more units, three vehicles, closures on; the worst vehicle's p99 is the figure."""
    import numpy as np

    rng = np.random.default_rng(11)
    for units in SIZES:
        traffic = Traffic(roads, units)
        roads.apply(rng.choice(traffic.main, CLOSURES, replace=False).tolist(), {})
        worst = worst_cpu = 0.0
        for vehicle in VEHICLES:
            previous, took, cpu = None, [], []
            for second in range(-3, SECONDS):
                points, headings = traffic.drive()
                places = roads.snap(traffic.incidents(QUESTIONS), profile=vehicle)
                start = time.perf_counter()
                found = roads.snap(points, headings, previous, profile=vehicle)
                share = (time.perf_counter() - start) * 1000 / QUESTIONS
                previous = found.edge
                for question in range(QUESTIONS):
                    to = places.at(question)
                    start, busy = time.perf_counter(), time.thread_time()
                    roads.nearest(to, found, K, vehicle)
                    if second >= 0:
                        took.append((time.perf_counter() - start) * 1000 + share)
                        cpu.append((time.thread_time() - busy) * 1000)
            p50, p99 = np.percentile(took, (50, 99))
            print(
                f"{units} units as {vehicle}, {CLOSURES} closures: p50 {p50:.2f}, p99 {p99:.2f} ms"
            )
            worst = max(worst, float(p99))
            worst_cpu = max(worst_cpu, float(np.percentile(cpu, 99)))
        figures[f"p99_ms_{units}"] = round(worst, 3)
        figures[f"p99_cpu_ms_{units}"] = round(worst_cpu, 3)
    roads.apply([], {})


def closing(roads, figures: dict[str, float | None]) -> None:
    """From the call of apply to the first answer under it."""
    import numpy as np

    rng = np.random.default_rng(12)
    traffic = Traffic(roads, UNITS)
    points, headings = traffic.drive()
    units, places = roads.snap(points, headings), roads.snap(traffic.incidents(100))
    took = []
    for question in range(100):
        closed = rng.choice(traffic.main, CLOSURES, replace=False).tolist()
        start = time.perf_counter()
        epoch = roads.apply(closed, {})
        answer = roads.nearest(places.at(question), units, K)
        took.append((time.perf_counter() - start) * 1000)
        assert answer.epoch == epoch
    figures["closure_ms_p50"] = round(float(np.median(took)), 2)
    print(f"from {CLOSURES} closures to the first answer: p50 {figures['closure_ms_p50']} ms")
    roads.apply([], {})


def open_roads(pbf: Path):
    """The imported city, kept between runs as long as neither it nor our code changes."""
    import callout.places
    import callout.roads
    from callout.places import import_city, open_city

    digest = hashlib.sha256(pbf.read_bytes())
    for room in (callout.roads, callout.places):
        for path in sorted(Path(room.__file__).parent.rglob("*")):
            if path.suffix in {".py", ".toml"}:
                digest.update(path.read_bytes())
    folder = CACHE / f"city-{digest.hexdigest()[:16]}"
    if not folder.exists():
        start = time.perf_counter()
        import_city(pbf, folder)
        print(f"imported {pbf.name} in {time.perf_counter() - start:.1f} s")
    return open_city(folder).roads


def car_part(roads) -> dict:
    """The arrays as docs/city.md describes them, with only the turns that a car may make."""
    import numpy as np

    arrays = dict(roads.graph.arrays)
    weight, to, ms = arrays["edge_ms_car"], arrays["turn_to"], arrays["turn_ms_car"]
    tail = np.repeat(np.arange(len(weight)), np.diff(arrays["turn_from_ptr"]))
    closed = 2**31 - 1
    kept = (ms != closed) & (weight[tail] != closed) & (weight[to] != closed)
    counts = np.bincount(tail[kept], minlength=len(weight))
    arrays["turn_from_ptr"] = np.concatenate(([0], np.cumsum(counts)))
    arrays["turn_to"], arrays["turn_ms"] = to[kept], ms[kept]
    return arrays


class Traffic:
    """Units that drive along roads at the roads' speed and turn at random, and random incidents."""

    def __init__(self, roads, units: int) -> None:
        import numpy as np

        self.units = units
        self.rng = np.random.default_rng(7)
        self.roads = roads
        self.arrays = arrays = car_part(roads)
        plain = np.arange(len(arrays["edge_base"])) == arrays["edge_base"]
        self.main = np.flatnonzero((arrays["edge_main_car"] == 1) & plain)
        self.edge = self.rng.choice(self.main, units).astype(np.int64)
        self.done_ms = self.rng.random(units) * arrays["edge_ms_car"][self.edge]

    def drive(self):
        """A second later: (n, 2) noisy points and headings."""
        import numpy as np

        arrays, rng = self.arrays, self.rng
        weight = arrays["edge_ms_car"]
        self.done_ms += 1000.0
        ptr = arrays["turn_from_ptr"]
        while (over := self.done_ms >= weight[self.edge]).any():
            at = self.edge[over]
            fan = ptr[at + 1] - ptr[at]
            turn = ptr[at] + (rng.random(len(at)) * fan).astype(np.int64)
            left_over = self.done_ms[over] - weight[at]
            stuck = fan == 0
            turn[stuck] = 0
            following = np.where(
                stuck, rng.choice(self.main, len(at)), arrays["edge_base"][arrays["turn_to"][turn]]
            )
            self.edge[over] = following
            self.done_ms[over] = np.where(stuck, 0, left_over)
        offset = self.done_ms / weight[self.edge] * 1e6
        points = self._points(self.edge, offset)
        ahead = self._points(self.edge, np.minimum(offset + 20_000, 1e6))
        back = self._points(self.edge, np.maximum(offset - 20_000, 0))
        squeeze = np.cos(np.radians(points[:, 1].mean() / 1e7))
        move = ahead - back
        headings = np.degrees(np.arctan2(move[:, 0] * squeeze, move[:, 1]))
        headings += rng.normal(0, HEADING_NOISE_DEG, self.units)
        return self._noisy(points), (headings % 360).astype(np.float32)

    def incidents(self, count: int):

        edges = self.rng.choice(self.main, count)
        offsets = self.rng.integers(0, 1_000_001, count)
        return self._noisy(self._points(edges, offsets))

    def _points(self, edges, offsets):
        """(n, 2) places at offsets (millionths) of directed edges."""
        import numpy as np

        arrays = self.arrays
        road = arrays["edge_road"][edges].astype(np.int64)
        share = np.where(arrays["road_edge"][road, 0] == edges, offsets, 1e6 - offsets) / 1e6
        along = share * arrays["road_mm"][road]
        # One ascending list of all roads' shape points: road by road, along each.
        wide = 2**32
        of_point = np.repeat(np.arange(len(arrays["road_mm"])), np.diff(arrays["road_ptr"]))
        place = np.searchsorted(of_point * wide + arrays["shape_mm"], road * wide + along, "right")
        before = np.clip(place - 1, arrays["road_ptr"][road], arrays["road_ptr"][road + 1] - 2)
        low, high = arrays["shape_mm"][before], arrays["shape_mm"][before + 1]
        part = (along - low) / np.maximum(high - low, 1)
        a, b = (arrays["shape_lonlat"][at].astype(float) for at in (before, before + 1))
        return np.rint(a + (b - a) * part[:, None]).astype(np.int64)

    def _noisy(self, points):
        import numpy as np

        noise = self.rng.normal(0, NOISE_M, points.shape) * 89.93
        noise[:, 0] /= np.cos(np.radians(points[:, 1] / 1e7))
        return points + np.rint(noise).astype(np.int64)


def nearest_by_line(points, incident) -> int:
    import numpy as np

    away = (points - incident).astype(float)
    away[:, 0] *= np.cos(np.radians(incident[1] / 1e7))
    return int((away**2).sum(axis=1).argmin())


class ScipyCheck:
    """The same question to scipy, from the arrays alone, as docs/city.md describes them."""

    def __init__(self, roads, weight=None) -> None:
        import numpy as np
        from scipy.sparse import csr_array

        arrays = car_part(roads)
        self.base = arrays["edge_base"]
        self.w = w = (arrays["edge_ms_car"] if weight is None else weight).astype(np.int64)
        count = len(w)
        tail = np.repeat(np.arange(count), np.diff(arrays["turn_from_ptr"]))
        head = arrays["turn_to"]
        cost = arrays["turn_ms"] + w[head]
        # Row e, column a: from the end of a over a turn to the end of e.
        self.into = csr_array((cost.astype(float), (head, tail)), shape=(count, count))
        self.turn = csr_array((arrays["turn_ms"] + 1.0, (head, tail)), shape=(count, count))

    def times(self, to, units, limit):
        """(units,) milliseconds, infinite beyond the limit. The incident is a vertex of its own."""
        import numpy as np
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        w, count = self.w, len(self.w)
        sides = [(e, q) for e, q in ((to.edge, to.offset), (to.other, 10**6 - to.offset)) if e >= 0]
        columns, costs = [], []
        for b, q in sides:
            for state in np.flatnonzero(self.base == b):
                low, high = self.turn.indptr[state : state + 2]
                columns.append(self.turn.indices[low:high])
                costs.append(self.turn.data[low:high] - 1 + w[b] * q // 10**6)
        sizes = [len(part) for part in columns]
        network = csr_array(
            (
                np.concatenate((self.into.data, *costs)),
                np.concatenate((self.into.indices, *columns)),
                np.concatenate((self.into.indptr, self.into.indptr[-1] + np.cumsum(sizes))),
            ),
            shape=(count + len(sizes), count + len(sizes)),
        )
        starts = np.arange(count, count + len(sizes))
        label = dijkstra(network, indices=starts, min_only=True, limit=limit)
        best = np.full(len(units.edge), np.inf)
        for a, p in ((units.edge, units.offset), (units.other, 10**6 - units.offset)):
            on = a >= 0
            rest = w[a] - w[a] * p.astype(np.int64) // 10**6
            best = np.where(on, np.minimum(best, label[a] + rest), best)
            for b, q in sides:
                direct = w[b] * q // 10**6 - w[b] * p.astype(np.int64) // 10**6
                best = np.where(on & (a == b) & (p <= q), np.minimum(best, direct), best)
        return best

    def agrees(self, to, units, index, travel_ms) -> bool:
        """Whether the k least times are these.

        The search stops just past the k-th time claimed: everybody nearer than that is found
        whatever was claimed, and if fewer than k are, the claim was too low.
        """
        import numpy as np

        limit = float(travel_ms[-1]) + 1 if len(index) == K else np.inf
        best = self.times(to, units, limit)
        order = np.lexsort((np.arange(len(best)), best))[:K]
        order = order[np.isfinite(best[order])]
        return best[order].tolist() == travel_ms.tolist() and (
            best[index].tolist() == travel_ms.tolist()
        )


def start_osrm(pbf: Path):
    """A process with OSRM's engine, its data prepared once; None, said why, without one."""
    python = side_python()
    if not python:
        return None
    folder = CACHE / f"osrm-{hashlib.sha256(pbf.read_bytes()).hexdigest()[:16]}"
    worker = subprocess.Popen(
        [python, __file__, "osrm", str(pbf), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ready = worker.stdout.readline().strip()
    if ready != "ready":
        worker.wait()
        print("osrm_ratio is null: BENCH_PYTHON could not prepare OSRM's data (see above)")
        return None
    return worker


def side_python() -> str | None:
    """The interpreter that has OSRM; None, said why, without one."""
    given = os.environ.get("BENCH_PYTHON")
    if not given:
        print("osrm_ratio is null: BENCH_PYTHON names no Python 3.12 for OSRM")
        return None
    side = CACHE / "osrm-python"
    for python in (given, str(side / "bin" / "python")):
        try:
            subprocess.run([python, "-c", "import osrm"], check=True, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    print("installing osrm-bindings beside, once", file=sys.stderr)
    try:
        subprocess.run([given, "-m", "venv", str(side)], check=True)
        command = [str(side / "bin" / "python"), "-m", "pip", "install", "-q", "osrm-bindings"]
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"osrm_ratio is null: no osrm-bindings for {given} ({error})")
        return None
    return str(side / "bin" / "python")


def ask_osrm(worker, points, targets, rows: int = 0):
    """Milliseconds of one table from all points to the targets; the first rows, in seconds."""
    question = [(points / 1e7).tolist(), (targets / 1e7).tolist(), rows]
    worker.stdin.write(json.dumps(question) + "\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())


def stop_osrm(worker) -> None:
    worker.stdin.close()
    worker.wait()


def osrm_worker(pbf: Path, folder: Path) -> int:
    """Runs in BENCH_PYTHON with the standard library and osrm only."""
    import osrm

    package = Path(osrm.__file__).parent
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        link = folder / "city.osm.pbf"
        link.unlink(missing_ok=True)
        link.symlink_to(pbf.resolve())
        print("preparing OSRM's data (two minutes, once)", file=sys.stderr)
        for step in (
            ["extract", "-p", str(package / "share" / "profiles" / "car.lua"), str(link)],
            ["contract", str(folder / "city.osrm")],
        ):
            command = [sys.executable, "-m", "osrm", *step]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (folder / "done").touch()
    engine = osrm.OSRM(
        algorithm="CH",
        storage_config=str(folder / "city.osrm"),
        use_shared_memory=False,
        max_locations_distance_table=UNITS + 1_000,
        max_results_nearest=1,
    )
    print("ready", flush=True)
    for line in sys.stdin:
        units, targets, rows = json.loads(line)
        coordinates = [tuple(point) for point in (*units, *targets)]
        hints = [
            engine.Nearest(osrm.NearestParameters(coordinates=[point]))["waypoints"][0]["hint"]
            for point in coordinates
        ]
        parameters = osrm.TableParameters(
            coordinates=coordinates,
            hints=hints,
            sources=list(range(len(units))),
            destinations=list(range(len(units), len(coordinates))),
            annotations=["duration"],
            generate_hints=False,
        )
        start = time.perf_counter()
        answer = engine.Table(parameters)
        took = (time.perf_counter() - start) * 1000
        first = [list(answer["durations"][row]) for row in range(rows)]
        print(json.dumps([took, first]), flush=True)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["osrm"]:
        sys.exit(osrm_worker(Path(sys.argv[2]), Path(sys.argv[3])))
    sys.exit(main())
