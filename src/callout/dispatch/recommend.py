"""Who should go, and why: free units that can serve the type, ranked by time on the road.

Filters of capability and status stand before the search, never after. What is passed over is
said with its reason, and so is a unit that is nearer in a straight line.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from callout.access import Action, Actor, Share, authorize, reaches, sees
from callout.base.geo import EARTH_RADIUS_M, LonLat
from callout.dispatch.picture import STALE_S, Picture
from callout.dispatch.words import age_words, clock_words, distance_words, words
from callout.incidents import Incident, IncidentType, incident_subject
from callout.places import Area
from callout.roads import Route, Snap, Snaps
from callout.units import FREE, Unit, by_profile, unit_subject
from callout.units.signing import called

_PASSED_OVER_SHOWN = 12
_OLD_S = 30
_OFF_ROAD_M = 100


class Ranked(msgspec.Struct, kw_only=True):
    """One unit that could go. ``travel_ms`` is None when no road is known."""

    unit: str
    callsign: str
    kind: str
    profile: str
    travel_ms: int | None
    distance_m: int | None
    straight_m: int
    position_age_s: float
    source: str
    words: str
    route: list[tuple[float, float]] = []


class PassedOver(msgspec.Struct, kw_only=True):
    """One unit that is not proposed, and why."""

    unit: str
    callsign: str
    code: str
    words: str
    incident: str = ""


class Explained(msgspec.Struct, kw_only=True):
    """Everything an outsider needs to compute the ranking anew on the city's graph.

    ``incidents``: the place as each profile reaches it. ``times``: positions in the graph's list
    of times of those whose rules are in force, None where no moment is known.
    """

    epoch: int
    times: list[int] | None
    incidents: dict[str, dict[str, int]]
    candidates: list[dict[str, Any]]
    ranked: list[dict[str, Any]]


class Recommendation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The answer for one incident at one moment."""

    incident: str
    seq: int
    epoch: int
    profile: str
    degraded: bool | str
    words: str
    ranked: list[Ranked]
    passed_over: list[PassedOver]
    passed_over_counts: dict[str, int]
    ms: float = 0.0
    generated_us: int = 0
    explain: Explained | None = None


class _Sorted:
    """Every unit, sorted once: who can be ranked, and who cannot, with the reason's code."""

    def __init__(
        self, picture: Picture, actor: Actor, incident: Incident, kind: IncidentType
    ) -> None:
        need = set(kind.capabilities)
        self.free: list[Unit] = []
        self.others: list[tuple[Unit, str]] = []
        self.counts: dict[str, int] = {}
        unfit = 0
        for unit in picture.units.by_number:
            subject = unit_subject(unit)
            if not sees(actor, subject):
                continue
            if need.isdisjoint(unit.capabilities):
                unfit += 1
            elif not (code := _why_not(picture, actor, unit, incident)):
                self.free.append(unit)
            else:
                self.counts[code] = self.counts.get(code, 0) + 1
                self.others.append((unit, code))
        if unfit:
            self.counts["no_capability"] = unfit


