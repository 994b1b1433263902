"""Which unacknowledged alarms are due for the next level. Rebuilt from the board at any time."""

from callout.incidents.board import IncidentBoard

#: 1: every console, 2: the supervisor, 3: a page outside the room.
LEVELS = 3


def due(board: IncidentBoard, now_us: int, step_s: int) -> list[tuple[str, int]]:
    """Alarms and the level they have reached by now without having it recorded.

    An alarm gains a level every ``step_s`` seconds, counted from when the journal took it, so a
    restart in between changes nothing.
    """
    found = []
    for alarm in board.unanswered.values():
        level = min(LEVELS, (now_us - alarm.raised_us) // (step_s * 1_000_000))
        if level > alarm.level:
            found.append((alarm.id, level))
    return found
