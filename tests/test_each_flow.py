"""Each flow by itself, as a user has it: all others are switched off, and only the ids that are given enter.

A case makes its source object as a person, a bank or a customer would, yields its id, and then says what the other
system must hold. What a flow depends on is made by the flows that make it, although they are off.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
import yaml
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.inbox import Event
from app.core.runs import Run
from app.core.tables import Cursor
from sandbox.netsuite import ids
from tests.stack import Stack, until, whole_stack
from tests.tieout_cli import Cli, cli
from tests.workers.flows.stage import picked, trimmed
from workers.flows import CATALOGUE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

BOOKS = {
    "subsidiary": ids.SUBSIDIARY_US,
    "time_zone": "America/New_York",
    "accounts": {
        "receivable": {"*": ids.ACCOUNT_RECEIVABLE},
        "undeposited": ids.UNDEPOSITED_FUNDS,
        "bank": dict(ids.BANK),
        "fees": {"*": ids.STRIPE_FEES},
        "exchange": {"*": ids.FX_GAIN_LOSS},
    },
    "items": {
        "default": ids.ITEM_STRIPE,
        "discount": ids.ITEM_DISCOUNT,
        "tax": ids.ITEM_TAX,
        "shipping": ids.ITEM_SHIPPING,
        "dispute": ids.ITEM_DISPUTE,
        "bad_debt": ids.ITEM_BAD_DEBT,
    },
}
STRIPE_KINDS = ("customer", "invoice", "charge", "refund", "credit_note", "payment_record", "payout", "dispute")
CUSTOMER, REALTIME = "stripe_customer_to_netsuite", "stripe_invoice_to_netsuite_realtime"
BILL = "netsuite_invoice_to_stripe"


class World:
    """Both systems as their users see them, and the `tieout` command."""

    def __init__(self, stack: Stack, tieout: Cli, folder: Path) -> None:
        self.stack, self.tieout, self.folder = stack, tieout, folder
        self.people = 0

    # Tieout --------------------------------------------------------------------------------------------------

    def only(self, flow: str, **options: Any) -> None:
        """This flow is on, with these options, and no other."""
        flows: dict[str, Any] = {key: {"enabled": key == flow} for key in CATALOGUE}
        flows[flow]["options"] = options
        file = self.folder / "choices.yaml"
        file.write_text(yaml.safe_dump({"books": {"main": BOOKS}, "flows": flows}))
        told = self.tieout("config", "apply", str(file), "--note", f"{flow} alone", "--yes")
        assert told.code == 0, told.err

    def run(self, flow: str, subject: str) -> dict[str, Any]:
        told = self.tieout("run", flow, subject, "--json")
        [ended] = told.json
        assert (told.code, ended["state"]) in ((0, "succeeded"), (0, "skipped")), ended
        found: dict[str, Any] = ended
        return found

    def waits_for(self, maker: str, subject: str, flow: str) -> None:
        """`flow` does not want the object for itself alone: it leaves it where the flow that makes it is off."""
        assert "switched off" in self.run(flow, subject)["summary"]
        self.run(maker, subject)

    def settle(self) -> None:
        """Until all that was told by webhook is done with."""
        try:
            until(self._is_settled, "everything is done with", seconds=90)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self._open()}") from None

    def _is_settled(self) -> bool:
        """Stripe tells again at once what was not taken the first time."""
        self.post(f"{self.stack.sandbox.stripe_url}/_sandbox/webhooks/retry")
        return not self._open()

    def _open(self) -> list[object]:
        """What was told or begun, and is not done with."""
        sandbox = self.stack.sandbox
        untold = [
            self.get(f"{sandbox.stripe_url}/_sandbox/webhooks")["pending"],
            self.get(f"{sandbox.netsuite_url}/_sandbox/callbacks")["waiting"],
        ]
        with self.stack.database.session_scope() as session:
            events = session.scalars(select(Event.type).where(Event.dispatched_at.is_(None)))
            at_work = select(Run.flow, Run.subject, Run.state, Run.summary, Run.error_code)
            runs = session.execute(at_work.where(Run.state.in_(("queued", "running", "retrying"))))
            return [*filter(None, untold), *events, *(tuple(run) for run in runs)]

    def triggered(self) -> set[str]:
        """The flows that an event or a sweep has set to work; each case's run ids follow on the last one's."""
        with self.stack.database.session_scope() as session:
            return set(session.scalars(select(Run.flow).where(Run.cause.in_(("event", "sweep")), Run.id > self.last)))

    def begin(self) -> None:
        with self.stack.database.session_scope() as session:
            self.last = session.scalar(select(func.max(Run.id))) or 0

    # both systems --------------------------------------------------------------------------------------------

    def get(self, url: str, **query: str) -> Any:
        return httpx.get(url, params=query).raise_for_status().json()

    def post(self, url: str, **given: Any) -> Any:
        answer = httpx.post(url, json=given)
        assert answer.is_success, answer.text
        return answer.json()

    def books(self) -> dict[str, list[Any]]:
        """All that both systems hold."""
        sandbox = self.stack.sandbox
        in_stripe = self.get(f"{sandbox.stripe_url}/_sandbox/state")
        in_netsuite: dict[str, list[Any]] = self.get(f"{sandbox.netsuite_url}/_sandbox/state")
        return {kind: in_stripe.get(kind, []) for kind in STRIPE_KINDS} | in_netsuite

    # Stripe --------------------------------------------------------------------------------------------------

    @property
    def stripe(self) -> Any:
        key = self.stack.sandbox.credentials.stripe_api_key
        return stripe.StripeClient(key, base_addresses={"api": self.stack.sandbox.stripe_url}).v1

    def happens(self, path: str, **given: Any) -> Any:
        """What a customer or a bank does."""
        return self.post(f"{self.stack.sandbox.stripe_url}/_sandbox/{path}", **given)

    def somebody(self) -> str:
        """A Stripe customer nobody has heard of."""
        self.people += 1
        name = f"Customer {self.people}"
        made: str = self.stripe.customers.create({"name": name, "email": f"customer{self.people}@example.com"}).id
        return made

    def invoice(self, amount: int = 12_000, **given: Any) -> str:
        """A finalized one, with 20 % tax in its amount."""
        rate = self.stripe.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": True}).id
        asked = {"customer": self.somebody(), "auto_advance": False, "default_tax_rates": [rate]}
        made: str = self.stripe.invoices.create(asked | given).id
        self.stripe.invoices.add_lines(made, {"lines": [{"amount": amount, "description": "Licence"}]})
        self.stripe.invoices.finalize_invoice(made)
        return made

    def paid(self, invoice: str) -> str:
        """The customer pays; the charge."""
        self.happens(f"invoices/{invoice}/pay")
        [payment] = self.stripe.invoice_payments.list({"invoice": invoice}).data
        made: str = self.stripe.payment_intents.retrieve(payment.payment.payment_intent).latest_charge
        return made

    # NetSuite ------------------------------------------------------------------------------------------------

    def saves(self, record_type: str, body: Mapping[str, Any]) -> str:
        """A person's save in NetSuite's UI; the internal id."""
        made: str = self.post(f"{self.stack.sandbox.netsuite_url}/_sandbox/ui/{record_type}", **body)["id"]
        return made

    def bill(self) -> str:
        """A person's NetSuite invoice over 70, to a customer of their own."""
        self.people += 1
        name, email = f"Customer {self.people}", f"customer{self.people}@example.com"
        who = self.saves("customer", {"companyName": name, "email": email, "subsidiary": {"id": ids.SUBSIDIARY_US}})
        return self.saves("invoice", {"entity": {"id": who}, "item": {"items": LINES}})

    def record(self, record_type: str, key: str) -> dict[str, Any]:
        """By internal id, or by external id as `eid:...`."""
        url = f"{self.stack.sandbox.netsuite_url}/_sandbox/ui/{record_type}/{key}"
        found: dict[str, Any] = trimmed(self.get(url))
        return found

    def ours(self, record_type: str, role: str, stripe_id: str, *names: str) -> dict[str, Any]:
        return picked(self.record(record_type, f"eid:stripe-{role}-{stripe_id}"), *names)

    def in_stripe(self, netsuite_invoice: str) -> Any:
        """The Stripe invoice that the NetSuite invoice names."""
        return self.stripe.invoices.retrieve(self.record("invoice", netsuite_invoice)["custbody_tieout_stripe_id"])


