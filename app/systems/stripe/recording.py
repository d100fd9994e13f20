"""Stripe for a dry run: reads for real, writes down what would be written, and answers as Stripe would."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.core.interfaces import Clock, Params, Stripe
from app.core.origins import origins_of
from app.core.preview import Written
from app.origin import forgotten
from app.systems.stripe import objects as st
from app.systems.stripe import parse

PREFIX = "preview-"
# What an object shows again under the name it is written with.
_SHOWN = frozenset(
    """
    name business_name individual_name email phone description tax_exempt balance address shipping
    preferred_locales footer number collection_method auto_advance currency customer
    """.split()
)
_PARSED: Mapping[str, Callable[[Any], Any]] = {
    "address": parse.address,
    "shipping": parse.shipping,
    "preferred_locales": tuple,
}


class RecordingStripe:
    """`app.core.interfaces.Stripe`. Every write is added to `written`. New objects have ids like `preview-…`."""

    def __init__(self, gateway: Stripe, written: list[Written], clock: Clock | None = None) -> None:
        self._real = gateway
        self._clock = clock
        self.written = written
        self.account, self.livemode = gateway.account, gateway.livemode
        self._customers: dict[str, st.Customer] = {}
        self._invoices: dict[str, st.Invoice] = {}
        self._records: dict[str, st.PaymentRecord] = {}
        self._notes: dict[str, st.CreditNote] = {}

    # reads -------------------------------------------------------------------------------------------------

    def customer(self, customer_id: str, /) -> st.Customer:
        return self._customers.get(customer_id) or self._real.customer(customer_id)

    def invoice(self, invoice_id: str, /) -> st.Invoice:
        return self._invoices.get(invoice_id) or self._real.invoice(invoice_id)

    def invoice_payments(
        self, *, invoice: str | None = None, payment_intent: str | None = None
    ) -> Sequence[st.InvoicePayment]:
        if invoice is not None and invoice.startswith(PREFIX):
            return ()
        return self._real.invoice_payments(invoice=invoice, payment_intent=payment_intent)

    def invoice_payment(self, invoice_payment_id: str, /) -> st.InvoicePayment:
        return self._real.invoice_payment(invoice_payment_id)

    def charge(self, charge_id: str, /) -> st.Charge:
        return self._real.charge(charge_id)

    def payment_intent(self, payment_intent_id: str, /) -> st.PaymentIntent:
        return self._real.payment_intent(payment_intent_id)

    def refund(self, refund_id: str, /) -> st.Refund:
        return self._real.refund(refund_id)

    def refunds_of(self, charge_id: str, /) -> Sequence[st.Refund]:
        return self._real.refunds_of(charge_id)

    def refunds_since(self, since: datetime, /) -> Iterator[str]:
        return self._real.refunds_since(since)

    def credit_note(self, credit_note_id: str, /) -> st.CreditNote:
        return self._notes.get(credit_note_id) or self._real.credit_note(credit_note_id)

    def credit_notes_of(self, invoice_id: str, /) -> Sequence[st.CreditNote]:
        kept = () if invoice_id.startswith(PREFIX) else self._real.credit_notes_of(invoice_id)
        changed = [self._notes.get(note.id, note) for note in kept]
        new = [note for note in self._notes.values() if note.id.startswith(PREFIX) and note.invoice == invoice_id]
        return (*changed, *new)

    def credit_notes_since(self, since: datetime, /) -> Iterator[str]:
        return self._real.credit_notes_since(since)

    def dispute(self, dispute_id: str, /) -> st.Dispute:
        return self._real.dispute(dispute_id)

    def disputes_of(self, charge_id: str, /) -> Sequence[st.Dispute]:
        return self._real.disputes_of(charge_id)

    def disputes_since(self, since: datetime, /) -> Iterator[str]:
        return self._real.disputes_since(since)

    def charges_since(self, since: datetime, /) -> Iterator[str]:
        return self._real.charges_since(since)

    def charges_of(self, *, customer: str, created_since: datetime) -> Iterator[st.Charge]:
        if customer.startswith(PREFIX):
            return iter(())
        return self._real.charges_of(customer=customer, created_since=created_since)

    def payout(self, payout_id: str, /) -> st.Payout:
        return self._real.payout(payout_id)

    def payouts_since(self, since: datetime, /) -> Iterator[str]:
        return self._real.payouts_since(since)

    def balance_transaction(self, balance_transaction_id: str, /) -> st.BalanceTransaction:
        return self._real.balance_transaction(balance_transaction_id)

    def balance_transactions(
        self, *, payout: str | None = None, created_since: datetime | None = None, currency: str | None = None
    ) -> Iterator[st.BalanceTransaction]:
        return self._real.balance_transactions(payout=payout, created_since=created_since, currency=currency)

    def movements(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[st.BalanceTransaction]:
        return self._real.movements(since=since, until=until)

    def payouts(self, since: datetime | None = None, /) -> Iterator[st.Payout]:
        return self._real.payouts(since)

    def balance(self) -> Sequence[st.BalanceOf]:
        return self._real.balance()

    def price(self, price_id: str, /) -> st.Price:
        return self._real.price(price_id)

    def tax_rate(self, tax_rate_id: str, /) -> st.TaxRate:
        return self._real.tax_rate(tax_rate_id)

    def login_page_url(self) -> str | None:
        return self._real.login_page_url()

    def customers_with_email(self, email: str, /) -> Sequence[st.Customer]:
        return self._real.customers_with_email(email)

    def product_metadata(self, product_id: str, /) -> Mapping[str, str]:
        return self._real.product_metadata(product_id)

    def customers_matching(self, field: str, value: str, /) -> Sequence[st.Customer]:
        return self._real.customers_matching(field, value)

    def customers_marked(self, key: str, value: str, /) -> Sequence[st.Customer]:
        return self._real.customers_marked(key, value)

    def invoices_of(self, customer: str, /, *, created_since: datetime | None = None) -> Iterator[st.Invoice]:
        if customer.startswith(PREFIX):
            return iter(())
        return self._real.invoices_of(customer, created_since=created_since)

    def customers_since(self, since: datetime, /) -> Iterator[str]:
        return self._real.customers_since(since)

    def invoices_since(self, since: datetime, /) -> Iterator[str]:
        return self._real.invoices_since(since)

    def events_since(self, since: datetime, /, *, types: Sequence[str] = ()) -> Iterator[st.EventHead]:
        return self._real.events_since(since, types=types)

    # writes ------------------------------------------------------------------------------------------------

    def create_customer(self, params: Params, /, *, of: str) -> st.Customer:
        self._write("create_customer", of, params)
        body = {"id": self._new_id("customer"), "livemode": self.livemode, "created": int(self._now().timestamp())}
        return self._keep_customer(parse.customer({**body, **_without_writes(params)}))

    def update_customer(self, customer_id: str, params: Params, /) -> st.Customer:
        self._write("update_customer", customer_id, params)
        return self._keep_customer(_updated(self.customer(customer_id), params))

    def add_tax_id(self, customer_id: str, params: Params, /) -> None:
        self._write("add_tax_id", customer_id, params)

    def create_invoice(self, params: Params, /, *, of: str) -> st.Invoice:
        self._write("create_invoice", of, params)
        revised = params.get("from_invoice")
        origin = self.invoice(revised["invoice"]) if revised else None
        return self._keep_invoice(self._draft(params, origin))

    def add_invoice_lines(self, invoice_id: str, lines: Sequence[Params], /) -> st.Invoice:
        self._write("add_invoice_lines", invoice_id, {"lines": list(lines)})
        draft = self.invoice(invoice_id)
        first = len(draft.lines)
        made = [self._line(draft, first + place, params) for place, params in enumerate(lines)]
        return self._keep_invoice(_with_sums(replace(draft, lines=(*draft.lines, *made))))

    def update_invoice(self, invoice_id: str, params: Params, /) -> st.Invoice:
        self._write("update_invoice", invoice_id, params)
        return self._keep_invoice(_updated(self.invoice(invoice_id), params))

    def finalize_invoice(self, invoice_id: str, /) -> st.Invoice:
        draft = self._keep_invoice(self.invoice(invoice_id))
        if draft.from_invoice:
            origin = self.invoice(draft.from_invoice.invoice)
            self._keep_invoice(replace(origin, status="void", voided_at=self._now(), latest_revision=draft.id))
        reached = "open" if draft.amount_due > 0 else "paid"
        return self._step("finalize_invoice", invoice_id, status=reached, finalized_at=self._now())

    def send_invoice(self, invoice_id: str, /) -> st.Invoice:
        return self._step("send_invoice", invoice_id)

    def delete_draft_invoice(self, invoice_id: str, /) -> None:
        self._write("delete_draft_invoice", invoice_id, {})
        self._invoices.pop(invoice_id, None)

    def void_invoice(self, invoice_id: str, /) -> st.Invoice:
        return self._step("void_invoice", invoice_id, status="void", voided_at=self._now())

    def mark_invoice_uncollectible(self, invoice_id: str, /) -> st.Invoice:
        at = self._now()
        return self._step("mark_invoice_uncollectible", invoice_id, status="uncollectible", marked_uncollectible_at=at)

    def pay_invoice_out_of_band(self, invoice_id: str, /) -> st.Invoice:
        due = self._keep_invoice(self.invoice(invoice_id)).amount_due
        return self._step(
            "pay_invoice_out_of_band",
            invoice_id,
            status="paid",
            paid_at=self._now(),
            amount_paid=due,
            amount_remaining=0,
            amount_paid_off_stripe=due,
        )

    def revise_invoice(self, invoice_id: str, params: Params, /, *, of: str) -> st.Invoice:
        self._write("revise_invoice", of, {**params, "from_invoice": {"action": "revision", "invoice": invoice_id}})
        origin = self._keep_invoice(self.invoice(invoice_id))
        return self._keep_invoice(self._draft(params, replace(origin, lines=())))

    def create_credit_note(self, params: Params, /, *, of: str) -> st.CreditNote:
        """Shipping, and the shares of discounts and taxes, are Stripe's to reckon: `amount` is taken at its word."""
        self._write("create_credit_note", of, params)
        note = _note(self._new_id("credit_note"), params, self.invoice(params["invoice"]), self._now())
        self._notes[note.id] = note
        return note

    def void_credit_note(self, credit_note_id: str, /) -> st.CreditNote:
        self._write("void_credit_note", credit_note_id, {})
        self._notes[credit_note_id] = replace(self.credit_note(credit_note_id), status="void", voided_at=self._now())
        return self._notes[credit_note_id]

    def report_payment(self, params: Params, /, *, of: str) -> st.PaymentRecord:
        self._write("report_payment", of, params)
        asked, marks = params["amount_requested"], params.get("metadata") or {}
        made = st.PaymentRecord(
            id=self._new_id("payment_record"),
            amount=asked["value"],
            currency=asked["currency"],
            created=self._now(),
            metadata=dict(marks),
        )
        self._records[made.id] = made
        return made

    def attach_payment(self, invoice_id: str, payment_record_id: str, /) -> st.Invoice:
        record = self._records.get(payment_record_id)
        before = self.invoice(invoice_id)
        paid = min(record.amount if record else 0, before.amount_remaining)
        left = before.amount_remaining - paid
        self._write("attach_payment", invoice_id, {"payment_record": payment_record_id})
        return self._keep_invoice(
            replace(
                before,
                amount_paid=before.amount_paid + paid,
                amount_remaining=left,
                amount_paid_off_stripe=(before.amount_paid_off_stripe or 0) + paid,
                status="paid" if not left else before.status,
            )
        )

    def update_metadata(self, object_type: str, object_id: str, metadata: Mapping[str, str], /) -> None:
        self._write(f"update_{object_type}_metadata", object_id, {"metadata": dict(metadata)})

    def portal_url(self, customer_id: str, /, *, return_url: str | None = None) -> str:
        self._write("create_portal_session", customer_id, {"return_url": return_url} if return_url else {})
        return f"https://billing.stripe.com/{PREFIX}{customer_id}"

    # how ---------------------------------------------------------------------------------------------------

    def _write(self, operation: str, subject: str, params: Params) -> None:
        self.written.append(Written("stripe", operation, subject, forgotten(dict(params)), origins_of(params)))

    def _new_id(self, kind: str) -> str:
        return f"{PREFIX}{kind}-{len(self.written)}"

    def _now(self) -> datetime:
        return self._clock.now() if self._clock else datetime.now(UTC)

    def _keep_customer(self, customer: st.Customer) -> st.Customer:
        self._customers[customer.id] = customer
        return customer

    def _keep_invoice(self, invoice: st.Invoice) -> st.Invoice:
        self._invoices[invoice.id] = invoice
        return invoice

    def _step(self, operation: str, invoice_id: str, **changed: Any) -> st.Invoice:
        self._write(operation, invoice_id, {})
        return self._keep_invoice(replace(self.invoice(invoice_id), **changed))

    def _draft(self, params: Params, origin: st.Invoice | None) -> st.Invoice:
        """A revision starts as a copy of the invoice that it revises."""
        draft = st.Invoice(
            id=self._new_id("invoice"),
            status="draft",
            currency=origin.currency if origin else "",
            customer=origin.customer if origin else None,
            livemode=self.livemode,
            created=self._now(),
            lines=origin.lines if origin else (),
            metadata=origin.metadata if origin else {},
            from_invoice=st.FromInvoice(action="revision", invoice=origin.id) if origin else None,
            total=0,
            subtotal=0,
            amount_due=0,
            amount_paid=0,
            amount_remaining=0,
        )
        return _with_sums(_updated(draft, {k: v for k, v in params.items() if k != "from_invoice"}))

    def _line(self, draft: st.Invoice, place: int, params: Params) -> st.InvoiceLine:
        price, product, unit_amount = self._priced(params)
        quantity = Decimal(str(params.get("quantity_decimal", params.get("quantity", 1))))
        amount = params["amount"] if "amount" in params else _whole(unit_amount * quantity)
        discounts = tuple(st.DiscountAmount(**given) for given in params.get("discount_amounts", ()))
        return st.InvoiceLine(
            id=f"{draft.id}-line-{place + 1}",
            amount=amount,
            currency=draft.currency,
            subtotal=amount,
            description=params.get("description"),
            quantity=quantity,
            unit_amount=unit_amount,
            price=price,
            product=product,
            discount_amounts=discounts,
            taxes=tuple(self._taxes(params, amount)),
            metadata=dict(params.get("metadata") or {}),
        )

    def _priced(self, params: Params) -> tuple[str | None, str | None, Decimal]:
        """Price, product, unit amount."""
        if "pricing" in params:
            price = self.price(params["pricing"]["price"])
            return price.id, price.product, price.unit_amount or Decimal(0)
        given = params.get("price_data", params)
        amount = given.get("unit_amount_decimal", given.get("unit_amount", params.get("amount", 0)))
        return None, given.get("product"), Decimal(str(amount))

    def _taxes(self, params: Params, amount: int) -> Iterator[st.Tax]:
        for given in params.get("tax_amounts") or ():
            inclusive = given["tax_rate_data"]["inclusive"]
            yield st.Tax(
                amount=given["amount"],
                behavior="inclusive" if inclusive else "exclusive",
                taxable_amount=given["taxable_amount"],
            )
        for rate_id in params.get("tax_rates") or ():
            yield _taxed(self.tax_rate(rate_id), amount)


