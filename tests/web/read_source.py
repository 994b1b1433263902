"""What stands in a source file that could run a command, run text as code, or build SQL."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

_CALLS = re.compile(
    r"(subprocess|pty|pickle|marshal|shelve|dill|cloudpickle|yaml|ctypes|runpy|code)\..+"
    r"|os\.(system|popen|exec.*|spawn.*|posix_spawn.*|startfile)"
    r"|asyncio\.create_subprocess_.*|asyncio\.subprocess\..*|.*\.subprocess_(exec|shell)"
    r"|(builtins\.)?(eval|exec|compile|__import__)|(importlib\.)?import_module"
    r"|(jinja2\.)?Template"
)
_HARMLESS = re.compile(r"subprocess\.(PIPE|DEVNULL|STDOUT|TimeoutExpired|CalledProcessError)")
_SQL = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|ATTACH|PRAGMA|VACUUM|WITH|COPY"
    r"|LISTEN|NOTIFY|SET|TRUNCATE|EXPLAIN)\s"
)
_IN_SQL = re.compile(r"\s(FROM|WHERE|VALUES|JOIN|ORDER BY|MATCH)\s")


class Found(NamedTuple):
    """One place in a file."""

    line: int
    what: str


def commands(source: str) -> Iterator[Found]:
    """Calls that start a process or run text as code; whatever name they were imported under."""
    tree = ast.parse(source)
    names = _imported(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        first, _, rest = ast.unparse(node.func).partition(".")
        name = names.get(first, first) + (f".{rest}" if rest else "")
        ours = rest and first not in names  # a variable that is called as a module is
        if not ours and _CALLS.fullmatch(name) and not _HARMLESS.fullmatch(name):
            yield Found(node.lineno, name)
        for keyword in node.keywords:
            if keyword.arg in {"shell", "allow_pickle"} and not _is_false(keyword.value):
                yield Found(node.lineno, f"{name} {keyword.arg}")


def programs(source: str) -> Iterator[Found]:
    """The first word of every command that ``subprocess`` is given, as it is written."""
    tree = ast.parse(source)
    lists = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("subprocess."):
            given = node.args[0] if node.args else node
            words = lists.get(given.id) if isinstance(given, ast.Name) else given
            is_list = isinstance(words, ast.List) and words.elts
            yield Found(node.lineno, ast.unparse(words.elts[0]) if is_list else "not a list")


def sql_parts(source: str) -> Iterator[Found]:
    """What is put into SQL text and is no constant of its module."""
    tree = ast.parse(source)
    constants = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id.isupper()
    } | {name for name in _imported(tree) if name.isupper()}
    for node in ast.walk(tree):
        for part in _put_into_sql(node):
            if not (isinstance(part, ast.Name) and part.id in constants):
                yield Found(node.lineno, ast.unparse(part))  # type: ignore[attr-defined]


def _put_into_sql(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.JoinedStr) and _is_sql(node):
        return [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return [node.right] if _is_sql(node.left) and not _is_text(node.right) else []
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return []
    if node.func.attr in {"format", "join", "replace"} and _is_sql(node.func.value):
        return [*node.args, *(keyword.value for keyword in node.keywords)]
    return []


def _is_sql(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_sql(node.left) or _is_sql(node.right)
    if isinstance(node, ast.JoinedStr):
        parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
        text = "".join(map(str, parts))
    elif _is_text(node):
        text = str(node.value)  # type: ignore[attr-defined]
    else:
        return False
    return bool(_SQL.match(text) or _IN_SQL.search(text))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _imported(tree: ast.Module) -> dict[str, str]:
    """The full name of every name that an import makes."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {(a.asname or a.name): a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {(a.asname or a.name): f"{node.module}.{a.name}" for a in node.names}
    return names
