"""Erasing: two entries around the end of the keys, finished after a crash, and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from callout.access import NOBODY, SYSTEM, Actor, Role
from callout.base.clock import ManualClock
from callout.base.errors import (
    BadInputError,
    ConflictError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
)
from callout.dispatch import Picture, assign, close
from callout.incidents import PanicPressed, raise_alarm
from callout.incidents.commands import (
    acknowledge_alarm,
    add_note,
    forget_presses,
    open_incident,
    press_key,
    set_place,
)
from callout.incidents.erasure import (
    ask_erasure,
    due_by_rule,
    find_alarm,
    find_incident,
    finish_erasure,
)
from callout.journal import Journal, check
from callout.journal.erased import ERASED, Erased, add_erased, read_erased, write_erased
from callout.main.cli import cli
from fakes import line_picture, line_room, place

SUPERVISOR = Actor(id="p9", kind="person", agency="fire", roles=frozenset({Role.SUPERVISOR}))
DAY_US = 24 * 3600 * 1_000_000


def alarm(picture: Picture, number: int = 1, text: str = "help") -> str:
    press = PanicPressed(
        device=f"b{number}", press=str(number), kind="panic", place=place(500), text=text
    )
    raise_alarm(picture.journal, SYSTEM, press, now_us=picture.clock.now_us()).result()
    picture.fold()
    return list(picture.incidents.alarms)[-1]


def answer(picture: Picture, alarm_id: str) -> None:
    answered = acknowledge_alarm(picture.journal, SYSTEM, picture.incidents, alarm_id)
    assert answered is not None
    answered.result()
    picture.fold()


def incident(picture: Picture, *alarms: str, closed: bool = True, text: str = "smoke") -> str:
    opened, receipt = open_incident(
        picture.journal,
        SYSTEM,
        picture.incidents,
        agency="fire",
        type_code="fire",
        priority=1,
        place=place(500),
        place_name="Harber Street 12",
        text=text,
        alarms=alarms,
        now_us=picture.clock.now_us(),
    )
    receipt.result()
    picture.fold()
    assign(picture, SYSTEM, opened, ["E1"], seq=picture.seq).receipt.result()
    picture.fold()
    if closed:
        close(picture, SYSTEM, opened, "done")[0].result()
        picture.fold()
    return opened


def erase(picture: Picture, incident_id: str) -> None:
    found = find_incident(picture.journal, incident_id)
    asked = ask_erasure(picture.journal, SUPERVISOR, found, "request")
    assert asked is not None
    asked.result()
    finish_erasure(picture.journal, found.stream, found.keys).result()
    picture.fold()


def sealed(journal: Journal) -> list[tuple[int, str]]:
    """Every side row that can still be opened, but those of staff."""
    return [
        (entry.seq, name)
        for entry in journal.replay()
        for name in entry.body.get("side", {})
        if not entry.stream.startswith("staff/") and journal.side(entry.seq, name) is not None
    ]


def test_an_incident_is_erased_with_its_alarms(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        opened = incident(picture, alarm(picture, 1), alarm(picture, 2))
        other = incident(picture, text="another")
        kept = list(sealed(picture.journal))
        erase(picture, opened)
        left = sealed(picture.journal)
        assert 0 < len(left) < len(kept)
        streams = {picture.journal.entry(seq).stream for seq, _ in left}
        assert streams <= {f"incident/{other}", "unit/E1"}
        assert picture.incidents.incidents[opened].erased_us
        assert all(found.erased_us for found in picture.incidents.alarms.values())
        assert not picture.incidents.erasing
        assert check(tmp_path).ok
        types = [entry.type for entry in picture.journal.replay()][-4:]
        assert types == ["ErasureAsked.1", "ErasureDone.1", "ErasureDone.1", "ErasureDone.1"]


def test_boards_do_not_change_but_for_the_mark(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        opened = incident(picture, alarm(picture))
        before = boards(picture)
        erase(picture, opened)
        assert boards(picture) == before
        assert boards(line_picture(picture.journal)) == before


def boards(picture: Picture) -> Any:
    """Everything the boards hold; of what was erased without the marks and entry numbers."""
    found = msgspec.to_builtins(
        [
            list(picture.incidents.alarms.values()),
            list(picture.incidents.incidents.values()),
            list(picture.units.units.values()),
        ]
    )
    for row in found[0] + found[1]:
        for name in ("erased_us", "version", "entries"):
            row.pop(name, None)
    return found


def test_who_may(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        found = find_incident(picture.journal, incident(picture))
        with pytest.raises(UnauthenticatedError):
            ask_erasure(picture.journal, NOBODY, found, "request")
        for role in Role:
            actor = Actor(id="p", kind="person", agency="fire", roles=frozenset({role}))
            if role in {Role.SUPERVISOR, Role.EVIDENCE_OFFICER}:
                continue
            with pytest.raises(RefusedError):
                ask_erasure(picture.journal, actor, found, "request")
        with pytest.raises(BadInputError, match="no reason"):
            ask_erasure(picture.journal, SUPERVISOR, found, "because")
        assert sealed(picture.journal)


def test_what_cannot_be_erased_is_said(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        pressed = alarm(picture)
        opened = incident(picture, pressed, closed=False)
        with pytest.raises(ConflictError, match="still open"):
            find_incident(picture.journal, opened)
        with pytest.raises(ConflictError, match="belongs to an incident"):
            find_alarm(picture.journal, pressed)
        for find in (find_incident, find_alarm):
            with pytest.raises(NotFoundError):
                find(picture.journal, "nothing")


def test_an_alarm_nobody_answered_is_not_erased(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        clock = picture.journal._writer._clock  # type: ignore[union-attr]
        assert isinstance(clock, ManualClock)
        waiting = alarm(picture)
        kept = sealed(picture.journal)
        with pytest.raises(ConflictError, match="nobody has answered"):
            find_alarm(picture.journal, waiting)
        clock.advance_s(400 * 86400)
        due = due_by_rule(picture.journal, -1, clock.now_us() - 365 * DAY_US)
        assert [found for _, found in due if found is not None] == []
        assert sealed(picture.journal) == kept
        answer(picture, waiting)
        found = find_alarm(picture.journal, waiting)
        asked = ask_erasure(picture.journal, SUPERVISOR, found, "request")
        assert asked is not None
        asked.result()
        finish_erasure(picture.journal, found.stream, found.keys).result()
        assert not sealed(picture.journal)


def test_a_dry_run_destroys_nothing(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        found = find_incident(picture.journal, incident(picture, alarm(picture)))
        asked = ask_erasure(picture.journal, SUPERVISOR, found, "request")
        assert asked is not None
        asked.result()
        kept, head = sealed(picture.journal), picture.journal.head()
    words = ["erase", "--older-than", "1", "--dry-run", "--home", str(tmp_path)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    journal = Journal.open(tmp_path, clock=ManualClock())
    assert (sealed(journal), journal.head()) == (kept, head)
    journal.close()


@pytest.mark.parametrize("mark", ["-", "/"])
def test_by_hand_a_run_number_will_do(tmp_path: Path, mark: str) -> None:
    with line_room(tmp_path) as picture:
        opened = picture.incidents.incidents[incident(picture)]
        run = f"{opened.run}{mark}{opened.number}"
    done = CliRunner().invoke(cli, ["erase", run, "--by", "A. Silva", "--home", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert f"incident/{opened.id}: 1 keys" in done.output


def test_twice_is_once_until_something_is_added(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        opened = incident(picture)
        erase(picture, opened)
        again = find_incident(picture.journal, opened)
        assert again.done
        assert ask_erasure(picture.journal, SUPERVISOR, again, "request") is None
        add_note(picture.journal, SYSTEM, picture.incidents, opened, "Ana called").result()
        picture.fold()
        assert sealed(picture.journal)
        erase(picture, opened)
        assert not sealed(picture.journal)


def test_a_crash_after_asking_is_finished(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        found = find_incident(picture.journal, incident(picture, alarm(picture)))
        asked = ask_erasure(picture.journal, SUPERVISOR, found, "request")
        assert asked is not None
        asked.result()
    journal = Journal.open(tmp_path, clock=ManualClock())
    picture = line_picture(journal)
    assert picture.incidents.erasing == {found.stream: found.keys}
    assert sealed(journal)
    for stream, keys in list(picture.incidents.erasing.items()):
        finish_erasure(journal, stream, keys).result()
    picture.fold()
    assert not picture.incidents.erasing
    assert not sealed(journal)
    journal.close()
    assert check(tmp_path).ok


def test_a_crash_between_list_and_key_is_finished_at_open(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        opened = incident(picture)
        number = picture.journal._keys.side.find(f"incident/{opened}")
        assert number is not None
        add_erased(tmp_path, [Erased(f"incident/{opened}", number)])
    journal = Journal.open(tmp_path, clock=ManualClock())
    assert not sealed(journal)
    journal.close()


def test_an_older_key_file_brings_nothing_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with line_room(home) as picture:
        opened = incident(picture)
        older = (home / "keys/side.keys").read_bytes()
        erase(picture, opened)
        add_note(picture.journal, SYSTEM, picture.incidents, opened, "later").result()
        later = sealed(picture.journal)
    (home / "keys/side.keys").write_bytes(older)
    journal = Journal.open(home, clock=ManualClock())
    # What was added later had a key that the older file does not know: damaged, never opened.
    assert all(seq >= later[0][0] for seq, _ in _openable(journal))
    journal.close()


def test_no_number_is_used_again_after_an_older_key_file(tmp_path: Path) -> None:
    """Else the list of erasures would destroy what was written later under the same name."""
    home = tmp_path / "home"
    with line_room(home) as picture:
        older = (home / "keys/side.keys").read_bytes()
        opened = incident(picture)
        erase(picture, opened)
    (home / "keys/side.keys").write_bytes(older)
    journal = Journal.open(home, clock=ManualClock())
    picture = line_picture(journal)
    add_note(journal, SYSTEM, picture.incidents, opened, "later").result()
    note = journal.head()
    journal.close()
    for _ in range(2):
        journal = Journal.open(home, clock=ManualClock())
        assert journal.side(note, "text") == {"text": "later"}
        assert [seq for seq, _ in sealed(journal)] == [note]
        journal.close()
        assert check(home).ok


def _openable(journal: Journal) -> Sequence[tuple[int, str]]:
    found = []
    for entry in journal.replay():
        for name in entry.body.get("side", {}):
            if entry.stream.startswith("staff/"):
                continue
            try:
                value = journal.side(entry.seq, name)
            except Exception:  # noqa: BLE001 - damaged is not opened
                continue
            if value is not None:
                found.append((entry.seq, name))
    return found


def test_the_list_survives_a_torn_line(tmp_path: Path) -> None:
    one, two = Erased("incident/a", 3), Erased("alarm/b", 17)
    add_erased(tmp_path, [one])
    with (tmp_path / ERASED).open("ab") as file:
        file.write(b"incident/torn")
    add_erased(tmp_path, [two])
    assert read_erased(tmp_path / ERASED) == [one, two]
    assert read_erased(tmp_path / "missing") == []
    write_erased(tmp_path / "all", [two, one, two])
    assert read_erased(tmp_path / "all") == [two, one]


def test_the_rule_finds_what_is_old(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        clock = picture.journal._writer._clock  # type: ignore[union-attr]
        assert isinstance(clock, ManualClock)
        lone = alarm(picture, 1)
        answer(picture, lone)
        old = incident(picture, alarm(picture, 2))
        clock.advance_s(40 * 86400)
        incident(picture)
        due = list(due_by_rule(picture.journal, -1, clock.now_us() - 30 * DAY_US))
        streams = [found.stream for _, found in due if found is not None]
        assert streams == [f"alarm/{lone}", f"incident/{old}"]
        after = due[-1][0]
        assert not list(due_by_rule(picture.journal, after, clock.now_us() - 30 * DAY_US))


def test_the_rule_comes_back_for_what_was_added_later(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        clock = picture.journal._writer._clock  # type: ignore[union-attr]
        assert isinstance(clock, ManualClock)
        opened = incident(picture, text="")
        add_note(picture.journal, SYSTEM, picture.incidents, opened, "before").result()
        picture.fold()
        erase(picture, opened)
        cursor = picture.journal.head()
        add_note(picture.journal, SYSTEM, picture.incidents, opened, "Ana called").result()
        young = list(due_by_rule(picture.journal, -1, clock.now_us()))
        assert [found for _, found in young if found is not None] == []
        clock.advance_s(40 * 86400)
        due = list(due_by_rule(picture.journal, cursor, clock.now_us() - 30 * DAY_US))
        assert [found.done for _, found in due if found is not None] == [False]
        erase(picture, opened)
        assert not sealed(picture.journal)


def test_a_device_cannot_be_guessed_from_its_alarm(tmp_path: Path) -> None:
    """Whoever has home.secret and the key file tries every number with a press that is known."""
    with line_room(tmp_path) as picture:
        journal = picture.journal
        now_us = picture.clock.now_us()
        press = PanicPressed(device="+351912000123", press="1", kind="panic")
        raise_alarm(journal, NOBODY, press, now_us=now_us).result()
        picture.fold()
        (alarm_id,) = picture.incidents.alarms
        answer(picture, alarm_id)
        found = find_alarm(journal, alarm_id)
        asked = ask_erasure(journal, SUPERVISOR, found, "request")
        assert asked is not None
        asked.result()
        finish_erasure(journal, found.stream, found.keys).result()
        key = next(journal.stream(found.stream)).key

        def guessed() -> list[str]:
            hits = []
            for number in range(1000):
                tried = msgspec.structs.replace(press, device=f"+351912000{number:03d}")
                sent = msgspec.json.encode(tried).decode()
                parts = ("alarm-unverified", "", sent, "")
                passing = journal.passing_hash(press_key(now_us // DAY_US), *parts, make=False)
                if key in {passing, journal.keyed_hash(*parts), journal.keyed_hash(*parts[:3])}:
                    hits.append(tried.device)
            return hits

        # For a repeat to meet its first, the day's key must be there that long; the attack works.
        assert guessed() == [press.device]
        assert forget_presses(journal, now_us + DAY_US) == 0
        assert forget_presses(journal, now_us + 2 * DAY_US) == 1
        assert guessed() == []
        assert check(tmp_path).ok


def test_a_repeat_after_midnight_is_the_same_alarm(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        clock = picture.journal._writer._clock  # type: ignore[union-attr]
        assert isinstance(clock, ManualClock)
        press = PanicPressed(device="b1", press="1", kind="panic")
        midnight_us = (clock.now_us() // DAY_US + 1) * DAY_US
        late, early = midnight_us - 1_000_000, midnight_us + 1_000_000
        first = raise_alarm(picture.journal, SYSTEM, press, now_us=late).result()
        again = raise_alarm(picture.journal, SYSTEM, press, now_us=early).result()
        assert (again.duplicate, again.first_seq) == (True, first.first_seq)
        # In one group too, and from then on under either key.
        other = msgspec.structs.replace(press, press="2")
        pair = [
            raise_alarm(picture.journal, SYSTEM, other, now_us=moment) for moment in (late, early)
        ]
        assert len({future.result().first_seq for future in pair}) == 1
        forget_presses(picture.journal, midnight_us + 3 * DAY_US)
        third = raise_alarm(picture.journal, SYSTEM, press, now_us=midnight_us + 3 * DAY_US)
        assert not third.result().duplicate


def test_a_place_set_anew_is_erased_too(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        opened = incident(picture, closed=False)
        set_place(picture.journal, SYSTEM, picture.incidents, opened, place(900), "Mill").result()
        picture.fold()
        close(picture, SYSTEM, opened, "done")[0].result()
        picture.fold()
        erase(picture, opened)
        assert not sealed(picture.journal)
        assert picture.place_of(picture.incidents.incidents[opened]) is None
