"""Where each route is aimed at, and what that needs by the words of the issue.

A route without an aim fails tests/web/test_matrix.py.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from callout.access import Actor, Subject

Need = tuple[str, Subject]


class Aim(NamedTuple):
    """One request, to one thing in one state. ``needs``: actions and subjects, all of them."""

    method: str
    path: str
    body: Any
    what: str
    needs: Callable[[Actor], tuple[Need, ...]]
    purpose: str = ""


class Things(NamedTuple):
    """What the room holds, all of the fire agency but the last."""

    incidents: dict[str, Subject]  # by state: open, joint (with ems), closed, old
    alarms: dict[str, Subject]
    units: dict[str, Subject]


async def things(room: Any, clock: Any) -> Things:
    raise NotImplementedError


AIMS: dict[tuple[str, str], Callable[[Things], list[Aim]]] = {}
