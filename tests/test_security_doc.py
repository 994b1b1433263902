"""docs/security.md against ASVS 5.0: no requirement is missing, and what it names is there."""

import csv
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "security.md"
VERDICTS = ("test", "code", "document", "coming", "not met", "not applicable")
_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \| ([a-z ]+) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`")
_FILE = re.compile(r"`((?:src|docs|tests|frontend|bench)/[\w./]+|pyproject\.toml)`")

# Test files of branches that are not in yet. A file that has come in is to be taken out here, and
# its rows looked at anew; so this is empty when everything is in.
TO_COME: frozenset[str] = frozenset()


class Row(NamedTuple):
    """One requirement's line."""

    id: str
    level: str
    verdict: str
    words: str


def rows_of(page: str) -> list[Row]:
    return [Row(*found) for found in _ROW.findall(page)]


def wrong_with(row: Row, root: Path, to_come: frozenset[str]) -> list[str]:
    """What is not as it should be with one line; empty when all is well."""
    wrong = [] if row.verdict in VERDICTS else [f"{row.verdict!r} is no verdict"]
    there = 0
    for file, name in _TEST.findall(row.words):
        path = root / file
        if path.is_file():
            found = re.search(rf"^\s*(?:async )?def {name}\(", path.read_text(), re.MULTILINE)
            wrong += [] if not name or found else [f"{file} has no {name}"]
            there += bool(name and found)
        elif file not in to_come:
            wrong.append(f"there is no {file}")
    files = _FILE.findall(row.words)
    wrong += [
        f"there is no {file}"
        for file in files
        if file not in to_come and not (root / file).exists()
    ]
    said = len(re.sub(r"`[^`]*`", "", row.words).split())
    needs = {
        "test": there > 0,
        "code": bool(files),
        "document": bool(files) or 'below, "' in row.words,
        "coming": any(file in to_come for file, _ in _TEST.findall(row.words)),
        "not met": said >= 5,
        "not applicable": said >= 3,
    }
    return (
        wrong
        if needs.get(row.verdict, True)
        else [*wrong, f"it does not say enough to be {row.verdict}"]
    )


def test_every_requirement_is_there_once_with_its_level() -> None:
    with (ROOT / "tests" / "asvs5.csv").open() as file:
        asked = [(one["id"], one["level"]) for one in csv.DictReader(file)]
    assert len(asked) == 253  # 70 of level 1 and 183 of level 2 in version 5.0.0
    assert [(row.id, row.level) for row in rows_of(PAGE.read_text())] == asked


def test_each_line_names_what_is_there() -> None:
    for row in rows_of(PAGE.read_text()):
        assert not wrong_with(row, ROOT, TO_COME), row.id


def test_the_sum_is_right() -> None:
    page = PAGE.read_text()
    counts = Counter(row.verdict for row in rows_of(page))
    said = ", ".join(f"{counts[one]} {one}" for one in VERDICTS if counts[one])
    assert f"Of {sum(counts.values())}: {said}." in page


def test_sections_that_are_referred_to_are_there() -> None:
    page = PAGE.read_text()
    titles = set(re.findall(r"^## (.+)$", page, re.MULTILINE))
    assert set(re.findall(r'below,? (?:under )?"([^"]+)"', page)) <= titles


def test_what_was_to_come_and_came_is_looked_at() -> None:
    came = [file for file in sorted(TO_COME) if (ROOT / file).exists()]
    assert not came, "take it out of TO_COME and give its rows in docs/security.md their verdict"


@pytest.mark.parametrize(
    ("verdict", "words", "wrong"),
    [
        ("test", "`tests/test_security_doc.py::test_the_sum_is_right`", 0),
        ("test", "`tests/test_security_doc.py::test_of_nothing`", 2),
        ("test", "`tests/test_nowhere.py::test_x`", 2),
        ("test", "`tests/to_come.py::test_x`", 1),
        ("test", "it is so", 1),
        ("coming", "`tests/to_come.py`", 0),
        ("coming", "`tests/test_security_doc.py`", 1),
        ("code", "read `src/callout/nowhere.py`", 1),
        ("code", "read it", 1),
        ("document", 'below, "Keys"', 0),
        ("not met", "no", 1),
        ("not applicable", "there is no such thing", 0),
        ("fine", "all is well here", 1),
    ],
)
def test_a_line_that_does_not_hold_is_found(verdict: str, words: str, wrong: int) -> None:
    row = Row("1.1.1", "1", verdict, words)
    assert len(wrong_with(row, ROOT, frozenset({"tests/to_come.py"}))) == wrong
