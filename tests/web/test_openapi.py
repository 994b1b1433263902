"""The whole OpenAPI document called by schemathesis: good and bad input, real ids, four askers.

Every operation of the document is called, so a new route is here as soon as it is served. The
cases are drawn without randomness (``derandomize``); what is wrong is gathered and said at the
end, so nothing is called again to make it smaller.
"""

import contextlib
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup

from callout.access import Scope
from running import PASSWORD, Running, made_home, running

CALLS = 2000
SEEDED = 5
#: Operations that only ever refuse a plain request: the live feed is a WebSocket.
_NOT_BY_REQUEST = {("GET", "/api/live")}
#: Where a person's browser is sent: what is wrong is said on a page.
_PAGES = {"/api/oidc/{provider_id}/start", "/api/oidc/{provider_id}/back"}
_TURNED_AWAY = {401, 403, 404}
_ASKERS = ("token", "token", "session", "session", "administrator", "nobody")
#: Bodies that are right, where chance would hardly find one; each is sent too.
_RIGHT: dict[str, dict[str, Any]] = {
    "/api/closures": {"why": "flood", "points": [["lon", "lat"]], "minutes": 5},
    "/api/incidents": {"type": "FALL", "lon": "lon", "lat": "lat"},
    "/api/incidents/{incident_id}/place": {"lon": "lon", "lat": "lat"},
    "/api/incidents/{incident_id}/close": {"reason": "done"},
    "/api/incidents/{incident_id}/erase": {"reason": "mistake"},
    "/api/alarms/{alarm_id}/erase": {"reason": "request"},
    "/api/units/{unit_id}/status": {"status": "available"},
    "/api/crews/walk-up": {"skills": ["first_aid"], "name": "A volunteer"},
    "/api/session": {"name": "ana", "password": PASSWORD},
    "/api/incidents/{incident_id}/notes": {"text": "at the gate"},
    "/api/incidents/{incident_id}/open": {"purpose": "court"},
    "/api/places/search": {"text": "high street"},
    "/api/crews": {"unit": "E1", "people": [{"name": "A. Guest", "skills": ["first_aid"]}]},
    "/api/me/shift": {},
    "/api/requests": {"roles": ["trainer"], "hours": 2, "reason": "a drill"},
    "/api/devices": {"device": "phone", "unit": "E1"},
}
#: The same for what only an administrator may.
_BY_ADMINISTRATOR: dict[str, dict[str, Any]] = {
    "/api/people": {"agency": "fire", "name": "N. Ew", "roles": ["call_taker"]},
    "/api/people/{person_id}/roles": {"roles": ["call_taker", "trainer"]},
    "/api/people/{person_id}/invite": {},
    "/api/agencies/{agency_id}/sharing": {"to": "*", "what": ["see", "work", "send"]},
    "/api/tokens": {"name": "avl", "scopes": ["alarms"], "days": 9, "agency": "fire"},
    "/api/consoles": {"name": "Desk 1"},
    "/api/vehicles": {"id": "V1", "agency": "fire", "kind": "Van", "capabilities": ["carry"]},
}
#: Whose ids are in another answer than that of the path before them.
_LISTED = {"/api/me/sessions": "/api/me"}
#: Where the ids of things lie that have no list of their own.
_IN_ROOM = {"type": "types", "agency": "agencies"}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[Running]:
    """A room of this module's own: nothing in it is left as it was."""
    home = tmp_path_factory.mktemp("home")
    made_home(home, town)
    with running(home, town) as up:
        yield up


class Askers:
    """A program with every scope, a person in the drill, an administrator, and nobody."""

    def __init__(self, room: Running) -> None:
        self.room = room
        self.api = httpx.Client(base_url=room.url, timeout=20)
        self._headers: dict[str, dict[str, str]] = {"nobody": {}}
        self.renew("token")
        self.renew("session")
        self.room.staff("adam", "administrator")
        self.renew("administrator")

    def close(self) -> None:
        """End the connection."""
        self.api.close()

    def renew(self, who: str) -> None:
        """Credentials anew: a call may have signed out or revoked the ones before."""
        if who == "token":
            scopes = tuple(scope.value for scope in Scope)
            secret = self.room.room.credentials.create_token("every-scope", scopes)
            self._headers[who] = {"Authorization": f"Bearer {secret}"}
        elif who != "nobody":
            name = {"name": "adam", "password": PASSWORD}
            door, body = {"session": ("/demo", None), "administrator": ("", name)}[who]
            answer = httpx.post(f"{self.room.url}/api/session{door}", json=body)
            cookie = f"callout_session={answer.cookies['callout_session']}"
            self._headers[who] = {"Cookie": cookie, "Origin": self.room.url}

    def get(self, path: str) -> Any:
        """What somebody who may gets; nothing when nobody may or there is no such list."""
        for who in ("session", "administrator"):
            answer = self.api.get(path, headers=self._headers[who])
            if answer.status_code == 200:
                return answer.json()
        return {}

    def post(self, who: str, path: str, body: Any) -> None:
        """Something made beforehand."""
        assert self.api.post(path, json=body, headers=self._headers[who]).is_success

    def send(self, who: str, case: Case) -> httpx.Response:
        """The case as this asker's request; signed in anew when that was lost."""
        kwargs = case.as_transport_kwargs(base_url=self.room.url)
        headers = {**_sendable(kwargs.get("headers") or {}), **self._headers[who]}
        request = httpx.Request(
            kwargs["method"],
            kwargs["url"],
            params=kwargs.get("params") or None,
            headers=headers,
            json=kwargs.get("json"),
            content=kwargs.get("data") if isinstance(kwargs.get("data"), bytes | str) else None,
        )
        self.api.cookies.clear()
        answer = self.api.send(request)
        if answer.status_code == 401:
            self.renew(who)
        return answer


