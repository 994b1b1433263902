"""Opens a city in a process of its own and says what was compiled after it was warm.

In a process of its own: other tests leave their machine codes in the kernels.
"""

import sys
from contextlib import closing
from pathlib import Path

import numpy as np

from callout.base.geo import LonLat
from callout.places import open_city
from callout.roads import follow, nearest, route, search, snap, table


def compiled() -> dict[str, int]:
    """How many machine codes each kernel has; a new one takes a second or more."""
    return {
        f"{module.__name__}.{name}": len(kernel.signatures)
        for module in (follow, nearest, route, search, snap, table)
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
    }


def main(folder: Path) -> None:
    """Warm it, ask what a room asks of it, and print each kernel that grew."""
    with closing(open_city(folder)) as city:
        roads = city.roads
        roads.warm()
        before = compiled()
        roads.set_moment(1_795_602_923_781_067, "Europe/Lisbon")
        west, south, east, north = city.meta["bbox"]
        middle = LonLat(round((west + east) * 5e6), round((south + north) * 5e6))
        points = np.array([middle, middle], np.int64)
        snaps = roads.snap(points)
        headings = np.full(2, np.nan, np.float32)
        snaps = roads.snap(points, headings, snaps, np.zeros(2, np.float32))
        roads.street_at(middle)  # each alarm and incident with a place is named by it
        roads.nearest(snaps.at(0), snaps, 2)
        roads.route(snaps.at(0), snaps.at(1))
        print("kernels", sum(before.values()), before["callout.roads.snap._snap"])
        for name, count in compiled().items():
            if count != before[name]:
                print("compiled", name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
