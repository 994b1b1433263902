"""units: who can help. Vehicles and parties with a callsign, their status and their positions."""

from callout.units.board import Station, Unit, UnitBoard, unit_subject
from callout.units.events import CLEARED, COMMITTED, FREE, Status, UnitEnrolled
from callout.units.positions import Fix, Positions, by_profile

__all__ = [
    "CLEARED",
    "COMMITTED",
    "FREE",
    "Fix",
    "Positions",
    "Station",
    "Status",
    "Unit",
    "UnitBoard",
    "UnitEnrolled",
    "by_profile",
    "unit_subject",
]
