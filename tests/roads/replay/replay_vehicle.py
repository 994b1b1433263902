"""What a vehicle may do by the tags, read from the profile's file and OpenStreetMap's wiki anew.

The profile's TOML file is shared with callout; every line that interprets it is written here once
more. Conditional tags (``*:conditional``) are not judged.
"""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

Tags = dict[str, str]
_OPEN = ("yes", "permissive", "designated", "official", "private", "destination")
_TRUE = ("yes", "true", "1")
_FALSE = ("no", "false", "0", "alternating")


class Verdict(NamedTuple):
    """Why a way may not be driven along and against; "" where it may."""

    along: str
    against: str
    is_contraflow: tuple[bool, bool] = (False, False)


class Vehicle:
    def __init__(self, profile: Path) -> None:
        file = tomllib.loads(profile.read_text(encoding="utf-8"))
        self.file = file
        self.name = file["name"]
        self.outline = file.get("vehicle", {})
        self.access = file["access"]
        # Before profiles said it themselves, all of it was what a car on blue lights may do.
        restrictions = file.get("restrictions", {})
        self.obeys = restrictions.get("obeys", ["", "motorcar"])
        self.exempt = restrictions.get("exempt", self.access.get("exceptions", []))
        self.against = file.get("contraflow")
        self.turns_anywhere = file["turns"].get("u_turn") == "anywhere"
        self._known: dict[tuple, Verdict] = {}

    def way(self, tags: Tags) -> Verdict:
        """Asked often for the same tags."""
        key = tuple(sorted(tags.items()))
        if key not in self._known:
            self._known[key] = self._way(tags)
        return self._known[key]

    def _way(self, tags: Tags) -> Verdict:
        why = self._class(tags) or self._entry(tags)
        if why:
            return Verdict(why, why)
        sizes = [self.too_big(tags, f":{side}") for side in ("forward", "backward")]
        open_ = self._directions(tags)
        contraflow = (False, False)
        words = ["", ""]
        if sum(open_) == 1:
            closed = open_.index(False)
            if self._may_oppose(tags):
                contraflow = (closed == 0, closed == 1)
            elif not self._has_lane_against(tags):
                words[closed] = "oneway"
        elif not any(open_):
            words = ["oneway", "oneway"]
        return Verdict(words[0] or sizes[0], words[1] or sizes[1], contraflow)

    def _class(self, tags: Tags) -> str:
        highway = tags.get("highway", "")
        if highway:
            known = highway in self.file["speeds_kmh"] and tags.get("area") not in _TRUE
            needed = self.file.get("only_if", {}).get(highway)
            if known and needed is not None:
                keys = [key for key in self.access["keys"] if key != "access"]
                known = any(tags.get(key) in needed for key in keys)
            return "" if known else "class"
        if tags.get("route") == "ferry":
            return "" if "ferry" in self.file else "class"
        water = self.file.get("water")
        if water and tags.get("leisure") == "slipway":
            return ""
        return "" if water and tags.get("waterway") in water["kmh"] else "class"

    def _entry(self, tags: Tags) -> str:  # noqa: PLR0911 - one rule after the other
        keys = self.access["keys"]
        if "highway" not in tags and "waterway" in tags:
            keys = self.file["water"]["keys"]
            if tags.get("tunnel", "no") != "no":
                return "access"
        said = self._first(tags, keys)
        if "highway" not in tags and tags.get("route") == "ferry":
            if self.file["ferry"]["needs_tag"] and said not in _OPEN:
                return "access"
            return "access" if said in self.access["denied"] else ""
        if tags.get("motorroad") in _TRUE and not self.access.get("motorroad", True):
            return "access"
        if tags.get("service") == "emergency_access":
            allowed = self.access.get("emergency", True) and tags.get("emergency") != "no"
            return "" if allowed else "access"
        if said in self.access["denied"]:
            has_bus = tags.get("bus") in _OPEN or tags.get("psv") in _OPEN
            return "" if has_bus and self.access.get("bus_lanes") else "access"
        return ""

    def _directions(self, tags: Tags) -> tuple[bool, bool]:
        keys = self.file.get("oneway", {}).get("keys", ["oneway"])
        if "highway" not in tags:
            keys = ["oneway:boat"] if "waterway" in tags else ["oneway"]
        said = self._first(tags, keys)
        if said in _TRUE:
            return True, False
        if said in ("-1", "reverse"):
            return False, True
        if said == "reversible":
            return False, False
        if said in _FALSE or "oneway" not in keys:
            return True, True
        is_implied = tags.get("highway") == "motorway" or _is_round(tags)
        return True, not is_implied

    def _may_oppose(self, tags: Tags) -> bool:
        rule = self.against
        if rule is None or "highway" not in tags or tags["highway"] in rule["never"]:
            return False
        return rule["roundabouts"] or not _is_round(tags)

    def _has_lane_against(self, tags: Tags) -> bool:
        oneway = self.file.get("oneway", {})
        if oneway.get("cycle_lanes"):
            for side in ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both"):
                if tags.get(side, "").startswith("opposite"):
                    return True
                if tags.get(f"{side}:oneway") in ("-1", "reverse", *_FALSE):
                    return True
        if self.access.get("bus_lanes"):
            lanes = (tags.get(key) for key in ("busway", "busway:left", "busway:right"))
            if "opposite_lane" in lanes:
                return True
            return tags.get("oneway:bus") in _FALSE or tags.get("oneway:psv") in _FALSE
        return False

    def contraflow_ms(self, tags: Tags, metres: float) -> float:
        """The least that driving so far against a one-way must be charged, without the entry."""
        kmh = self.file["speeds_kmh"][tags["highway"]]
        posted = re.match(r"\s*(\d+(?:\.\d+)?)\s*(mph)?", tags.get("maxspeed", ""))
        if posted:
            kmh = max(kmh, float(posted[1]) * (1.609344 if posted[2] else 1))
        rules = self.file.get("posted", {})
        most = max([rules.get("factor", 1), *rules.get("by_class", {}).values()])
        return metres * 3600 / (kmh * most * self.against["factor"])

    def node(self, tags: Tags) -> str:
        """Why the node may not be passed, "" when it may."""
        if self.too_big(tags, ":forward") or self.too_big(tags, ":backward"):
            return "size"
        barrier = tags.get("barrier", "")
        if barrier == "bollard" and tags.get("bollard") == "rising":
            barrier = "rising_bollard"
        if "water" in self.file and "waterway" in tags:
            barrier = tags["waterway"]
        if not barrier:
            return ""
        said = self._first(tags, self.access["keys"])
        if said in self.access["denied"]:
            return "barrier"
        return "barrier" if barrier in self.file["barriers"]["closed"] and said not in _OPEN else ""

    def restriction(self, tags: Tags) -> str:
        """no_..., only_..., or "" where the relation does not bind this vehicle."""
        excepted = {word.strip() for word in tags.get("except", "").split(";")}
        if excepted & set(self.exempt):
            return ""
        for kind in self.obeys:
            said = tags.get(f"restriction:{kind}" if kind else "restriction")
            if said is not None:
                return said if said.startswith(("no_", "only_")) else ""
        return ""

    def too_big(self, tags: Tags, side: str) -> str:
        for kind, unit in (("height", "_m"), ("width", "_m"), ("length", "_m"), ("weight", "_t")):
            ours = self.outline.get(kind + unit)
            if ours is None:
                continue
            read = tonnes if kind == "weight" else metres
            for end in ("", side):
                # A measured clearance counts before the sign.
                texts = [tags.get(f"max{kind}:physical{end}", ""), tags.get(f"max{kind}{end}", "")]
                limits = [limit for limit in map(read, texts) if limit is not None]
                if limits and ours > limits[0]:
                    return "size"
        return ""

    @staticmethod
    def _first(tags: Tags, keys: list[str]) -> str:
        for key in keys:
            if key in tags:
                return tags[key]
        return ""


