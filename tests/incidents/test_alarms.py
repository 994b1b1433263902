"""Alarms are never lost, never doubled, never pre-empted by a stranger."""

from pathlib import Path

import pytest

from callout.access import NOBODY, SYSTEM, Actor, Role, Scope
from callout.base.errors import ConflictError, NotFoundError, RefusedError
from callout.dispatch import Picture
from callout.incidents import PanicPressed, due, raise_alarm
from callout.incidents.commands import (
    acknowledge_alarm,
    add_note,
    escalate_alarm,
    open_incident,
    set_place,
)
from callout.journal import Receipt
from fakes import line_picture, line_room, place

BUTTON = Actor(id="button-1", kind="device", agency="fire", scopes=frozenset({Scope.ALARMS}))
TAKER = Actor(id="p1", kind="person", agency="fire", roles=frozenset({Role.CALL_TAKER}))


def press(number: int = 1, *, fix: bool = True, device: str = "button-1") -> PanicPressed:
    return PanicPressed(
        device=device, press=str(number), kind="panic", place=place(500) if fix else None, text="x"
    )


def raised(picture: Picture, actor: Actor, pressed: PanicPressed, credential: str = "") -> Receipt:
    now_us = picture.clock.now_us()
    future = raise_alarm(picture.journal, actor, pressed, now_us=now_us, credential=credential)
    receipt = future.result()
    picture.fold()
    return receipt


def test_the_same_press_is_the_same_alarm(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        first = raised(picture, BUTTON, press())
        again = raised(picture, BUTTON, press())
        other = raised(picture, BUTTON, press(2))
        assert (first.duplicate, again.duplicate, other.duplicate) == (False, True, False)
        assert again.first_seq == first.first_seq
        assert len(picture.incidents.alarms) == 2


def test_a_stranger_cannot_stand_in_the_way_of_a_real_press(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        stranger = raised(picture, NOBODY, press())
        real = raised(picture, BUTTON, press())
        assert not real.duplicate
        assert real.first_seq != stranger.first_seq
        verified = [alarm.verified for alarm in picture.incidents.alarms.values()]
        assert verified == [False, True]


def test_a_stranger_cannot_stand_in_the_way_of_another(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        first = raised(picture, NOBODY, press())
        assert raised(picture, NOBODY, press()).duplicate
        assert not raised(picture, NOBODY, press(fix=False)).duplicate
        assert not raised(picture, NOBODY, press(), "an expired token").duplicate
        assert first.first_seq >= 0


def test_a_device_speaks_for_itself_only(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        raised(picture, BUTTON, press(device="button-2"))
        (alarm,) = picture.incidents.alarms.values()
        assert not alarm.verified


def test_without_a_fix_it_is_kept(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        raised(picture, BUTTON, press(fix=False))
        (alarm,) = picture.incidents.alarms.values()
        assert not alarm.fix
        assert "no-time" in alarm.marks


def test_exact_place_device_and_words_are_not_in_the_open(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        pressed = PanicPressed(
            device="flat-9-button", press="77", kind="panic", place=place(512), text="PLANTED-WORD"
        )
        raised(picture, NOBODY, pressed)
        held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        for secret in (b"flat-9-button", b"PLANTED-WORD", str(place(512).lon_e7).encode()):
            assert secret not in held


def test_escalation_is_by_the_journal_s_clock_and_once_a_level(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        raised(picture, BUTTON, press())
        (alarm,) = picture.incidents.alarms.values()
        board, start_us = picture.incidents, alarm.raised_us
        assert due(board, start_us + 29_999_999, 30) == []
        assert due(board, start_us + 30_000_000, 30) == [(alarm.id, 1)]
        escalate_alarm(picture.journal, SYSTEM, board, alarm.id, 1).result()
        repeat = escalate_alarm(picture.journal, SYSTEM, board, alarm.id, 1).result()
        assert repeat.duplicate
        picture.fold()
        assert due(board, start_us + 59_000_000, 30) == []
        # A restart in between: the board is folded anew and knows the level.
        anew = line_picture(picture.journal).incidents
        assert due(anew, start_us + 61_000_000, 30) == [(alarm.id, 2)]
        assert due(anew, start_us + 999_000_000, 30) == [(alarm.id, 3)]
        with pytest.raises(RefusedError):
            escalate_alarm(picture.journal, TAKER, board, alarm.id, 2)


def test_acknowledging_ends_escalation(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        raised(picture, BUTTON, press())
        (alarm,) = picture.incidents.alarms.values()
        submitted = acknowledge_alarm(picture.journal, TAKER, picture.incidents, alarm.id)
        assert submitted is not None
        submitted.result()
        picture.fold()
        assert acknowledge_alarm(picture.journal, TAKER, picture.incidents, alarm.id) is None
        assert due(picture.incidents, alarm.raised_us + 10**9, 30) == []


def opened(picture: Picture, *alarms: str, actor: Actor = TAKER) -> str:
    incident, submitted = open_incident(
        picture.journal,
        actor,
        picture.incidents,
        agency="fire",
        type_code="fire",
        priority=1,
        place=place(100),
        place_name="Harbour Street",
        text="smoke",
        alarms=alarms,
        now_us=picture.clock.now_us(),
    )
    submitted.result()
    picture.fold()
    return incident


def test_run_numbers_count_up_and_are_not_ids(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        ids = [opened(picture) for _ in range(3)]
        numbers = [picture.incidents.incident(name).number for name in ids]
        assert numbers == [1, 2, 3]
        assert picture.incidents.incident(ids[0]).run == "fire-2026"
        with pytest.raises(NotFoundError, match="not the run number"):
            picture.incidents.incident("1")


def test_opening_links_and_acknowledges_its_alarms(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        raised(picture, BUTTON, press())
        (alarm,) = picture.incidents.alarms.values()
        incident = opened(picture, alarm.id)
        assert alarm.incident == incident
        assert alarm.acknowledged_by == "person/p1"
        with pytest.raises(ConflictError, match="already belongs"):
            opened(picture, alarm.id)


def test_notes_and_places(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        incident = opened(picture)
        add_note(picture.journal, TAKER, picture.incidents, incident, "second floor").result()
        picture.fold()
        set_place(
            picture.journal, TAKER, picture.incidents, incident, place(900), "Mill Lane"
        ).result()
        picture.fold()
        found = picture.place_of(picture.incidents.incident(incident))
        assert found == (place(900), "Mill Lane")
        sealed = picture.journal.side(picture.incidents.incident(incident).place_seq, "place")
        assert sealed is not None
        assert "verified" not in sealed
        set_place(
            picture.journal,
            TAKER,
            picture.incidents,
            incident,
            place(900),
            "by the mill",
            verified=False,
        ).result()
        picture.fold()
        sealed = picture.journal.side(picture.incidents.incident(incident).place_seq, "place")
        assert sealed is not None
        assert sealed["verified"] is False
        picture.journal.forget(f"incident/{incident}")
        assert picture.place_of(picture.incidents.incident(incident)) is None
