"""The HTTP API as other programs meet it."""

import re

import httpx
import pytest

from running import Running

PRESS = {"device": "button-1", "press": "p1", "kind": "panic", "at": "2026-11-22T03:00:00Z"}


@pytest.fixture
def here(room: Running) -> tuple[float, float]:
    west, south, east, north = room.room.picture.city.meta["bbox"]
    return (west + east) / 2, (south + north) / 2


def opened(api: httpx.Client, here: tuple[float, float], **more: object) -> dict[str, object]:
    body = {"type": "HOUSEFIRE", "lon": here[0], "lat": here[1], "text": "smoke", **more}
    answer = api.post("/api/incidents", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_press_is_kept_once(room: Running, here: tuple[float, float]) -> None:
    with room.client(room.button) as api:
        body = {**PRESS, "lon": here[0], "lat": here[1]}
        first = api.post("/api/alarms", json=body)
        again = api.post("/api/alarms", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["verified"] is True
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["seq"] == first.json()["seq"]


@pytest.mark.parametrize("token", ["", "ct_wrong", "x" * 3000])
def test_missing_or_wrong_token_is_kept_and_marked(room: Running, token: str) -> None:
    with room.client(token) as api:
        answer = api.post("/api/alarms", json={**PRESS, "press": "stranger"})
    assert answer.status_code == 201
    assert answer.json()["verified"] is False
    with room.client(room.button) as api:
        real = api.post("/api/alarms", json={**PRESS, "press": "stranger"})
    assert real.json()["verified"] is True
    assert real.json()["id"] != answer.json()["id"]


@pytest.mark.parametrize(
    ("more", "mark"),
    [
        ({"lon": 999, "lat": 0}, "bad-fix"),
        ({"at": "yesterday"}, "bad-time"),
        ({"at": 10**30}, "bad-time"),
        ({"at": 4_000_000_000}, "time-in-future"),
        ({"at": 1_000_000_000}, "late"),
        ({"text": "x" * 12000}, "text-cut"),
        ({"at": None}, "no-time"),
    ],
)
def test_what_is_wrong_with_a_press_is_a_mark(
    room: Running, more: dict[str, object], mark: str
) -> None:
    with room.client(room.button) as api:
        answer = api.post("/api/alarms", json={**PRESS, "press": f"odd-{mark}-{more}", **more})
        assert answer.status_code == 201, answer.text
    with room.client() as api:
        alarms = {alarm["id"]: alarm for alarm in api.get("/api/alarms").json()["alarms"]}
    assert mark in alarms[answer.json()["id"]]["marks"]


def test_from_alarm_to_assignment(room: Running, here: tuple[float, float]) -> None:
    with room.client() as api:
        sent = {**PRESS, "press": "whole", "lon": here[0], "lat": here[1], "text": "help"}
        alarm = api.post("/api/alarms", json=sent).json()["id"]
        taken = api.post(f"/api/alarms/{alarm}/acknowledge")
        assert taken.status_code == 200
        assert api.post(f"/api/alarms/{alarm}/acknowledge").json() == taken.json()
        incident = opened(api, here, alarms=[alarm])
        assert re.fullmatch(r"fire-\d{4}-\d+", str(incident["run"]))
        assert str(incident["number"]) != incident["id"]
        path = f"/api/incidents/{incident['id']}"
        answer = api.get(f"{path}/recommendation", params={"k": 3, "explain": 1}).json()
        times = [ranked["travel_ms"] for ranked in answer["ranked"]]
        assert times == sorted(times)
        assert len(times) == 3
        assert answer["ranked"][0]["route"]
        explain = answer["explain"]
        assert {"edge", "offset", "other", "unit"} <= set(explain["candidates"][0])
        assert [r["travel_ms"] for r in explain["ranked"]] == times
        first = answer["ranked"][0]["unit"]
        body = {"units": [first], "seq": answer["seq"]}
        assert api.post(f"{path}/assignments", json=body).status_code == 201
        late = api.post(f"{path}/assignments", json=body)
        assert late.status_code == 409
        assert late.json()["changed"][0]["id"] == first
        for status in ("en_route", "on_scene"):
            assert api.post(f"/api/units/{first}/status", json={"status": status}).is_success
        seen = api.get(path).json()
        assert seen["state"] == "active"
        assert seen["units"][0]["on_scene_us"] >= seen["units"][0]["en_route_us"]
        assert [line["code"] for line in seen["log"]][:2] == ["IncidentOpened", "UnitJoined"]
        closed = api.post(f"{path}/close", json={"reason": "done"})
        assert closed.json()["released"] == [first]
        assert all(i["id"] != incident["id"] for i in api.get("/api/incidents").json()["incidents"])


def test_divert_names_who_loses(room: Running, here: tuple[float, float]) -> None:
    with room.client() as api:
        loser, winner = opened(api, here), opened(api, here)
        best = api.get(f"/api/incidents/{loser['id']}/recommendation").json()
        unit = best["ranked"][0]["unit"]
        body = {"units": [unit], "seq": best["seq"]}
        api.post(f"/api/incidents/{loser['id']}/assignments", json=body)
        now = api.get("/api/incidents").json()["seq"]
        path = f"/api/incidents/{winner['id']}/assignments"
        refused = api.post(path, json={"units": [unit], "seq": now})
        assert refused.status_code == 409
        assert refused.json()["loses"] == [{"unit": unit, "incident": loser["id"]}]
        done = api.post(path, json={"units": [unit], "seq": now, "divert": True})
        assert done.json()["diverted"] == [{"unit": unit, "from": loser["id"]}]
        lost = api.get(f"/api/incidents/{loser['id']}").json()
        assert (lost["state"], lost["requeued"]) == ("waiting", 1)


def test_an_incident_without_a_place(room: Running) -> None:
    with room.client() as api:
        answer = api.post("/api/incidents", json={"type": "CARDIAC", "text": "on the phone"})
        path = f"/api/incidents/{answer.json()['id']}"
        assert api.get(f"{path}/recommendation").json()["ranked"] == []
        west, south, _, _ = room.room.picture.city.meta["bbox"]
        api.post(f"{path}/place", json={"lon": west + 0.02, "lat": south + 0.02, "place": "Quay"})
        assert api.get(f"{path}/recommendation").json()["ranked"]
        assert api.get(path).json()["place"]["name"] == "Quay"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/alarms", b"{", 400),
        ("POST", "/api/alarms", b'{"device": 5}', 400),
        ("POST", "/api/incidents", b'{"type": "NONE"}', 404),
        ("POST", "/api/incidents", b'{"type": "FALL", "priority": 9}', 400),
        ("POST", "/api/incidents", b'{"type": "FALL", "lon": 5}', 400),
        ("POST", "/api/incidents", b'{"type": "FALL", "lon": 500, "lat": 0}', 400),
        ("POST", "/api/incidents", b'{"type": "FALL", "alarms": ["none"]}', 404),
        ("POST", "/api/incidents", b'{"type": "FALL", "agency": "none"}', 400),
        ("GET", "/api/incidents/none", b"", 404),
        ("GET", "/api/incidents/none/recommendation", b"", 404),
        ("POST", "/api/incidents/none/assignments", b'{"units": ["E1"], "seq": 0}', 404),
        ("POST", "/api/units/none/status", b'{"status": "available"}', 404),
        ("POST", "/api/units/E1/status", b'{"status": "asleep"}', 400),
        ("POST", "/api/units/E1/status", b"{}", 400),
        ("POST", "/api/units/E1/status", b'{"status": "on_scene"}', 400),
        ("POST", "/api/alarms/none/acknowledge", b"", 404),
        ("POST", "/api/positions", b"[{", 400),
        ("GET", "/api/positions", b"", 400),
        ("GET", "/api/nowhere", b"", 404),
        ("GET", "/tiles/99/0/0", b"", 204),
        ("GET", "/assets/../app.py", b"", 404),
        ("GET", "/assets/%2e%2e/app.py", b"", 404),
    ],
)
def test_bad_input_is_said_in_words(
    room: Running, method: str, path: str, body: bytes, status: int
) -> None:
    before = room.home.journal.head()
    with room.client() as api:
        answer = api.request(
            method, path, content=body, headers={"content-type": "application/json"}
        )
    assert answer.status_code == status, answer.text
    assert room.home.journal.head() == before
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["title"]
        assert problem["status"] == status


def test_positions_are_checked_one_by_one(room: Running, here: tuple[float, float]) -> None:
    good = {"unit": "E1", "lon": here[0], "lat": here[1], "at": "2026-11-22T03:00:00Z"}
    batch = [
        good,
        {**good, "lon": 181},
        {**good, "unit": "nobody"},
        {**good, "at": "noon"},
        {**good, "at": 2**62},
        {**good, "at": "0001-01-01T00:00:00Z"},
        {**good, "speed": -1},
        {**good, "heading": 725.0, "speed": 12},
    ]
    with room.client() as api:
        answer = api.post("/api/positions", json=batch)
        assert answer.status_code == 202
        assert answer.json()["accepted"] == 2
        assert answer.json()["refused_count"] == 6
        one = api.post("/api/positions", json=good)
        assert one.json()["accepted"] == 1
        (unit,) = [u for u in api.get("/api/units").json()["units"] if u["id"] == "E1"]
    assert unit["position"]["source"] == "device"
    assert unit["position"]["age_s"] < 60


def test_places_are_found_by_name(room: Running) -> None:
    name = room.room.picture.city.pois("hospital")[0].name
    with room.client() as api:
        found = api.post("/api/places/search", json={"text": name[:6]}).json()["places"]
    assert found
    shape = {"name", "kind", "lon", "lat", "near", "note", "detail", "ambiguous"}
    assert set(found[0]) == shape


def test_a_place_is_searched_for_in_any_notation(room: Running, here: tuple[float, float]) -> None:
    lon, lat = here
    body = {"text": f"{lat:.5f} N {lon:.5f} E", "lon": lon, "lat": lat}
    with room.client() as api:
        (found,) = api.post("/api/places/search", json=body).json()["places"]
    assert (round(found["lon"], 5), round(found["lat"], 5)) == (round(lon, 5), round(lat, 5))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "x" * 10_000}, 400),
        ({"text": "x", "lon": 1.0}, 400),
        ({"text": "x", "lon": 1.0, "lat": 95.0}, 400),
        ({"text": 'a" OR NEAR(b'}, 200),
        ({"text": "\x00\x00"}, 200),
        ({"text": "\u202e\U0001f525"}, 200),
        ({"text": ""}, 200),
        ({"text": "and " * 50}, 200),
    ],
)
def test_hostile_searches(room: Running, body: dict[str, object], status: int) -> None:
    with room.client() as api:
        answer = api.post("/api/places/search", json=body)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["title"]
        assert answer.json()["where"]


def test_a_pin_is_used_at_once_and_marked(room: Running, here: tuple[float, float]) -> None:
    with room.client() as api:
        pinned = opened(api, here, place="by the old bridge", verified=False)
        path = f"/api/incidents/{pinned['id']}"
        place = api.get(path).json()["place"]
        assert (place["name"], place["verified"]) == ("by the old bridge", False)
        assert api.get(f"{path}/recommendation").json()["ranked"]
        api.post(f"{path}/place", json={"lon": here[0], "lat": here[1], "place": "Old Bridge"})
        assert api.get(path).json()["place"]["verified"] is True


def test_openapi_lists_raw_routes_too(room: Running) -> None:
    with room.client("") as api:
        document = api.get("/api/openapi.json").json()
    assert {"/api/positions", "/api/live", "/api/alarms"} <= set(document["paths"])
