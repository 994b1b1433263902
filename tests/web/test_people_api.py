"""The staff over HTTP, through a real server: who may change whom, and what is shown to whom."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
import pytest
from websockets.sync.client import connect

from callout.access import Credentials
from callout.access.ceremony import Passkey
from callout.access.review import shares_touched
from callout.access.used import DAY_US
from callout.base.clock import SystemClock
from callout.journal import Batch, Draft
from callout.web import ROUTES
from callout.web.owners import Owners
from running import PASSWORD, Running


def entries(room: Running, type_: str) -> list[dict[str, object]]:
    found = room.home.journal.replay()
    return [{"actor": e.actor, **e.body} for e in found if e.type == type_]


def keep_passkey(room: Running, credential: str, person: str, label: str) -> None:
    """As if the person had made one; nobody can sign with it."""
    kept = Passkey(credential, credential, b"", 0, person, b"", "localhost", label, 1)
    room.home.journal.state.put("passkey", credential, msgspec.json.encode(kept))


def listed(api: httpx.Client) -> dict[str, dict[str, object]]:
    return {one["id"]: one for one in api.get("/api/people").json()["people"]}


def test_an_administrator_adds_changes_and_ends_accounts(room: Running) -> None:
    chief = room.signed_in("chief", "administrator")
    added = chief.post("/api/people", json={"agency": "fire", "name": "Rui Vaz", "roles": []})
    assert added.status_code == 201, added.text
    person = added.json()["id"]
    changed = chief.post(f"/api/people/{person}/roles", json={"roles": ["dispatcher", "trainer"]})
    assert changed.is_success, changed.text
    row = listed(chief)[person]
    assert (row["name"], row["agency"]) == ("Rui Vaz", "fire")
    assert row["sign_in"] == {"password": False, "code": False, "passkeys": 0}
    assert [(w["role"], w["by"]) for w in row["why"]] == [  # type: ignore[attr-defined]
        ("dispatcher", "person/chief"),
        ("trainer", "person/chief"),
    ]
    assert "Rui" not in str([e.body for e in room.home.journal.replay()])
    own = chief.post("/api/people/chief/roles", json={"roles": ["administrator", "dispatcher"]})
    assert own.status_code == 403
    assert chief.post("/api/people/nobody/roles", json={"roles": []}).status_code == 404
    assert chief.post(f"/api/people/{person}/roles", json={"roles": ["king"]}).status_code == 400


def test_who_leaves_is_out_at_once_and_stays_out(room: Running) -> None:
    chief = room.signed_in("chief2", "administrator")
    ana = room.signed_in("leaver", "dispatcher", agency="fire")
    keep_passkey(room, "credential-1", "leaver", "Grey key")
    assert listed(chief)["leaver"]["sign_in"] == {"password": True, "code": False, "passkeys": 1}
    assert ana.get("/api/units").is_success
    assert chief.post("/api/people/leaver/leave").is_success
    assert ana.get("/api/units").status_code == 401
    assert listed(chief)["leaver"]["left_us"]
    assert room.room.sessions.of("leaver") == []
    assert room.home.journal.state.get("passkey", "credential-1") is None
    again = {"name": "leaver", "password": PASSWORD}
    assert ana.post("/api/session", json=again).status_code == 401
    # Taken back, they begin anew: neither the old password nor the old cookie opens anything.
    Credentials(room.home.journal.state, SystemClock()).set_password(
        "leaver", PASSWORD, person="leaver"
    )
    body = {"id": "leaver", "agency": "fire", "name": "Ana", "roles": ["dispatcher"]}
    assert chief.post("/api/people", json=body).is_success
    assert ana.post("/api/session", json=again).status_code == 401
    assert ana.get("/api/units").status_code == 401
    assert chief.post("/api/people", json=body).status_code == 409


def test_two_administrators_cannot_leave_each_other_alone(room: Running) -> None:
    """Of two that dismiss each other at the same moment, one at least remains."""
    for person, row in list(room.room.picture.access.staff.items()):
        if row.agency == "*" and "administrator" in row.roles:
            room.staff(person, "dispatcher")
    one, two = (room.signed_in(name, "administrator") for name in ("one", "two"))
    with ThreadPoolExecutor(2) as both:
        answers = [
            both.submit(one.post, "/api/people/two/leave"),
            both.submit(two.post, "/api/people/one/leave"),
        ]
    codes = sorted(answer.result().status_code for answer in answers)
    assert codes[0] == 200
    assert codes[1] in {401, 409}


def test_a_supervisor_ends_a_shift(room: Running) -> None:
    head = room.signed_in("head", "supervisor", agency="fire")
    ana = room.signed_in("shifted", "dispatcher", agency="fire")
    away = room.signed_in("away", "supervisor", agency="police")
    assert ana.post("/api/people/head/end-shift").status_code == 403
    assert away.post("/api/people/shifted/end-shift").status_code == 403
    assert head.post("/api/people/shifted/end-shift").is_success
    assert ana.get("/api/session").json()["locked"] == "shift"
    assert ana.get("/api/units").status_code == 401
    assert head.post("/api/people/shifted/end-shift").status_code == 409


def test_the_staff_of_another_agency_is_not_shown(room: Running) -> None:
    room.staff("cop", "dispatcher", agency="police")
    room.staff("everywhere", "dispatcher")
    local = room.signed_in("local", "administrator", agency="fire")
    assert {one["agency"] for one in listed(local).values()} == {"fire"}
    whole = room.signed_in("whole", "auditor")
    assert {"cop", "everywhere", "local"} <= listed(whole).keys()
    for role in ("call_taker", "dispatcher", "responder", "evidence_officer", "trainer"):
        assert room.signed_in(f"a-{role}", role).get("/api/people").status_code == 403


# What is used


def test_a_mark_is_a_day(room: Running) -> None:
    head = room.signed_in("marker", "supervisor", "auditor")
    assert head.get("/api/people").is_success
    assert head.get("/log/checkpoint").is_success
    assert head.post("/api/tokens-that-are-not", json={}).status_code == 404
    assert head.post("/api/people", json={"agency": "x", "name": "x", "roles": []}).is_error
    room.room.used.flush()
    days = room.room.used.days_of("person/marker")
    assert set(days) == {"staff.read", "log.read"}  # what was refused is not marked
    assert all(day_us % DAY_US == 0 for day_us in days.values())
    used_us = listed(head)["marker"]["used_us"]
    assert isinstance(used_us, int)
    assert used_us % DAY_US == 0
    kept = [raw for key, raw in room.home.journal.state.items("used") if "marker" in key]
    assert kept
    assert all(len(json.dumps(json.loads(raw))) <= 6 for raw in kept)  # a number of days


def test_devices_and_live_pictures_are_marked_too(room: Running) -> None:
    taker = room.signed_in("watcher", "call_taker")
    cookie = f"callout_session={taker.cookies['callout_session']}"
    url = room.url.replace("http", "ws") + "/api/live"
    with connect(
        url,
        origin=room.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
        proxy=None,
    ) as socket:
        assert "hello" in str(socket.recv(timeout=10))
    with room.client(room.button) as button:
        press = {"device": "button-1", "press": "m1", "kind": "panic", "at": None}
        assert button.post("/api/alarms", json=press).is_success
        assert button.get("/api/people").status_code == 403
    assert set(room.room.used.days_of("person/watcher")) == {"live.read"}
    assert set(room.room.used.days_of("device/button-1")) == {"alarm.raise"}


def test_who_touched_what_of_another_agency(room: Running) -> None:
    medic = room.signed_in("medic", "dispatcher", agency="ems")
    cop = room.signed_in("bobby", "dispatcher", agency="police")
    body = {"type": "FALL", "agency": "fire"}
    with room.client() as program:
        fire = program.post("/api/incidents", json=body).json()["id"]
    assert cop.get("/api/units").is_success  # a look at the picture leaves no trace
    owners = Owners(room.room.picture)
    before, _, _ = shares_touched(room.home.journal, owners.of_actor, owners.of_entry, 0)
    assert before.isdisjoint({("fire", "ems"), ("fire", "police")})
    assert medic.post(f"/api/incidents/{fire}/notes", json={"text": "On our way"}).is_success
    assert cop.get(f"/api/incidents/{fire}").is_success  # to open one does
    owners = Owners(room.room.picture)
    after, fresh, whole = shares_touched(room.home.journal, owners.of_actor, owners.of_entry, 0)
    assert after - before == {("fire", "ems"), ("fire", "police")}
    assert ("fire", "*") in fresh
    assert whole


def test_the_review_is_for_auditors_and_administrators(room: Running) -> None:
    room.staff("never", "dispatcher", agency="fire")
    look = room.signed_in("look", "auditor")
    found = look.get("/api/people/review?days=1").json()
    assert found["days"] == 1
    assert found["whole"] is True
    keys = {"accounts_unused", "roles_unused", "devices_unused", "shares_unused"}
    assert keys <= found.keys()
    assert not any(one["person"] == "never" for one in found["accounts_unused"])  # a day at least
    assert look.get("/api/people/review?days=0").status_code == 400
    assert look.get("/api/people/review?days=400").status_code == 400
    assert room.signed_in("r-sup", "supervisor").get("/api/people/review").status_code == 403


# Reports


def sections(answer: httpx.Response) -> dict[str, object]:
    assert answer.is_success, answer.text
    return {one["name"]: one["data"] for one in answer.json()["sections"]}


def test_ones_own_report_has_everything_and_says_what_it_means(room: Running) -> None:
    head = room.signed_in("rep-head", "supervisor")
    ana = room.signed_in("reported", "call_taker", agency="fire")
    body = {"roles": ["dispatcher"], "hours": 1, "reason": "Night shift alone"}
    request = ana.post("/api/requests", json=body).json()["id"]
    assert head.post(f"/api/requests/{request}/grant", json={}).is_success
    crew = {"members": [{"person": "reported", "skills": []}], "vehicle": "", "ends_us": 0}
    other = {"members": [{"person": "rep-head", "skills": []}]}
    signed = tuple(Draft("unit/E1", "CrewSignedOn.1", body) for body in (crew, other))
    room.home.journal.append(Batch(signed, "crew of E1", "device/tablet"))
    opened = ana.post("/api/incidents", json={"type": "FALL", "agency": "fire"}).json()
    assert ana.get(f"/api/incidents/{opened['id']}").is_success
    assert ana.get("/log/checkpoint").status_code == 403
    keep_passkey(room, "credential-2", "reported", "Blue key")
    room.room.used.flush()
    answer = ana.get("/api/me/report")
    found = sections(answer)
    assert all(one["means"] and one["kept"] for one in answer.json()["sections"])
    assert found["person"]["name"] == "Name of reported"  # type: ignore[index]
    assert found["roles"][0]["roles"] == ["call_taker"]  # type: ignore[index]
    assert [one["type"] for one in found["shifts"]] == ["ShiftStarted.1"]  # type: ignore[attr-defined]
    asked = found["requests"][0]  # type: ignore[index]
    assert asked["reason"] == "Night shift alone"
    assert asked["decided_by"] == "person/rep-head"
    assert found["sign_in"] == {
        "login": "reported",
        "password": True,
        "code": False,
        "passkeys": ["Blue key"],
    }
    assert len(found["sessions"]) == 1  # type: ignore[arg-type]
    assert "incident.open" in {one["action"] for one in found["used"]}  # type: ignore[attr-defined]
    acts = {one["type"] for one in found["acts"]}  # type: ignore[attr-defined]
    assert {"IncidentOpened.1", "AccessAsked.1"} <= acts
    assert found["openings"][0]["what"]["id"] == opened["id"]  # type: ignore[index]
    assert found["refusals"][0]["what"]["action"] == "log.read"  # type: ignore[index]
    named = [(one["type"], one["by"]) for one in found["named"]]  # type: ignore[attr-defined]
    assert named == [("CrewSignedOn.1", "device/tablet")]
    for secret in ("argon2", ana.cookies["callout_session"]):
        assert secret not in answer.text
    older = ana.get(f"/api/me/report?before={found['acts'][-1]['seq']}")  # type: ignore[index]
    assert sections(older)["acts"] == []


def test_anothers_report_is_for_who_answers_their_request_and_is_entered(room: Running) -> None:
    room.staff("subject", "dispatcher", agency="fire")
    url = "/api/people/subject/report"
    wanted = f"{url}?purpose=subject_access"
    for role in ("administrator", "supervisor", "dispatcher", "trainer"):
        assert room.signed_in(f"no-{role}", role).get(wanted).status_code == 403
    officer = room.signed_in("officer", "evidence_officer")
    for without in (url, f"{url}?purpose=quality", f"{url}?purpose=Subject_access"):
        assert officer.get(without).status_code == 403
    assert entries(room, "MaterialOpened.1")[-1]["id"] != "subject"
    assert sections(officer.get(wanted))["person"]["id"] == "subject"  # type: ignore[index]
    assert entries(room, "MaterialOpened.1")[-1] == {
        "actor": "person/officer",
        "kind": "person",
        "id": "subject",
        "purpose": "subject_access",
    }
    subject = room.signed_in("subject", "dispatcher", agency="fire")
    named = sections(subject.get("/api/me/report"))["named"]
    assert [one["by"] for one in named] == ["person/officer"]  # type: ignore[attr-defined]
    away = room.signed_in("away-officer", "evidence_officer", agency="police")
    assert away.get(wanted).status_code == 403
    assert officer.get("/api/people/none/report?purpose=subject_access").status_code == 404


# What an administrator is not shown


@pytest.fixture
def planted(room: Running) -> list[str]:
    """Strings of callers and places: in an alarm, an incident with notes, and one just closed."""
    said = {k: f"{k} Quibble-77" for k in ("device", "alarm", "text", "place", "note", "moved")}
    with room.client() as api:
        press = {"device": said["device"], "press": "p77", "kind": "panic", "at": None}
        press |= {"lon": -28.5, "lat": 46.0}
        assert api.post("/api/alarms", json=press | {"text": said["alarm"]}).is_success
        press |= {"press": "p78", "text": said["alarm"]}
        alarm = api.post("/api/alarms", json=press).json()["id"]
        for close, alarms in ((False, []), (True, [alarm])):
            body = {"type": "FALL", "lon": -28.5, "lat": 46.0, "alarms": alarms}
            body |= {"text": said["text"], "place": said["place"]}
            opened = api.post("/api/incidents", json=body).json()["id"]
            url = f"/api/incidents/{opened}"
            assert api.post(f"{url}/notes", json={"text": said["note"]}).is_success
            moved = {"lon": -28.51, "lat": 46.0, "place": said["moved"]}
            assert api.post(f"{url}/place", json=moved).is_success
            if close:
                assert api.post(f"{url}/close", json={}).is_success
            assert "Quibble-77" in api.get(url).text
        assert "Quibble-77" in api.get("/api/alarms").text
    return ["Quibble-77", opened, alarm]


def test_an_administrator_reads_nothing_of_callers_through_any_route(
    room: Running, planted: list[str]
) -> None:
    word, incident, alarm = planted
    asked = 0
    with room.signed_in("machine", "administrator") as api:
        for route in (one for one in ROUTES if one.method == "GET"):
            path = route.path.replace("{incident_id}", incident).replace("{alarm_id}", alarm)
            path = path.replace("{z}/{x}/{y}", "0/0/0").replace("{path}", "entries/000")
            path = path.replace("{person_id}", "machine").replace("{name}", "index.js")
            path = path.replace("{unit_id}", "E1")
            answer = api.get(path)
            assert answer.status_code < 500 or path.startswith("/tiles"), (path, answer.text)
            assert word.encode() not in answer.content, path
            asked += 1
    assert asked == sum(route.method == "GET" for route in ROUTES) > 20
