"""Twenty draws of every fault: nothing acknowledged is lost, and NORMAL is found out."""

import contextlib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_disk import Disk
from fault_draws import Drawn, Draws, quiet
from fault_full import full_draw, small_disk
from fault_under import under

DRAWS = 20


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        quiet(stack)
        yield


def clean(drawn: list[Drawn]) -> None:
    assert [one for one in drawn if not one.clean] == []
    assert sum(one.acknowledged for one in drawn) > DRAWS, "nobody was told anything"


def test_power_loss(tmp_path: Path) -> None:
    draws = Draws(tmp_path)
    clean([draws.power(seed) for seed in range(DRAWS)])


def test_power_loss_in_normal_mode_loses_what_was_acknowledged(tmp_path: Path) -> None:
    draws = Draws(tmp_path, synchronous="normal")
    assert any(draws.power(seed).lost for seed in range(2 * DRAWS))


def test_failed_syncs(tmp_path: Path) -> None:
    draws = Draws(tmp_path)
    drawn = [draws.sync_fails(seed) for seed in range(DRAWS)]
    clean(drawn)
    assert all(one.fired for one in drawn)


def test_short_writes(tmp_path: Path) -> None:
    draws = Draws(tmp_path)
    drawn = [draws.short_write(seed) for seed in range(DRAWS)]
    clean(drawn)
    assert all(one.fired for one in drawn)


def test_full_disks(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 12) as disk:
        drawn = [full_draw(disk, seed) for seed in range(DRAWS)]
    clean(drawn)
    assert sum(len(one.fired) for one in drawn) > DRAWS / 2, "the disk was hardly ever full"


def test_the_disk_loses_what_was_not_synced_and_nothing_else(tmp_path: Path) -> None:
    images = []
    for seed in range(30):
        root = tmp_path / str(seed)
        root.mkdir()
        disk = Disk(root, random.Random(seed))
        with under(disk):
            fd = os.open(root / "file", os.O_RDWR | os.O_CREAT)
            os.pwrite(fd, b"durable", 0)
            os.fsync(fd)
            folder = os.open(root, os.O_RDONLY)
            os.fsync(folder)
            os.pwrite(fd, b"perhaps", 7)
            os.close(os.open(root / "nameless", os.O_RDWR | os.O_CREAT))
            os.close(fd)
            os.close(folder)
        assert disk.faithful() == []
        images.append(disk.image())
    assert all(image["file"].startswith(b"durable") for image in images)
    assert {image["file"][7:] for image in images} == {b"", b"perhaps"}
    assert {"nameless" in image for image in images} == {True, False}
