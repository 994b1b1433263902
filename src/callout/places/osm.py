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
from callout.places.tags import Tags, area_kind, is_yes, line_kind, point_kind, road_class
from callout.places.ways import Node, WayReader
from callout.roads import Profile, RawRoads

_UNDEFINED: Final = 2**31 - 1  # osmium::Location::undefined_coordinate
_PROGRESS_EVERY: Final = 20_000


class Point(NamedTuple):
    """A named point of the map: a town, a hospital, an address."""

    layer: str  # place | poi | address
    kind: str
    name: str
    lon_e7: int
    lat_e7: int
    detail: str = ""  # the street's name of an address


class Extract(NamedTuple):
    """All that an import uses of the file."""

    roads: RawRoads  # every highway, also those no vehicle may use (for the map)
    network: RawRoads  # the same first, then ferries, water and slipways
    areas: list[Area]
    drawing: Drawing  # what nothing but the map needs
    points: list[Point]
    skipped: dict[str, int]  # what could not be used, counted


def read_osm(
    pbf: Path, profiles: list[Profile], progress: Callable[[float], None] = lambda _: None
) -> Extract:
    """Read the whole file. BadInputError when it is missing, empty or damaged."""
    size = _size(pbf)
    reader = _Reader(profiles)
    try:
        objects = osmium.FileProcessor(osmium.io.File(str(pbf), "pbf")).with_locations()
        box = objects.header.box()
        if box.valid():
            low, high = box.bottom_left, box.top_right
            reader.box = (low.x, low.y, high.x, high.y)
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
        self.drawing = DrawingReader()
        self.box: Box | None = None
        self.points: list[Point] = []

    def node(self, node: Any) -> None:
        tags = {tag.k: tag.v for tag in node.tags}
        self.ways.node(node.id, tags, node.location.x, node.location.y)
        self._point(tags, node.location.x, node.location.y)

    def way(self, way: Any) -> None:
        tags = {tag.k: tag.v for tag in way.tags}
        highway = road_class(tags)
        if highway:
            self.ways.road(way.id, tags, self._runs(way), highway)
            self.drawing.road(way.id, tags)
        elif "waterway" in tags or "route" in tags or tags.get("leisure") == "slipway":
            self.ways.other(way.id, tags, self._runs(way))
        if tags and not highway and line_kind(tags) is None:
            kind = area_kind(tags)
            if kind is None and point_kind(tags) is None and "addr:housenumber" not in tags:
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
        areas, drawing = self.areas.finish(), self.drawing.finish(self._box(roads))
        self.skipped["coasts_open"] = drawing.coasts_open
        return Extract(roads, network, areas, drawing, self.points, self.skipped)

    def _box(self, roads: RawRoads) -> Box:
        """What the file says it covers, else what its roads cover."""
        if self.box is not None or not len(roads.lonlat):
            return self.box or (0, 0, 0, 0)
        west, south = roads.lonlat.min(axis=0).tolist()
        east, north = roads.lonlat.max(axis=0).tolist()
        return west, south, east, north

    def _points_of(self, way: Any) -> tuple[list[int], NDArray[np.int32]]:
        """Node ids and (m, 2) coordinates of a way, without nodes that the extract left out."""
        nodes = [(ref.ref, ref.x, ref.y) for ref in way.nodes]
        known = [node for node in nodes if node[1] != _UNDEFINED]
        self.skipped["points_without_place"] += len(nodes) - len(known)
        flat = np.array([(x, y) for _, x, y in known], dtype=np.int32).reshape(-1, 2)
        return [ref for ref, _, _ in known], flat

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
        if found is not None:
            self.points.append(Point(found[0], found[1], tags.get("name", ""), x, y))
        self.drawing.number(tags, x, y)
        number, street = tags.get("addr:housenumber"), tags.get("addr:street")
        if number and street:
            self.points.append(Point("address", "address", f"{street} {number}", x, y, street))
