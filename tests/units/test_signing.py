"""Sign-on: who takes which callsign and vehicle, and what the unit can do then."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callout.access import NOBODY, SYSTEM, Actor, Role, Scope, Share
from callout.access.commands import staff_draft
from callout.base.clock import ManualClock
from callout.base.errors import (
    BadInputError,
    ConflictError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
)
from callout.dispatch import Picture
from callout.journal import check
from callout.units import Status, UnitEnrolled
from callout.units.commands import enroll_vehicle, unit_draft
from callout.units.events import VehicleEnrolled
from callout.units.signing import (
    SHIFT_MAX_S,
    SigningOn,
    crew_names,
    names_to_erase,
    sign_off,
    sign_on,
)
from fakes import line_picture, line_room
from verbs import DISPATCHER, Verbs

HOUR_US = 3_600_000_000


@pytest.fixture
def verbs(tmp_path: Path) -> Iterator[Verbs]:
    clock = ManualClock()
    with line_room(tmp_path, 3, clock) as picture:
        yield Verbs(picture, clock)


def staff(*skills: str) -> SigningOn:
    return SigningOn(person="p1", skills=list(skills))


def last(picture: Picture) -> str:
    return picture.journal.entry(picture.seq).type


def test_a_unit_can_do_what_its_vehicle_and_its_crew_can(verbs: Verbs) -> None:
    unit = verbs.picture.units.unit("E0")
    verbs.sign_on("E0", staff("als", "fire"))
    assert (unit.kind, unit.capabilities, unit.profile) == ("Engine", ("fire", "als"), "car")
    verbs.vehicle("V1", "boat", "dive")
    verbs.sign_on("E0", staff("als"), vehicle="V1")
    assert (unit.kind, unit.capabilities, unit.profile) == ("Boat", ("boat", "dive", "als"), "boat")
    assert unit.changed_seq == unit.seq
    verbs.vehicle("V1", "boat")
    assert unit.capabilities == ("boat", "als")
    assert unit.changed_seq == verbs.picture.seq
    verbs.sign_off("E0")
    assert (unit.kind, unit.capabilities, unit.profile) == ("Engine", ("fire",), "car")
    assert unit.crew is None


def test_new_particulars_of_a_unit_leave_its_crew_and_vehicle(verbs: Verbs) -> None:
    verbs.vehicle("V1", "dive")
    verbs.sign_on("E0", staff("als"), vehicle="V1")
    verbs.enrol("E0", "S1", "Engine 0")
    unit = verbs.picture.units.unit("E0")
    assert (unit.callsign, unit.capabilities) == ("Engine 0", ("dive", "als"))
    verbs.sign_off("E0")
    assert unit.capabilities == ("boat",)


def test_a_vehicle_is_under_one_callsign(verbs: Verbs) -> None:
    vehicles = verbs.picture.units.vehicles
    verbs.vehicle("V1")
    verbs.sign_on("E0", staff(), vehicle="V1")
    with pytest.raises(ConflictError, match="V1 is under E0"):
        verbs.sign_on("E1", SigningOn(name="G. Pinto"), vehicle="V1")
    # Relief takes it over; with another vehicle, or with none, it is free again.
    verbs.sign_on("E0", SigningOn(name="G. Pinto"), vehicle="V1")
    assert vehicles["V1"].unit == "E0"
    verbs.sign_on("E0", staff())
    assert vehicles["V1"].unit == ""
    verbs.sign_on("E1", staff(), vehicle="V1")
    verbs.sign_off("E1")
    assert vehicles["V1"].unit == ""
    with pytest.raises(NotFoundError, match="V7"):
        verbs.sign_on("E1", staff(), vehicle="V7")


@pytest.mark.parametrize(("unit", "vehicle"), [("E0", "V1"), ("E1", "V1"), ("E1", "")])
def test_of_two_sign_ons_at_the_same_moment_one_decides_anew(
    verbs: Verbs, unit: str, vehicle: str
) -> None:
    verbs.vehicle("V1")
    one = verbs.picture
    other = line_picture(one.journal)
    now_us = one.clock.now_us()
    first = sign_on(
        one.journal, DISPATCHER, one.units, one.access, "E0", [staff()],
        now_us=now_us, vehicle="V1",
    )  # fmt: skip
    second = sign_on(
        other.journal, DISPATCHER, other.units, other.access, unit, [staff()],
        now_us=now_us, vehicle=vehicle,
    )  # fmt: skip
    first.result()
    with pytest.raises(ConflictError) as caught:
        second.result()
    assert "stream" in caught.value.detail


def test_names_of_those_who_are_not_staff_are_only_in_a_side_row(verbs: Verbs) -> None:
    picture = verbs.picture
    verbs.sign_on("E0", staff(), SigningOn(name=" G. Pinto ", skills=["boat"]))
    unit = picture.units.unit("E0")
    assert unit.crew is not None
    guest = unit.crew.members[1].person
    entry = picture.journal.entry(unit.crew.seq)
    assert "Pinto" not in str(entry) + picture.units.snapshot().decode("latin-1")
    assert crew_names(picture.journal, DISPATCHER, unit) == {guest: "G. Pinto"}
    # The same guest on a second unit has one name, kept once.
    verbs.sign_on("E1", SigningOn(person=guest))
    second = picture.units.unit("E1")
    assert crew_names(picture.journal, DISPATCHER, second) == {}
    assert picture.units.sharing(second) == [unit]
    assert entry.body["names_key"].startswith("crew/E0/")
    with pytest.raises(RefusedError):
        names_to_erase(picture.journal, DISPATCHER, unit)
    # Also of those who were on it before, and not of other units.
    verbs.sign_on("E0", SigningOn(name="H. Reis"))
    verbs.sign_on("E2", SigningOn(name="I. Vaz"))
    assert [verbs.erase_names("E0"), verbs.erase_names("E0"), verbs.erase_names("E1")] == [2, 0, 0]
    assert picture.journal.side(entry.seq, "crew") is None
    assert crew_names(picture.journal, DISPATCHER, unit) == {}
    other = crew_names(picture.journal, DISPATCHER, picture.units.unit("E2"))
    assert list(other.values()) == ["I. Vaz"]
    verbs.sign_on("E0", SigningOn(name="K. Melo"))
    assert verbs.erase_names("E0") == 1
    assert check(picture.journal.home).problems == []


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ([], "1 to 50 people"),
        ([SigningOn(name="A")] * 51, "1 to 50 people"),
        ([SigningOn()], "by id or by name"),
        ([SigningOn(person="p1", name="A. Silva")], "by id or by name"),
        ([SigningOn(person="p9")], "nobody of the staff has the id 'p9'"),
        ([SigningOn(person="P1")], "nobody of the staff"),
        ([SigningOn(person="p1"), SigningOn(person="p1")], "named twice"),
        ([SigningOn(name="A" * 101)], "over 100 characters"),
        ([SigningOn(name="A", skills=["Ana Silva, nurse"])], "is no skill"),
        ([SigningOn(name="A", skills=[f"s{n}" for n in range(17)])], "over 16 skills"),
    ],
)
def test_people_who_cannot_sign_on(verbs: Verbs, people: list[SigningOn], said: str) -> None:
    head = verbs.picture.journal.head()
    with pytest.raises(BadInputError, match=said):
        verbs.sign_on("E0", *people)
    assert verbs.picture.journal.head() == head


@pytest.mark.parametrize("hours", [-1, 0, SHIFT_MAX_S // 3600 + 1])
def test_a_shift_ends_in_the_future_and_within_a_week(verbs: Verbs, hours: int) -> None:
    picture, now_us = verbs.picture, verbs.clock.now_us()
    with pytest.raises(BadInputError, match="end of the shift"):
        sign_on(
            picture.journal, DISPATCHER, picture.units, picture.access, "E0", [staff()],
            now_us=now_us, ends_us=now_us + hours * HOUR_US,
        )  # fmt: skip


def test_a_crew_that_is_late_is_still_a_crew(verbs: Verbs) -> None:
    verbs.sign_on("E0", staff("als"), hours=12)
    unit = verbs.picture.units.unit("E0")
    assert unit.crew is not None
    assert not unit.crew.late(verbs.clock.now_us())
    verbs.wait_h(12)
    assert unit.crew.late(verbs.clock.now_us())
    assert unit.capabilities == ("fire", "als")
    verbs.sign_on("E1", SigningOn(name="B"))
    crew = verbs.picture.units.unit("E1").crew
    assert crew is not None
    assert not crew.late(2**53)


def test_nobody_signs_off_on_an_incident_but_relief_may_take_over(verbs: Verbs) -> None:
    verbs.sign_on("E0", staff())
    verbs.send(verbs.open(), "E0")
    with pytest.raises(ConflictError, match="on an incident"):
        verbs.sign_off("E0")
    verbs.sign_on("E0", SigningOn(name="Relief"))
    crew = verbs.picture.units.unit("E0").crew
    assert crew is not None
    assert [member.person for member in crew.members if member.person == "p1"] == []
    verbs.status("E0", Status.AVAILABLE)
    verbs.sign_off("E0")
    with pytest.raises(ConflictError, match="nobody is signed on"):
        verbs.sign_off("E0")


def test_volunteers_in_one_call(verbs: Verbs) -> None:
    unit = verbs.picture.units.unit(verbs.walk_up("G. Pinto", skill="boat"))
    assert (unit.callsign, unit.kind, unit.capabilities) == (
        "Volunteers 1", "Volunteers", ("boat",),
    )  # fmt: skip
    assert unit.status is Status.AVAILABLE
    assert last(verbs.picture) == "SignOnCounted.1"
    assert verbs.walk_up("H. Reis", "I. Vaz", skill="fire") == "volunteers-2"
    # Without its people a party is not there; with people it is again.
    verbs.sign_off("volunteers-1")
    assert (unit.status, unit.capabilities) == (Status.OUT_OF_SERVICE, ())
    verbs.sign_on("volunteers-1", SigningOn(name="J. Faria", skills=["fire"]))
    assert (unit.status, unit.capabilities) == (Status.AVAILABLE, ("fire",))
    verbs.enrol("B1", "S1", "VOLUNTEERS 3")
    assert verbs.walk_up("K. Melo", skill="fire") == "volunteers-4"


def test_who_may_sign_on(verbs: Verbs) -> None:
    picture = verbs.picture

    def on(actor: Actor) -> Callable[[], object]:
        return lambda: sign_on(
            picture.journal, actor, picture.units, picture.access, "E0", [staff()],
            now_us=picture.clock.now_us(),
        )  # fmt: skip

    own = Actor(id="mdt", kind="device", agency="fire", scopes=frozenset({Scope.CREW}), unit="E0")
    on(own)()
    other = Actor(id="mdt", kind="device", agency="fire", scopes=frozenset({Scope.CREW}), unit="E1")
    responder = Actor(id="p3", kind="person", agency="fire", roles=frozenset({Role.RESPONDER}))
    for actor, error in ((NOBODY, UnauthenticatedError), (other, RefusedError)):
        with pytest.raises(error):
            on(actor)()
        with pytest.raises(error):
            sign_off(picture.journal, actor, picture.units, "E0")
    with pytest.raises(RefusedError):
        on(responder)()
    administrator = Actor(
        id="root", kind="person", agency="fire", roles=frozenset({Role.ADMINISTRATOR})
    )
    with pytest.raises(RefusedError):
        crew_names(picture.journal, administrator, picture.units.unit("E0"))


def test_another_agencys_people_and_vehicles_are_not_there_unless_shared(verbs: Verbs) -> None:
    picture = verbs.picture
    verbs.write("ems", staff_draft("x1", "ems", "X. Ems", ("responder",)))
    fact = VehicleEnrolled(agency="ems", station="S0", kind="Van")
    enroll_vehicle(picture.journal, SYSTEM, picture.units, "V9", fact).result()
    picture.fold()

    def on(actor: Actor, person: str = "p1", vehicle: str = "") -> None:
        sign_on(
            picture.journal, actor, picture.units, picture.access, "E0",
            [SigningOn(person=person)], now_us=picture.clock.now_us(), vehicle=vehicle,
        ).result()  # fmt: skip
        picture.fold()

    roles = frozenset({Role.DISPATCHER})
    fire = Actor(id="p1", kind="person", agency="fire", roles=roles)
    ems = Actor(id="x2", kind="person", agency="ems", roles=roles)
    with pytest.raises(NotFoundError, match="no unit 'E0'"):
        on(ems)
    with pytest.raises(BadInputError, match="nobody of the staff has the id 'x1'"):
        on(fire, "x1")
    with pytest.raises(NotFoundError, match="no vehicle 'V9'"):
        on(fire, vehicle="V9")
    shared = {"ems": frozenset({Share.SEE, Share.WORK})}
    on(Actor(id="p1", kind="person", agency="fire", roles=roles, shared=shared), "x1", "V9")
    assert picture.units.vehicle("V9").unit == "E0"
    # What the other agency does not show has no name in a refusal either.
    with pytest.raises(ConflictError, match="V9 is under another agency's unit"):
        sign_on(
            picture.journal, ems, picture.units, picture.access, verbs_unit(verbs),
            [SigningOn(person="x1")], now_us=picture.clock.now_us(), vehicle="V9",
        )  # fmt: skip


def verbs_unit(verbs: Verbs) -> str:
    """A unit of the other agency."""
    fact = UnitEnrolled(
        callsign="M1", agency="ems", station="S0", kind="Ambulance", capabilities=("bls",)
    )
    verbs.write("unit", unit_draft("M1", fact))
    return "M1"