class _Candidates:
    """Free units that can serve, with where they are, in arrays for the search."""

    def __init__(self, picture: Picture, units: list[Unit], now_us: int) -> None:
        lane = picture.positions
        picture.snap()
        lane.reserve(len(picture.units.by_number))
        rows = np.array([unit.number for unit in units], np.int64)
        silent = now_us - lane.received_us[rows] > STALE_S * 1_000_000
        # Those whose device is silent are taken to be elsewhere; who is nowhere is left out.
        wheres = {row: picture.where(units[row], now_us) for row in np.flatnonzero(silent).tolist()}
        keep = np.array([wheres.get(row, True) is not None for row in range(len(units))], bool)
        self.units = [unit for unit, kept in zip(units, keep.tolist(), strict=True) if kept]
        self.lonlat = lane.lonlat_e7[rows]
        for row, where in wheres.items():
            if where is not None:
                self.lonlat[row] = where.place
        snaps = Snaps(lane.edge[rows], lane.offset[rows], lane.other[rows], lane.off_road_m[rows])
        if wheres:
            self._put_on_roads(picture, units, snaps, np.flatnonzero(silent))
        self.lonlat, self.snaps = self.lonlat[keep], snaps.take(keep)
        self.profiles = [picture.profile_of(unit) for unit in self.units]
        self.by_profile = by_profile(self.profiles)

    def _put_on_roads(
        self, picture: Picture, units: list[Unit], snaps: Snaps, rows: NDArray[np.int64]
    ) -> None:
        """Snap the given rows where they are taken to be, each to roads its vehicle may use."""
        for profile, of in by_profile(
            [picture.profile_of(units[row]) for row in rows.tolist()]
        ).items():
            mine = rows[of]
            found = picture.roads.snap(self.lonlat[mine], None, None, profile=profile)
            for ours, theirs in zip(snaps, found, strict=True):
                ours[mine] = theirs


def straight_m(to: LonLat, lonlat_e7: NDArray[np.int64]) -> NDArray[np.float64]:
    """Great-circle metres from one point to each row of (n, 2) lon, lat in 1e-7 degree."""
    lon, lat = np.radians(lonlat_e7[:, 0] / 1e7), np.radians(lonlat_e7[:, 1] / 1e7)
    to_lon, to_lat = np.radians(to.lon), np.radians(to.lat)
    h = np.sin((lat - to_lat) / 2) ** 2
    h += np.cos(lat) * np.cos(to_lat) * np.sin((lon - to_lon) / 2) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(h))
    return metres


def recommend(
    picture: Picture, actor: Actor, incident_id: str, *, k: int = 5, explain: bool = False
) -> Recommendation:
    """Rank the k units that can be there first. Times are integer milliseconds by ``roads``.

    Raises NotFoundError for an unknown incident. Without a known place nobody is ranked; where
    no road is known the ranking is by straight line, and ``degraded`` says so.
    """
    began_us = picture.clock.monotonic_us()
    incident = picture.incidents.incident(incident_id)
    authorize(actor, Action.RECOMMEND, incident_subject(incident))
    kind = picture.incidents.type(incident.type)
    now_us = picture.clock.now_us()
    answer = Recommendation(
        incident=incident.id,
        seq=picture.seq,
        epoch=picture.roads.epoch,
        profile=picture.roads.profiles[0],
        degraded=False,
        words="",
        ranked=[],
        passed_over=[],
        passed_over_counts={},
        generated_us=now_us,
    )
    found = _Sorted(picture, actor, incident, kind)
    place = picture.place_of(incident)
    if place is None:
        answer.words, answer.degraded = words("no_place"), words("no_place")
    else:
        candidates = _Candidates(picture, found.free, now_us)
        _rank(picture, answer, place[0], candidates, k, explain=explain)
    answer.passed_over = _passed_over(
        picture, actor, found.others, place[0] if place else None, now_us
    )
    answer.passed_over_counts = found.counts
    answer.ms = (picture.clock.monotonic_us() - began_us) / 1000
    return answer


def _rank(
    picture: Picture,
    answer: Recommendation,
    place: LonLat,
    candidates: _Candidates,
    k: int,
    *,
    explain: bool,
) -> None:
    if not candidates.units:
        answer.words = words("nobody")
        return
    roads, snaps = picture.roads, candidates.snaps
    line_m = straight_m(place, candidates.lonlat)
    areas = picture.places.areas_at(place)
    point = np.array([place], np.int64)
    to = {
        profile: roads.snap(point, None, None, profile=profile).at(0)
        for profile in candidates.by_profile
    }
    found: list[tuple[int, int | None, Route | None]] = []
    for travel_ms, row in _first(picture, candidates, to, k):
        profile = candidates.profiles[row]
        found.append((row, travel_ms, roads.route(snaps.at(row), to[profile], profile)))
    if not found:
        answer.degraded = words("no_road")
        found = [(row, None, None) for row in np.argsort(line_m, kind="stable")[:k].tolist()]
    for row, time_ms, route in found:
        ranked = _ranked(
            picture, answer.generated_us, candidates, row, time_ms, route, line_m[row], areas
        )
        answer.ranked.append(ranked)
    answer.words = _headline(picture, answer, candidates, to, line_m)
    if explain:
        answer.explain = _explained(answer, candidates, to, roads.times_holding)


