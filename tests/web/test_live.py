"""The live picture: nothing missed, nothing twice, in order."""

import json
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from running import Running, made_home, running


def listening(room: Running, query: str = "") -> ClientConnection:
    headers = {"Authorization": f"Bearer {room.program}"}
    url = room.url.replace("http", "ws") + "/api/live" + query
    return connect(url, additional_headers=headers, proxy=None, max_size=None)


def until(socket: ClientConnection, kind: str, **fields: Any) -> dict[str, Any]:
    while True:
        message = json.loads(socket.recv(timeout=10))
        if message["t"] == kind and all(message.get(k) == v for k, v in fields.items()):
            return dict(message)


def pressed(room: Running, name: str) -> int:
    with room.client() as api:
        body = {"device": "d", "press": name, "kind": "panic"}
        return int(api.post("/api/alarms", json=body).json()["seq"])


def test_snapshot_then_entries(room: Running) -> None:
    with listening(room) as socket:
        hello = until(socket, "hello")
        snapshot = until(socket, "snapshot")
        assert hello["drill"] is True
        assert len(snapshot["units"]) == 40
        seq = pressed(room, "one")
        message = until(socket, "entry", seq=seq)
        assert message["type"] == "AlarmRaised.1"
        assert message["alarm"]["device"] == "d"


def test_resume_misses_nothing(room: Running) -> None:
    with listening(room) as socket:
        seen = until(socket, "hello")["seq"]
    sent = [pressed(room, f"away-{number}") for number in range(5)]
    with listening(room, f"?from={seen + 1}") as socket:
        until(socket, "hello")
        live = pressed(room, "live again")
        got = []
        while not got or got[-1] < live:
            got.append(until(socket, "entry")["seq"])
    journal = room.home.journal
    # Who opened the stream is for the account, not for the screen.
    shown = [s for s in range(seen + 1, live + 1) if journal.entry(s).stream != "opened/live"]
    assert got == shown
    assert set(sent) <= set(got)


def test_positions_come_once_and_on_connect(room: Running) -> None:
    west, south, _, _ = room.room.picture.city.meta["bbox"]
    report = {"unit": "E1", "lon": west, "lat": south, "heading": 90}
    with listening(room) as socket, room.client() as api:
        until(socket, "snapshot")
        api.post("/api/positions", json=report)
        number = room.room.picture.units.unit("E1").number
        while True:
            frame = until(socket, "positions")
            if rows := [row for row in frame["u"] if row[0] == number]:
                break
        assert rows[0][1:4] == [west, south, 90]
    with listening(room) as socket:
        frame = until(socket, "positions")
        assert number in [row[0] for row in frame["u"]]


def test_heartbeat(room: Running) -> None:
    with listening(room) as socket:
        snapshot, tick = until(socket, "snapshot"), until(socket, "tick")
        assert tick["now_us"] > 0
    with room.client() as api:
        about = api.get("/api/room").json()
    storage = room.home.journal.storage()
    for said in (snapshot["storage"], tick["storage"], about["storage"]):
        assert said["level"] == storage.level
        # Others write on this disk too.
        assert said["free_mb"] == pytest.approx(storage.free_bytes / 1024**2, rel=0.2)


@pytest.mark.parametrize("query", ["?from=x", "?from=-1", "?from=1e3"])
def test_a_bad_seq_is_refused(room: Running, query: str) -> None:
    with pytest.raises(Exception, match=r"403|1008|from"), listening(room, query) as socket:
        socket.recv(timeout=5)


def test_an_unanswered_alarm_escalates_and_goes_on_after_a_restart(
    tmp_path: Path, town: Path
) -> None:
    made_home(tmp_path, town, units=4)
    with running(tmp_path, town, escalate_s=1) as room, listening(room) as socket:
        until(socket, "snapshot")
        pressed(room, "nobody answers")
        first = until(socket, "entry", type="AlarmEscalated.1")
        assert first["alarm"]["level"] == 1
        assert first["actor"] == "system"
    with running(tmp_path, town, escalate_s=1) as room, listening(room) as socket:
        (alarm,) = until(socket, "snapshot")["alarms"]
        while alarm["level"] < 3:
            alarm = until(socket, "entry", type="AlarmEscalated.1")["alarm"]
        levels = [e.body["level"] for e in room.home.journal.read() if e.type == "AlarmEscalated.1"]
    assert levels == sorted(set(levels))
    assert levels[-1] == 3
