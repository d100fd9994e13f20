"""Revenue given back and cash paid out: the credit memo, the customer refund and the cash refund, for refunds,
credit notes and disputes alike.

How to use it, given the link `paid` of the charge (see `charged.py`) and an amount as Decimal:

    party = party_of(paid, to)                  # customer, currency, receivable ... from the link's facts
    account = money_out(paid, party.iso, to)    # the account that the money leaves
    memo = credit_memo(stripe_id, party, (one_line(item, amount, "Refund"),), amount, posted, "Refund re_1")
    ref = to.netsuite.upsert(memo)
    to.netsuite.upsert(customer_refund(stripe_id, party, account, posted, "Refund re_1", apply=(against(ref, amount),)))

`stripe_id` names the record: `stripe-cm-<stripe_id>`, `stripe-crf-<stripe_id>`, `stripe-cr-<stripe_id>`.
Nothing here reads from NetSuite but the currency, which is cached, and what a link's facts do not say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.config import Books, by_currency, required
from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import AmountMismatch, Held
from app.systems.netsuite.records import Apply, CashRefund, CreditMemo, CustomerRefund, InvoiceLine, Ref
from workers.records.dates import Posting
from workers.records.text import cut

MEMO_LENGTH = 999


@dataclass(frozen=True, kw_only=True)
class Party:
    """Whose document it is. `currency` is the internal id, `iso` its code; `receivable` None is NetSuite's own."""

    customer: str
    iso: str
    currency: str
    subsidiary: str | None = None
    receivable: str | None = None

    def facts(self, total: int | None = None) -> dict[str, Any]:
        """What a link of the document keeps. `total` in minor units."""
        kept = {"customer": self.customer, "subsidiary": self.subsidiary, "currency": self.iso}
        return kept | {"account": self.receivable} | ({} if total is None else {"total": total})


def party_of(link: Link, to: Ledger[Any]) -> Party:
    """From the facts of any document's link; what they lack is asked of NetSuite."""
    facts = link.facts
    head = None
    if not facts.get("customer") or not facts.get("currency"):
        head = to.netsuite.transaction(link.netsuite_type, link.netsuite_id)
    customer = facts.get("customer") or (head.entity if head else None)
    if not customer:
        raise Held(f"It is not known whose {link.netsuite_type} {link.netsuite_id} is.", code="no_customer")
    iso = facts.get("currency") or to.netsuite.iso_currency((head.currency if head else None) or "")
    return Party(
        customer=str(customer),
        iso=iso.upper(),
        currency=to.netsuite.currency(iso.upper()).id,
        subsidiary=facts.get("subsidiary") or (head.subsidiary if head else None),
        receivable=facts.get("receivable") or facts.get("account"),
    )


def money_out(paid: Link | None, iso: str, to: Ledger[Any], subsidiary: str | None = None) -> str:
    """The account that money given back leaves: where the payment of the charge lies, by its link's fact `money`.

    Without such a fact NetSuite is asked; without a payment, it is where payments go by setting. Raises Unmapped when
    an account is not set. `subsidiary`: whose document it is, where the link does not say.
    """
    facts = paid.facts if paid else {}
    whose = facts.get("subsidiary") or subsidiary
    accounts = to.config.for_account(to.account, whose).accounts
    where = f"books.{to.config.place_of(to.account, whose)}.accounts"
    if facts.get("money"):
        return str(facts["money"])
    if paid is not None and "money" not in facts:
        account = to.netsuite.transaction(paid.netsuite_type, paid.netsuite_id).account
        if account is not None:
            return account
    if "money" in facts or accounts.money_in == "undeposited_funds":
        sentence = "The account Undeposited Funds, which the refund is paid out of, is not set."
        return required(accounts.undeposited, f"{where}.undeposited", sentence)
    clearing = by_currency(accounts.clearing, iso)
    return required(clearing, f"{where}.clearing.{iso}", f"No NetSuite clearing account is set for {iso}.")


def payment_option(books: Books, method: str | None) -> str | None:
    """NetSuite's payment option for a Stripe payment method type (`card`)."""
    return books.payment_options.get(method or "") or books.payment_options.get("*")


def one_line(item: str, amount: Decimal, description: str | None = None) -> InvoiceLine:
    return InvoiceLine(item=item, quantity=Decimal(1), rate=amount, amount=amount, description=description)


def against(document: Ref | str, amount: Decimal) -> Apply:
    """Money put against a credit memo, an unapplied payment, a deposit or an invoice."""
    return Apply(doc=document.id if isinstance(document, Ref) else document, amount=amount)


def credit_memo(
    stripe_id: str,
    party: Party,
    lines: Sequence[InvoiceLine],
    total: Decimal,
    posted: Posting,
    memo: str,
    *,
    apply: Sequence[Apply] = (),
    custom: Mapping[str, Any] | None = None,
) -> CreditMemo:
    """Raises AmountMismatch when the lines, and the tax details in `custom`, do not add up to `total`."""
    prove(memo, lines, custom or {}, total, party.iso)
    return CreditMemo(
        external_id=external_id("cm", stripe_id),
        entity=party.customer,
        subsidiary=party.subsidiary,
        currency=party.currency,
        account=party.receivable,
        tran_date=posted.day,
        memo=cut(posted.memo(memo), MEMO_LENGTH),
        lines=tuple(lines),
        apply=tuple(apply),
        custom=dict(custom or {}),
    )


def customer_refund(
    stripe_id: str,
    party: Party,
    account: str,
    posted: Posting,
    memo: str,
    *,
    apply: Sequence[Apply] = (),
    deposits: Sequence[Apply] = (),
    option: str | None = None,
    custom: Mapping[str, Any] | None = None,
) -> CustomerRefund:
    """Its amount is the sum of `apply` (credit memos, unapplied payments) and `deposits` (customer deposits)."""
    return CustomerRefund(
        external_id=external_id("crf", stripe_id),
        customer=party.customer,
        subsidiary=party.subsidiary,
        currency=party.currency,
        account=account,
        ar_account=party.receivable,
        payment_option=option,
        tran_date=posted.day,
        memo=cut(posted.memo(memo), MEMO_LENGTH),
        apply=tuple(apply),
        deposits=tuple(deposits),
        custom=dict(custom or {}),
    )


def cash_refund(
    stripe_id: str,
    party: Party,
    account: str,
    lines: Sequence[InvoiceLine],
    total: Decimal,
    posted: Posting,
    memo: str,
    *,
    option: str | None = None,
    custom: Mapping[str, Any] | None = None,
) -> CashRefund:
    """Raises AmountMismatch as `credit_memo` does. To be upserted: it stands beside the cash sale it gives back."""
    prove(memo, lines, custom or {}, total, party.iso)
    return CashRefund(
        external_id=external_id("cr", stripe_id),
        entity=party.customer,
        subsidiary=party.subsidiary,
        currency=party.currency,
        account=account,
        payment_option=option,
        tran_date=posted.day,
        memo=cut(posted.memo(memo), MEMO_LENGTH),
        lines=tuple(lines),
        custom=dict(custom or {}),
    )


def prove(what: str, lines: Sequence[InvoiceLine], custom: Mapping[str, Any], total: Decimal, iso: str) -> None:
    beside = [detail["taxAmount"] for detail in (custom.get("taxDetails") or {}).get("items", ())]
    found = sum((line.amount or Decimal(0) for line in lines), Decimal(0)) + sum(beside, Decimal(0))
    if found != total:
        raise AmountMismatch(what, found, total, iso)
