"""Two subsidiaries bill through one Stripe account: each record follows the books of its own."""

from typing import Any

import pytest

from sandbox.netsuite import ids
from tests.workers.flows.stage import BOOKS, Stage, picked

US, EU = ids.SUBSIDIARY_US, ids.SUBSIDIARY_EU
INVOICES = "stripe_invoice_to_netsuite_realtime"
PAID = "stripe_invoice_paid_to_netsuite_payment"
CHARGES = "stripe_charge_to_netsuite_invoice"
REFUNDS = "stripe_refund_to_netsuite"
NOTES = "stripe_credit_note_to_netsuite"
DISPUTES = "stripe_dispute_to_netsuite"
REVERSALS = "stripe_dispute_reversal_to_netsuite"
STATUS = "open_invoice_status_from_stripe"
STATUS_BACK = "netsuite_invoice_status_to_stripe"
PAYOUTS = "stripe_payout_to_netsuite_deposit"

ITEMS = BOOKS["items"] | {"charge": ids.ITEM_CONSULTING, "dispute": ids.ITEM_DISPUTE}
CLEARING = ids.STRIPE_CLEARING["USD"]
ACCOUNTS: dict[str, Any] = {
    "undeposited": ids.UNDEPOSITED_FUNDS,
    "bank": {"USD": ids.BANK["USD"]},
    "fees": {"*": ids.STRIPE_FEES},
    "clearing": {"USD": CLEARING},
}
OTHERWISE: dict[str, Any] = {
    "items": {
        "default": ids.ITEM_SUBSCRIPTION,
        "charge": ids.ITEM_USAGE,
        "partial_refund": ids.ITEM_REFUND,
        "credit_note": ids.ITEM_SHIPPING,
        "balance": ids.ITEM_BALANCE,
        "dispute": ids.ITEM_BAD_DEBT,
        "bad_debt": ids.ITEM_DISPUTE,
    },
    "accounts": {"money_in": "clearing", "bank": {"USD": CLEARING}, "fees": {"*": ids.ROUNDING}},
    "payment_options": {"*": ids.PAYMENT_METHOD_ACH},
}
both = pytest.mark.parametrize("subsidiary", [US, EU])


@pytest.fixture(autouse=True)
def _books(stage: Stage) -> None:
    """As of the account; Europe does otherwise."""
    options = {"*": ids.PAYMENT_METHOD_STRIPE}
    stage.keep_books(items=ITEMS, accounts=ACCOUNTS, payment_options=options, by_subsidiary={EU: OTHERWISE})


def other(subsidiary: str, here: Any, there: Any) -> Any:
    return here if subsidiary == US else there


def buyer(stage: Stage, subsidiary: str) -> str:
    """In both systems; NetSuite's customer is of this subsidiary."""
    body = {"companyName": "Ada Works", "email": "ada@example.com", "subsidiary": {"id": subsidiary}}
    stage.saves("customer", body | {"currencyList": {"items": [{"currency": {"id": ids.USD}}]}})
    made: str = stage.stripe.v1.customers.create({"name": "Ada Works", "email": "ada@example.com"}).id
    assert stage.run("stripe_customer_to_netsuite", made).state == "succeeded"
    return made


def billed(stage: Stage, subsidiary: str) -> str:
    api, who = stage.stripe.v1, buyer(stage, subsidiary)
    made: str = api.invoices.create({"customer": who, "currency": "usd", "auto_advance": False}).id
    api.invoices.add_lines(made, {"lines": [{"amount": 1000, "description": "Licence"}]})
    api.invoices.finalize_invoice(made)
    assert stage.run(INVOICES, made).state == "succeeded"
    return made


def paid(stage: Stage, subsidiary: str) -> str:
    """The charge."""
    made = billed(stage, subsidiary)
    stage.stripe_does(f"invoices/{made}/pay")
    assert stage.run(PAID, made).state == "succeeded"
    charge: str = stage.stripe_state("charge")[-1]["id"]
    return charge


def charged(stage: Stage, subsidiary: str, **given: Any) -> str:
    who = buyer(stage, subsidiary)
    made: str = stage.stripe_does("charges", amount=5000, customer=who, **given)["id"]
    return made


def items(record: dict[str, Any]) -> list[str]:
    return [line["item"] for line in record["item"]]


@both
def test_an_invoice(stage: Stage, subsidiary: str) -> None:
    billed(stage, subsidiary)
    assert items(stage.records("invoice")[0]) == [other(subsidiary, ids.ITEM_STRIPE, ids.ITEM_SUBSCRIPTION)]


@both
def test_a_payment(stage: Stage, subsidiary: str) -> None:
    paid(stage, subsidiary)
    assert picked(stage.records("customerPayment")[0], "account", "paymentOption") == other(
        subsidiary,
        {"account": ids.UNDEPOSITED_FUNDS, "paymentOption": ids.PAYMENT_METHOD_STRIPE},
        {"account": CLEARING, "paymentOption": ids.PAYMENT_METHOD_ACH},
    )


