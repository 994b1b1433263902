"""The current picture of agencies and staff: a pure fold of access's facts."""

from typing import ClassVar, Self

import msgspec

from callout.access.events import AdminCreated, AgencyRegistered, StaffEnrolled
from callout.base.facts import decode
from callout.journal import Entry


class Staff(msgspec.Struct):
    """One person of the staff. The name is a side row of entry ``seq``."""

    id: str
    agency: str
    roles: tuple[str, ...]
    seq: int


class _Kept(msgspec.Struct):
    """What a snapshot holds."""

    agencies: dict[str, str]
    staff: dict[str, Staff]


class AccessBoard:
    """Agencies and staff by id."""

    TYPES: ClassVar[frozenset[str]] = frozenset(
        {AgencyRegistered.TYPE, StaffEnrolled.TYPE, AdminCreated.TYPE}
    )

    def __init__(self) -> None:
        """Start empty; entry 0 comes first."""
        self.agencies: dict[str, str] = {}
        self.staff: dict[str, Staff] = {}

    def apply(self, entry: Entry) -> None:
        """Take one entry in; entries of other rooms are passed over."""
        if entry.type not in self.TYPES:
            return
        name = entry.stream.partition("/")[2]
        if entry.type == AgencyRegistered.TYPE:
            self.agencies[name] = decode(AgencyRegistered, entry.body).name
        elif entry.type == StaffEnrolled.TYPE:
            fact = decode(StaffEnrolled, entry.body)
            self.staff[name] = Staff(name, fact.agency, fact.roles, entry.seq)
        else:
            self.staff[name] = Staff(name, "", ("administrator", "dispatcher"), entry.seq)

    def snapshot(self) -> bytes:
        """All that was folded, as MessagePack: ``restored`` makes an equal board of it."""
        return msgspec.msgpack.encode(_Kept(self.agencies, self.staff))

    @classmethod
    def restored(cls, data: bytes) -> Self:
        """The board of a snapshot; msgspec.DecodeError when it is none of this version's."""
        kept = msgspec.msgpack.decode(data, type=_Kept)
        board = cls()
        board.agencies, board.staff = kept.agencies, kept.staff
        return board
