"""Products, prices, coupons, tax rates and payment methods: what invoices and payments are made from."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.conftest import refused

Client = stripe.StripeClient


@pytest.fixture
def product(client: Client) -> stripe.Product:
    return client.v1.products.create({"name": "Seat", "metadata": {"netsuite_item": "12"}})


def test_a_product_is_updated(client: Client, product: stripe.Product) -> None:
    client.v1.products.update(product.id, {"name": "Chair", "active": False})
    kept = client.v1.products.retrieve(product.id)
    assert (kept.name, kept.active, kept.to_dict()["metadata"]) == ("Chair", False, {"netsuite_item": "12"})


def test_products_are_listed_by_activity(client: Client, product: stripe.Product) -> None:
    client.v1.products.create({"name": "Old", "active": False})
    assert [row.id for row in client.v1.products.list({"active": True}).data] == [product.id]


def test_a_product_with_prices_is_not_deleted(client: Client, product: stripe.Product) -> None:
    client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 100})
    assert refused(lambda: client.v1.products.delete(product.id)).http_status == 400


def test_a_price_may_have_fractions_of_a_cent(client: Client, product: stripe.Product) -> None:
    given: Any = {"product": product.id, "currency": "usd", "unit_amount_decimal": "0.125"}
    price = client.v1.prices.create(given)
    assert (price.unit_amount, str(price.unit_amount_decimal)) == (None, "0.125")


def test_prices_are_listed_by_product(client: Client, product: stripe.Product) -> None:
    own = client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 100})
    client.v1.prices.create({"product_data": {"name": "Other"}, "currency": "usd", "unit_amount": 100})
    assert [row.id for row in client.v1.prices.list({"product": product.id}).data] == [own.id]


def test_a_price_needs_a_product(client: Client) -> None:
    assert refused(lambda: client.v1.prices.create({"currency": "usd", "unit_amount": 1})).http_status == 400


@pytest.mark.parametrize("params", [{}, {"percent_off": 5, "amount_off": 5}, {"amount_off": 5}])
def test_a_coupon_takes_off_either_a_part_or_an_amount(client: Client, params: Any) -> None:
    assert refused(lambda: client.v1.coupons.create(params)).http_status == 400


def test_a_coupon_is_deleted(client: Client) -> None:
    made = client.v1.coupons.create({"percent_off": 5})
    client.v1.coupons.delete(made.id)
    assert refused(lambda: client.v1.coupons.retrieve(made.id)).http_status == 404


def test_a_tax_rate_is_retired(client: Client) -> None:
    made = client.v1.tax_rates.create({"display_name": "VAT", "inclusive": False, "percentage": 19})
    client.v1.tax_rates.update(made.id, {"active": False})
    assert client.v1.tax_rates.list({"active": True}).data == []


def test_a_card_is_attached_and_listed(client: Client, customer: stripe.Customer) -> None:
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert [row.id for row in client.v1.customers.payment_methods.list(customer.id).data] == [card.id]


def test_a_card_that_declines_is_not_attached(client: Client, customer: stripe.Customer) -> None:
    error = refused(lambda: client.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id}))
    assert isinstance(error, stripe.CardError)


def test_a_card_of_somebody_else_is_not_used(client: Client, customer: stripe.Customer) -> None:
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    given: Any = {"amount": 500, "currency": "usd", "payment_method": card.id, "confirm": True}
    assert refused(lambda: client.v1.payment_intents.create(given)).http_status == 400


def test_a_detached_card_is_no_longer_the_default(client: Client, customer: stripe.Customer) -> None:
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    client.v1.payment_methods.detach(card.id)
    kept = client.v1.customers.retrieve(customer.id)
    assert kept.invoice_settings
    assert kept.invoice_settings.default_payment_method is None
