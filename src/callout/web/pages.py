"""The built pages and the city's map tiles."""

import mimetypes
from pathlib import Path

from litestar import Response, get
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from callout.access import ROOM, Action, authorize
from callout.base.errors import NotFoundError, UnavailableError
from callout.web.asked import Asker, TheRoom

PAGES = Path(__file__).parent / "pages"
_FOREVER = "public, max-age=31536000, immutable"
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".mjs")


@get("/", include_in_schema=False)
async def get_page() -> Response[bytes]:
    """The control-room page."""
    page = PAGES / "index.html"
    if not page.is_file():
        raise UnavailableError(
            "the pages have not been built", where="/", todo="Run make demo, or pip install again"
        )
    return Response(
        page.read_bytes(),
        media_type="text/html; charset=utf-8",
        headers={"cache-control": "no-cache"},
    )


@get("/sw.js", include_in_schema=False)
async def get_worker() -> Response[bytes]:
    """The page's service worker: it shows the page while the server is away."""
    script = PAGES / "sw.js"
    if not script.is_file():
        raise NotFoundError("the pages have no service worker", where="/sw.js")
    return Response(
        script.read_bytes(),
        media_type="text/javascript; charset=utf-8",
        headers={"cache-control": "no-cache"},
    )


@get("/assets/{name:path}", include_in_schema=False)
async def get_asset(name: FromPath[Path]) -> Response[bytes]:
    """A file of the built pages; its name holds a hash of its content."""
    base = (PAGES / "assets").resolve()
    try:
        wanted = (base / str(name).lstrip("/")).resolve()
        found = wanted.is_relative_to(base) and wanted.is_file()
    except (OSError, ValueError):  # no file can have such a name
        found = False
    if not found:
        raise NotFoundError("there is no such file", where="assets")
    media_type = mimetypes.guess_type(wanted.name)[0] or "application/octet-stream"
    return Response(wanted.read_bytes(), media_type=media_type, headers={"cache-control": _FOREVER})


@get(
    "/tiles/{z:int}/{x:int}/{y:int}",
    tags=["room"],
    media_type="application/vnd.mapbox-vector-tile",
    responses={204: ResponseSpec(None, description="Nothing to draw")},
)
async def get_tile(
    z: FromPath[int],
    x: FromPath[int],
    y: FromPath[int],
    room: TheRoom,
    actor: Asker,
) -> Response[bytes]:
    """A vector tile of the city, gzipped; 204 where there is nothing to draw."""
    authorize(actor, Action.ROOM_READ, ROOM)
    tile = room.picture.city.tile(z, x, y)
    if tile is None:
        return Response(b"", status_code=204)
    return Response(
        tile,
        headers={"content-encoding": "gzip", "cache-control": "private, max-age=3600"},
    )
