"""Devices and programs: who may give what, to whom; what a token opens; the day it was used."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callout.access import RULES, SYSTEM, AccessBoard, Action, Actor, Credentials, Role, Scope
from callout.access.actor import Share
from callout.access.authorize import Subject
from callout.access.commands import agency_draft
from callout.access.devices import Wanted, check_wanted, enrol, invite, revoke
from callout.access.invitations import Invitations
from callout.access.rules import GIVES
from callout.access.used import DAY_US
from callout.access.who import key_actor, token_actor
from callout.base.clock import ManualClock
from callout.base.errors import CalloutError, UnauthenticatedError
from callout.base.ids import new_id
from callout.journal import Batch, Journal

BOSS = Actor(
    id="boss", kind="person", agency="fire", roles=frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
)
UNIT, FOREIGN = Subject("unit", "E1", "fire"), Subject("unit", "P1", "police")


class Made:
    """A journal with two agencies, its board, and what hands codes and tokens out."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.journal = Journal.open(folder / "home", clock=self.clock)
        self.board = AccessBoard()
        self.credentials = Credentials(self.journal.state, self.clock)
        self.invitations = Invitations(self.journal.state, self.clock)
        self.seq = -1
        drafts = (agency_draft("fire", "Fire"), agency_draft("police", "Police"))
        self.journal.submit(Batch(drafts, new_id(), SYSTEM.label)).result()
        self.fold()

    def fold(self) -> None:
        for entry in self.journal.replay(self.seq):
            self.board.apply(entry)
            self.seq = entry.seq

    def code(self, wanted: Wanted, actor: Actor = BOSS) -> str:
        check_wanted(actor, self.board, wanted, Action.DEVICE_ENROL)
        now_us = self.clock.now_us()
        code, _, submitted = invite(self.journal, self.invitations, actor, wanted, now_us)
        submitted.result()
        self.fold()
        return code

    def enrol(self, code: str, public_key: str = "") -> None:
        enrol(
            self.journal,
            self.board,
            self.invitations,
            code,
            public_key,
            now_us=self.clock.now_us(),
        ).submitted.result()
        self.fold()

    def revoke(self, device: str, actor: Actor = BOSS) -> None:
        revoke(
            self.journal, self.board, self.credentials, self.invitations, actor, device, "lost"
        ).result()
        self.fold()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    found = Made(tmp_path)
    yield found
    found.journal.close()


def may_give(actor: Actor, wanted: Wanted, action: Action) -> bool:
    board = AccessBoard()
    board.agencies = {"fire": "Fire", "police": "Police"}
    try:
        check_wanted(actor, board, wanted, action)
    except CalloutError:
        return False
    return True


@given(
    roles=st.frozensets(st.sampled_from(Role)),
    agency=st.sampled_from(["fire", "police", "*"]),
    scopes=st.lists(st.sampled_from(Scope), min_size=1, unique=True),
    target=st.sampled_from(["fire", "police", "*", UNIT, FOREIGN]),
    shared=st.frozensets(st.sampled_from([Share.SEE, Share.WORK, Share.SEND])),
    action=st.sampled_from([Action.DEVICE_ENROL, Action.TOKEN_CREATE]),
)
def test_nobody_gives_beyond_their_role_and_agency(
    roles: frozenset[Role],
    agency: str,
    scopes: list[Scope],
    target: str | Subject,
    shared: frozenset[Share],
    action: Action,
) -> None:
    """Against the rule in other words: whatever else is shared, only one's own devices."""
    actor = Actor(
        id="p", kind="person", agency=agency, roles=roles, shared={"fire": shared, "police": shared}
    )
    unit = target if isinstance(target, Subject) else None
    owner = target.agency if isinstance(target, Subject) else target
    expected = (
        bool(roles & RULES[action].roles)
        and agency in {owner, "*"}
        and all(
            any(
                scope in (GIVES[role].unit if unit else GIVES[role].free)
                for role in roles & GIVES.keys()
            )
            for scope in scopes
        )
    )
    assert may_give(actor, Wanted("d1", tuple(scopes), owner, unit), action) == expected


