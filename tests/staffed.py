"""A real room with two people of the staff, each with a password."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from callout.access import SYSTEM, Credentials
from callout.access.commands import staff_draft
from callout.base.clock import SystemClock
from callout.journal import Batch, Journal
from running import Running, made_home, running

PASSWORD = "correct horse battery"


@contextmanager
def staffed(folder: Path, city: Path) -> Iterator[Running]:
    """Ana and Rui work here; their passwords are the same."""
    made_home(folder, city, units=4)
    journal = Journal.open(folder, clock=SystemClock())
    credentials = Credentials(journal.state, SystemClock())
    for person in ("ana", "rui"):
        draft = staff_draft(person, "fire", person.title(), ("dispatcher",))
        journal.submit(Batch((draft,), f"staff {person}", SYSTEM.label)).result()
        credentials.set_password(person, PASSWORD, person=person)
    journal.close()
    with running(folder, city, drill=False) as up:
        yield up


def browser(up: Running, *, host: str = "127.0.0.1") -> httpx.Client:
    """Nobody's browser yet: it keeps cookies, and says where its requests come from."""
    url = up.url.replace("127.0.0.1", host)
    return httpx.Client(base_url=url, headers={"origin": url}, timeout=20)


def sign_in(client: httpx.Client, person: str) -> None:
    """By password."""
    answer = client.post("/api/session", json={"name": person, "password": PASSWORD})
    assert answer.status_code == 204, answer.text
