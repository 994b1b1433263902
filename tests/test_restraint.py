"""What callout never does (docs/restraint.md), read off what it is made of.

Each test looks through the real thing; beside it stands one that plants what must not be there
and sees it found.
"""

import ast
import hashlib
import json
import sysconfig
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import msgspec
import pytest

import restraint_finders as find
import restraint_reviewed as reviewed
from callout.access import Actor, Role
from callout.base.facts import Fact
from callout.dispatch import Picture, recommend
from callout.incidents.commands import open_incident
from callout.web import ROUTES
from fakes import line_room, place

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "callout"
LOCKS = ("run", "dev", "build", "boot")
LEAVE = find.apart("""
    .git .venv node_modules __pycache__ .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache
    .import_linter_cache dist build callout.egg-info .coverage test-results
    """)
DISPATCHER = Actor(
    id="p1", kind="person", agency="fire", roles=frozenset({Role.DISPATCHER, Role.CALL_TAKER})
)
WHAT_TO_DO = (
    "Read docs/restraint.md. If it cannot recognise, follow or score people, add it to"
    " tests/restraint_reviewed.py and say what for; if it can, it does not come in."
)


def sources() -> dict[str, str]:
    return {str(path.relative_to(SRC)): path.read_text() for path in sorted(SRC.rglob("*.py"))}


def by_module() -> dict[str, str]:
    dotted = {
        f"callout/{name}".removesuffix(".py").replace("/", "."): text
        for name, text in sources().items()
    }
    return {name.removesuffix(".__init__"): text for name, text in dotted.items()}


def dependencies() -> set[str]:
    return find.closure(find.declared((ROOT / "pyproject.toml").read_text()), find.required)


def forbidden(names: set[str]) -> set[str]:
    plain = {name: find.normal(name.strip("@").replace("/", "-")) for name in names}
    return {
        name
        for name, one in plain.items()
        if one in reviewed.FORBIDDEN or reviewed.FORBIDDEN_WORDS.intersection(one.split("-"))
    }


def unread(names: set[str], known: dict[str, str]) -> set[str]:
    return {name for name in names if not any(fnmatch(name, pattern) for pattern in known)}


# Packages


def test_every_package_was_looked_at() -> None:
    locked = set[str]().union(
        *(find.locked((ROOT / "requirements" / f"{lock}.lock").read_text()) for lock in LOCKS)
    )
    names = dependencies() | locked
    assert len(names) > 100, "the closure was not found"
    assert not forbidden(names)
    assert not unread(names, reviewed.PACKAGES), WHAT_TO_DO
    assert not set(reviewed.PACKAGES) - names, "gone: take them out of the list"


def test_every_package_of_the_pages_was_looked_at() -> None:
    names = find.npm(json.loads((ROOT / "frontend" / "package-lock.json").read_text()))
    assert not forbidden(names)
    assert not unread(names, reviewed.NPM), WHAT_TO_DO


def test_no_installed_package_says_it_recognises_people() -> None:
    for name in sorted(dependencies()):
        told = find.said(name)
        assert not [one for one in reviewed.FORBIDDEN_SENTENCES if one in told], name


def test_no_module_of_theirs_is_inside_another_package() -> None:
    barred = {name.replace("-", "_") for name in reviewed.FORBIDDEN}
    for name in sorted(dependencies()):
        assert not barred & find.modules(find.files_if_there(name)), name


def test_the_list_of_what_is_barred_does_not_bar_itself() -> None:
    assert not reviewed.FORBIDDEN & set(reviewed.PACKAGES)


def test_a_bad_package_is_found() -> None:
    tree = {"callout": ["nice>=1", "scale-only; extra == 'scale'"], "nice": ["Face_Recognition>=1"]}
    reached = find.closure(["nice[more]"], lambda name: tree.get(name, []))
    assert reached == {"nice", "face-recognition"}
    assert forbidden(reached) == {"face-recognition"}
    extra = {"nice": ["dlib; extra == 'more'", "other; extra == 'less'"]}
    assert find.closure(["nice[more]"], lambda name: extra.get(name, [])) == {"nice", "dlib"}
    assert forbidden({"my-plate-reader", "@vladmandic/face-api", "interface", "template"}) == {
        "my-plate-reader",
        "@vladmandic/face-api",
    }
    assert find.locked("dlib==1.0 \\\n    --hash=sha256:00\nnumpy==2 ; x\n") == {"dlib", "numpy"}
    assert unread({"numpy", "brand-new"}, reviewed.PACKAGES) == {"brand-new"}
    assert unread({"@biomejs/cli-linux-x64", "face-api.js"}, reviewed.NPM) == {"face-api.js"}
    lock = {"packages": {"": {}, "node_modules/a/node_modules/@x/face-api.js": {}}}
    assert find.npm(lock) == {"@x/face-api.js"}
    inside = [
        PurePosixPath("nice/_vendor/insightface/app.py"),
        PurePosixPath("dlib.cpython-311.so"),
    ]
    assert {"insightface", "dlib"} <= find.modules(inside)


