"""Closing a road in the browser: by name and by pointing at it, and opening it again."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from running import Running, made_home, running

pytestmark = pytest.mark.browser


@pytest.fixture
def up(tmp_path: Path, town: Path) -> Iterator[Running]:
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room:
        yield room


def entered(room: Running, page: Page) -> None:
    page.goto(room.url)
    page.get_by_role("button", name="Enter the drill").click()
    expect(page.locator("[data-panel=map]")).to_have_attribute("data-state", "ready")


def longest_street(room: Running) -> str:
    roads = room.room.picture.roads
    arrays = roads.graph.arrays
    named = arrays["road_name"] >= 0
    total = np.bincount(arrays["road_name"][named], arrays["road_mm"][named])
    return roads.street_names()[int(total.argmax())]


def test_a_street_is_closed_by_name_and_opened(up: Running, page: Page) -> None:
    entered(up, page)
    street = longest_street(up)
    page.keyboard.type(f"close {street.lower()} 2h flood")
    body = page.locator("body")
    expect(body).to_contain_text(re.compile(f"Close {street}: flood, until", re.IGNORECASE))
    page.keyboard.press("Enter")
    expect(body).to_contain_text(f"{street} closed")
    (closure,) = up.room.picture.places.closures.values()
    assert (closure.name, closure.why) == (street, "flood")
    assert closure.until_us
    if os.environ.get("CALLOUT_LOOK"):
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            expect(page.locator(".panel.map .canvas")).to_have_attribute(
                "data-drawn", "yes", timeout=30_000
            )
            page.screenshot(path=f"{os.environ['CALLOUT_LOOK']}.{theme}.png")
    page.keyboard.type(f"open {street.lower()[:5]}")
    expect(body).to_contain_text(f"Open {street} again")
    page.keyboard.press("Enter")
    expect(body).to_contain_text(f"{street} open again")
    assert not up.room.picture.places.closures


def test_a_road_is_closed_by_pointing_at_it(up: Running, page: Page) -> None:
    entered(up, page)
    page.keyboard.type("close ")
    expect(page.locator("body")).to_contain_text("Which road?")
    canvas = page.locator(".panel.map canvas").first
    box = canvas.bounding_box()
    assert box
    # Somewhere in the middle there is a road within reach; look for it as a person would.
    for dx, dy in ((0, 0), (40, 20), (-60, 30), (90, -40), (-120, -60), (150, 80)):
        page.mouse.click(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy)
        expect(page.locator("body")).to_contain_text(re.compile("Close .*: blocked, until"))
        page.keyboard.press("Enter")
        try:
            expect(page.locator("body")).to_contain_text(re.compile(".* closed"), timeout=2_000)
        except AssertionError:
            page.keyboard.press("Escape")
            page.keyboard.type("close ")
            continue
        if up.room.picture.places.closures:
            break
    (closure,) = up.room.picture.places.closures.values()
    assert closure.until_us is None
    assert len(closure.stretches) >= 1


def test_a_street_that_is_not_there_is_said(up: Running, page: Page) -> None:
    entered(up, page)
    page.keyboard.type("close nowhere lane of nothing")
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text("no street")
    said = page.locator("body").inner_text()
    assert said.count("Check the spelling") == 1
    page.keyboard.press("Escape")
    page.keyboard.type("open x")
    expect(page.locator("body")).to_contain_text("No road is closed.")


def test_an_area_is_closed_by_its_corners(up: Running, page: Page) -> None:
    entered(up, page)
    page.keyboard.type("close area 2h flood")
    body = page.locator("body")
    expect(body).to_contain_text("Click 3 more corners")
    box = page.locator(".panel.map canvas").first.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((-60, -60), (60, -60), (60, 60), (-60, 60)):
        page.mouse.click(x + dx, y + dy)
    expect(body).to_contain_text("Close the area: flood, until")
    page.keyboard.press("Enter")
    expect(body).to_contain_text("Area closed")
    (closure,) = up.room.picture.places.closures.values()
    assert len(closure.stretches) > 3
