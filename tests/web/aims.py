"""Where each route is aimed at, and what that needs by the words of the issue.

A route without an aim fails tests/web/test_matrix.py.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from callout.access import ROOM, SYSTEM, Actor, Scope, Subject
from callout.access.commands import enrol_device, sharing_draft, staff_draft, start_shift
from callout.access.events import AccessAsked, AccessGranted
from callout.base.clock import ManualClock
from callout.base.facts import Fact
from callout.base.ids import new_id
from callout.dispatch import assign, close
from callout.incidents import PanicPressed, alarm_subject, incident_subject, raise_alarm
from callout.incidents.commands import acknowledge_alarm, escalate_alarm, open_incident
from callout.journal import Batch, Draft
from callout.places.commands import close_road
from callout.places.events import Stretch
from callout.units import unit_subject
from callout.units.signing import SigningOn, sign_on
from callout.web import Room
from callout.web.pages import PAGES

OWNER = "fire"  # whose the things are
Need = tuple[str, Subject]


class Aim(NamedTuple):
    """One request, to one thing in one state.

    ``needs``: actions and subjects, all of them. ``missing``: 404 is no
    refusal, for there is no such thing for anybody.
    """

    method: str
    path: str
    body: Any
    what: str
    needs: Callable[[Actor], tuple[Need, ...]]
    purpose: str = ""
    missing: bool = False


class Things(NamedTuple):
    """What the room holds, by what it is; all of the fire agency but the ambulance."""

    room: Room
    incidents: dict[str, Subject]  # open, joint (with ems), closed, old
    alarms: dict[str, Subject]  # fresh, escalated, answered
    requests: dict[str, Subject]  # asked, answered, own
    closure: str
    ambulance: Subject

    def unit(self, unit: str) -> Subject:
        """The unit as it is now."""
        found = self.room.picture.units.units.get(unit)
        return unit_subject(found) if found else Subject("unit")


class _Maker:
    """Makes the things by the verbs that anybody uses."""

    def __init__(self, room: Room, clock: ManualClock) -> None:
        self.room, self.clock = room, clock
        self.journal, self.picture = room.picture.journal, room.picture
        self.kind = next(iter(self.picture.incidents.types))

    async def write(self, *drafts: Draft) -> None:
        """Entries without a verb of their own."""
        await self.room.done(self.journal.submit(Batch(drafts, new_id(), SYSTEM.label, OWNER)))

    async def fact(self, stream: str, fact: Fact) -> None:
        """One fact, as it is."""
        await self.write(Draft(stream, fact.TYPE, fact.body()))

    async def incident(self) -> str:
        """One of the fire agency's."""
        incident, submitted = open_incident(
            self.journal,
            SYSTEM,
            self.picture.incidents,
            agency=OWNER,
            type_code=self.kind,
            priority=2,
            place=None,
            place_name="",
            text="said",
            alarms=(),
            now_us=self.clock.now_us(),
        )
        await self.room.done(submitted)
        return incident

    async def send(self, incident: str, unit: str) -> None:
        """A unit on it."""
        sent = assign(self.picture, SYSTEM, incident, [unit], seq=self.picture.seq)
        await self.room.done(sent.receipt)

    async def close(self, incident: str) -> None:
        """It is finished."""
        await self.room.done(close(self.picture, SYSTEM, incident, "done")[0])

    async def alarm(self, press: str) -> str:
        """One of a fire agency's button."""
        button = Actor(id="b", kind="device", agency=OWNER, scopes=frozenset({Scope.ALARMS}))
        pressed = PanicPressed(
            device="b", press=press, kind="panic", claimed_us=None, place=None, text=""
        )
        receipt = await self.room.done(
            raise_alarm(self.journal, button, pressed, now_us=self.clock.now_us())
        )
        return self.journal.entry(receipt.first_seq).stream.partition("/")[2]