# Models


def test_no_model_file_here_nor_in_what_is_installed() -> None:
    found = {str(file): ROOT / file for file in find.models(set(find.of_kind(ROOT, LEAVE)))}
    site = Path(sysconfig.get_path("purelib"))
    for name in sorted(dependencies()):
        found |= {file: site / file for file in find.models(find.files_if_there(name))}
    for file, path in found.items():
        sizes = [told[0] for known, told in reviewed.NO_MODELS.items() if fnmatch(file, known)]
        if sizes and path.stat().st_size <= sizes[0]:
            continue
        assert file in reviewed.MODELS, f"{file} looks like a model. {WHAT_TO_DO}"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert digest == reviewed.MODELS[file][0], f"{file} is not the one that was looked at"


def test_the_repository_holds_known_kinds_of_file_only() -> None:
    strange = [
        str(file) for file in find.of_kind(ROOT, LEAVE) if file.suffix not in reviewed.SUFFIXES
    ]
    hidden = {file for file in strange if PurePosixPath(file).name not in reviewed.SUFFIXES}
    assert not hidden, WHAT_TO_DO


def test_a_model_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "src" / "node_modules").mkdir(parents=True)
    for name in (
        "src/a.ONNX",
        "src/haarcascade_frontalface.xml",
        "src/a.py",
        "src/node_modules/b.pt",
    ):
        (tmp_path / name).touch()
    files = set(find.of_kind(tmp_path, LEAVE))
    assert find.models(files) == {"src/a.ONNX", "src/haarcascade_frontalface.xml"}
    assert find.models([PurePosixPath("callout.pth"), PurePosixPath("net/callout.pth")]) == {
        "net/callout.pth"
    }


# The schema


def test_tables_are_known_and_none_is_keyed_by_a_person() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted([*SRC.rglob("*.sql"), *SRC.rglob("*.py")]):
        for name, columns in find.tables(path.read_text()).items():
            assert found.setdefault(name, columns) == columns, f"{path.name}: two tables {name}"
    assert found == reviewed.TABLES, WHAT_TO_DO


def test_streams_keys_and_state_are_of_known_kinds() -> None:
    texts = sources().values()
    assert set[str]().union(*(find.kinds_of_stream(text) for text in texts)) == reviewed.KINDS
    assert set[str]().union(*(find.spaces(text) for text in texts)) == reviewed.SPACES


def test_no_field_is_about_a_person_but_staff_and_crews() -> None:
    structs = list(find.structs())
    assert sum(issubclass(one, Fact) for one in structs) > 40, "the facts were not found"
    found = set[str]().union(*(find.personal(one, reviewed.OF_PEOPLE) for one in structs))
    assert found == reviewed.FIELDS, WHAT_TO_DO


def test_nothing_is_looked_up_by_a_person_but_staff() -> None:
    found = set[str]().union(*(find.keyed(one) for one in find.structs()))
    assert found == set(reviewed.KEYED), WHAT_TO_DO


def test_a_bad_table_field_or_key_is_found() -> None:
    class CallerSeen(Fact, frozen=True, kw_only=True):
        phoneNumber: str  # noqa: N815 - other spellings are found too
        plate_text: str
        unit: str

    class Known(msgspec.Struct):
        by_voice: dict[str, int]
        folded: list[dict[str, int] | None]

    assert {one.rpartition(".")[2] for one in find.personal(CallerSeen, reviewed.OF_PEOPLE)} == {
        "phoneNumber",
        "plate_text",
    }
    assert {one.rpartition(".")[2] for one in find.keyed(Known)} == {"by_voice", "folded"}
    bad = "CREATE TABLE caller (\n  phone TEXT PRIMARY KEY, -- who\n  calls INTEGER\n) STRICT;"
    assert find.tables(bad) == {"caller": {"phone", "calls"}}
    assert find.kinds_of_stream('f"phone/{number}"; f"{a}/b"') == {"phone"}
    assert find.spaces('self._state.put("phone", key, raw)\n_SPACE, _KEY = "plate", "x"\n') == {
        "phone",
        "plate",
    }


# The source


def test_side_rows_are_opened_at_known_places_only() -> None:
    found = {
        tuple(one)
        for name, text in sources().items()
        if not name.startswith("journal/")
        for one in find.side_calls(text, name)
    }
    assert found == set(reviewed.SIDES), WHAT_TO_DO


