"""Facts of the journal about itself. Stream ``history/<log>``."""

from typing import ClassVar

from callout.base.facts import Fact


class BackupMade(Fact, frozen=True, kw_only=True):
    """A backup was made; entered by the room within a second or two, or at the next opening.

    ``claimed_us`` is when it was made. ``size`` and ``root`` (hex) are those of its checkpoint;
    ``keys`` says whether keys were copied apart with it.
    """

    TYPE: ClassVar[str] = "BackupMade.1"
    size: int
    root: str
    keys: bool


class HistoryResumed(Fact, frozen=True, kw_only=True):
    """A named person let the room go on with a journal that is not the one it remembered.

    ``kind``: rolled_back, forked, unknown (nothing was remembered) or restored. Sizes and roots
    (hex): what was remembered, if anything was, and what is there. ``lost_keys``: key records that
    a restored key file lacked. Side row ``who`` {name, reason} under ``staff/machine``.
    """

    TYPE: ClassVar[str] = "HistoryResumed.1"
    kind: str
    size: int
    root: str
    remembered_size: int | None = None
    remembered_root: str | None = None
    lost_keys: int = 0
