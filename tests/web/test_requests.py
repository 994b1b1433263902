"""Roles for a time and what agencies share, through a real server."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
from websockets.sync.client import ClientConnection, connect

from running import PASSWORD, Running


def test_a_second_person_grants_and_the_roles_hold_at_once(room: Running) -> None:
    ana = room.signed_in("ana", "call_taker", agency="fire")
    head = room.signed_in("head", "supervisor", agency="fire")
    body = {"roles": ["auditor", "trainer"], "hours": 2, "reason": "Quarterly review"}
    request = ana.post("/api/requests", json=body).json()["id"]
    assert ana.post(f"/api/requests/{request}/grant", json={}).status_code == 403
    seen = head.get("/api/requests").json()["requests"][0]
    assert (seen["id"], seen["reason"], seen["mine"]) == (request, "Quarterly review", False)
    assert seen["may_deny"]
    assert not seen["may_grant"]  # an auditor is not a supervisor's to make
    assert head.post(f"/api/requests/{request}/grant", json={}).status_code == 403
    assert ana.get("/log/checkpoint").status_code == 403
    chief = room.signed_in("chief", "administrator")
    assert chief.post(f"/api/requests/{request}/grant", json={"hours": 1}).is_success
    assert ana.get("/log/checkpoint").is_success
    assert ana.get("/api/requests").json()["requests"][0]["state"] == "granted"
    for again in ("grant", "deny"):
        answer = chief.post(f"/api/requests/{request}/{again}", json={})
        assert answer.status_code == 409
    assert "Quarterly" not in str([entry.body for entry in room.home.journal.replay()])


def test_the_same_person_in_two_browsers_is_one_person(room: Running) -> None:
    one = room.signed_in("twice", "supervisor")
    two = httpx.Client(base_url=room.url, headers={"Origin": room.url}, timeout=20)
    room.browsers.append(two)
    spelled = {"name": " \uff34wICE", "password": PASSWORD}  # a full-width letter, capitals
    assert two.post("/api/session", json=spelled).is_success
    assert one.cookies["callout_session"] != two.cookies["callout_session"]
    body = {"roles": ["dispatcher"], "hours": 2, "reason": "Alone tonight"}
    request = one.post("/api/requests", json=body).json()["id"]
    answer = two.post(f"/api/requests/{request}/grant", json={})
    assert answer.status_code == 403
    assert "themselves" in answer.json()["title"]
    assert two.post(f"/api/requests/{request}/deny").is_success  # taken back


def test_of_two_answers_at_once_one_counts(room: Running) -> None:
    ana = room.signed_in("raced", "call_taker", agency="fire")
    deciders = [room.signed_in(f"d{n}", "supervisor", agency="fire") for n in range(4)]
    body = {"roles": ["dispatcher"], "hours": 2, "reason": "Somebody is ill"}
    request = ana.post("/api/requests", json=body).json()["id"]
    with ThreadPoolExecutor(4) as all_of_them:
        answers = [
            all_of_them.submit(
                one.post, f"/api/requests/{request}/{('grant', 'deny')[n % 2]}", json={}
            )
            for n, one in enumerate(deciders)
        ]
    codes = sorted(answer.result().status_code for answer in answers)
    assert codes == [200, 409, 409, 409]
    stream = [entry.type for entry in room.home.journal.stream(f"request/{request}")]
    assert len(stream) == 2


def test_requests_of_other_agencies_are_not_shown(room: Running) -> None:
    ana = room.signed_in("quiet", "call_taker", agency="fire")
    body = {"roles": ["dispatcher"], "hours": 2, "reason": "A private thing"}
    request = ana.post("/api/requests", json=body).json()["id"]
    away = room.signed_in("cop", "supervisor", agency="police")
    colleague = room.signed_in("colleague", "dispatcher", agency="fire")
    for other in (away, colleague):
        assert "A private thing" not in other.get("/api/requests").text
        assert other.post(f"/api/requests/{request}/grant", json={}).status_code == 403
    assert "A private thing" in ana.get("/api/requests").text
    assert away.post(f"/api/requests/{request}/deny").status_code == 403
    with room.client() as program:
        assert program.get("/api/requests").status_code == 403
        assert program.post("/api/requests", json=body).status_code == 403


# Sharing


def follow(room: Running, cookie: str) -> ClientConnection:
    return connect(
        room.url.replace("http", "ws") + "/api/live",
        origin=room.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"callout_session={cookie}"},
        proxy=None,
    )


def heard(socket: ClientConnection, kind: str) -> dict[str, object]:
    while True:
        frame: dict[str, object] = json.loads(socket.recv(timeout=10))
        if frame["t"] == kind:
            return frame


def test_what_is_shared_or_no_longer_is_in_force_at_once(room: Running) -> None:
    chief = room.signed_in("sharer", "administrator", agency="fire")
    cop = room.signed_in("beat", "dispatcher", agency="police")
    with room.client() as program:
        body = {"type": "FALL", "agency": "fire"}
        opened = program.post("/api/incidents", json=body).json()
    url = f"/api/incidents/{opened['id']}"
    everyone = {"to": "*", "what": []}
    assert chief.post("/api/agencies/fire/sharing", json=everyone).is_success
    assert cop.get(url).status_code == 404
    with follow(room, cop.cookies["callout_session"]) as socket:
        shown = heard(socket, "snapshot")
        assert opened["id"] not in str(shown)
        body = {"to": "police", "what": ["see"]}
        assert chief.post("/api/agencies/fire/sharing", json=body).is_success
        heard(socket, "anew")
    assert cop.get(url).is_success
    assert cop.post(f"{url}/notes", json={"text": "x"}).status_code == 403  # to see is not to work
    agencies = {one["id"]: one for one in chief.get("/api/agencies").json()["agencies"]}
    assert agencies["fire"]["shares"] == [{"to": "police", "what": ["see"]}]
    assert cop.get("/api/agencies").status_code == 403
    with follow(room, cop.cookies["callout_session"]) as socket:
        assert opened["id"] in str(heard(socket, "snapshot"))
        none = {"to": "police", "what": []}
        assert chief.post("/api/agencies/fire/sharing", json=none).is_success
        heard(socket, "anew")
    assert cop.get(url).status_code == 404
    assert chief.post("/api/agencies/police/sharing", json=body).status_code == 403
    whole = {"to": "police", "what": ["own"]}
    assert chief.post("/api/agencies/fire/sharing", json=whole).status_code == 400
