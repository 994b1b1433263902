"""Signatures of devices: RFC 9421's own example, and everything that is to be refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from callout.access.nonces import MOST_A_DEVICE, Nonces
from callout.access.signatures import (
    WINDOW_S,
    Request,
    Signed,
    check_body,
    is_signed,
    read_signature,
    signature_base,
    verify,
)
from callout.base.clock import ManualClock
from callout.base.errors import UnauthenticatedError
from callout.journal import State
from signing import public, signed

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
URL = "http://room.example:8711/api/units/E1/status?x=1"
NOW_S = 1_767_225_600  # of ManualClock
NONCE = "0123456789abcdef"


def request(
    headers: dict[str, str] | list[tuple[str, str]], *, method: str = "POST", query: str = "x=1"
) -> Request:
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    pairs = [("Host", "room.example:8711"), *pairs]
    return Request(
        method,
        "http",
        "/api/units/E1/status",
        query,
        tuple((name.lower().encode(), value.encode()) for name, value in pairs),
    )


def good(body: bytes = b"{}", **more: object) -> dict[str, str]:
    return signed(KEY, "d1", "POST", URL, body, created=NOW_S, nonce=NONCE, **more)  # type: ignore[arg-type]


def test_the_example_of_the_standard() -> None:
    """RFC 9421, B.2.6, with the key of B.1.4."""
    pem = (
        b"-----BEGIN PUBLIC KEY-----\n"
        b"MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
        b"-----END PUBLIC KEY-----\n"
    )
    asked = Request(
        "POST",
        "https",
        "/foo",
        "param=Value&Pet=dog",
        (
            (b"host", b"example.com"),
            (b"date", b"Tue, 20 Apr 2021 02:07:55 GMT"),
            (b"content-type", b"application/json"),
            (b"content-length", b"18"),
        ),
    )
    components = ("date", "@method", "@path", "@authority", "content-type", "content-length")
    raw = (
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"'
    )
    assert signature_base(asked, components, raw).decode() == (
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n'
        '"@method": POST\n'
        '"@path": /foo\n'
        '"@authority": example.com\n'
        '"content-type": application/json\n'
        '"content-length": 18\n'
        f'"@signature-params": {raw}'
    )
    value = base64.b64decode(
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )
    key = load_pem_public_key(pem).public_bytes_raw()  # type: ignore[union-attr]
    shown = Signed(components, raw, value, "test-key-ed25519", 1618884473, "")
    assert verify(asked, shown, key)
    assert not verify(asked._replace(path="/fop"), shown, key)


def test_a_good_one_is_read_and_verified() -> None:
    asked = request(good())
    found = read_signature(asked)
    assert (found.device, found.created_s, found.nonce) == ("d1", NOW_S, NONCE)
    assert verify(asked, found, bytes.fromhex(public(KEY)))
    check_body(asked, found, b"{}")
    assert is_signed(asked.headers)


def test_the_whole_address_may_be_signed_instead() -> None:
    asked = request(good(components=("@method", "@target-uri")))
    assert verify(asked, read_signature(asked), bytes.fromhex(public(KEY)))


@pytest.mark.parametrize(
    "other",
    [
        request(good(), method="PUT"),
        request(good(), query="x=2"),
        request(good())._replace(path="/api/units/E2/status"),
        Request(
            "POST",
            "http",
            "/api/units/E1/status",
            "x=1",
            ((b"host", b"other.example"), *request(good()).headers[1:]),
        ),
    ],
    ids=["method", "query", "path", "host"],
)
def test_it_is_good_for_that_request_only(other: Request) -> None:
    assert not verify(other, read_signature(other), bytes.fromhex(public(KEY)))


def test_another_body_is_not_the_one_that_was_signed() -> None:
    asked = request(good())
    found = read_signature(asked)
    with pytest.raises(UnauthenticatedError, match="not the one that was signed"):
        check_body(asked, found, b"{ }")
    bare = request(signed(KEY, "d1", "POST", URL, created=NOW_S, nonce=NONCE))
    check_body(bare, read_signature(bare), b"")
    with pytest.raises(UnauthenticatedError, match="content-digest"):
        check_body(bare, read_signature(bare), b"{}")


def changed(name: str, old: str, new: str) -> dict[str, str]:
    headers = good()
    assert old in headers[name]
    return {**headers, name: headers[name].replace(old, new)}


@pytest.mark.parametrize(
    "headers",
    [
        changed("Signature-Input", 'tag="callout"', 'tag="other"'),
        changed("Signature-Input", 'alg="ed25519"', 'alg="rsa-v1_5-sha256"'),
        changed("Signature-Input", ';alg="ed25519"', ""),
        changed("Signature-Input", f";created={NOW_S}", ""),
        changed("Signature-Input", f"created={NOW_S}", f"created={NOW_S}.5"),
        changed("Signature-Input", f"created={NOW_S}", f'created="{NOW_S}"'),
        changed("Signature-Input", f'nonce="{NONCE}"', 'nonce="short"'),
        changed("Signature-Input", 'keyid="d1"', 'keyid="d1";keyid="d2"'),
        changed("Signature-Input", 'keyid="d1"', 'keyid="d\\"1"'),
        changed("Signature-Input", 'keyid="d1"', 'keyid="d1";more=1'),
        changed("Signature-Input", '"@method" ', ""),
        changed("Signature-Input", '"@authority" ', ""),
        changed("Signature-Input", ' "@query"', ""),
        changed("Signature-Input", '"@method"', '"@method" "@method"'),
        changed("Signature-Input", '"@query"', '"@query-param";name="x"'),
        changed("Signature-Input", '"@query"', '"@query";req'),
        changed("Signature-Input", '"@method" ', '"@method"  '),
        changed("Signature-Input", "device=(", "device = ("),
        changed("Signature-Input", "device=(", ","),
        changed("Signature-Input", "device=(", "other=("),
        changed("Signature", "device=:", "other=:"),
        changed("Signature", "device=:", "device=:AAAA:, device=:"),
        changed("Signature", "==:", ":"),
        changed("Signature", "==:", "==:,"),
        {**good(), "Signature": "device=::"},
        {**good(), "Signature": "device=?1"},
        {**good(), "Signature": "x" * 3000},
        {**good(), "Signature-Input": ""},
        {"Signature": good()["Signature"]},
        {"Signature-Input": good()["Signature-Input"]},
        [*good().items(), ("Signature", good()["Signature"])],
        [*good().items(), ("Signature-Input", good()["Signature-Input"])],
        {**good(), "Signature": "device=:ü:"},
    ],
)
def test_what_is_not_spelled_as_it_should_be(
    headers: dict[str, str] | list[tuple[str, str]],
) -> None:
    with pytest.raises(UnauthenticatedError):
        read_signature(request(headers))


def test_a_header_that_is_there_twice_verifies_nothing() -> None:
    headers = [*good().items(), ("Host", "other.example")]
    asked = request(headers)
    with pytest.raises(UnauthenticatedError, match="2 times"):
        verify(asked, read_signature(asked), bytes.fromhex(public(KEY)))
    twice = request([*good().items(), ("Content-Digest", good()["Content-Digest"])])
    with pytest.raises(UnauthenticatedError, match="2 times"):
        verify(twice, read_signature(twice), bytes.fromhex(public(KEY)))


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_header_brings_the_reader_down(first: bytes, second: bytes) -> None:
    headers = ((b"host", b"h"), (b"signature-input", first), (b"signature", second))
    with pytest.raises(UnauthenticatedError):
        read_signature(Request("GET", "http", "/", "", headers))


@given(st.sampled_from(["Signature", "Signature-Input"]), st.data())
def test_one_changed_character_is_noticed(name: str, data: st.DataObject) -> None:
    headers = good()
    at = data.draw(st.integers(0, len(headers[name]) - 1))
    character = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    bent = headers[name][:at] + character + headers[name][at + 1 :]
    if bent == headers[name]:
        return
    asked = request({**headers, name: bent})
    try:
        found = read_signature(asked)
        good_one = verify(asked, found, bytes.fromhex(public(KEY)))
    except UnauthenticatedError:
        return
    # The last bits of base 64 say nothing: the same bytes may be spelled otherwise.
    same = found.signature == read_signature(request(headers)).signature and name == "Signature"
    assert same or not good_one


def a_signature(created_s: int, nonce: str = NONCE, device: str = "d1") -> Signed:
    return Signed((), "", b"", device, created_s, nonce)


def test_a_nonce_is_taken_once(state: State, clock: ManualClock) -> None:
    nonces = Nonces(state, clock)
    now_s = clock.now_us() // 1_000_000
    nonces.take(a_signature(now_s))
    nonces.take(a_signature(now_s, device="d2"))  # another device's own
    for later_s in (0, WINDOW_S - 1, 1):
        clock.advance_s(later_s)
        with pytest.raises(UnauthenticatedError, match="used already"):
            nonces.take(a_signature(now_s))
    clock.advance_s(1)
    with pytest.raises(UnauthenticatedError, match="61 s behind"):
        nonces.take(a_signature(now_s))


@pytest.mark.parametrize(
    ("off_s", "said"), [(-3600, "3600 s behind"), (3600, "3600 s ahead"), (61, "61 s ahead")]
)
def test_a_wrong_clock_is_told_so(state: State, clock: ManualClock, off_s: int, said: str) -> None:
    now_s = clock.now_us() // 1_000_000
    with pytest.raises(UnauthenticatedError, match=said) as caught:
        Nonces(state, clock).take(a_signature(now_s + off_s))
    assert caught.value.detail["now_s"] == now_s


@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 40),  # seconds that pass
            st.integers(-WINDOW_S, WINDOW_S),  # the device's clock
            st.sampled_from(["a", "b", "c"]),
            st.booleans(),  # the room starts again, with or without a clean stop
        ),
        max_size=30,
    )
)
def test_none_is_good_twice_whenever_the_room_starts_again(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, str, bool]],
) -> None:
    clock = ManualClock()
    folder = tmp_path_factory.mktemp("state")
    state = State(folder / "state.db", clock=clock, writable=True)
    nonces = Nonces(state, clock)
    taken: set[tuple[int, str]] = set()
    for seconds, off_s, nonce, again in steps:
        clock.advance_s(seconds)
        if again:
            nonces = Nonces(state, clock)
        made = a_signature(clock.now_us() // 1_000_000 + off_s, nonce)
        for old in [*taken, (made.created_s, nonce)]:
            try:
                nonces.take(a_signature(*old))
            except UnauthenticatedError:
                continue
            assert old not in taken
            taken.add(old)
    state.close()


def test_good_clocks_wait_five_seconds_at_most_after_a_start(
    state: State, clock: ManualClock
) -> None:
    nonces = Nonces(state, clock)
    now_s = clock.now_us() // 1_000_000
    nonces.take(a_signature(now_s + 3))
    again = Nonces(state, clock)
    with pytest.raises(UnauthenticatedError, match="just started"):
        again.take(a_signature(now_s, "another-nonce-000"))
    clock.advance_s(6)
    again.take(a_signature(now_s + 6, "another-nonce-000"))


def test_a_new_room_waits_for_nothing(state: State, clock: ManualClock) -> None:
    Nonces(state, clock).take(a_signature(clock.now_us() // 1_000_000 - 30))


def test_memory_is_bounded(state: State, clock: ManualClock) -> None:
    nonces = Nonces(state, clock)
    now_s = clock.now_us() // 1_000_000
    for number in range(MOST_A_DEVICE):
        nonces.take(a_signature(now_s, f"nonce-{number:012}"))
    with pytest.raises(UnauthenticatedError, match="too much"):
        nonces.take(a_signature(now_s, "one-more-than-all"))
    nonces.take(a_signature(now_s, device="d2"))
    clock.advance_s(2 * WINDOW_S + 2)
    nonces.take(a_signature(now_s + 2 * WINDOW_S + 2, "one-more-than-all"))
