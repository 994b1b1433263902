"""The reserve: given step by step on a full disk, taken back when there is room."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "losing"))

from fault_full import fill, small_disk

from callout.base.clock import ManualClock
from callout.base.errors import FullError, UnavailableError
from callout.journal import Batch, Draft, Journal, Side, check
from callout.journal import reserve as module
from callout.journal.reserve import Reserve, held_bytes

MIB = 1024 * 1024


def big(number: int) -> Batch:
    side = (Side("text", {"n": number}, f"incident/{number}"),)
    return Batch((Draft("unit/E7", "A.1", {"x": "x" * 30_000}, side=side),), f"k{number}")


def write_until_refused(journal: Journal, start: int) -> tuple[int, list[str], FullError]:
    levels = []
    for number in range(start, start + 2000):
        try:
            journal.append(big(number))
        except FullError as error:
            return number, levels, error
        level = journal.storage().level
        if levels[-1:] != [level]:
            levels.append(level)
    raise AssertionError("the disk is never full")


def test_writing_goes_on_over_the_reserve_and_recovers(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        home = disk / "home"
        journal = Journal.open(home, clock=ManualClock(), reserve_bytes=4 * MIB)
        assert journal.storage().reserve_bytes == 4 * MIB
        assert journal.storage().level == "low"
        ballast = fill(disk, 2 * MIB)
        end, levels, error = write_until_refused(journal, 0)
        assert levels == ["low", "reserve", "full"]
        assert error.status == 507
        assert "the disk is full" in str(error)
        # Far more than there was room for without the reserve.
        assert end * 30_000 > 3 * MIB
        with pytest.raises(FullError):
            journal.append(big(end))
        ballast.unlink()
        journal.append(big(end))
        while journal.storage().reserve_bytes < 4 * MIB:
            before = journal.storage().reserve_bytes
            journal.ping().result()
            assert journal.storage().reserve_bytes > before
        assert journal.storage().level == "low"
        assert journal.head() == end
        for number in range(end + 1):
            assert journal.side(number, "text") == {"n": number}
        journal.close()
        assert check(home).problems == []


def test_a_full_disk_starts_from_the_reserve(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        home = disk / "home"
        Journal.open(home, clock=ManualClock(), reserve_bytes=8 * MIB).close()
        ballast = fill(disk, 0)
        journal = Journal.open(home, clock=ManualClock(), reserve_bytes=8 * MIB)
        assert journal.storage().level == "reserve"
        assert held_bytes(home) == 4 * MIB
        journal.append(big(0))
        journal.close()
        ballast.unlink()


def test_values_of_state_are_kept_from_the_reserve(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        journal = Journal.open(disk / "home", clock=ManualClock(), reserve_bytes=4 * MIB)
        fill(disk, 0)
        journal.state.put("session", "k", b"v" * 200_000)
        assert journal.storage().level == "reserve"
        end, _, _ = write_until_refused(journal, 0)
        with pytest.raises(FullError):
            journal.state.put("session", "another", b"v" * 200_000)
        assert journal.head() == end - 1
        assert journal.state.get("session", "k") == b"v" * 200_000
        journal.close()


@pytest.mark.parametrize(
    ("free", "held", "level"),
    [
        (2 * 1024 * MIB, 8, "ok"),
        (1024 * MIB - 1, 8, "low"),
        (2 * 1024 * MIB, 6, "reserve"),
        (5 * MIB, 0, "reserve"),
        (4 * MIB - 1, 2, "reserve"),
        (4 * MIB - 1, 0, "full"),
    ],
)
def test_levels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, held: int, level: str
) -> None:
    if held:
        (tmp_path / "reserve").write_bytes(bytes(held))
    monkeypatch.setattr(module, "free_bytes", lambda _: free)
    assert Reserve(tmp_path, 8).storage() == (free, held, level)


def test_it_is_not_taken_back_before_there_is_room_for_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = Reserve(tmp_path, 8 * MIB)
    monkeypatch.setattr(module, "free_bytes", lambda _: 10 * MIB - 1)
    assert not reserve.refill()
    monkeypatch.setattr(module, "free_bytes", lambda _: 10 * MIB)
    assert reserve.refill()
    assert held_bytes(tmp_path) == 2 * MIB
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 2 * MIB


def test_a_smaller_setting_gives_back_what_is_too_much(tmp_path: Path) -> None:
    Journal.open(tmp_path / "home", clock=ManualClock(), reserve_bytes=2 * MIB).close()
    assert held_bytes(tmp_path / "home") == 2 * MIB
    Journal.open(tmp_path / "home", clock=ManualClock(), reserve_bytes=MIB).close()
    assert held_bytes(tmp_path / "home") == MIB
    Journal.open(tmp_path / "home", clock=ManualClock()).close()
    assert not (tmp_path / "home" / "reserve").exists()


def test_a_ping_is_answered_after_what_was_queued_before(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "home", clock=ManualClock())
    futures = [journal.submit(big(number)) for number in range(20)]
    journal.ping().result()
    assert all(future.done() for future in futures)
    journal.close()
    with pytest.raises(UnavailableError):
        journal.ping().result()
