from typing import Any

import httpx
import pytest

from app.errors import NotAllowed
from app.systems.netsuite.client import NetSuiteGateway
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked
from tests.workers.flows.test_netsuite_invoice_to_stripe import entity, invoice, line
from tests.workers.flows.test_netsuite_invoice_update_to_stripe import ADD, current, sent

FLOW = "netsuite_invoice_void_to_stripe"


def voided(stage: Stage, record_type: str, internal_id: str) -> None:
    url = f"{stage.sandbox.netsuite_url}/_sandbox/ui/{record_type}/{internal_id}/void"
    assert httpx.post(url).is_success


def credit_memo(stage: Stage, who: str, applied: dict[str, str], item: str = ids.ITEM_CONSULTING) -> str:
    """Of what is applied: invoice -> amount."""
    total = str(sum(int(amount) for amount in applied.values()))
    lines = [{"item": {"id": item}, "quantity": 1, "rate": total}]
    apply = [{"doc": {"id": doc}, "apply": True, "amount": amount} for doc, amount in applied.items()]
    body = {"entity": {"id": who}, "item": {"items": lines}, "apply": {"items": apply}, "autoApply": False}
    made: str = stage.saves("creditMemo", body)["id"]
    return made


def from_stripe(stage: Stage) -> str:
    """An invoice that came from Stripe; its id in NetSuite."""
    who = stage.stripe.v1.customers.create({"name": "Ada"}).id
    made = stage.stripe.v1.invoices.create({"customer": who, "currency": "usd", "auto_advance": False}).id
    stage.stripe.v1.invoices.add_lines(made, {"lines": [{"amount": 4000, "description": "Licence"}]})
    stage.stripe.v1.invoices.finalize_invoice(made)
    stage.run("stripe_invoice_to_netsuite_realtime", made)
    found: str = stage.records("invoice")[0]["id"]
    return found


def from_charge(stage: Stage) -> str:
    """An invoice that was made of a charge, and is none in Stripe; its id in NetSuite."""
    who = stage.stripe.v1.customers.create({"name": "Ada"}).id
    charge = stage.stripe_does("charges", amount=4000, currency="usd", customer=who)["id"]
    stage.choose("stripe_charge_to_netsuite_invoice", mode="invoice")
    stage.run("stripe_charge_to_netsuite_invoice", charge)
    found: str = stage.records("invoice")[0]["id"]
    return found


def written(stage: Stage) -> dict[str, Any]:
    return picked(stage.records("invoice")[0], "custbody_tieout_stripe_status", "custbody_tieout_payment_link")


def test_a_voided_invoice_is_voided_in_stripe(stage: Stage) -> None:
    subject = sent(stage)
    voided(stage, "invoice", subject)
    assert stage.deliver(f"{FLOW}/invoice.void__by_a_person", subject).state == "succeeded"
    assert current(stage)["status"] == "void"
    assert written(stage) == {"custbody_tieout_stripe_status": "void", "custbody_tieout_payment_link": None}


def test_a_voided_invoice_of_a_charge_is_none_in_stripe(stage: Stage) -> None:
    subject = from_charge(stage)
    voided(stage, "invoice", subject)
    before = written(stage)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, result.stripe_calls, written(stage)) == ("skipped", "not_sent", 0, before)


def test_an_open_invoice_is_left_alone(stage: Stage) -> None:
    subject = sent(stage)
    result = stage.deliver(f"{FLOW}/invoice.edit__voided", subject)
    assert (result.code, result.stripe_calls, current(stage)["status"]) == ("not_void", 0, "open")


def test_the_same_void_again_does_nothing(stage: Stage) -> None:
    subject = sent(stage)
    voided(stage, "invoice", subject)
    stage.run(FLOW, subject)
    assert stage.run(FLOW, subject).code == "echo"


def test_an_uncollectible_invoice_is_voided_too(stage: Stage) -> None:
    subject = sent(stage)
    stage.stripe.v1.invoices.mark_uncollectible(current(stage)["id"])
    voided(stage, "invoice", subject)
    assert (stage.run(FLOW, subject).state, current(stage)["status"]) == ("succeeded", "void")


def test_a_deleted_invoice_is_voided_in_stripe_and_its_link_is_history(stage: Stage) -> None:
    subject = sent(stage)
    stage.removes("invoice", subject)
    assert stage.deliver(f"{FLOW}/invoice.delete__by_a_person", subject).state == "succeeded"
    found = current(stage)
    assert (found["status"], stage.links()[f"stripe-inv-{found['id']}"].current) == ("void", False)
    assert stage.run(FLOW, subject).code == "not_sent"


def test_a_netsuite_that_takes_no_changes_of_voided_invoices_is_noted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotAllowed("This transaction has been voided.")

    subject = sent(stage)
    voided(stage, "invoice", subject)
    monkeypatch.setattr(NetSuiteGateway, "patch", refuse)
    result = stage.run(FLOW, subject)
    assert (result.state, current(stage)["status"], len(result.notes)) == ("succeeded", "void", 1)