async def things(room: Room, clock: ManualClock) -> Things:
    """Fill a fresh room with one of everything."""
    make = _Maker(room, clock)
    board, journal = room.picture.incidents, room.picture.journal
    old = await make.incident()
    await make.close(old)
    clock.advance_s(25 * 3600)
    named = {name: await make.incident() for name in ("open", "joint", "closed")}
    await make.send(named["joint"], "M1")
    await make.close(named["closed"])
    presses = {name: await make.alarm(name) for name in ("fresh", "escalated", "answered")}
    await room.done(escalate_alarm(journal, SYSTEM, board, presses["escalated"], 1))
    answered = acknowledge_alarm(journal, SYSTEM, board, presses["answered"])
    assert answered is not None
    await room.done(answered)
    assert old not in board.incidents  # the boards have left it to the journal
    await make.write(
        staff_draft("asker", OWNER, "A. Sker", ("trainer",)),
        staff_draft("other", OWNER, "O. Ther", ("dispatcher",)),
    )
    await make.write(sharing_draft(OWNER, "*", ()))
    person = room.picture.access.person("other")
    await room.done(start_shift(journal, person, (), now_us=clock.now_us(), hours=12))
    await room.done(enrol_device(journal, SYSTEM, "b", ("alarms",), agency=OWNER))
    signed = sign_on(
        journal,
        SYSTEM,
        room.picture.units,
        room.picture.access,
        "E3",
        [SigningOn(name="Guest", skills=["first_aid"])],
        now_us=clock.now_us(),
    )
    await room.done(signed)
    asked = AccessAsked(person="other", agency=OWNER, roles=("responder",), hours=2)
    for name, by in (("asked", "other"), ("answered", "other"), ("own", "asker")):
        fact = AccessAsked(person=by, agency=OWNER, roles=asked.roles, hours=2)
        await make.fact(f"request/{name}", fact)
    await make.fact("request/answered", AccessGranted(ends_us=clock.now_us() + 10**10))
    closure, submitted = close_road(
        journal,
        SYSTEM,
        name="Bridge",
        why="flood",
        stretches=(Stretch(1, 0, 0),),
        now_us=clock.now_us(),
    )
    await room.done(submitted)
    incidents = {name: incident_subject(board.incident(key)) for name, key in named.items()}
    incidents["old"] = Subject("incident", old, OWNER, "closed")
    return Things(
        room,
        incidents,
        {name: alarm_subject(board.alarm(key)) for name, key in presses.items()},
        {
            "asked": Subject("request", "asked", OWNER, "asked", asked_by="other"),
            "answered": Subject("request", "answered", OWNER, "granted", asked_by="other"),
            "own": Subject("request", "own", OWNER, "asked", asked_by="asker"),
        },
        closure,
        unit_subject(room.picture.units.unit("M1")),
    )


Aimed = Callable[[Things], list[Aim]]
AIMS: dict[tuple[str, str], Aimed] = {}


def _aim(method: str, path: str) -> Callable[[Aimed], Aimed]:
    def keep(aimed: Aimed) -> Aimed:
        AIMS[method, path] = aimed
        return aimed

    return keep


def _plain(
    method: str,
    path: str,
    action: str,
    *,
    body: Any = None,
    subject: Subject = ROOM,
    to: str = "",
    missing: bool = False,
) -> None:
    """A route that is asked for as it stands, with one need."""
    aim = Aim(method, to or path, body, "", lambda _: ((action, subject),), missing=missing)
    AIMS[method, path] = lambda _: [aim]


def _by_incident(
    method: str, path: str, action: str, states: tuple[str, ...], body: Any = None
) -> None:
    """A route of one incident, in several states."""

    def aims(found: Things) -> list[Aim]:
        return [
            Aim(
                method,
                path.replace("{incident_id}", found.incidents[state].id),
                body,
                state,
                partial(_one, action, found.incidents[state]),
            )
            for state in states
        ]

    AIMS[method, path] = aims


