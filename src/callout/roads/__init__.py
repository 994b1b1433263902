"""roads: how long to get there. Pure computation over a city's graph folder."""

from callout.roads.answers import Ranking, Reach, Route, Times
from callout.roads.build import build_graph
from callout.roads.engine import Engine
from callout.roads.graph import open_graph, write_graph
from callout.roads.profile import CLOSED, Profile, load_profile, profile_names
from callout.roads.raw import CLASSES, RawRoads, Restriction
from callout.roads.roads import Roads
from callout.roads.snap import Snap, Snaps

__all__ = [
    "CLASSES",
    "CLOSED",
    "Engine",
    "Profile",
    "Ranking",
    "RawRoads",
    "Reach",
    "Restriction",
    "Roads",
    "Route",
    "Snap",
    "Snaps",
    "Times",
    "build_graph",
    "load_profile",
    "open_graph",
    "profile_names",
    "write_graph",
]
