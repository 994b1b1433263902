"""Devices and programs: invited by a QR code, enrolled once, revoked at once."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, JSONBody

from callout.access import Action, Share, Subject, authorize, reaches
from callout.access.board import Device
from callout.access.devices import (
    Enrolled,
    Wanted,
    check_wanted,
    default_scopes,
    device_subject,
    enrol,
    enrol_program,
    invite,
    revoke,
)
from callout.base.errors import BadInputError, ConflictError
from callout.units import unit_subject
from callout.web.asked import Asker, TheRoom
from callout.web.door import DEVICE_COOKIE
from callout.web.invited import link_of, qr_svg, source_of
from callout.web.log_words import who
from callout.web.room import Room

#: A browser forgets a cookie after 400 days at the latest (RFC 6265bis, 5.5).
_COOKIE_S = 400 * 24 * 3600


class DeviceIn(msgspec.Struct):
    """A device to invite. ``scopes``: the least that is of use when none are named."""

    device: str
    scopes: tuple[str, ...] = ()
    unit: str = ""
    agency: str = ""
    days: int = 0
    key: str = "token"


class ProgramIn(msgspec.Struct):
    """A program that is given a token at once."""

    name: str
    scopes: tuple[str, ...]
    days: int
    agency: str = ""
    unit: str = ""


class CodeIn(msgspec.Struct):
    """The code that was read, and the device's own Ed25519 key in hex where it has one."""

    code: str
    public_key: str = ""


class Revoked(msgspec.Struct):
    """Why a device may speak no more."""

    reason: str


@get("/api/devices", tags=["devices"])
async def get_devices(room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Every device and program of the asker's agency: what it may, since when, by whom."""
    authorize(actor, Action.DEVICE_READ, Subject("device", agency=actor.agency))
    devices = room.picture.access.devices.values()
    mine = [one for one in devices if reaches(actor, Share.OWN, device_subject(one))]
    days = room.used.days()
    return {
        "devices": [_view(room, one, days.get(f"device/{one.id}", {})) for one in mine],
        "seq": room.picture.seq,
    }


@post("/api/devices", tags=["devices"])
async def post_device(
    data: JSONBody[DeviceIn], room: TheRoom, actor: Asker, request: Request[Any, Any, Any]
) -> dict[str, Any]:
    """Invite a device: a code for a quarter of an hour, to be shown as a QR code."""
    unit = _unit(room, data.unit)
    wanted = Wanted(
        data.device,
        data.scopes or default_scopes(data.unit),
        unit.agency if unit else data.agency or actor.agency,
        unit,
        data.days,
        data.key,
    )
    _same_agency(data.agency, wanted)
    check_wanted(actor, room.picture.access, wanted, Action.DEVICE_ENROL)
    code, expires_us, submitted = invite(
        room.picture.journal, room.invitations, actor, wanted, room.clock.now_us()
    )
    await room.done(submitted)
    url = link_of(request, code)
    return {"code": code, "url": url, "qr": qr_svg(url), "expires_us": expires_us}


@post("/api/enrol/device", tags=["devices"])
async def post_enrol_device(
    data: JSONBody[CodeIn], room: TheRoom, request: Request[Any, Any, Any]
) -> Response[dict[str, Any]]:
    """Use a code: the device may speak from now on. A browser gets its token as a cookie."""
    browser = request.headers.get("x-callout-browser") == "1"
    if browser and data.public_key:
        raise BadInputError("a browser signs nothing", where="public_key", todo="Leave it out")
    enrolled = enrol(
        room.picture.journal,
        room.picture.access,
        room.invitations,
        data.code,
        data.public_key,
        now_us=room.clock.now_us(),
        source=source_of(request),
    )
    out = {"device": enrolled.device, "unit": enrolled.unit, "scopes": enrolled.scopes}
    if data.public_key:
        await room.done(enrolled.submitted)
        room.credentials.drop_tokens(enrolled.device)
        room.live.again()
        return Response(out)
    secret = await _token(room, enrolled)
    if not browser:
        return Response({**out, "token": secret})
    return Response(out, cookies=[_cookie(request, secret)])


@post("/api/devices/{device_id:str}/revoke", status_code=200, tags=["devices"])
async def post_revoke(
    device_id: FromPath[str], data: JSONBody[Revoked], room: TheRoom, actor: Asker
) -> dict[str, Any]:
    """A device may speak no more: its tokens, key, code and open streams end at once."""
    submitted = revoke(
        room.picture.journal,
        room.picture.access,
        room.credentials,
        room.invitations,
        actor,
        device_id,
        data.reason,
    )
    receipt = await room.done(submitted)
    return {"seq": receipt.last_seq}


@post("/api/tokens", tags=["devices"])
async def post_token(data: JSONBody[ProgramIn], room: TheRoom, actor: Asker) -> dict[str, Any]:
    """Make a token for a program. It is shown once, here, and has an end."""
    unit = _unit(room, data.unit)
    agency = unit.agency if unit else data.agency or actor.agency
    wanted = Wanted(data.name, data.scopes, agency, unit, data.days)
    _same_agency(data.agency, wanted)
    check_wanted(actor, room.picture.access, wanted, Action.TOKEN_CREATE)
    if not data.days:
        raise BadInputError("a program's token has an end", where="days", todo="Use 1 to 366")
    now_us = room.clock.now_us()
    enrolled = enrol_program(room.picture.journal, actor, wanted, now_us)
    secret = await _token(room, enrolled)
    return {"device": enrolled.device, "token": secret, "expires_us": enrolled.expires_us}


async def _token(room: Room, enrolled: Enrolled) -> str:
    """The device's new and only token, once its entry is durable."""
    receipt = await room.done(enrolled.submitted)
    device = room.picture.access.device(enrolled.device)
    if device.seq != receipt.last_seq or device.state != "enrolled":
        raise ConflictError(
            "it was revoked or enrolled again meanwhile", where="device", todo="Invite it again"
        )
    room.credentials.drop_tokens(enrolled.device)
    secret = room.credentials.create_token(
        enrolled.device,
        enrolled.scopes,
        enrolled.unit,
        agency=enrolled.agency,
        expires_us=enrolled.expires_us,
    )
    room.live.again()
    return secret


def _unit(room: Room, unit: str) -> Subject | None:
    return unit_subject(room.picture.units.unit(unit)) if unit else None


def _same_agency(named: str, wanted: Wanted) -> None:
    if named and named != wanted.agency:
        raise BadInputError(
            "the unit is of another agency", where="agency", todo="Leave the agency out"
        )


def _cookie(request: Request[Any, Any, Any], secret: str) -> Cookie:
    return Cookie(
        key=DEVICE_COOKIE,
        value=secret,
        max_age=_COOKIE_S,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.scope["scheme"] == "https",
    )


def _view(room: Room, device: Device, days: dict[str, int]) -> dict[str, Any]:
    return {
        "id": device.id,
        "scopes": device.scopes,
        "agency": device.agency,
        "unit": device.unit or None,
        "key": bool(device.public_key),
        "state": _state(device, room.clock.now_us()),
        "by": who(room.picture, device.by),
        "since_us": device.since_us,
        "expires_us": device.expires_us or None,
        "used_us": max(days.values(), default=None),
    }


def _state(device: Device, now_us: int) -> str:
    over = 0 < device.expires_us <= now_us
    return "expired" if over and device.state != "revoked" else device.state
