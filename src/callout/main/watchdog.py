"""Telling systemd that the room is alive: sd_notify(3) and its watchdog, and nothing else of it.

A process can hang where no exit code tells: a disk that never answers, an event loop that stands.
So word is sent from the event loop, and only when the journal's writer has answered it.
"""

import asyncio
import os
import socket
from collections.abc import Mapping

import structlog

from callout.base.clock import Clock
from callout.base.errors import UnavailableError
from callout.journal import Journal

# Without a watchdog the writer is asked all the same: it then takes the disk reserve back.
_BEAT_S = 5.0
_log = structlog.get_logger()


def notify(word: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send systemd a word (``READY=1``, ``WATCHDOG=1``, ``STOPPING=1``); False when nobody asked.

    Never waits and never raises: the room goes on also when systemd does not listen.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    # sd_notify(3): a path, or @ and a name in the abstract namespace.
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.sendto(word.encode(), socket.MSG_DONTWAIT, address)
    except OSError as error:
        _log.warning("systemd.not_told", word=word, error=error.strerror)
        return False
    return True


def beat_s(environ: Mapping[str, str] = os.environ) -> float:
    """Seconds between two words: half of what systemd waits for, as sd_watchdog_enabled(3) says."""
    text, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not text.isdecimal() or not int(text) or (pid and pid != str(os.getpid())):
        return _BEAT_S
    return min(_BEAT_S, int(text) / 2e6)


async def beat(journal: Journal, clock: Clock) -> None:
    """Say ``WATCHDOG=1`` as long as the writer answers; ends when the writer has."""
    seconds = beat_s()
    while True:
        try:
            await asyncio.wrap_future(journal.ping())
        except UnavailableError:
            _log.critical("watchdog.writer_gone", todo="systemd starts callout again")
            return
        notify("WATCHDOG=1")
        await clock.wait_s(seconds)
