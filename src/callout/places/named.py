"""What OpenStreetMap's tags say that only the gazetteer asks: other names, landmarks, posts."""

import re
from typing import Final

from callout.places.fold import WORDS
from callout.places.tags import Tags

# Keys whose value says what a thing is, most telling first.
_KEYS: Final = (
    "amenity", "shop", "tourism", "leisure", "historic", "man_made", "craft", "office", "railway",
    "aeroway", "healthcare", "emergency", "public_transport", "natural", "building",
)  # fmt: skip
_OTHERS: Final = frozenset(
    {"alt_name", "old_name", "loc_name", "official_name", "short_name", "int_name", "bridge:name"}
)
_LANGUAGE: Final = re.compile(r"(?:alt_|old_)?name:[a-z]{2,3}(?:[-_]\w+)?")
# Kinds that are asked for without a name.
_ASKED: Final = frozenset(WORDS["kinds"])
_KM: Final = re.compile(r"(\d{1,4})(?:[.,](\d{1,3}))?(?:\s*km)?", re.IGNORECASE)


def other_names(tags: Tags) -> set[str]:
    """Other names and, of a road, its number with and without spaces."""
    name = tags.get("name", "")
    found: set[str] = set()
    for tag, text in tags.items():
        if tag in _OTHERS or _LANGUAGE.fullmatch(tag):
            found.update(part.strip() for part in text.split(";"))
    if "highway" in tags and "ref" in tags:
        for ref in tags["ref"].split(";"):
            found.update((ref.strip(), ref.replace(" ", "")))
    return found - {"", name}


def landmark_kind(tags: Tags) -> str | None:
    """Kind of a thing that people name to say where they are; None for what nobody would."""
    if "highway" in tags and tags["highway"] != "bus_stop":
        return None
    if tags.get("highway") == "bus_stop":
        return "bus_stop" if "name" in tags else None
    for tag in _KEYS:
        kind = tags.get(tag, "no")
        if kind in {"no", "yes"}:
            kind = tag if kind == "yes" and tag in {"building", "shop", "office"} else ""
        kind = {"place_of_worship": "church"}.get(kind, kind)
        if kind and ("name" in tags or kind in _ASKED):
            return kind
    return None


def kilometre(tags: Tags) -> str:
    """What a kilometre post says, in metres; "" when it cannot be read."""
    found = _KM.fullmatch((tags.get("distance") or tags.get("pk") or "").strip())
    return str(int(found[1]) * 1000 + int((found[2] or "0").ljust(3, "0"))) if found else ""
