"""Verbs that concern units and incidents at once: one batch of twin entries, both or neither."""

from concurrent.futures import Future
from typing import Any, NamedTuple

import numpy as np

from callout.access import Action, Actor, authorize, sees
from callout.base.errors import BadInputError, ConflictError
from callout.base.facts import Fact
from callout.base.ids import new_id
from callout.dispatch.picture import Picture
from callout.incidents import Incident, incident_subject
from callout.incidents.events import IncidentClosed, IncidentRequeued, UnitJoined, UnitLeft
from callout.journal import Batch, Draft, Receipt, Side
from callout.units import CLEARED, Status, Unit, unit_subject
from callout.units.commands import check_out_for
from callout.units.commands import set_status as set_unit_status
from callout.units.events import UnitCleared, UnitDispatched
from callout.units.signing import called

CLOSE_REASONS = ("done", "duplicate", "false_alarm", "handed_over", "other")


class Assigned(NamedTuple):
    """What an assignment does once its receipt is there."""

    receipt: Future[Receipt]
    units: list[str]
    diverted: list[dict[str, str]]  # {unit, from}: who loses


class _Twins:
    """Collects the two entries of each fact, and the version each stream was decided on."""

    def __init__(self, picture: Picture, actor: Actor, agency: str) -> None:
        self._picture = picture
        self._actor = actor
        self._agency = agency
        self._drafts: list[Draft] = []
        self._expect: dict[str, int] = {}

    def on_unit(self, unit: Unit, fact: Fact, *side: Side, claimed_us: int | None = None) -> None:
        self._add(f"unit/{unit.id}", unit.version, fact, side, claimed_us)

    def on_incident(self, incident: Incident, fact: Fact) -> None:
        self._add(f"incident/{incident.id}", incident.version, fact, (), None)

    def relies_on(self, units: list[Unit]) -> None:
        """Nothing is written to these, but they must be as they were looked at."""
        for unit in units:
            self._expect.setdefault(f"unit/{unit.id}", unit.version)

    def _add(
        self,
        stream: str,
        version: int,
        fact: Fact,
        side: tuple[Side, ...],
        claimed_us: int | None,
    ) -> None:
        self._expect[stream] = version
        self._drafts.append(
            Draft(stream=stream, type=fact.TYPE, body=fact.body(), side=side, claimed_us=claimed_us)
        )

    def submit(self, key: str = "") -> Future[Receipt]:
        return self._picture.journal.submit(
            Batch(
                entries=tuple(self._drafts),
                key=key or new_id(),
                actor=self._actor.label,
                agency=self._agency,
                expect=self._expect,
            )
        )


def assign(
    picture: Picture,
    actor: Actor,
    incident_id: str,
    unit_ids: list[str],
    *,
    seq: int,
    divert: bool = False,
    key: str = "",
) -> Assigned:
    """Send units to an incident, all or none.

    ``seq`` is the picture the sender looked at: when a unit or the incident has changed since,
    ConflictError says who and what. A unit on another incident is only taken with ``divert``;
    an incident that loses its last unit is queued again with its original clock. A crew that is
    signed on to several units is sent with one of them only.
    """
    incident = picture.incidents.incident(incident_id)
    authorize(actor, Action.ASSIGN, incident_subject(incident))
    units = [picture.units.unit(unit) for unit in dict.fromkeys(unit_ids)]
    if not units:
        raise BadInputError("no unit is named", where="units", todo="Name at least one")
    for unit in units:
        authorize(actor, Action.UNIT_SEND, unit_subject(unit))
    _check_unchanged(picture, incident, units, seq)
    for unit in units:
        _check_sendable(picture, incident, unit, divert=divert)
        _check_crew_free(picture, actor, unit, units)
    twins = _Twins(picture, actor, incident.agency)
    diverted = _take_from_others(picture, twins, incident, units)
    for unit in units:
        fact = UnitDispatched(incident=incident.id)
        twins.on_unit(unit, fact, *_decision(picture, incident, unit))
        twins.on_incident(incident, UnitJoined(unit=unit.id, agency=unit.agency))
        # Of two consoles that send two units of one crew at once, only one must succeed.
        twins.relies_on(picture.units.sharing(unit))
    return Assigned(twins.submit(key), [unit.id for unit in units], diverted)


def _check_unchanged(picture: Picture, incident: Incident, units: list[Unit], seq: int) -> None:
    changed = [
        _change(picture, unit.id, unit.changed_seq) for unit in units if unit.changed_seq > seq
    ]
    if incident.changed_seq > seq:
        changed.append(_change(picture, str(incident.number), incident.changed_seq))
    if changed:
        names = ", ".join(change["id"] for change in changed)
        raise ConflictError(
            f"the picture has changed since you looked: {names}",
            where=f"incident {incident.number}",
            todo="Look again and decide anew; nothing was sent",
            changed=changed,
        )


def _change(picture: Picture, name: str, seq: int) -> dict[str, Any]:
    entry = picture.journal.entry(seq)
    what = entry.type.partition(".")[0]
    return {"id": name, "what": what, "who": entry.actor, "seq": seq}


