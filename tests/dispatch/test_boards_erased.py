"""Erasing changes no board but for the marks, whatever happened before."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from test_boards_put_away import Act, act, acts

from callout.access import SYSTEM
from callout.base.clock import ManualClock
from callout.base.errors import CalloutError
from callout.dispatch import Picture
from callout.incidents import IncidentTypeRegistered
from callout.incidents.erasure import (
    Found,
    ask_erasure,
    find_alarm,
    find_incident,
    finish_erasure,
)
from fakes import line_picture, line_room
from verbs import Verbs, boards_as_json

#: What erasing may change: the mark, and where the stream stands.
MARKS = ("erased_us", "version", "entries")


def without_marks(picture: Picture) -> dict[str, Any]:
    """Every part of every board but for the marks."""
    boards = boards_as_json(picture)
    incidents = boards["incidents"]
    del incidents["erasing"]
    for row in (*incidents["alarms"].values(), *incidents["incidents"].values()):
        for name in MARKS:
            row.pop(name, None)
    return boards


def erasable(verbs: Verbs) -> list[Found]:
    found = []
    for find, names in ((find_incident, verbs.incidents), (find_alarm, verbs.alarms)):
        for name in dict.fromkeys(names):
            try:
                found.append(find(verbs.picture.journal, name))
            except CalloutError:
                continue  # open, unanswered, or an incident's
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(acts, min_size=5, max_size=30))
def test_no_board_changes_but_for_the_marks(history: list[Act]) -> None:
    with TemporaryDirectory() as folder:
        clock = ManualClock()
        with line_room(Path(folder), 3, clock) as picture:
            verbs = Verbs(picture, clock)
            for one in (
                ("alarm", 1, 1, True),
                ("open", 1, 1, True),
                *history,
                ("close", 0, 0, True),
            ):
                act(verbs, *one)
            # Boards forget by the time of the latest entry: one more, so that erasing is not it.
            fire = IncidentTypeRegistered(
                name="Fire", priority=1, capabilities=("fire",), limit_s=9
            )
            verbs.fact("type/fire", fire)
            before, journal, targets = without_marks(picture), picture.journal, erasable(verbs)
            clock.advance_s(-7)
            for target in targets:
                # Looked at anew: an alarm that was joined went with its incident just now.
                kind, _, name = target.stream.partition("/")
                found = (find_incident if kind == "incident" else find_alarm)(journal, name)
                if asked := ask_erasure(journal, SYSTEM, found, "request"):
                    asked.result()
                    finish_erasure(journal, found.stream, found.keys).result()
            picture.fold()
            assert without_marks(picture) == before
            assert without_marks(line_picture(journal, clock)) == before
            for found in targets:
                assert all(
                    journal.side(entry.seq, name) is None
                    for key in found.keys
                    for entry in journal.stream(key)
                    for name in entry.body.get("side", {})
                    if name != "who"
                )
