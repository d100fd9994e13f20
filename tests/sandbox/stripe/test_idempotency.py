"""The Idempotency-Key store."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta

import httpx
import stripe

from sandbox.serve import Sandbox
from tests.sandbox.stripe.conftest import refused

KEY = {"Idempotency-Key": "key-1"}


def _customers(http: httpx.Client) -> int:
    return len(http.get("/v1/customers").json()["data"])


def test_the_same_request_makes_one_object(http: httpx.Client) -> None:
    first, second = (http.post("/v1/customers", data={"name": "A"}, headers=KEY) for _ in range(2))
    assert (first.content, _customers(http)) == (second.content, 1)


def test_a_replay_says_that_it_is_one(http: httpx.Client) -> None:
    first, second = (http.post("/v1/customers", headers=KEY) for _ in range(2))
    assert (first.headers.get("idempotent-replayed"), second.headers["idempotent-replayed"]) == (None, "true")


def test_the_same_key_with_other_parameters_is_refused(client: stripe.StripeClient) -> None:
    client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    error = refused(lambda: client.v1.customers.create({"name": "B"}, {"idempotency_key": "k"}))
    assert (type(error), error.http_status) == (stripe.IdempotencyError, 400)


def test_the_same_key_on_another_endpoint_is_refused(http: httpx.Client) -> None:
    http.post("/v1/customers", headers=KEY)
    assert http.post("/v1/products", data={"name": "x"}, headers=KEY).json()["error"]["type"] == "idempotency_error"


def test_a_refused_card_is_kept(http: httpx.Client) -> None:
    form = {"amount": "500", "currency": "usd", "confirm": "true", "payment_method": "pm_card_chargeDeclined"}
    first, second = (http.post("/v1/payment_intents", data=form, headers=KEY) for _ in range(2))
    assert (first.status_code, second.content, second.headers["idempotent-replayed"]) == (402, first.content, "true")


def test_a_server_error_is_kept(http: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.stripe.inner_faults.status(500, times=1)
    first, second = (http.post("/v1/customers", headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code, second.headers["idempotent-replayed"]) == (500, 500, "true")


def test_a_server_error_after_the_write_is_kept_and_the_write_stands(http: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.stripe.inner_faults.cut_after(times=1)
    answers = [http.post("/v1/customers", headers=KEY).status_code for _ in range(2)]
    assert (answers, _customers(http)) == ([500, 500], 1)


def test_an_invalid_parameter_is_not_kept(http: httpx.Client) -> None:
    refused_ = http.post("/v1/customers", data={"colour": "red"}, headers=KEY)
    accepted = http.post("/v1/customers", data={"name": "A"}, headers=KEY)
    assert (refused_.status_code, accepted.status_code) == (400, 200)


def test_a_key_whose_request_still_runs_is_in_use(http: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.stripe.inner_faults.latency(600, times=1)
    answers: list[httpx.Response] = []

    def post() -> None:
        answers.append(http.post("/v1/customers", headers=KEY))

    threads = [threading.Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    codes = {answer.status_code: answer.json().get("error", {}).get("code") for answer in answers}
    assert codes == {200: None, 409: "idempotency_key_in_use"}


def test_a_write_whose_answer_was_lost_is_replayed(http: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.stripe.faults.cut_after(method="POST", times=1)
    with contextlib.suppress(httpx.TransportError):
        http.post("/v1/customers", headers=KEY)
    again = http.post("/v1/customers", headers=KEY)
    assert (again.headers["idempotent-replayed"], _customers(http)) == ("true", 1)


def test_a_key_is_forgotten_after_a_day(http: httpx.Client, sandbox: Sandbox) -> None:
    http.post("/v1/customers", headers=KEY)
    sandbox.clock.advance(timedelta(hours=24, seconds=1))
    http.post("/v1/customers", headers=KEY)
    assert _customers(http) == 2


def test_keys_of_two_accounts_are_apart(http: httpx.Client, sandbox: Sandbox) -> None:
    other = http.post("/_sandbox/accounts", json={}).json()["api_key"]
    http.post("/v1/customers", headers=KEY)
    second = http.post("/v1/customers", headers=KEY | {"Authorization": f"Bearer {other}"})
    assert "idempotent-replayed" not in second.headers
