"""Errors as RFC 9457 problem+json: what was wrong, with what, and what to do."""

from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from callout.base.errors import CalloutError

MEDIA_TYPE = "application/problem+json"
#: What to do where an error itself does not say.
_TODO = {
    "bad-input": "Put it right and send it again",
    "sign-in-needed": "Sign in, or send a token",
    "refused": "Ask a supervisor or the administrator",
    "not-found": "Look at the list again; it may be gone",
    "conflict": "Look again and decide anew",
    "too-large": "Send less at once",
    "too-many": "Wait a minute, then try again",
    "disk-full": "Make room on the disk of the room's home",
}
_LOG_HAS_IT = "Try again; if it stays, use the radio and tell the administrator"
_log = structlog.get_logger()


def problem(error: CalloutError) -> dict[str, Any]:
    """The document for one of our errors."""
    return {
        "type": f"urn:callout:{error.code}",
        "title": error.what,
        "status": error.status,
        "where": error.where,
        "todo": error.todo or _TODO.get(error.code, _LOG_HAS_IT),
        "detail": str(error),
        **error.detail,
    }


def _response(document: dict[str, Any]) -> Response[bytes]:
    return Response(
        msgspec.json.encode(document), status_code=document["status"], media_type=MEDIA_TYPE
    )


def on_callout_error(request: Request[Any, Any, Any], error: CalloutError) -> Response[bytes]:
    """Answer with one of our own errors; the door enters a refusal."""
    request.scope["state"]["error"] = error
    return _response(problem(error))


def on_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer with the framework's: a body that does not decode, a method that is not there."""
    extra = error.extra if isinstance(error.extra, list) else []
    where = ", ".join(str(item.get("key", "")) for item in extra if isinstance(item, dict))
    said = "; ".join(str(item.get("message", "")) for item in extra if isinstance(item, dict))
    return _response(
        {
            "type": "urn:callout:bad-input" if error.status_code < 500 else "urn:callout:error",
            "title": said or error.detail,
            "status": error.status_code,
            "where": where,
            "todo": "See /api/openapi.json for what this route takes",
            "detail": error.detail,
        }
    )


def on_any_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer with a mistake of ours; the log has the rest, without query or body."""
    _log.error("request failed", path=request.scope["path"], exc_info=error)
    return _response(
        {
            "type": "urn:callout:error",
            "title": "callout made a mistake; it is in the log",
            "status": 500,
            "where": request.scope["path"],
            "todo": _LOG_HAS_IT,
            "detail": type(error).__name__,
        }
    )


async def send_problem(send: Any, error: CalloutError) -> None:
    """Answer a raw ASGI request with one of our errors."""
    body = msgspec.json.encode(problem(error))
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
