"""The console when the machine fails: lost within 3 s, and a reload still shows who is on what."""

import json
import os
import signal
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from apart import free_port, lost_after_ms, server, token_of
from running import made_home, running

pytestmark = pytest.mark.browser
SECRET = "Zoe Quibble, second floor"


def test_a_reload_without_the_server_shows_the_last_picture(
    tmp_path: Path, town: Path, page: Page
) -> None:
    home, port = tmp_path / "home", free_port()
    made_home(home, town, units=6)
    token, url = token_of(home), f"http://127.0.0.1:{port}"
    with server(home, town, port) as process:
        page.goto(url)
        page.get_by_role("button", name="Enter the drill").click()
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as api:
            body = {"type": "GAS", "text": SECRET, "place": SECRET, "lon": -28.5, "lat": 46.0}
            number = api.post("/api/incidents", json=body).json()["number"]
        queue = page.get_by_role("region", name="Queue")
        expect(queue).to_contain_text("Gas smell")
        page.wait_for_function(
            "word => (localStorage.getItem('callout.picture') ?? '').includes(word)",
            arg=f'"number":{number}',
            timeout=30_000,
        )
        page.wait_for_function(
            "async () => !!(await (await caches.open('callout-page-1')).match('/'))",
            timeout=30_000,
        )
        kept = page.evaluate("localStorage.getItem('callout.picture')")
        assert SECRET not in kept
        assert "Quibble" not in json.dumps(json.loads(kept))
        os.kill(process.pid, signal.SIGKILL)
        assert lost_after_ms(page) <= 3_000
    page.reload()
    expect(page.locator(".bar.lost")).to_contain_text("Kept on this machine")
    expect(page.locator("body")).to_contain_text("Not live")
    expect(queue).to_contain_text("Gas smell")
    expect(page.get_by_role("region", name="Units by status")).to_contain_text("E1")
    if os.environ.get("CALLOUT_LOOK"):
        page.screenshot(path=os.environ["CALLOUT_LOOK"])
    with server(home, town, port):
        expect(page.locator(".bar.lost")).to_have_count(0, timeout=20_000)
        expect(queue).to_contain_text(SECRET)
        expect(queue.get_by_text("Gas smell")).to_have_count(1)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Enter the drill")).to_be_visible()
        assert page.evaluate("localStorage.getItem('callout.picture')") is None


def test_a_server_that_hangs_is_lost_too(tmp_path: Path, town: Path, page: Page) -> None:
    home, port = tmp_path / "home", free_port()
    made_home(home, town, units=6)
    with server(home, town, port) as process:
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_role("button", name="Enter the drill").click()
        expect(page.locator("body")).to_contain_text("Live")
        os.kill(process.pid, signal.SIGSTOP)
        assert lost_after_ms(page) <= 3_000
        os.kill(process.pid, signal.SIGCONT)
        expect(page.locator(".bar.lost")).to_have_count(0, timeout=20_000)


def test_the_disk_is_a_bar(tmp_path: Path, town: Path, page: Page) -> None:
    made_home(tmp_path / "home", town, units=6)
    with running(tmp_path / "home", town) as room:
        page.goto(room.url)
        page.get_by_role("button", name="Enter the drill").click()
        expect(page.locator("body")).to_contain_text("Live")
        expect(page.locator(".bar.storage")).to_have_count(0)
        journal = room.home.journal
        for level, said in (
            ("low", "812 MB left"),
            ("reserve", "Make room now"),
            ("full", "Use the radio and paper"),
        ):
            found = journal.storage()._replace(level=level, free_bytes=812 << 20)
            journal.storage = lambda found=found: found  # type: ignore[method-assign]
            expect(page.locator(".bar.storage")).to_contain_text(said, timeout=10_000)
            if os.environ.get("CALLOUT_LOOK"):
                page.screenshot(path=f"{os.environ['CALLOUT_LOOK']}.{level}.png")
        del journal.storage  # type: ignore[attr-defined]
        expect(page.locator(".bar.storage")).to_have_count(0, timeout=10_000)
