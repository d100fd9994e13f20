"""Webhooks as they arrive at a real receiver."""

from __future__ import annotations

import json
import time
from collections import Counter

import httpx
import pytest
import stripe

from sandbox.serve import Sandbox
from tests.sandbox.stripe.conftest import Receiver

Client = stripe.StripeClient


def _idle(sandbox: Sandbox) -> None:
    assert sandbox.stripe.wait_idle(15)


def _verifies(received: object, secret: str) -> bool:
    body, header = received.body.decode(), received.headers["stripe-signature"]  # type: ignore[attr-defined]
    return bool(stripe.WebhookSignature.verify_header(body, header, secret, tolerance=300))


def test_an_event_is_delivered(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    made = client.v1.customers.create({"name": "A"})
    _idle(sandbox)
    (event,) = [each.event for each in listening.received]
    assert (event["type"], event["data"]["object"]["id"], event["object"]) == ("customer.created", made.id, "event")


def test_the_package_verifies_the_signature(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    client.v1.customers.create({})
    _idle(sandbox)
    assert _verifies(listening.received[0], sandbox.credentials.stripe_webhook_secret)


def test_the_signature_is_of_the_real_time(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    sandbox.clock.set(sandbox.clock.now().replace(year=2031))
    client.v1.customers.create({})
    _idle(sandbox)
    signed_at = int(listening.received[0].headers["stripe-signature"].split(",")[0].removeprefix("t="))
    assert abs(signed_at - time.time()) < 60


def test_the_package_reads_the_event(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    client.v1.customers.create({})
    _idle(sandbox)
    got = listening.received[0]
    secret = sandbox.credentials.stripe_webhook_secret
    event = client.construct_event(got.body, got.headers["stripe-signature"], secret)
    assert event.type == "customer.created"


def test_the_request_that_caused_it_is_named(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    made = client.v1.customers.create({}, {"idempotency_key": "tieout:1"})
    _idle(sandbox)
    response = made.last_response
    assert listening.received[0].event["request"] == {
        "id": response.request_id if response else None,
        "idempotency_key": "tieout:1",
    }


def test_what_a_bank_does_has_no_request(
    client: Client, sandbox: Sandbox, listening: Receiver, http: httpx.Client
) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 900, "currency": "usd", "payment_method": "pm_usBankAccount", "confirm": True}
    )
    http.post(f"/_sandbox/charges/{intent.id}/settle")
    _idle(sandbox)
    (settled,) = [each.event for each in listening.received if each.event["type"] == "charge.succeeded"]
    assert settled["request"] == {"id": None, "idempotency_key": None}


def test_only_the_events_asked_for_are_sent(client: Client, sandbox: Sandbox, receiver: Receiver) -> None:
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.deleted"]})
    client.v1.customers.delete(client.v1.customers.create({}).id)
    _idle(sandbox)
    assert receiver.types == ["customer.deleted"]


def test_the_secret_is_told_once(client: Client, sandbox: Sandbox, receiver: Receiver) -> None:
    made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    client.v1.customers.create({})
    _idle(sandbox)
    assert _verifies(receiver.received[0], str(made.secret))
    assert "secret" not in client.v1.webhook_endpoints.retrieve(made.id).to_dict()


def test_a_disabled_endpoint_gets_nothing(client: Client, sandbox: Sandbox, receiver: Receiver) -> None:
    made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    client.v1.customers.create({})
    _idle(sandbox)
    assert receiver.received == []


def test_a_deleted_endpoint_gets_nothing(client: Client, sandbox: Sandbox, receiver: Receiver) -> None:
    made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    client.v1.webhook_endpoints.delete(made.id)
    client.v1.customers.create({})
    _idle(sandbox)
    assert (receiver.received, client.v1.webhook_endpoints.list().data) == ([], [])


@pytest.mark.parametrize("status", [500, 404, 301])
def test_anything_but_2xx_is_tried_again(client: Client, sandbox: Sandbox, listening: Receiver, status: int) -> None:
    listening.answers[:] = [status, status]
    client.v1.customers.create({})
    _idle(sandbox)
    assert len(listening.received) == 3
    assert len(set(listening.ids)) == 1


def test_each_try_is_signed_anew(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    listening.answers[:] = [500]
    client.v1.customers.create({})
    _idle(sandbox)
    assert all(_verifies(each, sandbox.credentials.stripe_webhook_secret) for each in listening.received)


def test_it_is_given_up_after_the_last_try(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    sandbox.stripe.deliveries.configure(retry_ms=5, max_attempts=3)
    listening.answers[:] = [500] * 9
    client.v1.customers.create({})
    _idle(sandbox)
    assert [row.outcome for row in sandbox.stripe.deliveries.log()] == ["failed"]
    assert len(listening.received) == 3


def test_a_receiver_that_is_away_is_an_error_in_the_log(client: Client, sandbox: Sandbox) -> None:
    sandbox.stripe.deliver_to("http://127.0.0.1:9/nobody", "whsec_x")
    sandbox.stripe.deliveries.configure(retry_ms=5, max_attempts=2)
    client.v1.customers.create({})
    _idle(sandbox)
    (row,) = sandbox.stripe.deliveries.log()
    assert (row.outcome, ["error" in answer for answer in row.answers]) == ("failed", [True, True])


def test_duplicates_are_the_same_event_twice(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    sandbox.stripe.deliveries.configure(duplicate=1.0)
    client.v1.customers.create({})
    _idle(sandbox)
    assert Counter(listening.ids).most_common(1)[0][1] == 2


def test_a_dropped_event_never_arrives_but_is_listed_as_undelivered(
    client: Client, sandbox: Sandbox, listening: Receiver
) -> None:
    sandbox.stripe.deliveries.configure(drop=1.0)
    client.v1.customers.create({})
    _idle(sandbox)
    missed = client.v1.events.list({"delivery_success": False}).data
    assert (listening.received, [event.type for event in missed]) == ([], ["customer.created"])


def test_a_delivered_event_is_listed_as_delivered(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    client.v1.customers.create({})
    _idle(sandbox)
    (event,) = client.v1.events.list({"delivery_success": True}).data
    assert event.pending_webhooks == 0


def test_reordered_events_arrive_in_another_order(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    sandbox.stripe.deliveries.configure(reorder=0.5, seed=3)
    made = [client.v1.customers.create({"name": str(n)}).id for n in range(12)]
    _idle(sandbox)
    arrived = [each.event["data"]["object"]["id"] for each in listening.received]
    assert sorted(arrived) == sorted(made)
    assert arrived != made


def test_a_delayed_event_arrives_after_its_delay(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    sandbox.stripe.deliveries.configure(delay=1.0, delay_ms=200)
    started = time.monotonic()
    client.v1.customers.create({})
    _idle(sandbox)
    assert len(listening.received) == 1
    assert time.monotonic() - started >= 0.2


def test_a_wrong_signature_does_not_verify(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    sandbox.stripe.deliveries.configure(wrong_signature=1.0)
    client.v1.customers.create({})
    _idle(sandbox)
    with pytest.raises(stripe.SignatureVerificationError):
        _verifies(listening.received[0], sandbox.credentials.stripe_webhook_secret)


def test_the_same_seed_drops_the_same_events(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    def dropped() -> list[str]:
        sandbox.stripe.deliveries.clear()
        sandbox.stripe.deliveries.configure(drop=0.5, seed=5)
        for _ in range(10):
            client.v1.customers.create({})
        _idle(sandbox)
        return [row.outcome for row in sandbox.stripe.deliveries.log()]

    first = dropped()
    assert set(first) == {"dropped", "delivered"}
    assert dropped() == first


def test_while_paused_nothing_is_sent(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    sandbox.stripe.deliveries.configure(paused=True)
    client.v1.customers.create({})
    assert (sandbox.stripe.deliveries.pending(), listening.received) == (1, [])
    sandbox.stripe.deliveries.configure()
    _idle(sandbox)
    assert listening.types == ["customer.created"]


def test_chaos_is_set_over_http(http: httpx.Client, sandbox: Sandbox) -> None:
    answer = http.post("/_sandbox/webhooks", json={"duplicate": 0.25, "seed": 9}).json()
    assert (answer["duplicate"], answer["seed"], sandbox.stripe.deliveries.chaos.duplicate) == (0.25, 9, 0.25)


def test_chaos_that_does_not_exist_is_refused(http: httpx.Client) -> None:
    assert http.post("/_sandbox/webhooks", json={"mischief": 1}).status_code == 400


def test_idleness_is_waited_for_over_http(http: httpx.Client, client: Client, listening: Receiver) -> None:
    client.v1.customers.create({})
    answer = http.get("/_sandbox/webhooks/idle", params={"timeout": 15}).json()
    assert (answer, listening.types) == ({"idle": True}, ["customer.created"])


def test_deliveries_are_logged_with_their_answers(
    http: httpx.Client, client: Client, sandbox: Sandbox, listening: Receiver
) -> None:
    listening.answers[:] = [503]
    client.v1.customers.create({})
    _idle(sandbox)
    (row,) = http.get("/_sandbox/deliveries").json()["deliveries"]
    assert (row["outcome"], [answer["status"] for answer in row["answers"]]) == ("delivered", [503, 200])


def test_an_event_is_resent(http: httpx.Client, client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    client.v1.customers.create({})
    _idle(sandbox)
    http.post(f"/_sandbox/events/{listening.ids[0]}/resend")
    _idle(sandbox)
    assert listening.ids == [listening.ids[0]] * 2


def test_while_a_secret_is_rolled_both_verify(
    http: httpx.Client, client: Client, sandbox: Sandbox, receiver: Receiver
) -> None:
    made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    rolled = http.post(f"/_sandbox/webhook_endpoints/{made.id}/roll_secret").json()["secret"]
    client.v1.customers.create({})
    _idle(sandbox)
    assert _verifies(receiver.received[0], rolled)
    assert _verifies(receiver.received[0], str(made.secret))


def test_an_endpoint_gets_the_version_it_was_made_with(client: Client, sandbox: Sandbox, receiver: Receiver) -> None:
    old: str = "2024-06-20"
    client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["invoice.created"], "api_version": old}  # type: ignore[typeddict-item]
    )
    customer = client.v1.customers.create({})
    client.v1.invoices.create({"customer": customer.id})
    _idle(sandbox)
    (event,) = [each.event for each in receiver.received]
    invoice = event["data"]["object"]
    assert (event["api_version"], invoice["paid"], "parent" in invoice) == ("2024-06-20", False, False)


def _thin_destination(client: Client, url: str) -> stripe.v2.core.EventDestination:
    return client.v2.core.event_destinations.create(
        {
            "name": "Tieout",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v1.customer.created"],
            "webhook_endpoint": {"url": url},
            "include": ["webhook_endpoint.signing_secret"],
        }
    )


def test_a_thin_event_is_read_by_the_package(client: Client, sandbox: Sandbox, receiver: Receiver) -> None:
    destination = _thin_destination(client, receiver.url)
    made = client.v1.customers.create({"name": "A"})
    client.v1.customers.update(made.id, {"name": "B"})
    _idle(sandbox)
    (got,) = receiver.received
    hook = destination.webhook_endpoint
    secret = str(hook.signing_secret) if hook else ""
    note = client.parse_event_notification(got.body, got.headers["stripe-signature"], secret)
    assert isinstance(note, stripe.events.V1CustomerCreatedEventNotification)
    assert note.fetch_related_object().name == "B"


def test_a_thin_event_carries_no_data(client: Client, sandbox: Sandbox, receiver: Receiver) -> None:
    _thin_destination(client, receiver.url)
    made = client.v1.customers.create({})
    _idle(sandbox)
    event = receiver.received[0].event
    assert "data" not in event
    assert event["related_object"] == {"id": made.id, "type": "customer", "url": f"/v1/customers/{made.id}"}


def test_a_thin_events_secret_is_told_only_when_asked_for(client: Client, receiver: Receiver) -> None:
    made = _thin_destination(client, receiver.url)
    kept = client.v2.core.event_destinations.retrieve(made.id)
    hook = kept.webhook_endpoint
    assert hook is None or hook.signing_secret is None


def test_payloads_are_utf8_json(client: Client, sandbox: Sandbox, listening: Receiver) -> None:
    client.v1.customers.create({"name": "Müller & Søn"})
    _idle(sandbox)
    assert json.loads(listening.received[0].body.decode("utf-8"))["data"]["object"]["name"] == "Müller & Søn"
