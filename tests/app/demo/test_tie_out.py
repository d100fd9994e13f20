"""The tie-out finds each way in which two systems can fail to agree, and names the record."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.demo.tie_out import CUSTOMER, INVOICE, PAYMENT, REFUND_CREDIT, Balance, Object, Side, TieOut, tie_out

FACTS = (("name", "Ada Harbour"), ("email", "ada@harbour.example"))
CUS = Object(CUSTOMER, "cus_1", facts=FACTS)
IN = Object(INVOICE, "in_1", "KWD", Decimal("10.500"), Decimal("2.500"))
CH = Object(PAYMENT, "ch_1", "KWD", Decimal("8.000"))
STRIPE = Side((CUS, IN, CH))

CUSTOMER_501 = Object(CUSTOMER, "501", points_to=frozenset({"cus_1"}), facts=FACTS)
INVOICE_1001 = Object(INVOICE, "1001", "KWD", Decimal("10.5"), Decimal("2.5"), frozenset({"in_1"}))
PAYMENT_1002 = Object(PAYMENT, "1002", "KWD", Decimal(8), points_to=frozenset({"ch_1"}))
NETSUITE = Side((CUSTOMER_501, INVOICE_1001, PAYMENT_1002))
BALANCED = Balance({"KWD": Decimal(0)}, {"KWD": Decimal("2.5")})


def compared(*records: Object, stripe: Side = STRIPE, balance: Balance = BALANCED) -> TieOut:
    return tie_out(stripe, Side(records), balance)


def sentences(found: TieOut) -> list[str]:
    return [one.sentence for one in found.differences]


def test_both_sides_agree() -> None:
    assert compared(*NETSUITE.objects) == TieOut(tie_out(STRIPE, NETSUITE, BALANCED).rows, ())


def test_agreement_is_said() -> None:
    assert compared(*NETSUITE.objects).agrees


def test_a_row_adds_up_both_sides() -> None:
    row = next(row for row in compared(*NETSUITE.objects).rows if row.type == INVOICE)
    assert (row.stripe, row.netsuite, row.stripe_total, row.netsuite_total, row.difference) == (
        1, 1, Decimal("10.500"), Decimal("10.5"), Decimal(0),
    )  # fmt: skip


def test_an_id_in_stripes_metadata_ties_too() -> None:
    invoice = replace(IN, points_to=frozenset({"1001"}))
    unnamed = replace(INVOICE_1001, points_to=frozenset())
    assert compared(CUSTOMER_501, unnamed, PAYMENT_1002, stripe=Side((CUS, invoice, CH))).agrees


def test_a_missing_payment_is_named() -> None:
    assert sentences(compared(CUSTOMER_501, INVOICE_1001)) == ["Stripe payment ch_1 (8.000 KWD) is not in NetSuite."]


def test_a_second_payment_for_one_charge_is_named() -> None:
    found = compared(*NETSUITE.objects, replace(PAYMENT_1002, id="1003"))
    assert sentences(found) == ["Stripe payment ch_1 is in NetSuite 2 times."]


def test_a_record_that_stripe_does_not_know_is_named() -> None:
    found = compared(*NETSUITE.objects, Object(CUSTOMER, "502"))
    assert sentences(found) == ["NetSuite customer 502 is not in Stripe."]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (replace(INVOICE_1001, amount=Decimal("10.501")), "differ in amount: 10.500 and 10.501 KWD."),
        (replace(INVOICE_1001, open=Decimal(0)), "differ in what is open: 2.500 and 0 KWD."),
        (replace(INVOICE_1001, currency="USD"), "differ in currency: KWD and USD."),
    ],
)
def test_an_invoice_that_differs_is_named(wrong: Object, sentence: str) -> None:
    found = compared(CUSTOMER_501, wrong, PAYMENT_1002)
    assert sentences(found) == [f"Stripe invoice in_1 and NetSuite invoice 1001 {sentence}"]


def test_a_customer_that_differs_is_named() -> None:
    wrong = replace(CUSTOMER_501, facts=(FACTS[0], ("email", "")))
    found = compared(wrong, INVOICE_1001, PAYMENT_1002)
    assert sentences(found) == [
        "Stripe customer cus_1 and NetSuite customer 501 differ in email: 'ada@harbour.example' and ''."
    ]


def test_errors_that_cancel_out_are_seen() -> None:
    """Two payments mixed up: the totals are right, the payments are not."""
    charges = Side((CUS, IN, CH, replace(CH, id="ch_2", amount=Decimal(1))))
    mixed = (replace(PAYMENT_1002, amount=Decimal(1)), replace(PAYMENT_1002, id="1003", points_to=frozenset({"ch_2"})))
    assert not compared(CUSTOMER_501, INVOICE_1001, *mixed, stripe=charges).agrees


def test_books_that_do_not_balance_are_seen() -> None:
    off = replace(BALANCED, sums={"KWD": Decimal("0.001")})
    assert sentences(compared(*NETSUITE.objects, balance=off)) == ["NetSuite's trial balance is off by 0.001 KWD."]


def test_receivables_that_are_not_what_is_owed_are_seen() -> None:
    off = replace(BALANCED, receivable={"KWD": Decimal(3)})
    assert sentences(compared(*NETSUITE.objects, balance=off)) == [
        "Stripe's open invoices come to 2.500 KWD, NetSuite's receivables to 3."
    ]


def test_what_may_be_missing_is_not_missed() -> None:
    void = Object(INVOICE, "in_2", "KWD", optional=True)
    assert compared(*NETSUITE.objects, stripe=Side((*STRIPE.objects, void))).agrees


def test_what_may_be_missing_is_compared_when_it_is_there() -> None:
    void = Object(INVOICE, "in_2", "KWD", optional=True)
    record = Object(INVOICE, "1004", "KWD", Decimal(4), points_to=frozenset({"in_2"}))
    assert sentences(compared(*NETSUITE.objects, record, stripe=Side((*STRIPE.objects, void)))) == [
        "Stripe invoice in_2 and NetSuite invoice 1004 differ in amount: 0 and 4 KWD."
    ]


def test_a_record_of_no_known_kind_is_named() -> None:
    found = compared(*NETSUITE.objects, Object("stripe-je-po_1-KWD", "1005", "KWD"))
    assert sentences(found) == ["NetSuite stripe-je-po_1-KWD 1005 stands for nothing that Stripe knows."]


def test_open_credit_lowers_what_is_owed() -> None:
    failed = Object(REFUND_CREDIT, "re_1", "KWD", Decimal(1), Decimal(1))
    memo = replace(failed, id="1006", points_to=frozenset({"re_1"}))
    lower = replace(BALANCED, receivable={"KWD": Decimal("1.5")})
    assert compared(*NETSUITE.objects, memo, stripe=Side((*STRIPE.objects, failed)), balance=lower).agrees
