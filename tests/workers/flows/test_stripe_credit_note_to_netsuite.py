from typing import Any

import pytest

from app.core.links import StoredLinks
from app.systems.netsuite.records import Ref
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, finalized, lines_of, priced
from tests.workers.flows.test_stripe_refund_to_netsuite import ACCOUNTS, PAID, REALTIME, applications, charge_of
from tests.workers.flows.test_stripe_refund_to_netsuite import FLOW as REFUND

FLOW = "stripe_credit_note_to_netsuite"
HEAD = ("externalId", "entity", "account", "total", "unapplied", "status", "memo", "tranDate")


@pytest.fixture(autouse=True)
def _accounts(stage: Stage) -> None:
    stage.keep_books(accounts=ACCOUNTS)


def posted(stage: Stage, *lines: dict[str, Any], **given: Any) -> str:
    """A finalized invoice that is in NetSuite."""
    made = finalized(stage, customer(stage), *(lines or (amount(1000),)), **given)
    assert stage.run(REALTIME, made).state == "succeeded"
    return made


def paid(stage: Stage, *lines: dict[str, Any], **given: Any) -> str:
    made = posted(stage, *lines, **given)
    stage.stripe_does(f"invoices/{made}/pay")
    assert stage.run(PAID, made).state == "succeeded"
    return made


def noted(stage: Stage, invoice: str, **given: Any) -> str:
    return str(stage.stripe.v1.credit_notes.create({"invoice": invoice, **given}).id)


def of_line(stage: Stage, invoice: str, value: int, number: int = 0) -> dict[str, Any]:
    line = stage.stripe.v1.invoices.retrieve(invoice).lines.data[number].id
    return {"type": "invoice_line_item", "invoice_line_item": line, "amount": value}


def test_a_note_before_payment_is_a_memo_put_against_the_invoice(stage: Stage) -> None:
    invoice = posted(stage)
    note = noted(stage, invoice, lines=[of_line(stage, invoice, 300)], reason="order_change")
    assert stage.deliver(f"{FLOW}/credit_note.created__before_payment", note).state == "succeeded"
    [memo], [billed] = stage.records("creditMemo"), stage.records("invoice")
    number = stage.stripe.v1.credit_notes.retrieve(note).number
    assert picked(memo, *HEAD) == {
        "externalId": f"stripe-cm-{note}",
        "entity": billed["entity"],
        "account": ids.ACCOUNT_RECEIVABLE,
        "total": "3.00",
        "unapplied": "0.00",
        "status": "B",
        "memo": f"Stripe credit note {number}: order change",
        "tranDate": "2026-08-20",
    }
    assert lines_of(memo) == [(ids.ITEM_STRIPE, "Licence", "3.00")]
    assert (applications(memo), billed["amountRemaining"]) == ([(billed["id"], "3.00")], "7.00")
    assert stage.records("customerRefund") == []


def test_a_note_with_a_refund_is_a_memo_and_a_customer_refund(stage: Stage) -> None:
    invoice = paid(stage)
    note = noted(stage, invoice, lines=[of_line(stage, invoice, 400)], refund_amount=400)
    assert stage.run(FLOW, note).state == "succeeded"
    [memo], [record], [refund] = (
        stage.records("creditMemo"),
        stage.records("customerRefund"),
        stage.stripe_state("refund"),
    )
    assert picked(record, "externalId", "account", "total", "status") == {
        "externalId": f"stripe-crf-{refund['id']}",
        "account": ids.UNDEPOSITED_FUNDS,
        "total": "4.00",
        "status": "R",
    }
    assert (applications(record), memo["status"]) == ([(memo["id"], "4.00")], "B")


def test_the_refunds_own_flow_says_whose_it_is(stage: Stage) -> None:
    invoice = paid(stage)
    note = noted(stage, invoice, amount=400, refund_amount=400)
    stage.run(FLOW, note)
    number = stage.stripe.v1.credit_notes.retrieve(note).number
    skipped = stage.run(REFUND, stage.stripe_state("refund")[0]["id"])
    assert (skipped.code, number in skipped.summary, len(stage.records("creditMemo"))) == ("credit_note", True, 1)


def test_the_refund_first_brings_the_note_over(stage: Stage) -> None:
    invoice = paid(stage)
    noted(stage, invoice, amount=400, refund_amount=400)
    stage.run(REFUND, stage.stripe_state("refund")[0]["id"])
    [memo], [record] = stage.records("creditMemo"), stage.records("customerRefund")
    assert applications(record) == [(memo["id"], "4.00")]


