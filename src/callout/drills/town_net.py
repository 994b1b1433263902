"""Streets joined into one network: shared nodes where they meet, one piece, no one-way trap."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from callout.drills.town_street import Points, Street

_MEETS_M: Final = 0.8  # an end this near to another street is on it
_MERGES_M: Final = 7.0  # two crossings of one street nearer than this are one
_SAME_M: Final = 0.2


@dataclass
class Net:
    """Nodes (n, 2) in metres and, for each street, the nodes it runs through."""

    nodes: Points
    streets: list[Street]
    runs: list[list[int]] = field(default_factory=list)

    def uses(self) -> NDArray[np.int64]:
        """How many street ends or passings meet in each node (a junction has more than two)."""
        count = np.zeros(len(self.nodes), np.int64)
        for run in self.runs:
            count[run] += 2
            count[run[0]] -= 1
            count[run[-1]] -= 1
        return count


def join(streets: list[Street]) -> Net:
    """The network of these streets, without what hangs together with nothing."""
    cuts = _cuts(streets)
    lines = [_with_cuts(street, cuts[index]) for index, street in enumerate(streets)]
    net = _numbered(streets, lines)
    net = _largest_piece(net)
    _open_traps(net)
    return net


def _cuts(streets: list[Street]) -> list[list[tuple[float, Points]]]:
    """For each street the distances along it where it meets others, with the shared points."""
    lines = np.array([street.line for street in streets], dtype=object)
    ground = np.array([street.ground for street in streets])
    tree = shapely.STRtree(lines)
    first, second = tree.query(lines, predicate="dwithin", distance=_MEETS_M)
    once = (first < second) & (ground[first] | ground[second])
    first, second = first[once], second[once]
    both = ground[first] & ground[second]
    owners: list[int] = []
    points: list[tuple[float, float]] = []

    def add(i: int, j: int, x: float, y: float) -> None:
        owners.extend((i, j))
        points.extend(((x, y), (x, y)))

    crossings = shapely.intersection(lines[first[both]], lines[second[both]])
    for i, j, where in zip(first[both], second[both], crossings, strict=True):
        for point in shapely.get_parts(where):
            if point.geom_type == "Point":
                add(int(i), int(j), point.x, point.y)
    for a, b in ((first, second), (second, first)):
        for i, j in zip(a, b, strict=True):
            if not ground[j]:
                continue
            for end in (streets[i].points[0], streets[i].points[-1]):
                if lines[j].distance(shapely.Point(end)) < _MEETS_M:
                    add(int(i), int(j), float(end[0]), float(end[1]))
    return _merged(lines, owners, np.array(points))


def _merged(
    lines: NDArray[np.object_], owners: list[int], points: Points
) -> list[list[tuple[float, Points]]]:
    """Crossings nearer than ``_MERGES_M`` become one, in the middle of them all."""
    pairs = cKDTree(points).query_pairs(_MERGES_M, output_type="ndarray")
    shape = (len(points), len(points))
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=shape)
    count, label = connected_components(links, directed=False)
    weight = np.bincount(label, minlength=count)
    centre = np.column_stack(
        [np.bincount(label, points[:, axis], minlength=count) / weight for axis in (0, 1)]
    )
    cuts: list[list[tuple[float, Points]]] = [[] for _ in lines]
    for owner, group in sorted(set(zip(owners, label.tolist(), strict=True))):
        where = centre[group]
        cuts[owner].append((float(lines[owner].project(shapely.Point(where))), where))
    return cuts


def _with_cuts(street: Street, cuts: list[tuple[float, Points]]) -> Points:
    """The street's line through its crossings; bends right beside a crossing give way to it."""
    points = street.points
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    kept = [
        (at_m, point)
        for at_m, point in zip(along.tolist(), points, strict=True)
        if all(abs(at_m - cut_m) > _MERGES_M for cut_m, _ in cuts)
    ]
    return np.array([point for _, point in sorted(kept + cuts, key=lambda pair: pair[0])])


def _numbered(streets: list[Street], lines: list[Points]) -> Net:
    """Vertices within ``_SAME_M`` of each other get the same number."""
    every = np.vstack(lines)
    pairs = cKDTree(every).query_pairs(_SAME_M, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(every),) * 2)
    count, label = connected_components(links, directed=False)
    _, first = np.unique(label, return_index=True)
    nodes = every[first]
    net, start = Net(nodes, []), 0
    for street, line in zip(streets, lines, strict=True):
        run = label[start : start + len(line)].tolist()
        start += len(line)
        run = [node for i, node in enumerate(run) if i == 0 or node != run[i - 1]]
        if len(run) > 1:
            net.streets.append(street)
            net.runs.append(run)
    assert count == len(nodes)
    return net


def _arcs(net: Net, *, both_ways: bool) -> coo_array:
    tails: list[int] = []
    heads: list[int] = []
    for street, run in zip(net.streets, net.runs, strict=True):
        if not both_ways and not drivable(street):
            continue
        tails += run[:-1]
        heads += run[1:]
        if both_ways or street.tags.get("oneway") != "yes":
            tails += run[1:]
            heads += run[:-1]
    count = len(net.nodes)
    return coo_array((np.ones(len(tails)), (tails, heads)), shape=(count, count))


def drivable(street: Street) -> bool:
    """Whether a car may be on it at all."""
    return street.highway not in {"", "footway", "pedestrian", "path", "cycleway", "steps"}


def _largest_piece(net: Net) -> Net:
    _, label = connected_components(_arcs(net, both_ways=True), directed=False)
    main = int(np.argmax(np.bincount(label)))
    kept = [i for i, run in enumerate(net.runs) if label[run[0]] == main]
    used = sorted({node for i in kept for node in net.runs[i]})
    number = {node: i for i, node in enumerate(used)}
    runs = [[number[node] for node in net.runs[i]] for i in kept]
    return Net(net.nodes[used], [net.streets[i] for i in kept], runs)


def _open_traps(net: Net) -> None:
    """One-way streets that lead to or from where no car gets out or in become two-way."""
    while True:
        _, label = connected_components(_arcs(net, both_ways=False), connection="strong")
        main = int(np.argmax(np.bincount(label)))
        opened = False
        for street, run in zip(net.streets, net.runs, strict=True):
            loose = any(label[node] != main for node in run)
            if loose and street.tags.get("oneway") == "yes" and street.highway == "residential":
                street.tags = {k: v for k, v in street.tags.items() if k != "oneway"}
                opened = True
        if not opened:
            return
