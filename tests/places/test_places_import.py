"""Importing a city: all of it or nothing, and one clear line when it cannot be."""

import errno
import json
import os
import shutil

import numpy as np
import pytest
from osm_files import M, little_town, write_osm

from callout.base.errors import (
    BadInputError,
    CalloutError,
    DamagedError,
    FullError,
    NotFoundError,
)
from callout.base.geo import lonlat
from callout.places import import_city, open_city


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    import_city(little_town(folder / "little.osm.pbf"), folder / "little")
    return folder / "little"


@pytest.fixture
def copy(imported, tmp_path):
    return shutil.copytree(imported, tmp_path / "copy")


def refused(error, pbf, out):
    before = sorted(out.parent.iterdir())
    with pytest.raises(error) as caught:
        import_city(pbf, out)
    assert caught.value.todo
    assert "\n" not in str(caught.value)
    assert sorted(out.parent.iterdir()) == before
    return str(caught.value)


def test_what_was_understood(imported):
    city = open_city(imported)
    counts = city.meta["counts"]
    # 16 of the grid, 2 of the island and 2 of the river.
    assert counts["junctions"] == 20
    # 25 streets, the footway and the river.
    assert counts["roads"] == 27
    assert counts["edges"] == 54
    # For a car three roads of the one-way street have one direction.
    assert counts["profiles"]["car"]["edges"] == 47
    assert counts["profiles"]["foot"]["edges"] == 52
    # The island, and the way out of the corner where the one-way street begins: nobody gets in.
    assert counts["edges_off_main"] == 3
    assert counts["restrictions_via_node"] == 1
    assert counts["restrictions_via_way"] == 1
    assert counts["skipped"]["restrictions_odd"] == 1
    assert counts["skipped"]["points_without_place"] == 1
    assert counts["skipped"]["ways_too_short"] == 1
    assert city.meta["attribution"] == "© OpenStreetMap contributors"
    assert city.meta["name"] == "little"
    assert city.meta["bbox"] == pytest.approx([0, 0, 1100 * M, 1000 * M], abs=1e-6)
    assert len(city.meta["hash"]) == 64
    assert "ODbL" in (imported / "LICENSE-DATA.txt").read_text()


def test_roads_of_an_imported_city(imported):
    city = open_city(imported)
    roads = city.roads
    at = [(50, 0), (350, 300), (0, 50), (100, 250)]
    snaps = roads.snap(np.array([lonlat(x * M, y * M) for x, y in at]))
    route = roads.route(snaps.at(0), snaps.at(3))
    assert route.distance_m == pytest.approx(300, abs=1)
    # Northwards to node 5 and right into street 2 is banned: not the 100 m that it would be.
    north, east = (
        roads.snap(np.array([lonlat(x * M, y * M)]), np.array([heading], np.float32))
        .at(0)
        ._replace(other=-1)
        for x, y, heading in ((0, 50, 0), (50, 100, 90))
    )
    assert roads.point(north.edge, 1_000_000) == lonlat(0, 100 * M)
    assert roads.route(north, east).distance_m > 200
    assert city.street_at(lonlat(150 * M, 205 * M)) == "Rua Três"
    assert city.street_at(lonlat(5000 * M, 0)) == ""


def test_names_and_kinds(imported):
    city = open_city(imported)
    assert city.search("SAO TOM")[0].name == "São Tomé"
    street = city.search("rua tres")[0]
    assert (street.name, street.kind, street.near) == ("Rua Três", "street", "São Tomé")
    assert city.search("três 7")[0].kind == "address"
    assert [place.name for place in city.pois("hospital")] == ["Hospital da Luz"]
    assert [place.name for place in city.pois("fire_station")] == [""]
    assert city.pois("police")[0].point.lon == pytest.approx(320 * M, abs=1e-6)
    assert city.pois("hydrant") == []
    for nothing in ("", "!!", '"', "xyzzy", "*"):
        assert city.search(nothing) == []
    assert len(city.search("rua", limit=2)) == 2


def test_progress_is_told(tmp_path):
    told = []
    import_city(
        little_town(tmp_path / "a.osm.pbf"),
        tmp_path / "a",
        progress=lambda stage, share: told.append((stage, share)),
    )
    assert list(dict.fromkeys(stage for stage, _ in told)) == [
        "read", "graph", "map", "names", "store",
    ]  # fmt: skip
    assert all(0 <= share <= 1 for _, share in told)


def test_the_same_file_makes_the_same_city(imported, tmp_path):
    again = import_city(imported.parent / "little.osm.pbf", tmp_path / "again")
    assert again["hash"] == open_city(imported).meta["hash"]