def test_a_refund_that_was_posted_before_is_moved_to_the_note(stage: Stage) -> None:
    stage.choose(REFUND, failed="delete")
    invoice = paid(stage)
    refund = stage.stripe.v1.refunds.create({"charge": charge_of(stage), "amount": 400}).id
    stage.run(REFUND, refund)
    note = noted(stage, invoice, amount=400, refunds=[{"refund": refund}])
    assert stage.run(FLOW, note).state == "succeeded"
    [memo], [record] = stage.records("creditMemo"), stage.records("customerRefund")
    assert (memo["externalId"], applications(record)) == (f"stripe-cm-{note}", [(memo["id"], "4.00")])


def test_a_refund_that_a_note_speaks_for_in_part_has_a_memo_for_the_rest(stage: Stage) -> None:
    invoice = paid(stage)
    refund = stage.stripe.v1.refunds.create({"charge": charge_of(stage), "amount": 400}).id
    noted(stage, invoice, amount=100, refunds=[{"refund": refund, "amount_refunded": 100}])
    assert stage.run(REFUND, refund).code == "echo"
    assert [one["total"] for one in stage.records("creditMemo")] == ["1.00", "3.00"]
    assert [value for _, value in applications(stage.records("customerRefund")[0])] == ["1.00", "3.00"]


def test_a_refund_on_its_way_is_posted_when_it_arrives(stage: Stage) -> None:
    made = finalized(stage, customer(stage), amount(1000))
    stage.run(REALTIME, made)
    stage.stripe_does(f"invoices/{made}/pay", payment_method="pm_card_pendingRefund")
    stage.run(PAID, made)
    assert stage.run(FLOW, noted(stage, made, amount=400, refund_amount=400)).state == "succeeded"
    assert (stage.records("creditMemo")[0]["unapplied"], stage.records("customerRefund")) == ("4.00", [])
    refund = stage.stripe_state("refund")[0]["id"]
    stage.stripe_does(f"refunds/{refund}/succeed")
    stage.run(REFUND, refund)
    assert stage.records("creditMemo")[0]["unapplied"] == "0.00"


def test_what_went_to_the_balance_stays_open(stage: Stage) -> None:
    stage.run(FLOW, noted(stage, paid(stage), amount=400, credit_amount=400))
    [memo] = stage.records("creditMemo")
    assert (memo["status"], memo["unapplied"], stage.records("customerRefund")) == ("A", "4.00", [])


def test_what_went_to_the_balance_is_moved_by_option(stage: Stage) -> None:
    stage.choose(FLOW, balance="to_balance")
    invoice = paid(stage)
    stage.run(FLOW, noted(stage, invoice, lines=[of_line(stage, invoice, 400)], refund_amount=100, credit_amount=300))
    [memo] = stage.records("creditMemo")
    assert lines_of(memo) == [
        (ids.ITEM_STRIPE, "Licence", "4.00"),
        (ids.ITEM_REFUND, "Stripe customer balance", "-3.00"),
    ]
    assert (memo["total"], memo["unapplied"]) == ("1.00", "0.00")


def test_what_is_given_back_outside_stays_open(stage: Stage) -> None:
    stage.run(FLOW, noted(stage, paid(stage), amount=400, out_of_band_amount=400))
    assert (stage.records("creditMemo")[0]["unapplied"], stage.records("customerRefund")) == ("4.00", [])


def test_what_is_given_back_outside_is_a_customer_refund_by_option(stage: Stage) -> None:
    stage.choose(FLOW, out_of_band="refund", out_of_band_account=ids.BANK["USD"])
    note = noted(stage, paid(stage), amount=400, out_of_band_amount=400)
    stage.run(FLOW, note)
    [record] = stage.records("customerRefund")
    assert picked(record, "externalId", "account", "total") == {
        "externalId": f"stripe-crf-{note}",
        "account": ids.BANK["USD"],
        "total": "4.00",
    }


def test_without_an_account_for_it_it_is_held(stage: Stage) -> None:
    stage.choose(FLOW, out_of_band="refund")
    held = stage.run(FLOW, noted(stage, paid(stage), amount=400, out_of_band_amount=400))
    assert (held.state, held.code) == ("held", "unmapped")
    assert "out_of_band_account" in str(held.action)


def test_a_mixed_note_does_all_of_it_at_once(stage: Stage) -> None:
    invoice = posted(stage)
    stage.stripe_does(f"invoices/{invoice}/pay", amount=600)
    stage.run(PAID, invoice)
    note = noted(stage, invoice, amount=500, refund_amount=60, credit_amount=30, out_of_band_amount=10)
    stage.run(FLOW, note)
    [memo], [billed], [record] = stage.records("creditMemo"), stage.records("invoice"), stage.records("customerRefund")
    assert (memo["total"], applications(memo), memo["unapplied"]) == ("5.00", [(billed["id"], "4.00")], "0.40")
    assert (record["total"], billed["status"]) == ("0.60", "B")


