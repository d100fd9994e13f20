from decimal import Decimal
from typing import Any

import pytest

from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked

FLOW = "stripe_invoice_to_netsuite_realtime"
OPTIONS = "stripe_invoice_to_netsuite"


def customer(stage: Stage, **given: Any) -> str:
    """In both systems already."""
    made: str = stage.stripe.v1.customers.create({"name": "Ada Works", "email": "ada@example.com", **given}).id
    assert stage.run("stripe_customer_to_netsuite", made).state == "succeeded"
    return made


def priced(description: str, unit: int, quantity: int, currency: str = "usd") -> dict[str, Any]:
    data = {"currency": currency, "unit_amount": unit, "product_data": {"name": description}}
    return {"price_data": data, "quantity": quantity, "description": description}


def draft(stage: Stage, who: str, *lines: dict[str, Any], currency: str = "usd", **given: Any) -> str:
    made = stage.stripe.v1.invoices.create(
        {"customer": who, "currency": currency, "auto_advance": False, "pending_invoice_items_behavior": "exclude"}
        | given
    )
    if lines:
        stage.stripe.v1.invoices.add_lines(made.id, {"lines": list(lines)})
    return str(made.id)


def finalized(stage: Stage, who: str, *lines: dict[str, Any], **given: Any) -> str:
    made = draft(stage, who, *lines, **given)
    stage.stripe.v1.invoices.finalize_invoice(made)
    return made


def amount(value: int, description: str = "Licence", **given: Any) -> dict[str, Any]:
    return {"amount": value, "description": description, **given}


def lines_of(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["item"], line.get("description", ""), line["amount"]) for line in record["item"]]


def test_an_invoice_is_posted_whole(stage: Stage) -> None:
    stage.switch("hosted_invoice_url_to_netsuite", False)
    who = customer(stage)
    subject = finalized(stage, who, amount(12000), priced("Seat", 1050, 3))
    assert stage.deliver(f"{FLOW}/invoice.finalized__two_lines", subject).state == "succeeded"
    [record] = stage.records("invoice")
    number = stage.stripe.v1.invoices.retrieve(subject).number
    assert record == {
        "id": record["id"],
        "externalId": f"stripe-inv-{subject}",
        "tranId": number,
        "transactionNumber": "INV1001",
        "tranDate": "2026-08-20",
        "dueDate": "2026-08-20",
        "postingPeriod": ids.period(stage.sandbox.clock.now().date()),
        "entity": stage.records("customer")[0]["id"],
        "email": "ada@example.com",
        "subsidiary": ids.SUBSIDIARY_US,
        "currency": ids.USD,
        "exchangeRate": "1",
        "account": ids.ACCOUNT_RECEIVABLE,
        "approvalStatus": "2",
        "memo": f"Stripe invoice {number}",
        "status": "A",
        "source": "restWebServices",
        "createdBy": ids.EMPLOYEE_INTEGRATION,
        "lastModifiedBy": ids.EMPLOYEE_INTEGRATION,
        "createdDate": "2026-08-20T14:30:00Z",
        "lastModifiedDate": "2026-08-20T14:30:00Z",
        "toBeEmailed": False,
        "toBePrinted": False,
        "subtotal": "151.50",
        "discountTotal": "0",
        "taxTotal": "0.00",
        "total": "151.50",
        "amountPaid": "0.00",
        "amountRemaining": "151.50",
        "custbody_tieout_stripe_id": subject,
        "custbody_tieout_stripe_number": number,
        "custbody_tieout_stripe_status": "open",
        "item": [
            {
                "line": 1,
                "item": ids.ITEM_STRIPE,
                "itemType": "Service",
                "description": "Licence",
                "quantity": "1",
                "rate": "120.00",
                "amount": "120.00",
                "price": "-1",
            },
            {
                "line": 2,
                "item": ids.ITEM_STRIPE,
                "itemType": "Service",
                "description": "Seat",
                "quantity": "3",
                "rate": "10.5",
                "amount": "31.50",
                "price": "-1",
            },
        ],
        "taxDetails": [],
    }


def test_it_costs_one_call_to_netsuite(stage: Stage) -> None:
    who = customer(stage)
    stage.run(FLOW, finalized(stage, who, amount(1000)))
    assert stage.run(FLOW, finalized(stage, who, amount(1000))).netsuite_calls == 1