@both
def test_a_charge_without_an_invoice(stage: Stage, subsidiary: str) -> None:
    stage.choose(CHARGES, mode="cash_sale")
    assert stage.run(CHARGES, charged(stage, subsidiary)).state == "succeeded"
    [sale] = stage.records("cashSale")
    assert (items(sale), sale["account"], sale["paymentOption"]) == other(
        subsidiary,
        ([ids.ITEM_CONSULTING], ids.UNDEPOSITED_FUNDS, ids.PAYMENT_METHOD_STRIPE),
        ([ids.ITEM_USAGE], CLEARING, ids.PAYMENT_METHOD_ACH),
    )


@both
@pytest.mark.parametrize("partial", ["proportional", "item"])
def test_a_refund(stage: Stage, subsidiary: str, partial: str) -> None:
    stage.choose(REFUNDS, partial=partial)
    refund = stage.stripe.v1.refunds.create({"charge": paid(stage, subsidiary), "amount": 300}).id
    assert stage.run(REFUNDS, refund).state == "succeeded"
    [memo], [record] = stage.records("creditMemo"), stage.records("customerRefund")
    there = {"proportional": ids.ITEM_SUBSCRIPTION, "item": ids.ITEM_REFUND}[partial]
    assert (items(memo), record["account"], record["paymentOption"]) == other(
        subsidiary,
        ([ids.ITEM_STRIPE], ids.UNDEPOSITED_FUNDS, ids.PAYMENT_METHOD_STRIPE),
        ([there], CLEARING, ids.PAYMENT_METHOD_ACH),
    )


@both
def test_a_refund_of_an_invoice_of_netsuites_own(stage: Stage, subsidiary: str) -> None:
    stage.keep_books(by_subsidiary={EU: {"items": {"refund": ids.ITEM_REFUND}}})
    who = buyer(stage, subsidiary)
    entity, line = {"id": stage.records("customer")[0]["id"]}, {"item": {"id": ids.ITEM_CONSULTING}, "rate": "50"}
    given = {"entity": entity, "currency": {"id": ids.USD}, "item": {"items": [line | {"quantity": 1}]}}
    invoice = stage.saves("invoice", given)["id"]
    charge = stage.stripe_does("charges", amount=5000, customer=who, metadata={"netsuite_invoice_id": invoice})["id"]
    refund = stage.stripe.v1.refunds.create({"charge": charge}).id
    assert stage.run(REFUNDS, refund).state == "succeeded"
    assert items(stage.records("creditMemo")[0]) == [other(subsidiary, ids.ITEM_CONSULTING, ids.ITEM_REFUND)]


@both
def test_a_credit_note(stage: Stage, subsidiary: str) -> None:
    stage.choose(NOTES, balance="to_balance")
    paid(stage, subsidiary)
    invoice, own = stage.stripe_state("invoice")[0]["id"], {"type": "custom_line_item", "description": "Goodwill"}
    asked = {"invoice": invoice, "lines": [own | {"quantity": 1, "unit_amount": 200}], "credit_amount": 200}
    note = stage.stripe.v1.credit_notes.create(asked).id
    assert stage.run(NOTES, note).state == "succeeded"
    assert items(stage.records("creditMemo")[0]) == other(
        subsidiary, [ids.ITEM_STRIPE, BOOKS["items"]["balance"]], [ids.ITEM_SHIPPING, ids.ITEM_BALANCE]
    )


def lost(stage: Stage, subsidiary: str) -> str:
    dispute: str = stage.stripe_does(f"charges/{paid(stage, subsidiary)}/dispute")["id"]
    assert stage.run(DISPUTES, dispute).state == "succeeded"
    return dispute


@both
def test_a_dispute(stage: Stage, subsidiary: str) -> None:
    lost(stage, subsidiary)
    [memo], [record] = stage.records("creditMemo"), stage.records("customerRefund")
    assert (items(memo), record["account"], record["paymentOption"]) == other(
        subsidiary,
        ([ids.ITEM_DISPUTE], ids.UNDEPOSITED_FUNDS, ids.PAYMENT_METHOD_STRIPE),
        ([ids.ITEM_BAD_DEBT], CLEARING, ids.PAYMENT_METHOD_ACH),
    )


@both
def test_a_dispute_that_is_won(stage: Stage, subsidiary: str) -> None:
    dispute = lost(stage, subsidiary)
    stage.pass_time(minutes=1)
    stage.stripe_does(f"disputes/{dispute}/win")
    assert stage.run(REVERSALS, dispute).state == "succeeded"
    invoice, payment = stage.records("invoice")[-1], stage.records("customerPayment")[-1]
    assert (items(invoice), payment["account"], payment["paymentOption"]) == other(
        subsidiary,
        ([ids.ITEM_DISPUTE], ids.UNDEPOSITED_FUNDS, ids.PAYMENT_METHOD_STRIPE),
        ([ids.ITEM_BAD_DEBT], CLEARING, ids.PAYMENT_METHOD_ACH),
    )


