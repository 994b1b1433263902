"""Passwords and tokens: what is not history and lives in state.db, hashed.

Passwords by Argon2id (RFC 9106, the library's low-memory profile). Tokens are 256 random bits, so
SHA-256 of them is enough to keep. What a person or device may is not kept here but in the journal.
"""

import secrets
import unicodedata

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from callout.access.actor import EVERY_AGENCY
from callout.access.codes import Codes, wrong_code
from callout.access.failures import Failures
from callout.access.passwords import MOST, check_words
from callout.access.sessions import hash_secret
from callout.base.clock import Clock
from callout.base.errors import BadInputError, UnauthenticatedError
from callout.journal import State

#: Spaces of state.db with what a person signs in with: by their id, or with it in the value.
_OF_A_PERSON = ("account", "code", "passkey", "oidc-link")


class _Owned(msgspec.Struct):
    """What any of them is read as, to see whose it is."""

    person: str = ""
    label: str = ""


class _Account(msgspec.Struct):
    """What a password opens."""

    person: str
    login: str
    hashed: str


class Token(msgspec.Struct):
    """What a token opens."""

    device: str
    scopes: tuple[str, ...]
    unit: str = ""
    agency: str = EVERY_AGENCY
    expires_us: int = 0


def fold_login(login: str) -> str:
    """One spelling for every way to write a sign-in name.

    BadInputError for one that is empty, has invisible characters, or letters of two scripts, as
    look-alikes have (Unicode TR 39, 5.1: single script).
    """
    folded = unicodedata.normalize("NFKC", login).strip().casefold()
    where, todo = "name", "Use letters of one script, digits, dots, dashes or an e-mail address"
    if not folded or len(folded) > 100:
        raise BadInputError("the name is empty or over 100 characters", where=where, todo=todo)
    if any(unicodedata.category(c)[0] in "CZ" and c != " " for c in folded):
        raise BadInputError("the name has invisible characters", where=where, todo=todo)
    scripts = {unicodedata.name(c, "?").split()[0] for c in folded if c.isalpha()}
    if len(scripts) > 1:
        raise BadInputError("the name mixes scripts", where=where, todo=todo)
    return folded


