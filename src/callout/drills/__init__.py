"""drills: make-believe. A made town, a cast for any city, a town at work, a check without a screen.

``python -m callout.drills.play`` runs the town at work; it is no import, but a process of its own.
"""

from callout.drills.beats import draw_beats
from callout.drills.cast import write_cast
from callout.drills.check import run_check
from callout.drills.town import make_town
from callout.drills.verdict import passed

__all__ = ["draw_beats", "make_town", "passed", "run_check", "write_cast"]
