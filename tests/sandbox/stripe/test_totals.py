"""Discounts, taxes and their rounding."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from sandbox.stripe.totals import allocate
from tests.sandbox.stripe.conftest import Invoicing

Client = stripe.StripeClient


def _rate(client: Client, percentage: float, *, inclusive: bool) -> str:
    return client.v1.tax_rates.create({"display_name": "VAT", "inclusive": inclusive, "percentage": percentage}).id


def test_exclusive_tax_comes_on_top(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(1000, default_tax_rates=[_rate(client, 19, inclusive=False)])
    assert (draft.subtotal, draft.total, draft.total_excluding_tax) == (1000, 1190, 1000)
    assert [tax.amount for tax in draft.total_taxes or []] == [190]


def test_inclusive_tax_is_part_of_it(client: Client, invoicing: Invoicing) -> None:
    draft = invoicing.draft(1190, default_tax_rates=[_rate(client, 19, inclusive=True)])
    assert (draft.subtotal, draft.total, draft.total_excluding_tax, draft.subtotal_excluding_tax) == (
        1190,
        1190,
        1000,
        1000,
    )


def test_a_lines_own_rate_goes_before_the_default(client: Client, invoicing: Invoicing) -> None:
    standard, reduced = _rate(client, 19, inclusive=False), _rate(client, 7, inclusive=False)
    draft = invoicing.draft(1000, default_tax_rates=[standard])
    both = client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 1000, "tax_rates": [reduced]}]})
    assert (both.total, sorted(tax.amount for tax in both.total_taxes or [])) == (2260, [70, 190])


def test_the_tax_of_a_line_names_its_rate(client: Client, invoicing: Invoicing) -> None:
    rate = _rate(client, 10, inclusive=False)
    line = invoicing.draft(1000, default_tax_rates=[rate]).to_dict()["lines"]["data"][0]
    assert line["taxes"] == [
        {
            "amount": 100,
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": rate},
            "taxability_reason": "not_available",
            "taxable_amount": 1000,
            "type": "tax_rate_details",
        }
    ]


@pytest.mark.parametrize(("status", "reason"), [("exempt", "customer_exempt"), ("reverse", "reverse_charge")])
def test_an_exempt_customer_pays_no_tax(client: Client, status: Any, reason: str) -> None:
    exempt = client.v1.customers.create({"tax_exempt": status})
    draft = Invoicing(client, exempt).draft(1000, default_tax_rates=[_rate(client, 19, inclusive=False)])
    assert (draft.total, [tax.taxability_reason for tax in draft.total_taxes or []]) == (1000, [reason])


def test_a_percentage_off_the_invoice(client: Client, invoicing: Invoicing) -> None:
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "once"})
    draft = invoicing.draft(1000, 200, discounts=[{"coupon": coupon.id}])
    assert (draft.subtotal, draft.total) == (1200, 900)
    assert [off.amount for off in draft.total_discount_amounts or []] == [300]


def test_an_amount_off_the_invoice_is_spread_over_its_lines(client: Client, invoicing: Invoicing) -> None:
    coupon = client.v1.coupons.create({"amount_off": 100, "currency": "usd", "duration": "once"})
    draft = invoicing.draft(500, 500, 500, discounts=[{"coupon": coupon.id}])
    shares = [line.discount_amounts[0].amount for line in draft.lines.data]  # type: ignore[index]
    assert (draft.total, sum(shares), max(shares) - min(shares)) == (1400, 100, 1)


def test_a_discount_on_a_line_is_in_the_subtotal_already(client: Client, invoicing: Invoicing) -> None:
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"})
    draft = invoicing.draft(1000)
    both = client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 400, "discounts": [{"coupon": coupon.id}]}]})
    assert (both.subtotal, both.total) == (1200, 1200)


def test_tax_is_on_what_is_left_after_the_discount(client: Client, invoicing: Invoicing) -> None:
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"})
    rate = _rate(client, 10, inclusive=False)
    draft = invoicing.draft(1000, discounts=[{"coupon": coupon.id}], default_tax_rates=[rate])
    assert draft.total == 550


def test_shipping_is_in_the_total_but_not_in_the_subtotal(invoicing: Invoicing) -> None:
    data = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "usd"}}
    draft = invoicing.draft(1000, shipping_cost={"shipping_rate_data": data})
    assert (draft.subtotal, draft.total, draft.amount_shipping) == (1000, 1500, 500)


def test_a_discount_is_expanded_to_its_coupon(client: Client, invoicing: Invoicing) -> None:
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "once"})
    draft = invoicing.draft(1000, discounts=[{"coupon": coupon.id}])
    shown = client.v1.invoices.retrieve(draft.id, {"expand": ["discounts.source.coupon"]}).to_dict()
    assert shown["discounts"][0]["source"]["coupon"]["percent_off"] == 25


def test_totals_add_up_to_the_cent(client: Client, invoicing: Invoicing) -> None:
    coupon = client.v1.coupons.create({"percent_off": 33.3, "duration": "once"})
    rate = _rate(client, 8.875, inclusive=False)
    draft = invoicing.draft(333, 1, 99_999, discounts=[{"coupon": coupon.id}], default_tax_rates=[rate])
    off = sum(each.amount for each in draft.total_discount_amounts or [])
    tax = sum(each.amount for each in draft.total_taxes or [])
    assert draft.total == draft.subtotal - off + tax


@given(st.integers(-10_000, 10_000), st.lists(st.integers(0, 10_000), min_size=1, max_size=20))
def test_what_is_allocated_adds_up(total: int, weights: list[int]) -> None:
    assert sum(allocate(total, weights)) == (total if sum(weights) else 0)
