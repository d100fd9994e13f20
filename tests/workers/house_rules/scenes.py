"""For each flow a scene: something to act on. And the books: what both systems hold, without ids and times."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from app.systems.netsuite.client import NetSuiteGateway
from app.systems.stripe.gateway import StripeGateway
from sandbox.netsuite import ids
from tests.workers.flows.stage import BOOKS, Stage
from tests.workers.house_rules import charge_scenes, payout_scenes

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


def disputed_charge(stage: Stage) -> str:
    """A part of one of two payments, in a currency other than Stripe settles in."""
    items = BOOKS["items"] | {"dispute": ids.ITEM_DISPUTE}
    stage.keep_books(items=items, accounts={"undeposited": ids.UNDEPOSITED_FUNDS})
    stage.run("stripe_invoice_paid_to_netsuite_payment", paid_invoice(stage))
    [charge, _] = [one["id"] for one in stage.stripe_state("charge")]
    made: str = stage.stripe_does(f"charges/{charge}/dispute", amount=2500)["id"]
    return made


def disputed_charge_reopening_its_invoice(stage: Stage) -> str:
    stage.choose("stripe_dispute_to_netsuite", receivable="reopen")
    return disputed_charge(stage)


def disputed_cash(stage: Stage) -> str:
    stage.choose("stripe_dispute_to_netsuite", mode="cash")
    return disputed_charge(stage)


def won(scene: Scene) -> Scene:
    """A dispute that is in NetSuite, and was won since."""

    def play(stage: Stage) -> str:
        made = scene(stage)
        stage.run("stripe_dispute_to_netsuite", made)
        stage.pass_time(minutes=1)
        stage.stripe_does(f"disputes/{made}/win")
        return made

    return play


def billed_netsuite_invoice(stage: Stage) -> str:
    made = netsuite_invoice(stage)
    stage.run("netsuite_invoice_to_stripe", made)
    return made


def customer_of(stage: Stage) -> dict[str, str]:
    return {"id": stage.records("invoice")[0]["entity"]}


def changed_netsuite_invoice(stage: Stage) -> str:
    made = billed_netsuite_invoice(stage)
    lines = [{"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": "60", "description": "Advice"}]
    url = f"{stage.sandbox.netsuite_url}/_sandbox/ui/invoice/{made}?replace=item"
    httpx.patch(url, json={"item": {"items": lines}}).raise_for_status()
    return made


def recreated_netsuite_invoice(stage: Stage) -> str:
    stage.choose("netsuite_invoice_update_to_stripe", money_changes="void_and_recreate")
    return changed_netsuite_invoice(stage)


def lowered_netsuite_invoice(stage: Stage) -> str:
    stage.choose("netsuite_invoice_update_to_stripe", money_changes="credit_note")
    return changed_netsuite_invoice(stage)


def due_later(stage: Stage) -> str:
    made = billed_netsuite_invoice(stage)
    stage.saves("invoice", {"dueDate": "2026-10-20"}, made)
    return made


def voided_netsuite_invoice(stage: Stage) -> str:
    made = billed_netsuite_invoice(stage)
    httpx.post(f"{stage.sandbox.netsuite_url}/_sandbox/ui/invoice/{made}/void").raise_for_status()
    return made


def deleted_netsuite_invoice(stage: Stage) -> str:
    made = billed_netsuite_invoice(stage)
    stage.removes("invoice", made)
    return made


def paid_by_check(stage: Stage, amount: str = "70") -> str:
    """The payment; of 70 that were billed."""
    apply = [{"doc": {"id": billed_netsuite_invoice(stage)}, "apply": True, "amount": amount}]
    body = {"customer": customer_of(stage), "payment": amount, "apply": {"items": apply}}
    made: str = stage.saves("customerPayment", body)["id"]
    return made


def paid_in_part_by_check(stage: Stage) -> str:
    return paid_by_check(stage, "30")


def credited(stage: Stage, amount: str = "30", item: str = ids.ITEM_CONSULTING) -> str:
    """The credit memo."""
    apply = [{"doc": {"id": billed_netsuite_invoice(stage)}, "apply": True, "amount": amount}]
    lines = [{"item": {"id": item}, "quantity": 1, "rate": amount}]
    body = {"entity": customer_of(stage), "item": {"items": lines}, "apply": {"items": apply}, "autoApply": False}
    made: str = stage.saves("creditMemo", body)["id"]
    return made


def written_off(stage: Stage) -> str:
    return credited(stage, "70", ids.ITEM_BAD_DEBT)


def refunded_invoice(stage: Stage) -> str:
    """In part, with its charge in NetSuite, and the ids written back."""
    stage.keep_books(accounts={"undeposited": ids.UNDEPOSITED_FUNDS})
    stage.choose("stripe_refund_to_netsuite", write_back=True)
    made = stripe_invoice(stage)
    stage.run("stripe_invoice_to_netsuite_realtime", made)
    stage.stripe_does(f"invoices/{made}/pay")
    stage.run("stripe_invoice_paid_to_netsuite_payment", made)
    refund: str = stage.stripe.v1.refunds.create({"charge": stage.stripe_state("charge")[0]["id"], "amount": 3333}).id
    return refund


def rule(record_type: str, field: str, **how: Any) -> dict[str, Any]:
    return {"name": f"{record_type} {field}", "record_type": record_type, "field": field, **how}


FIELD_RULES = [
    *(
        rule(kind, "item.department", value=ids.DEPARTMENT_SALES, type="id", lines="line.amount > 0")
        for kind in ("invoice", "creditMemo")
    ),
    *(
        rule(kind, "memo", do="override", expression="record.memo ~ ' by ' ~ account")
        for kind in ("invoice", "customerPayment", "creditMemo", "customerRefund")
    ),
]
"""Of a record's own field, and of some of its lines."""


