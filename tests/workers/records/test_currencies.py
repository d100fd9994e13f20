from app.core.links import Link
from app.systems.netsuite.records import Ref
from tests.workers.records.ledger import Memory, ledger
from workers.records.currencies import codes, give


def customer(*known: str) -> Link:
    return Link(
        stripe_id="cus_1", netsuite_type="customer", netsuite_id="7", origin="stripe", facts={"currencies": list(known)}
    )


def test_a_currency_that_the_customer_has_costs_nothing() -> None:
    memory = Memory()
    give(ledger(memory), customer("USD"), "usd")
    assert memory.patched == []


def test_a_new_currency_is_given_and_remembered() -> None:
    memory = Memory()
    give(ledger(memory), customer("USD"), "eur")
    assert memory.patched == [(Ref("customer", "7"), {"currencyList": {"items": [{"currency": {"id": "4"}}]}})]
    assert [one["facts"] for one in memory.saved] == [{"currencies": ["USD", "EUR"]}]


def test_a_currency_that_we_cannot_see_is_noted() -> None:
    to = ledger()
    assert (codes(to, ["1", "99"]), to.notes) == (["USD"], ["NetSuite's currency 99 has no ISO code that we can see."])
