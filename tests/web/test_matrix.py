"""Who may come through which door: every route, by everybody, to everything, asked of the real app.

Each cell sends one request through the whole ASGI application as one actor and looks whether it
was let through. What should happen is not read from callout's own table but asked of Cedar, with
the policies of room.cedar. Nothing is changed by it: the journal takes no entry meanwhile, and
reaching it counts as having been let through.
"""

import asyncio
import itertools
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import cedarpy
import msgspec
import pytest
from aims import AIMS, Aim, Things, things

from callout.access import NOBODY, Actor, Lock, Role, Scope, Share, Subject
from callout.access import authorize as gate
from callout.access.rules import RULES, Action
from callout.base.clock import ManualClock
from callout.base.errors import CalloutError
from callout.dispatch import Picture
from callout.journal import Batch, Receipt
from callout.main.home import open_home
from callout.web import ROUTES, Room, create_app
from callout.web.routes import Route
from running import made_home

POLICIES = cedarpy.PolicySet.from_str((Path(__file__).parent / "room.cedar").read_text())
HOST = "room.example"
LEAST_CELLS = 20_000
OWNER = "fire"  # whose the things are


class Relation(NamedTuple):
    """How the actor's agency stands to the owner of the thing."""

    name: str
    agency: str
    shared: tuple[Share, ...] = ()


RELATIONS = (
    Relation("own", OWNER),
    Relation("room", "*"),
    Relation("other", "ems"),
    Relation("sees", "ems", (Share.SEE,)),
    Relation("sends", "ems", (Share.SEE, Share.SEND)),
    Relation("works", "ems", (Share.WORK,)),
    Relation("third", "police"),
)


class Who(NamedTuple):
    """Somebody who may ask."""

    kind: str = "person"
    roles: tuple[Role, ...] = ()
    scopes: tuple[Scope, ...] = ()
    unit: str = ""
    locked: Lock | None = None

    def actor(self, relation: Relation) -> Actor:
        if self.kind == "nobody":
            return NOBODY
        return Actor(
            id="asker",
            kind=self.kind,
            agency=relation.agency,
            roles=frozenset(self.roles),
            scopes=frozenset(self.scopes),
            unit=self.unit,
            shared={OWNER: frozenset(relation.shared)} if relation.shared else {},
            locked=self.locked,
        )


EVERYBODY = (
    Who("nobody"),
    Who(),
    *(Who(roles=(role,)) for role in Role),
    Who(roles=(Role.RESPONDER,), unit="E1"),
    Who(roles=(Role.RESPONDER,), unit="E2"),
    Who(roles=(Role.DISPATCHER, Role.ADMINISTRATOR)),
    *(Who("device", scopes=(scope,)) for scope in Scope),
    Who("device", scopes=(Scope.CREW, Scope.POSITIONS), unit="E1"),
    Who("device", scopes=(Scope.CREW, Scope.POSITIONS, Scope.ALARMS), unit="E2"),
    Who(roles=(Role.SUPERVISOR,), locked=Lock.IDLE),
    Who(roles=tuple(Role), locked=Lock.SHIFT),
)


def entities(actor: Actor, subject: Subject) -> list[dict[str, Any]]:
    """Actor and thing with all that the policies look at."""
    return [
        {
            "uid": {"type": "Actor", "id": "asker"},
            "attrs": {
                "id": actor.id,
                "kind": actor.kind,
                "roles": sorted(actor.roles),
                "scopes": sorted(actor.scopes),
                "unit": actor.unit,
                "agency": actor.agency,
                "locked": actor.locked is not None,
            },
            "parents": [],
        },
        {
            "uid": {"type": "Thing", "id": "it"},
            "attrs": {
                "id": subject.id,
                "kind": subject.kind,
                "agency": subject.agency,
                "state": subject.state,
                "parties": sorted(subject.parties),
                "asked_by": subject.asked_by,
            },
            "parents": [],
        },
    ]


class Cedar:
    """Answers by Cedar, each different question once."""

    def __init__(self) -> None:
        self._answers: dict[Any, bool] = {}

    def allows(self, actor: Actor, action: str, subject: Subject, purpose: str = "") -> bool:
        shared = sorted(actor.shared.get(subject.agency, ()))
        known = (actor.label, actor.agency, actor.roles, actor.scopes, actor.unit, actor.locked)
        question = (known, action, subject, purpose, tuple(shared))
        if question not in self._answers:
            request = {
                "principal": 'Actor::"asker"',
                "action": f'Action::"{action}"',
                "resource": 'Thing::"it"',
                "context": {"shared": shared, "purpose": purpose},
            }
            answer = cedarpy.is_authorized(request, POLICIES, entities(actor, subject))
            assert not answer.diagnostics.errors, answer.diagnostics.errors
            self._answers[question] = answer.allowed
        return self._answers[question]


#: 409: it is not in a state for it, which Cedar is asked too.
_KEPT_OUT = {401, 403, 404, 409}


class ReachedError(CalloutError):
    """The journal was about to take an entry: the request was let through."""

    status = 418


class Asked(NamedTuple):
    """A room that can be asked, and the things in it."""

    app: Any
    room: Room
    things: Things


