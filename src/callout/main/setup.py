"""Set-up from CSV: agencies, stations, vehicles, units, staff, incident types.

Everything is read and checked first; one wrong cell and nothing is done. What is new or
different goes in as one batch, so a second run of the same files does nothing.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from callout.access import EVERY_AGENCY, ROOM, AccessBoard, Action, Actor, authorize
from callout.access.commands import agency_draft, sharing_draft, staff_draft
from callout.base.errors import BadInputError, CalloutError
from callout.base.geo import lonlat
from callout.base.ids import new_id
from callout.incidents import IncidentBoard, IncidentTypeRegistered
from callout.incidents.commands import type_draft
from callout.journal import Batch, Draft, Journal
from callout.units import UnitBoard, UnitEnrolled
from callout.units.commands import station_draft, unit_draft, vehicle_draft
from callout.units.events import VehicleEnrolled

FILES: dict[str, tuple[str, ...]] = {
    "agencies.csv": ("id", "name"),
    "sharing.csv": ("agency", "to", "what"),
    "stations.csv": ("id", "agency", "name", "lon", "lat"),
    "vehicles.csv": ("id", "agency", "station", "kind", "capabilities"),
    "units.csv": ("id", "callsign", "agency", "station", "kind", "capabilities"),
    "staff.csv": ("id", "agency", "name", "roles"),
    "types.csv": ("code", "name", "priority", "capabilities", "limit_s"),
}
#: Columns that may be left out.
OPTIONAL: dict[str, tuple[str, ...]] = {
    "vehicles.csv": ("profile",),
    "units.csv": ("profile",),
}
#: How many first columns name a row; one unless it stands here.
_NAMED_BY = {"sharing.csv": 2}
_EXAMPLES: dict[str, tuple[tuple[str, ...], ...]] = {
    "agencies.csv": (("fire", "Fire and Rescue"), ("ems", "Ambulance")),
    "sharing.csv": (("fire", "*", "see"), ("ems", "fire", "see;send")),
    "stations.csv": (
        ("S1", "fire", "Central", "-8.6110", "41.1490"),
        ("A1", "ems", "St Anne", "-8.6200", "41.1550"),
    ),
    "vehicles.csv": (("V1", "fire", "S1", "Boat", "boat", "boat"),),
    "units.csv": (
        ("E1", "E1", "fire", "S1", "Engine", "fire;rescue", "fire_engine"),
        ("M1", "M1", "ems", "A1", "Ambulance ALS", "als;bls", "car"),
    ),
    "staff.csv": (("p1", "fire", "A. Silva", "dispatcher;supervisor"),),
    "types.csv": (
        ("fire", "House fire", "1", "fire", "60"),
        ("medical", "Medical", "2", "als;bls", "120"),
    ),
}


class Problem(NamedTuple):
    """One cell that cannot be used."""

    file: str
    line: int
    column: str
    what: str

    def __str__(self) -> str:
        """``units.csv:3: station: …``."""
        column = f"{self.column}: " if self.column else ""
        return f"{self.file}:{self.line}: {column}{self.what}"


class Plan(NamedTuple):
    """What a run would do."""

    drafts: list[Draft]
    new: dict[str, int]
    changed: dict[str, int]
    same: int
    problems: list[Problem]


class _Row(NamedTuple):
    file: str
    line: int
    cells: dict[str, str]

    def list(self, column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.cells[column].split(";") if part.strip())

    def number(self, column: str) -> float:
        try:
            return float(self.cells[column])
        except ValueError:
            raise BadInputError(f"{self.cells[column]!r} is no number", where=column) from None

    def whole(self, column: str) -> int:
        text = self.cells[column]
        if not text.isdecimal():
            raise BadInputError(f"{text!r} is no whole number", where=column)
        return int(text)


def write_templates(folder: Path) -> list[Path]:
    """Write the files with example rows; BadInputError when one is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in FILES]
    for path in paths:
        if path.exists():
            raise BadInputError("is there already", where=str(path), todo="Name an empty folder")
    for path in paths:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(
                [FILES[path.name] + OPTIONAL.get(path.name, ()), *_EXAMPLES[path.name]]
            )
    return paths


