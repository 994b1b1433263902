"""Who was refused what, and who was shown what, can be told afterwards."""

from pathlib import Path

import httpx
import pytest
from test_live import listening, until

from callout.base.clock import ManualClock
from callout.journal import Batch, Draft, Entry
from running import Running, made_home, running


@pytest.fixture
def own(tmp_path: Path, town: Path) -> Running:  # type: ignore[misc]
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room:
        yield room


def kept(room: Running, kind: str) -> list[Entry]:
    return [entry for entry in room.home.journal.read(-1, 10_000) if entry.type == kind]


def flush(room: Running) -> None:
    """Enter what was counted, and wait until it is durable."""
    room.room.account.flush(all_of_them=True)
    room.home.journal.append(
        Batch((Draft("type/X", "Nothing.1", {}),), f"f{room.home.journal.head()}")
    )


def opened(api: httpx.Client, **more: object) -> str:
    return str(api.post("/api/incidents", json={"type": "FALL", **more}).json()["id"])


def test_what_is_refused_is_an_entry_and_repeats_are_counted(own: Running) -> None:
    with own.signed_in("aud", "auditor") as auditor, own.client() as program:
        incident = opened(program, text="said in confidence")
        for _ in range(7):
            assert auditor.get(f"/api/incidents/{incident}").status_code == 403
        for _ in range(3):
            assert httpx.get(f"{own.url}/api/incidents").status_code == 401
    flush(own)
    refusals = [entry for entry in kept(own, "Refused.1") if entry.actor == "person/aud"]
    assert [entry.body.get("count", 1) for entry in refusals] == [1, 6]
    assert refusals[0].body == {
        "action": "incident.read",
        "kind": "incident",
        "id": incident,
        "why": "refused",
    }
    strangers = [entry for entry in kept(own, "Refused.1") if entry.actor == "nobody"]
    assert [(e.body["action"], e.body.get("count", 1)) for e in strangers] == [
        ("incident.read", 1),
        ("incident.read", 2),
    ]
    assert "confidence" not in str([entry.body for entry in refusals + strangers])


def test_a_request_from_another_page_or_name_is_an_entry_too(own: Running) -> None:
    httpx.get(f"{own.url}/api/units", headers={"Host": "rebound.example"})
    evil = {"Origin": "http://evil.example"}
    httpx.post(f"{own.url}/api/incidents", headers=evil, json={})
    flush(own)
    assert {entry.body["why"] for entry in kept(own, "Refused.1")} >= {"host", "origin"}


def test_an_opening_is_entered_before_anything_is_shown(own: Running) -> None:
    with own.signed_in("ana", "dispatcher", agency="fire") as ana, own.client() as program:
        incident = opened(program, agency="fire")
        before = own.home.journal.head()
        assert ana.get(f"/api/incidents/{incident}").is_success
        assert ana.get(f"/api/incidents/{incident}").is_success
        (entry,) = kept(own, "MaterialOpened.1")
    assert entry.seq == before + 1
    assert (entry.actor, entry.body) == ("person/ana", {"kind": "incident", "id": incident})
    flush(own)
    assert [e.body.get("count", 1) for e in kept(own, "MaterialOpened.1")] == [1, 1]


def test_a_stream_is_authorised_once_and_that_is_the_entry(own: Running) -> None:
    with own.client() as program, listening(own) as socket:
        until(socket, "snapshot")
        for number in range(5):
            opened(program, text=f"call {number}")
        until(socket, "tick")
    (entry,) = kept(own, "StreamOpened.1")
    assert (entry.actor, entry.body["what"]) == ("device/program", "live")


def test_what_is_merely_wrong_is_no_refusal(own: Running) -> None:
    with own.client() as program:
        assert program.get("/api/incidents/nowhere").status_code == 404
        assert program.post("/api/incidents", json={"type": "nonsense"}).status_code in {400, 404}
    assert kept(own, "Refused.1") == []


def test_the_room_reads_on_when_nothing_can_be_entered(
    own: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from callout.base.errors import FullError

    with own.client() as program:
        incident = opened(program, text="x")

        def full(_batch: object) -> None:
            raise FullError("the disk is full")

        monkeypatch.setattr(own.home.journal, "submit", full)
        assert program.get(f"/api/incidents/{incident}").is_success
        monkeypatch.undo()


def test_the_tally_keeps_repeats_for_a_minute() -> None:
    from callout.access.account import Act, Tally

    clock, tally = ManualClock(), Tally()
    act = Act("person/p", "log.read", "room", "", "refused")
    assert tally.take(act, clock.now_us()) == act
    for _ in range(9):
        assert tally.take(act, clock.now_us()) is None
    clock.advance_s(59)
    assert tally.due(clock.now_us()) == []
    clock.advance_s(1)
    ((again, repeats),) = tally.due(clock.now_us())
    assert (again, repeats) == (act, 9)
    assert tally.take(act, clock.now_us()) == act
    assert tally.due(clock.now_us() + 60_000_000) == []


def test_a_flood_of_ids_is_counted_without_them() -> None:
    from callout.access.account import Act, Tally

    tally, taken = Tally(), 0
    for number in range(5000):
        act = Act("device/d", "incident.read", "incident", f"guess{number}", "not-found")
        taken += tally.take(act, 1_000_000) is not None
    assert taken == 2001
    assert sum(repeats for _, repeats in tally.due(1_000_000, all_of_them=True)) == 2999