def test_the_same_event_again_posts_nothing(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    stage.run(FLOW, subject)
    again = stage.run(FLOW, subject)
    assert (again.code, again.netsuite_calls, len(stage.records("invoice"))) == ("echo", 0, 1)


def test_an_invoice_first_heard_of_when_paid_is_posted(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    stage.stripe_does(f"invoices/{subject}/pay")
    stage.deliver(f"{FLOW}/invoice.paid__by_card", subject)
    assert stage.records("invoice")[0]["custbody_tieout_stripe_status"] == "paid"


def test_a_draft_is_skipped(stage: Stage) -> None:
    assert stage.run(FLOW, draft(stage, customer(stage), amount(1000))).code == "draft"


def test_an_unknown_customer_is_brought_over_first(stage: Stage) -> None:
    who = stage.stripe.v1.customers.create({"name": "New"}).id
    subject = finalized(stage, who, amount(1000))
    assert stage.run(FLOW, subject).state == "succeeded"
    assert stage.records("invoice")[0]["entity"] == stage.records("customer")[0]["id"]


def test_an_invoice_voided_before_it_arrived_is_skipped(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    stage.stripe.v1.invoices.void_invoice(subject)
    result = stage.deliver(f"{FLOW}/invoice.voided__open", subject)
    assert (result.code, stage.records("invoice")) == ("void", [])


def test_being_void_later_is_noted_and_not_booked_here(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    stage.run(FLOW, subject)
    stage.stripe.v1.invoices.void_invoice(subject)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, stage.records("invoice")[0]["status"]) == ("skipped", "void", "A")


def test_being_uncollectible_later_is_noted_and_not_booked_here(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    stage.run(FLOW, subject)
    stage.stripe.v1.invoices.mark_uncollectible(subject)
    result = stage.deliver(f"{FLOW}/invoice.marked_uncollectible__open", subject)
    assert (result.state, result.code) == ("skipped", "uncollectible")


def test_an_uncollectible_invoice_never_seen_is_posted(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    stage.stripe.v1.invoices.mark_uncollectible(subject)
    assert stage.run(FLOW, subject).state == "succeeded"


def test_items_go_by_price_product_and_metadata(stage: Stage) -> None:
    who = customer(stage)
    product = stage.stripe.v1.products.create({"name": "Plan"}).id
    price = stage.stripe.v1.prices.create({"currency": "usd", "unit_amount": 1000, "product": product}).id
    other = stage.stripe.v1.prices.create({"currency": "usd", "unit_amount": 500, "product": product}).id
    stage.keep_books(
        items={
            "default": ids.ITEM_STRIPE,
            "by_price": {price: ids.ITEM_SUBSCRIPTION},
            "by_product": {product: ids.ITEM_USAGE},
        }
    )
    lines = [
        {"pricing": {"price": price}},
        {"pricing": {"price": other}},
        amount(100, metadata={"netsuite_item_id": ids.ITEM_CONSULTING}),
        amount(50),
    ]
    stage.run(FLOW, finalized(stage, who, *lines))
    assert [line["item"] for line in stage.records("invoice")[0]["item"]] == [
        ids.ITEM_SUBSCRIPTION,
        ids.ITEM_USAGE,
        ids.ITEM_CONSULTING,
        ids.ITEM_STRIPE,
    ]


def test_a_line_without_an_item_is_held_and_names_the_setting(stage: Stage) -> None:
    stage.keep_books(items={})
    subject = finalized(stage, customer(stage), amount(1000))
    price = stage.stripe.v1.invoices.retrieve(subject).lines.data[0].pricing.price_details.price
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, result.action) == (
        "held",
        "unmapped",
        f"Set `books.main.items.by_price.{price}` in the configuration, then replay.",
    )


def coupon(stage: Stage, percent: int) -> dict[str, Any]:
    return {"discounts": [{"coupon": stage.stripe.v1.coupons.create({"percent_off": percent, "duration": "once"}).id}]}


def test_a_discount_is_a_line_under_each_line(stage: Stage) -> None:
    stage.run(FLOW, finalized(stage, customer(stage), amount(10000), amount(5000, "Set-up"), **coupon(stage, 10)))
    assert lines_of(stage.records("invoice")[0]) == [
        (ids.ITEM_STRIPE, "Licence", "100.00"),
        (ids.ITEM_DISCOUNT, "Discount: Licence", "-10.00"),
        (ids.ITEM_STRIPE, "Set-up", "50.00"),
        (ids.ITEM_DISCOUNT, "Discount: Set-up", "-5.00"),
    ]


def test_a_discount_is_one_line_at_the_end_by_option(stage: Stage) -> None:
    stage.choose(OPTIONS, discounts="document")
    stage.run(FLOW, finalized(stage, customer(stage), amount(10000), amount(5000, "Set-up"), **coupon(stage, 10)))
    [record] = stage.records("invoice")
    assert [(item, value) for item, _, value in lines_of(record)] == [
        (ids.ITEM_STRIPE, "100.00"),
        (ids.ITEM_STRIPE, "50.00"),
        (ids.ITEM_DISCOUNT, "-15.00"),
    ]


def test_a_discount_is_netted_by_option(stage: Stage) -> None:
    stage.choose(OPTIONS, discounts="net")
    stage.run(FLOW, finalized(stage, customer(stage), amount(10000), **coupon(stage, 10)))
    assert lines_of(stage.records("invoice")[0]) == [(ids.ITEM_STRIPE, "Licence", "90.00")]


def tax(stage: Stage, percentage: float, *, inclusive: bool) -> dict[str, Any]:
    rate = stage.stripe.v1.tax_rates.create(
        {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive}
    ).id
    return {"default_tax_rates": [rate]}


def test_exclusive_tax_is_a_line_of_its_own(stage: Stage) -> None:
    stage.run(FLOW, finalized(stage, customer(stage), amount(10000), amount(333), **tax(stage, 20, inclusive=False)))
    [record] = stage.records("invoice")
    assert ([value for *_, value in lines_of(record)], record["total"]) == (["100.00", "3.33", "20.67"], "124.00")


def test_inclusive_tax_is_taken_out_of_the_lines(stage: Stage) -> None:
    stage.run(FLOW, finalized(stage, customer(stage), amount(12000), **tax(stage, 20, inclusive=True)))
    [record] = stage.records("invoice")
    assert ([value for *_, value in lines_of(record)], record["total"]) == (["100.00", "20.00"], "120.00")


def test_inclusive_tax_is_taken_out_of_the_discount_too(stage: Stage) -> None:
    given = tax(stage, 20, inclusive=True) | coupon(stage, 10)
    stage.run(FLOW, finalized(stage, customer(stage), amount(12000), **given))
    [record] = stage.records("invoice")
    assert [value for *_, value in lines_of(record)] == ["100.00", "-10.00", "18.00"]


def test_tax_is_part_of_the_lines_in_mode_none(stage: Stage) -> None:
    stage.keep_books(tax_mode="none")
    stage.run(FLOW, finalized(stage, customer(stage), amount(10000), **tax(stage, 20, inclusive=False)))
    assert [value for *_, value in lines_of(stage.records("invoice")[0])] == ["120.00"]


def test_tax_stands_beside_the_lines_in_mode_suitetax(stage: Stage) -> None:
    stage.netsuite_does("settings", tax_mode="suitetax")
    stage.keep_books(tax_mode="suitetax", taxes={"code": ids.TAX_CODE_STANDARD, "type": ids.TAX_TYPE_SALES})
    result = stage.run(FLOW, finalized(stage, customer(stage), amount(10000), **tax(stage, 20, inclusive=False)))
    assert result.state == "succeeded", result
    [record] = stage.records("invoice")
    assert ([value for *_, value in lines_of(record)], record["taxTotal"], record["total"]) == (
        ["100.00"],
        "20.00",
        "120.00",
    )


def test_shipping_goes_to_its_item(stage: Stage) -> None:
    fixed = {"amount": 700, "currency": "usd"}
    cost = {"shipping_rate_data": {"display_name": "Post", "type": "fixed_amount", "fixed_amount": fixed}}
    stage.run(FLOW, finalized(stage, customer(stage), amount(1000), shipping_cost=cost))
    assert lines_of(stage.records("invoice")[0]) == [
        (ids.ITEM_STRIPE, "Licence", "10.00"),
        (ids.ITEM_SHIPPING, "Shipping", "7.00"),
    ]


def with_balance(stage: Stage, balance: int) -> str:
    who = customer(stage)
    stage.stripe.v1.customers.update(who, {"balance": balance})
    return who


def test_an_applied_balance_is_a_negative_line(stage: Stage) -> None:
    stage.run(FLOW, finalized(stage, with_balance(stage, -300), amount(1000)))
    [record] = stage.records("invoice")
    assert (lines_of(record)[-1], record["total"]) == ((ids.ITEM_REFUND, "Stripe customer balance", "-3.00"), "7.00")


def test_an_applied_balance_is_an_applied_credit_memo_by_option(stage: Stage) -> None:
    stage.choose(OPTIONS, balance="credit_memo")
    subject = finalized(stage, with_balance(stage, -300), amount(1000))
    stage.run(FLOW, subject)
    [record], [memo] = stage.records("invoice"), stage.records("creditMemo")
    assert picked(record, "total", "amountRemaining") == {"total": "10.00", "amountRemaining": "7.00"}
    assert picked(memo, "externalId", "total", "status") == {
        "externalId": f"stripe-cm-{subject}-balance",
        "total": "3.00",
        "status": "B",
    }


def test_an_applied_balance_is_left_open_by_option(stage: Stage) -> None:
    stage.choose(OPTIONS, balance="leave")
    stage.run(FLOW, finalized(stage, with_balance(stage, -300), amount(1000)))
    assert stage.records("invoice")[0]["total"] == "10.00"


def test_a_debt_taken_up_is_a_line(stage: Stage) -> None:
    stage.run(FLOW, finalized(stage, with_balance(stage, 300), amount(1000)))
    assert stage.records("invoice")[0]["total"] == "13.00"


def test_a_negative_invoice_is_a_credit_memo(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(-1500, "Unused time"), amount(1000))
    stage.run(FLOW, subject)
    [memo] = stage.records("creditMemo")
    assert (memo["externalId"], memo["total"], [value for *_, value in lines_of(memo)]) == (
        f"stripe-cm-{subject}",
        "5.00",
        ["15.00", "-10.00"],
    )
    assert stage.records("invoice") == []


def test_a_negative_invoice_again_posts_nothing(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(-1500))
    stage.run(FLOW, subject)
    assert (stage.run(FLOW, subject).code, len(stage.records("creditMemo"))) == ("echo", 1)


def test_a_zero_invoice_is_posted(stage: Stage) -> None:
    stage.run(FLOW, finalized(stage, customer(stage), amount(0)))
    assert stage.records("invoice")[0]["total"] == "0.00"


def test_a_zero_invoice_is_skipped_by_option(stage: Stage) -> None:
    stage.choose(OPTIONS, zero_totals="skip")
    assert stage.run(FLOW, finalized(stage, customer(stage), amount(0))).code == "zero_total"


def test_hundreds_of_lines_are_posted(stage: Stage) -> None:
    who = customer(stage)
    lines = [amount(100 + number) for number in range(240)]
    subject = finalized(stage, who, *lines)
    stage.run(FLOW, subject)
    [record] = stage.records("invoice")
    assert (len(record["item"]), Decimal(record["total"]) * 100) == (240, sum(line["amount"] for line in lines))


@pytest.mark.parametrize(
    ("currency", "minor", "total"), [("jpy", 1050, "1050"), ("kwd", 10500, "10.500"), ("eur", 1050, "10.50")]
)
def test_each_currency_has_its_own_decimals(stage: Stage, currency: str, minor: int, total: str) -> None:
    who = customer(stage)
    result = stage.run(FLOW, finalized(stage, who, amount(minor), currency=currency))
    assert result.state == "succeeded", result
    assert Decimal(stage.records("invoice")[0]["total"]) == Decimal(total)


def test_the_customer_is_given_the_currency_first(stage: Stage) -> None:
    who = customer(stage)
    stage.run(FLOW, finalized(stage, who, amount(1000), currency="eur"))
    given = [line["currency"] for line in stage.records("customer")[0]["currencyList"]]
    assert given == [ids.USD, ids.EUR]


def test_the_currency_is_given_only_once(stage: Stage) -> None:
    who = customer(stage)
    stage.run(FLOW, finalized(stage, who, amount(1000), currency="eur"))
    assert stage.run(FLOW, finalized(stage, who, amount(1000), currency="eur")).netsuite_calls == 1


def test_the_day_is_the_subsidiarys_own(stage: Stage) -> None:
    who = customer(stage)
    stage.pass_time(hours=11)  # 21:30 in New York, 01:30 UTC of the next day
    stage.run(FLOW, finalized(stage, who, amount(1000)))
    assert stage.records("invoice")[0]["tranDate"] == "2026-08-20"


def test_the_due_date_is_stripes(stage: Stage) -> None:
    given = {"collection_method": "send_invoice", "days_until_due": 14}
    stage.run(FLOW, finalized(stage, customer(stage), amount(1000), **given))
    assert stage.records("invoice")[0]["dueDate"] == "2026-09-03"


def close_august(stage: Stage) -> None:
    stage.netsuite_does("periods/2026-08", state="closed")
    stage.pass_time(minutes=11)  # periods are remembered for ten


def test_a_closed_period_holds_by_default(stage: Stage) -> None:
    subject = finalized(stage, customer(stage), amount(1000))
    close_august(stage)
    result = stage.run(FLOW, subject)
    assert (result.state, result.code, stage.records("invoice")) == ("held", "period_closed", [])


def test_a_closed_period_moves_to_the_first_open_one_by_policy(stage: Stage) -> None:
    stage.decide(period_policy={"invoice": "first_open_period"})
    subject = finalized(stage, customer(stage), amount(1000))
    close_august(stage)
    stage.run(FLOW, subject)
    [record] = stage.records("invoice")
    assert picked(record, "tranDate", "custbody_tieout_original_date") == {
        "tranDate": "2026-09-01",
        "custbody_tieout_original_date": "2026-08-20",
    }
    assert record["memo"].endswith("(original date 2026-08-20)")


def test_a_closed_period_moves_to_today_by_policy(stage: Stage) -> None:
    stage.decide(period_policy={"*": "current_date"})
    subject = finalized(stage, customer(stage), amount(1000))
    close_august(stage)
    stage.pass_time(days=20)
    stage.run(FLOW, subject)
    assert stage.records("invoice")[0]["tranDate"] == "2026-09-09"


def test_netsuite_numbers_it_by_option(stage: Stage) -> None:
    stage.choose(OPTIONS, number="netsuite")
    stage.run(FLOW, finalized(stage, customer(stage), amount(1000)))
    assert stage.records("invoice")[0]["tranId"] == "INV1001"


def test_department_class_and_location_are_set(stage: Stage) -> None:
    stage.choose(OPTIONS, department=ids.DEPARTMENT_SALES, class_=ids.CLASS_ONLINE, location=ids.LOCATION_HEADQUARTERS)
    stage.run(FLOW, finalized(stage, customer(stage), amount(1000)))
    [record] = stage.records("invoice")
    places = {"department": ids.DEPARTMENT_SALES, "class": ids.CLASS_ONLINE, "location": ids.LOCATION_HEADQUARTERS}
    assert (picked(record, *places), picked(record["item"][0], *places)) == (places, places)


def test_the_receivable_account_is_finances_choice(stage: Stage) -> None:
    stage.netsuite_does(
        "records/account", id="999", acctName="Stripe receivables", acctNumber="1199", acctType="AcctRec"
    )
    stage.keep_books(accounts={"receivable": {"*": "999"}})
    stage.run(FLOW, finalized(stage, customer(stage), amount(1000)))
    assert stage.records("invoice")[0]["account"] == "999"


def test_an_invoice_before_the_start_date_is_skipped(stage: Stage) -> None:
    stage.decide(start_date="2026-09-01")
    assert stage.run(FLOW, finalized(stage, customer(stage), amount(1000))).code == "before_start"


def test_an_invoice_made_from_netsuite_is_skipped(stage: Stage) -> None:
    who = customer(stage)
    subject = finalized(stage, who, amount(1000), metadata={"netsuite_invoice_id": "77"})
    result = stage.run(FLOW, subject)
    assert (result.code, result.summary) == ("echo", "The invoice was made from NetSuite invoice 77.")


def test_nothing_is_emailed_by_netsuite(stage: Stage) -> None:
    stage.run(FLOW, finalized(stage, customer(stage), amount(1000)))
    assert list(stage.sandbox.netsuite.books.outbox) == []
