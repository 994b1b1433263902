"""A name that is a script is shown as text and runs nothing: in the page, on paper, in answers.

CVE-2022-25507, FreeTAKServer-UI: a callsign ``<img src onerror=…>`` in an emergency ran in every
operator's page. CVE-2023-45671, Frigate: cross-site scripting through the name of a camera in a
path (only the class could be looked up).
"""

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from callout.access import SYSTEM
from callout.base.clock import SystemClock
from callout.base.geo import lonlat
from callout.drills.cast import write_cast
from callout.journal import Journal
from callout.main import setup
from callout.places import open_city
from callout.places.board import PlacesBoard
from callout.places.commands import draw_areas
from callout.places.events import AreaDrawn
from callout.places.geojson import Drawn
from callout.places.sheet import draw_sheet
from callout.places.sheet_ink import written
from callout.places.sheet_names import Name
from running import Running, running

_NAMED = {
    "agencies.csv": ("name",),
    "stations.csv": ("name",),
    "units.csv": ("callsign", "kind"),
    "staff.csv": ("name",),
    "types.csv": ("name",),
}


def script(where: str) -> str:
    """A name that says where it stands, and would say so to the page if it ran."""
    return f"<img src=x onerror=\"ran('{where}')\"><script>ran('{where}')</script>{where}"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[Running]:
    """A room in which every name that can be given is a script."""
    home = tmp_path_factory.mktemp("home")
    with closing(open_city(town)) as city:
        write_cast(city, home / "csv", units=6, seed=7)
        centre = lonlat(*city.meta["center"])
    for file, columns in _NAMED.items():
        path = home / "csv" / file
        with path.open(newline="", encoding="utf-8") as read:
            rows = list(csv.DictReader(read))
        for row in rows:
            row |= {column: script(f"{file[:-4]}-{column}") for column in columns}
        with path.open("w", newline="", encoding="utf-8") as write:
            out = csv.DictWriter(write, list(rows[0]))
            out.writeheader()
            out.writerows(rows)
    journal = Journal.open(home, clock=SystemClock())
    planned = setup.plan(journal, home / "csv")
    assert not planned.problems
    setup.apply(journal, SYSTEM, planned)
    site = AreaDrawn(kind="key_site", name=script("area"), text=script("site"), point=centre)
    drawn = draw_areas(journal, SYSTEM, PlacesBoard(), [Drawn("K1", site)])
    assert drawn is not None
    drawn.result()
    journal.close()
    with running(home, town) as up:
        yield up


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without its content policy, which would hide a script that got in."""
    context = browser.new_context(bypass_csp=True, viewport={"width": 1680, "height": 1050})
    opened = context.new_page()
    opened.add_init_script("window.told = []; window.ran = (where) => window.told.push(where)")
    yield opened
    context.close()


def told(page: Page) -> list[str]:
    """What ran, and what stands in the page as an element though it was a name."""
    found: list[str] = page.evaluate(
        "[...window.told, ...[...document.querySelectorAll('img[src=\"x\"], body script')]"
        ".filter((e) => !e.src || e.tagName === 'IMG').map((e) => e.outerHTML)]"
    )
    return found


@pytest.mark.browser
def test_a_name_that_is_a_script_is_text_in_the_page(room: Running, page: Page) -> None:
    lon, lat = room.room.picture.city.meta["center"]
    page.goto(room.url)
    page.get_by_role("button", name="Enter the drill").click()
    with room.client("") as nobody:
        press = {"device": script("device"), "press": "1", "kind": "panic", "text": script("said")}
        assert nobody.post("/api/alarms", json=press).status_code == 201
    expect(page.get_by_role("region", name="Alarms that need an answer")).to_contain_text(
        script("said")
    )
    with room.client() as api:
        body = {"type": "FALL", "lon": lon, "lat": lat, "text": script("text")}
        made = api.post("/api/incidents", json={**body, "place": script("place")}).json()
        path = f"/api/incidents/{made['id']}"
        api.post(f"{path}/notes", json={"text": script("note")})
        shut = {"why": "flood", "points": [[lon, lat]], "name": script("closure")}
        assert api.post("/api/closures", json=shut).status_code == 201
        seen = api.get(f"{path}/recommendation").json()
        unit = seen["ranked"][0]["unit"]
        api.post(f"{path}/assignments", json={"units": [unit], "seq": seen["seq"]})
    queue = page.get_by_role("region", name="Queue")
    expect(queue).to_contain_text(script("types-name"))
    queue.get_by_text("types-name").first.click()
    card = page.get_by_role("region", name="Incident", exact=True)
    for where in ("text", "place", "note", "area", "site", "types-name", "units-callsign"):
        expect(card).to_contain_text(script(where))
    expect(page.get_by_role("region", name="Units by status")).to_contain_text(
        script("units-callsign")
    )
    page.keyboard.type("open ")
    expect(page.locator("body")).to_contain_text("closure")
    assert told(page) == []
    # What would have been seen, had one of them got in:
    page.evaluate("(name) => { document.body.innerHTML = name }", script("planted"))
    page.wait_for_function("window.told.includes('planted')")
    assert len(told(page)) >= 2


def test_a_name_that_is_a_script_is_text_on_paper(town: Path) -> None:
    with closing(open_city(town)) as city:
        centre = lonlat(*city.meta["center"])
        svg = draw_sheet(city, centre, title=script("title"), day=script("day"), wide_km=0.5)
    sheet = ET.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in sheet.iter()}
    assert not tags & {"script", "img", "image", "foreignObject", "a", "iframe"}
    assert not [key for element in sheet.iter() for key in element.attrib if key.startswith("on")]
    texts = {element.text for element in sheet.iter()}
    assert {script("title"), script("day")} <= texts
    name = ET.fromstring(written(Name(script("name"), 1.0, 1.0, 2.0)))
    assert (name.text, list(name)) == (script("name"), [])


@pytest.mark.parametrize(
    "path", ["/api/{}", "/api/incidents/{}", "/api/units/{}/status", "/assets/{}", "/log/tile/{}"]
)
def test_a_script_in_a_path_comes_back_as_no_page(room: Running, path: str) -> None:
    token = room.room.credentials.create_token("asking", ("room", "audit"))
    named = path.format("%3Cscript%3Eran(1)%3C%2Fscript%3E")
    headers = {"Authorization": f"Bearer {token}"}
    method = "POST" if path.endswith("status") else "GET"
    body = {"status": "available"} if method == "POST" else None
    answer = httpx.request(method, room.url + named, json=body, headers=headers)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
