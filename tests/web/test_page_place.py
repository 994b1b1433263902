"""The place field in a real browser: a misspelt street is found, a pin is marked UNVERIFIED."""

import pytest
from playwright.sync_api import Page, expect

from running import Running

pytestmark = pytest.mark.browser


def taking_a_call(room: Running, page: Page) -> None:
    page.goto(room.url)
    page.get_by_role("button", name="Enter the drill").click()
    expect(page.get_by_role("region", name="Queue")).to_be_visible()
    page.keyboard.type("new")
    page.keyboard.press("Enter")
    expect(page.locator("#place")).to_be_focused()


def opened(room: Running, page: Page) -> str:
    """Opens the incident of the form; its id."""
    before = set(room.room.picture.incidents.incidents)
    page.locator("input[name=type]").first.check(force=True)
    page.get_by_role("button", name="Open").last.click()
    expect(page.locator("#place")).to_have_count(0)
    (incident,) = set(room.room.picture.incidents.incidents) - before
    return incident


def test_a_misspelt_street_is_found_and_taken(room: Running, page: Page) -> None:
    name = next(
        place.name
        for place in room.room.picture.city.pois("street")
        if len(place.name) > 12 and not room.room.picture.city.search(place.name)[0].ambiguous
    )
    taking_a_call(room, page)
    page.locator("#place").fill(name[:3] + name[4:].lower())
    expect(page.get_by_role("option").first).to_contain_text(name)
    page.locator("#place").press("Enter")
    expect(page.locator("#place")).to_have_value(name)
    incident = opened(room, page)
    with room.client() as api:
        place = api.get(f"/api/incidents/{incident}").json()["place"]
    assert (place["name"], place["verified"]) == (name, True)


def test_what_was_said_and_a_pin_are_used_at_once(room: Running, page: Page) -> None:
    taking_a_call(room, page)
    page.locator("#place").fill("behind the qqqzzz")
    page.locator("canvas").first.click(position={"x": 300, "y": 300})
    incident = opened(room, page)
    with room.client() as api:
        place = api.get(f"/api/incidents/{incident}").json()["place"]
    assert (place["name"], place["verified"]) == ("behind the qqqzzz", False)
    expect(page.get_by_role("region", name="Queue")).to_contain_text("UNVERIFIED behind the qqqzzz")
