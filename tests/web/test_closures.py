"""Closures through a real server: in force at once for everybody, and over by themselves."""

import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from test_live import listening, until

from callout.base.clock import SystemClock
from callout.journal import check
from running import Running, made_home, running


def incident_and_best(room: Running) -> tuple[str, dict[str, object]]:
    """An incident some way off, and the first of its recommendation."""
    arrays = room.room.picture.roads.graph.arrays
    rng = np.random.default_rng(3)
    with room.client() as api:
        for junction in rng.integers(0, len(arrays["junction_lonlat"]), 30).tolist():
            lon, lat = (arrays["junction_lonlat"][junction] / 1e7).tolist()
            body = {"type": "HOUSEFIRE", "lon": lon, "lat": lat}
            opened = api.post("/api/incidents", json=body).json()["id"]
            best = api.get(f"/api/incidents/{opened}/recommendation").json()["ranked"]
            if best and best[0]["travel_ms"] and len(best[0]["route"]) > 20:
                return opened, best[0]
    raise AssertionError("no incident with a long way to it")


def close_middle(api: httpx.Client, best: dict[str, object], **more: object) -> dict[str, object]:
    route = best["route"]
    assert isinstance(route, list)
    middle = route[len(route) // 2]
    body = {"points": [middle], "why": "flood", "minutes": 30, **more}
    answer = api.post("/api/closures", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_every_later_answer_goes_round_it(room: Running) -> None:
    opened, best = incident_and_best(room)
    picture = room.room.picture
    with room.client() as api:
        epoch = picture.roads.epoch
        made = close_middle(api, best)
        assert made["epoch"] == epoch + 1
        again = api.get(f"/api/incidents/{opened}/recommendation").json()
        assert again["epoch"] == epoch + 1
        same = next((r for r in again["ranked"] if r["unit"] == best["unit"]), None)
        assert same is None or same["travel_ms"] >= best["travel_ms"]
        assert again["ranked"][0]["route"] != best["route"]
        shown = api.get("/api/closures").json()["closures"]
        assert [c["id"] for c in shown] == [made["id"]]
        assert shown[0]["lines"]
        lifted = api.post(f"/api/closures/{made['id']}/lift")
        assert lifted.status_code == 200
        back = api.get(f"/api/incidents/{opened}/recommendation").json()["ranked"][0]
        assert (back["unit"], back["travel_ms"]) == (best["unit"], best["travel_ms"])
        assert api.post(f"/api/closures/{made['id']}/lift").status_code == 404


def test_a_crew_whose_way_is_cut_is_warned(room: Running) -> None:
    opened, best = incident_and_best(room)
    with room.client() as api:
        picture = room.room.picture
        unit = picture.units.units[str(best["unit"])]
        station = picture.units.stations[unit.station].place
        fix = {"unit": unit.id, "lon": station.lon, "lat": station.lat, "at": int(time.time())}
        assert api.post("/api/positions", json=[fix]).status_code == 202
        picture.snap()
        best = api.get(f"/api/incidents/{opened}/recommendation").json()["ranked"][0]
        body = {"units": [best["unit"]], "seq": api.get("/api/incidents").json()["seq"]}
        assert api.post(f"/api/incidents/{opened}/assignments", json=body).is_success
        made = close_middle(api, best)

        def warnings() -> list[dict[str, object]]:
            units = api.get("/api/units").json()["units"]
            return list(next(u["warnings"] for u in units if u["id"] == best["unit"]))

        (warned,) = warnings()
        assert (warned["kind"], warned["closure"]) == ("ahead", made["id"])
        assert warned["until_us"]
        api.post(f"/api/closures/{made['id']}/lift")
        assert warnings() == []


def test_consoles_hear_of_it(room: Running) -> None:
    _, best = incident_and_best(room)
    with listening(room) as socket, room.client() as api:
        until(socket, "snapshot")
        made = close_middle(api, best)
        told = [until(socket, "closures")["closures"]]
        api.post(f"/api/closures/{made['id']}/lift")
        told.append(until(socket, "closures")["closures"])
    assert [[c["id"] for c in closures] for closures in told] == [[made["id"]], []]
    assert told[0][0]["lines"]


def test_what_cannot_be_meant_is_answered_in_words(room: Running) -> None:
    with room.client() as api:
        for body, status in (
            ({"why": "flood"}, 400),
            ({"why": "flood", "street": "x", "points": [[0, 0]]}, 400),
            ({"why": "flood", "street": "Nowhere Lane of Nothing"}, 404),
            ({"why": "flood", "points": [[0, 0]]}, 404),
            ({"why": "flood", "points": [[0, 99]]}, 400),
            ({"why": "flood", "area": [[0, 0], [1, 1]]}, 400),
            ({"why": "because", "points": [[0, 0]]}, 404),
            ({"why": "flood", "points": [[0, 0]], "until": "soon"}, 404),
            ({"points": [[0, 0]]}, 400),
        ):
            answer = api.post("/api/closures", json=body)
            assert answer.status_code == status, (body, answer.text)
            assert answer.json()["title"]
    for token, status in (("", 401), (room.button, 403)):
        with room.client(token) as api:
            assert api.get("/api/closures").status_code == status
            body = {"why": "flood", "points": [[0, 0]]}
            assert api.post("/api/closures", json=body).status_code == status


@pytest.mark.slow
def test_it_ends_by_itself_also_after_a_restart(tmp_path: Path, town: Path) -> None:
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room, room.client() as api:
        _, best = incident_and_best(room)
        made = close_middle(api, best, minutes=None, until=int(SystemClock().now_us() / 1e6) + 4)
        kept = close_middle(api, best, minutes=None)
        assert room.room.picture.roads.epoch == 2
    with running(tmp_path / "home", town) as room, room.client() as api:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            shown = [c["id"] for c in api.get("/api/closures").json()["closures"]]
            if shown == [kept["id"]]:
                break
        assert shown == [kept["id"]]
        last = list(room.home.journal.stream(f"closure/{made['id']}"))[-1]
        assert last.body == {"reason": "expired"}
        assert last.actor == "system"
        arrays = room.room.picture.roads
        assert arrays.epoch >= 1
    assert check(tmp_path / "home").ok


def test_a_room_opens_also_when_closures_cannot_be_applied(
    tmp_path: Path, town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alarms come first."""
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room, room.client() as api:
        _, best = incident_and_best(room)
        close_middle(api, best)

    def broken(*_: object) -> None:
        raise RuntimeError("the map and the closures do not fit")

    monkeypatch.setattr("callout.web.closing.resolve", broken)
    with running(tmp_path / "home", town) as room, room.client() as api:
        press = {"device": "button-1", "press": "after", "kind": "panic"}
        assert api.post("/api/alarms", json=press).status_code == 201
        assert len(api.get("/api/closures").json()["closures"]) == 1
