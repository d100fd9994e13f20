from typing import Any

import httpx
import pytest

from app.errors import Rejected
from app.systems.stripe.gateway import StripeGateway
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from workers.records import stripe_invoice

FLOW = "netsuite_invoice_to_stripe"


def entity(stage: Stage, **given: Any) -> str:
    body = {"companyName": "Grace Works", "email": "grace@example.com", "subsidiary": {"id": ids.SUBSIDIARY_US}}
    made: str = stage.saves("customer", {**body, **given})["id"]
    return made


def line(rate: str, description: str = "Advice", quantity: int = 1, item: str = ids.ITEM_CONSULTING) -> dict[str, Any]:
    return {"item": {"id": item}, "quantity": quantity, "rate": rate, "description": description}


def invoice(stage: Stage, *lines: dict[str, Any], who: str = "", **given: Any) -> str:
    body = {"entity": {"id": who or entity(stage)}, "item": {"items": list(lines)}, "dueDate": "2026-09-20"}
    made: str = stage.saves("invoice", {**body, **given})["id"]
    return made


def billed(stage: Stage) -> dict[str, Any]:
    [found] = stage.stripe_state("invoice")
    return found


def lines_of(found: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["description"], one["amount"]) for one in found["lines"]["data"]]


def test_an_open_invoice_is_billed_whole(stage: Stage) -> None:
    subject = invoice(stage, line("40"), line("12.50", "Seats", 2), memo="September", otherRefNum="PO-7")
    assert stage.deliver(f"{FLOW}/invoice.create__open", subject).state == "succeeded"
    found = billed(stage)
    [customer] = stage.stripe_state("customer")
    assert picked(
        found,
        "status",
        "customer",
        "currency",
        "collection_method",
        "auto_advance",
        "total",
        "amount_due",
        "due_date",
        "description",
        "custom_fields",
        "metadata",
    ) == {
        "status": "open",
        "customer": customer["id"],
        "currency": "usd",
        "collection_method": "send_invoice",
        "auto_advance": False,
        "total": 6500,
        "amount_due": 6500,
        "due_date": 1789963199,  # the last second of 2026-09-20 in New York
        "description": "September",
        "custom_fields": [{"name": "PO number", "value": "PO-7"}],
        "metadata": {"netsuite_invoice_id": subject, "netsuite_tran_id": "INV1001"},
    }
    assert lines_of(found) == [("Advice", 4000), ("Seats (2 × 12.50)", 2500)]
    assert found["payment_settings"]["payment_method_types"] == ["card", "us_bank_account"]


def test_ids_and_links_are_written_back(stage: Stage) -> None:
    subject = invoice(stage, line("40"))
    stage.run(FLOW, subject)
    found, [record] = billed(stage), stage.records("invoice")
    written = {name: value for name, value in record.items() if name.startswith("custbody")}
    assert written.pop("custbody_tieout_payment_link").startswith("https://tieout.test/pay/")
    assert written == {
        "custbody_tieout_stripe_id": found["id"],
        "custbody_tieout_stripe_number": found["number"],
        "custbody_tieout_stripe_status": "open",
        "custbody_tieout_pdf_url": found["invoice_pdf"],
    }


def test_the_hosted_page_is_written_back_by_option(stage: Stage) -> None:
    stage.choose(FLOW, link="hosted")
    stage.run(FLOW, invoice(stage, line("40")))
    assert stage.records("invoice")[0]["custbody_tieout_payment_link"] == billed(stage)["hosted_invoice_url"]


def test_it_costs_a_read_and_the_write_back(stage: Stage) -> None:
    who = entity(stage)
    stage.run(FLOW, invoice(stage, line("40"), who=who))
    assert stage.run(FLOW, invoice(stage, line("50"), who=who)).netsuite_calls == 2


def test_the_same_callback_again_bills_nothing(stage: Stage) -> None:
    subject = invoice(stage, line("40"))
    stage.run(FLOW, subject)
    again = stage.deliver(f"{FLOW}/invoice.edit__approved", subject)
    assert (again.code, again.stripe_calls, len(stage.stripe_state("invoice"))) == ("echo", 0, 1)


def test_a_later_change_is_not_sent_by_this_flow(stage: Stage) -> None:
    subject = invoice(stage, line("40"))
    stage.run(FLOW, subject)
    stage.saves("invoice", {"dueDate": "2026-10-20"}, subject)
    result = stage.deliver(f"{FLOW}/invoice.xedit__due_date", subject)
    assert (result.state, result.code) == ("skipped", "changed_later")