LINES = [
    {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 2, "rate": "40", "description": "Advice"},
    {"item": {"id": ids.ITEM_DISCOUNT}, "amount": "-10", "description": "Loyalty"},
]


def applied(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(line["doc"], line["amount"]) for line in record["apply"] if line.get("apply")]


# the flows, one by one -----------------------------------------------------------------------------------------

Case = Callable[[World], Iterator[str]]
CASES: dict[str, Case] = {}
OPTIONS: dict[str, dict[str, Any]] = {}


def case(**options: Any) -> Callable[[Case], Case]:
    """Decorator: how the flow called like the function is played, with these options."""

    def note(play: Case) -> Case:
        CASES[play.__name__], OPTIONS[play.__name__] = play, options
        return play

    return note


@case()
def netsuite_customer_to_stripe(at: World) -> Iterator[str]:
    body = {"companyName": "Grace Works", "email": "grace@example.com", "phone": "+1 555 0100"}
    made = at.saves("customer", body | {"subsidiary": {"id": ids.SUBSIDIARY_US}})
    yield made
    [found] = at.stripe.customers.list({"email": "grace@example.com"}).data
    assert picked(found.to_dict(), "name", "phone", "metadata") == {
        "name": "Grace Works",
        "phone": "+1 555 0100",
        "metadata": {"netsuite_customer_id": made},
    }
    assert at.record("customer", made)["custentity_tieout_stripe_id"] == found.id


