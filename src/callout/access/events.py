"""Facts of access: agencies and what they share, staff and shifts, devices, who opened what."""

from typing import ClassVar

from callout.base.facts import Fact


class AgencyRegistered(Fact, frozen=True, kw_only=True):
    """An agency joined the room, or was renamed. Stream ``agency/<id>``."""

    TYPE: ClassVar[str] = "AgencyRegistered.1"
    name: str


class AgencySharing(Fact, frozen=True, kw_only=True):
    """What the agency lets another one do from now on. Stream ``agency/<id>`` of who shares.

    ``to``: an agency's id, or ``*`` for every agency of the room. ``what``: words of Share; none
    ends it.
    """

    TYPE: ClassVar[str] = "AgencySharing.1"
    to: str
    what: tuple[str, ...]


class StaffEnrolled(Fact, frozen=True, kw_only=True):
    """A person of the staff, with roles, or their new ones. Stream ``staff/<id>``.

    ``agency`` is ``*`` for staff of the whole room. Side row ``name`` under ``staff/<id>``: {name}.
    """

    TYPE: ClassVar[str] = "StaffEnrolled.1"
    agency: str
    roles: tuple[str, ...]


class AdminCreated(Fact, frozen=True, kw_only=True):
    """An administrator's account was made at the machine. Stream ``staff/<id>``.

    Written until 2026-11-25, with the roles administrator and dispatcher; since then it is
    ``StaffEnrolled``.
    """

    TYPE: ClassVar[str] = "AdminCreated.1"


class StaffLeft(Fact, frozen=True, kw_only=True):
    """The person works here no more: no role, no session. Stream ``staff/<id>``."""

    TYPE: ClassVar[str] = "StaffLeft.1"


class SignInChanged(Fact, frozen=True, kw_only=True):
    """How the person can sign in was changed, by the entry's actor. Stream ``staff/<id>``.

    ``way``: invitation, password or code. ``made``: it was made or replaced; else it ended.
    """

    TYPE: ClassVar[str] = "SignInChanged.1"
    way: str
    made: bool


class ConsoleSecured(Fact, frozen=True, kw_only=True):
    """A browser was marked as a console in a secured room, or no longer. Stream ``console/<id>``.

    Its name is not an entry; ``GET /api/consoles`` has it.
    """

    TYPE: ClassVar[str] = "ConsoleSecured.1"
    secured: bool


class ShiftStarted(Fact, frozen=True, kw_only=True):
    """The person took up these roles, of those they have, until then. Stream ``staff/<id>``."""

    TYPE: ClassVar[str] = "ShiftStarted.1"
    roles: tuple[str, ...]
    ends_us: int


class ShiftEnded(Fact, frozen=True, kw_only=True):
    """The person's roles ended before the shift's time. Stream ``staff/<id>``."""

    TYPE: ClassVar[str] = "ShiftEnded.1"


class AccessAsked(Fact, frozen=True, kw_only=True):
    """Somebody asked for roles for a time. Stream ``request/<id>``.

    Side row ``reason`` under ``staff/<person>``: {reason}.
    """

    TYPE: ClassVar[str] = "AccessAsked.1"
    person: str
    agency: str
    roles: tuple[str, ...]
    hours: int


class AccessGranted(Fact, frozen=True, kw_only=True):
    """A second person agreed: the roles are the asker's until then. Stream ``request/<id>``."""

    TYPE: ClassVar[str] = "AccessGranted.1"
    ends_us: int


class AccessDenied(Fact, frozen=True, kw_only=True):
    """A second person did not agree, or the asker took it back. Stream ``request/<id>``."""

    TYPE: ClassVar[str] = "AccessDenied.1"


class TokenCreated(Fact, frozen=True, kw_only=True):
    """A device or program was given a token. Stream ``device/<id>``; the token is not kept.

    Written until 2026-11-25; since then it is ``DeviceEnrolled``.
    """

    TYPE: ClassVar[str] = "TokenCreated.1"
    scopes: tuple[str, ...]
    unit: str = ""


class DeviceInvited(Fact, frozen=True, kw_only=True):
    """A code was made with which a device can be enrolled. Stream ``device/<id>``."""

    TYPE: ClassVar[str] = "DeviceInvited.1"
    scopes: tuple[str, ...]
    agency: str
    unit: str = ""
    expires_us: int


class DeviceEnrolled(Fact, frozen=True, kw_only=True):
    """A device or program may speak from now on, by token or key. Stream ``device/<id>``.

    ``public_key``: Ed25519, 32 bytes in hex; empty when it has a token. ``expires_us`` 0: no end.
    """

    TYPE: ClassVar[str] = "DeviceEnrolled.1"
    scopes: tuple[str, ...]
    agency: str
    unit: str = ""
    public_key: str = ""
    expires_us: int = 0


class DeviceRevoked(Fact, frozen=True, kw_only=True):
    """The device may speak no more. ``reason`` is a code. Stream ``device/<id>``."""

    TYPE: ClassVar[str] = "DeviceRevoked.1"
    reason: str


class Refused(Fact, frozen=True, kw_only=True):
    """The entry's actor asked for what it may not. Stream ``refused/<actor>``.

    The first time at once; repeats within a minute are one entry with their ``count``.
    """

    TYPE: ClassVar[str] = "Refused.1"
    action: str
    kind: str
    id: str = ""
    why: str
    count: int = 1


class MaterialOpened(Fact, frozen=True, kw_only=True):
    """The entry's actor was shown personal or sealed material. Stream ``opened/<kind>-<id>``.

    Entered before it is shown; repeats within a minute are one entry with their ``count``.
    """

    TYPE: ClassVar[str] = "MaterialOpened.1"
    kind: str
    id: str
    purpose: str = ""
    count: int = 1


class StreamOpened(Fact, frozen=True, kw_only=True):
    """The entry's actor began to follow a live stream. Stream ``opened/<what>``.

    What flows through it afterwards is not entered again.
    """

    TYPE: ClassVar[str] = "StreamOpened.1"
    what: str
    locked: bool = False
