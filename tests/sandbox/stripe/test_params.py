"""What a request may say, and what is said back when it may not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe import params, resources
from sandbox.stripe.errors import InvalidParams
from sandbox.stripe.forms import decode
from sandbox.stripe.world import API_VERSION
from tests.sandbox.stripe.conftest import refused


def test_nested_hashes_and_indexed_arrays_are_decoded() -> None:
    raw = decode("a=1&lines[0][amount]=5&lines[1][amount]=6&metadata[x]=y&expand[]=p&expand[]=q")
    assert raw == {
        "a": "1",
        "lines": {"0": {"amount": "5"}, "1": {"amount": "6"}},
        "metadata": {"x": "y"},
        "expand": {"0": "p", "1": "q"},
    }


def test_values_are_typed_by_the_packages_annotations() -> None:
    raw = decode("customer=cus_1&auto_advance=false&days_until_due=30&metadata[n]=1&expand[0]=customer")
    assert params.decode("InvoiceCreateParams", raw) == {
        "customer": "cus_1",
        "auto_advance": False,
        "days_until_due": 30,
        "metadata": {"n": "1"},
        "expand": ["customer"],
    }


def test_decimals_stay_decimals() -> None:
    raw = decode("unit_amount_decimal=12.345678901234")
    assert params.decode("InvoiceItemCreateParams", raw) == {"unit_amount_decimal": Decimal("12.345678901234")}


def test_a_range_is_a_hash_or_a_number() -> None:
    assert params.decode("InvoiceListParams", decode("created[gte]=5&created[lt]=9"))["created"] == {"gte": 5, "lt": 9}
    assert params.decode("InvoiceListParams", decode("created=5"))["created"] == 5


@pytest.mark.parametrize(
    ("name", "form", "code", "param"),
    [
        ("CustomerCreateParams", "colour=red", "parameter_unknown", "colour"),
        ("CustomerCreateParams", "address[planet]=mars", "parameter_unknown", "address[planet]"),
        ("InvoiceCreateParams", "days_until_due=soon", "parameter_invalid_integer", "days_until_due"),
        ("InvoiceCreateParams", "days_until_due=", "parameter_invalid_empty", "days_until_due"),
        ("InvoiceCreateParams", "auto_advance=perhaps", None, "auto_advance"),
        ("PaymentIntentCreateParams", "amount=100", "parameter_missing", "currency"),
        ("InvoiceAddLinesParams", "lines[0][colour]=red", "parameter_unknown", "lines[0][colour]"),
        (
            "TaxRateCreateParams",
            "display_name=x&inclusive=true&percentage=ten",
            "parameter_invalid_decimal",
            "percentage",
        ),
    ],
)
def test_what_the_annotations_do_not_allow_is_refused(name: str, form: str, code: str | None, param: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        params.decode(name, decode(form))
    assert (caught.value.code, caught.value.param) == (code, param)


def test_every_route_names_parameters_that_exist() -> None:
    named = {route.params for route in resources.all_routes() if route.params}
    assert all(params.shape(name) for name in named)


def test_the_version_is_the_one_the_package_pins() -> None:
    assert stripe._api_version._ApiVersion.CURRENT == API_VERSION


def test_an_unknown_parameter_is_answered_in_stripes_envelope(http: httpx.Client) -> None:
    answer = http.post("/v1/customers", data={"colour": "red"})
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"], error["param"], error["message"]) == (
        400,
        "invalid_request_error",
        "parameter_unknown",
        "colour",
        "Received unknown parameter: colour",
    )


def test_every_answer_has_a_request_id(http: httpx.Client) -> None:
    assert http.get("/v1/customers").headers["request-id"].startswith("req_")


def test_a_missing_object_is_a_404(client: stripe.StripeClient) -> None:
    error = refused(lambda: client.v1.invoices.retrieve("in_nothing"))
    assert (error.http_status, error.code, error.user_message) == (
        404,
        "resource_missing",
        "No such invoice: 'in_nothing'",
    )


def test_a_missing_object_in_a_parameter_is_a_400(client: stripe.StripeClient) -> None:
    error: Any = refused(lambda: client.v1.invoices.create({"customer": "cus_nothing"}))
    assert (error.http_status, error.code, error.param) == (400, "resource_missing", "customer")


def test_without_a_key_it_is_a_401(sandbox: Any) -> None:
    assert httpx.get(f"{sandbox.stripe_url}/v1/customers", trust_env=False).status_code == 401


def test_with_a_wrong_key_it_is_an_authentication_error(sandbox: Any) -> None:
    stranger = stripe.StripeClient("sk_test_wrong", base_addresses={"api": sandbox.stripe_url})
    assert isinstance(refused(stranger.v1.customers.list), stripe.AuthenticationError)


def test_the_key_may_come_as_basic_authentication(sandbox: Any) -> None:
    key = (sandbox.credentials.stripe_api_key, "")
    assert httpx.get(f"{sandbox.stripe_url}/v1/balance", auth=key, trust_env=False).status_code == 200


def test_an_unknown_path_is_a_404(http: httpx.Client) -> None:
    assert http.get("/v1/unicorns").status_code == 404


ENDIVE = {"Stripe-Version": API_VERSION}
DAHLIA = {"Stripe-Version": "2026-08-26.dahlia"}
OLD_FORM = {"amount": "500", "currency": "usd", "payment_method_types[]": "card"}


def test_payment_method_types_are_refused_from_endive_on(http: httpx.Client) -> None:
    answer = http.post("/v1/payment_intents", data=OLD_FORM, headers=ENDIVE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "payment_method_types_no_longer_supported")


@pytest.mark.parametrize("headers", [DAHLIA, {}])
def test_payment_method_types_pass_before_endive(http: httpx.Client, headers: dict[str, str]) -> None:
    assert http.post("/v1/payment_intents", data=OLD_FORM, headers=headers).status_code == 200


def test_nothing_expands_deeper_than_four_levels(client: stripe.StripeClient) -> None:
    error = refused(lambda: client.v1.invoices.list({"expand": ["data.payments.data.payment.payment_intent"]}))
    assert "more than 4 levels" in str(error)


def test_what_is_no_reference_cannot_be_expanded(client: stripe.StripeClient, customer: stripe.Customer) -> None:
    error = refused(lambda: client.v1.customers.retrieve(customer.id, {"expand": ["email"]}))
    assert "cannot be expanded (email)" in str(error)
