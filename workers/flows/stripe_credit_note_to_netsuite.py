"""Stripe credit note -> NetSuite credit memo and customer refunds.

The credit memo gives back the revenue, line by line as the note says, to the customer and on the receivable account of
the invoice. What lowered the amount due is put against the open invoice; what was refunded leaves by a customer refund
out of the account that the payment lies in; what went to the customer's balance stays open credit, or is moved on to
the balance item's account. A note that is voided takes its credit memo with it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.core.fingerprint import fingerprint
from app.core.flow import Flow, Sweep, reads
from app.core.interfaces import Ledger, Stripe
from app.errors import Skipped
from app.systems.stripe import objects as st
from workers.records import conditions, credit_note
from workers.records.credit_note import CreditNoteToNetSuite

To = Ledger[CreditNoteToNetSuite]


def notes_since(to: To, since: datetime) -> Iterator[str]:
    return to.stripe.credit_notes_since(since)


flow = Flow(
    credit_note.KEY,
    title="Stripe Credit Note to NetSuite Credit Memo Add and Customer Refund Add",
    source="stripe",
    reads=reads(Stripe.credit_note),
    on=("credit_note.created", "credit_note.updated", "credit_note.voided"),
    sweep=Sweep(every=timedelta(hours=1), ids=notes_since, windows=True),
    options=CreditNoteToNetSuite,
    makes=("cm",),
    subjects=("cn_",),
)


@flow.root
def credited_invoice(source: st.CreditNote) -> str:
    return source.invoice


@flow.when
def born_in_stripe(source: st.CreditNote, to: To) -> None:
    link = to.links.of_stripe(source.id, "cm")
    named = source.metadata.get(to.config.fields.metadata_credit_memo_id)
    if (link and link.origin == "netsuite") or (named and link is None):
        raise Skipped(
            f"The credit note was made from NetSuite credit memo {link.netsuite_id if link else named}.", code="echo"
        )


@flow.when
def wanted(source: st.CreditNote, to: To) -> None:
    conditions.after_start(source.created.date(), f"Credit note {source.number}", to, "creditMemo")


@flow.when
def not_there_yet(source: st.CreditNote, to: To) -> None:
    link = to.links.of_stripe(source.id, "cm")
    if source.status != "void" and link and link.stripe_fingerprint == fingerprint(credit_note.view(source)):
        raise Skipped(f"It is in NetSuite as credit memo {link.netsuite_id}, unchanged.", code="echo")


@flow.push
def push(source: st.CreditNote, to: To) -> None:
    if source.status == "void":
        credit_note.void(source, to)
    else:
        credit_note.post(source, to)
