"""Copies of a home, made while it runs, and a home made from a copy.

A backup is a folder with journal.db, state.db (without sessions), log.pub, erased.list and
manifest.json. Keys never lie in it: they go into a file of their own, or the backup opens
nothing. Restoring destroys again what was erased since.

The order makes the parts fit: state first, so that no cursor is ahead of the entries; then the
journal, at one moment; then ``erased.list``, which so names all that is erased in the copy. Keys
are copied after all of these, so that there is one for every side row.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from callout.base.clock import Clock, iso_utc, parse_iso_us
from callout.base.errors import BadInputError, DamagedError, FullError, NotFoundError
from callout.base.ids import new_id
from callout.journal.entries import Batch, Draft, Entry
from callout.journal.erased import ERASED, Erased, read_erased, write_erased
from callout.journal.events import BackupMade
from callout.journal.feed import entries_of
from callout.journal.keychest import unpack
from callout.journal.keys import KeyFile, sync_folder, write_durably
from callout.journal.memory import SPACE as MEMORY
from callout.journal.migrations import bring_up_home
from callout.journal.note import Checkpoint, Verifier, parse_checkpoint
from callout.journal.sqlite import SqliteDriver, open_to_check
from callout.journal.state import State

MANIFEST: Final = "manifest.json"
_FORMAT: Final = 1
_PAGES: Final = 2_000
_PAGE: Final = 256
#: The space of state.db for backups that are not in the journal yet.
WAITING: Final = "backup"
# Who is signed in, who guessed wrong, what this one home remembers; and whatever has an end.
_NOT_COPIED: Final = ("session", "failures", "invitation", MEMORY, WAITING)
_HASHED_BYTES: Final = 1 << 20
_TODO: Final = "Name a folder that callout backup made"
Progress = Callable[[int, int], None]
#: Names of keys that an entry says are to be destroyed, or were.
Asked = Callable[[Entry], tuple[str, ...]]


class Manifest(msgspec.Struct):
    """What a backup says of itself."""

    format: int
    made: str
    version: str
    log: str
    size: int
    root: str
    city: str = ""
    files: dict[str, str] = {}
    """Name to SHA-256 of every other file; empty in backups of before these were kept."""


class Waiting(msgspec.Struct):
    """A backup that is to be entered in the journal."""

    size: int
    root: str
    keys: bool
    made_us: int


class Restored(NamedTuple):
    """What a restore did."""

    size: int
    erased_again: int
    """Keys that were destroyed after the backup and are destroyed again."""
    lost_keys: int
    """Side rows' keys that the key file is too old to have."""
    newest_list: bool
    """Whether a list of erasures newer than the backup's own was found."""


