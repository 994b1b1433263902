"""The control-room page in a real browser: one alarm, from press to send, by keyboard."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from running import Running, made_home, running

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def centre(room: Running) -> tuple[float, float]:
    west, south, east, north = room.room.picture.city.meta["bbox"]
    return (west + east) / 2, (south + north) / 2


def pressed(room: Running, press: str, *, fix: bool = True, text: str = "") -> str:
    lon, lat = centre(room)
    body = {"device": "button-1", "press": press, "kind": "panic", "text": text}
    if fix:
        body |= {"lon": lon, "lat": lat}  # type: ignore[dict-item]
    with room.client(room.button) as api:
        return str(api.post("/api/alarms", json=body).json()["id"])


@pytest.fixture
def desk(room: Running, page: Page) -> Iterator[Page]:
    """The page of somebody who has entered the drill."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    page.goto(room.url)
    page.get_by_role("button", name="Enter the drill").click()
    expect(page.get_by_role("region", name="Queue")).to_be_visible()
    expect(page.locator("body")).to_contain_text("DRILL")
    yield page
    assert errors == []


def test_one_alarm_by_keyboard_and_no_request_leaves(room: Running, desk: Page) -> None:
    hosts: set[str] = set()

    def note(request: Request) -> None:
        if request.url.startswith(("http", "ws")):
            hosts.add(urlsplit(request.url).netloc)

    desk.on("request", note)
    desk.reload()
    alarm = pressed(room, "keyboard", text="He is still in there")
    strip = desk.get_by_role("region", name="Alarms that need an answer")
    expect(strip).to_contain_text("button-1")
    desk.keyboard.press("F2")
    form = desk.get_by_role("region", name="New incident")
    expect(form).to_be_visible()
    form.get_by_text("House fire", exact=False).first.click()
    desk.keyboard.press("Control+Enter")
    card = desk.get_by_role("region", name="Incident", exact=True)
    expect(card).to_contain_text("House fire")
    who = desk.get_by_role("region", name="Who should go")
    expect(who).to_contain_text("by road")
    expect(who.get_by_role("button", name=re.compile("^Send ")).first).to_be_visible()
    with room.client() as api:
        (incident,) = [
            i for i in api.get("/api/incidents").json()["incidents"] if alarm in i["alarms"]
        ]
        best = api.get(f"/api/incidents/{incident['id']}/recommendation").json()
    unit = best["ranked"][0]["callsign"]
    desk.keyboard.type(f"d {incident['number']} {unit.lower()}")
    expect(desk.locator("body")).to_contain_text(f"Send {unit}")
    desk.keyboard.press("Enter")
    expect(card).to_contain_text(unit)
    with room.client() as api:
        seen = api.get(f"/api/incidents/{incident['id']}").json()
    assert [part["id"] for part in seen["units"]] == [best["ranked"][0]["unit"]]
    assert seen["state"] == "active"
    assert hosts == {urlsplit(room.url).netloc}


def test_an_alarm_without_a_fix_says_so(room: Running, desk: Page) -> None:
    pressed(room, "nowhere", fix=False)
    strip = desk.get_by_role("region", name="Alarms that need an answer")
    expect(strip).to_contain_text("no fix")


def test_a_wrong_command_is_said_in_words(room: Running, desk: Page) -> None:
    before = room.home.journal.head()
    desk.keyboard.type("d 9999 zz9")
    desk.keyboard.press("Enter")
    expect(desk.locator("body")).to_contain_text(re.compile("9999|zz9", re.IGNORECASE))
    assert room.home.journal.head() == before


def test_two_pages_show_the_same(room: Running, desk: Page) -> None:
    other = desk.context.new_page()
    other.goto(room.url)
    expect(other.get_by_role("region", name="Queue")).to_be_visible()
    lon, lat = centre(room)
    with room.client() as api:
        made = api.post("/api/incidents", json={"type": "GAS", "lon": lon, "lat": lat}).json()
    for page in (desk, other):
        expect(page.get_by_role("region", name="Queue")).to_contain_text(f"{made['number']}")
        expect(page.get_by_role("region", name="Queue")).to_contain_text("Gas smell")
    other.close()


def test_a_lost_connection_cannot_be_missed(tmp_path: Path, town: Path, page: Page) -> None:
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room:
        page.goto(room.url)
        page.get_by_role("button", name="Enter the drill").click()
        expect(page.locator("body")).to_contain_text("Live")
        expect(page.get_by_role("region", name="Units by status")).to_contain_text("E1")
    expect(page.locator("body")).to_contain_text("Not live", timeout=15_000)
    expect(page.locator("body")).to_contain_text("Connection lost")


def test_a_real_room_asks_for_a_password(tmp_path: Path, town: Path, page: Page) -> None:
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town, drill=False) as room:
        room.staff("ana", "dispatcher", agency="fire")
        page.goto(room.url)
        page.get_by_label("Name").fill("ana")
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.locator("body")).to_contain_text("wrong")
        page.get_by_label("Password").fill("correct horse battery")
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name="Queue")).to_be_visible()
        expect(page.locator("body")).not_to_contain_text("DRILL")


@pytest.mark.slow
def test_picture_of_a_town_at_work(tmp_path: Path, town: Path, page: Page) -> None:
    """The README's picture: written when CALLOUT_PICTURES is set, looked at always."""
    made_home(tmp_path / "home", town, units=40)
    with running(tmp_path / "home", town) as room:
        command = [sys.executable, "-m", "callout.drills.play", "--url", room.url]
        command += ["--city", str(town), "--speed", "6", "--units", "40"]
        environment = {**os.environ, "CALLOUT_DRILL_TOKEN": room.program}
        with subprocess.Popen(command, env=environment) as players:
            try:
                page.goto(room.url)
                page.get_by_role("button", name="Enter the drill").click()
                page.keyboard.press("F8")
                queue = page.get_by_role("region", name="Queue")
                board = page.get_by_role("region", name="Units by status")
                expect(board).to_contain_text(re.compile(r"On scene\s*[1-9]"), timeout=90_000)
                pressed(room, "picture", text="Two men are fighting at the gate")
                lon, lat = centre(room)
                body = {
                    "type": "HOUSEFIRE",
                    "lon": lon + 0.004,
                    "lat": lat + 0.006,
                    "text": "Smoke is coming out of the second floor. My neighbour is in there.",
                }
                with room.client() as api:
                    made = api.post("/api/incidents", json=body).json()
                row = queue.get_by_text("House fire").first
                row.click()
                who = page.get_by_role("region", name="Who should go")
                expect(who.get_by_role("button", name=re.compile("^Send ")).first).to_be_visible()
                expect(page.locator("[data-panel=map]")).to_have_attribute("data-state", "ready")
                page.keyboard.type(f"d {made['number']} ")
                page.keyboard.press("Tab")
                expect(page.locator("body")).to_contain_text(re.compile("Send [A-Z]+[0-9]+ to"))
                expect(page.locator(".panel.map .canvas")).to_have_attribute(
                    "data-drawn", "yes", timeout=30_000
                )
                picture = tmp_path / "control-room.png"
                page.screenshot(path=picture)
                assert picture.stat().st_size > 100_000, "the picture is nearly empty"
                if os.environ.get("CALLOUT_PICTURES"):
                    PICTURES.mkdir(exist_ok=True)
                    (PICTURES / "control-room.png").write_bytes(picture.read_bytes())
            finally:
                players.terminate()
