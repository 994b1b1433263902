"""What goes into the journal and what comes out of it."""

from typing import Any

import msgspec


class Side(msgspec.Struct, frozen=True):
    """A personal detail, kept as ciphertext beside the entry and erasable by destroying its key."""

    name: str
    """What it is: "place", "text", "caller", "decision"."""
    value: dict[str, Any]
    """JSON-able, under the same rules as a body."""
    key: str
    """Whose key encrypts it: "incident/<id>", "alarm/<id>", "staff/<id>", "crew/<unit>/<id>"."""


class Draft(msgspec.Struct, frozen=True):
    """An entry that is not in the journal yet."""

    stream: str
    """What it is about: "unit/E7"."""
    type: str
    """What happened, with the version of its shape: "UnitDispatched.1"."""
    body: dict[str, Any]
    """JSON-able; no floats, integers below 2^53, ASCII keys, and no key "side"."""
    side: tuple[Side, ...] = ()
    claimed_us: int | None = None
    """When the device or the person says it happened, microseconds since 1970."""


class Batch(msgspec.Struct, frozen=True):
    """Entries that are written together or not at all."""

    entries: tuple[Draft, ...]
    key: str
    """Idempotency key: the same key again is answered with what the first one wrote."""
    actor: str = "system"
    agency: str = ""
    expect: dict[str, int] = {}
    """Stream to the version it must have now (0: it must not exist); may name streams only read."""
    also: tuple[str, ...] = ()
    """Other keys under which it may have been written before; answered as ``key`` would be."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An entry as it is stored. Outside the garbage collector: JSON has no cycles."""

    seq: int
    stream: str
    version: int
    key: str
    type: str
    recorded_us: int
    claimed_us: int | None
    actor: str
    agency: str
    body: dict[str, Any]


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """Where a batch stands in the journal; exists only once that is durable."""

    first_seq: int
    last_seq: int
    versions: tuple[int, ...]
    """Of each entry, in its stream, in the order of the batch."""
    duplicate: bool
    """True when the key had been used before and nothing was written now."""
