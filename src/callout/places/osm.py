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
from callout.places.drawing import Box, Drawing, DrawingReader
from callout.places.merging import UNREADABLE, check_extract, damaged
from callout.places.named import kilometre, landmark_kind, other_names
from callout.places.tags import (
    Tags,
    area_kind,
    is_odd_speed,
    is_yes,
    line_kind,
    point_kind,
    road_class,
)
from callout.places.ways import Node, WayReader
from callout.roads import Profile, RawRoads

_RANK: Final = {"n": 1, "w": 2, "r": 3}
_MOST_ID: Final = 2**63
_PROGRESS_EVERY: Final = 20_000
# 1e-7 degree. Where there is no place, osmium says 2**31 - 1. A step longer than half round the
# world crosses the 180th meridian: drawn and searched as it stands it would go all round.
_HALF_ROUND: Final = 1_800_000_000
_POLE: Final = 900_000_000


class OutOfOrderError(Exception):
    """Objects do not stand by type and id, or one stands there twice: merge the file first."""


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
    drawing: Drawing  # what nothing but the map needs
    points: list[Point]
    skipped: dict[str, int]  # what could not be used, counted
    also: dict[str, tuple[str, ...]]  # other names and numbers of roads, by name
    mended: dict[str, int]  # what was put right, counted


def read_osm(
    pbf: Path,
    profiles: list[Profile],
    progress: Callable[[float], None] = lambda _: None,
    *,
    ordered: bool = False,
) -> Extract:
    """Read the whole file. BadInputError when it is missing, empty, damaged or an unsaved edit.

    OutOfOrderError when it has to be merged first; never for a file said to be ``ordered``.
    """
    size = check_extract(pbf)
    reader = _Reader(profiles)
    try:
        objects = osmium.FileProcessor(osmium.io.File(str(pbf), "pbf")).with_locations()
        reader.covers(objects.header.box())
        # Hundreds of thousands of nodes only bend a way; the location store has them.
        bare = EmptyTagFilter()
        bare.enable_for(NODE)
        objects.with_filter(bare)
        item: Any
        last = (0, -_MOST_ID)
        for count, item in enumerate(objects):
            if count % _PROGRESS_EVERY == 0:
                # The file's length in objects is not known: about 60 bytes an object, never full.
                progress(min(0.95, count * 60 / size))
            this = (_RANK[item.type_str()], item.id)
            if this <= last and min(this[1], last[1]) >= 0 and not ordered:
                raise OutOfOrderError
            last = this
            reader.take(item)
    except UNREADABLE as error:
        raise damaged(pbf, error) from error
    if reader.unsaved:
        raise BadInputError(
            f"{reader.unsaved} ways have negative ids: it is an edit that was never uploaded",
            where=str(pbf),
            todo="Give an extract of OpenStreetMap's own data",
        )
    extract = reader.extract()
    if not ordered and not len(extract.network.way_id) and reader.skipped["points_without_place"]:
        raise OutOfOrderError  # bare nodes, which do not pass here, may stand after their ways
    return extract


