"""Where a browser is: which passkeys it may show hangs on the page's exact name."""

import ipaddress
from typing import NamedTuple

from callout.base.errors import BadInputError


class Site(NamedTuple):
    """Where a passkey is used: the rp id, and the exact origin of the page."""

    rp: str
    origin: str


def site_of(scheme: str, host: str) -> Site | None:
    """The site of a Host header; None where browsers have no passkeys.

    An IP address cannot be an rp id (WebAuthn 3, 5.1.3: a valid domain), and outside of localhost
    a page without HTTPS has no passkeys (5, SecureContext).
    """
    name = host.lower().rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host.lower()
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        local = name == "localhost" or name.endswith(".localhost")
        return Site(name, f"{scheme}://{host.lower()}") if scheme == "https" or local else None
    return None


def needed_site(scheme: str, host: str) -> Site:
    """The same; BadInputError, with what to do, where there can be none."""
    if site := site_of(scheme, host):
        return site
    raise BadInputError(
        f"there are no passkeys at {scheme}://{host}",
        where="passkey",
        todo="Open the room by a host name over HTTPS, or as localhost on its own machine",
    )