@case()
def stripe_customer_to_netsuite(at: World) -> Iterator[str]:
    address = {"line1": "1 Main St", "city": "Boston", "state": "MA", "postal_code": "02101", "country": "US"}
    made = at.stripe.customers.create({"name": "Ada Works", "email": "ada@example.com", "address": address}).id
    yield made
    names = ("companyName", "email", "subsidiary", "custentity_tieout_stripe_id")
    assert at.ours("customer", "cust", made, *names) == {
        "companyName": "Ada Works",
        "email": "ada@example.com",
        "subsidiary": ids.SUBSIDIARY_US,
        "custentity_tieout_stripe_id": made,
    }


@case()
def portal_url_to_netsuite_customer(at: World) -> Iterator[str]:
    made = at.somebody()
    at.waits_for(CUSTOMER, made, "portal_url_to_netsuite_customer")
    yield made
    link = at.ours("customer", "cust", made, "custentity_tieout_portal_url")["custentity_tieout_portal_url"]
    visit = httpx.get(link)
    assert (link.startswith(f"{at.stack.url}/portal/"), visit.status_code) == (True, 302)
    assert visit.headers["location"].startswith(f"{at.stack.sandbox.stripe_url}/p/session/")


@case()
def netsuite_invoice_to_stripe(at: World) -> Iterator[str]:
    made = at.bill()
    yield made
    found = at.in_stripe(made)
    assert picked(found.to_dict(), "status", "currency", "total", "amount_remaining") == {
        "status": "open",
        "currency": "usd",
        "total": 7000,
        "amount_remaining": 7000,
    }
    assert [(line.description, line.amount) for line in found.lines.data] == [
        ("Advice (2 × 40)", 8000),
        ("Loyalty", -1000),
    ]
    assert at.stripe.customers.retrieve(found.customer).metadata.to_dict().keys() == {"netsuite_customer_id"}


@case()
def netsuite_invoice_update_to_stripe(at: World) -> Iterator[str]:
    made = at.bill()
    at.run(BILL, made)
    before = at.in_stripe(made)
    lines = {"item": {"items": [{"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": "60"}]}}
    url = f"{at.stack.sandbox.netsuite_url}/_sandbox/ui/invoice/{made}?replace=item"
    httpx.patch(url, json=lines).raise_for_status()
    yield made
    after = at.in_stripe(made)
    assert (after.status, after.total, after.customer) == ("open", 6000, before.customer)
    assert at.stripe.invoices.retrieve(before.id).status == "void"


