"""Sizes that a sign or a bridge allows: ``maxheight``, ``maxwidth``, ``maxlength``, ``maxweight``.

Values after https://wiki.openstreetmap.org/wiki/Key:maxheight and Key:maxweight. ``:physical``
wins over the sign, for a beam does not care what the sign says.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

_METRES_PER_FOOT: Final = 0.3048  # exact, international foot
_METRES_PER_INCH: Final = 0.0254
_TONNES: Final = {"": 1.0, "t": 1.0, "kg": 0.001, "st": 0.90718474, "lbs": 0.00045359237}
_METRIC: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*(m|cm)?")
_IMPERIAL: Final = re.compile(r"(\d+)\s*(?:'|ft)\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|''|in)?)?")
_WEIGHT: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*(t|kg|st|lbs)?")
# "default" and "none" say that nothing is lower than vehicles may be. "below_default" is lower
# than that, and nobody measured how low: 3 m is what vans pass and engines do not.
_BELOW_DEFAULT_M: Final = 3.0
_KEYS: Final = (("maxheight", "height_m"), ("maxwidth", "width_m"), ("maxlength", "length_m"))
DIRECTIONS: Final = ("forward", "backward")


class Size(NamedTuple):
    """A vehicle's outline; infinity never, 0 for what has none to speak of."""

    height_m: float = 0.0
    width_m: float = 0.0
    length_m: float = 0.0
    weight_t: float = 0.0


def metres(text: str) -> float | None:
    """A length of a tag in metres; None when it sets no limit or cannot be read."""
    text = text.strip().lower()
    if text == "below_default":
        return _BELOW_DEFAULT_M
    if found := _METRIC.fullmatch(text):
        value = float(found[1].replace(",", "."))
        return value / 100 if found[2] == "cm" else value
    if found := _IMPERIAL.fullmatch(text):
        return int(found[1]) * _METRES_PER_FOOT + float(found[2] or 0) * _METRES_PER_INCH
    return None


def tonnes(text: str) -> float | None:
    """A weight of a tag in tonnes; None when it sets no limit or cannot be read."""
    found = _WEIGHT.fullmatch(text.strip().lower())
    return float(found[1].replace(",", ".")) * _TONNES[found[2] or ""] if found else None


def fits(size: Size, tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether a vehicle passes a way along and against, as far as its size goes."""
    if not any(key.startswith("max") for key in tags):
        return True, True
    whole = _fits(size, tags, "")
    along, against = (whole and _fits(size, tags, f":{side}") for side in DIRECTIONS)
    return along, against


def _fits(size: Size, tags: Mapping[str, str], suffix: str) -> bool:
    for key, ours in _KEYS:
        limit = metres(tags.get(f"{key}:physical{suffix}", ""))
        if limit is None:
            limit = metres(tags.get(f"{key}{suffix}", ""))
        if limit is not None and getattr(size, ours) > limit:
            return False
    limit = tonnes(tags.get(f"maxweight{suffix}", ""))
    return limit is None or size.weight_t <= limit