class _Reader:
    """Collects while osmium streams nodes, then ways, then relations."""

    def __init__(self, profiles: list[Profile]) -> None:
        self.skipped = {"points_without_place": 0, "steps_across_180th_meridian": 0}
        self.mended = {"areas_crossing_themselves": 0, "speeds_nobody_drives": 0}
        self.unsaved = 0
        self.ways = WayReader(profiles, self.skipped)
        self.areas = AreaReader()
        self.drawing = DrawingReader()
        self.box: Box | None = None
        self.points: list[Point] = []
        self.also: dict[str, set[str]] = {}
        self.posts: dict[int, tuple[str, str, int, int]] = {}

    def covers(self, box: Any) -> None:
        """What the file's header says it covers, if it says so."""
        if box.valid():
            low, high = box.bottom_left, box.top_right
            self.box = (low.x, low.y, high.x, high.y)

    def take(self, item: Any) -> None:
        """One object of the file."""
        if item.is_node():
            self.node(item)
        elif item.is_way():
            self.way(item)
        elif item.is_relation():
            self.relation(item)

    def node(self, node: Any) -> None:
        tags = {tag.k: tag.v for tag in node.tags}
        if not node.location.valid():
            self.skipped["points_without_place"] += 1
            return
        self.ways.node(node.id, tags, node.location.x, node.location.y)
        self._point(tags, node.location.x, node.location.y)
        if tags.get("highway") == "milestone" and (km := kilometre(tags)):
            road = tags.get("road_ref", "")
            self.posts[node.id] = (road, km, node.location.x, node.location.y)

    def way(self, way: Any) -> None:
        tags = {tag.k: tag.v for tag in way.tags}
        highway = road_class(tags)
        self.unsaved += way.id < 0
        self.mended["speeds_nobody_drives"] += bool(highway) and is_odd_speed(tags)
        if highway:
            self.ways.road(way.id, tags, self._runs(way), highway)
            self._called(way, tags)
            self.drawing.road(way.id, tags)
        elif "waterway" in tags or "route" in tags or tags.get("leisure") == "slipway":
            self.ways.other(way.id, tags, self._runs(way))
        if tags and not highway and line_kind(tags) is None:
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
        self.drawing.way(way.id, tags, xy)
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
        if tags.get("boundary") == "administrative":
            self.drawing.border(tags, [m.ref for m in relation.members if m.type == "w"])

    def extract(self) -> Extract:
        roads, network = self.ways.finish()
        also = {name: tuple(sorted(others)) for name, others in self.also.items()}
        posts = [Point("post", km, road, x, y) for road, km, x, y in self.posts.values() if road]
        points = self.points + posts
        areas, drawing = self.areas.finish(), self.drawing.finish(self._box(roads))
        self.mended["areas_crossing_themselves"] = self.areas.crossed
        self.skipped["coasts_open"] = drawing.coasts_open
        return Extract(roads, network, areas, drawing, points, self.skipped, also, self.mended)

    def _box(self, roads: RawRoads) -> Box:
        """What the file says it covers, else what its roads cover."""
        if self.box is not None or not len(roads.lonlat):
            return self.box or (0, 0, 0, 0)
        west, south = roads.lonlat.min(axis=0).tolist()
        east, north = roads.lonlat.max(axis=0).tolist()
        return west, south, east, north

    def _points_of(self, way: Any) -> tuple[list[int], NDArray[np.int32]]:
        """Node ids and (m, 2) coordinates of a way, without nodes that the extract left out.

        Nothing of a way that crosses the 180th meridian.
        """
        nodes = [(ref.ref, ref.x, ref.y) for ref in way.nodes]
        known = [node for node in nodes if _is_place(node[1], node[2])]
        self.skipped["points_without_place"] += len(nodes) - len(known)
        flat = np.array([(x, y) for _, x, y in known], dtype=np.int32).reshape(-1, 2)
        across = int((np.abs(np.diff(flat[:, 0].astype(np.int64))) > _HALF_ROUND).sum())
        if across:
            self.skipped["steps_across_180th_meridian"] += across
            return [], flat[:0]
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
        """The way cut where the extract lacks a node: nobody knows how the road runs there.

        It is cut at the 180th meridian, too.
        """
        runs: list[list[Node]] = [[]]
        for ref in way.nodes:
            x, y = ref.x, ref.y
            if not _is_place(x, y):
                self.skipped["points_without_place"] += 1
                runs.append([])
                continue
            if runs[-1] and abs(x - runs[-1][-1][1]) > _HALF_ROUND:
                self.skipped["steps_across_180th_meridian"] += 1
                runs.append([])
            if not runs[-1] or runs[-1][-1][0] != ref.ref:
                runs[-1].append((ref.ref, x, y))
        return [run for run in runs if len(run) > 1]

    def _point(self, tags: Tags, x: int, y: int) -> None:
        found = point_kind(tags)
        if found is None and (kind := landmark_kind(tags)):
            found = "landmark", kind
        if found is not None:
            also = tuple(sorted(other_names(tags)))
            self.points.append(Point(found[0], found[1], tags.get("name", ""), x, y, "", also))
        self.drawing.number(tags, x, y)
        number = tags.get("addr:housenumber")
        street = tags.get("addr:street") or tags.get("addr:place")
        if number and street:
            self.points.append(Point("address", "address", number, x, y, street))


def _is_place(x: int, y: int) -> bool:
    return -_HALF_ROUND <= x <= _HALF_ROUND and -_POLE <= y <= _POLE
