"""The bytes of an entry: validation, canonical JSON and the leaf of the tree.

A leaf is the canonical JSON (RFC 8785) of all columns of the entry, ``body`` nested as an object.
RFC 8785 sorts keys by UTF-16 code units and prints numbers as ECMAScript does; with ASCII keys,
no floats and integers below 2^53 that is what msgspec's sorted encoder writes, so it is used, and
a property test holds it against a plain reading of the RFC.
"""

import re
from enum import Enum
from typing import Any

import msgspec

from callout.base.errors import BadInputError
from callout.journal.entries import Batch, Draft

# C2SP tlog-tiles: an entry in a bundle is preceded by its length as a uint16.
MAX_LEAF_BYTES = 65_535
# I-JSON (RFC 7493, 2.2): integers that every reader keeps exactly.
MAX_INT = 2**53 - 1
MAX_DEPTH = 16
MAX_KEY_CHARS = 512
# recorded_us, seq and version are known only to the writer; each has at most 16 digits.
_WRITER_DIGITS = 3 * len(str(MAX_INT))
# Four bytes a character is the most UTF-8 needs; only leaves longer than this are counted exactly.
_SURELY_SHORT = (MAX_LEAF_BYTES - _WRITER_DIGITS) // 4 - 8

#: The names in a leaf, and the columns of the table ``event``, in its order.
COLUMNS = (
    "seq",
    "stream",
    "version",
    "key",
    "type",
    "recorded_us",
    "claimed_us",
    "actor",
    "agency",
    "body",
)

# Printable ASCII without what JSON would escape: such a name is its own JSON string.
_NAME = re.compile(r"[!#-\[\]-~]{1,200}")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{0,99}\.[1-9][0-9]{0,5}")
# Names that were found good: the same ones come again and again.
_NAMES_KEPT = 65_536
_good_names: set[str] = set()
_good_types: set[str] = set()
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


class Prepared(msgspec.Struct, gc=False):
    """An entry ready but for what only the writer knows: recorded_us, seq and version."""

    stream: str
    type: str
    key: str
    claimed_us: int | None
    actor: str
    agency: str
    body: str
    leaf_start: str
    """The leaf up to the value of recorded_us, after the zero byte that RFC 6962 hashes first."""
    leaf_end: str
    """The leaf between the values of seq and version."""
    boxes: tuple[tuple[str, int, bytes], ...]
    """Side rows: name, number of the key record, ciphertext."""


def canonical(value: dict[str, Any], where: str) -> bytes:
    """RFC 8785 JSON of a body; BadInputError when it holds what a leaf cannot."""
    _check_object(value, where, MAX_DEPTH)
    return _encode(value, where)


def _encode(value: object, where: str) -> bytes:
    try:
        return _encode_sorted(value)
    except UnicodeEncodeError:
        raise BadInputError(
            "a text holds half a surrogate pair",
            where=where,
            todo="Decode the text before handing it over",
        ) from None


def stored_keys(key: str, count: int) -> list[str]:
    """The keys of a batch's entries as they stand in the table.

    Entry 0 has the batch's key, entry i has ``key#i``. A ``#`` in the key itself is doubled, so
    no batch can take the key of another one's entry.
    """
    if not key or "\0" in key:
        raise BadInputError("a batch needs a key", where="key", todo="Give a text without NUL")
    base = key.replace("#", "##") if "#" in key else key
    if len(base) > MAX_KEY_CHARS:
        raise BadInputError(
            f"the batch's key has {len(base)} characters, at most {MAX_KEY_CHARS}",
            where="key",
            todo="Hash it with keyed_hash",
        )
    if count == 1:
        return [base]
    return [base, *(f"{base}#{number}" for number in range(1, count))]


def check_batch(batch: Batch) -> None:
    """Refuse a batch whose names or expectations cannot be written."""
    if not batch.entries:
        raise BadInputError("the batch is empty", where=batch.key, todo="Give at least one entry")
    if batch.actor not in _good_names:
        _check_name(batch.actor, "actor")
    if batch.agency and batch.agency not in _good_names:
        _check_name(batch.agency, "agency")
    for stream, version in batch.expect.items():
        if type(version) is not int or not 0 <= version <= MAX_INT:
            raise BadInputError(
                f"{version!r} is not a version", where=stream, todo="Give a whole number from 0 up"
            )


