"""What a Stripe invoice says of itself, as custom fields of its NetSuite invoice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal, get_args

from app.core.fingerprint import fingerprint
from app.core.interfaces import Ledger
from app.core.links import Link
from app.money import from_minor
from app.systems.stripe import objects as st
from workers.records.dates import local_day, zone_of
from workers.records.hosted_url import page_of
from workers.records.text import cut

Detail = Literal[
    "stripe_id",
    "number",
    "status",
    "hosted_url",
    "pdf_url",
    "due_date",
    "amount_due",
    "amount_paid",
    "amount_remaining",
    "charge",
    "last_error",
    "next_attempt",
]
ALL: tuple[Detail, ...] = get_args(Detail)
FIELD: Mapping[str, str] = {
    "stripe_id": "invoice_stripe_id",
    "number": "invoice_stripe_number",
    "status": "invoice_stripe_status",
    "pdf_url": "invoice_pdf_url",
    "charge": "payment_charge_id",
}
"""Detail -> setting under `fields`; the others are called `invoice_<detail>`."""
ERROR_LENGTH = 300
MEMO_LENGTH = 999
PO_LENGTH = 45
HASH_LENGTH = 12


@dataclass(frozen=True)
class Said:
    """A value, and what tells whether it is another one than before when the value itself does not."""

    field: str
    value: str | None
    mark: str

    @property
    def known_by(self) -> str:
        return fingerprint({"field": self.field, "mark": self.mark})[:HASH_LENGTH]


def details(source: st.Invoice, link: Link, wanted: tuple[str, ...], to: Ledger[Any]) -> dict[str, Said]:
    """One further call to Stripe at most, for the payment."""
    values = {**of_invoice(source, zone_of(to, link.facts.get("subsidiary"))), **of_page(source, link, to)}
    if {"charge", "last_error"} & {*wanted}:
        values |= of_payment(source, to)
    found = {}
    for name in wanted:
        value, mark = values[name]
        found[name] = Said(field_of(name, to), value, mark)
    return found


def field_of(name: str, to: Ledger[Any]) -> str:
    return str(getattr(to.config.fields, FIELD.get(name, f"invoice_{name}")))


Values = dict[str, tuple[str | None, str]]


def of_invoice(source: st.Invoice, zone: tzinfo) -> Values:
    attempt = source.next_payment_attempt
    said = {
        "stripe_id": source.id,
        "number": source.number,
        "status": source.status,
        "due_date": f"{local_day(source.due_date, zone)}" if source.due_date else None,
        "amount_due": f"{from_minor(source.amount_due, source.currency):f}",
        "amount_paid": f"{from_minor(source.amount_paid, source.currency):f}",
        "amount_remaining": f"{from_minor(source.amount_remaining, source.currency):f}",
        "next_attempt": f"{attempt.astimezone(zone):%Y-%m-%d %H:%M}" if attempt else None,
    }
    return {name: (value, f"{value}") for name, value in said.items()}


def of_page(source: st.Invoice, link: Link, to: Ledger[Any]) -> Values:
    """Stripe may spell its addresses anew each time; they are other ones when they are good for longer."""
    page = page_of(source, link, to)
    mark = f"until {page.expires}" if page.expires else f"{page.url}"
    return {"hosted_url": (page.url, mark), "pdf_url": (source.invoice_pdf, f"{source.invoice_pdf is None} {mark}")}


def of_payment(source: st.Invoice, to: Ledger[Any]) -> Values:
    """Of the payment that paid, else of the one that is to pay."""
    charge, error = None, None
    paid = [one for one in source.payments if one.status == "paid"]
    payment = next(iter(paid), None) or next((one for one in source.payments if one.is_default), None)
    if payment is not None and payment.payment_intent is not None:
        intent = to.stripe.payment_intent(payment.payment_intent)
        charge = intent.latest_charge.id if intent.latest_charge else None
        error = cut(intent.last_payment_error, ERROR_LENGTH) if source.status != "paid" else None
    elif payment is not None:
        charge = payment.charge
    return {"charge": (charge, f"{charge}"), "last_error": (error, f"{error}")}


def po_number(source: st.Invoice, name: str | None) -> str | None:
    """From the custom field of this name on the Stripe invoice, else from its metadata."""
    return cut(source.custom_fields.get(name) or source.metadata.get(name), PO_LENGTH) if name else None