def _sendable(headers: Any) -> dict[str, str]:
    """What names the asker is ours to say."""
    ours = {"authorization", "cookie", "origin", "host"}
    return {key: value for key, value in dict(headers).items() if key.lower() not in ours}


class Real:
    """Ids of things that are there, by the list they are in."""

    def __init__(self, askers: Askers, paths: set[str]) -> None:
        self._askers = askers
        self._paths = paths
        self._kept: dict[str, tuple[int, list[str]]] = {}

    def of(self, path: str) -> list[str]:
        """Every ``id`` in the answer of a list, looked up anew once the journal has grown."""
        head = self.head()
        path = _LISTED.get(path, path)
        if path not in self._kept or self._kept[path][0] + 20 < head:
            query = "?all=true" if path == "/api/incidents" else ""
            found = _ids(self._askers.get(path + query)) if path in self._paths else []
            self._kept[path] = head, list(dict.fromkeys(found))
        return self._kept[path][1]

    def named(self, name: str) -> list[str]:
        """Ids for a field of a body: ``unit``, ``units``, ``alarms``, ``type``…"""
        if name in _IN_ROOM:
            rows = self._askers.get("/api/room").get(_IN_ROOM[name], [])
            return [str(row.get("id") or row.get("code")) for row in rows]
        return self.of(f"/api/{name.removesuffix('_id').removesuffix('s')}s")

    def right(self, body: Any) -> Any:
        """A right body, its place somewhere in the city."""
        if isinstance(body, dict):
            return {name: self.right(value) for name, value in body.items()}
        if isinstance(body, list):
            return [self.right(value) for value in body]
        lon, lat = self._askers.room.room.picture.city.meta["center"]
        return {"lon": lon, "lat": lat}.get(body, body)

    def known(self, path: str, name: str) -> list[str]:
        """What a parameter of a path may be."""
        prefix = path.partition("/{")[0]
        if prefix == "/tiles":
            return ["0"]
        return self._log_tiles() if prefix == "/log/tile" else self.of(prefix) or self.named(name)

    def head(self) -> int:
        """The last entry's seq."""
        return self._askers.room.home.journal.head()

    def _log_tiles(self) -> list[str]:
        """Paths below ``/log/tile/``."""
        size = self.head() + 1
        return [f"entries/000.p/{min(size, 255)}", f"0/000.p/{min(size, 255)}"]


def _ids(document: Any) -> list[str]:
    if isinstance(document, dict):
        own = [str(document["id"])] if isinstance(document.get("id"), str | int) else []
        return own + [found for value in document.values() for found in _ids(value)]
    return (
        [found for item in document for found in _ids(item)] if isinstance(document, list) else []
    )


def made_real(case: Case, real: Real, draw: int) -> None:
    """Put ids of things that are there into a case; ``draw`` chooses which."""
    for name in case.path_parameters or {}:
        known = real.known(case.operation.path, name)
        if known:
            case.path_parameters[name] = known[draw % len(known)]
    if isinstance(case.body, dict):
        for name, value in case.body.items():
            known = real.named(name) if isinstance(value, str | list) else []
            if known:
                one = known[draw % len(known)]
                case.body[name] = [one] if isinstance(value, list) else one
        if isinstance(case.body.get("seq"), int):
            case.body["seq"] = real.head()


def right_cases(operation: APIOperation, real: Real) -> Iterator[Case]:
    """The operation done right, to each of the things that were seeded."""
    names = [parameter.name for parameter in operation.path_parameters]
    for number in range(SEEDED if names else 1):
        known = {name: real.known(operation.path, name) for name in names}
        yield operation.Case(
            path_parameters={name: ids[number % len(ids)] for name, ids in known.items()},
            body=real.right({**_RIGHT, **_BY_ADMINISTRATOR}[operation.path]),
            media_type="application/json",
        )


class Told(NamedTuple):
    """What came of all calls."""

    calls: Counter[tuple[str, str]]
    statuses: Counter[tuple[tuple[str, str], int]]
    wrong: list[str]


