"""The graph folder: what is wrong with it is said in one line, and nothing is read past its end."""

import json

import numpy as np
import pytest
from road_towns import Way

from callout.base.errors import DamagedError
from callout.roads import Roads

NODES = {1: (0, 0), 2: (100, 0), 3: (200, 0)}


@pytest.fixture
def folder(build):
    return build(NODES, [Way(1, [1, 2]), Way(2, [2, 3])]).folder


def refused(folder):
    with pytest.raises(DamagedError) as caught:
        Roads.open(folder)
    assert "Import the city again" in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_array_is_needed(folder):
    for path in sorted(folder.glob("*.npy")):
        data = path.read_bytes()
        path.unlink()
        assert path.name in refused(folder)
        path.write_bytes(data[: len(data) // 2])
        assert path.name in refused(folder)
        path.write_bytes(b"")
        refused(folder)
        path.write_bytes(data)
    Roads.open(folder)


def test_another_version(folder):
    manifest = json.loads((folder / "graph.json").read_text())
    (folder / "graph.json").write_text(json.dumps(manifest | {"format": 99}))
    assert "format 99" in refused(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}'])
def test_a_broken_manifest(folder, text):
    (folder / "graph.json").write_text(text)
    refused(folder)


def test_no_folder_at_all(tmp_path):
    refused(tmp_path / "nothing")


def test_an_array_of_another_type_or_length(folder):
    path = folder / "turn_ms_car.npy"
    turn_ms = np.load(path)
    np.save(path, turn_ms.astype(np.float64))
    refused(folder)
    np.save(path, turn_ms[:-1])
    refused(folder)


def test_lengths_that_do_not_fit_each_other(folder):
    path, manifest_path = folder / "turn_ms_car.npy", folder / "graph.json"
    turn_ms = np.load(path)[:-1]
    np.save(path, turn_ms)
    manifest = json.loads(manifest_path.read_text())
    manifest["arrays"]["turn_ms_car"] = ["<i4", [len(turn_ms)]]
    manifest_path.write_text(json.dumps(manifest))
    assert "lengths" in refused(folder)


@pytest.mark.parametrize("name", ["turn_to", "edge_road", "grid_shape", "turn_from_ptr"])
def test_positions_outside_the_graph(folder, name):
    path = folder / f"{name}.npy"
    array = np.load(path)
    array[0] = 1_000_000
    np.save(path, array)
    assert name in refused(folder)
