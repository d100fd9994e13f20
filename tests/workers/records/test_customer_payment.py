from decimal import Decimal
from typing import Any

import pytest

from app.core.config import Accounts
from app.core.links import Link
from app.errors import AmountMismatch, Held, Unmapped
from tests.workers.records.builders import NOW
from workers.records.customer_payment import Money, Share, applications, money_account, same


def share(amount: int, document: str = "1001", **facts: Any) -> Share:
    return Share(Link(netsuite_type="invoice", netsuite_id=document, facts=facts), amount)


def money(amount: int, *shares: Share) -> Money:
    return Money("ch_1", amount, "usd", NOW, shares)


def test_each_invoice_gets_its_share() -> None:
    found = applications(money(1500, share(1000), share(500, "1002")))
    assert [(one.doc, one.amount) for one in found] == [("1001", Decimal(10)), ("1002", Decimal(5))]


def test_more_applied_than_received_is_refused() -> None:
    with pytest.raises(AmountMismatch):
        applications(money(1000, share(1000), share(1, "1002")))


def test_invoices_of_two_customers_are_held() -> None:
    with pytest.raises(Held) as held:
        same([share(1, customer="7"), share(1, customer="8")], "customer", "customer")
    assert held.value.code == "different_customer"


def test_an_invoice_that_does_not_know_agrees_with_those_that_do() -> None:
    assert same([share(1, account=None), share(1, account="119")], "account", "account") == "119"


def test_undeposited_funds_need_no_account() -> None:
    assert money_account(Accounts(), "usd", "main") is None


def test_the_clearing_account_of_all_other_currencies() -> None:
    accounts = Accounts(money_in="clearing", clearing={"USD": "211", "*": "299"})
    assert (money_account(accounts, "usd", "main"), money_account(accounts, "chf", "main")) == ("211", "299")


def test_a_missing_clearing_account_names_its_setting() -> None:
    with pytest.raises(Unmapped) as missing:
        money_account(Accounts(money_in="clearing"), "chf", "main")
    assert missing.value.setting == "books.main.accounts.clearing.CHF"
