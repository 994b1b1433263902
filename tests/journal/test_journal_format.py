"""Canonical JSON against a plain reading of RFC 8785, and what a leaf refuses."""

import hashlib
import json
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callout.base.errors import BadInputError
from callout.journal.entries import Batch, Draft
from callout.journal.format import (
    MAX_DEPTH,
    MAX_INT,
    MAX_LEAF_BYTES,
    canonical,
    check_batch,
    check_columns,
    leaf_of,
    leaf_of_row,
    prepare,
    stored_keys,
)
from callout.journal.plan import Plan, Request

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.text(st.characters(max_codepoint=127), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(KEYS, v, max_size=4), max_leaves=12
)
BODIES = st.dictionaries(KEYS.filter(lambda k: k != "side"), VALUES, max_size=5)


def rfc8785(value: Any) -> str:
    """RFC 8785, section 3.2, read word by word, for values without floats."""
    if isinstance(value, dict):
        ordered = sorted(value.items(), key=lambda kv: kv[0].encode("utf-16-be"))
        return "{" + ",".join(f"{rfc8785(k)}:{rfc8785(v)}" for k, v in ordered) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(rfc8785, value)) + "]"
    if isinstance(value, str):
        short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
        return (
            '"'
            + "".join(short.get(ord(c), f"\\u{ord(c):04x}" if ord(c) < 0x20 else c) for c in value)
            + '"'
        )
    if type(value) is int:
        return str(value)
    return {None: "null", True: "true", False: "false"}[value]


@given(BODIES)
def test_canonical_is_rfc_8785(body: dict[str, Any]) -> None:
    raw = canonical(body, "here")
    assert raw.decode() == rfc8785(body)
    assert json.loads(raw) == json.loads(json.dumps(body))


def test_rfc_8785_literal() -> None:
    body = {"b": [56, {"d": True, "10": None, "1": ""}], "a": '\u20ac$\x0f\nA\'B"\\\\"/\x7f'}
    assert (
        canonical(body, "")
        == (
            '{"a":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f","b":[56,{"1":"","10":null,"d":true}]}'
        ).encode()
    )


@given(
    BODIES,
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=9
    ),
    st.none() | st.integers(-MAX_INT, MAX_INT),
    st.integers(0, MAX_INT),
)
def test_leaf_put_together_is_the_leaf_by_the_rule(
    body: dict[str, Any], key: str, claimed_us: int | None, number: int
) -> None:
    draft = Draft("unit/E7", "UnitStatus.1", body, claimed_us=claimed_us)
    entry = prepare(draft, stored_keys(key, 1)[0], "person/a", "fire", None, ())
    plan = Plan(number, {"unit/E7": 6}, {})
    plan.add_all([Request([entry], {})], number)
    (seq, stream, version, stored, kind, recorded, claimed, actor, agency, text) = plan.rows[0]
    columns = {
        "seq": seq, "stream": stream, "version": version, "key": stored, "type": kind,
        "recorded_us": recorded, "claimed_us": claimed, "actor": actor, "agency": agency,
        "body": json.loads(text),
    }  # fmt: skip
    assert (seq, version, recorded) == (number, 7, number)
    assert plan.leaves[0] == b"\0" + leaf_of(columns) == b"\0" + rfc8785(columns).encode()
    check_columns(plan.rows[0])
    assert leaf_of_row(plan.rows[0]) == leaf_of(columns)


GOOD_ROW = (5, "unit/E7", 1, "k", "UnitStatus.1", 5, None, "system", "", "{}")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (1, 'a"b'), (1, b"unit/E7"), (1, ""), (2, "1"), (2, None), (2, True), (3, None), (3, b"k"),
        (4, "status"), (4, None), (5, 1.5), (5, None), (6, "5"), (6, 2**53), (7, ""), (7, 7),
        (8, "a b"), (8, None),
    ],
)  # fmt: skip
def test_a_row_that_nobody_wrote_has_no_leaf_and_is_named(column: int, value: Any) -> None:
    check_columns(GOOD_ROW)
    assert leaf_of_row(GOOD_ROW) is not None
    bad = (*GOOD_ROW[:column], value, *GOOD_ROW[column + 1 :])
    if value != 2**53:
        assert leaf_of_row(bad) is None
    with pytest.raises(BadInputError):
        check_columns(bad)


