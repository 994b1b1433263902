"""prove, verify and log, as an auditor types them."""

import base64
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callout.access import SYSTEM
from callout.access.commands import enrol_device
from callout.base.clock import SystemClock
from callout.journal import Journal
from callout.journal.note import Checkpoint, Signer
from callout.journal.tree import leaf_hash
from callout.main.cli import cli


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    journal = Journal.open(tmp_path / "home", clock=SystemClock())
    for number in range(5):
        enrol_device(journal, SYSTEM, f"button-{number}", ("alarms",)).result()
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
        assert "DeviceEnrolled.1 on device/button-3, version 1" in shown.output
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


def test_a_room_that_is_open_is_proved_and_exported(home: Path, tmp_path: Path) -> None:
    with closing(Journal.open(home, clock=SystemClock())) as journal:
        enrol_device(journal, SYSTEM, "button-5", ("alarms",)).result()
        key = run("log", "key", "--home", home).output.strip()
        proof = tmp_path / "x.proof"
        proof.write_bytes(run("prove", 5, "--home", home).stdout_bytes)
        assert "which had 6 entries" in run("verify", proof, "--key", key).output
        assert "6 entries" in run("log", "export", tmp_path / "log", "--home", home).output
        assert run("log", "verify", tmp_path / "log", "--key", key).exit_code == 0


def signed_by_a_liar(folder: Path, **columns: Any) -> Result:
    """What verify says of a leaf with these columns, in a log whose operator signs anything."""
    entry = {
        "seq": 0, "stream": "unit/E7", "version": 1, "key": "k", "type": "UnitStatus.1",
        "recorded_us": 5, "claimed_us": None, "actor": "system", "agency": "", "body": {},
    } | columns  # fmt: skip
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    signer = Signer.generate("liar")
    note = signer.sign(Checkpoint("liar", 1, leaf_hash(text.encode())).text())
    extra = base64.b64encode(text.encode())
    proof = folder / "x.proof"
    proof.write_bytes(b"c2sp.org/tlog-proof@v1\nextra " + extra + b"\nindex 0\n\n" + note)
    return run("verify", proof, "--key", signer.verifier.encoded())


@pytest.mark.parametrize(
    "columns",
    [
        {"stream": "unit/E7, version 1\nthe proof holds\n\x1b[2J"},
        {"actor": "system\n"},
        {"agency": "a b"},
        {"type": "UnitStatus"},
        {"recorded_us": 2**62},
        {"recorded_us": "5"},
        {"recorded_us": True},
        {"claimed_us": 2**62},
        {"version": None},
        {"version": 0},
        {"key": ""},
        {"body": []},
        {"body": {"lon": 1.5}},
        {"body": {"\u00e9": 1}},
        {"more": 1},
    ],
)
def test_a_leaf_that_no_journal_writes_is_not_shown(
    tmp_path: Path, columns: dict[str, Any]
) -> None:
    shown = signed_by_a_liar(tmp_path, **columns)
    assert shown.exit_code == 1, shown.output
    assert shown.stdout == ""
    assert "no entry of a callout journal" in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_what_a_terminal_would_obey_is_escaped(tmp_path: Path) -> None:
    body = {"text": "Straße \u009b2J\u202e\u2028\U000e0001"}
    shown = signed_by_a_liar(tmp_path, body=body)
    assert shown.exit_code == 0, shown.output
    assert "Straße " in shown.output
    line = next(line for line in shown.output.splitlines() if line.startswith("{"))
    assert line.isprintable()
    assert json.loads(line)["body"] == body


@pytest.mark.parametrize("moment", [2**53 - 1, 1 - 2**53])
def test_the_furthest_moments_are_shown(tmp_path: Path, moment: int) -> None:
    shown = signed_by_a_liar(tmp_path, recorded_us=moment, claimed_us=moment)
    assert shown.exit_code == 0, shown.output
    assert shown.output.endswith("the proof holds\n")
