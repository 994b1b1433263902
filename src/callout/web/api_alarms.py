"""Alarms over HTTP. Taking one is the shortest path in callout: decode, append, answer."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from callout.access import Action, Subject, authorize, sees
from callout.base.errors import BadInputError
from callout.base.geo import lonlat
from callout.incidents import TEXT_MAX, PanicPressed, alarm_subject, raise_alarm
from callout.incidents.commands import acknowledge_alarm
from callout.web.asked import Asker, TheRoom
from callout.web.audience import shown_alarm
from callout.web.door import bearer_token
from callout.web.ingest import moment_us

_NAME_MAX = 200


class AlarmIn(msgspec.Struct):
    """A press. ``press`` tells one press of a device from the next; ``at`` is the device's time."""

    device: str
    press: str
    kind: str
    at: str | int | float | None = None
    lon: float | None = None
    lat: float | None = None
    text: str = ""


class AlarmOut(msgspec.Struct):
    """What was kept. ``verified`` is false for a missing, wrong or foreign token."""

    id: str
    seq: int
    verified: bool
    repeated: bool


def decode_press(sent: AlarmIn) -> PanicPressed:
    """What we keep of a press. Nothing in it can make us refuse it: what is wrong is a mark."""
    marks: list[str] = []
    place = None
    if sent.lon is not None and sent.lat is not None:
        try:
            place = lonlat(sent.lon, sent.lat)
        except ValueError:
            marks.append("bad-fix")
    claimed_us = _claimed_us(sent.at)
    if sent.at is not None and claimed_us is None:
        marks.append("bad-time")
    if len(sent.text) > TEXT_MAX:
        marks.append("text-cut")
    if max(len(sent.device), len(sent.press)) > _NAME_MAX:
        marks.append("name-long")
    return PanicPressed(
        device=sent.device,
        press=sent.press,
        kind=sent.kind[:_NAME_MAX],
        claimed_us=claimed_us,
        place=place,
        text=sent.text[:TEXT_MAX],
        marks=tuple(marks),
    )


def _claimed_us(at: str | float | None) -> int | None:
    """The device's time, or None when it gave none or one that cannot be."""
    try:
        moment = round(at * 1e6) if isinstance(at, float) else moment_us(at)
    except (ValueError, OverflowError):
        return None
    return moment if 0 < moment < 2**53 else None


@post(
    "/api/alarms",
    summary="Raise an alarm",
    tags=["alarms"],
    responses={200: ResponseSpec(AlarmOut, description="The same press again")},
)
async def post_alarm(
    data: JSONBody[AlarmIn],
    room: TheRoom,
    actor: Asker,
    request: Request[Any, Any, Any],
) -> Response[AlarmOut]:
    """Keep an alarm, whoever sent it: 201, or 200 for the same device and press again.

    Answered only when it is durable. Without a good token it is kept and marked unverified.
    """
    journal = room.picture.journal
    credential = bearer_token(dict(request.scope["headers"]))
    pressed = decode_press(data)
    receipt = await room.receipt(
        raise_alarm(journal, actor, pressed, now_us=room.clock.now_us(), credential=credential)
    )
    entry = journal.entry(receipt.first_seq)
    out = AlarmOut(
        entry.stream.partition("/")[2], entry.seq, entry.body["verified"], receipt.duplicate
    )
    return Response(out, status_code=200 if receipt.duplicate else 201)


@get("/api/alarms", summary="Alarms that wait, and recent ones", tags=["alarms"])
async def get_alarms(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Every alarm that is unanswered or not older than a day, oldest first."""
    authorize(actor, Action.ALARM_READ, Subject("alarm"))
    picture = room.picture
    alarms = [
        shown_alarm(picture, actor, alarm)
        for alarm in picture.incidents.alarms.values()
        if sees(actor, alarm_subject(alarm))
    ]
    return {"alarms": alarms, "seq": picture.seq}


@post("/api/alarms/{alarm_id:str}/acknowledge", status_code=200, tags=["alarms"])
async def post_acknowledge(alarm_id: FromPath[str], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Take an alarm on. The same again answers with who has it."""
    picture = room.picture
    if alarm_id not in picture.incidents.alarms:
        await room.caught_up(picture.journal.head())
    submitted = acknowledge_alarm(picture.journal, actor, picture.incidents, alarm_id)
    if submitted is not None:
        await room.done(submitted)
    alarm = picture.incidents.alarm(alarm_id)
    if not alarm.acknowledged_us:
        raise BadInputError("the alarm could not be acknowledged", where=alarm_id)
    return {"id": alarm.id, "by": alarm.acknowledged_by, "at_us": alarm.acknowledged_us}
