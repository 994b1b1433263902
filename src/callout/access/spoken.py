"""The day on which each device last spoke: enough to find those that nobody needs any more."""

from callout.base.clock import Clock
from callout.journal import State

DAY_US = 24 * 3600 * 1_000_000
_SPACE = "device-used"


class Spoken:
    """Remembers days, written at most once a day for each device. No finer: nobody is followed."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Read what is known."""
        self._state = state
        self._clock = clock
        self._days = {device: int(raw) for device, raw in state.items(_SPACE)}
        self._new: dict[str, int] = {}

    def seen(self, device: str) -> None:
        """It spoke. Nothing is written here."""
        day = self._clock.now_us() // DAY_US
        if self._days.get(device) != day:
            self._days[device] = self._new[device] = day

    def take_new(self) -> dict[str, int]:
        """Devices that spoke for the first time today, since this was last asked."""
        new, self._new = self._new, {}
        return new

    def write(self, new: dict[str, int]) -> None:
        """Keep them; may run in a thread. What a crash loses is said again tomorrow."""
        for device, day in new.items():
            self._state.put(_SPACE, device, str(day).encode())

    def day_us(self, device: str) -> int | None:
        """When the day began (UTC) on which it last spoke; None when it never did."""
        day = self._days.get(device)
        return None if day is None else day * DAY_US
