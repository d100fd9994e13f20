"""Finance's choices on the whole way: field rules, books by subsidiary, items of products, start dates, plans."""

from typing import Any

import pytest

from app.core import config as configuration
from app.core import plan
from app.core.config import Config
from app.core.flow import Flow
from sandbox.netsuite import ids
from tests.workers.flows.stage import BOOKS, START, Stage, picked
from workers.flows import CATALOGUE

INVOICES = "stripe_invoice_to_netsuite"
CUSTOMERS = "stripe_customer_to_netsuite"
DEPARTMENT = "7"


def rule(**given: Any) -> dict[str, Any]:
    return {"name": "a rule", "record_type": "invoice", "field": "otherRefNum", **given}


def buyer(stage: Stage, **given: Any) -> str:
    made: str = stage.stripe.v1.customers.create({"name": "Ada Works", "email": "ada@example.com", **given}).id
    return made


def billed(stage: Stage, customer: str = "", product: str = "", **given: Any) -> str:
    """A finalized invoice of two lines."""
    customer = customer or buyer(stage)
    api = stage.stripe.v1
    invoice = api.invoices.create(
        {"customer": customer, "collection_method": "send_invoice", "days_until_due": 30, **given}
    )
    for amount in (1000, 500):
        said: dict[str, Any] = (
            {"price_data": {"currency": "usd", "product": product, "unit_amount": amount}} if product else {}
        )
        line: dict[str, Any] = said or {"amount": amount, "currency": "usd"}
        api.invoice_items.create({"customer": customer, "invoice": invoice.id, "description": f"{amount}", **line})
    made: str = api.invoices.finalize_invoice(invoice.id).id
    return made


def posted(stage: Stage, subject: str) -> dict[str, Any]:
    result = stage.run(INVOICES, subject)
    assert result.state == "succeeded", result
    return stage.records("invoice")[-1]


def posted_and_paid(stage: Stage) -> dict[str, Any]:
    """The customer payment of an invoice that was paid by card."""
    customer = buyer(stage)
    card = stage.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    invoice = billed(stage, customer)
    posted(stage, invoice)
    stage.stripe.v1.invoices.pay(invoice, {"payment_method": card})
    assert stage.run("stripe_invoice_paid_to_netsuite_payment", invoice).state == "succeeded"
    return stage.records("customerPayment")[-1]


# field rules -----------------------------------------------------------------------------------------------------


def test_a_rule_fills_a_field_from_stripes_metadata(stage: Stage) -> None:
    stage.decide(field_rules=[rule(expression="source.metadata.po")])
    assert posted(stage, billed(stage, metadata={"po": "PO-7"}))["otherRefNum"] == "PO-7"


def test_the_run_says_where_the_field_came_from(stage: Stage) -> None:
    stage.decide(field_rules=[rule(expression="source.metadata.po")])
    result = stage.run(INVOICES, billed(stage, metadata={"po": "PO-7"}))
    assert "invoice.otherRefNum is PO-7 by the rule “a rule”." in result.notes


def test_a_rule_sets_a_custom_field(stage: Stage) -> None:
    stage.netsuite_does("custom-fields", on="body", name="custbody_region", kind="text")
    stage.decide(field_rules=[rule(field="custbody_region", expression="source.metadata.region | upper")])
    assert posted(stage, billed(stage, metadata={"region": "emea"}))["custbody_region"] == "EMEA"


def test_a_rule_sets_a_field_of_some_lines(stage: Stage) -> None:
    lines = {"field": "item.description", "do": "override", "lines": "line.amount > 6"}
    stage.decide(field_rules=[rule(expression="'large: ' ~ line.description", **lines)])
    found = posted(stage, billed(stage))
    assert [line["description"] for line in found["item"]] == ["large: 1000", "500"]


def test_a_rule_looks_a_record_up(stage: Stage) -> None:
    lookup = {"record_type": "customer", "field": "email", "equals": "source.metadata.email"}
    stage.netsuite_does("custom-fields", on="body", name="custbody_partner", kind="text")
    stage.decide(field_rules=[rule(field="custbody_partner", lookup=lookup, type="text")])
    found = posted(stage, billed(stage, metadata={"email": "ada@example.com"}))
    assert found["custbody_partner"] == found["entity"]


def test_a_lookup_that_finds_nothing_is_held_and_nothing_is_posted(stage: Stage) -> None:
    lookup = {"record_type": "department", "field": "name", "equals": "'Nowhere'"}
    stage.decide(field_rules=[rule(field="department", lookup=lookup)])
    result = stage.run(INVOICES, billed(stage))
    assert (result.state, result.code, stage.records("invoice")) == ("held", "field_rule", [])


