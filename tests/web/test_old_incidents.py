"""Incidents that ended over a day ago: for a named purpose, and entered before they are shown."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

import pytest

from callout.access import SYSTEM
from callout.base.clock import ManualClock, SystemClock
from callout.base.geo import LonLat
from callout.dispatch import Picture, assign, close, set_status
from callout.incidents.commands import add_note, open_incident
from callout.incidents.erasure import ask_erasure, find_incident, finish_erasure
from callout.journal import Receipt
from callout.main.home import open_home
from callout.units import Status
from running import Running, made_home, running

DAY_S = 86_400


class Old(NamedTuple):
    """A room whose boards have let two incidents go."""

    room: Running
    kept: str
    erased: str
    unit: str
    run: str


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[Old]:
    folder = tmp_path_factory.mktemp("old") / "home"
    made_home(folder, town, units=4)
    clock = ManualClock(SystemClock().now_us() + 60 * 1_000_000)
    home = open_home(folder, clock, town)
    picture = home.picture
    picture.fold()
    unit = picture.units.by_number[0].id
    made = [_worked_on(picture, clock, unit, words) for words in ("Kept", "Lost")]
    run = picture.incidents.incident(made[0])
    clock.advance_s(2 * DAY_S)
    # After two days the boards let go of both at the next entry of an incident's.
    _done(picture, add_note(picture.journal, SYSTEM, picture.incidents, made[0], "Kept: a letter"))
    found = find_incident(picture.journal, made[1])
    _done(picture, ask_erasure(picture.journal, SYSTEM, found, "request"))
    _done(picture, finish_erasure(picture.journal, found.stream, found.keys))
    assert not picture.incidents.incidents
    home.journal.close()
    with running(folder, town) as room:
        yield Old(room, made[0], made[1], unit, f"{run.run}-{run.number}")


def _worked_on(p: Picture, clock: ManualClock, unit: str, words: str) -> str:
    incident, submitted = open_incident(
        p.journal,
        SYSTEM,
        p.incidents,
        agency="fire",
        type_code="FALL",
        priority=2,
        place=LonLat(-285_000_000, 460_000_000),
        place_name=f"{words} Street 5",
        text=f"{words}: a fall on the stairs",
        alarms=(),
        now_us=clock.now_us(),
    )
    _done(p, submitted)
    sent = assign(p, SYSTEM, incident, [unit], seq=p.seq, divert=False)
    _done(p, sent.receipt)
    for status in (Status.EN_ROUTE, Status.ON_SCENE):
        clock.advance_s(60)
        _done(p, set_status(p, SYSTEM, unit, status))
    _done(p, close(p, SYSTEM, incident, "done")[0])
    _done(p, set_status(p, SYSTEM, unit, Status.AVAILABLE))
    return incident


def _done(picture: Picture, submitted: Future[Receipt] | None) -> None:
    assert submitted is not None
    submitted.result(10)
    picture.fold()


def openings(room: Running) -> list[tuple[str, str, str]]:
    return [
        (entry.actor, entry.body["id"], entry.body.get("purpose", ""))
        for entry in room.home.journal.replay()
        if entry.type == "MaterialOpened.1"
    ]


def test_an_old_incident_is_opened_for_a_purpose_and_entered_first(old: Old) -> None:
    officer = old.room.signed_in("officer", "evidence_officer")
    url = f"/api/incidents/{old.kept}"
    assert officer.get(url).status_code == 403  # what is worked on is not theirs to read
    answer = officer.post(f"{url}/open", json={"purpose": "complaint"})
    assert answer.is_success, answer.text
    assert openings(old.room)[-1] == ("person/officer", old.kept, "complaint")
    shown = answer.json()
    assert shown["run"] == old.run
    assert shown["state"] == "closed"
    assert shown["text"] == "Kept: a fall on the stairs"
    assert shown["place"]["name"] == "Kept Street 5"
    part = shown["units"][0]
    assert part["id"] == old.unit
    assert part["joined_us"] < part["en_route_us"] < part["on_scene_us"] <= part["left_us"]
    assert [line["words"] for line in shown["log"]][-1] == "Kept: a letter"  # two days later
    assert old.kept not in old.room.room.picture.incidents.incidents


def test_what_was_erased_says_so(old: Old) -> None:
    officer = old.room.signed_in("officer2", "evidence_officer")
    answer = officer.post(f"/api/incidents/{old.erased}/open", json={"purpose": "court"})
    shown = answer.json()
    assert shown["erased"] is True
    assert shown["text"] is None
    assert shown["place"] is None
    assert "Lost" not in answer.text
    assert len(shown["log"]) > 3


@pytest.mark.parametrize("purpose", ["", "curiosity", "COURT"])
def test_without_a_purpose_it_stays_closed(old: Old, purpose: str) -> None:
    head = old.room.signed_in("head", "supervisor")
    before = openings(old.room)
    answer = head.post(f"/api/incidents/{old.kept}/open", json={"purpose": purpose})
    assert answer.status_code == 403
    assert "Kept" not in answer.text
    assert openings(old.room) == before


def test_who_may_not(old: Old) -> None:
    url = f"/api/incidents/{old.kept}/open"
    body = {"purpose": "quality"}
    for role in ("dispatcher", "call_taker", "administrator", "auditor", "trainer", "responder"):
        assert old.room.signed_in(f"no-{role}", role).post(url, json=body).status_code == 403
    with old.room.client() as program:
        assert program.post(url, json=body).status_code == 403
    with old.room.client("") as stranger:
        assert stranger.post(url, json=body).status_code == 401
    head = old.room.signed_in("head2", "supervisor")
    none = head.post("/api/incidents/none/open", json=body)
    assert none.status_code == 404
    chief = old.room.signed_in("fire-chief", "administrator", agency="fire")
    assert chief.post("/api/agencies/fire/sharing", json={"to": "*", "what": []}).is_success
    away = old.room.signed_in("away", "supervisor", agency="police")
    hidden = away.post(url, json=body)
    assert hidden.status_code == 404
    same = {**none.json(), "title": "", "detail": ""}
    assert {**hidden.json(), "title": "", "detail": ""} == same  # as if it were not there
    assert hidden.json()["title"] == none.json()["title"].replace("none", old.kept)


def test_one_closed_today_needs_a_purpose_too(old: Old) -> None:
    with old.room.client() as api:
        opened = api.post("/api/incidents", json={"type": "FALL", "text": "Today"}).json()["id"]
        url = f"/api/incidents/{opened}/open"
        officer = old.room.signed_in("officer3", "evidence_officer")
        body = {"purpose": "subject_access"}
        assert officer.post(url, json=body).status_code == 409  # it is still worked on
        assert api.post(f"/api/incidents/{opened}/close", json={}).is_success
        assert officer.post(url, json={"purpose": ""}).status_code == 403
        assert officer.post(url, json=body).json()["text"] == "Today"
        assert openings(old.room)[-1] == ("person/officer3", opened, "subject_access")
        taker = old.room.signed_in("taker", "call_taker")
        assert taker.post(url, json=body).status_code == 403
        assert taker.get(f"/api/incidents/{opened}").json()["text"] == "Today"  # while it is there
