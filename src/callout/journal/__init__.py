"""journal: what happened, for ever. The one place that every fact flows through."""

from callout.journal.check import Report, check
from callout.journal.entries import Batch, Draft, Entry, Receipt, Side
from callout.journal.feed import Follower
from callout.journal.journal import Journal
from callout.journal.reserve import Storage
from callout.journal.snapshot import Snapshot, SnapshotFile
from callout.journal.span import Problem
from callout.journal.state import State

__all__ = [
    "Batch",
    "Draft",
    "Entry",
    "Follower",
    "Journal",
    "Problem",
    "Receipt",
    "Report",
    "Side",
    "Snapshot",
    "SnapshotFile",
    "State",
    "Storage",
    "check",
]