def _taxed(rate: st.TaxRate, amount: int) -> st.Tax:
    """As Stripe reckons one rate on one line: half up to the minor unit."""
    share = rate.percentage / 100
    tax = amount * share / (1 + share) if rate.inclusive else amount * share
    return st.Tax(
        amount=_whole(tax),
        behavior="inclusive" if rate.inclusive else "exclusive",
        rate=rate.id,
        percentage=rate.percentage,
        taxable_amount=amount,
    )


def _as_is(value: Any) -> Any:
    return value


def _whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _with_sums(draft: st.Invoice) -> st.Invoice:
    """The totals that follow from the lines; a customer's credit balance is not foreseen."""
    subtotal = sum(line.amount for line in draft.lines)
    discount = sum(line.discount for line in draft.lines)
    taxes = tuple(tax for line in draft.lines for tax in line.taxes)
    added = sum(tax.amount for tax in taxes if not tax.inclusive)
    total = subtotal - discount + added
    return replace(
        draft,
        subtotal=subtotal,
        total=total,
        total_excluding_tax=total - sum(tax.amount for tax in taxes),
        total_taxes=taxes,
        amount_due=max(total, 0),
        amount_remaining=max(total, 0),
    )


def _without_writes(params: Params) -> dict[str, Any]:
    """What a customer shows of the params it was made with; `''` means unset."""
    shown = {name: None if value == "" else value for name, value in params.items()}
    shown.pop("tax_id_data", None)
    return shown


