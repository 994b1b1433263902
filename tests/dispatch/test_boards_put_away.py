"""A board put away and taken up again is the board: whatever happened before and happens next."""

from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callout.base.clock import ManualClock
from callout.base.errors import CalloutError
from callout.dispatch import Picture, code_version
from callout.dispatch import picture as picture_module
from callout.journal import Snapshot
from callout.places.geojson import Drawn
from callout.units import Status
from callout.units.signing import SigningOn
from fakes import empty_picture, line_room, place
from verbs import BEAT, SITE, Verbs, boards_as_json, story

UNITS = ("E0", "E1", "E2", "B9")
#: What a board makes again of what its snapshot holds; ``parts`` compares these too.
MADE_AGAIN = {
    "access": {"_fold", "_shared"},
    "places": {"areas", "_index"},
    "units": {"units", "_units_of"},
    "incidents": {"_fold"},
}
PLANTED = (
    "Segredo",
    "Rua de Baixo",
    "Cais 2",
    "B. Costa",
    "C. Reis",
    "D. Lima",
    "A. Silva",
    "G. Pinto",
    "H. Reis",
    "travel_ms",
)

Act = tuple[str, int, int, bool]
acts = st.tuples(
    st.sampled_from(
        (
            *("alarm", "acknowledge", "escalate", "open", "join", "place", "note", "send", "send"),
            *("status", "status", "mayday", "close", "enrol", "accounts", "erase", "wait"),
            *("vehicle", "sign_on", "sign_on", "sign_off", "walk_up"),
        )
    ),
    st.integers(0, 9),
    st.integers(0, 9),
    st.booleans(),
)


def act(verbs: Verbs, word: str, one: int, other: int, yes: bool) -> None:
    """One act; which alarm, incident and unit it is about follows from the numbers."""
    alarm = verbs.alarms[-1 - one % len(verbs.alarms)] if verbs.alarms else "none"
    incident = verbs.incidents[-1 - one % len(verbs.incidents)] if verbs.incidents else "none"
    unit = UNITS[other % len(UNITS)]
    doings: dict[str, Any] = {
        "alarm": lambda: verbs.alarm(f"{one}", east_m=other if yes else None, text="Segredo 1"),
        "acknowledge": lambda: verbs.acknowledge(alarm),
        "escalate": lambda: verbs.escalate(alarm, 1 + other % 3),
        "open": lambda: verbs.open(
            *([alarm] if alarm != "none" else []), known=yes, text="Segredo"
        ),
        "join": lambda: verbs.join(incident, alarm),
        "place": lambda: verbs.place(incident, other * 100),
        "note": lambda: verbs.note(incident, "Segredo 2"),
        "send": lambda: verbs.send(incident, unit, divert=yes),
        "status": lambda: verbs.status(unit, list(Status)[one % len(Status)]),
        "mayday": lambda: verbs.mayday(unit, on=yes),
        "close": lambda: verbs.close(incident),
        "enrol": lambda: verbs.enrol("B9", f"S{other}", f"Boat {one}"),
        "accounts": lambda: verbs.accounts(one),
        "erase": lambda: verbs.erase(
            f"alarm/{alarm}" if other % 2 else f"incident/{incident}", finish=yes
        ),
        "vehicle": lambda: verbs.vehicle(f"V{one % 2}", f"c{other}"),
        "sign_on": lambda: verbs.sign_on(
            unit,
            SigningOn(person=f"p{1 + one % 2}", skills=["als"]),
            *([SigningOn(name="Segredo 3")] if yes else []),
            vehicle=("", "V0", "V1")[one % 3],
            hours=one,
        ),
        "sign_off": lambda: verbs.sign_off(unit),
        "walk_up": lambda: verbs.walk_up("Segredo 4", skill="fire"),
        "wait": lambda: verbs.wait_h(13),
    }
    try:
        doings[word]()
    except CalloutError:
        verbs.picture.fold()


def parts(picture: Picture) -> dict[str, Any]:
    """Everything every board holds, in its order, down to which things are the same thing."""
    found: dict[str, Any] = {"seq": picture.seq}
    for name in Picture.BOARDS:
        for part, value in vars(getattr(picture, name)).items():
            if part == "_fold":
                continue
            seen = list(value.items()) if isinstance(value, dict) else value
            if part == "_units_of":  # made again by unit, not in the order of sign-ons
                seen = sorted(seen)
            found[f"{name}.{part}"] = list(seen) if isinstance(seen, deque) else seen
    units, incidents = picture.units, picture.incidents
    assert all(incidents.alarms[name] is alarm for name, alarm in incidents.unanswered.items())
    assert all(units.units[unit.id] is unit for unit in units.by_number)
    return found


