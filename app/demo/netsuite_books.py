"""NetSuite's side of the tie-out: each record, and which Stripe object it names."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from app.demo.stripe_books import page_of
from app.demo.systems import Json, NetSuiteSandbox
from app.demo.tie_out import (
    CHECKOUT,
    CUSTOMER,
    DISPUTE,
    DISPUTE_CREDIT,
    INVOICE,
    NEGATIVE,
    NOTE,
    OUTSIDE,
    PAYMENT,
    PAYOUT,
    REFUND,
    REFUND_CREDIT,
    REGAINED,
    RETURNED,
    REVERSAL,
    TRANSFER,
    WRITE_OFF,
    Balance,
    Object,
    Side,
)
from sandbox.netsuite import ids

RECORDS = (
    "customer",
    "invoice",
    "creditMemo",
    "customerPayment",
    "customerRefund",
    "cashSale",
    "cashRefund",
    "customerDeposit",
    "depositApplication",
    "deposit",
    "journalEntry",
)
NAMED = re.compile(r"stripe-([a-z]+)-((([a-z]+)_\w+?)(-[a-z]+)?)")
"""Our external ids: role, name, and of the name the Stripe id, its prefix, and what was added."""
BY_NAME = {
    ("cust", "cus", ""): CUSTOMER,
    ("inv", "in", ""): INVOICE,
    ("inv", "ch", ""): CHECKOUT,
    ("inv", "py", ""): CHECKOUT,
    ("inv", "txn", ""): REGAINED,
    ("cm", "in", ""): NEGATIVE,
    ("cm", "in", "-uncollectible"): WRITE_OFF,
    ("cm", "cn", ""): NOTE,
    ("cm", "re", ""): REFUND_CREDIT,
    ("cm", "pyr", ""): REFUND_CREDIT,
    ("cm", "txn", ""): DISPUTE_CREDIT,
    ("pay", "ch", ""): PAYMENT,
    ("pay", "py", ""): PAYMENT,
    ("pay", "in", ""): OUTSIDE,
    ("pay", "inpay", ""): OUTSIDE,
    ("pay", "txn", ""): REVERSAL,
    ("crf", "re", ""): REFUND,
    ("crf", "pyr", ""): REFUND,
    ("crf", "txn", ""): DISPUTE,
    ("dep", "po", ""): PAYOUT,
    ("je", "po", ""): TRANSFER,
    ("je", "po", "-reversal"): RETURNED,
}
OWN = {"customer": CUSTOMER, "invoice": INVOICE, "customerPayment": OUTSIDE, "creditMemo": NOTE}
"""What was made in NetSuite itself."""
STRIPE_ID = {"customer": "custentity_tieout_stripe_id", "invoice": "custbody_tieout_stripe_id"}
CREDITS = ("creditMemo", "customerPayment")


@dataclass
class NetSuiteBooks:
    """Read once, since the proof of the ledger looks at the same."""

    netsuite: NetSuiteSandbox
    guests: str = ""
    records: dict[str, list[Json]] = field(default_factory=dict)
    ledger: list[Json] = field(default_factory=list)
    _symbols: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records = {type: self.netsuite.records(type) for type in RECORDS}
        self.ledger = self.netsuite.ledger()
        self._symbols = {one["id"]: one["symbol"] for one in self.netsuite.records("currency")}

    def side(self) -> Side:
        return Side(tuple(self._object(kind, one) for kind, found in self.records.items() for one in found))

    def named(self) -> dict[str, Json]:
        """Every record that has one of our external ids, by it."""
        everything = (one for found in self.records.values() for one in found)
        return {one["externalId"]: one for one in everything if NAMED.fullmatch(str(one.get("externalId", "")))}

    def _object(self, kind: str, found: Json) -> Object:
        type, points_to = self._type(kind, found), frozenset(self._stripe_ids(kind, found))
        if type == CUSTOMER:
            return Object(type, found["id"], points_to=points_to, facts=_customer_facts(found))
        amount = Decimal(0) if is_void(found) else _decimal(found.get("total"))
        left = Decimal(0) if is_void(found) else _open(kind, found)
        currency = self._symbols[found["currency"]["id"]]
        return Object(type, found["id"], currency, amount, left, points_to, _invoice_facts(found))

    def _type(self, kind: str, found: Json) -> str:
        external = str(found.get("externalId", ""))
        if match := NAMED.fullmatch(external):
            return BY_NAME.get((match[1], match[4], match[5] or ""), external)
        return WRITE_OFF if kind == "creditMemo" and _is_bad_debt(found) else OWN.get(kind, kind)

    def _stripe_ids(self, kind: str, found: Json) -> Iterator[str]:
        if match := NAMED.fullmatch(str(found.get("externalId", ""))):
            yield match[2]
        elif kind == "creditMemo" and _is_bad_debt(found):
            yield from (f"{stripe_id}-uncollectible" for stripe_id in self._credited(found))
        if field := found.get(STRIPE_ID.get(kind, "")):
            yield str(field)

    def _credited(self, memo: Json) -> Iterator[str]:
        """Stripe ids of the invoices that it is applied to."""
        applied = {line["doc"]["id"] for line in memo["apply"]["items"] if line.get("apply")}
        yield from (one["custbody_tieout_stripe_id"] for one in self.records["invoice"] if one["id"] in applied)

    # the ledger --------------------------------------------------------------------------------------------------

    def balance(self) -> Balance:
        totals = self.netsuite.trial_balance()["totals"]
        by_base = {f"(in {name})": Decimal(total) for name, total in totals["by_base_currency"].items()}
        sums = {name: Decimal(total) for name, total in totals["by_currency"].items()}
        return Balance(sums | by_base, self.stands_at(ids.ACCOUNT_RECEIVABLE))

    def stands_at(self, *accounts: str) -> dict[str, Decimal]:
        """What these accounts hold, by currency."""
        booked: dict[str, Decimal] = defaultdict(Decimal)
        for line in self.ledger:
            if line["account"] in accounts:
                booked[line["currency"]] += Decimal(line["amount"])
        return dict(booked)


def is_void(found: Json) -> bool:
    return bool((found.get("status") or {}).get("refName") == "Voided")


def _open(kind: str, found: Json) -> Decimal:
    # an unapplied payment lowers what is owed without closing an invoice
    return _decimal(found.get("amountRemaining" if kind == "invoice" else "unapplied"))


def _is_bad_debt(memo: Json) -> bool:
    return all(line["item"]["id"] == ids.ITEM_BAD_DEBT for line in memo["item"]["items"])


def _customer_facts(found: Json) -> tuple[tuple[str, str], ...]:
    person = f"{found.get('firstName', '')} {found.get('lastName', '')}".strip()
    name = person if found.get("isPerson") else found.get("companyName", "")
    portal = "written" if "/portal/" in found.get("custentity_tieout_portal_url", "") else "missing"
    contact = ("email", found.get("email", "")), ("phone", found.get("phone", ""))
    return (("name", name), *contact, ("portal link", portal))


def _invoice_facts(found: Json) -> tuple[tuple[str, str], ...]:
    page = found.get("custbody_tieout_hosted_url")
    return (("hosted page", page_of(page)),) if page else ()


def _decimal(value: object) -> Decimal:
    return Decimal(str(value or 0))