def _one(action: str, subject: Subject, _: Actor) -> tuple[Need, ...]:
    return ((action, subject),)


_LIVING = ("open", "joint", "closed")
_SOMEWHERE = {"lon": 0.0, "lat": 0.0}

# ---- Alarms ---------------------------------------------------------------------------------

_plain("POST", "/api/alarms", "alarm.raise", body={"device": "d", "press": "p", "kind": "panic"})
_plain("GET", "/api/alarms", "alarm.read", subject=Subject("alarm"))


@_aim("POST", "/api/alarms/{alarm_id}/acknowledge")
def _acknowledge(found: Things) -> list[Aim]:
    return [
        Aim(
            "POST",
            f"/api/alarms/{found.alarms[name].id}/acknowledge",
            {},
            name,
            partial(_one, "alarm.acknowledge", found.alarms[name]),
        )
        for name in ("fresh", "escalated")
    ]


@_aim("POST", "/api/alarms/{alarm_id}/erase")
def _erase_alarm(found: Things) -> list[Aim]:
    alarm = found.alarms["answered"]
    need = partial(_one, "personal.erase", alarm)
    return [Aim("POST", f"/api/alarms/{alarm.id}/erase", {"reason": "request"}, "answered", need)]


# ---- Incidents ------------------------------------------------------------------------------

_plain("GET", "/api/incidents", "incident.read", subject=Subject("incident"))
_by_incident("GET", "/api/incidents/{incident_id}", "incident.read", _LIVING)
_by_incident(
    "POST", "/api/incidents/{incident_id}/notes", "incident.note", _LIVING, {"text": "a note"}
)
_by_incident("POST", "/api/incidents/{incident_id}/place", "incident.change", _LIVING, _SOMEWHERE)
_by_incident(
    "GET", "/api/incidents/{incident_id}/recommendation", "incident.recommend", ("open", "joint")
)
_by_incident(
    "POST", "/api/incidents/{incident_id}/close", "incident.close", _LIVING, {"reason": "done"}
)
_by_incident(
    "POST",
    "/api/incidents/{incident_id}/erase",
    "personal.erase",
    ("closed", "old"),
    {"reason": "request"},
)


@_aim("POST", "/api/incidents")
def _open(found: Things) -> list[Aim]:
    kind = next(iter(found.room.picture.incidents.types))
    need = partial(_one, "incident.open", Subject("incident", "", OWNER))
    return [Aim("POST", "/api/incidents", {"type": kind, "agency": OWNER}, "", need)]


@_aim("POST", "/api/incidents/{incident_id}/assignments")
def _assign(found: Things) -> list[Aim]:
    aims = []
    for state in _LIVING:
        for unit in ("E1", "M2"):
            incident = found.incidents[state]
            needs: tuple[Need, ...] = (
                ("incident.assign", incident),
                ("unit.send", found.unit(unit)),
            )
            body = {"units": [unit], "seq": found.room.picture.seq}
            path = f"/api/incidents/{incident.id}/assignments"
            aims.append(Aim("POST", path, body, f"{state} {unit}", partial(_all, needs)))
    return aims


def _all(needs: tuple[Need, ...], _: Actor) -> tuple[Need, ...]:
    return needs


@_aim("POST", "/api/incidents/{incident_id}/open")
def _open_old(found: Things) -> list[Aim]:
    aims = []
    for state in ("open", "joint", "closed", "old"):
        incident = found.incidents[state]
        path = f"/api/incidents/{incident.id}/open"
        for purpose in ("complaint", "curiosity"):
            body, what = {"purpose": purpose}, f"{state} for {purpose}"
            aims.append(
                Aim("POST", path, body, what, partial(_one, "incident.read_old", incident), purpose)
            )
    return aims


# ---- Units, crews, positions ------------------------------------------------------------------