def wrong_with(case: Case, answer: httpx.Response) -> str:
    """Why an answer is not what the document promises; nothing when it is."""
    status = answer.status_code
    if status >= 500:
        return "a server error"
    documented = case.operation.definition.raw["responses"]
    if status < 400 and str(status) not in documented:
        return f"not documented, only {sorted(documented)}"
    if status >= 400:
        if case.operation.path in _PAGES and answer.text.startswith("<!doctype html>"):
            return ""
        if why := _not_said(answer):
            return why
    try:
        case.operation.validate_response(answer)
    except FailureGroup as failures:
        return f"not of its schema: {'; '.join(str(f)[:300] for f in failures.exceptions)}"
    return ""


def _not_said(answer: httpx.Response) -> str:
    """Why a refusal is not one in words; nothing when it is."""
    if answer.headers.get("content-type") != "application/problem+json":
        return f"refused as {answer.headers.get('content-type')}"
    said = answer.json()
    if said.get("status") != answer.status_code or not said.get("title") or not said.get("todo"):
        return f"not said in words: {said}"
    return ""


@pytest.fixture(scope="module")
def told(room: Running) -> Iterator[Told]:
    """Every operation called, good input and bad, until there were enough."""
    document = httpx.get(f"{room.url}/api/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    askers, told = Askers(room), Told(Counter(), Counter(), [])
    real = Real(askers, set(document["paths"]))
    seed(room, askers)

    def call(case: Case, who: str, draw: int) -> None:
        if draw:
            made_real(case, real, draw)
        answer = askers.send(who, case)
        key = (case.operation.method.upper(), case.operation.path)
        told.calls[key] += 1
        told.statuses[key, answer.status_code] += 1
        if why := wrong_with(case, answer):
            sent = f"{answer.request.method} {answer.request.url} {case.body!r:.300}"
            told.wrong.append(f"{who}: {sent}: {answer.status_code} {why}: {answer.text[:300]}")

    def draw(mode: GenerationMode, calls: float) -> None:
        each = math.ceil(calls / len(operations))
        for operation in operations:
            _draw(operation.as_strategy(generation_mode=mode), call, each)

    draw(GenerationMode.NEGATIVE, CALLS / 2)
    draw(GenerationMode.POSITIVE, 1.05 * CALLS - told.calls.total())
    for operation in operations:
        for who, right in (("session", _RIGHT), ("administrator", _BY_ADMINISTRATOR)):
            if operation.path in right and operation.method == "post":
                for case in right_cases(operation, real):
                    call(case, who, 0)
    yield told
    askers.close()


def seed(room: Running, askers: Askers) -> None:
    """Things for ids to be of, each by its own route, and somebody who can sign in."""
    real = Real(askers, set())
    room.staff("ana", "dispatcher")
    with room.client() as api:
        for number in range(SEEDED):
            press = {"device": "button-1", "press": f"seed-{number}", "kind": "panic"}
            for path, body in (
                ("/api/alarms", press),
                ("/api/incidents", real.right(_RIGHT["/api/incidents"])),
                ("/api/closures", real.right(_RIGHT["/api/closures"])),
            ):
                answer = api.post(path, json=body)
                assert answer.status_code == 201
                thing = f"{path}/{answer.json()['id']}"
                if number < 2:  # what is finished can be erased
                    finished = {"/api/alarms": "acknowledge", "/api/incidents": "close"}
                    api.post(f"{thing}/{finished.get(path, 'nothing')}", json={})
    for number in range(SEEDED):
        askers.post("administrator", "/api/consoles", {"name": f"Desk {number}"})


def _draw(cases: Any, call: Any, count: int) -> None:
    """Call with so many cases, fewer where there are fewer to think of."""
    quiet = settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    draws = st.one_of(st.just(0), st.integers(1, 1000), st.integers(1, 1000))
    # Of a request without parameters nothing can be wrong.
    with contextlib.suppress(Unsatisfiable):
        quiet(given(cases, st.sampled_from(_ASKERS), draws)(call))()


def test_two_thousand_calls_and_no_server_error(told: Told) -> None:
    assert not told.wrong, "\n".join([f"{len(told.wrong)} answers", *told.wrong[:20]])
    assert told.calls.total() >= CALLS


def test_every_operation_was_reached(told: Told) -> None:
    """Not only turned away: ids, bodies and askers were good enough to get to the handler."""
    past = {key for (key, status), _ in told.statuses.items() if status not in _TURNED_AWAY}
    unreached = sorted(set(told.calls) - past - _NOT_BY_REQUEST)
    assert len(unreached) <= 0.1 * len(told.calls), unreached
    fine = {key for (key, status), _ in told.statuses.items() if status < 300}
    assert {("POST", path) for path in (*_RIGHT, *_BY_ADMINISTRATOR)} <= fine
    assert len(fine) >= 0.6 * len(told.calls), sorted(set(told.calls) - fine)
