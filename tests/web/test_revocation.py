"""What is revoked is cut off at once: a real server, real WebSockets, within a second.

Two things are asked each time. By the server's own order: when the answer to whoever revokes is
there, the stream is no longer told anything. And the close itself arrives within the second.
"""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from browsers import browser
from callout.access import SYSTEM
from callout.access.commands import end_shift, sharing_draft
from callout.access.events import StaffLeft
from callout.base.ids import new_id
from callout.journal import Batch, Draft
from running import Running
from signing import public, signed

WITHIN_S = 1.0


@pytest.fixture(scope="module")
def boss(room: Running) -> Iterator[httpx.Client]:
    with browser(room, "boss", "*", "supervisor", "administrator") as client:
        yield client


@contextmanager
def following(room: Running, **headers: str) -> Iterator[ClientConnection]:
    """A console that is up to date and hears what happens."""
    url = room.url.replace("http", "ws") + "/api/live"
    with connect(url, additional_headers=headers, origin=None, proxy=None, max_size=None) as socket:
        while json.loads(socket.recv(timeout=10))["t"] != "tick":
            pass
        yield socket


def cookie(client: httpx.Client) -> dict[str, str]:
    return {
        "Cookie": f"callout_session={client.cookies['callout_session']}",
        "Origin": client.headers["Origin"],
    }


def told_to(room: Running, actor: str) -> int:
    """How many of an actor's streams the server still tells things."""
    return sum(console.actor.id == actor for console in list(room.room.live._consoles))


def heard(socket: ClientConnection, wait_s: float) -> Iterator[dict[str, Any]]:
    """Frames until the connection is closed; TimeoutError when one is waited for too long."""
    try:
        while True:
            yield json.loads(socket.recv(timeout=wait_s))
    except ConnectionClosed:
        return


def last_words(socket: ClientConnection) -> tuple[list[str], int | None]:
    """The kinds of frames until the close, which is there within a second each, and its code."""
    kinds = [frame["t"] for frame in itertools.islice(heard(socket, WITHIN_S), 20)]
    return kinds, socket.close_code


def program(room: Running, boss: httpx.Client, name: str) -> str:
    body = {"name": name, "scopes": ["room"], "days": 1}
    return str(boss.post("/api/tokens", json=body).json()["token"])


def test_a_person_who_signs_out(room: Running) -> None:
    with (
        browser(room, "p-out", "*", "dispatcher") as client,
        following(room, **cookie(client)) as socket,
    ):
        assert told_to(room, "p-out") == 1
        assert client.delete("/api/session").status_code == 204
        assert told_to(room, "p-out") == 0
        assert last_words(socket)[1] == 1008


def test_a_revoked_program(room: Running, boss: httpx.Client) -> None:
    token = program(room, boss, "lost-1")
    with following(room, Authorization=f"Bearer {token}") as socket:
        assert told_to(room, "lost-1") == 1
        assert boss.post("/api/devices/lost-1/revoke", json={"reason": "lost"}).is_success
        assert told_to(room, "lost-1") == 0
        assert last_words(socket)[1] == 1008


def test_a_token_that_is_replaced(room: Running, boss: httpx.Client) -> None:
    token = program(room, boss, "twice-1")
    with following(room, Authorization=f"Bearer {token}") as socket:
        program(room, boss, "twice-1")
        assert told_to(room, "twice-1") == 0
        assert last_words(socket)[1] == 1008


def test_a_revoked_key(room: Running, boss: httpx.Client) -> None:
    key = Ed25519PrivateKey.generate()
    asked = {"device": "signs-1", "scopes": ["room"], "key": "ed25519"}
    code = boss.post("/api/devices", json=asked).json()["code"]
    body = {"code": code, "public_key": public(key)}
    assert httpx.post(f"{room.url}/api/enrol/device", json=body).status_code == 201
    headers = signed(key, "signs-1", "GET", f"{room.url}/api/live")
    with following(room, **headers) as socket:
        assert told_to(room, "signs-1") == 1
        boss.post("/api/devices/signs-1/revoke", json={"reason": "abuse"})
        assert told_to(room, "signs-1") == 0
        assert last_words(socket)[1] == 1008
    again = signed(key, "signs-1", "GET", f"{room.url}/api/live")
    for refused in (headers, again):
        with pytest.raises(InvalidStatus), following(room, **refused):
            pass


def test_a_person_who_leaves(room: Running) -> None:
    with (
        browser(room, "p-left", "*", "dispatcher") as client,
        following(room, **cookie(client)) as socket,
    ):
        fact = StaffLeft()
        draft = Draft("staff/p-left", fact.TYPE, fact.body())
        room.home.journal.submit(Batch((draft,), new_id(), SYSTEM.label)).result()
        kinds, code = last_words(socket)
        assert code == 1008
        assert kinds.count("tick") <= 1  # a second has one, and it may have begun


def test_a_shift_that_ends_shows_only_alarms(room: Running) -> None:
    with (
        browser(room, "p-shift", "*", "dispatcher") as client,
        following(room, **cookie(client)) as socket,
    ):
        person = room.room.picture.access.person("p-shift")
        end_shift(room.home.journal, SYSTEM, person).result()
        kinds, code = last_words(socket)
        assert kinds[-1] == "anew"
        assert kinds.count("tick") <= 1
        assert code == 1013
        assert client.get("/api/session").json()["locked"] == "shift"
        assert client.get("/api/incidents").status_code == 401


def test_sharing_that_is_withdrawn(room: Running) -> None:
    agencies = sorted({unit.agency for unit in room.room.picture.units.by_number})
    mine, theirs = agencies[:2]
    share = sharing_draft(theirs, mine, ("see",))
    everyone = sharing_draft(theirs, "*", ())
    room.home.journal.submit(Batch((share, everyone), new_id(), SYSTEM.label)).result()
    with browser(room, "p-share", mine, "dispatcher") as client:
        assert theirs in {unit["agency"] for unit in client.get("/api/units").json()["units"]}
        with following(room, **cookie(client)) as socket:
            ended = sharing_draft(theirs, mine, ())
            room.home.journal.submit(Batch((ended,), new_id(), SYSTEM.label)).result()
            kinds, code = last_words(socket)
            assert kinds[-1] == "anew"
            assert kinds.count("tick") <= 1
            assert code == 1013
        assert theirs not in {unit["agency"] for unit in client.get("/api/units").json()["units"]}


def test_a_token_whose_time_is_over(room: Running) -> None:
    ends_us = room.room.clock.now_us() + 4_000_000
    token = room.room.credentials.create_token("short-1", ("room",), expires_us=ends_us)
    with following(room, Authorization=f"Bearer {token}") as socket:
        last_us = max(frame.get("now_us", 0) for frame in heard(socket, 10))
        assert socket.close_code == 1008
    # By the server's own clock nothing was told to it a second after its end.
    assert 0 < last_us < ends_us + 1_000_000
