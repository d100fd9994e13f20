"""The client against a NetSuite that behaves: real HTTP, real logins, lost answers, a limit on concurrency."""

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.core.exchanges import Exchange
from app.core.interfaces import NetSuite
from app.db import Database
from app.errors import (
    AuthFailed,
    Conflict,
    DuplicateName,
    NotAllowed,
    NotFound,
    PeriodClosed,
    Rejected,
    Throttled,
    TieoutError,
    Unmapped,
)
from app.settings import NetSuiteAccount
from app.systems.netsuite.client import NetSuiteClient, NetSuiteGateway
from app.systems.netsuite.objects import Application
from app.systems.netsuite.records import (
    Address,
    Apply,
    CreditMemo,
    Customer,
    CustomerPayment,
    CustomerRefund,
    Invoice,
    InvoiceLine,
    Record,
    Ref,
    currency_list,
)
from app.systems.netsuite.slots import LocalSlots, PostgresSlots, Slots
from app.systems.netsuite.writes import TYPES
from sandbox.clock import Clock
from sandbox.credentials import Credentials
from sandbox.netsuite import NetSuiteWorld, create_app, ids
from sandbox.serve import serving

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
PRICE = Decimal("100.1")


@dataclass
class Server:
    world: NetSuiteWorld
    url: str
    credentials: Credentials


@pytest.fixture(scope="module")
def _server() -> Iterator[Server]:
    credentials = Credentials.load(Path(tempfile.mkdtemp(prefix="tieout-client-", dir="/tmp")))
    world = NetSuiteWorld(clock=Clock(NOON), credentials=credentials)
    with serving(create_app(world)) as url:
        yield Server(world, url, credentials)
    world.close()


@pytest.fixture
def server(_server: Server) -> Server:
    _server.world.clock.set(NOON)
    _server.world.faults.clear()
    _server.world.reset()
    _server.world.governance.reset()
    return _server


@pytest.fixture
def world(server: Server) -> NetSuiteWorld:
    return server.world


@pytest.fixture
def settings(server: Server) -> Callable[..., NetSuiteAccount]:
    known = server.credentials
    made: dict[str, Any] = {
        "account_id": known.netsuite_account_id,
        "api_base": server.url,
        "restlet_base": server.url,
        "client_id": known.netsuite_client_id,
        "certificate_id": known.netsuite_certificate_id,
        "private_key_file": known.netsuite_private_key_file,
        "consumer_key": known.netsuite_consumer_key,
        "consumer_secret": SecretStr(known.netsuite_consumer_secret),
        "token_id": known.netsuite_token_id,
        "token_secret": SecretStr(known.netsuite_token_secret),
        "read_timeout": 10.0,
    }
    return lambda **more: NetSuiteAccount(**(made | more))


@pytest.fixture
def connect(settings: Callable[..., NetSuiteAccount]) -> Iterator[Callable[..., NetSuiteClient]]:
    made: list[NetSuiteClient] = []

    def one(slots: Slots | None = None, **more: Any) -> NetSuiteClient:
        made.append(NetSuiteClient(settings(**more), slots or LocalSlots(4), smallest_burst=1))
        return made[-1]

    yield one
    for client in made:
        client.close()


@pytest.fixture
def batch_with(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "rest"))


@pytest.fixture
def netsuite(
    connect: Callable[..., NetSuiteClient], server: Server, exchanges: list[Exchange], batch_with: str
) -> Iterator[NetSuiteGateway]:
    client = connect(batch_with=batch_with)
    yield client.bound(exchanges.append, server.world.clock)
    assert client._bursts is None or not client._bursts.set_aside


both_ways = pytest.mark.parametrize("batch_with", ["rest", "restlet"], indirect=True)
"""By the record service, and by the RESTlet: the same in every respect. The bursts of `connect` begin at one write."""
WRITE = {"rest": {"method": "PUT"}, "restlet": {"method": "POST", "path": "restlet"}}
TRANSFORM = {"rest": {"method": "POST", "path": "!transform"}, "restlet": {"method": "POST", "path": "restlet"}}


def customer(number: int = 1, **more: Any) -> Customer:
    known: dict[str, Any] = {"company_name": f"Acme {number}", "email": "a@acme.example", "subsidiary": "1"}
    return Customer(external_id=f"stripe-cust-cus_{number}", **(known | more))