def test_a_rule_that_fails_is_held_by_its_name(stage: Stage) -> None:
    stage.decide(field_rules=[rule(expression="source.custmer")])
    result = stage.run(INVOICES, billed(stage))
    assert (result.state, result.code, "“a rule”" in result.summary, "“a rule”" in str(result.action)) == (
        "held",
        "field_rule",
        True,
        True,
    )


def test_a_field_that_netsuite_has_not_is_refused_by_netsuite(stage: Stage) -> None:
    stage.decide(field_rules=[rule(field="custbody_nowhere", value="x")])
    result = stage.run(INVOICES, billed(stage))
    assert (result.state, stage.records("invoice")) == ("dead", [])


def test_a_rule_concerns_one_flow(stage: Stage) -> None:
    stage.decide(field_rules=[rule(value="x", flow="stripe_charge_to_netsuite_invoice")])
    assert "otherRefNum" not in posted(stage, billed(stage))


def test_a_rule_for_updates_goes_with_a_change(stage: Stage) -> None:
    fields = {"record_type": "customer", "field": "comments", "expression": "'VIP ' ~ source.metadata.level"}
    stage.decide(field_rules=[rule(**fields, updates=True)])
    subject = buyer(stage, metadata={"level": "1"})
    stage.run(CUSTOMERS, subject)
    stage.stripe.v1.customers.update(subject, {"phone": "+1 555 0100", "metadata": {"level": "2"}})
    stage.run(CUSTOMERS, subject)
    assert picked(stage.records("customer")[0], "phone", "comments") == {"phone": "+1 555 0100", "comments": "VIP 2"}


def test_a_preview_shows_the_rules(stage: Stage) -> None:
    subject = buyer(stage)
    stage.run(CUSTOMERS, subject)
    stage.decide(field_rules=[rule(value="x")])
    found = stage.parts.previewer.preview(INVOICES, "main", billed(stage, subject))
    assert [each.body["otherRefNum"] for each in found.written] == ["x"]


def test_a_rule_reaches_a_payment_too(stage: Stage) -> None:
    payment = {"record_type": "customerPayment", "field": "checkNum", "expression": "source.id | cut(8)"}
    stage.decide(field_rules=[rule(**payment)])
    assert posted_and_paid(stage)["checkNum"].startswith("in_")


def test_the_same_books_after_a_second_run(stage: Stage) -> None:
    stage.decide(field_rules=[rule(expression="source.metadata.po")])
    subject = billed(stage, metadata={"po": "PO-7"})
    posted(stage, subject)
    assert (stage.run(INVOICES, subject).code, len(stage.records("invoice"))) == ("echo", 1)


# books -----------------------------------------------------------------------------------------------------------


def test_a_subsidiary_keeps_its_own_books(stage: Stage) -> None:
    other = {"items": {"default": ids.ITEM_REFUND}, "time_zone": "Asia/Tokyo"}
    stage.keep_books(by_subsidiary={ids.SUBSIDIARY_US: other})
    stage.sandbox.clock.set(START.replace(hour=20))
    found = posted(stage, billed(stage))
    assert ({line["item"] for line in found["item"]}, found["tranDate"]) == ({ids.ITEM_REFUND}, "2026-08-21")


def test_money_lies_where_its_subsidiary_keeps_it(stage: Stage) -> None:
    other = {"accounts": {"money_in": "clearing", "clearing": {"USD": ids.STRIPE_CLEARING["USD"]}}}
    stage.keep_books(by_subsidiary={ids.SUBSIDIARY_US: other})
    paid = posted_and_paid(stage)
    assert picked(paid, "account", "undepFunds") == {"account": ids.STRIPE_CLEARING["USD"], "undepFunds": "F"}


def test_another_subsidiary_keeps_those_of_the_account(stage: Stage) -> None:
    stage.keep_books(by_subsidiary={ids.SUBSIDIARY_EU: {"items": {"default": ids.ITEM_REFUND}}})
    assert {line["item"] for line in posted(stage, billed(stage))["item"]} == {ids.ITEM_STRIPE}


def items(stage: Stage, **chosen: Any) -> set[str]:
    stage.keep_books(items={**BOOKS["items"], **chosen})
    product = stage.stripe.v1.products.create({"name": "Seat", "metadata": {"netsuite_item": ids.ITEM_REFUND}}).id
    chosen_by_product = chosen.get("by_product")
    if chosen_by_product:
        stage.keep_books(items={**BOOKS["items"], **chosen, "by_product": {product: ids.ITEM_SHIPPING}})
    return {line["item"] for line in posted(stage, billed(stage, product=product))["item"]}


