"""The general ledger: every record posts, and whatever is done the books balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.clock import Clock
from sandbox.credentials import Credentials
from sandbox.netsuite import NetSuiteWorld, engine, ids
from sandbox.netsuite.engine import Save
from sandbox.netsuite.errors import NetSuiteError
from tests.sandbox.netsuite.conftest import NOON, Client, invoice

CURRENCIES = [ids.USD, ids.EUR, ids.JPY, ids.KWD]


def lines(client: Client, record: str) -> dict[str, str]:
    found = client.get("/_sandbox/ledger", params={"record": record}).json()["lines"]
    return {line["account"]: line["amount"] for line in found}


def test_an_invoice_posts_receivable_income_and_tax(client: Client) -> None:
    items = [{"item": {"id": ids.ITEM_STRIPE}, "amount": 100}, {"item": {"id": ids.ITEM_TAX}, "amount": 8.25}]
    body = {**invoice(client.customer()), "item": {"items": items}, "discountItem": {"id": ids.ITEM_DISCOUNT}}
    found = client.made("invoice", {**body, "discountRate": -10})
    assert lines(client, found) == {
        ids.ACCOUNT_RECEIVABLE: "98.25",
        ids.SALES_INCOME: "-100.00",
        ids.TAX_LIABILITY: "-8.25",
        ids.SALES_DISCOUNTS: "10.00",
    }


def test_a_payment_posts_money_and_receivable(client: Client) -> None:
    customer = client.customer()
    found = client.payment(customer, client.invoice(customer), 60, account={"id": ids.STRIPE_CLEARING["USD"]})
    assert lines(client, found) == {ids.STRIPE_CLEARING["USD"]: "60.00", ids.ACCOUNT_RECEIVABLE: "-60.00"}


def test_a_credit_memo_posts_the_other_way_round(client: Client) -> None:
    found = client.made("creditMemo", {**invoice(client.customer(), 30), "autoApply": False})
    assert lines(client, found) == {ids.ACCOUNT_RECEIVABLE: "-30.00", ids.SALES_INCOME: "30.00"}


def test_a_rate_that_moved_is_a_realised_gain(client: Client) -> None:
    customer = client.customer(currencyList={"items": [{"currency": {"id": ids.EUR}}]})
    found = client.invoice(customer, 100, currency={"id": ids.EUR}, exchangeRate=1.10)
    client.payment(customer, found, 100, currency={"id": ids.EUR}, exchangeRate=1.25)
    balance = client.get("/_sandbox/trial-balance").json()
    base = {line["account"]: line["base"] for line in balance["lines"]}
    assert (base[ids.ACCOUNT_RECEIVABLE], base[ids.FX_GAIN_LOSS]) == ("0.00", "-15.00")


def test_the_trial_balance_is_by_account_and_currency(client: Client) -> None:
    customer = client.customer(currencyList={"items": [{"currency": {"id": ids.JPY}}]})
    client.invoice(customer, 100)
    client.invoice(customer, 5000, currency={"id": ids.JPY})
    balance = client.get("/_sandbox/trial-balance").json()
    receivable = {
        one["currency"]: one["balance"] for one in balance["lines"] if one["account"] == ids.ACCOUNT_RECEIVABLE
    }
    assert receivable == {"USD": "100.00", "JPY": "5000"}
    assert {Decimal(total) for total in balance["totals"]["by_currency"].values()} == {Decimal(0)}


amounts = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(5000), places=3)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "invoice",
                "payment",
                "memo",
                "transform",
                "void",
                "delete",
                "edit",
                "unapply",
                "refund",
                "sale",
                "cash",
                "bank",
            ]
        ),
        st.sampled_from(CURRENCIES),
        amounts,
        st.integers(0, 20),
        st.sampled_from([None, Decimal("0.9"), Decimal("1.37")]),
    ),
    max_size=18,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_is_done_the_books_balance(credentials: Credentials, history: list[tuple[Any, ...]]) -> None:
    world = NetSuiteWorld(clock=Clock(NOON), credentials=credentials)
    listed = {"items": [{"currency": {"id": one}} for one in CURRENCIES]}
    body = {"companyName": "A", "subsidiary": {"id": "1"}, "currencyList": listed}
    customer = engine.create(world, "customer", body, Save()).id
    for step in history:
        try:
            _done(world, customer, *step)
        except NetSuiteError as refused:
            if refused.status >= 500:
                raise
        _balanced(world)


def _balanced(world: NetSuiteWorld) -> None:
    totals = world.trial_balance()["totals"]
    sums = [*totals["by_currency"].values(), *totals["by_base_currency"].values()]
    assert all(Decimal(total) == 0 for total in sums)
    for lines in world.books.ledger.values():
        rounding = sum((line.base for line in lines if line.account == ids.ROUNDING), Decimal(0))
        assert abs(rounding) <= Decimal("0.005") * len(lines)
    posted = (line for lines in world.books.ledger.values() for line in lines if line.kind == "receivable")
    owed = (base for currencies in world.books.receivable.values() for _, base in currencies.values())
    assert sum((line.base for line in posted), Decimal(0)) == sum(owed, Decimal(0))
    for record in world.all("invoice"):
        left = world.definition("invoice").behaviour.computed(world, record).money("amountRemaining")
        assert 0 <= left <= record.fields.money("total")


def _done(
    world: NetSuiteWorld, customer: str, what: str, currency: str, amount: Decimal, which: int, rate: Decimal | None
) -> None:
    header = {"currency": {"id": currency}, "exchangeRate": rate}
    line = {"items": [{"item": {"id": ids.ITEM_STRIPE}, "amount": amount}]}
    invoices = [one.id for one in world.all("invoice")]
    chosen = invoices[which % len(invoices)] if invoices else "0"
    owned = world.owned_by(customer)
    any_of = owned[which % len(owned)] if owned else None
    match what:
        case "invoice":
            engine.create(world, "invoice", {"entity": {"id": customer}, "item": line, **header}, Save())
        case "payment":
            lines = {"items": [{"doc": {"id": chosen}, "apply": True}]} if which % 3 else {"items": []}
            body = {"customer": {"id": customer}, "payment": amount, "apply": lines, **header}
            engine.create(world, "customerPayment", body, Save())
        case "memo":
            engine.create(world, "creditMemo", {"entity": {"id": customer}, "item": line, **header}, Save())
        case "transform":
            target = "creditMemo" if which % 2 else "customerPayment"
            engine.transform(world, "invoice", chosen, target, {}, Save())
        case "refund" if any_of:
            body = {"account": {"id": ids.STRIPE_CLEARING["USD"]}, "exchangeRate": rate}
            engine.transform(world, any_of.type, any_of.id, "customerRefund", body, Save())
        case "sale":
            engine.create(world, "cashSale", {"entity": {"id": customer}, "item": line, **header}, Save())
        case "cash" if any_of:
            target = "cashRefund" if any_of.type == "cashSale" else "depositApplication"
            spent: dict[str, Any] = {"apply": {"items": [{"doc": {"id": chosen}, "apply": True}]}} if which % 2 else {}
            engine.transform(world, any_of.type, any_of.id, target, spent, Save())
        case "bank" if which % 2:
            engine.create(world, "customerDeposit", {"customer": {"id": customer}, "payment": amount, **header}, Save())
        case "bank" if any_of:
            taken = {"items": [{"id": any_of.id}]}
            engine.create(world, "deposit", {"account": {"id": ids.BANK["USD"]}, "payment": taken}, Save())
        case "edit":
            engine.update(world, "invoice", chosen, {"item": {"items": [{"line": 1, "amount": amount}]}}, Save())
        case "void" if any_of:
            engine.void(world, any_of.type, any_of.id, Save())
        case "delete" if any_of:
            engine.delete(world, any_of.type, any_of.id, Save())
        case "unapply":
            for payment in list(world.all("customerPayment")):
                body = {"apply": {"items": [{"doc": {"id": chosen}, "apply": False}]}}
                engine.update(world, "customerPayment", payment.id, body, Save())
