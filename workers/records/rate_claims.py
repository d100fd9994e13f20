"""Who may set the rate of a payment in another currency: its own flow, until a payout's deposit counts on it.

The deposit books the difference between the record's rate and Stripe's. A rate that changed after it had looked would
be counted twice, so each side first says what it is about to do, and then looks at what the other one has said.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import NotReady, Skipped

USED_BY = "rate_used_by"
"""Fact: the payout whose deposit counts on the rate as it is."""
ASKED = "rate_asked"
"""Fact: the rate that is about to be set."""
SET = "exchange_rate"
"""Fact: the rate that was set."""


def use(links: Sequence[Link], payout: str, to: Ledger[Any]) -> bool:
    """Whether one of them was new to this payout, so that its rate has to be looked at again.

    Raises NotReady while a rate is being set.
    """
    new = [link for link in links if link.facts.get(USED_BY) != payout]
    for link in new:
        to.links.add_facts(link, {USED_BY: payout})
    for link in links:
        told = now(link, to).facts
        if told.get(ASKED) not in (None, told.get(SET)):
            raise NotReady(f"The exchange rate of {link.netsuite_type} {link.netsuite_id} is being set.")
    return bool(new)


def ask(link: Link, rate: Decimal, to: Ledger[Any]) -> None:
    """Raises Skipped when a deposit counts on the rate as it is. What was asked for before is carried through."""
    if link.facts.get(ASKED) == f"{rate:f}":
        return
    if USED_BY in link.facts:
        raise deposited(link)
    to.links.add_facts(link, {ASKED: f"{rate:f}"})
    told = now(link, to)
    if USED_BY in told.facts:
        withdraw(link, to)
        raise deposited(told)


def withdraw(link: Link, to: Ledger[Any]) -> None:
    to.links.add_facts(link, {ASKED: None})


def deposited(link: Link) -> Skipped:
    sentence = f"The deposit of {link.facts[USED_BY]} has booked the exchange difference of {link.netsuite_type}"
    return Skipped(f"{sentence} {link.netsuite_id}; its rate stays as it is.", code="deposited")


def now(link: Link, to: Ledger[Any]) -> Link:
    return to.links.of_stripe(link.stripe_id, link.role) or link
