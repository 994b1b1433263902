"""What people and programs see of the boards: plain dictionaries, the API's shapes.

Degrees are floats here and only here; everything inside is integers of 1e-7 degree.
"""

from typing import Any

from callout.base.geo import LonLat
from callout.dispatch import Picture
from callout.dispatch.picture import Warned
from callout.incidents import Alarm, Incident
from callout.places import Area
from callout.units import Unit
from callout.web.log_words import log_line


def place_view(place: LonLat, name: str, *, verified: bool) -> dict[str, Any]:
    """{lon, lat, name, verified} in degrees."""
    return {"lon": place.lon, "lat": place.lat, "name": name, "verified": verified}


def area_view(area: Area) -> dict[str, Any]:
    """An area without its shape."""
    return {
        "id": area.id,
        "kind": area.kind,
        "name": area.name,
        "agency": area.agency or None,
        "of": area.of or None,
        "text": area.text,
    }


def unit_view(picture: Picture, unit: Unit, now_us: int) -> dict[str, Any]:
    """A unit with its position and that position's age."""
    station = picture.units.stations.get(unit.station)
    return {
        "id": unit.id,
        "number": unit.number,
        "callsign": unit.callsign,
        "agency": unit.agency,
        "kind": unit.kind,
        "profile": unit.profile,
        "capabilities": unit.capabilities,
        "status": unit.status.value,
        "since_us": unit.since_us,
        "incident": unit.incident or None,
        "mayday": unit.mayday,
        "crew": _crew(unit),
        "seq": unit.seq,
        "station": None
        if station is None
        else {
            "id": station.id,
            "name": station.name,
            "lon": station.place.lon,
            "lat": station.place.lat,
        },
        "position": _position(picture, unit, now_us),
        "warnings": [_warning(picture, warned) for warned in picture.warnings.get(unit.id, ())],
    }


def _crew(unit: Unit) -> dict[str, Any] | None:
    """Who is on it, by id: enough to see which units cannot go at once."""
    if unit.crew is None:
        return None
    return {
        "vehicle": unit.crew.vehicle or None,
        "persons": [member.person for member in unit.crew.members],
        "since_us": unit.crew.since_us,
        "ends_us": unit.crew.ends_us or None,
    }


def _warning(picture: Picture, warned: Warned) -> dict[str, Any]:
    """A closed road under a crew or on its way."""
    closure = picture.places.closures.get(warned.closure)
    return {
        "kind": warned.kind,
        "closure": warned.closure,
        "name": closure.name if closure else "",
        "until_us": closure.until_us if closure else None,
    }


def _position(picture: Picture, unit: Unit, now_us: int) -> dict[str, Any] | None:
    where = picture.where(unit, now_us)
    if where is None:
        return None
    lane, row = picture.positions, unit.number
    reported = lane.place(row) is not None
    heading = float(lane.heading[row]) if reported else float("nan")
    speed = float(lane.speed[row]) if reported else float("nan")
    return {
        "lon": where.place.lon,
        "lat": where.place.lat,
        "heading": None if heading != heading else round(heading, 1),  # noqa: PLR0124 - NaN
        "speed": None if speed != speed else round(speed, 1),  # noqa: PLR0124 - NaN
        "at_us": int(lane.at_us[row]) if reported else None,
        "received_us": int(lane.received_us[row]) if reported else None,
        "age_s": round(where.age_s, 1) if reported else None,
        "source": where.source,
    }


def _side_place(picture: Picture, seq: int, *, verified: bool = True) -> dict[str, Any] | None:
    side = picture.journal.side(seq, "place")
    if side is None:
        return None
    place = LonLat(side["lon_e7"], side["lat_e7"])
    name = side.get("name", "") or picture.city.street_at(place)
    return place_view(place, name, verified=side.get("verified", verified))


def _side_text(picture: Picture, seq: int) -> str | None:
    side = picture.journal.side(seq, "text")
    return side["text"] if side else None


def alarm_view(picture: Picture, alarm: Alarm) -> dict[str, Any]:
    """An alarm; ``erased`` once its key has been destroyed."""
    device = picture.journal.side(alarm.seq, "device")
    return {
        "id": alarm.id,
        "seq": alarm.seq,
        "kind": alarm.kind,
        "verified": alarm.verified,
        "marks": alarm.marks,
        "raised_us": alarm.raised_us,
        "claimed_us": alarm.claimed_us,
        "fix": alarm.fix,
        "device": device["device"] if device else None,
        "erased": device is None,
        "place": _side_place(picture, alarm.seq, verified=alarm.verified) if alarm.fix else None,
        "text": _side_text(picture, alarm.seq),
        "acknowledged": {"by": alarm.acknowledged_by, "at_us": alarm.acknowledged_us}
        if alarm.acknowledged_us
        else None,
        "level": alarm.level,
        "incident": alarm.incident or None,
    }


def incident_view(
    picture: Picture, incident: Incident, *, with_log: bool = False
) -> dict[str, Any]:
    """An incident; with its log in words for the card."""
    kind = picture.incidents.types.get(incident.type)
    view = {
        "id": incident.id,
        "number": incident.number,
        "run": f"{incident.run}-{incident.number}",
        "agency": incident.agency,
        "type": {"code": incident.type, "name": kind.name if kind else incident.type},
        "priority": incident.priority,
        "limit_s": kind.limit_s if kind else None,
        "place": _side_place(picture, incident.place_seq) if incident.place_seq >= 0 else None,
        "text": _side_text(picture, incident.seq),
        "state": incident.state,
        "opened_us": incident.opened_us,
        "first_dispatched_us": incident.first_dispatched_us or None,
        "waiting_since_us": incident.waiting_since_us or None,
        "closed_us": incident.closed_us or None,
        "requeued": incident.requeued,
        "erased": bool(incident.erased_us),
        "alarms": list(incident.alarms),
        "units": [_part(picture, incident, part.unit, part) for part in incident.units],
        "version": incident.version,
        "seq": incident.entries[-1],
    }
    if with_log:
        where = picture.place_of(incident)
        view["areas"] = (
            [area_view(area) for area in picture.places.areas_at(where[0])] if where else []
        )
        view["log"] = [
            log_line(picture, picture.journal.entry(seq)) for seq in incident.entries[-200:]
        ]
    return view


def _part(picture: Picture, incident: Incident, unit: str, part: Any) -> dict[str, Any]:
    times = picture.times.of(incident.id, unit)
    return {
        "id": unit,
        "joined_us": part.joined_us,
        "en_route_us": times.en_route_us or None,
        "on_scene_us": times.on_scene_us or None,
        "transporting_us": times.transporting_us or None,
        "at_hospital_us": times.at_hospital_us or None,
        "left_us": part.left_us or None,
        "reason": part.reason or None,
    }


def storage_view(picture: Picture) -> dict[str, Any]:
    """How much room the journal has: {level, free_mb}."""
    storage = picture.journal.storage()
    return {"level": storage.level, "free_mb": storage.free_bytes // (1024 * 1024)}