def _updated(before: Any, params: Params) -> Any:
    """A copy with the params that the object shows under the same name; metadata is merged, `''` unsets."""
    shown = {
        name: None if value == "" else _PARSED.get(name, _as_is)(value)
        for name, value in params.items()
        if name in _SHOWN and hasattr(before, name)
    }
    metadata = {**before.metadata, **(params.get("metadata") or {})}
    return replace(before, **shown, metadata={key: value for key, value in metadata.items() if value != ""})


def _note(note_id: str, params: Params, invoice: st.Invoice, now: datetime) -> st.CreditNote:
    lines = tuple(_note_line(f"{note_id}-line-{n + 1}", given) for n, given in enumerate(params.get("lines") or ()))
    total = params.get("amount") or sum(line.amount for line in lines)
    before = min(total, invoice.amount_remaining)
    return st.CreditNote(
        id=note_id,
        number=f"{invoice.number}-{PREFIX}CN",
        status="issued",
        type="mixed" if 0 < before < total else "pre_payment" if before else "post_payment",
        invoice=invoice.id,
        currency=invoice.currency,
        customer=invoice.customer,
        total=total,
        subtotal=total,
        amount=total,
        created=now,
        pre_payment_amount=before,
        post_payment_amount=total - before,
        out_of_band_amount=params.get("out_of_band_amount") or 0,
        customer_balance_amount=params.get("credit_amount") or 0,
        lines=lines,
        reason=params.get("reason"),
        memo=params.get("memo"),
        metadata=dict(params.get("metadata") or {}),
    )


def _note_line(line_id: str, given: Params) -> st.CreditNoteLine:
    unit = Decimal(str(given.get("unit_amount_decimal", given.get("unit_amount", 0))))
    return st.CreditNoteLine(
        id=line_id,
        amount=given["amount"] if "amount" in given else _whole(unit * given.get("quantity", 1)),
        type=given["type"],
        description=given.get("description"),
        invoice_line_item=given.get("invoice_line_item"),
        quantity=given.get("quantity"),
        metadata=dict(given.get("metadata") or {}),
    )
