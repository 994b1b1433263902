"""Identity providers over the network: what they say of themselves, their keys, their tokens.

All of it in two threads for each provider and with an end: one that is down, slow or hostile holds
up neither the loop nor any other way to sign in.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote_plus

import httpx
import msgspec
import structlog
from joserfc.jwk import KeySet

from callout.access.challenges import Challenges
from callout.access.oidc import (
    Metadata,
    Provider,
    not_accepted,
    read_keys,
    read_metadata,
    unusable,
)
from callout.access.oidc_links import Links
from callout.base.clock import Clock, SystemClock
from callout.base.errors import NotFoundError, UnavailableError
from callout.journal import State

_log = structlog.get_logger()
T = TypeVar("T")
_STEP_S = 5.0  # to connect, and between two reads
_WHOLE_S = 12.0
_MAX_BYTES = 256 * 1024
_THREADS = 2
_WAITING = 16
_CACHED_US = 3600 * 1_000_000
#: Keys are looked for anew at most so often: a stranger's token names any key it likes.
_ANEW_US = 60 * 1_000_000


class _Known(NamedTuple):
    """What a provider said, and when."""

    value: Any
    at_us: int


class _Token(msgspec.Struct):
    id_token: str


class Providers:
    """The configured providers. Loop's thread only, but for what it asks of the network."""

    def __init__(
        self, known: tuple[Provider, ...], challenges: Challenges, state: State, clock: Clock
    ) -> None:
        """Nobody has been asked yet."""
        self.known = known
        self.challenges = challenges
        self.links = Links(state, clock)
        self._clock = clock
        self._cached: dict[tuple[str, str], _Known] = {}
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._busy: Counter[str] = Counter()

    def find(self, provider_id: str) -> Provider:
        """The provider with that id; NotFoundError when there is none."""
        found = next((one for one in self.known if one.id == provider_id), None)
        if found is None:
            raise NotFoundError("there is no such provider", where="oidc")
        return found

    def of(self, person: str) -> list[str]:
        """Ids of the providers that the person can sign in by."""
        return [one.id for one in self.known if self.links.has(one, person)]

    def stop(self) -> None:
        """Let nobody wait for a thread that waits for a provider; may come twice."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self._pools = {}

    async def metadata(self, provider: Provider) -> Metadata:
        """Where its ends are, at most an hour old. UnavailableError when it does not say."""
        url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        found: Metadata = await self._once(
            provider, "metadata", _CACHED_US, lambda: read_metadata(_get(url, provider), provider)
        )
        return found

    async def keys(self, provider: Provider, *, anew: bool = False) -> KeySet:
        """Its public keys, at most an hour old; ``anew``: a minute, for one has been replaced."""
        url = (await self.metadata(provider)).jwks_uri
        longest_us = _ANEW_US if anew else _CACHED_US
        found: KeySet = await self._once(
            provider, "keys", longest_us, lambda: read_keys(_get(url, provider), provider)
        )
        return found

    async def redeem(self, provider: Provider, code: str, verifier: str, redirect: str) -> str:
        """The id token for a code. UnauthenticatedError when the provider does not take it."""
        metadata = await self.metadata(provider)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        return await self._ask(provider, lambda: _token(metadata, provider, form))

    async def _once(
        self, provider: Provider, what: str, longest_us: int, ask: Callable[[], object]
    ) -> Any:
        now_us = self._clock.now_us()
        known = self._cached.get((provider.id, what))
        if known is None or now_us - known.at_us >= longest_us:
            known = _Known(await self._ask(provider, ask), now_us)
            self._cached[provider.id, what] = known
        return known.value

    async def _ask(self, provider: Provider, ask: Callable[[], T]) -> T:
        if self._busy[provider.id] >= _WAITING:
            raise UnavailableError(
                f"too many wait for {provider.name}", where="sign-in", todo="Sign in another way"
            )
        if provider.id not in self._pools:
            self._pools[provider.id] = ThreadPoolExecutor(_THREADS, f"oidc-{provider.id}")
        self._busy[provider.id] += 1
        try:
            asked = asyncio.get_running_loop().run_in_executor(self._pools[provider.id], ask)
            return await asyncio.wait_for(asked, _WHOLE_S)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            _log.warning("provider failed", provider=provider.id, why=type(error).__name__)
            raise unusable(provider) from None
        finally:
            self._busy[provider.id] -= 1


def _get(url: str, provider: Provider) -> bytes:
    status, body = _send("GET", url, {}, None)
    if status != 200:
        raise unusable(provider)
    return body


def _token(metadata: Metadata, provider: Provider, form: dict[str, str]) -> str:
    methods = metadata.token_endpoint_auth_methods_supported
    basic = None
    if provider.client_secret and "client_secret_basic" in methods:
        # Both are form-encoded before they are put together (RFC 6749, 2.3.1).
        basic = httpx.BasicAuth(quote_plus(provider.client_id), quote_plus(provider.client_secret))
    else:
        form = {**form, "client_id": provider.client_id}
        if provider.client_secret:
            form["client_secret"] = provider.client_secret
    status, body = _send("POST", metadata.token_endpoint, form, basic)
    if status in {400, 401}:
        raise not_accepted(provider)
    try:
        if status == 200:
            return msgspec.json.decode(body, type=_Token).id_token
    except msgspec.MsgspecError:
        pass
    raise unusable(provider)


def _send(
    method: str, url: str, form: dict[str, str], auth: httpx.BasicAuth | None
) -> tuple[int, bytes]:
    """Status and body; no redirect is followed, nothing long is read."""
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    clock, body = SystemClock(), b""  # a network has the time of the world, also in a drill
    until_us = clock.monotonic_us() + round(_WHOLE_S * 1_000_000)
    with (
        httpx.Client(timeout=_STEP_S, follow_redirects=False) as client,
        client.stream(method, url, data=form or None, auth=auth, headers=headers) as answer,
    ):
        for part in answer.iter_raw():
            body += part
            if len(body) > _MAX_BYTES:
                raise httpx.DecodingError("too many bytes")
            if clock.monotonic_us() > until_us:
                raise httpx.ReadTimeout("too slow")
    return answer.status_code, body
