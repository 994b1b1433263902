"""The log as tiles, files and proofs; and a stranger who verifies them from the document alone."""

import base64
import itertools
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
import stranger
from hypothesis import given
from hypothesis import strategies as st

from callout.base.clock import ManualClock
from callout.base.errors import BadInputError, CalloutError, DamagedError, NotFoundError
from callout.journal import Batch, Draft, Journal, Side
from callout.journal.export import export, read_bundle, verify_export
from callout.journal.note import Checkpoint, Signer, Verifier, parse_checkpoint
from callout.journal.tlog import TilePath, parse_path, paths, verify_proof
from callout.journal.tree import Tree, leaf_hash

TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def fill(journal: Journal, count: int) -> None:
    start = journal.head() + 1
    futures = [
        journal.submit(
            Batch(
                (
                    Draft(
                        f"unit/E{number % 7}",
                        "UnitStatus.1",
                        {"number": number, "text": "Straße ☂"},
                        (Side("text", {"text": "secret"}, "incident/a"),)
                        if number % 9 == 0
                        else (),
                    ),
                ),
                f"key-{number}",
            )
        )
        for number in range(start, start + count)
    ]
    for future in futures:
        future.result()


def test_paths_are_read_in_the_one_way_they_are_written() -> None:
    # The example of C2SP tlog-tiles.
    assert TilePath(0, 1234067, 256).text() == "tile/0/x001/x234/067"
    assert parse_path("tile/0/x001/x234/067") == TilePath(0, 1234067, 256)
    assert parse_path("tile/entries/x001/000.p/12") == TilePath(-1, 1000, 12)
    for odd in (
        "tile/0/1", "tile/0/x000/001", "tile/00/001", "tile/64/001", "tile/0/001.p/0",
        "tile/0/001.p/256", "tile/0/001.p/01", "tile/0/x01/001", "tile/-1/001", "tile/0/001/",
        "../tile/0/001", "tile/0/001\n", "tile/entries/", "tile/0/\u0660\u0660\u0661",
    ):  # fmt: skip
        assert parse_path(odd) is None, odd


@given(st.integers(-1, 63), st.integers(0, 2**40), st.integers(1, 256))
def test_a_path_survives_being_written(level: int, number: int, width: int) -> None:
    assert parse_path(TilePath(level, number, width).text()) == TilePath(level, number, width)


