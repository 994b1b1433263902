"""HTTP Message Signatures of devices (RFC 9421), Ed25519 only, and nothing that we do not need.

Pure. Reads the two structured fields (RFC 8941) in the one spelling that signers write; what
is spelled otherwise is refused rather than guessed at.
"""

import base64
import binascii
import hashlib
import re
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from callout.base.errors import UnauthenticatedError

TAG = "callout"
#: A signature is good for so long before and after the moment it names.
WINDOW_S = 60
_LONGEST = 2048
_KEY = r"[a-z*][a-z0-9_.*-]*"
_TEXT = r'"[ !#-\[\]-~]*"'  # a string (RFC 8941, 3.3.3) without escapes
_NAME = r'"@?[a-z0-9][a-z0-9-]*"'
_COMPONENT = re.compile(r'"([^"]*)"')
_MEMBER = re.compile(
    rf"({_KEY})=(\((?:{_NAME}(?: {_NAME})*)?\)((?:;{_KEY}=(?:\d{{1,15}}|{_TEXT}))*))"
)
_PARAMETER = re.compile(rf";({_KEY})=(\d{{1,15}}|{_TEXT})")
_BYTES = re.compile(rf"({_KEY})=:([A-Za-z0-9+/]*={{0,2}}):")
_BETWEEN = re.compile(r"[ \t]*,[ \t]*")
_NONCE = re.compile(r"[A-Za-z0-9+/=_-]{16,64}")
_TODO = "docs/devices.md shows how a request is signed"
Header = tuple[bytes, bytes]


class Request(NamedTuple):
    """What can be signed of a request. ``path`` is as it was sent; names of headers lower case."""

    method: str
    scheme: str
    path: str
    query: str
    headers: tuple[Header, ...]


class Signed(NamedTuple):
    """A signature as it was sent; nothing of it is true before ``verify``."""

    components: tuple[str, ...]
    raw: str  # the inner list with its parameters: the value of @signature-params
    signature: bytes
    device: str
    created_s: int
    nonce: str


def wrong(what: str, **detail: object) -> UnauthenticatedError:
    """The one kind of refusal of a signature."""
    return UnauthenticatedError(what, where="Signature", todo=_TODO, **detail)


def is_signed(headers: tuple[Header, ...]) -> bool:
    """Whether the request shows a signature, good or bad."""
    return any(name in {b"signature", b"signature-input"} for name, _ in headers)


def read_signature(request: Request) -> Signed:
    """The request's signature with tag ``callout``; UnauthenticatedError when there is none fit."""
    inputs = _members(_one(request, "signature-input"), _MEMBER, "Signature-Input")
    ours = [
        (label, raw, parameters)
        for label, raw, said in inputs
        if (parameters := _parameters(said)).get("tag") == TAG
    ]
    if len(ours) != 1:
        raise wrong(f'exactly one signature has tag="{TAG}", not {len(ours)}')
    label, raw, parameters = ours[0]
    components = tuple(_COMPONENT.findall(raw.partition(")")[0]))
    _check_components(components)
    signatures = _members(_one(request, "signature"), _BYTES, "Signature")
    found = [value for name, value in signatures if name == label]
    if len(found) != 1:
        raise wrong(f"Signature has no member {label!r}")
    return Signed(components, raw, _decoded(found[0], 64), *_named(parameters))


def signature_base(request: Request, components: tuple[str, ...], raw: str) -> bytes:
    """The bytes that are signed (RFC 9421, 2.5)."""
    lines = [f'"{name}": {_value(request, name)}' for name in components]
    return "\n".join([*lines, f'"@signature-params": {raw}']).encode("ascii")


