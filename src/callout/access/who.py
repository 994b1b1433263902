"""From a session or a token to who is asking: pure, at one moment, from the board as it is."""

from callout.access.actor import Actor, Lock, Role, Scope
from callout.access.board import AccessBoard, Device, Staff
from callout.access.credentials import Token
from callout.access.sessions import Session, lock_of


def person_actor(
    board: AccessBoard,
    session: Session,
    now_us: int,
    *,
    mayday: bool = False,
    unit: str = "",
    name: str = "",
) -> Actor | None:
    """Who holds the session, with the roles of their shift; None when they work here no more.

    ``unit``: the one they are signed on to. When the shift has ended the session is locked: it
    keeps the roles it had for what a locked one may do, which is to show and sound alarms.
    """
    person = board.staff.get(session.person)
    if person is None or person.left_us:
        return None
    locked = lock_of(session, now_us, mayday=mayday)
    if locked is None and not on_shift(person, now_us) and not mayday:
        locked = Lock.SHIFT
    return Actor(
        id=person.id,
        kind="person",
        name=name,
        agency=person.agency,
        roles=frozenset(map(Role, roles_of(person, now_us))),
        unit=unit,
        shared=board.shared_with(person.agency),
        session=session.id,
        locked=locked,
    )


def on_shift(person: Staff, now_us: int) -> bool:
    """Whether the person has taken up roles, and their time is not over."""
    return person.shift is not None and now_us < person.shift.ends_us


def roles_of(person: Staff, now_us: int) -> tuple[str, ...]:
    """The roles taken up for the shift, as far as they are still the person's, and those granted.

    They stay when the shift's time is over: what a locked session may do hangs on them.
    """
    if person.shift is None:
        return ()
    own = [role for role in person.shift.roles if role in person.roles]
    granted = [role for grant in person.granted if now_us < grant.ends_us for role in grant.roles]
    return tuple(dict.fromkeys([*own, *granted]))


def device_actor(
    board: AccessBoard,
    device: str,
    scopes: tuple[str, ...],
    agency: str,
    unit: str = "",
) -> Actor:
    """A device or program that showed its token or signed with its key."""
    return Actor(
        id=device,
        kind="device",
        name=device,
        agency=agency,
        scopes=frozenset(map(Scope, scopes)),
        unit=unit,
        shared=board.shared_with(agency),
    )


def token_actor(board: AccessBoard, token: Token, now_us: int) -> Actor | None:
    """Who showed the token; None when the board knows better than to let it speak.

    A token never says more than the board lets its device say now. One without an entry, as a
    drill's players have, speaks for itself.
    """
    device = board.devices.get(token.device)
    if device is None:
        return device_actor(board, token.device, token.scopes, token.agency, token.unit)
    if not speaks(device, now_us):
        return None
    scopes = tuple(scope for scope in token.scopes if scope in device.scopes)
    return device_actor(board, device.id, scopes, device.agency, device.unit)


def key_actor(board: AccessBoard, device_id: str, public_key: str, now_us: int) -> Actor | None:
    """Who signed with that key; None when it is (no longer) that device's."""
    device = board.devices.get(device_id)
    if device is None or device.public_key != public_key or not speaks(device, now_us):
        return None
    return device_actor(board, device.id, device.scopes, device.agency, device.unit)


def speaks(device: Device, now_us: int) -> bool:
    """Whether what the device shows may still open anything."""
    return device.state == "enrolled" and not 0 < device.expires_us <= now_us
