"""The second factor: six digits of an authenticator app (TOTP, RFC 6238), ten codes for its loss.

The app's secret has to be read again, so it cannot be hashed: it is sealed under the home's secret,
which is not in state.db. A code is used once (RFC 6238, 5.2), and one step of 30 s either way is
let pass for clocks that differ. Recovery codes have 80 random bits and are kept hashed.
"""

import hmac
import secrets
import threading
import unicodedata
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from callout.access.invitations import as_made, spoken
from callout.access.sessions import hash_secret
from callout.base.clock import Clock
from callout.base.errors import ConflictError, UnauthenticatedError
from callout.base.ids import new_id
from callout.journal import State

STEP_S = 30
DIGITS = 6
RECOVERY_CODES = 10
_SECRET_BYTES = 20  # RFC 4226, R6: 160 bits are recommended
_NEW_S = 600
_SPACE, _NEW = "code", "code-new"


class NewCode(NamedTuple):
    """What an authenticator app is told; shown once. ``secret``: base 32. ``uri``: for the QR."""

    secret: str
    uri: str


class _Code(msgspec.Struct):
    """``step``: the last whose code was used. ``recovery``: hashes of those not used yet."""

    person: str
    sealed: bytes
    step: int
    recovery: list[str]


def wrong_code() -> UnauthenticatedError:
    """The same words whatever was wrong with the code; a phone's clock is mostly what it is."""
    return UnauthenticatedError(
        "the code is wrong, or was used already",
        where="sign-in",
        todo="Wait for the next; let the phone set its clock by itself; or use a recovery code",
        need="code",
    )


class Codes:
    """Reads and writes second factors of persons. Thread-safe."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Keep the state file and the clock at hand; nothing is read yet."""
        self._state = state
        self._clock = clock
        self._using = threading.Lock()

    def has(self, person: str) -> bool:
        """Whether the person's password needs a code with it."""
        return self._state.get(_SPACE, person) is not None

    def begin(self, person: str, account: str) -> NewCode:
        """A new secret for their app; it counts once ``confirm`` saw a code of it, in 10 minutes.

        What they had until then stays. ``account``: what the app shows it as.
        """
        secret = secrets.token_bytes(_SECRET_BYTES)
        ends_us = self._clock.now_us() + _NEW_S * 1_000_000
        self._state.put(_NEW, person, self._state.seal(secret, _whose(person)), ends_us)
        uri = _totp(secret).get_provisioning_uri(account, "callout")
        encoded = parse_qs(urlsplit(uri).query)["secret"][0]
        return NewCode(encoded, uri)

    def confirm(self, person: str, code: str) -> list[str]:
        """The app works: from now on it is needed. Ten recovery codes, shown once.

        ConflictError: nothing was begun, or too long ago. UnauthenticatedError: the code is wrong.
        """
        with self._using:
            sealed = self._state.get(_NEW, person)
            if sealed is None:
                raise ConflictError(
                    "no authenticator app is being added",
                    where="code",
                    todo="Begin again; there are ten minutes to type its first code",
                )
            step = self._step(self._state.unseal(sealed, _whose(person)), code, after=-1)
            if step is None:
                raise wrong_code()
            recovery = [new_id() for _ in range(RECOVERY_CODES)]
            hashes = [hash_secret(one) for one in recovery]
            self._put(_Code(person, sealed, step, hashes))
            self._state.delete(_NEW, person)
        return [spoken(one) for one in recovery]

    def check(self, person: str, code: str) -> bool:
        """Whether it is the app's code, or a recovery code; it is used up by that, durably."""
        with self._using:
            raw = self._state.get(_SPACE, person)
            if raw is None:
                return False
            kept = msgspec.json.decode(raw, type=_Code)
            hashed = hash_secret(as_made(code))
            if hashed in kept.recovery:
                kept.recovery.remove(hashed)
                self._put(kept)
                return True
            secret = self._state.unseal(kept.sealed, _whose(person))
            step = self._step(secret, code, after=kept.step)
            if step is None:
                return False
            kept.step = step
            self._put(kept)
            return True

    def recovery_left(self, person: str) -> int:
        """How many recovery codes the person has not used yet."""
        raw = self._state.get(_SPACE, person)
        return 0 if raw is None else len(msgspec.json.decode(raw, type=_Code).recovery)

    def drop(self, person: str) -> None:
        """Their password needs no code any more, and no recovery code is good."""
        self._state.delete(_NEW, person)
        self._state.delete(_SPACE, person)

    def _put(self, code: _Code) -> None:
        self._state.put(_SPACE, code.person, msgspec.json.encode(code))

    def _step(self, secret: bytes, code: str, *, after: int) -> int | None:
        """The step that the code is of, later than ``after`` and at most one off; None: of none."""
        typed = unicodedata.normalize("NFKC", code).replace(" ", "").encode()
        now = self._clock.now_us() // 1_000_000 // STEP_S
        totp, found = _totp(secret), None
        for step in (now - 1, now, now + 1):
            if hmac.compare_digest(totp.generate(step * STEP_S), typed) and step > after:
                found = step
        return found


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303 - RFC 6238; what apps understand


def _whose(person: str) -> str:
    return f"code {person}"
