"""Lists to choose from, as a form shows them when it opens: open documents, open deposits, payments not deposited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.netsuite.definitions import Record
from sandbox.netsuite.fields import Fields
from sandbox.netsuite.records.applying import remaining
from sandbox.netsuite.records.bank import IN, OUT
from sandbox.netsuite.records.customer_payment import deposited_status

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


def of(world: NetSuiteWorld, record: Record, sublist: str) -> list[Fields]:
    """Everything that could be ticked, and what is."""
    return {"payment": _waiting_payments, "deposit": _open_deposits}.get(sublist, _open_documents)(world, record)


def _open_documents(world: NetSuiteWorld, record: Record) -> list[Fields]:
    lines = world.definition(record.type).behaviour.listed(world, record, "apply")
    return [
        Fields({**line, "internalId": line.get("doc"), "tranType": _code(world, line.ref("doc"))}) for line in lines
    ]


def _code(world: NetSuiteWorld, id: str) -> str:
    found = world.find("transaction", id)
    return world.definition(found.type).code if found else ""


def _open_deposits(world: NetSuiteWorld, record: Record) -> list[Fields]:
    chosen = {line.ref("doc"): line for line in record.lines("deposit")}
    party = record.fields.ref("customer")
    found = [one for one in world.owned_by(party) if one.type == "customerDeposit"]
    same = [one for one in found if one.fields.ref("currency") == record.fields.ref("currency")]
    open_ones = [one for one in same if one.id in chosen or remaining(world, one) > 0]
    return [
        Fields({"doc": one.id, "apply": False, **chosen.get(one.id, {}), "internalId": one.id, "line": 0})
        for one in open_ones
    ]


def _waiting_payments(world: NetSuiteWorld, record: Record) -> list[Fields]:
    chosen = {line.ref("id"): line for line in record.lines("payment")}
    among = (one for type in (*IN, *OUT) for one in world.all(type))
    waiting = [one for one in among if one.id in chosen or (not one.voided and deposited_status(world, one) == "B")]
    return [
        Fields({**_waiting(one), **chosen.get(one.id, {}), "deposit": one.id in chosen})
        for one in sorted(waiting, key=lambda each: int(each.id))
    ]


def _waiting(one: Record) -> Fields:
    sign = -1 if one.type in OUT else 1
    amount = sign * one.fields.money("total")
    return Fields(id=one.id, paymentAmount=amount, refNum=one.fields.text("tranId"), type=one.type.lower())