_plain("GET", "/api/units", "unit.read", subject=Subject("unit"))
_plain("GET", "/api/crews", "crew.read")
_plain("GET", "/api/vehicles", "crew.read")


@_aim("GET", "/api/duty")
def _duty(found: Things) -> list[Aim]:
    def needs(actor: Actor) -> tuple[Need, ...]:
        return (("duty.read", found.unit(actor.unit)),)

    return [Aim("GET", "/api/duty", None, "", needs)]


@_aim("POST", "/api/units/{unit_id}/status")
def _status(found: Things) -> list[Aim]:
    body = {"status": "out_of_service"}
    return [
        Aim(
            "POST",
            f"/api/units/{unit}/status",
            body,
            unit,
            partial(_one, "unit.status", found.unit(unit)),
        )
        for unit in ("E1", "M2")
    ]


@_aim("POST", "/api/positions")
def _positions(found: Things) -> list[Aim]:
    return [
        Aim(
            "POST",
            "/api/positions",
            {"unit": unit, **_SOMEWHERE},
            unit,
            partial(_one, "position.report", found.unit(unit)),
        )
        for unit in ("E1", "M2")
    ]


@_aim("POST", "/api/crews")
def _sign_on(found: Things) -> list[Aim]:
    body = {"unit": "E1", "people": [{"name": "G. Uest", "skills": ["first_aid"]}]}
    return [Aim("POST", "/api/crews", body, "", partial(_one, "crew.sign_on", found.unit("E1")))]


@_aim("GET", "/api/crews/{unit_id}/names")
def _names(found: Things) -> list[Aim]:
    need = partial(_one, "crew.names", found.unit("E3"))
    return [Aim("GET", "/api/crews/E3/names", None, "", need)]


@_aim("POST", "/api/crews/{unit_id}/sign-off")
def _sign_off(found: Things) -> list[Aim]:
    need = partial(_one, "crew.sign_on", found.unit("E3"))
    return [Aim("POST", "/api/crews/E3/sign-off", {}, "", need)]


@_aim("POST", "/api/crews/{unit_id}/erase")
def _erase_names(found: Things) -> list[Aim]:
    need = partial(_one, "personal.erase", found.unit("E3"))
    return [Aim("POST", "/api/crews/E3/erase", {}, "", need)]


@_aim("POST", "/api/crews/walk-up")
def _walk_up(_: Things) -> list[Aim]:
    body = {"name": "V. Olunteer", "skills": ["search"], "agency": OWNER}
    need = partial(_one, "crew.sign_on", Subject("unit", "volunteers-1", OWNER))
    return [Aim("POST", "/api/crews/walk-up", body, "", need)]


@_aim("POST", "/api/vehicles")
def _vehicle(_: Things) -> list[Aim]:
    body = {"id": "V9", "agency": OWNER, "kind": "Van", "capabilities": ["carry"]}
    need = partial(_one, "vehicle.setup", Subject("vehicle", "", OWNER))
    return [Aim("POST", "/api/vehicles", body, "", need)]


# ---- The ground, the room, the log --------------------------------------------------------------

_plain("POST", "/api/places/search", "place.search", body={"text": "x"})
_plain("GET", "/api/areas", "area.read")
_plain("GET", "/api/areas/at", "area.read", to="/api/areas/at?lon=0&lat=0")
_plain("GET", "/api/closures", "road.read")
_plain("GET", "/api/room", "room.read")
_plain("GET", "/tiles/{z}/{x}/{y}", "room.read", to="/tiles/0/0/0")
_plain("WS", "/api/live", "live.read")
_plain("GET", "/log/checkpoint", "log.read")
_plain("GET", "/log/tile/{path}", "log.read", to="/log/tile/0/000.p/1")


@_aim("POST", "/api/closures")
def _close_road(found: Things) -> list[Aim]:
    station = next(iter(found.room.picture.units.stations.values())).place
    body = {"why": "flood", "points": [[station.lon, station.lat]]}
    return [Aim("POST", "/api/closures", body, "", partial(_one, "road.close", ROOM))]


