"""Boards are put away at times and at stop, and a start takes them up."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callout.access import Credentials
from callout.base.clock import ManualClock
from callout.dispatch import Picture
from callout.journal import Batch, Draft, SnapshotFile
from callout.web import Room, keeper
from callout.web.keeper import Keeper
from fakes import empty_picture, line_room
from verbs import Verbs, boards_as_json


def kept_seq(picture: Picture) -> int:
    """The entry after which the last snapshot was taken; -1 when there is none."""
    found = SnapshotFile(picture.journal, keeper.code_version()).load()
    return found.seq if found else -1


async def saved(keeper: Keeper) -> None:
    if keeper._saving is not None:
        await keeper._saving


def in_room(home: Path, act: Callable[[Picture, Verbs, ManualClock], Awaitable[None]]) -> None:
    clock = ManualClock()
    with line_room(home, 3, clock) as picture:
        asyncio.run(act(picture, Verbs(picture, clock), clock))  # type: ignore[arg-type]


def test_after_ten_minutes_when_anything_is_new(tmp_path: Path) -> None:
    async def act(picture: Picture, verbs: Verbs, clock: ManualClock) -> None:
        kept = Keeper(picture)
        kept.load()
        kept.beat()
        assert kept._saving is None
        verbs.alarm("1")
        clock.advance_s(keeper.EVERY_S - 8)
        kept.beat()
        assert kept._saving is None
        clock.advance_s(8)
        kept.beat()
        await saved(kept)
        assert kept_seq(picture) == picture.seq
        # Nothing is new, so an old snapshot stays as it is.
        written = kept._file.path.stat().st_ino
        clock.advance_s(keeper.EVERY_S * 2)
        kept.beat()
        await kept.stop()
        assert kept._file.path.stat().st_ino == written

    in_room(tmp_path, act)


def test_after_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "EVERY_ENTRIES", 5)

    async def act(picture: Picture, verbs: Verbs, _clock: ManualClock) -> None:
        kept = Keeper(picture)
        await kept.stop()
        first = picture.seq
        while picture.seq < first + 5:
            kept.beat()
            await saved(kept)
            assert kept_seq(picture) == first
            verbs.alarm(str(picture.seq))
        kept.beat()
        # One save at a time: another beat while it runs starts none.
        running = kept._saving
        kept.beat()
        assert kept._saving is running
        await saved(kept)
        assert kept_seq(picture) == picture.seq

    in_room(tmp_path, act)


def test_stop_puts_away_what_is_new_even_twice(tmp_path: Path) -> None:
    async def act(picture: Picture, verbs: Verbs, _clock: ManualClock) -> None:
        kept = Keeper(picture)
        kept.load()
        verbs.alarm("1")
        await kept.stop()
        await kept.stop()
        assert kept_seq(picture) == picture.seq

    in_room(tmp_path, act)


def test_a_failing_save_is_logged_and_the_room_goes_on(tmp_path: Path) -> None:
    async def act(picture: Picture, verbs: Verbs, clock: ManualClock) -> None:
        kept = Keeper(picture)
        kept.load()
        verbs.alarm("1")
        clock.advance_s(keeper.EVERY_S)
        kept._file.path.parent.write_text("in the way")
        with capture_logs() as logs:
            kept.beat()
            await saved(kept)
        assert [line["event"] for line in logs] == ["snapshot.not_saved"]

    in_room(tmp_path, act)


def test_boards_of_another_shape_are_folded_anew(tmp_path: Path) -> None:
    async def act(picture: Picture, verbs: Verbs, _clock: ManualClock) -> None:
        verbs.alarm("1")
        kept = picture.snapshot()
        SnapshotFile(picture.journal, keeper.code_version()).save(
            kept._replace(boards={**kept.boards, "units": b"\xc0"})
        )
        again = empty_picture(picture.journal)
        with capture_logs() as logs:
            Keeper(again).load()
        assert again.seq == -1
        assert logs[0]["event"] == "snapshot.discarded"

    in_room(tmp_path, act)


def a_room(picture: Picture) -> Room:
    credentials = Credentials(picture.journal.state, picture.clock)
    return Room(picture, credentials, drill=True, escalate_s=30, about={})


def test_a_room_starts_where_it_stopped_and_folds_the_rest(tmp_path: Path) -> None:
    async def act(picture: Picture, verbs: Verbs, clock: ManualClock) -> None:
        verbs.alarm("1")
        room = a_room(picture)
        await room.start()
        await room.stop()
        await room.stop()
        stopped = picture.seq
        assert kept_seq(picture) == stopped
        verbs.alarm("2")  # written while no room was there to see it
        again = a_room(empty_picture(picture.journal, clock))
        read: list[int] = []
        replay = again.picture.journal.replay

        def replaying(after: int = -1, until: int | None = None) -> object:
            read.append(after)
            return replay(after, until)

        again.picture.journal.replay = replaying  # type: ignore[method-assign,assignment]
        await again.start()
        assert read == [stopped]
        assert boards_as_json(again.picture) == boards_as_json(picture)
        await again.stop()

    in_room(tmp_path, act)


def test_an_entry_that_cannot_be_folded_does_not_keep_a_room_from_starting(tmp_path: Path) -> None:
    """The same as when it comes while the room runs."""

    async def act(picture: Picture, verbs: Verbs, clock: ManualClock) -> None:
        draft = Draft("unit/nobody", "UnitStatusSet.1", {"status": "available"})
        picture.journal.append(Batch((draft,), "bad"))
        room = a_room(empty_picture(picture.journal, clock))
        with capture_logs() as logs:
            await room.start()
            await room.caught_up(picture.journal.head())
        assert "entry could not be folded" in [line["event"] for line in logs]
        await room.stop()
        assert kept_seq(picture) == picture.journal.head()

    in_room(tmp_path, act)
