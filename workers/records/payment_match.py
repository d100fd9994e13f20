"""Which of NetSuite's own payments a charge is: what a person has keyed in must not be booked a second time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import external_id
from app.errors import Ambiguous, Candidate, Held, NotFound
from app.money import quantize
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Ref
from app.systems.stripe import objects as st
from workers.records.charge_money import Payer
from workers.records.dates import local_day, zone_of
from workers.records.invoice_match import captured

To = Ledger[Any]


def adopt_named(charge: st.Charge, to: To) -> bool:
    """Link the payment that the charge's metadata names, unless it is one that we have made and named there."""
    key = to.config.fields.metadata_payment_id
    named = charge.metadata.get(key)
    if not named:
        return False
    try:
        head = to.netsuite.transaction("customerPayment", named)
    except NotFound:
        raise Held(
            f"Stripe's metadata {key} names NetSuite customer payment {named}, which does not exist.",
            code="unknown_netsuite_id",
            action=f"Correct or remove `{key}` on the charge, then replay.",
        ) from None
    if head.external_id == external_id("pay", charge.id):
        return False
    to.note(f"Linked to NetSuite customer payment {named}, which Stripe's metadata {key} names.")
    link(charge, head, to)
    return True


def adopt(charge: st.Charge, payer: Payer, apart: timedelta, to: To) -> bool:
    """Link the one payment of this customer, amount and currency near its day. Raises Ambiguous for several."""
    day = local_day(charge.created, zone_of(to, payer.subsidiary))
    field = to.config.fields.payment_charge_id
    heads = to.netsuite.payments_of(payer.id, since=day - apart, charge_id_field=field)
    found = [one for one in heads if one.custom.get(field) == charge.id and free(one, to)]
    found = found or [one for one in heads if not one.custom.get(field) and alike(one, charge, day, apart, to)]
    weigh(heads, found, charge, to)
    if len(found) > 1:
        raise several(found, charge)
    if not found:
        return False
    to.note(f"Linked to NetSuite's own customer payment {found[0].tran_id or found[0].id}, of {found[0].tran_date}.")
    link(charge, to.netsuite.transaction("customerPayment", found[0].id), to)
    return True


def weigh(heads: Sequence[ns.PaymentHead], found: Sequence[ns.PaymentHead], charge: st.Charge, to: To) -> None:
    rule = "NetSuite's own payments of the customer"
    for one in heads:
        if one not in found:
            to.rejected(candidate(one, unlike(one, charge, to)), rule)
        elif len(found) == 1:
            to.chose(candidate(one, "the only one of this amount, currency and day, and of no other charge"), rule)


def unlike(head: ns.PaymentHead, charge: st.Charge, to: To) -> str:
    """Why it is not the charge."""
    iso = to.netsuite.iso_currency(head.currency)
    if iso != charge.currency.upper() or head.payment != captured(charge):
        return f"it is {quantize(head.payment, iso)} {iso}, the charge {captured(charge)} {charge.currency.upper()}"
    if not free(head, to):
        return "it belongs to another charge"
    return f"it is dated {head.tran_date}, too far from the charge"


def candidate(one: ns.PaymentHead, why: str) -> Candidate:
    return Candidate("netsuite", "customerPayment", one.id, one.tran_id or one.id, why)


def alike(head: ns.PaymentHead, charge: st.Charge, day: date, apart: timedelta, to: To) -> bool:
    if head.payment != captured(charge) or to.netsuite.iso_currency(head.currency) != charge.currency.upper():
        return False
    return head.tran_date is not None and abs(head.tran_date - day) <= apart and free(head, to)


def free(head: ns.PaymentHead, to: To) -> bool:
    """Neither ours nor another charge's."""
    ours = (head.external_id or "").startswith("stripe-")
    return not ours and to.links.of_netsuite("customerPayment", head.id, "pay") is None


def several(found: list[ns.PaymentHead], charge: st.Charge) -> Ambiguous:
    return Ambiguous(
        f"{len(found)} customer payments in NetSuite could be {charge.id}: same customer, amount and currency.",
        action="Choose the right one, or name it in the charge's metadata and replay.",
        candidates=[replace(candidate(one, f"dated {one.tran_date}"), role="pay", of=charge.id) for one in found],
    )


def link(charge: st.Charge, head: ns.TransactionHead, to: To) -> None:
    accounts = to.config.for_account(to.account, head.subsidiary).accounts
    facts = {
        "customer": head.entity,
        "currency": charge.currency.upper(),
        "subsidiary": head.subsidiary,
        "money": None if head.account == accounts.undeposited else head.account,
        "tran_date": f"{head.tran_date}",
        "amount": f"{captured(charge):f}",
    }
    to.links.save("pay", charge.id, Ref("customerPayment", head.id), origin="netsuite", facts=facts)