def prepare(
    draft: Draft,
    key: str,
    actor: str,
    agency: str,
    commitments: dict[str, str] | None,
    boxes: tuple[tuple[str, int, bytes], ...],
) -> Prepared:
    """Validate an entry and write all of its leaf but the writer's three numbers."""
    stream, kind, body, claimed = draft.stream, draft.type, draft.body, draft.claimed_us
    if stream not in _good_names:
        _check_name(stream, "stream")
    if kind not in _good_types:
        _check_type(kind, stream)
    if claimed is not None and (type(claimed) is not int or not -MAX_INT <= claimed <= MAX_INT):
        raise BadInputError(
            f"{claimed!r} is not a moment", where=kind, todo="Give whole microseconds since 1970"
        )
    if "side" in body:
        raise BadInputError(
            'a body may not have the key "side"', where=kind, todo="It is the journal's own"
        )
    text = canonical({**body, "side": commitments} if commitments else body, kind).decode()
    start = (
        f'\0{{"actor":"{actor}","agency":"{agency}","body":{text},'
        f'"claimed_us":{"null" if claimed is None else claimed},'
        f'"key":{_encode(key, "key").decode()},"recorded_us":'
    )
    end = f',"stream":"{stream}","type":"{kind}","version":'
    if len(start) + len(end) > _SURELY_SHORT:
        _check_size(start, end, kind)
    return Prepared(stream, kind, key, claimed, actor, agency, text, start, end, boxes)


def leaf_of(columns: dict[str, Any]) -> bytes:
    """The leaf of an entry by the plain rule: canonical JSON of all its columns, body nested."""
    return _encode_sorted(columns)


def leaf_of_row(row: tuple[Any, ...]) -> bytes | None:
    """The same from a row in the order of ``COLUMNS`` whose body is known to be canonical.

    None when the row holds what only the plain rule can tell about: another type, an odd name.
    """
    seq, stream, version, key, kind, recorded, claimed, actor, agency, body = row
    if not (
        stream in _good_names
        and kind in _good_types
        and actor in _good_names
        and (agency == "" or agency in _good_names)
        and type(version) is type(recorded) is int
        and (claimed is None or type(claimed) is int)
        and type(key) is str
    ):
        return None
    # Good names are their own JSON strings; the columns stand in the order of their names.
    return (
        f'{{"actor":"{actor}","agency":"{agency}","body":{body},'
        f'"claimed_us":{"null" if claimed is None else claimed},'
        f'"key":{_encode_sorted(key).decode()},"recorded_us":{recorded},"seq":{seq},'
        f'"stream":"{stream}","type":"{kind}","version":{version}}}'
    ).encode()


def check_columns(row: tuple[Any, ...]) -> None:
    """BadInputError when a row in the order of ``COLUMNS`` holds what ``prepare`` never writes.

    The body is not looked at. Names found good are remembered, for ``leaf_of_row``.
    """
    _, stream, version, key, kind, recorded, claimed, actor, agency, _ = row
    for name, text in (("stream", stream), ("type", kind), ("actor", actor), ("agency", agency)):
        if type(text) is not str:
            raise BadInputError("it is no text", where=name, todo="Write text")
    for name, number in (("version", version), ("recorded_us", recorded), ("claimed_us", claimed)):
        if number is None and name == "claimed_us":
            continue
        if type(number) is not int or not -MAX_INT <= number <= MAX_INT:
            raise BadInputError("it is no whole number", where=name, todo="Write one below 2^53")
    if type(key) is not str or not key:
        raise BadInputError("it is no text", where="key", todo="Write text")
    _check_name(stream, "stream")
    _check_type(kind, "type")
    _check_name(actor, "actor")
    if agency:
        _check_name(agency, "agency")


