import os
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from app import errors
from app.core.exchanges import Exchange
from app.settings import StripeAccount
from app.systems.stripe.gateway import PATIENCE, StripeClients, StripeGateway
from tests.app.systems.stripe.conftest import FixedClock, Waiting
from tests.app.systems.stripe.stub import NOW, Stub, customer, invoice, line, listing, payment

SINCE = datetime(2026, 11, 19, tzinfo=UTC)
SINCE_SECONDS = str(int(SINCE.timestamp()))


def event(number: int, type: str, object: dict[str, object], created: int = 1_760_000_000) -> dict[str, object]:
    return {
        "id": f"evt_{number}",
        "object": "event",
        "type": type,
        "created": created,
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": object},
        "request": None,
    }


def test_no_other_module_knows_the_package() -> None:
    imports = re.compile(r"^\s*(import stripe\b|from stripe\b)", re.MULTILINE)
    root = Path(__file__).parents[4]
    knowing = [
        str(path.relative_to(root))
        for place in ("app", "workers")
        for path in (root / place).rglob("*.py")
        if imports.search(path.read_text())
    ]
    assert knowing == ["app/systems/stripe/gateway.py"]


# the wire ----------------------------------------------------------------------------------------------------


def test_the_api_version_is_sent(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(customer())
    gateway.customer("cus_1")
    assert stub.asked[0].headers["stripe-version"] == "2026-10-28.endive"


def test_the_key_of_the_account_is_sent_whatever_netrc_says(
    stub: Stub, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    stub.answer(customer())
    gateway.customer("cus_1")
    assert stub.asked[0].headers["authorization"] == "Bearer sk_test_x"


def test_nothing_about_this_machine_is_reported(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(customer()).answer(customer())
    gateway.customer("cus_1")
    gateway.customer("cus_1")
    assert "x-stripe-client-telemetry" not in stub.asked[1].headers


def test_each_account_has_its_own_key(stub: Stub) -> None:
    accounts = {name: StripeAccount(api_key=SecretStr(f"sk_test_{name}"), api_base=stub.url) for name in ("de", "us")}
    clients = StripeClients(accounts)
    for name in accounts:
        stub.answer(customer())
        clients.bound(name, lambda exchange: None, FixedClock()).customer("cus_1")
    clients.close()
    assert [asked.headers["authorization"] for asked in stub.asked] == ["Bearer sk_test_de", "Bearer sk_test_us"]


def test_a_client_is_not_carried_over_a_fork(clients: StripeClients, monkeypatch: pytest.MonkeyPatch) -> None:
    before, _ = clients._client("main")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    after, _ = clients._client("main")
    assert before is not after


def test_an_unknown_account_is_a_key_error(clients: StripeClients) -> None:
    with pytest.raises(KeyError):
        clients.bound("nobody", lambda exchange: None, FixedClock())


def test_two_runs_at_once_record_only_their_own_calls(stub: Stub, clients: StripeClients) -> None:
    told: dict[str, list[Exchange]] = {"a": [], "b": []}
    for _ in range(20):
        stub.answer(customer())

    def run(name: str) -> None:
        gateway = clients.bound("main", told[name].append, FixedClock())
        for _ in range(10):
            gateway.customer(f"cus_{name}")

    threads = [threading.Thread(target=run, args=(name,)) for name in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: {seen.path for seen in seen_by} for name, seen_by in told.items()} == {
        "a": {"/v1/customers/cus_a"},
        "b": {"/v1/customers/cus_b"},
    }


# what is recorded --------------------------------------------------------------------------------------------


def test_an_exchange_tells_what_was_asked_and_answered(
    stub: Stub, gateway: StripeGateway, exchanges: list[Exchange]
) -> None:
    stub.answer(customer(email="a@example.com"), headers={"Idempotent-Replayed": "false", "X-Other": "no"})
    gateway.create_customer({"email": "a@example.com", "metadata": {"netsuite_customer_id": "7"}}, of="customer:7")
    seen = exchanges[0]
    assert (seen.system, seen.method, seen.path, seen.status) == ("stripe", "POST", "/v1/customers", 200)
    assert seen.request == {"email": "a@example.com", "metadata": {"netsuite_customer_id": "7"}}
    assert seen.response["email"] == "a@example.com"
    assert set(seen.headers) == {
        "content-type",
        "date",
        "idempotency-key",
        "stripe-version",
        "request-id",
        "idempotent-replayed",
    }


def test_an_exchange_without_an_answer_names_the_failure(
    stub: Stub, gateway: StripeGateway, exchanges: list[Exchange]
) -> None:
    stub.cut().answer(customer())
    gateway.customer("cus_1")
    assert (exchanges[0].status, exchanges[0].error) == (None, "ConnectionError")


def test_no_exchange_holds_the_api_key(stub: Stub, gateway: StripeGateway, exchanges: list[Exchange]) -> None:
    stub.cut().answer(customer())
    gateway.customer("cus_1")
    assert "sk_test_x" not in repr(exchanges)


def test_a_bearer_url_is_not_recorded(stub: Stub, gateway: StripeGateway, exchanges: list[Exchange]) -> None:
    stub.answer(invoice(hosted_invoice_url="https://invoice.stripe.com/i/secret"))
    gateway.invoice("in_1")
    assert "invoice.stripe.com" not in repr(exchanges)


def test_calls_are_counted_with_their_repeats(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500).answer(customer())
    gateway.customer("cus_1")
    assert gateway.calls == 2


def test_what_is_not_json_is_recorded_by_its_size(
    stub: Stub, gateway: StripeGateway, exchanges: list[Exchange]
) -> None:
    for _ in range(3):
        stub.answer("<html>", status=502)
    with pytest.raises(errors.Unavailable):
        gateway.customer("cus_1")
    assert exchanges[0].response == "6 bytes that are not JSON"


# retries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_what_may_pass_is_tried_again(stub: Stub, gateway: StripeGateway, status: int) -> None:
    stub.refuse(status).refuse(status).answer(customer())
    assert gateway.customer("cus_1").id == "cus_1"


def test_a_cut_connection_is_tried_again(stub: Stub, gateway: StripeGateway) -> None:
    stub.cut().answer(customer())
    assert gateway.customer("cus_1").id == "cus_1"


def test_three_tries_are_all(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500).refuse(500).refuse(500).answer(customer())
    with pytest.raises(errors.Unavailable):
        gateway.customer("cus_1")
    assert len(stub.asked) == 3


def test_a_plain_refusal_is_not_tried_again(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(404, code="resource_missing", message="No such customer: 'cus_1'")
    with pytest.raises(errors.NotFound, match="No such customer"):
        gateway.customer("cus_1")
    assert len(stub.asked) == 1


def test_repeats_of_one_write_carry_one_key(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500).cut().answer(customer())
    gateway.create_customer({"name": "A"}, of="customer:7")
    assert len(stub.keys()) == 3
    assert len(set(stub.keys())) == 1


def test_should_retry_false_is_respected(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(500, headers={"Stripe-Should-Retry": "false"})
    with pytest.raises(errors.Unavailable):
        gateway.customer("cus_1")
    assert len(stub.asked) == 1


def test_should_retry_true_is_respected(stub: Stub, gateway: StripeGateway) -> None:
    stub.refuse(400, headers={"Stripe-Should-Retry": "true"}).answer(customer())
    assert gateway.customer("cus_1").id == "cus_1"


def test_retry_after_is_waited_for(stub: Stub, gateway: StripeGateway, waiting: Waiting) -> None:
    stub.refuse(429, headers={"Retry-After": "4"}).answer(customer())
    gateway.customer("cus_1")
    assert waiting.slept == [4.0]


def test_retry_after_counts_also_where_the_body_is_not_stripes(
    stub: Stub, gateway: StripeGateway, waiting: Waiting
) -> None:
    stub.answer("", status=503, headers={"Retry-After": "4"}).answer(customer())
    gateway.customer("cus_1")
    assert waiting.slept == [4.0]


def test_a_retry_after_beyond_patience_is_left_to_the_run(stub: Stub, gateway: StripeGateway, waiting: Waiting) -> None:
    stub.refuse(429, headers={"Retry-After": "60"})
    with pytest.raises(errors.Throttled) as thrown:
        gateway.customer("cus_1")
    assert thrown.value.retry_after == timedelta(seconds=60)
    assert waiting.slept == []


def test_waiting_stays_within_patience(stub: Stub, gateway: StripeGateway, waiting: Waiting) -> None:
    for _ in range(3):
        stub.refuse(429, headers={"Retry-After": "15"})
    with pytest.raises(errors.Throttled):
        gateway.customer("cus_1")
    assert sum(waiting.slept) <= PATIENCE.total_seconds()


def test_an_unreachable_stripe_did_nothing_for_sure() -> None:
    account = StripeAccount(api_key=SecretStr("sk_test_x"), api_base="http://127.0.0.1:9")
    waiting = Waiting()
    gone = StripeClients({"main": account}, sleep=waiting.sleep, monotonic=waiting.monotonic)
    gateway = gone.bound("main", lambda exchange: None, FixedClock())
    with pytest.raises(errors.Unavailable):
        gateway.create_customer({"name": "A"}, of="customer:7")
    gone.close()


def test_a_write_cut_off_each_time_has_an_unknown_outcome(stub: Stub, gateway: StripeGateway) -> None:
    stub.cut().cut().cut()
    with pytest.raises(errors.OutcomeUnknown):
        gateway.create_customer({"name": "A"}, of="customer:7")


def test_being_busy_does_not_settle_a_cut_off_write(stub: Stub, gateway: StripeGateway) -> None:
    stub.cut().refuse(409, code="idempotency_key_in_use").refuse(409, code="idempotency_key_in_use")
    with pytest.raises(errors.OutcomeUnknown):
        gateway.create_customer({"name": "A"}, of="customer:7")


def test_a_plain_refusal_settles_a_cut_off_write(stub: Stub, gateway: StripeGateway) -> None:
    stub.cut().refuse(400, code="email_invalid", message="Invalid email")
    with pytest.raises(errors.Rejected):
        gateway.create_customer({"email": "x"}, of="customer:7")


# reads -------------------------------------------------------------------------------------------------------


def test_an_invoice_of_few_lines_is_one_call(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice(payments=listing(payment(1))))
    found = gateway.invoice("in_1")
    assert ([one.id for one in found.lines], [one.id for one in found.payments]) == (["il_5"], ["inpay_1"])
    assert found.complete
    assert gateway.calls == 1


def test_all_lines_of_a_long_invoice_are_read(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(invoice(lines=listing(line(1), line(2), more=True)))
    stub.answer(listing(line(3), line(4), more=True)).answer(listing(line(5)))
    assert [one.id for one in gateway.invoice("in_1").lines] == ["il_1", "il_2", "il_3", "il_4", "il_5"]
    assert [asked.params.get("starting_after") for asked in stub.asked] == [None, "il_2", "il_4"]


def test_payments_that_are_not_in_the_body_are_listed(stub: Stub, gateway: StripeGateway) -> None:
    body = invoice()
    del body["payments"]
    stub.answer(body).answer(listing(payment(1), more=True)).answer(listing(payment(2)))
    assert [one.id for one in gateway.invoice("in_1").payments] == ["inpay_1", "inpay_2"]


def test_invoice_payments_by_payment_intent(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(payment(1), payment(2, invoice="in_2")))
    found = gateway.invoice_payments(payment_intent="pi_1")
    assert [one.invoice for one in found] == ["in_1", "in_2"]
    assert stub.asked[0].params == {
        "limit": "100",
        "payment[type]": "payment_intent",
        "payment[payment_intent]": "pi_1",
    }


def test_a_deleted_customer_is_no_error(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer({"id": "cus_1", "object": "customer", "deleted": True})
    assert gateway.customer("cus_1").deleted


def test_a_metadata_search_quotes_what_it_looks_for(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer({**listing(customer()), "object": "search_result", "next_page": None})
    gateway.customers_marked("netsuite_customer_id", "7' OR name:'x\\")
    assert stub.asked[0].params["query"] == "metadata['netsuite_customer_id']:'7\\' OR name:\\'x\\\\'"


def test_a_metadata_search_is_read_to_its_end(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer({**listing(customer(), more=True), "object": "search_result", "next_page": "two"})
    stub.answer({**listing(customer(id="cus_2")), "object": "search_result", "next_page": None})
    assert [one.id for one in gateway.customers_marked("k", "v")] == ["cus_1", "cus_2"]


def test_a_listing_is_read_to_its_end(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(customer(), customer(id="cus_2"), more=True)).answer(listing(customer(id="cus_3")))
    assert [one.id for one in gateway.customers_with_email("a@example.com")] == ["cus_1", "cus_2", "cus_3"]


def test_a_page_that_fails_is_asked_for_again(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(customer(), more=True)).refuse(500).answer(listing(customer(id="cus_2")))
    assert [one.id for one in gateway.customers_with_email("a@example.com")] == ["cus_1", "cus_2"]


def test_changed_customers_come_from_the_listing_and_the_events_once(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing(customer(id="cus_new")))
    stub.answer(
        listing(
            event(1, "customer.updated", {"id": "cus_old", "object": "customer"}),
            event(2, "customer.created", {"id": "cus_new", "object": "customer"}),
            event(3, "customer.tax_id.created", {"id": "txi_1", "object": "tax_id", "customer": "cus_taxed"}),
        )
    )
    assert list(gateway.customers_since(SINCE)) == ["cus_new", "cus_old", "cus_taxed"]
    assert [asked.params["created[gte]"] for asked in stub.asked] == [SINCE_SECONDS, SINCE_SECONDS]


def test_changed_invoices_include_those_that_were_paid(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing())
    stub.answer(listing(event(1, "invoice_payment.paid", payment(1, invoice="in_9"))))
    assert list(gateway.invoices_since(SINCE)) == ["in_9"]


def test_events_are_not_asked_for_beyond_thirty_days(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing()).answer(listing())
    list(gateway.customers_since(NOW - timedelta(days=90)))
    assert stub.asked[1].params["created[gte]"] == str(int((NOW - timedelta(days=30)).timestamp()))


def test_listings_of_a_window_end_before_its_end(stub: Stub, gateway: StripeGateway) -> None:
    gateway.until = SINCE + timedelta(days=1)
    stub.answer(listing()).answer(listing())
    list(gateway.customers_since(SINCE))
    end = str(int(gateway.until.timestamp()))
    assert [asked.params["created[lt]"] for asked in stub.asked] == [end, end]


def test_a_window_before_the_events_that_are_kept_asks_for_none(stub: Stub, gateway: StripeGateway) -> None:
    gateway.until = NOW - timedelta(days=80)
    stub.answer(listing())
    list(gateway.customers_since(NOW - timedelta(days=90)))
    assert len(stub.asked) == 1


def test_events_come_oldest_first(stub: Stub, gateway: StripeGateway) -> None:
    newest_first = [event(number, "invoice.paid", {"id": "in_1"}, number // 2) for number in (5, 4, 3, 2)]
    stub.answer(listing(*newest_first))
    assert [head.id for head in gateway.events_since(SINCE)] == ["evt_2", "evt_3", "evt_4", "evt_5"]


def test_more_than_twenty_types_are_asked_for_in_parts(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing()).answer(listing())
    list(gateway.events_since(SINCE, types=[f"type.{number}" for number in range(25)]))
    assert [sum(name.startswith("types[") for name in asked.params) for asked in stub.asked] == [20, 5]


def test_charges_come_from_the_listing_and_the_events_once(stub: Stub, gateway: StripeGateway) -> None:
    stub.answer(listing({"id": "ch_new", "object": "charge"}))
    stub.answer(
        listing(
            event(1, "charge.captured", {"id": "ch_old", "object": "charge"}),
            event(2, "charge.succeeded", {"id": "ch_new", "object": "charge"}),
        )
    )
    assert list(gateway.charges_since(SINCE)) == ["ch_new", "ch_old"]
