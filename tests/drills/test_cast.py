"""The room for a drill: five CSV files that set-up takes as they are."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from callout.base.clock import ManualClock
from callout.drills import write_cast
from callout.journal import Journal
from callout.main import setup
from callout.places import City, open_city


@pytest.fixture
def city(town: Path) -> Iterator[City]:
    opened = open_city(town)
    yield opened
    opened.close()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("units", [1, 2, 40, 1000])
def test_as_many_units_as_asked_each_at_a_station_of_its_agency(city, tmp_path, units):
    note = write_cast(city, tmp_path, units=units, seed=3)
    assert note.endswith("stations from the extract")
    fleet, stations = _rows(tmp_path / "units.csv"), _rows(tmp_path / "stations.csv")
    owner = {row["id"]: row["agency"] for row in stations}
    assert len(fleet) == len({row["callsign"] for row in fleet}) == units
    assert all(owner[row["station"]] == row["agency"] for row in fleet)
    assert all(row["capabilities"] for row in fleet)


def test_set_up_takes_it_without_a_word(city, tmp_path):
    write_cast(city, tmp_path / "csv", units=40, seed=3)
    journal = Journal.open(tmp_path / "home", clock=ManualClock())
    try:
        planned = setup.plan(journal, tmp_path / "csv")
    finally:
        journal.close()
    assert planned.problems == []
    assert planned.new["unit"] == 40


def test_every_type_can_be_served(city, tmp_path):
    write_cast(city, tmp_path, units=40, seed=3)
    can = {c for row in _rows(tmp_path / "units.csv") for c in row["capabilities"].split(";")}
    for row in _rows(tmp_path / "types.csv"):
        assert can.intersection(row["capabilities"].split(";")), row["code"]


def test_without_stations_they_are_placed_on_roads_and_it_is_said(city, tmp_path, monkeypatch):
    monkeypatch.setattr(city, "pois", lambda kind: [])
    note = write_cast(city, tmp_path, units=40, seed=3)
    stations = _rows(tmp_path / "stations.csv")
    assert note == f"no stations in the extract: {len(stations)} placed on roads"
    places = {(row["agency"], row["lon"], row["lat"]) for row in stations}
    assert len(places) == len(stations) >= 9
    before = (tmp_path / "stations.csv").read_bytes()
    write_cast(city, tmp_path, units=40, seed=3)
    assert (tmp_path / "stations.csv").read_bytes() == before
