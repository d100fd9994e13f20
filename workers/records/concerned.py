"""Which NetSuite invoices in Stripe a NetSuite transaction concerns: itself, or those it is applied to.

Internal ids are unique over all types of transactions, so an id alone does not say what it names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Forbidden, NotFound, Rejected
from app.systems.netsuite import objects as ns

To = Ledger[Any]
TYPE_OF = "SELECT type FROM transaction WHERE id = ?"
DELETED_SINCE = (
    "SELECT recordid AS id FROM deletedrecord WHERE type IN ({types})"
    " AND deleteddate >= TO_TIMESTAMP(?,'YYYY-MM-DD HH24:MI:SS') ORDER BY recordid"
)
ANY_ZONE = timedelta(days=1)
"""Earlier than asked, whatever time zone the account prints and compares times in; repeats are harmless."""


@dataclass(frozen=True)
class Concerned:
    """`gone`: the link of an invoice that NetSuite does not have any more."""

    subject: str
    invoices: tuple[ns.Invoice, ...] = ()
    gone: Link | None = None

    @property
    def root(self) -> str:
        """Runs for one customer's invoices do not overlap: a payment may be applied to several."""
        customers = [invoice.entity for invoice in self.invoices]
        if self.gone is not None:
            customers.append(str(self.gone.facts.get("customer") or ""))
        return f"customer:{customers[0]}" if customers else self.subject


def billed(internal_id: str, to: To) -> Link | None:
    """The link of a NetSuite invoice that is an invoice in Stripe: one made of a charge or a dispute is none there."""
    link = to.links.of_netsuite("invoice", internal_id, "inv")
    return link if link is not None and link.stripe_id.startswith("in_") else None


def concerned(to: To, subject: str) -> Concerned:
    link = billed(subject, to)
    if link is not None:
        return _invoice(to, subject, link)
    kind = next((ns.TYPES.get(row.get("type") or "") for row in to.netsuite.query(TYPE_OF, (subject,))), None)
    if kind == "invoice":
        return Concerned(subject)
    docs = _was_for(to, subject) if kind is None else _applied_to(to, subject)
    return Concerned(subject, tuple(_linked(to, docs)))


def deleted(to: To, since: datetime, types: str) -> Iterator[str]:
    """Internal ids of what was deleted since; none where the account does not show its deleted records."""
    try:
        for row in to.netsuite.query(DELETED_SINCE.format(types=types), (bound(since),)):
            yield str(row["id"])
    except (Rejected, Forbidden, NotFound):
        return


def bound(since: datetime) -> str:
    return (since - ANY_ZONE).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _invoice(to: To, subject: str, link: Link) -> Concerned:
    try:
        return Concerned(subject, (to.netsuite.invoice(subject),))
    except NotFound:
        return Concerned(subject, gone=link)


def _applied_to(to: To, subject: str) -> list[str]:
    found = [one.doc for one in to.netsuite.applications_of(subject) if one.doc_type == "invoice"]
    return list(dict.fromkeys([*found, *_was_for(to, subject)]))


def _was_for(to: To, subject: str) -> list[str]:
    """The invoice that it was reported for, though it is applied to it no more."""
    for kind, role in (("customerPayment", "pay"), ("creditMemo", "cm")):
        link = to.links.of_netsuite(kind, subject, role)
        if link is not None and link.origin == "netsuite" and link.facts.get("invoice"):
            return [str(link.facts["invoice"])]
    return []


def _linked(to: To, docs: list[str]) -> Iterator[ns.Invoice]:
    for doc in docs:
        if billed(doc, to) is None:
            continue
        try:
            yield to.netsuite.invoice(doc)
        except NotFound:
            continue
