"""Signing in, staying in and being let in for the first time, through a real server."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from test_live import until
from websockets.sync.client import connect

from running import PASSWORD, Running, made_home, running


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("signing")
    made_home(home, town, units=4)
    with running(home, town, drill=False) as room:
        yield room


def browser(room: Running) -> httpx.Client:
    return httpx.Client(base_url=room.url, headers={"Origin": room.url}, timeout=20)


def sign_in(
    api: httpx.Client, name: str, password: str = PASSWORD, code: str = ""
) -> httpx.Response:
    return api.post("/api/session", json={"name": name, "password": password, "code": code})


def code_of(secret: str, steps: int = 0) -> str:
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return TOTP(key, 6, SHA1(), 30).generate(int(time.time()) + 30 * steps).decode()


def test_somebody_is_invited_and_comes_in_once(own: Running) -> None:
    with own.signed_in("root", "administrator") as admin, browser(own) as new:
        made = admin.post(
            "/api/people",
            json={"agency": "fire", "name": "N. Ew", "roles": ["dispatcher"], "id": "new"},
        )
        assert made.is_success, made.text
        invited = admin.post("/api/people/new/invite").json()
        assert invited["url"].endswith(f"/enrol#{invited['code']}")
        assert "<svg" in invited["qr"]
        spelled = invited["code"].lower().replace("-", " ")
        looked = new.post("/api/enrol/look", json={"code": spelled}).json()
        assert (looked["kind"], looked["roles"]) == ("staff", ["dispatcher"])
        weak = {"code": invited["code"], "login": "new", "password": "fire2026fire"}
        assert new.post("/api/enrol/staff", json=weak).status_code == 400
        good = {**weak, "password": PASSWORD}
        assert new.post("/api/enrol/staff", json=good).status_code == 204
        assert new.get("/api/session").json()["person"] == "new"
        again = httpx.post(f"{own.url}/api/enrol/staff", json=good)
        assert again.status_code == 401
        assert admin.post("/api/people/root/invite").status_code == 403  # nobody invites themselves


def test_a_code_beside_the_password(own: Running) -> None:
    with own.signed_in("tot", "dispatcher") as api, browser(own) as other:
        begun = api.post("/api/me/code", json={"password": PASSWORD}).json()
        confirmed = api.post("/api/me/code/confirm", json={"code": code_of(begun["secret"], -1)})
        recovery = confirmed.json()["recovery"]
        assert len(recovery) == 10
        missing = sign_in(other, "tot")
        assert (missing.status_code, missing.json()["need"]) == (401, "code")
        assert sign_in(other, "tot", code=code_of(begun["secret"], 200)).status_code == 401
        code = code_of(begun["secret"])
        assert sign_in(other, "tot", code=code).status_code == 204
        assert other.get("/api/session").json()["unlock"] == ["password", "code"]
        with browser(own) as third:
            assert sign_in(third, "tot", code=code).status_code == 401  # replayed
            assert sign_in(third, "tot", code=recovery[0]).status_code == 204
        assert api.get("/api/me").json()["recovery_left"] == 9


def test_wrong_codes_lock_too_and_the_words_tell_nothing_of_the_clock(own: Running) -> None:
    with own.signed_in("cora", "dispatcher") as api, browser(own) as stranger:
        begun = api.post("/api/me/code", json={"password": PASSWORD}).json()
        assert api.post(
            "/api/me/code/confirm", json={"code": code_of(begun["secret"], -1)}
        ).is_success
        an_hour_off = sign_in(stranger, "cora", code=code_of(begun["secret"], 120))
        made_up = sign_in(stranger, "cora", code="abc")
        assert an_hour_off.json() == made_up.json()
        assert "set its clock" in made_up.json()["todo"]
        for _ in range(3):
            sign_in(stranger, "cora", code="000000")
        locked = sign_in(stranger, "cora", code=code_of(begun["secret"], 1))
        assert locked.status_code == 401
        assert "need" not in locked.json()
        assert sign_in(api, "cora", code=code_of(begun["secret"])).status_code == 204


def test_a_stranger_who_guesses_locks_strangers_out_and_nobody_at_their_console(
    own: Running,
) -> None:
    with own.signed_in("dora", "dispatcher") as console:
        with browser(own) as stranger:
            for _ in range(6):
                assert sign_in(stranger, "DORA", "wrong " * 3).status_code == 401
            assert sign_in(stranger, "dora").status_code == 401  # right, but locked
        assert console.post("/api/session/lock").status_code == 204
        assert console.post("/api/session/unlock", json={"password": PASSWORD}).status_code == 204
        assert sign_in(console, "dora").status_code == 204
    with own.signed_in("else", "dispatcher"):
        pass  # the room is not locked
    own.room.account.flush(all_of_them=True)
    refused = [e for e in own.home.journal.read(-1, 10_000) if e.type == "Refused.1"]
    tries = [e for e in refused if e.body.get("id") == "dora" or e.body["why"] == "password"]
    assert tries
    assert "DORA" not in str([e.body for e in refused])


def test_unlocking_renews_the_secret_and_is_for_its_own_person(own: Running) -> None:
    with own.signed_in("eva", "dispatcher") as eva, own.signed_in("max", "dispatcher") as other:
        old = eva.cookies["callout_session"]
        eva.post("/api/session/lock")
        assert eva.get("/api/session").json()["locked"] == "idle"
        locked = eva.get("/api/incidents")
        assert (locked.status_code, locked.json()["locked"]) == (401, "idle")
        assert eva.post("/api/session/unlock", json={"password": "not eva's"}).status_code == 401
        assert eva.post("/api/session/unlock", json={"password": PASSWORD}).status_code == 204
        assert eva.cookies["callout_session"] != old
        assert eva.get("/api/incidents").is_success
        stale = {"Cookie": f"callout_session={old}"}
        assert httpx.get(f"{own.url}/api/incidents", headers=stale).status_code == 401
        theirs = other.get("/api/me").json()["sessions"][0]["id"]
        assert eva.delete(f"/api/me/sessions/{theirs}").status_code == 404  # borrowed
        assert other.get("/api/incidents").is_success


def test_an_open_stream_begins_anew_when_its_session_is_unlocked(own: Running) -> None:
    with own.signed_in("iris", "dispatcher") as iris:
        iris.post("/api/session/lock")
        cookie = {"Cookie": f"callout_session={iris.cookies['callout_session']}"}
        url = own.url.replace("http", "ws") + "/api/live"
        with connect(url, origin=own.url, additional_headers=cookie, proxy=None) as socket:
            assert until(socket, "snapshot")["units"] == []
            answer = iris.post("/api/session/unlock", json={"password": PASSWORD})
            assert answer.status_code == 204
            assert until(socket, "anew") == {"t": "anew"}  # not cut off as signed out
        cookie = {"Cookie": f"callout_session={iris.cookies['callout_session']}"}
        with connect(url, origin=own.url, additional_headers=cookie, proxy=None) as socket:
            assert until(socket, "snapshot")["units"]


def test_a_new_password_needs_the_old_one(own: Running) -> None:
    with own.signed_in("pia", "dispatcher") as api, browser(own) as other:
        assert sign_in(other, "pia").status_code == 204
        wrong = {"old": "not the old one", "new": "four other plain words"}
        assert api.post("/api/me/password", json=wrong).status_code == 401
        common = {"old": PASSWORD, "new": "1234567890"}
        assert api.post("/api/me/password", json=common).status_code == 400
        good = {"old": PASSWORD, "new": "four other plain words"}
        assert api.post("/api/me/password", json=good).status_code == 204
        assert other.get("/api/me").status_code == 401  # signed out everywhere else
        assert api.get("/api/me").is_success
        assert sign_in(other, "pia", good["new"]).status_code == 204


def test_signing_off_ends_the_shift_and_every_session(own: Running) -> None:
    with own.signed_in("otto", "dispatcher", "supervisor") as api, browser(own) as other:
        assert sign_in(other, "otto").status_code == 204
        taken = api.post("/api/me/shift", json={"roles": ["dispatcher"], "hours": 2}).json()
        assert taken["roles"] == ["dispatcher"]
        assert other.get("/api/session").json()["roles"] == ["dispatcher"]
        assert api.post("/api/me/shift", json={"roles": ["auditor"]}).status_code == 400
        assert api.post("/api/me/shift", json={"hours": 25}).status_code == 400
        assert api.delete("/api/me/shift").status_code == 204
        assert other.get("/api/me").status_code == 401


def test_a_console_in_a_secured_room_does_not_lock_for_idleness(own: Running) -> None:
    with own.signed_in("chef", "administrator") as admin:
        assert admin.post("/api/consoles", json={"name": "Desk 1"}).status_code == 204
        assert sign_in(admin, "chef").status_code == 204
        assert admin.get("/api/session").json()["secured"] is True
        (console,) = admin.get("/api/consoles").json()["consoles"]
        assert admin.delete(f"/api/consoles/{console['id']}").status_code == 204
        assert sign_in(admin, "chef").status_code == 204
        assert admin.get("/api/session").json()["secured"] is False
    with own.signed_in("disp", "dispatcher") as api:
        assert api.post("/api/consoles", json={"name": "Mine"}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "password": ""},
        {"name": "\u0430na", "password": PASSWORD},
        {"name": "x" * 10_000, "password": "y" * 10_000},
        {"name": "ana\u202e", "password": PASSWORD},
    ],
)
def test_hostile_names_are_wrong_in_the_same_words(own: Running, body: dict[str, str]) -> None:
    answer = httpx.post(f"{own.url}/api/session", json=body)
    assert answer.status_code == 401
    assert answer.json()["title"].startswith("name or password is wrong")
