"""Whatever is killed on the way, afterwards every invoice and every payment stands in NetSuite exactly once."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest
import stripe
from sqlalchemy import func, select

from app.core.runs import Run
from sandbox.netsuite import ids
from tests.stack import Postgres, Redis, Stack, until, whole_stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]


class Business:
    """A shop that goes on selling while things break. Amounts in minor units of USD."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        account = stack.sandbox.env
        self.client = stripe.StripeClient(
            account["STRIPE__MAIN__API_KEY"],
            base_addresses={"api": stack.sandbox.stripe_url},
            stripe_version="2026-10-28.endive",
        )
        self.sold: list[str] = []
        self.total = 0

    def sell(self, count: int) -> None:
        for number in range(len(self.sold), len(self.sold) + count):
            amount = 1000 + 7 * number
            customer = self.client.v1.customers.create(
                {"name": f"Customer {number}", "email": f"c{number}@example.com"}
            )
            invoice = self.client.v1.invoices.create(
                {"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 30}
            )
            self.client.v1.invoice_items.create(
                {"customer": customer.id, "invoice": invoice.id, "amount": amount, "currency": "usd"}
            )
            self.client.v1.invoices.finalize_invoice(invoice.id)
            method = self.client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
            self.client.v1.invoices.pay(invoice.id, {"payment_method": method.id})
            self.sold.append(invoice.id)
            self.total += amount


@pytest.fixture
def running() -> Iterator[tuple[Stack, Postgres, Redis, Business]]:
    with whole_stack() as (stack, postgres, redis):
        yield stack, postgres, redis, Business(stack)


def unfinished(stack: Stack) -> int:
    with stack.database.session_scope() as session:
        return session.scalar(select(func.count()).where(Run.state.not_in(("succeeded", "skipped", "dismissed")))) or 0


def assert_ties_out(stack: Stack, business: Business) -> None:
    invoices = stack.sandbox.netsuite.snapshot("invoice")
    payments = stack.sandbox.netsuite.snapshot("customerPayment")
    wanted = Counter(f"stripe-inv-{invoice}" for invoice in business.sold)

    def in_step() -> bool:
        nonlocal invoices, payments
        invoices = stack.sandbox.netsuite.snapshot("invoice")
        payments = stack.sandbox.netsuite.snapshot("customerPayment")
        return len(invoices) >= len(business.sold) and len(payments) >= len(business.sold) and unfinished(stack) == 0

    until(in_step, "everything has arrived in NetSuite", seconds=150)
    assert Counter(invoice["externalId"] for invoice in invoices) == wanted
    assert len({payment["externalId"] for payment in payments}) == len(payments) == len(business.sold)
    total = Decimal(business.total).scaleb(-2)
    assert sum(Decimal(str(invoice["total"])) for invoice in invoices) == total
    assert sum(Decimal(str(payment["payment"])) for payment in payments) == total
    assert all(Decimal(str(invoice["amountRemaining"])) == 0 for invoice in invoices)


def test_killing_the_worker(running: tuple[Stack, Postgres, Redis, Business]) -> None:
    stack, _, _, business = running
    business.sell(6)
    stack.kill("worker")
    business.sell(4)
    assert_ties_out(stack, business)


def test_killing_receiver_broker_and_database_in_turn(running: tuple[Stack, Postgres, Redis, Business]) -> None:
    stack, postgres, redis, business = running
    business.sell(4)
    stack.kill("web")
    business.sell(4)
    until(stack.ready, "the receiver is back")
    redis.kill()
    business.sell(4)
    redis.start()
    business.sell(2)
    postgres.kill()
    business.sell(2)
    postgres.start()
    until(stack.ready, "the database is back")
    business.sell(4)
    stack.kill("worker")
    assert_ties_out(stack, business)


def test_workers_that_fork_tie_out_as_well() -> None:
    with whole_stack(WORKER_POOL="prefork", WORKER_CONCURRENCY="2") as (stack, _, _):
        business = Business(stack)
        business.sell(4)
        assert_ties_out(stack, business)
        balance = stack.sandbox.netsuite.trial_balance()
        assert ids.UNDEPOSITED_FUNDS in str(balance)
