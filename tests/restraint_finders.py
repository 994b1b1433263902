"""Finders of what docs/restraint.md says is not there: packages, files, tables, fields, calls.

They are pure: what they look through is handed to them, so that test_restraint.py can show that
each of them finds what it is for.
"""

import ast
import importlib
import importlib.metadata
import pkgutil
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec
from packaging.requirements import Requirement


def apart(text: str) -> frozenset[str]:
    """The words of a text that has one after the other."""
    return frozenset(text.split())


MODEL_SUFFIXES = apart(
    ".onnx .ort .tflite .pt .pth .ckpt .h5 .hdf5 .caffemodel .prototxt .pb .pbtxt .bin .engine .trt"
    " .mlmodel .safetensors .gguf .ggml .keras .weights .pkl .pickle .joblib .nnue .param"
)
_TABLE = re.compile(
    r"^CREATE (?:VIRTUAL )?TABLE (?:IF NOT EXISTS )?(\w+)(.*?)^\)", re.MULTILINE | re.DOTALL
)
_COLUMN = re.compile(
    r"\b([a-z_]\w*)\s+(?:integer|text|blob|bigint|bytea|smallint)\b", re.IGNORECASE
)


def normal(name: str) -> str:
    """A package's name as PEP 503 compares them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def words(name: str) -> list[str]:
    """The words of an identifier, small: ``plateReader_v2`` is plate, reader, v."""
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


# Packages


def declared(pyproject: str) -> list[str]:
    """Every requirement: what callout runs on, its extras, its groups, what builds it."""
    told = tomllib.loads(pyproject)
    groups = [
        *told["project"]["optional-dependencies"].values(),
        *told["dependency-groups"].values(),
    ]
    more = [one for group in groups for one in group]
    return [*told["project"]["dependencies"], *more, *told["build-system"]["requires"]]


def required(name: str) -> list[str]:
    """What an installed distribution asks for; nothing for one that is not for this system."""
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def closure(asked: Iterable[str], required: Callable[[str], list[str]]) -> set[str]:
    """Every distribution that is reached from ``asked``, markers and extras respected."""
    reached: set[tuple[str, frozenset[str]]] = set()
    todo = [(Requirement(text), frozenset[str]()) for text in asked]
    while todo:
        one, extras = todo.pop()
        if one.marker and not any(one.marker.evaluate({"extra": e}) for e in ("", *extras)):
            continue
        mine = (normal(one.name), frozenset(one.extras))
        if mine not in reached:
            reached.add(mine)
            todo += [(Requirement(text), mine[1]) for text in required(one.name)]
    return {name for name, _ in reached}


def locked(lock: str) -> set[str]:
    """The names in a lock file, of every system."""
    return {normal(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}


def npm(lock: dict[str, Any]) -> set[str]:
    """The names in a package-lock.json."""
    return {path.rpartition("node_modules/")[2] for path in lock["packages"]} - {""}


def said(name: str) -> str:
    """What a distribution says it is for, in its own summary, keywords and classifiers."""
    try:
        told = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    fields = (told.get_all(field) or [] for field in ("Summary", "Keywords", "Classifier"))
    return " ".join(str(one) for field in fields for one in field).lower()


def files_if_there(name: str) -> list[PurePosixPath]:
    """Every file that a distribution brought; none when it is not for this system."""
    try:
        return list(importlib.metadata.distribution(name).files or [])
    except importlib.metadata.PackageNotFoundError:
        return []


def modules(files: Iterable[PurePosixPath]) -> set[str]:
    """Names of modules and packages among these files, at any depth: a copy inside is one too."""
    found = set()
    for file in files:
        if file.suffix in {".py", ".so", ".pyd", ".dll", ".dylib"}:
            found |= {part.lower() for part in file.parts[:-1]} | {
                file.name.partition(".")[0].lower()
            }
    return found


def models(files: Iterable[PurePosixPath]) -> set[str]:
    """Files that hold a learned model by their names. A .pth at the top is Python's own."""
    return {
        str(file)
        for file in files
        if (
            file.suffix.lower() in MODEL_SUFFIXES
            and not (file.suffix == ".pth" and len(file.parts) == 1)
        )
        or "haarcascade" in file.name.lower()
    }


# Tables, facts, boards


def tables(sql: str) -> dict[str, set[str]]:
    """The columns of every table that a text makes."""
    without = re.sub(r"--.*", "", sql)
    found = {name: set(_COLUMN.findall(inner)) for name, inner in _TABLE.findall(without)}
    made = re.findall(r"CREATE (?:VIRTUAL )?TABLE (?:IF NOT EXISTS )?(\w+)", without)
    assert set(made) == set(found), "a table is written in a way that cannot be read here"
    return found


def structs() -> Iterator[type[msgspec.Struct]]:
    """Every struct that callout defines: facts, boards, requests, answers."""
    callout = importlib.import_module("callout")
    for module in pkgutil.walk_packages(callout.__path__, "callout."):
        if module.name.endswith("__main__"):
            continue
        for one in vars(importlib.import_module(module.name)).values():
            ours = isinstance(one, type) and issubclass(one, msgspec.Struct)
            if ours and one.__module__ == module.name:
                yield one


def fields(one: type[msgspec.Struct]) -> dict[str, Any]:
    """The fields of a struct with their types."""
    hints = get_type_hints(one)
    return {name: hints[name] for name in one.__struct_fields__}


