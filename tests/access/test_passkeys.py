"""Passkeys: what a key of the staff opens, and everything that it does not."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest

from authenticator import PRESENT, VERIFIED, SoftKey, text
from callout.access.ceremony import Passkey
from callout.access.challenges import CHALLENGE_S, Challenges
from callout.access.passkeys import Passkeys
from callout.access.site import Site, needed_site, site_of
from callout.base.clock import ManualClock
from callout.base.errors import (
    BadInputError,
    ConflictError,
    NotFoundError,
    UnauthenticatedError,
)
from callout.journal import Journal

HERE = Site("localhost", "http://localhost:8711")


class Desk:
    """A room's passkeys, with a key of Ana's and one of Rui's."""

    def __init__(self, journal: Journal, clock: ManualClock) -> None:
        self.clock = clock
        self.copied: list[Passkey] = []
        self.challenges = Challenges(clock)
        self.state = journal.state
        self.passkeys = Passkeys(journal.state, clock, self.challenges, self.copied.append)
        self.ana, self.rui = self.enrolled("ana"), self.enrolled("rui")

    def enrolled(self, person: str, *, counting: bool = True) -> SoftKey:
        key = SoftKey(counting=counting)
        options, ticket = self.passkeys.ask_new(HERE, "add", "s1", person, person, person)
        made = key.create(options, HERE.origin)
        self.passkeys.keep(self.passkeys.check_new(made, ticket, HERE, "add", "s1", "A phone"))
        return key

    def asked(self) -> tuple[dict[str, Any], str]:
        return self.passkeys.ask(HERE, "sign-in")

    def enters(self, credential: dict[str, Any], ticket: str) -> str:
        return self.passkeys.check(credential, ticket, HERE, "sign-in").person


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = ManualClock()
    journal = Journal.open(tmp_path / "home", clock=clock)
    yield Desk(journal, clock)
    journal.close()


def refused(desk: Desk, credential: dict[str, Any], ticket: str) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        desk.enters(credential, ticket)
    return str(caught.value)


def test_a_passkey_opens_its_persons_session(desk: Desk) -> None:
    options, ticket = desk.asked()
    assert options["userVerification"] == "required"
    assert options["allowCredentials"] == []
    assert desk.enters(desk.ana.get(options, HERE.origin), ticket) == "ana"
    (kept,) = desk.passkeys.of("ana")
    assert (kept.count, kept.used_us) == (1, desk.clock.now_us())
    options, ticket = desk.asked()
    assert desk.enters(desk.rui.get(options, HERE.origin), ticket) == "rui"


def test_a_new_one_must_be_discoverable_and_verified(desk: Desk) -> None:
    options, _ = desk.passkeys.ask_new(HERE, "add", "s1", "ana", "ana@x", "Ana")
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    assert options["attestation"] == "none"
    assert [one["id"] for one in options["excludeCredentials"]] == [text(desk.ana.id)]
    assert options["user"]["id"] == desk.ana.handle  # one handle a person, on every device
    assert "ana" not in options["user"]["id"]


