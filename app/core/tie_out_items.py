"""What may stand between Stripe's balance and NetSuite's accounts: timing items, and differences with their cause."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from app.core.payout_tables import ROLES
from app.money import from_minor

ZERO = Decimal(0)
SHOWN = 25
"""So many examples are kept of each timing item, the largest first."""
NAMES = {
    "charge": "Payments",
    "refund": "Refunds",
    "refund_failure": "Refunds that failed",
    "dispute": "Disputes",
    "charge_failure": "Payments returned",
    "dispute_reversal": "Disputes won",
}
OTHERS = {
    "fee": "Stripe's own fees",
    "risk_reserved_funds": "Reserves",
    "other_adjustment": "Adjustments",
    "payout": "Payouts",
    "payout_reversal": "Payouts that came back",
}
BOTH_WAYS = ("payout", "payout_reversal")
HELD = ("held", "dead")
ENDED = ("skipped", "dismissed", "succeeded")


class Open(Protocol):
    """A movement that no payout which NetSuite has paid out; as `tie_out_sql.OPEN` finds it."""

    id: str
    currency: str
    amount: int
    fee: int
    net: int
    category: str
    source: str | None
    name: str
    created_at: Any
    netsuite_type: str | None
    netsuite_id: str | None
    current: bool | None
    value: Decimal | None
    same: bool | None
    status: str | None
    given_back: bool
    failed: bool


@dataclass(frozen=True)
class Example:
    """`amount` in major units. `run`: the one that is to bring it over, when there is one."""

    subject: str
    amount: Decimal
    run: int | None = None
    state: str = ""
    sentence: str = ""


@dataclass
class Item:
    """`kind`: `booked_later` (fees and the like, with the payout), `waiting` for a run, `held` for a person, `transit`
    to the bank, `not_kept` by a setting, `before` the start, `rates` that differ within NetSuite.
    """

    kind: str
    title: str
    amount: Decimal = ZERO
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, amount: Decimal, example: Example | None = None) -> None:
        self.amount, self.count = self.amount + amount, self.count + 1
        if example is not None:
            self.examples.append(example)

    def trimmed(self) -> "Item":
        kept = sorted(self.examples, key=lambda one: (-abs(one.amount), one.subject))[:SHOWN]
        return Item(self.kind, self.title, self.amount, self.count, kept)


@dataclass(frozen=True)
class Difference:
    """What no passing of time will mend. `amount`: by how much Stripe, or the `bank`, is over NetSuite for it."""

    sentence: str
    action: str
    amount: Decimal
    payout: str | None = None
    subject: str | None = None
    record_type: str | None = None
    record: str | None = None
    run: int | None = None
    bank: bool = False


@dataclass(frozen=True)
class Told:
    """What the runs of an object say about it."""

    run: int
    state: str
    summary: str


Items = dict[tuple[str, str], Item]


def items_of(rows: Iterable[Open], told: Mapping[str, Told], starts: Mapping[str, date | None]) -> dict[str, Items]:
    """By currency: what of each open movement NetSuite is to have later. `starts`: by reporting category, `""`: any."""
    found: dict[str, Items] = defaultdict(dict)
    for row in _together(rows):
        for kind, title, amount, shown in _of(row, told, starts):
            item = found[row.currency].setdefault((kind, title), Item(kind, title))
            item.add(amount, _example(row, amount, told) if shown else None)
    return found


def _example(row: Open, amount: Decimal, told: Mapping[str, Told]) -> Example:
    subject = row.source or row.id
    run = told.get(row.name) or told.get(subject)
    return Example(subject, amount, run.run, run.state, run.summary) if run else Example(subject, amount)


@dataclass
class _Merged:
    """A charge with what of it was captured back; everything else as it is."""

    row: Any
    amount: int
    fee: int
    net: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


def _together(rows: Iterable[Open]) -> Iterator[Any]:
    """Of a charge captured in part, Stripe may settle all and take the rest back: together they are the payment."""
    charges: dict[str, _Merged] = {}
    backs: list[Open] = []
    for row in _without_vain_payouts(list(rows)):
        if row.category == "partial_capture_reversal":
            backs.append(row)
        elif row.category == "charge":
            charges[row.name] = _Merged(row, row.amount, row.fee, row.net)
        else:
            yield row
    for back in backs:
        if back.name not in charges:
            yield back
            continue
        whole = charges[back.name]
        whole.amount, whole.fee, whole.net = whole.amount + back.amount, whole.fee + back.fee, whole.net + back.net
    yield from charges.values()


def _without_vain_payouts(rows: Sequence[Open]) -> Iterator[Open]:
    """A payout that came back and was never posted, or is posted no longer, moved nothing."""
    sums: dict[str | None, int] = defaultdict(int)
    for row in rows:
        if row.category in BOTH_WAYS and row.value is None:
            sums[row.source] += row.net
    gone_and_back = {row.source for row in rows if row.category == "payout_reversal" and sums[row.source] == 0}
    yield from (row for row in rows if not (row.category in BOTH_WAYS and row.source in gone_and_back))


Part = tuple[str, str, Decimal, bool]
"""Kind, title, amount, whether it is worth an example."""


def _of(row: Any, told: Mapping[str, Told], starts: Mapping[str, date | None]) -> Iterator[Part]:
    net = from_minor(row.net, row.currency)
    start = starts.get(row.category, starts.get(""))
    if start and row.created_at.date() < start and row.value is None:
        yield "before", f"From before {start:%Y-%m-%d}, not kept in NetSuite", net, False
    elif row.category in ROLES and row.category != "refund_failure":
        yield from _of_record(row, told)
    else:
        yield from _of_other(row, net, told)


def _of_record(row: Any, told: Mapping[str, Told]) -> Iterator[Part]:
    amount, name = from_minor(row.amount, row.currency), NAMES[row.category]
    if row.fee:
        fees = f"Fees on {name.lower()}, booked with the payout"
        yield "booked_later", fees, -from_minor(row.fee, row.currency), False
    if row.netsuite_id is None or (row.value is None and not row.current):
        yield _lacking(row, amount, name, told)
    elif row.value is not None and not row.same and row.value != amount:
        yield "booked_later", "Exchange differences, booked with the payout", amount - row.value, False


def _lacking(row: Any, amount: Decimal, name: str, told: Mapping[str, Told]) -> Part:
    if row.failed:
        return "booked_later", "Refunds that failed, booked with the payout", amount, False
    run = told.get(row.name) or told.get(row.source or "")
    if run is not None and run.state in HELD:
        return "held", f"{name} held: they wait for a person", amount, True
    if run is not None and run.state in ENDED:
        return "not_kept", f"{name} not kept in NetSuite", amount, True
    return "waiting", f"{name} not posted yet", amount, True


def _of_other(row: Any, net: Decimal, told: Mapping[str, Told]) -> Iterator[Part]:
    name = OTHERS.get(row.category, str(row.category).replace("_", " ").capitalize())
    match row.category:
        case "refund_failure":
            if not row.given_back:
                yield "booked_later", "Refunds that failed, booked with the payout", net, False
        case "payout" if row.value is None:
            yield _on_its_way(row, net, told)
        case "payout_reversal" if row.value is None:
            yield "waiting", "Payouts that came back, not posted yet", net, True
        case "payout" | "payout_reversal":
            return
        case _:
            yield "booked_later", f"{name}, booked with the payout", net, False


def _on_its_way(row: Any, net: Decimal, told: Mapping[str, Told]) -> Part:
    if row.status in ("pending", "in_transit"):
        return "transit", "Payouts on their way to the bank", net, True
    run = told.get(row.name)
    if run is not None and run.state in HELD:
        return "held", "Payouts held: they wait for a person", net, True
    return "waiting", "Payouts not posted yet", net, True


def wrong_in(rows: Sequence[Open]) -> Iterator[Difference]:
    """Of what no payout has taken yet: records that are gone from NetSuite, or are another amount there."""
    for row in rows:
        if row.netsuite_id is None or not row.current or row.category == "refund_failure":
            continue
        by_hand = row.category in ("payout", "payout_reversal")
        amount = from_minor(row.net if by_hand else row.amount, row.currency)
        if row.value is None:
            yield gone(row, amount)
        elif row.same and row.value != amount:
            yield changed(row, amount, row.value)


def gone(row: Any, amount: Decimal) -> Difference:
    sentence = (
        f"{words(row.netsuite_type)} {row.netsuite_id} of {row.name} ({amount} {row.currency}) is no longer in "
        "NetSuite, or posts to none of the accounts for money at Stripe."
    )
    action = f"Bring {row.name} over again, or correct the record's account in NetSuite."
    return Difference(sentence, action, amount, subject=row.name, record_type=row.netsuite_type, record=row.netsuite_id)


def changed(row: Any, amount: Decimal, value: Decimal) -> Difference:
    sentence = (
        f"{words(row.netsuite_type)} {row.netsuite_id} of {row.name} is {plain(value)} {row.currency} in NetSuite; "
        f"at Stripe it is {amount} {row.currency}."
    )
    action = "Correct the record in NetSuite."
    return Difference(
        sentence, action, amount - value, subject=row.name, record_type=row.netsuite_type, record=row.netsuite_id
    )


def words(record_type: str | None) -> str:
    """`customerPayment` -> `Customer payment`."""
    spaced = "".join(f" {one.lower()}" if one.isupper() else one for one in record_type or "record")
    return spaced[:1].upper() + spaced[1:]


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value == value.to_integral() else f"{value:f}".rstrip("0")
