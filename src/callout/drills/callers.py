"""People who call and buttons that are pressed: what happens in a make-believe town, and when."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from callout.base.geo import LonLat, lonlat
from callout.roads import Roads

# What callers say, by incident type. Nobody is named or described beyond what help needs.
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "HOUSEFIRE": (
        "Smoke is coming out of the second floor. My neighbour is still in there.",
        "The kitchen is on fire, we are all outside now.",
        "Flames on the balcony, they are reaching the roof.",
    ),
    "FIREALARM": (
        "The fire alarm in our building will not stop. I see no smoke.",
        "Automatic alarm, stairwell B, nobody answers the phone there.",
    ),
    "CRASH": (
        "Two cars, one is on its side. Someone is stuck in it.",
        "A van hit a tree. The driver is awake but cannot get out.",
        "A motorcycle and a bus. One person is lying in the road.",
    ),
    "CARDIAC": (
        "He fell down and is not breathing. My son is pressing on his chest.",
        "She does not wake up and she is grey in the face.",
    ),
    "BREATHING": (
        "My mother can hardly breathe, her lips are blue.",
        "Bad asthma, the spray does nothing any more.",
    ),
    "CHEST": ("A tight pain in the chest, it goes into the arm.", "My heart races and I am cold."),
    "FALL": (
        "I fell in the bathroom and cannot get up.",
        "He slipped on the steps, the ankle is thick.",
    ),
    "GAS": ("It smells of gas in the whole stairwell.", "They cut a pipe at the road works."),
    "LIFT": ("We are stuck in the lift, four of us, the light is out.",),
    "ASSAULT": (
        "Someone is being beaten in front of the bar.",
        "He broke the door, we are locked in the bedroom.",
    ),
    "BREAKIN": ("There is a torch moving in the shop below.", "Our back window is smashed."),
    "MISSING": ("My daughter did not come out of school. She is six.",),
    "NOISE": ("They have been drilling since five in the morning.",),
}
_ANYTHING: Final = ("Please come, something has happened here.",)
# How often each comes, against the others.
_SHARE: Final[Mapping[str, float]] = {
    "HOUSEFIRE": 3, "FIREALARM": 3, "CRASH": 4, "CARDIAC": 3, "BREATHING": 4, "CHEST": 4,
    "FALL": 5, "GAS": 2, "LIFT": 1, "ASSAULT": 3, "BREAKIN": 3, "MISSING": 1, "NOISE": 2,
}  # fmt: skip
_BUTTONS: Final = (
    "Ferry Terminal desk 3",
    "Night bus 14",
    "Pharmacy till",
    "School office",
    "Petrol station",
    "Town hall reception",
    "Tram depot",
    "Clinic ward 2",
)
PANIC: Final = "PANIC"
_PRESS_SHARE: Final = 0.16
_NO_FIX_SHARE: Final = 0.2
# A unit is about this long on one call in all, and this share of units should be on one.
_JOB_S: Final = 840.0
_BUSY_SHARE: Final = 0.33
_SPREAD_M: Final = 1300.0
_M_PER_DEGREE: Final = 111_195.0


class Call(NamedTuple):
    """Somebody phones."""

    type: str
    place: LonLat
    text: str


class Press(NamedTuple):
    """Somebody presses a button; ``place`` is None when its device has no fix."""

    device: str
    number: int
    place: LonLat | None


class Callers:
    """A stream of calls and presses, the same for the same seed, stations and types."""

    def __init__(
        self, roads: Roads, homes: Sequence[tuple[float, float]], types: Sequence[str], seed: int
    ) -> None:
        """``homes`` are stations' lon, lat: where crews are, people are."""
        self._draw = random.Random(seed)  # noqa: S311 - make-believe
        self._roads = roads
        self._homes = list(homes)
        self._types = [code for code in types if code != PANIC] or list(types)
        self._shares = [_SHARE.get(code, 1.0) for code in self._types]
        self._presses = 0

    def gap_s(self, units: int, speed: float) -> float:
        """Real seconds until the next event, so that about a third of ``units`` are busy."""
        mean_s = _JOB_S / (_BUSY_SHARE * max(1, units)) / speed
        return min(self._draw.expovariate(1.0 / mean_s), 4.0 * mean_s)

    def call(self) -> Call:
        """The next call."""
        code = self._draw.choices(self._types, self._shares)[0]
        text = self._draw.choice(WORDS.get(code, _ANYTHING))
        return Call(code, self.anywhere(), text)

    def event(self) -> Call | Press:
        """A call, or now and then a press."""
        if self._draw.random() > _PRESS_SHARE:
            return self.call()
        self._presses += 1
        place = None if self._draw.random() < _NO_FIX_SHARE else self.anywhere()
        return Press(self._draw.choice(_BUTTONS), self._presses, place)

    def anywhere(self) -> LonLat:
        """A place on a road, mostly within a mile or so of some station."""
        for _ in range(20):
            lon, lat = self._draw.choice(self._homes)
            shrink = max(0.1, float(np.cos(np.radians(lat))))
            near = lonlat(
                lon + self._draw.gauss(0.0, _SPREAD_M) / _M_PER_DEGREE / shrink,
                lat + self._draw.gauss(0.0, _SPREAD_M) / _M_PER_DEGREE,
            )
            snap = self._roads.snap(np.array([near], np.int64)).at(0)
            if snap.edge >= 0:
                return self._roads.point(snap.edge, snap.offset)
        return near


def button_text(press: Press) -> dict[str, Any]:
    """The body of ``POST /api/alarms`` but for its time."""
    body: dict[str, Any] = {"device": press.device, "press": str(press.number), "kind": "panic"}
    if press.place is not None:
        body |= {"lon": press.place.lon, "lat": press.place.lat}
    return body
