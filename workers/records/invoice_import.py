"""How a finalized Stripe invoice becomes NetSuite documents: one pipeline for the scheduled and the real-time flow."""

from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any, Literal

from pydantic import Field

from app.core.config import Books, by_currency
from app.core.fingerprint import fingerprint
from app.core.flow import Options
from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Held, Skipped
from app.systems.netsuite.records import Apply, CreditMemo, Invoice, Ref
from app.systems.stripe import objects as st
from workers.records import conditions, currencies
from workers.records.dates import Posting, local_day, posting, zone_of
from workers.records.invoice import WHOLE, Documents, Rules, Sheet, documents, lines, tax_details
from workers.records.items import with_products
from workers.records.text import cut

MEMO_LENGTH = 999
NUMBER_LENGTH = 45


class InvoiceToNetSuite(Options):
    discounts: Literal["line", "document", "net"] = Field(
        "line", description="A discount line under each line, one per discount at the end, or netted into the lines."
    )
    prorations: Literal["lines", "credit_memo"] = Field(
        "lines", description="Credits for unused time: lines of the invoice, or a credit memo applied to it."
    )
    balance: Literal["line", "credit_memo", "leave"] = Field(
        "line",
        description="The part that the customer balance paid: a negative line, an applied credit memo, or left open.",
    )
    negative_total: Literal["open_credit", "to_balance"] = Field(
        "open_credit",
        description="The credit memo of a negative invoice stays open, or is moved on to the balance item's account.",
    )
    zero_totals: Literal["import", "skip"] = Field("import", description="Invoices whose total is zero.")
    number: Literal["stripe", "netsuite"] = Field(
        "stripe", description="Document number: Stripe's invoice number, or NetSuite's own numbering."
    )
    department: str | None = Field(None, description="Department (internal id) of every document and line.")
    class_: str | None = Field(None, description="Class (internal id) of every document and line.")
    location: str | None = Field(None, description="Location (internal id) of every document and line.")
    approval_status: str | None = Field(None, description="Approval status (internal id), where approval is routed.")
    period_start_field: str | None = Field(None, description="Line field for the first day of the service period.")
    period_end_field: str | None = Field(None, description="Line field for the last day of the service period.")


To = Ledger[Options]
KEY = "stripe_invoice_to_netsuite"
"""The flow whose options both have: what an invoice becomes must not depend on which of the two was first."""


def options_of(to: To) -> InvoiceToNetSuite:
    kept = to.config.flows.get(KEY)
    return InvoiceToNetSuite.model_validate(kept.options if kept else {})


# when ----------------------------------------------------------------------------------------------------------


def finalized(source: st.Invoice, to: To) -> None:
    if source.status == "draft" or source.status is None:
        raise Skipped("The invoice is a draft, which may still change; it is posted when finalized.", code="draft")
    day, kind = (source.finalized_at or source.created).date(), "creditMemo" if source.total < 0 else "invoice"
    conditions.after_start(day, f"Invoice {name_of(source)}", to, kind)
    if source.total == 0 and options_of(to).zero_totals == "skip":
        raise Skipped("The invoice's total is zero, and such invoices are left out by setting.", code="zero_total")


def born_in_stripe(source: st.Invoice, to: To) -> None:
    link = existing(source, to)
    named = source.metadata.get(to.config.fields.metadata_invoice_id)
    if (link and link.origin == "netsuite") or (named and link is None):
        made_from = link.netsuite_id if link else named
        raise Skipped(f"The invoice was made from NetSuite invoice {made_from}.", code="echo")


