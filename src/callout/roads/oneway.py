"""Which way a road may be driven: one-ways, what is exempt from them, what goes against them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

YES: Final = frozenset({"yes", "true", "1"})
_NO: Final = frozenset({"no", "false", "0", "alternating"})
_BACK: Final = frozenset({"-1", "reverse"})
_ROUND: Final = frozenset({"roundabout", "circular"})
_OPPOSITE: Final = frozenset(
    {"opposite", "opposite_lane", "opposite_track", "opposite_share_busway"}
)
_CYCLE_SIDES: Final = ("cycleway:left", "cycleway:right", "cycleway:both", "cycleway")


class Against(NamedTuple):
    """Driving against a one-way on blue lights: slower, and with a wait at the entry."""

    factor: float
    delay_ms: int
    never: frozenset[str]  # classes on which it is never done
    roundabouts: bool


def directions(tags: Mapping[str, str], keys: Sequence[str] = ("oneway",)) -> tuple[bool, bool]:
    """Whether a way may be used along and against its drawing direction; the first key decides.

    Motorways and roundabouts are one-way unless they say otherwise; motorway links are not
    (https://wiki.openstreetmap.org/wiki/Key:oneway, "Implied oneway restriction"). A
    ``reversible`` one is closed both ways: nobody can tell from here how it runs now.
    """
    value = next((tags[key] for key in keys if key in tags), "")
    if value in YES:
        return True, False
    if value in _BACK:
        return False, True
    if value == "reversible":
        return False, False
    if value in _NO or "oneway" not in keys:
        return True, True
    return True, not (tags.get("highway") == "motorway" or is_round(tags))


def is_round(tags: Mapping[str, str]) -> bool:
    """Whether the way is a roundabout."""
    return tags.get("junction") in _ROUND


def has_contraflow_cycling(tags: Mapping[str, str]) -> bool:
    """Whether bicycles have a lane against the one-way.

    https://wiki.openstreetmap.org/wiki/Key:cycleway, "opposite" values and ``:oneway=-1``.
    """
    return any(
        tags.get(side) in _OPPOSITE or tags.get(f"{side}:oneway") in _BACK | _NO
        for side in _CYCLE_SIDES
    )


def has_contraflow_buses(tags: Mapping[str, str]) -> bool:
    """Whether buses have a lane against the one-way.

    https://wiki.openstreetmap.org/wiki/Bus_lanes, ``busway=opposite_lane``, ``oneway:bus=no``.
    """
    if any(tags.get(f"oneway:{mode}") in _NO for mode in ("bus", "psv")):
        return True
    return any(
        tags.get(key) == "opposite_lane" for key in ("busway", "busway:left", "busway:right")
    )


def read_against(rules: Mapping[str, Any] | None) -> Against | None:
    """The ``[contraflow]`` table of a profile, None when it has none."""
    if rules is None:
        return None
    return Against(
        rules["factor"], rules["delay_ms"], frozenset(rules["never"]), rules["roundabouts"]
    )
