"""Tokens, documents and files of identity providers: which are good, and all that are not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64encode

from callout.access.oidc import (
    SKEW_S,
    Metadata,
    Provider,
    UnknownKeyError,
    authorization_url,
    check_id_token,
    read_keys,
    read_metadata,
    read_providers,
)
from callout.access.oidc_links import Links
from callout.base.clock import ManualClock
from callout.base.errors import (
    BadInputError,
    ConflictError,
    UnauthenticatedError,
    UnavailableError,
)
from callout.journal import Journal

NOW_S = 1_767_225_600
CITY = Provider("city", "City login", "https://id.city.example", "callout")
STATE = Provider("state", "State login", "https://id.state.example", "callout")
RSA = RSAKey.generate_key(2048, {"kid": "r1"})
EC = ECKey.generate_key("P-256", {"kid": "e1"})
ED = OKPKey.generate_key("Ed25519", {"kid": "o1"})
KEYS = KeySet([RSA, EC, ED])
CLAIMS = {
    "iss": CITY.issuer,
    "aud": "callout",
    "sub": "248289761001",
    "nonce": "n-0S6_WzA2Mj",
    "iat": NOW_S,
    "exp": NOW_S + 300,
}


def token(key: Any = RSA, alg: str = "RS256", kid: str = "r1", **claims: object) -> str:
    body = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": kid}, body, key, algorithms=[alg])


def subject(given: str, provider: Provider = CITY, **more: Any) -> str:
    said = {"nonce": CLAIMS["nonce"], "now_s": NOW_S, **more}
    return check_id_token(provider, KEYS, given, **said)


@pytest.mark.parametrize(("key", "alg", "kid"), [(RSA, "RS256", "r1"), (EC, "ES256", "e1")])
def test_a_good_token_names_its_subject(key: Any, alg: str, kid: str) -> None:
    assert subject(token(key, alg, kid)) == "248289761001"


# The library warns that RFC 9864 gave it another name; providers still use the old one.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("name", ["EdDSA", "Ed25519"])
def test_ed25519_is_good_too(name: str) -> None:
    assert subject(token(ED, name, "o1")) == "248289761001"


def unsigned(**header: object) -> str:
    parts = [json.dumps({"alg": "none", **header}), json.dumps(CLAIMS)]
    return ".".join([*(urlsafe_b64encode(part.encode()).decode() for part in parts), ""])


def shared_secret() -> str:
    """Signed by HMAC with the provider's public key, which everybody knows."""
    pem = RSA.as_pem(private=False)
    import hashlib
    import hmac

    head = urlsafe_b64encode(b'{"alg":"HS256","kid":"r1"}') + b"."
    signed = head + urlsafe_b64encode(json.dumps(CLAIMS).encode())
    mac = hmac.digest(pem, signed, hashlib.sha256)
    return (signed + b"." + urlsafe_b64encode(mac)).decode()


BAD = {
    "alg none": unsigned(),
    "alg none with a key": unsigned(kid="r1"),
    "alg NONE": unsigned(alg="NONE"),
    "the public key as a secret": shared_secret(),
    "another algorithm": token(RSA, "RS512"),
    "another provider's": token(iss=STATE.issuer),
    "the issuer with a slash": token(iss=CITY.issuer + "/"),
    "no issuer": token(iss=None),
    "for another client": token(aud="someone-else"),
    "for nobody": token(aud=None),
    "for others too": token(aud=["callout", "someone-else"], azp="callout"),
    "for others, by another": token(aud=["callout", "x"], azp="x"),
    "by another party": token(azp="x"),
    "another nonce": token(nonce="other"),
    "no nonce": token(nonce=None),
    "expired": token(exp=NOW_S - SKEW_S - 1),
    "no end": token(exp=None),
    "the end in words": token(exp="tomorrow"),
    "from the future": token(iat=NOW_S + SKEW_S + 5),
    "no time": token(iat=None),
    "not yet": token(nbf=NOW_S + SKEW_S + 5),
    "no subject": token(sub=None),
    "an empty subject": token(sub=""),
    "a number": token(sub=5),
    "a long subject": token(sub="x" * 256),
    "no token": "nothing",
    "half a token": token().rpartition(".")[0],
    "empty": "",
    "a list": ".".join([token().split(".")[0], "W10", token().split(".")[2]]),
    "another body": ".".join([token().split(".")[0], token(sub="1").split(".")[1], "AAAA"]),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_token_is_refused(bad: str) -> None:
    with pytest.raises(UnauthenticatedError, match="not accepted"):
        subject(BAD[bad])


def test_a_token_signed_by_a_stranger_is_refused() -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "r1"})
    with pytest.raises(UnauthenticatedError):
        subject(token(stranger))
    with pytest.raises(UnknownKeyError):
        subject(token(RSAKey.generate_key(2048, {"kid": "r2"}), kid="r2"))


def test_the_clocks_may_be_a_minute_apart() -> None:
    assert subject(token(exp=NOW_S - SKEW_S + 5))
    assert subject(token(iat=NOW_S + SKEW_S - 5))


@pytest.mark.parametrize("auth_time", [None, NOW_S - 61, 0, "now", True])
def test_who_unlocks_was_asked_anew(auth_time: object) -> None:
    with pytest.raises(UnauthenticatedError):
        subject(token(auth_time=auth_time), proved_since_s=NOW_S)
    assert subject(token(auth_time=NOW_S), proved_since_s=NOW_S)


