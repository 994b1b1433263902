"""A bar on standard error for work that can be counted; silent where nobody looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def counted(label: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that hears how much is done and how much there is; shown after a second."""
    with tqdm(desc=label, unit=unit, leave=False, delay=1, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
