"""A console that connects after an erasure, or resumes over it, is never told what was erased."""

import json
from typing import Any

import httpx
from websockets.sync.client import connect

from running import Running

SAID = tuple(
    f"{kind} Quibble-{number}"
    for number, kind in enumerate(("device", "alarm", "text", "place", "note", "moved"))
)


def frames(room: Running, query: str, last: int) -> list[str]:
    """What a console is told, up to the first tick after it has seen entry ``last``."""
    url = room.url.replace("http", "ws") + "/api/live" + query
    headers = {"Authorization": f"Bearer {room.program}"}
    told, seen = [], -1
    with connect(url, additional_headers=headers, proxy=None, max_size=None) as socket:
        while True:
            told.append(str(socket.recv(timeout=10)))
            message = json.loads(told[-1])
            if message["t"] in {"entry", "snapshot"}:
                seen = max(seen, message["seq"])
            if message["t"] == "tick" and seen >= last:
                return told


def plant(api: httpx.Client, kind: str) -> tuple[str, int]:
    """A closed incident with everything in it that is said; its id and its first entry."""
    device, alarm, text, place, note, moved = SAID
    at = {"lon": -28.5, "lat": 46.0}
    press = {"device": device, "press": "p", "kind": "panic", "text": alarm, **at}
    raised: dict[str, Any] = api.post("/api/alarms", json=press).json()
    body = {"type": kind, "alarms": [raised["id"]], "text": text, "place": place, **at}
    opened = api.post("/api/incidents", json=body).json()["id"]
    for path, sent in (
        ("notes", {"text": note}),
        ("place", {"lon": -28.51, "lat": 46.0, "place": moved}),
        ("close", {}),
    ):
        assert api.post(f"/api/incidents/{opened}/{path}", json=sent).is_success
    return opened, raised["seq"]


def told(strings: list[str]) -> set[str]:
    return {said for said in SAID for text in strings if said in text}


def test_no_console_is_told_again(room: Running) -> None:
    with room.client() as api:
        opened, first = plant(api, next(iter(room.room.picture.incidents.types)))
        paths = (f"/api/incidents/{opened}", "/api/incidents", "/api/alarms")
        head = room.home.journal.head()
        # It would be seen if it were there: before the erasure all is told but the place that was
        # set anew.
        before = frames(room, "", head) + frames(room, f"?from={first}", head)
        seen = told([*before, *(api.get(path).text for path in paths)])
        assert seen == {said for said in SAID if not said.startswith("place")}
        with room.signed_in("sup", "supervisor") as supervisor:
            erased = supervisor.post(f"/api/incidents/{opened}/erase", json={"reason": "request"})
            assert erased.json()["erased"] == 2
            last = erased.json()["seq"]
            assert told([supervisor.get(path).text for path in paths]) == set()
        assert told(frames(room, "", last)) == set()
        for resumed in (first, head + 1, 0):
            got = frames(room, f"?from={resumed}", last)
            assert any('"ErasureDone.1"' in frame for frame in got)
            assert told(got) == set()
        assert told([api.get(path).text for path in paths]) == set()
    assert not told([repr(value) for _, value in room.home.journal._sides.values()])