def make_backup(
    home: Path,
    dest: Path,
    *,
    clock: Clock,
    version: str,
    city: str = "",
    progress: Progress = lambda _done, _all: None,
    prove: Callable[[Path], object] = lambda _folder: None,
) -> Path:
    """Copy a home into a new folder in ``dest``; the folder. Works while a server runs.

    Whole or not at all: written aside, fsynced, renamed. ``prove`` is shown the copy before it
    gets its name, and raises when it is not to be kept. The copy is one moment of the journal,
    of which every entry up to its checkpoint was durable.
    """
    _check_dest(home, dest)
    verifier = Verifier.parse((home / "keys" / "log.pub").read_text(errors="replace"))
    dest.mkdir(parents=True, exist_ok=True)
    made = iso_utc(clock.now_us())
    aside = dest / f".{made}.new"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    try:
        _copy_state(home / "state.db", aside / "state.db", clock)
        _copy_database(home / "journal.db", aside / "journal.db", progress)
        # After the journal: whatever is erased in the copy is on the list.
        write_erased(aside / ERASED, read_erased(home / ERASED))
        shutil.copyfile(home / "keys" / "log.pub", aside / "log.pub")
        checkpoint = _checkpoint(aside / "journal.db", verifier)
        prove(aside)
        size, root = checkpoint.size, checkpoint.root.hex()
        files = {path.name: _file_hash(path) for path in sorted(aside.iterdir())}
        manifest = Manifest(_FORMAT, made, version, verifier.name, size, root, city, files)
        write_durably(aside / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        _sync_all(aside)
        final = dest / f"{made.replace(':', '')}-{checkpoint.size}"
        aside.rename(final)
        sync_folder(dest)
    except apsw.FullError as error:
        raise FullError("the disk is full", where=str(dest), todo="Make room there") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return final


def leave_backup(home: Path, made: Path, *, keys: bool, clock: Clock) -> None:
    """Have a backup entered in the journal by whoever has the home, or has it next."""
    manifest = read_manifest(made)
    made_us = parse_iso_us(manifest.made)
    waiting = Waiting(manifest.size, manifest.root, keys, made_us)
    state = State(home / "state.db", clock=clock, writable=True)
    try:
        state.put(WAITING, new_id(), msgspec.json.encode(waiting))
    finally:
        state.close()


def enter_waiting(state: State, log: str, append: Callable[[Batch], object]) -> None:
    """Enter the backups that were made since; the same one again, after a crash, is entered once.

    ``append`` returns when the entry is durable. Errors: those of ``Journal.append``.
    """
    for name, raw in state.items(WAITING):
        waiting = msgspec.json.decode(raw, type=Waiting)
        fact = BackupMade(size=waiting.size, root=waiting.root, keys=waiting.keys)
        draft = Draft(f"history/{log}", fact.TYPE, fact.body(), claimed_us=waiting.made_us)
        append(Batch((draft,), f"backup/{name}"))
        state.delete(WAITING, name)


def read_manifest(folder: Path) -> Manifest:
    """BadInputError when the folder is no backup, or one of a later version."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadInputError(f"this is no backup ({error})", where=str(folder), todo=_TODO) from None
    if manifest.format != _FORMAT:
        raise BadInputError(
            f"the backup has format {manifest.format}, this callout reads {_FORMAT}",
            where=str(folder),
            todo="Use the version of callout that made it, or a newer one",
        )
    return manifest


def restore_files(backup: Path, aside: Path, keys: Path, lists: Iterable[Path],
                  passphrase: bytes | None,
                  asked: Asked = lambda _entry: ()) -> Restored:  # fmt: skip
    """Fill the new folder ``aside`` with a home made from a backup and its keys.

    ``keys``: a key file, or a folder ``keys/``. ``lists`` are further lists of erasures, newer
    than the backup's. The keys that any of them names, or by ``asked`` an entry, are destroyed
    before anything can be opened with them. DamagedError when a file is not the one copied.
    """
    manifest = read_manifest(backup)
    for name, hashed in manifest.files.items():
        path = backup / name
        # A name is one of ours only when it is a name and no path.
        if Path(name).name != name or not path.is_file() or _file_hash(path) != hashed:
            raise DamagedError(
                f"{name} is missing, or not what was copied", where=str(backup),
                todo="Use another backup",
            )  # fmt: skip
    for name in ("journal.db", "state.db"):
        if not (backup / name).is_file():
            raise DamagedError(f"{name} is missing", where=str(backup), todo="Use another backup")
        shutil.copyfile(backup / name, aside / name)
        (aside / name).chmod(0o600)
    # A backup may be older than the schema; the new home is nobody's yet, so no lock is needed.
    bring_up_home(aside)
    unpack(keys, aside / "keys", passphrase)
    ours, theirs = (
        (folder / "log.pub").read_text(errors="replace").strip()
        for folder in (aside / "keys", backup)
    )
    if ours != theirs:
        raise BadInputError(
            "these keys are of another log", where=str(keys), todo="Give the keys of this room"
        )
    checkpoint = _checkpoint(aside / "journal.db", Verifier.parse(ours))
    if (checkpoint.size, checkpoint.root.hex()) != (manifest.size, manifest.root):
        raise DamagedError(
            "the journal is not the one its manifest names", where=str(backup),
            todo="Use another backup",
        )  # fmt: skip
    further = _further(backup, manifest, lists)
    erased = {one for path in (backup / ERASED, *further) for one in read_erased(path)}
    lost, destroyed = _mend_keys(aside, erased, asked)
    return Restored(checkpoint.size, destroyed, lost, newest_list=bool(further))


def _further(backup: Path, manifest: Manifest, lists: Iterable[Path]) -> list[Path]:
    """The lists that were named, and those of newer backups that lie beside this one."""
    found = []
    for path in lists:
        if not path.is_file():
            raise NotFoundError("there is no such list", where=str(path), todo="Check --erased")
        found.append(path)
    ours = (backup / "log.pub").read_bytes()
    for folder in backup.resolve().parent.iterdir():
        # Whatever else lies there, damaged or of another log, is nobody's list.
        with contextlib.suppress(BadInputError, OSError):
            newer = read_manifest(folder).made > manifest.made
            if newer and (folder / "log.pub").read_bytes() == ours and (folder / ERASED).is_file():
                found.append(folder / ERASED)
    return found


def _mend_keys(home: Path, erased: set[Erased], asked: Asked) -> tuple[int, int]:
    """Keys the file is too old to have, and keys that are destroyed again; writes the list."""
    file = KeyFile(home / "keys" / "side.keys", (home / "keys" / "home.secret").read_bytes(),
                   writable=True)  # fmt: skip
    driver = SqliteDriver(home / "journal.db", writable=False)
    database = open_to_check(home / "journal.db")
    try:
        most: Any = database.execute("SELECT max(key_number) FROM side").get
        # The numbers are never given out again: what they sealed must not meet another key.
        lost = file.lose_up_to(most or 0)
        destroyed = sum(file.destroy(name, number) for name, number in erased)
        said = _said(driver, database, file, asked)
        write_erased(home / ERASED, erased | said)
        destroyed += sum(file.destroy(name, number) for name, number in said)
        file.sync()
    finally:
        database.close()
        driver.close()
        file.close()
    return lost, destroyed


def _said(
    driver: SqliteDriver, database: apsw.Connection, file: KeyFile, asked: Asked
) -> set[Erased]:
    """Living keys that an entry says are erased, and that sealed something before it."""
    said: dict[str, int] = {}
    after, size = -1, driver.head().size
    while rows := driver.read(after, size, _PAGE):
        for entry in entries_of(rows):
            said |= dict.fromkeys(asked(entry), entry.seq)
        after = rows[-1][0]
    found = set()
    for name, seq in said.items():
        number = file.find(name)
        if number is not None:
            first: Any = database.execute(
                "SELECT min(seq) FROM side WHERE key_number = ?", (number,)
            ).get
            # A key made under the same name after it was erased is another, and stays.
            if first is not None and first < seq:
                found.add(Erased(name, number))
    return found


def _check_dest(home: Path, dest: Path) -> None:
    if dest.resolve().is_relative_to(home.resolve()):
        raise BadInputError(
            "a backup inside the home is lost with it", where=str(dest), todo="Use another disk"
        )
    if not (home / "journal.db").is_file():
        raise NotFoundError(
            "there is no journal.db",
            where=str(home),
            todo="Check --home; a journal in PostgreSQL is backed up by PostgreSQL",
        )


def _copy_database(source: Path, target: Path, progress: Progress) -> None:
    """One moment of the database, copied in pages; the writer goes on meanwhile."""
    reading = open_to_check(source)
    writing = apsw.Connection(str(target))
    try:
        # The snapshot is pinned first: else every commit would begin the copy anew.
        reading.execute("BEGIN; SELECT size FROM head").fetchall()
        with writing.backup("main", reading, "main") as copy:
            while not copy.done:
                copy.step(_PAGES)
                progress(copy.page_count - copy.remaining, copy.page_count)
        reading.execute("ROLLBACK")
        writing.pragma("journal_mode", "delete")
    finally:
        writing.close()
        reading.close()
    target.chmod(0o600)


def _copy_state(source: Path, target: Path, clock: Clock) -> None:
    """Row by row into a new file: a copy with rows deleted could still hold their bytes."""
    old = State(source, clock=clock, writable=False)
    new = State(target, clock=clock, writable=True)
    try:
        new.put_all(row for row in old.lasting() if row[0] not in _NOT_COPIED)
    finally:
        old.close()
        new.close()
    copied = apsw.Connection(str(target))
    try:
        copied.pragma("journal_mode", "delete")
    finally:
        copied.close()
    target.chmod(0o600)


def _file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASHED_BYTES):
            found.update(block)
    return found.hexdigest()


def _checkpoint(path: Path, verifier: Verifier) -> Checkpoint:
    database = open_to_check(path)
    try:
        note: Any = database.execute("SELECT note FROM head").get
    finally:
        database.close()
    return parse_checkpoint(verifier.open(note))


def _sync_all(folder: Path) -> None:
    for path in folder.iterdir():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    sync_folder(folder)
