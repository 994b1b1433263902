"""What is entered of refusals and openings: the first at once, repeats counted by the minute."""

from typing import NamedTuple

MINUTE_US = 60 * 1_000_000
_MOST = 2000


class Act(NamedTuple):
    """What was refused or opened, and to whom. ``why``: a refusal's code, an opening's purpose."""

    actor: str
    what: str  # the action, or "opened"
    kind: str
    id: str
    why: str


class Counted(NamedTuple):
    """An act, and how often it came again."""

    act: Act
    repeats: int


class Tally:
    """Which acts are to be entered now. Keeps at most 2,000 apart; past that, not their ids."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._seen: dict[Act, tuple[int, int]] = {}  # when its minute began; repeats since

    def take(self, act: Act, now_us: int) -> Act | None:
        """The act as it is to be entered at once; None when it is a repeat, counted for later."""
        if act not in self._seen and len(self._seen) >= _MOST:
            act = act._replace(id="")
        began_us, repeats = self._seen.get(act, (0, 0))
        if began_us and now_us - began_us < MINUTE_US:
            self._seen[act] = (began_us, repeats + 1)
            return None
        self._seen[act] = (now_us, 0)
        return act

    def due(self, now_us: int, *, all_of_them: bool = False) -> list[Counted]:
        """Acts that came again within a minute that is over (or at all), with how often."""
        over = [
            (act, repeats)
            for act, (began_us, repeats) in self._seen.items()
            if all_of_them or now_us - began_us >= MINUTE_US
        ]
        for act, _ in over:
            del self._seen[act]
        return [Counted(act, repeats) for act, repeats in over if repeats]
