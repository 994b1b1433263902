"""Signing in by an identity provider: a real one, and one of our own that tells lies."""

import hashlib
import json
import threading
import time
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from running import Running
from staffed import browser, sign_in, staffed

with warnings.catch_warnings():
    # It still uses authlib.jose, and authlib's client on httpx; both warn when imported.
    from authlib.deprecate import AuthlibDeprecationWarning

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from oidc_provider_mock import run_server_in_thread

pytestmark = [
    pytest.mark.filterwarnings("ignore::authlib.deprecate.AuthlibDeprecationWarning"),
    # Also the provider's, from within authlib.
    pytest.mark.filterwarnings(r"ignore:get_jwt_config\(self, grant\):DeprecationWarning"),
]
KEY = RSAKey.generate_key(2048, {"kid": "first"})
NEXT = RSAKey.generate_key(2048, {"kid": "second"})


class Own:
    """A provider of our own: it checks what we send, and says what a test wants it to."""

    def __init__(self) -> None:
        self.asked: dict[str, dict[str, str]] = {}  # code -> what the browser brought
        self.served: list[str] = []
        self.key = KEY
        self.calm()

    def calm(self) -> None:
        """Tell the truth again."""
        self.claims: dict[str, object] = {}
        self.key, self.down, self.sub = KEY, False, "own-17"
        self.token: Callable[[dict[str, object]], str] = self.signed

    def signed(self, claims: dict[str, object]) -> str:
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, kept, self.key)

    def answer(self, path: str, form: dict[str, str], host: str) -> tuple[int, dict[str, Any]]:
        self.served.append(path)
        issuer = f"http://{host}"
        if self.down:
            return 500, {}
        if path == "/.well-known/openid-configuration":
            ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            return 200, {"issuer": issuer, **{end: f"{issuer}/{end}" for end in ends}}
        if path == "/jwks_uri":
            return 200, dict(KeySet([self.key]).as_dict(private=False))
        brought = self.asked.pop(form.get("code", ""), None)
        if path != "/token_endpoint" or brought is None:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        same = brought["redirect_uri"] == form["redirect_uri"]
        if challenge != brought["code_challenge"] or not same:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": issuer,
            "aud": brought["client_id"],
            "sub": self.sub,
            "nonce": brought["nonce"],
            "iat": now,
            "exp": now + 300,
        }
        if brought.get("max_age") == "0":
            claims["auth_time"] = now
        return 200, {"id_token": self.token({**claims, **self.claims}), "token_type": "Bearer"}

    def agree(self, location: str, **more: str) -> str:
        """The browser was there and comes back: the URL of our room."""
        parts = urlsplit(location)
        brought = {name: values[0] for name, values in parse_qs(parts.query).items()}
        code = f"code-{len(self.asked)}-{brought['state'][:8]}"
        self.asked[code] = brought
        said = urlencode({"code": code, "state": brought["state"], **more})
        return f"{brought['redirect_uri']}?{said}"


@contextmanager
def served(own: Own) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("content-length", 0))
            form = {n: v[0] for n, v in parse_qs(self.rfile.read(size).decode()).items()}
            status, body = own.answer(urlsplit(self.path).path, form, self.headers["host"])
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def own_provider() -> Own:
    return Own()


@pytest.fixture
def own(own_provider: Own, up: Running) -> Own:
    """The lying one, telling the truth until a test says otherwise; nobody is linked by hand."""
    own_provider.calm()
    up.room.providers._cached.clear()
    for provider in up.room.providers.known:
        for person in ("ana", "rui"):
            up.room.providers.links.unlink(provider, person)
    return own_provider


