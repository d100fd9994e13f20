"""Stripe's exchange rate -> NetSuite customer payment, cash sale, customer deposit, customer refund.

A payment in another currency than the subsidiary's is worth in the books what Stripe made of it, once Stripe settled
it in the subsidiary's currency. What the rate changes of an applied payment, NetSuite books to realised gain or loss.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field

from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Held, LinkMissing, NotAllowed, NotReady, PeriodClosed, Rejected, Skipped
from app.systems.netsuite.records import Ref
from workers.records import conditions, rate_claims
from workers.records.brought import switched_off
from workers.records.charged import charged
from workers.records.exchange import stripes_rate
from workers.records.settled import REFUNDS, Moved, moved


class ExchangeRates(Options):
    refunds: bool = Field(True, description="Set the rate of refunds too, not only of payments.")
    closed_period: Literal["hold", "skip"] = Field(
        "hold", description="Of a record whose accounting period has closed: hold for a person, or leave its rate."
    )


To = Ledger[ExchangeRates]
MAKERS = {
    "pay": ("stripe_payment_to_netsuite_payment", "stripe_charge_to_netsuite_invoice"),
    "crf": ("stripe_refund_to_netsuite", "stripe_credit_note_to_netsuite"),
}


def settled_since(to: To, since: datetime) -> Iterator[str]:
    yield from to.stripe.charges_since(since)
    if to.options.refunds:
        yield from to.stripe.refunds_since(since)


flow = Flow(
    "exchange_rates_to_netsuite",
    title="Add/Update NetSuite Transaction Exchange Rates using Stripe Exchange",
    source="stripe",
    reads=moved,
    on=("charge.succeeded", "charge.updated", "charge.captured", "refund.created", "refund.updated"),
    sweep=Sweep(every=timedelta(hours=24), ids=settled_since, windows=True),
    options=ExchangeRates,
    subjects=("ch_", "py_", *REFUNDS),
    enabled=False,
)


@flow.root
def invoice_or_charge(source: Moved) -> str:
    return source.root


@flow.when
def wanted(source: Moved, to: To) -> None:
    conditions.after_start(source.created.date(), source.id, to)
    if source.role == "crf" and not to.options.refunds:
        raise Skipped("The rates of refunds are left out by setting.", code="by_setting")


@flow.when
def is_settled(source: Moved, to: To) -> None:
    if source.why_not:
        raise Skipped(f"{source.why_not} It moved no money.", code="no_money")
    if source.balance is None:
        raise NotReady("Stripe tells the rate when it has settled the money, which it has not yet.")
    if source.balance.exchange_rate is None:
        raise Skipped("Stripe settled it in its own currency; there is no rate.", code="no_exchange")


@flow.push
def push(source: Moved, to: To) -> None:
    link = in_netsuite(source, to)
    subsidiary = link.facts.get("subsidiary") or to.config.for_account(to.account).subsidiary
    rate = stripes_rate(source.balance, source.amount, source.currency, subsidiary, to)
    if rate is None:
        raise Skipped("Stripe settled it in a currency that is not the subsidiary's.", code="other_currency")
    if link.facts.get(rate_claims.SET) == f"{rate:f}":
        raise Skipped(f"{link.netsuite_type} {link.netsuite_id} has Stripe's rate already.", code="echo")
    period_takes_it(link, to)
    rate_claims.ask(link, rate, to)
    write(link, rate, to)


def in_netsuite(source: Moved, to: To) -> Link:
    """What the money became there. Raises LinkMissing, upon which its own flow runs first, if it is to run at all."""
    refunded = to.links.of_stripe(source.id, "crf") or to.links.of_stripe(source.id, "cr")
    link = charged(source.id, to) if source.role == "pay" else refunded
    if link is not None and link.current and link.origin == "stripe":
        return link
    why = "It is no record of ours." if link else to.why_skipped(source.role, source.id)
    if why is None and all(switched_off(flow, to) for flow in MAKERS[source.role]):
        why = "The flows that bring it over are switched off."
    if why is not None:
        raise Skipped(f"{source.id} has no record in NetSuite whose rate could be set. {why}", code="not_in_netsuite")
    raise LinkMissing(source.role, source.id)


def period_takes_it(link: Link, to: To) -> None:
    day = link.facts.get("tran_date")
    if day is None or to.netsuite.period_open(date.fromisoformat(day)):
        return
    sentence = f"{link.netsuite_type} {link.netsuite_id} is in the closed period of {day}; its rate stays as it is."
    if to.options.closed_period == "skip":
        raise Skipped(sentence, code="period_closed")
    raise PeriodClosed(sentence, action="Open the period and replay, or dismiss; or set `closed_period` to skip.")


def write(link: Link, rate: Decimal, to: To) -> None:
    ref = Ref(link.netsuite_type, link.netsuite_id)
    try:
        to.netsuite.patch(ref, {"exchangeRate": rate})
    except (Rejected, NotAllowed) as error:
        rate_claims.withdraw(link, to)
        raise Held(
            f"NetSuite does not let the rate of {ref} be set to {rate:f}: {error.sentence}",
            code="rate_refused",
            detail=error.detail,
            action="It may be deposited or applied already: change it in NetSuite by hand, then dismiss.",
        ) from error
    told = {rate_claims.SET: f"{rate:f}"}
    to.links.save(link.role, link.stripe_id, ref, origin=link.origin, facts=told)
    to.note(f"The rate of {ref} is Stripe's, {rate:f}.")