@case()
def netsuite_invoice_void_to_stripe(at: World) -> Iterator[str]:
    made = at.bill()
    at.run(BILL, made)
    at.post(f"{at.stack.sandbox.netsuite_url}/_sandbox/ui/invoice/{made}/void")
    yield made
    found = at.in_stripe(made)
    assert (found.status, found.total) == ("void", 7000)


@case()
def stripe_charge_to_netsuite_invoice(at: World) -> Iterator[str]:
    made = at.happens("charges", amount=5000, customer=at.somebody(), description="Workshop")["id"]
    yield made
    invoice = at.record("invoice", f"eid:stripe-inv-{made}")
    assert picked(invoice, "total", "amountRemaining", "memo") == {
        "total": "50.0",
        "amountRemaining": "0.0",
        "memo": f"Stripe charge {made}: Workshop",
    }
    payment = at.record("customerPayment", f"eid:stripe-pay-{made}")
    assert (payment["payment"], applied(payment)) == ("50.0", [(invoice["id"], "50.0")])


@case()
def stripe_invoice_to_netsuite(at: World) -> Iterator[str]:
    made = at.invoice()
    yield made
    is_imported(at, made)


@case()
def stripe_invoice_to_netsuite_realtime(at: World) -> Iterator[str]:
    made = at.invoice()
    yield made
    is_imported(at, made)


def is_imported(at: World, made: str) -> None:
    found = at.record("invoice", f"eid:stripe-inv-{made}")
    assert [(line["item"], line["amount"]) for line in found["item"]] == [
        (ids.ITEM_STRIPE, "100.0"),
        (ids.ITEM_TAX, "20.0"),
    ]
    assert picked(found, "total", "amountRemaining") == {"total": "120.0", "amountRemaining": "120.0"}
    assert found["tranId"] == at.stripe.invoices.retrieve(made).number


@case()
def netsuite_invoice_status_to_stripe(at: World) -> Iterator[str]:
    bill = at.bill()
    at.run(BILL, bill)
    apply = {"items": [{"doc": {"id": bill}, "apply": True, "amount": "70"}]}
    who = {"id": at.record("invoice", bill)["entity"]}
    made = at.saves("customerPayment", {"customer": who, "payment": "70", "apply": apply})
    yield made
    found = at.in_stripe(bill)
    assert (found.status, found.amount_remaining, found.metadata["netsuite_payment_id"]) == ("paid", 0, made)
    assert at.record("invoice", bill)["custbody_tieout_stripe_status"] == "paid"


@case()
def stripe_invoice_paid_to_netsuite_payment(at: World) -> Iterator[str]:
    made = at.invoice()
    charge = at.paid(made)
    yield made
    is_paid(at, made, charge)


def is_paid(at: World, invoice: str, charge: str) -> None:
    paid = at.record("invoice", f"eid:stripe-inv-{invoice}")
    payment = at.record("customerPayment", f"eid:stripe-pay-{charge}")
    assert (payment["payment"], applied(payment)) == ("120.0", [(paid["id"], "120.0")])
    assert (paid["total"], paid["amountRemaining"]) == ("120.0", "0.0")


@case()
def open_invoice_status_from_stripe(at: World) -> Iterator[str]:
    made = at.invoice()
    at.run(REALTIME, made)
    at.stripe.invoices.mark_uncollectible(made)
    yield made
    memo = at.ours("creditMemo", "cm", f"{made}-uncollectible", "total", "unapplied", "item")
    assert ([line["item"] for line in memo.pop("item")], memo) == (
        [ids.ITEM_BAD_DEBT],
        {"total": "120.0", "unapplied": "0.0"},
    )
    assert at.ours("invoice", "inv", made, "amountRemaining", "custbody_tieout_stripe_status") == {
        "amountRemaining": "0.0",
        "custbody_tieout_stripe_status": "uncollectible",
    }


