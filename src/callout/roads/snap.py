"""Which road a point is on: by distance, heading and the edge it was on before. Batched."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.roads.graph import Graph
from callout.roads.grid import BACK, BOTH, MAIN
from callout.roads.jit import kernel

# Metres on the earth of 1e-7 degree of latitude: 2 pi R / 360 / 1e7 with R = 6,371,008.8 m.
_M_PER_E7 = 0.011119508
# Going against the road, or across it, counts as this many metres (across: half) of distance.
_AGAINST_M = 25.0
# Staying on the same road, or going on to one that begins where it ends, is this much nearer.
_SAME_ROAD_M = 6.0
_NEXT_ROAD_M = 3.0
# A road that leads nowhere (off the strongly connected part) is taken only this far from others.
_ISLAND_M = 100.0
REACH_M = 1_000.0


class Snap(NamedTuple):
    """A place on the road network; ``edge`` is -1 where no road is within reach."""

    edge: int  # directed edge
    offset: int  # how far along it, millionths of its length
    other: int  # the same road the other way (offset 1,000,000 - offset), -1 when one-way
    distance_m: float  # from the point to the road


class Snaps(NamedTuple):
    """Snaps of many points as arrays of one length; see :class:`Snap`."""

    edge: NDArray[np.int32]
    offset: NDArray[np.int32]
    other: NDArray[np.int32]
    distance_m: NDArray[np.float32]

    @property
    def size(self) -> int:
        """How many points."""
        return len(self.edge)

    def at(self, index: int) -> Snap:
        """One of them."""
        return Snap(
            int(self.edge[index]),
            int(self.offset[index]),
            int(self.other[index]),
            float(self.distance_m[index]),
        )

    def take(self, index: NDArray[Any]) -> "Snaps":
        """Those at the given positions, or where a boolean mask is true."""
        return Snaps(
            self.edge[index], self.offset[index], self.other[index], self.distance_m[index]
        )


class SnapArrays(NamedTuple):
    """What the kernel reads of a graph, in its argument order."""

    grid: NDArray[np.int64]
    grid_ptr: NDArray[np.int32]
    grid_xy: NDArray[np.int32]
    grid_shape: NDArray[np.int32]
    grid_road: NDArray[np.int32]
    grid_bits: NDArray[np.uint8]
    shape_mm: NDArray[np.int32]
    road_mm: NDArray[np.int32]
    road_edge: NDArray[np.int32]
    edge_road: NDArray[np.int32]
    edge_from: NDArray[np.int32]
    edge_to: NDArray[np.int32]


def snap_arrays(
    graph: Graph, road_edge: NDArray[np.int32], grid_bits: NDArray[np.uint8]
) -> SnapArrays:
    """The graph's arrays for :func:`snap_points`, with one vehicle's edges of every road.

    ``road_edge`` is -1 and ``grid_bits`` (pieces,) lacks the bit where it may not drive.
    """
    own = {"grid": graph.grid, "road_edge": road_edge, "grid_bits": grid_bits}
    arrays: dict[str, Any] = graph.arrays | own
    return SnapArrays(*(arrays[name] for name in SnapArrays._fields))


def snap_points(
    arrays: SnapArrays,
    points: NDArray[np.int64],
    headings: NDArray[np.float32] | None,
    previous: NDArray[np.int32] | None,
    allowed: NDArray[np.uint8],
    reach_m: float = REACH_M,
) -> Snaps:
    """Snap (n, 2) points of 1e-7 degree to roads whose ``allowed`` (roads,) is not 0.

    ``headings``: degrees clockwise from north, NaN unknown; ``previous``: directed edges, -1
    unknown.
    """
    count = len(points)
    if headings is None:
        headings = np.full(count, np.nan, dtype=np.float32)
    if previous is None:
        previous = np.full(count, -1, dtype=np.int32)
    found = Snaps(
        np.empty(count, np.int32),
        np.empty(count, np.int32),
        np.empty(count, np.int32),
        np.empty(count, np.float32),
    )
    _snap(
        arrays,
        np.ascontiguousarray(points, dtype=np.int64),
        np.ascontiguousarray(headings, dtype=np.float32),
        np.ascontiguousarray(previous, dtype=np.int32),
        allowed,
        reach_m,
        found,
    )
    return found


@kernel
def _snap(
    arrays: SnapArrays,
    points: NDArray[np.int64],
    headings: NDArray[np.float32],
    previous: NDArray[np.int32],
    allowed: NDArray[np.uint8],
    reach_m: float,
    found: Snaps,
) -> None:
    for index in range(len(points)):
        heading = float(headings[index])
        east, north = math.sin(math.radians(heading)), math.cos(math.radians(heading))
        edge, offset, distance = snap_one(
            arrays,
            points[index, 0],
            points[index, 1],
            east,
            north,
            previous[index],
            allowed,
            reach_m,
        )
        found.edge[index] = edge
        found.offset[index] = offset
        found.distance_m[index] = distance
        found.other[index] = other_way(arrays, edge)


@kernel
def other_way(arrays: SnapArrays, edge: int) -> int:
    """The same road the other way; -1 on a one-way, and for no edge."""
    if edge < 0:
        return -1
    road = arrays.edge_road[edge]
    twin = arrays.road_edge[road, 0]
    return int(arrays.road_edge[road, 1] if twin == edge else twin)


@kernel
def snap_one(  # noqa: C901, PLR0912, PLR0915 - one nest of loops over many arrays
    arrays: SnapArrays,
    x: int,
    y: int,
    east: float,
    north: float,
    previous: int,
    allowed: NDArray[np.uint8],
    reach_m: float,
) -> tuple[int, int, float]:
    """Edge, offset and metres for one point; ``east``, ``north`` are NaN without a heading.

    Looks at rings of cells around the point's own until nothing further out can score better:
    everything in ring r + 1 is at least r cells and the way to the own cell's border away.
    """
    # Locals: reading an array out of the tuple counts its references up and down, every time.
    grid_ptr, xy, grid_bits, grid_road = (
        arrays.grid_ptr, arrays.grid_xy, arrays.grid_bits, arrays.grid_road,
    )  # fmt: skip
    grid = arrays.grid
    x0, y0, dx, dy, nx, ny = grid[0], grid[1], grid[2], grid[3], grid[4], grid[5]
    to_y = _M_PER_E7
    to_x = _M_PER_E7 * math.cos(math.radians(y * 1e-7))
    column, row = (x - x0) // dx, (y - y0) // dy
    in_x, in_y = x - x0 - column * dx, y - y0 - row * dy
    border_m = min(min(in_x, dx - in_x) * to_x, min(in_y, dy - in_y) * to_y)
    cell_m = min(dx * to_x, dy * to_y)
    # Near a pole a cell is nothing wide and rings would never get far: they end with the grid.
    last_ring = max(column, nx - 1 - column, row, ny - 1 - row)
    if max(y0 - y, y - y0 - ny * dy) * to_y > reach_m:
        last_ring = -1
    has_heading = not math.isnan(east)
    last_road, last_to = -1, -1
    if previous >= 0 and previous < len(arrays.edge_road):
        last_road, last_to = arrays.edge_road[previous], arrays.edge_to[previous]
    best = np.inf
    best_m, best_piece, best_t = np.inf, -1, 0.0
    ring = 0
    while True:
        nearest_m = border_m + (ring - 1) * cell_m if ring > 0 else 0.0
        if ring > last_ring or nearest_m - _SAME_ROAD_M > best or nearest_m > reach_m:
            break
        for r in range(max(0, row - ring), min(ny - 1, row + ring) + 1):
            step = 1 if r in (row - ring, row + ring) or ring == 0 else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                if c < 0 or c >= nx:
                    continue
                cell = r * nx + c
                # How far the cell's nearest corner or side is away.
                gap_x = max(0, (c - column) * dx - in_x, (column - c - 1) * dx + in_x) * to_x
                gap_y = max(0, (r - row) * dy - in_y, (row - r - 1) * dy + in_y) * to_y
                if ring > 0 and math.sqrt(gap_x * gap_x + gap_y * gap_y) - _SAME_ROAD_M > best:
                    continue
                for piece in range(grid_ptr[cell], grid_ptr[cell + 1]):
                    bits = grid_bits[piece]
                    if bits & BOTH == 0:
                        continue
                    ax = (xy[piece, 0] - x) * to_x
                    ay = (xy[piece, 1] - y) * to_y
                    vx = (xy[piece, 2] - x) * to_x - ax
                    vy = (xy[piece, 3] - y) * to_y - ay
                    squared = vx * vx + vy * vy
                    t = 0.0
                    if squared > 0.0:
                        t = min(1.0, max(0.0, -(ax * vx + ay * vy) / squared))
                    px, py = ax + t * vx, ay + t * vy
                    within = min(reach_m, best + _SAME_ROAD_M)
                    if px * px + py * py > within * within:
                        continue
                    far = math.sqrt(px * px + py * py)
                    score = far if bits & MAIN else far + _ISLAND_M
                    if has_heading and squared > 0.0:
                        along = (vx * east + vy * north) / math.sqrt(squared)
                        if bits & BOTH == BOTH:
                            along = abs(along)
                        elif bits & BACK:
                            along = -along
                        score += _AGAINST_M * (1.0 - along) / 2.0
                    road = grid_road[piece]
                    if road == last_road:
                        score -= _SAME_ROAD_M
                    # From here on memory is read all over the place: only for who may still win.
                    if score - _NEXT_ROAD_M >= best or allowed[road] == 0:
                        continue
                    if last_to >= 0 and road != last_road and _begins(arrays, road, last_to):
                        score -= _NEXT_ROAD_M
                    if score < best:
                        best, best_m, best_piece, best_t = score, far, piece, t
        ring += 1
    if best_piece < 0:
        return -1, 0, np.inf
    return _place(arrays, best_piece, best_t, east, north, previous, to_x / to_y, best_m)


@kernel
def _begins(arrays: SnapArrays, road: int, junction: int) -> bool:
    """Whether the road can be entered at the junction."""
    ahead, back = arrays.road_edge[road, 0], arrays.road_edge[road, 1]
    return bool(
        (ahead >= 0 and arrays.edge_from[ahead] == junction)
        or (back >= 0 and arrays.edge_from[back] == junction)
    )


@kernel
def _place(
    arrays: SnapArrays,
    piece: int,
    t: float,
    east: float,
    north: float,
    previous: int,
    squeeze: float,
    distance_m: float,
) -> tuple[int, int, float]:
    """The directed edge that a vehicle on this piece is on, and its offset there."""
    road = arrays.grid_road[piece]
    point = arrays.grid_shape[piece]
    ahead, back = arrays.road_edge[road, 0], arrays.road_edge[road, 1]
    along_mm = arrays.shape_mm[point] + t * (arrays.shape_mm[point + 1] - arrays.shape_mm[point])
    offset = 0
    if arrays.road_mm[road] > 0:
        offset = int(along_mm * 1_000_000.0 / arrays.road_mm[road] + 0.5)
        offset = min(1_000_000, max(0, offset))
    backward = ahead < 0
    if ahead >= 0 and back >= 0:
        vx = (arrays.grid_xy[piece, 2] - arrays.grid_xy[piece, 0]) * squeeze
        vy = float(arrays.grid_xy[piece, 3] - arrays.grid_xy[piece, 1])
        if math.isnan(east) or (vx == 0.0 and vy == 0.0):
            backward = previous == back
        else:
            backward = vx * east + vy * north < 0.0
    if backward:
        return back, 1_000_000 - offset, distance_m
    return ahead, offset, distance_m