def test_the_stripe_event_of_it_posts_nothing_in_netsuite(stage: Stage) -> None:
    stage.run(FLOW, invoice(stage, line("40")))
    echo = stage.run("stripe_invoice_to_netsuite_realtime", billed(stage)["id"])
    assert (echo.code, len(stage.records("invoice"))) == ("echo", 1)


def test_an_invoice_that_came_from_stripe_is_skipped(stage: Stage) -> None:
    who = stage.stripe.v1.customers.create({"name": "Ada"}).id
    made = stage.stripe.v1.invoices.create({"customer": who, "currency": "usd", "auto_advance": False}).id
    stage.stripe.v1.invoices.add_lines(made, {"lines": [{"amount": 1000, "description": "Licence"}]})
    stage.stripe.v1.invoices.finalize_invoice(made)
    stage.run("stripe_invoice_to_netsuite_realtime", made)
    result = stage.run(FLOW, stage.records("invoice")[0]["id"])
    assert (result.state, result.code, result.stripe_calls) == ("skipped", "echo", 0)


def test_a_discount_is_a_negative_line(stage: Stage) -> None:
    discount = {"item": {"id": ids.ITEM_DISCOUNT}, "amount": "-10", "description": "Loyalty"}
    stage.run(FLOW, invoice(stage, line("40"), discount))
    assert lines_of(billed(stage)) == [("Advice", 4000), ("Loyalty", -1000)]


def test_tax_is_a_line(stage: Stage) -> None:
    stage.netsuite_does("settings", tax_mode="suitetax")
    detail = {
        "taxDetailsReference": "NEW_ITEM_0",
        "taxType": {"id": ids.TAX_TYPE_SALES},
        "taxCode": {"id": ids.TAX_CODE_STANDARD},
        "taxBasis": "100",
        "taxRate": "20",
        "taxAmount": "20",
    }
    taxed = {**line("100"), "taxDetailsReference": "NEW_ITEM_0"}
    subject = invoice(stage, taxed, taxDetailsOverride=True, taxDetails={"items": [detail]})
    assert stage.run(FLOW, subject).state == "succeeded"
    assert lines_of(billed(stage)) == [("Advice", 10000), ("Tax", 2000)]


def pay_part(stage: Stage, subject: str, who: str, amount: str) -> None:
    applied = {"doc": {"id": subject}, "apply": True, "amount": amount}
    stage.saves("customerPayment", {"customer": {"id": who}, "payment": amount, "apply": {"items": [applied]}})


def test_of_a_part_paid_invoice_the_rest_is_billed(stage: Stage) -> None:
    who = entity(stage)
    subject = invoice(stage, line("40"), who=who)
    pay_part(stage, subject, who, "15")
    stage.run(FLOW, subject)
    assert (lines_of(billed(stage)), billed(stage)["total"]) == (
        [("Advice", 4000), ("Payments and credits already applied", -1500)],
        2500,
    )


def test_a_part_paid_invoice_is_held_by_option(stage: Stage) -> None:
    stage.choose(FLOW, part_paid="hold")
    who = entity(stage)
    subject = invoice(stage, line("40"), who=who)
    pay_part(stage, subject, who, "15")
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, stage.stripe_state("invoice")) == ("held", "part_paid", [])


def test_a_paid_invoice_is_skipped(stage: Stage) -> None:
    who = entity(stage)
    subject = invoice(stage, line("40"), who=who)
    pay_part(stage, subject, who, "40")
    assert stage.run(FLOW, subject).code == "nothing_due"


def test_an_invoice_that_waits_for_approval_is_skipped(stage: Stage) -> None:
    stage.netsuite_does("settings", approval_routing=["invoice"])
    subject = invoice(stage, line("40"), approvalStatus={"id": "1"})
    assert (stage.run(FLOW, subject).code, stage.stripe_state("invoice")) == ("not_approved", [])


def test_a_void_invoice_is_skipped(stage: Stage) -> None:
    subject = invoice(stage, line("40"))
    url = f"{stage.sandbox.netsuite_url}/_sandbox/ui/invoice/{subject}/void"
    assert httpx.post(url).is_success
    assert stage.run(FLOW, subject).state == "skipped"
    assert stage.stripe_state("invoice") == []


def test_a_deleted_invoice_is_skipped(stage: Stage) -> None:
    subject = invoice(stage, line("40"))
    stage.removes("invoice", subject)
    assert stage.run(FLOW, subject).code == "gone"


