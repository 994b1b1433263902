"""``callout city import`` and files that are not what they should be."""

import sys
from pathlib import Path

import osmium
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callout.base.clock import SystemClock
from callout.journal import Journal
from callout.main.cli import cli
from callout.main.home import city_folder

sys.path.insert(0, str(Path(__file__).parents[1] / "places"))
from osm_files import little_town, write_osm


def run(home: Path, *files: Path) -> Result:
    words = ["city", "import", *map(str, files), "--home", str(home)]
    return CliRunner().invoke(cli, words)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("import") / "home"
    Journal.open(folder, clock=SystemClock()).close()
    return folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The little town uncompressed, so that a changed byte gets past the checksum of zlib."""
    folder = tmp_path_factory.mktemp("plain")
    kind = osmium.io.File(str(folder / "a.osm.pbf"), "pbf,pbf_compression=none")
    with osmium.SimpleWriter(kind) as writer:
        for item in osmium.FileProcessor(str(little_town(folder / "town.osm.pbf"))):
            writer.add(item)
    return (folder / "a.osm.pbf").read_bytes()


def test_what_was_left_out_and_put_right_is_said(home: Path, tmp_path: Path) -> None:
    town = little_town(tmp_path / "town.osm.pbf")
    street = {"highway": "residential", "maxspeed": "9999"}
    nodes = [(1, 0, 0, {}), (900, 0, -100, {})]
    more = write_osm(tmp_path / "more.osm.pbf", nodes, [(900, [1, 900], street)])
    result = run(home, town, more)
    assert result.exit_code == 0, result.output
    assert "left out: 1 restrictions odd" in result.output
    assert "put right: 1 speeds nobody drives" in result.output
    assert "put right: 1 objects that stood there twice" in result.output


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cut=st.floats(0, 1), changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255))))
def test_damaged_files_end_in_one_line(
    home: Path, plain: bytes, tmp_path: Path, cut: float, changes: list[tuple[float, int]]
) -> None:
    """Whatever is wrong with a file: exit 2 and one line, and the old city stays."""
    broken = bytearray(plain[: round(cut * len(plain))] if not changes else plain)
    for where, byte in changes[:3]:
        broken[min(len(broken) - 1, int(where * len(broken)))] = byte
    path = tmp_path / "broken.osm.pbf"
    path.write_bytes(broken)
    meta = city_folder(home) / "meta.json"
    before = meta.stat().st_ino if meta.exists() else None
    result = run(home, path)
    if result.exit_code == 0:
        return
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    said = [line for line in result.stderr.splitlines() if line.startswith("callout: ")]
    assert len(said) == 1
    assert str(path) in said[0]
    assert (meta.stat().st_ino if meta.exists() else None) == before
    assert not list(home.glob("city.*"))
