"""Devices and programs over HTTP: enrolled by a code, speaking by token, cookie or signature."""

import json
import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from browsers import browser
from callout.access import SYSTEM
from callout.access.commands import sharing_draft
from callout.base.errors import FullError
from callout.base.ids import new_id
from callout.journal import Batch
from running import Running
from signing import public, signed

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))


@pytest.fixture(scope="module")
def boss(room: Running) -> Iterator[httpx.Client]:
    """The room's own supervisor and administrator."""
    with browser(room, "boss", "*", "supervisor", "administrator") as client:
        yield client


def unit_of(room: Running, agency: str) -> str:
    units = room.room.picture.units.by_number
    return next(unit.id for unit in units if unit.agency == agency)


def agencies(room: Running) -> list[str]:
    return sorted({unit.agency for unit in room.room.picture.units.by_number})


def stranger(room: Running, **headers: str) -> httpx.Client:
    return httpx.Client(base_url=room.url, headers=headers, timeout=20)


def invited(boss: httpx.Client, device: str, **more: Any) -> dict[str, Any]:
    answer = boss.post("/api/devices", json={"device": device, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def with_key(
    room: Running, boss: httpx.Client, device: str, key: Ed25519PrivateKey, **more: Any
) -> None:
    code = invited(boss, device, key="ed25519", **more)["code"]
    with stranger(room) as api:
        answer = api.post("/api/enrol/device", json={"code": code, "public_key": public(key)})
    assert answer.status_code == 201, answer.text
    assert "token" not in answer.json()


def signed_press(
    room: Running, key: Ed25519PrivateKey, device: str, press: str, **more: Any
) -> httpx.Response:
    body = json.dumps({"device": device, "press": press, "kind": "panic"}).encode()
    headers = signed(key, device, "POST", f"{room.url}/api/alarms", body, **more)
    return httpx.post(f"{room.url}/api/alarms", content=body, headers=headers)


def signed_get(
    room: Running, key: Ed25519PrivateKey, device: str, path: str, **more: Any
) -> httpx.Response:
    return httpx.get(room.url + path, headers=signed(key, device, "GET", room.url + path, **more))


def test_a_phone_of_a_unit_by_qr(room: Running, boss: httpx.Client) -> None:
    unit = unit_of(room, agencies(room)[0])
    shown = invited(boss, "phone-1", unit=unit)
    assert shown["url"] == f"{room.url}/enrol#{shown['code']}"
    assert shown["qr"].startswith("<svg")
    assert "<path" in shown["qr"]
    with stranger(room) as api:
        answer = api.post("/api/enrol/device", json={"code": shown["code"]})
        out = answer.json()
        assert out["unit"] == unit
        assert out["scopes"] == ["alarms", "positions", "crew"]
        api.headers["Authorization"] = f"Bearer {out['token']}"
        status = {"status": "out_of_service"}
        assert api.post(f"/api/units/{unit}/status", json=status).is_success
        other = next(u.id for u in room.room.picture.units.by_number if u.id != unit)
        assert api.post(f"/api/units/{other}/status", json=status).status_code in {403, 404}
        assert api.get("/api/incidents").status_code == 403
    (device,) = [d for d in boss.get("/api/devices").json()["devices"] if d["id"] == "phone-1"]
    assert device["state"] == "enrolled"
    assert device["by"] == "Name of boss"
    assert device["agency"] == agencies(room)[0]
    assert device["used_us"] % (24 * 3600 * 1_000_000) == 0
    entries = list(room.home.journal.stream("device/phone-1"))
    assert [(e.type, e.actor) for e in entries] == [
        ("DeviceInvited.1", "person/boss"),
        ("DeviceEnrolled.1", "device/phone-1"),
    ]
    raw = json.dumps([e.body for e in entries])
    assert shown["code"] not in raw
    assert out["token"] not in raw


def test_a_button_has_the_least(room: Running, boss: httpx.Client) -> None:
    code = invited(boss, "wall-1")["code"]
    with stranger(room) as api:
        out = api.post("/api/enrol/device", json={"code": code.lower().replace("-", " ")}).json()
        assert out["scopes"] == ["alarms"]
        api.headers["Authorization"] = f"Bearer {out['token']}"
        press = {"device": "wall-1", "press": "1", "kind": "panic"}
        assert api.post("/api/alarms", json=press).json()["verified"] is True
        assert api.post("/api/positions", json=[]).status_code == 403


def test_a_browser_gets_a_cookie_and_never_sees_its_token(
    room: Running, boss: httpx.Client
) -> None:
    unit = unit_of(room, agencies(room)[0])
    code = invited(boss, "phone-2", unit=unit)["code"]
    with stranger(room, **{"X-Callout-Browser": "1", "Origin": room.url}) as api:
        answer = api.post("/api/enrol/device", json={"code": code})
        assert "token" not in answer.json()
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("callout_device=")
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        status = {"status": "available"}
        assert api.post(f"/api/units/{unit}/status", json=status).is_success
        for origin in ("http://evil.example", "null"):
            wrong = api.post(f"/api/units/{unit}/status", json=status, headers={"Origin": origin})
            assert wrong.status_code == 403
        del api.headers["Origin"]
        assert api.post(f"/api/units/{unit}/status", json=status).status_code == 403
        # A person who signs in on the same phone is who asks from then on.
        api.cookies.set("callout_session", boss.cookies["callout_session"])
        assert api.get("/api/session").json()["person"] == "boss"


def test_a_signed_device_speaks(room: Running, boss: httpx.Client) -> None:
    unit = unit_of(room, agencies(room)[0])
    with_key(room, boss, "signer-1", KEY, unit=unit)
    assert signed_press(room, KEY, "signer-1", "s1").json()["verified"] is True
    assert signed_get(room, KEY, "signer-1", "/api/room?a=b").is_success
    body = json.dumps({"unit": unit, "lon": -9.1, "lat": 38.7}).encode()
    url = f"{room.url}/api/positions"
    whole = ("@method", "@target-uri")
    headers = signed(KEY, "signer-1", "POST", url, body, components=whole)
    assert httpx.post(url, content=body, headers=headers).json()["accepted"] == 1


def test_what_is_replayed_stale_or_borrowed_is_refused_and_entered(
    room: Running, boss: httpx.Client
) -> None:
    with_key(room, boss, "signer-2", OTHER, scopes=["alarms", "audit"])
    path, url = "/log/checkpoint", f"{room.url}/log/checkpoint"
    headers = signed(OTHER, "signer-2", "GET", url)
    assert httpx.get(url, headers=headers).is_success
    before = room.home.journal.head()
    replayed = httpx.get(url, headers=headers)
    assert replayed.status_code == 401
    assert "used already" in replayed.json()["title"]
    # Another's key, an unknown device, and no key of its own: in the same words.
    said = {
        signed_get(room, key, device, path).json()["title"]
        for key, device in ((KEY, "signer-2"), (OTHER, "nobody-here"), (OTHER, "wall-1"))
    }
    assert len(said) == 1
    both = {**signed(OTHER, "signer-2", "GET", url), "Authorization": f"Bearer {room.program}"}
    assert httpx.get(url, headers=both).status_code == 401
    invited(boss, "after-it")  # entered after the refusals, which nobody waits for
    refused = [e for e in room.home.journal.read(before) if e.type == "Refused.1"]
    assert [(e.actor, e.body["kind"], e.body.get("id", "")) for e in refused] == [
        ("nobody", "signature", "")
    ]


def test_a_wrong_clock_is_told_the_time_and_still_raises_an_alarm(
    room: Running, boss: httpx.Client
) -> None:
    late = room.room.clock.now_us() // 1_000_000 - 3600
    answer = signed_get(room, KEY, "signer-1", "/api/room", created=late)
    assert answer.status_code == 401
    assert "clock is 3600 s behind" in answer.json()["title"]
    there = parsedate_to_datetime(answer.headers["date"]).timestamp()
    assert abs(there - answer.json()["now_s"]) <= 2
    assert signed_get(room, KEY, "signer-1", "/api/room", created=answer.json()["now_s"]).is_success
    pressed = signed_press(room, KEY, "signer-1", "an hour off", created=late)
    assert pressed.status_code == 201
    assert pressed.json()["verified"] is False


@pytest.mark.parametrize(
    "bent", ["body", "no digest", "not signed", "twice", "no signature", "garbage"]
)
def test_a_bent_signature_opens_nothing_and_keeps_no_alarm_out(room: Running, bent: str) -> None:
    url = f"{room.url}/api/alarms"
    body = json.dumps({"device": "signer-1", "press": f"bent {bent}", "kind": "panic"}).encode()
    headers = list(signed(KEY, "signer-1", "POST", url, body).items())
    if bent == "body":
        body = body.replace(b"panic", b"smoke")
    elif bent == "no digest":
        headers = headers[:2]
    elif bent == "not signed":
        headers = list(signed(KEY, "signer-1", "POST", url).items())
    elif bent == "twice":
        headers.append(headers[0])
    elif bent == "no signature":
        headers = headers[:1]
    else:
        headers[0] = (headers[0][0], ";;,")
    answer = httpx.post(url, content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["verified"] is False
    other = f"{room.url}/api/places/search"
    assert httpx.post(other, content=body, headers=headers).status_code == 401


def test_a_full_disk_keeps_no_signed_alarm_out(
    room: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise FullError("the disk is full")

    ahead = room.room.clock.now_us() // 1_000_000 + 50  # further than any before: to be written
    with monkeypatch.context() as patched:
        patched.setattr(room.room.picture.journal.state, "put", full)
        pressed = signed_press(room, KEY, "signer-1", "full", created=ahead)
        assert pressed.json()["verified"] is False
        assert signed_get(room, KEY, "signer-1", "/api/room", created=ahead).status_code == 507
    assert signed_press(room, KEY, "signer-1", "room", created=ahead).json()["verified"] is True


def test_an_oversized_body_is_refused(room: Running) -> None:
    url, body = f"{room.url}/api/places/search", b" " * (1024 * 1024 + 1)
    headers = signed(KEY, "signer-1", "POST", url, body)
    assert httpx.post(url, content=body, headers=headers).status_code == 413


def test_one_code_enrols_one_device(room: Running, boss: httpx.Client) -> None:
    code = invited(boss, "twice-1")["code"]
    answers: list[int] = []

    def use() -> None:
        answers.append(httpx.post(f"{room.url}/api/enrol/device", json={"code": code}).status_code)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 401, 401, 401, 401, 401]
    entries = [e.type for e in room.home.journal.stream("device/twice-1")]
    assert entries == ["DeviceInvited.1", "DeviceEnrolled.1"]


def test_a_new_invitation_ends_the_one_before(room: Running, boss: httpx.Client) -> None:
    first, second = (invited(boss, "again-1")["code"] for _ in range(2))
    with stranger(room) as api:
        assert api.post("/api/enrol/device", json={"code": first}).status_code == 401
        one = api.post("/api/enrol/device", json={"code": second}).json()["token"]
        third = invited(boss, "again-1")["code"]
        press = {"device": "again-1", "press": "1", "kind": "panic"}
        bearer = {"Authorization": f"Bearer {one}"}
        # It speaks until the new code is used.
        assert api.post("/api/alarms", json=press, headers=bearer).json()["verified"] is True
        api.post("/api/enrol/device", json={"code": third})
        press["press"] = "2"
        assert api.post("/api/alarms", json=press, headers=bearer).json()["verified"] is False


def test_a_key_is_one_devices(room: Running, boss: httpx.Client) -> None:
    code = invited(boss, "copy-1", key="ed25519")["code"]
    with stranger(room) as api:
        for key, status in ((public(KEY), 409), ("00", 400), ("zz" * 32, 400), ("", 400)):
            answer = api.post("/api/enrol/device", json={"code": code, "public_key": key})
            assert answer.status_code == status, answer.text
        new = public(Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32))
        answer = api.post("/api/enrol/device", json={"code": code, "public_key": new})
        assert answer.status_code == 201


def end_sharing(room: Running) -> None:
    """No agency of the drill lets another see anything any more."""
    sharing = room.room.picture.access.sharing
    drafts = [sharing_draft(owner, to, ()) for owner, tos in sharing.items() for to in tos]
    room.home.journal.submit(Batch(tuple(drafts), new_id(), SYSTEM.label)).result()


def test_nobody_gives_more_than_the_table_lets_them(room: Running) -> None:
    mine, theirs = agencies(room)[:2]
    end_sharing(room)
    with (
        browser(room, "chief", mine, "supervisor") as chief,
        browser(room, "admin", mine, "administrator") as admin,
        browser(room, "taker", mine, "call_taker") as taker,
    ):
        for scope in ("room", "audit", "positions", "crew"):
            answer = chief.post("/api/devices", json={"device": "x-1", "scopes": [scope]})
            assert answer.status_code == 403, answer.text
            assert scope in answer.json()["title"]
        unit = unit_of(room, theirs)
        for who in (chief, admin):
            foreign = who.post("/api/devices", json={"device": "x-2", "unit": unit})
            none = who.post("/api/devices", json={"device": "x-2", "unit": "no-such"})
            assert foreign.status_code == none.status_code == 404
            assert foreign.json()["title"].replace(unit, "") == none.json()["title"].replace(
                "no-such", ""
            )
        program = {"name": "x-3", "scopes": ["room"], "days": 30}
        for agency in (theirs, "*"):
            refused = admin.post("/api/tokens", json={**program, "agency": agency})
            assert refused.status_code == 404, refused.text
        assert chief.post("/api/tokens", json=program).status_code == 403
        assert taker.post("/api/devices", json={"device": "x-4"}).status_code == 403
        assert taker.get("/api/devices").status_code == 403
        for days in (0, 367, -1):
            assert admin.post("/api/tokens", json={**program, "days": days}).status_code == 400
        made = admin.post("/api/tokens", json=program).json()
        with stranger(room, Authorization=f"Bearer {made['token']}") as api:
            seen = {unit["agency"] for unit in api.get("/api/units").json()["units"]}
        assert seen == {mine}
        # Another agency's device is neither shown, nor revoked, nor replaced.
        with browser(room, "other", theirs, "administrator") as other:
            assert "x-3" not in other.get("/api/devices").text
            lost = {"reason": "lost"}
            assert other.post("/api/devices/x-3/revoke", json=lost).status_code == 404
            assert other.post("/api/devices", json={"device": "x-3"}).status_code == 409
    assert not list(room.home.journal.stream("device/x-1"))
    assert not list(room.home.journal.stream("device/x-2"))


def test_a_revoked_device_is_a_stranger(room: Running, boss: httpx.Client) -> None:
    code = invited(boss, "lost-1")["code"]
    with stranger(room) as api:
        token = api.post("/api/enrol/device", json={"code": code}).json()["token"]
        waiting = invited(boss, "lost-1")["code"]
        wrong = boss.post("/api/devices/lost-1/revoke", json={"reason": "because"})
        assert wrong.status_code == 400
        assert boss.post("/api/devices/lost-1/revoke", json={"reason": "lost"}).is_success
        assert api.post("/api/enrol/device", json={"code": waiting}).status_code == 401
        api.headers["Authorization"] = f"Bearer {token}"
        press = {"device": "lost-1", "press": "1", "kind": "panic"}
        assert api.post("/api/alarms", json=press).json()["verified"] is False
    # Not even when its token comes back, as with a state file from before.
    again = room.room.credentials.create_token("lost-1", ("alarms",))
    with stranger(room, Authorization=f"Bearer {again}") as api:
        press["press"] = "2"
        assert api.post("/api/alarms", json=press).json()["verified"] is False
    with_key(room, boss, "lost-2", Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32))
    key = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
    assert signed_press(room, key, "lost-2", "1").json()["verified"] is True
    boss.post("/api/devices/lost-2/revoke", json={"reason": "lost"})
    assert signed_press(room, key, "lost-2", "2").json()["verified"] is False


def test_guessing_codes_is_limited(room: Running) -> None:
    with stranger(room) as api:
        seen = [
            api.post("/api/enrol/device", json={"code": f"0000-0000-0000-{number:04}"}).status_code
            for number in range(40)
        ]
    assert 429 in seen
    assert seen[-1] == 429
