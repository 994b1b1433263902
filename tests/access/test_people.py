"""Who may give whom what: nobody their own, and nothing for longer than it was given for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from callout.access import EVERY_AGENCY, SYSTEM, AccessBoard, Actor, Role, Sessions, person_actor
from callout.access.commands import agency_draft, staff_draft, start_shift
from callout.access.people import add_person, administrators, change_roles, leave, share
from callout.access.requests import ask, deny, grant, state_of
from callout.access.rules import GRANTS
from callout.access.who import roles_of
from callout.base.clock import ManualClock
from callout.base.errors import (
    BadInputError,
    CalloutError,
    ConflictError,
    HiddenError,
    RefusedError,
    UnauthenticatedError,
)
from callout.journal import Batch, Draft, Journal

HOUR_US = 3600 * 1_000_000
AGENCIES = ("fire", "police", EVERY_AGENCY)
#: Ids that a hasty comparison would take for one: by case, by a trailing dot, by look.
PEOPLE = ("ana", "Ana", "ANA", "ana.", "bruno")


class Small:
    """A journal and the board of it, with a clock that is moved by hand."""

    def __init__(self, home: Path) -> None:
        self.clock = ManualClock()
        self.journal = Journal.open(home, clock=self.clock)
        self.board = AccessBoard()
        self.seq = -1
        self.sessions = Sessions(self.journal.state, self.clock)
        self.write(agency_draft("fire", "Fire"), agency_draft("police", "Police"))

    @property
    def now_us(self) -> int:
        return self.clock.now_us()

    def fold(self) -> None:
        for entry in self.journal.replay(self.seq):
            self.board.apply(entry)
            self.seq = entry.seq

    def write(self, *drafts: Draft) -> None:
        self.journal.append(Batch(drafts, f"w{self.journal.head()}", SYSTEM.label))
        self.fold()

    def done(self, submitted: Any) -> None:
        submitted.result(10)
        self.fold()

    def staff(self, person: str, *roles: str, agency: str = EVERY_AGENCY) -> Actor:
        """A person of the staff on a shift, in a new session."""
        self.write(staff_draft(person, agency, f"Name of {person}", roles))
        row = self.board.person(person)
        self.done(start_shift(self.journal, row, (), now_us=self.now_us, hours=24))
        return self.signed_in(person)

    def signed_in(self, person: str) -> Actor:
        """The person in one more session."""
        session = self.sessions.find(self.sessions.open(person, ("password",)))
        assert session is not None
        actor = person_actor(self.board, session, self.now_us)
        assert actor is not None
        return actor

    def ask(self, actor: Actor, *roles: str, hours: int = 2) -> str:
        request, submitted = ask(
            self.journal, actor, self.board, roles, hours, "A colleague is ill", now_us=self.now_us
        )
        self.done(submitted)
        return request

    def grant(self, actor: Actor, request: str, hours: int | None = None) -> None:
        row = self.board.request(request)
        self.done(grant(self.journal, actor, self.board, row, now_us=self.now_us, hours=hours))

    def deny(self, actor: Actor, request: str) -> None:
        row = self.board.request(request)
        self.done(deny(self.journal, actor, row, now_us=self.now_us))

    def roles(self, person: str) -> set[str]:
        return set(roles_of(self.board.person(person), self.now_us))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    room = Small(tmp_path / "home")
    yield room
    room.journal.close()


# Requests


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    room = Small(tmp_path_factory.mktemp("mixed") / "home")
    yield room
    room.journal.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    asker=st.sampled_from(PEOPLE),
    decider=st.sampled_from(PEOPLE),
    asker_agency=st.sampled_from(AGENCIES),
    decider_agency=st.sampled_from(AGENCIES),
    own=st.sampled_from(["supervisor", "administrator"]),
    sessions=st.integers(1, 3),
    hours=st.integers(0, 48),
)
@example("ana", "ana", "fire", "fire", "supervisor", 2, 0)
@example("ana", "Ana", "fire", "fire", "supervisor", 1, 0)
@example("ana", "bruno", "fire", "police", "administrator", 1, 0)
@example("ana", "bruno", "fire", EVERY_AGENCY, "supervisor", 1, 23)
@example("ana", "bruno", "fire", "fire", "supervisor", 1, 24)
def test_nobody_approves_their_own_however_sessions_agencies_and_spellings_are_mixed(
    mixed: Small,
    asker: str,
    decider: str,
    asker_agency: str,
    decider_agency: str,
    own: str,
    sessions: int,
    hours: int,
) -> None:
    """Granted exactly when another person, who reaches the agency, answers within a day."""
    mixed.clock.advance_s(25 * 3600)  # what earlier draws left unanswered has ended
    mine = mixed.staff(asker, own, agency=asker_agency)
    request = mixed.ask(mine, "trainer")
    if decider != asker:
        mixed.staff(decider, own, agency=decider_agency)
    mixed.clock.advance_s(hours * 3600)
    for _ in range(sessions):
        row = mixed.board.person(decider)
        mixed.done(start_shift(mixed.journal, row, (), now_us=mixed.now_us, hours=8))
        actor = mixed.signed_in(decider)
    may = decider != asker and decider_agency in {asker_agency, EVERY_AGENCY} and hours < 24
    try:
        mixed.grant(actor, request)
    except CalloutError:
        assert not may
        assert "trainer" not in mixed.roles(asker)
    else:
        assert may
        assert mixed.board.request(request).decided_by == f"person/{decider}"
    for person in (asker, decider):  # the next example begins without
        mixed.write(staff_draft(person, "fire", person, ()))
        mixed.board.staff[person].granted = []


@settings(max_examples=40, deadline=None)
@given(asked=st.integers(1, 24), given_h=st.integers(1, 24), after_s=st.integers(0, 30 * 3600))
@example(3, 3, 3 * 3600)
@example(3, 3, 3 * 3600 - 1)
def test_granted_roles_are_gone_after_their_end(
    mixed: Small, asked: int, given_h: int, after_s: int
) -> None:
    carla = mixed.staff("carla", "call_taker", agency="fire")
    head = mixed.staff("head", "supervisor", agency="fire")
    request = mixed.ask(carla, "dispatcher", hours=asked)
    if given_h > asked:
        with pytest.raises(BadInputError):
            mixed.grant(head, request, given_h)
        mixed.deny(carla, request)
        return
    mixed.grant(head, request, given_h)
    granted_us = mixed.board.request(request).decided_us
    assert mixed.roles("carla") == {"call_taker", "dispatcher"}
    ends_us = mixed.board.request(request).ends_us
    assert abs(ends_us - granted_us - given_h * HOUR_US) < 1_000_000
    mixed.clock.advance_s(after_s)
    held = "dispatcher" in mixed.roles("carla")
    assert held == (mixed.now_us < ends_us)
    assert state_of(mixed.board.request(request), mixed.now_us) == ("granted" if held else "ended")
    mixed.clock.advance_s(24 * 3600)
    assert "dispatcher" not in mixed.roles("carla")


def test_an_answered_request_cannot_be_answered_again(small: Small) -> None:
    ana = small.staff("ana", "call_taker", agency="fire")
    head, other = small.staff("head", "supervisor"), small.staff("other", "supervisor")
    granted = small.ask(ana, "dispatcher")
    stale = small.board.request(granted)
    before = type(stale)(**{name: getattr(stale, name) for name in stale.__struct_fields__})
    small.grant(head, granted)
    for answer in (small.grant, small.deny):
        with pytest.raises(ConflictError):
            answer(other, granted)
    with pytest.raises(ConflictError):
        small.deny(ana, granted)  # nor taken back
    # As from a second console that has not seen the first answer.
    with pytest.raises(ConflictError):
        small.done(deny(small.journal, other, before, now_us=small.now_us))
    assert small.roles("ana") == {"call_taker", "dispatcher"}
    denied = small.ask(ana, "supervisor")
    small.deny(head, denied)
    with pytest.raises(ConflictError):
        small.grant(other, denied)
    assert "supervisor" not in small.roles("ana")


def test_an_asker_may_take_it_back(small: Small) -> None:
    ana = small.staff("ana", "call_taker", agency="fire")
    request = small.ask(ana, "dispatcher")
    small.deny(ana, request)
    assert small.board.request(request).state == "denied"


def test_what_a_supervisor_may_not_give_an_administrator_may(small: Small) -> None:
    ana = small.staff("ana", "call_taker", agency="fire")
    head = small.staff("head", "supervisor", agency="fire")
    chief = small.staff("chief", "administrator", agency="fire")
    assert GRANTS.keys() == {Role.SUPERVISOR, Role.ADMINISTRATOR}
    for role in ("administrator", "auditor"):
        request = small.ask(ana, "dispatcher", role)
        with pytest.raises(RefusedError) as refused:
            small.grant(head, request)
        assert refused.value.about == ("access.decide", "request", request)
        assert role not in small.roles("ana")
        small.grant(chief, request)
        assert role in small.roles("ana")


def test_requests_that_cannot_be_meant(small: Small) -> None:
    ana = small.staff("ana", "call_taker", agency="fire")

    def refused(*roles: str, hours: int = 2, reason: str = "ill") -> None:
        with pytest.raises(BadInputError):
            ask(small.journal, ana, small.board, roles, hours, reason, now_us=small.now_us)

    refused()
    refused("king")
    refused("call_taker")  # theirs
    refused("dispatcher", hours=0)
    refused("dispatcher", hours=25)
    refused("dispatcher", reason=" ")
    refused("dispatcher", reason="x" * 501)
    for _ in range(5):
        small.ask(ana, "dispatcher")
    with pytest.raises(ConflictError):
        small.ask(ana, "dispatcher")
    small.clock.advance_s(24 * 3600)  # none of them waits any more
    row = small.board.person("ana")
    small.done(start_shift(small.journal, row, (), now_us=small.now_us, hours=8))
    small.ask(small.signed_in("ana"), "dispatcher")


def test_who_has_left_or_gone_elsewhere_is_granted_nothing(small: Small) -> None:
    ana = small.staff("ana", "call_taker", agency="fire")
    chief = small.staff("chief", "administrator")
    request = small.ask(ana, "dispatcher")
    small.done(leave(small.journal, chief, small.board, small.board.person("ana")))
    with pytest.raises(ConflictError):
        small.grant(chief, request)
    small.staff("ana", "call_taker", agency="police")
    with pytest.raises(ConflictError, match="another agency"):
        small.grant(chief, request)


# Staff


def test_an_administrator_changes_roles_but_never_their_own(small: Small) -> None:
    chief, _ = small.staff("chief", "administrator"), small.staff("ana", "call_taker")
    second = small.signed_in("chief")
    board = small.board
    for actor in (chief, second):
        with pytest.raises(RefusedError):
            change_roles(small.journal, actor, board, board.person("chief"), ["dispatcher"])
        with pytest.raises(RefusedError):
            add_person(small.journal, actor, board, "chief", "*", "Chief", ["dispatcher"])
    small.done(change_roles(small.journal, chief, board, board.person("ana"), ["dispatcher"]))
    assert board.person("ana").roles == ("dispatcher",)
    assert board.person("ana").roles_by == "person/chief"
    assert small.journal.side(board.person("ana").seq, "name") == {"name": "Name of ana"}
    for actor in (small.staff("head", "supervisor"), small.staff("look", "auditor")):
        with pytest.raises(RefusedError):
            change_roles(small.journal, actor, board, board.person("ana"), [])


def test_the_last_administrator_of_the_room_stays(small: Small) -> None:
    small.staff("chief", "administrator")
    small.staff("local", "administrator", agency="fire")  # of an agency: does not count
    ana = small.staff("ana", "supervisor")
    request = small.ask(ana, "administrator")
    small.grant(small.signed_in("chief"), request)
    for_now = small.signed_in("ana")  # an administrator for two hours: does not count either
    board = small.board
    assert administrators(board) == ["chief"]
    with pytest.raises(ConflictError, match="last"):
        leave(small.journal, for_now, board, board.person("chief"))
    with pytest.raises(ConflictError, match="last"):
        change_roles(small.journal, for_now, board, board.person("chief"), ["dispatcher"])
    small.staff("second", "administrator")
    small.done(leave(small.journal, for_now, board, board.person("chief")))
    assert administrators(board) == ["second"]
    with pytest.raises(ConflictError, match="left"):
        leave(small.journal, for_now, board, board.person("chief"))


def test_an_agencys_administrator_reaches_its_own_people_only(small: Small) -> None:
    local = small.staff("local", "administrator", agency="fire")
    small.staff("ana", "call_taker", agency="police")
    small.staff("room", "supervisor")
    board = small.board
    for agency in ("police", "*"):
        with pytest.raises(HiddenError):
            add_person(small.journal, local, board, "new", agency, "New", [])
    for person in ("ana", "room"):
        row = board.person(person)
        with pytest.raises(HiddenError):
            change_roles(small.journal, local, board, row, [])
        with pytest.raises(HiddenError):
            leave(small.journal, local, board, row)
        with pytest.raises(HiddenError):  # nor taken over
            add_person(small.journal, local, board, person, "fire", "Mine", [])
    person, submitted = add_person(
        small.journal, local, board, "", "fire", " D. Lima ", ["responder"]
    )
    small.done(submitted)
    assert board.person(person).agency == "fire"
    assert small.journal.side(board.person(person).seq, "name") == {"name": "D. Lima"}


def test_an_id_is_given_once_however_it_is_spelled(small: Small) -> None:
    chief = small.staff("chief", "administrator")
    small.staff("ana", "call_taker", agency="fire")
    for person in ("ana", "ANA", "Ana"):
        with pytest.raises(ConflictError):
            add_person(small.journal, chief, small.board, person, "fire", "Another", [])
    small.done(leave(small.journal, chief, small.board, small.board.person("ana")))
    with pytest.raises(ConflictError):
        add_person(small.journal, chief, small.board, "ANA", "fire", "Another", [])
    _, submitted = add_person(small.journal, chief, small.board, "ana", "fire", "A. Reis", [])
    small.done(submitted)
    assert not small.board.person("ana").left_us
    for person, agency, name in (("x y", "fire", "X"), ("x", "navy", "X"), ("x", "fire", " ")):
        with pytest.raises(BadInputError):
            add_person(small.journal, chief, small.board, person, agency, name, [])


def test_a_locked_session_decides_nothing(small: Small) -> None:
    ana = small.staff("ana", "call_taker", agency="fire")
    head = small.staff("head", "supervisor")
    request = small.ask(ana, "dispatcher")
    secret = small.sessions.open("head", ("password",))
    small.sessions.lock(secret)
    session = small.sessions.find(secret)
    assert session is not None
    locked = person_actor(small.board, session, small.now_us)
    assert locked is not None
    with pytest.raises(UnauthenticatedError):
        small.grant(locked, request)
    small.grant(head, request)


def test_an_agency_shares_its_own_only(small: Small) -> None:
    local = small.staff("local", "administrator", agency="fire")
    small.done(share(small.journal, local, small.board, "fire", "police", ["see", "see", "send"]))
    assert small.board.sharing["fire"]["police"] == ("see", "send")
    with pytest.raises(HiddenError):
        share(small.journal, local, small.board, "police", "fire", ["see"])
    for agency, to, what in (
        ("fire", "navy", ["see"]),
        ("fire", "fire", ["see"]),
        ("fire", "police", ["own"]),
        ("fire", "police", ["all"]),
    ):
        with pytest.raises(BadInputError):
            share(small.journal, local, small.board, agency, to, what)
