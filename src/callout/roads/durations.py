"""Durations as OpenStreetMap writes them: ``duration=*`` and ``interval=*`` of ferries."""

import re
from typing import Final

_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d+)(?::(\d+))?")
_ISO: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def seconds(text: str) -> int:
    """Seconds of ``minutes``, ``hh:mm``, ``hh:mm:ss`` or an ISO 8601 duration; 0: none of these.

    https://wiki.openstreetmap.org/wiki/Key:duration
    """
    text = text.strip()
    if found := _CLOCK.fullmatch(text):
        hours, minutes, rest = (int(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + rest
    if found := _ISO.fullmatch(text):
        days, hours, minutes, rest = (int(part or 0) for part in found.groups())
        return days * 86_400 + hours * 3600 + minutes * 60 + rest
    return 0
