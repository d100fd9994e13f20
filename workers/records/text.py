"""Texts cut to what the other system takes."""

from typing import Any

from app.core.interfaces import Ledger


def cut(text: str | None, longest: int) -> str | None:
    """None for what is empty; the very text where nothing has to be cut."""
    short = (text or "").strip()[:longest].rstrip()
    return text if text and short == text else short or None


def cut_with_note(to: Ledger[Any], what: str, text: str | None, longest: int) -> str | None:
    short = cut(text, longest)
    if short is not None and len((text or "").strip()) > longest:
        to.note(f"The {what} is longer than the {longest} characters that fit, and was cut.")
    return short


def same_text(one: str | None, other: str | None) -> bool:
    """In any case and spacing; what is empty is the same as nothing."""
    if not one or not other:
        return False
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def same_phone(one: str | None, other: str | None) -> bool:
    """By their digits; a country code may be missing on one side, of numbers that are long enough."""
    short, long = sorted((digits(one), digits(other)), key=len)
    return bool(short) and (short == long or (len(short) >= 9 and long.endswith(short.lstrip("0"))))


def digits(text: str | None) -> str:
    return "".join(character for character in text or "" if character in "0123456789")
