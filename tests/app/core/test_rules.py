from typing import Any

import pytest
from pydantic import ValidationError

from app.core import rules
from app.core.links import ROLES
from app.core.rules import PROTECTED, PROTECTED_LINES, FieldRule, refusal, unknown_fields


def rule(**given: Any) -> FieldRule:
    return FieldRule.model_validate({"name": "a", "record_type": "invoice", "field": "memo", "value": "x", **given})


def refused(**given: Any) -> str:
    with pytest.raises(ValidationError) as error:
        rule(**given)
    return str(error.value)


def test_every_record_that_we_make_is_in_the_table() -> None:
    assert set(ROLES.values()) == set(PROTECTED)


@pytest.mark.parametrize("record_type", PROTECTED)
@pytest.mark.parametrize("field", ["externalId", "EXTERNALID", "id", "internalId"])
def test_ids_are_nobodys_choice(record_type: str, field: str) -> None:
    assert rules.IDENTITY in (refusal(record_type, field) or "")


MONEY_AND_WHOSE = {
    "customer": ["subsidiary", "currency", "currencyList", "email", "companyName"],
    "invoice": ["entity", "currency", "exchangeRate", "account", "item", "discountRate", "tranDate", "subsidiary"],
    "creditMemo": ["entity", "currency", "account", "item", "apply", "total"],
    "cashSale": ["entity", "currency", "account", "undepFunds", "item"],
    "cashRefund": ["entity", "currency", "account", "item"],
    "customerPayment": ["customer", "payment", "currency", "exchangeRate", "account", "arAcct", "apply", "undepFunds"],
    "customerRefund": ["customer", "currency", "account", "apply", "deposit"],
    "customerDeposit": ["customer", "payment", "currency", "account"],
    "depositApplication": ["apply", "customer"],
    "deposit": ["account", "payment", "other", "cashBack", "currency"],
    "journalEntry": ["line", "currency", "subsidiary"],
}


@pytest.mark.parametrize(
    ("record_type", "field"), [(one, field) for one, all in MONEY_AND_WHOSE.items() for field in all]
)
def test_money_and_whose_it_is_are_nobodys_choice(record_type: str, field: str) -> None:
    assert f"no rule may set `{field}` of {record_type}" in refused(record_type=record_type, field=field)


LINE_MONEY = {
    "invoice": ["item.amount", "item.rate", "item.quantity", "item.price", "item.line"],
    "deposit": ["other.amount", "other.account", "cashBack.amount", "cashBack.account"],
    "journalEntry": ["line.account", "line.debit", "line.credit", "line.entity"],
}


@pytest.mark.parametrize(("record_type", "field"), [(one, field) for one, all in LINE_MONEY.items() for field in all])
def test_a_lines_money_is_nobodys_choice(record_type: str, field: str) -> None:
    assert f"no rule may set `{field}` of {record_type}" in refused(record_type=record_type, field=field)


@pytest.mark.parametrize(
    ("record_type", "field"),
    [
        ("invoice", "memo"),
        ("invoice", "custbody_region"),
        ("invoice", "item.department"),
        ("invoice", "item.custcol_x"),
        ("invoice", "item.item"),
        ("customer", "category"),
        ("customerPayment", "checkNum"),
        ("journalEntry", "line.class"),
        ("customrecord_tieout_invoice_link", "custrecord_note"),
    ],
)
def test_the_rest_is_finances_choice(record_type: str, field: str) -> None:
    assert rule(record_type=record_type, field=field).field == field


@pytest.mark.parametrize("record_type", sorted(PROTECTED_LINES))
def test_a_list_of_lines_is_no_field(record_type: str) -> None:
    assert [refusal(record_type, sublist) is not None for sublist in PROTECTED_LINES[record_type]].count(False) == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"record_type": "invocie"}, "did you mean 'invoice'?"),
        ({"field": "a b"}, "is not a field's name"),
        ({"field": "apply.amount"}, "rules do not reach into `apply` of invoice"),
        ({"expression": "source.id"}, "give exactly one of"),
        ({"value": None}, "give exactly one of"),
        ({"value": None, "expression": "open('/etc/passwd')"}, "there is no 'open'"),
        ({"when": "1 +"}, "this expression cannot be used"),
        ({"lines": "line.item"}, "`lines` is for a line's field"),
        ({"field": "item.department", "updates": True}, "`updates` is for a record's own fields"),
        (
            {"value": None, "lookup": {"record_type": "x; DROP", "field": "y", "equals": "source.id"}},
            "not a name in SuiteQL",
        ),
        (
            {"value": None, "lookup": {"record_type": "x", "field": "y'--", "equals": "source.id"}},
            "not a name in SuiteQL",
        ),
        ({"value": None, "table": {"of": "nobody", "values": {}}}, "there is no 'nobody'"),
        ({"value": 1.5}, "value"),
        ({"colour": "blue"}, "Extra inputs"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_the_reason(given: dict[str, Any], words: str) -> None:
    assert words in refused(**given)


def test_a_field_that_netsuite_has_not_is_named_with_its_like() -> None:
    found = list(
        unknown_fields([rule(name="region", field="custbody_regoin")], {"invoice": {"custbody_region": "text"}})
    )
    assert found == [
        "field_rules.0: rule “region”: NetSuite has no field 'custbody_regoin' on invoice, "
        "did you mean 'custbody_region'?"
    ]


@pytest.mark.parametrize("field", ["memo", "MEMO", "item.department"])
def test_a_field_that_netsuite_has_is_fine(field: str) -> None:
    assert (
        list(unknown_fields([rule(field=field)], {"invoice": {"memo": "text", "item.department": "reference"}})) == []
    )


def test_a_list_of_which_netsuite_does_not_tell_the_fields_is_fine() -> None:
    assert list(unknown_fields([rule(field="item.department")], {"invoice": {"memo": "text", "item": "sublist"}})) == []


def test_a_record_type_that_was_not_asked_about_is_fine() -> None:
    assert list(unknown_fields([rule(field="nowhere")], {})) == []