def test_260_lines_are_one(stage: Stage) -> None:
    subject = invoice(stage, *(line("1", f"Seat {number}") for number in range(260)))
    assert stage.run(FLOW, subject).state == "succeeded"
    assert lines_of(billed(stage)) == [("Invoice INV1001, 260 lines", 26000)]


def test_260_lines_are_held_by_option(stage: Stage) -> None:
    stage.choose(FLOW, over_250="hold")
    subject = invoice(stage, *(line("1", f"Seat {number}") for number in range(260)))
    assert stage.run(FLOW, subject).code == "too_many_lines"


def test_240_lines_are_each_billed(stage: Stage) -> None:
    subject = invoice(stage, *(line("1", f"Seat {number}") for number in range(240)))
    stage.run(FLOW, subject)
    assert (billed(stage)["total"], billed(stage)["status"]) == (24000, "open")


def test_all_lines_are_one_by_option(stage: Stage) -> None:
    stage.choose(FLOW, lines="one")
    stage.run(FLOW, invoice(stage, line("40"), line("50")))
    assert lines_of(billed(stage)) == [("Invoice INV1001, 2 lines", 9000)]


def test_a_past_due_date_is_moved_and_noted(stage: Stage) -> None:
    subject = invoice(stage, line("40"), dueDate="2026-08-01")
    result = stage.run(FLOW, subject)
    due = billed(stage)["due_date"] - int(stage.sandbox.clock.now().timestamp())
    assert (due, result.notes) == (
        7 * 24 * 3600,
        ["NetSuite's due date 2026-08-01 has passed; due in 7 days in Stripe."],
    )


def test_pending_items_of_the_customer_do_not_leak_in(stage: Stage) -> None:
    who = entity(stage)
    stage.run("netsuite_customer_to_stripe", who)
    [customer] = stage.stripe_state("customer")
    stage.stripe.v1.invoice_items.create({"customer": customer["id"], "amount": 999, "currency": "usd"})
    stage.run(FLOW, invoice(stage, line("40"), who=who))
    assert billed(stage)["total"] == 4000


def test_a_balance_that_pays_a_part_is_noted(stage: Stage) -> None:
    who = entity(stage)
    stage.run("netsuite_customer_to_stripe", who)
    [customer] = stage.stripe_state("customer")
    stage.stripe.v1.customers.update(customer["id"], {"balance": -500})
    result = stage.run(FLOW, invoice(stage, line("40"), who=who))
    assert result.notes == ["The customer's Stripe balance paid 5.00 USD of it; NetSuite does not know of that yet."]


def test_it_is_sent_by_option(stage: Stage) -> None:
    stage.choose(FLOW, send=True)
    stage.run(FLOW, invoice(stage, line("40")))
    assert [one["type"] for one in stage.stripe_state("event") if one["type"] == "invoice.sent"] == ["invoice.sent"]


def test_without_an_email_it_is_billed_and_the_sending_noted(stage: Stage) -> None:
    stage.choose(FLOW, send=True)
    result = stage.run(FLOW, invoice(stage, line("40"), who=entity(stage, email="")))
    assert (result.state, result.notes, billed(stage)["status"]) == (
        "succeeded",
        ["It was not e-mailed: the customer has no e-mail address in Stripe."],
        "open",
    )


