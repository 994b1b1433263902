"""Signing in by the page: a passkey first, else a password; errors in words beside the field."""

import re
import time
from base64 import b32decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Page, expect

from looking import give_authenticator, localhost, picture
from running import Running
from staffed import PASSWORD, staffed

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[Running]:
    with staffed(tmp_path_factory.mktemp("sign-in") / "home", town) as running:
        yield running


def by_password(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_wrong_password_is_said_beside_the_field(up: Running, page: Page) -> None:
    page.goto(up.url)
    by_password(page, "rui", "wrong")
    field = page.get_by_label("Password")
    expect(field).to_have_attribute("aria-invalid", "true")
    said = page.locator(f"#{field.get_attribute('aria-describedby')}")
    expect(said).to_contain_text("wrong")
    expect(page.get_by_label("Name")).to_have_value("rui")  # nothing has to be typed again


def test_a_passkey_is_first_signs_in_and_unlocks(up: Running, page: Page) -> None:
    give_authenticator(page)
    page.goto(localhost(up))
    by_password(page, "rui", PASSWORD)
    expect(page.get_by_role("region", name="Queue")).to_be_visible()
    code = up.room.invitations.make("staff", "rui", "person/admin", 3600, {})
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_role("button", name="passkey")).to_have_count(0)  # there is none yet
    page.goto(f"{localhost(up)}/enrol#{code}")
    expect(page.get_by_label("Name of this device")).to_be_visible()
    assert code not in page.url
    page.get_by_role("button", name="Join with a passkey on this device").click()
    expect(page.get_by_role("region", name="Queue")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    button = page.get_by_role("button", name="Sign in with a passkey")
    expect(button).to_be_focused()
    picture(page, "sign-in")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Queue")).to_be_visible()
    page.keyboard.press("Alt+l")
    page.get_by_role("button", name="Unlock with a passkey").click()
    expect(page.get_by_role("region", name="Queue")).to_be_visible()


def test_a_code_is_set_up_asked_for_and_unlocks(up: Running, page: Page) -> None:
    page.goto(up.url)
    by_password(page, "ana", PASSWORD)
    expect(page.get_by_role("region", name="Queue")).to_be_visible()
    page.goto(f"{up.url}/people")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set up a code").click()
    expect(page.locator(".qr svg")).to_be_visible()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    totp = TOTP(b32decode(secret + "=" * (-len(secret) % 8)), 6, SHA1(), 30)

    def code(step: int) -> str:
        """The code of this half minute, or of the next: each is good once."""
        return totp.generate(int(time.time()) + 30 * step).decode()

    page.get_by_label("Code it shows now").fill(code(-1))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".codes li")).to_have_count(10)
    recovery = page.locator(".codes li").first.inner_text()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    by_password(page, "ana", PASSWORD)
    field = page.get_by_label(re.compile("^Code of your authenticator"))
    expect(field).to_be_focused()
    field.fill("000000")
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#wrong-code")).not_to_be_empty()
    field.fill(code(0))
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Queue")).to_be_visible()
    page.keyboard.press("Alt+l")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    field.fill(recovery)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Queue")).to_be_visible()


def test_who_works_at_no_console_is_led_to_their_page(up: Running, page: Page) -> None:
    page.goto(up.url)
    by_password(page, "eva", PASSWORD)
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    assert page.url.endswith("/people")
