"""Reasons not to post that several flows share."""

from datetime import date
from typing import Any

from app.core.interfaces import Ledger
from app.errors import Held, Skipped


def after_start(day: date, what: str, to: Ledger[Any], record_type: str | None = None) -> None:
    """Raises Skipped for what is older than the day finance starts from (with this NetSuite record type)."""
    start = to.config.start_of(record_type)
    if start is not None and day < start:
        raise Skipped(f"{what} is dated {day:%Y-%m-%d}, before the start date {start:%Y-%m-%d}.", code="before_start")


def of_older(charged: date, what: str, to: Ledger[Any]) -> None:
    """Refunds and disputes of charges from before the start: posted, skipped or held, as finance chose.

    Raises Skipped or Held. `charged`: the day of the charge; `what`: the refund or dispute, as a person calls it.
    """
    start = to.config.start_of("customerPayment")
    if start is None or charged >= start or to.config.older == "post":
        return
    sentence = f"{what} is about a charge of {charged:%Y-%m-%d}, before the start date {start:%Y-%m-%d}."
    if to.config.older == "skip":
        raise Skipped(sentence, code="older_charge")
    raise Held(
        sentence,
        code="older_charge",
        action="Book it by hand and dismiss it, or set `older` to post or skip; then replay.",
    )


def owned(subsidiary: str | None, what: str, to: Ledger[Any]) -> None:
    """Raises Skipped for a NetSuite record of a subsidiary that another Stripe account bills."""
    if subsidiary is not None and not to.config.for_account(to.account).owns(subsidiary):
        raise Skipped(
            f"{what} belongs to subsidiary {subsidiary}, which is not billed through Stripe account {to.account}.",
            code="other_subsidiary",
        )


def ticked(custom: Any, field: str | None, what: str) -> None:
    """Raises Skipped when finance wants only records with this checkbox, and it is not ticked."""
    if field is not None and custom.get(field) not in (True, "T", "true"):
        raise Skipped(f"{what} is not ticked for Stripe ({field}).", code="not_ticked")
