"""A charge that is not in NetSuite because it is from before the start: what it gives back has no payment there."""

from typing import Any

from app.core.config import by_currency
from app.core.interfaces import Ledger
from app.errors import Held
from app.systems.stripe import objects as st
from workers.records.charged import charged
from workers.records.reversal import Party

To = Ledger[Any]


def left_out(charge: st.Charge, to: To) -> bool:
    """Whether its own flow left the charge out as older than the start, and finance posts what it gives back."""
    start = to.config.start_of("customerPayment")
    older = start is not None and charge.created.date() < start and to.config.older == "post"
    return older and charged(charge.id, to) is None and to.why_skipped("pay", charge.id) is not None


def payer(charge: st.Charge, to: To) -> Party:
    """Whose document it is when no payment says so: the charge's customer, else the catch-all."""
    link = to.links.require(charge.customer, "cust") if charge.customer else None
    subsidiary = link.facts.get("subsidiary") if link else None
    books, code = to.config.for_account(to.account, subsidiary), charge.currency.upper()
    customer = link.netsuite_id if link else books.catch_all_customer
    if customer is None:
        setting = f"books.{to.config.place_of(to.account)}.catch_all_customer"
        raise Held(
            f"Charge {charge.id} has no customer.",
            code="no_customer",
            action=f"Set `{setting}` in the configuration, then replay.",
        )
    return Party(
        customer=customer,
        iso=code,
        currency=to.netsuite.currency(code).id,
        subsidiary=subsidiary or books.subsidiary,
        receivable=by_currency(books.accounts.receivable, code),
    )