@settings(max_examples=100, deadline=None)
@given(st.lists(acts, min_size=5, max_size=40), st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_all_at_once_or_put_away_in_between(history: list[Act], cuts: list[float]) -> None:
    with TemporaryDirectory() as folder:
        clock = ManualClock()
        with line_room(Path(folder), 3, clock) as picture:
            verbs = Verbs(picture, clock)
            for one in history:
                act(verbs, *one)
            whole = parts(picture)
            for cut in cuts:
                before = empty_picture(picture.journal, clock)
                for entry in picture.journal.replay(-1, round(cut * picture.seq)):
                    before.apply(entry)
                kept = before.snapshot()
                after = empty_picture(picture.journal, clock)
                after.restore(kept)
                assert after.snapshot() == kept
                assert parts(after) == parts(before)
                after.fold()
                assert parts(after) == whole
                assert after.snapshot() == picture.snapshot()


def test_at_every_entry_of_two_days(tmp_path: Path) -> None:
    clock = ManualClock()
    with line_room(tmp_path, 4, clock) as picture:
        verbs = Verbs(picture, clock)
        story(verbs)
        forgotten = verbs.incidents[0]
        assert forgotten not in picture.incidents.incidents
        entries, whole = list(picture.journal.replay()), parts(picture)
        before = empty_picture(picture.journal, clock)
        for entry in entries:
            before.apply(entry)
            # Every cut is tried, and a few are followed to the end.
            after = empty_picture(picture.journal, clock)
            after.restore(before.snapshot())
            assert after.snapshot() == before.snapshot()
            if entry.seq % 8 == 0:
                after.fold()
                assert parts(after) == whole


def full_room(picture: Picture, clock: ManualClock) -> None:
    """Something in every part of every board, and words in side rows."""
    verbs = Verbs(picture, clock)
    verbs.enrol("B9", "S9", "Boat 9")
    verbs.accounts(1)
    verbs.areas(Drawn("north", BEAT), Drawn("tanks", SITE))
    verbs.shut("Bridge Street")
    assert len(picture.places.areas_at(place(50))) == 1
    verbs.vehicle("V1", "boat")
    verbs.sign_on("E2", SigningOn(person="p1"), SigningOn(name="G. Pinto"), vehicle="V1", hours=9)
    verbs.walk_up("H. Reis", skill="boat")
    waiting, taken = verbs.alarm("1", text="Segredo 1"), verbs.alarm("2")
    verbs.acknowledge(taken)
    open_, over = verbs.open(taken, text="Segredo 2"), verbs.open()
    verbs.send(open_, "E0", "E1")
    verbs.status("E0", Status.EN_ROUTE)
    verbs.note(open_, "Segredo 3")
    verbs.place(open_, 300)
    verbs.close(over)
    verbs.erase(f"incident/{over}", finish=False)
    assert list(picture.incidents.unanswered) == [waiting]


def test_nothing_of_side_rows_is_put_away(tmp_path: Path) -> None:
    clock = ManualClock()
    with line_room(tmp_path, 3, clock) as picture:
        full_room(picture, clock)
        sides = [
            str(picture.journal.side(entry.seq, name))
            for entry in picture.journal.replay()
            for name in entry.body.get("side", {})
        ]
        kept = b"".join(picture.snapshot().boards.values()).decode(errors="replace")
    for word in PLANTED:
        assert any(word in side for side in sides), f"{word} was not planted"
        assert word not in kept


def test_a_new_part_of_a_board_is_put_away_too(tmp_path: Path) -> None:
    """Fails when a board gets an attribute that its snapshot does not carry."""
    clock = ManualClock()
    with line_room(tmp_path, 3, clock) as picture:
        full_room(picture, clock)
        picture.access.shared_with("ems")  # asked for once, as each request does
        boards = {name for name, part in vars(picture).items() if hasattr(part, "apply")}
        assert boards == set(Picture.BOARDS)
        for name, kept in boards_as_json(picture).items():
            held = vars(getattr(picture, name))
            carried = {part for part in held if part.removeprefix("_") in kept}
            assert held.keys() - carried == MADE_AGAIN.get(name, set()), f"{name}: add it"
            assert len(kept) == len(carried)
            assert all(held[part] for part in held), f"{name}: nothing in it here proves nothing"


def test_all_boards_or_none(tmp_path: Path) -> None:
    clock = ManualClock()
    with line_room(tmp_path, 3, clock) as picture:
        full_room(picture, clock)
        before, kept = parts(picture), picture.snapshot()
        empty = empty_picture(picture.journal, clock).snapshot().boards
        for boards in (
            {name: data for name, data in kept.boards.items() if name != "times"},
            {**kept.boards, "more": b"\x80"},
            {**empty, "times": b"\x80"},
            {**empty, "times": kept.boards["units"]},
        ):
            with pytest.raises(ValueError):
                picture.restore(Snapshot(3, boards))
            assert parts(picture) == before


def test_the_code_version_is_over_every_board_and_fact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = Path(picture_module.__file__).parents[1]
    seen = []
    read = Path.read_bytes

    def reading(path: Path) -> bytes:
        seen.append(path)
        return read(path) + (b"#" if path.name == changed else b"")

    monkeypatch.setattr(Path, "read_bytes", reading)
    changed = ""
    good = code_version()
    assert {*house.glob("*/board.py"), *house.glob("*/events.py")} <= set(seen)
    for changed in ("board.py", "events.py", "facts.py"):  # noqa: B007 - read by reading
        assert code_version() != good
    changed = ""
    assert code_version() == good


def test_two_who_answer_the_same_alarm_at_once(tmp_path: Path) -> None:
    """The second answer neither takes the first one's place nor breaks the forgetting a day on."""
    from callout.access import SYSTEM
    from callout.incidents.events import AlarmAcknowledged

    clock = ManualClock()
    with line_room(tmp_path, 3, clock) as picture:
        verbs = Verbs(picture, clock)
        alarm = verbs.alarm("1")
        verbs.acknowledge(alarm)
        verbs.fact(f"alarm/{alarm}", AlarmAcknowledged())
        assert picture.incidents.alarm(alarm).acknowledged_by == "person/p1"
        assert picture.incidents.alarm(alarm).acknowledged_by != SYSTEM.label
        verbs.wait_h(25)
        verbs.alarm("2")
        assert alarm not in picture.incidents.alarms