def paid_invoice_under_rules(stage: Stage) -> str:
    stage.decide(field_rules=FIELD_RULES)
    return paid_invoice(stage)


def refund_under_rules(stage: Stage) -> str:
    stage.decide(field_rules=FIELD_RULES)
    return refunded_invoice(stage)


def failed_refund(stage: Stage) -> str:
    """Of a refund that is in NetSuite."""
    refund = refunded_invoice(stage)
    stage.run("stripe_refund_to_netsuite", refund)
    stage.stripe_does(f"refunds/{refund}/fail")
    return refund


def refunded_again(stage: Stage) -> str:
    """What a refund that failed should have given back; its memo is still open."""
    stage.run("stripe_refund_to_netsuite", failed_refund(stage))
    again: str = stage.stripe.v1.refunds.create({"charge": stage.stripe_state("charge")[0]["id"], "amount": 3333}).id
    return again


def refund_noted_later(stage: Stage) -> str:
    """A credit note speaks for a refund that is in NetSuite, with a memo of its own."""
    refund = refunded_invoice(stage)
    stage.run("stripe_refund_to_netsuite", refund)
    invoice = stage.stripe_state("invoice")[0]["id"]
    asked = {"invoice": invoice, "amount": 3333, "refunds": [{"refund": refund}]}
    note: str = stage.stripe.v1.credit_notes.create(asked).id
    return note


def mixed_credit_note(stage: Stage) -> str:
    """Lowers what is due, refunds a part and credits the balance with another."""
    stage.keep_books(accounts={"undeposited": ids.UNDEPOSITED_FUNDS})
    stage.choose("stripe_credit_note_to_netsuite", write_back=True)
    made = stripe_invoice(stage)
    stage.run("stripe_invoice_to_netsuite_realtime", made)
    stage.stripe_does(f"invoices/{made}/pay", amount=4000)
    stage.run("stripe_invoice_paid_to_netsuite_payment", made)
    line = stage.stripe_state("line_item")[0]["id"]
    note: str = stage.stripe.v1.credit_notes.create(
        {
            "invoice": made,
            "lines": [{"type": "invoice_line_item", "invoice_line_item": line, "amount": 8000}],
            "refund_amount": 940,
            "credit_amount": 1200,
        }
    ).id
    return note


def voided_credit_note(stage: Stage) -> str:
    made = stripe_invoice(stage)
    stage.run("stripe_invoice_to_netsuite_realtime", made)
    note: str = stage.stripe.v1.credit_notes.create({"invoice": made, "amount": 300}).id
    stage.run("stripe_credit_note_to_netsuite", note)
    stage.stripe.v1.credit_notes.void_credit_note(note)
    return note


def stripe_customer_in_netsuite(stage: Stage) -> str:
    made = stripe_customer(stage)
    stage.run("stripe_customer_to_netsuite", made)
    return made


def imported(stage: Stage) -> str:
    """A Stripe invoice that is open in NetSuite too."""
    made = stripe_invoice(stage)
    stage.run("stripe_invoice_to_netsuite_realtime", made)
    return made