def test_the_table_of_what_is_given() -> None:
    assert set(GIVES) == {Role.SUPERVISOR, Role.ADMINISTRATOR}
    for gives in GIVES.values():
        assert Scope.CREW not in gives.free
        assert not {Scope.ROOM, Scope.AUDIT} & gives.unit
    assert not {Scope.ROOM, Scope.AUDIT} & GIVES[Role.SUPERVISOR].free


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("", ("alarms",), "fire"),
        Wanted("a/b", ("alarms",), "fire"),
        Wanted("d1", (), "fire"),
        Wanted("d1", ("everything",), "fire"),
        Wanted("d1", ("alarms",), "fire", days=367),
        Wanted("d1", ("alarms",), "fire", key="rsa"),
        Wanted("d1", ("alarms",), "navy"),
    ],
)
def test_words_that_are_none(made: Made, wanted: Wanted) -> None:
    with pytest.raises(CalloutError):
        made.code(wanted)
    assert not made.invitations.waiting("device")


def test_a_code_is_good_once_and_for_a_quarter_of_an_hour(made: Made) -> None:
    code = made.code(Wanted("d1", ("alarms",), "fire"))
    assert made.board.device("d1").state == "invited"
    made.enrol(code)
    with pytest.raises(UnauthenticatedError):
        made.enrol(code)
    late = made.code(Wanted("d2", ("alarms",), "fire"))
    made.clock.advance_s(15 * 60 + 1)
    with pytest.raises(UnauthenticatedError):
        made.enrol(late)
    staff = made.invitations.make("staff", "p1", "person/boss", 60, {})
    with pytest.raises(UnauthenticatedError, match="not for a device"):
        made.enrol(staff)
    assert made.invitations.look(staff).subject == "p1"  # and it is still good for them


def test_who_invited_it_stands_on_it(made: Made) -> None:
    made.enrol(made.code(Wanted("d1", ("alarms",), "fire")))
    assert made.board.device("d1").by == "person/boss"
    chief = Actor(id="chief", kind="person", agency="fire", roles=frozenset({Role.SUPERVISOR}))
    made.enrol(made.code(Wanted("d1", ("alarms",), "fire"), chief))
    assert made.board.device("d1").by == "person/chief"
    restored = AccessBoard.restored(made.board.snapshot())
    assert restored.devices == made.board.devices


def test_a_token_says_no_more_than_the_board(made: Made) -> None:
    now_us = made.clock.now_us()
    made.enrol(made.code(Wanted("d1", ("alarms", "positions", "crew"), "fire", UNIT, days=1)))
    secret = made.credentials.create_token("d1", ("alarms", "room"), agency="police")
    token = made.credentials.find_token(secret)
    assert token is not None
    actor = token_actor(made.board, token, now_us)
    assert actor is not None
    assert (actor.scopes, actor.agency, actor.unit) == ({Scope.ALARMS}, "fire", "E1")
    assert token_actor(made.board, token, now_us + DAY_US) is None
    made.revoke("d1")
    assert made.credentials.find_token(secret) is None
    assert token_actor(made.board, token, now_us) is None


def test_a_key_speaks_until_it_is_revoked_or_replaced(made: Made) -> None:
    key, other = "11" * 32, "22" * 32
    now_us = made.clock.now_us()
    made.enrol(made.code(Wanted("d1", ("alarms",), "fire", key="ed25519")), key)
    assert key_actor(made.board, "d1", key, now_us)
    assert key_actor(made.board, "d1", other, now_us) is None
    assert key_actor(made.board, "d2", key, now_us) is None
    made.enrol(made.code(Wanted("d1", ("alarms",), "fire", key="ed25519")), other)
    assert key_actor(made.board, "d1", key, now_us) is None
    made.revoke("d1")
    assert key_actor(made.board, "d1", other, now_us) is None


def test_who_may_revoke(made: Made) -> None:
    made.enrol(made.code(Wanted("d1", ("alarms",), "fire")))
    secret = made.credentials.create_token("d1", ("alarms",))
    for those, agency in (({Role.CALL_TAKER}, "fire"), ({Role.DISPATCHER}, "police")):
        actor = Actor(id="p", kind="person", agency=agency, roles=frozenset(those))
        with pytest.raises(CalloutError):
            made.revoke("d1", actor)
    assert made.credentials.find_token(secret)
    made.revoke(
        "d1", Actor(id="p", kind="person", agency="fire", roles=frozenset({Role.DISPATCHER}))
    )
    assert made.credentials.find_token(secret) is None
