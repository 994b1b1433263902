"""What a copy of a home must hold together, and what a restored one must not bring back."""

from contextlib import closing
from pathlib import Path

import pytest

from callout.base.clock import ManualClock
from callout.base.errors import BadInputError, DamagedError
from callout.journal import Batch, Draft, Entry, Follower, Journal, Side
from callout.journal.backup import Restored, make_backup, read_manifest, restore_files
from callout.journal.erased import ERASED
from callout.journal.keychest import pack
from callout.journal.state import State

ASKED, DONE = "ErasureAsked.1", "ErasureDone.1"


class Room:
    """A home with notes, backups beside each other, key files, and a place to restore to."""

    def __init__(self, folder: Path, clock: ManualClock, journal: Journal) -> None:
        self.folder, self.clock, self.journal = folder, clock, journal
        self.home, self.dest = journal.home, folder / "dest"
        self._count = 0

    def note(self, incident: str) -> int:
        side = Side("text", {"text": f"told of {incident}"}, f"incident/{incident}")
        return self.enter(incident, "NoteAdded.1", {}, side)

    def enter(self, incident: str, kind: str, body: dict[str, object], *sides: Side) -> int:
        self._count += 1
        draft = Draft(f"incident/{incident}", kind, body, sides)
        return self.journal.append(Batch((draft,), f"k{self._count}")).first_seq

    def backup(self, **options: object) -> Path:
        self.clock.advance_s(1)
        return make_backup(self.home, self.dest, clock=self.clock, version="1", **options)  # type: ignore[arg-type]

    def keys(self, name: str = "keys") -> Path:
        pack(self.home / "keys", self.folder / name, None)
        return self.folder / name

    def restore(self, made: Path, keys: Path, *lists: Path) -> tuple[Path, Restored]:
        self._count += 1
        new = self.folder / f"new-{self._count}"
        new.mkdir()
        return new, restore_files(made, new, keys, lists, None, asked)

    def told(self, home: Path, seq: int) -> str | None:
        with closing(Journal.open(home, clock=self.clock, writable=False)) as journal:
            side = journal.side(seq, "text")
            return side["text"] if side else None


def asked(entry: Entry) -> tuple[str, ...]:
    if entry.type == ASKED:
        return tuple(entry.body["keys"])
    return (entry.stream,) if entry.type == DONE else ()


@pytest.fixture
def made_room(tmp_path: Path, clock: ManualClock, journal: Journal) -> Room:
    return Room(tmp_path, clock, journal)


def test_no_cursor_is_ahead_of_the_entries_it_is_copied_with(made_room: Room) -> None:
    """A follower of the restored room would pass over what takes those places there."""
    heard: list[int] = []
    follower = Follower(made_room.journal, "paging", lambda es: heard.extend(e.seq for e in es))
    made_room.note("a")
    follower.catch_up()

    def meanwhile(_done: int, _all: int) -> None:
        made_room.note("b")
        follower.catch_up()

    made = made_room.backup(progress=meanwhile)
    assert heard[-1] > 0
    state = State(made / "state.db", clock=made_room.clock, writable=False)
    cursor = int(state.items("cursor")[0][1])
    state.close()
    assert cursor < read_manifest(made).size


def test_nothing_with_an_end_and_nothing_of_this_home_alone_is_copied(made_room: Room) -> None:
    end = made_room.clock.now_us() + 10**9
    kept = made_room.journal.state
    kept.put("account", "ana", b"an argon2 hash")
    kept.put("token", "t", b"a token")
    kept.put("session", "cookie-hash", b"who")
    kept.put("challenge", "passkey-challenge", b"nonce", end)
    made_room.journal.remember()
    made = made_room.backup()
    state = State(made / "state.db", clock=made_room.clock, writable=False)
    left = {space for space in ("account", "token", "session", "challenge", "memory", "backup")
            if state.items(space)}  # fmt: skip
    state.close()
    assert left == {"account", "token"}
    data = (made / "state.db").read_bytes()
    assert b"cookie-hash" not in data
    assert b"passkey-challenge" not in data


