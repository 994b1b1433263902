"""Runs a room behind uvicorn until it is told to stop."""

import asyncio
import errno
import gc
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from callout.access.oidc import read_providers
from callout.base.errors import BadInputError
from callout.base.settings import setting, setting_int
from callout.main import watchdog
from callout.main.home import Home
from callout.web import Room, create_app

_BACKLOG = 512
_log = structlog.get_logger()


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; BadInputError when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        taken = error.errno == errno.EADDRINUSE
        raise BadInputError(
            "the port is taken" if taken else (error.strerror or "cannot be listened on"),
            where=f"{host}:{port}",
            todo="Stop the other program, or choose another with --port",
        ) from None
    return bound


def names_for(host: str, port: int, further: str = "") -> frozenset[str]:
    """The Host headers that the room answers to."""
    hosts = {host, "127.0.0.1", "localhost", *(n.strip().lower() for n in further.split(","))}
    hosts.discard("")
    default = {80: "", 443: ""}.get(port)
    names = {f"{name}:{port}" for name in hosts}
    return frozenset(names | hosts if default is not None else names)


def build(
    home: Home,
    bound: socket.socket,
    *,
    drill: bool,
    escalate_s: int,
    keep_days: int = 0,
    further_names: str = "",
    about: dict[str, object] | None = None,
    tls: tuple[Path, Path] | None = None,
    ready: Callable[[], None] | None = None,
) -> tuple[Room, uvicorn.Server]:
    """A room behind a server that is not running yet."""
    host, port = bound.getsockname()[:2]
    room = Room(
        home.picture,
        home.credentials,
        drill=drill,
        escalate_s=escalate_s,
        zone=setting("CALLOUT_ZONE"),
        about=about or {},
        keep_days=keep_days,
        shift_h=setting_int("CALLOUT_SHIFT_H", 1, 24),
        providers=read_providers(Path(file)) if (file := setting("CALLOUT_OIDC")) else (),
    )
    app = create_app(room, names_for(host, port, further_names), secure=tls is not None)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        backlog=_BACKLOG,
        ssl_certfile=str(tls[0]) if tls else None,
        ssl_keyfile=str(tls[1]) if tls else None,
    )
    return room, _Server(config, home, ready)


def run(home: Home, bound: socket.socket, **settings: Any) -> None:
    """``build`` and serve until SIGINT or SIGTERM; the journal is closed at the end."""
    _, server = build(home, bound, **settings)
    try:
        server.run(sockets=[bound])
    finally:
        home.journal.close()


class _Server(uvicorn.Server):
    """Says when it listens, and then that it lives."""

    def __init__(
        self, config: uvicorn.Config, home: Home, ready: Callable[[], None] | None
    ) -> None:
        super().__init__(config)
        self._home = home
        self._ready = ready
        self._beat: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is loaded by now stays: a full collection over it would hold every alarm up.
        gc.collect()
        gc.freeze()
        # A commit takes the interpreter back several times; 5 ms each would be most of a wait.
        sys.setswitchinterval(0.0005)
        if not self.started:
            return
        loop = asyncio.get_running_loop()
        watchdog.notify("READY=1")
        clock = self._home.picture.clock
        self._beat = loop.create_task(watchdog.beat(self._home.journal, clock))
        if self._ready:
            await loop.run_in_executor(None, self._ready)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        watchdog.notify("STOPPING=1")
        if self._beat is not None:
            self._beat.cancel()
        await super().shutdown(sockets)
