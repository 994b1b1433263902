"""The console when the machine hangs, fills up or stops recording: nothing typed is lost."""

import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from apart import free_port, lost_after_ms, server, token_of
from running import made_home, running

sys.path.insert(0, str(Path(__file__).parents[1] / "journal" / "losing"))

from fault_full import fill, small_disk

pytestmark = pytest.mark.browser
KEPT = "localStorage.getItem('callout.picture')"
AT = {"lon": -28.5, "lat": 46.0}


def enter(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Enter the drill").click()
    expect(page.locator("body")).to_contain_text("Live")


def until(page: Page, words: str, arg: Any = None) -> None:
    page.wait_for_function(words, arg=arg, timeout=30_000)


def older(page: Page, seconds: int) -> None:
    """The kept picture, as it is after that many seconds."""
    page.evaluate(
        """s => { const kept = JSON.parse(localStorage.getItem("callout.picture"));
            kept.localMs -= s * 1000; kept.serverMs -= s * 1000;
            localStorage.setItem("callout.picture", JSON.stringify(kept)); }""",
        seconds,
    )


def look(page: Page, name: str) -> None:
    if os.environ.get("CALLOUT_LOOK"):
        page.screenshot(path=f"{os.environ['CALLOUT_LOOK']}.{name}.png")


def typed(page: Page, text: str) -> None:
    page.locator("#command").fill(text)
    page.keyboard.press("Enter")


def test_a_hung_server_is_away_for_a_reload_and_a_command_too(
    tmp_path: Path, town: Path, page: Page
) -> None:
    home, port = tmp_path / "home", free_port()
    made_home(home, town, units=6)
    token, url = token_of(home), f"http://127.0.0.1:{port}"
    with server(home, town, port) as process:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as api:
            number = api.post("/api/incidents", json={"type": "GAS", **AT}).json()["number"]
            unit = api.get("/api/units").json()["units"][0]
            assert api.post("/api/positions", json={"unit": unit["id"], **AT}).status_code == 202
        enter(page, url)
        until(page, f"() => ({KEPT} ?? '').includes('\"source\":\"device\"')")
        until(page, "async () => !!(await (await caches.open('callout-page-1')).match('/'))")
        until(
            page,
            """async () => (await (await caches.open("callout-page-1")).keys())
            .filter(({ url }) => /maplibre-gl-worker|tiles.(11|12)/.test(url)).length > 5""",
        )
        page.locator("#command").fill(f"n {number} ladder is late")
        os.kill(process.pid, signal.SIGSTOP)
        page.keyboard.press("Enter")
        assert lost_after_ms(page) <= 3_000
        expect(page.locator(".said")).to_contain_text("recorded or not", timeout=15_000)
        expect(page.locator("#command")).to_have_value(f"n {number} ladder is late")
        older(page, 300)
        page.reload()
        expect(page.locator(".bar.lost")).to_contain_text("Kept on this machine", timeout=15_000)
        expect(page.locator(".bar.lost .big")).to_contain_text(re.compile(r"5:\d\d"))
        expect(page.locator(".not-live")).to_contain_text(re.compile("[56] min old"))
        # The streets too: the map's worker and the city's tiles are here.
        expect(page.locator("[data-panel=map]")).to_have_attribute(
            "data-state", "ready", timeout=20_000
        )
        typed(page, f"u {unit['callsign'].lower()}")
        expect(page.locator("footer")).to_contain_text(re.compile("position [56] min old"))
        look(page, "hung")
        os.kill(process.pid, signal.SIGCONT)
        expect(page.locator(".bar.lost")).to_have_count(0, timeout=20_000)
        expect(page.locator(".bar.away")).to_contain_text("taken anew")
        expect(page.locator(".bar.away")).not_to_contain_text("Nothing changed")


def test_what_is_too_old_or_no_picture_is_not_shown(tmp_path: Path, town: Path, page: Page) -> None:
    home, port = tmp_path / "home", free_port()
    made_home(home, town, units=6)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    with server(home, town, port):
        enter(page, f"http://127.0.0.1:{port}")
        until(page, f"() => !!{KEPT}")
        until(page, "async () => !!(await (await caches.open('callout-page-1')).match('/'))")
    expect(page.locator(".bar.lost")).to_be_visible()
    picture = page.evaluate(KEPT)
    older(page, 12 * 3600 + 1)
    for kept in (None, "{", picture.replace('"format":1', '"format":0')):
        if kept is not None:
            page.evaluate("text => localStorage.setItem('callout.picture', text)", kept)
        page.reload()
        expect(page.locator("body")).to_contain_text("No answer from callout")
        assert page.evaluate(KEPT) is None
    page.evaluate("text => localStorage.setItem('callout.picture', text)", picture)
    page.reload()
    expect(page.locator(".bar.lost")).to_contain_text("Kept on this machine")
    assert wrong == []


def test_notes_wait_while_the_disk_is_full(tmp_path: Path, town: Path, page: Page) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with small_disk(tmp_path / "disk", 24) as disk:
        home = disk / "home"
        made_home(home, town, units=6)
        token = token_of(home)
        with (
            server(home, town, port) as process,
            httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as api,
        ):
            made = api.post("/api/incidents", json={"type": "GAS", **AT}).json()
            enter(page, url)
            look(page, "low")
            ballast = fill(disk, 0)
            press = {"device": "d", "kind": "panic", "text": "x" * 900}
            number = 0
            while api.post("/api/alarms", json={**press, "press": str(number)}).is_success:
                number += 1
                assert number < 5000, "the disk is never full"
            typed(page, f"n {made['number']} first")
            expect(page.locator(".said")).to_contain_text("The disk is full")
            expect(page.locator(".said")).to_contain_text("try again")
            expect(page.locator("#command")).to_have_value(f"n {made['number']} first")
            expect(page.locator(".bar.storage")).to_contain_text("Use the radio and paper")
            look(page, "full")
            os.kill(process.pid, signal.SIGSTOP)
            expect(page.locator(".bar.lost")).to_be_visible()
            typed(page, f"n {made['number']} second")
            expect(page.locator("footer")).to_contain_text("Waiting here: 1 entry")
            with page.expect_response(lambda answer: answer.url.endswith("/notes")) as refused:
                os.kill(process.pid, signal.SIGCONT)
            assert refused.value.status == 507
            expect(page.locator("footer")).to_contain_text("Not recorded yet: 1 entry")
            look(page, "waiting")
            ballast.unlink()
            page.get_by_role("button", name="Try again").click()
            expect(page.locator("footer")).not_to_contain_text("Not recorded yet")
            log = api.get(f"/api/incidents/{made['id']}").json()["log"]
            assert sum("second" in line["words"] for line in log) == 1


def test_a_journal_that_stopped_is_said_and_what_is_typed_stays(
    tmp_path: Path, town: Path, page: Page
) -> None:
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room:
        with room.client() as api:
            number = api.post("/api/incidents", json={"type": "GAS", **AT}).json()["number"]
        enter(page, room.url)
        writer = room.home.journal._writer
        assert writer is not None
        writer.close()
        typed(page, f"n {number} cellar door")
        expect(page.locator(".bar.storage")).to_contain_text("The journal has stopped")
        expect(page.locator(".bar.storage")).to_contain_text("Use the radio and paper")
        expect(page.locator(".said")).to_contain_text("What you typed is kept")
        expect(page.locator("#command")).to_have_value(f"n {number} cellar door")
        expect(page.get_by_role("region", name="Queue")).to_contain_text("Gas smell")
        look(page, "stopped")


def test_signing_out_in_one_tab_ends_the_kept_picture_of_all(
    tmp_path: Path, town: Path, page: Page
) -> None:
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room:
        enter(page, room.url)
        other = page.context.new_page()
        other.goto(room.url)
        expect(other.locator("body")).to_contain_text("Live")
        until(other, f"() => !!{KEPT}")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Enter the drill")).to_be_visible()
        # The other page keeps each ten seconds: once more would be seen.
        start = other.evaluate("performance.now()")
        until(other, "start => performance.now() > start + 11_000", start)
        assert other.evaluate(KEPT) is None
        other.close()


def test_an_erasure_writes_the_kept_picture_anew(tmp_path: Path, town: Path, page: Page) -> None:
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room:
        with room.client() as api:
            made = api.post("/api/incidents", json={"type": "GAS", "text": "x", **AT}).json()["id"]
            assert api.post(f"/api/incidents/{made}/close", json={}).is_success
        enter(page, room.url)
        until(page, f"() => ({KEPT} ?? '').includes('\"erased\":false')")
        before = page.evaluate(f"JSON.parse({KEPT}).serverMs")
        until(page, f"was => JSON.parse({KEPT}).serverMs > was", before)
        with room.signed_in("sup", "supervisor") as api:
            assert api.post(f"/api/incidents/{made}/erase", json={"reason": "request"}).is_success
        # The next regular one is ten seconds away.
        page.wait_for_function(f"() => {KEPT}.includes('\"erased\":true')", timeout=6_000)


def test_a_browser_without_room_loads_the_page_all_the_same(
    tmp_path: Path, town: Path, page: Page
) -> None:
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room:
        enter(page, room.url)
        until(page, "() => !!navigator.serviceWorker.controller")
        page.evaluate("caches.delete('callout-page-1')")
        browser = page.context.new_cdp_session(page)
        browser.send("Storage.overrideQuotaForOrigin", {"origin": room.url, "quotaSize": 1})
        page.reload()
        expect(page.get_by_role("region", name="Queue")).to_be_visible()
        assert page.evaluate("caches.open('callout-page-1').then(c => c.match('/'))") is None