@pytest.mark.parametrize("kind", [ASKED, DONE])
def test_what_the_entries_say_is_erased_is_erased(made_room: Room, kind: str) -> None:
    """The key file is older than the journal, and the list is lost."""
    a, b = made_room.note("a"), made_room.note("b")
    keys = made_room.keys()
    made_room.enter("a", kind, {"keys": ["incident/a"]} if kind == ASKED else {})
    new, done = made_room.restore(made_room.backup(), keys)
    assert done.erased_again == 1
    assert made_room.told(new, a) is None
    assert made_room.told(new, b) == "told of b"
    assert "incident/a " in (new / ERASED).read_text()


def test_a_key_made_under_the_name_after_it_was_erased_stays(made_room: Room) -> None:
    a = made_room.note("a")
    made_room.enter("a", ASKED, {"keys": ["incident/a"]})
    made_room.journal.forget("incident/a")
    made_room.enter("a", DONE, {})
    later = made_room.note("a")
    new, done = made_room.restore(made_room.backup(), made_room.keys())
    assert done.erased_again == 0
    assert made_room.told(new, a) is None
    assert made_room.told(new, later) == "told of a"


def test_a_newer_list_that_names_nothing_is_a_list(made_room: Room) -> None:
    made_room.note("a")
    made = made_room.backup()
    assert not made_room.restore(made, made_room.keys())[1].newest_list
    made_room.backup()
    assert made_room.restore(made, made_room.keys("again"))[1].newest_list


def test_what_lies_beside_it_neither_stops_it_nor_answers_for_it(
    made_room: Room, tmp_path: Path
) -> None:
    made_room.note("a")
    made = made_room.backup()
    Journal.open(tmp_path / "other", clock=made_room.clock).close()
    made_room.clock.advance_s(5)
    # Of the same name, as logs have by default, and another log all the same.
    beside = make_backup(tmp_path / "other", made_room.dest, clock=made_room.clock, version="1")
    assert read_manifest(beside).log == read_manifest(made).log
    damaged = made_room.dest / "damaged"
    damaged.mkdir()
    (damaged / "manifest.json").write_text("{")
    assert not made_room.restore(made, made_room.keys())[1].newest_list


@pytest.mark.parametrize("name", ["journal.db", "state.db", "log.pub", ERASED])
@pytest.mark.parametrize("harm", ["flipped", "cut", "missing"])
def test_a_file_that_is_not_the_one_that_was_copied(made_room: Room, name: str, harm: str) -> None:
    made_room.note("a")
    made_room.note("b")
    made_room.journal.forget("incident/b")
    made = made_room.backup()
    path = made / name
    data = bytearray(path.read_bytes())
    path.unlink()
    if harm == "flipped":
        data[len(data) // 2] ^= 1
    if harm != "missing":
        path.write_bytes(data[:-1] if harm == "cut" else data)
    with pytest.raises(DamagedError, match=name):
        made_room.restore(made, made_room.keys())


def test_a_backup_of_before_there_were_hashes_is_restored(made_room: Room) -> None:
    a = made_room.note("a")
    made = made_room.backup()
    manifest = (made / "manifest.json").read_text()
    start = manifest.index(',\n  "files"')
    (made / "manifest.json").write_text(manifest[:start] + "\n}")
    new, _ = made_room.restore(made, made_room.keys())
    assert made_room.told(new, a) == "told of a"


def test_the_keys_folder_that_outlived_its_home_restores_it(made_room: Room) -> None:
    a = made_room.note("a")
    made = made_room.backup()
    new, _ = made_room.restore(made, made_room.home / "keys")
    assert made_room.told(new, a) == "told of a"


def test_a_key_file_is_small_and_of_whole_records(made_room: Room) -> None:
    made_room.note("a")
    path = made_room.home / "keys" / "side.keys"
    data = bytearray(path.read_bytes())
    data[64 + 30] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedError, match="key record 1"):
        made_room.keys()
    assert not (made_room.folder / "keys").exists()


def test_a_copy_that_is_refused_is_not_left_there(made_room: Room) -> None:
    made_room.note("a")
    looked: list[Path] = []

    def refuse(folder: Path) -> None:
        looked.append(folder)
        assert (folder / "journal.db").exists()
        raise BadInputError("no")

    with pytest.raises(BadInputError):
        made_room.backup(prove=refuse)
    assert len(looked) == 1
    assert list(made_room.dest.iterdir()) == []
