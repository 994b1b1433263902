"""Pictures of cities, by the page itself: the made town and Porto, dark and light."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from callout.base.geo import lonlat
from callout.places import import_city, open_city
from callout.places.sheet import draw_sheet
from running import Running, made_home, running

pytestmark = pytest.mark.browser
FRONTEND = Path(__file__).parents[2] / "frontend" / "src" / "map"
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
MOST_BYTES = 400_000
SIZE = {"width": 720, "height": 460}
# Only the map, cut out of a window in which the page lays out all its parts.
WINDOW = {"width": 1280, "height": 800}
ALONE = """() => {
  const panel = document.querySelector(".panel.map");
  Object.assign(panel.style, {
    position: "fixed", inset: "0 auto auto 0", zIndex: "1000", width: "720px", height: "460px",
  });
  for (const part of panel.querySelectorAll(".tools, .legend")) part.style.display = "none";
}"""


@pytest.fixture(scope="module")
def porto(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = os.environ.get("CALLOUT_DATA")
    if not data:
        pytest.skip("CALLOUT_DATA is not set")
    folder = tmp_path_factory.mktemp("porto") / "porto"
    import_city(Path(data) / "osm" / "porto.osm.pbf", folder)
    return folder


def map_of(browser: Browser, room: Running, theme: str) -> Iterator[Page]:
    context = browser.new_context(viewport=WINDOW, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    page.goto(room.url)
    page.get_by_role("button", name="Enter the drill").click()
    expect(page.locator("[data-panel=map]")).to_have_attribute(
        "data-state", "ready", timeout=60_000
    )
    page.evaluate(ALONE)
    yield page
    context.close()
    assert errors == []


def shot(page: Page, lon: float, lat: float, zoom: float, path: Path) -> bytes:
    """What the map shows there, when nothing is left to draw."""
    canvas = page.locator(".panel.map .canvas")
    view = {"center": [lon, lat], "zoom": zoom}
    canvas.evaluate(
        """(box, view) => { box.dataset.drawn = "no";
           box.dispatchEvent(new CustomEvent("callout-view", { detail: view })); }""",
        view,
    )
    expect(canvas).to_have_attribute("data-drawn", "yes", timeout=60_000)
    expect(page.locator(".attribution")).to_have_text("© OpenStreetMap contributors")
    expect(canvas).to_be_visible()
    page.screenshot(path=path, clip={"x": 0, "y": 0, **SIZE})
    return path.read_bytes()


def looked_at(
    browser: Browser,
    home: Path,
    city: Path,
    name: str,
    views: dict[str, tuple[float, float, float]],
) -> None:
    made_home(home, city, units=12)
    with running(home, city) as room:
        for theme in ("dark", "light"):
            for page in map_of(browser, room, theme):
                for view, (lon, lat, zoom) in views.items():
                    file = f"city-{name}{view}-{theme}.png"
                    picture = shot(page, lon, lat, zoom, home / file)
                    assert len(picture) > 100_000, f"{file} is nearly empty"
                    assert len(picture) < MOST_BYTES
                    if os.environ.get("CALLOUT_PICTURES"):
                        (PICTURES / file).write_bytes(picture)


def test_pictures_of_the_made_town(browser: Browser, tmp_path: Path, town: Path) -> None:
    lon, lat = open_city(town).meta["center"]
    views = {"": (lon, lat, 13.6), "-near": (lon, lat + 0.002, 16.2)}
    looked_at(browser, tmp_path / "home", town, "town", views)


@pytest.mark.slow
def test_pictures_of_porto(browser: Browser, tmp_path: Path, porto: Path) -> None:
    views = {"": (-8.6103, 41.1466, 13.4)}
    looked_at(browser, tmp_path / "home", porto, "porto", views)


def test_a_printed_map_is_one_page_of_its_paper(
    browser: Browser, tmp_path: Path, town: Path
) -> None:
    """What the browser saves as PDF: one page, A4 on its side, to a point."""
    opened = open_city(town)
    centre = lonlat(*opened.meta["center"])
    svg = draw_sheet(opened, centre, title="Town", day="2026-11-25", landscape=True)
    (tmp_path / "map.svg").write_text(svg, encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "map.svg").as_uri())
    pdf = page.pdf(prefer_css_page_size=True)
    page.close()
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    assert [round(float(side)) for side in sheets[0]] == pytest.approx([842, 595], abs=1)


def sources() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in FRONTEND.glob("*.ts"))


def test_every_layer_of_the_style_is_in_the_tiles(town: Path) -> None:
    """Layers and properties that the style names are what the tiles' metadata announce."""
    from pmtiles.reader import MmapSource, Reader

    from callout.places.layers import LAYERS

    with (town / "tiles.pmtiles").open("rb") as file:
        known: dict[str, Any] = {
            layer["id"]: layer["fields"]
            for layer in Reader(MmapSource(file)).metadata()["vector_layers"]
        }
    named = set(re.findall(r'"source-layer": "(\w+)"', sources()))
    named |= set(re.findall(r'fill\("\w+", "(\w+)"', sources()))
    assert named <= set(LAYERS)
    assert named >= known.keys(), "a layer that nothing draws"
