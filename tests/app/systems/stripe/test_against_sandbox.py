"""Each method of the gateway, over HTTP, against a Stripe that keeps state."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from stripe import StripeClient

from app import errors
from app.core.exchanges import Exchange
from app.settings import StripeAccount
from app.systems.stripe.gateway import StripeClients, StripeGateway
from sandbox.serve import Sandbox
from tests.app.systems.stripe.conftest import Waiting

INVOICE = {
    "currency": "usd",
    "collection_method": "send_invoice",
    "days_until_due": 30,
    "auto_advance": False,
    "pending_invoice_items_behavior": "exclude",
    "metadata": {"netsuite_invoice_id": "7"},
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.running(with_netsuite=False) as running:
        yield running


@pytest.fixture(autouse=True)
def _from_nothing(sandbox: Sandbox) -> None:
    sandbox.stripe.reset()


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def exchanges() -> list[Exchange]:
    return []


@pytest.fixture
def gateway(sandbox: Sandbox, waiting: Waiting, exchanges: list[Exchange]) -> Iterator[StripeGateway]:
    key = SecretStr(sandbox.credentials.stripe_api_key)
    clients = StripeClients(
        {"main": StripeAccount(api_key=key, api_base=sandbox.stripe_url)},
        sleep=waiting.sleep,
        monotonic=waiting.monotonic,
    )
    yield clients.bound("main", exchanges.append, sandbox.clock)
    clients.close()


@pytest.fixture
def world(sandbox: Sandbox) -> Any:
    """What customers and the Dashboard do, by the package's own client."""
    key = sandbox.credentials.stripe_api_key
    return StripeClient(key, base_addresses={"api": sandbox.stripe_url}).v1


def made(gateway: StripeGateway, *amounts: int, **params: Any) -> str:
    """An open invoice with a line for each amount; its id."""
    customer = gateway.create_customer({"name": "A", "email": "a@example.com"}, of="customer:7")
    draft = gateway.create_invoice({**INVOICE, "customer": customer.id, **params}, of="invoice:7")
    gateway.add_invoice_lines(draft.id, [{"amount": amount, "description": "x"} for amount in amounts])
    return gateway.finalize_invoice(draft.id).id


def paid_by_card(world: Any, invoice_id: str) -> None:
    customer = world.invoices.retrieve(invoice_id).customer
    method = world.payment_methods.attach("pm_card_visa", {"customer": customer})
    world.invoices.pay(invoice_id, {"payment_method": method.id})


# customers ---------------------------------------------------------------------------------------------------


def test_a_customer_reads_back_as_it_was_made(gateway: StripeGateway) -> None:
    address = {"line1": "1 Road", "city": "Berlin", "postal_code": "10115", "country": "DE"}
    params = {
        "name": "Acme GmbH",
        "business_name": "Acme GmbH",
        "email": "ap@example.com",
        "phone": "+49 30 1",
        "address": address,
        "shipping": {"name": "Dock", "address": address},
        "tax_exempt": "reverse",
        "preferred_locales": ["de"],
        "metadata": {"netsuite_customer_id": "7"},
    }
    customer = gateway.customer(gateway.create_customer(params, of="customer:7").id)
    assert (customer.name, customer.business_name, customer.email) == ("Acme GmbH", "Acme GmbH", "ap@example.com")
    assert customer.address is not None
    assert (customer.address.line1, customer.address.country) == ("1 Road", "DE")
    assert customer.shipping is not None
    assert customer.shipping.name == "Dock"
    assert (customer.tax_exempt, customer.preferred_locales) == ("reverse", ("de",))
    assert customer.metadata == {"netsuite_customer_id": "7"}


def test_the_same_creation_again_gives_the_same_customer(gateway: StripeGateway, world: Any) -> None:
    first = gateway.create_customer({"name": "A"}, of="customer:7")
    assert gateway.create_customer({"name": "A"}, of="customer:7").id == first.id
    assert len(world.customers.list().data) == 1


def test_a_creation_cut_off_after_the_commit_makes_one_customer(
    gateway: StripeGateway, sandbox: Sandbox, world: Any
) -> None:
    sandbox.stripe.faults.cut_after(method="POST", path="/v1/customers$", times=1)
    gateway.create_customer({"name": "A"}, of="customer:7")
    sandbox.stripe.faults.clear()
    assert len(world.customers.list().data) == 1