def test_another_claim_may_name_the_person() -> None:
    entra = Provider("city", "City", CITY.issuer, "callout", claim="oid")
    assert subject(token(oid="00-11"), entra) == "00-11"
    with pytest.raises(UnauthenticatedError):
        subject(token(), entra)


#: RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_the_question_is_bound_to_us() -> None:
    metadata = Metadata(CITY.issuer, f"{CITY.issuer}/ask?x=1", f"{CITY.issuer}/t", CITY.issuer)
    said = {
        "redirect": "https://room.example/back",
        "state": "s",
        "nonce": "n",
        "verifier": VERIFIER,
    }
    url = authorization_url(CITY, metadata, **said, anew=True)
    for part in (
        "https://id.city.example/ask?x=1&response_type=code&client_id=callout",
        "scope=openid",
        "state=s",
        "nonce=n",
        "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method=S256",
        "prompt=login",
        "max_age=0",
    ):
        assert part in url
    assert "prompt" not in authorization_url(CITY, metadata, **said, anew=False)


GOOD = {
    "issuer": CITY.issuer,
    "authorization_endpoint": f"{CITY.issuer}/ask",
    "token_endpoint": f"{CITY.issuer}/token",
    "jwks_uri": f"{CITY.issuer}/keys",
}


def test_a_discovery_document_is_the_providers_own() -> None:
    assert read_metadata(json.dumps(GOOD).encode(), CITY).jwks_uri.endswith("/keys")
    for wrong in (
        {**GOOD, "issuer": STATE.issuer},
        {**GOOD, "token_endpoint": "http://id.city.example/token"},
        {**GOOD, "authorization_endpoint": "javascript:alert(1)"},
        {**GOOD, "jwks_uri": "file:///etc/passwd"},
        {"issuer": CITY.issuer},
        [],
    ):
        with pytest.raises(UnavailableError, match="City login"):
            read_metadata(json.dumps(wrong).encode(), CITY)


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": 5}', b'{"keys": [5]}', b"[" * 99_999]
)
def test_keys_that_are_none(raw: bytes) -> None:
    with pytest.raises(UnavailableError):
        read_keys(raw, CITY)


def test_a_shared_secret_among_the_keys_signs_nothing() -> None:
    oct_key = OctKey.generate_key(256, {"kid": "h1"})
    keys = KeySet([RSA, oct_key])
    made = jwt.encode({"alg": "HS256", "kid": "h1"}, CLAIMS, oct_key, algorithms=["HS256"])
    with pytest.raises(UnauthenticatedError):
        check_id_token(CITY, keys, made, nonce="n-0S6_WzA2Mj", now_s=NOW_S)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claim": "email"}, "does not name a person for good"),
        ({"claim": "preferred_username"}, "does not name a person for good"),
        ({"claim": ""}, "does not name a person for good"),
        ({"issuer": "http://id.city.example"}, "no https"),
        ({"issuer": "https://"}, "no https"),
        ({"issuer": "https://id.city.example?x=1"}, "no https"),
        ({"id": "a/b"}, "cannot be a provider's id"),
        ({"name": " "}, "no name"),
        ({"client_id": ""}, "no name or no client_id"),
        ({"peopel": {}}, "peopel"),
        ({"people": ["x"]}, "people"),
    ],
)
def test_a_wrong_file_is_said_at_the_start(tmp_path: Path, change: Any, said: str) -> None:
    good = {"id": "city", "name": "City", "issuer": CITY.issuer, "client_id": "callout"}
    file = tmp_path / "oidc.json"
    file.write_text(json.dumps({"providers": [good, {**good, "id": "two"}]}))
    assert [one.id for one in read_providers(file)] == ["city", "two"]
    file.write_text(json.dumps({"providers": [{**good, **change}]}))
    with pytest.raises(BadInputError, match=said):
        read_providers(file)
    file.write_text(json.dumps({"providers": [good, good]}))
    with pytest.raises(BadInputError, match="same id"):
        read_providers(file)
    with pytest.raises(BadInputError, match="No such file"):
        read_providers(tmp_path / "none.json")


@pytest.fixture
def links(tmp_path: Path) -> Iterator[Links]:
    clock = ManualClock()
    journal = Journal.open(tmp_path / "home", clock=clock)
    yield Links(journal.state, clock)
    journal.close()


def test_a_subject_is_one_person_of_one_issuer(links: Links) -> None:
    links.link(CITY, "17", "ana")
    assert links.person(CITY, "17") == "ana"
    for other in ("18", "17 ", "1\uff17", "ana", "ANA"):
        assert links.person(CITY, other) is None
    assert links.person(STATE, "17") is None
    with pytest.raises(ConflictError):
        links.link(CITY, "17", "rui")
    links.link(CITY, "20", "ana")  # a new account there takes the old one's place
    assert (links.person(CITY, "17"), links.person(CITY, "20")) == (None, "ana")
    assert links.unlink(CITY, "ana") == 1
    assert not links.has(CITY, "ana")


def test_the_administrators_list_comes_first(links: Links) -> None:
    links.link(CITY, "17", "ana")
    listed = Provider(CITY.id, CITY.name, CITY.issuer, CITY.client_id, people={"17": "rui"})
    assert links.person(listed, "17") == "rui"
    assert links.has(listed, "rui")
    with pytest.raises(ConflictError):
        links.link(listed, "17", "ana")
