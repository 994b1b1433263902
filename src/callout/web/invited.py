"""What an invitation is shown as: a link with its code, and the link as a QR code."""

import ipaddress
from typing import Any

import segno
from litestar import Request


def link_of(request: Request[Any, Any, Any], code: str) -> str:
    """The page that uses the code. It stands after the #, which browsers do not send or log."""
    return f"{request.scope['scheme']}://{request.headers.get('host', '')}/enrol#{code}"


def qr_svg(text: str) -> str:
    """A QR code (ISO/IEC 18004) as SVG, dark on light with its quiet zone, for a page to show."""
    # 15 % of it may be unreadable: screens reflect, phones are old.
    drawn: str = segno.make(text, error="m", micro=False).svg_inline(
        scale=4, dark="#000", light="#fff", omitsize=True
    )
    return drawn


def source_of(request: Request[Any, Any, Any]) -> str:
    """Whose tries are counted together: the address that asks; of IPv6 the /64 it is one of.

    A subscriber has that many addresses at least (RFC 6177), so one of them tells nobody apart.
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address) or address.ipv4_mapped:
        return host
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))
