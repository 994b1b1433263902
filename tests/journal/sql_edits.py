"""Edits by somebody who knows the schema: SQL by name."""

import random

from tampered import ENTRIES


def edits(draw: random.Random, seq: int, other: int) -> dict[str, tuple[str, ...]]:
    """Statements by name: about the entries ``seq`` and ``other``, or what lies nearest to them."""
    side = "(SELECT seq FROM side ORDER BY abs(seq - {}), name LIMIT 1)"
    one, two = side.format(seq), side.format(other)
    tail, noise, body = draw.randrange(1, 40), draw.randbytes(32).hex(), "UPDATE event SET body ="
    return {
        "body": (f"UPDATE event SET body = replace(body, 'é', 'e') WHERE seq = {seq}",),
        "number": (
            f"UPDATE event SET body = json_set(body, '$.number', {other}) WHERE seq = {seq}",
        ),
        "type": (f"UPDATE event SET type = 'Status9.1' WHERE seq = {seq}",),
        "actor": (f"UPDATE event SET actor = 'person/x' WHERE seq = {seq}",),
        "agency": (f"UPDATE event SET agency = '' WHERE seq = {seq}",),
        "time": (f"UPDATE event SET recorded_us = recorded_us + {tail} WHERE seq = {seq}",),
        "claimed": (f"UPDATE event SET claimed_us = {tail} WHERE seq = {seq}",),
        "key": (f"UPDATE event SET key = 'another' WHERE seq = {seq}",),
        "stream": (f"UPDATE event SET stream = 'unit/x' WHERE seq = {seq}",),
        "version": (f"UPDATE event SET version = version + 500 WHERE seq = {seq}",),
        "delete one": (f"DELETE FROM event WHERE seq = {seq}",),
        "delete last": (f"DELETE FROM event WHERE seq > {ENTRIES - tail}",),
        "delete last, head with it": (
            f"DELETE FROM event WHERE seq > {ENTRIES - tail}",
            f"UPDATE head SET size = {ENTRIES - tail + 1}",
        ),
        "renumber": (f"UPDATE event SET seq = seq + 1000 WHERE seq >= {seq}",),
        "swap entries": (
            f"UPDATE event SET seq = -5 WHERE seq = {seq}",
            f"UPDATE event SET seq = {seq} WHERE seq = {other}",
            f"UPDATE event SET seq = {other} WHERE seq = -5",
        ),
        "swap bodies": (
            f"CREATE TEMP TABLE b AS SELECT seq, body FROM event WHERE seq IN ({seq}, {other})",
            f"{body} (SELECT body FROM b WHERE seq = {other}) WHERE seq = {seq}",
            f"{body} (SELECT body FROM b WHERE seq = {seq}) WHERE seq = {other}",
        ),
        "copy a box": (
            (
                f"UPDATE side SET box = (SELECT box FROM side WHERE seq = {two} LIMIT 1) "
                f"WHERE seq = {one} AND {one} <> {two}"
            ),
            f"UPDATE side SET box = randomblob(140) WHERE seq = {one} AND {one} = {two}",
        ),
        "change a box": (f"UPDATE side SET box = randomblob(length(box)) WHERE seq = {one}",),
        "change an erased box": (
            "UPDATE side SET box = randomblob(length(box)) WHERE seq = 3 AND name = 'text'",
        ),
        "pass a row off as erased": (
            # The record of incident/3, whose key was destroyed.
            (
                f"UPDATE side SET key_number = (SELECT key_number FROM side WHERE seq = 3 AND "
                f"name = 'text') WHERE seq = {one} AND name = 'text' AND seq % 7 <> 3"
            ),
            f"UPDATE side SET key_number = key_number + 1 WHERE seq = {one} AND seq % 7 = 3",
        ),
        "key number": (f"UPDATE side SET key_number = {tail + 1000} WHERE seq = {one}",),
        "negative key number": (f"UPDATE side SET key_number = -{tail} WHERE seq = {one}",),
        "side row gone": (f"DELETE FROM side WHERE seq = {one}",),
        "side row added": (f"INSERT INTO side VALUES ({seq}, 'more', 1, x'00')",),
        "side row far away": (f"INSERT INTO side VALUES ({seq + 10**6}, 'text', 1, x'00')",),
        "commitment": (f"{body} json_set(body, '$.side.text', '{noise}') WHERE seq = {one}",),
        "commitment and row gone": (
            f"{body} json_remove(body, '$.side') WHERE seq = {one}",
            f"DELETE FROM side WHERE seq = {one}",
        ),
        "table added": ("CREATE TABLE person (phone TEXT)",),
        "trigger added": (
            "CREATE TRIGGER more AFTER INSERT ON event BEGIN SELECT 1; END",
        ),
        "view": ("CREATE VIEW more AS SELECT * FROM event",),
        "user version": ("PRAGMA user_version = 2",),
        "tile": (
            f"UPDATE tile SET hashes = zeroblob(8192) WHERE number = {draw.randrange(2)}",
        ),
        "note": ("UPDATE head SET note = CAST(CAST(note AS TEXT) || ' ' AS BLOB)",),
        "root": ("UPDATE head SET root = randomblob(32)",),
        "no head": ("DELETE FROM head",),
        "float": (f"UPDATE event SET body = '{{\"n\":1.5}}' WHERE seq = {seq}",),
        "deep": (
            f"UPDATE event SET body = '{'[' * 5000}{']' * 5000}' WHERE seq = {seq}",
        ),
    }  # fmt: skip