def not_there_yet(source: st.Invoice, to: To) -> None:
    """A finalized invoice keeps its amounts; what happens to it later is for the flows that act on its status."""
    link = existing(source, to)
    if source.status == "void":
        where = f"NetSuite {link.netsuite_type} {link.netsuite_id}" if link else "NetSuite, which never had it,"
        raise Skipped(f"The invoice is void; {where} is not changed by this flow.", code="void")
    if link is None or link.stripe_fingerprint is None:
        return
    where = f"It is in NetSuite as {link.netsuite_type} {link.netsuite_id}"
    if source.status == "uncollectible":
        raise Skipped(f"{where}; that it is uncollectible is not booked by this flow.", code="uncollectible")
    if link.stripe_fingerprint == fingerprint(view(source)):
        raise Skipped(f"{where}, unchanged.", code="echo")
    raise Skipped(f"{where}; its later changes are not booked by this flow.", code="changed_later")


def existing(source: st.Invoice, to: To) -> Link | None:
    return to.links.of_stripe(source.id, "cm" if source.total < 0 else "inv")


def view(source: st.Invoice) -> dict[str, Any]:
    """What was posted: fixed from finalization on."""
    return {
        "number": source.number,
        "currency": source.currency,
        "customer": source.customer,
        "total": source.total,
        "lines": [[line.id, line.amount] for line in source.lines],
    }


# push ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Customer:
    """Whom it is posted to; `link` is None for the catch-all customer."""

    id: str
    link: Link | None = None


def push(source: st.Invoice, to: To) -> None:
    customer = customer_of(source, to)
    header = header_of(source, customer, to)
    chosen = rules(to, header.subsidiary)
    made = documents(source, replace(chosen, books=with_products(source.lines, chosen.books, to)))
    if customer.link:
        currencies.give(to, customer.link, source.currency)
    if made.invoice is None:
        remember(source, "cm", credit_memo(source, made, WHOLE, header, None, to), header, to, done=True)
        return
    link = existing(source, to)
    invoice = Ref("invoice", link.netsuite_id) if link else to.netsuite.upsert(invoice_of(source, made, header, to))
    remember(source, "inv", invoice, header, to, done=not made.credits)
    for purpose in made.credits:
        memo = credit_memo(source, made, purpose, header, invoice, to)
        to.links.save("cm", f"{source.id}-{purpose}", memo, origin="stripe", facts=header.facts(source))
    if made.credits:
        remember(source, "inv", invoice, header, to, done=True)


def customer_of(source: st.Invoice, to: To) -> Customer:
    if source.customer is not None:
        link = to.links.require(source.customer, "cust")
        return Customer(link.netsuite_id, link)
    fallback = to.config.for_account(to.account).catch_all_customer
    if fallback is None:
        setting = f"books.{to.config.place_of(to.account)}.catch_all_customer"
        raise Held(
            f"Invoice {name_of(source)} has no Stripe customer.",
            code="no_customer",
            action=f"Set `{setting}` to the NetSuite customer for such invoices; then replay.",
        )
    to.note(f"The invoice has no Stripe customer; posted to the catch-all customer {fallback}.")
    return Customer(fallback)


def rules(to: To, subsidiary: str | None = None) -> Rules:
    chosen = options_of(to)
    return Rules(
        books=to.config.for_account(to.account, subsidiary),
        account=to.config.place_of(to.account, subsidiary),
        discounts=chosen.discounts,
        prorations=chosen.prorations,
        balance=chosen.balance,
        negative_total=chosen.negative_total,
        department=chosen.department,
        class_=chosen.class_,
        location=chosen.location,
        period_start_field=chosen.period_start_field,
        period_end_field=chosen.period_end_field,
    )


@dataclass(frozen=True)
class Header:
    """What all documents of one Stripe invoice have in common."""

    customer: str
    subsidiary: str | None
    currency: str
    receivable: str | None
    posted: Posting
    zone: tzinfo

    def facts(self, source: st.Invoice) -> dict[str, Any]:
        """What the payment will want to know without asking NetSuite."""
        return {
            "customer": self.customer,
            "subsidiary": self.subsidiary,
            "currency": source.currency.upper(),
            "account": self.receivable,
            "total": source.total,
            "stripe_customer": source.customer,
        }


