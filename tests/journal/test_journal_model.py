"""Any commands, in any grouping: a plain-Python journal, SQLite and PostgreSQL say the same.

In PostgreSQL two writers take turns on one journal. With ``STEPS=50000`` in the environment
(``make model STEPS=50000``) it goes on until so many commands have been compared.
"""

import hmac
import json
import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from naive_tree import leaf_hashes, root
from test_journal_conformance import stop_listening, together

from callout.base.clock import ManualClock
from callout.base.errors import BadInputError, CalloutError, ConflictError
from callout.journal import Batch, Draft, Entry, Follower, Journal, Receipt, Side
from callout.journal import seal as seal_module

psycopg = pytest.importorskip("psycopg", reason="skipped: psycopg is not installed")

STREAMS = st.sampled_from(["unit/a", "unit/A", "incident/c", "incident/d"])
OWNERS = ["incident/c", "alarm/x"]
TEXTS = st.text(max_size=5).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))
BODIES = st.dictionaries(
    st.sampled_from(["a", "b", "A"]), TEXTS | st.integers(-(2**53) + 1, 2**53 - 1) | st.none(),
    max_size=2,
)  # fmt: skip
SIDES = st.lists(
    st.builds(Side, st.sampled_from(["text", "place"]), BODIES, st.sampled_from(OWNERS)),
    max_size=2, unique_by=lambda side: side.name,
).map(tuple)  # fmt: skip
CLAIMED = st.none() | st.integers(-5, 5)
DRAFTS = st.builds(Draft, STREAMS, st.sampled_from(["A.1", "B.2"]), BODIES, SIDES, CLAIMED)
# Few enough to come again, and some that look like those of a batch's later entries.
KEYS = st.sampled_from(["k", "k#1", "k##1", "K", "é", "#"]) | st.integers(0, 40).map(str)
BATCHES = st.builds(
    Batch,
    st.lists(DRAFTS, min_size=1, max_size=3).map(tuple),
    KEYS,
    st.sampled_from(["system", "person/ana"]),
    st.sampled_from(["", "fire"]),
    st.dictionaries(STREAMS, st.integers(0, 6), max_size=2),
)
BAD = st.sampled_from(
    [
        Batch((), "empty"),
        Batch((Draft("unit/a", "A.1", {}),), "a\0"),
        Batch((Draft("unit/a", "A.1", {}), Draft("unit/a", "A.1", {"lon": 8.6})), "float"),
        Batch((Draft("unit a", "A.1", {}),), "space"),
        Batch((Draft("unit/a", "a.1", {}),), "type"),
        Batch((Draft("unit/a", "A.1", {}),), "version", expect={"unit/a": -1}),
    ]
)


class Salts:
    """Stands for ``secrets``: the same salts and nonces for each journal and the model."""

    def __init__(self) -> None:
        self.about = b""
        self.count = 0

    def start(self, about: bytes) -> None:
        self.about, self.count = about, 0

    def token_bytes(self, length: int) -> bytes:
        self.count += 1
        return sha256(b"%b %d" % (self.about, self.count)).digest()[:length]


SALTS = Salts()


