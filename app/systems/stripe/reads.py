"""What the gateway asks Stripe for. Every object comes whole: listings inside it are paged to their end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.systems.stripe import objects as st
from app.systems.stripe import parse
from app.systems.stripe.calls import Calls

EVENTS_KEPT = timedelta(days=30)  # docs.stripe.com/api/events: older ones are not listed
TYPES_PER_LISTING = 20
WITH_PAYMENTS = {"expand": ["payments", "amount_paid_off_stripe"]}  # neither comes unless asked for
CUSTOMER_EVENTS = (
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "customer.tax_id.created",
    "customer.tax_id.updated",
    "customer.tax_id.deleted",
)
INVOICE_EVENTS = (
    "invoice.finalized",
    "invoice.updated",
    "invoice.paid",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "invoice.deleted",
    "invoice.overpaid",
    "invoice.payment_failed",
    "invoice_payment.paid",
)
REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed")
WITH_MOVEMENTS = ("balance_transaction", "failure_balance_transaction")
CREDIT_NOTE_EVENTS = ("credit_note.created", "credit_note.updated", "credit_note.voided")
WITH_BALANCE = {"expand": ["customer_balance_transaction"]}
DISPUTE_EVENTS = (
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)


CHARGE_EVENTS = (
    "charge.succeeded",
    "charge.captured",
    "charge.updated",
    "charge.failed",
    "charge.refunded",
)


PAYOUT_EVENTS = (
    "payout.created",
    "payout.updated",
    "payout.paid",
    "payout.reconciliation_completed",
    "payout.failed",
    "payout.canceled",
)


class Reads(Calls):
    def customer(self, customer_id: str, /) -> st.Customer:
        asked = {"expand": ["tax_ids"]}
        return parse.customer(self._call("customer_retrieve", lambda: self._v1.customers.retrieve(customer_id, asked)))

    def invoice(self, invoice_id: str, /) -> st.Invoice:
        return self._whole(self._now(invoice_id))

    def invoice_payments(
        self, *, invoice: str | None = None, payment_intent: str | None = None
    ) -> Sequence[st.InvoicePayment]:
        """By invoice, or by the PaymentIntent that pays, which may pay several. Stripe has no filter by charge."""
        asked: dict[str, Any] = {"invoice": invoice} if invoice else {}
        if payment_intent:
            asked["payment"] = {"type": "payment_intent", "payment_intent": payment_intent}
        if not asked:
            raise ValueError("invoice_payments needs an invoice or a payment_intent")
        found = self._all("invoice_payment_list", self._v1.invoice_payments.list, asked)
        return tuple(parse.invoice_payment(data) for data in found)

    def invoice_payment(self, invoice_payment_id: str, /) -> st.InvoicePayment:
        retrieve = self._v1.invoice_payments.retrieve
        return parse.invoice_payment(self._call("invoice_payment_retrieve", lambda: retrieve(invoice_payment_id)))

    def charge(self, charge_id: str, /) -> st.Charge:
        asked = {"expand": ["balance_transaction"]}
        return parse.charge(self._call("charge_retrieve", lambda: self._v1.charges.retrieve(charge_id, asked)))

    def payment_intent(self, payment_intent_id: str, /) -> st.PaymentIntent:
        asked = {"expand": ["latest_charge.balance_transaction"]}
        return parse.payment_intent(
            self._call(
                "payment_intent_retrieve",
                lambda: self._v1.payment_intents.retrieve(payment_intent_id, asked),
            )
        )

    def refund(self, refund_id: str, /) -> st.Refund:
        asked = {"expand": list(WITH_MOVEMENTS)}
        return parse.refund(self._call("refund_retrieve", lambda: self._v1.refunds.retrieve(refund_id, asked)))

    def refunds_of(self, charge_id: str, /) -> Sequence[st.Refund]:
        asked = {"charge": charge_id, "expand": [f"data.{name}" for name in WITH_MOVEMENTS]}
        found = self._all("refund_list", self._v1.refunds.list, asked)
        return tuple(reversed([parse.refund(data) for data in found]))

    def refunds_since(self, since: datetime, /) -> Iterator[str]:
        created = self._all("refund_list", self._v1.refunds.list, {"created": {"gte": since}})
        yield from _each_once(
            (data["id"] for data in created),
            (_named(event, "refund") for event in self._events(since, REFUND_EVENTS)),
        )

    def credit_note(self, credit_note_id: str, /) -> st.CreditNote:
        return self._whole_note(self._note_now(credit_note_id))

    def credit_notes_of(self, invoice_id: str, /) -> Sequence[st.CreditNote]:
        asked = {"invoice": invoice_id, "expand": ["data.customer_balance_transaction"]}
        found = self._all("credit_note_list", self._v1.credit_notes.list, asked)
        return tuple(reversed([self._whole_note(data) for data in found]))

    def credit_notes_since(self, since: datetime, /) -> Iterator[str]:
        created = self._all("credit_note_list", self._v1.credit_notes.list, {"created": {"gte": since}})
        yield from _each_once(
            (data["id"] for data in created),
            (_named(event, "credit_note") for event in self._events(since, CREDIT_NOTE_EVENTS)),
        )

    def dispute(self, dispute_id: str, /) -> st.Dispute:
        return parse.dispute(self._call("dispute_retrieve", lambda: self._v1.disputes.retrieve(dispute_id)))

    def disputes_of(self, charge_id: str, /) -> Sequence[st.Dispute]:
        found = self._all("dispute_list", self._v1.disputes.list, {"charge": charge_id})
        return tuple(reversed([parse.dispute(data) for data in found]))

    def disputes_since(self, since: datetime, /) -> Iterator[str]:
        created = self._all("dispute_list", self._v1.disputes.list, {"created": {"gte": since}})
        yield from _each_once(
            (data["id"] for data in created),
            (_named(event, "dispute") for event in self._events(since, DISPUTE_EVENTS)),
        )

    def charges_since(self, since: datetime, /) -> Iterator[str]:
        created = self._all("charge_list", self._v1.charges.list, {"created": {"gte": since}})
        yield from _each_once(
            (data["id"] for data in created),
            (_named(event, "charge") for event in self._events(since, CHARGE_EVENTS)),
        )

    def charges_of(self, *, customer: str, created_since: datetime) -> Iterator[st.Charge]:
        asked = {"customer": customer, "created": {"gte": created_since}, "expand": ["data.balance_transaction"]}
        for data in self._all("charge_list", self._v1.charges.list, asked):
            yield parse.charge(data)

    def payout(self, payout_id: str, /) -> st.Payout:
        asked = {"expand": ["balance_transaction", "failure_balance_transaction"]}
        return parse.payout(self._call("payout_retrieve", lambda: self._v1.payouts.retrieve(payout_id, asked)))

    def payouts_since(self, since: datetime, /) -> Iterator[str]:
        created = self._all("payout_list", self._v1.payouts.list, {"created": {"gte": since}})
        yield from _each_once(
            (data["id"] for data in created),
            (_named(event, "payout") for event in self._events(since, PAYOUT_EVENTS)),
        )

    def balance_transaction(self, balance_transaction_id: str, /) -> st.BalanceTransaction:
        retrieve = self._v1.balance_transactions.retrieve
        found = self._call("balance_transaction_retrieve", lambda: retrieve(balance_transaction_id))
        return parse.balance_transaction(found)

    def balance_transactions(
        self, *, payout: str | None = None, created_since: datetime | None = None, currency: str | None = None
    ) -> Iterator[st.BalanceTransaction]:
        asked: dict[str, Any] = {"payout": payout, "currency": currency}
        asked = {name: value for name, value in asked.items() if value}
        if created_since is not None:
            asked["created"] = {"gte": created_since}
        # Stripe lists the newest first
        found = list(self._all("balance_transaction_list", self._v1.balance_transactions.list, asked))
        return (parse.balance_transaction(data) for data in reversed(found))

    def movements(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[st.BalanceTransaction]:
        within = {name: at for name, at in (("gte", since), ("lte", until)) if at is not None}
        asked = {"created": within} if within else {}
        found = self._all("balance_transaction_list", self._v1.balance_transactions.list, asked)
        return (parse.balance_transaction(data) for data in found)

    def payouts(self, since: datetime | None = None, /) -> Iterator[st.Payout]:
        asked: dict[str, Any] = {"expand": [f"data.{name}" for name in WITH_MOVEMENTS]}
        if since is not None:
            asked["created"] = {"gte": since}
        return (parse.payout(data) for data in self._all("payout_list", self._v1.payouts.list, asked))

    def balance(self) -> Sequence[st.BalanceOf]:
        return parse.balance(self._call("balance_retrieve", self._v1.balance.retrieve))

    def price(self, price_id: str, /) -> st.Price:
        return parse.price(self._call("price_retrieve", lambda: self._v1.prices.retrieve(price_id)))

    def product_metadata(self, product_id: str, /) -> Mapping[str, str]:
        found = self._call("product_retrieve", lambda: self._v1.products.retrieve(product_id))
        return {str(key): str(value) for key, value in (found.get("metadata") or {}).items()}

    def tax_rate(self, tax_rate_id: str, /) -> st.TaxRate:
        return parse.tax_rate(self._call("tax_rate_retrieve", lambda: self._v1.tax_rates.retrieve(tax_rate_id)))

    def login_page_url(self) -> str | None:
        listing = self._v1.billing_portal.configurations.list
        asked = {"is_default": True, "active": True}
        for data in self._all("portal_configuration_list", listing, asked):
            return data["login_page"].get("url") if data["login_page"]["enabled"] else None
        return None

    def customers_with_email(self, email: str, /) -> Sequence[st.Customer]:
        found = self._all("customer_list", self._v1.customers.list, {"email": email})
        return tuple(parse.customer(data) for data in found)

    def customers_marked(self, key: str, value: str, /) -> Sequence[st.Customer]:
        return self._customers_found(f"metadata[{_quoted(key)}]:{_quoted(value)}")

    def customers_matching(self, field: str, value: str, /) -> Sequence[st.Customer]:
        return self._customers_found(f"{field}:{_quoted(value)}")

    def _customers_found(self, query: str) -> Sequence[st.Customer]:
        asked: dict[str, Any] = {"query": query, "limit": 100}
        found: list[st.Customer] = []
        while True:
            page = self._call("customer_search", lambda: self._v1.customers.search(asked))  # noqa: B023 - called at once
            found += [parse.customer(data) for data in page["data"]]
            if not page["has_more"]:
                return tuple(found)
            asked = {**asked, "page": page["next_page"]}

    def invoices_of(self, customer: str, /, *, created_since: datetime | None = None) -> Iterator[st.Invoice]:
        asked: dict[str, Any] = {"customer": customer}
        if created_since is not None:
            asked["created"] = {"gte": created_since}
        for data in self._all("invoice_list", self._v1.invoices.list, asked):
            yield parse.invoice(data)

    def customers_since(self, since: datetime, /) -> Iterator[str]:
        created = self._all("customer_list", self._v1.customers.list, {"created": {"gte": since}})
        yield from _each_once(
            (data["id"] for data in created),
            (_named(event, "customer") for event in self._events(since, CUSTOMER_EVENTS)),
        )

    def invoices_since(self, since: datetime, /) -> Iterator[str]:
        created = self._all("invoice_list", self._v1.invoices.list, {"created": {"gte": since}})
        yield from _each_once(
            (data["id"] for data in created),
            (_named(event, "invoice") for event in self._events(since, INVOICE_EVENTS)),
        )

    def events_since(self, since: datetime, /, *, types: Sequence[str] = ()) -> Iterator[st.EventHead]:
        # Stripe lists the newest first; what happens meanwhile is for the next sweep.
        heads = [parse.event_head(data) for data in self._events(since, types)]
        heads.reverse()
        yield from sorted(heads, key=lambda head: head.created)

    def _events(self, since: datetime, types: Sequence[str]) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {"created": {"gte": max(since, self.clock.now() - EVENTS_KEPT)}}
        for few in _few_at_a_time(types):
            yield from self._all("event_list", self._v1.events.list, {**asked, **few})

    def _now(self, invoice_id: str) -> dict[str, Any]:
        return self._call("invoice_retrieve", lambda: self._v1.invoices.retrieve(invoice_id, WITH_PAYMENTS))

    def _note_now(self, credit_note_id: str) -> dict[str, Any]:
        retrieve = self._v1.credit_notes.retrieve
        return self._call("credit_note_retrieve", lambda: retrieve(credit_note_id, WITH_BALANCE))

    def _whole_note(self, data: dict[str, Any]) -> st.CreditNote:
        """The body holds the first lines; the rest is paged on from there."""
        first = parse.credit_note_lines_of(data)
        if not data["lines"]["has_more"]:
            return parse.credit_note(data)
        rest = self._all(
            "credit_note_line_item_list",
            lambda asked: self._v1.credit_notes.line_items.list(data["id"], asked),
            {"starting_after": first[-1].id} if first else {},
        )
        return parse.credit_note(data, lines=(*first, *map(parse.credit_note_line, rest)))

    def _whole(self, data: dict[str, Any]) -> st.Invoice:
        return parse.invoice(data, lines=self._lines(data), payments=self._payments(data))

    def _lines(self, invoice: dict[str, Any]) -> Sequence[st.InvoiceLine]:
        """The body holds the first few; the rest is paged on from there."""
        first = parse.lines_of(invoice)
        if not invoice["lines"]["has_more"]:
            return first
        rest = self._all(
            "invoice_line_item_list",
            lambda asked: self._v1.invoices.line_items.list(invoice["id"], asked),
            {"starting_after": first[-1].id} if first else {},
        )
        return (*first, *(parse.invoice_line(data) for data in rest))

    def _payments(self, invoice: dict[str, Any]) -> Sequence[st.InvoicePayment]:
        listed = invoice.get("payments")
        if listed is None or listed["has_more"]:
            return self.invoice_payments(invoice=invoice["id"])
        return parse.payments_of(invoice)


def _few_at_a_time(types: Sequence[str]) -> Iterator[dict[str, Any]]:
    if not types:
        yield {}
    for start in range(0, len(types), TYPES_PER_LISTING):
        yield {"types": list(types[start : start + TYPES_PER_LISTING])}


def _named(event: dict[str, Any], kind: str) -> str | None:
    """The id of the `kind` of object that the event is about, or that its object belongs to."""
    concerned = event["data"]["object"]
    named = concerned.get("id") if concerned.get("object") == kind else concerned.get(kind)
    return named if named is None or isinstance(named, str) else str(named["id"])


def _each_once(*sources: Iterator[str | None]) -> Iterator[str]:
    seen: set[str | None] = {None}
    for source in sources:
        for found in source:
            if found is not None and found not in seen:
                seen.add(found)
                yield found


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