def test_items_are_those_of_the_invoices_lines(stage: Stage) -> None:
    invoice = posted(stage, priced("Seat", 1000, 3), amount(500))
    product = stage.stripe.v1.invoices.retrieve(invoice).lines.data[0].pricing.price_details.product
    items = {"default": ids.ITEM_STRIPE, "by_product": {product: ids.ITEM_SUBSCRIPTION}}
    stage.keep_books(items={**items, "credit_note": ids.ITEM_CONSULTING})
    own = {"type": "custom_line_item", "description": "Goodwill", "unit_amount": 50, "quantity": 2}
    line = {"type": "invoice_line_item", "invoice_line_item": of_line(stage, invoice, 0)["invoice_line_item"]}
    stage.run(FLOW, noted(stage, invoice, lines=[line | {"quantity": 2}, own]))
    [memo] = stage.records("creditMemo")
    assert [(one["item"], one["quantity"], one["rate"], one["amount"]) for one in memo["item"]] == [
        (ids.ITEM_SUBSCRIPTION, "2", "10", "20.00"),
        (ids.ITEM_CONSULTING, "2", "0.5", "1.00"),
    ]


def taxed(stage: Stage) -> str:
    v1 = stage.stripe.v1
    rate = v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    coupon = v1.coupons.create({"percent_off": 10, "duration": "once"}).id
    invoice = posted(stage, default_tax_rates=[rate], discounts=[{"coupon": coupon}])
    return noted(stage, invoice, lines=[of_line(stage, invoice, 500)])


def test_discounts_and_taxes_are_lines(stage: Stage) -> None:
    stage.run(FLOW, taxed(stage))
    [memo] = stage.records("creditMemo")
    assert [(line["item"], line["amount"]) for line in memo["item"]] == [
        (ids.ITEM_STRIPE, "5.00"),
        (ids.ITEM_DISCOUNT, "-0.50"),
        (ids.ITEM_TAX, "0.90"),
    ]


def test_taxes_are_part_of_the_lines_without_a_tax_mode(stage: Stage) -> None:
    stage.keep_books(tax_mode="none")
    stage.run(FLOW, taxed(stage))
    [memo] = stage.records("creditMemo")
    assert [(line["item"], line["amount"]) for line in memo["item"]] == [
        (ids.ITEM_STRIPE, "5.90"),
        (ids.ITEM_DISCOUNT, "-0.50"),
    ]


def test_taxes_are_tax_details_with_suitetax(stage: Stage) -> None:
    stage.netsuite_does("settings", tax_mode="suitetax")
    stage.keep_books(tax_mode="suitetax", taxes={"code": ids.TAX_CODE_STANDARD, "type": ids.TAX_TYPE_SALES})
    stage.run(FLOW, taxed(stage))
    [memo] = stage.records("creditMemo")
    assert [line["amount"] for line in memo["item"]] == ["5.00", "-0.50"]
    assert (memo["total"], [detail["taxAmount"] for detail in memo["taxDetails"]]) == ("5.40", ["0.90"])


def test_shipping_is_a_line(stage: Stage) -> None:
    data = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "usd"}}
    invoice = posted(stage, shipping_cost={"shipping_rate_data": data})
    rate = stage.stripe.v1.invoices.retrieve(invoice).shipping_cost.shipping_rate
    stage.run(FLOW, noted(stage, invoice, shipping_cost={"shipping_rate": rate}))
    assert lines_of(stage.records("creditMemo")[0]) == [(ids.ITEM_SHIPPING, "Shipping", "5.00")]


@pytest.mark.parametrize(
    ("currency", "value", "part", "said"), [("jpy", 1000, 333, "333"), ("kwd", 10010, 3330, "3.330")]
)
def test_currencies_have_their_own_decimals(stage: Stage, currency: str, value: int, part: int, said: str) -> None:
    invoice = paid(stage, amount(value), currency=currency)
    stage.run(FLOW, noted(stage, invoice, lines=[of_line(stage, invoice, part)], refund_amount=part))
    [memo], [record] = stage.records("creditMemo"), stage.records("customerRefund")
    assert (memo["currency"], memo["total"], record["total"]) == (ids.CURRENCIES[currency.upper()], said, said)


# again, and back -----------------------------------------------------------------------------------------------


def test_the_same_note_again_posts_nothing(stage: Stage) -> None:
    note = noted(stage, paid(stage), amount=400, refund_amount=400)
    stage.run(FLOW, note)
    again = stage.run(FLOW, note)
    assert (again.code, again.netsuite_calls, len(stage.records("creditMemo"))) == ("echo", 0, 1)


def test_a_new_memo_text_changes_nothing(stage: Stage) -> None:
    note = noted(stage, posted(stage), amount=300)
    stage.run(FLOW, note)
    stage.stripe.v1.credit_notes.update(note, {"memo": "As agreed"})
    assert stage.deliver(f"{FLOW}/credit_note.updated__new_memo", note).code == "echo"