def _first(
    picture: Picture, candidates: _Candidates, to: dict[str, Snap], k: int
) -> list[tuple[int, int]]:
    """Milliseconds and row of the k that are there first, each by its own vehicle's roads."""
    found: list[tuple[int, int]] = []
    for profile, rows in candidates.by_profile.items():
        first = picture.roads.nearest(to[profile], candidates.snaps.take(rows), k, profile)
        found += zip(first.travel_ms.tolist(), rows[first.candidate].tolist(), strict=True)
    return sorted(found)[:k]


def _ranked(
    picture: Picture,
    answer_us: int,
    candidates: _Candidates,
    row: int,
    time_ms: int | None,
    route: Route | None,
    line_m: float,
    areas: list[Area],
) -> Ranked:
    unit = candidates.units[row]
    where = picture.where(unit, answer_us)
    assert where is not None
    distance = route.distance_m if route else line_m
    code = "ranked" if time_ms is not None else "ranked_line"
    said = [
        words(
            code,
            callsign=unit.callsign,
            time=clock_words(time_ms or 0),
            distance=distance_words(distance),
        )
    ]
    if where.source == "station":
        said.append(words("at_station", station=picture.units.stations[unit.station].name))
    elif where.source == "scene":
        said.append(words("at_scene"))
    elif where.age_s > _OLD_S:
        said.append(words("old_position", age=age_words(where.age_s)))
    said += [words(code) for code in _by_area(areas, unit)]
    if unit.crew and unit.crew.late(answer_us):
        said.append(words("crew_late", age=age_words((answer_us - unit.crew.ends_us) / 1e6)))
    edge = candidates.snaps.edge[row : row + 1]
    if time_ms is not None and picture.roads.on_island(edge, candidates.profiles[row])[0]:
        said.append(words("island"))
    off_road_m = float(candidates.snaps.distance_m[row])
    if time_ms is not None and off_road_m > _OFF_ROAD_M:
        said.append(words("off_road", distance=distance_words(off_road_m)))
    return Ranked(
        unit=unit.id,
        callsign=unit.callsign,
        kind=unit.kind,
        profile=candidates.profiles[row],
        travel_ms=time_ms,
        distance_m=round(distance) if route else None,
        straight_m=round(line_m),
        position_age_s=round(where.age_s, 1),
        source=where.source,
        words="; ".join(said),
        route=(route.lonlat / 1e7).round(6).tolist() if route else [],
    )


def _headline(
    picture: Picture,
    answer: Recommendation,
    candidates: _Candidates,
    to: dict[str, Snap],
    line_m: NDArray[np.float64],
) -> str:
    """``E7 3:10 by road; E2 is nearer in a straight line, 7:45 by road``."""
    first = answer.ranked[0]
    if first.travel_ms is None:
        return f"{words('no_road')}: {first.words}"
    said = words("ranked_first", callsign=first.callsign, time=clock_words(first.travel_ms))
    goal = to[first.profile]
    if picture.roads.on_island(np.array([goal.edge], np.int32), first.profile)[0]:
        said = f"{said}; {words('place_island')}"
    row = int(line_m.argmin())
    nearest = candidates.units[row]
    profile = candidates.profiles[row]
    if nearest.id == first.unit:
        return said
    snaps, only = candidates.snaps, slice(row, row + 1)
    one = Snaps(snaps.edge[only], snaps.offset[only], snaps.other[only], snaps.distance_m[only])
    travel_ms = picture.roads.nearest(to[profile], one, 1, profile).travel_ms
    if not len(travel_ms):
        return f"{said}; {words('nearer_no_road', callsign=nearest.callsign)}"
    if int(travel_ms[0]) == first.travel_ms:
        return said
    time = clock_words(int(travel_ms[0]))
    return f"{said}; {words('nearer_in_line', callsign=nearest.callsign, time=time)}"


