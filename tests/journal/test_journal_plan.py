"""Any sequence of batches, in any grouping, against a plain model of the journal."""

import tempfile
from concurrent.futures import Future
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from callout.base.clock import ManualClock
from callout.base.errors import ConflictError
from callout.journal import Batch, Draft, Journal, Receipt, check

STREAMS = st.sampled_from(["unit/a", "unit/b", "incident/c"])
BATCHES = st.builds(
    Batch,
    st.lists(st.builds(Draft, STREAMS, st.just("A.1"), st.just({})), min_size=1, max_size=3).map(
        tuple
    ),
    st.sampled_from(["k1", "k2", "k3", "k#1", "k", "k4", "k5", "k6"]),
    expect=st.dictionaries(STREAMS, st.integers(0, 4), max_size=2),
)
GROUPS = st.lists(st.lists(BATCHES, min_size=1, max_size=5), max_size=6)


class Model:
    """What the journal promises, without any of its means."""

    def __init__(self) -> None:
        self.size = 0
        self.versions: dict[str, int] = {}
        self.known: dict[str, Receipt] = {}

    def append(self, batch: Batch) -> Receipt | None:
        known = self.known.get(batch.key)
        if known is not None:
            return Receipt(known.first_seq, known.last_seq, known.versions, duplicate=True)
        if any(self.versions.get(stream, 0) != v for stream, v in batch.expect.items()):
            return None
        given = []
        for draft in batch.entries:
            self.versions[draft.stream] = self.versions.get(draft.stream, 0) + 1
            given.append(self.versions[draft.stream])
        first, self.size = self.size, self.size + len(given)
        receipt = Receipt(first, self.size - 1, tuple(given), duplicate=False)
        self.known[batch.key] = receipt
        return receipt


@given(GROUPS, st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_the_journal_does_what_the_model_says(groups: list[list[Batch]], reopen_at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, clock, model = Path(folder), ManualClock(), Model()
        journal = Journal.open(home, clock=clock)
        for number, group in enumerate(groups):
            if number == reopen_at:
                journal.close()
                journal = Journal.open(home, clock=clock)
            for future, batch in zip(written_together(journal, group), group, strict=True):
                expected = model.append(batch)
                if expected is None:
                    assert isinstance(future.exception(), ConflictError)
                else:
                    assert future.result() == expected
        assert journal.head() == model.size - 1
        replayed: dict[str, int] = {}
        for seq, entry in enumerate(journal.replay()):
            assert entry.seq == seq
            assert entry.version == replayed.get(entry.stream, 0) + 1
            replayed[entry.stream] = entry.version
        assert replayed == model.versions
        journal.close()
        assert check(home).ok


def written_together(journal: Journal, group: list[Batch]) -> list[Future[Receipt]]:
    """The writer's own step for a group, without its thread, which has nothing to do meanwhile."""
    writer = journal._writer
    assert writer is not None
    futures: list[Future[Receipt]] = [Future() for _ in group]
    requests = [journal._prepare(batch)[1] for batch in group]
    for request, future in zip(requests, futures, strict=True):
        request.future = future
    writer._write(requests)
    writer._tell()
    return futures
