"""A security key in software: real CBOR, real signatures (WebAuthn 3, 6.1, 6.5 and RFC 9052)."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class SoftKey:
    """One discoverable credential. ``count`` goes up with each use unless it stays at 0."""

    counting: bool = True
    count: int = 0
    handle: str = ""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(
        self,
        options: dict[str, Any],
        origin: str,
        *,
        rp: str = "",
        flags: int = PRESENT | VERIFIED,
        attestation: bytes = b"",
    ) -> dict[str, Any]:
        """What ``navigator.credentials.create`` would give, or with parts of it wrong."""
        self.handle = options["user"]["id"]
        point = self.secret.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: point.x.to_bytes(32, "big"),
            -3: point.y.to_bytes(32, "big"),
        }
        data = self._data(rp or options["rp"]["id"], flags | ATTESTED)
        data += bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        made = attestation or cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], origin)
        return self._credential({"clientDataJSON": text(client), "attestationObject": text(made)})

    def get(
        self,
        options: dict[str, Any],
        origin: str,
        *,
        rp: str = "",
        flags: int = PRESENT | VERIFIED,
        challenge: str = "",
        handle: str | None = None,
        kind: str = "webauthn.get",
    ) -> dict[str, Any]:
        """What ``navigator.credentials.get`` would give, or with parts of it wrong."""
        if self.counting:
            self.count += 1
        data = self._data(rp or options["rpId"], flags)
        client = self._client(kind, challenge or options["challenge"], origin)
        signed = self.secret.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(data),
                "signature": text(signed),
                "userHandle": self.handle if handle is None else handle,
            }
        )

    def _data(self, rp: str, flags: int) -> bytes:
        return hashlib.sha256(rp.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        return {
            "id": text(self.id),
            "rawId": text(self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }

    @staticmethod
    def _client(kind: str, challenge: str, origin: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
        return json.dumps(said).encode()
