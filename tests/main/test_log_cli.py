"""prove, verify and log, as an auditor types them."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callout.access import SYSTEM
from callout.access.commands import record_token
from callout.base.clock import SystemClock
from callout.journal import Journal
from callout.main.cli import cli


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    journal = Journal.open(tmp_path / "home", clock=SystemClock())
    for number in range(5):
        record_token(journal, SYSTEM, f"button-{number}", ("alarms",)).result()
    journal.close()
    return tmp_path / "home"


def test_a_proof_is_verified_without_the_room(home: Path, tmp_path: Path) -> None:
    key = run("log", "key", "--home", home)
    assert key.exit_code == 0
    made = run("prove", 3, "--home", home)
    assert made.exit_code == 0
    proof, key_file = tmp_path / "x.proof", tmp_path / "log.pub"
    proof.write_bytes(made.stdout_bytes)
    key_file.write_text(key.output)
    for given in (key.output.strip(), key_file):
        shown = run("verify", proof, "--key", given)
        assert shown.exit_code == 0, shown.output
        assert "entry 3 of callout, which had 5 entries" in shown.output
        assert "TokenCreated.1 on device/button-3, version 1" in shown.output
        assert "by system" in shown.output
        assert shown.output.endswith("the proof holds\n")


def test_what_does_not_verify_is_one_line_and_exit_1(home: Path, tmp_path: Path) -> None:
    key = run("log", "key", "--home", home).output.strip()
    text = run("prove", 3, "--home", home).stdout_bytes
    proof = tmp_path / "x.proof"
    for damaged in (text.replace(b"index 3", b"index 2"), text[:-3], b"", b"\xff\xfe", b"a\n\nb"):
        proof.write_bytes(damaged)
        shown = run("verify", proof, "--key", key)
        assert shown.exit_code == 1, shown.output
        assert shown.stderr.startswith("callout: ")
        assert shown.stderr.count("\n") == 1
    proof.write_bytes(text)
    assert run("verify", proof, "--key", "callout+00000000+AAAA").exit_code == 1
    assert run("verify", proof, "--key", tmp_path / "missing").exit_code == 1
    refused = run("prove", 99, "--home", home)
    assert refused.exit_code == 2
    assert "no entry 99" in refused.stderr


def test_an_export_is_verified_without_the_room(home: Path, tmp_path: Path) -> None:
    key = run("log", "key", "--home", home).output.strip()
    folder = tmp_path / "log"
    made = run("log", "export", folder, "--home", home)
    assert made.exit_code == 0, made.output
    assert "5 entries" in made.output
    good = run("log", "verify", folder, "--key", key)
    assert good.exit_code == 0, good.output
    assert "5 entries of callout are the ones that were signed" in good.output
    tile = folder / "tile/entries/000.p/5"
    tile.write_bytes(tile.read_bytes().replace(b"button-1", b"button-7"))
    bad = run("log", "verify", folder, "--key", key)
    assert bad.exit_code == 1
    assert "entry 1 " in bad.stderr