def leaf_columns(leaf: bytes) -> dict[str, Any]:
    """The columns of a leaf, ``body`` as an object; BadInputError when ``prepare`` never wrote it.

    Whoever holds a log's key can sign anything; what is shown of a leaf must not be able to
    pretend to be something else.
    """
    try:
        columns: dict[str, Any] = msgspec.json.decode(leaf, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"this is no entry ({error})", todo="Ask for the proof again") from None
    if set(columns) != set(COLUMNS) or leaf_of(columns) != leaf or not _is_entry(columns):
        raise BadInputError("this is no entry of a callout journal", todo="Ask for the proof again")
    return columns


def _is_entry(columns: dict[str, Any]) -> bool:
    """Whether these values keep the rules of docs/journal.md, "An entry"."""
    numbers = [columns[name] for name in ("seq", "version", "recorded_us")]
    if columns["claimed_us"] is not None:
        numbers.append(columns["claimed_us"])
    texts = [columns[name] for name in ("stream", "actor", "agency", "type", "key")]
    body = columns["body"]
    if any(type(n) is not int or not -MAX_INT <= n <= MAX_INT for n in numbers):
        return False
    if any(type(t) is not str for t in texts) or type(body) is not dict:
        return False
    stream, actor, agency, kind, key = texts
    names = [stream, actor, agency] if agency else [stream, actor]
    if not all(_NAME.fullmatch(name) for name in names) or not _TYPE.fullmatch(kind):
        return False
    try:
        _check_object(body, kind, MAX_DEPTH)
    except BadInputError:
        return False
    return bool(key) and columns["seq"] >= 0 and columns["version"] >= 1


def _check_size(start: str, end: str, where: str) -> None:
    size = len(start) + len(end) + len(',"seq":}') - 1
    size += len(start.encode()) - len(start) + _WRITER_DIGITS
    if size > MAX_LEAF_BYTES:
        raise BadInputError(
            f"the entry has {size} bytes, at most {MAX_LEAF_BYTES}",
            where=where,
            todo="Split it, or keep the long part elsewhere and its hash here",
        )


def _check_name(text: str, where: str) -> None:
    if _NAME.fullmatch(text) is None:
        raise BadInputError(
            f"{text!r} is not a name",
            where=where,
            todo='Give 1-200 printable ASCII characters without space, " and \\',
        )
    _keep(_good_names, text)


def _check_type(text: str, where: str) -> None:
    if _TYPE.fullmatch(text) is None:
        raise BadInputError(
            f"{text!r} is not an entry type", where=where, todo="Write it like UnitDispatched.1"
        )
    _keep(_good_types, text)


def _keep(good: set[str], text: str) -> None:
    if len(good) >= _NAMES_KEPT:
        good.clear()
    good.add(text)


def _check_object(value: dict[str, Any], where: str, depth: int) -> None:
    for key, item in value.items():
        if type(key) is not str or not key.isascii():
            raise BadInputError(
                f"the key {key!r} is not ASCII text", where=where, todo="Name it in ASCII"
            )
        # Texts are most of every body, so they are let through before anything else is asked.
        if type(item) is not str:
            _check_value(item, key, where, depth)


def _check_value(item: object, key: str, where: str, depth: int) -> None:
    if type(item) is int:
        if not -MAX_INT <= item <= MAX_INT:
            raise BadInputError(
                f"{key} is {item}, beyond 2^53",
                where=where,
                todo="Write it as text or in a larger unit",
            )
    elif item is None or type(item) is bool or type(item) is str:
        return
    elif depth == 0:
        raise BadInputError(
            f"{key} is nested too deeply", where=where, todo=f"At most {MAX_DEPTH} levels"
        )
    elif type(item) is dict:
        _check_object(item, where, depth - 1)
    elif type(item) is list or type(item) is tuple:
        for part in item:
            _check_value(part, key, where, depth - 1)
    elif isinstance(item, Enum):
        _check_value(item.value, key, where, depth - 1)
    else:
        raise BadInputError(
            f"{key} is a {type(item).__name__}",
            where=where,
            todo="Use text, whole numbers (1e-7 degree, microseconds), true, false, null",
        )
