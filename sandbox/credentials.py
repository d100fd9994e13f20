"""The sandbox's credentials: made at first use, kept in a folder only its owner can read, never in the repository."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DEFAULT_FOLDER = Path(".tieout/sandbox")
NETSUITE_ACCOUNT_ID = "TSTDRV1234567"

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Credentials:
    """All secrets of one sandbox; the key pairs are PEM files in `folder`."""

    folder: Path
    stripe_account_id: str
    stripe_api_key: str
    stripe_webhook_secret: str
    netsuite_account_id: str
    netsuite_client_id: str
    netsuite_certificate_id: str
    netsuite_rsa_certificate_id: str
    netsuite_consumer_key: str
    netsuite_consumer_secret: str
    netsuite_token_id: str
    netsuite_token_secret: str
    netsuite_callback_secret: str

    @property
    def netsuite_private_key_file(self) -> Path:
        """EC P-256, for client assertions signed with ES256."""
        return self.folder / "netsuite_ec.key.pem"

    @property
    def netsuite_certificate_file(self) -> Path:
        return self.folder / "netsuite_ec.cert.pem"

    @property
    def netsuite_rsa_private_key_file(self) -> Path:
        """RSA 3072, for client assertions signed with PS256."""
        return self.folder / "netsuite_rsa.key.pem"

    @property
    def netsuite_rsa_certificate_file(self) -> Path:
        return self.folder / "netsuite_rsa.cert.pem"

    @classmethod
    def load(cls, folder: Path | str = DEFAULT_FOLDER) -> Credentials:
        """Those kept in `folder`, made there first if there are none."""
        folder = Path(folder).absolute()
        kept = folder / "credentials.json"
        if not kept.exists():
            _make(folder, kept)
        return cls(folder=folder, **json.loads(kept.read_text()))


def env_lines(
    credentials: Credentials,
    stripe_url: str = "http://127.0.0.1:4242",
    netsuite_url: str = "http://127.0.0.1:4343",
) -> dict[str, str]:
    """The environment that connects a Tieout to this sandbox."""
    return _stripe_lines(credentials, stripe_url) | _netsuite_lines(credentials, netsuite_url)


def _stripe_lines(credentials: Credentials, url: str) -> dict[str, str]:
    return {
        "STRIPE__MAIN__API_KEY": credentials.stripe_api_key,
        "STRIPE__MAIN__WEBHOOK_SECRETS": credentials.stripe_webhook_secret,
        "STRIPE__MAIN__API_BASE": url,
        "STRIPE__MAIN__LIVEMODE": "false",
    }


def _netsuite_lines(credentials: Credentials, url: str) -> dict[str, str]:
    return {
        "NETSUITE__ACCOUNT_ID": credentials.netsuite_account_id,
        "NETSUITE__API_BASE": url,
        "NETSUITE__RESTLET_BASE": url,
        "NETSUITE__AUTH": "oauth2",
        "NETSUITE__CLIENT_ID": credentials.netsuite_client_id,
        "NETSUITE__CERTIFICATE_ID": credentials.netsuite_certificate_id,
        "NETSUITE__PRIVATE_KEY_FILE": str(credentials.netsuite_private_key_file),
        "NETSUITE__CERTIFICATE_FILE": str(credentials.netsuite_certificate_file),
        "NETSUITE__CONSUMER_KEY": credentials.netsuite_consumer_key,
        "NETSUITE__CONSUMER_SECRET": credentials.netsuite_consumer_secret,
        "NETSUITE__TOKEN_ID": credentials.netsuite_token_id,
        "NETSUITE__TOKEN_SECRET": credentials.netsuite_token_secret,
        "NETSUITE__CONCURRENCY": "5",
        "NETSUITE__CALLBACK_SECRETS": credentials.netsuite_callback_secret,
    }


def _make(folder: Path, kept: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = _minted(folder)
    _key_pair(made.netsuite_private_key_file, made.netsuite_certificate_file, ec.generate_private_key(ec.SECP256R1()))
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    _key_pair(made.netsuite_rsa_private_key_file, made.netsuite_rsa_certificate_file, rsa_key)
    fields = {name: value for name, value in asdict(made).items() if name != "folder"}
    _write_private(kept, json.dumps(fields, indent=2).encode())


def _minted(folder: Path) -> Credentials:
    return Credentials(
        folder=folder,
        stripe_account_id=f"acct_1{_word(15)}",
        stripe_api_key=f"sk_test_{_word(40)}",
        stripe_webhook_secret=f"whsec_{_word(32)}",
        netsuite_account_id=NETSUITE_ACCOUNT_ID,
        netsuite_client_id=secrets.token_hex(32),
        netsuite_certificate_id=f"ec_{_word(40)}",
        netsuite_rsa_certificate_id=f"rsa_{_word(40)}",
        netsuite_consumer_key=secrets.token_hex(32),
        netsuite_consumer_secret=secrets.token_hex(32),
        netsuite_token_id=secrets.token_hex(32),
        netsuite_token_secret=secrets.token_hex(32),
        netsuite_callback_secret=secrets.token_urlsafe(32),
    )


def _word(length: int) -> str:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _key_pair(key_file: Path, certificate_file: Path, key: PrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_private(key_file, pem)
    _write_private(certificate_file, _certificate(key).public_bytes(serialization.Encoding.PEM))


def _certificate(key: PrivateKey) -> x509.Certificate:
    # NetSuite takes certificates of at most two years
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tieout sandbox")])
    made_at = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(made_at - timedelta(days=1)).not_valid_after(made_at + timedelta(days=729))
    return builder.sign(key, hashes.SHA256())


def _write_private(path: Path, content: bytes) -> None:
    """Written beside and moved into place, so that a second process never reads half of it."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    beside.replace(path)
