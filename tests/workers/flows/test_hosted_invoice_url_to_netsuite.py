from typing import Any

import httpx
import pytest

from app.core.links import StoredLinks
from app.errors import PeriodClosed
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.records import Ref
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_stripe_invoice_paid_to_netsuite_payment import pay, posted
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, draft, finalized

FLOW = "hosted_invoice_url_to_netsuite"
REALTIME = "stripe_invoice_to_netsuite_realtime"
FIELD = "custbody_tieout_hosted_url"
CUSTOMER_FIELD = "custentity_tieout_hosted_url"
RECORD = "customrecord_tieout_invoice_link"
TERMS: dict[str, Any] = {"collection_method": "send_invoice", "days_until_due": 30}


def shown(stage: Stage, subject: str) -> Any:
    [record] = [one for one in stage.records("invoice") if one["custbody_tieout_stripe_id"] == subject]
    return record.get(FIELD)


def hosted(stage: Stage, subject: str) -> str:
    """What Stripe says now."""
    return str(stage.stripe.v1.invoices.retrieve(subject).hosted_invoice_url)


def opens(url: Any) -> int:
    return httpx.get(str(url), trust_env=False).status_code


def sweep(stage: Stage) -> int:
    found = stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    return found


def born_in_netsuite(stage: Stage) -> tuple[str, str]:
    """Stripe's id and NetSuite's."""
    body = {"companyName": "N", "email": "n@example.com", "subsidiary": {"id": ids.SUBSIDIARY_US}}
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": 40, "description": "Advice"}
    entity = {"id": stage.saves("customer", body)["id"]}
    invoice = stage.saves("invoice", {"entity": entity, "item": {"items": [line]}, "dueDate": "2026-09-20"})["id"]
    stage.run("netsuite_invoice_to_stripe", invoice)
    return stage.stripe_state("invoice")[-1]["id"], invoice


def test_the_address_is_written_on_the_invoice(stage: Stage) -> None:
    subject = posted(stage, customer(stage), **TERMS)
    assert stage.deliver(f"{FLOW}/invoice.finalized__two_lines", subject).state == "succeeded"
    assert shown(stage, subject) == hosted(stage, subject)


