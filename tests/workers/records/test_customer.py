from typing import Any

import pytest

from app.core.fingerprint import fingerprint
from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Address
from app.systems.stripe import objects as st
from workers.records import customer as mapping

RULE = mapping.NameRule(
    default="NO NAME", default_last="-", delimiter=" ", kind="by_name_kind", otherwise_person=False, company_words=()
)
BOSTON = Address(addr1="1 Main St", city="Boston", country="US")
DOCK = Address(addr1="9 Dock Rd", country="US")


def rule(**given: Any) -> mapping.NameRule:
    return mapping.NameRule(**{**vars(RULE), **given})


@pytest.mark.parametrize(
    ("chosen", "given", "expected"),
    [
        (rule(), {"name": "Ada King"}, mapping.Name(False, company_name="Ada King")),
        (
            rule(),
            {"name": "Ada King", "individual_name": "Ada King"},
            mapping.Name(True, first_name="Ada", last_name="King"),
        ),
        (
            rule(otherwise_person=True),
            {"name": "Ada Augusta King"},
            mapping.Name(True, first_name="Ada Augusta", last_name="King"),
        ),
        (
            rule(otherwise_person=True, company_words=("ltd",)),
            {"name": "Ada King, Ltd."},
            mapping.Name(False, company_name="Ada King, Ltd."),
        ),
        (rule(kind="person"), {"name": "Plato"}, mapping.Name(True, first_name="Plato", last_name="-")),
        (rule(kind="company"), {"individual_name": "Ada King"}, mapping.Name(False, company_name="Ada King")),
        (
            rule(kind="person", delimiter=","),
            {"name": "Ada, King"},
            mapping.Name(True, first_name="Ada", last_name="King"),
        ),
        (rule(), {"name": "   "}, mapping.Name(False, company_name="NO NAME", defaulted=True)),
        (rule(), {"name": "x" * 100}, mapping.Name(False, company_name="x" * 83)),
    ],
)
def test_names(chosen: mapping.NameRule, given: dict[str, Any], expected: mapping.Name) -> None:
    assert chosen.name(st.Customer(id="cus_1", **given)) == expected


def test_only_known_keys_that_differ_have_changed() -> None:
    now = {"name": "Ada", "phone": None, "taxable": False}
    assert mapping.changed(now, {"name": "Grace", "phone": ""}) == {"name"}


def test_everything_has_changed_when_nothing_is_known() -> None:
    assert mapping.changed({"name": "Ada", "phone": None}, None) == {"name", "phone"}


def test_what_stripe_counts_for_itself_is_not_in_its_view() -> None:
    plain = st.Customer(id="cus_1", name="Ada")
    busy = st.Customer(
        id="cus_1", name="Ada", balance=-500, description="A note", metadata={"netsuite_customer_id": "7"}
    )
    assert fingerprint(mapping.stripe_view(plain)) == fingerprint(mapping.stripe_view(busy))


def test_one_entry_serves_both_roles_when_they_say_the_same() -> None:
    [entry] = mapping.address_book((), BOSTON, BOSTON)
    assert (entry.default_billing, entry.default_shipping) == (True, True)


def test_the_rest_of_the_book_loses_its_roles_and_stays() -> None:
    book = mapping.address_book((Address(addr1="Old", default_billing=True),), BOSTON, DOCK)
    assert [(one.addr1, one.default_billing, one.default_shipping) for one in book] == [
        ("1 Main St", True, False),
        ("9 Dock Rd", False, True),
        ("Old", False, False),
    ]


def test_a_part_of_an_address_that_is_gone_is_sent_empty() -> None:
    view = mapping.netsuite_view(ns.Customer(id="7", company_name="Ada", billing=BOSTON))
    before = st.Customer(id="cus_1", address=st.Address(line1="1 Main St", line2="Floor 2", city="Boston"))
    params = mapping.stripe_params(view, {"billing"}, before)
    assert params == {"address": {"line1": "1 Main St", "line2": "", "city": "Boston", "country": "US"}}


def test_a_new_customer_gets_no_empty_fields() -> None:
    view = mapping.netsuite_view(ns.Customer(id="7", company_name="Ada"))
    assert mapping.stripe_params(view, set(view), None) == {"name": "Ada", "business_name": "Ada"}


def test_a_reverse_charge_is_not_turned_into_an_exemption() -> None:
    view = mapping.netsuite_view(ns.Customer(id="7", company_name="Ada", taxable=False))
    assert mapping.stripe_params(view, {"taxable"}, st.Customer(id="cus_1", tax_exempt="reverse")) == {}


def test_only_what_differs_is_sent() -> None:
    held = st.Customer(id="cus_1", name="Ada", address=st.Address(line1="1 Main St"))
    params = {"name": "Ada", "phone": "+1", "address": {"line1": "1 Main St", "line2": ""}}
    assert mapping.differing(params, held) == {"phone": "+1"}


def test_a_locale_is_read_from_a_list_field() -> None:
    view = mapping.netsuite_view(
        ns.Customer(id="7", custom={"custentity_l": {"id": "3", "refName": "fr-CA"}}), "custentity_l"
    )
    assert mapping.stripe_params(view, {"locale"}, None) == {"preferred_locales": ["fr-CA"]}
