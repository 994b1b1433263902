"""roads: how long to get there. Pure computation over a city's graph folder."""

from callout.roads.build import build_graph
from callout.roads.graph import open_graph, write_graph
from callout.roads.nearest import Ranking
from callout.roads.profile import CLOSED, Profile, load_profile, profile_names
from callout.roads.raw import CLASSES, RawRoads, Restriction
from callout.roads.roads import Roads
from callout.roads.route import Route
from callout.roads.snap import Snap, Snaps

__all__ = [
    "CLASSES",
    "CLOSED",
    "Profile",
    "Ranking",
    "RawRoads",
    "Restriction",
    "Roads",
    "Route",
    "Snap",
    "Snaps",
    "build_graph",
    "load_profile",
    "open_graph",
    "profile_names",
    "write_graph",
]
