"""A place said in numbers: degrees in any usual notation, UTM, MGRS, plus codes, map links.

``read_point`` knows whether a text is a position at all. Where a plain pair of numbers could be
read both ways round, latitude comes first (ISO 6709, and what every phone shows), unless only the
other order is on the earth, or only the other is near the city.
"""
# ruff: noqa: RUF001 - the primes and minus signs that people and programs type

import math
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import mgrs
import utm
from openlocationcode import openlocationcode as plus_code

from callout.base.geo import LonLat, distance_m, lonlat

_NUMBER: Final = r"[-+−]?\d{1,3}(?:[.,]\d+)?"
_PAIR: Final = re.compile(rf"({_NUMBER})\s*°?(?:\s*[,;/|]\s*|\s+)({_NUMBER})\s*°?")
_SIDE: Final = r"[NSEWOL]"
# Degrees, perhaps minutes, perhaps seconds; the last of them may have a fraction.
_ANGLE: Final = re.compile(
    rf"(?P<before>{_SIDE})?\s*(?P<sign>[-+−])?\s*(?P<d>\d{{1,3}}(?:[.,]\d+)?)\s*(?:°|º|d|deg)?"
    r"(?:\s*[: ]?\s*(?P<m>\d{1,2}(?:[.,]\d+)?)\s*(?:['′’m:]|min)?"
    r"(?:\s*(?P<s>\d{1,2}(?:[.,]\d+)?)\s*(?:\"|″|”|''|′′|s|sec)?)?)?"
    rf"\s*(?P<after>{_SIDE})?",
    re.IGNORECASE,
)
_GEO: Final = re.compile(r"geo:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)(?:[,;?].*)?", re.IGNORECASE)
_IN_LINK: Final = (
    re.compile(r"[?&]mlat=(-?\d+(?:\.\d+)?)&mlon=(-?\d+(?:\.\d+)?)"),
    re.compile(r"!3d(-?\d+(?:\.\d+)?)!4d(-?\d+(?:\.\d+)?)"),
    re.compile(
        r"[?&](?:q|query|ll|daddr|destination|cp)=(?:loc:)?"
        r"(-?\d+(?:\.\d+)?)(?:,|~)\+?(-?\d+(?:\.\d+)?)"
    ),
    re.compile(r"[#&]map=\d+(?:\.\d+)?/(-?\d+(?:\.\d+)?)/(-?\d+(?:\.\d+)?)"),
    re.compile(r"@(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)"),
)
_UTM: Final = re.compile(
    r"(?:utm\s*)?(?:zone\s*)?(\d{1,2})\s*([c-hj-np-x])[\s,]+"
    r"(\d{6}(?:[.,]\d+)?)\s*m?\s*e?[\s,;]+(\d{1,8}(?:[.,]\d+)?)\s*m?\s*n?",
    re.IGNORECASE,
)
_MGRS: Final = re.compile(
    r"(?:mgrs\s*)?(\d{1,2})\s*([c-hj-np-x])\s*([a-hj-np-z][a-hj-np-v])\s*([\d\s]{2,12})",
    re.IGNORECASE,
)
_PLUS: Final = re.compile(r"([23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,7})(?:[\s,].*)?")
_LINK: Final = re.compile(r"(?:https?://|www\.|maps\.)", re.IGNORECASE)
_UPRIGHT: Final = frozenset({"N", "S"})
_WORTH_SWAPPING_M: Final = 300_000.0


def read_point(text: str, near: LonLat | None = None) -> LonLat | None:
    """The position that a text is; None when it is none, or not on the earth.

    ``near`` is the middle of the city: it completes short plus codes and settles which number
    of a plain pair is the latitude.
    """
    text = text.strip()
    if not any(char.isdigit() or char == "+" for char in text):
        return None
    for read in _READERS:
        try:
            point = read(text, near)
        except (ValueError, OverflowError, utm.OutOfRangeError, mgrs.core.MGRSError):
            return None  # it has the form of a position, but is none
        if point is not None:
            return point
    return None


def _value(text: str) -> float:
    return float(text.replace(",", ".").replace("−", "-"))


def _link(text: str, _near: LonLat | None) -> LonLat | None:
    geo = _GEO.fullmatch(text)
    if geo:
        return lonlat(float(geo[2]), float(geo[1]))
    if not _LINK.match(text):
        return None
    plain = unquote(text)
    for pattern in _IN_LINK:
        found = pattern.search(plain)
        if found:
            return lonlat(float(found[2]), float(found[1]))
    raise ValueError("a link without a position")


def _plus(text: str, near: LonLat | None) -> LonLat | None:
    found = _PLUS.fullmatch(text.upper())
    if not found or not plus_code.isValid(found[1]):
        return None
    code = found[1]
    if plus_code.isShort(code):
        if near is None:
            return None
        code = plus_code.recoverNearest(code, near.lat, near.lon)
    area = plus_code.decode(code)
    return lonlat(area.longitudeCenter, area.latitudeCenter)


def _utm(text: str, _near: LonLat | None) -> LonLat | None:
    found = _UTM.fullmatch(text)
    if not found:
        return None
    zone, band, east, north = int(found[1]), found[2].upper(), _value(found[3]), _value(found[4])
    lat, lon = utm.to_latlon(east, north, zone, band)
    return lonlat(float(lon), float(lat))