def metres(text: str) -> float | None:
    """3.5 · 3.5 m · 350 cm · 11'6" · 11 ft 6 in; None for what sets no limit."""
    text = text.strip().lower().replace(",", ".")
    if text == "below_default":
        return 3.0  # docs/city.md: nobody measured it; what vans pass and engines do not
    if found := re.fullmatch(r"([\d.]+) ?(m|cm)?", text):
        return _number(found[1], 0.01 if found[2] == "cm" else 1.0)
    if found := re.fullmatch(r"(\d+) ?(?:'|ft) ?(?:([\d.]+) ?(?:\"|''|in)?)?", text):
        return int(found[1]) * 0.3048 + (_number(found[2] or "0", 0.0254) or 0.0)
    return None


def tonnes(text: str) -> float | None:
    """7.5 · 7.5 t · 7500 kg · 5 st · 9000 lbs."""
    found = re.fullmatch(r"([\d.]+) ?(t|kg|st|lbs)?", text.strip().lower().replace(",", "."))
    if not found:
        return None
    scale = {"kg": 1e-3, "st": 0.90718474, "lbs": 0.00045359237}.get(found[2] or "t", 1.0)
    return _number(found[1], scale)


def _number(text: str, scale: float) -> float | None:
    try:
        return float(text) * scale
    except ValueError:
        return None


def _is_round(tags: Tags) -> bool:
    return tags.get("junction") in ("roundabout", "circular")