def verify(request: Request, signed: Signed, public_key: bytes) -> bool:
    """Whether the holder of that key signed this request. ``public_key`` has 32 bytes.

    UnauthenticatedError: a component of it is not there, or there twice.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signed.signature, signature_base(request, signed.components, signed.raw))
    except (InvalidSignature, ValueError):
        return False
    return True


def check_body(request: Request, signed: Signed, body: bytes) -> None:
    """UnauthenticatedError unless the body is what the signed ``content-digest`` says.

    RFC 9530, sha-256. Without a body none is needed.
    """
    if "content-digest" not in signed.components:
        if body:
            raise wrong("a request with a body signs content-digest")
        return
    digests = _members(_one(request, "content-digest"), _BYTES, "Content-Digest")
    found = [value for name, value in digests if name == "sha-256"]
    if not found:
        raise wrong("Content-Digest has no sha-256")
    if _decoded(found[0], 32) != hashlib.sha256(body).digest():
        raise wrong("the body is not the one that was signed")


def _one(request: Request, name: str) -> str:
    values = [value for key, value in request.headers if key == name.encode()]
    if len(values) != 1:
        raise wrong(f"{name} is there {len(values)} times, not once")
    try:
        text = values[0].decode("ascii").strip(" \t")
    except UnicodeDecodeError:
        raise wrong(f"{name} is not ASCII") from None
    if len(text) > _LONGEST or any(ord(c) < 32 for c in text):
        raise wrong(f"{name} is over {_LONGEST} characters, or has some that cannot be there")
    return text


def _members(text: str, pattern: "re.Pattern[str]", where: str) -> list[tuple[str, ...]]:
    """The members of a dictionary, each as the groups of its pattern; labels come once."""
    found: list[tuple[str, ...]] = []
    at = 0
    while match := pattern.match(text, at):
        found.append(match.groups())
        at = match.end()
        between = _BETWEEN.match(text, at)
        if between is None:
            break
        at = between.end()
    if at != len(text) or not found or text.endswith(","):
        raise wrong(f"{where} cannot be read")
    if len({member[0] for member in found}) != len(found):
        raise wrong(f"{where} has a label twice")
    return found


def _parameters(text: str) -> dict[str, str | int]:
    pairs = _PARAMETER.findall(text)
    if len({name for name, _ in pairs}) != len(pairs):
        raise wrong("Signature-Input has a parameter twice")
    return {n: value[1:-1] if value[0] == '"' else int(value) for n, value in pairs}


def _named(parameters: dict[str, str | int]) -> tuple[str, int, str]:
    """Device, moment and nonce, when the parameters are those that we need and no others."""
    needed = {"created", "nonce", "keyid", "alg", "tag"}
    if set(parameters) != needed:
        raise wrong(f"the parameters are {', '.join(sorted(needed))}, each once, and no others")
    created, nonce, keyid = parameters["created"], parameters["nonce"], parameters["keyid"]
    if parameters["alg"] != "ed25519" or not isinstance(created, int):
        raise wrong('alg is "ed25519" and created a whole number of seconds')
    if not isinstance(nonce, str) or not isinstance(keyid, str) or not _NONCE.fullmatch(nonce):
        raise wrong("nonce has 16 to 64 letters or digits, and keyid is the device's id")
    return keyid, created, nonce


def _check_components(components: tuple[str, ...]) -> None:
    if len(set(components)) != len(components) or len(components) > 16:
        raise wrong("a component is there twice, or there are over 16")
    covered = set(components)
    whole = "@target-uri" in covered or {"@authority", "@path", "@query"} <= covered
    if "@method" not in covered or not whole:
        raise wrong("sign @method and @target-uri, or @method, @authority, @path and @query")


def _value(request: Request, name: str) -> str:
    """One component's value (RFC 9421, 2.1 and 2.2)."""
    if not name.startswith("@"):
        return _one(request, name)
    authority = _authority(request)
    query = f"?{request.query}"
    match name:
        case "@method":
            return request.method
        case "@authority":
            return authority
        case "@path":
            return request.path or "/"
        case "@query":
            return query
        case "@target-uri":
            tail = query if request.query else ""
            return f"{request.scheme}://{authority}{request.path or '/'}{tail}"
    raise wrong(f"{name} is a component that we do not take")


def _authority(request: Request) -> str:
    """The host in lower case, without the port that goes without saying (RFC 9421, 2.2.3)."""
    host = _one(request, "host").lower()
    return host.removesuffix({"http": ":80", "https": ":443"}[request.scheme])


def _decoded(text: str, length: int) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        value = b""
    if len(value) != length:
        raise wrong(f"these are not {length} bytes in base 64")
    return value
