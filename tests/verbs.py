"""Every verb of a room, by real commands in the straight-line world: for histories of any kind."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from callout.access import SYSTEM, Actor, Role, Scope
from callout.access.commands import (
    agency_draft,
    end_shift,
    enrol_device,
    record_admin,
    revoke_device,
    sharing_draft,
    staff_draft,
    start_shift,
)
from callout.access.events import (
    AccessAsked,
    AccessDenied,
    AccessGranted,
    AdminCreated,
    ConsoleSecured,
    DeviceInvited,
    MaterialOpened,
    Refused,
    SignInChanged,
    StaffLeft,
    StreamOpened,
    TokenCreated,
)
from callout.base.clock import ManualClock
from callout.base.facts import Fact
from callout.dispatch import Picture, assign, close, set_status
from callout.incidents import PanicPressed, raise_alarm
from callout.incidents.commands import (
    acknowledge_alarm,
    add_note,
    escalate_alarm,
    open_incident,
    set_place,
)
from callout.incidents.erasure import (
    Found,
    ask_erasure,
    find_alarm,
    find_incident,
    finish_erasure,
)
from callout.incidents.events import AlarmJoined
from callout.journal import Batch, Draft, Receipt
from callout.journal.events import BackupMade
from callout.places.commands import close_road, draw_areas, lift_closure
from callout.places.events import AreaDrawn, Stretch
from callout.places.geojson import Drawn
from callout.units import Status, UnitEnrolled
from callout.units.commands import enroll_vehicle, set_mayday, station_draft, unit_draft
from callout.units.events import VehicleEnrolled
from callout.units.signing import SigningOn, erase_names, names_to_erase, sign_off, sign_on, walk_up
from fakes import place

DISPATCHER = Actor(
    id="p1", kind="person", agency="fire", roles=frozenset({Role.DISPATCHER, Role.CALL_TAKER})
)
BUTTON = Actor(id="b1", kind="device", agency="fire", scopes=frozenset({Scope.ALARMS}))
ADMIN = Actor(id="root", kind="person", agency="*", roles=frozenset({Role.ADMINISTRATOR}))

RING = (0, 0, 90_000, 0, 90_000, 90_000, 0, 90_000, 0, 0)
BEAT = AreaDrawn(kind="beat", name="North beat", agency="fire", polygons=((RING,),))
SITE = AreaDrawn(kind="key_site", name="Tank farm", text="Two gates", point=(500_000, 0))


class Verbs:
    """Acts in a room and folds after each act. Alarms and incidents are named by when they came."""

    def __init__(self, picture: Picture, clock: ManualClock) -> None:
        self.picture = picture
        self.clock = clock
        self.alarms: list[str] = []
        self.incidents: list[str] = []

    def _done(self, submitted: Future[Receipt] | None) -> None:
        if submitted is not None:
            submitted.result()
        self.clock.advance_s(7)
        self.picture.fold()

    def write(self, key: str, *drafts: Draft) -> None:
        """Entries that have no verb of their own yet, or are set-up's."""
        self._done(self.picture.journal.submit(Batch(drafts, key, SYSTEM.label, "fire")))

    def areas(self, *drawn: Drawn, dropped: tuple[str, ...] = ()) -> None:
        """Areas drawn and dropped."""
        self._done(draw_areas(self.picture.journal, SYSTEM, self.picture.places, drawn, dropped))

    def shut(self, name: str, seconds: int | None = None) -> str:
        """A road closed for a while, or until it is lifted."""
        now_us = self.clock.now_us()
        closure, submitted = close_road(
            self.picture.journal,
            SYSTEM,
            name=name,
            why="flood",
            stretches=(Stretch(17, 90_000, 45_000), Stretch(18, 91_000, 45_000)),
            now_us=now_us,
            until_us=None if seconds is None else now_us + seconds * 1_000_000,
        )
        self._done(submitted)
        return closure

    def lift(self, closure: str) -> None:
        """It is open again."""
        self._done(lift_closure(self.picture.journal, SYSTEM, self.picture.places, closure))

    def fact(self, stream: str, fact: Fact) -> None:
        """One fact, as it is."""
        self.write(f"{stream} {self.picture.seq}", Draft(stream, fact.TYPE, fact.body()))

    def enrol(self, unit: str, station: str, callsign: str) -> None:
        """A unit at a new station, or its new particulars."""
        fact = UnitEnrolled(
            callsign=callsign, agency="fire", station=station, kind="Boat", capabilities=("boat",)
        )
        self.write(
            f"enrol {unit} {self.picture.seq}",
            agency_draft("fire", f"Fire {self.picture.seq}"),
            staff_draft("p2", "fire", "B. Costa", ("call_taker",)),
            station_draft(station, "fire", f"Station {station}", place(500, 500)),
            unit_draft(unit, fact),
        )

    def accounts(self, number: int) -> None:
        """An administrator, a shift, devices, a request, and what was opened and refused."""
        journal, board = self.picture.journal, self.picture.access
        self._done(record_admin(journal, f"admin{number}", "C. Reis"))
        self.fact(f"staff/old{number}", AdminCreated())
        self.fact(f"staff/old{number}", StaffLeft())
        self.write(f"sharing {number}", sharing_draft("fire", "*", ("see", "send")))
        person, now_us = board.person("p2"), self.clock.now_us()
        self._done(start_shift(journal, person, ("call_taker",), now_us=now_us, hours=8))
        self._done(end_shift(journal, DISPATCHER, board.person("p1")))
        self.fact(f"device/old{number}", TokenCreated(scopes=("alarms",)))
        invited = DeviceInvited(scopes=("crew",), agency="fire", unit="E1", expires_us=now_us)
        self.fact(f"device/phone{number}", invited)
        self._done(enrol_device(journal, ADMIN, f"b{number}", ("alarms",), agency="fire"))
        self._done(revoke_device(journal, ADMIN, board, f"old{number}", "lost"))
        asked = AccessAsked(person="p2", agency="fire", roles=("dispatcher",), hours=2)
        for answer in (AccessGranted(ends_us=now_us + 7_200_000_000), AccessDenied()):
            self.fact(f"request/{answer.TYPE}{number}", asked)
            self.fact(f"request/{answer.TYPE}{number}", answer)
        self.fact("refused/nobody", Refused(action="log.read", kind="room", why="refused"))
        self.fact("opened/incident-x", MaterialOpened(kind="incident", id="x", purpose="court"))
        self.fact("opened/live", StreamOpened(what="live"))
        self.fact("staff/p2", SignInChanged(way="code", made=True))
        self.fact("console/c1", ConsoleSecured(secured=True))

    def alarm(self, press: str, *, east_m: float | None = 40.0, text: str = "") -> str:
        """A press of the button; None for no fix."""
        pressed = PanicPressed(
            device="b1",
            press=press,
            kind="button",
            claimed_us=self.clock.now_us() - 1_000_000,
            place=None if east_m is None else place(east_m),
            text=text,
        )
        journal, before = self.picture.journal, self.picture.seq
        self._done(raise_alarm(journal, BUTTON, pressed, now_us=self.clock.now_us()))
        for entry in journal.replay(before):
            self.alarms.append(entry.stream.partition("/")[2])
        return self.alarms[-1]

    def acknowledge(self, alarm: str, times: int = 1) -> None:
        """Take an alarm on; ``times`` at once, as from as many consoles."""
        picture = self.picture
        for _ in range(times):
            self._done(acknowledge_alarm(picture.journal, DISPATCHER, picture.incidents, alarm))

    def escalate(self, alarm: str, level: int) -> None:
        """Nobody took it on in time."""
        picture = self.picture
        self._done(escalate_alarm(picture.journal, SYSTEM, picture.incidents, alarm, level))

    def open(self, *alarms: str, known: bool = True, text: str = "") -> str:
        """Begin to work on something."""
        incident, submitted = open_incident(
            self.picture.journal,
            DISPATCHER,
            self.picture.incidents,
            agency="fire",
            type_code="fire",
            priority=2,
            place=place(100.0) if known else None,
            place_name="Rua de Baixo 5",
            text=text,
            alarms=alarms,
            now_us=self.clock.now_us(),
        )
        self._done(submitted)
        self.incidents.append(incident)
        return incident

    def join(self, incident: str, alarm: str) -> None:
        """One more alarm of the same."""
        self.fact(f"incident/{incident}", AlarmJoined(alarm=alarm))

    def place(self, incident: str, east_m: float) -> None:
        """Where it is, better."""
        picture = self.picture
        self._done(
            set_place(
                picture.journal, DISPATCHER, picture.incidents, incident, place(east_m), "Cais 2"
            )
        )

    def note(self, incident: str, text: str) -> None:
        """Write something down."""
        picture = self.picture
        self._done(add_note(picture.journal, DISPATCHER, picture.incidents, incident, text))

    def send(self, incident: str, *units: str, divert: bool = False) -> None:
        """Send units."""
        seq = self.picture.seq
        sent = assign(self.picture, DISPATCHER, incident, list(units), seq=seq, divert=divert)
        self._done(sent.receipt)

    def status(self, unit: str, status: Status) -> None:
        """A unit reports."""
        self._done(set_status(self.picture, DISPATCHER, unit, status))

    def mayday(self, unit: str, *, on: bool) -> None:
        """A crew is in danger, or no longer."""
        picture = self.picture
        self._done(set_mayday(picture.journal, DISPATCHER, picture.units, unit, on=on))

    def vehicle(self, vehicle: str, *capabilities: str) -> None:
        """A vehicle, or its new particulars."""
        picture = self.picture
        fact = VehicleEnrolled(
            agency="fire", station="S0", kind="Boat", capabilities=capabilities, profile="boat"
        )
        self._done(enroll_vehicle(picture.journal, SYSTEM, picture.units, vehicle, fact))

    def sign_on(self, unit: str, *people: SigningOn, vehicle: str = "", hours: int = 0) -> None:
        """A crew begins its shift."""
        picture, now_us = self.picture, self.clock.now_us()
        self._done(
            sign_on(
                picture.journal,
                DISPATCHER,
                picture.units,
                picture.access,
                unit,
                people,
                now_us=now_us,
                vehicle=vehicle,
                ends_us=now_us + hours * 3_600_000_000 if hours else 0,
            )
        )

    def sign_off(self, unit: str) -> None:
        """A crew ends its shift."""
        self._done(sign_off(self.picture.journal, DISPATCHER, self.picture.units, unit))

    def erase_names(self, name: str) -> int:
        """Names of guests destroyed; how many keys."""
        journal, unit = self.picture.journal, self.picture.units.unit(name)
        keys = names_to_erase(journal, SYSTEM, unit)
        if keys:
            self._done(erase_names(journal, SYSTEM, unit, keys))
        return len(keys)

    def walk_up(self, *names: str, skill: str) -> str:
        """Volunteers come."""
        picture = self.picture
        made = walk_up(
            picture.journal,
            DISPATCHER,
            picture.units,
            picture.access,
            [SigningOn(name=name, skills=[skill]) for name in names],
            agency="fire",
            station="S0",
            profile="foot",
            now_us=self.clock.now_us(),
        )
        self._done(made.receipt)
        return made.unit

    def close(self, incident: str, reason: str = "done") -> None:
        """Finish with it."""
        self._done(close(self.picture, DISPATCHER, incident, reason)[0])

    def erase(self, stream: str, *, finish: bool = True) -> None:
        """Ask to erase a closed incident or a lone alarm, and do it unless it is to wait."""
        kind, _, name = stream.partition("/")
        find: Callable[..., Found] = find_alarm if kind == "alarm" else find_incident
        journal = self.picture.journal
        found = find(journal, name)
        self._done(ask_erasure(journal, SYSTEM, found, "request", by="D. Lima"))
        if finish:
            self._done(finish_erasure(journal, found.stream, found.keys))

    def resume(self) -> None:
        """A named person lets a restored journal go on."""
        self.picture.journal.resume(name="E. Melo", reason="Another disk", kind="restored")
        self._done(None)

    def wait_h(self, hours: int) -> None:
        """Nothing happens for a while."""
        self.clock.advance_s(3600 * hours)


