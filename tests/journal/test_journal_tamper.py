"""A few hundred draws of tampering; ``make tamper DRAWS=n`` draws more."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
import tampered
from tampered import Homes, content, judge, make
from tampering import FILES, Editing, one_draw

from callout.journal import check


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    return make(tmp_path_factory.mktemp("tampered"))


def test_the_homes_are_good_to_begin_with(homes: Homes) -> None:
    for home in homes[:-1]:
        report = check(home)
        assert (report.problems, report.warnings) == ([], [])
    assert (homes.copied / "journal.db-wal").stat().st_size > 100_000
    assert check(homes.closed, since=[homes.kept]).ok


def test_nothing_goes_undetected(homes: Homes, tmp_path: Path) -> None:
    contents = {home: content(home) for home in (homes.closed, homes.copied)}
    judged: Counter[str] = Counter()
    for seed in range(300):
        way, done, judgement = one_draw(homes, tmp_path, seed, contents)
        assert judgement != "undetected", (seed, way, done)
        judged[judgement] += 1
    # The draws do what they are for.
    assert judged["detected"] > 150
    assert min(judged.values()) > 3


def test_the_judge_can_say_undetected(
    homes: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a check that finds nothing a changed row is called what it is."""
    before = content(homes.closed)
    home = tmp_path / "drawn"
    shutil.copytree(homes.closed, home)
    with Editing(home) as database:
        database.execute("UPDATE event SET actor = 'person/x' WHERE seq = 5")
    good = check(homes.closed)
    monkeypatch.setattr(tampered, "check", lambda _home, since=(): good)
    assert judge(home, before, homes) == "undetected"


@pytest.mark.parametrize("name", sorted(set(FILES) - {"journal.db", "journal.db-wal"}))
def test_every_used_byte_of_the_keys_counts(homes: Homes, tmp_path: Path, name: str) -> None:
    before, home = content(homes.closed), tmp_path / "home"
    shutil.copytree(homes.closed, home)
    good = (home / name).read_bytes()
    for at in range(0, len(good.rstrip(b"\0\n")), 7):
        bad = bytearray(good)
        bad[at] ^= 0x04
        (home / name).write_bytes(bad)
        assert judge(home, before, homes) == "detected", at
