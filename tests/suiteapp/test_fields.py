"""The custom fields: each that the product writes by default is there, applies where it is written, and has room."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.config import Fields
from app.systems.netsuite import records
from tests.suiteapp.project import FIELD, SUITEAPP, fields, text
from workers.flows import CATALOGUE


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (found for one in value.values() for found in strings(one))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (found for one in value for found in strings(one))


def written_by_default() -> set[str]:
    """Every custom field in the configuration's defaults, in the flows' options, and in the record of our own."""
    defaults = [Fields().model_dump(), *(flow.options().model_dump() for flow in CATALOGUE.values())]
    link = records.InvoiceLink(external_id="x", name="x", invoice="1", stripe_id="x").body()
    return {one for one in (*strings(defaults), *link) if FIELD.fullmatch(one)}


def test_every_field_that_is_written_by_default_is_an_object() -> None:
    wanted = written_by_default()
    assert len(wanted) >= 20
    assert wanted - set(fields()) == set()


def test_fields_that_hold_text_have_room_for_it() -> None:
    rooms = {one: text(field, "maxlength") for one, field in fields().items() if text(field, "fieldtype") == "TEXT"}
    # a Stripe id has up to 255 characters, a field for text up to 300
    assert {one for one, room in rooms.items() if not 255 <= int(room or 0) <= 300} == set()


def test_what_describes_a_stripe_invoice_is_text_or_a_link() -> None:
    described = {value for name, value in Fields().model_dump().items() if name.startswith("invoice_")}
    kinds = {one: text(fields()[one], "fieldtype") for one in described}
    assert {one for one, kind in kinds.items() if kind == "URL"} == {
        one for one in described if one.endswith(("_url", "_link"))
    }
    assert set(kinds.values()) == {"TEXT", "TEXTAREA", "URL"}


@pytest.mark.parametrize(
    "name", ["custbody_tieout_stripe_id", "custbody_tieout_charge_id", "custbody_tieout_original_date"]
)
def test_what_every_transaction_may_carry_applies_to_all_of_them(name: str) -> None:
    flags = [
        "bodysale",
        "bodycustomerpayment",
        "bodydeposit",
        "bodydepositapplication",
        "bodyjournal",
        "bodyothertransaction",
    ]
    assert [text(fields()[name], flag) for flag in flags] == ["T"] * len(flags)


def test_every_body_field_applies_to_invoices_and_is_stored() -> None:
    of_bodies = {one: field for one, field in fields().items() if one.startswith("custbody_")}
    assert {one for one, field in of_bodies.items() if text(field, "bodysale") != "T"} == set()
    assert {text(field, "storevalue") for field in fields().values()} == {"T"}


def test_fields_of_entities_apply_to_customers_and_those_of_lines_to_sales() -> None:
    wanted = {"custentity_": "appliestocustomer", "custcol_": "colsale"}
    wrong = [
        one
        for one, field in fields().items()
        for prefix, flag in wanted.items()
        if one.startswith(prefix) and text(field, flag) != "T"
    ]
    assert wrong == []


@pytest.mark.parametrize("path", sorted((SUITEAPP / "templates").glob("*.ftl")), ids=lambda one: one.stem)
def test_a_template_shows_fields_that_exist_and_only_when_they_are_filled(path: Path) -> None:
    shown = set(FIELD.findall(path.read_text()))
    assert shown
    assert shown <= set(fields())
    for field in shown:
        assert re.search(rf"<#if [\w.]*{field}\?has_content>", path.read_text()), field
