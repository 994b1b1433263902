"""Crews through a real server: sign on, sign off, share, walk up."""

from typing import Any

import httpx
import pytest

from running import Running


@pytest.fixture
def api(room: Running) -> Any:
    with room.client() as client:
        yield client


@pytest.fixture(params=["administrator"])
def admin(room: Running, request: pytest.FixtureRequest) -> Any:
    """Somebody who signed in: the administrator, unless a test wants another role."""
    with room.signed_in(f"{request.param}-1", request.param) as client:
        yield client


def posted(api: httpx.Client, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = api.post(path, json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def free_engines(api: httpx.Client, count: int) -> list[str]:
    crews = {crew["unit"] for crew in api.get("/api/crews").json()["crews"]}
    units = api.get("/api/units").json()["units"]
    able = [
        u["id"]
        for u in units
        if "engine" in u["capabilities"] and u["status"] == "available" and u["id"] not in crews
    ]
    return able[:count]


def opened(api: httpx.Client, room: Running) -> str:
    west, south, east, north = room.room.picture.city.meta["bbox"]
    body = {"type": "HOUSEFIRE", "lon": (west + east) / 2, "lat": (south + north) / 2}
    return str(posted(api, "/api/incidents", body)["id"])


def seq(api: httpx.Client) -> int:
    return int(api.get("/api/units").json()["seq"])


def test_on_and_off(room: Running, api: httpx.Client) -> None:
    (unit,) = free_engines(api, 1)
    staff = next(iter(room.room.picture.access.staff))
    people = [{"person": staff, "skills": ["als"]}, {"name": "Guest Person", "skills": []}]
    made = posted(api, "/api/crews", {"unit": unit, "people": people, "minutes": 720})
    crew = made["crew"]
    guest = crew["members"][1].pop("person")
    assert crew["members"][0].pop("name")  # staff have one here
    assert crew["members"] == [
        {"person": staff, "staff": True, "skills": ["als"]},
        {"staff": False, "name": None, "skills": []},
    ]
    assert crew["ends_us"] - crew["since_us"] in range(719 * 60_000_000, 720 * 60_000_000 + 1)
    assert (crew["late"], crew["vehicle"], crew["shares"]) == (False, None, [])
    assert "als" in crew["capabilities"]
    everybody = api.get("/api/crews")
    assert "Guest" not in everybody.text
    assert crew["unit"] in {one["unit"] for one in everybody.json()["crews"]}
    names = api.get(f"/api/crews/{unit}/names").json()
    assert names == {"names": {guest: "Guest Person"}}
    view = next(u for u in api.get("/api/units").json()["units"] if u["id"] == unit)
    assert view["crew"]["persons"] == [staff, guest]
    posted(api, f"/api/crews/{unit}/sign-off", {}, 200)
    assert unit not in {one["unit"] for one in api.get("/api/crews").json()["crews"]}
    posted(api, f"/api/crews/{unit}/sign-off", {}, 409)


def test_units_of_one_crew_block_each_other(room: Running, api: httpx.Client) -> None:
    one, two = free_engines(api, 2)
    first = posted(api, "/api/crews", {"unit": one, "people": [{"name": "Guest"}]})["crew"]
    same = {"person": first["members"][0]["person"]}
    second = posted(api, "/api/crews", {"unit": two, "people": [same]})["crew"]
    assert (second["shares"], second["blocked_by"]) == ([one], None)
    incident, other = opened(api, room), opened(api, room)
    seen = seq(api)
    posted(api, f"/api/incidents/{incident}/assignments", {"units": [one], "seq": seen})
    body = {"units": [two], "seq": seq(api)}
    refused = posted(api, f"/api/incidents/{other}/assignments", body, 409)
    assert refused["blocked"] == [{"unit": two, "by": one}]
    assert "is out with" in refused["detail"]
    crews = {crew["unit"]: crew for crew in api.get("/api/crews").json()["crews"]}
    assert crews[two]["blocked_by"] == one
    answer = api.get(f"/api/incidents/{other}/recommendation?k=50").json()
    assert two not in {ranked["unit"] for ranked in answer["ranked"]}
    assert answer["passed_over_counts"]["crew_out"] == 1
    posted(api, f"/api/crews/{one}/sign-off", {}, 409)
    out = {"status": "out_of_service", "out_for": "crew"}
    posted(api, f"/api/units/{one}/status", out, 200)
    posted(api, f"/api/incidents/{other}/assignments", {"units": [two], "seq": seq(api)}, 409)
    posted(api, f"/api/units/{one}/status", {"status": "available"}, 200)
    posted(api, f"/api/incidents/{other}/assignments", {"units": [two], "seq": seq(api)})


def test_volunteers_with_one_name_and_one_skill(room: Running, api: httpx.Client) -> None:
    made = posted(api, "/api/crews/walk-up", {"name": "Rui Planted", "skills": ["engine"]})
    assert (made["unit"], made["callsign"]) == ("volunteers-1", "Volunteers 1")
    assert made["station"]
    units = {u["id"]: u for u in api.get("/api/units").json()["units"]}
    assert units["volunteers-1"]["capabilities"] == ["engine"]
    answer = api.get(f"/api/incidents/{opened(api, room)}/recommendation?k=50").json()
    assert "volunteers-1" in {ranked["unit"] for ranked in answer["ranked"]}
    # With a place they are there, and at the station nearest to it.
    station = units["volunteers-1"]["station"]
    place = {"lon": station["lon"], "lat": station["lat"]}
    names = {"names": ["A", "B"], "skills": ["boat"], **place}
    second = posted(api, "/api/crews/walk-up", names)
    assert (second["callsign"], second["station"]) == ("Volunteers 2", station["id"])
    here = next(u for u in api.get("/api/units").json()["units"] if u["id"] == "volunteers-2")
    assert here["position"]["source"] == "device"
    assert here["position"]["lon"] == pytest.approx(station["lon"], abs=1e-6)
    everything = "".join(str(entry) for entry in room.home.journal.replay())
    assert "Planted" not in everything
    assert "Planted" in api.get("/api/crews/volunteers-1/names").text


@pytest.mark.parametrize(
    "body",
    [
        {"name": "A", "skills": []},
        {"skills": ["boat"]},
        {"name": "A", "skills": ["not a code"]},
        {"name": "A", "skills": ["boat"], "agency": "navy"},
        {"name": "A", "skills": ["boat"], "station": "nowhere"},
        {"name": "A", "skills": ["boat"], "profile": "tank"},
        {"name": "A", "skills": ["boat"], "minutes": 0},
        {"name": "A", "skills": ["boat"], "until": "yesterday"},
        {"name": "A", "skills": ["boat"], "lon": 1.0},
        {"name": 7, "skills": ["boat"]},
    ],
)
def test_what_is_no_walk_up(api: httpx.Client, body: dict[str, Any]) -> None:
    before = seq(api)
    assert posted(api, "/api/crews/walk-up", body, 400)["detail"]
    assert seq(api) == before


def test_vehicles(room: Running, api: httpx.Client, admin: httpx.Client) -> None:
    agency = next(iter(room.room.picture.access.agencies))
    body = {"id": "V1", "agency": agency, "kind": "Boat", "capabilities": ["boat"]}
    body["profile"] = "boat"
    posted(api, "/api/vehicles", body, 403)
    made = posted(admin, "/api/vehicles", body)["vehicle"]
    assert made == {**body, "station": None, "free": True, "unit": None}
    one, two = free_engines(api, 2)
    crew = {"unit": one, "people": [{"name": "A"}], "vehicle": "V1"}
    assert posted(api, "/api/crews", crew)["crew"]["capabilities"] == ["boat"]
    taken = posted(api, "/api/crews", {**crew, "unit": two}, 409)
    assert "V1 is under" in taken["detail"]
    (listed,) = api.get("/api/vehicles").json()["vehicles"]
    assert listed["unit"] == one
    for wrong in ({"agency": "navy"}, {"station": "nowhere"}, {"profile": "tank"}, {"id": "V 1"}):
        posted(admin, "/api/vehicles", {**body, **wrong}, 400)
    # Who runs the machine sees who is on what, and opens nobody's name.
    assert admin.get("/api/crews").status_code == 200
    assert admin.get(f"/api/crews/{one}/names").status_code == 403


@pytest.mark.parametrize("admin", ["supervisor"], indirect=True)
def test_names_are_erased_for_good(room: Running, api: httpx.Client, admin: httpx.Client) -> None:
    made = posted(api, "/api/crews/walk-up", {"names": ["A", "B"], "skills": ["boat"]})["unit"]
    assert len(api.get(f"/api/crews/{made}/names").json()["names"]) == 2
    posted(api, f"/api/crews/{made}/erase", {}, 403)
    assert posted(admin, f"/api/crews/{made}/erase", {}, 200)["erased"] == 1
    assert api.get(f"/api/crews/{made}/names").json() == {"names": {}}
    assert posted(admin, f"/api/crews/{made}/erase", {}, 200)["erased"] == 0


def test_who_may(room: Running) -> None:
    for token, status in (("", 401), (room.button, 403)):
        with room.client(token) as client:
            assert client.get("/api/crews").status_code == status
            assert client.get("/api/vehicles").status_code == status
            for path, body in (
                ("/api/crews", {"unit": "E1", "people": []}),
                ("/api/crews/walk-up", {"name": "A", "skills": ["x"]}),
                ("/api/vehicles", {"id": "V1", "agency": "fire", "kind": "x"}),
            ):
                assert client.post(path, json=body).status_code in {status, 400}, path
