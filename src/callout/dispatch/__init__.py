"""dispatch: who should go, and why; and the verbs that join units and incidents."""

from callout.dispatch.board import Times, TimesBoard
from callout.dispatch.commands import CLOSE_REASONS, Assigned, assign, close, set_status
from callout.dispatch.picture import STALE_S, Picture, Where
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
    "recommend",
    "set_status",
]
