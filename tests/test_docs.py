"""Every setting, route and entry type is documented; nothing documented is gone."""

import importlib
import re
from pathlib import Path

from callout.base.facts import Fact
from callout.base.settings import SETTINGS
from callout.web import ROUTES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def rows(path: Path, pattern: str) -> set[tuple[str, ...]]:
    found = re.findall(pattern, path.read_text(), re.MULTILINE)
    return {row if isinstance(row, tuple) else (row,) for row in found}


def test_settings() -> None:
    said = rows(DOCS / "settings.md", r"^\| `(CALLOUT_\w+)` \| (?:`([^`]*)`|none) \| (.*) \|$")
    assert said == {(s.env, s.default, s.what) for s in SETTINGS}


def test_routes() -> None:
    said = rows(DOCS / "api.md", r"^\| (GET|POST|DELETE|WS) \| `([^`]+)` \| `([^`]+)` \|$")
    assert said == {(r.method, r.path, r.action.value) for r in ROUTES}


def test_entry_types() -> None:
    types = set()
    for room in ("access", "incidents", "journal", "places", "units"):
        for found in vars(importlib.import_module(f"callout.{room}.events")).values():
            if isinstance(found, type) and issubclass(found, Fact) and found.TYPE:
                types.add((found.TYPE,))
    assert rows(DOCS / "api.md", r"^\| `(\w+\.\d+)` \| `") == types


def test_links_in_the_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
