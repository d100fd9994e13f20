from decimal import Decimal
from typing import Any

import pytest

from app.core.effect import effect_of
from app.core.posting import Effect
from app.core.preview import Written
from app.origin import Origin

RECEIVABLE, CLEARING, BANK, FEES = {"id": "119"}, {"id": "214"}, {"id": "201"}, {"id": "60"}
LINES = {"items": [{"item": {"id": "10"}, "rate": Decimal("30"), "quantity": 2}, {"item": {"id": "16"}, "amount": -5}]}


def effect(target: str, body: dict[str, Any], operation: str = "upsert", **origins: Origin) -> Effect:
    found = effect_of(Written("netsuite", operation, target, body, origins))
    assert found is not None
    return found


def sides(found: Effect) -> list[tuple[str, str, str]]:
    """Account, or who chooses it; debit; credit."""
    return [(line.account or line.by_netsuite, str(line.debit or ""), str(line.credit or "")) for line in found.lines]


def test_an_invoice_owes_what_its_lines_come_to() -> None:
    found = effect("invoice", {"account": RECEIVABLE, "item": LINES})
    assert sides(found) == [
        ("119", "55", ""),
        ("the income account of item 10", "", "60"),
        ("the income account of item 16", "5", ""),
    ]
    assert found.balanced


def test_an_account_that_is_not_said_is_netsuites_choice() -> None:
    [owed, _, _] = effect("invoice", {"item": LINES}).lines
    assert (owed.account, owed.by_netsuite) == (None, "the customer's receivable account")


def test_a_setting_that_chose_the_account_is_named() -> None:
    setting = Origin("setting", "books.main.accounts.receivable.USD")
    [owed, *_] = effect("invoice", {"account": RECEIVABLE, "item": LINES}, account=setting).lines
    assert owed.setting == "books.main.accounts.receivable.USD"


def test_a_credit_memo_is_the_other_way_round() -> None:
    found = effect("creditMemo", {"account": RECEIVABLE, "item": LINES})
    assert sides(found)[:2] == [("119", "", "55"), ("the income account of item 10", "60", "")]


def test_tax_details_are_part_of_it() -> None:
    found = effect("invoice", {"item": LINES, "taxDetails": {"items": [{"taxAmount": Decimal("4.40")}]}})
    assert sides(found)[-1] == ("the tax code's liability account", "", "4.40")
    assert found.balanced


def test_lines_that_are_taken_over_are_not_made_up() -> None:
    found = effect("invoice 1001 -> creditMemo", {"memo": "void"}, "transform")
    assert (found.lines, found.sentence) == (
        (),
        "NetSuite takes the lines over from invoice 1001: the same accounts and amounts.",
    )


@pytest.mark.parametrize(
    ("kind", "body", "wanted"),
    [
        (
            "customerPayment",
            {"payment": 50, "account": CLEARING, "arAcct": RECEIVABLE},
            [("214", "50", ""), ("119", "", "50")],
        ),
        (
            "customerPayment",
            {"payment": 50, "undepFunds": {"id": "T"}},
            [("Undeposited Funds", "50", ""), ("the customer's receivable account", "", "50")],
        ),
        (
            "customerDeposit",
            {"payment": 50, "undepFunds": True},
            [("Undeposited Funds", "50", ""), ("the account for customer deposits", "", "50")],
        ),
        (
            "depositApplication",
            {"apply": {"items": [{"doc": {"id": "7"}, "amount": 20}]}},
            [("the account for customer deposits", "20", ""), ("the customer's receivable account", "", "20")],
        ),
        (
            "customerRefund",
            {"account": CLEARING, "apply": {"items": [{"amount": 20}]}, "deposit": {"items": [{"amount": 5}]}},
            [
                ("the customer's receivable account", "20", ""),
                ("the account for customer deposits", "5", ""),
                ("214", "", "25"),
            ],
        ),
        (
            "cashSale",
            {"account": CLEARING, "item": {"items": [{"item": {"id": "10"}, "amount": 50}]}},
            [("214", "50", ""), ("the income account of item 10", "", "50")],
        ),
        (
            "cashRefund",
            {"account": CLEARING, "item": {"items": [{"item": {"id": "10"}, "amount": 50}]}},
            [("214", "", "50"), ("the income account of item 10", "50", "")],
        ),
        (
            "deposit",
            {
                "account": BANK,
                "other": {"items": [{"account": CLEARING, "amount": 100}]},
                "cashBack": {"items": [{"account": FEES, "amount": 3}]},
            },
            [("201", "97", ""), ("214", "", "100"), ("60", "3", "")],
        ),
        (
            "journalEntry",
            {"line": {"items": [{"account": BANK, "debit": 9}, {"account": CLEARING, "credit": 9}]}},
            [("201", "9", ""), ("214", "", "9")],
        ),
    ],
)
def test_each_kind_of_record(kind: str, body: dict[str, Any], wanted: list[tuple[str, str, str]]) -> None:
    found = effect(kind, body)
    assert (sides(found), found.balanced) == (wanted, True)


def test_the_amounts_of_records_that_a_deposit_takes_up_are_netsuites() -> None:
    found = effect("deposit", {"account": BANK, "payment": {"items": [{"id": 7, "deposit": True}]}})
    assert [(line.account, line.debit, line.credit, line.side) for line in found.lines] == [
        ("201", None, None, "debit"),
        (None, None, None, "credit"),
    ]


@pytest.mark.parametrize(
    ("operation", "target", "body", "sentence"),
    [
        ("patch", "invoice 7", {"custbody_x": "1"}, "No line changes: only fields that are not posted."),
        ("patch", "customerPayment 7", {"exchangeRate": "1.1"}, "The same amounts at another rate"),
        ("patch", "invoice 7", {"item": {"items": []}}, "Lines, account or date of a posted record change"),
        ("void", "invoice 7", {}, "NetSuite reverses every line"),
        ("delete", "deposit 7", {}, "Every line that the record has posted goes with it."),
    ],
)
def test_what_lines_cannot_say_is_said(operation: str, target: str, body: dict[str, Any], sentence: str) -> None:
    assert effect(target, body, operation).sentence.startswith(sentence)


@pytest.mark.parametrize(
    "written",
    [
        Written("netsuite", "upsert", "customer", {}),
        Written("netsuite", "patch", "customer 7", {"email": "a"}),
        Written("stripe", "create_invoice", "invoice:7", {}),
    ],
)
def test_what_touches_no_ledger_has_no_effect(written: Written) -> None:
    assert effect_of(written) is None


def test_the_currency_is_the_one_that_was_asked_for() -> None:
    body = {"payment": 50, "currency": {"id": "4"}}
    assert effect("customerPayment", body, currency=Origin("netsuite", "currency EUR")).currency == "EUR"
    assert effect("customerPayment", body, currency=Origin("netsuite", "Invoice 7 · currency")).currency == ""