def invoice(entity: Ref, amount: str = "100.10", **more: Any) -> Invoice:
    lines = (InvoiceLine(item=ids.ITEM_STRIPE, rate=Decimal(amount), description="One"),)
    known: dict[str, Any] = {"tran_date": date(2026, 11, 16), "lines": lines, "currency": ids.USD}
    return Invoice(external_id="stripe-inv-in_1", entity=entity.id, **(known | more))


def payment(entity: Ref, paid: Ref, amount: str = "100.10", **more: Any) -> CustomerPayment:
    return CustomerPayment(
        external_id="stripe-pay-ch_1",
        customer=entity.id,
        payment=Decimal(amount),
        currency=ids.USD,
        undeposited=True,
        apply=(Apply(doc=paid.id, amount=Decimal(amount)),),
        **more,
    )


# logins ----------------------------------------


def test_an_elliptic_key_logs_in(netsuite: NetSuiteGateway) -> None:
    assert netsuite.currency("usd") == Ref("currency", ids.USD)


def test_an_rsa_key_logs_in(connect: Callable[..., NetSuiteClient], server: Server) -> None:
    known = server.credentials
    client = connect(
        certificate_id=known.netsuite_rsa_certificate_id, private_key_file=known.netsuite_rsa_private_key_file
    )
    assert client.bound(lambda _: None, server.world.clock).currency("usd") == Ref("currency", ids.USD)


def test_a_token_of_tba_logs_in(connect: Callable[..., NetSuiteClient], server: Server) -> None:
    gateway = connect(auth="tba").bound(lambda _: None, server.world.clock)
    made = gateway.upsert(invoice(gateway.upsert(customer())))
    assert gateway.invoice(made.id).total == Decimal("100.10")


def test_an_expired_token_is_replaced_without_a_word(netsuite: NetSuiteGateway, world: NetSuiteWorld) -> None:
    netsuite.currency("usd")
    world.gatekeeper.expire_tokens()
    assert netsuite.upsert(customer()).type == "customer"


def test_neither_assertion_nor_token_is_recorded(netsuite: NetSuiteGateway, exchanges: list[Exchange]) -> None:
    netsuite.currency("usd")
    told = exchanges[0]
    assert told.path.endswith("/oauth2/v1/token")
    assert (told.request["client_assertion"], told.response["access_token"]) == ("[not shown]", "[not shown]")


def test_a_wrong_certificate_is_a_refused_login(connect: Callable[..., NetSuiteClient], server: Server) -> None:
    gateway = connect(certificate_id="unknown").bound(lambda _: None, server.world.clock)
    with pytest.raises(AuthFailed):
        gateway.currency("usd")


# writing ----------------------------------------


