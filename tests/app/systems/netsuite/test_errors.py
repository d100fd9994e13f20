"""Every row of the table has a fixture, and every fixture is sorted as its row says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from app.errors import (
    AuthFailed,
    Conflict,
    DuplicateName,
    Forbidden,
    Held,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    PeriodClosed,
    Rejected,
    Retryable,
    Throttled,
    TieoutError,
    Unavailable,
    Unmapped,
)
from app.systems.netsuite.errors import TABLE, Answer, DuplicateExternalId, RestletMissing, of_envelope, sort

FIXTURES = Path(__file__).parent / "fixtures"


@dataclass(frozen=True)
class Case:
    fixture: str
    status: int
    raises: type[TieoutError]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def answer(self) -> Answer:
        return Answer.parse(self.status, self.headers, (FIXTURES / self.fixture).read_bytes())

    @property
    def row(self) -> str | None:
        return next((row.name for row in TABLE if row.fits(self.answer)), None)


CHALLENGE = {"WWW-Authenticate": 'Bearer realm="x", error="invalid_token", error_description="expired"'}
CASES = (
    Case("throttled__rest.json", 429, Throttled),
    Case("throttled__restlet.json", 400, Throttled),
    Case("throttled__restlet_string.json", 400, Throttled),
    Case("throttled__restlet_text.txt", 400, Throttled),
    Case("too_many_requests__other_code.json", 429, Throttled),
    Case("maintenance__rest.json", 503, Unavailable),
    Case("maintenance__page.html", 200, Unavailable),
    Case("invalid_login__rest.json", 401, AuthFailed),
    Case("invalid_login__restlet.json", 403, AuthFailed),
    Case("unauthorized__empty.txt", 401, AuthFailed),
    Case("timed_out_inside__restlet.json", 400, OutcomeUnknown),
    Case("record_changed__text_only.json", 400, Conflict),
    Case("record_changed__restlet_name.json", 400, Conflict),
    Case("restlet_missing__by_code.json", 404, RestletMissing),
    Case("restlet_missing__text.txt", 400, RestletMissing),
    Case("duplicate_name__customer.json", 400, DuplicateName),
    Case("duplicate_name__entity_code.json", 400, DuplicateName),
    Case("duplicate_name__invoice_number.json", 400, DuplicateName),
    Case("duplicate_external_id__this_record.json", 400, DuplicateExternalId),
    Case("duplicate_external_id__named.json", 400, DuplicateExternalId),
    Case("duplicate_external_id__code.json", 409, DuplicateExternalId),
    Case("period_closed__closed.json", 400, PeriodClosed),
    Case("period_closed__locked.json", 400, PeriodClosed),
    Case("period_closed__no_period.json", 400, PeriodClosed),
    Case("pending_approval__invoice.json", 400, NotAllowed),
    Case("already_paid__no_matching_line.json", 400, NotAllowed),
    Case("already_paid__more_than_due.json", 400, NotAllowed),
    Case("already_paid__paid_in_full.json", 400, NotAllowed),
    Case("void_refused__dependent_records.json", 400, NotAllowed),
    Case("void_refused__reversing_journal.json", 400, NotAllowed),
    Case("currency_not_allowed__invalid_value.json", 400, Unmapped),
    Case("currency_not_allowed__customer.json", 400, Unmapped),
    Case("missing_field__please_enter.json", 400, Unmapped),
    Case("missing_field__code.json", 400, Unmapped),
    Case("unknown_record_type__404.json", 404, Rejected),
    Case("unknown_field__property.json", 400, Rejected),
    Case("invalid_reference__item.json", 400, Unmapped),
    Case("invalid_reference__code.json", 400, Unmapped),
    Case("insufficient_permission__403.json", 403, Forbidden),
    Case("insufficient_permission__text_400.json", 400, Forbidden),
    Case("forbidden__no_reason.json", 403, Forbidden),
    Case("nonexistent__rest.json", 404, NotFound),
    Case("nonexistent__top_level.json", 404, NotFound),
    Case("not_found__no_code.json", 404, NotFound),
    Case("rejected__nothing_known.json", 400, Rejected),
    Case("rejected__several.json", 400, Rejected),
    Case("unexpected__500.json", 500, OutcomeUnknown),
    Case("unexpected__gateway.html", 502, OutcomeUnknown),
    Case("unexpected__empty.txt", 504, OutcomeUnknown),
)
BY_NAME = {case.fixture: case for case in CASES}
DEFAULTS = {"rejected", "unexpected"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fixture)
def test_a_failure_is_the_exception_its_row_says(case: Case) -> None:
    assert type(sort(case.answer, write=True)) is case.raises


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fixture)
def test_a_fixture_is_named_after_the_row_that_takes_it(case: Case) -> None:
    named = case.fixture.partition("__")[0]
    assert case.row == (None if named in DEFAULTS else named)


@pytest.mark.parametrize("row", [row.name for row in TABLE])
def test_every_row_has_a_fixture(row: str) -> None:
    assert row in {case.fixture.partition("__")[0] for case in CASES}


def test_every_fixture_is_used() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == set(BY_NAME)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_row_says_where_it_is_known_from(row: object) -> None:
    assert getattr(row, "source", "")


@pytest.mark.parametrize("row", [row for row in TABLE if issubclass(row.raises, Held)], ids=lambda row: row.name)
def test_what_waits_for_a_person_says_what_to_do(row: object) -> None:
    assert getattr(row, "action", "").endswith(".")


@pytest.mark.parametrize(
    "fixture", ["unexpected__500.json", "unexpected__gateway.html", "timed_out_inside__restlet.json"]
)
def test_a_read_has_no_unknown_outcome(fixture: str) -> None:
    assert type(sort(BY_NAME[fixture].answer, write=False)) is Unavailable


def sorted_(fixture: str, **headers: str) -> TieoutError:
    answer = Answer.parse(BY_NAME[fixture].status, headers, (FIXTURES / fixture).read_bytes())
    return sort(answer, write=True)


def test_netsuite_s_own_code_is_kept() -> None:
    assert sorted_("nonexistent__rest.json").code == "NONEXISTENT_ID"


def test_netsuite_s_own_words_are_kept() -> None:
    assert sorted_("unexpected__500.json").detail == "An unexpected error occurred. Error ID: m4x8k2"


def test_a_missing_field_names_the_fields() -> None:
    assert "Location, Department" in sorted_("missing_field__please_enter.json").sentence


def test_a_rejection_carries_every_path_with_its_words() -> None:
    error = sorted_("rejected__several.json")
    assert isinstance(error, Rejected)
    assert error.fields == {"memo": "First.", "item.items[2].rate": "Second."}


def test_html_is_told_without_its_tags() -> None:
    assert BY_NAME["maintenance__page.html"].answer.said == (
        "NetSuite NetSuite is currently unavailable while we perform scheduled maintenance ."
    )


def test_an_empty_answer_is_told_by_its_status() -> None:
    assert sorted_("unexpected__empty.txt").detail == "HTTP status 504 without a reason"


def test_retry_after_in_seconds_is_honoured() -> None:
    error = sorted_("throttled__rest.json", **{"Retry-After": "7"})
    assert isinstance(error, Retryable)
    assert error.retry_after == timedelta(seconds=7)


def test_retry_after_as_a_date_is_honoured() -> None:
    error = sorted_("throttled__rest.json", **{"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1))})
    assert isinstance(error, Retryable)
    assert error.retry_after is not None
    assert timedelta(minutes=59) < error.retry_after <= timedelta(hours=1)


def test_a_retry_after_that_means_nothing_is_ignored() -> None:
    error = sorted_("throttled__rest.json", **{"Retry-After": "soon"})
    assert isinstance(error, Retryable)
    assert error.retry_after is None


def test_maintenance_waits_longer_than_a_hiccup() -> None:
    error = sorted_("maintenance__rest.json")
    assert isinstance(error, Retryable)
    assert error.retry_after == timedelta(minutes=10)


def test_the_challenge_is_read_when_there_is_no_body() -> None:
    assert Answer.parse(401, CHALLENGE, b"").code == "invalid_token"


def test_a_redirect_is_not_followed_blindly() -> None:
    assert type(sort(Answer.parse(302, {"Location": "https://other.test"}, b""), write=True)) is Rejected


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("CANT_VOID_TRAN", "It cannot be voided.", NotAllowed),
        ("RCRD_DSNT_EXIST", "That record does not exist.", NotFound),
        ("SOMETHING", "Nobody knows.", Rejected),
    ],
)
def test_our_restlet_s_refusals_are_sorted_by_the_same_table(
    code: str, message: str, expected: type[TieoutError]
) -> None:
    assert type(of_envelope(code, message)) is expected
