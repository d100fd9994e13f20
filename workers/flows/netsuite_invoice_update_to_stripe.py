"""NetSuite invoice changed -> Stripe invoice.

Only invoices that were billed from NetSuite. What changes no amount is updated in place where Stripe allows it. Where
the amounts, the lines, the customer or the currency changed, the Stripe invoice is replaced by one whose total is
NetSuite's remaining amount to the cent; never when Stripe holds money for it. That less is left because a payment was
booked in NetSuite is no change of the invoice: the status flow tells Stripe of it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from app.core.fingerprint import fingerprint
from app.core.flow import Flow, Options, Sweep
from app.core.interfaces import Ledger
from app.core.links import Link
from app.errors import Held, NotAllowed, NotFound, NotReady, Rejected, Skipped
from app.money import from_minor
from app.systems.netsuite import objects as ns
from app.systems.stripe import objects as st
from workers.records import conditions, replacement, stripe_invoice
from workers.records.billing import currency_of, expected, finish, linked, remember, soft
from workers.records.received import holds_money, refuse_money
from workers.records.replacement import Wanted


class UpdateToStripe(Options):
    money_changes: Literal["revise", "void_and_recreate", "credit_note", "hold"] = Field(
        "revise",
        description="Amounts, lines, customer or currency changed: revise the Stripe invoice, void it and make a new "
        "one, issue a credit note when less is asked for (more is held), or hold.",
    )
    soft_changes: Literal["leave", "revise"] = Field(
        "leave",
        description="Due date, memo, PO number or footer changed, and Stripe does not change them on a finalized "
        "invoice: leave them as they are there, or revise the Stripe invoice.",
    )


To = Ledger[UpdateToStripe]


def existing(to: To, internal_id: str) -> ns.Invoice:
    try:
        return to.netsuite.invoice(internal_id)
    except NotFound:
        raise Skipped(f"Invoice {internal_id} no longer exists in NetSuite.", code="gone") from None


def changed_since(to: To, since: datetime) -> Iterator[str]:
    for internal_id in to.netsuite.invoices_since(since):
        link = linked(internal_id, to)
        if link and link.origin == "netsuite":
            yield internal_id


flow = Flow(
    "netsuite_invoice_update_to_stripe",
    title="NetSuite Invoice to Stripe Invoice Update",
    source="netsuite",
    reads=existing,
    on=("invoice.edit", "invoice.xedit"),
    sweep=Sweep(every=timedelta(minutes=30), ids=changed_since),
    options=UpdateToStripe,
)


@flow.root
def customer(source: ns.Invoice) -> str:
    return f"customer:{source.entity}"


@flow.when
def changed_in_netsuite(source: ns.Invoice, to: To) -> None:
    link = linked(source.id, to)
    if link is None:
        raise Skipped("The invoice is not in Stripe.", code="not_sent")
    if link.origin == "stripe":
        raise Skipped("The invoice came from Stripe; changes in NetSuite do not change it there.", code="echo")
    if link.netsuite_fingerprint == fingerprint(stripe_invoice.view(source)):
        raise Skipped(f"It is in Stripe as {link.stripe_id}, unchanged.", code="echo")
    if link.netsuite_fingerprint is None and not link.facts.get("replaces"):
        raise NotReady("It is being billed at this moment.")


@flow.when
def still_asked_for(source: ns.Invoice, to: To) -> None:
    conditions.owned(source.subsidiary, f"Invoice {stripe_invoice.name(source)}", to)
    if source.voided:
        raise Skipped("The invoice was voided: that is the void flow's.", code="void")
    if source.status in (ns.PENDING_APPROVAL, ns.REJECTED):
        raise Skipped("The changed invoice is not approved in NetSuite.", code="not_approved")


@flow.push
def push(source: ns.Invoice, to: To) -> None:
    link = required_link(source, to)
    if link.netsuite_fingerprint is None:
        finish(source, to.stripe.invoice(link.stripe_id), to)
        return
    found = replacement.latest(link.stripe_id, to)
    if link.facts.get("money") == fingerprint(stripe_invoice.money(source)):
        update(source, link, found, to)
    else:
        change(source, link, found, to)


def required_link(source: ns.Invoice, to: To) -> Link:
    found = linked(source.id, to)
    if found is None:
        raise Skipped("The invoice is not in Stripe.", code="not_sent")
    return found


# no amount changed ---------------------------------------------------------------------------------------------


def update(source: ns.Invoice, link: Link, found: st.Invoice, to: To) -> None:
    if found.id != link.stripe_id:
        if found.amount_remaining != expected(source, currency_of(source, to)):
            raise undecided(source, found)
        replacement.adopt(source, link, found, to)
        return
    if found.status in ("void", "paid"):
        raise Skipped(f"Its Stripe invoice {found.id} is {found.status}; nothing of it changes.", code="settled")
    marks = {stripe_invoice.TRAN_ID_MARK: source.tran_id or ""}
    try:
        to.stripe.update_invoice(found.id, {**soft(source, currency_of(source, to), to), "metadata": marks})
    except (NotAllowed, Rejected):
        if to.options.soft_changes == "revise" and not holds_money(found):
            revise(source, link, found, to)
            return
        to.stripe.update_metadata("invoice", found.id, marks)
        to.note("Stripe does not change due date, memo, PO number or footer of a finalized invoice; it shows the old.")
    remember(source, found, to, done=True)


# amounts changed -----------------------------------------------------------------------------------------------


def change(source: ns.Invoice, link: Link, found: st.Invoice, to: To) -> None:
    """Raises Held when Stripe holds money, or when finance wants to decide."""
    if source.amount_remaining <= 0:
        nothing_left(source, found)
    wanted = replacement.wanted(source, to)
    found = replacement.underway(source, found, wanted, to)
    if wanted.agrees(found):
        replacement.adopt(source, link, found, to)
        return
    refuse_money(found, "was changed")
    match to.options.money_changes:
        case "hold":
            raise undecided(source, found)
        case "credit_note":
            credit(source, found, wanted, to)
        case "revise" if wanted.same_party(found) and found.status != "void":
            revise(source, link, found, to)
        case _:
            new = replacement.recreate(source, link, found, wanted, to)
            replacement.adopt(source, link, new, to)


def revise(source: ns.Invoice, link: Link, found: st.Invoice, to: To) -> None:
    new = replacement.revise(source, link, found, replacement.wanted(source, to), to)
    replacement.adopt(source, link, new, to)


def credit(source: ns.Invoice, found: st.Invoice, wanted: Wanted, to: To) -> None:
    less = found.amount_remaining - expected(source, wanted.currency)
    if less < 0 or not wanted.same_party(found):
        raise undecided(source, found)
    if less:
        replacement.credit(source, found, less, to)
    else:
        to.note("The amounts agree; Stripe does not change the lines' texts of a finalized invoice.")
    replacement.remember_credits(source, found, to)
    remember(source, found, to, done=True)


def undecided(source: ns.Invoice, found: st.Invoice) -> Held:
    asked = from_minor(found.amount_remaining, found.currency)
    return Held(
        f"NetSuite invoice {stripe_invoice.name(source)} was changed: {source.amount_remaining} is left to pay, "
        f"Stripe asks for {asked} {found.currency.upper()}.",
        code="changed",
        action="Set the option `money_changes` to revise or void_and_recreate, or change the Stripe invoice by hand; "
        "then replay.",
    )


def nothing_left(source: ns.Invoice, found: st.Invoice) -> None:
    if found.status in ("paid", "void"):
        raise Skipped("Nothing is left to pay on the invoice, in Stripe neither.", code="nothing_due")
    refuse_money(found, "was changed")
    raise Held(
        f"Nothing is left to pay on the changed NetSuite invoice {stripe_invoice.name(source)}, but its Stripe "
        f"invoice {found.number or found.id} is {found.status}.",
        code="nothing_left",
        action="Void the Stripe invoice, or correct the NetSuite invoice; then replay.",
    )