def test_an_invoice_with_money_in_stripe_is_held(stage: Stage) -> None:
    subject = sent(stage)
    stage.stripe_does(f"invoices/{current(stage)['id']}/pay", amount=1500)
    voided(stage, "invoice", subject)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, current(stage)["status"]) == ("held", "money_received", "open")
    assert result.action is not None


def test_a_paid_invoice_is_held(stage: Stage) -> None:
    subject = sent(stage)
    stage.stripe_does(f"invoices/{current(stage)['id']}/pay")
    stage.removes("invoice", subject)
    assert stage.run(FLOW, subject).code == "money_received"


def test_a_debit_on_its_way_is_held(stage: Stage) -> None:
    subject = sent(stage)
    stage.stripe_does(f"invoices/{current(stage)['id']}/pay", payment_method="pm_usBankAccount")
    voided(stage, "invoice", subject)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code) == ("held", "void_refused")


def test_an_invoice_that_came_from_stripe_is_held(stage: Stage) -> None:
    subject = from_stripe(stage)
    voided(stage, "invoice", subject)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, current(stage)["status"]) == ("held", "stripe_born", "open")


def test_an_invoice_that_came_from_stripe_is_voided_by_option(stage: Stage) -> None:
    stage.choose(FLOW, stripe_born="void")
    subject = from_stripe(stage)
    voided(stage, "invoice", subject)
    assert (stage.run(FLOW, subject).state, current(stage)["status"]) == ("succeeded", "void")


def test_a_credit_memo_that_closes_it_is_left_to_the_status_flow(stage: Stage) -> None:
    who = entity(stage)
    memo = credit_memo(stage, who, {sent(stage, who=who): "40"})
    result = stage.deliver(f"{FLOW}/creditMemo.create__closes_the_invoice", memo)
    assert (result.code, current(stage)["status"]) == ("not_void", "paid")
    assert [one["total"] for one in stage.stripe_state("credit_note")] == [4000]


def test_an_invoice_closed_by_a_credit_memo_is_voided_by_option(stage: Stage) -> None:
    stage.choose(FLOW, closed_by_credit_memo="void")
    who = entity(stage)
    memo = credit_memo(stage, who, {sent(stage, who=who): "40"})
    assert stage.deliver(f"{FLOW}/creditMemo.create__closes_the_invoice", memo).state == "succeeded"
    found = current(stage)
    assert (found["status"], stage.links()[f"stripe-cm-{found['id']}-void"].netsuite_id) == ("void", memo)


def test_an_invoice_closed_by_a_credit_memo_is_uncollectible_by_option(stage: Stage) -> None:
    stage.choose(FLOW, closed_by_credit_memo="uncollectible")
    who = entity(stage)
    memo = credit_memo(stage, who, {sent(stage, who=who): "40"})
    assert stage.run(FLOW, memo).state == "succeeded"
    assert (current(stage)["status"], stage.run(FLOW, memo).code) == ("uncollectible", "echo")
    assert written(stage)["custbody_tieout_stripe_status"] == "uncollectible"


def test_an_invoice_closed_in_part_is_left_alone(stage: Stage) -> None:
    stage.choose(FLOW, closed_by_credit_memo="void")
    who = entity(stage)
    memo = credit_memo(stage, who, {sent(stage, who=who): "10"})
    assert (stage.run(FLOW, memo).code, current(stage)["status"]) == ("not_void", "open")


def test_the_payment_link_is_kept_by_option(stage: Stage) -> None:
    stage.choose(FLOW, closed_by_credit_memo="void", clear_link=False)
    who = entity(stage)
    stage.run(FLOW, credit_memo(stage, who, {sent(stage, who=who): "40"}))
    assert written(stage)["custbody_tieout_payment_link"]


def test_the_payment_link_is_cleared(stage: Stage) -> None:
    stage.choose(FLOW, closed_by_credit_memo="void")
    who = entity(stage)
    stage.run(FLOW, credit_memo(stage, who, {sent(stage, who=who): "40"}))
    assert written(stage) == {"custbody_tieout_stripe_status": "void", "custbody_tieout_payment_link": None}


def test_an_invoice_that_is_not_in_stripe_is_skipped(stage: Stage) -> None:
    subject = invoice(stage, line("40"))
    stage.removes("invoice", subject)
    assert stage.run(FLOW, subject).code == "not_sent"


def test_the_sweep_finds_voided_and_deleted_invoices(stage: Stage) -> None:
    who = entity(stage)
    first, second, third = (sent(stage, who=who) for _ in range(3))
    voided(stage, "invoice", first)
    stage.removes("invoice", second)
    assert stage.parts.sweeper.sweep(FLOW, "main") == 2
    stage.work()
    assert [one["status"] for one in stage.stripe_state("invoice")] == ["void", "void", "open"]
    assert stage.run(ADD, third).code == "echo"