@_aim("POST", "/api/closures/{closure_id}/lift")
def _lift(found: Things) -> list[Aim]:
    path = f"/api/closures/{found.closure}/lift"
    return [Aim("POST", path, {}, "", partial(_one, "road.close", ROOM))]


# ---- Signing in: open to anybody; what is sent is wrong, and said to be --------------------------

for _method, _path in (
    ("GET", "/api/session"),
    ("DELETE", "/api/session"),
    ("POST", "/api/session"),
    ("POST", "/api/session/demo"),
    ("POST", "/api/session/active"),
    ("POST", "/api/session/lock"),
    ("POST", "/api/session/unlock"),
    ("POST", "/api/enrol/look"),
    ("POST", "/api/enrol/staff"),
    ("POST", "/api/enrol/device"),
    ("POST", "/api/enrol/passkey"),
    ("POST", "/api/passkeys/options"),
    ("POST", "/api/passkeys/sign-in"),
    ("POST", "/api/passkeys/unlock"),
):
    _plain(_method, _path, "session.own", body=[] if _method == "POST" else None)
for _end in ("start", "back"):
    _path = f"/api/oidc/{{provider_id}}/{_end}"
    _plain("GET", _path, "session.own", to=f"/api/oidc/none/{_end}", missing=True)

# ---- One's own --------------------------------------------------------------------------------

for _method, _path in (
    ("GET", "/api/me"),
    ("GET", "/api/me/report"),
    ("POST", "/api/me/password"),
    ("POST", "/api/me/shift"),
    ("DELETE", "/api/me/shift"),
    ("POST", "/api/me/passkeys"),
    ("DELETE", "/api/me/passkeys/{passkey_id}"),
    ("DELETE", "/api/me/sessions/{session_id}"),
    ("DELETE", "/api/me/sessions"),
    ("POST", "/api/me/code"),
    ("POST", "/api/me/code/confirm"),
    ("DELETE", "/api/me/code"),
    ("DELETE", "/api/oidc/{provider_id}/link"),
):
    _to = _path.replace("{passkey_id}", "x").replace("{session_id}", "x")
    _to = _to.replace("{provider_id}", "x")
    _body = [] if _method == "POST" else None
    _plain(_method, _path, "self.own", to=_to, body=_body, missing=True)

# ---- People and their requests ------------------------------------------------------------------

_plain("GET", "/api/people", "staff.read")
_plain("GET", "/api/people/review", "access.review")
_plain("GET", "/api/agencies", "agency.read")
_plain("GET", "/api/requests", "access.ask")
_plain(
    "POST",
    "/api/requests",
    "access.ask",
    body={"roles": ["dispatcher"], "hours": 2, "reason": "Ana is ill"},
)


def _person(who: str) -> Subject:
    return Subject("person", who, OWNER, asked_by=who)


@_aim("POST", "/api/people")
def _add(_: Things) -> list[Aim]:
    return [
        Aim(
            "POST",
            "/api/people",
            {"id": who, "agency": OWNER, "name": "N. Ew", "roles": ["call_taker"]},
            who,
            partial(_one, "staff.admin", _person(who)),
        )
        for who in ("newcomer", "asker")
    ]


def _about(path: str, action: str, body: Any) -> None:
    def aims(_: Things) -> list[Aim]:
        return [
            Aim(
                "POST",
                path.replace("{person_id}", who),
                body,
                who,
                partial(_one, action, _person(who)),
            )
            for who in ("other", "asker")
        ]

    AIMS["POST", path] = aims


_about("/api/people/{person_id}/roles", "staff.admin", {"roles": ["dispatcher", "administrator"]})
_about("/api/people/{person_id}/leave", "staff.admin", {})
_about("/api/people/{person_id}/invite", "staff.admin", {})


