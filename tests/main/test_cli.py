"""The command line: one clear line and exit code 2 for what we know can go wrong."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callout.base.clock import SystemClock
from callout.journal import Journal
from callout.main.cli import cli
from running import made_home

PASSWORD = "correct horse battery"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "home"
    made_home(folder, town, units=6)
    shutil.copytree(town, folder / "city")
    return folder


def refused(result: Result, *said: str) -> None:
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("callout: ")]
    assert len(lines) == 1, result.stderr
    for word in said:
        assert word in lines[0]


def test_a_home_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLOUT_HOME", raising=False)
    refused(run("check"), "--home", "CALLOUT_HOME")


def test_serve_needs_somebody_who_can_sign_in(home: Path) -> None:
    refused(run("serve", "--home", home, "--port", "0"), "callout admin create")
    made = run("admin", "create", "--home", home, "--name", "ana", "--password", PASSWORD)
    assert made.exit_code == 0, made.output
    refused(run("admin", "create", "--home", home, "--name", "b", "--password", "short"), "10")


def test_serve_away_from_this_machine_needs_tls(home: Path) -> None:
    refused(run("serve", "--home", home, "--host", "0.0.0.0"), "TLS")
    refused(run("serve", "--home", home, "--tls-cert", __file__), "key")


def test_a_taken_port(home: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(run("serve", "--home", home, "--port", str(port)), str(port), "taken")


def test_a_home_that_is_in_use_is_read_but_not_written(home: Path) -> None:
    with closing(Journal.open(home, clock=SystemClock())):
        refused(run("token", "create", "b1", "--home", home), "another callout")
        refused(run("setup", home / "csv", "--home", home), "another callout")
        refused(run("serve", "--home", home, "--port", "0"), "another callout")
        checked = run("check", "--home", home)
        assert checked.exit_code == 0, checked.output
        assert "the journal checks" in checked.output


def test_a_place_is_found_on_the_command_line(home: Path) -> None:
    found = run("city", "find", "--home", home, "--limit", "1", "st", "anne", "hospital")
    assert found.exit_code == 0, found.output
    assert "Hospital" in found.output
    assert "© OpenStreetMap contributors" in found.output
    nothing = run("city", "find", "--home", home, "qqqqzzzz")
    assert "nothing like that" in nothing.output
    refused(run("city", "find", "--home", home, "x" * 300), "200")
    assert "find" in run("city", "--help").output


def test_tokens(home: Path) -> None:
    made = run("token", "create", "gate-7", "--home", home)
    assert made.output.startswith("ct_")
    refused(run("token", "create", "gate 7", "--home", home), "gate 7")
    refused(run("token", "create", "g", "--scope", "all", "--home", home), "scope")


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "empty"), (b"not a pbf at all" * 50, "pbf"), (None, "no such")]
)
def test_a_city_that_is_none(tmp_path: Path, content: bytes | None, said: str) -> None:
    pbf = tmp_path / "bad.osm.pbf"
    if content is not None:
        pbf.write_bytes(content)
    result = run("city", "import", pbf, "--home", tmp_path / "home")
    refused(result, "bad.osm.pbf")
    assert said in result.stderr.lower() or "cannot" in result.stderr.lower()
    assert not (tmp_path / "home" / "city").exists()


def test_a_city_of_another_version(tmp_path: Path, home: Path) -> None:
    other = tmp_path / "home"
    shutil.copytree(home, other)
    meta = other / "city" / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "format": 99}))
    refused(run("serve", "--home", other, "--port", "0"), "mport")


def test_serve_without_a_city(tmp_path: Path) -> None:
    refused(run("serve", "--home", tmp_path / "new", "--port", "0"), "city import")


def test_check_finds_a_changed_byte(tmp_path: Path, home: Path) -> None:
    other = tmp_path / "home"
    shutil.copytree(home, other)
    journal = other / "journal.db"
    content = journal.read_bytes()
    assert content.count(b"Ambulance Service") >= 1
    journal.write_bytes(content.replace(b"Ambulance Service", b"Ambulance Servicf"))
    result = run("check", "--home", other)
    assert result.exit_code == 1
    assert "seq" in result.output


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 24 MiB; skipped where mounting is not allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def command(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    whole = [sys.executable, "-m", "callout.main.cli", *map(str, words)]
    return subprocess.run(whole, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_disk_that_fills_at_import_is_one_line(small_disk: Path, town: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(19 * 1024 * 1024))
    pbf = town.parent / "town.osm.pbf"
    done = command("city", "import", pbf, "--home", small_disk / "home")
    assert done.returncode == 2, done.stderr
    assert "full" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (small_disk / "home" / "city").exists()


@pytest.mark.slow
def test_a_full_disk_at_start_is_one_line(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(22 * 1024 * 1024))
    done = command("token", "create", "b1", "--home", small_disk / "home")
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert "the disk is full" in line
    assert not (small_disk / "home").exists()
