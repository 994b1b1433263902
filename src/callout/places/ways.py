"""Ways that anybody travels on, out of an extract: roads, ferries, water, slipways; their rules.

What each profile makes of the tags is asked here, once for each set of tags that matters. Rules
that hold at certain times become cases (:class:`callout.roads.raw.Case`).
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.base.geo import LonLat, distance_m
from callout.places.slipways import Slip, links
from callout.places.tags import Tags
from callout.roads import CLASSES, Profile, RawRoads, Restriction
from callout.roads.conditions import SUFFIX, clauses, with_values
from callout.roads.oneway import directions
from callout.roads.profile import Pace
from callout.roads.raw import (
    BRIDGE,
    FERRY,
    MOST_TIMES,
    ONEWAY,
    ROUNDABOUT,
    SLIPWAY,
    TUNNEL,
    WATER,
    Case,
)

_WATERWAYS: Final = frozenset({"river", "canal", "fairway", "lake"})
_PATH: Final = CLASSES.index("path")
_STEPS: Final = 1 << MOST_TIMES
# Tags that a profile looks at; the rest (names, surfaces, sources) would only spoil the memory.
_KEYS: Final = frozenset(
    {
        "highway", "service", "area", "access", "vehicle", "motor_vehicle", "motorcar",
        "motorcycle", "bicycle", "foot", "emergency", "bus", "psv", "junction", "motorroad",
        "tunnel", "waterway", "leisure", "route", "boat", "motorboat", "duration", "interval",
    }
)  # fmt: skip
_PREFIXES: Final = ("max", "oneway", "cycleway", "busway")
_NODE_KEYS: Final = ("barrier", "waterway", "maxheight", "maxwidth", "maxheight:physical",
                     "maxwidth:physical", "maxweight", "maxlength")  # fmt: skip

Node = tuple[int, int, int]  # id, x, y (1e-7 degree)


class _Meaning(NamedTuple):
    """What every profile makes of one set of tags."""

    paces: list[Pace]
    when: tuple[str, ...]
    kmh: NDArray[np.float32] | None  # (8, profiles, 2) where it changes by the clock
    not_understood: int


class WayReader:
    """Collects ways, delays of nodes and restrictions while the file streams by."""

    def __init__(self, profiles: list[Profile], skipped: dict[str, int]) -> None:
        """``skipped`` is counted up where something cannot be used."""
        self.profiles = profiles
        self.skipped = skipped
        skipped |= {"ways_too_short": 0, "restrictions_odd": 0, "conditions_not_understood": 0}
        skipped["slipways_unjoined"] = 0
        self._roads, self._others = _Ways(profiles), _Ways(profiles)
        self.names: dict[str, int] = {}
        self._times: dict[str, int] = {}
        self._meanings: dict[frozenset[tuple[str, str]], _Meaning] = {}
        self._delays: dict[int, list[int]] = {}
        self._restrictions: list[Restriction] = []
        self._slips: list[Slip] = []

    def node(self, number: int, tags: Tags, x: int, y: int) -> None:
        """Take a tagged node."""
        if tags.get("leisure") == "slipway":
            self._slips.append(Slip(number, [(number, x, y)]))
        if tags.get("highway") == "traffic_signals" or any(key in tags for key in _NODE_KEYS):
            delays = [profile.node_ms(tags) for profile in self.profiles]
            if any(delays):
                self._delays[number] = delays

    def road(self, number: int, tags: Tags, runs: Sequence[list[Node]], highway: str) -> None:
        """Take a highway=* of a class, in the runs of nodes that the extract has."""
        name = tags.get("name") or tags.get("ref", "")
        place = self.names.setdefault(name, len(self.names)) if name else -1
        flags = BRIDGE * (tags.get("bridge", "no") != "no")
        flags |= TUNNEL * (tags.get("tunnel", "no") not in {"no", "building_passage"})
        flags |= ROUNDABOUT * (tags.get("junction") in {"roundabout", "circular"})
        flags |= ONEWAY * (tags.get("oneway") in {"yes", "1", "true", "-1"})
        self._add(self._roads, number, tags, runs, (CLASSES.index(highway), flags, place))

    def other(self, number: int, tags: Tags, runs: Sequence[list[Node]]) -> None:
        """Take a way that is no road, if it is a ferry, water or a slipway."""
        if tags.get("route") == "ferry":
            self._add(self._others, number, tags, runs, (_PATH, FERRY, -1))
        elif tags.get("waterway") in _WATERWAYS:
            self._add(self._others, number, tags, runs, (_PATH, WATER, -1))
        elif tags.get("leisure") == "slipway" and runs:
            self._add(self._others, number, tags, runs, (_PATH, 0, -1))

    def restriction(self, tags: Tags, members: list[tuple[str, int, str]]) -> None:
        """Take a type=restriction relation: members are type (n, w, r), id, role."""
        words = self._words(tags)
        froms = [ref for kind, ref, role in members if role == "from" and kind == "w"]
        tos = [ref for kind, ref, role in members if role == "to" and kind == "w"]
        nodes = [ref for kind, ref, role in members if role == "via" and kind == "n"]
        ways = tuple(ref for kind, ref, role in members if role == "via" and kind == "w")
        if not words or not froms or not tos or (len(nodes) == 1) == bool(ways):
            self.skipped["restrictions_odd"] += 1
            return
        via_node = 0 if ways else nodes[0]
        for (word, when), profiles in words.items():
            rule, _, kind = word.partition("_")
            self._restrictions += [
                Restriction(rule == "only", a, via_node, ways, b, kind, profiles, when)
                for a in froms
                for b in tos
            ]

    def finish(self) -> tuple[RawRoads, RawRoads]:
        """Roads to draw, and all that is travelled on: the same roads first, then the rest."""
        self._link_slipways()
        drawn = self._raw([self._roads])
        return drawn, self._raw([self._roads, self._others])

    def _words(self, tags: Tags) -> dict[tuple[str, int], int]:
        """What a restriction says, and from when: bits of the profiles it binds."""
        words: dict[tuple[str, int], int] = {}
        odd = set[str]()
        for number, profile in enumerate(self.profiles):
            found = [(profile.restriction(tags), -1)]
            for clause in clauses(profile.restriction(tags, SUFFIX)):
                when = clause.condition
                if not when.binds(profile.size):
                    continue
                if not when.understood:
                    odd.add(when.time)
                timed = when.understood and when.time
                found.append((clause.value, self._time(when.time) if timed else -1))
            for word, at in found:
                if word.partition("_")[0] in {"no", "only"}:
                    words[word, at] = words.get((word, at), 0) | 1 << number
        self.skipped["conditions_not_understood"] += len(odd)
        return words

    def _time(self, text: str) -> int:
        return self._times.setdefault(text, len(self._times))

    def _add(
        self,
        to: "_Ways",
        number: int,
        tags: Tags,
        runs: Sequence[list[Node]],
        kind: tuple[int, int, int],
    ) -> None:
        """Add a way's runs; ``kind`` is class, flags and name."""
        self.skipped["ways_too_short"] += not runs
        road_class, flags, name = kind
        if tags.get("leisure") == "slipway":
            flags |= SLIPWAY
            self._slips += [Slip(number, run) for run in runs]
        open_ = directions(tags)
        oneway = 0 if open_[0] == open_[1] else 1 if open_[0] else -1
        for run in runs:
            meaning = self._ferry(tags, run) if flags & FERRY else self._meaning(tags)
            if meaning.kmh is not None:
                when = tuple(self._time(text) for text in meaning.when)
                to.cases.append(Case(len(to.way_id), when, meaning.kmh))
            to.add(number, run, road_class, flags, oneway, name, meaning.paces)
            self.skipped["conditions_not_understood"] += meaning.not_understood

    def _ferry(self, tags: Tags, run: list[Node]) -> _Meaning:
        metres = sum(distance_m(LonLat(a[1], a[2]), LonLat(b[1], b[2])) for a, b in pairwise(run))
        return _Meaning([profile.way(tags, metres) for profile in self.profiles], (), None, 0)

    def _meaning(self, tags: Tags) -> _Meaning:
        """What the profiles make of the tags, asked once for each set of tags."""
        own = {key: value for key, value in tags.items() if _matters(key)}
        key = frozenset(own.items())
        found = self._meanings.get(key)
        if found is None:
            found = self._meanings[key] = _meaning(own, self.profiles)
        return found

    def _link_slipways(self) -> None:
        """Join each slipway to the nearest road and water that a boat's trailer may use."""
        boats = [number for number, p in enumerate(self.profiles) if p.name == "boat"]
        if not boats or not self._slips:
            return
        paces = [profile.way({"leisure": "slipway"}) for profile in self.profiles]
        land = self._roads.nodes_of(boats[0], 0)
        water = self._others.nodes_of(boats[0], WATER)
        for slip in self._slips:
            found = links(slip, land, water)
            self.skipped["slipways_unjoined"] += found is None
            for run in found or ():
                self._others.add(-slip.id, run, _PATH, SLIPWAY, 0, -1, paces)

    def _raw(self, parts: list["_Ways"]) -> RawRoads:
        nodes = sorted(self._delays)
        delays = np.array([self._delays[node] for node in nodes], dtype=np.int32)
        delays = delays.reshape(-1, len(self.profiles))
        sizes = np.concatenate([part.sizes() for part in parts])
        shifts = [0, *np.cumsum([len(part.way_id) for part in parts]).tolist()]

        def column(name: str, dtype: Any) -> NDArray[Any]:
            return np.concatenate([np.array(getattr(part, name), dtype=dtype) for part in parts])

        kmh = column("kmh", np.float32).reshape(-1, len(self.profiles), 2)
        enter = column("enter_ms", np.int32).reshape(-1, len(self.profiles), 2)
        return RawRoads(
            ptr=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
            way_id=column("way_id", np.int64),
            node_id=column("node_id", np.int64),
            lonlat=column("xy", np.int32).reshape(-1, 2),
            road_class=column("road_class", np.uint8),
            flags=column("flags", np.uint8),
            oneway=column("oneway", np.int8),
            name=column("name", np.int32),
            names=list(self.names),
            kmh={p.name: np.ascontiguousarray(kmh[:, i]) for i, p in enumerate(self.profiles)},
            enter_ms={p.name: enter[:, i] for i, p in enumerate(self.profiles)},
            delay_node=np.array(nodes, dtype=np.int64),
            delay_ms={p.name: delays[:, i] for i, p in enumerate(self.profiles)},
            restrictions=self._restrictions,
            times=list(self._times),
            cases=[
                case._replace(way=case.way + shift)
                for part, shift in zip(parts, shifts, strict=False)
                for case in part.cases
            ],
        )


