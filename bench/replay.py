"""Routes driven again over the raw map: how many do what they may not do.

    python bench/replay.py [--city FILE.osm.pbf] [--routes 10000] [--profiles car,fire_engine]

Random routes of the imported city, every other fifty of them with 20 closures in force, checked by
tests/roads/replay, which reads the .osm.pbf and the profiles anew and shares no code with callout's
rooms. Without --city the made town of seed 7 is taken.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "roads" / "replay"))

SHOWN = 10  # violations told in full, per profile and kind


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--city", type=Path, help="FILE.osm.pbf")
    parser.add_argument("--routes", type=int, default=2_000)
    parser.add_argument("--profiles", help="a,b,... of those that the city has; all of them")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = replay(given, Path(folder))
    print(json.dumps({"name": "replay", "figures": figures}))
    return 1 if figures["violations"] else 0


def replay(given: argparse.Namespace, folder: Path) -> dict[str, float]:
    from replay_check import Replay
    from replay_draw import drives
    from replay_map import StreetMap
    from replay_vehicle import Vehicle

    import callout.roads
    from callout.drills.town import make_town
    from callout.places import import_city, open_city

    pbf = given.city or folder / "town.osm.pbf"
    if given.city is None:
        make_town(pbf, 7)
    import_city(pbf, folder / "city")
    roads = open_city(folder / "city").roads
    streets = StreetMap(pbf)
    profiles = given.profiles.split(",") if given.profiles else list(roads.profiles)
    files = Path(callout.roads.__file__).parent / "profiles"
    replays = {name: Replay(streets, Vehicle(files / f"{name}.toml")) for name in profiles}
    counts: Counter = Counter()
    kinds: Counter = Counter()
    start = time.perf_counter()
    for drive in drives(roads, profiles, given.routes, given.seed, counts):
        found = replays[drive.profile].check(drive.legs, drive.line, drive.closed)
        counts["violations"] += len(found)
        counts["broken routes"] += bool(found)
        counts["legs"] += len(drive.legs)
        for violation in found:
            kinds[drive.profile, violation.kind] += 1
            if kinds[drive.profile, violation.kind] <= SHOWN:
                print(f"{drive.profile}: {violation.kind}: {violation.what}")
        if counts["routes"] % 500 == 0:
            took = time.perf_counter() - start
            print(f"{counts['routes']} routes, {counts['violations']} violations, {took:.0f} s")
    per_route = counts["legs"] / max(1, counts["routes"])
    print(
        f"{pbf.name}, {', '.join(profiles)}: {counts['violations']} violations in"
        f" {counts['routes']} routes of {per_route:.0f} legs ({counts['with closures']} with"
        f" closures in force; {counts['no way']} draws had no way)"
    )
    for (profile, kind), count in sorted(kinds.items()):
        print(f"  {profile} {kind}: {count}")
    return {
        "violations": counts["violations"],
        "routes": counts["routes"],
        "with_closures": counts["with closures"],
        "legs_per_route": round(per_route, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