WRONG: dict[str, Callable[[Desk, dict[str, Any]], dict[str, Any]]] = {
    "another origin": lambda d, o: d.ana.get(o, "http://localhost:8712"),
    "a look-alike origin": lambda d, o: d.ana.get(o, "http://localhost:8711.evil.example"),
    "another scheme": lambda d, o: d.ana.get(o, "https://localhost:8711"),
    "another rp id": lambda d, o: d.ana.get(o, HERE.origin, rp="evil.example"),
    "no user verification": lambda d, o: d.ana.get(o, HERE.origin, flags=PRESENT),
    "nobody present": lambda d, o: d.ana.get(o, HERE.origin, flags=VERIFIED),
    "another challenge": lambda d, o: d.ana.get(o, HERE.origin, challenge=text(b"c" * 32)),
    "a registration": lambda d, o: d.ana.get(o, HERE.origin, kind="webauthn.create"),
    "another's handle": lambda d, o: d.ana.get(o, HERE.origin, handle=d.rui.handle),
    "no handle": lambda d, o: d.ana.get(o, HERE.origin, handle=""),
    "an unknown key": lambda d, o: SoftKey(handle=d.ana.handle).get(o, HERE.origin),
    "Rui's key under Ana's id": lambda d, o: {
        **d.rui.get(o, HERE.origin, handle=d.ana.handle),
        "id": text(d.ana.id),
        "rawId": text(d.ana.id),
    },
    "two ids": lambda d, o: {**d.ana.get(o, HERE.origin), "rawId": text(d.rui.id)},
    "nothing": lambda d, o: {},
    "no strings": lambda d, o: {"id": 5, "rawId": [], "response": None, "type": {}},
    "too much": lambda d, o: {**d.ana.get(o, HERE.origin), "more": "x" * 70_000},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_fit_is_refused_in_the_same_words(desk: Desk, wrong: str) -> None:
    options, ticket = desk.asked()
    said = refused(desk, WRONG[wrong](desk, options), ticket)
    assert said == refused(desk, {"id": "unknown"}, "no ticket")
    assert not desk.copied
    assert desk.enters(desk.ana.get(options, HERE.origin), ticket) == "ana"


BROKEN = {
    "signature": [b"", b"\0" * 70, b"0\x06\x02\x01\0\x02\x01\0"],
    "authenticatorData": [b"", b"\0" * 36, b"\xff" * 37, b"\x81" * 60_00],
    "clientDataJSON": [b"", b"[]", b"{}", b"\xff\xfe", b'{"type": 5}', b"[" * 9000],
}


@pytest.mark.parametrize(("part", "raw"), [(p, raw) for p, raws in BROKEN.items() for raw in raws])
def test_broken_bytes_are_refused(desk: Desk, part: str, raw: bytes) -> None:
    options, ticket = desk.asked()
    credential = desk.ana.get(options, HERE.origin)
    credential["response"][part] = text(raw)
    refused(desk, credential, ticket)
    credential["response"][part] = "not base 64 ~"
    refused(desk, credential, ticket)


def test_one_flipped_bit_anywhere_is_refused(desk: Desk) -> None:
    options, ticket = desk.asked()
    good = desk.ana.get(options, HERE.origin)
    for part in ("signature", "authenticatorData", "clientDataJSON"):
        bad = copy.deepcopy(good)
        middle = len(bad["response"][part]) // 2
        letter = bad["response"][part][middle]
        other = "A" if letter != "A" else "B"
        bad["response"][part] = (
            bad["response"][part][:middle] + other + bad["response"][part][middle + 1 :]
        )
        refused(desk, bad, ticket)
    assert desk.enters(good, ticket) == "ana"


def test_a_challenge_is_good_once(desk: Desk) -> None:
    key = desk.enrolled("eva", counting=False)  # nothing but the challenge tells a replay
    options, ticket = desk.asked()
    credential = key.get(options, HERE.origin)
    assert desk.enters(credential, ticket) == "eva"
    refused(desk, credential, ticket)
    again, other = desk.asked()
    refused(desk, credential, other)
    assert desk.enters(key.get(again, HERE.origin), other) == "eva"


def test_a_challenge_is_good_for_five_minutes(desk: Desk) -> None:
    options, ticket = desk.asked()
    desk.clock.advance_s(CHALLENGE_S)
    refused(desk, desk.ana.get(options, HERE.origin), ticket)
    options, ticket = desk.asked()
    desk.clock.advance_s(CHALLENGE_S - 1)
    assert desk.enters(desk.ana.get(options, HERE.origin), ticket) == "ana"


def test_a_ticket_is_good_for_what_it_was_asked_for(desk: Desk) -> None:
    options, ticket = desk.passkeys.ask(HERE, "unlock", "session-1", "ana")
    credential = desk.ana.get(options, HERE.origin)
    refused(desk, credential, ticket)
    with pytest.raises(UnauthenticatedError):
        desk.passkeys.check(credential, ticket, HERE, "unlock", "session-2")
    assert desk.passkeys.check(credential, ticket, HERE, "unlock", "session-1").person == "ana"


@pytest.mark.parametrize("change", ["", ".", "x", "longer", "cut"])
def test_a_ticket_cannot_be_made_up(desk: Desk, change: str) -> None:
    options, ticket = desk.asked()
    made_up = {"longer": ticket + "A", "cut": ticket[:-2]}.get(change, change)
    refused(desk, desk.ana.get(options, HERE.origin), made_up)
    # Nor does one of another process, or of the room before it was started again, open anything.
    stranger, foreign = Passkeys(
        desk.state, desk.clock, Challenges(desk.clock), desk.copied.append
    ).ask(HERE, "sign-in")
    refused(desk, desk.ana.get(stranger, HERE.origin), foreign)


def test_another_persons_passkey_unlocks_nothing(desk: Desk) -> None:
    options, ticket = desk.passkeys.ask(HERE, "unlock", "session-1", "ana")
    assert [one["id"] for one in options["allowCredentials"]] == [text(desk.ana.id)]
    borrowed = desk.rui.get(options, HERE.origin)
    with pytest.raises(UnauthenticatedError):
        desk.passkeys.check(borrowed, ticket, HERE, "unlock", "session-1")


def test_a_key_that_counts_back_is_a_copy(desk: Desk) -> None:
    for _ in range(3):
        options, ticket = desk.asked()
        desk.enters(desk.ana.get(options, HERE.origin), ticket)
    for count in (1, 2, -1):  # -1: a copy whose next use says 0
        options, ticket = desk.asked()
        desk.ana.count = count
        refused(desk, desk.ana.get(options, HERE.origin), ticket)
    assert [one.person for one in desk.copied] == ["ana"] * 3
    assert desk.passkeys.of("ana")[0].count == 3
    options, ticket = desk.asked()
    desk.ana.count = 3
    assert desk.enters(desk.ana.get(options, HERE.origin), ticket) == "ana"


def test_a_forged_count_is_no_copy(desk: Desk) -> None:
    options, ticket = desk.asked()
    desk.enters(desk.ana.get(options, HERE.origin), ticket)
    forger = SoftKey(id=desk.ana.id, handle=desk.ana.handle)
    options, ticket = desk.asked()
    refused(desk, forger.get(options, HERE.origin), ticket)
    assert not desk.copied


ATTESTATIONS = {
    "no CBOR": b"\xff\xff",
    "half a map": b"\xa3\x63fmt\x64none",
    "a list": cbor2.dumps([1, 2, 3]),
    "deep": b"\x81" * 20_000 + b"\0",
    "endless": b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "no data": cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b""}),
    "twice a key": b"\xa2\x63fmt\x64none\x63fmt\x64none",
    "unknown format": cbor2.dumps({"fmt": "mine", "attStmt": {}, "authData": b"\0" * 37}),
}


