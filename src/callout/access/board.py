"""The current picture of agencies, staff, shifts, requests and devices: a pure fold of facts."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import msgspec

from callout.access import events
from callout.access.actor import EVERY_AGENCY, Share
from callout.base.errors import no_such
from callout.base.facts import Fact, decode
from callout.journal import Entry

_LEGACY_ADMIN = ("administrator", "dispatcher")


#: What is only kept for the account: no picture hangs on it.
_ACCOUNT = (
    Fact,
    events.SignInChanged,
    events.ConsoleSecured,
    events.Refused,
    events.MaterialOpened,
    events.StreamOpened,
)


class Shift(msgspec.Struct):
    """Roles taken up, and until when."""

    roles: tuple[str, ...]
    started_us: int
    ends_us: int
    seq: int


class Grant(msgspec.Struct):
    """Roles given for a time, by which request."""

    roles: tuple[str, ...]
    ends_us: int
    request: str


class Staff(msgspec.Struct):
    """One person of the staff. The name is a side row of entry ``seq``.

    ``roles_by`` and ``roles_us``: who gave the roles, and when.
    """

    id: str
    agency: str
    roles: tuple[str, ...]
    seq: int
    roles_by: str = ""
    roles_us: int = 0
    left_us: int = 0
    shift: Shift | None = None
    granted: list[Grant] = []


class Request(msgspec.Struct):
    """Roles somebody asked for. ``state``: asked, granted or denied."""

    id: str
    person: str
    agency: str
    roles: tuple[str, ...]
    hours: int
    asked_us: int
    seq: int
    version: int
    state: str = "asked"
    decided_by: str = ""
    decided_us: int = 0
    ends_us: int = 0


class Device(msgspec.Struct):
    """A device or program. ``state``: invited, enrolled or revoked.

    ``by``: who invited it or made its token, or revoked it; ``invited_by``: who did so anew.
    """

    id: str
    scopes: tuple[str, ...]
    agency: str
    unit: str
    public_key: str
    expires_us: int
    state: str
    by: str
    since_us: int
    seq: int
    version: int
    invited_by: str = ""


class _Kept(msgspec.Struct):
    """What a snapshot holds."""

    agencies: dict[str, str]
    sharing: dict[str, dict[str, tuple[str, ...]]]
    staff: dict[str, Staff]
    requests: dict[str, Request]
    devices: dict[str, Device]


class AccessBoard:
    """Agencies, staff, requests and devices by id. ``sharing[a][b]``: what a lets b do."""

    TYPES: ClassVar[frozenset[str]] = frozenset(
        fact.TYPE
        for fact in vars(events).values()
        if isinstance(fact, type) and issubclass(fact, Fact) and fact not in _ACCOUNT
    )

    def __init__(self) -> None:
        """Start empty; entry 0 comes first."""
        self.agencies: dict[str, str] = {}
        self.sharing: dict[str, dict[str, tuple[str, ...]]] = {}
        self.staff: dict[str, Staff] = {}
        self.requests: dict[str, Request] = {}
        self.devices: dict[str, Device] = {}
        self._shared: dict[str, Mapping[str, frozenset[Share]]] = {}
        self._fold: dict[str, Callable[[str, dict[str, Any], Entry], None]] = {
            events.AgencyRegistered.TYPE: self._agency,
            events.AgencySharing.TYPE: self._sharing,
            events.StaffEnrolled.TYPE: self._enrolled,
            events.AdminCreated.TYPE: self._admin,
            events.StaffLeft.TYPE: self._left,
            events.ShiftStarted.TYPE: self._shift_started,
            events.ShiftEnded.TYPE: self._shift_ended,
            events.AccessAsked.TYPE: self._asked,
            events.AccessGranted.TYPE: self._granted,
            events.AccessDenied.TYPE: self._denied,
            events.TokenCreated.TYPE: self._token,
            events.DeviceInvited.TYPE: self._invited,
            events.DeviceEnrolled.TYPE: self._device,
            events.DeviceRevoked.TYPE: self._revoked,
        }

    def person(self, person: str) -> Staff:
        """The person with that id; NotFoundError when there is none."""
        found = self.staff.get(person)
        if found is None:
            raise no_such("person", person)
        return found

    def device(self, device: str) -> Device:
        """The device with that id; NotFoundError when there is none."""
        found = self.devices.get(device)
        if found is None:
            raise no_such("device", device)
        return found

    def request(self, request: str) -> Request:
        """The request with that id; NotFoundError when there is none."""
        found = self.requests.get(request)
        if found is None:
            raise no_such("request", request)
        return found

    def shared_with(self, agency: str) -> Mapping[str, frozenset[Share]]:
        """What other agencies let this one do, by their id. Not to be changed."""
        found = self._shared.get(agency)
        if found is None:
            found = {
                owner: frozenset(map(Share, (*to.get(agency, ()), *to.get(EVERY_AGENCY, ()))))
                for owner, to in self.sharing.items()
                if owner != agency
            }
            self._shared[agency] = found
        return found

    def apply(self, entry: Entry) -> None:
        """Take one entry in; entries of other rooms are passed over."""
        fold = self._fold.get(entry.type)
        if fold is not None:
            fold(entry.stream.partition("/")[2], entry.body, entry)

    def snapshot(self) -> bytes:
        """All that was folded, as MessagePack: ``restored`` makes an equal board of it."""
        return msgspec.msgpack.encode(
            _Kept(self.agencies, self.sharing, self.staff, self.requests, self.devices)
        )

    @classmethod
    def restored(cls, data: bytes) -> Self:
        """The board of a snapshot; msgspec.DecodeError when it is none of this version's."""
        kept = msgspec.msgpack.decode(data, type=_Kept)
        board = cls()
        board.agencies, board.sharing = kept.agencies, kept.sharing
        board.staff, board.requests, board.devices = kept.staff, kept.requests, kept.devices
        return board

    # Agencies

    def _agency(self, name: str, body: dict[str, Any], _entry: Entry) -> None:
        self.agencies[name] = body["name"]

    def _sharing(self, name: str, body: dict[str, Any], _entry: Entry) -> None:
        fact = decode(events.AgencySharing, body)
        self.sharing.setdefault(name, {})[fact.to] = fact.what
        self._shared.clear()

    # Staff

    def _enrolled(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        fact = decode(events.StaffEnrolled, body)
        self._person(name, fact.agency, fact.roles, entry)

    def _admin(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        self._person(name, EVERY_AGENCY, _LEGACY_ADMIN, entry)

    def _person(self, name: str, agency: str, roles: tuple[str, ...], entry: Entry) -> None:
        before = self.staff.get(name)
        found = Staff(name, agency, roles, entry.seq, entry.actor, entry.recorded_us)
        if before is not None:
            found.shift, found.granted = before.shift, before.granted
            if before.roles == roles:
                found.roles_by, found.roles_us = before.roles_by, before.roles_us
        self.staff[name] = found

    def _left(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        if person := self.staff.get(name):
            person.left_us, person.shift, person.granted = entry.recorded_us, None, []

    def _shift_started(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        if person := self.staff.get(name):
            fact = decode(events.ShiftStarted, body)
            person.shift = Shift(fact.roles, entry.recorded_us, fact.ends_us, entry.seq)

    def _shift_ended(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        if (person := self.staff.get(name)) and person.shift:
            person.shift.ends_us = min(person.shift.ends_us, entry.recorded_us)

    # Requests

    def _asked(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        fact = decode(events.AccessAsked, body)
        self.requests[name] = Request(
            name,
            fact.person,
            fact.agency,
            fact.roles,
            fact.hours,
            entry.recorded_us,
            entry.seq,
            entry.version,
        )

    def _granted(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        if request := self._decided(name, "granted", entry):
            request.ends_us = body["ends_us"]
            if person := self.staff.get(request.person):
                person.granted.append(Grant(request.roles, request.ends_us, name))

    def _denied(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        self._decided(name, "denied", entry)

    def _decided(self, name: str, state: str, entry: Entry) -> Request | None:
        request = self.requests.get(name)
        if request is not None:
            request.state, request.decided_by = state, entry.actor
            request.decided_us, request.version = entry.recorded_us, entry.version
        return request

    # Devices

    def _token(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        fact = decode(events.TokenCreated, body)
        self._speaks(name, fact.scopes, EVERY_AGENCY, fact.unit, "", 0, "enrolled", entry)

    def _invited(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        fact = decode(events.DeviceInvited, body)
        before = self.devices.get(name)
        if before is not None and before.state == "enrolled":
            before.invited_by = entry.actor  # it speaks on until the code is used
            return
        self._speaks(
            name, fact.scopes, fact.agency, fact.unit, "", fact.expires_us, "invited", entry
        )

    def _device(self, name: str, body: dict[str, Any], entry: Entry) -> None:
        fact = decode(events.DeviceEnrolled, body)
        before = self.devices.get(name)
        self._speaks(
            name,
            fact.scopes,
            fact.agency,
            fact.unit,
            fact.public_key,
            fact.expires_us,
            "enrolled",
            entry,
        )
        if before is not None and entry.actor == f"device/{name}":
            self.devices[name].by = before.invited_by or before.by

    def _speaks(
        self,
        name: str,
        scopes: tuple[str, ...],
        agency: str,
        unit: str,
        public_key: str,
        expires_us: int,
        state: str,
        entry: Entry,
    ) -> None:
        self.devices[name] = Device(
            name,
            scopes,
            agency,
            unit,
            public_key,
            expires_us,
            state,
            entry.actor,
            entry.recorded_us,
            entry.seq,
            entry.version,
        )

    def _revoked(self, name: str, _body: dict[str, Any], entry: Entry) -> None:
        if device := self.devices.get(name):
            device.state, device.by, device.since_us = "revoked", entry.actor, entry.recorded_us
            device.version = entry.version