@both
def test_a_dispute_of_a_charge_from_before_the_start(stage: Stage, subsidiary: str) -> None:
    charge = charged(stage, subsidiary)
    stage.pass_time(days=2)
    stage.decide(start_date="2026-08-21", older="post")
    dispute = stage.stripe_does(f"charges/{charge}/dispute")["id"]
    assert stage.run(DISPUTES, dispute).state == "succeeded"
    [record] = stage.records("customerRefund")
    assert record["account"] == other(subsidiary, ids.UNDEPOSITED_FUNDS, CLEARING)


@both
def test_an_invoice_given_up(stage: Stage, subsidiary: str) -> None:
    made = billed(stage, subsidiary)
    stage.stripe.v1.invoices.mark_uncollectible(made)
    assert stage.run(STATUS, made).state == "succeeded"
    assert items(stage.records("creditMemo")[0]) == [other(subsidiary, ids.ITEM_BAD_DEBT, ids.ITEM_DISPUTE)]


@pytest.mark.parametrize(
    ("subsidiary", "item", "status"),
    [
        (US, ids.ITEM_BAD_DEBT, "uncollectible"),
        (US, ids.ITEM_DISPUTE, "paid"),
        (EU, ids.ITEM_DISPUTE, "uncollectible"),
        (EU, ids.ITEM_BAD_DEBT, "paid"),
    ],
)
def test_an_invoice_given_up_in_netsuite(stage: Stage, subsidiary: str, item: str, status: str) -> None:
    made = billed(stage, subsidiary)
    [invoice] = stage.records("invoice")
    apply = [{"doc": {"id": invoice["id"]}, "apply": True, "amount": "10"}]
    lines = [{"item": {"id": item}, "quantity": 1, "rate": "10"}]
    body = {"entity": {"id": invoice["entity"]}, "item": {"items": lines}, "apply": {"items": apply}}
    memo = stage.saves("creditMemo", body | {"autoApply": False, "currency": {"id": ids.USD}})["id"]
    stage.run(STATUS_BACK, memo)
    assert stage.stripe.v1.invoices.retrieve(made).status == status


@both
def test_a_payout(stage: Stage, subsidiary: str) -> None:
    """Of the subsidiary that the account sells for."""
    stage.keep_books(subsidiary=subsidiary, also_subsidiaries=[US, EU])
    charged(stage, subsidiary, payment_method="pm_card_bypassPending")
    [payout] = stage.stripe_does("payouts")["payouts"]
    stage.stripe_does(f"payouts/{payout['id']}/reconcile")
    stage.stripe_does(f"payouts/{payout['id']}/pay")
    assert stage.run(PAYOUTS, payout["id"]).state == "succeeded"
    [deposit] = stage.records("deposit")
    assert (deposit["account"], [line["account"] for line in deposit["cashBack"]]) == other(
        subsidiary, (ids.BANK["USD"], [ids.STRIPE_FEES]), (CLEARING, [ids.ROUNDING])
    )


@both
def test_whoever_has_no_customer_is_the_accounts_own_subsidiarys(stage: Stage, subsidiary: str) -> None:
    """The catch-all customer is that of the subsidiary that the account sells for."""
    currencies = {"items": [{"currency": {"id": ids.USD}}]}
    one, two = (
        stage.saves("customer", {"companyName": "Others", "subsidiary": {"id": each}, "currencyList": currencies})["id"]
        for each in (US, EU)
    )
    stage.keep_books(subsidiary=subsidiary, catch_all_customer=one, by_subsidiary={EU: {"catch_all_customer": two}})
    assert stage.run(CHARGES, stage.stripe_does("charges", amount=5000)["id"]).state == "succeeded"
    assert stage.records("customerPayment")[0]["customer"] == other(subsidiary, one, two)


@pytest.mark.parametrize(
    ("subsidiary", "setting"), [(US, "books.main.items.dispute"), (EU, f"books.main.by_subsidiary.{EU}.items.dispute")]
)
def test_what_is_missing_is_named_where_it_goes(stage: Stage, subsidiary: str, setting: str) -> None:
    stage.keep_books(items=BOOKS["items"], by_subsidiary={EU: {"accounts": OTHERWISE["accounts"]}})
    dispute = stage.stripe_does(f"charges/{paid(stage, subsidiary)}/dispute")["id"]
    result = stage.run(DISPUTES, dispute)
    assert (result.state, result.action) == ("held", f"Set `{setting}` in the configuration, then replay.")
