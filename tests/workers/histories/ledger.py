"""NetSuite's books under names that do not depend on the order in which things were written."""

import re
from typing import Any

from tests.workers.flows.stage import Stage
from tests.workers.house_rules.scenes import PASSING, URL

TYPES = (
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
DRAWN = PASSING | {"transactionNumber", "documentNumber", "refNum", "entityId"}
"""Numbers that NetSuite gives out in the order of its records; a document is named by its key beside its number."""
FIRST_HEARD = {"customer": {"currency"}}
"""A customer's first currency is the one that Stripe knew of when the customer was made; the others are added."""
BY_LOT = {r"\b[A-Z0-9]{8}-\d{4}\b": "a number", r"bank reference \w+": "bank reference"}
OWN = re.compile(r"\b[a-z]+_[A-Za-z0-9]{8,}")


def ledger(stage: Stage) -> dict[str, Any]:
    """By type and external id; Stripe's ids become the order in which Stripe made the objects."""
    stripe = _stripe_names(stage)
    records = [(kind, record) for kind in TYPES for record in stage.records(kind)]
    netsuite = {record["id"]: _renamed(_key(kind, record), stripe) for kind, record in records}
    return {netsuite[record["id"]]: _plain(_settled(kind, record), stripe, netsuite) for kind, record in records}


def _settled(kind: str, record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in FIRST_HEARD.get(kind, ())}


def _key(kind: str, record: dict[str, Any]) -> str:
    return f"{kind} {record.get('externalId') or record['id']}"


def _stripe_names(stage: Stage) -> dict[str, str]:
    kinds = stage.sandbox.stripe.account.objects
    return {id: f"{kind} {number}" for kind, objects in kinds.items() for number, id in enumerate(objects)}


def _plain(value: Any, stripe: dict[str, str], netsuite: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item, stripe, netsuite) for key, item in value.items() if key not in DRAWN}
    if isinstance(value, list):
        shown = [_plain(item, stripe, netsuite) for item in value]
        return sorted(shown, key=str) if any(isinstance(item, dict) for item in shown) else shown
    if isinstance(value, str):
        return netsuite.get(value) or _renamed(URL.sub("a link", value), stripe)
    return value


def _renamed(text: str, stripe: dict[str, str]) -> str:
    for drawn, shown in BY_LOT.items():
        text = re.sub(drawn, shown, text)
    return OWN.sub(lambda hit: stripe.get(hit[0], hit[0]), text)
