"""The room as any other program sees it: its HTTP API and WebSocket, with a bearer token."""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from callout.base.clock import Clock

_TIMEOUT_S: Final = 10.0
_AGAIN_S: Final = 1.0
_CONNECTIONS: Final = 32
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Answer(NamedTuple):
    """An HTTP answer; status 0 and no body when the room could not be reached."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300  # RFC 9110 section 15


class Api:
    """Keeps connections to one room. Use as an async context manager."""

    def __init__(self, base_url: str, token: str) -> None:
        """``base_url`` is scheme, host and port as the room announces them."""
        self.base_url = base_url.rstrip("/")
        self.token = token
        limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
        self._http = httpx.AsyncClient(
            base_url=self.base_url, timeout=_TIMEOUT_S, limits=limits, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str) -> Answer:
        """GET with the program's token."""
        return await self._ask("GET", path, None, self.token)

    async def post(self, path: str, body: Any = None, *, token: str = "") -> Answer:
        """POST JSON, with the program's token or another one."""
        return await self._ask("POST", path, body, token or self.token)

    async def _ask(self, method: str, path: str, body: Any, token: str) -> Answer:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        content = None if body is None else _encode(body)
        try:
            answer = await self._http.request(method, path, content=content, headers=headers)
        except httpx.HTTPError:
            return Answer(0, None)
        return Answer(answer.status_code, _decode(answer.content) if answer.content else None)

    def live(self, *, from_seq: int | None = None) -> connect:
        """A connection to the live feed, to be used in ``async with``."""
        url = self.base_url.replace("http", "ws", 1) + "/api/live"
        if from_seq is not None:
            url += f"?from={from_seq}"
        return connect(
            url,
            additional_headers={"authorization": f"Bearer {self.token}"},
            compression=None,
            max_size=None,
            max_queue=None,
            proxy=None,
        )


async def follow(
    api: Api,
    hear: Callable[[dict[str, Any]], None],
    stop: asyncio.Event,
    clock: Clock,
    *,
    from_seq: int | None = None,
) -> None:
    """Pass on every message of the live feed until ``stop``; resume where it broke off.

    Begins with a snapshot, or with the entry ``from_seq``.
    """
    next_seq = from_seq
    stopped = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with api.live(from_seq=next_seq) as socket:
                    next_seq = await _listen(socket, hear, next_seq, stopped)
            if not stop.is_set():
                await clock.wait_s(_AGAIN_S)
    finally:
        stopped.cancel()


async def _listen(
    socket: ClientConnection,
    hear: Callable[[dict[str, Any]], None],
    next_seq: int | None,
    stopped: "asyncio.Future[Any]",
) -> int | None:
    """Messages until the connection or the drill ends; the seq to go on from."""
    while True:
        try:
            frame = await frame_or(socket, stopped)
        except WebSocketException:
            return next_seq
        if frame is None:
            return next_seq
        message = _decode(frame)
        if message["t"] in {"snapshot", "entry"}:
            next_seq = int(message["seq"]) + 1
        hear(message)


async def frame_or(socket: ClientConnection, stopped: "asyncio.Future[Any]") -> bytes | None:
    """The next frame, None once ``stopped`` is done; WebSocketException when the feed ends."""
    receive = asyncio.ensure_future(socket.recv(decode=False))
    receive.add_done_callback(_seen)
    await asyncio.wait({receive, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if stopped.done():
        receive.cancel()
        return None
    return receive.result()


def _seen(receive: "asyncio.Future[bytes]") -> None:
    """Whatever ended a receive that nobody waits for any more is no news."""
    if not receive.cancelled():
        receive.exception()
