"""Money that came in, in NetSuite: a customer payment for each charge, whichever flow gets to it first.

A charge is booked once, under one external id. A flow that knows more invoices adds them to what the payment is
applied to; one that knows fewer takes none away.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core.config import Books
from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import AmountMismatch, Held
from app.systems.netsuite.records import Apply, CustomerPayment, DepositApplication, Ref
from workers.records.charged import charged
from workers.records.customer_payment import Money, applications, money_account, same
from workers.records.dates import Posting, local_day, posting, zone_of
from workers.records.exchange import stripes_rate
from workers.records.write_off import take_back

To = Ledger[Any]
CHOICES = "stripe_invoice_paid_to_netsuite_payment"
"""The flow whose option `exchange_rate` holds for every payment: it must not depend on which flow was first."""
WRITES_BACK = (CHOICES, "stripe_payment_to_netsuite_payment")
"""With the option `write_back` of either, each payment's id is written to its charge."""


def book(money: Money, to: To) -> bool:
    """Whether anything had to be written. Raises Held when the charge is in NetSuite as something else."""
    there = charged(money.stripe_id, to)
    if there is not None and there.role == "cs":
        return sold(there, money, to)
    if there is not None and there.role == "cdep":
        return apply_deposit(there, money, to)
    if there is not None and is_netsuites_own(there):
        to.note(f"{money.stripe_id} is NetSuite's own customer payment {there.netsuite_id}, which is left as it is.")
        return False
    return pay(money, there, to)


def is_netsuites_own(payment: Link) -> bool:
    """Found in NetSuite, or linked by hand: not written by us, so it does not carry our external id."""
    return payment.origin == "netsuite" or payment.netsuite_fingerprint is None


def wholly_applied(payment: Link) -> bool:
    applied = sum((Decimal(one) for one in (payment.facts.get("applied") or {}).values()), Decimal(0))
    return applied >= Decimal(payment.facts.get("amount", 0))


def pay(money: Money, link: Link | None, to: To) -> bool:
    record = payment_of(money, link, to)
    content = to.content(record)
    if link and link.netsuite_fingerprint == content:
        to.note(f"{money.stripe_id} is in NetSuite as customer payment {link.netsuite_id}, unchanged.")
        return False
    for share in money.shares:
        if isinstance(share.invoice, Link):
            take_back(share.invoice.stripe_id, to)
    ref = to.netsuite.upsert(record)
    if money.charge and writes_back(to):
        to.stripe.update_metadata("charge", money.charge.id, {to.config.fields.metadata_payment_id: ref.id})
    facts = facts_of(record, money)
    to.links.save("pay", money.stripe_id, ref, origin="stripe", netsuite_fingerprint=content, facts=facts)
    return True


def facts_of(record: CustomerPayment, money: Money) -> dict[str, Any]:
    """`applied`: NetSuite document -> amount, as last written."""
    return {
        "customer": record.customer,
        "currency": money.currency.upper(),
        "subsidiary": record.subsidiary,
        "receivable": record.ar_account,
        "money": record.account,
        "tran_date": f"{record.tran_date}",
        "amount": f"{money.payment:f}",
        "applied": {one.doc: f"{one.amount:f}" for one in record.apply},
    }


# the record ----------------------------------------------------------------------------------------------------


def payment_of(money: Money, link: Link | None, to: To) -> CustomerPayment:
    facts = link.facts if link else {}
    posted = posted_on(money, link, to)
    account = facts["money"] if "money" in facts else account_of(money, to)
    return CustomerPayment(
        external_id=external_id("pay", money.stripe_id),
        customer=customer_of(money, facts),
        subsidiary=same(money.shares, "subsidiary", "subsidiary") or facts.get("subsidiary") or money.subsidiary,
        currency=to.netsuite.currency(money.currency.upper()).id,
        exchange_rate=exchange_rate(money, to),
        payment=money.payment,
        tran_date=posted.day,
        memo=posted.memo(f"Stripe payment {money.stripe_id}"),
        account=account,
        undeposited=account is None,
        ar_account=same(money.shares, "account", "receivable account") or facts.get("receivable") or money.receivable,
        payment_option=payment_option(money, to),
        apply=applied(money, link, to),
        custom=custom_of(money, posted, to),
    )


def customer_of(money: Money, facts: Mapping[str, Any]) -> str:
    """Whose invoices it paid, else who paid."""
    customer = same(money.shares, "customer", "customer") or facts.get("customer") or money.customer
    if customer is None:
        raise Held(f"It is not known whose invoice {money.stripe_id} paid.", code="no_customer")
    if any(share.invoice.facts.get("currency") != money.currency.upper() for share in money.shares):
        raise Held(f"{money.stripe_id} is in {money.currency.upper()}, its invoice is not.", code="other_currency")
    if facts.get("applied") and facts.get("customer") not in (None, customer):
        raise Held(
            f"{money.stripe_id} paid an invoice of customer {facts['customer']} before, this one is {customer}'s.",
            code="different_customer",
            action="Apply this payment by hand in NetSuite, then dismiss.",
        )
    return str(customer)


