"""The log as static files, written and verified: a folder that any web server can serve at /log/.

Tiles never change once they are full, so an export goes on where the last one ended. The
checkpoint is written last and by rename, and what only the one before it needs is removed after
that: an export that is cut short leaves a folder that verifies as it did before.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from callout.base.errors import BadInputError, DamagedError
from callout.journal.grown import split_hashes
from callout.journal.keys import sync_folder, write_durably
from callout.journal.note import Checkpoint, Verifier, parse_checkpoint
from callout.journal.tlog import CHECKPOINT, Log, TilePath, paths
from callout.journal.tree import TILE_WIDTH, Tree, leaf_hash

Progress = Callable[[int, int], None]


def export(
    log: Log, verifier: Verifier, folder: Path, progress: Progress = lambda _done, _all: None
) -> int:
    """Write what the folder lacks; how many files that were.

    BadInputError when the folder is of another log, or of one that this log did not grow from.
    """
    before = _size_there(log, verifier, folder)
    wanted = paths(log.size, before)
    folder.mkdir(parents=True, exist_ok=True)
    for done, where in enumerate(wanted):
        progress(done, len(wanted))
        path = folder / where.text()
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, log.read(where.text()))
    for parent in {up for where in wanted for up in Path(where.text()).parents}:
        sync_folder(folder / parent)
    write_durably(folder / CHECKPOINT, log.head.note, mode=0o644)
    # C2SP tlog-tiles, "Partial Tiles": they may go once the full one is there.
    for where in wanted:
        if where.width == TILE_WIDTH:
            shutil.rmtree(folder / f"{where.text()}.p", ignore_errors=True)
    progress(len(wanted), len(wanted))
    return len(wanted)


def verify_export(
    folder: Path, verifier: Verifier, progress: Progress = lambda _done, _all: None
) -> Checkpoint:
    """Hash every entry of an exported folder up to the signed root; the checkpoint it proves.

    DamagedError with the entry or tile that does not fit; BadInputError when it is no export.
    """
    checkpoint = _checkpoint(folder, verifier)
    tree = Tree()
    bundles = [where for where in paths(checkpoint.size) if where.level < 0]
    for done, where in enumerate(bundles):
        progress(done, len(bundles))
        hashes = [leaf_hash(leaf) for leaf in read_bundle(_read(folder, where), where)]
        for tile in tree.extend(hashes):
            _compare(folder, TilePath(tile.level, tile.number, TILE_WIDTH), tile.hashes)
        if where.width != TILE_WIDTH:
            _compare(folder, TilePath(0, where.number, where.width), b"".join(hashes))
    for where in paths(checkpoint.size):
        if where.level > 0 and where.width != TILE_WIDTH:
            _compare(folder, where, b"".join(tree.open_hashes(where.level)))
    if tree.root() != checkpoint.root:
        raise DamagedError(
            "the entries are not the ones that were signed", where=str(folder), todo=_AGAIN
        )
    progress(len(bundles), len(bundles))
    return checkpoint


def read_bundle(data: bytes, where: TilePath) -> list[bytes]:
    """The entries of a bundle: each after its length as a big-endian uint16; DamagedError."""
    leaves, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            break
        leaves.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(leaves) != where.width:
        raise DamagedError("the bundle is cut or too long", where=where.text(), todo=_AGAIN)
    return leaves


_AGAIN = "Export it again, and keep this folder as evidence"


def _size_there(log: Log, verifier: Verifier, folder: Path) -> int:
    """How many entries an earlier export has; 0 when there is none."""
    if not (folder / CHECKPOINT).exists():
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "tile").is_dir():
            raise BadInputError(
                "the folder is not empty and holds no log", where=str(folder), todo="Name a new one"
            )
        return 0
    old = _checkpoint(folder, verifier)
    if old.size > log.size or log.root_at(old.size) != old.root:
        raise BadInputError(
            f"this log did not grow from the one there ({old.size} entries)",
            where=str(folder),
            todo="Keep that folder: one of the two was changed. Run callout check, and export anew",
        )
    return old.size


def _checkpoint(folder: Path, verifier: Verifier) -> Checkpoint:
    try:
        note = (folder / CHECKPOINT).read_bytes()
    except OSError as error:
        raise BadInputError(
            f"there is no checkpoint ({error.strerror})",
            where=str(folder),
            todo="Name a folder that callout log export wrote",
        ) from error
    checkpoint = parse_checkpoint(verifier.open(note))
    if checkpoint.origin != verifier.name:
        raise BadInputError(
            f"this is the log {checkpoint.origin}, the key is of {verifier.name}",
            where=str(folder),
            todo="Use the key of that log",
        )
    return checkpoint


def _compare(folder: Path, where: TilePath, hashes: bytes) -> None:
    found = _read(folder, where)
    if found == hashes:
        return
    for place, (one, other) in enumerate(
        zip(split_hashes(found), split_hashes(hashes), strict=False)
    ):
        if one != other and where.level == 0:
            raise DamagedError(
                f"entry {where.number * TILE_WIDTH + place} is not the one of its tile",
                where=str(folder),
                todo=_AGAIN,
            )
    raise DamagedError("the tile does not fit those below it", where=where.text(), todo=_AGAIN)


def _read(folder: Path, where: TilePath) -> bytes:
    try:
        return (folder / where.text()).read_bytes()
    except OSError as error:
        raise DamagedError(
            f"a file is missing ({error.strerror})", where=where.text(), todo=_AGAIN
        ) from error


def _write(path: Path, data: bytes) -> None:
    aside = path.with_name(path.name + ".new")
    with aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
