"""Applying one transaction to another: what is open, what is due, and what the exchange rate gained or lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import ids
from sandbox.netsuite.definitions import Posting, Record
from sandbox.netsuite.errors import invalid_value, user_error
from sandbox.netsuite.fields import Fields, Sublist, day, flag, integer, money, ref, text
from sandbox.netsuite.records.transactions import in_base

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

NO_LINE = "Unable to find a matching line for sublist {sublist} with key: [{keys}] and value: [{values}]."

APPLY = Sublist(
    "apply",
    (
        ref("doc", "transaction"),
        integer("line"),
        flag("apply"),
        money("amount"),
        day("applyDate"),
        money("due", readonly=True),
        money("total", readonly=True),
        text("refNum", readonly=True),
        text("type", readonly=True),
        ref("currency", "currency", readonly=True),
    ),
    ("doc", "line"),
)


@dataclass(frozen=True)
class Open:
    """A transaction that something can still be applied to."""

    record: Record
    due: Decimal
    line: int


def settle_apply(
    world: NetSuiteWorld, record: Record, openings: dict[str, Open], *, limit: Decimal | None, automatic: bool
) -> None:
    """Check and complete the apply lines against what is open. `limit` is what there is to apply, None for no limit."""
    lines = [line for line in record.lines("apply") if line.get("apply") is not False]
    kept = [line for line in (_settled(world, record, line, openings) for line in lines) if line.money("amount")]
    applied = sum((line.money("amount") for line in kept), Decimal(0))
    if limit is not None and applied > limit:
        raise user_error("The total amount applied cannot be greater than the amount of the transaction.", "apply")
    record.lists["apply"] = kept
    if automatic and limit is not None:
        _apply_rest(record, openings, limit - applied)


def _settled(world: NetSuiteWorld, record: Record, line: Fields, openings: dict[str, Open]) -> Fields:
    found = openings.get(line.ref("doc"))
    asked = line.whole("line")
    if found is None or (asked is not None and asked != found.line):
        keys = "doc" if asked is None else "doc,line"
        values = line.ref("doc") if asked is None else f"{line.ref('doc')},{asked}"
        raise user_error(NO_LINE.format(sublist="apply", keys=keys, values=values), "apply")
    amount = line.number("amount")
    amount = world.rounded(found.due if amount is None else amount, record.fields.ref("currency"))
    if amount < 0:
        raise invalid_value("amount", amount, "apply.items.amount")
    if amount > found.due:
        number = found.record.fields.text("tranId")
        raise user_error(f"The amount applied to {number} cannot be greater than the amount due {found.due}.", "apply")
    return Fields({**line, "line": found.line, "apply": True, "amount": amount})


def _apply_rest(record: Record, openings: dict[str, Open], rest: Decimal) -> None:
    taken = {line.ref("doc") for line in record.lines("apply")}
    for one in sorted(
        openings.values(), key=lambda each: (str(each.record.fields.get("tranDate")), int(each.record.id))
    ):
        amount = min(rest, one.due)
        if amount > 0 and one.record.id not in taken:
            line = Fields(doc=one.record.id, line=one.line, apply=True, amount=amount)
            record.lines("apply").append(line)
            rest -= amount


def open_documents(
    world: NetSuiteWorld,
    record: Record,
    party: str,
    receivable: str,
    types: Iterable[str],
    among: Iterable[str] | None = None,
) -> dict[str, Open]:
    """What of the customer's, in the same currency and A/R account, the record could be applied to.

    `among` looks at those documents only.
    """
    wanted = set(types)
    customer, currency = record.fields.ref(party), record.fields.ref("currency")
    owned = world.owned_by(customer) if among is None else _owned_among(world, customer, among)
    found: dict[str, Open] = {}
    for one in owned:
        if one.type not in wanted or one.voided or one.fields.ref("currency") != currency:
            continue
        due = remaining(world, one, but=record.id)
        if due > 0 and receivable_of(one) == receivable and posts(one):
            found[one.id] = Open(one, due, world.definition(one.type).apply_line)
    return found


def _owned_among(world: NetSuiteWorld, customer: str, among: Iterable[str]) -> list[Record]:
    found = (world.find("transaction", id) for id in among)
    return [one for one in found if one and customer in (one.fields.ref("entity"), one.fields.ref("customer"))]


def documents_asked(record: Record) -> list[str]:
    return [line.ref("doc") for line in record.lines("apply")]


def receivable_of(record: Record) -> str:
    if record.type in ("invoice", "creditMemo"):
        return record.fields.ref("account") or ids.ACCOUNT_RECEIVABLE
    return record.fields.ref("arAcct") or ids.ACCOUNT_RECEIVABLE


def posts(record: Record) -> bool:
    """A transaction that waits for approval, or was rejected, is not in the books."""
    return record.fields.text("approvalStatus") in ("", "2", "11")


def remaining(world: NetSuiteWorld, record: Record, *, but: str = "") -> Decimal:
    """What of the transaction is neither applied to others nor applied to by others."""
    if record.voided:
        return Decimal(0)
    return record.fields.money("total") - world.given(record.id) - world.taken(record.id, but=but)


def applied_amounts(record: Record) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for line in record.lines("apply") if not record.voided else []:
        amounts[line.ref("doc")] = amounts.get(line.ref("doc"), Decimal(0)) + line.money("amount")
    return amounts


def shown_apply(world: NetSuiteWorld, record: Record, party: str, types: Iterable[str]) -> list[Fields]:
    """The apply sublist as a form shows it: everything open, ticked or not."""
    ticked = {line.ref("doc"): line for line in record.lines("apply")}
    openings = open_documents(world, record, party, receivable_of(record), types)
    shown = []
    for id, one in openings.items():
        line = ticked.get(id, Fields(doc=id, line=one.line, apply=False, amount=None))
        shown.append(Fields({**line, **_described(one)}))
    return shown


def _described(one: Open) -> Fields:
    fields = one.record.fields
    return Fields(
        due=one.due, total=fields.money("total"), refNum=fields.text("tranId"), type=one.record.type,
        currency=fields.ref("currency"),
    )  # fmt: skip


def exchange_difference(
    world: NetSuiteWorld, record: Record, receivable: str, party: str, sign: int = 1
) -> list[Posting]:
    """What the rate moved between the applied documents' dates and this one's: a realised gain or loss.

    `sign` is -1 for a document that debits the receivable.
    """
    moved = Decimal(0)
    for target, amount in applied_amounts(record).items():
        applied = world.find("transaction", target)
        if applied is not None:
            moved += sign * (in_base(world, amount, record) - in_base(world, amount, applied))
    if not moved:
        return []
    entity = record.fields.ref(party)
    return [
        Posting(receivable, Decimal(0), moved, entity, "Exchange difference", kind="receivable"),
        Posting(ids.FX_GAIN_LOSS, Decimal(0), -moved, entity, "Exchange difference", kind="fx"),
    ]
