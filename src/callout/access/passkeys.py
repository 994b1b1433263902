"""Passkeys (W3C Web Authentication, level 3): public keys of the staff, kept in state.db.

What is asked of every use: the person was there and proved it to their device (user verification),
on this room's own page (exact origin) and name (rp id), for this one challenge. Attestation is not
asked for: which make of key somebody has is not ours to know.
"""

import secrets
import unicodedata
from collections.abc import Callable
from typing import Any

import msgspec
import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from callout.access.ceremony import Passkey, used_count, verified_new, wrong_passkey
from callout.access.challenges import CHALLENGE_S, Challenges
from callout.access.site import Site
from callout.base.clock import Clock
from callout.base.errors import BadInputError, ConflictError, NotFoundError, UnauthenticatedError
from callout.base.ids import new_id
from callout.journal import State

_SPACE = "passkey"
_MOST = 20  # of one person
_LABEL_MAX = 60


class Passkeys:
    """Asks for passkeys, checks and keeps them. Loop's thread only."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        challenges: Challenges,
        copied: Callable[[Passkey], None],
    ) -> None:
        """``copied`` is told when a key's count goes back: there are two of it."""
        self._state = state
        self._clock = clock
        self._challenges = challenges
        self._copied = copied

    def has_any(self, site: Site | None) -> bool:
        """Whether somebody has a passkey for this site."""
        return site is not None and any(one.rp == site.rp for one in self._all())

    def of(self, person: str) -> list[Passkey]:
        """A person's passkeys, the oldest first."""
        mine = [one for one in self._all() if one.person == person]
        return sorted(mine, key=lambda one: one.made_us)

    def ask(
        self, site: Site, purpose: str, bound: str = "", person: str = ""
    ) -> tuple[dict[str, Any], str]:
        """Options for ``navigator.credentials.get``, and the ticket; with a person, only theirs."""
        ticket, text = self._challenges.issue(purpose, bound, {"person": person})
        options = webauthn.generate_authentication_options(
            rp_id=site.rp,
            challenge=ticket.challenge,
            timeout=CHALLENGE_S * 1000,
            allow_credentials=self._known(site, person) if person else [],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json_dict(options), text

    def ask_new(
        self, site: Site, purpose: str, bound: str, person: str, login: str, name: str
    ) -> tuple[dict[str, Any], str]:
        """Options for ``navigator.credentials.create``, and the ticket. Discoverable keys only."""
        before = self.of(person)
        handle = before[0].handle if before else secrets.token_bytes(32)
        data = {"person": person, "handle": bytes_to_base64url(handle)}
        ticket, text = self._challenges.issue(purpose, bound, data)
        options = webauthn.generate_registration_options(
            rp_id=site.rp,
            rp_name="callout",
            user_id=handle,
            user_name=login or person,
            user_display_name=name or login or person,
            challenge=ticket.challenge,
            timeout=CHALLENGE_S * 1000,
            exclude_credentials=self._known(site, person),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return options_to_json_dict(options), text

    def check(
        self,
        credential: dict[str, Any],
        ticket: str,
        site: Site,
        purpose: str,
        bound: str = "",
    ) -> Passkey:
        """Whose passkey that is, used just now for this ticket, which is used up.

        UnauthenticatedError for everything that does not fit, in the same words. Durable: the
        count is written before it returns.
        """
        try:
            asked = self._challenges.read(ticket, purpose, bound)
        except UnauthenticatedError:
            raise wrong_passkey() from None
        found = self._by_credential(credential.get("id"))
        person = asked.data["person"]
        if found is None or found.rp != site.rp or (person and person != found.person):
            raise wrong_passkey()
        count = used_count(credential, asked, site, found)
        self._challenges.use(asked)
        # The library would look at the count before the signature; what anybody can forge must
        # not be taken for a copied key. 0 and 0: this device does not count (WebAuthn 3, 6.1.1).
        if (count or found.count) and count <= found.count:
            self._copied(found)
            raise wrong_passkey()
        found.count, found.used_us = count, self._clock.now_us()
        self._put(found)
        return found

    def check_new(
        self,
        credential: dict[str, Any],
        ticket: str,
        site: Site,
        purpose: str,
        bound: str,
        label: str,
    ) -> Passkey:
        """A new passkey for the ticket's person, which is used up; ``keep`` keeps it.

        BadInputError: it cannot be one, was not verified, or the label cannot be one.
        ConflictError: it is somebody's already.
        """
        label = _label(label)
        asked = self._challenges.read(ticket, purpose, bound)
        person = asked.data["person"]
        made = verified_new(credential, asked, site)
        self._challenges.use(asked)
        name = bytes_to_base64url(made.credential_id)
        if self._state.get(_SPACE, name) is not None:
            raise ConflictError("this passkey is kept already", where="passkey")
        if len(self.of(person)) >= _MOST:
            raise BadInputError(
                f"you have {_MOST} passkeys", where="passkey", todo="Remove one that is not used"
            )
        return Passkey(
            id=new_id(),
            credential=name,
            key=made.credential_public_key,
            count=made.sign_count,
            person=person,
            handle=base64url_to_bytes(asked.data["handle"]),
            rp=site.rp,
            label=label,
            made_us=self._clock.now_us(),
        )

    def keep(self, passkey: Passkey) -> str:
        """Keep a new one; its id. Durable on return."""
        self._put(passkey)
        return passkey.id

    def drop(self, person: str, passkey_id: str) -> None:
        """Forget one of the person's; NotFoundError when they have no such."""
        found = next((one for one in self.of(person) if one.id == passkey_id), None)
        if found is None:
            raise NotFoundError("you have no such passkey", where="passkey", todo="See GET /api/me")
        self._state.delete(_SPACE, found.credential)

    def _known(self, site: Site, person: str) -> list[PublicKeyCredentialDescriptor]:
        return [
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential))
            for one in self.of(person)
            if one.rp == site.rp
        ]

    def _by_credential(self, name: object) -> Passkey | None:
        raw = self._state.get(_SPACE, name) if isinstance(name, str) else None
        return None if raw is None else msgspec.json.decode(raw, type=Passkey)

    def _all(self) -> list[Passkey]:
        return [msgspec.json.decode(raw, type=Passkey) for _, raw in self._state.items(_SPACE)]

    def _put(self, passkey: Passkey) -> None:
        self._state.put(_SPACE, passkey.credential, msgspec.json.encode(passkey))


def _label(text: str) -> str:
    label = " ".join(text.split())
    if not 0 < len(label) <= _LABEL_MAX or any(unicodedata.category(c)[0] == "C" for c in label):
        raise BadInputError(
            f"the passkey needs a name of 1 to {_LABEL_MAX} characters",
            where="label",
            todo="Say which device it is on",
        )
    return label
