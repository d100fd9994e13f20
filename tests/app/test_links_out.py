import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as some

from app import errors
from app.links_out import (
    Current,
    Payable,
    Visitor,
    pay_token,
    pay_url,
    portal_token,
    read_pay_token,
    read_portal_token,
    router,
)
from app.systems.stripe.objects import Invoice

SECRET = "a secret of this installation"
PAYABLE = Payable("main", "netsuite", "4711")
VISITOR = Visitor("main", "cus_1")
HOSTED = "https://invoice.stripe.com/i/acct_1/test_x"
OPEN = Invoice(
    id="in_1",
    status="open",
    currency="usd",
    customer="cus_1",
    number="INV-7",
    hosted_invoice_url=HOSTED,
    created=datetime(2026, 11, 1, tzinfo=UTC),
    total=500,
    subtotal=500,
    amount_due=500,
    amount_paid=0,
    amount_remaining=500,
)


class Destinations:
    """Answers by what it is given; a TieoutError is raised."""

    def __init__(self, invoice: Invoice | errors.TieoutError | None = OPEN) -> None:
        self._invoice = invoice
        self.sessions = 0

    def invoice(self, payable: Payable, /) -> Invoice | None:
        if isinstance(self._invoice, errors.TieoutError):
            raise self._invoice
        return self._invoice if payable == PAYABLE else None

    def portal_url(self, visitor: Visitor, /) -> str | None:
        self.sessions += 1
        return f"https://billing.stripe.com/p/{self.sessions}" if visitor == VISITOR else None