class Plain:
    """What the journal promises, without any of its means."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.versions: dict[str, int] = {}
        self.known: dict[str, Receipt] = {}
        self.sides: dict[tuple[int, str], tuple[str, dict[str, Any]]] = {}

    def append(self, batch: Batch, now_us: int) -> Receipt | tuple[str, int, int]:
        known = self.known.get(batch.key)
        if known is not None:
            return Receipt(known.first_seq, known.last_seq, known.versions, duplicate=True)
        for stream, expected in batch.expect.items():
            actual = self.versions.get(stream, 0)
            if actual != expected:
                return stream, expected, actual
        first, given = len(self.entries), []
        base = batch.key.replace("#", "##")
        for number, draft in enumerate(batch.entries):
            self.versions[draft.stream] = version = self.versions.get(draft.stream, 0) + 1
            given.append(version)
            key = f"{base}#{number}" if number else base
            seq, body = len(self.entries), dict(draft.body)
            if draft.side:
                body["side"] = {side.name: self._commit(side) for side in draft.side}
            for side in draft.side:
                self.sides[seq, side.name] = (side.key, side.value)
            self.entries.append(
                Entry(seq, draft.stream, version, key, draft.type, now_us, draft.claimed_us,
                      batch.actor, batch.agency, body)
            )  # fmt: skip
        receipt = Receipt(first, len(self.entries) - 1, tuple(given), duplicate=False)
        self.known[batch.key] = receipt
        return receipt

    def forget(self, owner: str) -> None:
        self.sides = {at: side for at, side in self.sides.items() if side[0] != owner}

    def _commit(self, side: Side) -> str:
        salt, _nonce = SALTS.token_bytes(32), SALTS.token_bytes(12)
        text = json.dumps(side.value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hmac.digest(salt, side.name.encode() + b"\0" + text.encode(), "sha256").hex()


class Same(RuleBasedStateMachine):
    """One command after the other, given to all of them."""

    server = ""
    steps = 0
    made = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1
        self.clock = ManualClock()
        self.plain = Plain()
        self.folder = Path(tempfile.mkdtemp(prefix="callout-model-"))
        self.name = f"model{self.made}"
        self._sql(f"CREATE DATABASE {self.name} TEMPLATE template0 STRATEGY file_copy")
        self.file = Journal.open(self.folder / "file", clock=self.clock)
        self.replicas: list[Journal] = []
        for number in range(2):
            home = self.folder / f"replica{number}"
            shutil.copytree(self.folder / "file/keys", home / "keys")
            self.replicas.append(self._open_replica(home))
        self.seen: list[list[int]] = [[], []]
        self.count = 0

    def teardown(self) -> None:
        for journal in (self.file, *self.replicas):
            journal.close()
        self._sql(f"DROP DATABASE {self.name} WITH (FORCE)")
        shutil.rmtree(self.folder)

    @rule(group=st.lists(BATCHES, min_size=1, max_size=6), writer=st.integers(0, 1))
    def append(self, group: list[Batch], writer: int) -> None:
        self._step()
        if any(draft.side for batch in group for draft in batch.entries):
            # Only one home has the keys of side rows.
            writer = 0
        expected: list[Any] = []
        for batch in group:
            SALTS.start(self._about(batch))
            expected.append(self.plain.append(batch, self.clock.now_us()))
        for journal in (self.file, self.replicas[writer]):
            assert self._written(journal, group) == expected
        self._compare(self.replicas[writer])

    @rule(batch=BAD, writer=st.integers(0, 1))
    def refuse(self, batch: Batch, writer: int) -> None:
        self._step()
        said = []
        for journal in (self.file, self.replicas[writer]):
            with pytest.raises(BadInputError) as caught:
                journal.append(batch)
            said.append(str(caught.value))
        assert said[0] == said[1]

    @rule(owner=st.sampled_from(OWNERS))
    def forget(self, owner: str) -> None:
        self._step()
        self.plain.forget(owner)
        self.file.forget(owner)
        self.replicas[0].forget(owner)
        self._compare_sides()

    @rule(writer=st.integers(0, 1))
    def reopen(self, writer: int) -> None:
        self._step()
        self.file.close()
        self.file = Journal.open(self.folder / "file", clock=self.clock)
        old = self.replicas[writer]
        old.close()
        self.replicas[writer] = self._open_replica(old.home)
        self._compare(self.replicas[writer])
        self._compare_sides()

    @rule(seconds=st.integers(-2, 5))
    def wait(self, seconds: int) -> None:
        self._step()
        # Machines' clocks go back, too.
        self.clock._now_us += seconds * 1_000_000

    @rule(limit=st.integers(1, 7))
    def follow(self, limit: int) -> None:
        self._step()
        # A replica may not have heard yet of what the other one wrote; its follower asks.
        for journal, seen in zip((self.file, self.replicas[0]), self.seen, strict=True):
            journal.read = _reading_all(journal)  # type: ignore[method-assign]
            Follower(journal, "f", lambda es, seen=seen: seen.extend(e.seq for e in es)).step(limit)  # type: ignore[misc]
        assert self.seen[0] == self.seen[1] == list(range(len(self.seen[0])))

    @rule(stream=STREAMS, after=st.integers(0, 5))
    def read_stream(self, stream: str, after: int) -> None:
        self._step()
        expected = [e for e in self.plain.entries if e.stream == stream and e.version > after]
        for journal in (self.file, *self.replicas):
            assert list(journal.stream(stream, after)) == expected

    @rule(seq=st.integers(-1, 60), limit=st.integers(1, 9))
    def read(self, seq: int, limit: int) -> None:
        self._step()
        expected = self.plain.entries[seq + 1 : seq + 1 + limit]
        for journal in (self.file, *self.replicas):
            assert journal.read(seq, limit, until=_newest(journal)) == expected

    def _step(self) -> None:
        type(self).steps += 1
        self.count += 1

    def _about(self, batch: Batch) -> bytes:
        return f"{self.count} {batch.key}".encode()

    def _written(self, journal: Journal, group: list[Batch]) -> list[Any]:
        prepare = journal._prepare

        def with_salts(batch: Batch) -> Any:
            SALTS.start(self._about(batch))
            return prepare(batch)

        journal._prepare = with_salts  # type: ignore[method-assign]
        try:
            return [_said(answer) for answer in together(journal, group)]
        finally:
            journal._prepare = prepare  # type: ignore[method-assign]

    def _compare(self, replica: Journal) -> None:
        entries = self.plain.entries
        assert self.file.read(limit=10_000) == entries
        assert replica.read(limit=10_000, until=_newest(replica)) == entries
        heads = [journal._driver.head() for journal in (self.file, replica)]
        assert heads[0] == heads[1]
        assert (heads[0].size, heads[0].root) == (len(entries), root(leaf_hashes(entries)))

    def _compare_sides(self) -> None:
        for seq in range(len(self.plain.entries)):
            for name in ("text", "place"):
                expected = self.plain.sides.get((seq, name), ("", None))[1]
                for journal in (self.file, self.replicas[0]):
                    assert journal.side(seq, name) == expected

    def _open_replica(self, home: Path) -> Journal:
        journal = Journal.open(home, clock=self.clock, database=self.server.format(self.name))
        stop_listening(journal)
        return journal

    def _sql(self, statement: str) -> None:
        with psycopg.connect(self.server.format("postgres"), autocommit=True) as server:
            server.execute(statement)


def _newest(journal: Journal) -> int:
    """The last seq in the database; ``head`` may lag behind another writer by a moment."""
    writer = journal._writer
    assert writer is not None
    writer._tell_of_others()
    return journal.head()


def _reading_all(journal: Journal) -> Any:
    def read(after: int = -1, limit: int = 1000, until: int | None = None) -> list[Entry]:
        return Journal.read(journal, after, limit, _newest(journal) if until is None else until)

    return read


def _said(answer: Receipt | BaseException) -> Any:
    if isinstance(answer, ConflictError):
        return tuple(answer.detail.values())
    if isinstance(answer, CalloutError):
        return answer.code
    return answer


@pytest.mark.postgres
def test_all_say_the_same(
    postgres: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(seal_module, "secrets", SALTS)
    Same.server = postgres
    wanted = int(os.environ.get("STEPS", "0"))
    before, Same.steps = settings(), 0
    size = (100, 40) if wanted else (10, 20)
    chosen = settings(
        before, max_examples=size[0], stateful_step_count=size[1], deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Same, settings=chosen)
    while Same.steps < wanted:
        run_state_machine_as_test(Same, settings=chosen)
    if wanted:
        with capsys.disabled():
            print(f"{Same.steps} commands compared")
    assert Same.steps >= max(wanted, 20)
