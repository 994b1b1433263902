"""Reasons are codes with parameters; these are their English words."""

from typing import Any

_WORDS = {
    "ranked": "{callsign} {time} by road, {distance}",
    "ranked_first": "{callsign} {time} by road",
    "ranked_line": "{callsign} {distance} in a straight line: no road known",
    "nearer_in_line": "{callsign} is nearer in a straight line, {time} by road",
    "nearer_no_road": "{callsign} is nearer in a straight line, but no road leads here",
    "old_position": "position {age} old: ask by radio",
    "at_station": "no position: taken to be at {station}, ask by radio",
    "at_scene": "no position: taken to be at its last scene, ask by radio",
    "first_due": "first due here",
    "outside": "outside its agency's area",
    "off_road": "{distance} from the nearest road",
    "island": "stands on a road that is cut off from the rest",
    "place_island": "the place is on a road that is cut off from the rest",
    "no_place": "The place is not known yet, so nobody can be ranked. Ask the caller.",
    "nobody": "No free unit can serve this type. Look at who could be diverted.",
    "no_road": "No road is known near this place: ranked by straight line",
    "no_road_unit": "no road leads from there to here",
    "busy_dispatched": "on its way to {run} (P{priority})",
    "busy_en_route": "on its way to {run} (P{priority})",
    "busy_on_scene": "on scene at {run}",
    "busy_transporting": "taking a patient from {run} to hospital",
    "busy_at_hospital": "at hospital from {run}",
    "busy_here": "already on this incident",
    "out_of_service": "out of service",
    "crew_out": "its crew is out with {other}",
    "crew_late": "its crew's shift ended {age} ago",
    "mayday": "mayday",
    "not_shared": "free, but {agency} does not let your agency send it",
    "no_capability": "has {have}, needed {need}",
}


def words(code: str, **parameters: Any) -> str:
    """The sentence for a reason's code."""
    return _WORDS[code].format(**parameters)


def clock_words(milliseconds: int) -> str:
    """``m:ss`` to an hour, then ``h:mm``, rounded up to the second."""
    seconds = -(-milliseconds // 1000)
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d}"


def distance_words(metres: float) -> str:
    """``840 m`` or ``1.7 km``."""
    return f"{round(metres / 10) * 10} m" if metres < 995 else f"{metres / 1000:.1f} km"


def age_words(seconds: float) -> str:
    """``48 s``, ``4 min`` or ``3 h``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