def test_only_journal_can_decrypt() -> None:
    for name, text in sources().items():
        opens = {"open_box", "AESGCM"} & find.identifiers(text)
        assert not opens or name.startswith("journal/"), name


def test_a_recommendation_comes_to_the_place_and_no_other_row() -> None:
    modules = by_module()
    loaded = find.imported(modules, "callout.dispatch.recommend") - {"callout.journal"}
    loaded = {name for name in loaded if not name.startswith("callout.journal.")}
    start = {name for name, _ in find.functions(ast.parse(modules["callout.dispatch.recommend"]))}
    reached = find.reach((modules[name] for name in loaded), start)
    assert {"recommend", "place_of", "nearest", "authorize"} <= reached
    calls = {one for name in loaded for one in find.side_calls(modules[name], name)}
    assert {one.name for one in calls if one.function in reached} == {"place"}


def test_search_knows_the_map_and_not_the_journal() -> None:
    modules = by_module()
    loaded = find.imported(modules, "callout.places.gazetteer")
    assert "callout.places.matching" in loaded
    # places' own commands write closures and areas: the search is in none of these files.
    own = {name for name in loaded if name.startswith("callout.places.")}
    searching = own - {"callout.places.board", "callout.places.commands", "callout.places.events"}
    for name in searching:
        assert "journal" not in find.identifiers(modules[name]), name
        assert not find.side_calls(modules[name], name), name


def test_a_new_place_that_opens_a_side_row_is_found() -> None:
    assert find.side_calls("def f(j):\n    return j.side(3, 'caller')\n", "a.py") == {
        ("a.py", "f", "caller")
    }
    for hidden in ("read = journal.side", "getattr(journal, 'side')", "journal.side(3, what)"):
        assert find.side_calls(hidden, "a.py") == {("a.py", "", "")}
    texts = [
        "def recommend(p):\n    return helper(p)\n",
        "def helper(p):\n    return p.side(1, 'caller')",
    ]
    assert find.reach(texts, {"recommend"}) == {"recommend", "helper"}
    tree = {"a": "import a.b", "a.b": "from a import c", "a.c": "", "a.d": ""}
    assert find.imported(tree, "a.b") == {"a", "a.b", "a.c"}


def _opened(picture: Picture, text: str) -> str:
    incident, submitted = open_incident(
        picture.journal, DISPATCHER, picture.incidents, agency="fire", type_code="fire", priority=2,
        place=place(2100.0), place_name=text, text=text, alarms=(), now_us=picture.clock.now_us(),
    )  # fmt: skip
    submitted.result()
    picture.fold()
    return incident


def test_who_it_is_about_changes_neither_priority_nor_recommendation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with line_room(tmp_path) as picture:
        plain, told = _opened(picture, ""), _opened(picture, "a woman of 80, she has called before")
        read: list[str] = []
        side = picture.journal.side

        def noted(seq: int, name: str) -> object:
            read.append(name)
            return side(seq, name)

        monkeypatch.setattr(picture.journal, "side", noted)
        answers = [recommend(picture, DISPATCHER, incident, k=3) for incident in (plain, told)]
        assert set(read) == {"place"}
        assert answers[0].ranked == answers[1].ranked
        assert answers[0].passed_over == answers[1].passed_over
        assert len({picture.incidents.incident(one).priority for one in (plain, told)}) == 1


def test_no_route_lists_or_searches_persons_but_staff() -> None:
    for route in ROUTES:
        parts = set(find.words(route.path))
        ours = any(f"{route.path}/".startswith(f"{one}/") for one in reviewed.STAFF_ONLY)
        assert ours or not parts & reviewed.OF_PERSONS, route
        assert "search" not in parts or route.path in reviewed.SEARCHES, route
        assert not parts & {"import", "bulk", "upload"}, route


def test_no_name_in_the_code_is_of_what_callout_never_does() -> None:
    for name, text in sources().items():
        bad = [
            one for one in find.identifiers(text) if reviewed.NEVER.intersection(find.words(one))
        ]
        assert not bad, f"{name}: {bad}. {WHAT_TO_DO}"
    assert "predictCrime" in find.identifiers("def predictCrime(): ...")
    assert reviewed.NEVER & set(find.words("predictCrime"))


def test_every_promise_of_the_page_names_tests_that_are_here() -> None:
    page = (ROOT / "docs" / "restraint.md").read_text()
    said = {
        part for part in page.split("`") if part.startswith("test_") and not part.endswith(".py")
    }
    here = {name for name in globals() if name.startswith("test_")}
    assert said <= here | find.tests_in(ROOT / "tests")
    left = here - said - {"test_every_promise_of_the_page_names_tests_that_are_here"}
    assert not {name for name in left if "_is_found" not in name}, "tests that no line names"
