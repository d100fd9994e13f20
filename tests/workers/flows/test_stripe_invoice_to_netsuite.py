from tests.workers.flows.stage import Stage
from tests.workers.flows.test_stripe_invoice_to_netsuite_realtime import amount, customer, draft, finalized

FLOW = "stripe_invoice_to_netsuite"
REALTIME = "stripe_invoice_to_netsuite_realtime"


def sweep(stage: Stage) -> int:
    found = stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    return found


def test_the_sweep_posts_what_no_event_told(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    assert (sweep(stage), [one["externalId"] for one in stage.records("invoice")]) == (1, [f"stripe-inv-{subject}"])


def test_the_sweep_finds_an_old_draft_that_was_finalized_since(stage: Stage) -> None:
    subject = draft(stage, customer(stage), amount(1000))
    sweep(stage)
    stage.pass_time(days=3)
    sweep(stage)
    stage.stripe.v1.invoices.finalize_invoice(subject)
    sweep(stage)
    assert [one["externalId"] for one in stage.records("invoice")] == [f"stripe-inv-{subject}"]


def test_what_the_real_time_flow_has_posted_is_not_posted_again(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    stage.run(REALTIME, subject)
    assert (stage.run(FLOW, subject).code, len(stage.records("invoice"))) == ("echo", 1)


def test_what_this_flow_has_posted_is_not_posted_again_in_real_time(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    stage.run(FLOW, subject)
    assert (stage.run(REALTIME, subject).code, len(stage.records("invoice"))) == ("echo", 1)


def test_its_options_are_the_real_time_flows_too(stage: Stage) -> None:
    stage.choose(FLOW, number="netsuite")
    stage.run(REALTIME, finalized(stage, customer(stage), amount(1000)))
    assert stage.records("invoice")[0]["tranId"] == "INV1001"