async def _got(app: FastAPI, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tieout") as client:
        return await client.get(path)


@pytest.fixture
def browse() -> Callable[..., Any]:
    def get(path: str, destinations: Destinations | None = None) -> Any:
        app = FastAPI()
        app.include_router(router(SECRET, destinations or Destinations()))
        return asyncio.run(_got(app, path))

    return get


# tokens ------------------------------------------------------------------------------------------------------


@given(some.text(max_size=40), some.sampled_from(["netsuite", "stripe"]), some.text(max_size=60))
def test_a_pay_token_reads_back(account: str, system: Any, invoice: str) -> None:
    payable = Payable(account, system, invoice)
    assert read_pay_token(SECRET, pay_token(SECRET, payable)) == payable


@given(some.text(max_size=40), some.text(max_size=60))
def test_a_portal_token_reads_back(account: str, customer: str) -> None:
    assert read_portal_token(SECRET, portal_token(SECRET, Visitor(account, customer))) == Visitor(account, customer)


def test_the_same_invoice_has_the_same_link() -> None:
    assert pay_token(SECRET, PAYABLE) == pay_token(SECRET, PAYABLE)


def test_a_link_is_safe_in_a_url() -> None:
    assert set(pay_token(SECRET, Payable("main", "netsuite", "?/&=~ ü"))) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_a_pay_token_opens_no_portal() -> None:
    with pytest.raises(ValueError, match="not a token of ours"):
        read_portal_token(SECRET, pay_token(SECRET, PAYABLE))


def test_another_secret_signs_another_token() -> None:
    with pytest.raises(ValueError, match="not a token of ours"):
        read_pay_token(SECRET, pay_token("another", PAYABLE))


@given(some.integers(0, 40), some.sampled_from("AQgw"))
def test_a_changed_token_is_refused(place: int, letter: str) -> None:
    token = pay_token(SECRET, PAYABLE)
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(ValueError):
            read_pay_token(SECRET, changed)


@given(some.text(max_size=80))
def test_rubbish_is_a_value_error(token: str) -> None:
    with pytest.raises(ValueError):
        read_pay_token(SECRET, token)


def test_a_whole_link() -> None:
    token = pay_token(SECRET, PAYABLE)
    assert pay_url("https://tieout.example.com/", SECRET, PAYABLE) == f"https://tieout.example.com/pay/{token}"


# pages -------------------------------------------------------------------------------------------------------


def pay(browse: Callable[..., Any], invoice: Invoice | errors.TieoutError | None = OPEN) -> Any:
    return browse(f"/pay/{pay_token(SECRET, PAYABLE)}", Destinations(invoice))


def test_an_open_invoice_leads_to_stripe(browse: Callable[..., Any]) -> None:
    answer = pay(browse)
    assert (answer.status_code, answer.headers["location"]) == (302, HOSTED)


def test_an_uncollectible_invoice_can_still_be_paid(browse: Callable[..., Any]) -> None:
    assert pay(browse, replace(OPEN, status="uncollectible")).status_code == 302


def test_a_paid_invoice_says_so(browse: Callable[..., Any]) -> None:
    answer = pay(browse, replace(OPEN, status="paid"))
    assert answer.status_code == 200
    assert "Invoice INV-7 is paid" in answer.text


def test_a_void_invoice_says_not_to_pay(browse: Callable[..., Any]) -> None:
    answer = pay(browse, replace(OPEN, status="void"))
    assert answer.status_code == 410
    assert "Please do not pay it" in answer.text


def test_a_draft_asks_for_patience(browse: Callable[..., Any]) -> None:
    answer = pay(browse, replace(OPEN, status="draft", hosted_invoice_url=None))
    assert (answer.status_code, "not ready yet" in answer.text) == (200, True)


def test_a_number_is_only_text(browse: Callable[..., Any]) -> None:
    answer = pay(browse, replace(OPEN, status="paid", number="<script>alert(1)</script>"))
    assert "<script>" not in answer.text


def test_a_bad_token_is_not_found(browse: Callable[..., Any]) -> None:
    assert browse("/pay/abc").status_code == 404


def test_an_invoice_that_is_nowhere_is_not_found(browse: Callable[..., Any]) -> None:
    assert pay(browse, None).status_code == 404


def test_an_invoice_that_stripe_has_not_is_not_found(browse: Callable[..., Any]) -> None:
    assert pay(browse, errors.NotFound("gone")).status_code == 404


def test_an_unreachable_stripe_asks_to_come_back(browse: Callable[..., Any]) -> None:
    answer = pay(browse, errors.Unavailable("no"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


@pytest.mark.parametrize("status", ["open", "paid", "void"])
def test_no_answer_may_be_kept_or_passed_on(browse: Callable[..., Any], status: str) -> None:
    headers = pay(browse, replace(OPEN, status=status)).headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_each_visit_opens_its_own_portal_session(browse: Callable[..., Any]) -> None:
    destinations = Destinations()
    path = f"/portal/{portal_token(SECRET, VISITOR)}"
    answers = [browse(path, destinations) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == [
        "https://billing.stripe.com/p/1",
        "https://billing.stripe.com/p/2",
    ]


def test_a_portal_session_may_not_be_kept(browse: Callable[..., Any]) -> None:
    headers = browse(f"/portal/{portal_token(SECRET, VISITOR)}").headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_a_bad_portal_token_opens_no_session(browse: Callable[..., Any]) -> None:
    destinations = Destinations()
    assert browse(f"/portal/{pay_token(SECRET, PAYABLE)}", destinations).status_code == 404
    assert destinations.sessions == 0


# where they lead ---------------------------------------------------------------------------------------------


def current(*, link: str | None, invoices: dict[str, Invoice]) -> Current:
    found = SimpleNamespace(stripe_id=link) if link else None
    links = SimpleNamespace(
        of_netsuite=lambda record, id, role: found if (record, role) == ("invoice", "inv") else None
    )
    return Current(lambda account: SimpleNamespace(invoice=invoices.__getitem__), lambda account: links)


def test_a_netsuite_invoice_leads_to_its_current_stripe_invoice() -> None:
    assert current(link="in_1", invoices={"in_1": OPEN}).invoice(PAYABLE) == OPEN


def test_a_netsuite_invoice_without_a_link_leads_nowhere() -> None:
    assert current(link=None, invoices={}).invoice(PAYABLE) is None


def test_a_revised_invoice_leads_to_its_revision() -> None:
    old = replace(OPEN, status="void", latest_revision="in_2")
    new = replace(OPEN, id="in_2")
    found = current(link=None, invoices={"in_1": old, "in_2": new}).invoice(Payable("main", "stripe", "in_1"))
    assert found == new
