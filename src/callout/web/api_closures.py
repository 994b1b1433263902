"""Closures and speeds over HTTP."""

from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from callout.access import ROOM, Action, authorize
from callout.base.errors import BadInputError
from callout.base.geo import LonLat, lonlat
from callout.places.closures import at_points, by_street, in_area
from callout.places.commands import close_road, lift_closure
from callout.places.events import Stretch
from callout.roads import Roads
from callout.web.asked import Asker, TheRoom
from callout.web.ingest import moment_us


class ClosureIn(msgspec.Struct):
    """What is closed: a street, the roads at points, or an area; and until when.

    ``until`` is a moment (RFC 3339 or Unix seconds), ``minutes`` a span; without both it holds
    until somebody lifts it. With ``kmh`` the road is open, but no faster.
    """

    why: str
    street: str = ""
    near: tuple[float, float] | None = None
    points: list[tuple[float, float]] = []
    area: list[tuple[float, float]] = []
    name: str = ""
    until: str | int | None = None
    minutes: int | None = None
    kmh: int | None = None


@get("/api/closures", tags=["places"])
async def get_closures(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Closures and speeds in force, with lines to draw."""
    authorize(actor, Action.ROAD_READ, ROOM)
    return {"closures": room.closing.views(), "seq": room.picture.seq}


@post("/api/closures", tags=["places"])
async def post_closure(data: JSONBody[ClosureIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Close a road, a bridge or an area; answered when every later answer goes round it."""
    authorize(actor, Action.ROAD_CLOSE, ROOM)
    picture = room.picture
    name, stretches = _meant(picture.roads, data)
    now_us = room.clock.now_us()
    closure, submitted = close_road(
        picture.journal,
        actor,
        name=data.name or name,
        why=data.why,
        stretches=stretches,
        now_us=now_us,
        until_us=_until_us(data, now_us),
        kmh=data.kmh,
    )
    receipt = await room.done(submitted)
    await room.closing.in_force(receipt.last_seq)
    view = room.closing.view(picture.places.closure(closure))
    return {"id": closure, "seq": receipt.last_seq, "epoch": picture.roads.epoch, "closure": view}


@post("/api/closures/{closure_id:str}/lift", status_code=200, tags=["places"])
async def post_lift(closure_id: FromPath[str], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Open it again."""
    picture = room.picture
    receipt = await room.done(lift_closure(picture.journal, actor, picture.places, closure_id))
    await room.closing.in_force(receipt.last_seq)
    return {"seq": receipt.last_seq, "epoch": picture.roads.epoch}


def _meant(roads: Roads, data: ClosureIn) -> tuple[str, tuple[Stretch, ...]]:
    given = [bool(data.street), bool(data.points), bool(data.area)]
    if sum(given) != 1:
        raise BadInputError(
            "say one of street, points and area", where="closure", todo="See docs/api.md"
        )
    if data.street:
        near = _point(data.near, "near") if data.near else None
        return by_street(roads, data.street[:200], near)
    if data.points:
        return at_points(roads, [_point(point, "points") for point in data.points])
    return "Area", in_area(roads, [_point(point, "area") for point in data.area])


def _point(point: tuple[float, float], where: str) -> LonLat:
    try:
        return lonlat(*point)
    except ValueError as error:
        raise BadInputError(str(error), where=where, todo="Longitude first") from None


def _until_us(data: ClosureIn, now_us: int) -> int | None:
    if data.minutes is not None:
        if not 1 <= data.minutes <= 525_600:
            raise BadInputError(f"{data.minutes} minutes is no span", where="minutes")
        return now_us + data.minutes * 60_000_000
    try:
        return moment_us(data.until) or None
    except ValueError as error:
        raise BadInputError(str(error), where="until") from None
