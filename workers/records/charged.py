"""What a Stripe charge became in NetSuite: a customer payment, a cash sale or a customer deposit."""

from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import LinkMissing

ROLES = ("pay", "cs", "cdep")
"""Every charge becomes one of these, once. The link's facts say customer, currency, subsidiary, receivable and
`money`: the internal id of the account that its money lies in, None for undeposited funds."""


def charged(charge_id: str, to: Ledger[Any]) -> Link | None:
    """The one current link of the charge, whichever of the roles it has."""
    for role in ROLES:
        link = to.links.of_stripe(charge_id, role)
        if link is not None and link.current:
            return link
    return None


def require_charged(charge_id: str, to: Ledger[Any]) -> Link:
    """Raises LinkMissing, upon which the charge's own flow runs first."""
    found = charged(charge_id, to)
    if found is None:
        raise LinkMissing("pay", charge_id)
    return found
