"""Every object has the fields the `stripe` package gives it: none that it doesn't know, all that it requires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, get_args, get_origin

import httpx
import pytest
import stripe

from tests.sandbox.stripe.conftest import Invoicing

Client = stripe.StripeClient
Making = Callable[[Client, Invoicing], Any]


def _paid_invoice(client: Client, invoicing: Invoicing) -> stripe.Invoice:
    rate = client.v1.tax_rates.create({"display_name": "VAT", "inclusive": False, "percentage": 19.5})
    coupon = client.v1.coupons.create({"percent_off": 10})
    shipping = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "usd"}}
    opened = invoicing.open(
        1000,
        500,
        default_tax_rates=[rate.id],
        discounts=[{"coupon": coupon.id}],
        shipping_cost={"shipping_rate_data": shipping},
        custom_fields=[{"name": "PO", "value": "7"}],
    )
    expand = ["payments", "discounts", "amount_paid_off_stripe", "customer.tax_ids"]
    return client.v1.invoices.pay(opened.id, {"payment_method": "pm_card_visa", "expand": expand})


def _charge(client: Client, method: str) -> stripe.Charge:
    intent = client.v1.payment_intents.create(
        {"amount": 900, "currency": "usd", "payment_method": method, "confirm": True}
    )
    return client.v1.charges.retrieve(str(intent.latest_charge), {"expand": ["balance_transaction", "payment_intent"]})


def _dispute(client: Client) -> stripe.Dispute:
    _charge(client, "pm_card_createDispute")
    return client.v1.disputes.list({"expand": ["data.charge", "data.payment_intent"]}).data[0]


def _declined(client: Client) -> stripe.PaymentIntent:
    intent = client.v1.payment_intents.create({"amount": 900, "currency": "usd"})
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"})
    return client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})


def _record(client: Client) -> stripe.PaymentRecord:
    return client.v1.payment_records.report_payment(
        {
            "amount_requested": {"currency": "usd", "value": 100},
            "payment_method_details": {"type": "custom", "custom": {"display_name": "NetSuite"}},
            "initiated_at": 1_790_000_000,
            "outcome": "guaranteed",
            "guaranteed": {"guaranteed_at": 1_790_000_000},
        }
    )


def _price(client: Client) -> stripe.Price:
    data: Any = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Seat"}, "expand": ["product"]}
    return client.v1.prices.create(data)


def _payout(client: Client, given: Any) -> stripe.Payout:
    client.v1.payment_intents.create(
        {"amount": 9000, "currency": "usd", "payment_method": "pm_card_bypassPending", "confirm": True}
    )
    expand = ["destination", "balance_transaction"]
    return client.v1.payouts.create({"amount": 1000, "currency": "usd", "expand": expand, **given})


def _note(client: Client, invoicing: Invoicing, **given: Any) -> stripe.CreditNote:
    paid = _paid_invoice(client, invoicing)
    lines = [
        {"type": "invoice_line_item", "invoice_line_item": paid.lines.data[0].id, "amount": 800},
        {"type": "custom_line_item", "unit_amount": 239, "description": "Goodwill", "quantity": 1},
    ]
    asked: Any = {"invoice": paid.id, "lines": lines, **given}
    return client.v1.credit_notes.create(asked)


def _refund(client: Client, method: str, **given: Any) -> stripe.Refund:
    charge = _charge(client, method)
    if charge.status == "pending":
        client.raw_request("post", f"/_sandbox/charges/{charge.id}/settle")
    asked: Any = {"charge": charge.id, "amount": 100, **given}
    expand = ["balance_transaction", "charge", "failure_balance_transaction"]
    return client.v1.refunds.retrieve(client.v1.refunds.create(asked).id, {"expand": expand})


def _endpoint(client: Client) -> stripe.WebhookEndpoint:
    return client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["invoice.voided"]})


def _destination(client: Client) -> Any:
    return client.v2.core.event_destinations.create(
        {
            "name": "T",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v1.invoice.voided"],
            "webhook_endpoint": {"url": "http://127.0.0.1:9/"},
        }
    )


def _credited(client: Client, invoicing: Invoicing) -> Any:
    given: Any = {"amount": -500, "currency": "usd"}
    return client.v1.customers.balance_transactions.create(invoicing.customer.id, given)


MAKING: dict[str, Making] = {
    "account": lambda c, i: c.v1.accounts.retrieve_current(),
    "balance": lambda c, i: (_charge(c, "pm_card_visa"), c.v1.balance.retrieve())[1],
    "bank charge": lambda c, i: _charge(c, "pm_usBankAccount"),
    "bank account": lambda c, i: c.v1.payment_methods.create({"type": "us_bank_account"}),
    "card": lambda c, i: c.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}),
    "card charge": lambda c, i: _charge(c, "pm_card_visa"),
    "coupon": lambda c, i: c.v1.coupons.create({"amount_off": 5, "currency": "usd"}),
    "credit note": lambda c, i: _note(c, i, credit_amount=1100),
    "credit note line": lambda c, i: c.v1.credit_notes.line_items.list(_note(c, i, out_of_band_amount=1100).id).data[0],
    "credit note that refunds": lambda c, i: _note(c, i, refund_amount=1100),
    "customer": lambda c, i: c.v1.customers.create(
        {
            "name": "A",
            "tax_id_data": [{"type": "eu_vat", "value": "DE1"}],
            "shipping": {"name": "A", "address": {"line1": "1"}},
            "expand": ["tax_ids", "sources", "subscriptions"],
        }
    ),
    "customer balance transaction": _credited,
    "declined payment intent": lambda c, i: _declined(c),
    "deleted customer": lambda c, i: c.v1.customers.delete(i.customer.id),
    "dispute": lambda c, i: _dispute(c),
    "draft invoice": lambda c, i: i.draft(100),
    "event": lambda c, i: c.v1.events.list({"type": "customer.created"}).data[0],
    "event destination": lambda c, i: _destination(c),
    "invoice": _paid_invoice,
    "invoice item": lambda c, i: c.v1.invoice_items.create({"customer": i.customer.id, "amount": 100}),
    "invoice payment": lambda c, i: (_paid_invoice(c, i), c.v1.invoice_payments.list().data[0])[1],
    "line item": lambda c, i: c.v1.invoices.line_items.list(_paid_invoice(c, i).id).data[0],
    "payment record": lambda c, i: _record(c),
    "portal configuration": lambda c, i: c.v1.billing_portal.configurations.create(
        {"features": {"invoice_history": {"enabled": True}}, "login_page": {"enabled": True}}
    ),
    "portal session": lambda c, i: c.v1.billing_portal.sessions.create(
        {"customer": i.customer.id, "flow_data": {"type": "payment_method_update"}}
    ),
    "payout": lambda c, i: _payout(c, {}),
    "instant payout": lambda c, i: _payout(c, {"method": "instant"}),
    "price": lambda c, i: _price(c),
    "refund": lambda c, i: _refund(c, "pm_card_visa"),
    "refund of a bank charge": lambda c, i: _refund(c, "pm_usBankAccount"),
    "refund that waits": lambda c, i: _refund(c, "pm_card_visa", instructions_email="a@acme.example"),
    "tax rate": lambda c, i: c.v1.tax_rates.create({"display_name": "V", "inclusive": True, "percentage": 7}),
    "thin event": lambda c, i: c.v2.core.events.list().data[0],
    "uncollectible invoice": lambda c, i: c.v1.invoices.mark_uncollectible(i.open(100).id),
    "webhook endpoint": lambda c, i: _endpoint(c),
}


@pytest.mark.parametrize("name", MAKING)
def test_it_is_shaped_as_the_package_says(name: str, client: Client, invoicing: Invoicing, http: httpx.Client) -> None:
    made = MAKING[name](client, invoicing)
    assert list(_faults(made, type(made).__name__)) == []


_BASES = ("StripeObject", "UntypedStripeObject", "ListObject")


def _faults(obj: Any, where: str) -> Iterator[str]:
    """What is wrong with the object or anything in it."""
    if isinstance(obj, list):
        for item in obj:
            yield from _faults(item, f"{where}[]")
    if not isinstance(obj, stripe.StripeObject):
        return
    keys = list(obj.to_dict())
    if type(obj).__name__ not in _BASES:
        yield from _wrong_keys(type(obj), keys, where)
    for key in keys:
        yield from _faults(obj[key], f"{where}.{key}")


def _wrong_keys(kind: type, keys: list[str], where: str) -> Iterator[str]:
    hints = {name: hint for base in kind.__mro__ for name, hint in vars(base).get("__annotations__", {}).items()}
    fields = {name: hint for name, hint in hints.items() if get_origin(hint) is not ClassVar and name[0] != "_"}
    yield from (f"{where}.{key} is unknown" for key in keys if key not in fields)
    if "deleted" not in keys:
        missing = (name for name, hint in fields.items() if name not in keys and type(None) not in get_args(hint))
        yield from (f"{where}.{name} is missing" for name in missing)


def test_a_field_that_does_not_exist_would_be_found(client: Client) -> None:
    odd = stripe.Customer.construct_from({"id": "cus_1", "object": "customer", "colour": "red"}, "sk")
    assert "Customer.colour is unknown" in list(_faults(odd, "Customer"))
    assert "Customer.created is missing" in list(_faults(odd, "Customer"))
