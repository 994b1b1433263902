"""What a review of access names, and what a mark of use may hold."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callout.access import SYSTEM, Role, review
from callout.access.board import AccessBoard, Device, Shift, Staff
from callout.access.commands import agency_draft, sharing_draft
from callout.access.report import acts_before
from callout.access.review import (
    LOOKING,
    accounts_unused,
    acts_of,
    devices_unused,
    first_after,
    roles_unused,
    shares_touched,
    shares_unused,
)
from callout.access.rules import RULES
from callout.access.used import DAY_US, KEPT_DAYS, Used
from callout.base.clock import ManualClock
from callout.journal import Batch, Draft, Entry, Journal

NOW = 1_000 * DAY_US
SINCE = NOW - 90 * DAY_US


def person(*roles: str, given_us: int = 0, shift: Shift | None = None) -> Staff:
    return Staff("ana", "fire", roles, 1, "person/chief", given_us, shift=shift)


# Marks


def test_a_mark_holds_a_day_and_no_more(journal: Journal, clock: ManualClock) -> None:
    used = Used(journal.state, clock)
    clock.advance_s(-(clock.now_us() // 1_000_000) % 86_400 + 60)  # a minute after midnight
    for _ in range(3):
        used.mark("person/ana", "log.read")
        used.mark("person/ana", "incident.note")
        used.flush()
        clock.advance_s(7 * 3600)
    day = clock.now_us() // DAY_US
    rows = journal.state.items("used")
    assert [key for key, _ in rows] == ["person/ana incident.note", "person/ana log.read"]
    assert [json.loads(raw) for _, raw in rows] == [day, day]
    assert used.days() == {"person/ana": {"incident.note": day * DAY_US, "log.read": day * DAY_US}}


def test_a_mark_is_written_once_a_day(
    journal: Journal, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, puts = Used(journal.state, clock), []
    used.since_us()
    put = journal.state.put
    monkeypatch.setattr(journal.state, "put", lambda *row: (puts.append(row[:2]), put(*row)))
    for _ in range(5):
        used.mark("person/ana", "log.read")
        used.flush()
    assert puts == [("used", "person/ana log.read")]
    again = Used(journal.state, clock)  # after a restart it has forgotten what it wrote
    again.mark("person/ana", "log.read")
    again.flush()
    assert len(puts) == 1
    clock.advance_s(86_400)
    again.mark("person/ana", "log.read")
    again.flush()
    assert len(puts) == 2
    assert len(journal.state.items("used")) == 1  # a later day takes the place of the one before


def test_marks_end_and_are_forgotten(journal: Journal, clock: ManualClock) -> None:
    used = Used(journal.state, clock)
    for label in ("person/ana", "person/ana2", "device/b1"):
        used.mark(label, "alarm.raise")
    assert used.flush() == 3
    used.forget("person/ana")
    assert set(used.days()) == {"person/ana2", "device/b1"}
    used.mark("person/ana2", "waits")
    used.forget("person/ana2")
    used.flush()
    assert set(used.days()) == {"device/b1"}
    clock.advance_s((KEPT_DAYS + 1) * 86_400)
    assert used.days() == {}


# What is not used


@given(
    role=st.sampled_from(sorted(Role)),
    others=st.sets(st.sampled_from(sorted(Role))),
    done=st.sets(st.sampled_from(sorted(RULES))),
)
def test_a_role_is_unused_when_nothing_was_done_that_needs_it(
    role: Role, others: set[Role], done: set[str]
) -> None:
    roles = [role, *(other for other in others if other != role)]
    days = {"person/ana": {str(action): NOW for action in done}}
    named = {one.role for one in roles_unused([person(*roles)], days, SINCE)}
    acts = acts_of(role, roles[1:])
    assert acts
    assert (role in named) == acts.isdisjoint(str(action) for action in done)
    allowed = {action for action in RULES if role in RULES[action].roles | RULES[action].own_roles}
    assert acts <= {action.value for action in allowed}


def test_that_the_page_was_open_uses_no_role() -> None:
    days = {"person/ana": {action.value: NOW for action in LOOKING}}
    ana = person("dispatcher", "auditor", "administrator")
    assert {one.role for one in roles_unused([ana], days, SINCE)} == set(ana.roles)
    days["person/ana"]["log.read"] = NOW
    days["person/ana"]["incident.assign"] = NOW
    # To read the log needs one of the two, and does not tell which.
    assert {one.role for one in roles_unused([ana], days, SINCE)} == {"auditor", "administrator"}
    days["person/ana"]["staff.report"] = NOW
    assert {one.role for one in roles_unused([ana], days, SINCE)} == {"administrator"}


def test_new_roles_and_old_uses() -> None:
    old = {"person/ana": {"incident.assign": SINCE - DAY_US}}
    assert roles_unused([person("dispatcher")], old, SINCE)
    on_the_day = {"person/ana": {"incident.assign": SINCE // DAY_US * DAY_US}}
    assert not roles_unused([person("dispatcher")], on_the_day, SINCE)
    assert not roles_unused([person("dispatcher", given_us=SINCE + 1)], {}, SINCE)
    gone = person("dispatcher")
    gone.left_us = NOW
    assert not roles_unused([gone], {}, SINCE)
    assert not accounts_unused([gone], {}, NOW, SINCE)


def test_accounts_that_nobody_signed_in_to() -> None:
    assert [one.why for one in accounts_unused([person()], {}, NOW, SINCE)] == ["never"]
    long_ago = Shift((), SINCE - DAY_US, SINCE, 1)
    found = accounts_unused([person(shift=long_ago)], {}, NOW, SINCE)
    assert [one.why for one in found] == ["not_used"]
    assert not accounts_unused([person(shift=Shift((), SINCE + 1, SINCE + 2, 1))], {}, NOW, SINCE)
    marked = {"person/ana": {"live.read": NOW}}
    assert not accounts_unused([person(shift=long_ago)], marked, NOW, SINCE)
    assert not accounts_unused([person(given_us=SINCE + 1)], {}, NOW, SINCE)


@pytest.mark.parametrize(
    ("state", "expires_us", "since_us", "used_us", "why"),
    [
        ("enrolled", 0, 0, None, "never"),
        ("enrolled", 0, 0, SINCE - DAY_US, "not_used"),
        ("enrolled", 0, 0, NOW, None),
        ("enrolled", NOW, 0, NOW, "ended"),
        ("enrolled", NOW + 1, 0, NOW, None),
        ("enrolled", 0, SINCE + 1, None, None),
        ("invited", NOW + 1, 0, None, None),
        ("invited", NOW, 0, None, "not_enrolled"),
        ("revoked", NOW, 0, None, None),
    ],
)
def test_devices(
    state: str, expires_us: int, since_us: int, used_us: int | None, why: str | None
) -> None:
    device = Device("b1", ("alarms",), "fire", "", "", expires_us, state, "x", since_us, 1, 1)
    days = {} if used_us is None else {"device/b1": {"alarm.raise": used_us}}
    found = devices_unused([device], days, NOW, SINCE)
    assert [one.why for one in found] == ([why] if why else [])


# Shares, and reading back


def test_shares_under_which_nothing_was_touched(journal: Journal, clock: ManualClock) -> None:
    def write(actor: str, *drafts: Draft) -> None:
        journal.append(Batch(drafts, f"k{journal.head()}", actor))

    write("system", agency_draft("fire", "Fire"), agency_draft("police", "Police"))
    for to in ("police", "coast", "*"):
        write("system", sharing_draft("fire", to, ("see",)))
    write("system", sharing_draft("police", "*", ("see",)))
    clock.advance_s(100 * 86_400)
    since_us = clock.now_us()
    clock.advance_s(60)
    write("system", sharing_draft("coast", "fire", ("see",)))  # too new to be unused
    note = Draft("incident/i1", "NoteAdded.1", {})
    write("person/bea", note)
    board = AccessBoard()
    for entry in journal.replay():
        board.apply(entry)
    actors = {"person/bea": "police", "person/ana": "fire"}
    streams = {"incident/i1": "fire"}

    def owner(entry: Entry) -> str:
        return streams.get(entry.stream, "")

    touched, fresh, whole = shares_touched(
        journal, lambda label: actors.get(label, ""), owner, since_us
    )
    assert (touched, whole) == ({("fire", "police")}, True)
    found = {(one.agency, one.to) for one in shares_unused(board, touched, fresh)}
    assert found == {("fire", "coast"), ("police", "*")}


def test_a_review_reads_the_newest_entries_and_says_when_that_was_not_all(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        draft = Draft(f"incident/i{number}", "NoteAdded.1", {})
        journal.append(Batch((draft,), f"n{number}", "person/bea"))
    for most, whole in ((2, False), (100, True)):
        monkeypatch.setattr(review, "ENTRIES_MAX", most)
        seen: list[str] = []

        def owner(entry: Entry, seen: list[str] = seen) -> str:
            seen.append(entry.stream)
            return ""

        assert shares_touched(journal, lambda _: "", owner, 0)[2] == whole
        assert seen[-1] == "incident/i5"
        assert len(seen) == min(most, journal.head() + 1)


def test_the_first_entry_after_a_moment(journal: Journal, clock: ManualClock) -> None:
    moments = []
    for number in range(20):
        clock.advance_s(10)
        moments.append(clock.now_us())
        journal.append(Batch((Draft("x/y", "Made.1", {"n": number}),), f"n{number}", SYSTEM.label))
    recorded = [entry.recorded_us for entry in journal.replay()]
    for at_us in (0, *moments, *(one + 1 for one in moments)):
        expected = next((n for n, at in enumerate(recorded) if at >= at_us), len(recorded))
        assert first_after(journal, at_us) == expected


@given(st.data())
def test_acts_are_read_back_page_by_page_without_a_gap(pages: Journal, data: st.DataObject) -> None:
    from callout.access import report

    sizes = st.integers(1, 40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "LOOK_MAX", data.draw(sizes))
        patch.setattr(report, "SHOWN_MAX", data.draw(sizes))
        patch.setattr(report, "_PAGE", data.draw(sizes))
        found, before = [], None
        while True:
            acts = acts_before(pages, "person/ana", before)
            assert len(acts.acts) <= report.SHOWN_MAX
            found += [entry.seq for entry in acts.acts]
            before = acts.next_before
            if before is None:
                break
    expected = [entry.seq for entry in pages.replay() if entry.actor == "person/ana"]
    assert found == expected[::-1]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    """Sixty entries, some of them hers."""
    opened = Journal.open(tmp_path_factory.mktemp("pages") / "home", clock=ManualClock())
    for number in range(60):
        actor = "person/ana" if number % 7 in {0, 1, 4} else "person/anabela"
        opened.append(Batch((Draft("x/y", "Made.1", {}),), f"n{number}", actor))
    yield opened
    opened.close()