class Credentials:
    """Reads and writes credentials; every secret leaves it once, when it is made."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Keep the state file and the clock at hand; nothing is read yet."""
        self._state = state
        self._clock = clock
        self._hasher = PasswordHasher()
        self._failures = Failures(state, clock)
        self.codes = Codes(state, clock)
        #: Words of this room that no password may be made of: its agencies, its city.
        self.about: tuple[str, ...] = ()

    def has_accounts(self) -> bool:
        """Whether anybody can sign in: by password, passkey, or a provider they linked."""
        return any(self._state.items(space) for space in ("account", "passkey", "oidc-link"))

    def set_password(self, login: str, password: str, *, person: str) -> None:
        """Make a person's account, in place of the one they had under whatever name.

        BadInputError: the password is too short or long, the name cannot be one or is another's.
        """
        key = self.check_new(login, password, person=person)
        account = _Account(person, login.strip(), self._hasher.hash(password))
        for before, raw in self._state.items("account"):
            if before != key and msgspec.json.decode(raw, type=_Account).person == person:
                self._state.delete("account", before)
        self._state.put("account", key, msgspec.json.encode(account))
        self._failures.forget(key)

    def check_new(self, login: str, password: str, *, person: str) -> str:
        """What ``set_password`` looks at before it takes its tenth of a second; the folded name."""
        key = fold_login(login)
        check_words(password, (key, *key.replace("@", ".").split("."), person, *self.about))
        before = self._account(key)
        if before is not None and before.person != person:
            raise BadInputError("the name is taken", where="name", todo="Choose another")
        return key

    def ways(self) -> dict[str, dict[str, int]]:
        """By person, how many of each thing to sign in with there are: account, code, passkey..."""
        found: dict[str, dict[str, int]] = {}
        for space in _OF_A_PERSON:
            for key, raw in self._state.items(space):
                ways = found.setdefault(_owned(raw).person or key, {})
                ways[space] = ways.get(space, 0) + 1
        return found

    def labels(self, person: str) -> list[str]:
        """What a person called their passkeys."""
        found = [_owned(raw) for _, raw in self._state.items("passkey")]
        return [one.label for one in found if one.person == person]

    def drop_person(self, person: str) -> int:
        """Forget all that a person signs in with; how many things that were."""
        keys = [
            (space, key)
            for space in _OF_A_PERSON
            for key, raw in self._state.items(space)
            if (_owned(raw).person or key) == person
        ]
        for space, key in keys:
            self._state.delete(space, key)
        return len(keys)

    def login_of(self, person: str) -> str | None:
        """The name that a person signs in with; None when they have no password."""
        for _, raw in self._state.items("account"):
            account = msgspec.json.decode(raw, type=_Account)
            if account.person == person:
                return account.login
        return None

    def person_of(self, login: str) -> str:
        """Whose account that name is; "" when it is nobody's."""
        try:
            account = self._account(fold_login(login))
        except BadInputError:
            return ""
        return account.person if account else ""

    def check_password(self, login: str, password: str, code: str = "", browser: str = "") -> str:
        """The person whose name and password these are, and code where they have one.

        UnauthenticatedError otherwise, with ``need="code"`` where only that was missing or wrong.
        Five wrong tries lock the account for ten minutes; those of a ``browser`` that its person
        has signed in on before are counted by themselves. The words do not tell whether the name
        or the password was wrong. Takes a tenth of a second.
        """
        wrong = UnauthenticatedError(
            "name or password is wrong, or the account is locked for a while",
            where="sign-in",
            todo="Try again; after five wrong tries wait ten minutes",
        )
        try:
            key = fold_login(login)
        except BadInputError:
            key = ""
        account = self._account(key)
        if account is None or self._failures.locked(key, browser):
            self._hasher.hash(password[:MOST])  # as slow as a known name
            raise wrong
        try:
            self._hasher.verify(account.hashed, password)
        except (VerificationError, InvalidHashError):
            self._failures.add(key, browser)
            raise wrong from None
        if self.codes.has(account.person):
            self._check_code(account.person, code, key, browser)
        self._failures.clear(key, browser)
        return account.person

    def _check_code(self, person: str, code: str, key: str, browser: str) -> None:
        if not code:
            raise UnauthenticatedError(
                "the code of your authenticator app is missing",
                where="sign-in",
                todo="Type the six digits it shows, or one of your recovery codes",
                need="code",
            )
        if not self.codes.check(person, code):
            self._failures.add(key, browser)
            raise wrong_code()

    def create_token(
        self,
        device: str,
        scopes: tuple[str, ...],
        unit: str = "",
        *,
        agency: str = EVERY_AGENCY,
        expires_us: int = 0,
    ) -> str:
        """A new token for a device or program; shown once, kept as a hash. 0: it has no end."""
        secret = "ct_" + secrets.token_urlsafe(32)
        token = Token(device, scopes, unit, agency, expires_us)
        raw = msgspec.json.encode(token)
        self._state.put("token", hash_secret(secret), raw, expires_us or None)
        return secret

    def find_token(self, secret: str) -> Token | None:
        """What that token opens; None when it is unknown, revoked or past its end."""
        raw = self._state.get("token", hash_secret(secret))
        return None if raw is None else msgspec.json.decode(raw, type=Token)

    def drop_tokens(self, device: str) -> int:
        """Forget every token of a device; how many there were."""
        keys = [
            key
            for key, raw in self._state.items("token")
            if msgspec.json.decode(raw, type=Token).device == device
        ]
        for key in keys:
            self._state.delete("token", key)
        return len(keys)

    def _account(self, key: str) -> _Account | None:
        raw = self._state.get("account", key)
        return None if raw is None else msgspec.json.decode(raw, type=_Account)


def _owned(raw: bytes) -> _Owned:
    try:
        return msgspec.json.decode(raw, type=_Owned)
    except msgspec.MsgspecError:
        return _Owned()  # it stands under its person's id
