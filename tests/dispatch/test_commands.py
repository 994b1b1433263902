"""Units and incidents at once: both or neither, and nobody is sent twice."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from callout.access import NOBODY, Actor, Role, Scope
from callout.base.errors import (
    BadInputError,
    CalloutError,
    ConflictError,
    UnauthenticatedError,
)
from callout.dispatch import Picture, assign, close, set_status
from callout.incidents.commands import open_incident
from callout.units import COMMITTED, Status
from callout.units.commands import set_mayday
from fakes import line_picture, line_room, place

DISPATCHER = Actor(
    id="p1", kind="person", agency="fire", roles=frozenset({Role.DISPATCHER, Role.CALL_TAKER})
)


def opened(picture: Picture, east_m: float = 100.0) -> str:
    incident, submitted = open_incident(
        picture.journal,
        DISPATCHER,
        picture.incidents,
        agency="fire",
        type_code="fire",
        priority=1,
        place=place(east_m),
        place_name="",
        text="",
        alarms=(),
        now_us=picture.clock.now_us(),
    )
    submitted.result()
    picture.fold()
    return incident


def sent(picture: Picture, incident: str, *units: str, **more: Any) -> list[dict[str, str]]:
    more.setdefault("seq", picture.seq)
    assigned = assign(picture, DISPATCHER, incident, list(units), **more)
    assigned.receipt.result()
    picture.fold()
    return assigned.diverted


def test_sending_tells_both_rooms(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        incident = opened(picture)
        assert sent(picture, incident, "E0", "E1") == []
        assert picture.units.unit("E0").status is Status.DISPATCHED
        assert picture.units.unit("E0").incident == incident
        assert picture.incidents.incident(incident).present == ["E0", "E1"]
        entry = picture.journal.entry(picture.units.unit("E0").seq)
        decision = picture.journal.side(entry.seq, "decision")
        assert decision is not None
        assert decision["travel_ms"] == 10_000  # 100 m at 10 m/s
        assert decision["source"] == "station"


def test_a_unit_changed_since_you_looked(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        first, second = opened(picture), opened(picture)
        seen = picture.seq
        sent(picture, first, "E0")
        with pytest.raises(ConflictError) as caught:
            sent(picture, second, "E0", "E1", seq=seen)
        (change,) = caught.value.detail["changed"]  # type: ignore[misc,attr-defined]
        assert change["id"] == "E0"
        assert change["who"] == "person/p1"
        assert picture.incidents.incident(second).present == []


def test_two_consoles_at_the_same_moment(tmp_path: Path) -> None:
    """Both decided on the same picture; the journal lets one of them through."""
    with line_room(tmp_path) as picture:
        first, second = opened(picture), opened(picture)
        other = line_picture(picture.journal)
        one = assign(picture, DISPATCHER, first, ["E0"], seq=picture.seq)
        two = assign(other, DISPATCHER, second, ["E0"], seq=other.seq)
        one.receipt.result()
        with pytest.raises(ConflictError):
            two.receipt.result()


def test_taking_a_unit_needs_divert_and_says_who_loses(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        loser, winner = opened(picture), opened(picture)
        opened_us = picture.incidents.incident(loser).opened_us
        sent(picture, loser, "E0")
        with pytest.raises(ConflictError, match="on incident 1") as caught:
            sent(picture, winner, "E0")
        assert caught.value.detail["loses"] == [{"unit": "E0", "incident": loser}]
        assert sent(picture, winner, "E0", divert=True) == [{"unit": "E0", "from": loser}]
        lost = picture.incidents.incident(loser)
        assert (lost.state, lost.requeued, lost.waiting_since_us) == ("waiting", 1, opened_us)
        assert picture.units.unit("E0").incident == winner


def test_a_divert_that_leaves_somebody_does_not_requeue(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        loser, winner = opened(picture), opened(picture)
        sent(picture, loser, "E0", "E1")
        sent(picture, winner, "E0", divert=True)
        lost = picture.incidents.incident(loser)
        assert (lost.state, lost.requeued, lost.present) == ("active", 0, ["E1"])


def test_status_times_and_clearing(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        incident = opened(picture)
        sent(picture, incident, "E0")
        for status in (Status.EN_ROUTE, Status.ON_SCENE, Status.AVAILABLE):
            set_status(picture, DISPATCHER, "E0", status).result()
            picture.fold()
        times = picture.times.of(incident, "E0")
        assert times.en_route_us
        assert times.on_scene_us
        assert picture.units.unit("E0").incident == ""
        found = picture.incidents.incident(incident)
        assert (found.state, found.units[0].reason) == ("waiting", "cleared")


def test_closing_releases_whoever_is_there(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        incident = opened(picture)
        sent(picture, incident, "E0", "E1")
        submitted, released = close(picture, DISPATCHER, incident, "done")
        submitted.result()
        picture.fold()
        assert released == ["E0", "E1"]
        assert picture.units.unit("E0").status is Status.RETURNING
        for verb in (
            lambda: sent(picture, incident, "E2"),
            lambda: close(picture, DISPATCHER, incident, "done"),
        ):
            with pytest.raises(ConflictError, match="closed"):
                verb()


def test_who_may_not_be_sent(tmp_path: Path) -> None:
    with line_room(tmp_path) as picture:
        incident = opened(picture)
        set_status(picture, DISPATCHER, "E0", Status.OUT_OF_SERVICE).result()
        set_mayday(picture.journal, DISPATCHER, picture.units, "E1", on=True).result()
        picture.fold()
        with pytest.raises(ConflictError, match="out of service"):
            sent(picture, incident, "E0")
        with pytest.raises(ConflictError, match="mayday"):
            sent(picture, incident, "E1")
        with pytest.raises(BadInputError, match="no unit"):
            sent(picture, incident)
        with pytest.raises(UnauthenticatedError):
            assign(picture, NOBODY, incident, ["E2"], seq=picture.seq)
        with pytest.raises(BadInputError, match="on no incident"):
            set_status(picture, DISPATCHER, "E2", Status.ON_SCENE)


def test_only_a_named_person_ends_a_mayday(tmp_path: Path) -> None:
    crew = Actor(
        id="radio", kind="device", agency="fire", scopes=frozenset({Scope.CREW}), unit="E1"
    )
    with line_room(tmp_path) as picture:
        set_mayday(picture.journal, crew, picture.units, "E1", on=True).result()
        picture.fold()
        with pytest.raises(BadInputError, match="named person"):
            set_mayday(picture.journal, crew, picture.units, "E1", on=False)
        set_mayday(picture.journal, DISPATCHER, picture.units, "E1", on=False).result()
        picture.fold()
        assert not picture.units.unit("E1").mayday


class RoomMachine(RuleBasedStateMachine):
    """Any sequence of verbs keeps what must always hold, and the fold equals its replay."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self._folder = tempfile.TemporaryDirectory()
        self._room = line_room(Path(self._folder.name), units=3)
        self.picture = self._room.__enter__()
        self.incidents: list[str] = []

    def teardown(self) -> None:
        replayed = line_picture(self.picture.journal)
        assert replayed.units.units == self.picture.units.units
        assert replayed.incidents.incidents == self.picture.incidents.incidents
        self._room.__exit__(None, None, None)
        self._folder.cleanup()

    @rule()
    def open(self) -> None:
        self.incidents.append(opened(self.picture))

    @precondition(lambda self: self.incidents)
    @rule(data=st.data(), divert=st.booleans(), behind=st.integers(0, 3))
    def send(self, data: st.DataObject, divert: bool, behind: int) -> None:
        incident = data.draw(st.sampled_from(self.incidents))
        units = data.draw(st.lists(st.sampled_from(["E0", "E1", "E2"]), min_size=1))
        self._try(
            lambda: sent(
                self.picture, incident, *units, divert=divert, seq=self.picture.seq - behind
            )
        )

    @rule(unit=st.sampled_from(["E0", "E1", "E2"]), status=st.sampled_from(Status))
    def status(self, unit: str, status: Status) -> None:
        self._try(lambda: set_status(self.picture, DISPATCHER, unit, status).result())

    @precondition(lambda self: self.incidents)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        incident = data.draw(st.sampled_from(self.incidents))

        def verb() -> None:
            close(self.picture, DISPATCHER, incident, "done")[0].result()

        self._try(verb)

    def _try(self, verb: Any) -> None:
        before = self.picture.journal.head()
        try:
            verb()
        except CalloutError:
            assert self.picture.journal.head() == before, "a refused verb left something behind"
        self.picture.fold()

    @invariant()
    def both_pictures_agree(self) -> None:
        for unit in self.picture.units.by_number:
            at = [i.id for i in self.picture.incidents.incidents.values() if unit.id in i.present]
            assert at == ([unit.incident] if unit.incident else [])
            assert (unit.status in COMMITTED) == bool(unit.incident)
        for incident in self.picture.incidents.incidents.values():
            if incident.closed_us:
                assert incident.present == []
            assert len(incident.present) == len(set(incident.present))


TestRoom = RoomMachine.TestCase
TestRoom.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
