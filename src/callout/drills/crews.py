"""A make-believe crew: what it does next, as pure functions of what it knows and what time it is.

``hear`` takes what the room says of the unit, ``step`` lets time pass, ``depart`` sets it on a
road. Each gives the crew as it is afterwards and what it wants done; ``play`` does it.
"""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from callout.base.geo import EARTH_RADIUS_M

Place = tuple[float, float]  # lon, lat in degrees

_US: Final = 1_000_000
# How long things take a crew, in seconds of the drill: shortest and longest.
_TURNOUT_S: Final = (6.0, 35.0)
_SILENT_TURNOUT_S: Final = (70.0, 130.0)
_ON_SCENE_S: Final = (150.0, 540.0)
_HANDOVER_S: Final = (150.0, 420.0)
_PAUSE_S: Final = (20.0, 120.0)
_TRANSPORTS: Final = 0.55
_ASK_AGAIN_S: Final = 5.0


class Phase(Enum):
    """What a crew is about."""

    READY = auto()  # at its station, or between two rounds of a patrol
    PATROL = auto()
    TURNOUT = auto()
    TO_SCENE = auto()
    ON_SCENE = auto()
    TO_HOSPITAL = auto()
    AT_HOSPITAL = auto()
    HOMEWARD = auto()


class Goal(Enum):
    """Where a crew wants to drive."""

    SCENE = auto()
    HOSPITAL = auto()
    HOME = auto()
    ROUND = auto()  # anywhere on its patrol


class Say(NamedTuple):
    """Tell the room this status."""

    status: str


class Drive(NamedTuple):
    """Find the way to there and ``depart``."""

    goal: Goal


Act = Say | Drive


class Order(NamedTuple):
    """What the room says of a unit: its status, and the incident it is on."""

    status: str
    incident: str
    place: Place | None


class Leg(NamedTuple):
    """A drive along a line: ``points`` (m, 2) lon, lat; ``along_m`` (m,) metres from its start."""

    points: NDArray[np.float64]
    along_m: NDArray[np.float64]
    began_us: int
    lasts_us: int

    def at(self, now_us: int) -> tuple[Place, float, float]:
        """Place, heading (degrees from north) and speed (m/s of the drill's time) at a moment."""
        share = min(1.0, max(0.0, (now_us - self.began_us) / max(1, self.lasts_us)))
        done_m = share * float(self.along_m[-1])
        piece = int(np.searchsorted(self.along_m, done_m, side="right")) - 1
        piece = min(max(piece, 0), len(self.points) - 2)
        lon = float(np.interp(done_m, self.along_m, self.points[:, 0]))
        lat = float(np.interp(done_m, self.along_m, self.points[:, 1]))
        east, north = self.points[piece + 1] - self.points[piece]
        heading = math.degrees(math.atan2(east * math.cos(math.radians(lat)), north)) % 360.0
        return (lon, lat), heading, float(self.along_m[-1]) * _US / max(1, self.lasts_us)


@dataclass(frozen=True)
class Crew:
    """One crew. ``due_us`` is when what it is doing ends; a drive ends with its leg."""

    unit: str
    home: Place
    at: Place
    patrols: bool = False
    transports: bool = False
    silent: bool = False  # a radio that is late to answer
    every_s: float = 1.0  # how often its device speaks while it drives
    phase: Phase = Phase.READY
    incident: str = ""
    scene: Place | None = None
    leg: Leg | None = None
    due_us: int = 0


Step = tuple[Crew, tuple[Act, ...]]


@dataclass(frozen=True)
class Rhythm:
    """Chance and pace: ``speed`` drill seconds pass in one real second."""

    draw: random.Random
    speed: float = 1.0

    def after(self, now_us: int, span_s: tuple[float, float]) -> int:
        """A moment between the shortest and the longest time from now."""
        return now_us + round(self.draw.uniform(*span_s) / self.speed * _US)


def hear(crew: Crew, order: Order, now_us: int, rhythm: Rhythm) -> Step:
    """The crew after the room said where it stands: sent, sent elsewhere, or let go."""
    if order.status == "dispatched" and order.incident != crew.incident:
        span = _SILENT_TURNOUT_S if crew.silent else _TURNOUT_S
        sent = replace(
            crew,
            phase=Phase.TURNOUT,
            incident=order.incident,
            scene=order.place,
            at=where(crew, now_us)[0],
            leg=None,
            due_us=rhythm.after(now_us, span),
        )
        return sent, ()
    if order.incident and order.incident == crew.incident and order.place != crew.scene:
        moved = replace(crew, scene=order.place)
        again = crew.phase is Phase.TO_SCENE and order.place is not None
        return moved, (Drive(Goal.SCENE),) if again else ()
    if not order.incident and crew.incident:
        return _head_home(crew, now_us, told=order.status == "returning")
    return crew, ()


