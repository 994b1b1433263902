"""What a past-tense fact is: a small frozen struct that knows its entry type.

Each room lists its own facts in ``events.py``. Types carry a version after a dot; a changed
meaning is a new version beside the old one, and old ones decode for ever.
"""

from typing import Any, ClassVar, TypeVar

import msgspec

F = TypeVar("F", bound="Fact")


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of every fact. Fields are JSON without floats; coordinates are ints of 1e-7 degree."""

    TYPE: ClassVar[str] = ""

    def body(self) -> dict[str, Any]:
        """The fact as an entry's body."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


def decode(cls: type[F], body: dict[str, Any]) -> F:
    """Read a fact from an entry's body; fields of later versions are passed over."""
    return msgspec.convert(body, cls, strict=False)
