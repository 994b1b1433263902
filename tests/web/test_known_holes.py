"""One test for each known hole of products like this one, on what callout has today.

What the numbers stand for was looked up in the advisories and the reports to the projects; where
only the class could be found, the docstring says so. Scripts in names (CVE-2022-25507,
CVE-2023-45671) are in test_page_script.py. Three more are in test_door.py, where the door's own
tests are: a WebSocket from another site (``test_a_cross_site_websocket_is_refused``), DNS
rebinding (``test_another_host_name_is_refused``), and one-click demo sign-in from another page
(``test_one_click_sign_in_is_for_our_page_only``).
"""

import contextlib
import http.client
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from read_source import commands, programs, sql_parts
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

import callout
from callout.access import RULES, Credentials, Role
from callout.base.clock import SystemClock
from callout.base.errors import BadInputError
from callout.journal import Journal
from callout.main import setup
from callout.web import ROUTES
from callout.web.routes import Route
from running import Running

SOURCES = {
    str(path.relative_to(Path(callout.__file__).parent)): path.read_text(encoding="utf-8")
    for path in sorted(Path(callout.__file__).parent.rglob("*.py"))
}
GUARDED = [route for route in ROUTES if not RULES[route.action].anyone]
_SAID = "the second floor, the blue door"
_BODIES: dict[str, Any] = {
    "/api/incidents": {"type": "FALL"},
    "/api/incidents/{incident_id}/notes": {"text": "x"},
    "/api/incidents/{incident_id}/place": {"lon": 0, "lat": 0},
    "/api/incidents/{incident_id}/assignments": {"units": ["E1"], "seq": 0},
    "/api/incidents/{incident_id}/erase": {"reason": "mistake"},
    "/api/alarms/{alarm_id}/erase": {"reason": "mistake"},
    "/api/units/{unit_id}/status": {"status": "out_of_service"},
    "/api/positions": {"unit": "E1", "lon": 0, "lat": 0},
    "/api/places/search": {"text": "x"},
    "/api/closures": {"why": "flood", "points": [[0, 0]]},
}


@pytest.fixture(scope="module")
def there(room: Running) -> dict[str, str]:
    """Ids of things that are there, by the parameter that names them."""
    with room.client() as api:
        press = {"device": "button-1", "press": "hole", "kind": "panic", "text": _SAID}
        alarm = api.post("/api/alarms", json=press).json()["id"]
        lon, lat = room.room.picture.city.meta["center"]
        body = {"type": "FALL", "lon": lon, "lat": lat, "text": _SAID}
        incident = api.post("/api/incidents", json=body).json()["id"]
        body = {"why": "flood", "points": [[lon, lat]], "name": _SAID}
        closure = api.post("/api/closures", json=body).json()["id"]
    ids = {"alarm_id": alarm, "incident_id": incident, "closure_id": closure, "unit_id": "E1"}
    return {**ids, "z": "0", "x": "0", "y": "0", "path": "entries/000.p/1"}


def asked(
    api: httpx.Client, route: Route, ids: dict[str, str], other: str = "none"
) -> httpx.Response:
    """A route asked for with these ids, ``other`` for parameters that they do not name."""
    path = re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], other), route.path)
    body = _BODIES.get(route.path, {}) if route.method != "GET" else None
    return api.request(route.method, path, json=body)


