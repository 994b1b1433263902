"""The ways in: what this browser is offered, and how this person can prove again who they are."""

from typing import Any

from litestar import Request

from callout.access.site import Site, needed_site, site_of
from callout.base.errors import ConflictError, UnauthenticatedError
from callout.web.room import Room

#: Who enters a drill by one click; its cast has them.
DRILL_PERSON = "drill"
#: Who changes their own ways in has proved who they are within this (ASVS 5.0, 7.5.1).
FRESH_S = 10 * 60


def ways(room: Room, request: Request[Any, Any, Any], person: str) -> dict[str, Any]:
    """``ways``: passkey and oidc, for anybody; ``unlock``: those of the person, when there is."""
    site = site_of(request.scope["scheme"], request.headers.get("host", ""))
    offered = [{"id": one.id, "name": one.name} for one in room.providers.known]
    return {
        "ways": {"passkey": room.passkeys.has_any(site), "oidc": offered},
        "unlock": ways_of(room, person, site) if person else [],
    }


def ways_of(room: Room, person: str, site: Site | None) -> list[str]:
    """How that person can prove who they are at that site."""
    found = ["password"] if room.credentials.login_of(person) else []
    if found and room.credentials.codes.has(person):
        found.append("code")
    if site and any(one.rp == site.rp for one in room.passkeys.of(person)):
        found.append("passkey")
    if room.drill and person == DRILL_PERSON:
        found.append("drill")  # by one click, as they came in
    return found + [f"oidc:{one}" for one in room.providers.of(person)]


def the_site(request: Request[Any, Any, Any]) -> Site:
    """Where the browser is; BadInputError where there are no passkeys."""
    return needed_site(request.scope["scheme"], request.headers.get("host", ""))


def fresh(room: Room, secret: str) -> None:
    """UnauthenticatedError unless the session's person proved who they are just now.

    Else whoever finds a console open could let themselves in for ever.
    """
    session = room.sessions.find(secret)
    if session is None or room.clock.now_us() - session.proved_us > FRESH_S * 1_000_000:
        raise UnauthenticatedError(
            "it is a while since you proved who you are",
            where="session",
            todo="Lock the screen, unlock it, and do this again",
            need="proof",
        )


def keep_a_way(room: Room, person: str, without: str) -> None:
    """ConflictError when the person could not sign in again. ``without``: passkey, or oidc:<id>."""
    left = ["password"] if room.credentials.login_of(person) else []
    left += ["passkey"] * (len(room.passkeys.of(person)) - (without == "passkey"))
    left += [one for one in room.providers.of(person) if f"oidc:{one}" != without]
    if not left:
        raise ConflictError(
            "this is the only way you can sign in",
            where="sign-in",
            todo="Add another first: a second passkey, or a password by a new invitation",
        )
