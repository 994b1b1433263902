"""Passwords, sessions and tokens: what is not history and lives in state.db, hashed.

Passwords by Argon2id (RFC 9106, the library's low-memory profile). Session ids and tokens are
256 random bits, so SHA-256 of them is enough to keep.
"""

import hashlib
import secrets

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from callout.access.actor import Actor, Role, Scope
from callout.base.clock import Clock
from callout.base.errors import BadInputError, UnauthenticatedError
from callout.journal import State

SESSION_S = 12 * 3600
_PASSWORD_MIN = 10
_TRIES = 5
_LOCK_S = 600


class _Account(msgspec.Struct):
    """What a password opens."""

    person: str
    name: str
    agency: str
    roles: tuple[str, ...]
    hashed: str


class _Token(msgspec.Struct):
    """What a token opens."""

    device: str
    scopes: tuple[str, ...]
    unit: str = ""


class _Session(msgspec.Struct):
    """What a session cookie opens."""

    person: str
    name: str
    agency: str
    roles: tuple[str, ...]


class _Failures(msgspec.Struct):
    """Wrong passwords in a row for one account."""

    count: int
    last_us: int


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _fold(name: str) -> str:
    return name.strip().casefold()


class Credentials:
    """Reads and writes credentials; every secret leaves it once, when it is made."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Keep the state file and the clock at hand; nothing is read yet."""
        self._state = state
        self._clock = clock
        self._hasher = PasswordHasher()

    def has_accounts(self) -> bool:
        """Whether anybody can sign in by password."""
        return bool(self._state.items("account"))

    def set_password(
        self, name: str, password: str, *, person: str, agency: str, roles: tuple[str, ...]
    ) -> None:
        """Make or replace an account. BadInputError when the password is too short."""
        if len(password) < _PASSWORD_MIN:
            raise BadInputError(
                f"the password has {len(password)} characters",
                where="password",
                todo=f"Use {_PASSWORD_MIN} or more; a few words are easiest to remember",
            )
        account = _Account(person, name.strip(), agency, roles, self._hasher.hash(password))
        self._state.put("account", _fold(name), msgspec.json.encode(account))
        self._state.delete("failures", _fold(name))

    def sign_in(self, name: str, password: str) -> str:
        """A new session's id for the right password; UnauthenticatedError otherwise.

        Five wrong passwords lock the account, and only it, for ten minutes. The words do not
        tell whether the name or the password was wrong.
        """
        key = _fold(name)
        wrong = UnauthenticatedError(
            "name or password is wrong, or the account is locked for a while",
            where="sign-in",
            todo="Try again; after five wrong tries wait ten minutes",
        )
        if self._locked(key):
            raise wrong
        raw = self._state.get("account", key)
        if raw is None:
            self._hasher.hash(password)  # as slow as a known name
            raise wrong
        account = msgspec.json.decode(raw, type=_Account)
        try:
            self._hasher.verify(account.hashed, password)
        except (VerificationError, InvalidHashError):
            self._failed(key)
            raise wrong from None
        self._state.delete("failures", key)
        return self.open_session(account.person, account.name, account.agency, account.roles)

    def open_session(self, person: str, name: str, agency: str, roles: tuple[str, ...]) -> str:
        """A new session's id, good for twelve hours."""
        secret = secrets.token_urlsafe(32)
        session = _Session(person, name, agency, roles)
        expires_us = self._clock.now_us() + SESSION_S * 1_000_000
        self._state.put("session", _hash(secret), msgspec.json.encode(session), expires_us)
        return secret

    def close_session(self, secret: str) -> None:
        """Forget a session; unknown ones are none."""
        self._state.delete("session", _hash(secret))

    def actor_of_session(self, secret: str) -> Actor | None:
        """Who holds this session, or None."""
        raw = self._state.get("session", _hash(secret))
        if raw is None:
            return None
        session = msgspec.json.decode(raw, type=_Session)
        roles = frozenset(Role(role) for role in session.roles)
        return Actor(
            id=session.person, kind="person", name=session.name, agency=session.agency, roles=roles
        )

    def create_token(self, device: str, scopes: tuple[str, ...], unit: str = "") -> str:
        """A new token for a device or program; shown once, kept as a hash."""
        secret = "ct_" + secrets.token_urlsafe(32)
        self._state.put("token", _hash(secret), msgspec.json.encode(_Token(device, scopes, unit)))
        return secret

    def actor_of_token(self, secret: str) -> Actor | None:
        """Which device or program holds this token, or None."""
        raw = self._state.get("token", _hash(secret))
        if raw is None:
            return None
        token = msgspec.json.decode(raw, type=_Token)
        return Actor(
            id=token.device,
            kind="device",
            name=token.device,
            scopes=frozenset(Scope(scope) for scope in token.scopes),
            unit=token.unit,
        )

    def _locked(self, key: str) -> bool:
        raw = self._state.get("failures", key)
        return raw is not None and msgspec.json.decode(raw, type=_Failures).count >= _TRIES

    def _failed(self, key: str) -> None:
        raw = self._state.get("failures", key)
        before = msgspec.json.decode(raw, type=_Failures).count if raw else 0
        now_us = self._clock.now_us()
        failures = msgspec.json.encode(_Failures(before + 1, now_us))
        self._state.put("failures", key, failures, now_us + _LOCK_S * 1_000_000)
