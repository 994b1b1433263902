"""A drill's server in a process of its own.

``python -m callout.main.drill_room HOME [CITY [PORT]]``

For ``callout demo --check`` and for tests that kill it. Prints ``ready PORT`` on standard output
once it listens.
"""

import sys
from pathlib import Path

from callout.base.clock import SystemClock
from callout.main.home import open_home
from callout.main.logs import start_logs
from callout.main.server import listen, run


def main(home: Path, city: Path | None = None, port: int = 0) -> None:
    """Serve that home as a drill until SIGTERM."""
    start_logs()
    bound = listen("127.0.0.1", port)
    port = bound.getsockname()[1]
    run(
        open_home(home, SystemClock(), city, database=""),
        bound,
        drill=True,
        escalate_s=30,
        ready=lambda: print(f"ready {port}", flush=True),  # noqa: T201 - the parent reads it
    )


if __name__ == "__main__":
    home, city, port = [*sys.argv[1:], "", ""][:3]
    main(Path(home), Path(city) if city else None, int(port or 0))
