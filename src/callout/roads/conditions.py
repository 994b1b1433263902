"""Rules that hold at certain times: ``access:conditional`` and its like, one tag at a time.

https://wiki.openstreetmap.org/wiki/Conditional_restrictions: ``value @ condition; …``, of those
that hold the last one stands. Times are OpenStreetMap's opening_hours, read by opening-hours-py. A
condition that cannot be judged here (holidays, weather, sunset, residents) is *not understood*:
whoever asks takes the worse of both cases, so a ban that nobody can evaluate is in force.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opening_hours import OpeningHours, validate

from callout.base.errors import BadInputError
from callout.roads.sizes import Size

SUFFIX: Final = ":conditional"
_CLAUSE: Final = re.compile(r"\s*([^@;()]+?)\s*@\s*(\([^()]*\)|[^;()]+)\s*(?:;|$)")
_LIMIT: Final = re.compile(
    r"(?:max)?(height|width|length|weight|weightrating)\s*(<=|>=|<|>|=)\s*(\d+(?:\.\d+)?)\s*(?:t|m)?"
)
_FIELD: Final = {
    "height": "height_m", "width": "width_m", "length": "length_m",
    "weight": "weight_t", "weightrating": "weight_t",
}  # fmt: skip
# What opening_hours can say and nobody here knows: days of a country's calendar, the sun.
_UNSURE: Final = re.compile(
    r"\bSH\b|\bPH\b(?!\s+(?:off|closed))|sunrise|sunset|dawn|dusk|unknown|\"", re.IGNORECASE
)


class Condition(NamedTuple):
    """When a clause holds: a time ("" for always), and sizes a vehicle must have."""

    time: str
    limits: tuple[tuple[str, str, float], ...] = ()
    understood: bool = True

    def binds(self, size: Size) -> bool:
        """Whether a vehicle of that size is meant at all."""
        return all(
            _compare(getattr(size, field), sign, value) for field, sign, value in self.limits
        )


class Clause(NamedTuple):
    """One ``value @ condition``."""

    value: str
    condition: Condition


def clauses(text: str) -> list[Clause]:
    """The clauses of a conditional tag in their order; [] when the text is none."""
    found, at = list[Clause](), 0
    while at < len(text):
        match = _CLAUSE.match(text, at)
        if match is None:
            return []
        found.append(Clause(match[1], condition(match[2].strip("() "))))
        at = match.end()
    return found


@lru_cache(maxsize=4096)
def condition(text: str) -> Condition:
    """Read one condition; ``understood`` is false when any part of it is not."""
    times, limits, understood = list[str](), list[tuple[str, str, float]](), True
    for part in re.split(r"\s+AND\s+", text.strip(), flags=re.IGNORECASE):
        if match := _LIMIT.fullmatch(part.strip()):
            limits.append((_FIELD[match[1]], match[2], float(match[3])))
        else:
            times.append(part.strip())
            understood &= _is_time(part)
    return Condition(" AND ".join(times), tuple(limits), understood)


def with_values(tags: Mapping[str, str], size: Size, holding: Iterable[str]) -> dict[str, str]:
    """The tags with every conditional value whose time is ``holding`` put in its place."""
    now, held = dict(tags), set(holding)
    for key, text in tags.items():
        if key.endswith(SUFFIX):
            for value, when in clauses(text):
                if (not when.time or when.time in held) and when.binds(size):
                    now[key.removesuffix(SUFFIX)] = value
    return now


def holds(time: str, moment: datetime) -> bool:
    """Whether a time of :class:`Condition` holds at a local moment (without a zone)."""
    return all(_hours(part).is_open(moment) for part in time.split(" AND ") if part)


def local_moment(now_us: int, zone: str) -> datetime:
    """The wall clock in an IANA zone, without the zone; BadInputError for a zone that is none."""
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInputError(
            f"{zone!r} is no time zone", todo="Use a name such as Europe/Lisbon"
        ) from None
    return datetime.fromtimestamp(now_us // 1_000_000, there).replace(tzinfo=None)


@lru_cache(maxsize=4096)
def _hours(text: str) -> OpeningHours:
    return OpeningHours(text)


def _is_time(text: str) -> bool:
    return not _UNSURE.search(text) and bool(validate(text.strip()))


def _compare(ours: float, sign: str, value: float) -> bool:
    if sign.startswith(">"):
        return ours > value or (sign == ">=" and ours == value)
    if sign.startswith("<"):
        return ours < value or (sign == "<=" and ours == value)
    return ours == value
