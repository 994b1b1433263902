"""Ceremonies of Web Authentication (level 3, 7.1 and 7.2): whether what a browser brought is good.

The library parses and verifies; here stand what we ask of it, and what it leaves to us.
"""

from typing import Any

import msgspec
import webauthn
from webauthn.helpers import parse_authentication_credential_json
from webauthn.registration.verify_registration_response import VerifiedRegistration

from callout.access.challenges import Ticket
from callout.access.site import Site
from callout.base.errors import BadInputError, UnauthenticatedError

#: A credential with an attestation and a picture of its maker is a few kilobytes.
_MAX_BYTES = 64 * 1024


class Passkey(msgspec.Struct):
    """One public key of a person. ``handle``: random, what the device calls the person."""

    id: str
    credential: str
    key: bytes
    count: int
    person: str
    handle: bytes
    rp: str
    label: str
    made_us: int
    used_us: int = 0


def wrong_passkey() -> UnauthenticatedError:
    """The same words for whatever did not fit."""
    return UnauthenticatedError(
        "this passkey was not accepted",
        where="sign-in",
        todo="Try again, or sign in another way; ask the administrator for a new invitation",
    )


def used_count(credential: dict[str, Any], asked: Ticket, site: Site, found: Passkey) -> int:
    """The count that a good use says; UnauthenticatedError when it is not good."""
    try:
        _small(credential)
        parsed = parse_authentication_credential_json(credential)
        _same_handle(parsed.response.user_handle, found, asked)
        return webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=asked.challenge,
            expected_rp_id=site.rp,
            expected_origin=site.origin,
            credential_public_key=found.key,
            credential_current_sign_count=0,
            require_user_verification=True,
        ).new_sign_count
    except Exception:  # noqa: BLE001 - the edge: bytes of strangers, and parsers of four formats
        raise wrong_passkey() from None


def _same_handle(handle: bytes | None, found: Passkey, asked: Ticket) -> None:
    """ValueError when the device means somebody else (WebAuthn 3, 7.2 step 6)."""
    # A key that was asked for by its id may leave the handle out.
    if handle != found.handle and (handle is not None or not asked.data["person"]):
        raise ValueError("the user handle is another person's")


def verified_new(credential: dict[str, Any], asked: Ticket, site: Site) -> VerifiedRegistration:
    """What the device says of a new passkey; BadInputError when it cannot be used here."""
    try:
        _small(credential)
        return webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=asked.challenge,
            expected_rp_id=site.rp,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - the edge: bytes of strangers, and parsers of four formats
        raise BadInputError(
            "this passkey cannot be used here",
            where="passkey",
            todo="Use one that asks for a PIN, a finger or a face, on this room's own page",
        ) from None


def _small(credential: dict[str, Any]) -> None:
    if len(msgspec.json.encode(credential)) > _MAX_BYTES:
        raise ValueError("too many bytes for a credential")