def test_the_tiles_of_the_standards_example() -> None:
    tiles = [where for where in paths(70_000) if where.level >= 0]
    assert sum(w.level == 0 and w.width == 256 for w in tiles) == 273
    assert [tuple(w) for w in tiles if w.width != 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert paths(0) == []
    assert [tuple(w) for w in paths(256)] == [(-1, 0, 256), (0, 0, 256), (1, 0, 1)]


def test_every_tile_and_bundle_fits_the_checkpoint(journal: Journal) -> None:
    fill(journal, 600)
    log = journal.log()
    tree = Tree()
    for where in paths(600):
        data = log.read(where.text())
        if where.level < 0:
            tree.extend([leaf_hash(leaf) for leaf in read_bundle(data, where)])
        else:
            assert len(data) == 32 * where.width
    assert tree.root() == log.head.root
    assert log.read("tile/0/002.p/3") == log.read("tile/0/002.p/88")[:96]
    for beyond in ("tile/0/002", "tile/0/002.p/89", "tile/1/000.p/3", "tile/2/000.p/1", "x", ""):
        with pytest.raises(NotFoundError):
            log.read(beyond)


def test_a_view_stays_at_its_size(journal: Journal) -> None:
    fill(journal, 200)
    log = journal.log()
    root = log.head.root
    fill(journal, 200)
    assert log.root_at(200) == root
    assert log.prove(199)
    later = journal.log()
    assert later.root_at(200) == root
    assert len(later.consistency(200)) > 0
    with pytest.raises(NotFoundError):
        log.prove(200)


def test_every_entry_is_proved_to_us_and_to_a_stranger(journal: Journal) -> None:
    fill(journal, 515)
    log, verifier = journal.log(), journal.verifier()
    for seq in [0, 1, 255, 256, 511, 512, 513, 514]:
        text = log.prove(seq)
        proved = verify_proof(text, verifier)
        assert (proved.seq, proved.leaf) == (seq, log.leaf(seq))
        assert stranger.verify_proof(text, verifier.encoded())["seq"] == seq


def test_a_changed_proof_is_refused(journal: Journal) -> None:
    fill(journal, 20)
    text, verifier = journal.log().prove(7), journal.verifier()
    for at, bit in itertools.product(range(len(text)), range(8)):
        damaged = bytearray(text)
        damaged[at] ^= 1 << bit
        with pytest.raises(CalloutError):
            verify_proof(bytes(damaged), verifier)
    for cut in range(0, len(text), 7):
        with pytest.raises(CalloutError):
            verify_proof(text[:cut], verifier)
    with pytest.raises(CalloutError):
        verify_proof(text, Signer.generate("callout").verifier)


def test_an_export_goes_on_and_verifies(journal: Journal, tmp_path: Path) -> None:
    folder, verifier = tmp_path / "log", journal.verifier()
    assert export(journal.log(), verifier, folder) == 0
    assert verify_export(folder, verifier).size == 0
    for count, files in ((300, 5), (0, 0), (300, 5)):
        fill(journal, count)
        assert export(journal.log(), verifier, folder) == files
        size = journal.head() + 1
        assert verify_export(folder, verifier).size == size
        assert stranger.verify_folder(folder, verifier.encoded()) == size
        written = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
        # Partial tiles of an earlier checkpoint stay until the full one is there.
        assert written >= {"checkpoint", *(where.text() for where in paths(size))}
        assert not (folder / "tile/0/000.p").exists()


def test_a_damaged_export_is_noticed(journal: Journal, tmp_path: Path) -> None:
    fill(journal, 300)
    folder, verifier = tmp_path / "log", journal.verifier()
    export(journal.log(), verifier, folder)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        for at in range(0, len(whole), max(1, len(whole) // 5)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
            with pytest.raises(CalloutError):
                verify_export(folder, verifier)
            with pytest.raises(Exception):  # noqa: B017 - a stranger has no errors of ours
                stranger.verify_folder(folder, verifier.encoded())
        path.write_bytes(whole[:-1])
        with pytest.raises(CalloutError):
            verify_export(folder, verifier)
        path.unlink()
        with pytest.raises(CalloutError):
            verify_export(folder, verifier)
        path.write_bytes(whole)
    assert verify_export(folder, verifier).size == 300


def test_an_export_that_is_cut_short_leaves_what_verified(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(journal, 300)
    folder, verifier = tmp_path / "log", journal.verifier()
    export(journal.log(), verifier, folder)
    earlier = (folder / "checkpoint").read_bytes()
    fill(journal, 300)
    log = journal.log()
    reads = len(paths(600, 300))
    for cut in range(reads + 1):
        # Cut at each read, and after all of them where the checkpoint would be written.
        with monkeypatch.context() as patch:
            patch.setattr(log, "read", cut_after(cut, log.read))
            patch.setattr("callout.journal.export.write_durably", cut_after(0, None))
            with pytest.raises(KeyboardInterrupt):
                export(log, verifier, folder)
        assert verify_export(folder, verifier).size == 300
        assert stranger.verify_folder(folder, verifier.encoded()) == 300
    assert export(log, verifier, folder) == reads
    assert stranger.verify_folder(folder, verifier.encoded(), earlier) == 600


def cut_after(count: int, call: Callable[..., bytes] | None) -> Callable[..., bytes]:
    left = iter(range(count))

    def cut(*words: object, **named: object) -> bytes:
        if call is None or next(left, None) is None:
            raise KeyboardInterrupt
        return call(*words, **named)

    return cut


def test_a_stranger_sees_that_a_log_did_not_grow_from_an_earlier_one(
    journal: Journal, tmp_path: Path
) -> None:
    fill(journal, 20)
    folder = tmp_path / "log"
    export(journal.log(), journal.verifier(), folder)
    signer = Signer.parse((journal.home / "keys" / "log.key").read_text())
    forked = signer.sign(Checkpoint("callout", 10, bytes(32)).text())
    key = journal.verifier().encoded()
    with pytest.raises(AssertionError, match="only grow"):
        stranger.verify_folder(folder, key, forked)


@pytest.mark.parametrize("change", ["replace(body, 'Stra', 'Gass')", "'{'"])
def test_a_changed_entry_is_neither_proved_nor_exported(
    open_home: Callable[..., Journal], tmp_path: Path, change: str
) -> None:
    journal = open_home()
    fill(journal, 300)
    journal.close()
    with closing(apsw.Connection(str(journal.home / "journal.db"))) as database:
        for (name,) in list(
            database.execute("SELECT name FROM sqlite_schema WHERE type='trigger'")
        ):
            database.execute(f"DROP TRIGGER {name}")
        database.execute(f"UPDATE event SET body = {change} WHERE seq IN (5, 299)")
    with closing(Journal.open(journal.home, clock=ManualClock(), writable=False)) as changed:
        for seq in (5, 299):
            with pytest.raises(DamagedError, match=f"entry {seq}"):
                changed.log().prove(seq)
        with pytest.raises(DamagedError, match="entry 5"):
            export(changed.log(), changed.verifier(), tmp_path / "log")
    assert not (tmp_path / "log" / "checkpoint").exists()


def test_a_view_keeps_a_few_tiles_only(journal: Journal) -> None:
    fill(journal, 256 * 20 + 3)
    log = journal.log()
    for where in paths(log.size):
        log.read(where.text())
    assert len(log._kept) <= 16
    assert log.root_at(log.size) == log.head.root


def test_another_logs_folder_is_not_gone_on_with(
    journal: Journal, tmp_path: Path, clock: ManualClock
) -> None:
    folder = tmp_path / "log"
    fill(journal, 10)
    export(journal.log(), journal.verifier(), folder)
    keys = tmp_path / "other" / "keys"
    other_home = tmp_path / "other"
    shutil.copytree(journal.home / "keys", keys)
    with closing(Journal.open(other_home, clock=clock)) as other:
        fill(other, 5)
        with pytest.raises(BadInputError, match="did not grow"):
            export(other.log(), other.verifier(), folder)
        fill(other, 20)
        with pytest.raises(BadInputError, match="did not grow"):
            export(other.log(), other.verifier(), folder)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("x")
    with pytest.raises(BadInputError, match="not empty"):
        export(journal.log(), journal.verifier(), tmp_path / "full")


def test_a_log_of_another_program(data: Path) -> None:
    folder = data / "vectors/tessera-log/testdata/log"
    verifier = Verifier.parse(TESSERA)
    roots, tree = {0: Tree().root()}, Tree()
    for size in range(1, 16):
        where = TilePath(-1, 0, size)
        leaves = read_bundle((folder / where.text()).read_bytes(), where)
        tree.extend([leaf_hash(leaves[-1])])
        stored = (folder / TilePath(0, 0, size).text()).read_bytes()
        assert stored == b"".join(leaf_hash(leaf) for leaf in leaves)
        roots[size] = tree.root()
    notes = [folder / "checkpoint", *(folder / f"checkpoint.{size}" for size in range(16))]
    for path in notes:
        checkpoint = parse_checkpoint(verifier.open(path.read_bytes()))
        assert checkpoint.root == roots[checkpoint.size]
        with pytest.raises(DamagedError):
            verifier.open(path.read_bytes().replace(b"\n", b"1\n", 2))
    assert verify_export(folder, verifier).size == 15


def test_base64_has_one_spelling(journal: Journal) -> None:
    fill(journal, 2)
    text = journal.log().prove(0)
    line = text.split(b"\n")[3]
    raw = base64.b64decode(line)
    loose = line[:-2] + bytes([line[-2] + 1]) + b"="
    assert base64.b64decode(loose) == raw
    with pytest.raises(BadInputError, match="base64"):
        verify_proof(text.replace(line, loose), journal.verifier())
