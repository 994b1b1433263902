"""The position lane: newest receipt stands, nothing is dropped, everything has its age."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from callout.base.geo import LonLat
from callout.units import Fix, Positions
from fakes import LineRoads, place
from running import Running

fixes = st.builds(
    Fix,
    number=st.integers(0, 300),
    place=st.builds(
        LonLat,
        lon_e7=st.integers(-1_800_000_000, 1_800_000_000),
        lat_e7=st.integers(-900_000_000, 900_000_000),
    ),
    at_us=st.integers(0, 2**52),
    heading=st.floats(0, 360, width=32),
    speed=st.floats(0, 100, width=32),
)


def _car(_number: int) -> str:
    return "car"


@given(st.lists(st.lists(fixes, max_size=20), max_size=10))
def test_the_last_received_stands_whatever_the_device_s_clock_says(
    batches: list[list[Fix]],
) -> None:
    lane, last = Positions(), {}
    for received_us, batch in enumerate(batches, start=1):
        lane.report(batch, received_us)
        last.update({fix.number: (fix, received_us) for fix in batch})
    assert lane.accepted == sum(map(len, batches))
    assert lane.take_changed() == sorted(last)
    assert lane.take_changed() == []
    for number in range(302):
        if number not in last:
            assert lane.place(number) is None
            continue
        fix, received_us = last[number]
        assert lane.place(number) == fix.place
        assert int(lane.received_us[number]) == received_us
        assert int(lane.at_us[number]) == fix.at_us


def test_only_what_changed_is_snapped() -> None:
    lane, roads = Positions(), LineRoads()
    lane.report([Fix(n, place(n * 100), 0, math.nan, math.nan) for n in range(70)], 1)
    assert lane.snap(roads, _car) == 70  # type: ignore[arg-type]
    assert lane.snap(roads, _car) == 0  # type: ignore[arg-type]
    lane.report([Fix(3, place(5), 0, 90.0, 20.0)], 2)
    assert lane.snap(roads, _car) == 1  # type: ignore[arg-type]
    assert lane.edge[3] == 70
    assert (lane.edge[:70] >= 0).all()


def test_the_distance_driven_is_told_when_the_device_says_it() -> None:
    class Told(LineRoads):
        driven_m: Any = None

        def snap(
            self, points: Any, headings: Any, previous: Any, driven_m: Any, **more: Any
        ) -> Any:
            self.driven_m, self.previous = driven_m.tolist(), previous.edge.tolist()
            return super().snap(points, headings, previous, driven_m, **more)

    lane, roads = Positions(), Told()

    def drive(at_s: int, speed: float) -> None:
        lane.report([Fix(0, place(at_s), at_s * 1_000_000, 90.0, speed)], at_s)
        lane.snap(roads, _car)  # type: ignore[arg-type]

    drive(100, 10.0)
    assert math.isnan(roads.driven_m[0])  # never seen before
    drive(102, 12.0)
    assert (roads.driven_m, roads.previous) == ([24.0], [0])
    for at_s, speed in ((102, 12.0), (101, 12.0), (130, 12.0), (131, math.nan)):
        drive(at_s, speed)  # no time has passed, time runs back, silence, no speed
        assert math.isnan(roads.driven_m[0])


def test_a_heading_counts_only_when_moving(town: Path) -> None:
    from callout.places import open_city

    city = open_city(town)
    edges = city.roads.graph.arrays["edge_opposite"]
    lane = Positions()
    junction = city.roads.graph.arrays["junction_lonlat"][100]
    point = LonLat(int(junction[0]), int(junction[1]))
    lane.report([Fix(0, point, 0, 10.0, 0.2), Fix(1, point, 0, 10.0, 15.0)], 1)
    assert lane.snap(city.roads, _car) == 2
    assert lane.edge[0] >= 0
    standing, moving = lane.other[0], lane.other[1]
    assert standing == edges[lane.edge[0]] or standing == -1
    assert moving in {-1, standing, edges[lane.edge[1]]}
    assert np.isfinite(lane.off_road_m[:2]).all()
    city.close()


def test_the_lane_does_not_write_to_the_journal(room: Running) -> None:
    before = room.home.journal.head()
    west, south, _, _ = room.room.picture.city.meta["bbox"]
    with room.client() as api:
        for _ in range(5):
            api.post("/api/positions", json=[{"unit": "E1", "lon": west, "lat": south}] * 50)
    assert room.home.journal.head() == before
