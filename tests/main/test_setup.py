"""Set-up from CSV: checked whole, done whole, safe to run again."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from callout.access import NOBODY, SYSTEM
from callout.base.clock import ManualClock
from callout.base.errors import BadInputError, UnauthenticatedError
from callout.journal import Journal
from callout.main import setup
from callout.units import UnitBoard


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "home", clock=ManualClock())
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    setup.write_templates(tmp_path / "csv")
    return tmp_path / "csv"


def change(folder: Path, name: str, line: int, column: str, value: str) -> None:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    rows[line - 1][rows[0].index(column)] = value
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def test_templates_set_a_room_up_and_a_second_run_does_nothing(
    journal: Journal, folder: Path
) -> None:
    planned = setup.plan(journal, folder)
    assert not planned.problems
    assert planned.new == {
        "agency": 2,
        "sharing": 2,
        "station": 2,
        "vehicle": 1,
        "unit": 2,
        "staff": 1,
        "type": 2,
    }
    assert setup.apply(journal, SYSTEM, planned) == 12
    again = setup.plan(journal, folder)
    assert (again.drafts, again.same) == ([], 12)
    change(folder, "units.csv", 2, "callsign", "Engine 1")
    third = setup.plan(journal, folder)
    assert (third.new, third.changed, third.same) == ({}, {"unit": 1}, 11)


@pytest.mark.parametrize(
    ("name", "line", "column", "value", "said"),
    [
        ("units.csv", 2, "station", "S9", "units.csv:2: station: there is no station 'S9'"),
        ("units.csv", 3, "agency", "navy", "units.csv:3: agency: there is no agency 'navy'"),
        ("units.csv", 2, "id", "E 1", "units.csv:2: id:"),
        ("units.csv", 3, "id", "E1", "units.csv:3: id: 'E1' stands twice"),
        ("units.csv", 2, "capabilities", " ; ", "units.csv:2: capabilities:"),
        ("stations.csv", 2, "lon", "west", "stations.csv:2: lon: 'west' is no number"),
        ("stations.csv", 3, "lat", "120", "stations.csv:3: lon, lat: lon"),
        ("stations.csv", 3, "lat", "nan", "stations.csv:3: lon, lat: longitude"),
        ("types.csv", 2, "priority", "7", "types.csv:2: priority: 7 is no priority"),
        ("types.csv", 2, "limit_s", "soon", "types.csv:2: limit_s: 'soon' is no whole number"),
        ("staff.csv", 2, "roles", "boss", "staff.csv:2: roles: 'boss' is not a role"),
        ("agencies.csv", 2, "name", "", "agencies.csv:2: name: the name is empty"),
        ("units.csv", 2, "profile", "tank", "units.csv:2: profile: 'tank' is no vehicle"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_done(
    journal: Journal, folder: Path, name: str, line: int, column: str, value: str, said: str
) -> None:
    change(folder, name, line, column, value)
    planned = setup.plan(journal, folder)
    assert str(planned.problems[0]).startswith(said)
    with pytest.raises(BadInputError):
        setup.apply(journal, SYSTEM, planned)
    assert journal.head() == -1


def test_the_vehicle_may_be_left_out(journal: Journal, folder: Path) -> None:
    setup.apply(journal, SYSTEM, setup.plan(journal, folder))
    board = UnitBoard()
    for entry in journal.replay():
        board.apply(entry)
    assert {unit.id: unit.profile for unit in board.units.values()} == {
        "E1": "fire_engine",
        "M1": "car",
    }
    text = (folder / "units.csv").read_text().replace(",profile", "").replace(",car", "")
    (folder / "units.csv").write_text(text.replace(",fire_engine", ""))
    assert setup.plan(journal, folder).changed == {"unit": 1}  # the engine is a car again


def test_odd_files(journal: Journal, folder: Path, tmp_path: Path) -> None:
    (folder / "staff.csv").write_bytes(
        b"\xef\xbb\xbfid,agency,name,roles\np1,fire,\xc3\x89va,trainer\n"
    )
    (folder / "types.csv").write_bytes(b"code,name\n")
    (folder / "units.csv").write_bytes(b"id,callsign,agency,station,kind,capabilities\nE1,E1\n")
    (folder / "agencies.csv").write_bytes(b"id,name\nfire,Fire\nems,\xff\n")
    said = [str(problem) for problem in setup.plan(journal, folder).problems]
    assert any("agencies.csv:1: is not UTF-8" in line for line in said)
    assert any(
        "types.csv:1: the column priority, capabilities, limit_s is missing" in s for s in said
    )
    assert any("units.csv:2: has 2 cells, the first line has 6" in line for line in said)
    with pytest.raises(BadInputError, match="no such folder"):
        setup.plan(journal, tmp_path / "none")
    with pytest.raises(BadInputError, match="is there already"):
        setup.write_templates(folder)


def test_only_an_administrator_sets_up(journal: Journal, folder: Path) -> None:
    planned = setup.plan(journal, folder)
    with pytest.raises(UnauthenticatedError):
        setup.apply(journal, NOBODY, planned)
