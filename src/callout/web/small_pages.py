"""Pages of a few words, without script or style, for a browser that another site sent here."""

from html import escape
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie

from callout.base.errors import CalloutError


def on_to_the_room(*cookies: Cookie) -> Response[Any]:
    """Goes on to the room's page: only then does the browser send a strict cookie.

    A redirect would not do: the browser still counts it to the other site, which began it.
    """
    head = '<meta http-equiv="refresh" content="0; url=/">'
    return _page(200, head, '<p><a href="/">To the room</a></p>', cookies)


def words(request: Request[Any, Any, Any], error: CalloutError, *cookies: Cookie) -> Response[Any]:
    """Says what went wrong, and what to do. The door enters a refusal."""
    request.scope["state"]["error"] = error
    body = (
        f"<h1>{escape(error.what)}</h1><p>{escape(error.todo)}.</p>"
        '<p><a href="/">Back to the room</a></p>'
    )
    return _page(error.status, "", body, cookies)


def _page(status: int, head: str, body: str, cookies: tuple[Cookie, ...]) -> Response[Any]:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"{head}<title>callout</title></head><body>{body}</body></html>"
    )
    return Response(
        html.encode(),
        status_code=status,
        media_type="text/html",
        headers={"cache-control": "no-store"},
        cookies=list(cookies),
    )
