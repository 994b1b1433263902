"""dispatch: who should go, and why; and the verbs that join units and incidents."""

from callout.dispatch.board import Times, TimesBoard
from callout.dispatch.commands import CLOSE_REASONS, Assigned, assign, close, set_status
from callout.dispatch.picture import STALE_S, Picture, Where, code_version
from callout.dispatch.recommend import Recommendation, recommend

__all__ = [
    "CLOSE_REASONS",
    "STALE_S",
    "Assigned",
    "Picture",
    "Recommendation",
    "Times",
    "TimesBoard",
    "Where",
    "assign",
    "close",
    "code_version",
    "recommend",
    "set_status",
]
