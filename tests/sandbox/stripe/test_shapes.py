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
    "draft invoice": lambda c, i: i.draft(100),
    "event": lambda c, i: c.v1.events.list({"type": "customer.created"}).data[0],
    "event destination": lambda c, i: _destination(c),
    "invoice": _paid_invoice,
    "invoice item": lambda c, i: c.v1.invoice_items.create({"customer": i.customer.id, "amount": 100}),
    "invoice payment": lambda c, i: (_paid_invoice(c, i), c.v1.invoice_payments.list().data[0])[1],
    "line item": lambda c, i: c.v1.invoices.line_items.list(_paid_invoice(c, i).id).data[0],
    "payment record": lambda c, i: _record(c),
    "price": lambda c, i: _price(c),
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