def applied(money: Money, link: Link | None, to: To) -> tuple[Apply, ...]:
    """These invoices, and those that the payment is applied to already. Raises AmountMismatch when that is too much."""
    wanted = {one.doc: one.amount for one in applications(money)}
    whole = standing(link, wanted, to) | wanted
    total = sum(whole.values(), Decimal(0))
    if total > money.payment:
        raise AmountMismatch(f"Payment {money.stripe_id}", total, money.payment, money.currency.upper())
    return tuple(Apply(doc=doc, amount=amount) for doc, amount in whole.items())


def standing(link: Link | None, wanted: Mapping[str, Decimal], to: To) -> dict[str, Decimal]:
    """What it is applied to now: as we wrote it, or, before that is changed, as NetSuite has it."""
    if link is None:
        return {}
    known = {doc: Decimal(amount) for doc, amount in (link.facts.get("applied") or {}).items()}
    if all(known.get(doc) == amount for doc, amount in wanted.items()):
        return known
    return {one.doc: one.amount for one in to.netsuite.applications_of(link.netsuite_id) if one.doc_type == "invoice"}


def posted_on(money: Money, link: Link | None, to: To) -> Posting:
    """A payment that is there keeps its day, though its period may be closed by now."""
    if link and "tran_date" in link.facts:
        return Posting(datetime.fromisoformat(link.facts["tran_date"]).date())
    zone = zone_of(to, subsidiary_of(money))
    return posting(to, "customerPayment", local_day(money.received, zone), zone)


def account_of(money: Money, to: To) -> str | None:
    """None for undeposited funds, where money that was paid outside of Stripe always lies: Stripe never has it."""
    if money.charge is None:
        return None
    place = to.config.place_of(to.account, subsidiary_of(money))
    return money_account(books_of(money, to).accounts, money.currency, place)


def books_of(money: Money, to: To) -> Books:
    """As the subsidiary keeps them that the money belongs to."""
    return to.config.for_account(to.account, subsidiary_of(money))


def subsidiary_of(money: Money) -> str | None:
    return same(money.shares, "subsidiary", "subsidiary") or money.subsidiary


def payment_option(money: Money, to: To) -> str | None:
    """By the kind of payment method."""
    options = books_of(money, to).payment_options
    kind = money.charge.payment_method_type if money.charge else None
    return (options.get(kind or "") or options.get("*")) if money.charge else None


def custom_of(money: Money, posted: Posting, to: To) -> dict[str, Any]:
    fields = to.config.fields
    charge = {fields.payment_charge_id: money.charge.id} if money.charge else {}
    return charge | posted.custom(fields.original_date)


def exchange_rate(money: Money, to: To) -> Decimal | None:
    """Units of the subsidiary's currency for one of the charge's; only when Stripe settled in that currency."""
    if not chosen(to, CHOICES, "exchange_rate"):
        return None
    subsidiary = subsidiary_of(money) or to.config.for_account(to.account).subsidiary
    return stripes_rate(money.balance, money.amount, money.currency, subsidiary, to)


def writes_back(to: To) -> bool:
    return any(chosen(to, flow, "write_back") for flow in WRITES_BACK)


def chosen(to: To, flow: str, option: str) -> bool:
    """An option that is off unless it was switched on."""
    kept = to.config.flows.get(flow)
    return bool(kept and kept.options.get(option))


# a charge that is something else in NetSuite -------------------------------------------------------------------


def sold(sale: Link, money: Money, to: To) -> bool:
    """A cash sale is paid in itself: its money cannot pay an invoice as well."""
    if money.shares:
        invoices = ", ".join(share.invoice.netsuite_id for share in money.shares)
        raise Held(
            f"{money.stripe_id} is in NetSuite as cash sale {sale.netsuite_id}, but paid invoice {invoices} too.",
            code="cash_sale",
            action="Delete the cash sale in NetSuite and retire its link, then replay; or dismiss.",
        )
    to.note(f"{money.stripe_id} is in NetSuite as cash sale {sale.netsuite_id}.")
    return False


def apply_deposit(deposit: Link, money: Money, to: To) -> bool:
    """Put a customer deposit against the invoices, each once."""
    to.note(f"{money.stripe_id} is in NetSuite as customer deposit {deposit.netsuite_id}.")
    new = [one for one in applications(money) if not to.links.of_stripe(f"{money.stripe_id}-{one.doc}", "depa")]
    for one in new:
        name = f"{money.stripe_id}-{one.doc}"
        day = local_day(to.clock.now(), zone_of(to, deposit.facts.get("subsidiary")))
        record = DepositApplication(
            external_id=external_id("depa", name),
            tran_date=day,
            memo=f"Stripe payment {money.stripe_id}",
            apply=(one,),
        )
        ref = to.netsuite.transform(Ref("customerDeposit", deposit.netsuite_id), record)
        to.links.save("depa", name, ref, origin="stripe", netsuite_fingerprint=to.content(record))
    return bool(new)
