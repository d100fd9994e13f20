from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.core.links import Link
from app.errors import AmountMismatch, Unmapped
from app.systems.netsuite.records import Ref
from tests.workers.records.ledger import ledger
from workers.records.dates import Posting
from workers.records.reversal import (
    Party,
    against,
    cash_refund,
    credit_memo,
    customer_refund,
    money_out,
    one_line,
    party_of,
    payment_option,
)

PARTY = Party(customer="7", iso="USD", currency="1", subsidiary="2", receivable="119")
DAY = Posting(date(2026, 8, 20))


def paid(**facts: Any) -> Link:
    known = {"customer": "7", "currency": "USD", "subsidiary": "2", "receivable": "119"}
    return Link(role="pay", netsuite_type="customerPayment", netsuite_id="5", facts=known | facts)


def books(**accounts: Any) -> dict[str, Any]:
    return {"main": {"accounts": accounts}}


def test_a_party_is_what_the_links_facts_say() -> None:
    assert party_of(paid(), ledger()) == PARTY


def test_an_invoices_link_calls_its_receivable_account() -> None:
    link = paid(receivable=None, account="120")
    assert party_of(link, ledger()).receivable == "120"


def test_the_memos_lines_must_add_up() -> None:
    with pytest.raises(AmountMismatch) as caught:
        credit_memo("re_1", PARTY, (one_line("10", Decimal(4)),), Decimal(5), DAY, "Refund re_1")
    assert (caught.value.ours, caught.value.theirs) == (Decimal(4), Decimal(5))


def test_taxes_beside_the_lines_count() -> None:
    details = {"taxDetails": {"items": [{"taxAmount": Decimal(1)}]}}
    made = credit_memo("re_1", PARTY, (one_line("10", Decimal(4)),), Decimal(5), DAY, "Refund re_1", custom=details)
    assert (made.external_id, made.entity, made.account, made.tran_date) == ("stripe-cm-re_1", "7", "119", DAY.day)


def test_a_customer_refund_is_applied_to_what_it_is_given() -> None:
    memo = Ref("creditMemo", "9")
    made = customer_refund("re_1", PARTY, "122", DAY, "Refund re_1", apply=(against(memo, Decimal(4)),))
    assert (made.external_id, made.account, made.ar_account) == ("stripe-crf-re_1", "122", "119")
    assert [(one.doc, one.amount) for one in made.apply] == [("9", Decimal(4))]


def test_a_cash_refund_has_lines_of_its_own() -> None:
    made = cash_refund("re_1", PARTY, "122", (one_line("10", Decimal(4)),), Decimal(4), DAY, "Refund re_1")
    assert (made.external_id, made.entity, made.account) == ("stripe-cr-re_1", "7", "122")


def test_money_leaves_where_the_payment_lies() -> None:
    assert money_out(paid(money="211"), "USD", ledger()) == "211"


def test_money_in_undeposited_funds_leaves_from_there() -> None:
    chosen = books(undeposited="122", money_in="clearing", clearing={"USD": "211"})
    assert money_out(paid(money=None), "USD", ledger(books=chosen)) == "122"


def test_without_a_payment_the_setting_says_where_money_leaves() -> None:
    assert money_out(None, "USD", ledger(books=books(money_in="clearing", clearing={"*": "211"}))) == "211"


@pytest.mark.parametrize(
    ("accounts", "setting"),
    [({}, "books.main.accounts.undeposited"), ({"money_in": "clearing"}, "books.main.accounts.clearing.USD")],
)
def test_an_account_that_is_not_set_is_named(accounts: dict[str, Any], setting: str) -> None:
    with pytest.raises(Unmapped) as caught:
        money_out(None, "USD", ledger(books=books(**accounts)))
    assert caught.value.setting == setting


def test_the_payment_option_falls_back_to_the_one_for_all() -> None:
    chosen = ledger(books={"main": {"payment_options": {"card": "7", "*": "1"}}}).config.for_account("main")
    assert [payment_option(chosen, kind) for kind in ("card", "link", None)] == ["7", "1", "1"]