@case()
def open_invoice_payments_from_stripe_charges(at: World) -> Iterator[str]:
    who = at.somebody()
    at.run(CUSTOMER, who)
    charge = at.happens("charges", amount=5000, customer=who)["id"]
    entity = {"id": at.record("customer", f"eid:stripe-cust-{who}")["id"]}
    lines = {"items": [{"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": "50"}]}
    made = at.saves("invoice", {"entity": entity, "item": lines, "custbody_tieout_stripe_id": charge})
    yield made
    payment = at.record("customerPayment", f"eid:stripe-pay-{charge}")
    assert (payment["payment"], applied(payment)) == ("50.0", [(made, "50.0")])
    assert at.record("invoice", made)["amountRemaining"] == "0.0"


@case()
def open_invoice_details_from_stripe(at: World) -> Iterator[str]:
    invoice = at.invoice()
    at.run(REALTIME, invoice)
    made = at.record("invoice", f"eid:stripe-inv-{invoice}")["id"]
    yield made
    found = at.stripe.invoices.retrieve(invoice)
    names = ("stripe_number", "hosted_url", "pdf_url", "amount_due", "amount_paid", "amount_remaining")
    assert picked(at.record("invoice", made), *(f"custbody_tieout_{name}" for name in names)) == {
        "custbody_tieout_stripe_number": found.number,
        "custbody_tieout_hosted_url": found.hosted_invoice_url,
        "custbody_tieout_pdf_url": found.invoice_pdf,
        "custbody_tieout_amount_due": "120.00",
        "custbody_tieout_amount_paid": "0.00",
        "custbody_tieout_amount_remaining": "120.00",
    }


@case(target=["invoice_field", "customer_field", "custom_record"])
def hosted_invoice_url_to_netsuite(at: World) -> Iterator[str]:
    made = at.invoice()
    at.waits_for(REALTIME, made, "hosted_invoice_url_to_netsuite")
    yield made
    url = at.stripe.invoices.retrieve(made).hosted_invoice_url
    invoice = at.record("invoice", f"eid:stripe-inv-{made}")
    shown = at.record("customrecord_tieout_invoice_link", f"eid:stripe-url-{made}")
    assert invoice["custbody_tieout_hosted_url"] == url
    assert at.record("customer", invoice["entity"])["custentity_tieout_hosted_url"] == url
    assert url in shown.values()
    assert invoice["id"] in shown.values()


@case()
def stripe_payment_to_netsuite_payment(at: World) -> Iterator[str]:
    who = at.somebody()
    made = at.happens("charges", amount=5000, customer=who)["id"]
    yield made
    payment = at.record("customerPayment", f"eid:stripe-pay-{made}")
    assert picked(payment, "payment", "unapplied", "customer", "custbody_tieout_charge_id") == {
        "payment": "50.0",
        "unapplied": "50.0",
        "customer": at.record("customer", f"eid:stripe-cust-{who}")["id"],
        "custbody_tieout_charge_id": made,
    }


@case()
def stripe_refund_to_netsuite(at: World) -> Iterator[str]:
    invoice = at.invoice()
    charge = at.paid(invoice)
    made = at.stripe.refunds.create({"charge": charge, "amount": 3000}).id
    yield made
    memo = at.record("creditMemo", f"eid:stripe-cm-{made}")
    refund = at.record("customerRefund", f"eid:stripe-crf-{made}")
    assert [(line["item"], line["amount"]) for line in memo["item"]] == [
        (ids.ITEM_STRIPE, "25.0"),
        (ids.ITEM_TAX, "5.0"),
    ]
    assert picked(memo, "total", "unapplied") == {"total": "30.0", "unapplied": "0.0"}
    assert (refund["account"], applied(refund)) == (ids.UNDEPOSITED_FUNDS, [(memo["id"], "30.0")])
    is_paid(at, invoice, charge)


@case()
def stripe_credit_note_to_netsuite(at: World) -> Iterator[str]:
    invoice = at.invoice()
    made = at.stripe.credit_notes.create({"invoice": invoice, "amount": 3000}).id
    yield made
    memo = at.record("creditMemo", f"eid:stripe-cm-{made}")
    lowered = at.record("invoice", f"eid:stripe-inv-{invoice}")
    assert (memo["total"], applied(memo)) == ("30.0", [(lowered["id"], "30.0")])
    assert (lowered["total"], lowered["amountRemaining"]) == ("120.0", "90.0")