@pytest.fixture(scope="module")
def up(
    tmp_path_factory: pytest.TempPathFactory, town: Path, own_provider: Own
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("oidc")
    with (
        run_server_in_thread() as real,
        served(own_provider) as own_url,
        pytest.MonkeyPatch.context() as patch,
    ):
        good = {"client_id": "callout", "client_secret": "s3cret"}
        providers = [
            {
                "id": "city",
                "name": "City login",
                "issuer": f"http://127.0.0.1:{real.server_port}",
                "people": {"c-1": "ana", "c-gone": "nobody-here"},
                **good,
            },
            {"id": "own", "name": "Own login", "issuer": own_url, "client_id": "callout"},
            {"id": "down", "name": "Down login", "issuer": "http://127.0.0.1:9", **good},
        ]
        (folder / "oidc.json").write_text(json.dumps({"providers": providers}))
        patch.setenv("CALLOUT_OIDC", str(folder / "oidc.json"))
        with staffed(folder / "home", town) as running:
            yield running


def started(client: httpx.Client, provider: str, what: str = "sign-in") -> str:
    answer = client.get(f"/api/oidc/{provider}/start", params={"for": what})
    assert answer.status_code == 303, answer.text
    assert "SameSite=lax" in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    return str(answer.headers["location"])


def at_city(location: str, sub: str | None) -> str:
    """What the real provider sends the browser to after its form; None: "deny"."""
    form = {"sub": sub} if sub else {"action": "deny"}
    answer = httpx.post(location, data=form)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def who(client: httpx.Client) -> str | None:
    return client.get("/api/session").json()["person"]  # type: ignore[no-any-return]


def test_a_listed_subject_signs_in(up: Running, own: Own) -> None:
    with browser(up) as ana:
        offered = ana.get("/api/session").json()["ways"]["oidc"]
        assert [one["id"] for one in offered] == ["city", "own", "down"]
        answer = ana.get(at_city(started(ana, "city"), "c-1"))
        assert answer.status_code == 200, answer.text
        assert 'http-equiv="refresh" content="0; url=/"' in answer.text
        assert who(ana) == "ana"
        assert "oidc:city" in ana.get("/api/session").json()["unlock"]


@pytest.mark.parametrize("sub", ["stranger", "ana", "ana@example.com", "C-1", "c-1 ", "c-gone"])
def test_a_subject_that_is_nobody_here(up: Running, own: Own, sub: str) -> None:
    with browser(up) as client:
        answer = client.get(at_city(started(client, "city"), sub))
        assert answer.status_code == 403, answer.text
        assert who(client) is None


def test_the_providers_refusal_is_said_in_our_words(up: Running, own: Own) -> None:
    def said(client: httpx.Client, **more: str) -> httpx.Response:
        state = parse_qs(urlsplit(started(client, "city")).query)["state"][0]
        return client.get("/api/oidc/city/back", params={"state": state, **more})

    with browser(up) as client:
        denied = said(client, error="access_denied")
        assert (denied.status_code, "said no" in denied.text) == (401, True)
        # Who makes a link chooses what stands in it: none of it is shown.
        evil = said(client, error="<b>x", error_description="call 123")
        assert (evil.status_code, "did not say why" in evil.text) == (401, True)
        assert "<b>" not in evil.text
        assert "call 123" not in evil.text
        # This provider leaves the state out when somebody denies: then it is nobody's answer.
        answer = client.get(at_city(started(client, "city"), None))
        assert (answer.status_code, "not accepted" in answer.text) == (401, True)


def test_linked_by_the_person_while_signed_in(up: Running, own: Own) -> None:
    with browser(up) as rui:
        assert rui.get("/api/oidc/own/start", params={"for": "link"}).status_code == 401
        assert rui.get(own.agree(started(rui, "own"))).status_code == 403
        sign_in(rui, "rui")
        assert rui.get(own.agree(started(rui, "own", "link"))).status_code == 200
        rui.delete("/api/session")
        assert rui.get(own.agree(started(rui, "own"))).status_code == 200
        assert who(rui) == "rui"
        with browser(up) as ana:  # one subject is one person
            sign_in(ana, "ana")
            assert ana.get(own.agree(started(ana, "own", "link"))).status_code == 409
        assert rui.delete("/api/oidc/own/link").status_code == 204
        rui.delete("/api/session")
        assert rui.get(own.agree(started(rui, "own"))).status_code == 403


def test_unlocking_asks_for_proof_anew(up: Running, own: Own) -> None:
    with browser(up) as ana:
        sign_in(ana, "ana")
        ana.get(own.agree(started(ana, "own", "link")))
        ana.post("/api/session/lock")
        location = started(ana, "own", "unlock")
        assert "prompt=login" in location
        assert "max_age=0" in location
        own.claims = {"auth_time": int(time.time()) - 300}
        assert "did not ask" in ana.get(own.agree(location)).text
        own.claims = {"auth_time": None}
        assert "did not ask" in ana.get(own.agree(started(ana, "own", "unlock"))).text
        own.claims, own.sub = {}, "own-18"
        assert ana.get(own.agree(started(ana, "own", "unlock"))).status_code == 403
        # Nor does a colleague's, who may sign in by it.
        links, provider = up.room.providers.links, up.room.providers.find("own")
        links.link(provider, "own-18", "rui")
        assert ana.get(own.agree(started(ana, "own", "unlock"))).status_code == 403
        assert ana.get("/api/session").json()["locked"] == "idle"
        own.sub = "own-17"
        # As a browser does: the strict cookie does not come back from the provider's site.
        back = own.agree(started(ana, "own", "unlock"))
        lax = {"callout_oidc": ana.cookies["callout_oidc"]}
        assert httpx.get(back, cookies=lax).status_code == 200
        assert ana.get("/api/session").json()["locked"] is None


def test_a_closed_session_is_not_unlocked(up: Running, own: Own) -> None:
    with browser(up) as ana:
        sign_in(ana, "ana")
        ana.get(own.agree(started(ana, "own", "link")))
        back = own.agree(started(ana, "own", "unlock"))
        ana.delete("/api/session")
        assert ana.get(back).status_code == 401
        assert who(ana) is None


LIES: dict[str, dict[str, object]] = {
    "another audience": {"aud": "someone-else"},
    "another nonce": {"nonce": "n"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "http://127.0.0.1:9"},
    "expired": {"exp": 1_700_000_000},
    "no subject": {"sub": None},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_signs_nobody_in(up: Running, own: Own, lie: str) -> None:
    with browser(up) as ana:
        sign_in(ana, "ana")
        ana.get(own.agree(started(ana, "own", "link")))
        ana.delete("/api/session")
        own.claims = LIES[lie]
        answer = ana.get(own.agree(started(ana, "own")))
        assert (answer.status_code, "not accepted" in answer.text) == (401, True)
        own.claims = {}
        own.token = lambda claims: ".".join(
            [
                *(
                    urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
                    for part in ({"alg": "none"}, claims)
                ),
                "",
            ]
        )
        assert ana.get(own.agree(started(ana, "own"))).status_code == 401
        assert who(ana) is None


def test_an_answer_is_good_once_and_in_one_browser(up: Running, own: Own) -> None:
    with browser(up) as ana, browser(up) as other:
        sign_in(ana, "ana")
        ana.get(own.agree(started(ana, "own", "link")))
        ana.delete("/api/session")
        location = started(ana, "own")
        back = own.agree(location)
        lax = {"callout_oidc": ana.cookies["callout_oidc"]}
        assert other.get(back).status_code == 401  # another browser: no cookie
        started(other, "own")
        assert other.get(back).status_code == 401  # another browser: another state
        assert ana.get(back).status_code == 200
        again = own.agree(location)  # a new code, the same state
        assert httpx.get(again, cookies=lax).status_code == 401
        assert who(other) is None


@pytest.mark.parametrize("more", ["&state=x", "&code=x", "&iss=http://127.0.0.1:9"])
def test_an_answer_with_something_added(up: Running, own: Own, more: str) -> None:
    with browser(up) as client:
        assert client.get(own.agree(started(client, "own")) + more).status_code == 401


def test_two_providers_are_not_mixed_up(up: Running, own: Own) -> None:
    """RFC 9700, 4.4: what one provider gave is not taken for the other's."""
    with browser(up) as ana:
        at_own = own.agree(started(ana, "own"))
        assert ana.get(at_own.replace("/oidc/own/", "/oidc/city/")).status_code == 401
        before = len(own.served)
        at = at_city(started(ana, "city"), "c-1")
        assert ana.get(at.replace("/oidc/city/", "/oidc/own/")).status_code == 401
        assert "/token_endpoint" not in own.served[before:]  # the code was shown to nobody
        assert who(ana) is None


def test_a_provider_with_a_new_key(up: Running, own: Own) -> None:
    with browser(up) as ana:
        sign_in(ana, "ana")
        ana.get(own.agree(started(ana, "own", "link")))
        ana.delete("/api/session")
        own.key = NEXT
        refused = ana.get(own.agree(started(ana, "own")))
        assert refused.status_code == 401  # keys were fetched less than a minute ago
        known = up.room.providers._cached["own", "keys"]
        old = known._replace(at_us=known.at_us - 61_000_000)
        up.room.providers._cached["own", "keys"] = old
        assert ana.get(own.agree(started(ana, "own"))).status_code == 200
        assert who(ana) == "ana"


def test_a_provider_that_is_down_is_the_only_thing_that_is(up: Running, own: Own) -> None:
    with browser(up) as ana:
        answer = ana.get("/api/oidc/down/start")
        assert (answer.status_code, "another way" in answer.text) == (503, True)
        own.down = True
        assert ana.get("/api/oidc/own/start").status_code == 503
        assert ana.get("/api/oidc/none/start").status_code == 404
        assert ana.get("/api/oidc/own/start", params={"for": "x"}).status_code == 400
        sign_in(ana, "ana")
        assert who(ana) == "ana"
