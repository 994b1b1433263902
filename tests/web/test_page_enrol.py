"""Invitations by the page: a phone enrolled by its QR code, and cut off when it is revoked."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import segno
from playwright.sync_api import Page, expect

from looking import DESK, PHONE, picture
from running import Running
from staffed import PASSWORD, staffed

pytestmark = pytest.mark.browser


@pytest.fixture
def up(tmp_path: Path, town: Path) -> Iterator[Running]:
    with staffed(tmp_path / "home", town) as running:
        yield running


def open_devices(page: Page, up: Running) -> None:
    page.goto(up.url)
    page.get_by_label("Name").fill("leo")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Queue")).to_be_visible()
    page.get_by_role("link", name="Leo").click()
    page.get_by_role("tab", name="Devices").click()


def dark_modules(svg: str) -> set[tuple[int, int]]:
    """The dark modules of a code drawn as one path of strokes, one row at a time (column, row)."""
    root = ET.fromstring(svg)
    (path,) = [node for node in root.iter() if node.tag.endswith("path") and node.get("stroke")]
    found, x, y = set(), 0.0, 0.0
    for step, numbers in re.findall(r"([Mmh])([-\d. ]*)", path.get("d") or ""):
        parts = [float(part) for part in re.findall(r"-?[\d.]+", numbers)]
        if step == "h":
            found |= {(int(x) + n, int(y)) for n in range(int(parts[0]))}
            x += parts[0]
        else:
            x, y = (parts[0], parts[1]) if step == "M" else (x + parts[0], y + parts[1])
    left, top = min(x for x, _ in found), min(y for _, y in found)
    return {(x - left, y - top) for x, y in found}


def test_a_phone_is_enrolled_by_qr_and_revoked_within_a_second(up: Running, page: Page) -> None:
    open_devices(page, up)
    unit = next(unit for unit in up.room.picture.units.by_number if unit.agency == "fire")
    page.get_by_label("Name of the device").fill("phone-7")
    page.get_by_label("Unit it speaks for").select_option(unit.id)
    page.get_by_role("button", name="Show the code").click()
    url = page.locator(".handed .link").inner_text()
    drawn = page.locator(".handed .qr svg").evaluate("node => node.outerHTML")
    shown = dark_modules(drawn)
    box = page.locator(".handed .qr svg").bounding_box()
    assert box, "the picture is not drawn"
    assert box["height"] > 150, "a phone cannot read it"
    codes = [segno.make(url, error=level, micro=False) for level in "LMQH"]
    meant = [
        {(x, y) for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark}
        for code in codes
    ]
    assert shown in meant, "the picture says something else than the link"
    picture(page, "devices")

    phone = page.context.browser.new_context(viewport={"width": 360, "height": 640})  # type: ignore[union-attr]
    with phone:
        held = phone.new_page()
        held.goto(url)
        expect(held.get_by_role("heading")).to_contain_text(unit.callsign)
        assert held.url == f"{up.url}/enrol"
        wide = "document.documentElement.scrollWidth <= innerWidth"
        assert held.evaluate(wide), "it has to be moved sideways"
        held.set_viewport_size(PHONE)
        picture(held, "enrol")
        held.get_by_role("button", name="Enrol this phone").click()
        expect(held.get_by_role("status")).to_contain_text(unit.callsign)
        asked = "async () => (await fetch('/api/duty')).status"
        assert held.evaluate(asked) == 200
        held.goto("about:blank")
        held.goto(url)  # a code is good once
        expect(held.get_by_role("alert").last).to_contain_text("not valid")

        page.get_by_role("button", name="Done: hide it").click()
        page.get_by_role("button", name="Revoke phone-7").click()
        expect(page.get_by_text("revoked", exact=True)).to_be_visible()
        assert held.evaluate(asked) == 401


def test_an_open_console_is_cut_off_within_a_second(up: Running, page: Page) -> None:
    """The server's own part is timed in test_revocation.py; here it is what a person sees."""
    page.goto(up.url)
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text("Live")
    began = time.monotonic()
    up.room.sessions.close_all("ana")
    page.wait_for_selector("input[name=password]", timeout=5000)
    took_s = time.monotonic() - began
    print(f"cut off after {took_s:.2f} s")
    assert took_s <= 2.0  # the server's second, and the page's own look


def test_a_wrong_code_is_said_in_words(up: Running, page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{up.url}/enrol")
    page.get_by_role("textbox", name="Code").fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("not valid")
    page.set_viewport_size(DESK)
