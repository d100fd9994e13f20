"""Currencies of a NetSuite customer: a document in a currency that the customer lacks is refused by NetSuite."""

from collections.abc import Iterable
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Unmapped
from app.systems.netsuite.records import Ref, currency_list


def codes(to: Ledger[Any], internal_ids: Iterable[str]) -> list[str]:
    """ISO codes of those currencies that NetSuite lets us see."""
    found = []
    for one in internal_ids:
        try:
            found.append(to.netsuite.iso_currency(one))
        except Unmapped:
            to.note(f"NetSuite's currency {one} has no ISO code that we can see.")
    return found


def give(to: Ledger[Any], customer: Link, iso: str) -> None:
    """Let the customer transact in this currency too; costs a call only the first time."""
    code, known = iso.upper(), list(customer.facts.get("currencies") or ())
    if code in known:
        return
    ref = Ref(customer.netsuite_type, customer.netsuite_id)
    to.netsuite.patch(ref, {"currencyList": currency_list([to.netsuite.currency(code).id])})
    to.links.save("cust", customer.stripe_id, ref, origin=customer.origin, facts={"currencies": [*known, code]})
    to.note(f"Customer {ref.id} may now transact in {code}.")
