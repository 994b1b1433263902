"""A real room on a disk that runs full: refused in words, not dark, and well again by itself."""

import json
import sys
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parents[1] / "journal" / "losing"))

from fault_full import fill, small_disk

from callout.base.clock import SystemClock
from callout.base.errors import FullError
from callout.journal import Journal, check
from callout.main.opening import open_journal
from running import made_home, running

MIB = 1024 * 1024


def press(api: httpx.Client, number: int) -> httpx.Response:
    body = {"device": "d", "press": str(number), "kind": "panic", "text": "x" * 900}
    return api.post("/api/alarms", json=body)


def test_a_room_lives_through_a_full_disk(tmp_path: Path, town: Path) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        made_home(disk / "home", town, units=2)
        with running(disk / "home", town) as room, room.client() as api:
            assert api.get("/api/room").json()["storage"]["level"] == "low"
            ballast = fill(disk, MIB // 2)
            kept = 0
            while (answer := press(api, kept)).is_success:
                kept += 1
                assert kept < 5000, "the disk is never full"
            problem = answer.json()
            assert answer.status_code == 507
            assert problem["title"] == "the disk is full"
            assert problem["todo"]
            # It does not go dark: what needs no writing is answered, and says how it is.
            assert len(api.get("/api/units").json()["units"]) == 2
            storage = api.get("/api/room").json()["storage"]
            assert storage["level"] == "full"
            assert storage["free_mb"] < 4
            url = room.url.replace("http", "ws") + "/api/live"
            headers = {"Authorization": f"Bearer {room.program}"}
            with connect(url, additional_headers=headers, proxy=None, max_size=None) as socket:
                frames = (json.loads(socket.recv(timeout=10)) for _ in range(20))
                tick = next(frame for frame in frames if frame["t"] == "tick")
            assert tick["storage"]["level"] == "full"
            ballast.unlink()
            assert press(api, kept).status_code == 201
            assert len(api.get("/api/alarms").json()["alarms"]) == kept + 1
        assert check(disk / "home").problems == []


def test_starting_counts_the_reserve_as_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLOUT_RESERVE_MB", "8")
    clock = SystemClock()
    with small_disk(tmp_path / "disk", 24) as disk:
        open_journal(disk / "home", clock).close()
        ballast = fill(disk, 0)
        journal = open_journal(disk / "home", clock)
        assert journal.storage().level == "reserve"
        journal.close()
        ballast.unlink()
        # Without one it says in words that there is no room.
        Journal.open(disk / "home", clock=clock).close()
        fill(disk, 3 * MIB)
        with pytest.raises(FullError, match="callout starts with 4 MiB"):
            open_journal(disk / "home", clock)
