"""Reading an .osm.pbf once: ways, places and restrictions into arrays, nothing decided yet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import osmium
from numpy.typing import NDArray
from osmium.filter import EmptyTagFilter
from osmium.osm import NODE

from callout.base.errors import BadInputError
from callout.places.areas import Area, AreaReader
from callout.places.named import kilometre, landmark_kind, other_names
from callout.places.tags import Tags, area_kind, is_yes, point_kind, road_class
from callout.places.ways import Node, WayReader
from callout.roads import Profile, RawRoads
from callout.roads.raw import ONEWAY

__all__ = ["ONEWAY", "Extract", "Point", "read_osm"]

_UNDEFINED: Final = 2**31 - 1  # osmium::Location::undefined_coordinate
_PROGRESS_EVERY: Final = 20_000


class Point(NamedTuple):
    """A named point of the map: a town, a hospital, an address."""

    layer: str  # place | poi | landmark (not drawn) | address | post (a road's kilometre)
    kind: str  # the metres of a post
    name: str  # the number of an address, the road of a post
    lon_e7: int
    lat_e7: int
    detail: str = ""  # the street's name of an address
    also: tuple[str, ...] = ()  # its other names


class Extract(NamedTuple):
    """All that an import uses of the file."""

    roads: RawRoads  # every highway, also those no vehicle may use (for the map)
    network: RawRoads  # the same first, then ferries, water and slipways
    areas: list[Area]
    lines: list[tuple[str, NDArray[np.int32]]]  # waterways: kind, (m, 2) lon, lat
    points: list[Point]
    skipped: dict[str, int]  # what could not be used, counted
    also: dict[str, tuple[str, ...]]  # other names and numbers of roads, by name


def read_osm(
    pbf: Path, profiles: list[Profile], progress: Callable[[float], None] = lambda _: None
) -> Extract:
    """Read the whole file. BadInputError when it is missing, empty or damaged."""
    size = _size(pbf)
    reader = _Reader(profiles)
    try:
        objects = osmium.FileProcessor(osmium.io.File(str(pbf), "pbf")).with_locations()
        # Hundreds of thousands of nodes only bend a way; the location store has them.
        bare = EmptyTagFilter()
        bare.enable_for(NODE)
        objects.with_filter(bare)
        item: Any
        for count, item in enumerate(objects):
            if count % _PROGRESS_EVERY == 0:
                # The file's length in objects is not known: about 60 bytes an object, never full.
                progress(min(0.95, count * 60 / size))
            if item.is_node():
                reader.node(item)
            elif item.is_way():
                reader.way(item)
            elif item.is_relation():
                reader.relation(item)
    except (RuntimeError, osmium.InvalidLocationError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"the file is damaged or no .osm.pbf ({error})",
            where=str(pbf),
            todo="Download it again and compare its checksum",
        ) from error
    return reader.extract()


def _size(pbf: Path) -> int:
    try:
        size = pbf.stat().st_size
        with pbf.open("rb"):
            pass
    except OSError as error:
        raise BadInputError(
            f"the file cannot be read ({error.strerror})",
            where=str(pbf),
            todo="Give the path of an .osm.pbf file",
        ) from error
    if size == 0:
        raise BadInputError("the file is empty", where=str(pbf), todo="Download it again")
    return size


class _Reader:
    """Collects while osmium streams nodes, then ways, then relations."""

    def __init__(self, profiles: list[Profile]) -> None:
        self.skipped = {"points_without_place": 0}
        self.ways = WayReader(profiles, self.skipped)
        self.areas = AreaReader()
        self.lines: list[tuple[str, NDArray[np.int32]]] = []
        self.points: list[Point] = []
        self.also: dict[str, set[str]] = {}
        self.posts: dict[int, tuple[str, str, int, int]] = {}

    def node(self, node: Any) -> None:
        tags = {tag.k: tag.v for tag in node.tags}
        self.ways.node(node.id, tags, node.location.x, node.location.y)
        self._point(tags, node.location.x, node.location.y)
        if tags.get("highway") == "milestone" and (km := kilometre(tags)):
            road = tags.get("road_ref", "")
            self.posts[node.id] = (road, km, node.location.x, node.location.y)

    def way(self, way: Any) -> None:
        tags = {tag.k: tag.v for tag in way.tags}
        highway = road_class(tags)
        if highway:
            self.ways.road(way.id, tags, self._runs(way), highway)
            self._called(way, tags)
        elif "waterway" in tags or "route" in tags or tags.get("leisure") == "slipway":
            self.ways.other(way.id, tags, self._runs(way))
        if tags and not highway and tags.get("waterway") not in {"river", "canal", "stream"}:
            kind = area_kind(tags)
            if (
                kind is None
                and point_kind(tags) is None
                and landmark_kind(tags) is None
                and "addr:housenumber" not in tags
            ):
                return
        if highway and not is_yes(tags.get("area", "")):
            return
        _, xy = self._points_of(way)
        if len(xy) < 2:
            return
        if tags.get("waterway") in {"river", "canal", "stream"}:
            self.lines.append((tags["waterway"], xy))
            return
        self.areas.way(way.id, tags, xy)
        if len(xy):
            middle = (xy.min(axis=0).astype(np.int64) + xy.max(axis=0)) // 2
            self._point(tags, int(middle[0]), int(middle[1]))

    def relation(self, relation: Any) -> None:
        tags = {tag.k: tag.v for tag in relation.tags}
        kind = tags.get("type", "")
        if kind == "multipolygon":
            members = [(m.ref, m.role) for m in relation.members if m.type == "w"]
            self.areas.relation(tags, members)
        elif kind == "restriction":
            self.ways.restriction(tags, [(m.type, m.ref, m.role) for m in relation.members])

    def extract(self) -> Extract:
        roads, network = self.ways.finish()
        also = {name: tuple(sorted(others)) for name, others in self.also.items()}
        posts = [Point("post", km, road, x, y) for road, km, x, y in self.posts.values() if road]
        points = self.points + posts
        areas = self.areas.finish()
        return Extract(roads, network, areas, self.lines, points, self.skipped, also)

    def _points_of(self, way: Any) -> tuple[list[int], NDArray[np.int32]]:
        """Node ids and (m, 2) coordinates of a way, without nodes that the extract left out."""
        nodes = [(ref.ref, ref.x, ref.y) for ref in way.nodes]
        known = [node for node in nodes if node[1] != _UNDEFINED]
        self.skipped["points_without_place"] += len(nodes) - len(known)
        flat = np.array([(x, y) for _, x, y in known], dtype=np.int32).reshape(-1, 2)
        return [ref for ref, _, _ in known], flat

    def _called(self, way: Any, tags: Tags) -> None:
        """Other names of a road, and which posts stand on it."""
        name, number = tags.get("name", ""), tags.get("ref", "")
        if others := other_names(tags) - {name or number}:
            self.also.setdefault(name or number, set()).update(others)
        for ref in way.nodes if self.posts and number else ():
            post = self.posts.get(ref.ref)
            if post is not None and not post[0]:
                self.posts[ref.ref] = (number.partition(";")[0], *post[1:])

    def _runs(self, way: Any) -> list[list[Node]]:
        """The way cut where the extract lacks a node: nobody knows how the road runs there."""
        runs: list[list[Node]] = [[]]
        for ref in way.nodes:
            x = ref.x
            if x == _UNDEFINED:
                self.skipped["points_without_place"] += 1
                runs.append([])
            elif not runs[-1] or runs[-1][-1][0] != ref.ref:
                runs[-1].append((ref.ref, x, ref.y))
        return [run for run in runs if len(run) > 1]

    def _point(self, tags: Tags, x: int, y: int) -> None:
        found = point_kind(tags)
        if found is None and (kind := landmark_kind(tags)):
            found = "landmark", kind
        if found is not None:
            also = tuple(sorted(other_names(tags)))
            self.points.append(Point(found[0], found[1], tags.get("name", ""), x, y, "", also))
        number = tags.get("addr:housenumber")
        street = tags.get("addr:street") or tags.get("addr:place")
        if number and street:
            self.points.append(Point("address", "address", number, x, y, street))
