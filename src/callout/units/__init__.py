"""units: who can help. Vehicles and parties with a callsign, their status and their positions."""

from callout.units.board import Crew, Station, Unit, UnitBoard, Vehicle, unit_subject
from callout.units.events import CLEARED, COMMITTED, FREE, Status, UnitEnrolled
from callout.units.positions import Fix, Positions, by_profile

__all__ = [
    "CLEARED",
    "COMMITTED",
    "FREE",
    "Crew",
    "Fix",
    "Positions",
    "Station",
    "Status",
    "Unit",
    "UnitBoard",
    "UnitEnrolled",
    "Vehicle",
    "by_profile",
    "unit_subject",
]