@case()
def stripe_dispute_to_netsuite(at: World) -> Iterator[str]:
    invoice = at.invoice()
    charge = at.paid(invoice)
    made = at.happens(f"charges/{charge}/dispute", amount=2500)
    yield made["id"]
    is_withdrawn(at, made)
    is_paid(at, invoice, charge)


def is_withdrawn(at: World, dispute: Mapping[str, Any]) -> None:
    [movement, *_] = dispute["balance_transactions"]
    memo = at.record("creditMemo", f"eid:stripe-cm-{movement['id']}")
    refund = at.record("customerRefund", f"eid:stripe-crf-{movement['id']}")
    assert [(line["item"], line["amount"]) for line in memo["item"]] == [(ids.ITEM_DISPUTE, "25.0")]
    assert (refund["account"], applied(refund)) == (ids.UNDEPOSITED_FUNDS, [(memo["id"], "25.0")])


@case()
def stripe_dispute_reversal_to_netsuite(at: World) -> Iterator[str]:
    invoice = at.invoice()
    charge = at.paid(invoice)
    made = at.happens(f"charges/{charge}/dispute", amount=2500)["id"]
    won = at.happens(f"disputes/{made}/win")
    yield made
    [_, movement] = won["balance_transactions"]
    given_back = at.record("invoice", f"eid:stripe-inv-{movement['id']}")
    payment = at.record("customerPayment", f"eid:stripe-pay-{movement['id']}")
    assert [(line["item"], line["amount"]) for line in given_back["item"]] == [(ids.ITEM_DISPUTE, "25.0")]
    assert (payment["payment"], applied(payment)) == ("25.0", [(given_back["id"], "25.0")])
    is_withdrawn(at, won)
    is_paid(at, invoice, charge)


@case(except_flows=[CUSTOMER])
def retry_errors(at: World) -> Iterator[str]:
    """With the errors of the customer flow left to a person."""
    who = at.somebody()
    faults = f"{at.stack.sandbox.netsuite_url}/_sandbox/faults"
    at.post(faults, kind="status", status=503, path="/services/rest")
    told = at.tieout("run", CUSTOMER, who, "--json")
    httpx.delete(faults).raise_for_status()
    [failed] = told.json
    assert (told.code, failed["state"], failed["error_code"]) == (1, "retrying", "http_503")
    yield str(failed["id"])
    assert at.ours("customer", "cust", who, "email") == {"email": f"customer{at.people}@example.com"}


@case()
def stripe_payout_to_netsuite_deposit(at: World) -> Iterator[str]:
    at.happens("payouts")  # what the other cases have left over
    who = at.somebody()
    given = {"customer": who, "payment_method": "pm_card_bypassPending"}
    charge = at.happens("charges", amount=10_000, **given)["id"]
    at.stripe.refunds.create({"charge": charge, "amount": 1500})
    [payout] = at.happens("payouts", currency="usd")["payouts"]
    at.happens(f"payouts/{payout['id']}/reconcile")
    at.happens(f"payouts/{payout['id']}/pay")
    yield payout["id"]
    deposit = at.record("deposit", f"eid:stripe-dep-{payout['id']}")
    assert payout["amount"] == 10_000 - 1500 - 320
    assert picked(deposit, "account", "total") == {"account": ids.BANK["USD"], "total": "81.8"}
    assert sorted(line["paymentAmount"] for line in deposit["payment"]) == ["-15.0", "100.0"]
    assert [(line["account"], line["amount"]) for line in deposit["cashBack"]] == [(ids.STRIPE_FEES, "3.2")]


@case()
def exchange_rates_to_netsuite(at: World) -> Iterator[str]:
    made = at.happens("charges", amount=10_000, currency="eur", customer=at.somebody())["id"]
    at.waits_for("stripe_payment_to_netsuite_payment", made, "exchange_rates_to_netsuite")
    yield made
    rate = at.stripe.charges.retrieve(made, {"expand": ["balance_transaction"]}).balance_transaction.exchange_rate
    found = at.ours("customerPayment", "pay", made, "payment", "exchangeRate")
    assert (found["payment"], Decimal(found["exchangeRate"])) == ("100.0", Decimal(str(rate)))


