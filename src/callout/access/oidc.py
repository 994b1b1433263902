"""OpenID Connect (Core 1.0, code flow with PKCE): what is checked, without any network.

Who somebody is here hangs on the provider's immutable subject only, compared exactly: issuer and
claim and value. It leads to a person by the administrator's list in the file of providers, or by
a link that the person made while signed in here. Names and e-mail addresses are never looked at:
they can be changed, given on, or made to look alike.
"""

import ipaddress
import json
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from callout.base.errors import (
    BadInputError,
    UnauthenticatedError,
    UnavailableError,
)
from callout.base.ids import is_given_id

#: Signatures by a key that only the provider has; never ``none``, never a shared secret (HS256).
#: ``Ed25519`` is what RFC 9864 calls EdDSA with that curve.
ALGORITHMS = ("RS256", "ES256", "EdDSA", "Ed25519")
#: How far the provider's clock and ours may be apart.
SKEW_S = 60
_SUBJECT_MAX = 255  # OpenID Connect Core 1.0, 2: sub
#: Claims that their holder or an administrator of the provider can change or give to another.
_MUTABLE = frozenset(
    word
    for line in (
        "name given_name family_name middle_name nickname preferred_username profile picture",
        "website email email_verified gender birthdate zoneinfo locale phone_number",
        "phone_number_verified address updated_at upn unique_name username login groups roles",
        "amr acr azp aud iss exp iat nbf nonce auth_time sid jti",
    )
    for word in line.split()
)


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One identity provider. ``claim``: what names a person; ``people``: its value -> staff id."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    claim: str = "sub"
    people: dict[str, str] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    providers: list[Provider]


class Metadata(msgspec.Struct, frozen=True):
    """What we need of a discovery document (OpenID Connect Discovery 1.0, 3; RFC 9207, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class UnknownKeyError(Exception):
    """The token is signed by a key we have not seen: the provider may have a new one."""


def read_providers(path: Path) -> tuple[Provider, ...]:
    """The providers of a JSON file; BadInputError says what is wrong with it."""
    try:
        providers = msgspec.json.decode(path.read_bytes(), type=_File).providers
    except OSError as error:
        raise _bad(str(path), error.strerror or "cannot be read") from None
    except msgspec.MsgspecError as error:
        raise _bad(str(path), str(error)) from None
    for provider in providers:
        if not is_given_id(provider.id):
            raise _bad(str(path), f"{provider.id!r} cannot be a provider's id")
        if not (provider.name.strip() and provider.client_id):
            raise _bad(str(path), f"{provider.id} has no name or no client_id")
        if not _safe(provider.issuer, provider.issuer) or "?" in provider.issuer:
            raise _bad(str(path), f"the issuer of {provider.id} is no https:// address")
        if provider.claim in _MUTABLE or not provider.claim:
            raise _bad(str(path), f"{provider.claim!r} does not name a person for good; use sub")
    if len({provider.id for provider in providers}) != len(providers):
        raise _bad(str(path), "two providers have the same id")
    return tuple(providers)


def read_metadata(raw: bytes, provider: Provider) -> Metadata:
    """The provider's discovery document; UnavailableError when it is none, or another's."""
    try:
        found = msgspec.json.decode(raw, type=Metadata)
    except msgspec.MsgspecError:
        raise unusable(provider) from None
    ends = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
    # The issuer must be exactly the one that was configured (Discovery 1.0, 4.3).
    if found.issuer != provider.issuer or not all(_safe(end, provider.issuer) for end in ends):
        raise unusable(provider)
    return found


def read_keys(raw: bytes, provider: Provider) -> KeySet:
    """The provider's public keys; UnavailableError when there are none."""
    try:
        return KeySet.import_key_set(json.loads(raw))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise unusable(provider) from None


def authorization_url(
    provider: Provider,
    metadata: Metadata,
    *,
    redirect: str,
    state: str,
    nonce: str,
    verifier: str,
    anew: bool,
) -> str:
    """Where the browser goes. ``anew``: the provider asks for proof again, whoever is known."""
    more = {"prompt": "login", "max_age": "0"} if anew else {}
    url: str = prepare_grant_uri(
        metadata.authorization_endpoint,
        provider.client_id,
        "code",
        redirect_uri=redirect,
        scope="openid",
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
        **more,
    )
    return url


def check_id_token(
    provider: Provider,
    keys: KeySet,
    token: str,
    *,
    nonce: str,
    now_s: int,
    proved_since_s: int | None = None,
) -> str:
    """The subject of a good token (OpenID Connect Core 1.0, 3.1.3.7).

    ``proved_since_s``: the person proved themselves to the provider after that moment.
    UnauthenticatedError when it is not good. UnknownKeyError when the key is not among ``keys``.
    """
    try:
        decoded = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            },
            params={"nonce": nonce, "client_id": provider.client_id},
        )
        claims.validate(now=now_s, leeway=SKEW_S)
    except InvalidKeyIdError:
        raise UnknownKeyError from None
    except (JoseError, ValueError, TypeError, RecursionError):
        raise not_accepted(provider) from None
    # The library is content with any list that has us in it; we are the only one we trust.
    if claims["aud"] not in (provider.client_id, [provider.client_id]):
        raise not_accepted(provider)
    if proved_since_s is not None:
        _proved_since(provider, claims.get("auth_time"), proved_since_s)
    subject = claims.get(provider.claim)
    if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_MAX:
        raise not_accepted(provider)
    return subject


def _proved_since(provider: Provider, auth_time: object, since_s: int) -> None:
    number = isinstance(auth_time, (int, float)) and not isinstance(auth_time, bool)
    if not number or auth_time < since_s - SKEW_S:  # type: ignore[operator]
        raise UnauthenticatedError(
            f"{provider.name} did not ask you to prove again who you are",
            where="sign-in",
            todo="Unlock by your password or passkey",
        )


def not_accepted(provider: Provider) -> UnauthenticatedError:
    """The words for an answer of the provider that is not good."""
    return UnauthenticatedError(
        f"the answer of {provider.name} was not accepted",
        where="sign-in",
        todo="Start again, or sign in another way",
    )


def unusable(provider: Provider) -> UnavailableError:
    """The words for a provider that is down or says what cannot be used."""
    return UnavailableError(
        f"{provider.name} does not answer as it should",
        where="sign-in",
        todo="Sign in another way, or try again later",
    )


def _safe(url: str, issuer: str) -> bool:
    """Whether it is https, or http on this machine where the issuer is that too."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    here = parts.scheme == "http" and urlsplit(issuer).scheme == "http"
    return here and _loopback(parts.hostname or "")


def _loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _bad(path: str, what: str) -> BadInputError:
    return BadInputError(
        what, where=f"CALLOUT_OIDC {path}", todo="See docs/people.md, your own identity provider"
    )
