"""Progress of long work, on standard error."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from callout.places import import_city

_FORMAT = "  {desc:<10}{bar:40} {percentage:3.0f} %  {elapsed}"


def import_with_bars(pbf: Path, out: Path, more: Sequence[Path] = ()) -> dict[str, Any]:
    """Import a city, from several extracts at need, with one bar for each stage."""
    bars: dict[str, tqdm[Any]] = {}

    def progress(stage: str, share: float) -> None:
        if stage not in bars:
            for bar in bars.values():
                _fill(bar)
            bars[stage] = tqdm(
                total=1000, desc=stage, bar_format=_FORMAT, file=sys.stderr, leave=True
            )
        bar = bars[stage]
        bar.update(max(0, round(share * 1000) - bar.n))

    try:
        report: dict[str, Any] = import_city(pbf, out, more=more, progress=progress)
    except BaseException:
        for bar in bars.values():
            bar.close()
        raise
    for bar in bars.values():
        _fill(bar)
    return report


def _fill(bar: "tqdm[Any]") -> None:
    bar.update((bar.total or 0) - bar.n)
    bar.close()
