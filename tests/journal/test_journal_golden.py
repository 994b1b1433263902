"""Journals of every version so far: what was written then is read now, to the last byte."""

import json
from pathlib import Path
from typing import Any

import pytest
from make_golden import AGAIN, GOLDEN, facts, make_home, read_home, unpack, written

import callout
from callout.base.clock import ManualClock
from callout.base.facts import decode
from callout.journal import Batch, Draft, Journal, check

VERSIONS = sorted(path.name for path in GOLDEN.iterdir())


def expected(version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / version / "expected.json").read_text())
    return found


def still_there(then: Any, now: Any, where: str = "boards") -> list[str]:
    """What was on a board then and is not now; a later version may have more on it."""
    if isinstance(then, dict) and isinstance(now, dict):
        gone = [f"{where}.{key}" for key in then if key not in now]
        both = [key for key in then if key in now]
        return gone + [w for k in both for w in still_there(then[k], now[k], f"{where}.{k}")]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return [w for n, (a, b) in pairs for w in still_there(a, b, f"{where}.{n}")]
    return [] if then == now else [f"{where}: {then!r} is now {now!r}"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_home_is_read_as_it_was_written(version: str, tmp_path: Path) -> None:
    then, now = expected(version), read_home(unpack(version, tmp_path))
    assert now["problems"] == []
    assert now["entries"] == then["entries"]
    assert now["root"] == then["root"]
    assert still_there(then["boards"], now["boards"]) == []
    assert now["sides"] == then["sides"]
    assert now["state"] == then["state"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_home_goes_on(version: str, tmp_path: Path) -> None:
    home, then = unpack(version, tmp_path), expected(version)
    journal = Journal.open(home, clock=ManualClock())
    size = len(then["entries"])
    receipt = journal.append(Batch((Draft("unit/E0", "MaydayRaised.1", {}),), "from now on"))
    assert receipt.first_seq == size
    # Keys of then are known still: the same batch again is the one that was written.
    first = journal.entry(0)
    again = Batch((Draft(first.stream, first.type, {"name": "Fire"}),), first.key)
    assert journal.append(again).duplicate
    journal.close()
    assert check(home).problems == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_golden_journal_is_worth_its_name(version: str) -> None:
    """Full tiles and open ones, sealed rows and an erased key; small enough to be kept for ever."""
    then = expected(version)
    assert len(then["entries"]) > 256
    assert None in then["sides"].values()
    assert {name.split()[1] for name, value in then["sides"].items() if value} >= {
        *("device", "place", "text", "name", "decision"),
    }
    assert sum(path.stat().st_size for path in (GOLDEN / version).iterdir()) < 200_000


@pytest.mark.parametrize("version", VERSIONS)
def test_old_types_decode_for_ever(version: str, tmp_path: Path) -> None:
    journal = Journal.open(unpack(version, tmp_path), clock=ManualClock())
    known = facts()
    for entry in journal.replay():
        fact = decode(known[entry.type], entry.body)
        body = {name: value for name, value in entry.body.items() if name != "side"}
        # What is not in the body is a default, which is left out again.
        assert json.loads(json.dumps(fact.body())) == body
    journal.close()


def test_every_type_is_held_by_a_golden_journal() -> None:
    held = {v: {kind for _, kind, _ in expected(v)["entries"]} for v in VERSIONS}
    assert callout.__version__ in held, "run: python tests/journal/make_golden.py"
    missing = written() - held[callout.__version__]
    assert not missing, f"put {sorted(missing)} into story() of tests/verbs.py; {AGAIN}"
    assert set(facts()) <= set().union(*held.values())


def test_this_versions_is_what_the_code_writes_now(tmp_path: Path) -> None:
    """Made again, entry by entry the same; else it was made by other code than this version's."""
    make_home(tmp_path / "home")
    now = read_home(tmp_path / "home")
    then = expected(callout.__version__)
    assert now["entries"] == then["entries"], AGAIN
    assert now["boards"] == then["boards"], AGAIN


def test_a_lost_part_of_a_board_is_noticed() -> None:
    then = {"units": [{"id": "E0", "mayday": False}], "times": {}}
    assert (
        still_there(then, {"units": [{"id": "E0", "mayday": False, "new": 1}], "times": {}}) == []
    )
    for now in (
        {"units": [{"id": "E0"}], "times": {}},
        {"units": [{"id": "E0", "mayday": True}], "times": {}},
        {"units": [], "times": {}},
        {"units": [{"id": "E0", "mayday": False}]},
    ):
        assert still_there(then, now), now
