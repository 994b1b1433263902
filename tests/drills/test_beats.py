"""A drill's areas: every station has its ground, and nobody's ground is left out."""

from contextlib import closing
from pathlib import Path

import numpy as np

from callout.base.geo import LonLat, distance_m
from callout.drills import draw_beats
from callout.places import PlacesBoard, open_city
from callout.places.board import _Drawn
from callout.units import Station


def test_first_due_is_who_is_nearest_in_a_line(town: Path) -> None:
    with closing(open_city(town)) as city:
        lonlat = city.roads.graph.arrays["junction_lonlat"]
        rng = np.random.default_rng(7)
        stations = {
            f"{agency}-{n}": Station(
                f"{agency}-{n}", agency, f"Station {n}", LonLat(*lonlat[row].tolist())
            )
            for agency in ("fire", "ems")
            for n, row in enumerate(rng.integers(0, len(lonlat), 5).tolist())
        }
        drawn = draw_beats(city, stations)
        board = PlacesBoard()
        for number, one in enumerate(drawn):
            board._draw(one.id, _Drawn(number, one.fact.body()))
        for row in rng.integers(0, len(lonlat), 200).tolist():
            here = LonLat(*lonlat[row].tolist())
            found = board.areas_at(here)
            assert [a.name for a in found if a.kind == "agency"] == ["ems", "fire"]
            for agency in ("fire", "ems"):
                due = [a for a in found if a.kind == "first_due" and a.agency == agency]
                ours = [s for s in stations.values() if s.agency == agency]
                nearest = min(distance_m(here, s.place) for s in ours)
                assert due
                # Voronoi in degrees: within a few per cent of true metres.
                assert distance_m(here, stations[due[0].of].place) <= nearest * 1.5 + 50
