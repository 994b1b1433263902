"""Makes the golden journal of this version: ``python tests/journal/make_golden.py``.

A small home with every entry type that the code writes, by its real commands, and what must be
read from it for ever: ``golden/<version>/home.tar.xz`` and ``expected.json``. It is the same on
every run: the clock is a test's, and all that is random comes from one seed (so its keys, which
lie in the archive, protect nothing).

``--again`` makes it anew: only until that version is released. A released one never changes.
"""

import importlib
import io
import json
import random
import secrets
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
sys.path.insert(0, str(HERE.parent))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import callout
from callout.base.clock import ManualClock
from callout.base.facts import Fact
from callout.journal import Entry, Journal, check
from callout.journal.format import leaf_of
from callout.journal.note import Signer
from callout.journal.tree import leaf_hash
from fakes import empty_picture, line_room
from verbs import Verbs, boards_as_json, story

AGAIN = "run: python tests/journal/make_golden.py --again"


def facts() -> dict[str, type[Fact]]:
    """Every entry type there is in the code, also those that are only read any more."""
    found = {}
    for path in sorted(Path(callout.__file__).parent.glob("*/events.py")):
        events = importlib.import_module(f"callout.{path.parent.name}.events")
        for fact in vars(events).values():
            if isinstance(fact, type) and issubclass(fact, Fact) and fact.TYPE:
                found[fact.TYPE] = fact
    return found


def written() -> set[str]:
    """The types that are still written: of each name the newest version."""
    newest: dict[str, int] = {}
    for kind in facts():
        name, version = kind.split(".")
        newest[name] = max(newest.get(name, 0), int(version))
    return {f"{name}.{version}" for name, version in newest.items()}


def leaf_hex(entry: Entry) -> str:
    """The leaf hash of an entry, from its columns."""
    return leaf_hash(leaf_of(msgspec.structs.asdict(entry))).hex()


def make_home(home: Path) -> None:
    """The home itself, closed. The story erases an incident, so keys of it are destroyed."""
    clock, chance = ManualClock(), random.Random(callout.__version__)
    with mock.patch.object(secrets, "token_bytes", chance.randbytes):
        (home / "keys").mkdir(parents=True)
        signer = Signer("callout", Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)))
        (home / "keys" / "log.key").write_text(signer.encoded())
        with line_room(home, 4, clock) as picture:
            story(Verbs(picture, clock))
            picture.journal.state.put("cursor", "golden", b"%d" % picture.seq)


def read_home(home: Path) -> dict[str, Any]:
    """All that a later version must still read from a home; it is brought up to this one first."""
    journal = Journal.open(home, clock=ManualClock())
    try:
        picture = empty_picture(journal)
        picture.fold()
        entries = list(journal.replay())
        sides = {
            f"{entry.seq} {name}": journal.side(entry.seq, name)
            for entry in entries
            for name in entry.body.get("side", {})
        }
        found = {
            "entries": [[entry.seq, entry.type, leaf_hex(entry)] for entry in entries],
            "boards": boards_as_json(picture),
            "sides": sides,
            "state": {name: value.decode() for name, value in journal.state.items("cursor")},
        }
    finally:
        journal.close()
    report = check(home)
    return {"root": report.root, "problems": [problem.what for problem in report.problems], **found}


def unpack(version: str, folder: Path) -> Path:
    """A copy of the golden home of a version."""
    with tarfile.open(GOLDEN / version / "home.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "home"


def pack(home: Path, target: Path) -> None:
    """The files of a home, in the same bytes every time."""
    with tarfile.open(target, "w:xz", preset=9) as archive:
        for path in sorted(path for path in home.rglob("*") if path.is_file()):
            info = tarfile.TarInfo(f"home/{path.relative_to(home)}")
            info.mode, info.size = 0o600, path.stat().st_size
            archive.addfile(info, io.BytesIO(path.read_bytes()))


def main(again: bool) -> None:
    folder = GOLDEN / callout.__version__
    if folder.exists() and not again:
        sys.exit(f"{folder.name} is there already; before its release: --again")
    with tempfile.TemporaryDirectory() as made:
        home = Path(made) / "home"
        make_home(home)
        shutil.copytree(home, Path(made) / "read")
        expected = read_home(Path(made) / "read")
        missing = written() - {kind for _, kind, _ in expected["entries"]}
        if missing or expected["problems"]:
            sys.exit(f"add to story() in tests/verbs.py: {sorted(missing)} {expected['problems']}")
        folder.mkdir(parents=True, exist_ok=True)
        pack(home, folder / "home.tar.xz")
    text = json.dumps(expected, indent=0, sort_keys=True, separators=(",", ":"))
    (folder / "expected.json").write_text(text + "\n")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{folder.name}: {len(expected['entries'])} entries, {size / 1000:.0f} kB")


if __name__ == "__main__":
    main("--again" in sys.argv[1:])
