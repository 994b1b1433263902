"""A small thread that says when other processes may have written to the same database.

NOTIFY is a hint only: it is lost while nobody listens, so it says so once a second all the same.
"""

import contextlib
import os
import select
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import structlog

CHANNEL = "callout"
_POLL_S = 1.0
_log = structlog.get_logger()

Connection = psycopg.Connection[tuple[Any, ...]]


class Listener:
    """Calls ``wake`` for each notification of somebody else and once a second, until closed."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        wake: Callable[[], None],
        is_mine: Callable[[int], bool],
    ) -> None:
        """``is_mine``: whether the server process of this number works for ourselves."""
        self._connect = connect
        self._wake = wake
        self._is_mine = is_mine
        self._stop, self._stopper = os.pipe()
        self._thread = threading.Thread(target=self._run, name="journal-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; at once, not at the next second. Not to be called twice."""
        os.write(self._stopper, b"x")
        self._thread.join()
        os.close(self._stop)
        os.close(self._stopper)

    def _run(self) -> None:
        database: Connection | None = None
        stopped = False
        while not stopped:
            try:
                if database is None:
                    database = self._connect()
                    database.execute(f"LISTEN {CHANNEL}")
                    # What was written before we listened was told to nobody.
                    self._wake()
                stopped = self._wait(database)
            except psycopg.Error as error:
                _log.warning("journal.not_listening", error=str(error).strip())
                if database is not None:
                    database.close()
                    database = None
                stopped = bool(select.select([self._stop], [], [], _POLL_S)[0])
                self._wake()
        if database is not None:
            with contextlib.suppress(psycopg.Error):
                database.close()

    def _wait(self, database: Connection) -> bool:
        """Until something is said or a second has passed; True when it is time to stop."""
        ready, _, _ = select.select([self._stop, database.fileno()], [], [], _POLL_S)
        if self._stop in ready:
            return True
        told = [notify.pid for notify in database.notifies(timeout=0)]
        if not ready or not all(map(self._is_mine, told)):
            self._wake()
        return False
