"""The scripts, run in the sandbox NetSuite: what the RESTlet writes is what the REST record service writes."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.systems.netsuite import records as ns
from app.systems.netsuite import wire
from sandbox.netsuite import ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, made
from tests.suiteapp.project import RECORDS as RECORD_CLASSES

RESTLET = "/app/site/hosting/restlet.nl"
SCRIPT = {"script": "customscript_tieout_restlet", "deploy": "customdeploy_tieout_restlet"}
US, CLEARING = ids.SUBSIDIARY_US, ids.STRIPE_CLEARING["USD"]
DAY, DUE = date(2026, 11, 2), date(2026, 12, 2)
JSON = {"Content-Type": "application/json"}
# what differs between two records that say the same
OWN = {
    "createdDate", "lastModifiedDate", "links", "source",
}  # fmt: skip


def called(client: Client, **body: Any) -> dict[str, Any]:
    answer = client.post(RESTLET, params=SCRIPT, content=wire.dumps(body), headers=JSON)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def batch(client: Client, items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    told = called(client, action="batch", items=list(items))
    assert told["ok"], told
    return list(told["results"])


def item(record: ns.Record, op: str = "upsert", source: ns.Ref | None = None) -> dict[str, Any]:
    more = {} if source is None else {"from": {"type": source.type, "id": source.id}}
    named = {"op": op, "type": record.record_type, "externalId": record.external_id}
    return {**named, **more, "replace": list(record.replaced()), "body": record.body()}


def by_restlet(client: Client, record: ns.Record, source: ns.Ref | None = None) -> str:
    (result,) = batch(client, [item(record, "transform" if source else "upsert", source)])
    assert result == {"ok": True, "id": result.get("id"), "created": True}, result
    return str(result["id"])


def by_rest(client: Client, record: ns.Record, source: ns.Ref | None = None) -> str:
    query = {"replace": ",".join(record.replaced())} if record.replaced() else {}
    if source is None:
        method, path = "PUT", f"{record.record_type}/eid:{record.external_id}"
    else:
        method, path = "POST", f"{source.type}/{source.id}/!transform/{record.record_type}"
    sent = wire.dumps(record.body())
    return made(client.request(method, f"{RECORDS}/{path}", params=query, content=sent, headers=JSON))


def said(value: Any) -> Any:
    """A record without what is only its own."""
    if isinstance(value, dict):
        return {name: said(one) for name, one in value.items() if name not in OWN}
    return [said(one) for one in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Scene:
    """A record, and what it is made from. Each way of writing gets a scene of its own."""

    record: ns.Record
    source: ns.Ref | None = None


def line(amount: str = "100.00", **more: Any) -> ns.InvoiceLine:
    return ns.InvoiceLine(item=ids.ITEM_STRIPE, rate=Decimal(amount), amount=Decimal(amount), **more)


def customer(client: Client, name: str) -> Scene:
    address = ns.Address(addr1="1 Road", city="Austin", state="TX", zip="78701", country="US", default_billing=True)
    body = {"custentity_tieout_stripe_id": "cus_1"}
    one = ns.Customer(
        external_id=name, is_person=False, company_name="Acme", email="a@acme.example", subsidiary=US, currency="1",
        currencies=("1",), addresses=(address,), custom=body,
    )  # fmt: skip
    return Scene(one)


def invoice(client: Client, name: str) -> Scene:
    lines = (line("10.50", description="Seats"), line("2.25"))
    custom = {"custbody_tieout_stripe_id": "in_1", "custbody_tieout_due_date": "2026-12-02"}
    buyer = client.customer()
    one = ns.Invoice(
        external_id=name, entity=buyer, lines=lines, tran_date=DAY, due_date=DUE, memo="March", custom=custom
    )
    return Scene(one)


def invoice_with_tax_details(client: Client, name: str) -> Scene:
    detail = {
        "taxDetailsReference": "NEW_ITEM_0", "taxType": {"id": ids.TAX_TYPE_SALES},
        "taxCode": {"id": ids.TAX_CODE_STANDARD}, "taxBasis": 100, "taxAmount": Decimal("8.25"),
    }  # fmt: skip
    custom = {"taxDetailsOverride": True, "taxDetails": {"items": [detail]}}
    taxed = line(custom={"taxDetailsReference": "NEW_ITEM_0"})
    return Scene(ns.Invoice(external_id=name, entity=client.customer(), lines=(taxed,), custom=custom))


def payment_of_two(client: Client, name: str) -> Scene:
    buyer = client.customer()
    applied = tuple(ns.Apply(doc=client.invoice(buyer), amount=Decimal(one)) for one in ("100", "20"))
    client.invoice(buyer)
    one = ns.CustomerPayment(
        external_id=name,
        customer=buyer,
        payment=Decimal(150),
        account=CLEARING,
        apply=applied,
        tran_date=DAY,
    )
    return Scene(one)


def payment_in_another_currency(client: Client, name: str) -> Scene:
    euro = ids.CURRENCIES["EUR"]
    buyer = client.customer(currencyList={"items": [{"currency": {"id": euro}}]})
    sold = client.invoice(buyer, currency={"id": euro})
    client.invoice(buyer)
    one = ns.CustomerPayment(
        external_id=name,
        customer=buyer,
        payment=Decimal(60),
        currency=euro,
        exchange_rate=Decimal("1.25"),
        undeposited=True,
        apply=(ns.Apply(doc=sold, amount=Decimal(60)),),
    )
    return Scene(one)


def payment_unapplied(client: Client, name: str) -> Scene:
    one = ns.CustomerPayment(external_id=name, customer=client.customer(), payment=Decimal(5), undeposited=True)
    return Scene(one)


def credit_memo_alone(client: Client, name: str) -> Scene:
    buyer = client.customer()
    applied = (ns.Apply(doc=client.invoice(buyer), amount=Decimal(3)),)
    return Scene(ns.CreditMemo(external_id=name, entity=buyer, lines=(line("8"),), apply=applied, tran_date=DAY))


def credit_memo_of_invoice(client: Client, name: str) -> Scene:
    source = client.invoice(client.customer())
    one = ns.CreditMemo(external_id=name, lines=(line("8"),), apply=(ns.Apply(doc=source, amount=Decimal(8)),))
    return Scene(one, ns.Ref("invoice", source))


def refund(client: Client, name: str) -> Scene:
    buyer = client.customer()
    memo = made(client.post(f"{RECORDS}/creditMemo", json=_credit(buyer)))
    applied = (ns.Apply(doc=memo, amount=Decimal(40)),)
    return Scene(ns.CustomerRefund(external_id=name, customer=buyer, account=CLEARING, apply=applied))


def _credit(buyer: str) -> dict[str, Any]:
    lines = {"items": [{"item": {"id": ids.ITEM_REFUND}, "amount": 40}]}
    return {"entity": {"id": buyer}, "item": lines, "autoApply": False}


def refund_of_payment(client: Client, name: str) -> Scene:
    buyer = client.customer()
    paid = client.payment(buyer, None, 30)
    applied = (ns.Apply(doc=paid, amount=Decimal(30)),)
    one = ns.CustomerRefund(external_id=name, customer=buyer, account=CLEARING, apply=applied)
    return Scene(one, ns.Ref("customerPayment", paid))


def cash_sale(client: Client, name: str) -> Scene:
    one = ns.CashSale(external_id=name, entity=client.customer(), lines=(line(),), undeposited=True, tran_date=DAY)
    return Scene(one)


def cash_sale_into_account(client: Client, name: str) -> Scene:
    return Scene(ns.CashSale(external_id=name, entity=client.customer(), lines=(line(),), account=CLEARING))


def cash_refund(client: Client, name: str) -> Scene:
    sale = made(client.post(f"{RECORDS}/cashSale", json=_sale(client.customer())))
    one = ns.CashRefund(external_id=name, lines=(line("25"),), account=CLEARING)
    return Scene(one, ns.Ref("cashSale", sale))


def _sale(buyer: str) -> dict[str, Any]:
    return {"entity": {"id": buyer}, "item": {"items": [{"item": {"id": ids.ITEM_STRIPE}, "amount": 100}]}}


def customer_deposit(client: Client, name: str) -> Scene:
    return Scene(
        ns.CustomerDeposit(external_id=name, customer=client.customer(), payment=Decimal(75), undeposited=True)
    )


def deposit_application(client: Client, name: str) -> Scene:
    buyer = client.customer()
    source = made(client.post(f"{RECORDS}/customerDeposit", json={"customer": {"id": buyer}, "payment": 75}))
    applied = (ns.Apply(doc=client.invoice(buyer), amount=Decimal(60)),)
    return Scene(ns.DepositApplication(external_id=name, apply=applied), ns.Ref("customerDeposit", source))


def deposit(client: Client, name: str) -> Scene:
    paid = ns.Deposited(id=client.payment(client.customer(), None, 100, undepFunds={"id": "T"}))
    fee = ns.DepositLine(account=ids.STRIPE_FEES, amount=Decimal("3.20"), memo="Fees")
    reserve = ns.DepositLine(account=ids.STRIPE_RESERVES, amount=Decimal("-10"), memo="Reserve")
    bank = ids.BANK["USD"]
    one = ns.Deposit(external_id=name, account=bank, payments=(paid,), others=(reserve,), cash_back=(fee,))
    return Scene(one)


def journal(client: Client, name: str) -> Scene:
    lines = (
        ns.JournalLine(account=ids.STRIPE_FEES, debit=Decimal("3.20"), memo="Fees"),
        ns.JournalLine(account=CLEARING, credit=Decimal("3.20")),
    )
    return Scene(ns.JournalEntry(external_id=name, subsidiary=US, lines=lines, tran_date=DAY, approval_status="2"))


def invoice_link(client: Client, name: str) -> Scene:
    sold = client.invoice(client.customer())
    one = ns.InvoiceLink(
        external_id=name, name="INV1", invoice=sold, stripe_id="in_1", url="https://pay.example/i", expires=DAY
    )
    return Scene(one)


SCENES = [
    customer, invoice, invoice_with_tax_details, payment_of_two, payment_in_another_currency, payment_unapplied,
    credit_memo_alone, credit_memo_of_invoice, refund, refund_of_payment, cash_sale, cash_sale_into_account,
    cash_refund, customer_deposit, deposit_application, deposit, journal, invoice_link,
]  # fmt: skip


def booked(client: Client, id: str) -> Any:
    return said(client.get("/_sandbox/ledger", params={"record": id}).json().get("lines"))


@pytest.mark.parametrize("scene", SCENES, ids=lambda one: one.__name__)
def test_the_restlet_writes_what_rest_writes(client: Client, scene: Callable[[Client, str], Scene]) -> None:
    found = []
    for way in (by_rest, by_restlet):
        client.post("/_sandbox/reset")
        made_as = scene(client, "stripe-x-1")
        id = way(client, made_as.record, made_as.source)
        found.append((said(client.record(f"{made_as.record.record_type}/{id}")), booked(client, id)))
    assert found[0] == found[1]


@pytest.mark.parametrize("scene", SCENES, ids=lambda one: one.__name__)
def test_a_repeated_item_makes_no_second_record(client: Client, scene: Callable[[Client, str], Scene]) -> None:
    made_as = scene(client, "stripe-x-1")
    id = by_restlet(client, made_as.record, made_as.source)
    before = said(client.record(f"{made_as.record.record_type}/{id}"))
    again = item(made_as.record, "transform" if made_as.source else "upsert", made_as.source)
    assert batch(client, [again]) == [{"ok": True, "id": id, "created": False}]
    assert said(client.record(f"{made_as.record.record_type}/{id}")) == before


def test_a_record_that_is_there_is_changed_as_rest_changes_it(client: Client) -> None:
    found = []
    for way in (by_rest, change):
        client.post("/_sandbox/reset")
        record = invoice(client, "stripe-x-1").record
        by_rest(client, record)
        id = way(client, dataclasses.replace(record, custom={"memo": "April", "item": {"items": [line("7").body()]}}))
        found.append((said(client.record(f"invoice/{id}")), booked(client, id)))
    assert found[0] == found[1]


def change(client: Client, record: ns.Record) -> str:
    (result,) = batch(client, [item(record)])
    assert (result["ok"], result["created"]) == (True, False)
    return str(result["id"])


def test_a_patch_changes_what_it_names(client: Client) -> None:
    id = client.invoice(client.customer(), memo="before", custbody_tieout_stripe_id="in_1")
    before = said(client.record(f"invoice/{id}"))
    body = {"custbody_tieout_stripe_id": None, "custbody_tieout_due_date": "2026-12-02"}
    sent = {"op": "patch", "type": "invoice", "id": id, "body": body}
    assert batch(client, [sent]) == [{"ok": True, "id": id, "created": False}]
    del before["custbody_tieout_stripe_id"]
    assert said(client.record(f"invoice/{id}")) == before | {"custbody_tieout_due_date": "2026-12-02"}


def test_each_item_stands_alone(client: Client) -> None:
    good, other = invoice(client, "stripe-x-1").record, invoice(client, "stripe-x-2").record
    misspelt = dataclasses.replace(other, custom={"custbody_misspelt": "x"})
    results = batch(client, [item(misspelt), item(good)])
    assert [(one["ok"], one.get("code")) for one in results] == [(False, "INVALID_CONTENT"), (True, None)]
    there = client.suiteql("SELECT externalid FROM transaction WHERE externalid IN (?, ?)", "stripe-x-1", "stripe-x-2")
    assert there == [{"externalid": "stripe-x-1"}]


def test_fifty_invoices_fit_into_the_units_of_one_call(client: Client) -> None:
    buyer = client.customer()
    records = [ns.Invoice(external_id=f"stripe-x-{one}", entity=buyer, lines=(line(),)) for one in range(50)]
    told = called(client, action="batch", items=[item(one) for one in records])
    assert [one["created"] for one in told["results"]] == [True] * 50
    assert told["remaining"] == 5000 - 10 - 50 * 30


def test_a_payment_of_what_is_paid_is_refused_as_rest_refuses_it(client: Client) -> None:
    buyer = client.customer()
    sold = client.invoice(buyer)
    client.payment(buyer, sold, 100)
    applied = (ns.Apply(doc=sold, amount=Decimal(5)),)
    payment = ns.CustomerPayment(external_id="stripe-x-1", customer=buyer, payment=Decimal(5), apply=applied)
    (result,) = batch(client, [item(payment)])
    assert (result["ok"], result["code"]) == (False, "USER_ERROR")
    assert "matching line for sublist apply" in result["message"]


def test_ping_and_addresses(client: Client) -> None:
    told = called(client, action="ping")
    assert (told["ok"], told["remaining"]) == (True, 5000)
    assert sorted(told["types"]) == sorted(one.record_type for one in RECORD_CLASSES)
    sold = client.invoice(client.customer())
    (address,) = called(client, action="urls", items=[{"type": "invoice", "id": sold}])["urls"]
    assert address.startswith("https://")
    assert address.endswith(f"id={sold}")