def _check_sendable(picture: Picture, incident: Incident, unit: Unit, *, divert: bool) -> None:
    where = f"unit {unit.id}"
    if unit.mayday:
        raise ConflictError(f"{unit.callsign} has a mayday open", where=where, todo="Help it first")
    if unit.status is Status.OUT_OF_SERVICE:
        raise ConflictError(
            f"{unit.callsign} is out of service", where=where, todo="Put it in service first"
        )
    if unit.incident == incident.id:
        raise ConflictError(f"{unit.callsign} is already on this incident", where=where)
    if unit.incident and not divert:
        other = picture.incidents.incidents.get(unit.incident)
        number = other.number if other else unit.incident
        raise ConflictError(
            f"{unit.callsign} is on incident {number}",
            where=where,
            todo=f"Send with divert to take it away from {number}",
            loses=[{"unit": unit.id, "incident": unit.incident}],
        )


def _check_crew_free(picture: Picture, actor: Actor, unit: Unit, together: list[Unit]) -> None:
    other = picture.units.blocked_by(unit)
    if other is not None:
        seen = sees(actor, unit_subject(other))
        raise ConflictError(
            f"the crew of {unit.callsign} is out with {called(actor, other)}",
            where=f"unit {unit.id}",
            todo=f"Wait until it is back, or sign another crew on to {unit.callsign}",
            blocked=[{"unit": unit.id, "by": other.id if seen else None}],
        )
    for shared in picture.units.sharing(unit):
        if shared in together:
            raise ConflictError(
                f"{unit.callsign} and {shared.callsign} have one crew",
                where=f"unit {unit.id}",
                todo="Send one of them",
                blocked=[{"unit": unit.id, "by": shared.id}],
            )


def _take_from_others(
    picture: Picture, twins: _Twins, incident: Incident, units: list[Unit]
) -> list[dict[str, str]]:
    diverted = []
    taken: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.incident:
            taken.setdefault(unit.incident, []).append(unit)
    for loser_id, lost in taken.items():
        loser = picture.incidents.incident(loser_id)
        for unit in lost:
            twins.on_unit(
                unit,
                UnitCleared(incident=loser_id, status=Status.DISPATCHED.value, reason="diverted"),
            )
            twins.on_incident(loser, UnitLeft(unit=unit.id, reason="diverted"))
            diverted.append({"unit": unit.id, "from": loser_id})
        if set(loser.present) == {unit.id for unit in lost} and not loser.closed_us:
            fact = IncidentRequeued(unit=lost[-1].id, taken_for=incident.id)
            twins.on_incident(loser, fact)
    return diverted


def _decision(picture: Picture, incident: Incident, unit: Unit) -> tuple[Side, ...]:
    """From where, to which edge and in what time: kept with the decision, under its key."""
    place = picture.place_of(incident)
    where = picture.where(unit, picture.clock.now_us())
    if place is None or where is None:
        return ()
    value: dict[str, Any] = {
        "lon_e7": where.place.lon_e7,
        "lat_e7": where.place.lat_e7,
        "source": where.source,
        "age_ms": round(where.age_s * 1000),
        "epoch": picture.roads.epoch,
        "profile": picture.profile_of(unit),
    }
    points = np.array([where.place, place[0]], np.int64)
    snaps = picture.roads.snap(points, None, None, profile=picture.profile_of(unit))
    here, there = snaps.at(0), snaps.at(1)
    known = here.edge >= 0 and there.edge >= 0
    route = picture.roads.route(here, there, picture.profile_of(unit)) if known else None
    if route is not None:
        value["from"] = list(here[:3])
        value["to"] = list(there[:3])
        value["travel_ms"] = int(route.travel_ms)
        value["distance_m"] = round(route.distance_m)
    return (Side(name="decision", value=value, key=f"incident/{incident.id}"),)


def set_status(
    picture: Picture,
    actor: Actor,
    unit_id: str,
    status: Status,
    *,
    claimed_us: int | None = None,
    out_for: str = "",
) -> Future[Receipt]:
    """Set a unit's status; one that ends its part in an incident tells the incident too."""
    unit = picture.units.unit(unit_id)
    if not unit.incident or status not in CLEARED:
        return set_unit_status(
            picture.journal,
            actor,
            picture.units,
            unit.id,
            status,
            claimed_us=claimed_us,
            out_for=out_for,
        )
    authorize(actor, Action.UNIT_STATUS, unit_subject(unit))
    twins = _Twins(picture, actor, unit.agency)
    check_out_for(status, out_for)
    fact = UnitCleared(
        incident=unit.incident, status=status.value, reason="cleared", out_for=out_for
    )
    twins.on_unit(unit, fact, claimed_us=claimed_us)
    incident = picture.incidents.incidents.get(unit.incident)
    if incident is not None:
        twins.on_incident(incident, UnitLeft(unit=unit.id, reason="cleared"))
    return twins.submit()


def close(
    picture: Picture, actor: Actor, incident_id: str, reason: str
) -> tuple[Future[Receipt], list[str]]:
    """Finish an incident; units still on it are released and return."""
    incident = picture.incidents.incident(incident_id)
    authorize(actor, Action.INCIDENT_CLOSE, incident_subject(incident))
    if reason not in CLOSE_REASONS:
        raise BadInputError(
            f"{reason!r} is no reason to close",
            where="reason",
            todo=f"Use one of {', '.join(CLOSE_REASONS)}",
        )
    twins = _Twins(picture, actor, incident.agency)
    released = incident.present
    for name in released:
        unit = picture.units.unit(name)
        fact = UnitCleared(incident=incident.id, status=Status.RETURNING.value, reason="closed")
        twins.on_unit(unit, fact)
        twins.on_incident(incident, UnitLeft(unit=name, reason="closed"))
    twins.on_incident(incident, IncidentClosed(reason=reason))
    return twins.submit(), released
