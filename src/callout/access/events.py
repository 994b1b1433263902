"""Facts of access: which agencies there are, and who works for them."""

from typing import ClassVar

from callout.base.facts import Fact


class AgencyRegistered(Fact, frozen=True, kw_only=True):
    """An agency joined the room, or was renamed. Stream ``agency/<id>``."""

    TYPE: ClassVar[str] = "AgencyRegistered.1"
    name: str


class StaffEnrolled(Fact, frozen=True, kw_only=True):
    """A person of the staff, with roles. Stream ``staff/<id>``; side row ``name``: {name}."""

    TYPE: ClassVar[str] = "StaffEnrolled.1"
    agency: str
    roles: tuple[str, ...]


class AdminCreated(Fact, frozen=True, kw_only=True):
    """An administrator's account was made at the machine. Stream ``staff/<id>``."""

    TYPE: ClassVar[str] = "AdminCreated.1"


class TokenCreated(Fact, frozen=True, kw_only=True):
    """A device or program was given a token. Stream ``device/<id>``; the token is not kept."""

    TYPE: ClassVar[str] = "TokenCreated.1"
    scopes: tuple[str, ...]
    unit: str = ""
