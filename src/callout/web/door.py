"""The door: who is asking, from where, and what a browser may do with the answer.

Stands before every route, raw ones too. Host is checked against the names this room answers to
(DNS rebinding); Origin on every WebSocket and every unsafe request that carries a cookie
(cross-site requests). Tokens and signatures are for programs and carry no Origin.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from callout.access import NOBODY, Action
from callout.base.errors import CalloutError, RefusedError
from callout.web.asking import Shown
from callout.web.cookies import inward, outward
from callout.web.problems import send_problem
from callout.web.room import Room
from callout.web.routes import ROUTES
from callout.web.signing import Signing

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

COOKIE = "callout_session"
DEVICE_COOKIE = "callout_device"
#: Unknown, not allowed, and another agency's. A changed picture (409) is no refusal.
_REFUSALS = {401, 403, 404}
#: What an account's use is marked with. That somebody signed in, or read a page, is no right.
_MARKED = {
    (route.method, route.path): route.action.value
    for route in ROUTES
    if route.action not in {Action.SESSION, Action.PAGE}
}
_SAFE = {"GET", "HEAD", "OPTIONS"}
_POLICY = (
    b"default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    b"img-src 'self'; style-src 'self'; font-src 'self'; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)

#: A browser that has met the room over TLS never asks it without (RFC 6797). A year.
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class Door:
    """ASGI middleware around the whole app."""

    def __init__(self, inner: App, room: Room, names: frozenset[str], *, secure: bool) -> None:
        """``names`` are host names with port, lower case, under which the room is reached."""
        self._inner = inner
        self._room = room
        self._names = names
        self._scheme = "https" if secure else "http"
        self._signing = Signing(room.picture, self._scheme)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Check, name the actor, and pass on with our headers."""
        if scope["type"] not in {"http", "websocket"}:
            await self._inner(scope, receive, send)
            return
        if self._scheme == "https":
            scope["headers"] = inward(list(scope["headers"]))
        headers = dict(scope["headers"])
        shown = self._shown(headers)
        wrong = self._wrong(scope, headers, by_cookie=shown.way in {"session", "device"})
        if wrong:
            action = Action.LIVE_READ if scope["type"] == "websocket" else Action.PAGE
            self._room.account.refused(NOBODY, action, "door", "", wrong.where.lower())
            await _refuse(scope, receive, self._answering(scope, send), wrong)
            return
        try:
            shown, receive = await self._signing.shown(scope, receive, shown)
        except CalloutError as error:
            if error.status in _REFUSALS:
                self._room.account.refused(NOBODY, Action.SESSION, "signature", "", error.code)
            await _refuse(scope, receive, self._answering(scope, send), error)
            return
        state = scope.setdefault("state", {})
        state["shown"] = shown
        state["actor"] = self._room.asking.actor(shown) or NOBODY
        answering = self._answering(scope, send, lambda: self._used(scope))
        await self._inner(scope, receive, answering)
        self._account(state)

    def _answering(self, scope: Scope, send: Any, granted: Callable[[], None] | None = None) -> Any:
        """Send with our headers; ``granted`` is called when an answer begins that is no error."""
        secure = self._scheme == "https"
        private = scope["path"].startswith("/api")

        async def answering(message: MutableMapping[str, Any]) -> None:
            kind = message["type"]
            if kind == "http.response.start":
                headers = [*message.get("headers", ()), *_HEADERS]
                if private and all(name != b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = [*outward(headers), _HSTS] if secure else headers
            if granted and (kind == "websocket.accept" or message.get("status", 500) < 400):
                granted()
            await send(message)

        return answering

    def _used(self, scope: Scope) -> None:
        """What was asked for is being answered: mark the day, for the review of access."""
        actor = scope["state"]["actor"]
        method = "WS" if scope["type"] == "websocket" else scope["method"]
        action = _MARKED.get((method, scope.get("path_template") or scope["path"]))
        if action and actor.kind in {"person", "device"}:
            self._room.used.mark(actor.label, action)

    def _account(self, state: MutableMapping[str, Any]) -> None:
        """Enter what the gate refused; what was merely wrong is none."""
        error = state.get("error")
        if isinstance(error, CalloutError) and error.about and error.status in _REFUSALS:
            self._room.account.refused(state["actor"], *error.about, error.code)

    @staticmethod
    def _shown(headers: dict[bytes, bytes]) -> Shown:
        """A token, else a person's cookie, else a device's, else nothing."""
        ways = (
            ("token", bearer_token(headers)),
            ("session", session_secret(headers)),
            ("device", cookie_value(headers, DEVICE_COOKIE)),
        )
        return next((Shown(way, secret) for way, secret in ways if secret), Shown())

    def _wrong(
        self, scope: Scope, headers: dict[bytes, bytes], *, by_cookie: bool
    ) -> RefusedError | None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if host not in self._names:
            return RefusedError(
                f"this room is not called {host[:80]!r}",
                where="Host",
                todo="Use its address as it was announced, or add the name to CALLOUT_NAMES",
            )
        unsafe = scope["type"] == "websocket" or scope["method"] not in _SAFE
        origin = headers.get(b"origin")
        if not unsafe or (origin is None and not by_cookie):
            return None
        if origin is None or origin.decode("latin-1").lower() != f"{self._scheme}://{host}":
            return RefusedError(
                "the request comes from another page", where="Origin", todo="Use the room's page"
            )
        return None


def bearer_token(headers: dict[bytes, bytes]) -> str:
    """The token after ``Authorization: Bearer``, or nothing."""
    kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def session_secret(headers: dict[bytes, bytes]) -> str:
    """The session cookie's value, or nothing."""
    return cookie_value(headers, COOKIE)


def cookie_value(headers: dict[bytes, bytes], name: str) -> str:
    """The value of a cookie, or nothing."""
    try:
        cookie = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    morsel = cookie.get(name)
    return morsel.value if morsel else ""


async def _refuse(scope: Scope, receive: Any, send: Any, error: CalloutError) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": str(error)[:120]})
    else:
        await send_problem(send, error)
