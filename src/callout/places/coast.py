"""The sea, from open coastlines: water lies to the right of a coast's direction.

<https://wiki.openstreetmap.org/wiki/Tag:natural%3Dcoastline>. The coasts and the edge of the
extract cut its box into faces; a face is sea when every stretch of coast on its rim has it to the
right. A face that has coast on both sides (a coast that ends within the extract) stays land: a
town under water would be worse than a bay without it.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

_BESIDE_E7 = 2.0  # how far beside a coast is looked, 1e-7 degree: 2 cm


def sea(
    coasts: list[NDArray[np.int32]], box: tuple[int, int, int, int]
) -> tuple[shapely.Geometry, int]:
    """The sea within the box, and how many faces were left dry because they are in doubt."""
    frame = shapely.box(*box)
    if not coasts or shapely.area(frame) == 0:
        return shapely.Polygon(), 0
    owner = np.repeat(np.arange(len(coasts)), [len(coast) for coast in coasts])
    points = np.concatenate(coasts).astype(np.float64)
    lines = shapely.intersection(shapely.linestrings(points, indices=owner), frame)
    rims = shapely.union_all([*np.asarray(lines), shapely.boundary(frame)])
    faces: NDArray[Any] = np.asarray(shapely.get_parts(shapely.polygonize([rims])))
    right, left = (_seen(faces, points, owner, side) for side in (1.0, -1.0))
    wet = right & ~left
    return shapely.union_all(faces[wet]), int((right & left).sum())


def _seen(
    faces: NDArray[Any], points: NDArray[np.float64], owner: NDArray[np.int64], side: float
) -> NDArray[np.bool_]:
    """Which faces lie to the right (side 1) or left (-1) of some piece of coast."""
    piece = np.diff(points, axis=0)
    length = np.hypot(piece[:, 0], piece[:, 1])
    # Short pieces tell little: a point beside them may be beyond their neighbour.
    told = (owner[1:] == owner[:-1]) & (length > 4 * _BESIDE_E7)
    across = np.stack((piece[told, 1], -piece[told, 0]), axis=1) / length[told, None]
    middle = (points[1:][told] + points[:-1][told]) / 2 + across * side * _BESIDE_E7
    found = np.zeros(len(faces), dtype=bool)
    found[shapely.STRtree(faces).query(shapely.points(middle), predicate="within")[1]] = True
    return found