def test_a_stripe_that_wants_an_email_first_is_held_in_words(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Rejected("Stripe refused it: Missing email. The customer must have a valid email.")

    monkeypatch.setattr(StripeGateway, "create_invoice", refuse)
    result = stage.run(FLOW, invoice(stage, line("40"), who=entity(stage, email="")))
    assert (result.state, result.code) == ("held", "no_email")


def test_it_is_not_sent_by_default(stage: Stage) -> None:
    stage.run(FLOW, invoice(stage, line("40")))
    assert "invoice.sent" not in [one["type"] for one in stage.stripe_state("event")]


def test_it_has_netsuites_number_by_option(stage: Stage) -> None:
    stage.choose(FLOW, number="netsuite")
    stage.run(FLOW, invoice(stage, line("40")))
    assert billed(stage)["number"] == "INV1001"


def test_cards_alone_are_offered_outside_of_dollars(stage: Stage) -> None:
    who = entity(stage, currency={"id": ids.EUR}, currencyList={"items": [{"currency": {"id": ids.EUR}}]})
    stage.run(FLOW, invoice(stage, line("40"), who=who, currency={"id": ids.EUR}))
    assert (billed(stage)["currency"], billed(stage)["payment_settings"]["payment_method_types"]) == ("eur", ["card"])


def test_yen_have_no_decimals(stage: Stage) -> None:
    who = entity(stage, currency={"id": ids.JPY}, currencyList={"items": [{"currency": {"id": ids.JPY}}]})
    stage.run(FLOW, invoice(stage, line("1050"), who=who, currency={"id": ids.JPY}))
    assert (billed(stage)["currency"], billed(stage)["total"]) == ("jpy", 1050)


def test_a_draft_left_by_a_crash_is_finished(stage: Stage) -> None:
    who = entity(stage)
    subject = invoice(stage, line("40"), who=who)
    stage.run("netsuite_customer_to_stripe", who)
    [customer] = stage.stripe_state("customer")
    left = stage.stripe.v1.invoices.create(
        {
            "customer": customer["id"],
            "currency": "usd",
            "collection_method": "send_invoice",
            "days_until_due": 30,
            "auto_advance": False,
            "metadata": {"netsuite_invoice_id": subject},
        }
    ).id
    stage.stripe.v1.invoices.add_lines(left, {"lines": [{"amount": 4000, "description": "Advice"}]})
    stage.run(FLOW, subject)
    assert picked(billed(stage), "id", "status", "total") == {"id": left, "status": "open", "total": 4000}


def without_the_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = stripe_invoice.lines
    monkeypatch.setattr(stripe_invoice, "lines", lambda *given: whole(*given)[:-1])


def test_a_total_that_differs_is_held_and_the_draft_deleted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = invoice(stage, line("40"), line("50"))
    without_the_last_line(monkeypatch)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, stage.stripe_state("invoice")) == ("held", "amount_mismatch", [])


def test_after_a_mismatch_was_corrected_it_is_billed_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = invoice(stage, line("40"), line("50"))
    with monkeypatch.context() as patched:
        without_the_last_line(patched)
        stage.run(FLOW, subject)
    stage.replay()
    assert picked(billed(stage), "status", "total") == {"status": "open", "total": 9000}


def test_two_stripe_invoices_for_one_are_held(stage: Stage) -> None:
    who = entity(stage)
    subject = invoice(stage, line("40"), who=who)
    stage.run("netsuite_customer_to_stripe", who)
    [customer] = stage.stripe_state("customer")
    for _ in range(2):
        stage.stripe.v1.invoices.create(
            {"customer": customer["id"], "currency": "usd", "metadata": {"netsuite_invoice_id": subject}}
        )
    assert stage.run(FLOW, subject).code == "several_invoices"


def test_a_stripe_invoice_that_netsuite_names_is_used(stage: Stage) -> None:
    subject = invoice(stage, line("40"))
    stage.run(FLOW, subject)
    first = billed(stage)["id"]
    with stage.parts.database.session_scope() as session:
        for found in stage.links().values():
            session.delete(session.merge(found))
    stage.run(FLOW, subject)
    assert billed(stage)["id"] == first


def test_a_copy_of_a_billed_invoice_is_billed_itself(stage: Stage) -> None:
    who = entity(stage)
    stage.run(FLOW, invoice(stage, line("40"), who=who))
    original = billed(stage)["id"]
    copy = invoice(stage, line("40"), who=who, custbody_tieout_stripe_id=original)
    result = stage.run(FLOW, copy)
    assert (result.state, len(stage.stripe_state("invoice"))) == ("succeeded", 2)
    assert stage.records("invoice")[1]["custbody_tieout_stripe_id"] != original


def test_an_invoice_of_another_subsidiary_is_skipped(stage: Stage) -> None:
    stage.keep_books(also_subsidiaries=[])
    who = entity(stage, subsidiary={"id": ids.SUBSIDIARY_EU})
    assert stage.run(FLOW, invoice(stage, line("40"), who=who)).code == "other_subsidiary"


def test_an_invoice_before_the_start_date_is_skipped(stage: Stage) -> None:
    stage.decide(start_date="2026-09-01")
    assert stage.run(FLOW, invoice(stage, line("40"))).code == "before_start"


@pytest.mark.parametrize(("ticked", "state"), [(True, "succeeded"), (False, "skipped")])
def test_only_ticked_invoices_by_option(stage: Stage, ticked: bool, state: str) -> None:
    stage.netsuite_does("custom-fields", on="body", name="custbody_bill_by_stripe", kind="bool")
    stage.choose(FLOW, only_if_checked="custbody_bill_by_stripe")
    assert stage.run(FLOW, invoice(stage, line("40"), custbody_bill_by_stripe=ticked)).state == state


def test_the_sweep_finds_what_no_callback_told(stage: Stage) -> None:
    invoice(stage, line("40"))
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert billed(stage)["status"] == "open"
