"""A Stripe refund: its charge, the invoices and credit notes it belongs to, and whether it is in NetSuite.

Refunds and credit notes share it: a refund is posted once, under one external id, whichever of the two is first.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from app.core.fingerprint import fingerprint
from app.core.flow import Options
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Skipped
from app.money import from_minor
from app.systems.stripe import objects as st
from workers.records import conditions, dates
from workers.records.charged import charged
from workers.records.dates import Posting

KEY = "stripe_refund_to_netsuite"
"""The flow whose options hold for every refund, also for those that credit notes bring along."""
GONE = ("failed", "canceled")

To = Ledger[Any]


class RefundToNetSuite(Options):
    partial: Literal["proportional", "first_line", "item"] = Field(
        "proportional",
        description="A part of an invoice is given back as a share of each line, on its first line's item, or on "
        "`items.partial_refund`.",
    )
    pending: Literal["wait", "post"] = Field(
        "wait",
        description="A refund on its way waits until Stripe says it arrived, or is posted when it leaves the balance.",
    )
    failed: Literal["void", "delete"] = Field(
        "void", description="The customer refund of a refund that failed is voided (by our RESTlet), or deleted."
    )
    write_back: bool = Field(
        False, description="Write the NetSuite ids of the customer refund and the credit memo into the metadata."
    )


@dataclass(frozen=True)
class Noted:
    """What of a refund a credit note speaks for, in minor units."""

    id: str
    number: str
    amount: int


@dataclass(frozen=True)
class Refunded:
    """A refund with its charge, the Stripe invoices that the charge paid, and the credit notes it belongs to."""

    refund: st.Refund
    charge: st.Charge
    invoices: tuple[str, ...] = ()
    notes: tuple[Noted, ...] = ()

    @property
    def noted(self) -> int:
        return sum(note.amount for note in self.notes)

    @property
    def what(self) -> str:
        return f"Refund {self.refund.id}"


def options_of(to: To) -> RefundToNetSuite:
    kept = to.config.flows.get(KEY)
    return RefundToNetSuite.model_validate(kept.options if kept else {})


def refunded(to: To, refund_id: str) -> Refunded:
    refund = to.stripe.refund(refund_id)
    if refund.charge is None:
        raise Skipped("The refund is not of a charge; it moved no money that NetSuite knows of.", code="no_charge")
    charge = to.stripe.charge(refund.charge)
    invoices = invoices_of(charge, to)
    return Refunded(refund, charge, invoices, tuple(note for one in invoices for note in notes_of(refund.id, one, to)))


def invoices_of(charge: st.Charge, to: To) -> tuple[str, ...]:
    if charge.payment_intent is None:
        return ()
    payments = to.stripe.invoice_payments(payment_intent=charge.payment_intent)
    return tuple(dict.fromkeys(one.invoice for one in reversed(payments) if one.status == "paid"))


def notes_of(refund_id: str, invoice: str, to: To) -> list[Noted]:
    issued = [note for note in to.stripe.credit_notes_of(invoice) if note.status == "issued"]
    return [
        Noted(note.id, note.number, part.amount) for note in issued for part in note.refunds if part.refund == refund_id
    ]


def view(source: Refunded) -> dict[str, Any]:
    """What was posted: when this is unchanged there is nothing to do."""
    notes = {note.id: note.amount for note in source.notes}
    return {"amount": source.refund.amount, "currency": source.refund.currency, "notes": notes}


def posted(refund_id: str, to: To) -> Link | None:
    """What the refund became: a customer refund, or a cash refund."""
    return to.links.of_stripe(refund_id, "crf") or to.links.of_stripe(refund_id, "cr")


def is_posted(source: Refunded, to: To) -> bool:
    link = posted(source.refund.id, to)
    return link is not None and link.current and link.stripe_fingerprint == fingerprint(view(source))


def has_arrived(refund: st.Refund, to: To) -> bool:
    left = refund.status == "pending" and refund.balance_transaction is not None
    return refund.status == "succeeded" or (left and options_of(to).pending == "post")


def after_start(source: Refunded, to: To) -> None:
    """Raises Skipped or Held for refunds of older charges, unless the charge is in NetSuite all the same."""
    conditions.after_start(source.refund.created.date(), source.what, to, "customerRefund")
    if charged(source.charge.id, to) is None:
        conditions.of_older(source.charge.created.date(), source.what, to)


# what all its records carry -------------------------------------------------------------------------------------


def money(source: Refunded, amount: int) -> Decimal:
    return from_minor(amount, source.refund.currency)


def posted_on(source: Refunded, record_type: str, there: Link | None, subsidiary: str | None, to: To) -> Posting:
    return dates.posted_on(source.refund.created, record_type, there, subsidiary, to)


def custom_of(source: Refunded, day: Posting, to: To) -> dict[str, Any]:
    fields = to.config.fields
    return {fields.transaction_stripe_id: source.refund.id} | day.custom(fields.original_date)
