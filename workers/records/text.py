"""Texts cut to what the other system takes."""

from typing import Any

from app.core.interfaces import Ledger


def cut(text: str | None, longest: int) -> str | None:
    """None for what is empty."""
    stripped = (text or "").strip()
    return stripped[:longest].rstrip() or None


def cut_with_note(to: Ledger[Any], what: str, text: str | None, longest: int) -> str | None:
    short = cut(text, longest)
    if short is not None and len((text or "").strip()) > longest:
        to.note(f"The {what} is longer than the {longest} characters that fit, and was cut.")
    return short