def test_a_product_names_its_item_in_its_metadata(stage: Stage) -> None:
    assert items(stage, product_metadata_key="netsuite_item") == {ids.ITEM_REFUND}


def test_a_product_is_not_asked_unless_it_is_chosen(stage: Stage) -> None:
    assert items(stage) == {ids.ITEM_STRIPE}


def test_the_map_comes_before_what_a_product_says(stage: Stage) -> None:
    assert items(stage, product_metadata_key="netsuite_item", by_product={"prod_x": "1"}) == {ids.ITEM_SHIPPING}


# start dates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"start_date": "2026-08-21"}, "before_start"),
        ({"start_date": "2026-08-21", "start_dates": {"invoice": "2026-08-01"}}, None),
        ({"start_dates": {"invoice": "2026-08-21"}}, "before_start"),
        ({"start_dates": {"creditMemo": "2026-08-21"}}, None),
    ],
)
def test_each_kind_of_record_has_its_own_start(stage: Stage, dates: dict[str, Any], code: str | None) -> None:
    subject = billed(stage)
    stage.decide(**dates)
    assert stage.run(INVOICES, subject).code == code


# plans -----------------------------------------------------------------------------------------------------------


def planned(stage: Stage, **changes: Any) -> list[plan.Difference]:
    with stage.parts.database.session_scope() as session:
        now = configuration.current(session)
    wanted = Config.model_validate({**configuration.document(now), **changes})
    return plan.differences(stage.parts.database, stage.parts.previewer, now, wanted, sample=20)[1]


def bodies(found: list[plan.Difference], flow: Flow[Any, Any]) -> list[tuple[Any, Any]]:
    return [
        (each.before["written"][-1]["body"], each.after["written"][-1]["body"])
        for each in found
        if each.flow == flow.key
    ]


def test_a_plan_shows_what_a_rule_does_to_records_that_are_unchanged(stage: Stage) -> None:
    posted(stage, billed(stage, metadata={"po": "PO-7"}))
    found = bodies(planned(stage, field_rules=[rule(expression="source.metadata.po")]), CATALOGUE[INVOICES])
    assert [(now.get("otherRefNum"), then.get("otherRefNum")) for now, then in found] == [(None, "PO-7")]


def test_a_plan_shows_what_an_item_map_does_to_records_that_are_unchanged(stage: Stage) -> None:
    posted(stage, billed(stage))
    books = {"main": {**BOOKS, "items": {**BOOKS["items"], "default": ids.ITEM_REFUND}}}
    found = bodies(planned(stage, books=books), CATALOGUE[INVOICES])
    assert [[line["item"]["id"] for line in then["item"]["items"]] for _, then in found] == [[ids.ITEM_REFUND] * 2]


def test_a_plan_shows_what_a_rule_does_to_a_customer_that_is_unchanged(stage: Stage) -> None:
    stage.run(CUSTOMERS, buyer(stage))
    found = planned(stage, field_rules=[rule(record_type="customer", field="comments", value="ours")])
    assert [each.after["written"][0]["body"].get("comments") for each in found if each.flow == CUSTOMERS] == ["ours"]


def test_a_plan_shows_what_an_account_map_does_to_records_that_are_unchanged(stage: Stage) -> None:
    posted(stage, billed(stage))
    books = {"main": {**BOOKS, "accounts": {"receivable": {"USD": ids.ACCOUNT_RECEIVABLE}}}}
    found = bodies(planned(stage, books=books), CATALOGUE[INVOICES])
    assert [(now.get("account"), then["account"]["id"]) for now, then in found] == [(None, ids.ACCOUNT_RECEIVABLE)]


def test_a_plan_without_an_effect_shows_nothing(stage: Stage) -> None:
    posted(stage, billed(stage))
    assert planned(stage, field_rules=[rule(value="x", when="source.total > 999999")]) == []


def test_a_plan_leaves_the_links_as_they_are(stage: Stage) -> None:
    subject = billed(stage)
    posted(stage, subject)
    before = {name: (link.stripe_fingerprint, link.netsuite_fingerprint) for name, link in stage.links().items()}
    planned(stage, field_rules=[rule(value="x")])
    after = {name: (link.stripe_fingerprint, link.netsuite_fingerprint) for name, link in stage.links().items()}
    assert before == after
