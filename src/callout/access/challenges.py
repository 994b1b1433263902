"""Challenges: one-time, for a few minutes, of one browser; nothing is kept for who only asks.

What was asked is given to the browser as a ticket, with our HMAC-SHA256 (RFC 2104), so that a
stranger who asks a million times fills neither memory nor disk. A used one is remembered until its
time is over. The key lives as long as the process: a restart ends every ticket, and asks again.
"""

import base64
import binascii
import hmac
import secrets

import msgspec

from callout.base.clock import Clock
from callout.base.errors import UnauthenticatedError

#: How long a person has to touch the key, or to prove themselves to a provider.
CHALLENGE_S = 300
_MAX_BYTES = 3000  # a cookie has 4,096 with its name (RFC 6265, 6.1)


class Ticket(msgspec.Struct, frozen=True):
    """What was asked. ``bound``: the session, invitation or provider that it is good for."""

    purpose: str
    bound: str
    challenge: bytes
    asked_us: int
    expires_us: int
    data: dict[str, str] = {}

    @property
    def state(self) -> str:
        """The challenge as text for a URL."""
        return _text(self.challenge)


class Challenges:
    """Gives tickets out and takes them back once. Loop's thread only."""

    def __init__(self, clock: Clock) -> None:
        """A new key; no ticket of an earlier process is good."""
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._used: dict[bytes, int] = {}  # challenge -> when it would be over, in that order

    def issue(
        self, purpose: str, bound: str = "", data: dict[str, str] | None = None
    ) -> tuple[Ticket, str]:
        """A new challenge of 256 bits, and the ticket that the browser brings back."""
        now_us = self._clock.now_us()
        ends_us = now_us + CHALLENGE_S * 1_000_000
        ticket = Ticket(purpose, bound, secrets.token_bytes(32), now_us, ends_us, data or {})
        raw = msgspec.json.encode(ticket)
        return ticket, f"{_text(raw)}.{_text(self._mac(b'ticket', raw))}"

    def read(self, text: str, purpose: str, bound: str = "") -> Ticket:
        """The ticket, when it is ours, in time, unused, and for that purpose and that holder.

        UnauthenticatedError otherwise; the words do not tell which.
        """
        ticket = self._opened(text)
        if (
            ticket is None
            or (ticket.purpose, ticket.bound) != (purpose, bound)
            or ticket.expires_us <= self._clock.now_us()
            or ticket.challenge in self._used
        ):
            raise UnauthenticatedError(
                "this try is over: its time ran out, it was used, or it is another browser's",
                where="sign-in",
                todo="Start again from the sign-in page",
            )
        return ticket

    def use(self, ticket: Ticket) -> None:
        """It is good no more."""
        now_us = self._clock.now_us()
        for challenge in [c for c, ends_us in self._used.items() if ends_us <= now_us]:
            del self._used[challenge]
        self._used[ticket.challenge] = ticket.expires_us

    def derive(self, ticket: Ticket, label: str) -> str:
        """A second secret of the ticket that never leaves with it: nonce, code verifier."""
        return _text(self._mac(label.encode(), ticket.challenge))

    def _opened(self, text: str) -> Ticket | None:
        body, _, mac = text.partition(".")
        if len(text) > _MAX_BYTES:
            return None
        try:
            raw, given = (_bytes(part) for part in (body, mac))
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(given, self._mac(b"ticket", raw)):
            return None
        return msgspec.json.decode(raw, type=Ticket)

    def _mac(self, label: bytes, raw: bytes) -> bytes:
        return hmac.digest(self._key, label + b"\0" + raw, "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
