"""How big a made town is, and where its main roads run before they are bent.

``SMALL`` is a town of some 3,700 junctions for quick tests; ``FULL`` has more than 30,000 with the
villages around it, and is what a new user meets. Metres east and north of the town's middle.
"""

from dataclasses import dataclass
from typing import Final

_FarDiagonal = tuple[tuple[float, float], tuple[float, float], str]


@dataclass(frozen=True)
class Scale:
    """One size of town. A north-south road with a name in third place bridges the river."""

    half_width_m: float
    half_height_m: float
    outskirts_m: float
    north_south: tuple[tuple[float, str, str], ...]
    east_west: tuple[tuple[float, str], ...]
    diagonals: tuple[_FarDiagonal, ...]
    old_town_m: float
    grid_m: float
    parks: tuple[tuple[str, int], ...]  # district, how many of its quarters become parks
    docks_m: tuple[float, ...] = ()  # where dock basins are cut into the northern bank
    railway_y: float | None = None
    river_reach_m: float = 2500.0  # how far the river runs on past the town, both ways
    villages: int = 0

    @property
    def full(self) -> bool:
        """Whether the town has what only a big one has: villages, docks, railway, many tongues."""
        return self.villages > 0


SMALL: Final = Scale(
    4300.0,
    3300.0,
    700.0,
    (
        (-4300.0, "secondary", ""),
        (-2750.0, "primary", "Iron Bridge"),
        (-1350.0, "tertiary", ""),
        (-120.0, "secondary", "Old Bridge"),
        (980.0, "primary", "Queen's Bridge"),
        (2250.0, "secondary", ""),
        (4300.0, "secondary", ""),
    ),
    (
        (3300.0, "primary"),
        (2150.0, "secondary"),
        (980.0, "primary"),
        (-1480.0, "primary"),
        (-2380.0, "tertiary"),
        (-3300.0, "primary"),
    ),
    (
        ((-1350.0, 980.0), (-2750.0, 2150.0), "tertiary"),
        ((980.0, 980.0), (2250.0, 2150.0), "secondary"),
        ((980.0, -1480.0), (2250.0, -2380.0), "tertiary"),
        ((-1350.0, -1480.0), (-2750.0, -2380.0), "secondary"),
    ),
    1080.0,
    2500.0,
    (("grid", 1), ("suburb", 1)),
)

FULL: Final = Scale(
    7300.0,
    5900.0,
    1400.0,
    (
        (-7300.0, "tertiary", ""),
        (-5700.0, "secondary", ""),
        (-4150.0, "trunk", "Western Ring Bridge"),
        (-2750.0, "primary", "Iron Bridge"),
        (-1350.0, "tertiary", ""),
        (-120.0, "secondary", "Old Bridge"),
        (980.0, "primary", "Queen's Bridge"),
        (2250.0, "secondary", ""),
        (4500.0, "trunk", ""),
        (5850.0, "secondary", ""),
        (7300.0, "tertiary", ""),
    ),
    (
        (5900.0, "tertiary"),
        (4600.0, "secondary"),
        (3300.0, "trunk"),
        (2150.0, "secondary"),
        (980.0, "primary"),
        (-1480.0, "primary"),
        (-2380.0, "tertiary"),
        (-3400.0, "trunk"),
        (-4650.0, "secondary"),
        (-5900.0, "tertiary"),
    ),
    (
        ((-1350.0, 980.0), (-2750.0, 2150.0), "tertiary"),
        ((980.0, 980.0), (2250.0, 2150.0), "secondary"),
        ((980.0, -1480.0), (2250.0, -2380.0), "tertiary"),
        ((-1350.0, -1480.0), (-2750.0, -2380.0), "secondary"),
        ((-2750.0, 3300.0), (-4150.0, 4600.0), "tertiary"),
        ((-2750.0, -3400.0), (-4150.0, -4650.0), "tertiary"),
    ),
    1080.0,
    3300.0,
    (("grid", 4), ("suburb", 5)),
    docks_m=(4850.0, 5150.0, 5450.0, 6200.0, 6550.0),
    railway_y=1560.0,
    river_reach_m=6500.0,
    villages=24,
)
