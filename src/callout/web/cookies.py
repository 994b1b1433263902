"""Cookies by the names browsers guard.

On https every cookie of ours is sent as ``__Host-…`` (RFC 6265bis, 4.1.3.2): the browser takes such
a one only from this host, over TLS and for all paths, so no neighbour on the network or below the
same domain can plant it. Handlers know the plain names; the door renames on the way in and out.
"""

_OURS, _HOST = b"callout_", b"__Host-"

Headers = list[tuple[bytes, bytes]]


def inward(headers: Headers) -> Headers:
    """Headers of a request with our cookies under their plain names; unguarded ones dropped."""
    return [(name, _plain(value) if name == b"cookie" else value) for name, value in headers]


def outward(headers: Headers) -> Headers:
    """Headers of an answer with our cookies under their guarded names."""
    return [
        (name, _guarded(value) if name == b"set-cookie" and value.startswith(_OURS) else value)
        for name, value in headers
    ]


def _guarded(value: bytes) -> bytes:
    """A browser takes ``__Host-`` only with Secure, also where it is to forget the cookie."""
    secure = any(part.strip().lower() == b"secure" for part in value.split(b";"))
    return _HOST + value + (b"" if secure else b"; Secure")


def _plain(value: bytes) -> bytes:
    kept = []
    for part in value.split(b";"):
        cookie = part.strip()
        if cookie.startswith(_HOST + _OURS):
            kept.append(cookie.removeprefix(_HOST))
        elif not cookie.startswith(_OURS):
            kept.append(cookie)
    return b"; ".join(kept)