def _explained(
    answer: Recommendation, candidates: _Candidates, to: dict[str, Snap], times: list[int] | None
) -> Explained:
    snaps = candidates.snaps
    rows = zip(
        candidates.units,
        candidates.profiles,
        snaps.edge.tolist(),
        snaps.offset.tolist(),
        snaps.other.tolist(),
        strict=True,
    )
    return Explained(
        epoch=answer.epoch,
        times=times,
        incidents={
            profile: {"edge": at.edge, "offset": at.offset, "other": at.other}
            for profile, at in to.items()
        },
        candidates=[
            {
                "unit": unit.id,
                "profile": profile,
                "edge": edge,
                "offset": offset,
                "other": other,
            }
            for unit, profile, edge, offset, other in rows
        ],
        ranked=[{"unit": r.unit, "travel_ms": r.travel_ms} for r in answer.ranked],
    )


def _by_area(areas: list[Area], unit: Unit) -> list[str]:
    """Codes of what the areas at the place say of a unit; nothing where none are drawn."""
    codes = []
    if any(area.kind == "first_due" and area.of == unit.station for area in areas):
        codes.append("first_due")
    owners = {area.agency for area in areas if area.kind == "agency"}
    if owners and unit.agency not in owners:
        codes.append("outside")
    return codes


def _passed_over(
    picture: Picture,
    actor: Actor,
    others: list[tuple[Unit, str]],
    place: LonLat | None,
    now_us: int,
) -> list[PassedOver]:
    """Units that could serve and are not proposed, in words; of many the nearest."""
    if place is not None and len(others) > _PASSED_OVER_SHOWN:
        wheres = [picture.where(unit, now_us) for unit, _ in others]
        lonlat = np.array([w.place if w else (0, 0) for w in wheres], np.int64).reshape(-1, 2)
        order = np.argsort(straight_m(place, lonlat), kind="stable")
        others = [others[row] for row in order[:_PASSED_OVER_SHOWN].tolist()]
    return [_in_words(picture, actor, unit, code) for unit, code in others[:_PASSED_OVER_SHOWN]]


def _why_not(picture: Picture, actor: Actor, unit: Unit, incident: Incident) -> str:
    """The code of why a unit that could serve cannot be proposed; "" when it can."""
    if unit.mayday:
        return "mayday"
    if unit.status in FREE:
        if picture.units.blocked_by(unit):
            return "crew_out"
        return "" if reaches(actor, Share.SEND, unit_subject(unit)) else "not_shared"
    if unit.incident == incident.id:
        return "busy_here"
    return f"busy_{unit.status.value}" if unit.incident else "out_of_service"


def _in_words(picture: Picture, actor: Actor, unit: Unit, code: str) -> PassedOver:
    other = picture.incidents.incidents.get(unit.incident)
    if other is not None and not sees(actor, incident_subject(other)):
        other = None
    run, priority = (other.number, other.priority) if other else ("another agency's incident", "?")
    blocker = picture.units.blocked_by(unit) if code == "crew_out" else None
    said = words(
        code,
        run=run,
        priority=priority,
        agency=unit.agency,
        other=called(actor, blocker) if blocker else "",
    )
    incident = other.id if other else ""
    return PassedOver(
        unit=unit.id, callsign=unit.callsign, code=code, words=said, incident=incident
    )
