"""Reads both sandboxes for the tie-out."""

from collections import Counter, defaultdict
from decimal import Decimal

from app.demo.systems import Json, NetSuiteSandbox, StripeSandbox
from app.demo.tie_out import CUSTOMER, INVOICE, PAYMENT, ROLES, Balance, Object, Side, TieOut, tie_out
from app.money import from_minor

NETSUITE_TYPES = {CUSTOMER: "customer", INVOICE: "invoice", PAYMENT: "customerPayment"}
STRIPE_ID_FIELDS = {CUSTOMER: "custentity_tieout_stripe_id", INVOICE: "custbody_tieout_stripe_id"}


def compare(stripe: StripeSandbox, netsuite: NetSuiteSandbox) -> TieOut:
    return tie_out(stripe_side(stripe), netsuite_side(netsuite), ledger(netsuite))


# Stripe ----------------------------------------------------------------------------------------------------------


def stripe_side(stripe: StripeSandbox) -> Side:
    customers = [_stripe_customer(one) for one in stripe.list("customers")]
    invoices = [_stripe_invoice(one) for one in stripe.list("invoices") if one["status"] != "draft"]
    charges = [_charge(one) for one in stripe.list("charges") if one["status"] == "succeeded"]
    return Side((*customers, *invoices, *charges))


def ways_paid(stripe: StripeSandbox) -> Counter[str]:
    """Successful payments by kind of payment method."""
    paid = (one for one in stripe.list("charges") if one["status"] == "succeeded")
    return Counter(one["payment_method_details"]["type"] for one in paid)


def _stripe_customer(found: Json) -> Object:
    facts = tuple((what, found[what] or "") for what in ("name", "email", "phone"))
    return Object(CUSTOMER, found["id"], points_to=_named(found, "netsuite_customer_id"), facts=facts)


def _stripe_invoice(found: Json) -> Object:
    currency = found["currency"]
    return Object(
        INVOICE,
        found["id"],
        currency.upper(),
        from_minor(found["total"], currency),
        from_minor(found["amount_remaining"], currency),
        _named(found, "netsuite_invoice_id"),
    )


def _charge(found: Json) -> Object:
    amount = from_minor(found["amount_captured"], found["currency"])
    return Object(PAYMENT, found["id"], found["currency"].upper(), amount)


def _named(found: Json, key: str) -> frozenset[str]:
    return frozenset({found["metadata"][key]} if key in found["metadata"] else ())


# NetSuite --------------------------------------------------------------------------------------------------------


def netsuite_side(netsuite: NetSuiteSandbox) -> Side:
    symbols = {one["id"]: one["symbol"] for one in netsuite.records("currency")}
    records = ((type, one) for type in ROLES for one in netsuite.records(NETSUITE_TYPES[type]))
    return Side(tuple(_record(type, one, symbols) for type, one in records))


def _record(type: str, found: Json, symbols: dict[str, str]) -> Object:
    points_to = frozenset(_stripe_ids(type, found))
    if type == CUSTOMER:
        return Object(type, found["id"], points_to=points_to, facts=_customer_facts(found))
    amount = _decimal(found.get("total" if type == INVOICE else "payment"))
    # an unapplied payment lowers what is owed without closing an invoice
    left = _decimal(found.get("amountRemaining")) if type == INVOICE else _decimal(found.get("unapplied"))
    return Object(type, found["id"], symbols[found["currency"]["id"]], amount, left, points_to)


def _stripe_ids(type: str, found: Json) -> set[str]:
    prefix = f"stripe-{ROLES[type]}-"
    external = str(found.get("externalId", ""))
    named = {external.removeprefix(prefix)} if external.startswith(prefix) else set()
    field = found.get(STRIPE_ID_FIELDS.get(type, ""))
    return named | ({str(field)} if field else set())


def _customer_facts(found: Json) -> tuple[tuple[str, str], ...]:
    person = f"{found.get('firstName', '')} {found.get('lastName', '')}".strip()
    name = person if found.get("isPerson") else found.get("companyName", "")
    return (("name", name), ("email", found.get("email", "")), ("phone", found.get("phone", "")))


def _decimal(value: object) -> Decimal:
    return Decimal(str(value or 0))


def ledger(netsuite: NetSuiteSandbox) -> Balance:
    found = netsuite.trial_balance()
    totals = found["totals"]
    by_base = {f"(in {name})": Decimal(total) for name, total in totals["by_base_currency"].items()}
    receivables = {one["id"] for one in netsuite.records("account") if one["acctType"]["id"] == "AcctRec"}
    booked: dict[str, Decimal] = defaultdict(Decimal)
    for line in found["lines"]:
        if line["account"] in receivables:
            booked[line["currency"]] += Decimal(line["balance"])
    sums = {name: Decimal(total) for name, total in totals["by_currency"].items()}
    return Balance(sums | by_base, dict(booked))
