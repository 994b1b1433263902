"""The recount must be right by hand, agree with the kernel, and notice what is wrong."""

import random
from pathlib import Path

import numpy as np
import pytest

from callout.drills.check import default_profile
from callout.drills.compare import At, Network, mismatches
from callout.drills.walkers import Streets, tracks
from callout.roads import Roads

_HALF = 500_000


@pytest.fixture
def network() -> Network:
    """A road A-B-C, edges 0: A-B, 1: B-C, 2: C-B, 3: B-A, and 4: a copy of 1.

    0 and 1 take 10 s, 2 and 3 20 s. Turns 0-1 1 s, 2-3 2 s, U-turn 1-2 30 s, 3-0 5 s. Who comes
    from 3 by 0 gets onto the copy 4 for 1 s (as if a ban over ways made it).
    """
    turns = {0: [(1, 1000), (4, 1000)], 1: [(2, 30_000)], 2: [(3, 2000)], 3: [(0, 5000)], 4: []}
    ptr = np.cumsum([0] + [len(turns[edge]) for edge in range(5)]).astype(np.int64)
    flat = [turn for edge in range(5) for turn in turns[edge]]
    return Network(
        np.array([10_000, 10_000, 20_000, 20_000, 10_000], np.int32),
        ptr,
        np.array([to for to, _ in flat], np.int32),
        np.array([ms for _, ms in flat], np.int32),
        np.array([0, 1, 2, 3, 1], np.int32),
    )


def _ms(network: Network, unit: At, incident: At, limit: float = float("inf")) -> float:
    return network.travel_ms(unit, incident, network.labels(incident, limit))


@pytest.mark.parametrize(
    ("unit", "incident", "expected"),
    [
        # Ahead on the same edge: half of 10 s.
        (At(1, 0, -1), At(1, _HALF, -1), 5000),
        # Half of edge 0, the turn, half of edge 1.
        (At(0, _HALF, -1), At(1, _HALF, -1), 5000 + 1000 + 5000),
        # Behind on the same edge: round by U-turn, 2, 3, 0 and back.
        (
            At(1, _HALF, -1),
            At(1, 0, -1),
            5000 + 30_000 + 20_000 + 2000 + 20_000 + 5000 + 10_000 + 1000,
        ),
        # Two-way road: the unit may turn about where it stands.
        (At(1, _HALF, 2), At(3, 0, -1), 10_000 + 2000),
        # The incident may be reached from either side: from 2 directly into 3.
        (At(2, 0, -1), At(0, 250_000, 3), 20_000 + 2000 + 15_000),
    ],
)
def test_by_hand(network, unit, incident, expected):
    assert _ms(network, unit, incident) == expected
    assert _ms(network, unit, incident, expected + 1) == expected


def test_nobody_past_the_limit_and_no_road_is_no_time(network):
    assert _ms(network, At(0, 0, -1), At(1, 0, -1), limit=500) == float("inf")
    assert _ms(network, At(-1, 0, -1), At(1, 0, -1)) == float("inf")


def _explained(ranked: list[tuple[str, int | None]]) -> dict:
    return {
        "times": None,
        "incidents": {"car": {"edge": 1, "offset": _HALF, "other": -1}},
        "candidates": [
            {"unit": "near", "profile": "car", "edge": 1, "offset": 0, "other": -1},
            {"unit": "same", "profile": "car", "edge": 1, "offset": 0, "other": -1},
            {"unit": "far", "profile": "car", "edge": 0, "offset": _HALF, "other": -1},
        ],
        "ranked": [{"unit": unit, "travel_ms": ms} for unit, ms in ranked],
    }


@pytest.mark.parametrize("ranked", [("near", "same"), ("same", "near")])
def test_right_rankings_pass_in_either_order_of_equals(network, ranked):
    assert mismatches(lambda *_: network, _explained([(unit, 5000) for unit in ranked]), 2) == []


def test_all_three(network):
    right = [("near", 5000), ("same", 5000), ("far", 11_000)]
    assert mismatches(lambda *_: network, _explained(right), 3) == []
    assert mismatches(lambda *_: network, _explained(right), 5) == []


@pytest.mark.parametrize(
    ("ranked", "k"),
    [
        ([("near", 5001), ("same", 5000)], 2),  # a wrong time
        ([("near", 4999), ("same", 5000)], 2),
        ([("near", 5000), ("far", 11_000)], 2),  # someone nearer is left out
        ([("near", 5000)], 2),  # too few
        ([], 2),
        ([("near", 5000), ("near", 5000)], 2),  # twice
        ([("far", 11_000), ("near", 5000), ("same", 5000)], 3),  # order
        ([("stranger", 5000), ("near", 5000)], 2),
        ([("near", None), ("same", 5000)], 2),
    ],
)
def test_what_is_wrong_is_said(network, ranked, k):
    assert mismatches(lambda *_: network, _explained(ranked), k)


def test_agrees_with_the_kernel_on_the_made_town(town: Path):
    roads = Roads.open(town / "graph")
    profile = default_profile(town / "graph")
    counted, draw = Network.open(town / "graph", profile), random.Random(5)
    streets = Streets(town / "graph", profile)
    places, headings = tracks(streets, 300, 2, 1.0, 5)
    snaps = roads.snap(np.rint(places[1] * 1e7).astype(np.int64), headings[1].astype(np.float32))
    candidates = [
        {"unit": str(i), "profile": profile, "edge": s.edge, "offset": s.offset, "other": s.other}
        for i, s in enumerate(map(snaps.at, range(snaps.size)))
    ]
    for _ in range(25):
        place = np.rint(np.array([streets.place(draw)]) * 1e7).astype(np.int64)
        to = roads.snap(place).at(0)
        index, travel_ms, *_ = roads.nearest(to, snaps, 6)
        explained = {
            "times": None,
            "incidents": {profile: {"edge": to.edge, "offset": to.offset, "other": to.other}},
            "candidates": candidates,
            "ranked": [
                {"unit": str(i), "travel_ms": ms}
                for i, ms in zip(index.tolist(), travel_ms.tolist(), strict=True)
            ],
        }
        assert mismatches(lambda *_: counted, explained, 6) == []
