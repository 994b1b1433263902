"""People of a running room, by their entries, each with a browser of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from callout.access import SYSTEM
from callout.access.board import Staff
from callout.access.commands import staff_draft, start_shift
from callout.base.ids import new_id
from callout.journal import Batch
from running import Running


@contextmanager
def browser(room: Running, person: str, agency: str, *roles: str) -> Iterator[httpx.Client]:
    """A signed-in person's browser; they are enrolled, and on shift."""
    journal, now_us = room.home.journal, room.room.clock.now_us()
    draft = staff_draft(person, agency, f"Name of {person}", roles)
    journal.submit(Batch((draft,), new_id(), SYSTEM.label)).result()
    start_shift(journal, Staff(person, agency, roles, 0), (), now_us=now_us, hours=8).result()
    with httpx.Client(base_url=room.url, headers={"Origin": room.url}, timeout=20) as client:
        client.cookies.set("callout_session", room.room.sessions.open(person, ("password",)))
        # The boards take the entries in a moment later.
        seen = (client.get("/api/session").json()["roles"] for _ in range(200))
        assert any(sorted(found) == sorted(roles) for found in seen)
        yield client
