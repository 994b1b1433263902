"""The review of access: what was given and is not used. It looks at accounts, not at work.

Pure but for ``shares_touched``, which reads entries. What it answers are candidates for a person to
look at; it takes nothing away by itself.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from callout.access.actor import EVERY_AGENCY, Actor, Role, Share
from callout.access.authorize import Subject, reaches
from callout.access.board import AccessBoard, Device, Staff
from callout.access.events import AgencySharing
from callout.access.rules import RULES, Action
from callout.access.used import DAY_US
from callout.journal import Entry, Journal

#: The page asks for these by itself: that somebody signed in says nothing about their roles.
LOOKING = frozenset(
    {
        Action.ALARM_READ,
        Action.AREA_READ,
        Action.INCIDENT_READ,
        Action.LIVE_READ,
        Action.ROAD_READ,
        Action.ROOM_READ,
        Action.UNIT_READ,
    }
)
#: Entries that a review reads at most, the newest: about a second in a thread.
ENTRIES_MAX = 500_000

Days = Mapping[str, Mapping[str, int]]


class UnusedAccount(NamedTuple):
    """A person who was there for nothing; ``since_us``: since when they have their roles."""

    person: str
    agency: str
    why: str  # "never": no shift was ever begun; "not_used": nothing was done
    since_us: int


class UnusedRole(NamedTuple):
    """A role of which nothing that only it allows was done."""

    person: str
    role: str
    since_us: int


class UnusedDevice(NamedTuple):
    """A device or program. ``why``: never, not_used, ended (its time is over), not_enrolled."""

    device: str
    agency: str
    why: str
    since_us: int


class UnusedShare(NamedTuple):
    """What an agency lets another do that touched nothing of it."""

    agency: str
    to: str
    what: tuple[str, ...]


def acts_of(role: Role, others: Iterable[Role]) -> frozenset[str]:
    """The actions by which a role's use shows beside the person's other roles.

    Those that only it allows; when there are none, whatever it allows that the page does not ask
    for by itself, and else everything.
    """
    mine = _allowed(role)
    only = mine - LOOKING
    for other in others:
        only -= _allowed(other)
    return frozenset(only or mine - LOOKING or mine)


def accounts_unused(
    staff: Iterable[Staff], days: Days, now_us: int, since_us: int
) -> list[UnusedAccount]:
    """Persons on the staff since before ``since_us`` who never signed in, or not after it."""
    found = []
    for person in staff:
        if person.left_us or person.roles_us > since_us:
            continue
        shift = person.shift
        lately = shift is not None and (shift.started_us > since_us or shift.ends_us > now_us)
        if not lately and not _since(days.get(f"person/{person.id}", {}), since_us):
            why = "never" if shift is None else "not_used"
            found.append(UnusedAccount(person.id, person.agency, why, person.roles_us))
    return found


def roles_unused(staff: Iterable[Staff], days: Days, since_us: int) -> list[UnusedRole]:
    """Roles held since before ``since_us`` of which no act was done after it."""
    found = []
    for person in staff:
        if person.left_us or person.roles_us > since_us:
            continue
        done = {
            action
            for action, day_us in days.get(f"person/{person.id}", {}).items()
            if day_us >= _day(since_us)
        }
        for role in map(Role, person.roles):
            others = [Role(other) for other in person.roles if other != role.value]
            if not acts_of(role, others) & done:
                found.append(UnusedRole(person.id, role.value, person.roles_us))
    return found


def devices_unused(
    devices: Iterable[Device], days: Days, now_us: int, since_us: int
) -> list[UnusedDevice]:
    """Devices and programs that are enrolled or invited and not used, or past their end."""
    return [
        UnusedDevice(device.id, device.agency, why, device.since_us)
        for device in devices
        if device.state != "revoked" and (why := _why(device, days, now_us, since_us))
    ]


def _why(device: Device, days: Days, now_us: int, since_us: int) -> str:
    over = 0 < device.expires_us <= now_us
    if device.state == "invited":
        return "not_enrolled" if over else ""
    if over:
        return "ended"
    used = days.get(f"device/{device.id}", {})
    if device.since_us > since_us or _since(used, since_us):
        return ""
    return "not_used" if used else "never"


def shares_unused(
    board: AccessBoard, touched: frozenset[tuple[str, str]], fresh: frozenset[tuple[str, str]]
) -> list[UnusedShare]:
    """Shares made before the review's days under which nothing was touched in them."""
    found = []
    for agency, shares in board.sharing.items():
        for to, what in shares.items():
            pair = (agency, to)
            if what and pair not in fresh and not _touched(touched, agency, to):
                found.append(UnusedShare(agency, to, what))
    return found


def _touched(touched: frozenset[tuple[str, str]], agency: str, to: str) -> bool:
    if to == EVERY_AGENCY:
        return any(owner == agency for owner, _ in touched)
    return (agency, to) in touched


def shares_touched(
    journal: Journal,
    agency_of: Callable[[str], str],
    owner_of: Callable[[Entry], str],
    since_us: int,
) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]], bool]:
    """Who touched what of whose: pairs (owner, toucher), pairs shared anew, and if all was read.

    ``agency_of`` an actor's label, ``owner_of`` an entry's stream; "" for none. For a thread: reads
    the entries since then, at most ``ENTRIES_MAX``, the newest.
    """
    last = journal.head()
    first = first_after(journal, since_us)
    began = max(first, last - ENTRIES_MAX + 1)
    touched, fresh = set(), set()
    for entry in journal.replay(began - 1, last):
        if entry.type == AgencySharing.TYPE:
            fresh.add((entry.stream.partition("/")[2], str(entry.body["to"])))
            continue
        owner, by = owner_of(entry), agency_of(entry.actor)
        if owner and by and by != owner:
            touched.add((owner, by))
    return frozenset(touched), frozenset(fresh), began == first


def first_after(journal: Journal, at_us: int) -> int:
    """The first seq recorded at or after that moment; one past the head when there is none."""
    low, high = 0, journal.head() + 1
    while low < high:
        middle = (low + high) // 2
        if journal.entry(middle).recorded_us < at_us:
            low = middle + 1
        else:
            high = middle
    return low


def within(actor: Actor, agency: str) -> bool:
    """Whether a review by this actor speaks of that agency's people, devices and shares."""
    return reaches(actor, Share.OWN, Subject("person", "", agency))


def _allowed(role: Role) -> frozenset[str]:
    return frozenset(
        action.value for action, rule in RULES.items() if role in rule.roles | rule.own_roles
    )


def _since(days: Mapping[str, int], since_us: int) -> bool:
    return any(day_us >= _day(since_us) for day_us in days.values())


def _day(at_us: int) -> int:
    return at_us // DAY_US * DAY_US
