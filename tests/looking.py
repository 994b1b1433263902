"""What the tests of the pages share: pictures, an authenticator, sessions moved in time."""

import os
from pathlib import Path

import msgspec
from playwright.sync_api import Page, ViewportSize

from callout.access.sessions import Session
from running import Running

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1680, "height": 1050}


def picture(page: Page, name: str) -> None:
    """Written to docs/pictures when CALLOUT_PICTURES is set, in dark and light; else nothing."""
    if not os.environ.get("CALLOUT_PICTURES"):
        return
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function("word => document.documentElement.dataset.theme === word", arg=theme)
        page.screenshot(path=PICTURES / f"{name}-{theme}.png")
    page.emulate_media(color_scheme="dark")


def localhost(room: Running) -> str:
    """The room by a name: an address cannot have passkeys (WebAuthn 3, 5.1.2)."""
    return room.url.replace("127.0.0.1", "localhost")


def give_authenticator(page: Page) -> None:
    """A platform authenticator of the browser's own that always agrees."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def age_sessions(room: Running, person: str, *, idle_s: int = 0, proved_s: int = 0) -> None:
    """As if the person's consoles had not been touched, and proved, for so much longer."""
    state = room.home.journal.state
    for key, raw in state.items("session"):
        session = msgspec.json.decode(raw, type=Session)
        if session.person != person:
            continue
        session.seen_us -= idle_s * 1_000_000
        session.proved_us -= proved_s * 1_000_000
        room.room.sessions._seen.pop(key, None)  # what was seen since the last write
        ends_us = room.room.clock.now_us() + 3600 * 1_000_000
        state.put("session", key, msgspec.json.encode(session), ends_us)
