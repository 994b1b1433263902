"""A real room behind a real server, on the made town, for tests of web and main."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from callout.access import SYSTEM, Credentials
from callout.access.commands import staff_draft
from callout.base.clock import SystemClock
from callout.drills.cast import write_cast
from callout.drills.town import make_town
from callout.journal import Batch, Journal
from callout.main import setup
from callout.main.home import Home, open_home
from callout.main.server import build, listen
from callout.places import City, import_city, open_city
from callout.web import Room


def made_city(folder: Path) -> Path:
    """The town of seed 7, imported by the same path as any city; made once a run of tests."""
    city = folder / "city"
    if not city.is_dir():
        make_town(folder / "town.osm.pbf", 7, size="small")
        import_city(folder / "town.osm.pbf", city, progress=lambda _stage, _share: None)
    return city


def made_home(home: Path, city: Path, units: int = 40) -> None:
    """A home with that many units on that city, by the same set-up as anybody's."""
    opened: City = open_city(city)
    note = write_cast(opened, home / "csv", units=units, seed=7)
    assert "stations" in note
    journal = Journal.open(home, clock=SystemClock())
    planned = setup.plan(journal, home / "csv")
    assert not planned.problems
    setup.apply(journal, SYSTEM, planned)
    journal.close()


PASSWORD = "correct horse battery"


class Running(NamedTuple):
    """A server that is up."""

    url: str
    room: Room
    home: Home
    program: str  # a token of scope room
    button: str  # a token of device button-1, scope alarms
    browsers: list[httpx.Client]  # closed at the end, whoever else closes them

    def client(self, token: str | None = None) -> httpx.Client:
        """A client with a token: the program's unless another is given; "" for none."""
        token = self.program if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    def staff(self, person: str, *roles: str, agency: str = "*") -> None:
        """Enrol a person, who can then sign in by their id and ``PASSWORD``."""
        draft = staff_draft(person, agency, f"Name of {person}", roles)
        self.home.journal.append(Batch((draft,), f"staff {person} {roles}", SYSTEM.label))
        Credentials(self.home.journal.state, SystemClock()).set_password(
            person, PASSWORD, person=person
        )

    def signed_in(self, person: str, *roles: str, agency: str = "*") -> httpx.Client:
        """A browser's client of a person with these roles: cookie and origin."""
        self.staff(person, *roles, agency=agency)
        with httpx.Client(base_url=self.url, headers={"Origin": self.url}, timeout=20) as first:
            answer = first.post("/api/session", json={"name": person, "password": PASSWORD})
            assert answer.is_success, answer.text
        client = httpx.Client(
            base_url=self.url, headers={"Origin": self.url}, cookies=first.cookies, timeout=20
        )
        self.browsers.append(client)
        return client


@contextmanager
def running(
    home_folder: Path,
    city: Path,
    *,
    drill: bool = True,
    escalate_s: int = 30,
    tls: tuple[Path, Path] | None = None,
) -> Iterator[Running]:
    """Serve a made home until the block ends."""
    home = open_home(home_folder, SystemClock(), city)
    credentials = Credentials(home.journal.state, SystemClock())
    program = credentials.create_token("program", ("room", "positions", "alarms"))
    button = credentials.create_token("button-1", ("alarms",))
    bound = listen("127.0.0.1", 0)
    port = bound.getsockname()[1]
    up = threading.Event()
    about: dict[str, object] = {"speed": 1, "seed": 7}
    room, server = build(
        home, bound, drill=drill, escalate_s=escalate_s, about=about, tls=tls, ready=up.set
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    assert up.wait(60), "the server did not come up"
    browsers: list[httpx.Client] = []
    try:
        yield Running(
            f"http{'s' if tls else ''}://127.0.0.1:{port}", room, home, program, button, browsers
        )
    finally:
        for browser in browsers:
            browser.close()
        server.should_exit = True
        thread.join(20)
        bound.close()
        home.journal.close()