class _Ways:
    """Columns of ways as they come; see RawRoads."""

    def __init__(self, profiles: list[Profile]) -> None:
        self.profiles = len(profiles)
        self.ptr, self.way_id, self.node_id = array("q", [0]), array("q"), array("q")
        self.xy, self.name, self.enter_ms = array("i"), array("i"), array("i")
        self.road_class, self.flags, self.oneway = array("B"), array("B"), array("b")
        self.kmh = array("f")
        self.cases: list[Case] = []

    def add(
        self,
        number: int,
        run: list[Node],
        road_class: int,
        flags: int,
        oneway: int,
        name: int,
        paces: list[Pace],
    ) -> None:
        for ref, x, y in run:
            self.node_id.append(ref)
            self.xy.append(x)
            self.xy.append(y)
        self.ptr.append(len(self.node_id))
        self.way_id.append(number)
        self.road_class.append(road_class)
        self.flags.append(flags)
        self.oneway.append(oneway)
        self.name.append(name)
        for pace in paces:
            self.kmh.extend(pace[:2])
            self.enter_ms.extend(pace[2:])

    def sizes(self) -> NDArray[np.int64]:
        """(ways,) how many points each way has."""
        ptr: NDArray[np.int64] = np.array(self.ptr, dtype=np.int64)
        return ptr[1:] - ptr[:-1]

    def nodes_of(self, profile: int, flags: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(n,) ids and (n, 2) places of the nodes of ways of exactly these flags of medium."""
        kmh = np.array(self.kmh, dtype=np.float32).reshape(-1, self.profiles, 2)
        medium = np.array(self.flags, dtype=np.uint8) & (WATER | FERRY | SLIPWAY)
        wanted = (kmh[:, profile] > 0).any(axis=1) & (medium == flags)
        points = np.repeat(wanted, self.sizes())
        ids = np.array(self.node_id, dtype=np.int64)[points]
        return ids, np.array(self.xy, dtype=np.int64).reshape(-1, 2)[points]


def _matters(key: str) -> bool:
    key = key.removesuffix(SUFFIX)
    return key in _KEYS or key.startswith(_PREFIXES)


def _meaning(tags: Tags, profiles: list[Profile]) -> _Meaning:
    """Paces of one set of tags, and the cases of its conditional ones.

    ``paces`` are the slowest of all cases; a way that is closed at times is closed there.
    """
    texts = [text for key, text in tags.items() if key.endswith(SUFFIX)]
    if not texts:
        return _Meaning([profile.way(tags) for profile in profiles], (), None, 0)
    found = [clause.condition for text in texts for clause in clauses(text)]
    times = list(dict.fromkeys(c.time for c in found if c.understood and c.time))
    unknown = list(dict.fromkeys(c.time for c in found if not c.understood))
    unknown += times[MOST_TIMES:]
    times = times[:MOST_TIMES]
    kmh = np.empty((_STEPS, len(profiles), 2), dtype=np.float32)
    for held in range(_STEPS):
        holding = [time for bit, time in enumerate(times) if held >> bit & 1]
        for number, profile in enumerate(profiles):
            kmh[held, number] = _worst(tags, profile, holding, unknown)
    worst = kmh.min(axis=0)
    paces = [
        profile.way(tags)._replace(along=float(along), against=float(against))
        for profile, (along, against) in zip(profiles, worst.tolist(), strict=True)
    ]
    unread = len(unknown) + sum(not clauses(text) for text in texts)
    changes = bool((kmh != worst).any())
    return _Meaning(paces, tuple(times) if changes else (), kmh if changes else None, unread)


def _worst(
    tags: Tags, profile: Profile, holding: list[str], unknown: list[str]
) -> tuple[float, float]:
    """Least speeds over what cannot be judged: with none of it, with each, and with all."""
    paces = [
        profile.way(with_values(tags, profile.size, [*holding, *also]))
        for also in _some_of(unknown)
    ]
    return min(pace.along for pace in paces), min(pace.against for pace in paces)


def _some_of(unknown: list[str]) -> Iterator[list[str]]:
    yield []
    if len(unknown) > 1:
        yield from ([one] for one in unknown)
    if unknown:
        yield unknown