def test_two_notes_are_two_memos(stage: Stage) -> None:
    invoice = posted(stage)
    for value in (300, 200):
        stage.run(FLOW, noted(stage, invoice, amount=value))
    assert ([one["total"] for one in stage.records("creditMemo")], stage.records("invoice")[0]["amountRemaining"]) == (
        ["3.00", "2.00"],
        "5.00",
    )


def test_a_voided_note_voids_its_memo(stage: Stage) -> None:
    note = noted(stage, posted(stage), amount=300)
    stage.run(FLOW, note)
    stage.stripe.v1.credit_notes.void_credit_note(note)
    assert stage.deliver(f"{FLOW}/credit_note.voided__open_invoice", note).state == "succeeded"
    [memo], [billed] = stage.records("creditMemo"), stage.records("invoice")
    assert (memo["status"], billed["amountRemaining"]) == ("V", "10.00")
    assert stage.run(FLOW, note).code == "echo"


def test_a_voided_notes_memo_is_deleted_by_option(stage: Stage) -> None:
    stage.choose(FLOW, voided="delete")
    note = noted(stage, posted(stage), amount=300)
    stage.run(FLOW, note)
    stage.stripe.v1.credit_notes.void_credit_note(note)
    stage.run(FLOW, note)
    assert (stage.records("creditMemo"), stage.records("invoice")[0]["amountRemaining"]) == ([], "10.00")


def test_a_note_that_was_void_before_it_was_posted_is_skipped(stage: Stage) -> None:
    note = noted(stage, posted(stage), amount=300)
    stage.stripe.v1.credit_notes.void_credit_note(note)
    assert stage.run(FLOW, note).code == "void"


def test_a_void_in_a_closed_period_is_held(stage: Stage) -> None:
    note = noted(stage, posted(stage), amount=300)
    stage.run(FLOW, note)
    stage.stripe.v1.credit_notes.void_credit_note(note)
    stage.netsuite_does("periods/2026-08", state="closed")
    assert (stage.run(FLOW, note).state, stage.records("creditMemo")[0]["status"]) == ("held", "B")


# the rest ------------------------------------------------------------------------------------------------------


def test_a_note_that_we_made_from_netsuite_is_an_echo(stage: Stage) -> None:
    note = noted(stage, posted(stage), amount=300)
    who = stage.records("invoice")[0]["entity"]
    line = {"item": {"id": ids.ITEM_STRIPE}, "quantity": 1, "rate": "3"}
    memo = stage.saves("creditMemo", {"entity": {"id": who}, "item": {"items": [line]}})["id"]
    StoredLinks(stage.parts.database, "main").save("cm", note, Ref("creditMemo", memo), origin="netsuite")
    assert (stage.run(FLOW, note).code, len(stage.records("creditMemo"))) == ("echo", 1)


def test_a_note_that_names_its_memo_is_an_echo(stage: Stage) -> None:
    note = noted(stage, posted(stage), amount=300, metadata={"netsuite_credit_memo_id": "77"})
    assert (stage.run(FLOW, note).code, stage.records("creditMemo")) == ("echo", [])


def test_the_memos_id_is_written_back_by_option(stage: Stage) -> None:
    stage.choose(FLOW, write_back=True)
    note = noted(stage, posted(stage), amount=300)
    stage.run(FLOW, note)
    metadata = stage.stripe.v1.credit_notes.retrieve(note).metadata.to_dict()
    assert metadata == {"netsuite_credit_memo_id": stage.records("creditMemo")[0]["id"]}
    assert stage.run(FLOW, note).code == "echo"


def test_the_invoice_is_brought_over_first(stage: Stage) -> None:
    invoice = finalized(stage, customer(stage), amount(1000))
    assert stage.run(FLOW, noted(stage, invoice, amount=300)).state == "succeeded"
    assert (len(stage.records("invoice")), len(stage.records("creditMemo"))) == (1, 1)


def test_a_failed_refund_leaves_the_notes_memo_open(stage: Stage) -> None:
    note = noted(stage, paid(stage), amount=400, refund_amount=400)
    stage.run(FLOW, note)
    refund = stage.stripe_state("refund")[0]["id"]
    stage.stripe_does(f"refunds/{refund}/fail")
    assert stage.run(REFUND, refund).state == "succeeded"
    assert (stage.records("customerRefund")[0]["status"], stage.records("creditMemo")[0]["unapplied"]) == ("V", "4.00")


def test_older_notes_are_skipped(stage: Stage) -> None:
    note = noted(stage, posted(stage), amount=300)
    stage.decide(start_date="2026-08-21")
    assert stage.run(FLOW, note).code == "before_start"