def test_nothing_else_of_the_invoice_changes(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    [before] = stage.records("invoice")
    stage.run(FLOW, subject)
    assert stage.records("invoice") == [before | {FIELD: hosted(stage, subject)}]


def test_an_invoice_that_is_not_in_netsuite_is_brought_over_first(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    assert stage.run(FLOW, subject).state == "succeeded"
    assert shown(stage, subject) == hosted(stage, subject)


def test_an_invoice_is_not_brought_over_for_the_address_alone(stage: Stage) -> None:
    off = {"enabled": False}
    stage.decide(flows={REALTIME: off, "stripe_invoice_to_netsuite": off})
    result = stage.run(FLOW, finalized(stage, customer(stage), amount(1000)))
    assert (result.code, stage.records("invoice")) == ("not_in_netsuite", [])


def test_an_invoice_that_its_own_flow_skips_is_skipped(stage: Stage) -> None:
    stage.decide(start_date="2027-01-01")
    assert stage.run(FLOW, finalized(stage, customer(stage), amount(1000))).code == "before_start"


def test_an_invoice_born_in_netsuite_shows_it_too(stage: Stage) -> None:
    subject, _ = born_in_netsuite(stage)
    stage.run(FLOW, subject)
    assert shown(stage, subject) == hosted(stage, subject)


def test_it_costs_one_call_to_netsuite(stage: Stage) -> None:
    assert stage.run(FLOW, posted(stage, customer(stage))).netsuite_calls == 1


def test_the_second_time_costs_none(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.state, again.code, again.netsuite_calls) == ("skipped", "echo", 0)


def test_our_own_link_is_written_by_option(stage: Stage) -> None:
    stage.choose(FLOW, link="ours")
    subject, invoice = born_in_netsuite(stage)
    stage.run(FLOW, subject)
    assert shown(stage, subject) == stage.parts.executor.public.pay("main", invoice)


def test_another_option_rewrites_it(stage: Stage) -> None:
    subject, invoice = born_in_netsuite(stage)
    stage.run(FLOW, subject)
    stage.choose(FLOW, link="ours")
    stage.run(FLOW, subject)
    assert shown(stage, subject) == stage.parts.executor.public.pay("main", invoice)


def test_a_paid_invoice_loses_it(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.run(FLOW, subject)
    pay(stage, subject)
    stage.deliver(f"{FLOW}/invoice.paid__by_card", subject)
    assert shown(stage, subject) is None


def test_a_void_invoice_loses_it(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.run(FLOW, subject)
    stage.stripe.v1.invoices.void_invoice(subject)
    stage.deliver(f"{FLOW}/invoice.voided__open", subject)
    assert shown(stage, subject) is None


def test_an_uncollectible_invoice_can_still_be_paid(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.run(FLOW, subject)
    stage.stripe.v1.invoices.mark_uncollectible(subject)
    stage.deliver(f"{FLOW}/invoice.marked_uncollectible__open", subject)
    assert shown(stage, subject) == hosted(stage, subject)


def test_a_paid_invoice_that_never_showed_it_is_skipped(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    pay(stage, subject)
    assert stage.run(FLOW, subject).code == "nothing_to_clear"


def test_a_draft_has_none(stage: Stage) -> None:
    assert stage.run(FLOW, draft(stage, customer(stage), amount(1000))).code == "draft"


def test_it_is_fetched_anew_before_it_expires(stage: Stage) -> None:
    subject = posted(stage, customer(stage), **TERMS)
    stage.run(FLOW, subject)
    stage.pass_time(days=56)
    assert sweep(stage) == 1
    stage.pass_time(days=8)
    assert opens(shown(stage, subject)) == 200


def test_it_is_left_alone_until_then(stage: Stage) -> None:
    stage.run(FLOW, posted(stage, customer(stage), **TERMS))
    stage.pass_time(days=54)
    assert sweep(stage) == 0


def test_how_long_before_is_an_option(stage: Stage) -> None:
    stage.choose(FLOW, refresh_days=9)
    stage.run(FLOW, posted(stage, customer(stage), **TERMS))
    stage.pass_time(days=52)
    assert sweep(stage) == 1


def test_the_sweep_finds_open_invoices_without_one(stage: Stage) -> None:
    who = customer(stage)
    posted(stage, who)
    stage.run(FLOW, posted(stage, who))
    assert sweep(stage) == 1


def test_the_sweep_takes_only_invoices_that_are_linked(stage: Stage) -> None:
    entity = stage.saves("customer", {"companyName": "N", "subsidiary": {"id": ids.SUBSIDIARY_US}})["id"]
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": 40}
    body = {"entity": {"id": entity}, "item": {"items": [line]}, "custbody_tieout_stripe_id": "in_elsewhere"}
    stage.saves("invoice", body)
    assert sweep(stage) == 0


# the customer's field ------------------------------------------------------------------------------------------


def on_customer(stage: Stage) -> Any:
    return stage.records("customer")[0].get(CUSTOMER_FIELD)


def test_the_customer_shows_the_latest_open_invoice(stage: Stage) -> None:
    stage.choose(FLOW, target=["customer_field"])
    who = customer(stage)
    first = posted(stage, who)
    stage.pass_time(minutes=1)
    second = posted(stage, who)
    stage.run(FLOW, second)
    stage.run(FLOW, first)
    assert (on_customer(stage), shown(stage, first)) == (hosted(stage, second), None)


def test_when_that_is_paid_the_one_before_is_shown(stage: Stage) -> None:
    stage.choose(FLOW, target=["customer_field"])
    who = customer(stage)
    first = posted(stage, who)
    stage.pass_time(minutes=1)
    second = posted(stage, who)
    stage.run(FLOW, second)
    pay(stage, second)
    stage.run(FLOW, second)
    assert on_customer(stage) == hosted(stage, first)


def test_when_nothing_is_open_the_customer_shows_none(stage: Stage) -> None:
    stage.choose(FLOW, target=["customer_field"])
    subject = posted(stage, customer(stage))
    stage.run(FLOW, subject)
    pay(stage, subject)
    stage.run(FLOW, subject)
    assert on_customer(stage) is None


def test_the_customers_field_costs_nothing_the_second_time(stage: Stage) -> None:
    stage.choose(FLOW, target=["customer_field"])
    subject = posted(stage, customer(stage))
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.code, again.netsuite_calls) == ("echo", 0)


# the custom record ---------------------------------------------------------------------------------------------


def test_a_custom_record_holds_it_by_option(stage: Stage) -> None:
    stage.choose(FLOW, target=["custom_record"])
    subject = posted(stage, customer(stage), **TERMS)
    stage.run(FLOW, subject)
    [record], [invoice] = stage.records(RECORD), stage.records("invoice")
    fetched = stage.stripe.v1.invoices.retrieve(subject)
    assert record == {
        "id": record["id"],
        "externalId": f"stripe-url-{subject}",
        "name": fetched.number,
        "custrecord_tieout_invoice": invoice["id"],
        "custrecord_tieout_customer": invoice["entity"],
        "custrecord_tieout_stripe_id": subject,
        "custrecord_tieout_url": fetched.hosted_invoice_url,
        "custrecord_tieout_pdf": fetched.invoice_pdf,
        "custrecord_tieout_status": "open",
        "custrecord_tieout_expires": "2026-10-19",
        "isInactive": False,
    }


def test_the_custom_record_is_emptied_when_paid(stage: Stage) -> None:
    stage.choose(FLOW, target=["custom_record"])
    subject = posted(stage, customer(stage))
    stage.run(FLOW, subject)
    pay(stage, subject)
    stage.run(FLOW, subject)
    [record] = stage.records(RECORD)
    names = ("custrecord_tieout_status", "custrecord_tieout_url", "custrecord_tieout_pdf", "custrecord_tieout_expires")
    assert list(picked(record, *names).values()) == ["paid", None, None, None]


def test_all_three_at_once(stage: Stage) -> None:
    stage.choose(FLOW, target=["invoice_field", "customer_field", "custom_record"])
    subject = posted(stage, customer(stage))
    stage.run(FLOW, subject)
    url = hosted(stage, subject)
    there = [shown(stage, subject), on_customer(stage), stage.records(RECORD)[0]["custrecord_tieout_url"]]
    assert there == [url, url, url]


# what stands in the way ----------------------------------------------------------------------------------------


def test_a_closed_period_keeps_the_field_and_says_so(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.netsuite_does("periods/2026-08", state="closed")
    result = stage.run(FLOW, subject)
    assert (result.state, "does not allow non-G/L changes" in result.notes[-1]) == ("skipped", True)


def test_a_closed_period_that_allows_it_takes_the_address(stage: Stage) -> None:
    subject = posted(stage, customer(stage))
    stage.netsuite_does("periods/2026-08", state="closed", allow_non_gl=True)
    stage.run(FLOW, subject)
    assert shown(stage, subject) == hosted(stage, subject)


def test_what_netsuite_refused_is_not_sent_again_and_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = posted(stage, customer(stage))

    def refuse(*_: Any, **__: Any) -> None:
        raise PeriodClosed("The period is closed.")

    monkeypatch.setattr(NetSuiteGateway, "patch", refuse)
    stage.run(FLOW, subject)
    assert stage.run(FLOW, subject).notes == []


def test_an_invoice_that_another_has_replaced_does_not_take_its_address_away(stage: Stage) -> None:
    subject, invoice = born_in_netsuite(stage)
    stage.run(FLOW, subject)
    revision = stage.stripe.v1.invoices.create({"from_invoice": {"action": "revision", "invoice": subject}}).id
    link_to(stage, revision, invoice)
    stage.stripe.v1.invoices.finalize_invoice(revision)
    stage.run(FLOW, revision)
    stage.run(FLOW, subject)
    assert stage.records("invoice")[0][FIELD] == hosted(stage, revision)


def link_to(stage: Stage, subject: str, invoice: str) -> None:
    StoredLinks(stage.parts.database, "main").save("inv", subject, Ref("invoice", invoice), origin="netsuite")


def test_a_revision_whose_link_is_not_there_yet_waits(stage: Stage) -> None:
    subject, _ = born_in_netsuite(stage)
    revision = stage.stripe.v1.invoices.create({"from_invoice": {"action": "revision", "invoice": subject}}).id
    stage.stripe.v1.invoices.finalize_invoice(revision)
    result = stage.run(FLOW, revision)
    assert (result.state, result.code) == ("retrying", "not_ready")


def test_an_invoice_of_an_earlier_integration_is_known_by_its_metadata(stage: Stage) -> None:
    subject, invoice = born_in_netsuite(stage)
    with stage.parts.database.session_scope() as session:
        session.delete(session.merge(stage.links()[f"stripe-inv-{subject}"]))
    stage.run(FLOW, subject)
    link = stage.links()[f"stripe-inv-{subject}"]
    assert (link.netsuite_id, link.origin, shown(stage, subject)) == (invoice, "netsuite", hosted(stage, subject))
