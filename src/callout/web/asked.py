"""What every handler is given: the room, and who is asking."""

from typing import TypeAlias

from litestar.di import NamedDependency

from callout.access import Actor
from callout.web.room import Room

TheRoom: TypeAlias = NamedDependency[Room]
Asker: TypeAlias = NamedDependency[Actor]