def live_closed(room: Running, token: str, query: str = "") -> str:
    """How the live feed sends somebody away; empty when it lets them in."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = room.url.replace("http", "ws") + "/api/live" + query
    try:
        with connect(url, additional_headers=headers, proxy=None) as socket:
            socket.recv(timeout=5)
    except (ConnectionClosed, InvalidStatus) as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_what_is_shown_is_checked_for_each_object(
    room: Running, there: dict[str, str], route: Route
) -> None:
    """CVE-2026-54258, ZoneMinder: media of an event was sent to who may not see its camera.

    CVE-2026-33470, Frigate: event ids and clean snapshots of other cameras, the same way. Here:
    who may not is told the same of a thing that is there and of one that is not, on every route
    with an id, and nothing that was said of it.
    """
    for token in ("", room.button):
        if route.method == "WS":
            assert live_closed(room, token)
            continue
        with room.client(token) as api:
            real = asked(api, route, there)
            none = asked(api, route, {})
        assert real.status_code >= 400
        assert _SAID not in real.text
        if "{z}" not in route.path:  # no tile is called "none"
            assert real.status_code == none.status_code, (real.text, none.text)
            assert real.json()["title"] == none.json()["title"]


def test_who_may_is_let_in(room: Running, there: dict[str, str]) -> None:
    """So that the test above can fail: the same requests by a program of the room."""
    with room.client() as api:
        assert _SAID in asked(api, _route("GET", "/api/incidents/{incident_id}"), there).text
        assert asked(api, _route("GET", "/tiles/{z}/{x}/{y}"), there).is_success
    assert live_closed(room, room.program) == ""


def written_since(room: Running, seq: int) -> set[str]:
    """Types of the entries after that one."""
    return {entry.type for entry in room.home.journal.read(seq, 1000)}


def _route(method: str, path: str) -> Route:
    (found,) = [r for r in ROUTES if (r.method, r.path) == (method, path)]
    return found


def test_who_only_reads_writes_nothing(room: Running, there: dict[str, str]) -> None:
    """CVE-2026-44314, Traccar: an upload asked whether a user sees a device, not may change it.

    An auditor reads all; of every route that changes something none lets them.
    """
    program = room.room.credentials.create_token("auditing", ("audit",))
    auditor = room.signed_in("x1", "auditor")
    before = room.home.journal.head()
    writing = [route for route in GUARDED if route.method not in {"GET", "WS"}]
    for client in (auditor, room.client(program)):
        with client as api:
            assert api.get("/log/checkpoint").is_success
            for route in writing:
                rule = RULES[route.action]
                if not rule.person and Role.AUDITOR not in rule.roles:
                    assert asked(api, route, there).status_code == 403, route
    assert len(writing) > 10
    assert written_since(room, before) <= {"Refused.1"}


_UP = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "%252e%252e%252f", "/", "//")


@pytest.mark.parametrize("base", ["/assets/", "/log/tile/", "/log/tile/entries/", "/tiles/0/0/"])
def test_no_path_leads_out_of_its_folder(room: Running, base: str) -> None:
    """CVE-2024-24809 and CVE-2024-31214, Traccar: a file of any name, to any folder, by upload.

    Nothing is uploaded here yet; what is downloaded by name stays in its folder, and a name that
    no file can have is not there.
    """
    token = room.room.credentials.create_token("reading", ("room", "audit"))
    targets = ("app.py", "../app.py", "index.html", "keys/log.key", "etc/passwd")
    names = [up * depth + target for up in _UP for depth in (1, 3, 8) for target in targets]
    names += ["%00", "a%00b", "x" * 5000, "%ff%fe", "..", ".", "", "%2e%2e", "~"]
    with contextlib.closing(http.client.HTTPConnection(room.url.removeprefix("http://"))) as to:
        _none_is_found(to, token, [base + name for name in names])


def _none_is_found(to: http.client.HTTPConnection, token: str, names: list[str]) -> None:
    for name in names:
        to.request("GET", name, headers={"Authorization": f"Bearer {token}"})
        answer = to.getresponse()
        body = answer.read()
        assert answer.status in {400, 404}, (name, answer.status)
        assert answer.headers["content-type"] == "application/problem+json"
        for secret in (b"PRIVATE", b"import ", b"root:"):
            assert secret not in body, name


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "..", "/etc/x", "a/b", "a\\b", "a\0b", ""])
def test_no_name_in_a_table_is_a_path(tmp_path: Path, name: str) -> None:
    """The same in what set-up takes: an id that could be a path is no id."""
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "agencies.csv").write_text(f'id,name\n"{name}",Fire\n', encoding="utf-8")
    with contextlib.closing(Journal.open(tmp_path / "home", clock=SystemClock())) as journal:
        try:
            problems = len(setup.plan(journal, folder).problems)
        except BadInputError:  # no table at all
            problems = 1
        assert problems
        assert journal.head() == -1
    assert {path.name for path in tmp_path.iterdir()} == {"csv", "home"}


#: What starts processes or loads code by name, and why it may. Anything else fails the test.
REVIEWED_COMMANDS = {
    ("journal/spread.py", "subprocess.Popen"): "proves ranges: our own module, paths as arguments",
    ("main/demo.py", "subprocess.Popen"): "plays the town, and checks it: our own modules",
    ("main/cli.py", "importlib.import_module"): "commands by the table in this file",
    ("main/check.py", "importlib.import_module"): "event types by the list of rooms in this file",
}


def test_no_configuration_becomes_a_command() -> None:
    """CVE-2026-25643, Frigate: ``exec:`` in a stream's configuration ran as a command.

    No setting, cell or body gets to a shell or an interpreter: all that could is in the list
    above, and every process that is started is this Python.
    """
    found = {(name, one.what) for name, text in SOURCES.items() for one in commands(text)}
    assert found == set(REVIEWED_COMMANDS)
    started = {one.what for text in SOURCES.values() for one in programs(text)}
    assert started == {"sys.executable"}


@pytest.mark.parametrize(
    "planted",
    [
        "import subprocess\nsubprocess.run(setting, shell=True)",
        "from subprocess import check_output as ask\nask(cell)",
        "import os as system\nsystem.system(cell)",
        "from os import popen\npopen(cell)",
        "import asyncio\nasyncio.create_subprocess_shell(cell)",
        "eval(cell)",
        "exec(compile(cell, 'x', 'exec'))",
        "import pickle\npickle.loads(body)",
        "import yaml\nyaml.load(text)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "from importlib import import_module\nimport_module(cell)",
    ],
)
def test_a_planted_command_is_found(planted: str) -> None:
    assert list(commands("def f(cell):\n    pass\n" + planted))


#: What is put into SQL text and is no constant: (file, expression).
REVIEWED_SQL = {
    ("places/index.py", "_marks(ids)"): "question marks, as many as there are",
    ("places/index.py", "_marks(titles)"): "question marks",
    ("places/index.py", "_marks(one)"): "question marks",
    ("places/index.py", "_marks(other)"): "question marks",
    ("places/index.py", "only"): "one of two constants",
}


def test_no_sql_is_built_of_what_is_sent() -> None:
    """CVE-2024-51482, ZoneMinder: an event tag's id went into SQL as it came.

    CVE-2022-25506, FreeTAKServer-UI: so did a user's name at sign-in.
    """
    found = {(name, one.what) for name, text in SOURCES.items() for one in sql_parts(text)}
    assert found == set(REVIEWED_SQL)


@pytest.mark.parametrize(
    "planted",
    [
        "db.execute(f\"SELECT a FROM item WHERE name = '{name}'\")",
        'db.execute("SELECT a FROM item WHERE name = \'" + name + "\'")',
        'db.execute("DELETE FROM item WHERE id = %s" % number)',
        'db.execute("UPDATE item SET a = {}".format(value))',
        'query = f"{START} FROM item ORDER BY {column}"',
    ],
)
def test_planted_sql_is_found(planted: str) -> None:
    assert list(sql_parts(planted))


_SQL = ("' OR 1=1 --", '" OR ""="', "'; DROP TABLE event; --", '" OR NEAR(b', "1) UNION SELECT 1")


@pytest.mark.parametrize("text", _SQL)
def test_sql_that_is_sent_is_text(room: Running, there: dict[str, str], text: str) -> None:
    """The same from outside: on every route with an id, and where words are taken."""
    token = room.room.credentials.create_token("asking", ("room", "audit"))
    before = room.home.journal.head()
    with room.client(token) as api:
        for route in GUARDED:
            if "{" in route.path and route.method != "WS":
                answer = asked(api, route, {}, quote(text, safe=""))
                assert answer.status_code in {400, 403, 404}, (route, answer.text)
        assert api.post("/api/session", json={"name": text, "password": text}).status_code == 401
        assert api.post("/api/places/search", json={"text": text}).status_code == 200
        assert written_since(room, before) <= {"Refused.1", "MaterialOpened.1"}
        note = {"text": text}
        assert api.post(f"/api/incidents/{there['incident_id']}/notes", json=note).is_success
        log = api.get(f"/api/incidents/{there['incident_id']}").json()["log"]
    assert log[-1]["words"] == text
    assert live_closed(room, token, f"?from={quote(text)}")
    assert live_closed(room, token, f"?from={room.home.journal.head()}") == ""


def test_no_two_rooms_share_a_secret(tmp_path: Path) -> None:
    """CVE-2022-25510, FreeTAKServer: the key that signs sessions stood in the source."""
    kept: list[set[bytes]] = []
    tokens, journals = [], []
    for name in ("one", "other"):
        journal = Journal.open(tmp_path / name, clock=SystemClock())
        journals.append(journal)
        credentials = Credentials(journal.state, SystemClock())
        tokens.append((credentials, credentials.create_token("button-1", ("alarms",))))
        files = [path for path in (tmp_path / name / "keys").iterdir() if path.is_file()]
        kept.append({path.read_bytes() for path in files if path.stat().st_size})
        assert len(kept[-1]) >= 3
    assert kept[0].isdisjoint(kept[1])
    (one, mine), (other, theirs) = tokens
    assert one.find_token(mine)
    assert one.find_token(theirs) is None
    assert other.find_token(mine) is None
    for journal in journals:
        journal.close()


# As long as a key, and of as many kinds of letters: no word, name, alphabet or path looks so.
_RANDOM = re.compile(
    r"(?=[A-Za-z0-9+/=_-]*\d)(?=[A-Za-z0-9+/=_-]*[A-Z])(?=[A-Za-z0-9+/=_-]*[a-z])[A-Za-z0-9+/=_-]{24,}"
    r"|\b[0-9a-f]{32,}\b|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_ASSIGNED = re.compile(
    r"(?i)\b\w*(secret|password|passwd|api_?key|token|private_?key)\w*\s*[:=]\s*"
    r"(str\s*=\s*)?[\"'](?![a-z]+\.[a-z]+[\"'])[^\"'{}\s]{8,}[\"']"
)


def literal_secrets(text: str) -> list[str]:
    """What looks like a key, a password or a token in a source file."""
    return [found[0] for find in (_RANDOM, _ASSIGNED) for found in find.finditer(text)]


#: What looks like a key and opens nothing.
REVIEWED_KEYS = {
    # The public key of RFC 8032, 7.1, test 1: who has none is checked against it, as slowly.
    ("web/signing.py", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
}


def test_no_secret_stands_in_the_source() -> None:
    found = {(name, one) for name, text in SOURCES.items() for one in literal_secrets(text)}
    assert found == REVIEWED_KEYS


@pytest.mark.parametrize(
    "planted",
    [
        'SECRET_KEY = "vnkdjnfjknfl1232#"',
        'key = b"J7x9QmZp2LrT5wVn8KsB4yHd"',
        'SALT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
        'websocket_token: str = "YourWebsocketKey"',
        "-----BEGIN EC PRIVATE KEY-----",
    ],
)
def test_a_planted_secret_is_found(planted: str) -> None:
    assert literal_secrets(planted)
