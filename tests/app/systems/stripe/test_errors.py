from datetime import timedelta

import pytest

from app import errors
from app.systems.stripe.errors import Refusal, again, sorted_out


def sorted_(refusal: Refusal, *, writes: bool = False) -> errors.TieoutError:
    return sorted_out(refusal, account="main", operation="create_invoice", writes=writes)


@pytest.mark.parametrize(
    ("refusal", "expected", "code"),
    [
        (Refusal(401, "invalid_request_error"), errors.AuthFailed, "invalid_request_error"),
        (Refusal(401, code="api_key_expired"), errors.AuthFailed, "api_key_expired"),
        (Refusal(403, "invalid_request_error"), errors.Forbidden, "invalid_request_error"),
        (Refusal(429, code="rate_limit"), errors.Throttled, "rate_limit"),
        (Refusal(429, code="lock_timeout"), errors.Conflict, "lock_timeout"),
        (Refusal(400, code="rate_limit"), errors.Throttled, "rate_limit"),
        (Refusal(409, code="idempotency_key_in_use"), errors.Conflict, "idempotency_key_in_use"),
        (Refusal(400, "idempotency_error"), errors.Conflict, "idempotency_error"),
        (Refusal(404, code="resource_missing"), errors.NotFound, "resource_missing"),
        (Refusal(400, code="resource_missing", param="customer"), errors.NotFound, "resource_missing"),
        (Refusal(404), errors.NotFound, "http_404"),
        (Refusal(400, code="livemode_mismatch"), errors.NotFound, "livemode_mismatch"),
        (Refusal(400, code="invoice_not_editable"), errors.NotAllowed, "invoice_not_editable"),
        (
            Refusal(400, code="invoice_no_customer_line_items"),
            errors.NotAllowed,
            "invoice_no_customer_line_items",
        ),
        (Refusal(400, message="Invoice is already paid"), errors.NotAllowed, "http_400"),
        (Refusal(400, code="amount_too_small"), errors.NotAllowed, "amount_too_small"),
        (Refusal(402, "card_error", "card_declined"), errors.NotAllowed, "card_declined"),
        (
            Refusal(400, param="number", message="Number has already been used"),
            errors.DuplicateName,
            "http_400",
        ),
        (Refusal(400, "invalid_request_error", "email_invalid"), errors.Rejected, "email_invalid"),
        (Refusal(500), errors.Unavailable, "http_500"),
        (Refusal(0), errors.Unavailable, "http_0"),
    ],
)
def test_each_refusal_has_its_class_and_code(refusal: Refusal, expected: type[errors.TieoutError], code: str) -> None:
    error = sorted_(refusal)
    assert (type(error), error.code) == (expected, code)


@pytest.mark.parametrize("operation", ["void_invoice", "finalize_invoice", "delete_invoice"])
def test_a_step_refused_for_an_unknown_reason_is_held(operation: str) -> None:
    refusal = Refusal(400, "invalid_request_error", message="It has open payments.")
    error = sorted_out(refusal, account="main", operation=operation, writes=True)
    assert type(error) is errors.NotAllowed


def test_what_no_row_knows_is_rejected() -> None:
    assert type(sorted_(Refusal(418, "new_kind_of_error", "never_seen"))) is errors.Rejected


@pytest.mark.parametrize("refusal", [Refusal(500), Refusal(503), Refusal(0)])
def test_a_write_without_a_clear_answer_has_an_unknown_outcome(refusal: Refusal) -> None:
    assert type(sorted_(refusal, writes=True)) is errors.OutcomeUnknown


def test_a_write_that_was_never_sent_is_merely_unavailable() -> None:
    assert type(sorted_(Refusal(0, sent=False), writes=True)) is errors.Unavailable


def test_a_test_mode_key_for_a_live_object_is_said_in_words() -> None:
    message = "No such customer: 'cus_1'; a similar object exists in live mode, but a test mode key was used."
    error = sorted_(Refusal(404, "invalid_request_error", "resource_missing", "id", message))
    assert error.sentence == ("This object exists in Stripe's live mode, but account 'main' has a test-mode key.")


def test_a_refused_field_is_named() -> None:
    error = sorted_(Refusal(400, "invalid_request_error", "parameter_unknown", "colour", "Unknown: colour"))
    assert isinstance(error, errors.Rejected)
    assert error.fields == {"colour": "Unknown: colour"}


def test_a_held_error_says_what_to_do() -> None:
    error = sorted_(Refusal(400, code="invoice_not_editable"))
    assert isinstance(error, errors.Held)
    assert error.action.startswith("Choose how changed invoices are treated")


def test_the_time_stripe_asks_for_is_passed_on() -> None:
    error = sorted_(Refusal(429, retry_after=timedelta(seconds=7)))
    assert isinstance(error, errors.Retryable)
    assert error.retry_after == timedelta(seconds=7)


def test_the_request_id_is_kept_underneath() -> None:
    error = sorted_(Refusal(400, code="amount_too_small", message="Too small", request_id="req_1"))
    assert error.detail == "HTTP 400, amount_too_small, Too small (request req_1)"


def test_braces_in_stripes_message_are_only_text() -> None:
    assert "{account}" in sorted_(Refusal(400, message="odd {account}")).sentence


@pytest.mark.parametrize(
    ("refusal", "worth_it"),
    [
        (Refusal(0), True),
        (Refusal(409), True),
        (Refusal(429), True),
        (Refusal(500), True),
        (Refusal(503), True),
        (Refusal(400, code="lock_timeout"), True),
        (Refusal(400), False),
        (Refusal(401), False),
        (Refusal(404), False),
        (Refusal(500, should_retry=False), False),
        (Refusal(400, should_retry=True), True),
    ],
)
def test_what_is_worth_another_try(refusal: Refusal, worth_it: bool) -> None:
    assert again(refusal) is worth_it
