"""The journal as a C2SP tlog-tiles log, below /log/."""

import asyncio
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from callout.access import ROOM, Action, authorize
from callout.base.errors import UnavailableError
from callout.web.asked import Asker, TheRoom

_FOREVER = "private, max-age=31536000, immutable"
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
_WAIT_S = 10.0


@get("/log/checkpoint", tags=["log"], media_type=_TEXT)
async def get_checkpoint(room: TheRoom, actor: Asker) -> Response[bytes]:
    """The signed note over every durable entry."""
    authorize(actor, Action.LOG_READ, ROOM)
    return Response(
        room.picture.journal.checkpoint(),
        headers={"cache-control": "no-store"},
    )


@get("/log/tile/{path:path}", tags=["log"], media_type=_BYTES)
async def get_log_tile(path: FromPath[Path], room: TheRoom, actor: Asker) -> Response[bytes]:
    """A tile ``L/N[.p/W]`` or an entry bundle ``entries/N[.p/W]``; what is there never changes."""
    authorize(actor, Action.LOG_READ, ROOM)
    log = room.picture.journal.log()
    wanted = f"tile/{str(path).lstrip('/')}"
    # Hashing 256 entries takes milliseconds: not in the thread that takes alarms.
    try:
        data = await asyncio.wait_for(asyncio.to_thread(log.read, wanted), _WAIT_S)
    except TimeoutError:
        raise UnavailableError("the log took too long", where=wanted, todo="Try again") from None
    return Response(data, headers={"cache-control": _FOREVER})
