"""Who may come in, and by which way."""

import threading

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from callout.journal import Entry
from callout.web import ROUTES
from callout.web.app import HANDLERS, App
from running import Running


def test_the_table_of_routes_is_the_app(room: Running) -> None:
    app = App(room.room)
    found = {("POST" if kind == "http" else "WS", path) for kind, path in app.raw}
    for handler in HANDLERS:
        for path in handler.paths:
            plain = path.replace(":str", "").replace(":int", "").replace(":path", "")
            found |= {(str(method), plain) for method in handler.http_methods}
    found |= {("GET", "/api"), ("GET", "/api/openapi.json")}
    served = {
        (str(method), route.path_format)
        for route in app.litestar.routes
        for method in getattr(route, "methods", ())
        if str(method) not in {"OPTIONS", "HEAD"}
    }
    table = {(route.method, route.path) for route in ROUTES}
    assert table == found
    raw = {("POST", "/api/positions"), ("WS", "/api/live")}
    assert served == table - raw


@pytest.mark.parametrize("route", [r for r in ROUTES if r.path.startswith(("/api", "/tiles"))])
def test_a_stranger_is_sent_away_everywhere_but_at_the_open_doors(
    room: Running, route: object
) -> None:
    method, path, action = route  # type: ignore[misc]
    url = path.replace("{z}/{x}/{y}", "0/0/0").replace("{unit_id}", "E1")
    url = url.replace("{alarm_id}", "x").replace("{incident_id}", "x")
    if method == "WS":
        with (
            pytest.raises((ConnectionClosed, InvalidStatus)),
            connect(room.url.replace("http", "ws") + url, proxy=None) as socket,
        ):
            socket.recv(timeout=5)
        return
    bodies = {
        "/api/units/E1/status": {"status": "available"},
        "/api/places/search": {"text": "x"},
        "/api/incidents": {"type": "FALL"},
    }
    with room.client("") as api:
        answer = api.request(method, url, json=bodies.get(url, {}) if method == "POST" else None)
    open_doors = {"alarm.raise", "session.own", "page.read"}
    if action.value in open_doors:
        assert answer.status_code != 401
    else:
        assert answer.status_code in {401, 404, 400}, answer.text
        assert "E1" not in answer.text or answer.status_code == 401


def test_another_host_name_is_refused(room: Running) -> None:
    with room.client() as api:
        answer = api.get("/api/units", headers={"Host": "rebound.example"})
    assert answer.status_code == 403
    assert "rebound.example" in answer.json()["title"]


def test_one_click_sign_in_is_for_our_page_only(room: Running) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = httpx.post(f"{room.url}/api/session/demo", headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    answer = httpx.post(f"{room.url}/api/session/demo", headers={"Origin": room.url})
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_cookie_needs_our_origin_on_unsafe_requests(room: Running) -> None:
    with httpx.Client(base_url=room.url) as api:
        api.post("/api/session/demo", headers={"Origin": room.url})
        assert api.get("/api/units").is_success
        press = {"status": "out_of_service"}
        for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
            assert api.post("/api/units/E2/status", json=press, headers=headers).status_code == 403
        ours = {"Origin": room.url}
        assert api.post("/api/units/E2/status", json=press, headers=ours).is_success
        assert api.delete("/api/session", headers=ours).status_code == 204
        assert api.get("/api/units").status_code == 401


def test_a_password_is_never_hashed_in_the_thread_that_takes_alarms(
    room: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed_in, folded_in = set(), set()
    sign_in, apply = room.room.credentials.check_password, room.room.picture.apply

    def watched(*given: str) -> str:
        hashed_in.add(threading.get_ident())
        return sign_in(*given)

    def watched_apply(entry: Entry) -> None:
        folded_in.add(threading.get_ident())
        apply(entry)

    monkeypatch.setattr(room.room.credentials, "check_password", watched)
    monkeypatch.setattr(room.room.picture, "apply", watched_apply)
    with room.client() as api:
        body = {"name": "nobody", "password": "a wrong password"}
        assert api.post("/api/session", json=body).status_code == 401
        api.post("/api/incidents", json={"type": "FALL"})
    assert hashed_in
    assert folded_in
    assert hashed_in.isdisjoint(folded_in)


def test_a_cross_site_websocket_is_refused(room: Running) -> None:
    with httpx.Client(base_url=room.url) as api:
        api.post("/api/session/demo", headers={"Origin": room.url})
        cookie = f"callout_session={api.cookies['callout_session']}"
    url = room.url.replace("http", "ws") + "/api/live"
    with (
        pytest.raises((ConnectionClosed, InvalidStatus)),
        connect(
            url, origin="http://evil.example", additional_headers={"Cookie": cookie}, proxy=None
        ) as socket,
    ):
        socket.recv(timeout=5)
    with connect(url, origin=room.url, additional_headers={"Cookie": cookie}, proxy=None) as socket:
        assert "hello" in str(socket.recv(timeout=5))


def test_every_answer_carries_the_policy(room: Running) -> None:
    for path in ("/", "/api/units", "/api/nowhere"):
        answer = httpx.get(room.url + path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
