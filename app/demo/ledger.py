"""The ledger proof: Stripe's balance against the accounts in NetSuite that stand for money at Stripe.

The two may only differ by what NetSuite books with the payout: each such item is found in Stripe, and named.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from app.demo.choices import CLEARING
from app.demo.netsuite_books import NetSuiteBooks, is_void
from app.demo.shop import SETTLED
from app.demo.stripe_books import StripeBooks
from app.demo.systems import Json
from app.demo.tie_out import ZERO, Difference
from app.money import from_minor
from sandbox.netsuite import ids

RECORDED = {
    "charge": ("pay", "payments"),
    "refund": ("crf", "refunds"),
    "dispute": ("crf", "disputes"),
    "dispute_reversal": ("pay", "disputes won"),
}
"""Reporting category -> role of the record that books it at once, and its name. All else is booked with the payout."""
BY_MOVEMENT = ("dispute", "dispute_reversal")
OTHERS = {
    "fee": "Stripe's own fees not yet paid out",
    "risk_reserved_funds": "reserves not yet paid out",
    "other_adjustment": "adjustments not yet paid out",
    "refund_failure": "refunds that failed",
    "payout": "payouts on their way",
    "payout_reversal": "payouts that came back",
}


@dataclass(frozen=True)
class Proof:
    """One settlement currency. `timing`: by name, what Stripe's balance has and NetSuite is to have later."""

    currency: str
    stripe: Decimal
    netsuite: Decimal
    timing: dict[str, Decimal]
    arrived: Decimal
    bank: Decimal

    @property
    def unexplained(self) -> Decimal:
        return self.stripe - self.netsuite - sum(self.timing.values(), ZERO)

    @property
    def differences(self) -> Iterator[Difference]:
        if self.unexplained:
            sentence = f"Stripe's balance and NetSuite's clearing account differ by {self.unexplained} {self.currency}"
            yield Difference("ledger", f"{sentence}, which nothing explains.")
        if self.arrived != self.bank:
            sentence = f"Payouts of {self.arrived} {self.currency} arrived; NetSuite's bank account has {self.bank}."
            yield Difference("bank", sentence)


def proofs(stripe: StripeBooks, netsuite: NetSuiteBooks) -> list[Proof]:
    return [_Ledger(stripe, netsuite).proof(currency) for currency in SETTLED]


def balances(stripe: StripeBooks, netsuite: NetSuiteBooks) -> Iterator[Difference]:
    """What Stripe keeps for customers is a liability in NetSuite."""
    kept, booked = stripe.customer_balances(), netsuite.stands_at(ids.CUSTOMER_BALANCES)
    for currency in sorted(kept.keys() | booked.keys()):
        ours, theirs = kept.get(currency, ZERO), -booked.get(currency, ZERO)
        if ours != theirs:
            sentence = f"Stripe keeps {ours} {currency} for customers, NetSuite's account for that has {theirs}."
            yield Difference("customer balances", sentence)


@dataclass
class _Ledger:
    stripe: StripeBooks
    netsuite: NetSuiteBooks
    _named: dict[str, Json] = field(default_factory=dict)
    _of_record: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    _settled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._named = self.netsuite.named()
        for line in self.netsuite.ledger:
            self._of_record[line["record"]].append(line)
        for payout in self.stripe.payouts:
            self._settled |= self._deposited(payout)

    def proof(self, currency: str) -> Proof:
        held = self.stripe.stripe.get("balance")
        both = [one for part in ("available", "pending") for one in held[part] if one["currency"] == currency]
        paid = [one for one in self.stripe.payouts if (one["currency"], one["status"]) == (currency, "paid")]
        code = currency.upper()
        return Proof(
            code,
            from_minor(sum(one["amount"] for one in both), currency),
            self._at_stripe(code),
            self._timing(currency),
            from_minor(sum(one["amount"] for one in paid), currency),
            self.netsuite.stands_at(ids.BANK[code]).get(code, ZERO),
        )

    # NetSuite ----------------------------------------------------------------------------------------------------

    def _at_stripe(self, code: str) -> Decimal:
        """The clearing account. What settles in the first currency, though paid in another, counts in the base."""
        own = self.netsuite.stands_at(CLEARING[code]).get(code, ZERO)
        return own + (self._abroad(self.netsuite.ledger) if code == SETTLED[0].upper() else ZERO)

    def _abroad(self, lines: Iterable[Json]) -> Decimal:
        return sum((Decimal(line["base"]) for line in lines if line["account"] == ids.STRIPE_CLEARING_ABROAD), ZERO)

    def _booked(self, external: str, code: str) -> Decimal | None:
        """What a record moved at Stripe, in the settlement currency; None when it is not there."""
        record = self._named.get(external)
        if record is None or is_void(record):
            return None
        lines = self._of_record[record["id"]]
        return self._abroad(lines) + sum(
            (Decimal(line["amount"]) for line in lines if line["account"] == CLEARING[code]), ZERO
        )

    # Stripe ------------------------------------------------------------------------------------------------------

    def _deposited(self, payout: Json) -> set[str]:
        """The balance transactions of a payout that is in NetSuite: all of them are booked.

        One that came back before it was there is booked with the payout, listed before it, that paid it out again.
        """
        again = payout["failure_balance_transaction"] in self._settled
        if not payout["automatic"] or not (again or f"stripe-dep-{payout['id']}" in self._named):
            return set()
        return {row["id"] for row in self.stripe.stripe.list("balance_transactions", payout=payout["id"])}

    def _timing(self, currency: str) -> dict[str, Decimal]:
        items: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.stripe.movements:
            if row["currency"] == currency and row["id"] not in self._settled:
                for name, amount in self._later(row, currency.upper()):
                    items[name] += amount
        return {name: amount for name, amount in sorted(items.items()) if amount}

    def _later(self, row: Json, code: str) -> Iterator[tuple[str, Decimal]]:
        """What of a balance transaction is in no account of NetSuite yet, by name."""
        net, category = from_minor(row["net"], row["currency"]), str(row["reporting_category"])
        if category in RECORDED:
            yield from self._later_of_record(row, code)
        elif not self._is_booked(category, str(row["source"])):
            yield OTHERS.get(category, category), net

    def _later_of_record(self, row: Json, code: str) -> Iterator[tuple[str, Decimal]]:
        category = row["reporting_category"]
        role, name = RECORDED[category]
        missing = f"{name} on their way"
        booked = self._booked(f"stripe-{role}-{row['id'] if category in BY_MOVEMENT else row['source']}", code)
        amount = from_minor(row["amount"], row["currency"])
        if row["fee"]:
            yield f"fees of {name} not yet paid out", -from_minor(row["fee"], row["currency"])
        if booked is None:
            yield OTHERS["refund_failure"] if self._has_failed(row["source"]) else missing, amount
        elif amount != booked:
            yield "exchange differences not yet paid out", amount - booked

    def _is_booked(self, category: str, source: str) -> bool:
        """Of what no record of its own stands for: whether another one has booked it."""
        match category:
            case "payout":
                return f"stripe-je-{source}" in self._named
            case "payout_reversal":
                return f"stripe-je-{source}-reversal" in self._named
            case "refund_failure":
                return self._was_paid_out(source)
        return False

    def _has_failed(self, refund: str) -> bool:
        return any(one["id"] == refund and one["status"] in ("failed", "canceled") for one in self.stripe.refunds)

    def _was_paid_out(self, refund: str) -> bool:
        own = (row["id"] for row in self.stripe.movements if row["source"] == refund and row["amount"] < 0)
        return any(row in self._settled for row in own)
