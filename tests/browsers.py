"""People of a running room, by their entries, each with a browser of their own."""

import httpx

from callout.access import SYSTEM
from callout.access.board import Staff
from callout.access.commands import staff_draft, start_shift
from callout.base.ids import new_id
from callout.journal import Batch
from running import Running


def browser(room: Running, person: str, agency: str, *roles: str) -> httpx.Client:
    """A signed-in person's browser; they are enrolled, and on shift."""
    journal, now_us = room.home.journal, room.room.clock.now_us()
    draft = staff_draft(person, agency, f"Name of {person}", roles)
    journal.submit(Batch((draft,), new_id(), SYSTEM.label)).result()
    start_shift(journal, Staff(person, agency, roles, 0), (), now_us=now_us, hours=8).result()
    client = httpx.Client(base_url=room.url, headers={"Origin": room.url}, timeout=20)
    client.cookies.set("callout_session", room.room.sessions.open(person, ("password",)))
    for _ in range(200):  # the boards take the entries in a moment later
        if sorted(client.get("/api/session").json()["roles"]) == sorted(roles):
            return client
    raise AssertionError(f"{person} is not in the picture")