def test_leaf_literal() -> None:
    entry = prepare(
        Draft("unit/E7", "UnitDispatched.1", {"incident": "é"}, claimed_us=5),
        "k",
        "system",
        "",
        None,
        (),
    )
    plan = Plan(1767225600000000, {"unit/E7": 0}, {})
    plan.add_all([Request([entry], {})], 0)
    leaf = (
        '{"actor":"system","agency":"","body":{"incident":"é"},"claimed_us":5,"key":"k",'
        '"recorded_us":1767225600000000,"seq":0,"stream":"unit/E7","type":"UnitDispatched.1",'
        '"version":1}'
    ).encode()
    assert plan.leaves == [b"\0" + leaf]
    assert hashlib.sha256(plan.leaves[0]).hexdigest() == LEAF_HASH


LEAF_HASH = "5e1405010904e89017c1f8a1504d814541eebe110e05d08abf929ffe97567179"


class Status(StrEnum):
    FREE = "free"


def test_names_of_enums_are_texts() -> None:
    assert canonical({"status": Status.FREE}, "") == b'{"status":"free"}'


@pytest.mark.parametrize(
    "value",
    [
        1.0, float("nan"), 2**53, -(2**53), b"x", {1, 2}, {1: 2}, {"é": 1}, object(), "\ud800",
        {"\ud800": 1},
    ],
)  # fmt: skip
def test_refuses_what_a_leaf_cannot_hold(value: object) -> None:
    for body in ({"a": value}, {"a": [value]}, {"a": {"b": (value,)}}):
        with pytest.raises(BadInputError):
            canonical(body, "here")


def test_refuses_deep_nesting() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(BadInputError, match="nested"):
        canonical({"a": value}, "")


@pytest.mark.parametrize("character", ["x", "é", "\u20ac", "\U0001f600", "\n"])
def test_leaf_size_is_counted_in_bytes(character: str) -> None:
    each = len(canonical({"a": character}, "")) - len(b'{"a":""}')

    def entry(count: int) -> Any:
        draft = Draft("s", "A.1", {"a": character * count})
        return prepare(draft, "k", "system", "", None, ())

    # The writer's three numbers may take 16 digits each.
    around = len(leaf_of(dict.fromkeys(
        ("seq", "version", "recorded_us"), MAX_INT
    ) | {"actor": "system", "agency": "", "body": {"a": ""}, "claimed_us": None, "key": "k",
         "stream": "s", "type": "A.1"}))  # fmt: skip
    most = (MAX_LEAF_BYTES - around) // each
    entry(most)
    with pytest.raises(BadInputError, match="bytes"):
        entry(most + 1)


@pytest.mark.parametrize("name", ["", "a b", 'a"b', "a\\b", "é", "a\n", "x" * 201, "\x7f"])
def test_refuses_names(name: str) -> None:
    with pytest.raises(BadInputError):
        prepare(Draft(name, "A.1", {}), "k", "system", "", None, ())
    with pytest.raises(BadInputError):
        check_batch(Batch((Draft("s", "A.1", {}),), "k", actor=name))


@pytest.mark.parametrize("kind", ["", "A", "a.1", "A.0", "A.01", "A.1x", "A.1\n", "É.1"])
def test_refuses_types(kind: str) -> None:
    with pytest.raises(BadInputError):
        prepare(Draft("s", kind, {}), "k", "system", "", None, ())


@pytest.mark.parametrize("claimed", [2**53, 1.5, True, "now"])
def test_refuses_moments(claimed: Any) -> None:
    with pytest.raises(BadInputError):
        prepare(Draft("s", "A.1", {}, claimed_us=claimed), "k", "system", "", None, ())


def test_side_is_the_journals_own_word() -> None:
    with pytest.raises(BadInputError, match="side"):
        prepare(Draft("s", "A.1", {"side": {}}), "k", "system", "", None, ())


def test_refuses_batches() -> None:
    with pytest.raises(BadInputError, match="empty"):
        check_batch(Batch((), "k"))
    for version in (-1, 1.0, True):
        with pytest.raises(BadInputError, match="version"):
            check_batch(Batch((Draft("s", "A.1", {}),), "k", expect={"s": version}))  # type: ignore[dict-item]


@pytest.mark.parametrize("key", ["", "a\0b", "x" * 513])
def test_refuses_keys(key: str) -> None:
    with pytest.raises(BadInputError):
        stored_keys(key, 1)


@given(st.text("a#1", min_size=1, max_size=5), st.text("a#1", min_size=1, max_size=5))
def test_keys_of_different_batches_never_meet(one: str, other: str) -> None:
    if one != other:
        assert not set(stored_keys(one, 12)) & set(stored_keys(other, 12))
