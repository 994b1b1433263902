"""Profiles: what a kind of vehicle may drive on and how fast, read from ``profiles/*.toml``.

A profile turns the tags of a way into speeds and the tags of a node into a delay. It knows
OpenStreetMap's keys and nothing of graphs.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).parent / "profiles"
DEFAULT: Final = "car"
# A node or edge that cannot be passed. The largest int32, so it survives in every array.
CLOSED: Final = 2**31 - 1
_KMH_PER_MPH = 1.609344  # exact, international mile
_POSTED = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?\s*")
_YES = frozenset({"yes", "true", "1"})
_OPENED = frozenset({"yes", "permissive", "designated", "official", "private", "destination"})


class TurnRules(NamedTuple):
    """Costs of turning, milliseconds; ``bias`` has no unit (see the profile file)."""

    full_ms: int
    bias: float
    drives_right: bool
    signal_ms: int
    u_turn_ms: int


class Profile:
    """One vehicle's rules. Two profiles read from equal files give equal answers."""

    def __init__(self, rules: Mapping[str, Any]) -> None:
        """``rules`` is the parsed file; KeyError when a table is missing."""
        self.name: str = rules["name"]
        self._speeds: dict[str, float] = rules["speeds_kmh"]
        self._service: dict[str, float] = rules["service_kmh"]
        self._posted: dict[str, float] = rules["posted"]
        self._keys: list[str] = rules["access"]["keys"]
        self._denied = frozenset(rules["access"]["denied"])
        self._exceptions = frozenset(rules["access"]["exceptions"])
        self._closed = frozenset(rules["barriers"]["closed"])
        self._delays: dict[str, int] = rules["barriers"]["ms"]
        turns = rules["turns"]
        self.turns = TurnRules(
            full_ms=turns["full_ms"],
            bias=turns["bias"],
            drives_right=turns["driving_side"] == "right",
            signal_ms=turns["signal_ms"],
            u_turn_ms=turns["u_turn_ms"],
        )

    def way_kmh(self, tags: Mapping[str, str]) -> tuple[float, float]:
        """Speed along and against the way's drawing direction, km/h; 0 where it may not go."""
        kmh = self._speeds.get(tags.get("highway", ""), 0.0)
        if not kmh or tags.get("area") in _YES or not self._may_enter(tags):
            return 0.0, 0.0
        if tags.get("highway") == "service":
            kmh = self._service.get(tags.get("service", ""), kmh)
        kmh = self._posted_kmh(tags.get("maxspeed", "")) or kmh
        along, against = _directions(tags)
        return kmh * along, kmh * against

    def node_ms(self, tags: Mapping[str, str]) -> int:
        """Delay of passing a node in milliseconds: 0 for most, CLOSED where no vehicle passes."""
        barrier = tags.get("barrier", "")
        if barrier == "bollard" and tags.get("bollard") == "rising":
            barrier = "rising_bollard"
        if barrier:
            verdict = self._verdict(tags)
            if verdict in self._denied:
                return CLOSED
            if barrier in self._closed:
                return 0 if verdict in _OPENED else CLOSED
            return 0 if verdict == "yes" else self._delays.get(barrier, 0)
        if tags.get("highway") == "traffic_signals":
            return self.turns.signal_ms
        return 0

    def is_bound_by(self, tags: Mapping[str, str]) -> bool:
        """Whether a turn restriction with these tags holds for this vehicle."""
        return self._exceptions.isdisjoint(
            part.strip() for part in tags.get("except", "").split(";")
        )

    def _verdict(self, tags: Mapping[str, str]) -> str:
        return next((tags[key] for key in self._keys if key in tags), "")

    def _may_enter(self, tags: Mapping[str, str]) -> bool:
        return self._verdict(tags) not in self._denied

    def _posted_kmh(self, text: str) -> float:
        match = _POSTED.fullmatch(text)
        if match is None:
            return 0.0
        kmh = float(match[1]) * (_KMH_PER_MPH if match[2] == "mph" else 1.0)
        if not self._posted["least_kmh"] <= kmh <= self._posted["most_kmh"]:
            return 0.0
        return kmh * self._posted["factor"]


def _directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether a way may be driven along and against its drawing direction.

    Motorways and roundabouts are one-way unless they say otherwise; motorway links are not
    (https://wiki.openstreetmap.org/wiki/Key:oneway, "Implied oneway restriction").
    """
    oneway = tags.get("oneway", "")
    if oneway in _YES:
        return True, False
    if oneway in {"-1", "reverse"}:
        return False, True
    if oneway == "reversible":
        return False, False  # nobody can tell from here which way it runs now
    if oneway in {"no", "false", "0", "alternating"}:
        return True, True
    implied = tags.get("highway") == "motorway" or tags.get("junction") in {
        "roundabout",
        "circular",
    }
    return True, not implied


@lru_cache(maxsize=8)
def load_profile(name: str = DEFAULT) -> Profile:
    """The profile of that name from the package; FileNotFoundError when there is none."""
    return Profile(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")))


def profile_names() -> tuple[str, ...]:
    """Names of all profiles, the default first."""
    others = sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != DEFAULT)
    return (DEFAULT, *others)