@pytest.mark.parametrize("attestation", ATTESTATIONS)
def test_a_malformed_attestation_is_no_passkey(desk: Desk, attestation: str) -> None:
    options, ticket = desk.passkeys.ask_new(HERE, "add", "s1", "eva", "eva", "Eva")
    key = SoftKey()
    bad = key.create(options, HERE.origin, attestation=ATTESTATIONS[attestation])
    with pytest.raises(BadInputError, match="cannot be used"):
        desk.passkeys.check_new(bad, ticket, HERE, "add", "s1", "x")
    assert desk.passkeys.of("eva") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://evil.example"},
        {"rp": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
    ],
    ids=str,
)
def test_a_new_one_from_elsewhere_is_refused(desk: Desk, wrong: dict[str, Any]) -> None:
    options, ticket = desk.passkeys.ask_new(HERE, "add", "s1", "eva", "eva", "Eva")
    made = SoftKey().create(options, **{"origin": HERE.origin, **wrong})
    with pytest.raises(BadInputError):
        desk.passkeys.check_new(made, ticket, HERE, "add", "s1", "x")


def test_a_credential_has_one_owner(desk: Desk) -> None:
    options, ticket = desk.passkeys.ask_new(HERE, "add", "s1", "eva", "eva", "Eva")
    thief = SoftKey(id=desk.ana.id)
    with pytest.raises(ConflictError):
        desk.passkeys.check_new(
            thief.create(options, HERE.origin), ticket, HERE, "add", "s1", "mine now"
        )
    options, ticket = desk.asked()
    assert desk.enters(desk.ana.get(options, HERE.origin), ticket) == "ana"


@pytest.mark.parametrize("label", ["", "   ", "x" * 61, "a\u202eb", "a\0b"])
def test_a_passkey_needs_a_name(desk: Desk, label: str) -> None:
    options, ticket = desk.passkeys.ask_new(HERE, "add", "s1", "eva", "eva", "Eva")
    with pytest.raises(BadInputError, match="name"):
        desk.passkeys.check_new(
            SoftKey().create(options, HERE.origin), ticket, HERE, "add", "s1", label
        )


def test_only_ones_own_are_dropped(desk: Desk) -> None:
    (mine,) = desk.passkeys.of("ana")
    with pytest.raises(NotFoundError):
        desk.passkeys.drop("rui", mine.id)
    desk.passkeys.drop("ana", mine.id)
    options, ticket = desk.asked()
    refused(desk, desk.ana.get(options, HERE.origin), ticket)
    assert desk.passkeys.has_any(HERE)
    (theirs,) = desk.passkeys.of("rui")
    desk.passkeys.drop("rui", theirs.id)
    assert not desk.passkeys.has_any(HERE)


@pytest.mark.parametrize(
    ("scheme", "host", "rp"),
    [
        ("http", "localhost:8711", "localhost"),
        ("http", "LocalHost", "localhost"),
        ("http", "room.localhost:80", "room.localhost"),
        ("https", "room.example:8443", "room.example"),
        ("https", "room.example", "room.example"),
        ("http", "room.example", None),
        ("https", "127.0.0.1:8711", None),
        ("https", "10.0.0.7", None),
        ("https", "[::1]:8711", None),
        ("https", "[::1]", None),
    ],
)
def test_where_there_are_passkeys(scheme: str, host: str, rp: str | None) -> None:
    site = site_of(scheme, host)
    assert (site and site.rp) == rp
    if rp is None:
        with pytest.raises(BadInputError, match="HTTPS, or as localhost"):
            needed_site(scheme, host)
    else:
        assert needed_site(scheme, host).origin == f"{scheme}://{host.lower()}"