def _mgrs(text: str, _near: LonLat | None) -> LonLat | None:
    found = _MGRS.fullmatch(text)
    if not found:
        return None
    digits = "".join(found[4].split())
    if len(digits) % 2 or len(digits) > 10:
        return None
    # The middle of the square that is named, not its corner.
    half = len(digits) // 2
    easting, northing = (f"{part:0<5}" for part in (digits[:half], digits[half:]))
    middle = 5 * 10 ** (4 - half) if half < 5 else 0
    whole = f"{int(easting) + middle:05d}{int(northing) + middle:05d}"
    zone = f"{int(found[1]):02d}{found[2]}{found[3]}".upper()
    lat, lon = mgrs.MGRS().toLatLon(zone + whole)
    return lonlat(lon, lat)


def _decimal(text: str, near: LonLat | None) -> LonLat | None:
    found = _PAIR.fullmatch(
        re.sub(r"^(?:lat|latitude|coordinates?|gps)\b[\s:=]*", "", text.lower())
    )
    if not found or not any(mark in found[0] for mark in ".,"):
        return None
    first, second = _value(found[1]), _value(found[2])
    # "41,15 8,61" is a pair; "41,15" alone was cut at its own comma and is none.
    if not any(mark in part for part in found.groups() for mark in ".,"):
        return None
    return _either(first, second, near)


def _either(first: float, second: float, near: LonLat | None) -> LonLat:
    """The pair as latitude, longitude unless only the other order makes sense."""
    if abs(first) > 90:
        return lonlat(first, second)
    if abs(second) > 90 or near is None:
        return lonlat(second, first)
    usual, other = lonlat(second, first), lonlat(first, second)
    far, swapped = distance_m(usual, near), distance_m(other, near)
    return other if swapped < _WORTH_SWAPPING_M < far else usual


def _named(text: str, _near: LonLat | None) -> LonLat | None:
    """lat=41.1 lon=-8.6 and its like, in either order."""
    found = dict(
        re.findall(r"\b(lat|lon|lng|long)[a-z]*\s*[:=]?\s*([-+−]?\d{1,3}[.,]\d+)", text.lower())
    )
    lon = found.get("lon") or found.get("lng") or found.get("long")
    if not lon or "lat" not in found:
        return None
    return lonlat(_value(lon), _value(found["lat"]))


def _degrees(text: str, near: LonLat | None) -> LonLat | None:
    """Two angles with signs, hemispheres, minutes or seconds."""
    text = re.sub(r"\s+", " ", text.replace("''", '"'))
    for cut in _cuts(text):
        first, second = (_ANGLE.fullmatch(part.strip(" ,;/")) for part in cut)
        point = _pair_of_angles(first, second, near) if first and second else None
        if point is not None:
            return point
    return None


def _cuts(text: str) -> list[tuple[str, str]]:
    """Where a text may fall into two angles: at its separators, behind a letter, in the middle."""
    places = [match.start() for match in re.finditer(r"[,;/] ?(?=[-+−NSEWOL\d])| ", text)]
    places += [
        match.end() for match in re.finditer(rf"(?<=[\d'\"°′″]){_SIDE}", text, re.IGNORECASE)
    ]
    places += [
        m.start() for m in re.finditer(rf"(?<=[\d'\"°′″ ]){_SIDE}(?=\s*\d)", text, re.IGNORECASE)
    ]
    middle = len(text) / 2
    return [(text[:at], text[at:]) for at in sorted(set(places), key=lambda at: abs(at - middle))]


def _pair_of_angles(
    first: re.Match[str], second: re.Match[str], near: LonLat | None
) -> LonLat | None:
    both = first, second
    if any(match["before"] and match["after"] for match in both):
        return None
    sides = [(match["before"] or match["after"] or "").upper() for match in both]
    degree = "°" in first[0] or "º" in first[0]
    if not (degree or any(match["m"] or not match["d"].isdigit() for match in both)):
        return None  # "5 N 3 W" is a street corner somewhere
    values = [_angle(match, side) for match, side in zip(both, sides, strict=True)]
    if not any(sides):
        # Numbers with a space between: an address is likelier than degrees and minutes.
        return _either(values[0], values[1], near) if degree and second["m"] else None
    if not all(sides) or (sides[0] in _UPRIGHT) == (sides[1] in _UPRIGHT):
        return None
    lat, lon = values if sides[0] in _UPRIGHT else reversed(values)
    point = lonlat(lon, lat)
    if "O" not in sides or near is None:
        return point
    return min(point, lonlat(-lon, lat), key=lambda p: distance_m(p, near))


def _angle(match: re.Match[str], side: str) -> float:
    """Degrees; L is east (leste), O west (oeste, ouest) until the city says Ost."""
    degrees, minutes, seconds = (_value(match[part] or "0") for part in ("d", "m", "s"))
    if minutes >= 60 or seconds >= 60 or ((minutes or seconds) and degrees % 1):
        raise ValueError("minutes and seconds are below 60, and degrees before them whole")
    value = degrees + minutes / 60 + seconds / 3600
    negative = (match["sign"] in {"-", "−"}) != (side in {"S", "W", "O"})
    return math.copysign(value, -1.0 if negative else 1.0)


_READERS: Final[tuple[Callable[[str, LonLat | None], LonLat | None], ...]] = (
    _link, _plus, _utm, _mgrs, _named, _decimal, _degrees,
)  # fmt: skip
