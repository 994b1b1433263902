"""``callout token``: tokens of devices and programs, at the machine itself."""

import click

from callout.access import EVERY_AGENCY, SYSTEM, AccessBoard, Credentials
from callout.access.board import Device
from callout.access.commands import enrol_device
from callout.access.devices import DAYS_MAX, REASONS, revoke
from callout.access.invitations import Invitations
from callout.access.used import Used
from callout.base.clock import SystemClock, iso_utc
from callout.main.opening import folded, opened_alone

_DAY_US = 24 * 3600 * 1_000_000
_TODO = "Use the room's page or POST /api/devices and /api/tokens, or stop it first"
home_option = click.option("--home", help="The room's folder; else CALLOUT_HOME.")


@click.group()
def token() -> None:
    """Tokens of devices and programs."""


@token.command("create")
@click.argument("device")
@click.option("--scope", "scopes", multiple=True, default=("alarms",), show_default=True)
@click.option("--unit", default="", help="Bind the token to this unit.")
@click.option("--agency", default=EVERY_AGENCY, help="Else it is the whole room's.")
@click.option("--days", type=click.IntRange(1, DAYS_MAX), help="Else it has no end.")
@home_option
def token_create(
    device: str,
    scopes: tuple[str, ...],
    unit: str,
    agency: str,
    days: int | None,
    home: str | None,
) -> None:
    """Make a token for DEVICE and show it once. Scopes: alarms, positions, crew, room, audit."""
    clock = SystemClock()
    ends_us = clock.now_us() + days * _DAY_US if days else 0
    with opened_alone(home, clock, _TODO) as journal:
        enrol_device(
            journal, SYSTEM, device, scopes, agency=agency, unit=unit, expires_us=ends_us
        ).result()
        secret = Credentials(journal.state, clock).create_token(
            device, scopes, unit, agency=agency, expires_us=ends_us
        )
    click.echo(secret)


@token.command("list")
@home_option
def token_list(home: str | None) -> None:
    """Say which devices and programs may speak, for what, and when they last did."""
    clock = SystemClock()
    with opened_alone(home, clock, _TODO) as journal:
        days = Used(journal.state, clock).days()
        for device in folded(AccessBoard(), journal).devices.values():
            last = max(days.get(f"device/{device.id}", {}).values(), default=None)
            click.echo(_line(device, last))


def _line(device: Device, day_us: int | None) -> str:
    until = iso_utc(device.expires_us)[:10] if device.expires_us else "it is revoked"
    last = "never used" if day_us is None else f"last used {iso_utc(day_us)[:10]}"
    return (
        f"{device.id}: {device.state}, {' '.join(device.scopes)}, "
        f"{_of(device.agency, device.unit)}, by {'key' if device.public_key else 'token'}, "
        f"until {until}, {last}"
    )


@token.command("revoke")
@click.argument("device")
@click.option("--reason", type=click.Choice(REASONS), default="other", show_default=True)
@home_option
def token_revoke(device: str, reason: str, home: str | None) -> None:
    """DEVICE may speak no more: its tokens, its key and its invitation end."""
    clock = SystemClock()
    with opened_alone(home, clock, _TODO) as journal:
        credentials = Credentials(journal.state, clock)
        invitations = Invitations(journal.state, clock)
        board = folded(AccessBoard(), journal)
        revoke(journal, board, credentials, invitations, SYSTEM, device, reason).result()
    click.echo(f"{device} may speak no more")


def _of(agency: str, unit: str) -> str:
    whole = "the whole room" if agency == EVERY_AGENCY else agency
    return f"{whole}, unit {unit}" if unit else whole
