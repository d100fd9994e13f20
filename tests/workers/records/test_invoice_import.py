from typing import Any

import pytest

from app.core.fingerprint import fingerprint
from app.errors import Held, Skipped
from tests.workers.records.builders import NOW, invoice, line
from tests.workers.records.ledger import ledger
from workers.records.invoice_import import Customer, customer_of, finalized, options_of, view


def test_without_a_stripe_customer_it_goes_to_the_catch_all() -> None:
    to = ledger(books={"main": {"catch_all_customer": "77"}})
    assert customer_of(invoice(1000, customer=None), to) == Customer("77")
    assert to.notes == ["The invoice has no Stripe customer; posted to the catch-all customer 77."]


def test_without_a_catch_all_it_is_held_and_names_the_setting() -> None:
    with pytest.raises(Held) as held:
        customer_of(invoice(1000, customer=None), ledger())
    assert (held.value.code, held.value.action) == (
        "no_customer",
        "Set `books.main.catch_all_customer` to the NetSuite customer for such invoices; then replay.",
    )


@pytest.mark.parametrize("status", ["draft", None])
def test_what_is_not_finalized_is_skipped(status: str | None) -> None:
    with pytest.raises(Skipped) as skipped:
        finalized(invoice(1000, status=status), ledger())
    assert skipped.value.code == "draft"


@pytest.mark.parametrize("status", ["open", "paid", "uncollectible"])
def test_what_is_finalized_is_wanted(status: str) -> None:
    finalized(invoice(1000, status=status), ledger())


def test_both_flows_have_the_scheduled_ones_options() -> None:
    chosen = {"stripe_invoice_to_netsuite": {"options": {"number": "netsuite"}}}
    assert options_of(ledger(flows=chosen)).number == "netsuite"


@pytest.mark.parametrize(
    ("later", "same"),
    [({"status": "paid", "paid_at": NOW}, True), ({"metadata": {"any": "mark"}}, True), ({"number": "A-2"}, False)],
)
def test_being_paid_does_not_change_what_was_posted(later: dict[str, Any], same: bool) -> None:
    before, after = invoice(1000, line(1000)), invoice(1000, line(1000), **later)
    assert (fingerprint(view(before)) == fingerprint(view(after))) is same