def adopt(crew: Crew, order: Order, now_us: int, rhythm: Rhythm) -> Crew:
    """The crew in the middle of what the room says it is doing, after this program restarted."""
    if not order.incident:
        return crew
    phase = Phase.TURNOUT if order.status in {"dispatched", "en_route"} else Phase.ON_SCENE
    due_us = rhythm.after(now_us, _TURNOUT_S)
    return replace(crew, phase=phase, incident=order.incident, scene=order.place, due_us=due_us)


def step(crew: Crew, now_us: int, rhythm: Rhythm) -> Step:
    """The crew after time has passed. Nothing happens before what it does is over."""
    ends_us = crew.leg.began_us + crew.leg.lasts_us if crew.leg else crew.due_us
    if now_us < ends_us:
        return crew, ()
    here = replace(crew, at=where(crew, now_us)[0], leg=None)
    return _NEXT[crew.phase](here, now_us, rhythm)


def _ready(crew: Crew, now_us: int, rhythm: Rhythm) -> Step:
    pause = replace(crew, phase=Phase.READY, due_us=rhythm.after(now_us, _PAUSE_S))
    starts = crew.patrols and crew.phase is Phase.READY
    return pause, (Drive(Goal.ROUND),) if starts else ()


def _turned_out(crew: Crew, now_us: int, rhythm: Rhythm) -> Step:  # noqa: ARG001 - one of _NEXT
    if crew.scene is None:
        return replace(crew, due_us=now_us + round(_ASK_AGAIN_S * _US)), ()
    return replace(crew, phase=Phase.TO_SCENE), (Say("en_route"), Drive(Goal.SCENE))


def _arrived(crew: Crew, now_us: int, rhythm: Rhythm) -> Step:
    due_us = rhythm.after(now_us, _ON_SCENE_S)
    return replace(crew, phase=Phase.ON_SCENE, due_us=due_us), (Say("on_scene"),)


def _done_on_scene(crew: Crew, now_us: int, rhythm: Rhythm) -> Step:
    if not crew.transports or rhythm.draw.random() > _TRANSPORTS:
        return _head_home(crew, now_us, told=False)
    away = replace(crew, phase=Phase.TO_HOSPITAL)
    return away, (Say("transporting"), Drive(Goal.HOSPITAL))


def _at_hospital(crew: Crew, now_us: int, rhythm: Rhythm) -> Step:
    due_us = rhythm.after(now_us, _HANDOVER_S)
    return replace(crew, phase=Phase.AT_HOSPITAL, due_us=due_us), (Say("at_hospital"),)


def _handed_over(crew: Crew, now_us: int, rhythm: Rhythm) -> Step:  # noqa: ARG001 - one of _NEXT
    return _head_home(crew, now_us, told=False)


def _home_again(crew: Crew, now_us: int, rhythm: Rhythm) -> Step:
    pause = replace(crew, phase=Phase.READY, due_us=rhythm.after(now_us, _PAUSE_S))
    return pause, (Say("available"),)


_NEXT: Final[Mapping[Phase, Callable[[Crew, int, Rhythm], Step]]] = {
    Phase.READY: _ready,
    Phase.PATROL: _ready,
    Phase.TURNOUT: _turned_out,
    Phase.TO_SCENE: _arrived,
    Phase.ON_SCENE: _done_on_scene,
    Phase.TO_HOSPITAL: _at_hospital,
    Phase.AT_HOSPITAL: _handed_over,
    Phase.HOMEWARD: _home_again,
}


def _head_home(crew: Crew, now_us: int, *, told: bool) -> Step:
    free = replace(
        crew,
        phase=Phase.HOMEWARD,
        incident="",
        scene=None,
        at=where(crew, now_us)[0],
        leg=None,
        due_us=now_us,
    )
    drive = (Drive(Goal.HOME),)
    return free, drive if told else (Say("returning"), *drive)


def depart(crew: Crew, points: NDArray[np.float64], travel_s: float, now_us: int) -> Crew:
    """The crew on its way along ``points`` (m, 2) lon, lat for ``travel_s`` real seconds."""
    if len(points) < 2:
        points = np.array([crew.at, crew.at])
    leg = Leg(points, metres_along(points), now_us, max(1, round(travel_s * _US)))
    phase = Phase.PATROL if crew.phase is Phase.READY else crew.phase
    return replace(crew, leg=leg, phase=phase)


def where(crew: Crew, now_us: int) -> tuple[Place, float | None, float]:
    """Place, heading (None when it stands) and speed in m/s."""
    if crew.leg is None:
        return crew.at, None, 0.0
    return crew.leg.at(now_us)


def metres_along(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m,) metres from the first of (m, 2) lon, lat, on a plane at their middle latitude."""
    steps = np.radians(np.diff(points, axis=0)) * EARTH_RADIUS_M
    steps[:, 0] *= math.cos(math.radians(float(points[:, 1].mean())))
    return np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
