"""Cookies under guarded names, and what else only TLS brings."""

import re
from pathlib import Path
from typing import Any

import pytest

import callout
from callout.web.cookies import inward, outward
from callout.web.door import Door
from running import Running


def test_ours_go_out_guarded_and_others_as_they_are() -> None:
    sent = [
        (b"set-cookie", b"callout_session=x; Path=/; Secure"),
        (b"set-cookie", b"other=y"),
        (b"content-type", b"a"),
    ]
    assert outward(sent) == [
        (b"set-cookie", b"__Host-callout_session=x; Path=/; Secure"),
        (b"set-cookie", b"other=y"),
        (b"content-type", b"a"),
    ]


def test_one_that_is_to_be_forgotten_is_guarded_too() -> None:
    ((_, value),) = outward([(b"set-cookie", b"callout_session=; Path=/; Max-Age=0")])
    assert value == b"__Host-callout_session=; Path=/; Max-Age=0; Secure"


def test_every_cookie_of_ours_is_for_all_paths() -> None:
    """Else a browser does not take it as ``__Host-``."""
    paths = [
        path
        for source in (Path(callout.__file__).parent / "web").glob("*.py")
        for cookie in re.findall(r"\bCookie\((.*?)\n    \)", source.read_text(), re.DOTALL)
        for path in re.findall(r'path="([^"]*)"', cookie)
    ]
    assert len(paths) >= 5
    assert set(paths) == {"/"}


@pytest.mark.parametrize(
    ("cookie", "read"),
    [
        (b"__Host-callout_session=x", b"callout_session=x"),
        (b"callout_session=planted; __Host-callout_session=x; a=b", b"callout_session=x; a=b"),
        (b"callout_session=planted", b""),
        (b"x__Host-callout_session=x", b"x__Host-callout_session=x"),
        (b"", b""),
    ],
)
def test_a_planted_one_is_not_read(cookie: bytes, read: bytes) -> None:
    assert inward([(b"cookie", cookie), (b"host", b"h")]) == [(b"cookie", read), (b"host", b"h")]


async def _ask(door: Door, path: str) -> dict[bytes, bytes]:
    started: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        started.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"room.example")],
        "http_version": "1.1",
        "root_path": "",
        "client": ("127.0.0.1", 1),
        "server": ("room.example", 443),
    }
    await door(scope, receive, send)
    return dict(started[0]["headers"])


def test_over_tls_a_browser_is_told_to_stay_there(room: Running) -> None:
    import asyncio

    from callout.web.app import App

    door = Door(App(room.room), room.room, frozenset({"room.example"}), secure=True)
    headers = asyncio.run(_ask(door, "/sw.js"))
    assert headers[b"strict-transport-security"] == b"max-age=31536000"
    with room.client("") as api:
        assert "strict-transport-security" not in api.get("/").headers


@pytest.mark.parametrize("path", ["/api/session", "/api/units", "/api/nowhere"])
def test_no_answer_of_the_api_is_kept(room: Running, path: str) -> None:
    with room.client() as api:
        assert api.get(path).headers["cache-control"] == "no-store"
