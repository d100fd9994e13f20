"""Stripe's side of the tie-out: each object that NetSuite is to have, as it is to stand there.

Where accounting wants NetSuite to have it otherwise, it is said here in a sentence.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.demo.systems import Json, StripeSandbox
from app.demo.tie_out import (
    CHECKOUT,
    CUSTOMER,
    DISPUTE,
    DISPUTE_CREDIT,
    INVOICE,
    NEGATIVE,
    NOTE,
    OUTSIDE,
    PAYMENT,
    PAYOUT,
    REFUND,
    REFUND_CREDIT,
    REGAINED,
    RETURNED,
    REVERSAL,
    TRANSFER,
    WRITE_OFF,
    ZERO,
    Object,
    Side,
)
from app.money import from_minor

GONE = ("failed", "canceled")


@dataclass
class StripeBooks:
    """Read once, since the proof of the ledger looks at the same."""

    stripe: StripeSandbox
    invoices: list[Json] = field(default_factory=list)
    payments: list[Json] = field(default_factory=list)
    charges: list[Json] = field(default_factory=list)
    refunds: list[Json] = field(default_factory=list)
    notes: list[Json] = field(default_factory=list)
    disputes: list[Json] = field(default_factory=list)
    payouts: list[Json] = field(default_factory=list)
    movements: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        told = {"expand": ["data.amount_paid_off_stripe"]}
        self.invoices = [one for one in self.stripe.list("invoices", **told) if one["status"] != "draft"]
        self.payments = list(self.stripe.list("invoice_payments"))
        self.charges = [one for one in self.stripe.list("charges") if one["status"] == "succeeded"]
        self.refunds = list(self.stripe.list("refunds"))
        self.notes = list(self.stripe.list("credit_notes"))
        self.disputes = list(self.stripe.list("disputes"))
        self.payouts = list(self.stripe.list("payouts"))
        self.movements = list(self.stripe.list("balance_transactions"))

    def side(self) -> Side:
        return Side(
            (
                *(_customer(one) for one in self.stripe.list("customers")),
                *(made for one in self.invoices for made in self._invoice(one)),
                *(made for one in self.charges for made in self._charge(one)),
                *self._records(),
                *(made for one in self.refunds for made in self._refund(one)),
                *(_note(one) for one in self.notes),
                *(made for one in self.disputes for made in _dispute(one)),
                *(made for one in self.payouts for made in self._payout(one)),
            )
        )

    # sales -------------------------------------------------------------------------------------------------------

    def _invoice(self, found: Json) -> Iterator[Object]:
        """What has been given up is written off in NetSuite, so nothing of it is open there.

        What the customer's balance paid of it was taken off in NetSuite: it is a liability there, not a receivable.
        """
        if found.get("latest_revision") or found["total"] < 0:
            yield from () if found.get("latest_revision") else [_money(NEGATIVE, found["id"], found, 0)]
            return
        void, points_to = found["status"] == "void", _named(found, "netsuite_invoice_id")
        total = 0 if void else found["total"] - balance_applied(found)
        left = found["amount_remaining"] if found["status"] == "open" else 0
        page = (("hosted page", page_of(found["hosted_invoice_url"])),) if found["status"] == "open" else ()
        yield _money(INVOICE, found["id"], found, total, left, points_to=points_to, optional=void, facts=page)
        if found["status"] == "uncollectible":
            yield _money(WRITE_OFF, f"{found['id']}-uncollectible", found, found["amount_remaining"])
        if outside := found["amount_paid_off_stripe"] - sum(one["amount_paid"] for one in self._records_of(found)):
            points_to = _named(found, "netsuite_payment_id")
            yield _money(OUTSIDE, found["id"], found, outside, points_to=points_to)

    def _records_of(self, invoice: Json) -> list[Json]:
        """Its payments by payment record."""
        own = (one for one in self.payments if one["invoice"] == invoice["id"] and one["status"] == "paid")
        return [one for one in own if one["payment"]["type"] == "payment_record"]

    def _records(self) -> Iterator[Object]:
        for invoice in self.invoices:
            for one in self._records_of(invoice):
                record = self.stripe.get(f"payment_records/{one['payment']['payment_record']}")
                points_to = _named(record, "netsuite_payment_id")
                yield _money(OUTSIDE, one["id"], one, one["amount_paid"], points_to=points_to)

    def of_invoice(self, charge: Json) -> bool:
        intent = charge["payment_intent"]
        return any(one["payment"].get("payment_intent") == intent for one in self.payments)

    def _charge(self, found: Json) -> Iterator[Object]:
        yield _money(PAYMENT, found["id"], found, found["amount_captured"])
        if not self.of_invoice(found):
            yield _money(CHECKOUT, found["id"], found, found["amount_captured"])

    # afterwards ----------------------------------------------------------------------------------------------------

    def _refund(self, found: Json) -> Iterator[Object]:
        """A refund that failed leaves its credit memo open: the customer is still to get the money."""
        failed, amount = found["status"] in GONE, found["amount"]
        late = found["status"] != "succeeded"
        yield _money(REFUND, found["id"], found, 0 if failed else amount, optional=late)
        if found["id"] not in {one["refund"] for note in self.notes for one in note["refunds"]}:
            yield _money(REFUND_CREDIT, found["id"], found, amount, amount if failed else 0, optional=late)

    # payouts -------------------------------------------------------------------------------------------------------

    def _payout(self, found: Json) -> Iterator[Object]:
        """What came back was either reversed in NetSuite, or never posted.

        A deposit is never below zero: what the bank paid is a transfer beside it, as is a payout made by hand.
        """
        returned = found["status"] in GONE
        if found["status"] != "paid" and not returned:
            return
        own = next(one for one in self.movements if one["id"] == found["balance_transaction"])
        if found["automatic"]:
            yield _money(PAYOUT, found["id"], found, max(0, found["amount"]), optional=returned)
        if not found["automatic"] or found["amount"] < 0:
            yield _money(TRANSFER, found["id"], found, abs(own["net"]), optional=returned)
        if returned:
            yield _money(RETURNED, f"{found['id']}-reversal", found, found["amount"], optional=True)

    # by themselves ---------------------------------------------------------------------------------------------------

    def ways_paid(self) -> Counter[str]:
        """Successful payments by kind of payment method."""
        return Counter(one["payment_method_details"]["type"] for one in self.charges)

    def customer_balances(self) -> dict[str, Decimal]:
        """What Stripe keeps for its customers, by currency."""
        kept: Counter[str] = Counter()
        for one in self.stripe.list("customers"):
            if one["balance"]:
                kept[one["currency"]] -= one["balance"]
        return {currency.upper(): from_minor(amount, currency) for currency, amount in kept.items()}


def page_of(url: str | None) -> str:
    """Without what is only there for tracking."""
    return (url or "").partition("?")[0]


def balance_applied(invoice: Json) -> int:
    """What the customer's balance paid of it."""
    before, after = invoice["starting_balance"], invoice["ending_balance"]
    return 0 if after is None or invoice["total"] < 0 else int(after - before)