@_aim("POST", "/api/people/{person_id}/end-shift")
def _end_shift(_: Things) -> list[Aim]:
    path = "/api/people/other/end-shift"
    return [Aim("POST", path, {}, "", partial(_one, "staff.shift", _person("other")))]


@_aim("GET", "/api/people/{person_id}/report")
def _report(_: Things) -> list[Aim]:
    return [
        Aim(
            "GET",
            f"/api/people/other/report?purpose={purpose}",
            None,
            purpose,
            partial(_one, "staff.report", _person("other")),
            purpose,
        )
        for purpose in ("subject_access", "curiosity")
    ]


def _decision(verb: str, body: Any) -> None:
    def aims(found: Things) -> list[Aim]:
        aims = []
        for name, request in found.requests.items():
            needs: tuple[Need, ...] = (("access.ask", ROOM), ("access.decide", request))
            if verb == "deny" and name == "own":
                needs = (("access.ask", ROOM), ("self.own", request))  # takes it back
            path = f"/api/requests/{name}/{verb}"
            aims.append(Aim("POST", path, body, name, partial(_all, needs)))
        return aims

    AIMS["POST", f"/api/requests/{{request_id}}/{verb}"] = aims


_decision("grant", {})
_decision("deny", {})


@_aim("POST", "/api/agencies/{agency_id}/sharing")
def _share(_: Things) -> list[Aim]:
    need = partial(_one, "agency.share", Subject("agency", OWNER, OWNER))
    body = {"to": "police", "what": ["see"]}
    return [Aim("POST", f"/api/agencies/{OWNER}/sharing", body, "", need)]


# ---- Devices, programs, consoles ----------------------------------------------------------------


@_aim("GET", "/api/devices")
def _devices(_: Things) -> list[Aim]:
    def needs(actor: Actor) -> tuple[Need, ...]:
        return (("device.read", Subject("device", "", actor.agency)),)

    return [Aim("GET", "/api/devices", None, "", needs)]


@_aim("POST", "/api/devices")
def _device(found: Things) -> list[Aim]:
    agency = Subject("agency", OWNER, OWNER)
    free = {"device": "new", "scopes": ["alarms"], "agency": OWNER}
    bound = {"device": "phone", "unit": "E1"}
    return [
        Aim("POST", "/api/devices", free, "free", partial(_one, "device.enrol", agency)),
        Aim("POST", "/api/devices", bound, "E1", partial(_one, "device.enrol", found.unit("E1"))),
    ]


@_aim("POST", "/api/devices/{device_id}/revoke")
def _revoke(_: Things) -> list[Aim]:
    need = partial(_one, "device.revoke", Subject("device", "b", OWNER))
    return [Aim("POST", "/api/devices/b/revoke", {"reason": "lost"}, "", need)]


@_aim("POST", "/api/tokens")
def _token(_: Things) -> list[Aim]:
    body = {"name": "avl", "scopes": ["alarms"], "days": 10, "agency": OWNER}
    need = partial(_one, "token.create", Subject("agency", OWNER, OWNER))
    return [Aim("POST", "/api/tokens", body, "", need)]


_plain("GET", "/api/consoles", "console.secure")
_plain("POST", "/api/consoles", "console.secure", body={"name": "Desk 1"})
_plain("DELETE", "/api/consoles/{console_id}", "console.secure", to="/api/consoles/x", missing=True)

# ---- Pages --------------------------------------------------------------------------------------

for _path in ("/", "/sw.js", "/api", "/api/openapi.json", "/people", "/enrol"):
    _plain("GET", _path, "page.read")


@_aim("GET", "/assets/{name}")
def _asset(_: Things) -> list[Aim]:
    name = next(path.name for path in (PAGES / "assets").iterdir())
    return [Aim("GET", f"/assets/{name}", None, "", partial(_one, "page.read", ROOM))]
