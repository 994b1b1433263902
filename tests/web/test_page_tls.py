"""A real room over TLS in a real browser: its cookies are taken, kept and forgotten."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, expect

from running import PASSWORD, made_home, running

pytestmark = pytest.mark.browser


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for this machine, by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, private


def test_signing_in_and_out_over_tls(tmp_path: Path, town: Path, browser: Browser) -> None:
    made_home(tmp_path / "home", town, units=4)
    tls = certificate(tmp_path)
    with running(tmp_path / "home", town, drill=False, tls=tls) as room:
        room.staff("ana", "dispatcher")
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.goto(room.url)
        page.get_by_label("Name").fill("ana")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name="Queue")).to_be_visible()
        ours = {cookie["name"]: cookie for cookie in context.cookies()}
        assert "__Host-callout_session" in ours
        assert all(name.startswith("__Host-") for name in ours), sorted(ours)
        session = ours["__Host-callout_session"]
        assert session["secure"]
        assert session["httpOnly"]
        assert session["sameSite"] == "Strict"
        page.reload()
        expect(page.get_by_role("region", name="Queue")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        assert "__Host-callout_session" not in {one["name"] for one in context.cookies()}
        context.close()