def plan(journal: Journal, folder: Path) -> Plan:
    """Read and check every file against itself and the journal; nothing is written."""
    if not folder.is_dir():
        raise BadInputError(
            "there is no such folder",
            where=str(folder),
            todo="callout setup --template DIR writes files to start from",
        )
    return _Planner(journal, folder).plan()


def apply(journal: Journal, actor: Actor, planned: Plan) -> int:
    """Append what the plan found, all or nothing; how many entries that were."""
    authorize(actor, Action.SETUP, ROOM)
    if planned.problems:
        raise BadInputError(f"{len(planned.problems)} cells cannot be used", todo="Mend them first")
    if planned.drafts:
        journal.append(Batch(entries=tuple(planned.drafts), key=new_id(), actor=actor.label))
    return len(planned.drafts)


class _Planner:
    """One reading of the folder."""

    def __init__(self, journal: Journal, folder: Path) -> None:
        self._journal = journal
        self._folder = folder
        self._access, self._units, self._incidents = AccessBoard(), UnitBoard(), IncidentBoard()
        for entry in journal.replay():
            self._access.apply(entry)
            self._units.apply(entry)
            self._incidents.apply(entry)
        self._plan = Plan([], {}, {}, 0, [])
        self._same = 0
        self._seen: dict[str, set[str]] = {
            "agency": set(self._access.agencies),
            "station": set(self._units.stations),
        }

    def plan(self) -> Plan:
        steps: tuple[tuple[str, Callable[[_Row], tuple[Draft, object, object]]], ...] = (
            ("agencies.csv", self._agency),
            ("sharing.csv", self._sharing),
            ("stations.csv", self._station),
            ("vehicles.csv", self._vehicle),
            ("units.csv", self._unit),
            ("staff.csv", self._staff),
            ("types.csv", self._type),
        )
        found = False
        for name, step in steps:
            path = self._folder / name
            if path.is_file():
                found = True
                self._file(path, step)
        if not found:
            raise BadInputError(
                "holds none of " + ", ".join(FILES), where=str(self._folder), todo="See --template"
            )
        return self._plan._replace(same=self._same)

    def _file(self, path: Path, step: Callable[[_Row], tuple[Draft, object, object]]) -> None:
        names: set[str] = set()
        for row in self._rows(path):
            try:
                first = FILES[path.name][0]
                name = " ".join(
                    row.cells[c] for c in FILES[path.name][: _NAMED_BY.get(path.name, 1)]
                )
                if name in names:
                    raise BadInputError(f"{name!r} stands twice", where=first)
                names.add(name)
                draft, before, after = step(row)
            except CalloutError as error:
                self._plan.problems.append(Problem(path.name, row.line, error.where, error.what))
                continue
            kind = "sharing" if path.name == "sharing.csv" else draft.stream.partition("/")[0]
            self._seen.setdefault(kind, set()).add(row.cells[first])
            if before == after:
                self._same += 1
                continue
            counts = self._plan.changed if before is not None else self._plan.new
            counts[kind] = counts.get(kind, 0) + 1
            self._plan.drafts.append(draft)

    def _rows(self, path: Path) -> Iterator[_Row]:
        wanted = FILES[path.name]
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            self._plan.problems.append(Problem(path.name, 1, "", f"is not UTF-8: {error.reason}"))
            return
        reader = csv.reader(text.splitlines())
        header = [cell.strip() for cell in next(reader, [])]
        missing = [name for name in wanted if name not in header]
        if missing:
            what = (
                f"the column {', '.join(missing)} is missing; the first line is {','.join(wanted)}"
            )
            self._plan.problems.append(Problem(path.name, 1, "", what))
            return
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                what = f"has {len(cells)} cells, the first line has {len(header)}"
                self._plan.problems.append(Problem(path.name, reader.line_num, "", what))
                continue
            named = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            yield _Row(path.name, reader.line_num, named)

    def _known(self, kind: str, name: str, column: str) -> str:
        if name not in self._seen[kind]:
            raise BadInputError(f"there is no {kind} {name!r}", where=column)
        return name

    def _agency(self, row: _Row) -> tuple[Draft, object, object]:
        name = row.cells["name"]
        return agency_draft(row.cells["id"], name), self._access.agencies.get(row.cells["id"]), name

    def _sharing(self, row: _Row) -> tuple[Draft, object, object]:
        agency, to = self._known("agency", row.cells["agency"], "agency"), row.cells["to"]
        if to != EVERY_AGENCY:
            self._known("agency", to, "to")
        what = row.list("what")
        before = self._access.sharing.get(agency, {}).get(to)
        return sharing_draft(agency, to, what), before, what

    def _station(self, row: _Row) -> tuple[Draft, object, object]:
        agency = self._known("agency", row.cells["agency"], "agency")
        try:
            place = lonlat(row.number("lon"), row.number("lat"))
        except ValueError as error:
            raise BadInputError(str(error), where="lon, lat") from None
        draft = station_draft(row.cells["id"], agency, row.cells["name"], place)
        old = self._units.stations.get(row.cells["id"])
        before = (old.agency, old.name, old.place) if old else None
        return draft, before, (agency, row.cells["name"], place)

    def _vehicle(self, row: _Row) -> tuple[Draft, object, object]:
        fact = VehicleEnrolled(
            agency=self._known("agency", row.cells["agency"], "agency"),
            station=self._known("station", row.cells["station"], "station"),
            kind=row.cells["kind"],
            capabilities=row.list("capabilities"),
            profile=_profile(row.cells.get("profile", "")),
        )
        old = self._units.vehicles.get(row.cells["id"])
        before = None
        if old:
            before = VehicleEnrolled(
                agency=old.agency,
                station=old.station,
                kind=old.equipment.kind,
                capabilities=old.equipment.capabilities,
                profile=old.equipment.profile,
            )
        return vehicle_draft(row.cells["id"], fact), before, fact

    def _unit(self, row: _Row) -> tuple[Draft, object, object]:
        fact = UnitEnrolled(
            callsign=row.cells["callsign"] or row.cells["id"],
            agency=self._known("agency", row.cells["agency"], "agency"),
            station=self._known("station", row.cells["station"], "station"),
            kind=row.cells["kind"],
            capabilities=row.list("capabilities"),
            profile=_profile(row.cells.get("profile", "")),
        )
        old = self._units.units.get(row.cells["id"])
        before = None
        if old:
            before = UnitEnrolled(
                callsign=old.callsign,
                agency=old.agency,
                station=old.station,
                kind=old.usual.kind,
                capabilities=old.usual.capabilities,
                profile=old.usual.profile,
            )
        return unit_draft(row.cells["id"], fact), before, fact

    def _staff(self, row: _Row) -> tuple[Draft, object, object]:
        agency = row.cells["agency"]
        if agency != EVERY_AGENCY:
            self._known("agency", agency, "agency")
        name, roles = row.cells["name"], row.list("roles")
        draft = staff_draft(row.cells["id"], agency, name, roles)
        old = self._access.staff.get(row.cells["id"])
        side = self._journal.side(old.seq, "name") if old else None
        before = (old.agency, side["name"] if side else "", old.roles) if old else None
        return draft, before, (agency, name, roles)

    def _type(self, row: _Row) -> tuple[Draft, object, object]:
        fact = IncidentTypeRegistered(
            name=row.cells["name"],
            priority=row.whole("priority"),
            capabilities=row.list("capabilities"),
            limit_s=row.whole("limit_s"),
        )
        old = self._incidents.types.get(row.cells["code"])
        before = None
        if old:
            before = IncidentTypeRegistered(
                name=old.name,
                priority=old.priority,
                capabilities=old.capabilities,
                limit_s=old.limit_s,
            )
        return type_draft(row.cells["code"], fact), before, fact


def _profile(name: str) -> str:
    """The vehicle of a unit, the car when none is named; BadInputError for one nobody knows."""
    if not name:
        return "car"
    from callout.roads import profile_names  # noqa: PLC0415 - numba takes a second to load

    if name not in profile_names():
        raise BadInputError(
            f"{name!r} is no vehicle; use one of {', '.join(profile_names())}", where="profile"
        )
    return name
