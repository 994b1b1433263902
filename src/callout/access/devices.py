"""Devices and programs: invited by a code, enrolled once, revoked at once.

Who invites may not give more than ``rules.GIVES`` lets them, and nothing beyond their agency. A
device that is bound to a unit is that unit's agency's.
"""

from concurrent.futures import Future
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from callout.access.actor import EVERY_AGENCY, Actor, Scope
from callout.access.authorize import Subject, authorize
from callout.access.board import AccessBoard, Device
from callout.access.commands import enrol_device, revoke_device
from callout.access.credentials import Credentials
from callout.access.events import DeviceEnrolled, DeviceInvited
from callout.access.invitations import Invitation, Invitations
from callout.access.rules import GIVES, Action
from callout.base.errors import (
    BadInputError,
    ConflictError,
    RefusedError,
    UnauthenticatedError,
    no_such,
)
from callout.base.facts import Fact
from callout.base.ids import is_given_id, new_id
from callout.journal import Batch, Draft, Journal, Receipt

#: A code to enrol a device is good for so long.
INVITED_S = 15 * 60
DAYS_MAX = 366
REASONS = ("lost", "left", "replaced", "abuse", "other")
KEYS = ("token", "ed25519")
_DAY_US = 24 * 3600 * 1_000_000
_KIND = "device"


class Wanted(NamedTuple):
    """A device or program as it is asked for. ``unit``: its subject; ``days`` 0: it has no end."""

    device: str
    scopes: tuple[str, ...]
    agency: str
    unit: Subject | None = None
    days: int = 0
    key: str = "token"


class Enrolled(NamedTuple):
    """What may speak from now on, once ``submitted`` is durable."""

    device: str
    scopes: tuple[str, ...]
    agency: str
    unit: str
    expires_us: int
    submitted: Future[Receipt]


def default_scopes(unit: str) -> tuple[str, ...]:
    """The least that is of use: a crew's phone, or a button."""
    scopes = (Scope.ALARMS, Scope.POSITIONS, Scope.CREW) if unit else (Scope.ALARMS,)
    return tuple(scope.value for scope in scopes)


def check_wanted(actor: Actor, board: AccessBoard, wanted: Wanted, action: Action) -> None:
    """Return when the actor may let that device speak, so far, by that action.

    RefusedError: the scopes are wider than it may give. HiddenError: the unit or agency is another
    one's. ConflictError: another agency's device has that id. BadInputError: words that are none.
    """
    owner = Subject("agency", wanted.agency, wanted.agency)
    authorize(actor, action, owner if wanted.unit is None else wanted.unit)
    _check_words(board, wanted)
    _check_scopes(actor, wanted, action)
    before = board.devices.get(wanted.device)
    if before is not None and actor.agency not in {before.agency, EVERY_AGENCY}:
        raise ConflictError("the id is taken", where="device", todo="Choose another")


def invite(
    journal: Journal, invitations: Invitations, actor: Actor, wanted: Wanted, now_us: int
) -> tuple[str, int, Future[Receipt]]:
    """A code for a device that ``check_wanted`` let pass, its end, and the entry of it.

    The code is of use before the entry is durable: show it afterwards.
    """
    ends_us = now_us + INVITED_S * 1_000_000
    unit = wanted.unit.id if wanted.unit else ""
    fact = DeviceInvited(scopes=wanted.scopes, agency=wanted.agency, unit=unit, expires_us=ends_us)
    submitted = _submit(journal, actor.label, wanted.agency, wanted.device, fact)
    data = {
        "scopes": wanted.scopes,
        "agency": wanted.agency,
        "unit": unit,
        "days": wanted.days,
        "key": wanted.key,
    }
    code = invitations.make(_KIND, wanted.device, actor.label, INVITED_S, data)
    return code, ends_us, submitted


def enrol(
    journal: Journal,
    board: AccessBoard,
    invitations: Invitations,
    code: str,
    public_key: str,
    *,
    now_us: int,
    source: str = "",
) -> Enrolled:
    """Use a code up, and enter that its device may speak: the entry's actor is the device.

    UnauthenticatedError: the code is none. What cannot be used of the rest leaves the code good.
    """
    looked = invitations.look(code, source)
    _check_kind(looked)
    public_key = _checked_key(board, looked, public_key)
    used = invitations.use(code, source)
    data = used.data
    days = int(data["days"])
    fact = DeviceEnrolled(
        scopes=tuple(data["scopes"]),
        agency=data["agency"],
        unit=data["unit"],
        public_key=public_key,
        expires_us=now_us + days * _DAY_US if days else 0,
    )
    submitted = _submit(journal, f"device/{used.subject}", fact.agency, used.subject, fact)
    return Enrolled(used.subject, fact.scopes, fact.agency, fact.unit, fact.expires_us, submitted)