def uncollectible_invoice(stage: Stage) -> str:
    """Paid in part."""
    made = imported(stage)
    stage.stripe_does(f"invoices/{made}/pay", amount=4000)
    stage.stripe.v1.invoices.mark_uncollectible(made)
    return made


def paid_after_all(stage: Stage) -> str:
    """An invoice that was written off before."""
    made = uncollectible_invoice(stage)
    stage.run("open_invoice_status_from_stripe", made)
    stage.pass_time(minutes=1)
    stage.stripe_does(f"invoices/{made}/pay")
    return made


def voided_stripe_invoice(stage: Stage) -> str:
    made = imported(stage)
    stage.stripe.v1.invoices.void_invoice(made)
    return made


def void_to_be_credited(stage: Stage) -> str:
    stage.choose("open_invoice_status_from_stripe", void="credit_memo")
    return voided_stripe_invoice(stage)


def open_netsuite_invoice(stage: Stage) -> str:
    imported(stage)
    made: str = stage.records("invoice")[0]["id"]
    return made


def invoice_of_the_same_number(stage: Stage) -> str:
    """In both systems, by another integration."""
    who = stripe_customer_in_netsuite(stage)
    bill = stage.stripe.v1.invoices.create({"customer": who, "auto_advance": False}).id
    stage.stripe.v1.invoices.add_lines(bill, {"lines": [{"amount": 7000, "description": "Advice"}]})
    number = stage.stripe.v1.invoices.finalize_invoice(bill).number
    lines = [{"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": "70", "description": "Advice"}]
    body = {"entity": {"id": stage.records("customer")[0]["id"]}, "item": {"items": lines}, "tranId": number}
    made: str = stage.saves("invoice", body)["id"]
    return made


def shown_everywhere(stage: Stage) -> str:
    target = ["invoice_field", "customer_field", "custom_record"]
    stage.choose("hosted_invoice_url_to_netsuite", target=target)
    return imported(stage)


def shown_and_paid(stage: Stage) -> str:
    made = shown_everywhere(stage)
    stage.run("hosted_invoice_url_to_netsuite", made)
    stage.stripe_does(f"invoices/{made}/pay")
    return made


