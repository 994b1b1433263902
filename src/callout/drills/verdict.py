"""What the check makes of what it saw: counts, percentiles, and whether that is good enough."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

PRESSES: Final = 200
TWICE: Final = 20
NO_FIX: Final = 20
_WORST_P99_MS: Final = 250.0
_COMPARED_LEAST: Final = PRESSES - NO_FIX


@dataclass
class Press:
    """One press of a button, and what became of it. Moments are of the monotonic clock."""

    device: str
    press: str
    place: tuple[float, float] | None
    begun_us: int = 0
    ids: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    verified: bool = False


def count(
    presses: Sequence[Press],
    kept: Mapping[str, Mapping[str, Any]],
    feed: Counter[str],
    heard: Counter[str],
) -> dict[str, int]:
    """What became of the presses.

    ``kept`` are the room's alarms by id, ``feed`` how often each stands in the record read anew,
    ``heard`` how often each came by the live feed. Lost: without an answer, or missing in any of
    the three. Doubled: a press with two ids, an alarm told twice, or one that nobody pressed.
    """
    named = {name for press in presses for name in press.ids}
    lost = [
        press
        for press in presses
        if not press.ids
        or not all(name in kept and name in feed and name in heard for name in press.ids)
    ]
    doubled = sum(len(set(press.ids)) - 1 for press in presses if press.ids)
    doubled += sum(max(feed[name], heard[name]) - 1 for name in named if name in feed)
    doubled += len((feed.keys() | heard.keys()) - named)
    ours = {press.ids[0]: press for press in presses if press.ids and press.ids[0] in kept}
    statuses = [status for press in presses for status in press.statuses]
    return {
        "alarms": len({press.ids[0] for press in presses if press.ids}),
        "posts": len(statuses),
        "repeats": statuses.count(200),
        "verified": sum(press.verified for press in presses),
        "acknowledged": sum(bool(kept[name]["acknowledged"]) for name in ours),
        "lost": len(lost),
        "duplicated": doubled,
        "no_fix_kept": sum(
            press.place is None and not kept[name]["fix"] for name, press in ours.items()
        ),
    }


def percentile(values: Sequence[float], share: float) -> float | None:
    """That percentile of the values, None when there are none."""
    return round(float(np.percentile(values, share)), 2) if values else None


def passed(figures: Mapping[str, Any]) -> bool:
    """Whether nothing was lost, doubled, wrong or late, and the journal checks."""
    p99 = figures["alarm_to_screen_ms_p99"]
    return bool(
        figures["alarms"] == figures["verified"] == figures["acknowledged"] == PRESSES
        and figures["lost"] == figures["duplicated"] == figures["failed"] == 0
        and figures["repeats"] == TWICE
        and figures["no_fix_kept"] == NO_FIX
        and figures["positions_refused"] == 0
        and figures["compared"] >= _COMPARED_LEAST
        and figures["nearest_mismatches"] == 0
        and p99 is not None
        and p99 <= _WORST_P99_MS
        and figures["journal_ok"]
    )
