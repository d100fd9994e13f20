"""The certificate that NetSuite knows this installation by: how long it is good, and whether the key is its own.

NetSuite tells neither; both are in the certificate's file, which nothing else needs. It takes certificates of at most
two years and shortens longer ones without a word (Online Help section_162755359851).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from app.admin.doctor.findings import Finding, fail, ok, unchecked, warn
from app.settings import NetSuiteAccount

CHECK = "netsuite: certificate"
SOON = timedelta(days=30)
LONGEST = timedelta(days=2 * 365 + 1)
RENEW = (
    "Make a new key and certificate, upload the certificate in NetSuite beside the old one, and set "
    "NETSUITE__CERTIFICATE_ID, __PRIVATE_KEY_FILE and __CERTIFICATE_FILE."
)


def findings(account: NetSuiteAccount, now: datetime) -> Iterator[Finding]:
    if account.auth == "tba":
        detail = "Token-based authentication needs none; NetSuite means to end it, with 2028.1 as it says now."
        yield warn(CHECK, detail, "Move to NETSUITE__AUTH=oauth2 in time.")
        return
    pem = _pem(account)
    if pem is None:
        why = "when it expires is told by the certificate alone, and NetSuite does not give it out."
        yield unchecked(CHECK, why, "Set NETSUITE__CERTIFICATE_FILE to the certificate that was uploaded.")
        return
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError:
        yield fail(CHECK, "NETSUITE__CERTIFICATE_FILE holds no certificate.", "Set it to the PEM that was uploaded.")
        return
    yield from _of_another_key(certificate, account)
    yield _age(certificate, now)


def _pem(account: NetSuiteAccount) -> bytes | None:
    """From its own file, or from beside the private key, where some keep both."""
    if account.certificate_file is not None and account.certificate_file != Path():
        return account.certificate_file.read_bytes()
    try:
        text = account.signing_key()
    except (ValueError, OSError):
        return None
    start = text.find("-----BEGIN CERTIFICATE-----")
    return text[start:].encode() if start >= 0 else None


def _of_another_key(certificate: x509.Certificate, account: NetSuiteAccount) -> Iterator[Finding]:
    try:
        key = load_pem_private_key(account.signing_key().encode(), password=None)
    except (ValueError, TypeError, OSError) as error:
        detail = f"The private key cannot be used ({type(error).__name__})."
        yield fail(
            CHECK, detail, "Set NETSUITE__PRIVATE_KEY_FILE or NETSUITE__PRIVATE_KEY to a PEM without a password."
        )
        return
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        detail = "The private key and the certificate do not belong together."
        yield fail(CHECK, detail, "Set NETSUITE__PRIVATE_KEY_FILE and NETSUITE__CERTIFICATE_FILE to the same pair.")


def _age(certificate: x509.Certificate, now: datetime) -> Finding:
    ends = min(certificate.not_valid_after_utc, certificate.not_valid_before_utc + LONGEST)
    day = f"{ends:%Y-%m-%d}"
    if ends <= now:
        return fail(CHECK, f"It expired on {day}: NetSuite gives no token for it.", RENEW)
    if ends - now <= SOON:
        return warn(CHECK, f"It expires on {day}, in {(ends - now).days} days.", RENEW)
    return ok(CHECK, f"It is good until {day}, {(ends - now).days} days from now.")
