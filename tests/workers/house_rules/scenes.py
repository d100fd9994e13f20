"""For each flow a scene: something to act on. And the books: what both systems hold, without ids and times."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from app.systems.netsuite.client import NetSuiteGateway
from app.systems.stripe.gateway import StripeGateway
from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage

Scene = Callable[[Stage], str]
"""Sets the scene with what the flow depends on already in place, and gives the subject."""


class Killed(BaseException):
    """The process dies here: nothing catches it."""


def stripe_customer(stage: Stage) -> str:
    address = {"line1": "1 Main St", "city": "Boston", "country": "US"}
    made: str = stage.stripe.v1.customers.create(
        {"name": "Ada Works", "email": "ada@example.com", "address": address}
    ).id
    return made


def matched_stripe_customer(stage: Stage) -> str:
    """NetSuite has one with the same e-mail."""
    netsuite_customer(stage)
    made: str = stage.stripe.v1.customers.create({"email": "grace@example.com", "phone": "+1 555 0100"}).id
    return made


def changed_stripe_customer(stage: Stage) -> str:
    made = stripe_customer(stage)
    stage.run("stripe_customer_to_netsuite", made)
    stage.stripe.v1.customers.update(made, {"phone": "+1 555 0100", "address": {"line1": "2 Main St"}})
    return made


def netsuite_customer(stage: Stage) -> str:
    body = {"companyName": "Grace Works", "email": "grace@example.com", "subsidiary": {"id": ids.SUBSIDIARY_US}}
    made: str = stage.saves("customer", body)["id"]
    return made


def changed_netsuite_customer(stage: Stage) -> str:
    made = netsuite_customer(stage)
    stage.run("netsuite_customer_to_stripe", made)
    stage.saves("customer", {"phone": "+1 555 0100"}, made)
    return made


def netsuite_invoice(stage: Stage) -> str:
    who = netsuite_customer(stage)
    stage.run("netsuite_customer_to_stripe", who)
    lines = [
        {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 2, "rate": "40", "description": "Advice"},
        {"item": {"id": ids.ITEM_DISCOUNT}, "amount": "-10", "description": "Loyalty"},
    ]
    made: str = stage.saves("invoice", {"entity": {"id": who}, "item": {"items": lines}, "dueDate": "2026-09-20"})["id"]
    return made


def stripe_invoice(stage: Stage) -> str:
    """Finalized, with tax, a discount and a balance that pays a part; in a currency the customer has not yet."""
    who = stripe_customer(stage)
    stage.run("stripe_customer_to_netsuite", who)
    return finalized(stage, who, balance=-300)


def finalized(stage: Stage, who: str, *, balance: int = 0) -> str:
    v1 = stage.stripe.v1
    if balance:
        v1.customers.update(who, {"balance": balance})
    rate = v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    coupon = v1.coupons.create({"percent_off": 10, "duration": "once"}).id
    made: str = v1.invoices.create(
        {
            "customer": who,
            "currency": "eur",
            "auto_advance": False,
            "default_tax_rates": [rate],
            "discounts": [{"coupon": coupon}],
        }
    ).id
    v1.invoices.add_lines(made, {"lines": [{"amount": 10000, "description": "Licence"}]})
    v1.invoices.finalize_invoice(made)
    return made


def paid_invoice(stage: Stage) -> str:
    """In two payments."""
    made = stripe_invoice(stage)
    stage.run("stripe_invoice_to_netsuite_realtime", made)
    stage.stripe_does(f"invoices/{made}/pay", amount=4000)
    stage.pass_time(minutes=1)
    stage.stripe_does(f"invoices/{made}/pay")
    return made


SCENES: dict[str, tuple[str, Scene]] = {
    "netsuite_customer_to_stripe": ("netsuite_customer_to_stripe", netsuite_customer),
    "netsuite_customer_to_stripe, changed": ("netsuite_customer_to_stripe", changed_netsuite_customer),
    "stripe_customer_to_netsuite": ("stripe_customer_to_netsuite", stripe_customer),
    "stripe_customer_to_netsuite, matched": ("stripe_customer_to_netsuite", matched_stripe_customer),
    "stripe_customer_to_netsuite, changed": ("stripe_customer_to_netsuite", changed_stripe_customer),
    "netsuite_invoice_to_stripe": ("netsuite_invoice_to_stripe", netsuite_invoice),
    "stripe_invoice_to_netsuite": ("stripe_invoice_to_netsuite", stripe_invoice),
    "stripe_invoice_to_netsuite_realtime": ("stripe_invoice_to_netsuite_realtime", stripe_invoice),
    "stripe_invoice_paid_to_netsuite_payment": ("stripe_invoice_paid_to_netsuite_payment", paid_invoice),
}

# the books -----------------------------------------------------------------------------------------------------

STRIPE_KINDS = ("customer", "invoice", "charge")
NETSUITE_TYPES = ("customer", "invoice", "creditMemo", "customerPayment")
STRIPE_ID = re.compile(r"\b(cus|in|il|ii|ch|pi|inpay|price|prod|txr|txn|di|py|acct|pm|coupon|tr|re)_[A-Za-z0-9]+")
URL = re.compile(r"https?://\S+")
PASSING = {
    "created",
    "createdDate",
    "dateCreated",
    "lastModifiedDate",
    "effective_at",
    "finalized_at",
    "webhooks_delivered_at",
    "period_start",
    "period_end",
    "start",
    "end",
    "invoice_prefix",
    "number",
    "tranId",
    "custbody_tieout_stripe_status",
}
"""What tells of the moment of a write, or is drawn by lot."""


def books(stage: Stage) -> dict[str, Any]:
    """Ids become the order in which they appear, so that two plays of one scene can be compared."""
    names: dict[str, str] = {}
    stripe = {kind: stage.stripe_state(kind) for kind in STRIPE_KINDS}
    netsuite = {kind: stage.records(kind) for kind in NETSUITE_TYPES}
    return dict(_flat(_named({"stripe": stripe, "netsuite": netsuite}, names)))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """One entry for each value, so that a difference is seen at once."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _flat(item, f"{path}[{number}]")
    else:
        yield path, value


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _named(item, names) for key, item in value.items() if key not in PASSING}
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if not isinstance(value, str):
        return value
    plain = URL.sub("a link", value)
    plain = STRIPE_ID.sub(lambda hit: names.setdefault(hit[0], f"{hit[1]} {len(names)}"), plain)
    return re.sub(r"\b[A-Z0-9]{8}-\d{4}\b", "a number", plain)


# dying ---------------------------------------------------------------------------------------------------------

WRITES = {
    StripeGateway: (
        "create_customer",
        "update_customer",
        "create_invoice",
        "add_invoice_lines",
        "update_invoice",
        "finalize_invoice",
        "send_invoice",
        "delete_draft_invoice",
        "update_metadata",
    ),
    NetSuiteGateway: ("upsert", "patch", "transform", "delete", "void"),
}


class Death:
    """Counts what is written, and dies right after the write number `after`: it has happened, its answer is lost."""

    def __init__(self, after: int | None = None) -> None:
        self.after = after
        self.writes = 0

    def note(self) -> None:
        self.writes += 1
        if self.writes == self.after:
            raise Killed


@contextmanager
def dying(monkeypatch: Any, death: Death, links: type) -> Iterator[None]:
    """Every write of both systems and of the links goes by `death`."""
    with monkeypatch.context() as patched:
        for kind, methods in (*WRITES.items(), (links, ("save", "retire"))):
            for method in methods:
                patched.setattr(kind, method, _noted(getattr(kind, method), death))
        yield


def _noted(method: Callable[..., Any], death: Death) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        answer = method(*given, **named)
        death.note()
        return answer

    return call
