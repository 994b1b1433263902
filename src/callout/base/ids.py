"""Names of things. Random where they are born here, given where the world already names them."""

import re
import secrets
from typing import NewType

AgencyId = NewType("AgencyId", str)
StationId = NewType("StationId", str)
UnitId = NewType("UnitId", str)
IncidentId = NewType("IncidentId", str)
AlarmId = NewType("AlarmId", str)
PersonId = NewType("PersonId", str)
TypeCode = NewType("TypeCode", str)

# Crockford's base 32 without i, l, o, u: can be read aloud over a radio.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_GIVEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


def new_id() -> str:
    """16 random characters, 80 bits: unguessable, never reused."""
    return "".join(_ALPHABET[byte & 31] for byte in secrets.token_bytes(16))


def is_given_id(text: str) -> bool:
    """Whether a name from a CSV or another system can be an id: 1-32 letters, digits, . _ -."""
    return _GIVEN.fullmatch(text) is not None
