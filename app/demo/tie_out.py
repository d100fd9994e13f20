"""The proof: every object stands in the other system exactly once, and every total agrees to the minor unit.

It looks at nothing but the two systems. Ids that tie records together: the external id `stripe-<role>-<stripe id>` and
the Stripe id field in NetSuite, and `netsuite_customer_id`, `netsuite_invoice_id` ... in Stripe's metadata.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

CUSTOMER, INVOICE, PAYMENT = "customer", "invoice", "payment"
CHECKOUT, OUTSIDE, NEGATIVE = "checkout sale", "payment outside", "negative invoice"
REFUND, REFUND_CREDIT, NOTE = "refund", "refund credit", "credit note"
DISPUTE, DISPUTE_CREDIT, REVERSAL, REGAINED = "dispute", "dispute credit", "dispute reversal", "regained loss"
WRITE_OFF, PAYOUT, TRANSFER, RETURNED = "write-off", "payout", "bank transfer", "returned payout"
TYPES = (
    CUSTOMER,
    INVOICE,
    CHECKOUT,
    NEGATIVE,
    PAYMENT,
    OUTSIDE,
    REFUND,
    REFUND_CREDIT,
    NOTE,
    DISPUTE,
    DISPUTE_CREDIT,
    REVERSAL,
    REGAINED,
    WRITE_OFF,
    PAYOUT,
    TRANSFER,
    RETURNED,
)
OWED = {INVOICE: 1, CHECKOUT: 1, REGAINED: 1, NEGATIVE: -1, NOTE: -1, REFUND_CREDIT: -1, PAYMENT: -1}
"""What is open of these makes up the receivables: what is owed, and credit that lowers it."""
ZERO = Decimal(0)


@dataclass(frozen=True)
class Object:
    """A record of either system. `points_to`: ids in the other system that it names. Amounts in major units.

    `optional`: it may or may not be in the other system, e.g. a refund that failed before it was posted.
    """

    type: str
    id: str
    currency: str = ""
    amount: Decimal = ZERO
    open: Decimal = ZERO
    points_to: frozenset[str] = frozenset()
    facts: tuple[tuple[str, str], ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Side:
    objects: tuple[Object, ...]

    def of(self, type: str) -> list[Object]:
        return [one for one in self.objects if one.type == type]


@dataclass(frozen=True)
class Balance:
    """NetSuite's ledger: what each currency's lines add up to, and what its receivables stand at."""

    sums: dict[str, Decimal]
    receivable: dict[str, Decimal]


@dataclass(frozen=True)
class Difference:
    record: str
    sentence: str


@dataclass(frozen=True)
class Row:
    """One type and currency. `open` is what customers still owe, or have to their credit."""

    type: str
    currency: str
    stripe: int
    netsuite: int
    stripe_total: Decimal
    netsuite_total: Decimal
    stripe_open: Decimal
    netsuite_open: Decimal

    @property
    def difference(self) -> Decimal:
        return abs(self.stripe_total - self.netsuite_total) + abs(self.stripe_open - self.netsuite_open)


@dataclass(frozen=True)
class TieOut:
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...] = field(default=())

    @property
    def agrees(self) -> bool:
        return not self.differences and all(row.stripe == row.netsuite and not row.difference for row in self.rows)


def tie_out(stripe: Side, netsuite: Side, balance: Balance) -> TieOut:
    stripe, netsuite = _expected(stripe, netsuite), _expected(netsuite, stripe)
    differences: list[Difference] = []
    for type in TYPES:
        differences += _compared(stripe.of(type), netsuite.of(type))
    differences += _unknown(netsuite)
    differences += _unbalanced(balance)
    differences += _receivables(stripe, balance)
    return TieOut(tuple(_rows(stripe, netsuite)), tuple(differences))


def _expected(side: Side, other: Side) -> Side:
    """Without what may be missing in the other system, and is."""
    named = {(one.type, name) for one in other.objects for name in one.points_to}
    there = {(one.type, one.id) for one in other.objects}

    def has_pair(one: Object) -> bool:
        return (one.type, one.id) in named or any((one.type, name) in there for name in one.points_to)

    return Side(tuple(one for one in side.objects if not one.optional or has_pair(one)))


def _compared(stripe: Sequence[Object], netsuite: Sequence[Object]) -> Iterable[Difference]:
    pairs = _pairs(stripe, netsuite)
    here, there = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    yield from _not_once(stripe, here, "Stripe", "NetSuite")
    yield from _not_once(netsuite, there, "NetSuite", "Stripe")
    by_id = {one.id: one for one in stripe}, {one.id: one for one in netsuite}
    for one, other in sorted(pairs):
        yield from _unlike(by_id[0][one], by_id[1][other])


def _pairs(stripe: Sequence[Object], netsuite: Sequence[Object]) -> set[tuple[str, str]]:
    ours, theirs = {one.id for one in stripe}, {one.id for one in netsuite}
    named = {(one.id, other) for one in stripe for other in one.points_to if other in theirs}
    return named | {(one, other.id) for other in netsuite for one in other.points_to if one in ours}


def _not_once(objects: Sequence[Object], found: Counter[str], here: str, there: str) -> Iterable[Difference]:
    for one in objects:
        if found[one.id] == 0:
            yield Difference(_name(one, here), f"{_name(one, here)}{_worth(one)} is not in {there}.")
        elif found[one.id] > 1:
            yield Difference(_name(one, here), f"{_name(one, here)} is in {there} {found[one.id]} times.")


def _name(one: Object, system: str) -> str:
    return f"{system} {one.type} {one.id}"


def _worth(one: Object) -> str:
    return f" ({one.amount} {one.currency})" if one.currency else ""


def _unlike(one: Object, other: Object) -> Iterable[Difference]:
    name = f"{_name(one, 'Stripe')} and {_name(other, 'NetSuite')}"
    if one.currency != other.currency:
        yield Difference(one.id, f"{name} differ in currency: {one.currency} and {other.currency}.")
    elif one.amount != other.amount:
        yield Difference(one.id, f"{name} differ in amount: {one.amount} and {other.amount} {one.currency}.")
    elif one.open != other.open:
        yield Difference(one.id, f"{name} differ in what is open: {one.open} and {other.open} {one.currency}.")
    theirs = dict(other.facts)
    for what, value in one.facts:
        if theirs.get(what, "") != value:
            yield Difference(one.id, f"{name} differ in {what}: {value!r} and {theirs.get(what, '')!r}.")


def _unknown(netsuite: Side) -> Iterable[Difference]:
    for one in netsuite.objects:
        if one.type not in TYPES:
            yield Difference(one.id, f"NetSuite {one.type} {one.id} stands for nothing that Stripe knows.")


def _unbalanced(balance: Balance) -> Iterable[Difference]:
    for currency, total in balance.sums.items():
        if total:
            yield Difference("trial balance", f"NetSuite's trial balance is off by {total} {currency}.")


def _receivables(stripe: Side, balance: Balance) -> Iterable[Difference]:
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for one in stripe.objects:
        owed[one.currency] += OWED.get(one.type, 0) * one.open
    for currency in sorted(owed.keys() | balance.receivable.keys()):
        booked = balance.receivable.get(currency, ZERO)
        if owed[currency] != booked:
            sentence = (
                f"Stripe's open invoices come to {owed[currency]} {currency}, NetSuite's receivables to {booked}."
            )
            yield Difference("receivables", sentence)


def _rows(stripe: Side, netsuite: Side) -> Iterable[Row]:
    keys = {(one.type, one.currency) for one in (*stripe.objects, *netsuite.objects) if one.type in TYPES}
    for type, currency in sorted(keys, key=lambda key: (TYPES.index(key[0]), key[1])):
        ours = [one for one in stripe.of(type) if one.currency == currency]
        theirs = [one for one in netsuite.of(type) if one.currency == currency]
        totals = (sum((one.amount for one in side), ZERO) for side in (ours, theirs))
        opens = (sum((one.open for one in side), ZERO) for side in (ours, theirs))
        yield Row(type, currency, len(ours), len(theirs), *totals, *opens)