@both_ways
def test_the_whole_way_from_customer_to_paid_invoice(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    billed = netsuite.upsert(invoice(buyer))
    netsuite.upsert(payment(buyer, billed))
    found = netsuite.invoice(billed.id)
    assert (found.status, found.amount_paid, found.amount_remaining) == ("B", Decimal("100.10"), Decimal(0))


@both_ways
def test_a_write_in_steady_state_is_one_call(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    netsuite.upsert(invoice(buyer))
    assert netsuite.calls == 2


@both_ways
def test_an_invoice_sent_twice_keeps_its_lines(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    first, second = netsuite.upsert(invoice(buyer)), netsuite.upsert(invoice(buyer))
    assert (first, len(netsuite.invoice(second.id).lines)) == (second, 1)


@both_ways
def test_a_payment_sent_twice_pays_once(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    billed = netsuite.upsert(invoice(buyer))
    first, second = netsuite.upsert(payment(buyer, billed)), netsuite.upsert(payment(buyer, billed))
    assert (first, netsuite.invoice(billed.id).amount_paid) == (second, Decimal("100.10"))


@both_ways
def test_an_upsert_brings_the_new_values(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    netsuite.upsert(invoice(buyer))
    changed = netsuite.upsert(invoice(buyer, "55.55", memo="changed"))
    found = netsuite.invoice(changed.id)
    assert (found.total, found.memo) == (Decimal("55.55"), "changed")


@both_ways
def test_a_customer_reads_back_as_written(netsuite: NetSuiteGateway) -> None:
    address = Address(addr1="1 Main St", city="Dover", state="DE", zip="19901", country="US", default_billing=True)
    written = customer(
        addresses=(address,), currencies=(ids.USD, ids.EUR), custom={"custentity_tieout_stripe_id": "cus_1"}
    )
    netsuite.upsert(written)
    made = netsuite.upsert(written)
    found = netsuite.customer(made.id)
    billing = found.billing
    assert billing is not None
    assert (billing.addr1, billing.city, billing.country, len(found.addresses)) == ("1 Main St", "Dover", "US", 1)
    assert (set(found.currencies), found.custom) == ({ids.USD, ids.EUR}, {"custentity_tieout_stripe_id": "cus_1"})


@both_ways
def test_a_currency_is_added_to_those_a_customer_has(netsuite: NetSuiteGateway) -> None:
    made = netsuite.upsert(customer(currencies=(ids.USD,)))
    netsuite.patch(made, {"currencyList": currency_list([ids.EUR])})
    assert set(netsuite.customer(made.id).currencies) == {ids.USD, ids.EUR}


@both_ways
def test_a_currency_given_twice_is_there_once(netsuite: NetSuiteGateway) -> None:
    written = customer(currencies=(ids.USD, ids.EUR))
    netsuite.upsert(written)
    made = netsuite.upsert(written)
    assert sorted(netsuite.customer(made.id).currencies) == sorted((ids.USD, ids.EUR))


@both_ways
@pytest.mark.parametrize(("iso", "amount"), [("JPY", "1050"), ("KWD", "10.125"), ("EUR", "0.10")])
def test_every_kind_of_currency_keeps_its_decimals(netsuite: NetSuiteGateway, iso: str, amount: str) -> None:
    currency = netsuite.currency(iso).id
    buyer = netsuite.upsert(customer(currencies=(ids.USD, currency)))
    made = netsuite.upsert(invoice(buyer, amount, currency=currency))
    assert netsuite.invoice(made.id).total == Decimal(amount)


@both_ways
def test_a_transform_made_twice_is_one_record(netsuite: NetSuiteGateway) -> None:
    billed = netsuite.upsert(invoice(netsuite.upsert(customer())))
    memo = CreditMemo(external_id="stripe-cm-re_1", apply=(Apply(doc=billed.id, amount=Decimal("100.10"), line=0),))
    first = netsuite.transform(billed, memo)
    assert (netsuite.transform(billed, memo), netsuite.invoice(billed.id).amount_remaining) == (first, Decimal(0))


@both_ways
def test_a_customer_created_twice_under_one_name_is_one(netsuite: NetSuiteGateway) -> None:
    written = customer(1, entity_id="ACME")
    assert netsuite.create(written) == netsuite.create(written)


@both_ways
def test_an_invoice_replayed_after_its_period_was_closed_is_done(
    netsuite: NetSuiteGateway, world: NetSuiteWorld
) -> None:
    written = invoice(netsuite.upsert(customer()), tran_date=date(2026, 10, 5))
    made = netsuite.upsert(written)
    close(world, date(2026, 10, 1))
    assert netsuite.upsert(written) == made


@both_ways
def test_a_change_after_the_period_was_closed_is_held(netsuite: NetSuiteGateway, world: NetSuiteWorld) -> None:
    buyer = netsuite.upsert(customer())
    netsuite.upsert(invoice(buyer, tran_date=date(2026, 10, 5)))
    close(world, date(2026, 10, 1))
    assert refused(lambda: netsuite.upsert(invoice(buyer, "55.55", tran_date=date(2026, 10, 5)))) is PeriodClosed


def test_a_deleted_record_is_gone_however_often(netsuite: NetSuiteGateway) -> None:
    billed = netsuite.upsert(invoice(netsuite.upsert(customer())))
    netsuite.delete(billed)
    netsuite.delete(billed)
    assert netsuite.find("invoice", "stripe-inv-in_1") is None


def test_a_voided_invoice_is_seen_as_such(netsuite: NetSuiteGateway) -> None:
    billed = netsuite.upsert(invoice(netsuite.upsert(customer())))
    assert netsuite.void(billed) is None
    assert netsuite.invoice(billed.id).voided


def test_a_void_by_credit_memo_closes_the_invoice(connect: Callable[..., NetSuiteClient], server: Server) -> None:
    gateway = connect(void_with="credit_memo").bound(lambda _: None, server.world.clock)
    billed = gateway.upsert(invoice(gateway.upsert(customer())))
    memo = gateway.void(billed)
    assert memo is not None
    assert (gateway.void(billed), gateway.invoice(billed.id).status) == (memo, "B")


@both_ways
def test_nothing_is_mailed_to_a_customer(netsuite: NetSuiteGateway, world: NetSuiteWorld) -> None:
    buyer = netsuite.upsert(customer())
    netsuite.upsert(payment(buyer, netsuite.upsert(invoice(buyer))))
    assert list(world.books.outbox) == []


# lost answers ----------------------------------------


def existing(world: NetSuiteWorld, record_type: str) -> int:
    return len(list(world.all(record_type)))


RECORDS: dict[str, Callable[[Ref, Ref], Record]] = {
    "invoice": lambda buyer, _: replace(invoice(buyer), external_id="stripe-inv-in_2"),
    "customerPayment": payment,
    "creditMemo": lambda buyer, _: CreditMemo(
        external_id="stripe-cm-re_1", entity=buyer.id, lines=(InvoiceLine(item=ids.ITEM_STRIPE, rate=Decimal(5)),)
    ),
}


@both_ways
@pytest.mark.parametrize("record_type", RECORDS)
def test_an_answer_cut_off_after_the_save_leaves_one_record(
    netsuite: NetSuiteGateway, world: NetSuiteWorld, batch_with: str, record_type: str
) -> None:
    buyer = netsuite.upsert(customer())
    billed = netsuite.upsert(invoice(buyer))
    before = existing(world, record_type)
    fault = world.faults.cut_after(**WRITE[batch_with], times=1)
    made = netsuite.upsert(RECORDS[record_type](buyer, billed))
    assert (fault.hits, existing(world, record_type) - before) == (1, 1)
    assert netsuite.find(record_type, RECORDS[record_type](buyer, billed).external_id) == made


@both_ways
def test_a_request_cut_off_before_the_save_is_made_after_all(
    netsuite: NetSuiteGateway, world: NetSuiteWorld, batch_with: str
) -> None:
    buyer = netsuite.upsert(customer())
    world.faults.cut_before(**WRITE[batch_with], times=1)
    made = netsuite.upsert(invoice(buyer))
    assert (netsuite.invoice(made.id).total, existing(world, "invoice")) == (Decimal("100.10"), 1)


@both_ways
def test_an_update_cut_off_before_the_save_is_not_taken_as_done(
    netsuite: NetSuiteGateway, world: NetSuiteWorld, batch_with: str
) -> None:
    buyer = netsuite.upsert(customer())
    netsuite.upsert(invoice(buyer))
    world.faults.cut_before(**WRITE[batch_with], times=1)
    made = netsuite.upsert(invoice(buyer, "55.55"))
    assert netsuite.invoice(made.id).total == Decimal("55.55")


@both_ways
def test_an_update_cut_off_after_the_save_is_not_sent_again(
    netsuite: NetSuiteGateway, world: NetSuiteWorld, batch_with: str
) -> None:
    buyer = netsuite.upsert(customer())
    netsuite.upsert(invoice(buyer))
    fault = world.faults.cut_after(**WRITE[batch_with])
    netsuite.upsert(invoice(buyer, "55.55"))
    assert fault.hits == 1


@both_ways
def test_a_transform_cut_off_after_the_save_leaves_one_memo(
    netsuite: NetSuiteGateway, world: NetSuiteWorld, batch_with: str
) -> None:
    billed = netsuite.upsert(invoice(netsuite.upsert(customer())))
    world.faults.cut_after(**TRANSFORM[batch_with], times=1)
    netsuite.transform(
        billed, CreditMemo(external_id="stripe-cm-re_1", apply=(Apply(doc=billed.id, amount=Decimal(1), line=0),))
    )
    assert existing(world, "creditMemo") == 1


@pytest.fixture
def impatient(connect: Callable[..., NetSuiteClient], world: NetSuiteWorld) -> NetSuiteGateway:
    """Gives up on an answer while NetSuite is still at work on it; everything after that goes quickly."""

    def quick_again(exchange: Exchange) -> None:
        if exchange.status is None:
            world.governance.latency_ms = 0

    gateway = connect(read_timeout=1.0).bound(quick_again, world.clock)
    gateway.currency("usd")
    return gateway


def until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < give_up_at, "the condition did not come true in time"
        threading.Event().wait(0.01)


@pytest.mark.slow
def test_a_write_that_netsuite_finishes_after_we_gave_up_is_one_record(
    impatient: NetSuiteGateway, world: NetSuiteWorld
) -> None:
    buyer = impatient.upsert(customer())
    world.governance.forget()
    world.governance.latency_ms = 2500
    made = impatient.upsert(invoice(buyer))
    until(lambda: _writes_answered(world) == 2)
    assert ([record.id for record in world.all("invoice")], len(impatient.invoice(made.id).lines)) == ([made.id], 1)


@pytest.mark.slow
def test_a_transform_that_netsuite_finishes_after_we_gave_up_is_one_record(
    impatient: NetSuiteGateway, world: NetSuiteWorld
) -> None:
    billed = impatient.upsert(invoice(impatient.upsert(customer())))
    memo = CreditMemo(external_id="stripe-cm-re_1", apply=(Apply(doc=billed.id, amount=Decimal(1), line=0),))
    world.governance.forget()
    world.governance.latency_ms = 2500
    made = impatient.transform(billed, memo)
    until(lambda: _writes_answered(world) == 2)
    assert [record.id for record in world.all("creditMemo")] == [made.id]


@both_ways
def test_a_gateway_s_502_is_resolved_by_the_name(
    netsuite: NetSuiteGateway, world: NetSuiteWorld, batch_with: str
) -> None:
    buyer = netsuite.upsert(customer())
    world.faults.status(502, **WRITE[batch_with], times=1, body="<html><h1>502 Bad Gateway</h1></html>")
    netsuite.upsert(invoice(buyer))
    assert existing(world, "invoice") == 1


# refusals ----------------------------------------


def close(world: NetSuiteWorld, day: date) -> None:
    period = world.period_of(day)
    assert period is not None
    period.fields.update({"closed": True, "allLocked": True, "arLocked": True})
    world.put(period)


def refused(write: Callable[[], object]) -> type[TieoutError]:
    with pytest.raises(TieoutError) as caught:
        write()
    return type(caught.value)


@both_ways
def test_a_misspelt_field_is_refused(netsuite: NetSuiteGateway) -> None:
    assert refused(lambda: netsuite.upsert(customer(custom={"custentity_strip_id": "x"}))) is Rejected


@both_ways
def test_a_name_that_is_taken_waits_for_a_person(netsuite: NetSuiteGateway) -> None:
    netsuite.upsert(customer(1, entity_id="ACME"))
    assert refused(lambda: netsuite.upsert(customer(2, entity_id="ACME"))) is DuplicateName


@both_ways
def test_a_closed_period_is_told(netsuite: NetSuiteGateway, world: NetSuiteWorld) -> None:
    buyer = netsuite.upsert(customer())
    close(world, date(2026, 10, 1))
    assert refused(lambda: netsuite.upsert(invoice(buyer, tran_date=date(2026, 10, 5)))) is PeriodClosed
    assert netsuite.first_open_day(date(2026, 10, 5)) == date(2026, 11, 1)


def test_a_locked_period_is_not_open(netsuite: NetSuiteGateway, world: NetSuiteWorld) -> None:
    period = world.period_of(date(2026, 10, 1))
    assert period is not None
    period.fields.update({"allLocked": True, "arLocked": True})
    assert not netsuite.period_open(date(2026, 10, 5))


@both_ways
def test_a_currency_the_customer_lacks_is_told(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer(currencies=(ids.USD,)))
    assert refused(lambda: netsuite.upsert(invoice(buyer, currency=ids.EUR))) is Unmapped


@both_ways
def test_more_than_is_due_cannot_be_applied(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    billed = netsuite.upsert(invoice(buyer))
    assert refused(lambda: netsuite.upsert(payment(buyer, billed, "100.11"))) is NotAllowed


@both_ways
def test_money_cannot_be_applied_to_another_customer_s_invoice(netsuite: NetSuiteGateway) -> None:
    billed = netsuite.upsert(invoice(netsuite.upsert(customer(1))))
    assert refused(lambda: netsuite.upsert(payment(netsuite.upsert(customer(2)), billed))) is NotAllowed


@both_ways
def test_an_item_that_does_not_exist_names_the_mapping(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    lines = (InvoiceLine(item="99999", rate=Decimal(1)),)
    assert refused(lambda: netsuite.upsert(invoice(buyer, lines=lines))) is Unmapped


@both_ways
def test_a_record_changed_meanwhile_is_a_conflict(netsuite: NetSuiteGateway, world: NetSuiteWorld) -> None:
    netsuite.upsert(customer())
    world.conflicts.append("customer")
    assert refused(lambda: netsuite.upsert(customer())) is Conflict


def test_a_record_that_is_not_there_is_told(netsuite: NetSuiteGateway) -> None:
    assert refused(lambda: netsuite.invoice("999999")) is NotFound


@both_ways
def test_one_name_for_two_kinds_of_transaction_waits_for_a_person(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    netsuite.upsert(invoice(buyer))
    memo = CreditMemo(
        external_id="stripe-inv-in_1", entity=buyer.id, lines=(InvoiceLine(item=ids.ITEM_STRIPE, rate=Decimal(1)),)
    )
    assert refused(lambda: netsuite.upsert(memo)) is DuplicateName


# asking ----------------------------------------


def test_customers_are_found_by_email_in_any_case(netsuite: NetSuiteGateway) -> None:
    made = [netsuite.upsert(customer(number)).id for number in (1, 2)]
    assert [found.id for found in netsuite.customers_with_email("A@ACME.EXAMPLE")] == made


def test_open_invoices_are_those_with_something_due(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    paid = netsuite.upsert(replace(invoice(buyer), external_id="stripe-inv-in_2"))
    still_open = netsuite.upsert(invoice(buyer, "7.50"))
    netsuite.upsert(payment(buyer, paid))
    found = [(one.id, one.amount_remaining) for one in netsuite.open_invoices(customer=buyer.id)]
    assert found == [(still_open.id, Decimal("7.50"))]


def test_open_invoices_can_be_asked_for_by_their_stripe_id(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    netsuite.upsert(replace(invoice(buyer), external_id="stripe-inv-in_2"))
    with_id = netsuite.upsert(invoice(buyer, custom={"custbody_tieout_stripe_id": "in_1"}))
    found = list(netsuite.open_invoices(stripe_id_field="custbody_tieout_stripe_id"))
    assert [(one.id, one.custom) for one in found] == [(with_id.id, {"custbody_tieout_stripe_id": "in_1"})]


def test_an_invoice_is_found_by_its_number(netsuite: NetSuiteGateway) -> None:
    made = netsuite.upsert(invoice(netsuite.upsert(customer()), tran_id="INV-77"))
    assert [one.id for one in netsuite.invoices_numbered("INV-77")] == [made.id]


def test_an_invoice_is_found_by_what_its_field_holds(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    netsuite.upsert(replace(invoice(buyer), external_id="stripe-inv-in_2"))
    holding = netsuite.upsert(invoice(buyer, custom={"custbody_tieout_stripe_id": "ch_1"}))
    found = netsuite.invoices_holding("custbody_tieout_stripe_id", ["ch_1", "pi_1"])
    assert [(one.id, one.custom) for one in found] == [(holding.id, {"custbody_tieout_stripe_id": "ch_1"})]


def test_payments_of_a_customer_tell_what_is_left_of_them(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    billed = netsuite.upsert(invoice(buyer, "7.50"))
    more = replace(payment(buyer, billed), apply=(Apply(doc=billed.id, amount=Decimal("7.50")),))
    made = netsuite.upsert(replace(more, custom={"custbody_tieout_charge_id": "ch_1"}))
    day = NOON.date() - timedelta(days=400)
    [found] = netsuite.payments_of(buyer.id, since=day, charge_id_field="custbody_tieout_charge_id")
    assert (found.id, found.payment, found.unapplied, found.custom) == (
        made.id,
        more.payment,
        more.payment - Decimal("7.50"),
        {"custbody_tieout_charge_id": "ch_1"},
    )
    assert netsuite.payments_of(buyer.id, since=NOON.date() + timedelta(days=400)) == []


def test_what_is_applied_to_what_is_told_from_either_side(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    billed = netsuite.upsert(invoice(buyer))
    paid = netsuite.upsert(payment(buyer, billed))
    assert netsuite.applications_of(paid.id) == [Application(doc=billed.id, doc_type="invoice", amount=PRICE)]
    assert netsuite.applications_of(billed.id) == [Application(doc=paid.id, doc_type="customerPayment", amount=PRICE)]


def test_a_refund_is_applied_to_its_memo(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    memo = netsuite.upsert(
        CreditMemo(
            external_id="stripe-cm-re_1",
            entity=buyer.id,
            currency=ids.USD,
            lines=(InvoiceLine(item=ids.ITEM_STRIPE, rate=PRICE),),
        )
    )
    refund = netsuite.upsert(
        CustomerRefund(
            external_id="stripe-crf-re_1",
            customer=buyer.id,
            account=ids.UNDEPOSITED_FUNDS,
            currency=ids.USD,
            apply=(Apply(doc=memo.id, amount=PRICE),),
        )
    )
    assert netsuite.applications_of(refund.id) == [Application(doc=memo.id, doc_type="creditMemo", amount=PRICE)]
    assert netsuite.applications_of(memo.id) == [Application(doc=refund.id, doc_type="customerRefund", amount=PRICE)]


def test_the_head_of_a_payment(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    paid = netsuite.upsert(replace(payment(buyer, netsuite.upsert(invoice(buyer))), payment=Decimal("120.10")))
    head = netsuite.transaction("customerPayment", paid.id)
    assert (head.entity, head.currency, head.account) == (buyer.id, ids.USD, ids.UNDEPOSITED_FUNDS)
    assert (head.total, head.unapplied, head.voided, head.deposited) == (Decimal("120.1"), Decimal(20), False, False)


def test_the_head_of_a_voided_refund_says_so(netsuite: NetSuiteGateway) -> None:
    buyer = netsuite.upsert(customer())
    paid = netsuite.upsert(replace(payment(buyer, netsuite.upsert(invoice(buyer))), payment=Decimal("120.10")))
    refund = CustomerRefund(
        external_id="stripe-crf-re_1",
        customer=buyer.id,
        account=ids.UNDEPOSITED_FUNDS,
        currency=ids.USD,
        apply=(Apply(doc=paid.id, amount=Decimal(20)),),
    )
    made = netsuite.upsert(refund)
    assert not netsuite.transaction("customerRefund", made.id).voided
    netsuite.void(made)
    assert netsuite.transaction("customerRefund", made.id).voided


def test_changes_since_are_found_whatever_the_account_s_time_zone(
    netsuite: NetSuiteGateway, world: NetSuiteWorld
) -> None:
    old = netsuite.upsert(customer(1))
    world.clock.advance(timedelta(hours=6))
    new = netsuite.upsert(customer(2))
    found = list(netsuite.customers_since(world.clock.now() - timedelta(minutes=1)))
    assert (new.id in found, old.id in found) == (True, False)


def test_more_rows_than_a_page_holds_come_once_each(netsuite: NetSuiteGateway, world: NetSuiteWorld) -> None:
    for number in range(1005):
        world.books.rates[str(9000 + number)] = Decimal(1)
        _add_currency(world, str(9000 + number), f"X{number}")
    rows = list(netsuite.keyset("SELECT id FROM currency WHERE id > ? ORDER BY id"))
    assert (len(rows), len({row["id"] for row in rows})) == (1013, 1013)


def test_a_subsidiary_tells_currency_and_time_zone(netsuite: NetSuiteGateway) -> None:
    found = netsuite.subsidiary(ids.SUBSIDIARY_EU)
    assert (found.currency, found.country, found.time_zone) == (ids.EUR, "DE", "Europe/Berlin")


def test_the_gateway_is_all_that_flows_call(netsuite: NetSuiteGateway) -> None:
    promised: NetSuite = netsuite
    assert promised.account == "TSTDRV1234567"


def test_the_restlet_says_what_it_can(netsuite: NetSuiteGateway) -> None:
    told = netsuite.ping()
    assert (told.account, "batch" in told.actions, frozenset(told.types)) == ("TSTDRV1234567", True, TYPES)


def test_the_limits_of_the_account_are_read(netsuite: NetSuiteGateway, world: NetSuiteWorld) -> None:
    limits = netsuite.governance_limits()
    assert limits is not None
    assert limits.account == world.governance.limit


def test_the_schema_shows_custom_fields(netsuite: NetSuiteGateway) -> None:
    assert "custbody_tieout_stripe_id" in str(netsuite.metadata(["invoice"]))


def test_a_record_has_fields(netsuite: NetSuiteGateway) -> None:
    found = netsuite.record_fields("invoice")
    wanted = ("memo", "entity", "custbody_tieout_stripe_id", "item", "item.rate")
    assert [found.get(name) for name in wanted] == ["string", "reference", "string", "sublist", "double"]


def test_the_fields_are_asked_for_once(netsuite: NetSuiteGateway) -> None:
    netsuite.record_fields("creditMemo")
    before = netsuite.calls
    netsuite.record_fields("creditMemo")
    assert netsuite.calls == before


def test_a_record_type_that_netsuite_has_not_has_no_fields(netsuite: NetSuiteGateway) -> None:
    with pytest.raises(Rejected):
        netsuite.record_fields("unicorn")


# concurrency ----------------------------------------


def in_threads(count: int, work: Callable[[int], None]) -> list[TieoutError]:
    errors: list[TieoutError] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except TieoutError as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


@pytest.fixture
def shared(postgres_url: str, database: Database) -> Iterator[Callable[[int], PostgresSlots]]:
    made: list[PostgresSlots] = []

    def slots(ceiling: int) -> PostgresSlots:
        made.append(PostgresSlots(postgres_url, "sandbox", ceiling, burst=timedelta(0), size_read_every=0.0))
        return made[-1]

    yield slots
    for one in made:
        one.close()


def test_slots_keep_within_the_account_s_limit(
    connect: Callable[..., NetSuiteClient], server: Server, shared: Callable[[int], PostgresSlots]
) -> None:
    governance = server.world.governance
    governance.limit, governance.latency_ms = 3, 5
    clients = [connect(shared(3)) for _ in range(2)]
    governance.forget()

    def work(number: int) -> None:
        gateway = clients[number % 2].bound(lambda _: None, server.world.clock)
        for turn in range(3):
            gateway.find("customer", f"stripe-cust-{number}-{turn}")

    assert (in_threads(12, work), governance.refused, governance.highest) == ([], 0, 3)


def test_a_burst_whose_first_answer_is_lost_makes_each_record_once(
    connect: Callable[..., NetSuiteClient], server: Server
) -> None:
    world = server.world
    world.governance.limit, world.governance.latency_ms = 2, 20
    client = connect(LocalSlots(2), concurrency=2, batch_with="restlet")
    client.bound(lambda _: None, world.clock).currency("usd")
    fault = world.faults.cut_after(**WRITE["restlet"], times=1, skip=2)
    world.governance.forget()
    gateways = [client.bound(lambda _: None, world.clock) for _ in range(30)]

    def write(number: int) -> None:
        gateways[number].upsert(customer(number))

    errors = in_threads(30, write)
    names = sorted(str(record.external_id) for record in world.all("customer"))
    assert (errors, fault.hits, names) == ([], 1, sorted(f"stripe-cust-cus_{number}" for number in range(30)))
    assert sum(gateway.calls for gateway in gateways) == sum(world.governance.calls.values())


def test_too_many_slots_become_no_more_than_netsuite_takes(
    connect: Callable[..., NetSuiteClient], server: Server, shared: Callable[[int], PostgresSlots]
) -> None:
    governance = server.world.governance
    client = connect(shared(8))
    client.bound(lambda _: None, server.world.clock).currency("usd")
    governance.limit, governance.latency_ms = 2, 10

    def work(number: int) -> None:
        gateway = client.bound(lambda _: None, server.world.clock)
        for turn in range(5):
            with contextlib.suppress(Throttled):
                gateway.find("customer", f"stripe-cust-{number}-{turn}")

    in_threads(8, work)
    refused_at_first = governance.refused
    governance.forget()
    in_threads(8, work)
    assert (refused_at_first > 0, governance.refused) == (True, 0)


def _add_currency(world: NetSuiteWorld, internal_id: str, symbol: str) -> None:
    from sandbox.netsuite.dataset import add_currency

    add_currency(world, internal_id, symbol, symbol, 2, "1")


def _writes_answered(world: NetSuiteWorld) -> int:
    answers = world.governance.answers
    return answers[204] + answers[400]