SCENES: dict[str, tuple[str, Scene]] = {
    "portal_url_to_netsuite_customer": ("portal_url_to_netsuite_customer", stripe_customer_in_netsuite),
    "open_invoice_status_from_stripe, paid": ("open_invoice_status_from_stripe", paid_invoice),
    "open_invoice_status_from_stripe, uncollectible": ("open_invoice_status_from_stripe", uncollectible_invoice),
    "open_invoice_status_from_stripe, paid after all": ("open_invoice_status_from_stripe", paid_after_all),
    "open_invoice_status_from_stripe, void": ("open_invoice_status_from_stripe", voided_stripe_invoice),
    "open_invoice_status_from_stripe, credited": ("open_invoice_status_from_stripe", void_to_be_credited),
    "open_invoice_details_from_stripe": ("open_invoice_details_from_stripe", open_netsuite_invoice),
    "open_invoice_details_from_stripe, linked": ("open_invoice_details_from_stripe", invoice_of_the_same_number),
    "hosted_invoice_url_to_netsuite": ("hosted_invoice_url_to_netsuite", imported),
    "hosted_invoice_url_to_netsuite, everywhere": ("hosted_invoice_url_to_netsuite", shown_everywhere),
    "hosted_invoice_url_to_netsuite, paid": ("hosted_invoice_url_to_netsuite", shown_and_paid),
    **charge_scenes.SCENES,
    **payout_scenes.SCENES,
    "stripe_refund_to_netsuite": ("stripe_refund_to_netsuite", refunded_invoice),
    "stripe_refund_to_netsuite, failed": ("stripe_refund_to_netsuite", failed_refund),
    "stripe_refund_to_netsuite, under field rules": ("stripe_refund_to_netsuite", refund_under_rules),
    "stripe_refund_to_netsuite, again": ("stripe_refund_to_netsuite", refunded_again),
    "stripe_credit_note_to_netsuite": ("stripe_credit_note_to_netsuite", mixed_credit_note),
    "stripe_credit_note_to_netsuite, of a refund": ("stripe_credit_note_to_netsuite", refund_noted_later),
    "stripe_credit_note_to_netsuite, void": ("stripe_credit_note_to_netsuite", voided_credit_note),
    "netsuite_customer_to_stripe": ("netsuite_customer_to_stripe", netsuite_customer),
    "netsuite_customer_to_stripe, changed": ("netsuite_customer_to_stripe", changed_netsuite_customer),
    "stripe_customer_to_netsuite": ("stripe_customer_to_netsuite", stripe_customer),
    "stripe_customer_to_netsuite, matched": ("stripe_customer_to_netsuite", matched_stripe_customer),
    "stripe_customer_to_netsuite, changed": ("stripe_customer_to_netsuite", changed_stripe_customer),
    "netsuite_invoice_to_stripe": ("netsuite_invoice_to_stripe", netsuite_invoice),
    "netsuite_invoice_update_to_stripe": ("netsuite_invoice_update_to_stripe", changed_netsuite_invoice),
    "netsuite_invoice_update_to_stripe, anew": ("netsuite_invoice_update_to_stripe", recreated_netsuite_invoice),
    "netsuite_invoice_update_to_stripe, credited": ("netsuite_invoice_update_to_stripe", lowered_netsuite_invoice),
    "netsuite_invoice_update_to_stripe, due later": ("netsuite_invoice_update_to_stripe", due_later),
    "netsuite_invoice_void_to_stripe": ("netsuite_invoice_void_to_stripe", voided_netsuite_invoice),
    "netsuite_invoice_void_to_stripe, deleted": ("netsuite_invoice_void_to_stripe", deleted_netsuite_invoice),
    "netsuite_invoice_status_to_stripe": ("netsuite_invoice_status_to_stripe", paid_by_check),
    "netsuite_invoice_status_to_stripe, in part": ("netsuite_invoice_status_to_stripe", paid_in_part_by_check),
    "netsuite_invoice_status_to_stripe, credited": ("netsuite_invoice_status_to_stripe", credited),
    "netsuite_invoice_status_to_stripe, written off": ("netsuite_invoice_status_to_stripe", written_off),
    "stripe_invoice_to_netsuite": ("stripe_invoice_to_netsuite", stripe_invoice),
    "stripe_invoice_to_netsuite_realtime": ("stripe_invoice_to_netsuite_realtime", stripe_invoice),
    "stripe_invoice_paid_to_netsuite_payment": ("stripe_invoice_paid_to_netsuite_payment", paid_invoice),
    "stripe_invoice_paid_to_netsuite_payment, under field rules": (
        "stripe_invoice_paid_to_netsuite_payment",
        paid_invoice_under_rules,
    ),
    "stripe_dispute_to_netsuite": ("stripe_dispute_to_netsuite", disputed_charge),
    "stripe_dispute_to_netsuite, reopening": ("stripe_dispute_to_netsuite", disputed_charge_reopening_its_invoice),
    "stripe_dispute_to_netsuite, in cash": ("stripe_dispute_to_netsuite", disputed_cash),
    "stripe_dispute_reversal_to_netsuite": ("stripe_dispute_reversal_to_netsuite", won(disputed_charge)),
    "stripe_dispute_reversal_to_netsuite, reopened": (
        "stripe_dispute_reversal_to_netsuite",
        won(disputed_charge_reopening_its_invoice),
    ),
    "stripe_dispute_reversal_to_netsuite, in cash": ("stripe_dispute_reversal_to_netsuite", won(disputed_cash)),
}

# the books -----------------------------------------------------------------------------------------------------

STRIPE_KINDS = ("customer", "invoice", "charge", "dispute", "payment_record", "credit_note", "refund", "payout")
NETSUITE_TYPES = (
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
    "customrecord_tieout_invoice_link",
)
STRIPE_ID = re.compile(
    r"\b(cus|in|il|ii|ch|pi|inpay|price|prod|txr|txn|di|py|acct|pm|coupon|tr|re|du|pr|par|cn|cnli|pyr|cbtxn|po|ba)"
    r"_[A-Za-z0-9]+"
)
URL = re.compile(r"https?://\S+")
PASSING = {
    "created",
    "createdDate",
    "dateCreated",
    "lastModifiedDate",
    "effective_at",
    "finalized_at",
    "marked_uncollectible_at",
    "voided_at",
    "paid_at",
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
        "void_invoice",
        "mark_invoice_uncollectible",
        "pay_invoice_out_of_band",
        "revise_invoice",
        "create_credit_note",
        "report_payment",
        "attach_payment",
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
        for kind, methods in (*WRITES.items(), (links, ("save", "add_facts", "retire"))):
            for method in methods:
                patched.setattr(kind, method, _noted(getattr(kind, method), death))
        yield


def _noted(method: Callable[..., Any], death: Death) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        answer = method(*given, **named)
        death.note()
        return answer

    return call
