"""Passwords: what they have to be, and their argon2id hashes."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 200

hasher = PasswordHasher()
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$+d9NBaWpK2Chn83uYXZswQ$IXODOTBdqYB+ZNTh7F57qkC7ibP905AedKdrsXcsuJI"
"""Of no password: so that an unknown account takes as long to refuse as a known one."""


class Unfit(ValueError):
    """The sentence says what a password has to be."""


def hashed(password: str, *, email: str) -> str:
    """Raises Unfit."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Unfit(f"A password has {SHORTEST} to {LONGEST} characters: a few words of your own will do.")
    if password.casefold() in (email.casefold(), email.casefold().partition("@")[0]):
        raise Unfit("The password may not be the e-mail address.")
    if len(set(password)) < 5:
        raise Unfit("This password is too easy to guess: take a few words of your own.")
    return hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Takes its time also when there is no hash."""
    try:
        return hasher.verify(stored or _NOBODYS, password[: LONGEST + 1]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than those of now."""
    return hasher.check_needs_rehash(stored)
