"""Passkeys over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from authenticator import SoftKey
from callout.access.sessions import hash_secret
from callout.web.api_passkeys import COOKIE
from running import Running
from staffed import browser, sign_in, staffed


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[Running]:
    with staffed(tmp_path_factory.mktemp("home"), town) as running:
        yield running


def here(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def options(client: httpx.Client, what: str, **more: object) -> dict[str, Any]:
    answer = client.post("/api/passkeys/options", json={"for": what, **more})
    assert answer.status_code == 200, answer.text
    (cookie,) = (c for c in answer.headers.get_list("set-cookie") if c.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=300"} <= set(cookie.split("; "))
    return dict(answer.json())


def added(client: httpx.Client, **key: Any) -> SoftKey:
    made = SoftKey(**key)
    credential = made.create(options(client, "add"), here(client))
    answer = client.post("/api/me/passkeys", json={"credential": credential, "label": "Phone"})
    assert answer.status_code == 201, answer.text
    return made


def test_add_sign_in_unlock_and_remove(up: Running) -> None:
    with browser(up, host="localhost") as ana:
        sign_in(ana, "ana")
        key = added(ana)
        assert ana.get("/api/session").json()["ways"]["passkey"] is True
        assert "passkey" in ana.get("/api/session").json()["unlock"]
        assert ana.delete("/api/session").status_code == 204
        shown = {"credential": key.get(options(ana, "sign-in"), here(ana))}
        assert ana.post("/api/passkeys/sign-in", json=shown).status_code == 204
        assert ana.get("/api/session").json()["person"] == "ana"
        assert ana.post("/api/passkeys/sign-in", json=shown).status_code == 401
        ana.post("/api/session/lock")
        assert ana.get("/api/session").json()["locked"] == "idle"
        assert ana.post("/api/passkeys/options", json={"for": "add"}).status_code == 401
        shown = {"credential": key.get(options(ana, "unlock"), here(ana))}
        assert ana.post("/api/passkeys/unlock", json=shown).status_code == 204
        assert ana.get("/api/session").json()["locked"] is None
        (mine,) = up.room.passkeys.of("ana")
        assert ana.delete("/api/me/passkeys/none").status_code == 404
        assert ana.delete(f"/api/me/passkeys/{mine.id}").status_code == 204
        shown = {"credential": key.get(options(ana, "sign-in"), here(ana))}
        assert ana.post("/api/passkeys/sign-in", json=shown).status_code == 401


def test_a_colleagues_key_unlocks_nothing(up: Running) -> None:
    with browser(up, host="localhost") as ana, browser(up, host="localhost") as rui:
        sign_in(ana, "ana")
        sign_in(rui, "rui")
        theirs = added(rui)
        ana.post("/api/session/lock")
        shown = {"credential": theirs.get(options(ana, "unlock"), here(ana))}
        assert ana.post("/api/passkeys/unlock", json=shown).status_code == 401
        assert ana.get("/api/session").json()["locked"] == "idle"
        # Nor does a challenge that another browser asked for.
        shown = {"credential": theirs.get(options(rui, "unlock"), here(rui))}
        assert ana.post("/api/passkeys/unlock", json=shown).status_code == 401


def test_a_copied_key_is_refused_and_entered(up: Running) -> None:
    with browser(up, host="localhost") as rui:
        sign_in(rui, "rui")
        key = added(rui)
        shown = {"credential": key.get(options(rui, "sign-in"), here(rui))}
        assert rui.post("/api/passkeys/sign-in", json=shown).status_code == 204
        key.count = 0
        head = up.home.journal.head()
        shown = {"credential": key.get(options(rui, "sign-in"), here(rui))}
        said = rui.post("/api/passkeys/sign-in", json=shown)
        assert said.status_code == 401
        unknown = rui.post("/api/passkeys/sign-in", json={"credential": {"id": "x"}})
        assert said.json() == unknown.json()
        for _ in range(200):  # it is entered in its time; each question gives it some
            rui.get("/api/session")
            refusals = [
                (entry.actor, entry.body["kind"], entry.body["why"])
                for entry in up.home.journal.read(head, 50)
                if entry.type == "Refused.1"
            ]
            if refusals:
                break
    assert ("person/rui", "passkey", "sign-count") in refusals


def test_the_only_way_in_stays(up: Running) -> None:
    room = up.room
    with browser(up, host="localhost") as rui:
        sign_in(rui, "rui")
        added(rui)
        room.credentials.login_of = lambda person: None  # type: ignore[method-assign]
        try:
            *others, last = room.passkeys.of("rui")
            for one in others:
                assert rui.delete(f"/api/me/passkeys/{one.id}").status_code == 204
            kept = rui.delete(f"/api/me/passkeys/{last.id}")
        finally:
            del room.credentials.login_of
    assert kept.status_code == 409
    assert "only way" in kept.json()["title"]


def test_no_passkeys_at_an_address_of_numbers(up: Running) -> None:
    with browser(up) as ana:
        sign_in(ana, "ana")
        added_here = ana.get("/api/session").json()
        assert added_here["ways"]["passkey"] is False
        answer = ana.post("/api/passkeys/options", json={"for": "add"})
        assert answer.status_code == 400
        assert "localhost" in answer.json()["todo"]


def test_nobody_adds_a_key_to_a_session_left_open(up: Running) -> None:
    with browser(up, host="localhost") as ana:
        sign_in(ana, "ana")
        secret = ana.cookies["callout_session"]
        session = up.room.sessions.find(secret)
        assert session is not None
        session.proved_us -= 11 * 60 * 1_000_000
        up.home.journal.state.put("session", hash_secret(secret), msgspec.json.encode(session))
        answer = ana.post("/api/passkeys/options", json={"for": "add"})
        assert (answer.status_code, answer.json()["need"]) == (401, "proof")


def test_a_staff_invitation_is_used_once(up: Running) -> None:
    code = up.room.invitations.make("staff", "ana", "person/admin", 3600, {})
    with browser(up, host="localhost") as ana:
        made = options(ana, "enrol", code=code)
        key = SoftKey()
        body = {"credential": key.create(made, here(ana)), "label": "Key ring"}
        assert ana.post("/api/enrol/passkey", json={**body, "code": "wrong"}).status_code == 401
        assert ana.post("/api/enrol/passkey", json={**body, "code": code}).status_code == 204
        assert ana.get("/api/session").json()["person"] == "ana"
        assert ana.post("/api/enrol/passkey", json={**body, "code": code}).status_code == 401
        assert (
            ana.post("/api/passkeys/options", json={"for": "enrol", "code": code}).status_code
            == 401
        )
    device = up.room.invitations.make("device", "phone-1", "person/admin", 3600, {})
    with browser(up, host="localhost") as phone:
        asked = phone.post("/api/passkeys/options", json={"for": "enrol", "code": device})
        assert asked.status_code == 400