def enrol_program(journal: Journal, actor: Actor, wanted: Wanted, now_us: int) -> Enrolled:
    """Enter that a program which ``check_wanted`` let pass may speak, by a token."""
    unit, ends_us = wanted.unit.id if wanted.unit else "", now_us + wanted.days * _DAY_US
    submitted = enrol_device(
        journal,
        actor,
        wanted.device,
        wanted.scopes,
        agency=wanted.agency,
        unit=unit,
        expires_us=ends_us,
    )
    return Enrolled(wanted.device, wanted.scopes, wanted.agency, unit, ends_us, submitted)


def revoke(
    journal: Journal,
    board: AccessBoard,
    credentials: Credentials,
    invitations: Invitations,
    actor: Actor,
    device_id: str,
    reason: str,
) -> Future[Receipt]:
    """Drop a device's tokens and codes, and enter that it may speak no more.

    RefusedError or HiddenError before anything is dropped. A second time is one more entry.
    """
    authorize(actor, Action.DEVICE_REVOKE, device_subject(board.device(device_id)))
    if reason not in REASONS:
        raise BadInputError(
            f"{reason!r} is no reason", where="reason", todo=f"Use {', '.join(REASONS)}"
        )
    credentials.drop_tokens(device_id)
    invitations.drop(_KIND, device_id)
    return revoke_device(journal, actor, board, device_id, reason)


def device_subject(device: Device) -> Subject:
    """The device as something to be done to."""
    return Subject("device", device.id, device.agency)


def _check_words(board: AccessBoard, wanted: Wanted) -> None:
    if not is_given_id(wanted.device):
        raise BadInputError(
            f"{wanted.device[:40]!r} cannot name a device",
            where="device",
            todo="1-32 of A-Z a-z 0-9 . _ -",
        )
    known = {scope.value for scope in Scope}
    if not wanted.scopes or not known.issuperset(wanted.scopes):
        raise BadInputError(
            f"{', '.join(wanted.scopes)[:80] or 'nothing'} is no scope",
            where="scopes",
            todo=f"Use {', '.join(sorted(known))}",
        )
    if wanted.agency != EVERY_AGENCY and wanted.agency not in board.agencies:
        raise no_such("agency", wanted.agency)
    if not 0 <= wanted.days <= DAYS_MAX:
        raise BadInputError(f"{wanted.days} days", where="days", todo=f"Use 1 to {DAYS_MAX}")
    if wanted.key not in KEYS:
        raise BadInputError(f"{wanted.key[:40]!r}", where="key", todo=f"Use {' or '.join(KEYS)}")


def _check_scopes(actor: Actor, wanted: Wanted, action: Action) -> None:
    """RefusedError, entered like one of the gate's, for what the actor has not to give."""
    may = frozenset[Scope]().union(
        *(
            GIVES[role].unit if wanted.unit else GIVES[role].free
            for role in actor.roles & GIVES.keys()
        )
    )
    over = sorted(set(wanted.scopes) - {scope.value for scope in may})
    if over and actor.kind != "system":
        error = RefusedError(
            f"you may not give {', '.join(over)} to a device "
            f"{'of a unit' if wanted.unit else 'that is bound to no unit'}",
            where="scopes",
            todo="Ask an administrator, or bind it to a unit",
        )
        error.about = (action, "scope", over[0])
        raise error


def _check_kind(looked: Invitation) -> None:
    if looked.kind != _KIND:
        raise UnauthenticatedError(
            "this code is not for a device", where="code", todo="Open its link in a browser"
        )


def _checked_key(board: AccessBoard, looked: Invitation, public_key: str) -> str:
    """The key in lower-case hex; "" for a device that is given a token."""
    wanted = looked.data["key"] == "ed25519"
    if wanted != bool(public_key):
        raise BadInputError(
            "this code needs a public key" if wanted else "this code gives a token, takes no key",
            where="public_key",
            todo="Ed25519, 32 bytes in hex" if wanted else "Leave it out",
        )
    if not wanted:
        return ""
    try:
        raw = bytes.fromhex(public_key)
        Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raise BadInputError(
            "this is no key", where="public_key", todo="Ed25519, 32 bytes in hex"
        ) from None
    if any(one.public_key == raw.hex() and one.id != looked.subject for one in _alive(board)):
        raise ConflictError(
            "another device has this key", where="public_key", todo="Make a new one"
        )
    return raw.hex()


def _alive(board: AccessBoard) -> list[Device]:
    return [device for device in board.devices.values() if device.state == "enrolled"]


def _submit(journal: Journal, by: str, agency: str, device: str, fact: Fact) -> Future[Receipt]:
    draft = Draft(stream=f"device/{device}", type=fact.TYPE, body=fact.body())
    owner = "" if agency == EVERY_AGENCY else agency
    return journal.submit(Batch(entries=(draft,), key=new_id(), actor=by, agency=owner))