def test_an_older_city_is_replaced(tmp_path):
    pbf = little_town(tmp_path / "a.osm.pbf")
    import_city(pbf, tmp_path / "a")
    first = (tmp_path / "a" / "meta.json").stat().st_ino
    import_city(pbf, tmp_path / "a")
    assert (tmp_path / "a" / "meta.json").stat().st_ino != first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a.osm.pbf"]


def test_missing_and_empty_files(tmp_path):
    assert "cannot be read" in refused(BadInputError, tmp_path / "no.osm.pbf", tmp_path / "out")
    (tmp_path / "empty.osm.pbf").touch()
    assert "empty" in refused(BadInputError, tmp_path / "empty.osm.pbf", tmp_path / "out")
    assert refused(BadInputError, tmp_path, tmp_path / "out")


def test_damaged_files(imported, tmp_path):
    data = (imported.parent / "little.osm.pbf").read_bytes()
    for name, content in {
        "cut": data[: len(data) * 2 // 3],
        "text": b"<html>not found</html>" * 100,
        "zeros": bytes(1000),
        "flipped": data[:200] + bytes(byte ^ 255 for byte in data[200:300]) + data[300:],
    }.items():
        (tmp_path / name).write_bytes(content)
        refused(BadInputError, tmp_path / name, tmp_path / "out")


def test_no_roads_in_it(tmp_path):
    nodes = [(1, 0, 0, {"place": "town", "name": "Lonely"}), (2, 9, 9, {})]
    only_nodes = write_osm(tmp_path / "a.osm.pbf", nodes)
    assert "no road" in refused(BadInputError, only_nodes, tmp_path / "out")
    path = write_osm(tmp_path / "b.osm.pbf", nodes, [(1, [1, 2], {"highway": "footway"})])
    assert "no road" in refused(BadInputError, path, tmp_path / "out")


def test_a_folder_that_is_no_city_is_left_alone(imported, tmp_path):
    out = tmp_path / "home"
    out.mkdir()
    (out / "letters.txt").write_text("mine")
    refused(BadInputError, imported.parent / "little.osm.pbf", out)
    assert (out / "letters.txt").read_text() == "mine"
    refused(BadInputError, imported.parent / "little.osm.pbf", out / "letters.txt")


@pytest.mark.parametrize("moment", range(0, 40, 7))
def test_a_full_disk_leaves_nothing(imported, tmp_path, monkeypatch, moment):
    calls = iter(range(1000))
    real = os.fsync

    def fsync(handle):
        if next(calls) == moment:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    refused(FullError, imported.parent / "little.osm.pbf", tmp_path / "out")


def test_remains_of_a_killed_import_are_cleared_away(imported, tmp_path):
    (tmp_path / "out.importing").mkdir()
    (tmp_path / "out.importing" / "half").write_text("x")
    import_city(imported.parent / "little.osm.pbf", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_city_that_is_not_there(tmp_path):
    with pytest.raises(NotFoundError):
        open_city(tmp_path / "nowhere")


def test_a_city_of_another_version(copy):
    meta = json.loads((copy / "meta.json").read_text())
    for changed in ({"format": 99}, {"bytes": {}}, {"bytes": None}):
        (copy / "meta.json").write_text(json.dumps(meta | changed))
        with pytest.raises(DamagedError):
            open_city(copy)
    (copy / "meta.json").write_text("{")
    with pytest.raises(DamagedError):
        open_city(copy)


def test_files_missing_or_cut_short(copy):
    for path in sorted(copy.rglob("*")):
        if path.is_dir() or path.name == "meta.json":
            continue
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(DamagedError):
            open_city(copy)
        path.write_bytes(data[:-1])
        with pytest.raises(DamagedError):
            open_city(copy)
        path.write_bytes(data)
    open_city(copy).close()


def test_files_of_the_right_length_and_wrong_content(copy):
    for name in ("tiles.pmtiles", "gazetteer.db"):
        path = copy / name
        data = path.read_bytes()
        path.write_bytes(bytes(len(data)))
        with pytest.raises(DamagedError):
            open_city(copy)
        path.write_bytes(data)


def test_every_refusal_is_one_of_ours(imported, tmp_path):
    """Whatever byte of the file is wrong: an error of ours or an import, never a crash."""
    data = (imported.parent / "little.osm.pbf").read_bytes()
    rng = np.random.default_rng(3)
    for trial in range(25):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 3):
            broken[at] ^= int(rng.integers(1, 256))
        path = tmp_path / "broken.osm.pbf"
        path.write_bytes(broken)
        try:
            import_city(path, tmp_path / f"out{trial}")
        except CalloutError:
            assert not (tmp_path / f"out{trial}").exists()


def test_every_street_of_the_made_town_is_found_by_its_name(town):
    city = open_city(town)
    missed = [
        place.name
        for place in city.pois("street")
        if place.name not in {found.name for found in city.search(place.name, 3)[:1]}
    ]
    assert missed == []
