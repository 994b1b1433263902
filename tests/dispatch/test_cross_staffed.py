"""Units that share a crew: one of them can be out, whoever asks and whenever."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from callout.base.clock import ManualClock
from callout.base.errors import BadInputError, CalloutError, ConflictError
from callout.dispatch import Picture, assign, recommend, set_status
from callout.units import COMMITTED, Status
from callout.units.signing import SigningOn, sign_on
from fakes import line_picture, line_room
from verbs import DISPATCHER, Verbs

CREW = SigningOn(person="p1")


@pytest.fixture
def verbs(tmp_path: Path) -> Iterator[Verbs]:
    """E0 and E1 have one crew."""
    clock = ManualClock()
    with line_room(tmp_path, 3, clock) as picture:
        verbs = Verbs(picture, clock)
        verbs.sign_on("E0", CREW)
        verbs.sign_on("E1", CREW)
        yield verbs


def passed_over(picture: Picture, incident: str) -> dict[str, tuple[str, str]]:
    answer = recommend(picture, DISPATCHER, incident)
    return {passed.unit: (passed.code, passed.words) for passed in answer.passed_over}


def test_the_other_is_blocked_until_the_crew_is_back(verbs: Verbs) -> None:
    picture = verbs.picture
    first, second = verbs.open(), verbs.open()
    for status in (None, Status.EN_ROUTE, Status.ON_SCENE, Status.TRANSPORTING, Status.AT_HOSPITAL):
        if status is None:
            verbs.send(first, "E0")
        else:
            verbs.status("E0", status)
        assert passed_over(picture, second)["E1"] == ("crew_out", "its crew is out with E0")
        assert "E1" not in {r.unit for r in recommend(picture, DISPATCHER, second, k=9).ranked}
        with pytest.raises(ConflictError, match="the crew of E1 is out with E0") as caught:
            verbs.send(second, "E1", "E2", divert=True)
        assert caught.value.detail["blocked"] == [{"unit": "E1", "by": "E0"}]
    verbs.status("E0", Status.RETURNING)
    verbs.send(second, "E1")
    assert passed_over(picture, verbs.open())["E0"][0] == "crew_out"


def test_two_units_of_one_crew_are_not_sent_together(verbs: Verbs) -> None:
    with pytest.raises(ConflictError, match="E0 and E1 have one crew"):
        verbs.send(verbs.open(), "E0", "E1")


def test_two_consoles_send_both_at_the_same_moment(verbs: Verbs) -> None:
    picture = verbs.picture
    first, second = verbs.open(), verbs.open()
    other = line_picture(picture.journal)
    one = assign(picture, DISPATCHER, first, ["E0"], seq=picture.seq)
    two = assign(other, DISPATCHER, second, ["E1"], seq=other.seq)
    one.receipt.result()
    with pytest.raises(ConflictError) as caught:
        two.receipt.result()
    assert caught.value.detail["stream"] == "unit/E0"


def test_a_crew_is_signed_on_while_another_console_sends(verbs: Verbs) -> None:
    """E2 gets the crew of E0 and E1 while E2 is sent by somebody who did not see it."""
    picture = verbs.picture
    incident = verbs.open()
    other = line_picture(picture.journal)
    signed = sign_on(
        picture.journal, DISPATCHER, picture.units, picture.access, "E2", [CREW],
        now_us=picture.clock.now_us(),
    )  # fmt: skip
    sent = assign(other, DISPATCHER, incident, ["E2"], seq=other.seq)
    signed.result()
    with pytest.raises(ConflictError):
        sent.receipt.result()


def test_a_unit_on_an_incident_does_not_take_people_of_another(verbs: Verbs) -> None:
    verbs.send(verbs.open(), "E2")
    with pytest.raises(ConflictError, match="some of them on E0"):
        verbs.sign_on("E2", CREW)
    verbs.sign_off("E0")
    verbs.sign_off("E1")
    verbs.sign_on("E2", CREW)


def test_out_of_service_blocks_only_where_it_is_the_crew(verbs: Verbs) -> None:
    picture = verbs.picture
    incident = verbs.open()

    def out(out_for: str) -> None:
        set_status(picture, DISPATCHER, "E0", Status.OUT_OF_SERVICE, out_for=out_for).result()
        picture.fold()

    out("vehicle")
    assert picture.units.blocked_by(picture.units.unit("E1")) is None
    out("crew")
    assert passed_over(picture, incident)["E1"] == ("crew_out", "its crew is out with E0")
    verbs.status("E0", Status.AVAILABLE)
    verbs.send(incident, "E0")
    out("crew")  # ends its part in the incident
    assert picture.units.unit("E0").incident == ""
    with pytest.raises(ConflictError, match="out with E0"):
        verbs.send(incident, "E1")
    with pytest.raises(BadInputError, match="no reason to be out of service"):
        out("lunch")


def test_a_mayday_blocks_the_others_too(verbs: Verbs) -> None:
    verbs.mayday("E0", on=True)
    with pytest.raises(ConflictError, match="out with E0"):
        verbs.send(verbs.open(), "E1")


def test_a_late_crew_is_ranked_and_says_so(verbs: Verbs) -> None:
    verbs.sign_on("E2", SigningOn(name="G. Pinto"), hours=1)
    verbs.wait_h(3)
    ranked = recommend(verbs.picture, DISPATCHER, verbs.open(), k=9).ranked
    (late,) = [r.words for r in ranked if r.unit == "E2"]
    assert "its crew's shift ended 2 h ago" in late
    assert not any("shift" in r.words for r in ranked if r.unit != "E2")


UNITS = ("E0", "E1", "E2")
unit_names = st.sampled_from(UNITS)


class ShiftMachine(RuleBasedStateMachine):
    """Any sequence, also decided on old pictures, keeps what must always hold."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        clock = ManualClock()
        self._room = line_room(Path(self._folder.name), 3, clock)
        self.picture = self._room.__enter__()
        self.verbs = Verbs(self.picture, clock)
        self.verbs.enrol("B9", "S9", "Boat 9")  # enters p2 as staff, too
        for vehicle in ("V1", "V2"):
            self.verbs.vehicle(vehicle, "fire")
        for unit in ("E0", "E1"):
            self.verbs.sign_on(unit, CREW)
        self.verbs.open()
        self.verbs.open()
        self.old = line_picture(self.picture.journal)

    def teardown(self) -> None:
        replayed = line_picture(self.picture.journal).units
        held = self.picture.units
        assert vars(replayed) == vars(held)
        assert vars(type(held).restored(held.snapshot())) == vars(held)
        self._room.__exit__(None, None, None)
        self._folder.cleanup()

    @rule(
        unit=unit_names,
        people=st.lists(st.sampled_from(["p1", "p2"]), min_size=1, unique=True),
        vehicle=st.sampled_from(["", "V1", "V2"]),
        behind=st.booleans(),
    )
    def sign_on(self, unit: str, people: list[str], vehicle: str, behind: bool) -> None:
        picture = self._picture(behind)
        self._try(
            lambda: sign_on(
                picture.journal, DISPATCHER, picture.units, picture.access, unit,
                [SigningOn(person=person, skills=["als"]) for person in people],
                now_us=picture.clock.now_us(), vehicle=vehicle,
            ).result()
        )  # fmt: skip

    @rule(unit=unit_names)
    def sign_off(self, unit: str) -> None:
        self._try(lambda: self.verbs.sign_off(unit))

    @rule()
    def open(self) -> None:
        self.verbs.open()

    @rule(
        data=st.data(),
        units=st.lists(unit_names, min_size=1, max_size=2, unique=True),
        divert=st.booleans(),
        behind=st.booleans(),
    )
    def send(self, data: st.DataObject, units: list[str], divert: bool, behind: bool) -> None:
        incident = data.draw(st.sampled_from(self.verbs.incidents))
        picture = self._picture(behind)
        blocked = [u for u in units if self._blocked(u)]

        def verb() -> None:
            seen = picture.seq
            assign(picture, DISPATCHER, incident, units, seq=seen, divert=divert).receipt.result()

        sent = self._try(verb)
        assert not (sent and blocked), "a blocked unit was sent"

    @rule(unit=unit_names, status=st.sampled_from(Status))
    def status(self, unit: str, status: Status) -> None:
        self._try(lambda: self.verbs.status(unit, status))

    @rule()
    def look(self) -> None:
        """The other console sees what there is now."""
        self.old.fold()

    def _picture(self, behind: bool) -> Picture:
        return self.old if behind else self.picture

    def _blocked(self, name: str) -> bool:
        """Found the long way round, from who is on what."""
        units = self.picture.units.units
        crew = units[name].crew
        on = {member.person for member in crew.members} if crew else set()
        return any(
            other.id != name
            and (other.status in COMMITTED or other.mayday or other.out_for == "crew")
            and on.intersection(m.person for m in (other.crew.members if other.crew else ()))
            for other in units.values()
        )

    def _try(self, verb: Any) -> bool:
        before = self.picture.journal.head()
        try:
            verb()
        except CalloutError:
            assert self.picture.journal.head() == before, "a refused verb left something behind"
            return False
        finally:
            self.picture.fold()
        return True

    @invariant()
    def nobody_is_out_twice(self) -> None:
        out = [
            member.person
            for unit in self.picture.units.by_number
            if unit.status in COMMITTED and unit.crew
            for member in unit.crew.members
        ]
        assert len(out) == len(set(out))

    @invariant()
    def a_vehicle_is_under_one_callsign(self) -> None:
        board = self.picture.units
        under = {u.crew.vehicle: u.id for u in board.by_number if u.crew and u.crew.vehicle}
        assert len(under) == sum(1 for u in board.by_number if u.crew and u.crew.vehicle)
        assert {v.id: v.unit for v in board.vehicles.values() if v.unit} == under

    @invariant()
    def the_blocked_are_passed_over(self) -> None:
        for incident in self.verbs.incidents[:1]:
            answer = recommend(self.picture, DISPATCHER, incident, k=9)
            assert not any(self._blocked(ranked.unit) for ranked in answer.ranked)


TestShift = ShiftMachine.TestCase
TestShift.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