def header_of(source: st.Invoice, customer: Customer, to: To) -> Header:
    books: Books = to.config.for_account(to.account)
    subsidiary = (customer.link.facts.get("subsidiary") if customer.link else None) or books.subsidiary
    books = to.config.for_account(to.account, subsidiary)
    zone = zone_of(to, subsidiary)
    day = local_day(source.effective_at or source.finalized_at or source.created, zone)
    return Header(
        customer=customer.id,
        subsidiary=subsidiary,
        currency=to.netsuite.currency(source.currency.upper()).id,
        receivable=by_currency(books.accounts.receivable, source.currency),
        posted=posting(to, "creditMemo" if source.total < 0 else "invoice", day, zone),
        zone=zone,
    )


def invoice_of(source: st.Invoice, made: Documents, header: Header, to: To) -> Invoice:
    sheet = made.invoice
    assert sheet is not None
    return Invoice(
        external_id=external_id("inv", source.id),
        entity=header.customer,
        subsidiary=header.subsidiary,
        currency=header.currency,
        tran_date=header.posted.day,
        due_date=local_day(source.due_date, header.zone) if source.due_date else None,
        tran_id=number_of(source, to),
        memo=memo_of(source, header),
        account=header.receivable,
        department=options_of(to).department,
        class_=options_of(to).class_,
        location=options_of(to).location,
        approval_status=options_of(to).approval_status,
        lines=lines(sheet, rules(to, header.subsidiary)),
        custom={**custom_of(source, header, to), **tax_details(sheet, rules(to, header.subsidiary))},
    )


def credit_memo(source: st.Invoice, made: Documents, purpose: str, header: Header, applied: Ref | None, to: To) -> Ref:
    """Post one credit memo; `applied` is the invoice that it is put against in full."""
    sheet: Sheet = made.credits[purpose]
    record = CreditMemo(
        external_id=external_id("cm", f"{source.id}-{purpose}" if purpose else source.id),
        entity=header.customer,
        subsidiary=header.subsidiary,
        currency=header.currency,
        tran_date=header.posted.day,
        tran_id=number_of(source, to) if not purpose else None,
        memo=memo_of(source, header) if not purpose else f"{memo_of(source, header)}: {purpose}",
        account=header.receivable,
        department=options_of(to).department,
        class_=options_of(to).class_,
        location=options_of(to).location,
        lines=lines(sheet, rules(to, header.subsidiary)),
        custom={**custom_of(source, header, to), **tax_details(sheet, rules(to, header.subsidiary))},
        apply=(Apply(doc=applied.id, amount=sheet.amount),) if applied else (),
    )
    return to.netsuite.upsert(record)


def remember(source: st.Invoice, role: str, ref: Ref, header: Header, to: To, *, done: bool) -> None:
    """Payments may be applied from now on; only with `done` is the invoice not looked at again."""
    to.links.save(
        role,
        source.id,
        ref,
        origin="stripe",
        stripe_fingerprint=fingerprint(view(source)) if done else None,
        facts=header.facts(source),
    )


def name_of(source: st.Invoice) -> str:
    return source.number or source.id


def number_of(source: st.Invoice, to: To) -> str | None:
    return cut(source.number, NUMBER_LENGTH) if options_of(to).number == "stripe" else None


def memo_of(source: st.Invoice, header: Header) -> str:
    said = f"Stripe invoice {name_of(source)}"
    if source.description:
        said = f"{said}: {source.description}"
    return header.posted.memo(said[: MEMO_LENGTH - 100])


def custom_of(source: st.Invoice, header: Header, to: To) -> dict[str, Any]:
    fields = to.config.fields
    said = {
        fields.invoice_stripe_id: source.id,
        fields.invoice_stripe_number: source.number,
        fields.invoice_stripe_status: source.status,
    }
    return {name: value for name, value in said.items() if value} | header.posted.custom(fields.original_date)