def _customer(found: Json) -> Object:
    facts = (*((what, found[what] or "") for what in ("name", "email", "phone")), ("portal link", "written"))
    return Object(CUSTOMER, found["id"], points_to=_named(found, "netsuite_customer_id"), facts=facts)


def _note(found: Json) -> Object:
    """What it gives to the customer's balance is moved on to a liability: its credit memo is that much smaller."""
    void = found["status"] == "void"
    refunded = sum(one["amount_refunded"] for one in found["refunds"])
    to_balance = found["post_payment_amount"] - refunded - (found["out_of_band_amount"] or 0)
    amount = 0 if void else found["total"] - to_balance
    return _money(NOTE, found["id"], found, amount, points_to=_named(found, "netsuite_credit_memo_id"), optional=void)


def _dispute(found: Json) -> Iterator[Object]:
    """One withdrawal is a loss; what comes back is that loss regained."""
    for one in found["balance_transactions"]:
        amount = abs(one["amount"]) if one["currency"] == found["currency"] else found["amount"]
        for type in (DISPUTE, DISPUTE_CREDIT) if one["amount"] < 0 else (REVERSAL, REGAINED):
            yield _money(type, one["id"], found, amount)


def _money(type: str, id: str, found: Json, amount: int, open: int = 0, **more: Any) -> Object:
    currency = found["currency"]
    left = from_minor(open, currency) if open else ZERO
    return Object(type, id, currency.upper(), from_minor(amount, currency), left, **more)


def _named(found: Json, key: str) -> frozenset[str]:
    return frozenset({found["metadata"][key]} if key in found["metadata"] else ())
