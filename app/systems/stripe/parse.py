"""Stripe's JSON (API version 2026-10-28.endive) -> the dataclasses of `objects`. Unknown fields are passed over.

Every field read here is checked by a test against the annotations of the `stripe` package.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.systems.stripe import objects as st

Json = Mapping[str, Any]


def customer(data: Json) -> st.Customer:
    if data.get("deleted"):
        return st.Customer(id=data["id"], deleted=True)
    return st.Customer(
        id=data["id"],
        livemode=data["livemode"],
        created=_time(data["created"]),
        name=data.get("name"),
        business_name=data.get("business_name"),
        individual_name=data.get("individual_name"),
        email=data.get("email"),
        phone=data.get("phone"),
        description=data.get("description"),
        address=address(data.get("address")),
        shipping=shipping(data.get("shipping")),
        currency=data.get("currency"),
        balance=data.get("balance") or 0,
        tax_exempt=data.get("tax_exempt"),
        preferred_locales=tuple(data.get("preferred_locales") or ()),
        tax_ids=tuple(tax_id(given) for given in _listed(data.get("tax_ids"))),
        metadata=_metadata(data),
    )


def tax_id(data: Json) -> st.TaxId:
    return st.TaxId(id=data["id"], type=data["type"], value=data["value"], country=data.get("country"))


def invoice(
    data: Json,
    lines: Sequence[st.InvoiceLine] | None = None,
    payments: Sequence[st.InvoicePayment] | None = None,
) -> st.Invoice:
    """`lines` and `payments`: all of them, fetched beside; without them what is in the body, marked incomplete."""
    passed = data.get("status_transitions") or {}
    return st.Invoice(
        id=data["id"],
        status=data.get("status"),
        complete=lines is not None and payments is not None,
        livemode=data["livemode"],
        number=data.get("number"),
        created=_moment(data["created"]),
        currency=data["currency"],
        customer=_id(data.get("customer")),
        customer_name=data.get("customer_name"),
        customer_email=data.get("customer_email"),
        customer_phone=data.get("customer_phone"),
        customer_address=address(data.get("customer_address")),
        customer_shipping=shipping(data.get("customer_shipping")),
        total=data["total"],
        subtotal=data["subtotal"],
        total_excluding_tax=data.get("total_excluding_tax"),
        amount_due=data["amount_due"],
        amount_paid=data["amount_paid"],
        amount_remaining=data["amount_remaining"],
        amount_overpaid=data.get("amount_overpaid") or 0,
        amount_paid_off_stripe=data.get("amount_paid_off_stripe"),
        pre_payment_credit_notes_amount=data.get("pre_payment_credit_notes_amount") or 0,
        post_payment_credit_notes_amount=data.get("post_payment_credit_notes_amount") or 0,
        starting_balance=data.get("starting_balance") or 0,
        ending_balance=data.get("ending_balance"),
        lines=tuple(lines_of(data) if lines is None else lines),
        payments=tuple(payments_of(data) if payments is None else payments),
        total_taxes=_taxes(data.get("total_taxes")),
        total_discount_amounts=_discounts(data.get("total_discount_amounts")),
        shipping_cost=_shipping_cost(data.get("shipping_cost")),
        period=st.Period(start=_moment(data["period_start"]), end=_moment(data["period_end"])),
        due_date=_time(data.get("due_date")),
        effective_at=_time(data.get("effective_at")),
        finalized_at=_time(passed.get("finalized_at")),
        paid_at=_time(passed.get("paid_at")),
        voided_at=_time(passed.get("voided_at")),
        marked_uncollectible_at=_time(passed.get("marked_uncollectible_at")),
        next_payment_attempt=_time(data.get("next_payment_attempt")),
        last_finalization_error=_message(data.get("last_finalization_error")),
        description=data.get("description"),
        footer=data.get("footer"),
        custom_fields={shown["name"]: shown["value"] for shown in data.get("custom_fields") or ()},
        billing_reason=data.get("billing_reason"),
        collection_method=data.get("collection_method"),
        auto_advance=bool(data.get("auto_advance")),
        hosted_invoice_url=data.get("hosted_invoice_url"),
        invoice_pdf=data.get("invoice_pdf"),
        parent=_invoice_parent(data.get("parent")),
        latest_revision=_id(data.get("latest_revision")),
        from_invoice=_from_invoice(data.get("from_invoice")),
        metadata=_metadata(data),
    )


def lines_of(data: Json) -> tuple[st.InvoiceLine, ...]:
    return tuple(invoice_line(line) for line in _listed(data.get("lines")))


def payments_of(data: Json) -> tuple[st.InvoicePayment, ...]:
    return tuple(invoice_payment(payment) for payment in _listed(data.get("payments")))


def invoice_line(data: Json) -> st.InvoiceLine:
    pricing = data.get("pricing") or {}
    priced = pricing.get("price_details") or {}
    parent = data.get("parent") or {}
    origin = parent.get("subscription_item_details") or {}
    origin_item = parent.get("invoice_item_details") or {}
    return st.InvoiceLine(
        id=data["id"],
        amount=data["amount"],
        currency=data["currency"],
        subtotal=data["subtotal"],
        description=data.get("description"),
        quantity=_quantity(data),
        unit_amount=_decimal(pricing.get("unit_amount_decimal")),
        price=_id(priced.get("price")),
        product=_id(priced.get("product")),
        proration=bool(origin.get("proration") or origin_item.get("proration")),
        proration_invoice=_credited_invoice(origin) or _credited_invoice(origin_item),
        period=_period(data.get("period")),
        discount_amounts=_discounts(data.get("discount_amounts")),
        taxes=_taxes(data.get("taxes")),
        subscription=_id(data.get("subscription")) or origin.get("subscription") or origin_item.get("subscription"),
        subscription_item=origin.get("subscription_item"),
        invoice_item=origin_item.get("invoice_item") or origin.get("invoice_item"),
        metadata=_metadata(data),
    )


def invoice_payment(data: Json) -> st.InvoicePayment:
    payment = data["payment"]
    return st.InvoicePayment(
        id=data["id"],
        invoice=_required_id(data["invoice"]),
        amount_paid=data.get("amount_paid"),
        amount_requested=data["amount_requested"],
        currency=data["currency"],
        status=data["status"],
        is_default=data["is_default"],
        payment_type=payment["type"],
        payment_intent=_id(payment.get("payment_intent")),
        charge=_id(payment.get("charge")),
        payment_record=_id(payment.get("payment_record")),
        created=_time(data.get("created")),
        paid_at=_time((data.get("status_transitions") or {}).get("paid_at")),
        livemode=data["livemode"],
    )


def charge(data: Json) -> st.Charge:
    """With `balance_transaction` expanded; without, it is None in the result though there may be one."""
    return st.Charge(
        id=data["id"],
        amount=data["amount"],
        currency=data["currency"],
        status=data["status"],
        created=_moment(data["created"]),
        amount_captured=data["amount_captured"],
        amount_refunded=data["amount_refunded"],
        captured=data["captured"],
        paid=data["paid"],
        refunded=data["refunded"],
        disputed=data["disputed"],
        livemode=data["livemode"],
        customer=_id(data.get("customer")),
        payment_intent=_id(data.get("payment_intent")),
        payment_method_type=(data.get("payment_method_details") or {}).get("type"),
        description=data.get("description"),
        billing_details=_billing_details(data.get("billing_details") or {}),
        balance_transaction=_expanded(data.get("balance_transaction"), balance_transaction),
        failure_balance_transaction=_id(data.get("failure_balance_transaction")),
        failure_code=data.get("failure_code"),
        failure_message=data.get("failure_message"),
        receipt_email=data.get("receipt_email"),
        receipt_url=data.get("receipt_url"),
        metadata=_metadata(data),
    )


def payment_intent(data: Json) -> st.PaymentIntent:
    return st.PaymentIntent(
        id=data["id"],
        amount=data["amount"],
        currency=data["currency"],
        status=data["status"],
        created=_moment(data["created"]),
        amount_received=data.get("amount_received") or 0,
        livemode=data["livemode"],
        customer=_id(data.get("customer")),
        description=data.get("description"),
        latest_charge=_expanded(data.get("latest_charge"), charge),
        last_payment_error=_message(data.get("last_payment_error")),
        receipt_email=data.get("receipt_email"),
        metadata=_metadata(data),
    )


def balance_transaction(data: Json) -> st.BalanceTransaction:
    return st.BalanceTransaction(
        id=data["id"],
        amount=data["amount"],
        currency=data["currency"],
        fee=data["fee"],
        net=data["net"],
        type=data["type"],
        reporting_category=data["reporting_category"],
        created=_moment(data["created"]),
        available_on=_moment(data["available_on"]),
        status=data.get("status"),
        source=_id(data.get("source")),
        exchange_rate=_decimal(data.get("exchange_rate")),
        description=data.get("description"),
        fee_details=tuple(_fee(part) for part in data.get("fee_details") or ()),
    )


def dispute(data: Json) -> st.Dispute:
    """`balance_transactions` come whole, without being asked for."""
    return st.Dispute(
        id=data["id"],
        amount=data["amount"],
        currency=data["currency"],
        status=data["status"],
        reason=data["reason"],
        charge=_required_id(data["charge"]),
        created=_moment(data["created"]),
        payment_intent=_id(data.get("payment_intent")),
        balance_transactions=tuple(
            sorted(map(balance_transaction, data.get("balance_transactions") or ()), key=lambda one: one.created)
        ),
        is_charge_refundable=data["is_charge_refundable"],
        livemode=data["livemode"],
        metadata=_metadata(data),
    )


def refund(data: Json) -> st.Refund:
    """With both balance transactions expanded; without, they are None in the result though there may be some."""
    return st.Refund(
        id=data["id"],
        amount=data["amount"],
        currency=data["currency"],
        status=data.get("status"),
        created=_moment(data["created"]),
        charge=_id(data.get("charge")),
        payment_intent=_id(data.get("payment_intent")),
        customer=_id(data.get("customer")),
        reason=data.get("reason"),
        failure_reason=data.get("failure_reason"),
        balance_transaction=_expanded(data.get("balance_transaction"), balance_transaction),
        failure_balance_transaction=_expanded(data.get("failure_balance_transaction"), balance_transaction),
        receipt_number=data.get("receipt_number"),
        metadata=_metadata(data),
    )


def credit_note(data: Json, *, lines: Sequence[st.CreditNoteLine] | None = None) -> st.CreditNote:
    """With `customer_balance_transaction` expanded. `lines`: all of them, where the body has the first few only."""
    moved = data.get("customer_balance_transaction")
    return st.CreditNote(
        id=data["id"],
        number=data["number"],
        status=data["status"],
        type=data["type"],
        invoice=_required_id(data["invoice"]),
        currency=data["currency"],
        total=data["total"],
        subtotal=data["subtotal"],
        created=_moment(data["created"]),
        customer=_id(data.get("customer")),
        amount=data["amount"],
        pre_payment_amount=data["pre_payment_amount"],
        post_payment_amount=data["post_payment_amount"],
        out_of_band_amount=data.get("out_of_band_amount") or 0,
        customer_balance_transaction=_id(moved),
        customer_balance_amount=-moved["amount"] if isinstance(moved, Mapping) else 0,
        refunds=tuple(_credit_note_refund(given) for given in data.get("refunds") or ()),
        lines=credit_note_lines_of(data) if lines is None else tuple(lines),
        total_taxes=_taxes(data.get("total_taxes")),
        discount_amount=data["discount_amount"],
        discount_amounts=_discounts(data.get("discount_amounts")),
        shipping_cost=_shipping_cost(data.get("shipping_cost")),
        effective_at=_time(data.get("effective_at")),
        voided_at=_time(data.get("voided_at")),
        reason=data.get("reason"),
        memo=data.get("memo"),
        pdf=data.get("pdf"),
        livemode=data["livemode"],
        metadata=_metadata(data),
    )


def credit_note_lines_of(data: Json) -> tuple[st.CreditNoteLine, ...]:
    return tuple(credit_note_line(line) for line in _listed(data.get("lines")))


def credit_note_line(data: Json) -> st.CreditNoteLine:
    return st.CreditNoteLine(
        id=data["id"],
        amount=data["amount"],
        type=data["type"],
        description=data.get("description"),
        invoice_line_item=data.get("invoice_line_item"),
        quantity=data.get("quantity"),
        discount_amount=data["discount_amount"],
        discount_amounts=_discounts(data.get("discount_amounts")),
        taxes=_taxes(data.get("taxes")),
        metadata=_metadata(data),
    )


def _credit_note_refund(data: Json) -> st.CreditNoteRefund:
    outside = data.get("payment_record_refund") or {}
    return st.CreditNoteRefund(
        amount=data["amount_refunded"],
        type=data.get("type") or "refund",
        refund=_id(data.get("refund")),
        payment_record=outside.get("payment_record"),
    )


def payment_record(data: Json) -> st.PaymentRecord:
    asked = data["amount_requested"]
    return st.PaymentRecord(
        id=data["id"],
        amount=asked["value"],
        currency=asked["currency"],
        created=_moment(data["created"]),
        metadata=_metadata(data),
    )


def payout(data: Json) -> st.Payout:
    return st.Payout(
        id=data["id"],
        amount=data["amount"],
        currency=data["currency"],
        status=data["status"],
        automatic=data["automatic"],
        method=data["method"],
        type=data["type"],
        created=_moment(data["created"]),
        arrival_date=_moment(data["arrival_date"]),
        reconciliation_status=data["reconciliation_status"],
        destination=_id(data.get("destination")),
        balance_transaction=_expanded(data.get("balance_transaction"), balance_transaction),
        failure_balance_transaction=_expanded(data.get("failure_balance_transaction"), balance_transaction),
        failure_code=data.get("failure_code"),
        failure_message=data.get("failure_message"),
        original_payout=_id(data.get("original_payout")),
        reversed_by=_id(data.get("reversed_by")),
        trace_id=(data.get("trace_id") or {}).get("value"),
        statement_descriptor=data.get("statement_descriptor"),
        description=data.get("description"),
        livemode=data["livemode"],
        metadata=_metadata(data),
    )


def balance(data: Json) -> tuple[st.BalanceOf, ...]:
    sums = {name: {part["currency"]: part["amount"] for part in data[name]} for name in ("available", "pending")}
    return tuple(
        st.BalanceOf(
            currency=currency, available=sums["available"].get(currency, 0), pending=sums["pending"].get(currency, 0)
        )
        for currency in sorted({*sums["available"], *sums["pending"]})
    )


def price(data: Json) -> st.Price:
    return st.Price(
        id=data["id"],
        product=_required_id(data["product"]),
        currency=data["currency"],
        unit_amount=_decimal(data.get("unit_amount_decimal")),
    )


def tax_rate(data: Json) -> st.TaxRate:
    return st.TaxRate(
        id=data["id"],
        percentage=Decimal(str(data["percentage"])),
        inclusive=data["inclusive"],
        display_name=data["display_name"],
        jurisdiction=data.get("jurisdiction"),
    )


def event_head(data: Json) -> st.EventHead:
    """Of an event that the API listed; those are always snapshots."""
    concerned = data["data"]["object"]
    return st.EventHead(
        id=data["id"],
        type=data["type"],
        kind="snapshot",
        object_id=concerned.get("id"),
        object_type=concerned.get("object"),
        created=_moment(data["created"]),
        livemode=data["livemode"],
        api_version=data.get("api_version"),
        context=data.get("account") or data.get("context"),
        idempotency_key=(data.get("request") or {}).get("idempotency_key"),
    )


def _id(value: Any) -> str | None:
    """Of an id, or of the object where it was expanded."""
    return value if value is None or isinstance(value, str) else str(value["id"])


def _required_id(value: Any) -> str:
    return value if isinstance(value, str) else str(value["id"])


def _expanded(value: Any, parse: Any) -> Any:
    return parse(value) if isinstance(value, Mapping) else None


def _listed(value: Any) -> Sequence[Json]:
    return () if value is None else value["data"]


def _metadata(data: Json) -> dict[str, str]:
    return dict(data.get("metadata") or {})


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)


def _decimal(value: Any) -> Decimal | None:
    # exchange_rate is a JSON number; str() gives back the digits that Stripe sent, Decimal(float) would not.
    return None if value is None else Decimal(str(value))


def _quantity(line: Json) -> Decimal | None:
    # `quantity` is cut to a whole number when `quantity_decimal` has decimals.
    precise = _decimal(line.get("quantity_decimal"))
    return _decimal(line.get("quantity")) if precise is None else precise


def _message(error: Json | None) -> str | None:
    return None if error is None else error.get("message")


def address(data: Json | None) -> st.Address | None:
    if data is None:
        return None
    return st.Address(
        line1=data.get("line1"),
        line2=data.get("line2"),
        city=data.get("city"),
        state=data.get("state"),
        postal_code=data.get("postal_code"),
        country=data.get("country"),
    )


def shipping(data: Json | None) -> st.Shipping | None:
    if data is None:
        return None
    return st.Shipping(name=data.get("name"), phone=data.get("phone"), address=address(data.get("address")))


def _billing_details(data: Json) -> st.BillingDetails:
    return st.BillingDetails(
        name=data.get("name"),
        email=data.get("email"),
        phone=data.get("phone"),
        address=address(data.get("address")),
    )


def _period(data: Json | None) -> st.Period | None:
    return None if data is None else st.Period(start=_moment(data["start"]), end=_moment(data["end"]))


def _discounts(data: Sequence[Json] | None) -> tuple[st.DiscountAmount, ...]:
    return tuple(st.DiscountAmount(amount=given["amount"], discount=_id(given.get("discount"))) for given in data or ())


def _taxes(data: Sequence[Json] | None) -> tuple[st.Tax, ...]:
    return tuple(_tax(given) for given in data or ())


def _tax(data: Json) -> st.Tax:
    return st.Tax(
        amount=data["amount"],
        behavior=data["tax_behavior"],
        rate=_id((data.get("tax_rate_details") or {}).get("tax_rate")),
        taxable_amount=data.get("taxable_amount"),
        taxability_reason=data.get("taxability_reason"),
    )


def _shipping_cost(data: Json | None) -> st.ShippingCost | None:
    if data is None:
        return None
    return st.ShippingCost(
        amount_subtotal=data["amount_subtotal"],
        amount_tax=data["amount_tax"],
        amount_total=data["amount_total"],
        shipping_rate=_id(data.get("shipping_rate")),
        taxes=tuple(_shipping_tax(given) for given in data.get("taxes") or ()),
    )


def _shipping_tax(data: Json) -> st.Tax:
    """Here, unlike on lines, Stripe sends the rate as a whole object."""
    rate = tax_rate(data["rate"])
    return st.Tax(
        amount=data["amount"],
        behavior="inclusive" if rate.inclusive else "exclusive",
        rate=rate.id,
        percentage=rate.percentage,
        taxable_amount=data.get("taxable_amount"),
        taxability_reason=data.get("taxability_reason"),
    )


def _invoice_parent(data: Json | None) -> st.InvoiceParent | None:
    if data is None:
        return None
    by_subscription = data.get("subscription_details") or {}
    by_quote = data.get("quote_details") or {}
    return st.InvoiceParent(
        type=data["type"],
        subscription=_id(by_subscription.get("subscription")),
        quote=by_quote.get("quote"),
        metadata=_metadata(by_subscription),
    )


def _from_invoice(data: Json | None) -> st.FromInvoice | None:
    if data is None:
        return None
    return st.FromInvoice(action=data["action"], invoice=_required_id(data["invoice"]))


def _credited_invoice(origin: Json) -> str | None:
    details = origin.get("proration_details") or {}
    return (details.get("credited_items") or {}).get("invoice")


def _fee(data: Json) -> st.Fee:
    return st.Fee(
        amount=data["amount"],
        currency=data["currency"],
        type=data["type"],
        description=data.get("description"),
    )
