"""Signed requests of devices: verified before anything else looks at them, the body too.

The signature is checked first and without the body, so that only a known device can make us hold
one. An alarm is never refused for its signature: it is taken like any stranger's.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from callout.access.nonces import Nonces
from callout.access.signatures import (
    Request,
    Signed,
    check_body,
    is_signed,
    read_signature,
    verify,
    wrong,
)
from callout.access.who import key_actor
from callout.base.errors import CalloutError, TooLargeError
from callout.dispatch import Picture
from callout.web.asking import Shown
from callout.web.ingest import BODY_MAX, read_body

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_ALARMS = ("POST", "/api/alarms")
_OTHER_BODY_MAX = 1024 * 1024
#: Verified in place of an unknown device's key, so that the time taken tells nothing.
_NO_KEY = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


class Signing:
    """Verifies signed requests. Loop's thread only."""

    def __init__(self, picture: Picture, scheme: str) -> None:
        """``scheme``: http or https, as devices reach this room."""
        self._picture = picture
        self._scheme = scheme
        self._nonces = Nonces(picture.journal.state, picture.clock)

    async def shown(
        self, scope: MutableMapping[str, Any], receive: Receive, shown: Shown
    ) -> tuple[Shown, Receive]:
        """What the request shows, and where its body is to be read now.

        UnauthenticatedError: it is signed, and the signature is not good; never for an alarm, which
        then shows nothing. TooLargeError: the body is.
        """
        headers = tuple(scope["headers"])
        if not is_signed(headers):
            return shown, receive
        request = _request(scope, headers, self._scheme)
        alarm = (request.method, scope["path"].rstrip("/")) == _ALARMS
        body: bytes | None = None
        try:
            if shown.way == "token":
                raise wrong("a token and a signature are shown; one is enough")
            found = self._verified(request)
            if scope["type"] == "http":
                limit = BODY_MAX if scope["path"] == "/api/positions" else _OTHER_BODY_MAX
                body = await read_body(receive, limit)
                check_body(request, found[0], body)
        except CalloutError as error:
            if not alarm or isinstance(error, TooLargeError):
                raise
            return Shown(), receive if body is None else _again(body, receive)
        signed, key = found
        shown = Shown("signature", f"{signed.device} {key}")
        return shown, receive if body is None else _again(body, receive)

    def _verified(self, request: Request) -> tuple[Signed, str]:
        """The signature, and the key that it was made with; its nonce is used up."""
        signed = read_signature(request)
        self._nonces.check_time(signed)
        device = self._picture.access.devices.get(signed.device)
        key = device.public_key if device else ""
        good = verify(request, signed, bytes.fromhex(key) or _NO_KEY)
        now_us = self._picture.clock.now_us()
        if not (key and good and key_actor(self._picture.access, signed.device, key, now_us)):
            raise wrong("this is not the signature of a device of this room")
        self._nonces.take(signed)
        return signed, key


def _request(
    scope: MutableMapping[str, Any], headers: tuple[tuple[bytes, bytes], ...], scheme: str
) -> Request:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope.get("method", "GET"),
        scheme=scheme,
        path=raw_path.decode("latin-1"),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
    )


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read already, then what comes after it."""
    given = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
