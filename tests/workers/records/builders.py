"""Stripe objects for the mappings' tests: only what the test names differs from the plainest one."""

from datetime import UTC, datetime
from typing import Any

from app.core.config import Books
from app.systems.stripe import objects as st
from workers.records.invoice import Rules

NOW = datetime(2026, 8, 20, 14, 30, tzinfo=UTC)
ITEMS = {"default": "10", "discount": "16", "tax": "14", "shipping": "15", "balance": "18"}


def line(amount: int, **given: Any) -> st.InvoiceLine:
    return st.InvoiceLine(**{"id": "il_1", "amount": amount, "currency": "usd", "description": "Licence", **given})


def tax(amount: int, *, inclusive: bool = False, **given: Any) -> st.Tax:
    return st.Tax(amount=amount, behavior="inclusive" if inclusive else "exclusive", **{"rate": "txr_1", **given})


def discount(amount: int, name: str = "di_1") -> tuple[st.DiscountAmount, ...]:
    return (st.DiscountAmount(amount=amount, discount=name),)


def invoice(total: int, *lines: st.InvoiceLine, **given: Any) -> st.Invoice:
    plain = {
        "id": "in_1",
        "status": "open",
        "currency": "usd",
        "customer": "cus_1",
        "total": total,
        "subtotal": total,
        "amount_due": max(total, 0),
        "amount_paid": 0,
        "amount_remaining": max(total, 0),
        "created": NOW,
        "number": "A-1",
        "lines": lines,
    }
    return st.Invoice(**{**plain, **given})


def rules(*, tax_mode: str = "line", items: dict[str, Any] | None = None, **given: Any) -> Rules:
    books = Books.model_validate({"items": ITEMS if items is None else items, "tax_mode": tax_mode})
    return Rules(books=books, account="main", **given)
