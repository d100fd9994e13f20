"""Credentials that are made once and kept to oneself."""

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.credentials import Credentials, env_lines


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return Credentials.load(tmp_path_factory.mktemp("kept") / "sandbox")


def test_they_are_the_same_the_second_time(credentials: Credentials) -> None:
    assert Credentials.load(credentials.folder) == credentials


def test_every_file_is_for_its_owner_only(credentials: Credentials) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in credentials.folder.iterdir()} == {0o600}


def test_the_folder_is_for_its_owner_only(credentials: Credentials) -> None:
    assert stat.S_IMODE(credentials.folder.stat().st_mode) == 0o700


def test_no_two_secrets_are_alike(credentials: Credentials) -> None:
    values = [value for name, value in vars(credentials).items() if name != "folder"]
    assert len(set(values)) == len(values)


def _key(path: Path) -> object:
    return serialization.load_pem_private_key(path.read_bytes(), None)


def test_the_certificate_is_that_of_the_p256_key(credentials: Credentials) -> None:
    key = _key(credentials.netsuite_private_key_file)
    certificate = x509.load_pem_x509_certificate(credentials.netsuite_certificate_file.read_bytes())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert certificate.public_key() == key.public_key()


def test_the_rsa_key_has_3072_bits(credentials: Credentials) -> None:
    key = _key(credentials.netsuite_rsa_private_key_file)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 3072


def test_the_environment_names_what_connects_a_tieout(credentials: Credentials) -> None:
    lines = env_lines(credentials, "http://127.0.0.1:1", "http://127.0.0.1:2")
    assert lines == {
        "STRIPE__MAIN__API_KEY": credentials.stripe_api_key,
        "STRIPE__MAIN__WEBHOOK_SECRETS": credentials.stripe_webhook_secret,
        "STRIPE__MAIN__API_BASE": "http://127.0.0.1:1",
        "STRIPE__MAIN__LIVEMODE": "false",
        "NETSUITE__ACCOUNT_ID": "TSTDRV1234567",
        "NETSUITE__API_BASE": "http://127.0.0.1:2",
        "NETSUITE__RESTLET_BASE": "http://127.0.0.1:2",
        "NETSUITE__AUTH": "oauth2",
        "NETSUITE__CLIENT_ID": credentials.netsuite_client_id,
        "NETSUITE__CERTIFICATE_ID": credentials.netsuite_certificate_id,
        "NETSUITE__PRIVATE_KEY_FILE": str(credentials.folder / "netsuite_ec.key.pem"),
        "NETSUITE__CERTIFICATE_FILE": str(credentials.folder / "netsuite_ec.cert.pem"),
        "NETSUITE__CONSUMER_KEY": credentials.netsuite_consumer_key,
        "NETSUITE__CONSUMER_SECRET": credentials.netsuite_consumer_secret,
        "NETSUITE__TOKEN_ID": credentials.netsuite_token_id,
        "NETSUITE__TOKEN_SECRET": credentials.netsuite_token_secret,
        "NETSUITE__CONCURRENCY": "5",
        "NETSUITE__CALLBACK_SECRETS": credentials.netsuite_callback_secret,
    }
