"""Signs requests as a device does: the worked example of docs/devices.md, for tests."""

import base64
import hashlib
import secrets
import time
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

COMPONENTS = ("@method", "@authority", "@path", "@query")


def base_of(method: str, url: str, digest: str, components: tuple[str, ...], params: str) -> bytes:
    """The bytes that are signed."""
    parts = urlsplit(url)
    values = {
        "@method": method,
        "@authority": parts.netloc,
        "@path": parts.path,
        "@query": f"?{parts.query}",
        "@target-uri": url,
        "content-digest": digest,
    }
    lines = [f'"{name}": {values[name]}' for name in components]
    return "\n".join([*lines, f'"@signature-params": {params}']).encode()


def signed(
    key: Ed25519PrivateKey,
    device: str,
    method: str,
    url: str,
    body: bytes = b"",
    *,
    created: int | None = None,
    nonce: str = "",
    tag: str = "callout",
    components: tuple[str, ...] = COMPONENTS,
) -> dict[str, str]:
    """The headers that make a request a signed one."""
    digest = ""
    if body:
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
        components = (*components, "content-digest")
    named = " ".join(f'"{name}"' for name in components)
    params = (
        f"({named});created={int(time.time()) if created is None else created}"
        f';nonce="{nonce or secrets.token_urlsafe(16)}";keyid="{device}";alg="ed25519";tag="{tag}"'
    )
    signature = key.sign(base_of(method, url, digest, components, params))
    headers = {
        "Signature-Input": f"device={params}",
        "Signature": f"device=:{base64.b64encode(signature).decode()}:",
    }
    return {**headers, "Content-Digest": digest} if body else headers


def public(key: Ed25519PrivateKey) -> str:
    """The public key in hex, as it is sent at enrolment."""
    return key.public_key().public_bytes_raw().hex()
