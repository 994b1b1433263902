"""A locked console: it shows and sounds alarms and maydays, without words and places."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from looking import age_sessions, picture
from running import Running
from staffed import PASSWORD, browser, sign_in, staffed

pytestmark = pytest.mark.browser
SAID = "Zoe Quibble, second floor"
HALF_AN_HOUR_S = 30 * 60 + 5


@pytest.fixture
def up(tmp_path: Path, town: Path) -> Iterator[Running]:
    with staffed(tmp_path / "home", town) as running:
        yield running


@pytest.fixture
def desk(up: Running, page: Page) -> Page:
    """Ana's console, with an incident in the queue and the sound on."""
    page.goto(up.url)
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(queue(page)).to_be_visible()
    with up.client() as api:
        body = {"type": "GAS", "text": SAID, "place": SAID, "agency": "fire"}
        assert api.post("/api/incidents", json=body).status_code == 201
    expect(queue(page)).to_contain_text("Gas smell")
    return page


def queue(page: Page):  # type: ignore[no-untyped-def]
    return page.get_by_role("region", name="Queue")


def strip(page: Page):  # type: ignore[no-untyped-def]
    return page.get_by_role("region", name="Alarms that need an answer")


def press(room: Running, name: str) -> None:
    west, south, east, north = room.room.picture.city.meta["bbox"]
    body = {"device": "button-1", "press": name, "kind": "panic", "text": SAID}
    with room.client(room.button) as api:
        api.post("/api/alarms", json={**body, "lon": (west + east) / 2, "lat": (south + north) / 2})


def watch_for_lost(page: Page) -> None:
    """Remembers whether the page ever says that the connection is lost."""
    page.evaluate(
        """() => {
          window.wasLost = false;
          const look = () => { window.wasLost ||= !!document.querySelector(".bar.lost"); };
          new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
        }"""
    )


def unlock(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


def test_an_alarm_comes_while_locked_and_all_is_there_after(up: Running, desk: Page) -> None:
    desk.keyboard.press("Alt+l")
    lock = desk.get_by_role("main", name="Locked")
    expect(lock).to_contain_text("Ana")
    expect(desk.locator("body")).not_to_contain_text("Gas smell")
    press(up, "while locked")
    expect(strip(desk)).to_contain_text("Panic button")
    expect(desk.locator("[data-sounding=alarm]")).to_be_visible()
    expect(strip(desk)).to_contain_text("0:0")  # its age
    expect(lock).to_be_visible()
    for secret in (SAID, "button-1"):
        assert secret not in desk.content()
    assert SAID not in desk.evaluate("localStorage.getItem('callout.picture') ?? ''")
    picture(desk, "locked")
    desk.get_by_label("Password").fill("wrong")
    desk.keyboard.press("Enter")
    expect(lock).to_contain_text("wrong")
    unlock(desk)
    expect(queue(desk)).to_contain_text("Gas smell")
    expect(queue(desk)).to_contain_text(SAID)
    expect(strip(desk)).to_contain_text(SAID)
    expect(strip(desk)).to_contain_text("button-1")
    expect(desk.locator("[data-sounding=alarm]")).to_be_visible()


def test_keys_do_nothing_to_the_room_behind_the_lock(up: Running, desk: Page) -> None:
    press(up, "before")
    expect(strip(desk)).to_contain_text("Panic button")
    desk.keyboard.press("Alt+l")
    expect(desk.get_by_role("main", name="Locked")).to_be_visible()
    before = up.home.journal.head()
    desk.keyboard.press("F2")
    desk.locator(".lock h1").click()
    desk.keyboard.type("mayday e1")
    desk.keyboard.press("Enter")
    expect(strip(desk)).to_contain_text("Panic button")
    entries = up.home.journal.read(before - 1, 500, up.home.journal.head())
    assert not any(entry.type.startswith(("AlarmAck", "Mayday")) for entry in entries)
    desk.reload()  # a locked session stays so, whatever is done to the page
    expect(desk.get_by_role("main", name="Locked")).to_be_visible()
    expect(strip(desk)).to_contain_text("Panic button")
    assert SAID not in desk.content()


def test_idle_it_locks_but_not_while_a_mayday_is_open(up: Running, desk: Page) -> None:
    lock = desk.get_by_role("main", name="Locked")
    unit = next(unit for unit in up.room.picture.units.by_number if unit.agency == "fire")
    with up.client() as api:
        assert api.post(f"/api/units/{unit.id}/status", json={"mayday": True}).status_code == 200
    expect(desk.locator(".bar.mayday")).to_contain_text(unit.callsign)
    age_sessions(up, "ana", idle_s=HALF_AN_HOUR_S)
    # The server looks at each console once a second: two more seconds of its clock on the wall.
    wall = desk.locator(".wall")
    for _ in range(3):
        expect(wall).not_to_have_text(wall.inner_text())
    expect(lock).to_have_count(0)
    expect(queue(desk)).to_contain_text("Gas smell")
    with browser(up) as rui:  # only a person ends one, and Ana would no longer be idle
        sign_in(rui, "rui")
        rui.post(f"/api/units/{unit.id}/status", json={"mayday": False})
    expect(lock).to_contain_text("half an hour")
    expect(desk.locator(".bar.mayday")).to_have_count(0)
    unlock(desk)
    expect(queue(desk)).to_contain_text("Gas smell")


def test_a_mayday_is_seen_and_heard_on_a_locked_console(up: Running, desk: Page) -> None:
    unit = next(unit for unit in up.room.picture.units.by_number if unit.agency == "fire")
    desk.keyboard.press("Alt+l")
    expect(desk.get_by_role("main", name="Locked")).to_be_visible()
    with up.client() as api:
        api.post(f"/api/units/{unit.id}/status", json={"mayday": True})
    expect(desk.locator(".bar.mayday")).to_contain_text(unit.callsign)
    expect(desk.locator("[data-sounding=mayday]")).to_be_visible()


def test_twelve_hours_are_said_to_be_the_reason(up: Running, desk: Page) -> None:
    age_sessions(up, "ana", proved_s=12 * 3600 + 5)
    lock = desk.get_by_role("main", name="Locked")
    expect(lock).to_contain_text("Twelve hours")
    unlock(desk)
    expect(queue(desk)).to_contain_text("Gas smell")


def test_a_locked_drill_is_unlocked_by_one_click(room: Running, page: Page) -> None:
    page.goto(room.url)
    page.get_by_role("button").filter(has_text="drill").first.click()
    expect(page.get_by_role("region", name="Queue")).to_be_visible()
    page.keyboard.press("Alt+l")
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    watch_for_lost(page)
    page.get_by_role("button", name="Back to the drill").click()
    expect(page.get_by_role("region", name="Units by status")).to_contain_text("E1")
    expect(page.get_by_role("heading", name="Locked")).to_have_count(0)
    assert page.evaluate("wasLost") is False