# playing them --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tieout-cli-", dir="/tmp")))
        running, _, _ = stack.enter_context(whole_stack())
        looked_already(running)
        yield World(running, stack.enter_context(cli(running.environment, folder)), folder)


def looked_already(stack: Stack) -> None:
    """A flow that is switched on would begin with a look at what the other cases have left."""
    now = datetime.now(UTC)
    looks = [{"name": f"{key}/main", "last_run_at": now} for key, flow in CATALOGUE.items() if flow.sweep]
    with stack.database.session_scope() as session:
        session.execute(insert(Cursor).values(looks).on_conflict_do_nothing())


@pytest.mark.parametrize("flow", list(CATALOGUE))
def test_alone(flow: str, world: World) -> None:
    assert flow in CASES, f"flow {flow} has no case in {__name__}: say how it is seen at work by itself"
    world.only(flow, **OPTIONS[flow])
    world.begin()
    play = CASES[flow](world)
    subject = next(play)
    world.run(flow, subject)
    assert next(play, None) is None
    world.settle()
    before = world.books()
    told = world.tieout("run", flow, subject, "--json")
    assert told.code == (1 if flow == "retry_errors" else 0), (told.out, told.err)
    world.settle()
    assert world.books() == before
    assert world.triggered() <= {flow}


# looking, and slips --------------------------------------------------------------------------------------------


def with_its_customer(at: World) -> str:
    made = at.bill()
    at.run("netsuite_customer_to_stripe", at.record("invoice", made)["entity"])
    return made


def charge_of_a_known_customer(at: World) -> str:
    who = at.somebody()
    at.run(CUSTOMER, who)
    made: str = at.happens("charges", amount=5000, customer=who)["id"]
    return made


@pytest.mark.parametrize(
    ("flow", "make", "written"),
    [
        (CUSTOMER, World.somebody, ["netsuite upsert", "stripe update_customer_metadata"]),
        (
            BILL,
            with_its_customer,
            ["stripe create_invoice", "stripe add_invoice_lines", "stripe finalize_invoice", "netsuite patch"],
        ),
        ("stripe_payment_to_netsuite_payment", charge_of_a_known_customer, ["netsuite patch", "netsuite upsert"]),
    ],
)
def test_a_preview_writes_nothing(flow: str, make: Callable[[World], str], written: list[str], world: World) -> None:
    world.only("retry_errors")
    subject = make(world)
    world.settle()
    before = world.books()
    told = world.tieout("preview", flow, subject, "--json")
    found = told.json
    assert (told.code, found["outcome"]) == (0, "succeeded"), found
    assert [f"{each['system']} {each['operation']}" for each in found["written"]] == written
    assert world.books() == before


@pytest.mark.parametrize(
    ("flow", "subject", "taken"),
    [
        ("stripe_refund_to_netsuite", "ch_1", "takes ids such as re_… or pyr_…, not 'ch_1'."),
        ("netsuite_invoice_to_stripe", "in_1", "takes internal ids of NetSuite, which are numbers, not 'in_1'."),
        ("retry_errors", "in_1", "takes ids of runs, which are numbers (`tieout retries` lists them), not 'in_1'."),
    ],
)
def test_an_id_that_a_flow_does_not_take_is_wrong_usage(flow: str, subject: str, taken: str, world: World) -> None:
    told = world.tieout("run", flow, subject, "--json")
    assert (told.code, told.out) == (2, "")
    assert taken in in_one_line(told.err)


def test_so_it_is_for_the_command_that_is_installed(world: World) -> None:
    command = (str(Path(sys.executable).with_name("tieout")), "run", CUSTOMER, "in_1")
    done = subprocess.run(command, env=world.stack.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{CUSTOMER} takes ids such as cus_…, not 'in_1'." in in_one_line(done.stderr)


def in_one_line(told: str) -> str:
    return " ".join(told.replace("│", " ").split())