def where(one: type) -> str:
    """``room.file.Struct``."""
    return f"{one.__module__}.{one.__name__}".removeprefix("callout.")


def personal(one: type[msgspec.Struct], of_people: frozenset[str]) -> set[str]:
    """``room.file.Struct.field`` for each field whose name has one of these words."""
    return {f"{where(one)}.{name}" for name in fields(one) if of_people.intersection(words(name))}


def keyed(one: type[msgspec.Struct]) -> set[str]:
    """The same for each field that holds a dict: something can be looked up by its key."""
    return {f"{where(one)}.{name}" for name, hint in fields(one).items() if _has_dict(hint)}


def _has_dict(hint: Any) -> bool:
    if hint is dict or getattr(hint, "__origin__", None) is dict:
        return True
    return any(_has_dict(inner) for inner in get_args(hint))


# Source


class Opened(NamedTuple):
    """One place where a side row is opened. ``name`` is empty when it is no plain text."""

    file: str
    function: str
    name: str


def functions(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Every function of a module with its name; what stands outside has the name ``""``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node


def side_calls(source: str, file: str) -> set[Opened]:
    """Where a module opens side rows, or hands ``side`` on as a value to be called elsewhere."""
    tree = ast.parse(source)
    home = {id(node): name for name, inside in functions(tree) for node in ast.walk(inside)}
    called: set[int] = set()
    found = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "side"
        ):
            called.add(id(node.func))
            last = node.args[-1] if node.args else None
            name = last.value if isinstance(last, ast.Constant) and len(node.args) == 2 else ""
            found.add(Opened(file, home.get(id(node), ""), str(name)))
    for node in ast.walk(tree):
        handed = isinstance(node, ast.Attribute) and node.attr == "side" and id(node) not in called
        spelled = isinstance(node, ast.Constant) and node.value == "side"
        if handed or spelled:
            found.add(Opened(file, home.get(id(node), ""), ""))
    return found


def imported(sources: dict[str, str], start: str) -> set[str]:
    """Modules of callout that importing ``start`` brings in, itself included.

    ``sources``: the text of each module by its dotted name, a package by the package's name.
    """
    found, todo = set[str](), [start]
    while todo:
        name = todo.pop()
        if name in found or name not in sources:
            continue
        found.add(name)
        todo.append(name.rpartition(".")[0])
        for node in ast.walk(ast.parse(sources[name])):
            if isinstance(node, ast.Import):
                todo += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                todo += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def reach(sources: Iterable[str], start: set[str]) -> set[str]:
    """Names of functions that ``start`` can come to, over these sources.

    By name alone, so it is too many rather than too few: whoever mentions a name may call every
    function of that name. A class stands for its ``__init__`` and what its body mentions.
    """
    mentions: dict[str, set[str]] = {}
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                mentions.setdefault(node.name, set()).update(_mentioned(node))
            elif isinstance(node, ast.ClassDef):
                made = [one for one in node.body if getattr(one, "name", "") == "__init__"]
                of = mentions.setdefault(node.name, set())
                of.update(*(_mentioned(one) for one in made))
    found, todo = set[str](), list(start)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += mentions.get(name, set()) & mentions.keys()
    return found


def _mentioned(node: ast.AST) -> set[str]:
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return names | {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}


def identifiers(source: str) -> set[str]:
    """Every name in a module's code, and every text that could be one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        for part in ("id", "attr", "arg", "name", "asname", "module"):
            if isinstance(name := getattr(node, part, None), str):
                found.add(name)
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.isidentifier()
        ):
            found.add(node.value)
    return found


def kinds_of_stream(source: str) -> set[str]:
    """``unit`` of each ``f"unit/{…}"``: names of streams, of actors, of keys."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr) and isinstance(first := node.values[0], ast.Constant):
            match = re.match(r"([a-z-]+)/", str(first.value))
            found |= {match[1]} if match else set()
    return found


def spaces(source: str) -> set[str]:
    """The spaces of state.db that a module names: in a call of State, or as ``_SPACE``."""
    found = set(re.findall(r"state\.(?:put|get|take|items|delete)\(\s*\"([\w-]+)\",", source))
    for names, values in re.findall(r"^((?:_[A-Z]+, )*_[A-Z]+) = (\".*\")$", source, re.MULTILINE):
        if "_SPACE" in names or "_META" in names:
            pairs = zip(names.split(", "), re.findall(r'"([^"]*)"', values), strict=True)
            found |= {value for name, value in pairs if name in {"_SPACE", "_META"}}
    return found


def of_kind(root: Path, leave: frozenset[str]) -> Iterator[PurePosixPath]:
    """Every file of a folder, without what tools put there."""
    for path in sorted(root.iterdir()):
        if path.name in leave or path.is_symlink():
            continue
        if path.is_dir():
            yield from (PurePosixPath(path.name) / one for one in of_kind(path, leave))
        else:
            yield PurePosixPath(path.name)


def tests_in(folder: Path) -> set[str]:
    """Names of the test functions below a folder."""
    texts = (path.read_text() for path in folder.rglob("test_*.py"))
    return {
        name
        for text in texts
        for name in re.findall(r"^\s*(?:async )?def (test_\w+)", text, re.MULTILINE)
    }
