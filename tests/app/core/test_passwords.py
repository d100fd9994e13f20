import pytest

from app.core import passwords
from app.core.passwords import Unfit

WHO = "ada@example.com"


def test_a_hash_is_argon2id_and_matches_its_password_only() -> None:
    stored = passwords.hashed("four quiet green ledgers", email=WHO)
    assert stored.startswith("$argon2id$")
    assert passwords.matches(stored, "four quiet green ledgers")
    assert not passwords.matches(stored, "four quiet green ledger")


@pytest.mark.parametrize("stored", [None, "", "not a hash"])
def test_nothing_matches_what_is_no_hash(stored: str | None) -> None:
    assert not passwords.matches(stored, "four quiet green ledgers")


@pytest.mark.parametrize("password", ["short", "x" * 201, "abababababab", WHO, "ADA@example.com"])
def test_unfit_passwords_are_refused(password: str) -> None:
    with pytest.raises(Unfit):
        passwords.hashed(password, email=WHO)
