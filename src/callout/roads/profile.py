"""Profiles: what a kind of vehicle may drive on and how fast, read from ``profiles/*.toml``.

A profile turns the tags of a way into speeds and the tags of a node into a delay. It knows
OpenStreetMap's keys and nothing of graphs. docs/city.md lists every key of the files.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from callout.roads import durations
from callout.roads.oneway import (
    YES,
    directions,
    has_contraflow_buses,
    has_contraflow_cycling,
    is_round,
    read_against,
)
from callout.roads.sizes import Size, fits

FOLDER: Final = Path(__file__).parent / "profiles"
DEFAULT: Final = "car"
# A node or edge that cannot be passed. The largest int32, so it survives in every array.
CLOSED: Final = 2**31 - 1
_KMH_PER_MPH = 1.609344  # exact, international mile
_POSTED = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?\s*")
_OPENED = frozenset({"yes", "permissive", "designated", "official", "private", "destination"})


class TurnRules(NamedTuple):
    """Costs of turning, milliseconds; ``bias`` has no unit (see the profile file)."""

    full_ms: int
    bias: float
    drives_right: bool
    signal_ms: int
    u_turn_ms: int
    u_turn_anywhere: bool


class Pace(NamedTuple):
    """Speeds along and against a way (km/h, 0: closed) and what it costs to get onto it."""

    along: float = 0.0
    against: float = 0.0
    enter_along_ms: int = 0
    enter_against_ms: int = 0


SHUT: Final = Pace()


class Profile:
    """One vehicle's rules. Two profiles read from equal files give equal answers."""

    def __init__(self, rules: Mapping[str, Any]) -> None:
        """``rules`` is the parsed file; KeyError when a table is missing."""
        self.name: str = rules["name"]
        self.size = Size(**rules["vehicle"])
        self._speeds: dict[str, float] = rules["speeds_kmh"]
        self._service: dict[str, float] = rules.get("service_kmh", {})
        self._posted: dict[str, Any] = rules.get("posted", {})
        access = rules["access"]
        self._keys: list[str] = access["keys"]
        self._denied = frozenset(access["denied"])
        self._is_emergency: bool = access["emergency"]
        self._bus_lanes: bool = access["bus_lanes"]
        self._motorroad: bool = access["motorroad"]
        self._slowed: dict[str, float] = access.get("slowed_kmh", {})
        self._only_if = {kind: frozenset(of) for kind, of in rules.get("only_if", {}).items()}
        self._closed = frozenset(rules["barriers"]["closed"])
        self._delays: dict[str, int] = rules["barriers"].get("ms", {})
        self._oneway_keys: list[str] = rules["oneway"]["keys"]
        self._cycle_lanes: bool = rules["oneway"]["cycle_lanes"]
        self._against = read_against(rules.get("contraflow"))
        self._obeys: list[str] = rules["restrictions"]["obeys"]
        self._exempt = frozenset(rules["restrictions"]["exempt"])
        self._ferry: dict[str, Any] = rules.get("ferry", {})
        self._water: dict[str, Any] = rules.get("water", {})
        turns = rules["turns"]
        self.turns = TurnRules(
            full_ms=turns["full_ms"],
            bias=turns["bias"],
            drives_right=turns["driving_side"] == "right",
            signal_ms=turns["signal_ms"],
            u_turn_ms=turns["u_turn_ms"],
            u_turn_anywhere=turns["u_turn"] == "anywhere",
        )

    def way_kmh(self, tags: Mapping[str, str]) -> tuple[float, float]:
        """Speed along and against the way's drawing direction, km/h; 0 where it may not go."""
        pace = self.way(tags)
        return pace.along, pace.against

    def way(self, tags: Mapping[str, str], length_m: float = 0.0) -> Pace:
        """What a way is to this vehicle. ``length_m`` turns a ferry's duration into a speed."""
        highway = tags.get("highway", "")
        if tags.get("route") == "ferry" and not highway:
            return self._on_ferry(tags, length_m)
        if self._water and not highway and "waterway" in tags:
            return self._on_water(tags)
        if self._water and tags.get("leisure") == "slipway":
            kmh, launch_ms = self._water["slipway_kmh"], self._water["launch_ms"]
            open_ = self._verdict(tags) not in self._denied
            return Pace(kmh, kmh, launch_ms, launch_ms) if open_ else SHUT
        kmh = self._road_kmh(highway, tags)
        if not kmh:
            return SHUT
        fit_along, fit_against = fits(self.size, tags)
        pace = self._in_directions(kmh, highway, tags)
        return Pace(
            pace.along * fit_along,
            pace.against * fit_against,
            pace.enter_along_ms,
            pace.enter_against_ms,
        )

    def node_ms(self, tags: Mapping[str, str]) -> int:
        """Delay of passing a node in milliseconds: 0 for most, CLOSED where no vehicle passes."""
        barrier = tags.get("barrier", "")
        if barrier == "bollard" and tags.get("bollard") == "rising":
            barrier = "rising_bollard"
        if self._water and "waterway" in tags:
            barrier = tags["waterway"]
        if not all(fits(self.size, tags)):
            return CLOSED
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

    def restriction(self, tags: Mapping[str, str], suffix: str = "") -> str:
        """The turn restriction that binds this vehicle (``no_left_turn``), "" when none does.

        ``restriction:<type>`` of its own type wins over ``restriction``; ``suffix`` is
        ``:conditional`` for those. https://wiki.openstreetmap.org/wiki/Relation:restriction
        """
        if not self._obeys or not self.is_bound_by(tags):
            return ""
        keys = [f"restriction:{kind}" if kind else "restriction" for kind in self._obeys]
        return next((tags[key + suffix] for key in keys if key + suffix in tags), "")

    def is_bound_by(self, tags: Mapping[str, str]) -> bool:
        """Whether a turn restriction with these tags holds for this vehicle."""
        return self._exempt.isdisjoint(part.strip() for part in tags.get("except", "").split(";"))

    def _verdict(self, tags: Mapping[str, str]) -> str:
        return next((tags[key] for key in self._keys if key in tags), "")

    def _road_kmh(self, highway: str, tags: Mapping[str, str]) -> float:
        """Speed where the road's direction allows it; 0 where the vehicle may not go at all."""
        kmh = self._speeds.get(highway, 0.0)
        if not kmh or tags.get("area") in YES or not self._may_enter(highway, tags):
            return 0.0
        if highway == "service":
            kmh = self._service.get(tags.get("service", ""), kmh)
        kmh = self._posted_kmh(highway, tags.get("maxspeed", "")) or kmh
        return min(kmh, self._slowed.get(self._verdict(tags), kmh))

    def _may_enter(self, highway: str, tags: Mapping[str, str]) -> bool:
        verdict = self._verdict(tags)
        if tags.get("motorroad") in YES and not self._motorroad:
            return False
        if tags.get("service") == "emergency_access":
            return self._is_emergency and tags.get("emergency") != "no"
        if verdict in self._denied:
            return self._bus_lanes and any(tags.get(key) in _OPENED for key in ("bus", "psv"))
        needed = self._only_if.get(highway)
        return needed is None or any(
            tags.get(key) in needed for key in self._keys if key != "access"
        )

    def _in_directions(self, kmh: float, highway: str, tags: Mapping[str, str]) -> Pace:
        open_ = directions(tags, self._oneway_keys)
        if sum(open_) != 1:
            return Pace(kmh * open_[0], kmh * open_[1])
        if (self._cycle_lanes and has_contraflow_cycling(tags)) or (
            self._bus_lanes and has_contraflow_buses(tags)
        ):
            return Pace(kmh, kmh)
        rule = self._against
        if rule is None or highway in rule.never or (is_round(tags) and not rule.roundabouts):
            return Pace(kmh * open_[0], kmh * open_[1])
        slow = kmh * rule.factor
        if open_[0]:
            return Pace(kmh, slow, 0, rule.delay_ms)
        return Pace(slow, kmh, rule.delay_ms, 0)

    def _on_ferry(self, tags: Mapping[str, str], length_m: float) -> Pace:
        if not self._ferry:
            return SHUT
        verdict = self._verdict(tags)
        if verdict in self._denied or (self._ferry["needs_tag"] and verdict not in _OPENED):
            return SHUT
        if not all(fits(self.size, tags)):
            return SHUT
        takes_s = durations.seconds(tags.get("duration", ""))
        kmh = length_m / takes_s * 3.6 if takes_s and length_m else self._ferry["kmh"]
        every_s = durations.seconds(tags.get("interval", ""))
        wait_ms = every_s * 500 if every_s else self._ferry["wait_ms"]
        along, against = directions(tags)
        return Pace(kmh * along, kmh * against, wait_ms, wait_ms)

    def _on_water(self, tags: Mapping[str, str]) -> Pace:
        keys = self._water["keys"]
        verdict = next((tags[key] for key in keys if key in tags), "")
        if verdict in self._denied or tags.get("tunnel", "no") != "no":
            return SHUT
        kmh = self._water["kmh"].get(tags["waterway"], 0.0)
        along, against = directions(tags, ["oneway:boat"])
        return Pace(kmh * along, kmh * against)

    def _posted_kmh(self, highway: str, text: str) -> float:
        match = _POSTED.fullmatch(text) if self._posted else None
        if match is None:
            return 0.0
        kmh = float(match[1]) * (_KMH_PER_MPH if match[2] == "mph" else 1.0)
        if not self._posted["least_kmh"] <= kmh <= self._posted["most_kmh"]:
            return 0.0
        kmh *= self._posted.get("by_class", {}).get(highway, self._posted["factor"])
        return float(min(kmh, self._posted.get("top_kmh", kmh)))


@lru_cache(maxsize=16)
def load_profile(name: str = DEFAULT) -> Profile:
    """The profile of that name from the package; FileNotFoundError when there is none."""
    return Profile(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")))


def profile_names() -> tuple[str, ...]:
    """Names of all profiles, the default first."""
    others = sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != DEFAULT)
    return (DEFAULT, *others)
