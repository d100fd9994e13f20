"""The customer portal: its configurations, their login page, sessions that expire, and pages of invoices that do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
import stripe

from sandbox.serve import Sandbox
from tests.sandbox.stripe.conftest import Invoicing

Client = stripe.StripeClient

FEATURES: Any = {"invoice_history": {"enabled": True}, "payment_method_update": {"enabled": True}}


def configured(client: Client, **given: Any) -> Any:
    params: Any = {"features": FEATURES, **given}
    return client.v1.billing_portal.configurations.create(params)


def opened(client: Client, customer: stripe.Customer, **given: Any) -> Any:
    params: Any = {"customer": customer.id, **given}
    return client.v1.billing_portal.sessions.create(params)


def visit(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False)


@pytest.fixture
def unconfigured(sandbox: Sandbox) -> Sandbox:
    """Nobody has saved the portal's settings in the Dashboard."""
    httpx.post(f"{sandbox.stripe_url}/_sandbox/settings", json={"portal_configured": False}, trust_env=False)
    return sandbox


def test_a_session_opens_the_customers_portal(client: Client, customer: stripe.Customer) -> None:
    answer = visit(opened(client, customer).url)
    assert (answer.status_code, "Billing of Acme GmbH" in answer.text) == (200, True)


def test_a_session_uses_the_default_configuration(client: Client, customer: stripe.Customer) -> None:
    [default] = client.v1.billing_portal.configurations.list({"is_default": True}).data
    assert opened(client, customer).configuration == default.id


@pytest.mark.usefixtures("unconfigured")
def test_without_a_default_configuration_there_is_no_session(client: Client, customer: stripe.Customer) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="default configuration has not been created"):
        opened(client, customer)


@pytest.mark.usefixtures("unconfigured")
def test_a_configuration_of_ones_own_needs_no_default(client: Client, customer: stripe.Customer) -> None:
    own = configured(client)
    assert opened(client, customer, configuration=own.id).configuration == own.id


def test_a_configuration_that_is_not_active_is_refused(client: Client, customer: stripe.Customer) -> None:
    own = configured(client)
    client.v1.billing_portal.configurations.update(own.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        opened(client, customer, configuration=own.id)


def test_the_default_configuration_cannot_be_deactivated(client: Client) -> None:
    [default] = client.v1.billing_portal.configurations.list({}).data
    with pytest.raises(stripe.InvalidRequestError, match="cannot deactivate"):
        client.v1.billing_portal.configurations.update(default.id, {"active": False})


def test_a_session_needs_a_customer(client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: customer"):
        client.v1.billing_portal.sessions.create({})


def test_an_unknown_customer_is_refused(client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.billing_portal.sessions.create({"customer": "cus_none"})


def test_an_unknown_parameter_is_refused(client: Client, customer: stripe.Customer) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: colour"):
        opened(client, customer, colour="red")


def test_each_session_has_its_own_address(client: Client, customer: stripe.Customer) -> None:
    assert opened(client, customer).url != opened(client, customer).url


def test_an_unvisited_session_expires(sandbox: Sandbox, client: Client, customer: stripe.Customer) -> None:
    url = opened(client, customer).url
    sandbox.clock.advance(timedelta(minutes=6))
    assert visit(url).status_code == 410


def test_an_expired_session_leads_to_a_login_when_asked_for(
    sandbox: Sandbox, client: Client, customer: stripe.Customer
) -> None:
    url = opened(client, customer, after_expiration={"type": "customer_login"}).url
    sandbox.clock.advance(timedelta(days=6))
    assert (visit(url).status_code, "Confirm your e-mail" in visit(url).text) == (200, True)


def test_the_way_back_is_the_configurations_unless_given(client: Client, customer: stripe.Customer) -> None:
    own = configured(client, default_return_url="https://a.example")
    back = [
        opened(client, customer, configuration=own.id).return_url,
        opened(client, customer, configuration=own.id, return_url="https://b.example").return_url,
    ]
    assert back == ["https://a.example", "https://b.example"]


def test_a_flow_needs_its_feature(client: Client, customer: stripe.Customer) -> None:
    own = configured(client, features={"invoice_history": {"enabled": True}})
    with pytest.raises(stripe.InvalidRequestError, match="payment_method_update, which is disabled"):
        opened(client, customer, configuration=own.id, flow_data={"type": "payment_method_update"})


def test_a_subscription_flow_needs_its_subscription(client: Client, customer: stripe.Customer) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"flow_data\[subscription_cancel\]"):
        opened(client, customer, flow_data={"type": "subscription_cancel"})


def test_updates_by_the_customer_must_be_named(client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="allowed_updates"):
        configured(client, features={"customer_update": {"enabled": True}})


def test_the_login_page_has_a_lasting_address(sandbox: Sandbox, client: Client) -> None:
    url = configured(client, login_page={"enabled": True}).login_page.url
    sandbox.clock.advance(timedelta(days=400))
    assert visit(f"{url}?prefilled_email=a%40b.example").status_code == 200


def test_a_login_page_that_is_switched_off_is_gone(client: Client) -> None:
    made = configured(client, login_page={"enabled": True})
    off = client.v1.billing_portal.configurations.update(made.id, {"login_page": {"enabled": False}})
    assert (off.login_page.url, visit(made.login_page.url).status_code) == (None, 404)


def test_an_update_keeps_what_it_does_not_name(client: Client) -> None:
    made = configured(client, name="Ours")
    features: Any = {"customer_update": {"enabled": True, "allowed_updates": ["email"]}}
    changed = client.v1.billing_portal.configurations.update(made.id, {"features": features})
    shown = changed.features
    assert (changed.name, shown.invoice_history.enabled, shown.customer_update.enabled) == ("Ours", True, True)


# pages of invoices that expire ---------------------------------------------------------------------------------


def test_the_hosted_page_expires_thirty_days_after_the_invoice_is_due(sandbox: Sandbox, invoicing: Invoicing) -> None:
    url = str(invoicing.open(1000, days_until_due=30).hosted_invoice_url)
    sandbox.clock.advance(timedelta(days=59))
    before = visit(url).status_code
    sandbox.clock.advance(timedelta(days=2))
    assert (before, visit(url).status_code) == (200, 410)


def test_the_hosted_page_expires_after_120_days_at_most(sandbox: Sandbox, invoicing: Invoicing) -> None:
    url = str(invoicing.open(1000, days_until_due=300).hosted_invoice_url)
    sandbox.clock.advance(timedelta(days=121))
    assert visit(url).status_code == 410


def test_fetched_anew_it_is_good_again_for_ten_days(sandbox: Sandbox, client: Client, invoicing: Invoicing) -> None:
    made = invoicing.open(1000, days_until_due=1)
    sandbox.clock.advance(timedelta(days=200))
    url = str(client.v1.invoices.retrieve(made.id).hosted_invoice_url)
    sandbox.clock.advance(timedelta(days=9))
    assert visit(url).status_code == 200