async def answer(app: Any, aim: Aim) -> int:
    """Send one request through the whole application; the status of its answer.

    A WebSocket that is accepted counts as 101, one that is closed at once as 403.
    """
    kind = "websocket" if aim.method == "WS" else "http"
    path, _, query = aim.path.partition("?")
    body = b"" if aim.body is None else msgspec.json.encode(aim.body)
    incoming = [
        {"type": "websocket.connect"}
        if kind == "websocket"
        else {"type": "http.request", "body": body, "more_body": False}
    ]
    status: list[int] = []
    said = b""

    async def receive() -> dict[str, Any]:
        return incoming.pop(0) if incoming else {"type": f"{kind}.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal said
        said += message.get("body", b"")
        if message["type"] == "http.response.start":
            status.append(message["status"])
        elif message["type"] == "websocket.accept":
            status.append(101)
        elif message["type"] == "websocket.close" and not status:
            status.append(403)

    scope = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": aim.method,
        "scheme": "ws" if kind == "websocket" else "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (b"host", HOST.encode()),
            (b"origin", f"http://{HOST}".encode()),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": (HOST, 80),
        "subprotocols": [],
        "state": {},
    }
    await app(scope, receive, send)
    # Signed in but long ago: the one more proof that is asked for is no refusal.
    return 418 if b'"need":"proof"' in said else status[0]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[tuple[Any, Picture]]:
    folder = tmp_path_factory.mktemp("matrix")
    made_home(folder, town, units=40)
    clock = ManualClock()
    home = open_home(folder, clock, town)
    yield home, clock
    home.journal.close()


def test_every_route_is_aimed_at() -> None:
    missing = {(route.method, route.path) for route in ROUTES} - set(AIMS)
    assert not missing, f"aim at these in tests/web/aims.py: {sorted(missing)}"


def test_every_cell(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home, clock = here
    wrong: list[str] = []
    counts = {"allowed": 0, "refused": 0}

    async def act() -> None:
        room = Room(home.picture, home.credentials, drill=True, escalate_s=30, about={})
        app = create_app(room, frozenset({HOST}))
        await room.start()
        try:
            found = await things(room, clock)
            await look(Asked(app, room, found), wrong, counts, monkeypatch)
        finally:
            monkeypatch.undo()
            await room.stop()

    asyncio.run(act())
    allowed_wrongly = [line for line in wrong if line.startswith("let through")]
    assert not allowed_wrongly, f"{len(allowed_wrongly)}:\n" + "\n".join(allowed_wrongly[:40])
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:40])
    assert sum(counts.values()) >= LEAST_CELLS
    assert min(counts.values()) > 2000  # it is not all of one kind
    print(counts)


async def look(
    asked_room: Asked,
    wrong: list[str],
    counts: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ask every cell, and note where the room and Cedar differ."""
    app, room, found = asked_room

    def no_entry(_batch: Batch) -> Future[Receipt]:
        raise ReachedError("an entry")

    monkeypatch.setattr(room.picture.journal, "submit", no_entry)
    cedar = Cedar()
    for route in ROUTES:
        for aim in AIMS[route.method, route.path](found):
            check_route(route, aim)
            for who, relation in itertools.product(EVERYBODY, RELATIONS):
                actor = who.actor(relation)
                monkeypatch.setattr(room.asking, "actor", lambda _shown, actor=actor: actor)
                status = await answer(app, aim)
                needed = [
                    cedar.allows(actor, action, subject, aim.purpose)
                    for action, subject in aim.needs(actor)
                ]
                expected = any(needed) if aim.either else all(needed)
                let = status not in _KEPT_OUT - ({404} if aim.missing else set())
                assert status < 500 or status == 503, (aim, who, status)
                counts["allowed" if let else "refused"] += 1
                if let != expected:
                    wrong.append(
                        f"{'let through' if let else 'kept out'} ({status}): {aim.method} "
                        f"{aim.path} [{aim.what}] by {who} of {relation.name}"
                    )


def check_route(route: Route, aim: Aim) -> None:
    """The table of routes names what is really asked for."""
    assert route.action in {action for action, _ in aim.needs(Who().actor(RELATIONS[0]))}, aim


def test_the_gate_and_cedar_agree_without_any_route() -> None:
    cedar, cells = Cedar(), 0
    states = ("open", "closed", "asked")
    for who, relation, action in itertools.product(EVERYBODY, RELATIONS, Action):
        if action is Action.ALARM_ESCALATE:
            continue
        actor = who.actor(relation)
        for state, parties, by in itertools.product(states, ("", "ems"), ("", "asker")):
            subject = Subject(
                "incident",
                "E1",
                OWNER,
                state,
                frozenset({parties} - {""}),
                by,
            )
            for purpose in ("court", "curiosity"):
                if purpose == "court" and not RULES[action].purpose:
                    continue
                cells += 1
                try:
                    gate(actor, action, subject, purpose=purpose)
                    let = True
                except CalloutError:
                    let = False
                expected = cedar.allows(actor, action, subject, purpose)
                assert let == expected, (actor, action, subject, purpose)
    assert cells >= LEAST_CELLS