def test_updates_back_and_forth_all_take_effect(gateway: StripeGateway) -> None:
    customer = gateway.create_customer({"name": "A"}, of="customer:7")
    for name in ("B", "C", "B"):
        gateway.update_customer(customer.id, {"name": name})
    assert gateway.customer(customer.id).name == "B"


def test_a_field_is_unset_by_an_empty_text(gateway: StripeGateway) -> None:
    customer = gateway.create_customer({"name": "A", "phone": "1"}, of="customer:7")
    assert gateway.update_customer(customer.id, {"phone": ""}).phone is None


def test_a_deleted_customer_is_read_as_deleted(gateway: StripeGateway, world: Any) -> None:
    customer = gateway.create_customer({"name": "A"}, of="customer:7")
    world.customers.delete(customer.id)
    assert gateway.customer(customer.id).deleted


def test_a_customer_that_never_was_is_not_found(gateway: StripeGateway) -> None:
    with pytest.raises(errors.NotFound):
        gateway.customer("cus_nobody")


def test_a_tax_id_shows_on_the_customer(gateway: StripeGateway) -> None:
    customer = gateway.create_customer({"name": "A"}, of="customer:7")
    for _ in range(2):
        gateway.add_tax_id(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    shown = gateway.customer(customer.id).tax_ids
    assert [(tax_id.type, tax_id.value) for tax_id in shown] == [("eu_vat", "DE123456789")]


def test_customers_by_email_are_all_of_them(gateway: StripeGateway) -> None:
    for number in range(3):
        gateway.create_customer({"email": "ap@example.com"}, of=f"customer:{number}")
    gateway.create_customer({"email": "AP@example.com"}, of="customer:9")
    assert len(gateway.customers_with_email("ap@example.com")) == 3


def test_a_marked_customer_is_found(gateway: StripeGateway) -> None:
    wanted = gateway.create_customer({"metadata": {"netsuite_customer_id": "7"}}, of="customer:7")
    gateway.create_customer({"metadata": {"netsuite_customer_id": "77"}}, of="customer:77")
    assert [one.id for one in gateway.customers_marked("netsuite_customer_id", "7")] == [wanted.id]


def test_created_and_changed_customers_are_swept(gateway: StripeGateway, sandbox: Sandbox) -> None:
    old = gateway.create_customer({"name": "A"}, of="customer:1")
    sandbox.clock.advance(timedelta(days=2))
    since = sandbox.clock.now() - timedelta(hours=1)
    new = gateway.create_customer({"name": "B"}, of="customer:2")
    gateway.update_customer(old.id, {"name": "C"})
    assert sorted(gateway.customers_since(since)) == sorted([old.id, new.id])


# invoices ----------------------------------------------------------------------------------------------------


def test_an_invoice_is_made_and_finalized(gateway: StripeGateway) -> None:
    invoice = gateway.invoice(made(gateway, 1000, 2500, -500))
    assert (invoice.status, invoice.total, invoice.amount_remaining) == ("open", 3000, 3000)
    assert [line.amount for line in invoice.lines] == [1000, 2500, -500]
    assert invoice.hosted_invoice_url is not None
    assert invoice.number is not None
    assert invoice.metadata == {"netsuite_invoice_id": "7"}


def test_a_full_length_invoice_is_read_whole(gateway: StripeGateway) -> None:
    invoice = gateway.invoice(made(gateway, *[100 + number for number in range(230)]))
    assert len(invoice.lines) == 230
    assert sum(line.amount for line in invoice.lines) == invoice.total


def test_lines_cut_off_after_the_commit_are_added_once(gateway: StripeGateway, sandbox: Sandbox) -> None:
    sandbox.stripe.faults.cut_after(method="POST", path="/add_lines$", times=1)
    invoice = gateway.invoice(made(gateway, 1000, 2000))
    sandbox.stripe.faults.clear()
    assert [line.amount for line in invoice.lines] == [1000, 2000]


def test_a_finalization_cut_off_after_the_commit_is_a_success(gateway: StripeGateway, sandbox: Sandbox) -> None:
    sandbox.stripe.faults.cut_after(method="POST", path="/finalize$", times=3)
    invoice_id = made(gateway, 1000)
    sandbox.stripe.faults.clear()
    assert gateway.invoice(invoice_id).status == "open"


def test_a_deleted_draft_is_made_anew_from_the_same_params(gateway: StripeGateway) -> None:
    customer = gateway.create_customer({"name": "A"}, of="customer:7")
    params = {**INVOICE, "customer": customer.id}
    first = gateway.create_invoice(params, of="invoice:7")
    gateway.delete_draft_invoice(first.id)
    second = gateway.create_invoice(params, of="invoice:7")
    assert (second.id != first.id, second.status) == (True, "draft")


def test_a_draft_may_be_deleted_twice(gateway: StripeGateway) -> None:
    customer = gateway.create_customer({"name": "A"}, of="customer:7")
    draft = gateway.create_invoice({**INVOICE, "customer": customer.id}, of="invoice:7")
    gateway.delete_draft_invoice(draft.id)
    gateway.delete_draft_invoice(draft.id)
    with pytest.raises(errors.NotFound):
        gateway.invoice(draft.id)


def test_an_open_invoice_is_not_deleted(gateway: StripeGateway) -> None:
    invoice_id = made(gateway, 1000)
    with pytest.raises(errors.NotAllowed):
        gateway.delete_draft_invoice(invoice_id)


def test_a_soft_field_is_updated(gateway: StripeGateway) -> None:
    invoice_id = made(gateway, 1000)
    assert gateway.update_invoice(invoice_id, {"metadata": {"x": "1"}}).metadata["x"] == "1"


def test_a_frozen_field_is_held(gateway: StripeGateway) -> None:
    invoice_id = made(gateway, 1000)
    with pytest.raises((errors.NotAllowed, errors.Rejected)):
        gateway.update_invoice(invoice_id, {"days_until_due": 5})


def test_an_invoice_is_voided_once_and_again(gateway: StripeGateway) -> None:
    invoice_id = made(gateway, 1000)
    assert [gateway.void_invoice(invoice_id).status for _ in range(2)] == ["void", "void"]


def test_a_paid_invoice_is_not_voided(gateway: StripeGateway, world: Any) -> None:
    invoice_id = made(gateway, 1000)
    paid_by_card(world, invoice_id)
    with pytest.raises(errors.NotAllowed):
        gateway.void_invoice(invoice_id)


def test_an_invoice_is_marked_uncollectible(gateway: StripeGateway) -> None:
    invoice = gateway.mark_invoice_uncollectible(made(gateway, 1000))
    assert invoice.status == "uncollectible"
    assert invoice.marked_uncollectible_at is not None


def test_an_invoice_paid_out_of_band_says_how_much(gateway: StripeGateway) -> None:
    gateway.pay_invoice_out_of_band(invoice_id := made(gateway, 1000))
    invoice = gateway.invoice(invoice_id)
    assert (invoice.status, invoice.amount_paid, invoice.amount_paid_off_stripe) == ("paid", 1000, 1000)


def test_an_invoice_is_sent(gateway: StripeGateway) -> None:
    assert gateway.send_invoice(made(gateway, 1000)).status == "open"


def test_a_revision_voids_its_original(gateway: StripeGateway) -> None:
    old = made(gateway, 1000)
    origin = {"action": "revision", "invoice": old}
    new = gateway.create_invoice({"from_invoice": origin, "metadata": {"n": "2"}}, of="invoice:7:2")
    gateway.finalize_invoice(new.id)
    assert (gateway.invoice(old).status, gateway.invoice(old).latest_revision) == ("void", new.id)


def test_a_card_payment_is_found_from_the_invoice_and_from_the_payment(gateway: StripeGateway, world: Any) -> None:
    invoice_id = made(gateway, 1000)
    paid_by_card(world, invoice_id)
    invoice = gateway.invoice(invoice_id)
    (payment,) = [one for one in invoice.payments if one.status == "paid"]
    assert (payment.amount_paid, payment.payment_type) == (1000, "payment_intent")
    assert payment.payment_intent is not None
    by_intent = gateway.invoice_payments(payment_intent=payment.payment_intent)
    assert [one.invoice for one in by_intent] == [invoice_id]
    assert gateway.invoice_payment(payment.id).invoice == invoice_id


def test_a_charge_comes_with_its_balance_transaction(gateway: StripeGateway, world: Any) -> None:
    invoice_id = made(gateway, 1000)
    paid_by_card(world, invoice_id)
    intent = gateway.payment_intent(gateway.invoice(invoice_id).payments[0].payment_intent or "")
    assert intent.latest_charge is not None
    charge = gateway.charge(intent.latest_charge.id)
    assert (charge.status, charge.amount_captured, charge.payment_method_type) == ("succeeded", 1000, "card")
    moved = charge.balance_transaction
    assert moved is not None
    assert moved.net == moved.amount - moved.fee
    assert moved.source == charge.id


def test_the_invoices_of_a_customer_come_newest_first(gateway: StripeGateway, sandbox: Sandbox) -> None:
    first = made(gateway, 1000)
    sandbox.clock.advance(timedelta(minutes=1))
    second = made(gateway, 1000, footer="another")
    customer = gateway.invoice(first).customer or ""
    assert [one.id for one in gateway.invoices_of(customer)] == [second, first]


def test_a_changed_invoice_is_swept(gateway: StripeGateway, sandbox: Sandbox) -> None:
    invoice_id = made(gateway, 1000)
    sandbox.clock.advance(timedelta(days=2))
    since: datetime = sandbox.clock.now() - timedelta(hours=1)
    assert list(gateway.invoices_since(since)) == []
    gateway.void_invoice(invoice_id)
    assert list(gateway.invoices_since(since)) == [invoice_id]


def charged(world: Any, customer: str, amount: int) -> str:
    asked = {"amount": amount, "currency": "usd", "customer": customer, "payment_method": "pm_card_visa"}
    return str(world.payment_intents.create(asked | {"confirm": True}).latest_charge)


def test_charges_of_a_customer_come_newest_first(gateway: StripeGateway, sandbox: Sandbox, world: Any) -> None:
    first, second = (world.customers.create({"name": name}).id for name in "AB")
    since: datetime = sandbox.clock.now() - timedelta(hours=1)
    older = charged(world, first, 1000)
    charged(world, second, 1000)
    sandbox.clock.advance(timedelta(minutes=1))
    newer = charged(world, first, 2000)
    found = list(gateway.charges_of(customer=first, created_since=since))
    assert [(one.id, one.amount) for one in found] == [(newer, 2000), (older, 1000)]


def test_charges_since_include_those_captured_since(gateway: StripeGateway, sandbox: Sandbox, world: Any) -> None:
    asked = {"amount": 1000, "currency": "usd", "payment_method": "pm_card_visa", "capture_method": "manual"}
    intent = world.payment_intents.create(asked | {"confirm": True})
    sandbox.clock.advance(timedelta(days=2))
    since: datetime = sandbox.clock.now() - timedelta(hours=1)
    assert list(gateway.charges_since(since)) == []
    world.payment_intents.capture(intent.id)
    assert list(gateway.charges_since(since)) == [intent.latest_charge]


def test_our_own_events_carry_our_key(gateway: StripeGateway, sandbox: Sandbox) -> None:
    gateway.create_customer({"name": "A"}, of="customer:7")
    heads = list(gateway.events_since(sandbox.clock.now() - timedelta(hours=1), types=["customer.created"]))
    assert [(head.idempotency_key or "").split(":")[:3] for head in heads] == [["tieout", "main", "create_customer"]]


# disputes ----------------------------------------------------------------------------------------------------


def disputed(world: Any, sandbox: Sandbox, **given: Any) -> str:
    """A charge with a dispute; the charge."""
    asked = {"amount": 1000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    charge: str = world.payment_intents.create(asked).latest_charge
    httpx.post(f"{sandbox.stripe_url}/_sandbox/charges/{charge}/dispute", json=given).raise_for_status()
    return charge


def test_a_dispute_shows_what_it_withdrew(gateway: StripeGateway, world: Any, sandbox: Sandbox) -> None:
    charge = disputed(world, sandbox, amount=400)
    [dispute] = gateway.disputes_of(charge)
    [row] = gateway.dispute(dispute.id).balance_transactions
    assert (dispute.charge, dispute.amount, dispute.status) == (charge, 400, "needs_response")
    assert (row.reporting_category, row.amount, row.fee, row.net) == ("dispute", -400, 1500, -1900)


def test_disputes_of_a_charge_are_listed_oldest_first(gateway: StripeGateway, world: Any, sandbox: Sandbox) -> None:
    charge = disputed(world, sandbox, amount=400)
    httpx.post(f"{sandbox.stripe_url}/_sandbox/charges/{charge}/dispute", json={"amount": 300}).raise_for_status()
    assert [dispute.amount for dispute in gateway.disputes_of(charge)] == [400, 300]


def test_a_dispute_that_moved_since_is_found(gateway: StripeGateway, world: Any, sandbox: Sandbox) -> None:
    [dispute] = gateway.disputes_of(disputed(world, sandbox))
    sandbox.clock.advance(timedelta(days=2))
    since: datetime = sandbox.clock.now() - timedelta(hours=1)
    assert list(gateway.disputes_since(since)) == []
    httpx.post(f"{sandbox.stripe_url}/_sandbox/disputes/{dispute.id}/win", json={}).raise_for_status()
    assert list(gateway.disputes_since(since)) == [dispute.id]


# the rest ----------------------------------------------------------------------------------------------------


def test_a_price_and_a_tax_rate_are_read(gateway: StripeGateway, world: Any) -> None:
    product = world.products.create({"name": "Seat"})
    price = world.prices.create({"product": product.id, "currency": "usd", "unit_amount": 1250})
    rate = world.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
    assert gateway.price(price.id).unit_amount == 1250
    assert (gateway.tax_rate(rate.id).percentage, gateway.tax_rate(rate.id).inclusive) == (Decimal(19), True)


@pytest.mark.parametrize("kind", ["customer", "invoice", "charge", "payment_intent"])
def test_metadata_is_written_to_each_kind(gateway: StripeGateway, world: Any, kind: str) -> None:
    invoice_id = made(gateway, 1000)
    paid_by_card(world, invoice_id)
    invoice = gateway.invoice(invoice_id)
    intent = gateway.payment_intent(invoice.payments[0].payment_intent or "")
    assert intent.latest_charge is not None
    ids = {
        "customer": invoice.customer or "",
        "invoice": invoice_id,
        "charge": intent.latest_charge.id,
        "payment_intent": intent.id,
    }
    gateway.update_metadata(kind, ids[kind], {"netsuite_id": "7"})
    assert getattr(gateway, kind)(ids[kind]).metadata["netsuite_id"] == "7"


def test_a_burst_of_429_is_waited_out(gateway: StripeGateway, sandbox: Sandbox, waiting: Waiting) -> None:
    sandbox.stripe.faults.status(429, path="/v1/customers$", times=2, headers={"Retry-After": "3"})
    gateway.create_customer({"name": "A"}, of="customer:7")
    sandbox.stripe.faults.clear()
    assert waiting.slept == [3.0, 3.0]


def test_a_wrong_key_is_said_in_words(sandbox: Sandbox) -> None:
    account = StripeAccount(api_key=SecretStr("sk_test_wrong"), api_base=sandbox.stripe_url)
    with contextlib.closing(StripeClients({"main": account})) as clients:
        gateway = clients.bound("main", lambda exchange: None, sandbox.clock)
        with pytest.raises(errors.AuthFailed, match="does not accept the API key"):
            gateway.customer("cus_1")


def test_the_hosted_page_is_there(gateway: StripeGateway) -> None:
    invoice = gateway.invoice(made(gateway, 1000))
    assert httpx.get(invoice.hosted_invoice_url or "").status_code == 200


# payouts ------------------------------------------------------------------------------------------------------


def paid_out(sandbox: Sandbox, charges: int = 1) -> str:
    """An automatic payout of some charges and a fee, whose transactions can be listed."""
    with httpx.Client(base_url=f"{sandbox.stripe_url}/_sandbox") as does:
        for _ in range(charges):
            does.post("charges", json={"amount": 1000, "payment_method": "pm_card_bypassPending"}).raise_for_status()
        does.post("balance_transactions", json={"type": "stripe_fee", "amount": -7}).raise_for_status()
        payout: str = does.post("payouts", json={}).raise_for_status().json()["payouts"][0]["id"]
        does.post(f"payouts/{payout}/reconcile").raise_for_status()
    return payout


def test_a_payout_and_what_it_paid_out(gateway: StripeGateway, sandbox: Sandbox) -> None:
    payout = gateway.payout(paid_out(sandbox))
    rows = list(gateway.balance_transactions(payout=payout.id))
    assert [(row.type, row.net) for row in rows] == [("charge", 941), ("stripe_fee", -7), ("payout", -934)]
    assert (payout.amount, payout.reconciliation_status, rows[-1]) == (934, "completed", payout.balance_transaction)


def test_a_payout_of_many_rows_is_paged(gateway: StripeGateway, sandbox: Sandbox) -> None:
    rows = list(gateway.balance_transactions(payout=paid_out(sandbox, charges=120)))
    assert (len({row.id for row in rows}), rows[-1].type) == (122, "payout")


def test_payouts_are_swept(gateway: StripeGateway, sandbox: Sandbox) -> None:
    payout = paid_out(sandbox)
    assert list(gateway.payouts_since(sandbox.clock.now() - timedelta(days=1))) == [payout]


def test_the_balance(gateway: StripeGateway, sandbox: Sandbox) -> None:
    paid_out(sandbox)
    assert [(one.currency, one.available) for one in gateway.balance()] == [("usd", 0)]


def test_a_payouts_metadata_is_written(gateway: StripeGateway, sandbox: Sandbox) -> None:
    payout = paid_out(sandbox)
    gateway.update_metadata("payout", payout, {"netsuite_deposit_id": "5"})
    assert gateway.payout(payout).metadata == {"netsuite_deposit_id": "5"}


# refunds and credit notes ------------------------------------------------------------------------------------


def paid(gateway: StripeGateway, world: Any) -> tuple[str, str]:
    """An invoice and the charge that paid it."""
    invoice = made(gateway, 1000)
    paid_by_card(world, invoice)
    intent = gateway.invoice(invoice).payments[0].payment_intent
    assert intent is not None
    charge = gateway.payment_intent(intent).latest_charge
    assert charge is not None
    return invoice, charge.id


def test_a_refund_shows_what_it_took(gateway: StripeGateway, world: Any) -> None:
    _, charge = paid(gateway, world)
    refund = gateway.refund(world.refunds.create({"charge": charge, "amount": 400}).id)
    assert refund.balance_transaction is not None
    assert (refund.charge, refund.amount, refund.status, refund.balance_transaction.net) == (
        charge,
        400,
        "succeeded",
        -400,
    )


def test_a_failed_refund_shows_what_came_back(gateway: StripeGateway, world: Any, sandbox: Sandbox) -> None:
    _, charge = paid(gateway, world)
    refund = world.refunds.create({"charge": charge, "amount": 400}).id
    httpx.post(f"{sandbox.stripe_url}/_sandbox/refunds/{refund}/fail", json={}).raise_for_status()
    found = gateway.refunds_of(charge)[0]
    assert found.failure_balance_transaction is not None
    assert (found.status, found.failure_balance_transaction.net) == ("failed", 400)


def test_a_refund_that_changed_since_is_found(gateway: StripeGateway, world: Any, sandbox: Sandbox) -> None:
    _, charge = paid(gateway, world)
    refund = world.refunds.create({"charge": charge, "amount": 400}).id
    sandbox.clock.advance(timedelta(hours=1))
    since = sandbox.clock.now()
    assert list(gateway.refunds_since(since)) == []
    httpx.post(f"{sandbox.stripe_url}/_sandbox/refunds/{refund}/fail", json={}).raise_for_status()
    assert list(gateway.refunds_since(since)) == [refund]


NOTE = {"amount": 400, "metadata": {"netsuite_credit_memo_id": "9"}}


def test_a_credit_note_is_made_once(gateway: StripeGateway) -> None:
    invoice = made(gateway, 1000)
    first = gateway.create_credit_note({"invoice": invoice, **NOTE}, of="creditMemo:9")
    again = gateway.create_credit_note({"invoice": invoice, **NOTE}, of="creditMemo:9")
    assert (first.id, first.pre_payment_amount) == (again.id, 400)
    assert [one.id for one in gateway.credit_notes_of(invoice)] == [first.id]


def test_a_credit_note_cut_off_after_the_commit_is_one(gateway: StripeGateway, sandbox: Sandbox) -> None:
    invoice = made(gateway, 1000)
    sandbox.stripe.faults.cut_after(method="POST", path="/v1/credit_notes$", times=1)
    note = gateway.create_credit_note({"invoice": invoice, **NOTE}, of="creditMemo:9")
    assert [one.id for one in gateway.credit_notes_of(invoice)] == [note.id]


def test_a_credit_note_is_voided_once_and_again(gateway: StripeGateway) -> None:
    note = gateway.create_credit_note({"invoice": made(gateway, 1000), **NOTE}, of="creditMemo:9")
    assert gateway.void_credit_note(note.id).status == "void"
    assert gateway.void_credit_note(note.id).status == "void"


def test_a_credit_note_says_what_went_to_the_balance(gateway: StripeGateway, world: Any) -> None:
    invoice, _ = paid(gateway, world)
    asked = {"invoice": invoice, "credit_amount": 400, **NOTE}
    assert gateway.create_credit_note(asked, of="creditMemo:9").customer_balance_amount == 400


# replacing an invoice, and money from outside ------------------------------------------------------------------

REPORT = {
    "amount_requested": {"currency": "usd", "value": 250},
    "payment_method_details": {"type": "custom", "custom": {"display_name": "NetSuite"}},
    "initiated_at": 1_760_000_000,
    "outcome": "guaranteed",
    "guaranteed": {"guaranteed_at": 1_760_000_000},
    "metadata": {"netsuite_payment_id": "8"},
}


def test_a_revision_replaces_the_invoice_when_it_is_finalized(gateway: StripeGateway) -> None:
    before = gateway.invoice(made(gateway, 1000, 500))
    params = {"metadata": {"netsuite_invoice_id": "7"}, "description": "changed", "days_until_due": 10}
    draft = gateway.revise_invoice(before.id, params, of=f"invoice:7:{before.id}")
    assert (draft.status, draft.lines, draft.description, draft.customer) == ("draft", (), "changed", before.customer)
    gateway.add_invoice_lines(draft.id, [{"amount": 700, "description": "x"}])
    assert (gateway.finalize_invoice(draft.id).total, gateway.invoice(before.id).status) == (700, "void")
    assert gateway.invoice(before.id).latest_revision == draft.id


def test_a_payment_is_reported_once_though_its_key_is_forgotten(
    gateway: StripeGateway, sandbox: Sandbox, world: Any
) -> None:
    first = gateway.report_payment(REPORT, of="customerPayment:8:invoice:7")
    sandbox.clock.advance(timedelta(days=2))
    assert gateway.report_payment(REPORT, of="customerPayment:8:invoice:7").id == first.id
    assert len(world.payment_records.list().data) == 1


def test_a_reported_payment_pays_a_part_once(gateway: StripeGateway) -> None:
    invoice_id, reported = made(gateway, 1000), gateway.report_payment(REPORT, of="customerPayment:8:invoice:7")
    for _ in range(2):
        attached = gateway.attach_payment(invoice_id, reported.id)
    assert (attached.status, attached.amount_paid, attached.amount_paid_off_stripe) == ("open", 250, 250)
    assert [one.payment_record for one in attached.payments if one.status == "paid"] == [reported.id]


def test_the_login_page_is_the_default_configurations(gateway: StripeGateway, world: Any) -> None:
    before = gateway.login_page_url()
    portal = world.billing_portal.configurations
    default = portal.list({"is_default": True}).data[0].id
    url = portal.update(default, {"login_page": {"enabled": True}}).login_page.url
    assert (before, gateway.login_page_url()) == (None, url)


def test_a_portal_session_opens(gateway: StripeGateway, world: Any) -> None:
    who = world.customers.create({"name": "Ada Works"}).id
    assert httpx.get(gateway.portal_url(who), trust_env=False).status_code == 200


def test_custom_fields_of_an_invoice_are_read(gateway: StripeGateway, world: Any) -> None:
    who = world.customers.create({"name": "Ada Works"}).id
    made = world.invoices.create({"customer": who, "custom_fields": [{"name": "PO", "value": "7"}]}).id
    assert gateway.invoice(made).custom_fields == {"PO": "7"}
