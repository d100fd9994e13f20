"""What people and banks do, and a look inside, under /_sandbox."""

from __future__ import annotations

import httpx
import stripe

from sandbox.serve import Sandbox
from tests.sandbox.stripe.conftest import Receiver

Client = stripe.StripeClient


def test_the_clock_is_set(http: httpx.Client, sandbox: Sandbox) -> None:
    http.post("/_sandbox/clock", json={"set": "2027-01-31T12:00:00Z", "frozen": True})
    assert http.get("/_sandbox/clock").json()["now"].startswith("2027-01-31T12:00:00")
    assert sandbox.clock.now().isoformat().startswith("2027-01-31T12:00:00")


def test_the_clock_is_advanced(http: httpx.Client) -> None:
    before = http.get("/_sandbox/clock").json()["timestamp"]
    after = http.post("/_sandbox/clock", json={"advance": {"days": 2}}).json()["timestamp"]
    assert 0 <= after - before - 2 * 86_400 <= 5


def test_a_reset_forgets_everything_but_the_key(http: httpx.Client, client: Client, customer: stripe.Customer) -> None:
    http.post("/_sandbox/reset")
    assert client.v1.customers.list().data == []


def test_the_state_is_shown_by_kind(http: httpx.Client, customer: stripe.Customer) -> None:
    shown = http.get("/_sandbox/state", params={"kind": "customer"}).json()
    assert [row["id"] for row in shown["customer"]] == [customer.id]


def test_nothing_private_is_shown(http: httpx.Client, receiver: Receiver, client: Client) -> None:
    made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
    assert str(made.secret) not in http.get("/_sandbox/state").text


def test_accounts_see_only_their_own(http: httpx.Client, sandbox: Sandbox, customer: stripe.Customer) -> None:
    key = http.post("/_sandbox/accounts", json={"name": "Other"}).json()["api_key"]
    other = stripe.StripeClient(key, base_addresses={"api": sandbox.stripe_url})
    assert (other.v1.customers.list().data, other.v1.accounts.retrieve_current().business_profile.name) == ([], "Other")  # type: ignore[union-attr]


def test_an_endpoint_is_made_with_a_known_secret(
    http: httpx.Client, client: Client, sandbox: Sandbox, receiver: Receiver
) -> None:
    http.post("/_sandbox/webhook_endpoints", json={"url": receiver.url, "secret": "whsec_known"})
    client.v1.customers.create({})
    assert sandbox.stripe.wait_idle(10)
    got = receiver.received[0]
    assert stripe.WebhookSignature.verify_header(got.body.decode(), got.headers["stripe-signature"], "whsec_known", 300)


def test_an_endpoint_of_another_account_gets_its_events_only(
    http: httpx.Client, client: Client, sandbox: Sandbox, receiver: Receiver
) -> None:
    other = http.post("/_sandbox/accounts", json={"name": "Other"}).json()
    endpoint = {"account": other["id"], "url": receiver.url, "secret": "whsec_other"}
    http.post("/_sandbox/webhook_endpoints", json=endpoint)
    client.v1.customers.create({})
    made = stripe.StripeClient(other["api_key"], base_addresses={"api": sandbox.stripe_url}).v1.customers.create({})
    assert sandbox.stripe.wait_idle(10)
    assert [each.event["data"]["object"]["id"] for each in receiver.received] == [made.id]


def test_a_setting_that_does_not_exist_is_refused(http: httpx.Client) -> None:
    assert http.post("/_sandbox/settings", json={"colour": "red"}).status_code == 400


def test_more_requests_than_allowed_are_refused(http: httpx.Client) -> None:
    http.post("/_sandbox/settings", json={"requests_per_second": 3})
    answers = [http.get("/v1/balance") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused[0].json()["error"]["code"] == "rate_limit"
    assert refused[0].headers["stripe-rate-limited-reason"] == "global-rate"


def test_an_unknown_path_tells_the_known_ones(http: httpx.Client) -> None:
    answer = http.get("/_sandbox/nonsense")
    assert (answer.status_code, "POST /_sandbox/clock" in answer.json()["known"]) == (404, True)
