"""Positions in: raw ASGI, because thousands come each second and none may delay an alarm."""

import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from callout.access import Action, Actor, Subject, authorize
from callout.base.clock import parse_iso_us
from callout.base.errors import BadInputError, CalloutError, TooLargeError
from callout.base.geo import lonlat
from callout.units import Fix, unit_subject
from callout.web.problems import send_problem
from callout.web.room import Room

BODY_MAX = 4 * 1024 * 1024
_REFUSED_SHOWN = 20


class PositionIn(msgspec.Struct):
    """One report: degrees WGS84, RFC 3339 time, degrees from north, metres a second."""

    unit: str
    lon: float
    lat: float
    at: str | int | None = None
    heading: float | None = None
    speed: float | None = None


_one_or_more = msgspec.json.Decoder(list[PositionIn] | PositionIn)


async def read_body(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]], limit: int
) -> bytes:
    """The whole body; TooLargeError past ``limit`` bytes."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadInputError("the connection ended before the body did")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLargeError(f"the body is over {limit} bytes", todo="Send smaller batches")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def positions(room: Room, scope: Any, receive: Any, send: Any) -> None:
    """POST /api/positions: one report or a list; 202 with how many were taken."""
    try:
        if scope["method"] != "POST":
            raise BadInputError("positions are sent by POST", where="method")
        answer = take(room, scope["state"]["actor"], await read_body(receive, BODY_MAX))
    except CalloutError as error:
        scope["state"]["error"] = error
        await send_problem(send, error)
        return
    body = msgspec.json.encode(answer)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def take(room: Room, actor: Actor, body: bytes) -> dict[str, Any]:
    """Check each report by itself; the good ones count, the bad ones are named and counted."""
    try:
        sent = _one_or_more.decode(body)
    except msgspec.DecodeError as error:
        raise BadInputError(str(error), where="body", todo="See /api/openapi.json") from None
    reports = sent if isinstance(sent, list) else [sent]
    authorize(actor, Action.POSITION_REPORT, Subject("unit", actor.unit, actor.agency))
    fixes: list[Fix] = []
    refused: list[dict[str, str]] = []
    denied: list[CalloutError] = []
    count = 0
    for report in reports:
        try:
            fixes.append(_fix(room, actor, report))
        except (ValueError, CalloutError) as error:
            count += 1
            if isinstance(error, CalloutError) and error.about:
                denied.append(error)
            if len(refused) < _REFUSED_SHOWN:
                refused.append({"unit": report.unit[:64], "why": str(error)})
    if denied and not fixes:
        raise denied[0]  # none of these units is theirs to speak for
    room.picture.positions.report(fixes, room.clock.now_us())
    room.refused_positions += count
    return {"accepted": len(fixes), "refused": refused, "refused_count": count}


def _fix(room: Room, actor: Actor, report: PositionIn) -> Fix:
    unit = room.picture.units.unit(report.unit)
    authorize(actor, Action.POSITION_REPORT, unit_subject(unit))
    heading = math.nan if report.heading is None else report.heading % 360.0
    speed = math.nan if report.speed is None else report.speed
    if speed < 0:
        raise ValueError(f"speed {speed} is below 0")
    return Fix(unit.number, lonlat(report.lon, report.lat), moment_us(report.at), heading, speed)


def moment_us(at: str | int | None) -> int:
    """A device's time in microseconds: RFC 3339 text or Unix seconds; 0 when it gave none."""
    if at is None:
        return 0
    at_us = at * 1_000_000 if isinstance(at, int) else parse_iso_us(at)
    if not 0 <= at_us < 2**53:
        raise ValueError(f"the time {at!r} is before 1970 or beyond the year 2255")
    return at_us
