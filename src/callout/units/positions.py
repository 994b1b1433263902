"""The position lane: where units' devices say they are, newest receipt wins.

Positions do not go through the journal. They are held in numpy arrays, ordered by receipt (the
device's clock is kept but never trusted to hide a crew), and snapped to the road in batches, off
the ingest path. Nothing here can delay an alarm.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.base.geo import LonLat

if TYPE_CHECKING:  # numba takes a second to load, and the command line reads this room too
    from callout.roads import Roads

_FIRST_ROWS = 64
# After a longer silence the speed says little about how far a unit has come.
_FOLLOWED_S = 15.0


class Fix(NamedTuple):
    """One position report, already checked."""

    number: int
    place: LonLat
    at_us: int
    heading: float
    speed: float


def by_profile(profiles: list[str]) -> dict[str, NDArray[np.int64]]:
    """Positions in the list by the profile that stands there, in the order profiles appear."""
    column = np.array(profiles, dtype=object)
    return {profile: np.flatnonzero(column == profile) for profile in dict.fromkeys(profiles)}


class Positions:
    """Arrays by unit number. Rows grow; a row without a report has ``received_us`` 0."""

    def __init__(self) -> None:
        """Start with no reports."""
        self.lonlat_e7: NDArray[np.int64] = np.zeros((_FIRST_ROWS, 2), np.int64)
        self.heading = np.full(_FIRST_ROWS, np.nan, np.float32)  # degrees from north, NaN unknown
        self.speed = np.full(_FIRST_ROWS, np.nan, np.float32)  # metres a second, NaN unknown
        self.at_us = np.zeros(_FIRST_ROWS, np.int64)
        self.received_us = np.zeros(_FIRST_ROWS, np.int64)
        self.edge = np.full(_FIRST_ROWS, -1, np.int32)
        self.offset = np.zeros(_FIRST_ROWS, np.int32)
        self.other = np.full(_FIRST_ROWS, -1, np.int32)
        self.snapped_us = np.zeros(_FIRST_ROWS, np.int64)  # the device's clock at the last snap
        self.off_road_m = np.zeros(_FIRST_ROWS, np.float32)
        self._to_snap: set[int] = set()
        self._to_show: set[int] = set()
        self.accepted = 0

    def report(self, fixes: list[Fix], received_us: int) -> None:
        """Take checked reports in; the last one of a unit stands."""
        if not fixes:
            return
        columns = list(zip(*fixes, strict=True))
        rows = np.array(columns[0], np.int64)
        self.reserve(int(rows.max()) + 1)
        # Of a unit that stands twice in a batch numpy keeps the last, as we want.
        self.lonlat_e7[rows] = np.array(columns[1], np.int64)
        self.at_us[rows] = np.array(columns[2], np.int64)
        self.heading[rows] = np.array(columns[3], np.float32)
        self.speed[rows] = np.array(columns[4], np.float32)
        self.received_us[rows] = received_us
        self._to_snap.update(columns[0])
        self._to_show.update(columns[0])
        self.accepted += len(fixes)

    def reserve(self, rows: int) -> None:
        """Make room for that many units."""
        have = len(self.at_us)
        if rows <= have:
            return
        more = max(rows, have * 2) - have
        for name, fill in (
            ("heading", np.nan),
            ("speed", np.nan),
            ("at_us", 0),
            ("received_us", 0),
            ("edge", -1),
            ("offset", 0),
            ("other", -1),
            ("snapped_us", 0),
            ("off_road_m", 0),
        ):
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.full(more, fill, old.dtype)]))
        self.lonlat_e7 = np.concatenate([self.lonlat_e7, np.zeros((more, 2), np.int64)])

    def place(self, number: int) -> LonLat | None:
        """Where the unit's device last said it was, or None before its first report."""
        if number >= len(self.received_us) or not self.received_us[number]:
            return None
        lon_e7, lat_e7 = self.lonlat_e7[number]
        return LonLat(int(lon_e7), int(lat_e7))

    def snap(self, roads: "Roads", profile_of: Callable[[int], str]) -> int:
        """Put the rows reported since the last call on the road; how many there were.

        ``profile_of`` tells which vehicle a unit number drives: each is put on roads it may use.
        """
        from callout.roads import Snaps  # noqa: PLC0415 - see above

        if not self._to_snap:
            return 0
        rows = np.fromiter(self._to_snap, np.int64, len(self._to_snap))
        self._to_snap.clear()
        moving = np.nan_to_num(self.speed[rows]) > 1.5
        headings = np.where(moving, self.heading[rows], np.float32(np.nan)).astype(np.float32)
        for profile, of in by_profile([profile_of(row) for row in rows.tolist()]).items():
            mine = rows[of]
            last = Snaps(
                self.edge[mine], self.offset[mine], self.other[mine], self.off_road_m[mine]
            )
            driven_m = self._driven_m(mine)
            snaps = roads.snap(self.lonlat_e7[mine], headings[of], last, driven_m, profile=profile)
            self.edge[mine] = snaps.edge
            self.offset[mine] = snaps.offset
            self.other[mine] = snaps.other
            self.off_road_m[mine] = snaps.distance_m
            self.snapped_us[mine] = self.at_us[mine]
        return len(rows)

    def _driven_m(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Metres driven since the last snap, NaN where the reports do not say."""
        seconds = (self.at_us[rows] - self.snapped_us[rows]) / 1e6
        told = (seconds > 0) & (seconds <= _FOLLOWED_S)
        metres = np.where(told, self.speed[rows] * seconds, np.nan)
        return metres.astype(np.float32)

    def take_changed(self) -> list[int]:
        """Numbers of the units that reported since the last call, in order."""
        changed = sorted(self._to_show)
        self._to_show.clear()
        return changed