def story(verbs: Verbs) -> None:
    """Two days of a room with every entry type there is, and with every kind of side row."""
    verbs.enrol("B9", "S9", "Boat 9")
    verbs.accounts(1)
    verbs.areas(Drawn("north", BEAT), Drawn("tanks", SITE), Drawn("old", BEAT))
    verbs.areas(dropped=("old",))
    verbs.shut("Bridge Street", 3600)
    verbs.lift(verbs.shut("Mill Lane"))
    # A crew of two units, one with a guest in a boat of its own; and volunteers, come and gone.
    verbs.vehicle("V1")
    crew = SigningOn(person="p1", skills=["als"])
    verbs.sign_on("E3", crew, SigningOn(name="G. Pinto"), vehicle="V1", hours=12)
    verbs.sign_on("B9", crew, hours=12)
    verbs.vehicle("V1", "boat")
    verbs.sign_off(verbs.walk_up("H. Reis", "I. Vaz", skill="boat"))
    verbs.erase_names("volunteers-1")
    verbs.walk_up("J. Faria", skill="boat")
    verbs.sign_off("B9")
    # A morning that the boards forget a day later.
    early = verbs.open(verbs.alarm("early"), text="Smoke from a bin")
    verbs.send(early, "E0")
    verbs.status("E0", Status.EN_ROUTE)
    verbs.status("E0", Status.ON_SCENE)
    verbs.close(early, "false_alarm")
    verbs.status("E0", Status.AVAILABLE)
    verbs.wait_h(26)
    waiting = verbs.alarm("waits", east_m=None, text="It burns")
    verbs.escalate(waiting, 1)
    verbs.escalate(waiting, 2)
    taken = verbs.alarm("taken", text="A fall on the stairs")
    verbs.acknowledge(taken)
    first = verbs.open(taken, text="Second floor, the door is open")
    verbs.join(first, verbs.alarm("again", east_m=60.0))
    second = verbs.open(known=False)
    verbs.place(second, 700)
    verbs.note(second, "The caller will stand at the gate")
    verbs.send(first, "E0", "E1")
    for status in (Status.EN_ROUTE, Status.ON_SCENE, Status.TRANSPORTING, Status.AT_HOSPITAL):
        verbs.status("E0", status)
    verbs.send(second, "E0", divert=True)
    verbs.send(second, "E1", divert=True)
    verbs.mayday("E1", on=True)
    verbs.mayday("E1", on=False)
    verbs.mayday("E0", on=True)
    verbs.status("E1", Status.RETURNING)
    verbs.status("B9", Status.OUT_OF_SERVICE)
    verbs.enrol("B9", "S8", "Boat 9 again")
    verbs.erase(f"incident/{early}")
    # Long enough for a full tile of 256 entries, and left with something open in every part.
    for number in range(14):
        incident = verbs.open(text=f"Small fire {number}")
        verbs.send(incident, "E2", "E3")
        for unit in ("E2", "E3"):
            verbs.status(unit, Status.EN_ROUTE)
            verbs.status(unit, Status.ON_SCENE)
        verbs.note(incident, f"Out at {number}")
        if number % 3:
            verbs.close(incident, "done")
            continue
        for unit in ("E2", "E3"):
            verbs.status(unit, Status.AVAILABLE)
    verbs.fact("history/callout", BackupMade(size=7, root="00" * 32, keys=True))
    verbs.resume()
    # Asked for and not done yet, as after a crash.
    verbs.erase(f"incident/{second_last(verbs)}", finish=False)


def second_last(verbs: Verbs) -> str:
    """An incident that was closed not long ago."""
    return [i.id for i in verbs.picture.incidents.incidents.values() if i.closed_us][-2]


def boards_as_json(picture: Picture) -> dict[str, Any]:
    """What every board holds, as plain JSON."""
    import msgspec

    return {name: msgspec.msgpack.decode(data) for name, data in picture.snapshot().boards.items()}
